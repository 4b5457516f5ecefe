"""Daily bars of dated contracts from a vendor's long table, with its traps checked and said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars
from tael.markets.exchanges.cn_futures import dress
from tael.markets.exchanges.products import Product, product_of
from tael.markets.futures.expiry import expiries
from tael.markets.reading.names import find_columns
from tael.markets.reading.pivot import pivot, taken

Floats = NDArray[np.float64]
WANTED = (
    "time", "entity", "open", "high", "low", "close", "preclose", "settle", "presettle", "volume", "amount",
    "open_interest",
)  # fmt: skip
NEEDED = ("time", "entity", "open", "high", "low", "close")
UNITS = (1.0, 1e4, 1e3, 1e8)
SLACK = 0.02


def contract_bars(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    halve_before: Any = None,
    limit: Mapping[str, float] | float | Literal["observed"] | None = "observed",
    margin: Mapping[str, float] | float | None = None,
    days: Any = None,
) -> Bars:
    """Read a long table of daily bars of dated contracts: one row for each contract and day.

    Days without a deal have no bar (vendors write zeros, or copies of the last close), but have a settlement price.
    Expiries follow from the codes and the calendar. The multiplier and the unit of the amount are checked by amount /
    (volume x settlement price), which Shanghai tells in ten thousands; a multiplier that the data contradict is the
    data's. What was found odd stands in ``Bars.notes``.

    Parameters
    ----------
    frame : pandas, Polars or PyArrow frame
    columns : mapping of str to str, optional
        Which column stands for what: time, entity (the contract), open, high, low, close, preclose, settle, presettle,
        volume, amount, open_interest. Usual names, Chinese ones too, are found without.
    halve_before : date-like, optional
        Volume, amount and open interest of days before are counted on both sides, as China's exchanges did until the
        end of 2019: halve them ("2020-01-01").
    limit, margin : mapping or float, optional
        Rates in force; limits by default as wide as moves before show them: see
        `tael.markets.exchanges.cn_futures.dress`.
    days : array of datetime64[D], optional
        Trading days for the expiries; by default the calendar "XSHG".

    Returns
    -------
    Bars
        With the fields "open_interest" and "presettle" where the table has them.

    Raises
    ------
    MarketError

    Examples
    --------
    >>> import polars as pl
    >>> rows = [("2014-01-02", 5840.0, 5858.0, 100.0, 5858e3), ("2014-01-03", 0.0, 5786.0, 0.0, 0.0)]
    >>> table = pl.DataFrame(rows, schema=["日期", "收盘价", "结算价", "成交量", "成交额"], orient="row")
    >>> names = {"open": "收盘价", "high": "收盘价", "low": "收盘价"}
    >>> bars = contract_bars(table.with_columns(合约=pl.lit("p1405")), columns=names)
    >>> bars.close.ravel(), bars.settle.ravel(), bars.multiplier, bars.expiry
    (array([5840.,   nan]), array([5858., 5786.]), array([10.]), array(['2014-05-16'], dtype='datetime64[D]'))
    """
    table = taken(frame, "contracts")
    found = find_columns(table, WANTED, columns, NEEDED)
    wide = pivot(table, time=found["time"], entity=found["entity"], what="contracts")
    grids: dict[str, Any] = {name: wide.floats(found[name]) for name in WANTED[2:] if name in found}
    for name in ("open", "high", "low", "close", "preclose", "settle", "presettle"):
        if name in grids:
            grids[name] = np.where(grids[name] > 0, grids[name], np.nan)
    notes: list[str] = []
    dealt = np.isfinite(grids["close"])
    if "volume" in grids:
        dealt &= grids["volume"] > 0
    holes = dealt & ~(np.isfinite(grids["open"]) & np.isfinite(grids["high"]) & np.isfinite(grids["low"]))
    if holes.any():
        notes.append(f"{int(holes.sum())} bars with volume lack a price: such a price is missing.")
    settle = grids.get("settle", grids["close"])
    for name in ("open", "high", "low", "close"):
        grids[name] = np.where(dealt, grids[name], np.nan)
    products = [product_of(name) for name in wide.entities]
    size = _sizes(products, grids, settle, notes)
    if halve_before is not None:
        early = (wide.times < np.datetime64(halve_before, "us"))[:, None]
        for name in ("volume", "amount", "open_interest"):
            if name in grids:
                grids[name] = np.where(early, grids[name] / 2, grids[name])
    there = wide.there()
    first = np.argmax(there, axis=0)
    expiry = expiries(wide.entities, seen=wide.times[first].astype("datetime64[D]"), days=days)
    day = wide.times.astype("datetime64[D]")[:, None]
    late = there & (day > expiry[None, :])
    if late.any():
        t, n = (int(at) for at in np.argwhere(late)[0])
        raise MarketError(
            f"{int(late.sum())} bars come after their contract's expiry.",
            expected=f"none after {expiry[n]}",
            got=str(day[t, 0]),
            where=wide.entities[n],
            fix="Check the rule of the product in tael.markets.exchanges.products, or drop those rows.",
        )
    listed = np.maximum.accumulate(there, axis=0) & (day <= expiry[None, :])
    fields: dict[str, Floats] = {name: grids.pop(name) for name in ("open_interest", "presettle") if name in grids}
    grids["settle"] = settle
    bars = Bars(
        wide.times,
        wide.entities,
        **grids,
        listed=listed,
        suspended=listed & ~dealt,
        multiplier=size,
        expiry=expiry,
        product=np.array([product.code for product in products]),
        fields=fields,
        notes=tuple(notes),
    )
    return dress(bars, limit=limit, margin=margin)


def _sizes(products: list[Product], grids: dict[str, Floats], settle: Floats, notes: list[str]) -> Floats:
    """Multipliers, and the amount brought to currency: by the unit that fits most contracts of an exchange."""
    size = np.array([product.multiplier for product in products])
    if "amount" not in grids or "volume" not in grids:
        return size
    with np.errstate(invalid="ignore", divide="ignore"):
        told = grids["amount"] / (grids["volume"] * settle)
    told[~(grids["volume"] >= 10)] = np.nan
    ratio = np.array([np.median(one) if len(one := column[np.isfinite(column)]) else np.nan for column in told.T])
    venue = np.array([product.exchange for product in products])
    for name in sorted(set(venue)):
        here = (venue == name) & np.isfinite(ratio) & (ratio > 0)
        if not here.any():
            continue
        fits = [int((np.abs(ratio[here] * unit / size[here] - 1) < SLACK).sum()) for unit in UNITS]
        unit = UNITS[int(np.argmax(fits))] if max(fits) else 1.0
        grids["amount"][:, venue == name] *= unit
        ratio[venue == name] *= unit
        if unit != 1:
            notes.append(f"{name}: amounts are in {unit:,.0f} of currency.")
    whole = np.round(ratio)
    other = np.isfinite(ratio) & (whole > 0) & (np.abs(ratio / np.maximum(whole, 1) - 1) < SLACK)
    other &= np.abs(ratio / size - 1) >= SLACK
    for code in sorted({products[n].code for n in np.flatnonzero(other)}):
        of_code = np.array([product.code == code for product in products])
        found = float(np.median(whole[other & of_code]))
        notes.append(
            f"{code}: multiplier {found:g} by the data, {products[int(np.argmax(of_code))].multiplier:g} today."
        )
        # contracts that never traded have the multiplier of those that did
        size[of_code & (other | ~np.isfinite(ratio))] = found
        size[of_code & other] = whole[of_code & other]
    return size
