"""The models of the cross-section on disk: numbers and LightGBM's text."""

from __future__ import annotations

from typing import Any

import numpy as np

from tael.markets.modelling.booster import PanelBooster
from tael.markets.modelling.linear import PanelRidge
from tael.markets.modelling.named import PanelNamed, named_from_state, named_state
from tael.markets.modelling.ranker import PanelRanker
from tael.models import register
from tael.models.booster_text import check_booster
from tael.models.persist import State, Text


def _booster_state(model: PanelBooster) -> State:
    return {
        "parameters": model.get_params(),
        "n_features": int(model.n_features_in_),
        "n_trees": int(model.n_trees_),
        "validation": model.validation_,
        "texts": [Text(text) for text in model.texts_],
    }


def _booster(cls: type[PanelBooster]) -> Any:
    def restored(state: State) -> PanelBooster:
        model = cls(**state["parameters"])
        model.n_features_in_ = int(state["n_features"])
        model.n_trees_ = int(state["n_trees"])
        model.validation_ = state["validation"]
        for text in state["texts"]:
            check_booster(text, model.objective)
        model.texts_ = list(state["texts"])
        model._boosters = []
        return model

    return restored


def _ridge_state(model: PanelRidge) -> State:
    return {
        "alphas": list(model.alphas),
        "alpha": float(model.alpha_),
        "mean": model.mean_,
        "scale": model.scale_,
        "coef": model.coef_,
        "intercept": float(model.intercept_),
    }


def _ridge(state: State) -> PanelRidge:
    model = PanelRidge(tuple(state["alphas"]))
    model.alpha_ = float(state["alpha"])
    model.mean_, model.scale_, model.coef_ = (
        np.asarray(state[name], dtype=np.float64) for name in ("mean", "scale", "coef")
    )
    if not len(model.mean_) == len(model.scale_) == len(model.coef_):
        raise ValueError("weights, means and spreads of different numbers of columns")
    model.intercept_ = float(state["intercept"])
    model.n_features_in_ = len(model.coef_)
    return model


def register_models() -> None:
    """Let `tael.models.save_model` and `load_model` handle the models of the cross-section."""
    register(PanelBooster, _booster_state, _booster(PanelBooster))
    register(PanelRanker, _booster_state, _booster(PanelRanker))
    register(PanelNamed, named_state, named_from_state)
    register(PanelRidge, _ridge_state, _ridge)
