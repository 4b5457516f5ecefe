"""Daily bars of stocks from a vendor's long table, with its traps checked and said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets import bar_checks as check
from tael.markets.bars import Bars
from tael.markets.exchanges import exchange as rules_of
from tael.markets.reading.corporate import adjust_factor, before, carried
from tael.markets.reading.names import find_columns
from tael.markets.reading.pivot import Wide, pivot, taken, times_of

Floats = NDArray[np.float64]
Prices = Literal["real", "forward_adjusted", "backward_adjusted"]
WANTED = (
    "time", "entity", "open", "high", "low", "close", "preclose", "volume", "amount", "adjust", "trading", "st", "pct",
    "listed_on", "delisted_on",
)  # fmt: skip
NEEDED = ("time", "entity", "open", "high", "low", "close")

NOTE_ADJUSTED = (
    "Prices were adjusted by the vendor afterwards: lots, volumes and cash are in adjusted units, limits are ratios to "
    "the reference price with half a tick's tolerance, and a price's level (not its changes) tells of splits to come."
)
NOTE_SURVIVORS = (
    "The entities are those that existed at the end of the data (survivorship): compare with random portfolios of the "
    "same entities, not with zero."
)


def stock_bars(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    prices: Prices = "real",
    exchange: str | None = "cn_stocks",
    survivors: bool = False,
    upper: bool = False,
    volume_unit: float = 1.0,
    amount_unit: float = 1.0,
    fields: Iterable[str] = (),
    groups: Iterable[str] = (),
) -> Bars:
    """Read a long table of daily bars: one row for each stock and day.

    Days that the table flags as not traded have no bar: their prices, copies of the last close, become missing. The
    factor of adjustment follows from reference prices, unless a column holds it; changes in per cent are checked
    against close and reference price. What was found odd stands in ``Bars.notes``.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
    columns : mapping of str to str, optional
        Which column stands for what: time, entity, open, high, low, close, preclose, volume, amount, adjust, trading
        (1 where it traded), st (1 under risk warning), pct (change in per cent), listed_on, delisted_on. Usual names
        are found without.
    prices : {"real", "forward_adjusted", "backward_adjusted"}
        How the vendor tells them.
    exchange : str or None
        Rules to fill in: boards, lots, ticks, limits.
    survivors : bool
        The entities are those of the end of the data: noted.
    upper : bool
        Write names in capitals (tickers that other tables have in capitals).
    volume_unit, amount_unit : float
        Shares, and currency, of one unit of those columns (100 where volume is in lots).
    fields, groups : iterable of str
        More columns of numbers; of names that may change in time (industry, index).

    Returns
    -------
    Bars

    Raises
    ------
    MarketError

    Examples
    --------
    >>> frame = pl.DataFrame({
    ...     "date": ["2024-01-02", "2024-01-03"], "code": ["sh.600000"] * 2, "open": [10.0, 10.0],
    ...     "high": [10.0, 10.0], "low": [10.0, 10.0], "close": [10.0, 10.0], "preclose": [9.9, 10.0],
    ...     "tradestatus": [1, 0],
    ... })
    >>> bars = stock_bars(frame)
    >>> bars.close.ravel(), bars.suspended.ravel(), bars.limit_up.ravel()
    (array([10., nan]), array([False,  True]), array([10.89, 11.  ]))
    """
    table = taken(frame, "bars")
    found = find_columns(table, WANTED, columns, NEEDED)
    if upper:
        table = table.with_columns(pl.col(found["entity"]).cast(pl.String).str.to_uppercase())
    wide = pivot(table, time=found["time"], entity=found["entity"])
    grids: dict[str, Any] = {
        name: wide.floats(found[name])
        for name in ("open", "high", "low", "close", "preclose", "volume", "amount", "pct", "adjust")
        if name in found
    }
    for name, unit in (("volume", volume_unit), ("amount", amount_unit)):
        if name in grids:
            grids[name] = grids[name] * unit
    notes = [NOTE_ADJUSTED] if prices != "real" else []
    if survivors:
        notes.append(NOTE_SURVIVORS)
    traded = _traded(wide, found, grids, notes)
    for name in ("open", "high", "low", "close"):
        grids[name] = np.where(traded, grids[name], np.nan)
    preclose = grids.get("preclose")
    pct = grids.pop("pct", None)
    if preclose is not None:
        grids["preclose"] = preclose = np.where(preclose > 0, preclose, np.nan)
        if pct is not None:
            _changes(wide, grids["close"], preclose, pct, notes)
        factor = adjust_factor(grids["close"], preclose) if "adjust" not in grids else check.forward(grids["adjust"])
        if prices != "real" and "adjust" not in grids:
            _jumps(wide, factor, notes)
        grids["adjust"] = factor
        # a suspended day's reference price was the last one, where the table does not tell
        reference = carried(np.where(np.isfinite(grids["close"]), grids["close"], preclose))
        grids["preclose"] = np.where(np.isfinite(preclose), preclose, before(reference))
    elif "adjust" in grids:
        grids["adjust"] = check.forward(grids["adjust"])
    if prices == "real":
        _units(grids)
    elif "amount" in grids and "volume" in grids:
        grids["volume"] = _volume_in_units(grids)
    if "st" in found:
        grids["st"] = wide.flags(found["st"])
    listed = _listed(wide, found)
    began = _days(wide, found.get("listed_on"))
    coded = {name: wide.codes(name) for name in groups}
    bars = Bars(
        wide.times,
        wide.entities,
        **grids,
        listed=listed,
        suspended=listed & ~traded,
        fields={name: wide.floats(name) for name in fields},
        groups={name: codes for name, (codes, _) in coded.items()},
        levels={name: levels for name, (_, levels) in coded.items()},
        notes=tuple(notes),
    )
    if exchange is None:
        return bars
    if exchange != "cn_stocks":
        return rules_of(exchange).dress(bars)
    return rules_of(exchange).dress(bars, listed_on=began, prices="real" if prices == "real" else "forward_adjusted")


def _traded(wide: Wide, found: Mapping[str, str], grids: dict[str, Floats], notes: list[str]) -> NDArray[np.bool_]:
    there = np.isfinite(grids["close"])
    if "trading" not in found:
        return there & (grids["volume"] > 0) if "volume" in grids else there
    traded = there & wide.flags(found["trading"])
    if "volume" in grids:
        odd = there & ~traded & (grids["volume"] > 0)
        if odd.any():
            notes.append(f"{int(odd.sum())} bars are flagged as not traded and have volume: {_first(wide, odd)}.")
        still = traded & ~(grids["volume"] > 0)
        if still.any():
            notes.append(f"{int(still.sum())} bars are flagged as traded and have no volume: {_first(wide, still)}.")
    return traded


def _changes(wide: Wide, close: Floats, preclose: Floats, pct: Floats, notes: list[str]) -> None:
    with np.errstate(invalid="ignore"):
        odd = np.abs((close / preclose - 1) * 100 - pct) > 0.02
    if odd.any():
        notes.append(
            f"{int(odd.sum())} bars have a change in per cent that is not that of close to reference price (the latter "
            f"counts): {_first(wide, odd)}."
        )


def _jumps(wide: Wide, factor: Floats, notes: list[str]) -> None:
    moved = np.vstack([np.zeros((1, factor.shape[1]), bool), factor[1:] != factor[:-1]])
    if moved.any():
        notes.append(
            f"{int(moved.sum())} reference prices of the adjusted series are not the last close (the factor bridges "
            f"them): {_first(wide, moved)}."
        )


def _volume_in_units(grids: Mapping[str, Floats]) -> Floats:
    """Volume in the units of adjusted prices: turnover by the mean of high, low and close.

    Turnover by the volume as traded is the price of the day. Beside a price that was adjusted afterwards it would tell
    every split and dividend to come.
    """
    typical = (grids["high"] + grids["low"] + grids["close"]) / 3
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(grids["volume"] > 0, grids["amount"] / typical, grids["volume"])


def _units(grids: Mapping[str, Floats]) -> None:
    if "volume" not in grids or "amount" not in grids:
        return
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = grids["amount"] / (grids["volume"] * grids["close"])
    known = ratio[np.isfinite(ratio) & (ratio > 0)]
    middle = float(np.median(known)) if len(known) else 1.0
    if not 0.5 < middle < 2:
        raise MarketError(
            "Amount by volume is not the price.",
            expected="shares and currency, so that amount / volume is about the close",
            got=f"{middle:.3g} times the close, in the middle",
            fix="Say what one unit is, such as volume_unit=100 for lots, or that prices are adjusted.",
        )


def _listed(wide: Wide, found: Mapping[str, str]) -> NDArray[np.bool_]:
    days = wide.times.astype("datetime64[D]")[:, None]
    listed: NDArray[np.bool_] = np.maximum.accumulate(wide.there(), axis=0)
    began, ended = (_days(wide, found.get(name)) for name in ("listed_on", "delisted_on"))
    if began is not None:
        listed = np.where(np.isnat(began), listed, days >= began)
    if ended is not None:
        listed = listed & ~(days >= ended)
    return listed


def _days(wide: Wide, column: str | None) -> NDArray[np.datetime64] | None:
    if column is None:
        return None
    text = pl.Series([None if value is None else str(value) for value in wide.constants(column)], dtype=pl.String)
    return times_of(text).to_numpy().astype("datetime64[D]")


def _first(wide: Wide, odd: NDArray[np.bool_]) -> str:
    t, n = (int(at) for at in np.argwhere(odd)[0])
    return f"first {wide.entities[n]} at {check.told(wide.times[t])}"
