"""Two columns that give the outcome away together, though neither does alone: what was paid, beside what was owed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.leaks import FOLDS, Finding, _best, _sample
from tael.validation.metrics import one_class
from tael.validation.words import Words

MAX_ROWS, LOOK_ROWS, MAX_COLUMNS = 10_000, 2_000, 150
"""Pairs are first looked at on few rows, then judged on more; of more columns those with the most values are paired."""
Z = 5.5
"""Standard errors from chance: thousands of pairs are looked at."""
NEARLY = 0.05
"""What falls so far short on few rows is not judged on more."""
BINS, PRIOR = 20, 10.0


def pairs_carry_label(
    X: Any,
    y: ArrayLike,
    *,
    threshold_auc: float = 0.95,
    skip: Collection[str] = (),
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """Does the ratio of two columns know the outcome, where neither column alone does?

    Money that came in says little by itself, for loans differ in size; divided by the instalment it tells how long was
    paid. A ratio of two columns that were known at the cutoff (debt to income, balance to limit) is seldom much better
    than the better of the two, and never close to certain.

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff; only numbers and times are paired.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    threshold_auc : float
        A pair is suspect if its ratio reaches this AUC and leaves at most half of what the better column alone leaves
        to 1.
    skip : collection of str
        Columns not looked at: those that are reported already.
    names : mapping, optional
        What to call a column in the report.
    seed : int
        Seed of sample and folds.

    Returns
    -------
    list of Finding
        One for each column under suspicion (``TAEL-L07``), strongest first. Of a pair it is the column that says more
        alone; pairs with a column that is named already say nothing new.

    Raises
    ------
    ValidationError
        If X is no table, or its length is not that of y.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> owed, y = rng.uniform(1, 100, 900), rng.random(900) < 0.3
    >>> paid = owed * np.where(y, rng.uniform(0, 0.9, 900), 1.0)
    >>> [(f.code, f.column) for f in pairs_carry_label({"owed": owed, "paid": paid}, y)]
    [('TAEL-L07', 'paid')]
    """
    table = arrays.frame(X, "leak scan")
    labels = arrays.labels(y)
    arrays.same_length(len(labels), len(table), "rows of the table")
    if one_class(labels) is not None:
        return []
    rng = np.random.default_rng(seed)
    rows = _sample(labels, MAX_ROWS, rng)
    if len(rows) < len(labels):
        table, labels = table[rows.tolist()], labels[rows]
    columns = _numbers(table, skip)
    fold = rng.permutation(len(labels)) % FOLDS
    alone = {name: _best(values, labels, fold) for name, values in columns.items()}
    suspects = _suspects(columns, alone, labels, fold, threshold_auc, _sample(labels, LOOK_ROWS, rng))
    found: dict[str, Finding] = {}
    for strength, accused, other in sorted(suspects, reverse=True):
        if accused in found or other in found:
            continue
        called, beside = ((names or {}).get(name, name) for name in (accused, other))
        found[accused] = Finding(
            "TAEL-L07",
            called,
            strength,
            Words(
                f"{called} beside {beside} (their ratio) foretells the label with AUC {strength:.3f}, though neither "
                f"does alone: one of them, probably {called}, was not known at the cutoff. Declare its known_at, or "
                "give it the role ignore.",
                f"{called} 与 {beside} 之比能以 AUC {strength:.3f} 预知标签，而二者单独都不能：其中之一（很可能是 "
                f"{called}）在截止时尚不可知。请声明 known_at，或将其角色设为 ignore。",
            ),
        )
    return list(found.values())


def _numbers(table: Any, skip: Collection[str]) -> dict[str, Floats]:
    """The columns of numbers with more than two values, at most `MAX_COLUMNS` of them."""
    columns: dict[str, tuple[int, Floats]] = {}
    for name in table.columns:
        if name in skip:
            continue
        kind, values = arrays.column(table[name])
        if kind != "number":
            continue
        values = np.where(np.isinf(values), np.nan, values)
        distinct = len(np.unique(values[~np.isnan(values)]))
        if distinct > 2:
            columns[name] = distinct, values
    order = sorted(columns, key=lambda name: -columns[name][0])[:MAX_COLUMNS]
    return {name: columns[name][1] for name in columns if name in set(order)}


def _suspects(
    columns: Mapping[str, Floats], alone: Mapping[str, float], y: Floats, fold: NDArray[np.int64], enough: float,
    look: NDArray[np.int64],
) -> list[tuple[float, str, str]]:  # fmt: skip
    """AUC, the column that says more alone, and the other, of each suspect pair."""
    events = y.sum()
    error = np.sqrt((len(y) + 1) / (12 * events * (len(y) - events)))
    order = list(columns)
    few = {name: values[look] for name, values in columns.items()}
    found = []
    for i, one in enumerate(order):
        for two in order[i + 1 :]:
            better = max(alone[one], alone[two])
            needed = max(enough, 1 - (1 - better) / 2, 0.5 + Z * error)
            if _quick(_ratio(few[one], few[two]), y[look]) < needed - NEARLY:
                continue
            auc = _best(_ratio(columns[one], columns[two]), y, fold)
            if auc >= needed:
                accused, other = (one, two) if alone[one] >= alone[two] else (two, one)
                found.append((auc, accused, other))
    return found


def _ratio(one: Floats, two: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = one / two
    ratio[~np.isfinite(ratio)] = np.nan
    return ratio


def _quick(values: Floats, y: Floats) -> float:
    """AUC of the rates of bins on the same rows: a little too good, and quick."""
    gone = np.isnan(values)
    known = np.sort(values[~gone])
    if len(known) < BINS:
        return 0.5
    edges = np.unique(known[np.arange(1, BINS) * len(known) // BINS])
    bins = np.where(gone, len(edges) + 1, np.searchsorted(edges, values, side="left"))
    n, bad = np.bincount(bins), np.bincount(bins, y)
    rate = (bad + PRIOR * y.mean()) / (n + PRIOR)
    order = np.argsort(rate, kind="stable")
    bad, good = bad[order], (n - bad)[order]
    below = np.cumsum(good) - 0.5 * good
    return float(bad @ below / (bad.sum() * good.sum()))
