"""The kinds of decision that a plan may name. A new one is a file here, a plan in ``runs.plans``, and a line below."""

from __future__ import annotations

from tael.errors import ScenarioError
from tael.runs.deciding.alerts import Alerts
from tael.runs.deciding.approval import Approval
from tael.runs.deciding.base import Batch, Deciding
from tael.runs.deciding.gangs import Gangs
from tael.runs.deciding.options import Options
from tael.runs.plan import Plan

DECIDING: tuple[type[Deciding], ...] = (Approval, Options, Alerts, Gangs)


def deciding_of(plan: Plan) -> Deciding:
    """The decision that a plan states.

    Raises
    ------
    ScenarioError
        If there is no such kind of decision.
    """
    for kind in DECIDING:
        if plan.decision.kind in kind.kinds:
            return kind(plan)
    raise ScenarioError("No such kind of decision.", got=plan.decision.kind, where="decision.kind")


__all__ = ["DECIDING", "Batch", "Deciding", "deciding_of"]
