"""Boosted shapes as plain data, for `tael.models.persist`, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tael.models.binning_state import rule_from_state
from tael.models.blending import Calibration
from tael.models.shape_terms import Interaction
from tael.models.shapes import AdditiveBooster

State = dict[str, Any]


def shapes_state(model: AdditiveBooster) -> State:
    """A fitted model as data: the tables, their bins, and what was asked for."""
    return {
        # A splitter and a generator are not data, and scoring needs neither.
        "params": {
            name: _plain(value)
            for name, value in model.get_params(deep=False).items()
            if name not in ("cv", "random_state") or value is None or isinstance(value, int)
        },
        "classes": model.classes_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "columns": [vars(rule) for rule in model.columns_],
        "shapes": model.shapes_,
        "spreads": model.spreads_,
        "interactions": [vars(one) for one in model.interactions_],
        "importances": model.importances_,
        "base": model.base_,
        "calibration": vars(model.calibration_),
        "n_sweeps": model.n_sweeps_,
    }


def shapes_from_state(state: State) -> AdditiveBooster:
    """The way back."""
    model = AdditiveBooster(**{name: _back(value) for name, value in state["params"].items()})
    model.classes_ = state["classes"]
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    model.columns_ = [rule_from_state(one) for one in state["columns"]]
    model.shapes_ = [np.asarray(one, dtype=np.float64) for one in state["shapes"]]
    model.spreads_ = [np.asarray(one, dtype=np.float64) for one in state["spreads"]]
    model.interactions_ = [
        Interaction(tuple(one["columns"]), tuple(one["names"]), one["values"], one["strength"])
        for one in state["interactions"]
    ]
    for rule, values in zip(model.columns_, model.shapes_, strict=True):
        if values.shape != rule.goods.shape:
            raise ValueError(f"the shape of {rule.name} and its bins differ in length")
    model.importances_ = state["importances"]
    model.base_ = state["base"]
    model.calibration_ = Calibration(**state["calibration"])
    model.n_sweeps_ = state["n_sweeps"]
    model._assemble()
    return model


def _plain(value: Any) -> Any:
    """JSON has text keys and no tuples: a mapping becomes its pairs."""
    if isinstance(value, Mapping):
        return {"pairs": [[key, _plain(v)] for key, v in value.items()]}
    if isinstance(value, (list, tuple, set, range)):
        return {"items": [_plain(v) for v in value], "tuple": isinstance(value, tuple)}
    return value


def _back(value: Any) -> Any:
    if isinstance(value, dict) and "pairs" in value:
        return {key: _back(v) for key, v in value["pairs"]}
    if isinstance(value, dict):
        items = [_back(v) for v in value["items"]]
        return tuple(items) if value["tuple"] else items
    return value
