"""The kinds of model that a plan may name. A new one is a file here and a line below."""

from __future__ import annotations

from tael.errors import ScenarioError, did_you_mean
from tael.runs.plan import Plan
from tael.runs.tasks.base import Fitted, Judged, Outputs, Task, Trained
from tael.runs.tasks.classification import Classification
from tael.runs.tasks.recommendation import Recommendation
from tael.runs.tasks.risks import Risks
from tael.runs.tasks.uplift import Uplift

TASKS: tuple[type[Task], ...] = (Classification, Uplift, Risks, Recommendation)


def task_of(plan: Plan) -> Task:
    """The task that a plan states.

    Raises
    ------
    ScenarioError
        If there is no such kind of model.
    """
    for task in TASKS:
        if plan.model.kind in task.kinds:
            return task(plan)
    kinds = [kind for task in TASKS for kind in task.kinds]
    raise ScenarioError(
        "No such kind of model.", got=plan.model.kind, where="model.kind", fix=did_you_mean(plan.model.kind, kinds)
    )


__all__ = ["TASKS", "Fitted", "Judged", "Outputs", "Task", "Trained", "task_of"]
