"""Case files for investigators, and what comes back from them."""

from tael.runs.cases.as_of import as_of
from tael.runs.cases.build import CaseMaker, Made
from tael.runs.cases.dispositions import dispose, dispositions_table
from tael.runs.cases.gangs import GangMaker
from tael.runs.cases.makers import case_maker
from tael.runs.cases.write import write_cases

__all__ = ["CaseMaker", "GangMaker", "Made", "as_of", "case_maker", "dispose", "dispositions_table", "write_cases"]
