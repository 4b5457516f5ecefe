"""Binnings and scorecards as plain data, for `tael.models.persist`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from tael.models.binning import OptimalBinning
from tael.models.binning_columns import NUMBER
from tael.models.binning_log import BinEdit
from tael.models.binning_rule import BinnedColumn
from tael.models.scorecard import Scorecard
from tael.models.scorecard_points import Points, Rounding, Scale
from tael.models.scorecard_select import SelectionStep

State = dict[str, Any]


def binning_state(model: OptimalBinning) -> State:
    """A fitted binning as data; the training rows stay out."""
    return {
        "params": {name: _plain(value) for name, value in model.get_params(deep=False).items()},
        "classes": model.classes_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "columns": [vars(rule) for rule in model.columns_],
        "edits": [vars(edit) for edit in model.edits_],
    }


def binning_from_state(state: State) -> OptimalBinning:
    """The way back."""
    model = OptimalBinning(**{name: _back(value) for name, value in state["params"].items()})
    model.categories = tuple(model.categories)
    model.classes_ = state["classes"]
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    model.columns_ = [rule_from_state(one) for one in state["columns"]]
    model.edits_ = [BinEdit(**edit) for edit in state["edits"]]
    return model


def scorecard_state(model: Scorecard) -> State:
    """A fitted scorecard as data, its binning within."""
    frozen = isinstance(model.binning, FrozenEstimator)
    given = None if frozen or model.binning is None else model.binning.get_params(deep=False)
    return {
        "params": {k: _plain(v) for k, v in model.get_params(deep=False).items() if k != "binning"},
        "binning": binning_state(model.binning_),
        "frozen": frozen,
        "binning_params": None if given is None else {name: _plain(value) for name, value in given.items()},
        "classes": model.classes_,
        "coef": model.coef_,
        "intercept": model.intercept_,
        "log": [vars(step) for step in model.log_],
        "points": vars(model.points_),
        "rounding": vars(model.rounding_),
    }


def scorecard_from_state(state: State) -> Scorecard:
    """The way back."""
    binning = binning_from_state(state["binning"])
    model = Scorecard(**state["params"])
    if state["frozen"]:
        model.binning = FrozenEstimator(binning)
    elif state["binning_params"] is not None:
        given = {name: _back(value) for name, value in state["binning_params"].items()}
        model.binning = clone(binning).set_params(**{**given, "categories": tuple(given["categories"])})
    model.binning_ = binning
    model.classes_ = state["classes"]
    model.n_features_in_ = binning.n_features_in_
    if hasattr(binning, "feature_names_in_"):
        model.feature_names_in_ = binning.feature_names_in_
    model.coef_ = state["coef"]
    model.intercept_ = state["intercept"]
    model.log_ = [SelectionStep(**step) for step in state["log"]]
    points: State = {name: tuple(v) if isinstance(v, list) else v for name, v in state["points"].items()}
    model.points_ = Points(**points)
    model.rounding_ = Rounding(**state["rounding"])
    model.scale_ = Scale(float(model.pdo), float(model.base_score), float(model.base_odds))
    return model


def _plain(value: Any) -> Any:
    """JSON has text keys only: a mapping becomes its pairs."""
    if isinstance(value, Mapping):
        return {"pairs": [[key, list(v) if isinstance(v, (range, set)) else v] for key, v in value.items()]}
    return value


def _back(value: Any) -> Any:
    return {key: v for key, v in value["pairs"]} if isinstance(value, dict) else value


def rule_from_state(state: State) -> BinnedColumn:
    """One column's bins from ``vars(rule)``."""
    state = dict(state)
    for name in ("groups", "special", "rare"):
        state[name] = tuple(tuple(one) if isinstance(one, list) else one for one in state[name])
    if state["kind"] != NUMBER:
        state["cells"] = tuple(tuple(cell) for cell in state["cells"])
    elif not isinstance(state["cells"], np.ndarray):
        raise TypeError("the edges of a column of numbers are no array")
    return BinnedColumn(**state)
