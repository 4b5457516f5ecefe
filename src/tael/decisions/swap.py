"""Who changes sides when a new policy takes the place of an old one."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tael.decisions._arrays import as_array, money, outcomes, probabilities, same_length
from tael.errors import DecisionError
from tael.validation.words import Words

SWAP_WORDS = {
    "both approve": Words("approved by both", "新旧均批准"),
    "swap in": Words("approved by the new policy only", "仅新策略批准"),
    "swap out": Words("approved by the old policy only", "仅旧策略批准"),
    "both decline": Words("approved by neither", "新旧均不批准"),
}


def swap_set(
    decision_new: Any, decision_old: Any, *, pd: Any = None, y: Any = None, profit: Any = None
) -> pl.DataFrame:
    """The two-by-two table of a new policy against an old one.

    Parameters
    ----------
    decision_new, decision_old : array-like of shape (n,)
        "approve", "refer" or "decline" (or booleans: approved). What is referred is not approved.
    pd : array-like of shape (n,), optional
        Probability of default: its mean in each cell.
    y : array-like of shape (n,), optional
        Observed defaults: their rate in each cell. Those declined by the policy of the day have none; where rows are
        left out for that, the swap-in cell holds only those whose outcome is known.
    profit : array-like of shape (n,), optional
        Expected profit: its total in each cell.

    Returns
    -------
    polars.DataFrame
        Four rows: cell (both approve, swap in, swap out, both decline), n, share, and where given expected_bad_rate,
        observed_bad_rate, profit.

    Raises
    ------
    DecisionError
        If a decision is unknown, or arrays differ in length.

    Examples
    --------
    >>> swap_set(["approve", "approve", "decline"], ["approve", "decline", "decline"])["n"].to_list()
    [1, 1, 0, 1]
    """
    new, old = _approved(decision_new, "new"), _approved(decision_old, "old")
    n = len(new)
    same_length(n, len(old), "old decisions")
    cells = [new & old, new & ~old, ~new & old, ~new & ~old]
    table: dict[str, Any] = {
        "cell": list(SWAP_WORDS),
        "n": [int(cell.sum()) for cell in cells],
        "share": [float(cell.mean()) if n else None for cell in cells],
    }
    empty = not n
    for name, values in (
        ("expected_bad_rate", None if pd is None else probabilities(pd, empty=empty)),
        ("observed_bad_rate", None if y is None else outcomes(y, n)),
    ):
        if values is not None:
            same_length(n, len(values), name)
            table[name] = [float(values[cell].mean()) if cell.any() else None for cell in cells]
    if profit is not None:
        amounts = money(profit, n)
        table["profit"] = [float(amounts[cell].sum()) for cell in cells]
    return pl.DataFrame(table, schema_overrides={"n": pl.Int64, "share": pl.Float64})


def _approved(decision: Any, which: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    values = as_array(getattr(decision, "decision", decision))
    if values.dtype == bool:
        return values
    unknown = sorted({str(v) for v in values} - {"approve", "refer", "decline"})
    if unknown:
        raise DecisionError(
            f"Unknown decisions in the {which} policy.",
            expected="approve, refer or decline",
            got=", ".join(unknown[:5]),
        )
    return np.array([v == "approve" for v in values], dtype=bool)
