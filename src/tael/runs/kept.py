"""What a run tells of the formulas that it kept: in its formula file and in its JSON."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.features import AutoFeatures
from tael.features.formula_file import LANGUAGES, formulas_text
from tael.formulas.parser import parse
from tael.formulas.printer import to_text


def features_text(auto: AutoFeatures, words: dict[str, list[str]]) -> str:
    """The kept formulas as a formula file, the most useful first."""
    kept, order = auto.formula_set_, _by_gain(auto)
    return formulas_text(
        [kept.formulas[i] for i in order], [kept.names[i] for i in order],
        words={lang: [words[lang][i] for i in order] for lang in LANGUAGES},
        entity=kept.entity, key=kept.key, cutoff=kept.cutoff, own=kept.own,
    )  # fmt: skip


def _by_gain(auto: AutoFeatures) -> list[int]:
    """The features, the most useful first; those without a gain of their own (forced) last."""
    gain = np.nan_to_num(np.asarray(auto.gain_, dtype=np.float64), nan=-np.inf)
    return [int(i) for i in np.argsort(-gain, kind="stable")]


def features_section(
    auto: AutoFeatures, words: dict[str, list[str]], shape: list[Any], cost: NDArray[np.float64]
) -> list[dict[str, Any]]:
    """The kept formulas as ``run.json`` tells them, the most useful first.

    Parameters
    ----------
    auto : AutoFeatures
        Fitted.
    words : dict of language to list of str
    shape : list
        How each feature bears on the probability.
    cost : ndarray, shape (n_kept,)
        CPU milliseconds for 1,000 observations.
    """
    forced = {to_text(parse(text)) for text in (auto.force.values() if isinstance(auto.force, dict) else auto.force)}
    total = float(np.nansum(auto.gain_)) or 1.0
    names = auto.get_feature_names_out()
    return [
        {
            "name": names[i],
            "formula": auto.formulas_[i],
            "words": {lang: words[lang][i] for lang in LANGUAGES},
            "gain": float(auto.gain_[i]),
            "share": float(auto.gain_[i]) / total,
            "stability": float(auto.stability_[i]),
            "coverage": float(auto.coverage_[i]),
            "direction": int(auto.direction_[i]),
            "cost": float(cost[i]),
            "forced": auto.formulas_[i] in forced,
            "shape": shape[i],
        }
        for i in _by_gain(auto)
    ]
