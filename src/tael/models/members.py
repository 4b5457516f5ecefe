"""The settings of the portfolio: one line each, and one more line adds another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError, did_you_mean
from tael.models.boosted import fit_boosted
from tael.models.linear import fit_binned, fit_linear
from tael.models.logistic import Floats, Scorer


@dataclass(frozen=True)
class Setting:
    """One way to fit a member.

    Parameters
    ----------
    name : str
        How it is called in ``members=`` and in reports.
    fit : callable
        ``(X, y, weight, sign, seed) -> Scorer``.
    words : mapping
        What it is, by language ("en", "zh").
    """

    name: str
    fit: Callable[[Floats, Floats, Floats, NDArray[np.int64], int], Scorer]
    words: Mapping[str, str]


def _trees(rounds: int, **params: Any) -> Callable[..., Scorer]:
    def fit(X: Floats, y: Floats, weight: Floats, sign: NDArray[np.int64], seed: int) -> Scorer:
        return fit_boosted(X, y, weight, sign, rounds=rounds, params=params, seed=seed)

    return fit


def _additive(fit_it: Callable[..., Scorer], **params: Any) -> Callable[..., Scorer]:
    def fit(X: Floats, y: Floats, weight: Floats, sign: NDArray[np.int64], seed: int) -> Scorer:
        return partial(fit_it, **params)(X, y, weight, sign)

    return fit


# Why these: no single setting wins. Noisy credit data (German, Taiwan) wants regularisation and few leaves, HMEQ
# wants depth and random thresholds, small samples want a line. benchmarks/bench_models.py measures each. Fewer bins
# than 255 where more gained nothing, and as few rounds as lost nothing at a faster rate.
SETTINGS: dict[str, Setting] = {
    s.name: s
    for s in (
        Setting(
            "boosted",
            _trees(100, learning_rate=0.1, num_leaves=31),
            {"en": "boosted trees, LightGBM's defaults", "zh": "梯度提升树（LightGBM 默认参数）"},
        ),
        Setting(
            "slow",
            _trees(
                300,
                learning_rate=0.04,
                num_leaves=15,
                feature_fraction=0.3,
                min_data_in_leaf=40,
                lambda_l2=5.0,
                max_bin=63,
            ),
            {"en": "boosted trees, slow and regularised", "zh": "梯度提升树（慢速、强正则）"},
        ),
        Setting(
            "deep",
            _trees(
                200,
                learning_rate=0.1,
                num_leaves=63,
                feature_fraction=0.4,
                min_data_in_leaf=5,
                lambda_l2=1.0,
                max_bin=63,
            ),
            {"en": "boosted trees, deep", "zh": "梯度提升树（深）"},
        ),
        Setting(
            "deep_random",
            _trees(
                200,
                learning_rate=0.15,
                num_leaves=127,
                extra_trees=True,
                feature_fraction=0.5,
                min_data_in_leaf=3,
                max_bin=127,
            ),
            {"en": "boosted trees, deep with random thresholds", "zh": "梯度提升树（深、随机分裂点）"},
        ),
        Setting(
            "shallow",
            _trees(
                200,
                learning_rate=0.15,
                num_leaves=4,
                max_depth=2,
                feature_fraction=0.5,
                min_data_in_leaf=20,
                lambda_l2=1.0,
                max_bin=63,
            ),
            {"en": "boosted trees of depth two", "zh": "梯度提升树（深度二）"},
        ),
        Setting(
            "cautious",
            _trees(
                200,
                learning_rate=0.08,
                num_leaves=20,
                extra_trees=True,
                feature_fraction=0.5,
                min_data_in_leaf=30,
                lambda_l2=5.0,
                max_bin=63,
            ),
            {"en": "boosted trees for small data, random thresholds", "zh": "梯度提升树（小样本、随机分裂点）"},
        ),
        Setting(
            "linear",
            _additive(fit_linear, l2=20.0, clip=0.005),
            {"en": "logistic regression, a line for each column", "zh": "逻辑回归（每列一条直线）"},
        ),
        Setting(
            "binned",
            _additive(fit_binned, bins=16, l2=10.0),
            {
                "en": "logistic regression on bins, a step curve for each column",
                "zh": "分箱逻辑回归（每列一条阶梯曲线）",
            },
        ),
    )
}


def choose(members: str | list[str] | tuple[str, ...]) -> list[Setting]:
    """The settings by name, or all of them for ``"auto"``.

    Raises
    ------
    ModelError
        If a name is unknown, twice there, or the list is empty.

    Examples
    --------
    >>> [s.name for s in choose(["slow", "linear"])]
    ['slow', 'linear']
    """
    if isinstance(members, str):
        if members != "auto":
            raise ModelError(
                "The members are neither a list nor a known word.",
                expected='"auto" or a list of names',
                got=repr(members),
                fix=did_you_mean(members, ["auto", *SETTINGS]),
            )
        return list(SETTINGS.values())
    unknown = [name for name in members if name not in SETTINGS]
    if unknown:
        raise ModelError(
            "The portfolio has no such member.",
            expected=", ".join(SETTINGS),
            got=repr(unknown[0]),
            fix=did_you_mean(str(unknown[0]), SETTINGS),
        )
    if not members or len(set(members)) < len(members):
        raise ModelError(
            "The list of members is empty or names one twice.",
            expected="each name once, at least one",
            got=repr(list(members)),
            fix='Leave members="auto", or name each once.',
        )
    return [SETTINGS[name] for name in members]
