"""What a leak is made of: columns that add up to one that is known to give the outcome away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.validation import arrays
from tael.validation.arrays import Floats
from tael.validation.leaks import Finding
from tael.validation.words import Words

MAX_ROWS, LEAST_ROWS, LEAST_VALUES = 5_000, 100, 20
MOST_PARTS = 8
EXACT = 1e-8
"""Share of a column's variance that rounding may leave."""
COPY = 0.9995
"""A column that correlates so highly with another is the other once more, not a part of it."""


def sums_of_leaks(
    X: Any, leaks: Collection[str], *, names: Mapping[str, str] | None = None, seed: int = 0
) -> list[Finding]:
    """Which columns add up to a column that gives the outcome away?

    Nothing that was known at the cutoff determines to the cent what was paid later. So where a leak is a weighted sum
    of other columns (paid = principal + interest + fees), at least one of them was not known either, though alone it
    may say little about the outcome.

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff; only numbers without gaps can be parts.
    leaks : collection of str
        Columns that are reported already.
    names : mapping, optional
        What to call a column in the report.
    seed : int
        Seed of the sample of rows.

    Returns
    -------
    list of Finding
        One for each part that is not reported yet (``TAEL-L08``); its strength is the correlation with the leak.

    Raises
    ------
    ValidationError
        If X is no table.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> principal, interest, age = rng.uniform(0, 9, (3, 500))
    >>> table = {"principal": principal, "interest": interest, "age": age, "paid": principal + interest}
    >>> [(f.code, f.column) for f in sums_of_leaks(table, ["paid"])]
    [('TAEL-L08', 'principal'), ('TAEL-L08', 'interest')]
    """
    table = arrays.frame(X, "leak scan")
    if len(table) < LEAST_ROWS or not leaks:
        return []
    rows = np.arange(len(table))
    if len(rows) > MAX_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MAX_ROWS, replace=False))
        table = table[rows.tolist()]
    columns = _standardised(table)
    known = list(columns)
    if not known:
        return []
    Z = np.column_stack([columns[name] for name in known])
    R = Z.T @ Z / len(Z)
    found: dict[str, Finding] = {}
    for leak in (name for name in known if name in leaks):
        at = known.index(leak)
        for part in _parts(R, at):
            name = known[part]
            if name in leaks or name in found:
                continue
            called, whole = ((names or {}).get(one, one) for one in (name, leak))
            found[name] = Finding(
                "TAEL-L08",
                called,
                float(abs(R[at, part])),
                Words(
                    f"{called} is part of a sum that gives {whole} exactly, and {whole} gives the label away: what "
                    "adds up to it cannot all have been known at the cutoff. Declare its known_at, or give it the "
                    "role ignore.",
                    f"{called} 与其他列之和恰好等于 {whole}，而 {whole} 会泄漏标签：其组成部分不可能在截止时全部已知。"
                    "请声明 known_at，或将其角色设为 ignore。",
                ),
            )
    return list(found.values())


def _standardised(table: Any) -> dict[str, Floats]:
    """Numbers without gaps and with many values, of mean 0 and spread 1."""
    found = {}
    for name in table.columns:
        kind, values = arrays.column(table[name])
        if kind != "number" or not np.isfinite(values).all() or len(np.unique(values)) < LEAST_VALUES:
            continue
        largest = np.abs(values).max()
        values = values / largest
        spread = values.std()
        if spread > 1e-9:
            found[name] = (values - values.mean()) / spread
    return found


def _parts(R: NDArray[np.float64], target: int) -> list[int]:
    """The columns of which the target is a weighted sum, or nothing: the next best in turn, less what is not needed.

    `R` holds correlations, so that no step looks at rows.
    """
    may = np.flatnonzero((np.abs(R[target]) < COPY) & (np.arange(len(R)) != target))
    chosen: list[int] = []
    while len(chosen) < min(MOST_PARTS, len(may)):
        left, gain = _left(R, target, chosen, may)
        if left < EXACT:
            break
        gain[np.isin(may, chosen)] = -1.0
        chosen.append(int(may[gain.argmax()]))
    if len(chosen) < 2 or _left(R, target, chosen, may)[0] >= EXACT:
        return []
    for one in list(chosen):
        rest = [other for other in chosen if other != one]
        if _left(R, target, rest, may)[0] < EXACT:
            chosen = rest
    return chosen if len(chosen) > 1 else []


def _left(
    R: NDArray[np.float64], target: int, chosen: list[int], may: NDArray[np.int64]
) -> tuple[float, NDArray[np.float64]]:
    """Share of the target's variance that the chosen leave, and what each further column would take of it."""
    if not chosen:
        return 1.0, R[target, may] ** 2
    inside, between, with_target = R[chosen][:, chosen], R[chosen][:, may], R[chosen, target]
    weight = np.linalg.lstsq(inside, with_target, rcond=1e-12)[0]
    across = np.linalg.lstsq(inside, between, rcond=1e-12)[0]
    left = float(1.0 - with_target @ weight)
    own = 1.0 - (between * across).sum(axis=0)
    shared = R[target, may] - weight @ between
    return left, np.where(own > 1e-9, shared**2 / np.maximum(own, 1e-9), 0.0)
