"""How good a predicted probability is: one registry of metrics, each with a bootstrap interval."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tael.errors import ValidationError, did_you_mean
from tael.validation import _kernels as kernels
from tael.validation import arrays
from tael.validation._value import NAN, Metric
from tael.validation.arrays import Floats
from tael.validation.ranked import Ranked, Sorter, interval, resample
from tael.validation.words import Words


@dataclass(frozen=True)
class MetricSpec:
    """One entry of the registry.

    Parameters
    ----------
    name : str
        How it is called in `run.json`.
    function : callable
        ``function(y, p, w) -> float``, with arrays of shape (n,).
    higher_is_better : bool or None
        None where neither is: a base rate.
    title, meaning : Words
        Its name, and one line that says what it means.
    probability : bool
        Whether `p` must lie in [0, 1].
    both_classes : bool
        Whether it needs events and non-events.
    batch : callable, optional
        The same over many weightings at once: ``batch(ranked) -> array of shape (n_samples,)``.
    """

    name: str
    function: Callable[[Floats, Floats, Floats], float]
    higher_is_better: bool | None
    title: Words
    meaning: Words
    probability: bool = False
    both_classes: bool = True
    batch: Callable[[Ranked], Floats] | None = None

    def __call__(self, y: ArrayLike, p: ArrayLike, w: ArrayLike | None = None) -> float:
        """The metric's value; NaN where it is not defined."""
        labels = arrays.labels(y)
        checked = arrays.scores(p, len(labels), probability=self.probability)
        return float(self.function(labels, checked, arrays.weights(w, len(labels))))


METRICS: dict[str, MetricSpec] = {}


def register_metric(spec: MetricSpec) -> MetricSpec:
    """Add a metric to the registry.

    Raises
    ------
    ValidationError
        If the name is taken.
    """
    if spec.name in METRICS:
        raise ValidationError("Two metrics have the same name.", got=spec.name, fix="Give yours another name.")
    METRICS[spec.name] = spec
    return spec


def _alone(batch: Callable[[Ranked], Floats]) -> Callable[[Floats, Floats, Floats], float]:
    def function(y: Floats, p: Floats, w: Floats) -> float:
        return float(batch(Sorter(y, p).ranked(w))[0])

    return function


def _builtin(
    name: str,
    batch: Callable[[Ranked], Floats],
    better: bool | None,
    title: tuple[str, str],
    meaning: tuple[str, str],
    *,
    probability: bool = False,
    both_classes: bool = True,
) -> None:
    spec = MetricSpec(name, _alone(batch), better, Words(*title), Words(*meaning), probability, both_classes, batch)
    register_metric(spec)


