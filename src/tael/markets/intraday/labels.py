"""What is foretold within the day: the middle price later in the same session, on the scale of its own volatility."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.intraday.books import sessions
from tael.markets.intraday.clocks import span_of
from tael.panels import Panel

Floats = NDArray[np.float64]
FAR = 5.0
"""Standard deviations at which scaled labels are drawn in."""


def later_move(panel: Panel, ahead: str | int, field: str = "mid", start: int = 1) -> Floats:
    """Return of a price from `start` rows later until `ahead` later, within the session.

    Parameters
    ----------
    panel : Panel
    ahead : str or int
        "60s", "1min": as last shown that long after the first of the two prices, the session having gone on until
        then; or rows after it.
    field : str
    start : int
        Rows between the decision and the first price: an order takes that long to arrive.

    Returns
    -------
    (T, N) array
        Missing where the session ends before.

    Raises
    ------
    MarketError

    Examples
    --------
    >>> times = np.arange("2023-02-01T10:00:00", "2023-02-01T10:00:04", dtype="M8[s]")
    >>> panel = Panel(times, ("A",), {"mid": [[10.0], [10.0], [11.0], [12.1]]})
    >>> later_move(panel, 1).ravel().round(2).tolist(), later_move(panel, "2s").ravel().round(2).tolist()
    ([0.1, 0.1, nan, nan], [0.21, nan, nan, nan])
    """
    if start < 0 or (isinstance(ahead, int) and ahead < 1):
        raise MarketError(
            "A label looks forward.", expected="ahead of 1 or more, start of 0 or more", got=f"{ahead}, {start}"
        )
    price = np.asarray(panel.fields[field], dtype=np.float64)
    session, rows = sessions(panel), np.arange(len(panel))
    first = rows + start
    if isinstance(ahead, int):
        last = first + ahead
        goes_on = last < len(panel)
    else:
        until = panel.times[np.minimum(first, len(panel) - 1)] + span_of(ahead)
        last = np.searchsorted(panel.times, until, side="right") - 1
        goes_on = (first < len(panel)) & (until <= panel.times[-1])
        # the session has gone on until then if the next row at or after it is of the same session
        next_one = np.minimum(np.searchsorted(panel.times, until, side="left"), len(panel) - 1)
        goes_on &= session[next_one] == session[rows]
    one, two = np.minimum(first, len(panel) - 1), np.minimum(last, len(panel) - 1)
    goes_on &= session[two] == session[rows]
    with np.errstate(invalid="ignore", divide="ignore"):
        move = price[two] / price[one] - 1
    return np.where(goes_on[:, None] & np.isfinite(move), move, np.nan)


def within_session(values: NDArray[Any], session: NDArray[np.integer[Any]], ahead: int) -> Floats:
    """Values of a label that looks `ahead` rows forward, missing where that is another session.

    >>> within_session(np.ones((4, 1)), np.array([0, 0, 1, 1]), 1).ravel().tolist()
    [1.0, nan, 1.0, nan]
    """
    later = np.minimum(np.arange(len(session)) + ahead, len(session) - 1)
    same = (session[later] == session) & (np.arange(len(session)) + ahead < len(session))
    return np.where(same[:, None], values, np.nan).astype(np.float64)


def volatility_scaled(label: NDArray[Any], price: NDArray[Any], ahead: int, window: int = 300) -> Floats:
    """A label in units of what the price was wont to move over so many rows, as known before.

    Moves of a busy hour would otherwise count for more than those of a quiet one. The unit is the root mean square of
    the last `window` one-row moves times the root of `ahead`; beyond five units a label is drawn in.

    Parameters
    ----------
    label, price : (T, N) arrays
    ahead : int
        Rows that the label looks forward.
    window : int

    Returns
    -------
    (T, N) array
        Missing where nothing moved yet.
    """
    from tael.kernels.panel import ts_mean

    values = np.asarray(price, dtype=np.float64)
    step = np.full(values.shape, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        step[1:] = values[1:] / values[:-1] - 1
    unit = np.sqrt(ts_mean(step * step, window, min_periods=2) * max(ahead, 1))
    usable = np.isfinite(unit) & (unit > 0)
    scaled = np.divide(label, unit, out=np.full(values.shape, np.nan), where=usable)
    return np.clip(scaled, -FAR, FAR)
