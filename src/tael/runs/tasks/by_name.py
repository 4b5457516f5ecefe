"""Estimators that a plan names: refused before anything is computed, and called by their own names."""

from __future__ import annotations

from tael.errors import ModelError, ScenarioError
from tael.runs.plan import Plan


def check_estimator(plan: Plan) -> None:
    """Refuse an estimator, or a challenger by its name, that is not there or that cannot stand there.

    Raises
    ------
    ScenarioError
        Of another package, not there, no classifier, no probabilities, or a parameter that it does not have.
    """
    named = [] if plan.model.estimator is None else [("estimator", plan.model.estimator, plan.model.parameters)]
    named += [("challengers", name, {}) for name in plan.model.challengers if "." in name]
    if not named:
        return
    from tael.models.named import classifier

    for field, name, parameters in named:
        try:
            classifier(name, parameters, seed=plan.seed)
        except ModelError as error:
            raise ScenarioError(
                error.problem, expected=error.expected, got=error.got, where=f"model.{field} = {name}", fix=error.fix
            ) from error


def title_of(plan: Plan, own: dict[str, str]) -> dict[str, str]:
    """What the model is called in English and Chinese: by its own name where the plan names it.

    Parameters
    ----------
    plan : Plan
    own : dict of str to str
        What the kind of model is called.
    """
    if plan.model.estimator is None:
        return own
    name = plan.model.estimator.rpartition(".")[2]
    if plan.model.kind == "estimator":
        return {"en": name, "zh": name}
    return {"en": f"{own['en']}, {name}", "zh": f"{own['zh']}，{name}"}
