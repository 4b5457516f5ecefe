"""Sampling: the rows of a book on a regular clock, every so many events, or every so much volume."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.intraday.books import book_of, sessions
from tael.panels import Panel

FLOWS = ("volume", "amount")
"""Fields that add up between two rows; all others are as last known."""
MADE = ("mid", "vwap", "age")
"""Fields that follow from the others."""
_UNITS = {"ms": 1_000, "s": 1_000_000, "min": 60_000_000, "h": 3_600_000_000}
Ints = NDArray[np.int64]


def span_of(every: str) -> np.timedelta64:
    """Read a length of time such as "500ms", "3s", "1min".

    >>> span_of("3s")
    np.timedelta64(3000000,'us')
    """
    number = every.rstrip("abcdefghijklmnopqrstuvwxyz")
    unit = every[len(number) :]
    if not number.isdigit() or int(number) == 0 or unit not in _UNITS:
        raise MarketError("A length of time cannot be read.", expected='such as "500ms", "3s", "1min"', got=repr(every))
    return np.timedelta64(int(number) * _UNITS[unit], "us")


def on_clock(panel: Panel, every: str, *, stale: str = "1min", multiplier: float = 1.0) -> Panel:
    """The book at regular times of each session: as last shown then, and what was dealt since the time before.

    Row g knows snapshots up to and with g, none later. A session's first time is the first multiple of `every` from
    its first open book on, its last one the last before its end.

    Parameters
    ----------
    panel : Panel
        As `book_panel` makes it.
    every : str
        "500ms", "3s", "1min".
    stale : str
        A book not shown for longer is missing.
    multiplier : float
        As in `book_panel`.

    Returns
    -------
    Panel
        With ``bar`` as `every`.

    Raises
    ------
    MarketError

    Examples
    --------
    >>> from tael.datasets import simulate_order_book
    >>> from tael.markets.intraday import book_panel
    >>> ticks = book_panel(simulate_order_book(300, 1, seed=1).frames["snapshots"], 1)
    >>> on_clock(ticks, "15s").shape
    (20, 1)
    """
    step, longest = int(span_of(every).astype(np.int64)), span_of(stale)
    at = panel.times.astype("datetime64[us]").astype(np.int64)
    session, open_ = sessions(panel), panel.members.any(axis=1)
    times, stops = [], []
    for code in np.unique(session):
        rows = np.flatnonzero((session == code) & open_)
        if not len(rows):
            continue
        grid = np.arange(-(-at[rows[0]] // step) * step, at[rows[-1]] + 1, step, dtype=np.int64)
        times.append(grid)
        stops.append(np.searchsorted(at, grid, side="right"))
    if not times or not sum(map(len, times)):
        raise MarketError("No time of the clock falls into a session.", expected=f"sessions longer than {every}")
    clock = np.concatenate(times).astype("datetime64[us]")
    return _gathered(panel, clock, np.concatenate(stops), longest, every, multiplier)


def on_events(panel: Panel, count: int, *, multiplier: float = 1.0) -> Panel:
    """Every `count`-th row of each session, with what was dealt since the one before.

    Parameters
    ----------
    panel : Panel
    count : int
        Rows, 1 or more.

    Examples
    --------
    >>> from tael.datasets import simulate_order_book
    >>> from tael.markets.intraday import book_panel
    >>> ticks = book_panel(simulate_order_book(300, 1, seed=1).frames["snapshots"], 1)
    >>> on_events(ticks, 10).shape
    (10, 1)
    """
    if count < 1:
        raise MarketError("An event clock counts rows.", expected="1 or more", got=str(count))
    within = np.arange(len(panel)) - _begins(sessions(panel))
    rows = np.flatnonzero((within + 1) % count == 0)
    return _gathered(panel, panel.times[rows], rows + 1, None, "tick", multiplier)


def on_volume(panel: Panel, volume: float, *, multiplier: float = 1.0) -> Panel:
    """The rows of one entity at which another `volume` has been dealt since the session began.

    Parameters
    ----------
    panel : Panel
        Of one entity: two have no common volume clock.
    volume : float
        Shares or contracts, above 0.

    Raises
    ------
    MarketError
        If the panel has several entities or no volume, or nothing of the kind was ever dealt.
    """
    if len(panel.entities) != 1 or "volume" not in panel.fields or volume <= 0:
        raise MarketError(
            "A volume clock belongs to one entity.", expected="one entity with the field `volume`; a volume above 0",
            got=f"{len(panel.entities)} entities, volume {volume:g}",
        )  # fmt: skip
    session = sessions(panel)
    dealt = np.cumsum(np.nan_to_num(panel.fields["volume"][:, 0]))
    since = dealt - np.concatenate([[0.0], dealt])[_begins(session)]
    ticks = np.floor(since / volume)
    new = np.concatenate([[True], session[1:] != session[:-1]])
    rows = np.flatnonzero(ticks > np.where(new, 0.0, np.concatenate([[0.0], ticks[:-1]])))
    if not len(rows):
        raise MarketError("The volume clock never ticks.", expected=f"a session with {volume:g} dealt")
    return _gathered(panel, panel.times[rows], rows + 1, None, "tick", multiplier)


def _begins(session: Ints) -> Ints:
    """The first row of each row's session."""
    new = np.concatenate([[True], session[1:] != session[:-1]])
    return np.flatnonzero(new)[np.cumsum(new) - 1]


def _gathered(
    panel: Panel, times: NDArray[np.datetime64], stops: Ints, stale: np.timedelta64 | None, bar: str, multiplier: float
) -> Panel:
    """Rows of which number r is known at ``times[r]`` and ends before row ``stops[r]`` of the panel."""
    session = sessions(panel)
    of = session[stops - 1]
    begin = _begins(session)[stops - 1]
    before = np.concatenate([[0], stops[:-1]])
    same = np.concatenate([[False], of[1:] == of[:-1]])
    before = np.where(same, before, begin)
    listed = np.asarray(panel.listed)
    row = np.where(listed, np.arange(len(panel))[:, None], -1)
    newest = np.maximum.accumulate(row, axis=0)[stops - 1]
    there = newest >= begin[:, None]
    if stale is not None:
        there &= times[:, None] - panel.times[np.maximum(newest, 0)] <= stale
    column = np.arange(len(panel.entities))[None, :]
    fields = {}
    for name, values in panel.fields.items():
        if name in FLOWS:
            total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(np.nan_to_num(values), axis=0)])
            fields[name] = np.where(there, total[stops] - total[before], np.nan)
        elif name not in MADE:
            fields[name] = np.where(there, values[np.maximum(newest, 0), column], np.nan)
    return book_of(times, panel.entities, fields, there, multiplier=multiplier, bar=bar, session=of)
