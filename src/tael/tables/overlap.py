"""How far the values of a column lie among the keys it points to, and what keeps them apart."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tael.tables.keys import as_text

LITTLE = 0.5
ENOUGH = 0.9


def distinct(series: pl.Series) -> pl.Series:
    """The distinct values as text."""
    return as_text(series).drop_nulls().unique()


def share_in(values: pl.Series, among: pl.Series) -> float:
    """Which share of distinct values is found among others.

    >>> share_in(pl.Series(["a", "b"]), pl.Series(["b", "c"]))
    0.5
    """
    if values.is_empty():
        return 0.0
    return values.to_frame("v").join(among.to_frame("v"), on="v", how="semi").height / len(values)


@dataclass(frozen=True)
class Zeros:
    """Keys that differ in leading zeros alone.

    Attributes
    ----------
    share : float
        Of the distinct values found among the keys once zeros are gone on both sides.
    width : int or None
        The width of all values on the side that kept its zeros; None if they differ.
    short : {"values", "keys"}
        Which side lost them.
    """

    share: float
    width: int | None
    short: str


def lost_zeros(values: pl.Series, keys: pl.Series) -> Zeros | None:
    """Whether distinct values would be among distinct keys without their leading zeros.

    >>> lost_zeros(pl.Series(["7", "123"]), pl.Series(["000007", "000123"]))
    Zeros(share=1.0, width=6, short='values')
    """
    zeros = [bool(one.str.contains(r"^0\d").any()) for one in (values, keys)]
    if zeros[0] == zeros[1]:
        return None
    bare = [one.str.replace(r"^0+(\d)", "${1}").unique() for one in (values, keys)]
    share = share_in(bare[0], bare[1])
    if share < ENOUGH:
        return None
    widths = (values if zeros[0] else keys).str.len_chars()
    same = widths.min() == widths.max()
    return Zeros(share, int(widths[0]) if same else None, "keys" if zeros[0] else "values")


@dataclass(frozen=True)
class Overlap:
    """Few of a column's values are among the keys it points to.

    Attributes
    ----------
    share : float
        Of the distinct values.
    missed : int
        Distinct values that are no key.
    zeros : Zeros or None
    """

    share: float
    missed: int
    zeros: Zeros | None

    def text(self, target: str) -> str:
        """The shares, and what would raise them, for a message."""
        zeros = "" if self.zeros is None else f", {self.zeros.share:.0%} without leading zeros"
        pad = f": pad = {self.zeros.width}" if self.zeros is not None and self.zeros.width is not None else ""
        return f"{target}: {self.share:.0%}{zeros}{pad}"


def little_overlap(series: pl.Series, keys: pl.Series) -> Overlap | None:
    """Tell when less than half of the distinct values of a column are keys.

    >>> print(little_overlap(pl.Series(["1", "2"]), pl.Series(["01", "02"])).text("people"))
    people: 0%, 100% without leading zeros: pad = 2
    """
    values, known = distinct(series), distinct(keys)
    share = share_in(values, known)
    if values.is_empty() or share >= LITTLE:
        return None
    return Overlap(share, round(len(values) * (1 - share)), lost_zeros(values, known))
