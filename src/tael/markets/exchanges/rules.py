"""What every exchange says: who may deal how much at which price, and what it costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Fees:
    """What a deal costs besides the broker, by day, as shares of its amount; and a usual commission.

    Parameters
    ----------
    stamp_buy, stamp_sell : ndarray of shape (T,)
        Taxes.
    transfer : ndarray of shape (T,)
        Fees of exchange and clearing, on both sides, that commissions do not contain.
    commission : float
        Of the amount, on both sides; a usual one, for the broker's own is to be asked for.
    minimum : float
        Least commission of an order, in currency.
    """

    stamp_buy: Floats
    stamp_sell: Floats
    transfer: Floats
    commission: float
    minimum: float


@dataclass(frozen=True)
class Exchange:
    """The rules of one family of exchanges.

    Parameters
    ----------
    name, title, title_zh : str
    currency : str
    calendar : str
        Its name in `exchange_calendars`.
    sellable_after : int
        Trading days from a purchase until what was bought may be sold: 1 is T+1, 0 the same day.
    short_selling : bool
        Whether positions may be negative without borrowing.
    dress : callable
        ``dress(bars, ...) -> Bars``: the same bars with boards, lots, ticks and limits filled in.
    fees : callable
        ``fees(days) -> Fees``.
    sources : tuple of str
        The regulations.
    """

    name: str
    title: str
    title_zh: str
    currency: str
    calendar: str
    sellable_after: int
    short_selling: bool
    dress: Callable[..., Bars]
    fees: Callable[[Any], Fees]
    sources: tuple[str, ...]


def by_date(days: Any, table: Sequence[tuple[str, float]], what: str) -> Floats:
    """Look up the value in force on each day.

    Parameters
    ----------
    days : array of datetime64, shape (T,)
    table : sequence of (first day, value)
        Rising.
    what : str
        For the message.

    Raises
    ------
    MarketError
        A day before the table begins.

    Examples
    --------
    >>> by_date(["2023-08-27", "2023-08-28"], [("2008-09-19", 0.001), ("2023-08-28", 0.0005)], "stamp duty")
    array([0.001 , 0.0005])
    """
    asked = np.atleast_1d(np.asarray(days, dtype="datetime64[D]"))
    starts = np.array([day for day, _ in table], dtype="datetime64[D]")
    at = np.searchsorted(starts, asked, side="right") - 1
    if (at < 0).any():
        raise MarketError(
            f"The table of {what} begins later.",
            expected=f"days from {starts[0]} on",
            got=str(asked[at < 0][0]),
            fix="Pass the rates of that time yourself.",
        )
    found: Floats = np.array([value for _, value in table])[at]
    return found


def buyable(shares: Any, lot: Any, min_lot: Any) -> Floats:
    """Largest order to buy that the exchange takes, at most `shares`: the smallest order, or steps of a lot above it.

    >>> buyable([99, 250, 199, 250], [100, 100, 1, 1], [100, 100, 200, 200])
    array([  0., 200.,   0., 250.])
    """
    wanted = np.asarray(shares, dtype=np.float64)
    step, least = np.asarray(lot, dtype=np.float64), np.asarray(min_lot, dtype=np.float64)
    # quantities are whole in all but rounding, which must not cost a lot
    out: Floats = np.where(wanted + 1e-9 < least, 0.0, least + np.floor((wanted - least) / step + 1e-9) * step)
    return np.maximum(out, 0.0)


def sellable(shares: Any, held: Any, lot: Any, min_lot: Any) -> Floats:
    """Largest order to sell that the exchange takes, at most `shares` of `held`: an odd rest goes whole, or not at all.

    >>> sellable([150, 150, 250, 150, 100], [150, 250, 250, 150, 250], 100, 100)
    array([150., 100., 250., 150., 100.])
    >>> sellable([150, 150, 250], [150, 400, 400], 1, 200)
    array([150.,   0., 250.])
    """
    wanted, has = np.asarray(shares, dtype=np.float64), np.asarray(held, dtype=np.float64)
    out: Floats = np.where(wanted >= has - 1e-9, has, buyable(wanted, lot, min_lot))
    return out
