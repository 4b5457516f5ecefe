"""A backtest's arrays as frames, and its gain taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError, did_you_mean
from tael.kernels.backtest_rules import CAUSES, DAILY, REASONS, TRADE_FLOATS
from tael.markets.bar_checks import forward

if TYPE_CHECKING:
    import polars as pl

    from tael.markets.backtest.result import Backtest

Floats = NDArray[np.float64]


def _names(bars: Any, codes: NDArray[np.int64]) -> Any:
    return np.array(bars.entities, dtype=object)[codes]


def daily(done: Backtest) -> pl.DataFrame:
    """The account of each bar."""
    import polars as pl

    columns = {name: done.account[:, i] for i, name in enumerate(DAILY) if name != "margin" or done.is_futures}
    return pl.DataFrame({"time": done.times, **columns, "return": done.returns, "turnover": done.turnover})


def _rolls(bars: Any, ints: NDArray[np.int64], causes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rebalances of a product that buy one contract and sell another within a bar are rolls."""
    _, product = np.unique(bars.product, return_inverse=True)
    key = ints[:, 0] * (product.max() + 1) + product[ints[:, 1]]
    order = np.argsort(key, kind="stable")
    first = np.flatnonzero(np.concatenate(([True], np.diff(key[order]) != 0)))
    signs = np.sign(ints[order, 2])
    both = (np.minimum.reduceat(signs, first) < 0) & (np.maximum.reduceat(signs, first) > 0)
    entity = ints[order, 1]
    both &= np.minimum.reduceat(entity, first) != np.maximum.reduceat(entity, first)
    rolled = np.empty(len(key), dtype=np.bool_)
    rolled[order] = np.repeat(both, np.diff(np.concatenate((first, [len(key)]))))
    return np.where(rolled & (causes == CAUSES.index("rebalance")), CAUSES.index("roll"), causes)


def trades(done: Backtest) -> pl.DataFrame:
    """One row a trade."""
    import polars as pl

    n = int(done.log.used[0])
    ints, floats = done.log.trade_ints[:n], done.log.trade_floats[:n]
    causes = ints[:, 3]
    if done.is_futures and n and (done.bars.product != "").any():
        causes = _rolls(done.bars, ints, causes)
    numbers = {name: floats[:, i] for i, name in enumerate(TRADE_FLOATS)}
    slippage = ints[:, 2] * (numbers["price"] - numbers["decision"]) * done.bars.multiplier[ints[:, 1]]
    written_off = np.isin(causes, [CAUSES.index("delisting")])
    return pl.DataFrame(
        {
            "time": done.times[ints[:, 0]],
            "entity": pl.Series(_names(done.bars, ints[:, 1]), dtype=pl.String),
            "side": pl.Series(np.where(ints[:, 2] > 0, "buy", "sell"), dtype=pl.String),
            "quantity": np.abs(ints[:, 2]),
            **numbers,
            "slippage": np.where(written_off, 0.0, slippage),
            "cause": pl.Series(np.array(CAUSES, dtype=object)[causes], dtype=pl.String),
        }
    )


def unfilled(done: Backtest) -> pl.DataFrame:
    """One row for each order and bar that was not filled in full."""
    import polars as pl

    rows = done.log.misses[: int(done.log.used[1])]
    return pl.DataFrame(
        {
            "time": done.times[rows[:, 0]],
            "entity": pl.Series(_names(done.bars, rows[:, 1]), dtype=pl.String),
            "wanted": rows[:, 2],
            "filled": rows[:, 3],
            "reason": pl.Series(np.array(REASONS, dtype=object)[rows[:, 4]], dtype=pl.String),
        }
    )


def values(done: Backtest) -> Floats:
    """Signed value of each position at its last known price."""
    bars = done.bars
    price = np.where(np.isfinite(bars.settle), bars.settle, bars.close) if done.is_futures else bars.close
    mark = np.nan_to_num(forward(price * bars.adjust)) / bars.adjust
    return done.positions * mark * bars.multiplier


