"""Who makes the case files of a run: of single alerts, or of gangs."""

from __future__ import annotations

from pathlib import Path

from tael.errors import RunError
from tael.runs.cases.build import CaseMaker
from tael.runs.cases.gangs import GangMaker
from tael.runs.result import Run
from tael.tables.frames import Tables


def case_maker(
    run: Path, tables: Tables, *, scored: Path | None = None, period: str | None = None, peers: str | None = None,
    unmask: bool = False, n_jobs: int = 2,
) -> CaseMaker | GangMaker:  # fmt: skip
    """The maker for a run's kind of decision; parameters as for `CaseMaker`.

    Raises
    ------
    RunError
        Peers of a gang.
    """
    if Run.read(run).content.get("decision", {}).get("kind") != "gangs":
        return CaseMaker(run, tables, scored=scored, period=period, peers=peers, unmask=unmask, n_jobs=n_jobs)
    if peers is not None:
        raise RunError(
            "A gang has no peers by a category: it stands beside the other groups of its search.",
            expected="no --peers",
            got=peers,
        )
    return GangMaker(run, tables, scored=scored, period=period, unmask=unmask, n_jobs=n_jobs)
