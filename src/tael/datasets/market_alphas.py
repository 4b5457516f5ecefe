"""Alphas that can be planted in a simulated market: formulas of the panel language, each with its plain recurrence.

The recurrence sees the rows up to today alone; later rows do not exist yet when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Flags, Floats, Ints
from tael.errors import TablesError, did_you_mean


@dataclass(frozen=True)
class Past:
    """A market as it is known after a close.

    Attributes
    ----------
    fields : mapping of str to float64 arrays, shape (rows up to today, N)
        NaN where a stock is not listed or suspended. ``open``, ``high``, ``low``, ``close`` are adjusted forward from
        the first bar (price x factor, so that history never changes), ``volume`` is in shares; ``upgrades`` and
        ``surprises`` are running totals of what was published by then.
    groups : mapping of str to int64 arrays, shape (N,)
    members : bool array, shape (N,)
        Listed and not suspended today: cross-sections are over these.
    """

    fields: Mapping[str, Floats]
    groups: Mapping[str, Ints]
    members: Flags

    def window(self, field: str, rows: int) -> Floats:
        """Return the last `rows` rows of a field, fewer at the beginning."""
        return self.fields[field][-rows:]

    def back(self, field: str, rows: int) -> Floats:
        """Return the row that lies `rows` before today; missing where there is none."""
        values = self.fields[field]
        return values[-1 - rows] if len(values) > rows else np.full(values.shape[1], np.nan)


@dataclass(frozen=True)
class Alpha:
    """Something that foretells returns, and how it is called.

    Attributes
    ----------
    formula : str
        In the panel language.
    values : callable
        ``values(past) -> (N,) float64``: the formula after today's close, NaN where it is missing.
    en, zh : str
        In words.
    """

    formula: str
    values: Callable[[Past], Floats]
    en: str
    zh: str


def _reversal(past: Past) -> Floats:
    return ranked(-correlated(past.window("open", 10), past.window("volume", 10), enough=5), past.members)


def _short_reversal(past: Past) -> Floats:
    return ranked(-(past.back("close", 0) / past.back("close", 5) - 1), past.members)


def _momentum(past: Past) -> Floats:
    change = past.back("close", 0) / past.back("close", 40) - 1
    return ranked(change, past.members, past.groups["sector"])


def _upgrades(past: Past) -> Floats:
    return past.back("upgrades", 0) - past.back("upgrades", 5)


def _surprises(past: Past) -> Floats:
    return past.back("surprises", 0) - past.back("surprises", 10)


ALPHAS: dict[str, Alpha] = {
    alpha.formula: alpha
    for alpha in (
        Alpha(
            "rank(-ts_corr(open, volume, 10))", _reversal,
            "open and volume that rose apart over ten days", "十日开盘价与成交量负相关",
        ),
        Alpha(
            "rank(close / delay(close, 40) - 1, by=sector)", _momentum,
            "momentum of forty days among the stocks of the sector", "四十日动量的行业内排名",
        ),
        Alpha(
            "delta(upgrades, 5)", _upgrades,
            "analysts' upgrades published in the last five days", "近五日分析师上调评级次数",
        ),
        Alpha(
            "delta(surprises, 10)", _surprises,
            "earnings surprise announced in the last ten days", "近十日公布的业绩超预期幅度",
        ),
        Alpha(
            "rank(-(close / delay(close, 5) - 1))", _short_reversal,
            "what fell over five days", "五日反转",
        ),
    )
}  # fmt: skip
"""Formula to alpha: what :func:`tael.datasets.simulate_market` can plant by its text alone."""

DEFAULT_ALPHAS: tuple[tuple[str, float], ...] = (
    ("rank(-ts_corr(open, volume, 10))", 0.03),
    ("rank(close / delay(close, 40) - 1, by=sector)", 0.025),
    ("delta(upgrades, 5)", 0.025),
)


def choose_alphas(alphas: Sequence[tuple[str | Alpha, float]] | None) -> list[tuple[Alpha, float]]:
    """Look up what is to be planted, and check the strengths.

    Parameters
    ----------
    alphas : sequence of (formula or Alpha, IC), optional

    Returns
    -------
    list of (Alpha, float)

    Raises
    ------
    TablesError
        A formula that has no recurrence, or an IC that is none.

    Examples
    --------
    >>> [(alpha.formula, ic) for alpha, ic in choose_alphas([("delta(upgrades, 5)", 0.02)])]
    [('delta(upgrades, 5)', 0.02)]
    """
    chosen: list[tuple[Alpha, float]] = []
    for alpha, ic in DEFAULT_ALPHAS if alphas is None else alphas:
        if isinstance(alpha, str):
            if alpha not in ALPHAS:
                raise TablesError(
                    "This alpha cannot be planted by its formula alone.",
                    expected="a formula of tael.datasets.market_alphas.ALPHAS",
                    got=repr(alpha),
                    where="simulate_market(alphas=)",
                    fix=did_you_mean(alpha, ALPHAS) + " Or give an Alpha with its own recurrence.",
                )
            alpha = ALPHAS[alpha]
        if not (np.isfinite(ic) and abs(ic) <= 0.3):
            raise TablesError(
                "An alpha cannot be planted with this strength.",
                expected="an information coefficient between -0.3 and 0.3",
                got=repr(ic),
                where=f"simulate_market(alphas=): {alpha.formula}",
            )
        chosen.append((alpha, float(ic)))
    return chosen


def ranked(values: Floats, members: Flags, groups: Ints | None = None) -> Floats:
    """Rank the members with a value into (0, 1], ties averaged, within groups if there are any; NaN elsewhere.

    >>> ranked(np.array([3.0, 1.0, np.nan, 1.0]), np.array([True, True, True, True])).tolist()
    [1.0, 0.5, nan, 0.5]
    """
    there = np.flatnonzero(members & ~np.isnan(values))
    out = np.full(len(values), np.nan)
    if len(there) == 0:
        return out
    group = np.zeros(len(there), dtype=np.int64) if groups is None else groups[there]
    value = values[there]
    order = np.argsort(value) if groups is None else np.lexsort((value, group))
    value, group = value[order], group[order]
    begins = np.concatenate([[True], group[1:] != group[:-1]])
    new = begins | np.concatenate([[True], value[1:] != value[:-1]])
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    last = np.concatenate([first[1:], [len(order)]]) - 1
    start = np.flatnonzero(begins)
    size = np.diff(np.concatenate([start, [len(order)]]))
    inside = np.cumsum(begins) - 1
    out[there[order]] = ((first + last)[run] / 2 + 1 - start[inside]) / size[inside]
    return out


def standardised(values: Floats, members: Flags) -> Floats:
    """Bring the members' values to mean 0 and variance 1; 0 where there is no value, no member or no difference.

    >>> standardised(np.array([1.0, 3.0, np.nan]), np.array([True, True, True])).tolist()
    [-1.0, 1.0, 0.0]
    """
    there = members & np.isfinite(values)
    out = np.zeros(len(values))
    if there.sum() > 1:
        seen = values[there] - values[there].mean()
        spread = np.sqrt(seen @ seen / len(seen))
        if spread > 1e-12:
            out[there] = seen / spread
    return out


def correlated(x: Floats, y: Floats, enough: int) -> Floats:
    """Correlate two trailing windows, shape (w, N), over the rows where both are there.

    Missing where the newest of either is missing, where fewer than `enough` rows are there, and where either does not
    vary.
    """
    there = ~(np.isnan(x) | np.isnan(y))
    count = there.sum(axis=0)
    safe = np.maximum(count, 1)
    x, y = np.where(there, x, 0.0), np.where(there, y, 0.0)
    dx, dy = (np.where(there, v - v.sum(axis=0) / safe, 0.0) for v in (x, y))
    xx, yy = (dx * dx).sum(axis=0), (dy * dy).sum(axis=0)
    level = 1e-24 * ((x * x).sum(axis=0) + 1) * ((y * y).sum(axis=0) + 1)
    ok = there[-1] & (count >= enough) & (xx * yy > level)
    return np.where(ok, (dx * dy).sum(axis=0) / np.sqrt(np.where(ok, xx * yy, 1.0)), np.nan)