def _groups(done: Backtest, by: str) -> tuple[NDArray[np.int64], list[str]]:
    """Codes (T, N) and names of a grouping; code -1 is named "none"."""
    bars = done.bars
    if by in bars.groups:
        codes, names = bars.groups[by].astype(np.int64), list(bars.levels[by])
        return codes, names or [str(i) for i in range(int(codes.max(initial=-1)) + 1)]
    if by in ("board", "product"):
        found, at = np.unique(getattr(bars, by), return_inverse=True)
        return np.tile(at.astype(np.int64), (len(bars), 1)), found.tolist()
    known = [*bars.groups, "board", "product"]
    raise MarketError(f"The bars have no group {by!r}.", expected=", ".join(known), fix=did_you_mean(by, known))


def exposure(done: Backtest, by: str | None) -> pl.DataFrame:
    """Long, short, gross and net as shares of equity."""
    import polars as pl

    equity = np.where(done.equity > 0, done.equity, np.nan)

    def shares(worth: Floats) -> dict[str, Floats]:
        up = np.where(worth > 0, worth, 0.0).sum(axis=1) / equity
        down = np.where(worth < 0, worth, 0.0).sum(axis=1) / equity
        return {"long": up, "short": -down, "gross": up - down, "net": up + down}

    if by is None:
        return pl.DataFrame({"time": done.times, **shares(done.values)})
    codes, names = _groups(done, by)
    frames = []
    for code, name in enumerate(["none", *names], start=-1):
        here = codes == code
        if here.any():
            found = pl.DataFrame({"time": done.times, **shares(np.where(here, done.values, 0.0))})
            frames.append(found.insert_column(1, pl.Series(by, [name] * len(found))))
    return pl.concat(frames).sort("time", maintain_order=True)


@dataclass(frozen=True)
class Attribution:
    """A backtest's gain in currency, from what the decisions were worth to what was left.

    ``net = paper - slippage - commission - tax - transfer - spread - impact - delisting + interest - borrow``.

    Parameters
    ----------
    paper : float
        Had every trade been dealt at the price that it was decided at.
    slippage : float
        What the way from the decision's price to the fill cost, before spread and impact.
    commission, tax, transfer, spread, impact : float
        Of the trades.
    delisting : float
        Lost with what left the exchange.
    interest, borrow : float
        Earned on cash (below 0: paid on debt), and paid for borrowed shares.
    net : float
        Equity at the end less cash at the start.
    by_entity : polars.DataFrame
        entity, gross gain (before costs), costs and net of each that was traded.
    """

    paper: float
    slippage: float
    commission: float
    tax: float
    transfer: float
    spread: float
    impact: float
    delisting: float
    interest: float
    borrow: float
    net: float
    by_entity: pl.DataFrame

    @property
    def gross(self) -> float:
        """Gain at the prices dealt at, before costs."""
        return self.paper - self.slippage

    @property
    def costs(self) -> float:
        """All costs of the trades beside slippage."""
        return self.commission + self.tax + self.transfer + self.spread + self.impact


def attribution(done: Backtest) -> Attribution:
    """Take a backtest's gain apart."""
    import polars as pl

    total = dict(zip(DAILY, done.account.sum(axis=0).tolist(), strict=True))
    deals = done.trades
    slippage = float(deals["slippage"].sum())
    parts = ("commission", "tax", "transfer", "spread", "impact")
    paid = deals.group_by("entity").agg(pl.sum_horizontal(pl.col(*parts)).sum().alias("costs"))
    gained = pl.DataFrame({"entity": list(done.bars.entities), "gross": done.profit})
    by_entity = paid.join(gained, on="entity", how="left").select(
        "entity", "gross", "costs", (pl.col("gross") - pl.col("costs")).alias("net")
    )
    return Attribution(
        paper=total["gross"] + slippage,
        slippage=slippage,
        **{name: total[name] for name in (*parts, "delisting", "interest", "borrow")},
        net=float(done.equity[-1]) - done.cash_at_start,
        by_entity=by_entity.sort("net", "entity"),
    )
