"""What is learned: the kind of model, and what it needs besides features and label."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from tael.errors import FormulaError
from tael.formulas.durations import Duration
from tael.runs.plans._strict import Strict

ModelKind = Literal["portfolio", "scorecard", "additive", "estimator", "uplift", "risks", "recommender"]
CHALLENGERS = ("portfolio", "scorecard", "additive")
"""Kinds of model that may stand beside the model, besides any classifier by its name."""
BY_NAME: tuple[ModelKind, ...] = ("estimator", "uplift", "risks", "recommender")
"""Kinds of model in which an estimator by its name may stand."""


class ModelPlan(Strict):
    """The model.

    Parameters
    ----------
    kind : {"portfolio", "scorecard", "additive", "estimator", "uplift", "risks", "recommender"}
        The first four foretell a label of yes or no, "estimator" by the one that `estimator` names; "uplift" what a
        treatment changes in it (needs ``[treatment]``); "risks" which of several events comes first, and when (needs
        ``[risks]``); "recommender" which product is taken next (the label is a category).
    estimator : str, optional
        Any classifier of scikit-learn's convention by its name, such as ``"sklearn.ensemble.RandomForestClassifier"``.
        Without a `kind` it is the model; of "uplift" it models the outcome under each arm, of "risks" each event's
        hazard, of "recommender" each product.
    parameters : dict
        Of that estimator. One that is an estimator itself is a table of the same two keys.
    members : "auto" or tuple of str
        Settings of the portfolio.
    challengers : tuple of str
        Further models of a yes or no, fitted on the same rows and measured in the same report; they decide nothing:
        "portfolio", "scorecard", "additive", or the name of any classifier, with its own defaults.
    learner : str
        Of an uplift model: "auto" or a name such as "t_linear" (``tael.models.uplift_choice.LEARNERS``).
    monotone : dict of str to {-1, 1}
        Formula or feature name -> direction: 1, the probability rises with it.
    """

    kind: ModelKind = "portfolio"
    estimator: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    members: Literal["auto"] | tuple[str, ...] = "auto"
    challengers: tuple[str, ...] = ()
    learner: str = "auto"
    monotone: dict[str, Literal[-1, 1]] = Field(default_factory=dict)

    @field_validator("challengers")
    @classmethod
    def _kinds_or_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in CHALLENGERS and "." not in name:
                kinds = ", ".join(CHALLENGERS)
                raise ValueError(f'one of {kinds}, or a name such as "sklearn.ensemble.RandomForestClassifier"')
        if len({name.rpartition(".")[2] for name in value}) < len(value):
            raise ValueError("each challenger once: they are told apart by the last part of their names")
        return value

    @model_validator(mode="before")
    @classmethod
    def _a_name_is_a_kind(cls, value: Any) -> Any:
        stated = isinstance(value, dict) and value.get("estimator") is not None and "kind" not in value
        return {**value, "kind": "estimator"} if stated else value

    @model_validator(mode="after")
    def _a_name_has_its_kind(self) -> ModelPlan:
        if self.estimator is None and (self.kind == "estimator" or self.parameters):
            raise ValueError('estimator = "sklearn.ensemble.RandomForestClassifier", or another name')
        if self.estimator is None:
            return self
        if self.kind not in BY_NAME:
            raise ValueError(f"no estimator beside kind = {self.kind!r}: leave the kind out")
        if self.monotone:
            raise ValueError("no [model.monotone] beside an estimator by name: state it in [model.parameters]")
        return self


class TreatmentPlan(Strict):
    """What was done to each observation at its cutoff: an offer, a channel of collection.

    Its columns are known at the cutoff and never enter a feature.

    Parameters
    ----------
    column : str
        A column of the entity table with the arm of each row.
    control : str
        The arm that means "nothing done".
    propensity : str or float, optional
        A column of the entity table with the probability of the arm that was given, or one number for every
        treatment. Left out: estimated from the features, which is no more than an assumption.
    """

    column: str
    control: str
    propensity: str | float | None = None


class RisksPlan(Strict):
    """Events of which the first to come ends the observation: settle early, default, leave.

    Parameters
    ----------
    events : dict of str to str
        Event -> formula of the time at which it happens (missing: it does not):
        ``min(settlements.settled, where=kind == "early", next="12mo")``. The first is the one that the label speaks of.
    by : str
        The label's window: ``p`` is the probability that the first event has come by then.
    horizon : str
        How long an observation is followed at most.
    times : tuple of str
        Further times at which probabilities are told, such as ``"3mo"``.
    method : {"logistic", "boosted"}
    """

    events: dict[str, str] = Field(min_length=1)
    by: str
    horizon: str = "12mo"
    times: tuple[str, ...] = ()
    method: Literal["logistic", "boosted"] = "boosted"

    @field_validator("by", "horizon", "times")
    @classmethod
    def _durations(cls, stated: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (stated,) if isinstance(stated, str) else stated:
            try:
                Duration.parse(text)
            except FormulaError as error:
                raise ValueError(error.problem) from None
        return stated


class RecommendPlan(Strict):
    """The catalogue of a recommender.

    Parameters
    ----------
    holdings : dict of str to str
        Product -> flag formula: whether the customer holds it. What is held is not recommended.
    repeat : bool
        A product can be taken again: holdings describe and exclude nothing.
    method : {"boosted", "linear"}
    """

    holdings: dict[str, str]
    repeat: bool = False
    method: Literal["boosted", "linear"] = "boosted"

    @model_validator(mode="after")
    def _two(self) -> RecommendPlan:
        if len(self.holdings) < 2:
            raise ValueError("holdings of two products or more")
        return self
