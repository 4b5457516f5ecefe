"""Continuous series of futures, for signals alone: money is made and lost on dated contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars
from tael.markets.exchanges.products import product_of
from tael.markets.futures.rolling import Roll, roll_prices
from tael.markets.reading.corporate import carried

if TYPE_CHECKING:
    from tael.panels import Panel

Floats = NDArray[np.float64]
PRICES = ("open", "high", "low", "close", "settle")


def continuous(bars: Bars, roll: Roll, adjust: Literal["ratio", "difference", "none"] = "ratio") -> Panel:
    """Join the contracts in force into one series a product, with the fields of its term structure.

    The series is adjusted *forward*: at a roll the prices from then on are multiplied by old over new (or raised by old
    less new), at the close at which the roll was decided. The first contract keeps its own prices, and a day more
    changes nothing before it; series adjusted back from their end are rewritten by every roll, with prices that nobody
    knew. Under "ratio", returns are those of holding the contract in force.

    Parameters
    ----------
    bars : Bars
        Of dated contracts.
    roll : Roll
    adjust : {"ratio", "difference", "none"}

    Returns
    -------
    tael.panels.Panel
        T bars by P products. Fields: open, high, low, close, settle (adjusted); returns (of the contract in force,
        close to close); volume, amount, open_interest (of the contract in force), total_volume, total_open_interest
        (of all contracts); near, far (prices of the contract in force and of the following one, unadjusted), carry
        (annualised log of near over far: positive in backwardation), days_to_expiry. Groups: sector, exchange. Fields
        of open interest are there where the bars have it.

    Examples
    --------
    >>> from tael.markets.futures import roll as decide
    >>> day = np.array(["2014-01-02", "2014-01-03", "2014-01-06", "2014-01-07"], dtype="M8[D]")
    >>> price = np.array([[100.0, 110.0], [100.0, 110.0], [101.0, 121.0], [101.0, 121.0]])
    >>> held = np.array([[9.0, 1.0], [4.0, 5.0], [4.0, 5.0], [4.0, 5.0]])
    >>> month = np.array(["2014-05-15", "2014-09-15"], dtype="M8[D]")
    >>> bars = Bars(day, ("p1405", "p1409"), price, price, price, price, expiry=month, product=np.array(["p", "p"]),
    ...     fields={"open_interest": held})
    >>> continuous(bars, decide(bars)).fields["close"].ravel()
    array([ nan, 100., 110., 110.])
    """
    from tael.panels import Panel

    if roll.entities != bars.entities or len(roll.times) != len(bars) or (roll.times != bars.times).any():
        raise MarketError("The roll was decided on other bars.", expected=repr(bars), fix="Decide it on these bars.")
    factor, shift = adjustment(bars, roll, adjust)
    main, far = roll.contract, roll.following
    fields: dict[str, Floats] = {name: _of(getattr(bars, name), main) * factor + shift for name in PRICES}
    # the contract's own last price: it may not have been in force then
    dealt = carried(bars.close)
    own = np.vstack([np.full((1, bars.shape[1]), np.nan), dealt[:-1]])
    with np.errstate(invalid="ignore", divide="ignore"):
        fields["returns"] = _of(bars.close, main) / _of(own, main) - 1
        volume_total = _total(bars.volume, bars, roll)
        near, next_one = _of(bars.close, main), _of(bars.close, far)
        both = np.isfinite(near) & np.isfinite(next_one)
        fields["near"] = np.where(both, near, _of(bars.settle, main))
        fields["far"] = np.where(both, next_one, _of(bars.settle, far))
        day = bars.expiry.astype(np.int64).astype(np.float64)
        apart = np.where((main >= 0) & (far >= 0), day[far] - day[main], np.nan)
        fields["carry"] = np.log(fields["near"] / fields["far"]) * 365 / apart
    today = bars.times.astype("datetime64[D]").astype(np.int64)[:, None]
    fields["days_to_expiry"] = np.where(main >= 0, day[main] - today, np.nan)
    fields |= {"volume": _of(bars.volume, main), "amount": _of(bars.amount, main), "total_volume": volume_total}
    if "open_interest" in bars.fields:
        held = bars.fields["open_interest"]
        fields |= {"open_interest": _of(held, main), "total_open_interest": _total(held, bars, roll)}
    known = [product_of(code) for code in roll.products]
    groups, levels = {}, {}
    for name in ("sector", "exchange"):
        values = [getattr(product, name) for product in known]
        levels[name] = tuple(sorted(set(values)))
        codes = np.array([levels[name].index(value) for value in values], dtype=np.int32)
        groups[name] = np.tile(codes, (len(bars), 1))
    listed = main >= 0
    return Panel(
        times=bars.times,
        entities=roll.products,
        fields=fields,
        groups=groups,
        levels=levels,
        listed=listed,
        suspended=listed & ~np.isfinite(fields["close"]),
    )


def adjustment(bars: Bars, roll: Roll, adjust: Literal["ratio", "difference", "none"]) -> tuple[Floats, Floats]:
    """Factor and shift of each product's prices, (T, P), accumulated forward over its rolls."""
    if adjust not in ("ratio", "difference", "none"):
        raise MarketError(f"There is no adjustment {adjust!r}.", expected='"ratio", "difference" or "none"')
    factor, shift = np.ones(roll.contract.shape), np.zeros(roll.contract.shape)
    t, p = np.nonzero(roll.rolled)
    old, new = roll_prices(bars, t - 1, roll.contract[t - 1, p], roll.contract[t, p])
    if adjust == "ratio":
        factor[t, p] = old / new
    elif adjust == "difference":
        shift[t, p] = old - new
    return np.cumprod(factor, axis=0, dtype=np.float64), np.cumsum(shift, axis=0, dtype=np.float64)


def _of(values: Floats, codes: NDArray[np.int32]) -> Floats:
    found: Floats = np.take_along_axis(values, np.maximum(codes, 0).astype(np.int64), axis=1)
    return np.where(codes >= 0, found, np.nan)


def _total(values: Floats, bars: Bars, roll: Roll) -> Floats:
    out = np.full(roll.contract.shape, np.nan)
    for p, product in enumerate(roll.products):
        part = values[:, bars.product == product]
        out[:, p] = np.where(np.isfinite(part).any(axis=1), np.nansum(part, axis=1), np.nan)
    return out
