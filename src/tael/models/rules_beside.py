"""A score and a set of rules side by side: what both flag, what only one of them does, and how precise each part is."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from tael.errors import ModelError
from tael.validation.calibration import wilson
from tael.validation.words import Words

PARTS: dict[str, Words] = {
    "both": Words("score and rules", "评分与规则均命中"),
    "only_score": Words("score alone", "仅评分命中"),
    "only_rules": Words("rules alone", "仅规则命中"),
    "neither": Words("neither", "均未命中"),
    "score": Words("score, all", "评分命中合计"),
    "rules": Words("rules, all", "规则命中合计"),
    "either": Words("score or rules", "评分或规则命中"),
}


def beside(
    score: ArrayLike, flagged: ArrayLike, y: ArrayLike, *, capacity: int | None = None, amount: ArrayLike | None = None,
    lang: Any = "en",
) -> pl.DataFrame:  # fmt: skip
    """Overlap of a score's alerts and the rules' alerts, on rows that neither was fitted on.

    Parameters
    ----------
    score : array-like of shape (n,)
        Higher is more suspicious.
    flagged : array-like of bool, shape (n,)
        Whether any rule holds.
    y : array-like of shape (n,)
        0 or 1.
    capacity : int, optional
        Alerts of the score: its highest; as many as the rules flag by default, so that the two compare at equal work.
        Of equal scores at the border the first rows count.
    amount : array-like of shape (n,), optional
    lang : {"en", "zh"}

    Returns
    -------
    polars.DataFrame
        part (both, only_score, only_rules, neither, score, rules, either), words, rows, hits, precision, low, high
        (Wilson's 95 % interval), recall, and money where amounts are given (amount of the hits).

    Raises
    ------
    ModelError
        Lengths that differ, scores or labels that are missing, labels other than 0 and 1.

    Examples
    --------
    >>> table = beside([0.9, 0.8, 0.2, 0.1], [True, False, True, False], [1, 0, 1, 0])
    >>> table.filter(pl.col("rows") > 0).select("part", "rows", "hits").rows()[:3]
    [('both', 1, 1), ('only_score', 1, 0), ('only_rules', 1, 1)]
    """
    s, f, label = np.asarray(score, dtype=np.float64), np.asarray(flagged), np.asarray(y)
    money = None if amount is None else np.nan_to_num(np.asarray(amount, dtype=np.float64))
    shapes = {v.shape for v in (s, f, label, money) if v is not None}
    if len(shapes) != 1 or s.ndim != 1 or np.isnan(s).any() or not np.isin(label, (0, 1)).all():
        raise ModelError(
            "Score, rules and labels cannot be laid side by side.",
            expected="as many scores as flags and labels, no score missing, labels 0 or 1",
            got=f"shapes {sorted(shapes)}, {int(np.isnan(s).sum())} scores missing",
        )
    rules = f.astype(bool)
    most = int(rules.sum()) if capacity is None else int(capacity)
    if not 0 <= most <= len(s):
        raise ModelError("The capacity does not fit.", expected=f"0 to {len(s)}", got=str(most), where="capacity")
    by_score = np.zeros(len(s), dtype=bool)
    by_score[np.argsort(-s, kind="stable")[:most]] = True
    hit = label == 1
    parts = {
        "both": by_score & rules, "only_score": by_score & ~rules, "only_rules": rules & ~by_score,
        "neither": ~by_score & ~rules, "score": by_score, "rules": rules, "either": by_score | rules,
    }  # fmt: skip
    out: list[dict[str, Any]] = []
    for name, rows in parts.items():
        n, hits = int(rows.sum()), int((rows & hit).sum())
        low, high = (float(v) for v in wilson(hits, n))
        line = {
            "part": name, "words": PARTS[name].text(lang), "rows": n, "hits": hits,
            "precision": hits / n if n else None, "low": low if n else None, "high": high if n else None,
            "recall": hits / int(hit.sum()) if hit.any() else None,
        }  # fmt: skip
        out.append(line if money is None else line | {"money": float(money[rows & hit].sum())})
    kinds: dict[str, Any] = {"part": pl.String, "words": pl.String, "rows": pl.Int64, "hits": pl.Int64}
    kinds |= dict.fromkeys(("precision", "low", "high", "recall"), pl.Float64)
    return pl.DataFrame(out, schema=kinds if money is None else kinds | {"money": pl.Float64})
