"""From tables to what is traded and to what signals see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from tael.errors import ScenarioError, did_you_mean
from tael.runs.markets.plan import MarketPlan
from tael.tables.frames import Tables
from tael.tables.schema import Language

if TYPE_CHECKING:
    from tael.markets.bars import Bars
    from tael.markets.futures import Roll
    from tael.panels import Panel


TITLES: dict[str, dict[Language, str]] = {
    name: {"en": en, "zh": zh}
    for name, en, zh in (
        ("open", "open", "开盘价"),
        ("high", "high", "最高价"),
        ("low", "low", "最低价"),
        ("close", "close", "收盘价"),
        ("preclose", "close before", "前收盘价"),
        ("settle", "settlement price", "结算价"),
        ("volume", "volume", "成交量"),
        ("amount", "amount", "成交额"),
        ("vwap", "mean price dealt", "成交均价"),
        ("returns", "return", "收益率"),
        ("open_interest", "open interest", "持仓量"),
        ("total_volume", "volume of all contracts", "品种总成交量"),
        ("total_open_interest", "open interest of all contracts", "品种总持仓量"),
        ("carry", "carry of the curve", "期限结构展期收益"),
    )
}


@dataclass(frozen=True)
class MarketData:
    """One market.

    Attributes
    ----------
    bars : Bars
        What is traded, in real prices: stocks, or dated contracts.
    panel : Panel
        What signals see, continuous: stocks, or products.
    roll : Roll or None
        Futures: which contract stands for a product, and when it changes.
    """

    bars: Bars
    panel: Panel
    roll: Roll | None = None

    def until(self, t: int) -> MarketData:
        """What was there when bar t had closed: all later bars cut off."""
        roll = None if self.roll is None else self.roll.window(t + 1)
        return MarketData(self.bars.window(None, t + 1), self.panel.window(None, t + 1), roll)


def market_data(tables: Tables, plan: MarketPlan) -> MarketData:
    """Read what a plan names from tables.

    Parameters
    ----------
    tables : Tables
    plan : MarketPlan

    Raises
    ------
    ScenarioError
        If a table or a column that the plan names is not there.
    MarketError
        If the bars contradict themselves.
    """
    frame = _bars_frame(tables, plan)
    data = _stocks(frame, plan) if plan.market.kind == "stocks" else _futures(frame, plan)
    panel = _with_events(data.panel, tables, plan)
    if plan.market.universe is not None:
        from tael.panels import compute

        chosen = compute(panel, [plan.market.universe])[0]
        panel = panel.with_members(panel.members & (chosen == 1))
    return MarketData(data.bars, titled(panel, tables, plan), data.roll)


def titled(panel: Panel, tables: Tables, plan: MarketPlan) -> Panel:
    """The panel with words for its fields: of the bars' usual columns, and what the schema says of the plan's own."""
    from dataclasses import replace

    told: dict[str, dict[Language, str]] = dict(TITLES)
    columns = tables.schema.tables[plan.market.bars].columns
    for name in plan.market.fields:
        title = columns[name].title if name in columns else None
        if title is not None and title.en and title.zh:
            told[name] = {"en": title.en, "zh": title.zh}
    here = {name: told[name] for name in panel.fields if name in told}
    return replace(panel, titles={**panel.titles, **here})


def _bars_frame(tables: Tables, plan: MarketPlan) -> pl.DataFrame:
    """The table of bars, with the columns of the securities that the plan groups by."""
    market = plan.market
    frame = _table(tables, market.bars, "market.bars")
    wanted = {"market.entity": market.entity, "market.time": market.time}
    wanted |= {f"market.columns.{name}": column for name, column in market.columns.items()}
    for where, column in [*wanted.items(), *(("market.fields", column) for column in market.fields)]:
        if column not in frame.columns:
            raise ScenarioError(
                "The bars lack a column that the scenario names.",
                expected=column,
                got=", ".join(frame.columns[:20]),
                where=f"{where}, table {market.bars}",
                fix=did_you_mean(column, frame.columns),
            )
    missing = [group for group in market.groups if group not in frame.columns]
    if market.securities is None:
        if missing:
            raise ScenarioError(
                "A group is no column of the bars.",
                expected=f"a column {missing[0]}, or the table that has it",
                got=", ".join(frame.columns[:20]),
                where="market.groups",
                fix='Name the table of the entities: securities = "stocks".',
            )
        return frame
    securities = _table(tables, market.securities, "market.securities")
    key = tables.schema.tables[market.securities].key
    for group in missing:
        if group not in securities.columns:
            raise ScenarioError(
                "A group is a column neither of the bars nor of the securities.",
                expected=group,
                got=", ".join(securities.columns[:20]),
                where=f"market.groups, table {market.securities}",
                fix=did_you_mean(group, securities.columns),
            )
    if key is None:
        raise ScenarioError(
            "The table of securities has no key, so that bars cannot find theirs.",
            expected=f'key = "{market.entity}"',
            where=f"tables.toml, [{market.securities}]",
            fix="State the key.",
        )
    return frame.join(
        securities.select(pl.col(key).alias(market.entity), *missing), on=market.entity, how="left", validate="m:1"
    )


def _table(tables: Tables, name: str, where: str) -> pl.DataFrame:
    if name not in tables:
        raise ScenarioError(
            "The scenario names a table that is not there.",
            expected=name,
            got=", ".join(tables),
            where=where,
            fix=did_you_mean(name, list(tables)),
        )
    return tables[name]


def _stocks(frame: pl.DataFrame, plan: MarketPlan) -> MarketData:
    from tael.markets.reading import stock_bars

    market = plan.market
    bars = stock_bars(
        _in_days(frame, market.time), columns={"time": market.time, "entity": market.entity, **market.columns},
        prices=market.prices, exchange=market.exchange, survivors=market.survivors, fields=market.fields,
        groups=market.groups,
    )  # fmt: skip
    return MarketData(bars, _known_at_close(bars.panel(), plan))


def _in_days(frame: pl.DataFrame, time: str) -> pl.DataFrame:
    """Times that are all midnights are days."""
    column = frame[time]
    if column.dtype == pl.Datetime and bool((column == column.dt.truncate("1d")).all()):
        return frame.with_columns(column.dt.date())
    return frame


def _known_at_close(panel: Panel, plan: MarketPlan) -> Panel:
    """The panel with each bar dated by when it is known: a day's bar at its close."""
    from dataclasses import replace

    times = panel.times.astype("M8[us]")
    if bool(np.all(times == times.astype("M8[D]"))):
        hours, minutes = map(int, plan.market.close.split(":"))
        times = times + np.timedelta64(hours * 60 + minutes, "m")
    return replace(panel, times=times, bar=plan.market.bar)


def _with_events(panel: Panel, tables: Tables, plan: MarketPlan) -> Panel:
    """The panel with a field for each formula on the other tables."""
    if not plan.features.events:
        return panel
    from tael.panels import event_fields

    entity = plan.market.securities
    if entity is None:
        raise ScenarioError(
            "Formulas on other tables need the table of the entities.",
            expected='securities = "stocks" in [market]',
            where="features.events",
            fix="Name the table whose key the bars' entity is.",
        )
    return event_fields(tables, plan.features.events, panel, entity=entity)


def _futures(frame: pl.DataFrame, plan: MarketPlan) -> MarketData:
    from tael.markets.futures import continuous, contract_bars, roll

    market = plan.market
    bars = contract_bars(
        _in_days(frame, market.time), columns={"time": market.time, "entity": market.entity, **market.columns},
        **market.contracts,
    )  # fmt: skip
    rolled = roll(bars, market.roll)
    return MarketData(bars, _known_at_close(continuous(bars, rolled), plan), rolled)
