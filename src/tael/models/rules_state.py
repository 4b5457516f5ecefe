"""Mined rules as plain data and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tael.models.rules import RuleMiner
from tael.models.rules_cover import FoldFigures
from tael.models.rules_terms import MinedRule, RuleFigures, RulePeriod, RuleTerm

State = dict[str, Any]


def rules_state(model: RuleMiner) -> State:
    """What scoring and telling need; what a caller gave as a splitter stays out."""
    params = model.get_params(deep=False)
    keep = {k: v for k, v in params.items() if v is None or isinstance(v, bool | int | float | dict)}
    return {
        "params": keep,
        "classes": model.classes_,
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
        "rules": [asdict(rule) for rule in model.rules_],
        "out_of_fold": None if model.out_of_fold_ is None else asdict(model.out_of_fold_),
        "tried": [asdict(figures) for figures in model.tried_],
        "chance": model.chance_,
        "n_candidates": model.n_candidates_,
        "base_rate": model.base_rate_,
        "flags": model.flags_,
    }


def rules_from_state(state: State) -> RuleMiner:
    """The way back."""
    model = RuleMiner(**state["params"])
    model.classes_ = state["classes"]
    model.n_features_in_ = int(state["n_features_in"])
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    model.rules_ = [_rule(rule) for rule in state["rules"]]
    model.out_of_fold_ = None if state["out_of_fold"] is None else FoldFigures(**state["out_of_fold"])
    model.tried_ = [FoldFigures(**figures) for figures in state.get("tried", ())]
    model.chance_ = np.asarray(state["chance"], dtype=np.float64)
    model.n_candidates_ = int(state["n_candidates"])
    model.base_rate_ = float(state["base_rate"])
    model.flags_ = [bool(flag) for flag in state["flags"]]
    return model


def _rule(state: State) -> MinedRule:
    judged = state["judged"]
    return MinedRule(
        tuple(RuleTerm(**term) for term in state["terms"]),
        RuleFigures(**state["mined"]),
        None if judged is None else RuleFigures(**judged),
        expected=state["expected"],
        strength=state["strength"],
        p_value=state["p_value"],
        periods=tuple(RulePeriod(**period) for period in state["periods"]),
    )
