"""How good the model is, for ``run.json``: metrics with intervals, curves, calibration, stability, features' shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.runs.tasks import Judged
from tael.validation import (
    METRICS,
    Metric,
    calibration_fit,
    calibration_table,
    csi,
    evaluate,
    evaluate_difference,
    gains_table,
    judge,
    ks_curve,
    pr_curve,
    psi,
    roc_curve,
)

Floats = NDArray[np.float64]
CURVES = ("validation", "out_of_time")


def metrics_of(judged: Judged, p: Floats, seed: int) -> dict[str, dict[str, Metric]]:
    """Every metric of some probabilities, with its interval, on every split."""
    y, weight, groups = judged.y, judged.weight, judged.groups
    return {
        name: evaluate(
            y[rows], p[rows], weight=None if weight is None else weight[rows], n_boot=200, seed=seed,
            groups=None if groups is None else groups[rows],
        )
        for name, rows in judged.parts.items()
    }  # fmt: skip


def metrics_section(metrics: Mapping[str, Mapping[str, Metric]]) -> dict[str, Any]:
    """Metrics as plain data."""
    return {split: {name: value.to_dict() for name, value in named.items()} for split, named in metrics.items()}


def metric_titles() -> dict[str, dict[str, str | bool | None]]:
    """What each metric is called and means."""
    return {
        name: {
            "en": spec.title.en, "zh": spec.title.zh, "meaning_en": spec.meaning.en, "meaning_zh": spec.meaning.zh,
            "higher_is_better": spec.higher_is_better,
        }
        for name, spec in METRICS.items()
    }  # fmt: skip


def verdict_section(
    metrics: Mapping[str, Mapping[str, Metric]], judged: Judged, kind: str, seed: int
) -> list[dict[str, Any]]:
    """The plain verdicts on over-fitting, leaks, drift and the like."""
    parts, y, p, reference, cutoffs = judged.parts, judged.y, judged.p, judged.reference, judged.cutoffs
    last = parts["out_of_time"]
    both = len(np.unique(y[last])) == 2
    ahead = (
        evaluate_difference(y[last], p[last], reference[last], metrics=["roc_auc"], seed=seed)["roc_auc"]
        if both
        else None
    )
    events = {name: int(min(y[rows].sum(), (1 - y[rows]).sum())) for name, rows in parts.items()}
    severity = {"serious": "error", "warning": "warning", "good": "ok", "note": "note"}
    out = []
    periods = {name: (str(cutoffs[rows].min())[:10], str(cutoffs[rows].max())[:10]) for name, rows in parts.items()}
    for verdict in judge(metrics, n_events=events, reference=ahead, kind=kind, periods=periods, amounts=True):
        plain = verdict.to_dict()
        out.append(
            {
                "code": plain["code"],
                "severity": severity[verdict.severity],
                "text": {"en": verdict.text("en"), "zh": verdict.text("zh")},
                "todo": {"en": verdict.what_to_do("en"), "zh": verdict.what_to_do("zh")},
            }
        )
    return out


def curves_section(judged: Judged) -> dict[str, Any]:
    """The curves behind the pictures; a split of one class has none."""
    parts, y, p = judged.parts, judged.y, judged.p
    out: dict[str, Any] = {
        "roc": {}, "pr": {}, "ks": {}, "calibration": {}, "calibration_line": {}, "gains": {}, "score_histogram": None,
    }  # fmt: skip
    for split in CURVES:
        rows = parts[split]
        if len(np.unique(y[rows])) < 2:
            continue
        told, truth = p[rows], y[rows]
        roc, precision, ks = roc_curve(truth, told), pr_curve(truth, told), ks_curve(truth, told)
        out["roc"][split] = _xy(roc, "false_positive_rate", "true_positive_rate")
        out["pr"][split] = _xy(precision, "recall", "precision")
        out["ks"][split] = {
            "x": ks["share"].to_list(), "good": ks["others"].to_list(), "bad": ks["events"].to_list(),
        }  # fmt: skip
        table = calibration_table(truth, told)
        out["calibration"][split] = table.select("n", "predicted", "observed", "low", "high").to_dicts()
        line = calibration_fit(truth, told)
        if line.reason is None:
            out["calibration_line"][split] = {"intercept": line.intercept, "slope": line.slope}
        out["gains"][split] = [
            {"depth": row["cumulative_share"], "captured": row["cumulative_events"], "lift": row["cumulative_lift"]}
            for row in gains_table(truth, told).to_dicts()
        ]
    rows = parts["out_of_time"]
    edges = np.linspace(0.0, max(float(np.quantile(p[rows], 0.995)), 1e-6), 31)
    clipped = np.minimum(p[rows], edges[-1])
    out["score_histogram"] = {
        "edges": edges.tolist(),
        "good": np.histogram(clipped[y[rows] == 0], edges)[0].tolist(),
        "bad": np.histogram(clipped[y[rows] == 1], edges)[0].tolist(),
    }
    return out


def _xy(table: pl.DataFrame, x: str, y: str) -> dict[str, list[float]]:
    return {"x": table[x].to_list(), "y": table[y].to_list()}


def stability_section(
    judged: Judged, parts: Mapping[str, NDArray[np.int64]], features: pl.DataFrame, words: Mapping[str, list[str]]
) -> dict[str, Any]:
    """PSI of the score and of each feature, training against out-of-time."""
    before, after = parts["train"], parts["out_of_time"]
    score = psi(judged.p[judged.parts["train"]], judged.p[judged.parts["out_of_time"]])
    verdict = {
        "stable": ("stable", "稳定"),
        "watch": ("moved somewhat: watch it", "有所偏移：需关注"),
        "shifted": ("shifted: look for the cause before use", "明显偏移：使用前须查明原因"),
    }[score.level]
    table = csi(features[before], features[after])
    at = {name: i for i, name in enumerate(features.columns)}
    return {
        "score": {
            "psi": score.psi,
            "threshold": 0.1,
            "adjusted_threshold": score.critical,
            "verdict": {"en": verdict[0], "zh": verdict[1]},
        },
        "features": [
            {
                "name": row["column"],
                "words": {lang: words[lang][at[row["column"]]] for lang in ("en", "zh")},
                "psi": row["psi"],
                "adjusted_threshold": row["critical"],
            }
            for row in table.to_dicts()
        ],
    }


def shapes(
    features: pl.DataFrame, y: Floats, contributions: Floats, rows: NDArray[np.int64], *, bins: int = 6
) -> list[list[dict[str, Any]]]:
    """Each feature by quantile: how many, the rate of the label, the mean contribution in log-odds.

    Returns
    -------
    list (a feature) of list (a bin) of dict
    """
    out = []
    table = features[rows].to_numpy()
    for j in range(table.shape[1]):
        values, truth, moved = table[:, j], y[rows], contributions[rows, j]
        present = ~np.isnan(values)
        inner = (
            np.unique(np.quantile(values[present], np.linspace(0, 1, bins + 1)[1:-1]))
            if present.any()
            else np.array([])
        )
        inner = inner[inner < values[present].max()] if present.any() else inner
        at = np.searchsorted(inner, values, side="left")
        found = []
        for k in range(len(inner) + 1):
            chosen = present & (at == k)
            if chosen.any():
                low = float(inner[k - 1]) if k else None
                high = float(inner[k]) if k < len(inner) else None
                found.append(_bin(_label(low, high, values[chosen]), low, high, chosen, truth, moved))
        if (~present).any():
            found.append(_bin("missing", None, None, ~present, truth, moved))
        out.append(found)
    return out


def _bin(
    label: str, low: float | None, high: float | None, chosen: NDArray[np.bool_], y: Floats, moved: Floats
) -> dict[str, Any]:
    return {
        "label": label,
        "low": low,
        "high": high,
        "n": int(chosen.sum()),
        "rate": float(y[chosen].mean()),
        "mean_contribution": float(moved[chosen].mean()),
    }


def _label(low: float | None, high: float | None, values: Floats) -> str:
    if (values == values[0]).all():
        return f"{values[0]:.4g}"
    if low is None:
        return "all" if high is None else f"<= {high:.4g}"
    return f"> {low:.4g}" if high is None else f"{low:.4g} .. {high:.4g}"