_builtin(
    "roc_auc",
    kernels.roc_auc,
    True,
    ("ROC AUC", "ROC AUC"),
    (
        "The chance that a random event is scored above a random non-event; 0.5 is a coin.",
        "随机一个事件样本得分高于随机一个非事件样本的概率；0.5 等于抛硬币。",
    ),
)
_builtin(
    "gini",
    kernels.gini,
    True,
    ("Gini", "基尼系数"),
    ("The same as the AUC on a scale from 0 (coin) to 1 (perfect).", "与 AUC 相同，换算到 0（抛硬币）至 1（完美）。"),
)
_builtin(
    "ks",
    kernels.ks,
    True,
    ("KS", "KS"),
    (
        "The widest gap between the shares of events and non-events above one score.",
        "同一分数线以上，事件占比与非事件占比的最大差距。",
    ),
)
_builtin(
    "pr_auc",
    kernels.pr_auc,
    True,
    ("PR AUC", "PR AUC"),
    (
        "Average precision: how pure the alerts are, over all lengths of the list; chance is the base rate.",
        "平均精确率：名单各种长度下的命中率；随机水平等于基准率。",
    ),
)
_builtin(
    "log_loss",
    kernels.log_loss,
    False,
    ("Log loss", "对数损失"),
    (
        "How surprised the probabilities are by the outcomes; lower is better, confident errors cost most.",
        "概率对结果的意外程度；越低越好，自信的错误代价最大。",
    ),
    probability=True,
    both_classes=False,
)
_builtin(
    "brier",
    kernels.brier,
    False,
    ("Brier score", "Brier 分数"),
    ("Mean squared distance of probability and outcome; lower is better.", "概率与结果的均方差；越低越好。"),
    probability=True,
    both_classes=False,
)
_builtin(
    "lift_top_decile",
    kernels.lift(0.10),
    True,
    ("Lift, top 10 %", "提升度（前 10%）"),
    (
        "How many times more events the highest tenth holds than a tenth taken at random.",
        "得分最高的 10% 中的事件数是随机 10% 的多少倍。",
    ),
)
_builtin(
    "lift_top_5",
    kernels.lift(0.05),
    True,
    ("Lift, top 5 %", "提升度（前 5%）"),
    (
        "How many times more events the highest twentieth holds than a twentieth taken at random.",
        "得分最高的 5% 中的事件数是随机 5% 的多少倍。",
    ),
)
_builtin(
    "base_rate",
    kernels.base_rate,
    None,
    ("Base rate", "基准率"),
    ("The share of events that was observed.", "实际观察到的事件占比。"),
    both_classes=False,
)
_builtin(
    "mean_predicted",
    kernels.mean_predicted,
    None,
    ("Mean prediction", "平均预测"),
    (
        "The mean predicted probability; near the base rate where the model is calibrated.",
        "平均预测概率；校准良好时接近基准率。",
    ),
    probability=True,
    both_classes=False,
)


def metric(name: str) -> MetricSpec:
    """Look up a metric.

    Raises
    ------
    ValidationError
        If there is none of that name.

    Examples
    --------
    >>> metric("ks")([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    0.5
    """
    if name not in METRICS:
        raise ValidationError("No such metric.", got=name, fix=did_you_mean(name, METRICS))
    return METRICS[name]


def one_class(y: Floats) -> Words | None:
    """Say which class is absent, if one is."""
    if np.all(y == 0):
        return Words(f"There is no event among {len(y)} rows.", f"{len(y)} 行中没有一个事件。")
    if np.all(y == 1):
        return Words(f"All {len(y)} rows are events.", f"{len(y)} 行全部是事件。")
    return None


def evaluate(
    y: ArrayLike,
    p: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    metrics: Iterable[str] | None = None,
    n_boot: int = 200,
    seed: int = 0,
    level: float = 0.95,
    groups: object = None,
    stratify: bool = False,
) -> dict[str, Metric]:
    """Measure predictions against outcomes, with bootstrap intervals.

    Parameters
    ----------
    y : array-like of shape (n,)
        Labels, 0 or 1.
    p : array-like of shape (n,)
        Predicted probability of 1.
    weight : array-like of shape (n,), optional
        Sample weights.
    metrics : iterable of str, optional
        Names from the registry (default: all).
    n_boot : int
        Number of resamples; 0 for no intervals.
    seed : int
        Seed of the resamples.
    level : float
        Coverage of the intervals.
    groups : array-like of shape (n,), optional
        Person of each row: people are resampled, not rows, because rows of one person are alike.
    stratify : bool
        Hold the number of events fixed in each resample (without `groups`).

    Returns
    -------
    dict of str to Metric
        A metric that is not defined on these rows (one class only) has value NaN and a reason.

    Raises
    ------
    ValidationError
        If arrays are empty, of different lengths, missing, infinite, or not probabilities.

    Examples
    --------
    >>> found = evaluate([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], metrics=["roc_auc"])
    >>> found["roc_auc"].value
    0.75
    """
    specs = [metric(name) for name in (METRICS if metrics is None else metrics)]
    y_, sorters, w = _prepare(y, [p], weight, specs, n_boot, level)
    values = _values(specs, sorters[0], y_, w)
    draws = [_draw(specs, sorters, w * counts)[0] for counts in _counts(y_, n_boot, seed, groups, stratify)]
    return _summary(specs, y_, values, np.concatenate(draws, axis=1) if draws else None, level)


