"""The whole leak scan of a table: what tells the label, what happened later, and what goes with either."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import ArrayLike

from tael.validation import arrays
from tael.validation.date_leaks import dates_after_cutoff
from tael.validation.kin_leaks import kin_of_leaks
from tael.validation.leaks import Finding, scan_columns
from tael.validation.pair_leaks import pairs_carry_label
from tael.validation.sum_leaks import sums_of_leaks
from tael.validation.trail_leaks import trail_of_leaks


def scan_table(
    X: Any,
    y: ArrayLike,
    *,
    cutoff: ArrayLike | None = None,
    end: object = None,
    outcomes: Any = None,
    aside: Any = None,
    wider: Any = None,
    names: Mapping[str, str] | None = None,
    seed: int = 0,
) -> list[Finding]:
    """All checks of columns, in turn: those that tell the label, alone, in pairs and as parts of a sum (L01 to L03, L06
    to L08); dates after the cutoff (L09); then what was written together with any of these (L10), and what is named
    like them (L11).

    Parameters
    ----------
    X : pandas, polars or pyarrow frame, or 2-D array
        Columns as they would be used at the cutoff.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    cutoff : array-like, optional
        Time from which each row is looked at, of the rows of `wider` (of X without it). Without it there is no L09.
    end : datetime, optional
        Until when the data is complete (`dates_after_cutoff`).
    outcomes, aside : frame, optional
        Columns of the same rows as `cutoff` that are no features: the outcome itself; others that were left out, which
        count as of later where they hold dates after the cutoff. They are not reported, yet tell what goes with them.
    wider : frame, optional
        The same columns as X on more rows, for what needs no label.
    names : mapping, optional
        What to call a column in the report.
    seed : int
        Seed of samples and folds.

    Returns
    -------
    list of Finding
        One or more for each column under suspicion. Those of level ``"ask"`` are questions.

    Raises
    ------
    ValidationError
        If X is no table, or lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> asked = np.datetime64("2024-01-01") + rng.integers(0, 300, 500)
    >>> ill = rng.random(500) < 0.1
    >>> table = {"ill_from": np.where(ill, asked + rng.integers(9, 99, 500), np.datetime64("NaT"))}
    >>> table |= {"ill_days": ill * 7.0, "ill_kind": ["flu", "leg"] * 250, "age": rng.random(500)}
    >>> y = rng.random(500) < 0.3
    >>> [(f.code, f.column, f.level) for f in scan_table(table, y, cutoff=asked, end="2025-02-01")]
    [('TAEL-L09', 'ill_from', 'leak'), ('TAEL-L10', 'ill_days', 'leak'), ('TAEL-L11', 'ill_kind', 'ask')]
    """
    if isinstance(X, Mapping):
        import polars as pl

        X = pl.DataFrame(dict(X), strict=False)
    rows = X if wider is None else wider
    columns = list(arrays.frame(rows, "leak scan").columns)
    found = scan_columns(X, y, names=names, seed=seed)
    found += pairs_carry_label(X, y, skip=_columns(found, names), names=names, seed=seed)
    found += sums_of_leaks(X, _columns(found, names), names=names, seed=seed)
    beside = [] if outcomes is None else [arrays.frame(outcomes, "outcomes")]
    doubtful: list[str] = []
    if cutoff is not None:
        told = set(_columns(found, names))
        dated = dates_after_cutoff(rows, cutoff, end=end, names=names, seed=seed)
        found += [one for one in dated if not told & set(_columns([one], names))]
        if aside is not None:
            left_out = arrays.frame(aside, "columns left out")
            later = dates_after_cutoff(aside, cutoff, end=end, seed=seed)
            doubtful += [one.column for one in later if one.level == "ask"]
            if later:
                beside.append(left_out.select([one.column for one in later]))
    outside = [name for frame in beside for name in frame.columns]
    doubtful += _columns([one for one in found if one.level == "ask"], names)
    found += trail_of_leaks(
        rows, _columns(found, names), beside=_together(beside), doubtful=doubtful, block=cutoff, names=names, seed=seed
    )
    return found + _kin(columns, [*_columns(found, names), *outside], names)


def _kin(columns: Sequence[str], leaks: Sequence[str], names: Mapping[str, str] | None) -> list[Finding]:
    """Names of the file, not those of the report, tell which columns belong together."""
    found = kin_of_leaks(columns, leaks)
    called = names or {}
    return [Finding(f.code, called.get(f.column, f.column), f.strength, f.words, f.level) for f in found]


def _columns(found: Sequence[Finding], names: Mapping[str, str] | None) -> list[str]:
    """The columns that findings are about, as the table calls them."""
    back = {called: name for name, called in (names or {}).items()}
    return list(dict.fromkeys(back.get(one.column, one.column) for one in found))


def _together(frames: Sequence[Any]) -> Any:
    """Frames of the same rows side by side; None of none."""
    if not frames:
        return None
    import polars as pl

    return pl.DataFrame(
        {name: pl.Series(frame[name].to_list(), strict=False) for frame in frames for name in frame.columns}
    )
