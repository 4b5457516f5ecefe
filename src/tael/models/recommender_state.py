"""Recommenders and segments as plain data, for `tael.models.persist`, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tael.models.blending import Calibration
from tael.models.encoding import code_from_state, code_state
from tael.models.logistic import Scorer
from tael.models.recommender import ProductRecommender
from tael.models.recommender_base import Recommender
from tael.models.recommender_baselines import ItemToItemRecommender, PopularityRecommender
from tael.models.segment_fit import Choice, Clusters
from tael.models.segment_rules import Condition, Difference, Rule
from tael.models.segment_space import Space
from tael.models.segment_words import SegmentProfile
from tael.models.segments import Segments

State = dict[str, Any]
_LISTS = ("products", "categories", "sizes")


def _params(model: Any) -> State:
    return {
        name: list(value) if name in _LISTS and value is not None else value
        for name, value in model.get_params(deep=False).items()
    }


def _restored(model: Any, state: State) -> Any:
    params = {k: tuple(v) if k in _LISTS and v is not None else v for k, v in state["params"].items()}
    model.set_params(**params)
    model.n_features_in_ = state["n_features_in"]
    if state["feature_names_in"] is not None:
        model.feature_names_in_ = state["feature_names_in"]
    return model


def _common(model: Any) -> State:
    return {
        "params": _params(model),
        "n_features_in": model.n_features_in_,
        "feature_names_in": getattr(model, "feature_names_in_", None),
    }


def recommender_state(model: Recommender, scorer_state: Callable[[Scorer], State]) -> State:
    """A fitted recommender as data."""
    state = {**_common(model), "classes": model.classes_, "held_at": model.held_at_, "code": code_state(model.code_)}
    if isinstance(model, ProductRecommender):
        return state | {
            "takers": model.takers_,
            "held_mean": model.held_mean_,
            "pairs": model.pairs_,
            "single": model.single_,
            "everyone": model.everyone_,
            "scorers": [[scorer_state(one) for one in scorers] for scorers in model.scorers_],
            "calibration": [vars(one) for one in model.calibration_],
        }
    if isinstance(model, ItemToItemRecommender):
        return state | {"share": model.share_, "links": model.links_}
    assert isinstance(model, PopularityRecommender)
    return state | {"share": model.share_}


def recommender_from_state(cls: type[Recommender], state: State, scorer: Callable[[State], Scorer]) -> Recommender:
    """The way back."""
    model = _restored(cls(), state)
    model.classes_, model.held_at_ = state["classes"], list(state["held_at"])
    model.code_ = code_from_state(state["code"])
    if cls is ProductRecommender:
        model.takers_, model.pairs_, model.single_ = state["takers"], state["pairs"], state["single"]
        model.held_mean_ = state["held_mean"]
        model.everyone_ = bool(state["everyone"])
        model.scorers_ = [tuple(scorer(one) for one in scorers) for scorers in state["scorers"]]
        model.calibration_ = [Calibration(**one) for one in state["calibration"]]
        if not len(model.scorers_) == len(model.calibration_) == len(model.classes_):
            raise ValueError("a recommender whose models do not match its products")
        return model
    model.share_ = state["share"]
    if cls is ItemToItemRecommender:
        model.links_ = state["links"]
    return model


def segments_state(model: Segments) -> State:
    """Fitted segments as data; the training rows' labels stay out."""
    space = model.space_
    return {
        **_common(model),
        "space": {**vars(space), "code": code_state(space.code)},
        "clusters": vars(model.clusters_),
        "choices": [vars(one) for one in model.choices_],
        "profiles": [
            {
                **vars(one),
                "rule": {**vars(one.rule), "conditions": [vars(c) for c in one.rule.conditions]},
                "differences": [vars(d) for d in one.differences],
            }
            for one in model.profiles_
        ],
    }


def segments_from_state(state: State) -> Segments:
    """The way back."""
    model: Segments = _restored(Segments(), state)
    model.space_ = Space(**{**state["space"], "code": code_from_state(state["space"]["code"])})
    model.clusters_ = Clusters(**state["clusters"])
    model.n_segments_ = len(model.clusters_.centres)
    model.choices_ = [Choice(**one) for one in state["choices"]]
    model.profiles_ = [
        SegmentProfile(
            **{
                **one,
                "rule": Rule(**{**one["rule"], "conditions": tuple(Condition(**c) for c in one["rule"]["conditions"])}),
                "differences": tuple(Difference(**d) for d in one["differences"]),
            }
        )
        for one in state["profiles"]
    ]
    if np.shape(model.clusters_.shares) != (model.n_segments_,):
        raise ValueError("segments whose shares do not match their centres")
    return model
