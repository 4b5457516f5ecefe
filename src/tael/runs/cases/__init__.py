"""Case files for investigators, and what comes back from them."""

from tael.runs.cases.as_of import as_of
from tael.runs.cases.build import CaseMaker, Made
from tael.runs.cases.dispositions import dispose, dispositions_table
from tael.runs.cases.write import write_cases

__all__ = ["CaseMaker", "Made", "as_of", "dispose", "dispositions_table", "write_cases"]
