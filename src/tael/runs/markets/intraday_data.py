"""From tables to books: snapshots as they are or on a clock, or minute bars with a book assumed around them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ScenarioError, did_you_mean
from tael.runs.markets.data import titled
from tael.runs.markets.plan import MarketPlan
from tael.tables.frames import Tables

if TYPE_CHECKING:
    from tael.markets.intraday import ExecutionRule
    from tael.panels import Panel

BARS = ("time", "entity", "open", "high", "low", "close", "volume", "amount", "open_interest")


@dataclass(frozen=True)
class BookData:
    """A market within the day.

    Attributes
    ----------
    panel : Panel
        Books, with the plan's universe.
    multiplier : (N,) array
    price : str
        The field that labels are made of: ``mid``, or ``close``.
    notes : tuple of (English, Chinese)
    """

    panel: Panel
    multiplier: NDArray[np.float64]
    price: str
    notes: tuple[tuple[str, str], ...]


def book_data(tables: Tables, plan: MarketPlan) -> BookData:
    """Read what a plan names.

    Raises
    ------
    ScenarioError
        If a table or a column that the plan names is not there.
    MarketError
        If the books contradict themselves.
    """
    from tael.panels import compute

    frame = _frame(tables, plan)
    data = _snapshots(frame, plan) if plan.market.kind == "book" else _minutes(frame, plan)
    if plan.market.kind == "minutes":
        data = replace(data, panel=titled(data.panel, tables, plan))
    if plan.market.universe is None:
        return data
    panel = data.panel
    chosen = compute(panel, [plan.market.universe])[0] == 1
    return BookData(panel.with_members(panel.members & chosen), data.multiplier, data.price, data.notes)


def _frame(tables: Tables, plan: MarketPlan) -> pl.DataFrame:
    market = plan.market
    if market.bars not in tables:
        raise ScenarioError(
            "The scenario names a table that is not there.", expected=market.bars, got=", ".join(tables),
            where="market.bars", fix=did_you_mean(market.bars, list(tables)),
        )  # fmt: skip
    frame = tables[market.bars]
    for where, column in (("market.entity", market.entity), ("market.time", market.time),
                          *(("market.fields", name) for name in market.fields)):  # fmt: skip
        if column not in frame.columns:
            raise ScenarioError(
                "The table of the books lacks a column that the scenario names.", expected=column,
                got=", ".join(frame.columns[:20]), where=where, fix=did_you_mean(column, frame.columns),
            )  # fmt: skip
    return frame


def _snapshots(frame: pl.DataFrame, plan: MarketPlan) -> BookData:
    from tael.markets.intraday import book_panel, on_clock

    market = plan.market
    panel = book_panel(
        frame.rename({old: new for new, old in market.columns.items()}), market.levels, time=market.time,
        entity=market.entity, multiplier=market.multiplier,
    )  # fmt: skip
    if market.clock is not None:
        panel = on_clock(panel, market.clock, multiplier=market.multiplier)
    return BookData(panel, np.full(len(panel.entities), market.multiplier), "mid", ())


def _minutes(frame: pl.DataFrame, plan: MarketPlan) -> BookData:
    from tael.markets.exchanges.products import product_of
    from tael.markets.intraday import book_from_bars
    from tael.markets.reading.names import find_columns
    from tael.markets.reading.pivot import pivot

    market = plan.market
    stated = {"time": market.time, "entity": market.entity, **market.columns}
    found = find_columns(frame, BARS, stated, ("time", "entity", "close", "volume"))
    wide = pivot(frame, time=found["time"], entity=found["entity"])
    fields: dict[str, Any] = {name: wide.floats(found[name]) for name in BARS[2:] if name in found}
    fields |= {name: wide.floats(name) for name in market.fields}
    products = [product_of(name) for name in wide.entities]
    multiplier, tick = (np.array([getattr(one, name) for one in products]) for name in ("multiplier", "tick"))
    panel = book_from_bars(
        wide.times, wide.entities, fields, tick, half_spread=market.half_spread, multiplier=multiplier, bar=market.bar
    )
    note = (
        f"Bars do not tell the book: {market.half_spread:g} tick either side of the close is assumed, with as much on "
        "display as the bar dealt.",
        f"分钟行情不含盘口：假设买卖价各距收盘价 {market.half_spread:g} 个最小变动价位，可成交量等于该分钟成交量。",
    )
    return BookData(panel, multiplier.astype(np.float64), "close", (note,))


def rule_of(plan: MarketPlan, data: BookData, first: int) -> ExecutionRule:
    """The plan's execution with the exchange's fees; the base position as of row `first`."""
    from tael.markets.exchanges import exchange
    from tael.markets.intraday import ExecutionRule

    stated, rules = plan.execution, exchange(plan.market.exchange)
    fees = rules.fees(data.panel.times[-1:]) if None in (stated.buy_fee, stated.sell_fee) else None
    both = 0.0 if fees is None else fees.commission + float(fees.transfer[0])
    buy = both + float(fees.stamp_buy[0]) if fees is not None and stated.buy_fee is None else stated.buy_fee
    sell = both + float(fees.stamp_sell[0]) if fees is not None and stated.sell_fee is None else stated.sell_fee
    late = rules.sellable_after > 0 if stated.t_plus_1 is None else stated.t_plus_1
    base = tuple((_quantity(plan, data, first) * stated.base).tolist()) if late else 0.0
    return ExecutionRule(
        order=stated.order, latency=stated.latency, patience=stated.patience, take=stated.take,
        participation=stated.participation, flat=stated.flat, buy_fee=float(buy or 0.0), sell_fee=float(sell or 0.0),
        multiplier=tuple(data.multiplier.tolist()), t_plus_1=late, base=base,
    )  # fmt: skip


def _quantity(plan: MarketPlan, data: BookData, row: int) -> NDArray[np.float64]:
    """A full position of each entity at the last price known at a row, in lots; 0 where none is."""
    price = np.asarray(data.panel.fields["mid"][: row + 1])
    known = np.array([column[np.isfinite(column)][-1] if np.isfinite(column).any() else np.inf for column in price.T])
    lot = plan.execution.lot
    return np.asarray(np.floor(plan.execution.size / (known * data.multiplier) / lot) * lot, dtype=np.float64)


def targets_of(plan: MarketPlan, data: BookData, scores: NDArray[Any], validation: slice) -> NDArray[np.float64]:
    """What is to be held by the scores: entered beyond one quantile of the validation's, left below another.

    Returns
    -------
    (T, N) array
        Shares or contracts; missing where an entity has no score: as before.
    """
    sizes = np.abs(scores[validation])
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes):
        return np.full(scores.shape, np.nan)
    enter, leave = (float(np.quantile(sizes, share)) for share in (plan.execution.enter, plan.execution.leave))
    mid, lot = np.asarray(data.panel.fields["mid"]), plan.execution.lot
    out = np.full(scores.shape, np.nan)
    for n in range(scores.shape[1]):
        held = 0.0
        for t in np.flatnonzero(np.isfinite(scores[:, n]) & np.isfinite(mid[:, n])):
            score = scores[t, n]
            if abs(score) >= enter and score * held <= 0:
                held = np.sign(score) * np.floor(plan.execution.size / (mid[t, n] * data.multiplier[n]) / lot) * lot
            elif score * np.sign(held) < leave:
                held = 0.0
            out[t, n] = held
    return out
