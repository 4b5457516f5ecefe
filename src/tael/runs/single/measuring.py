"""Figures, curves and verdicts of a single table's model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.validation import evaluate
from tael.validation.metrics import Metric
from tael.validation.verdict import judge
from tael.validation.verdict_table import Finding, advised, judge_scores
from tael.validation.words import Words

Floats = NDArray[np.float64]
Measure = Callable[[Floats, Floats], float]
SPLIT = ("train", "validation", "out_of_time")
BOOTS = 100
POINTS = 80
"""Points of a curve that is drawn."""


def threshold_of(y: Floats, p: Floats) -> float:
    """The probability from which a row is called a yes: the best F1 on these rows.

    >>> threshold_of(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.6, 0.9]))
    0.6
    """
    order = np.argsort(-p, kind="stable")
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, len(y) + 1) + max(y.sum(), 1))
    last = np.append(p[order][1:] != p[order][:-1], True)
    return float(p[order][int(np.argmax(np.where(last, f1, -1)))])


def binary(parts: dict[str, tuple[Floats, Floats]], kind: str) -> tuple[dict[str, Any], dict[str, Any], list[Finding]]:
    """Figures by split, pictures of the test, and verdicts of two classes.

    Parameters
    ----------
    parts : dict of str to (ndarray, ndarray)
        Labels of 0 or 1 and probabilities, of each of `SPLIT`.
    kind : {"out_of_time", "random"}

    Returns
    -------
    figures, pictures, verdicts
    """
    from sklearn.metrics import precision_recall_curve, roc_curve

    cut = threshold_of(*parts["validation"])
    names = ("roc_auc", "ks", "log_loss", "base_rate", "mean_predicted")
    metrics = {s: evaluate(y, p, metrics=names, n_boot=BOOTS) for s, (y, p) in parts.items()}
    figures, intervals = _measured(parts, _by_threshold(cut))
    for split in parts:
        known = metrics[split]
        figures[split] = {"n": figures[split].pop("n"), **{name: m.value for name, m in known.items()}} | figures[split]
        intervals[split] |= {name: [m.low, m.high] for name, m in known.items()}
    y, p = parts["out_of_time"]
    called = p >= cut
    pictures: dict[str, Any] = {
        "threshold": cut,
        "intervals": intervals,
        "confusion": [[int(((y == t) & (called == c)).sum()) for c in (0, 1)] for t in (0, 1)],
    }
    if 0 < y.sum() < len(y):
        fpr, tpr, _ = roc_curve(y, p)
        precisions, recalls, _ = precision_recall_curve(y, p)
        pictures |= {"roc": _thin(fpr, tpr), "pr": _thin(recalls[::-1], precisions[::-1])}
        tenths = np.array_split(y[np.argsort(-p, kind="stable")], 10)
        pictures["lift"] = [float(tenth.mean() / y.mean()) for tenth in tenths if len(tenth)]
    events = {s: int(min(yes.sum(), len(yes) - yes.sum())) for s, (yes, _) in parts.items()}
    return figures, pictures, [advised(one, kind) for one in judge(metrics, n_events=events, kind=kind)]


def _by_threshold(cut: float) -> dict[str, Measure]:
    """What is measured of those called from a probability on."""
    from sklearn.metrics import average_precision_score

    def hits(y: Floats, p: Floats) -> float:
        return float(((p >= cut) & (y == 1)).sum())

    def precision(y: Floats, p: Floats) -> float:
        return hits(y, p) / max(float((p >= cut).sum()), 1.0)

    def recall(y: Floats, p: Floats) -> float:
        return hits(y, p) / max(float(y.sum()), 1.0)

    return {
        "average_precision": lambda y, p: float(average_precision_score(y, p)) if y.any() else float("nan"),
        "accuracy": lambda y, p: float(((p >= cut) == (y == 1)).mean()),
        "precision": precision,
        "recall": recall,
        "f1": lambda y, p: 2 * hits(y, p) / max(float((p >= cut).sum() + y.sum()), 1.0),
    }


def _measured(
    parts: dict[str, tuple[Floats, Floats]], measures: dict[str, Measure]
) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, list[float]]]]:
    """Figures of each part, and their 95 % intervals over rows drawn again."""
    figures: dict[str, dict[str, Any]] = {}
    intervals: dict[str, dict[str, list[float]]] = {}
    for split, (y, p) in parts.items():
        found = {name: _with_interval(measure, y, p) for name, measure in measures.items()}
        figures[split] = {"n": len(y), **{name: one.value for name, one in found.items()}}
        intervals[split] = {name: [one.low, one.high] for name, one in found.items()}
    return figures, intervals


def _scores(figures: dict[str, Any], intervals: dict[str, Any], name: str) -> dict[str, Metric]:
    """One of the figures, as verdicts want it."""
    return {s: Metric(told[name], intervals[s][name][0], intervals[s][name][1]) for s, told in figures.items()}


def several(
    parts: dict[str, tuple[Floats, Floats]], n_classes: int, kind: str
) -> tuple[dict[str, Any], dict[str, Any], list[Finding]]:
    """The same of three classes or more: labels are codes, predictions (n, classes) probabilities."""
    from sklearn.metrics import confusion_matrix, f1_score

    def balanced(y: Floats, called: Floats) -> float:
        return float(np.mean([(called[y == k] == k).mean() for k in np.unique(y)]))

    def loss(y: Floats, p: Floats) -> float:
        return float(-np.log(np.clip(p[np.arange(len(y)), y.astype(int)], 1e-15, 1)).mean())

    figures, intervals = _measured(
        parts,
        {
            "accuracy": lambda y, p: float((p.argmax(axis=1) == y).mean()),
            "balanced_accuracy": lambda y, p: balanced(y, p.argmax(axis=1).astype(np.float64)),
            "macro_f1": lambda y, p: float(f1_score(y, p.argmax(axis=1), average="macro", zero_division=0.0)),
            "log_loss": loss,
        },
    )
    scores = _scores(figures, intervals, "balanced_accuracy")
    y, p = parts["out_of_time"]
    matrix = confusion_matrix(y, p.argmax(axis=1), labels=list(range(n_classes)))
    rarest = {s: int(np.bincount(yes.astype(int), minlength=n_classes).min()) for s, (yes, _) in parts.items()}
    found = judge_scores(
        scores, name=Words("balanced accuracy", "平衡准确率"), chance=1 / n_classes, too_good=0.995, kind=kind, n=rarest
    )
    return figures, {"confusion": matrix.tolist(), "intervals": intervals}, found


def regression(
    parts: dict[str, tuple[Floats, Floats]], kind: str
) -> tuple[dict[str, Any], dict[str, Any], list[Finding]]:
    """The same of numbers."""

    def r2(y: Floats, p: Floats) -> float:
        spread = float(((y - y.mean()) ** 2).sum())
        return 1.0 - float(((y - p) ** 2).sum()) / spread if spread else float("nan")

    measures: dict[str, Measure] = {
        "r2": r2,
        "mae": lambda y, p: float(np.abs(y - p).mean()),
        "rmse": lambda y, p: float(np.sqrt(((y - p) ** 2).mean())),
    }
    figures, intervals = _measured(parts, measures)
    scores = _scores(figures, intervals, "r2")
    y, p = parts["out_of_time"]
    some = np.random.default_rng(0).permutation(len(y))[:400]
    heights, edges = np.histogram(y - p, bins=30)
    pictures = {
        "intervals": intervals,
        "against": [y[some].tolist(), p[some].tolist()],
        "residuals": [edges.tolist(), heights.tolist()],
    }
    found = judge_scores(
        scores,
        name=Words("R2", "R2"),
        chance=0.0,
        too_good=0.9999,
        kind=kind,
        n={s: len(y) for s, (y, _) in parts.items()},
    )
    return figures, pictures, found


def _with_interval(score: Measure, y: Floats, p: Floats) -> Metric:
    rng = np.random.default_rng(0)
    drawn = [score(y[rows], p[rows]) for rows in rng.integers(0, len(y), (BOOTS, len(y)))]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return Metric(score(y, p), float(low), float(high))


def _thin(x: Any, y: Any) -> list[list[float]]:
    at = np.unique(np.linspace(0, len(x) - 1, POINTS).astype(int))
    return [np.asarray(x)[at].tolist(), np.asarray(y)[at].tolist()]