def evaluate_difference(
    y: ArrayLike,
    p: ArrayLike,
    p_reference: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    metrics: Iterable[str] = ("roc_auc", "ks", "log_loss"),
    n_boot: int = 200,
    seed: int = 0,
    level: float = 0.95,
    groups: object = None,
) -> dict[str, Metric]:
    """How much better one model is than another on the same rows: value of `p` less value of `p_reference`.

    Both are measured on the same resamples, so that the interval is that of the difference (much narrower than the two
    intervals side by side would suggest). Parameters as in `evaluate`.

    Examples
    --------
    >>> evaluate_difference([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8], [0.5, 0.5, 0.5, 0.5])["roc_auc"].value
    0.5
    """
    specs = [metric(name) for name in metrics]
    y_, sorters, w = _prepare(y, [p, p_reference], weight, specs, n_boot, level)
    values = _values(specs, sorters[0], y_, w) - _values(specs, sorters[1], y_, w)
    draws = []
    for counts in _counts(y_, n_boot, seed, groups, False):
        ours, theirs = _draw(specs, sorters, w * counts)
        draws.append(ours - theirs)
    return _summary(specs, y_, values, np.concatenate(draws, axis=1) if draws else None, level)


def _prepare(
    y: ArrayLike,
    predictions: list[ArrayLike],
    weight: ArrayLike | None,
    specs: list[MetricSpec],
    n_boot: int,
    level: float,
) -> tuple[Floats, list[Sorter], Floats]:
    if n_boot < 0 or not 0 < level < 1:
        raise ValidationError(
            "These bootstrap settings make no sense.",
            expected="n_boot of 0 or more, level between 0 and 1",
            got=f"n_boot={n_boot}, level={level}",
        )
    labels = arrays.labels(y)
    probability = any(spec.probability for spec in specs)
    checked = [arrays.scores(p, len(labels), probability=probability) for p in predictions]
    return labels, [Sorter(labels, p) for p in checked], arrays.weights(weight, len(labels))


def _counts(y: Floats, n_boot: int, seed: int, groups: object, stratify: bool) -> Iterable[Floats]:
    return resample(len(y), n_boot, np.random.default_rng(seed), groups=groups, strata=y if stratify else None)


def _draw(specs: list[MetricSpec], sorters: list[Sorter], weight: Floats) -> list[Floats]:
    found = []
    for sorter in sorters:
        ranked = sorter.ranked(weight)
        found.append(np.stack([_one(spec, ranked) for spec in specs]) if specs else np.empty((0, len(weight))))
    return found


def _one(spec: MetricSpec, ranked: Ranked) -> Floats:
    if spec.batch is not None:
        return spec.batch(ranked)
    return np.array([spec.function(ranked.y, ranked.p, w) for w in ranked.weight])


def _values(specs: list[MetricSpec], sorter: Sorter, y: Floats, w: Floats) -> Floats:
    missing = one_class(y[w > 0]) is not None
    ranked = sorter.ranked(w)
    return np.array([NAN if spec.both_classes and missing else _one(spec, ranked)[0] for spec in specs])


def _summary(
    specs: list[MetricSpec], y: Floats, values: Floats, draws: Floats | None, level: float
) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for i, spec in enumerate(specs):
        value = float(values[i])
        if np.isnan(value):
            why = one_class(y) or Words("It is not defined on these rows.", "在这些行上没有定义。")
            found[spec.name] = Metric(NAN, reason=why)
        elif draws is None:
            found[spec.name] = Metric(value)
        else:
            found[spec.name] = Metric(value, *interval(value, draws[i], level))
    return found
