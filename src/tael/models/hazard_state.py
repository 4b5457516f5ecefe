"""Competing risks as plain data, for `tael.models.persist`, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tael.models.booster_text import check_booster
from tael.models.encoding import code_from_state, code_state
from tael.models.hazard import CompetingRisks
from tael.models.hazard_fit import BoostedHazard, LogisticHazard
from tael.models.hazard_time import TimeGrid
from tael.models.incidence import Incidence
from tael.models.named_scorer import NamedHazard, hazard_named_from_state, hazard_named_state

State = dict[str, Any]


def hazard_state(model: CompetingRisks, as_text: Callable[[str], str]) -> State:
    """A fitted model as data; `as_text` marks what goes to a file of its own."""
    scorer = model.scorer_
    params = model.get_params(deep=False)
    return {
        "params": {k: list(v) if isinstance(v, (tuple, set)) else v for k, v in params.items()},
        "causes": list(model.causes_),
        "code": code_state(model.code_),
        "grid": vars(model.grid_),
        "baseline": {**vars(model.baseline_), "causes": list(model.baseline_.causes)},
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "scorer": (
            {"kind": "boosted", "text": as_text(scorer.text), "n_bins": scorer.n_bins}
            if isinstance(scorer, BoostedHazard)
            else {"kind": "named", **hazard_named_state(scorer)}
            if isinstance(scorer, NamedHazard)
            else {"kind": "logistic", **vars(scorer)}
        ),
    }


def hazard_from_state(state: State) -> CompetingRisks:
    """The way back."""
    params = dict(state["params"])
    params["categories"] = tuple(params["categories"])
    params["causes"] = None if params["causes"] is None else tuple(params["causes"])
    model = CompetingRisks(**params)
    model.causes_ = tuple(state["causes"])
    model.code_ = code_from_state(state["code"])
    model.grid_ = TimeGrid(**state["grid"])
    model.baseline_ = Incidence(**{**state["baseline"], "causes": tuple(state["baseline"]["causes"])})
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = np.asarray(state["feature_names_in"], dtype=object)
    scorer = dict(state["scorer"])
    kind = scorer.pop("kind")
    if kind == "boosted":
        classes = len(model.causes_) + 1
        check_booster(scorer["text"], f"multiclass num_class:{classes}", classes)
        model.scorer_ = BoostedHazard(**scorer)
    elif kind == "logistic":
        model.scorer_ = LogisticHazard(**scorer)
    elif kind == "named":
        model.scorer_ = hazard_named_from_state(scorer)
    else:
        raise ValueError(f"hazards of kind {kind!r}")
    return model
