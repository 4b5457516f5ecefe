"""Uplift learners as plain data, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from tael.models.boosted import BoostedScorer
from tael.models.named_scorer import NamedScorer, NamedTLearner, scorer_from_state
from tael.models.uplift import UpliftEstimator
from tael.models.uplift_arm import LearnerReport
from tael.models.uplift_base import Design, LineModel, OutcomeModel, TreesModel
from tael.models.uplift_choice import UpliftChooser
from tael.models.uplift_input import Encoding
from tael.models.uplift_learners import DRLearner, ResponseModel, SLearner, TLearner, XLearner
from tael.models.uplift_nuisance import Overlap
from tael.models.uplift_risk import RiskLearner
from tael.validation import Metric

State = dict[str, Any]
# LightGBM's text is written, and held against its rules, by the room's `persist`.
ToText = Callable[[BoostedScorer], State]
FromText = Callable[[State, str], BoostedScorer]
OBJECTIVES = {True: "binary sigmoid:1", False: "regression"}
_CHOSEN = ("means", "centres", "slopes", "shares")
CLASSES: dict[str, type[UpliftEstimator]] = {
    c.__name__: c
    for c in (TLearner, SLearner, XLearner, DRLearner, RiskLearner, ResponseModel, UpliftChooser, NamedTLearner)
}


def writers(cls: type[UpliftEstimator], to_text: ToText, from_text: FromText) -> tuple[Any, Any]:
    """The two functions that `tael.models.register` asks for."""
    return partial(uplift_state, to_text=to_text), partial(uplift_from_state, cls, from_text=from_text)


def uplift_state(model: UpliftEstimator, *, to_text: ToText) -> State:
    """A fitted learner as plain data. Out-of-fold predictions stay out: they belong to the training rows."""
    state: State = {
        "params": {name: value for name, value in model.get_params(deep=False).items() if _is_data(value)},
        "arms": model.arms_,
        "binary": model.binary_,
        "levels": [None if level is None else list(level) for level in model.encoding_.levels],
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "parts": {name: [_model_state(m, to_text) for m in models] for name, models in model.parts_.items()},
        "overlap": vars(model.overlap_) if isinstance(model, (DRLearner, UpliftChooser)) else None,
    }
    if isinstance(model, UpliftChooser):
        state["chosen"] = model.chosen_
        state["decided"] = model.decided_by_arm_
        for name in _CHOSEN:
            state[name] = getattr(model, f"{name}_")
        state["members"] = [
            [{"class": type(m).__name__, "state": uplift_state(m, to_text=to_text)} for m in models]
            for models in model.members_
        ]
        state["report"] = [
            {
                "name": r.name,
                "metrics": {name: metric.to_dict() for name, metric in r.metrics.items()},
                "slope": r.slope.to_dict(),
                "behind": r.behind.to_dict(),
                "error": r.error,
                "chosen": r.chosen,
                "arm": r.arm,
            }
            for r in model.report_
        ]
    return state


def uplift_from_state(cls: type[UpliftEstimator], state: State, *, from_text: FromText) -> UpliftEstimator:
    """The way back; predictions equal the saved model's to the last bit."""
    model = cls().set_params(**state["params"])
    model.arms_, model.binary_ = state["arms"], bool(state["binary"])
    model.encoding_ = Encoding(tuple(None if level is None else tuple(level) for level in state["levels"]))
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    model.parts_ = {name: [_model(m, from_text) for m in models] for name, models in state["parts"].items()}
    if isinstance(model, (DRLearner, UpliftChooser)):
        model.overlap_ = Overlap(**state["overlap"])
    if isinstance(model, UpliftChooser):
        model.chosen_, model.decided_by_arm_ = state["chosen"], state["decided"]
        for name in _CHOSEN:
            setattr(model, f"{name}_", state[name])
        model.members_ = [
            [uplift_from_state(CLASSES[m["class"]], m["state"], from_text=from_text) for m in models]
            for models in state["members"]
        ]
        model.report_ = [
            LearnerReport(
                r["name"],
                {name: Metric.from_dict(metric) for name, metric in r["metrics"].items()},
                Metric.from_dict(r["slope"]),
                Metric.from_dict(r["behind"]),
                r["error"],
                r["chosen"],
                r["arm"],
            )
            for r in state["report"]
        ]
    return model


def _is_data(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple, dict, np.generic))


def _model_state(model: OutcomeModel, to_text: ToText) -> State:
    if isinstance(model, NamedScorer):
        return model.state()
    if isinstance(model, TreesModel):
        return {"kind": "trees", "logistic": model.logistic, "scorer": to_text(model.scorer)}
    assert isinstance(model, LineModel)
    return {
        "kind": "line",
        "design": dict(vars(model.design)),
        "theta": model.theta,
        "base": model.base,
        "logistic": model.logistic,
    }


def _model(state: Mapping[str, Any], from_text: FromText) -> OutcomeModel:
    if state["kind"] == "trees":
        return TreesModel(from_text(state["scorer"], OBJECTIVES[state["logistic"]]), state["logistic"])
    if state["kind"] == "line":
        return LineModel(Design(**state["design"]), state["theta"], state["base"], state["logistic"])
    if state["kind"] == "named":
        return scorer_from_state(state)
    raise ValueError(f"an outcome model of kind {state['kind']!r}")
