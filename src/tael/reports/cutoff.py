"""The strategy curve with the chosen cut-off as a point of its own, so that every figure of a page is read off it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tael.reports.context import Page, curve, total
from tael.reports.formats import finite

NEEDED = ("threshold", "approval", "profit")
RATES = ("bad_rate", "observed_bad_rate", "marginal_bad_rate")
MORE = (*RATES, "bad_rate_low", "bad_rate_high", "profit_low", "profit_high", "realised")
CLOSE = 1e-9


@dataclass(frozen=True)
class Strategy:
    """The curve by rising approval.

    Attributes
    ----------
    columns : dict of list
        Equal in length; what the run does not hold is None.
    start : int
        Where the chosen cut-off stands; 0 where there is none.
    chosen : bool
        Whether there is one.
    """

    columns: dict[str, list[Any]]
    start: int
    chosen: bool

    def row(self) -> dict[str, float | None] | None:
        """Every figure at the chosen cut-off, or None where nobody is approved."""
        return {name: column[self.start] for name, column in self.columns.items()} if self.chosen else None


def strategy_of(page: Page) -> Strategy | None:
    """Read the curve and put the chosen cut-off in, between its neighbours; None where the run has no curve."""
    data = page.at("decision", "curve")
    needed = curve(data, *NEEDED)
    if needed is None:
        return None
    whole = [k for k in range(len(needed[0])) if all(finite(column[k]) is not None for column in needed)]
    if len(whole) < 2:
        return None
    whole.sort(key=lambda k: (needed[1][k], needed[0][k]))
    columns = {name: [float(column[k]) for k in whole] for name, column in zip(NEEDED, needed, strict=True)}
    out: dict[str, list[Any]] = dict(columns)
    for name in MORE:
        found = curve(data, "threshold", name)
        out[name] = [finite(found[1][k]) for k in whole] if found else [None] * len(whole)
    cutoff = finite(page.at("decision", "cutoff"))
    if cutoff is None:
        return Strategy(out, 0, False)
    at = bisect_left(columns["threshold"], cutoff - CLOSE)
    if at == len(whole) or columns["threshold"][at] > cutoff + CLOSE:
        point = {name: _between(columns["threshold"], column, at, cutoff) for name, column in out.items()}
        for name, column in out.items():
            column.insert(at, cutoff if name == "threshold" else point[name])
        _counted(page, out["approval"], at)
    return Strategy(out, at, True)


def _between(xs: list[float], ys: list[Any], at: int, x: float) -> float | None:
    """On the straight line between the neighbours; beyond the ends, the end's."""
    if at in (0, len(xs)):
        return finite(ys[min(at, len(xs) - 1)])
    low, high = finite(ys[at - 1]), finite(ys[at])
    if low is None or high is None:
        return None
    return low + (high - low) * (x - xs[at - 1]) / (xs[at] - xs[at - 1])


def _counted(page: Page, approval: list[Any], at: int) -> None:
    """The share approved was counted: those approved lie below the cut-off, the referred on both sides of it."""
    counts = page.at("decision", "counts")
    if not isinstance(counts, Mapping) or not (everyone := total(counts.values())):
        return
    approve, refer = finite(counts.get("approve")) or 0.0, finite(counts.get("refer")) or 0.0
    share = min(max(approval[at], approve / everyone), (approve + refer) / everyone)
    before, after = approval[at - 1 : at], approval[at + 1 : at + 2]
    approval[at] = min([max([share, *before]), *after])


def refers(page: Page) -> tuple[float, float] | None:
    """The band in which a person looks; None where it is absent or empty."""
    band = page.at("decision", "refer")
    if not isinstance(band, (list, tuple)) or len(band) != 2:
        return None
    low, high = finite(band[0]), finite(band[1])
    if low is None or high is None or high - low < CLOSE:
        return None
    counts = page.at("decision", "counts")
    if isinstance(counts, Mapping) and "refer" in counts and not finite(counts["refer"]):
        return None
    return low, high
