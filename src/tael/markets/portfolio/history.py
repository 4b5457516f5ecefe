"""A market through time, of which a method is shown only what was known on the bar of its decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.portfolio.state import MarketState

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MarketHistory:
    """Arrays of time by name, row t known after bar t has closed.

    Parameters
    ----------
    times : ndarray of datetime64, shape (T,)
        When each bar closes.
    returns : ndarray of float, shape (T, N)
        Return of each bar, total (dividends and splits included); NaN where there is none.
    can_buy, can_sell : ndarray of bool, shape (T, N), optional
        As in `MarketState`. What tomorrow's limits and suspensions will be is not known today: the backtest says what
        fills.
    groups : ndarray of int, shape (T, N), optional
        Codes of groups; -1 none.
    group_names : tuple of str
        Names of the codes.
    styles : dict of str to ndarray of float, shape (T, N)
        Exposures.
    benchmark : ndarray of float, shape (T, N), optional
        Weights of the benchmark.
    amount : ndarray of float, shape (T, N), optional
        Value traded in each bar, in currency; for impact.
    equity : float
        Value of the portfolio in the same currency; for impact.
    margin_rate : ndarray of float, shape (N,) or (T, N), optional
        Margin as a fraction of notional.
    lookback : int
        Bars of returns that a method is shown, and over which volumes and volatilities are taken (the last 60 of them,
        at least 5 of which have to be there).
    """

    times: NDArray[np.datetime64]
    returns: Floats
    can_buy: Bools | None = None
    can_sell: Bools | None = None
    groups: NDArray[np.int32] | None = None
    group_names: tuple[str, ...] = ()
    styles: Mapping[str, Floats] = field(default_factory=dict)
    benchmark: Floats | None = None
    amount: Floats | None = None
    equity: float = 1.0
    margin_rate: Floats | None = None
    lookback: int = 252

    def __post_init__(self) -> None:
        shape = np.shape(self.returns)
        if len(shape) != 2 or shape[0] != len(self.times):
            raise MarketError("The returns do not match the times.", expected=f"({len(self.times)}, N)", got=str(shape))
        given: dict[str, Any] = {f"style {name}": values for name, values in self.styles.items()}
        given |= {name: getattr(self, name) for name in ("can_buy", "can_sell", "groups", "benchmark", "amount")}
        if self.margin_rate is not None and np.ndim(self.margin_rate) == 2:
            given["margin_rate"] = self.margin_rate
        for name, values in given.items():
            if values is not None and np.shape(values) != shape:
                raise MarketError(
                    f"The {name} does not match the returns.", expected=str(shape), got=str(np.shape(values))
                )
        if not self.equity > 0:
            raise MarketError("The equity makes no sense.", expected="more than 0", got=str(self.equity))

    @classmethod
    def from_bars(cls, bars: Any, **more: Any) -> MarketHistory:
        """What `Bars` know of it; `more` are parameters that they do not, or that are to be others.

        Names that are not listed or are suspended on the bar of the decision can be neither bought nor sold. Returns
        are those over the reference price (``bars.returns()``). Of one group of codes alone it is taken as `groups`.
        """
        tradable = np.asarray(bars.listed & ~bars.suspended)
        known: dict[str, Any] = {
            "times": bars.times,
            "returns": bars.returns(),
            "can_buy": tradable,
            "can_sell": tradable,
            "amount": bars.amount,
            "margin_rate": bars.margin_rate,
        }
        if len(bars.groups) == 1:
            (name, codes), *_ = bars.groups.items()
            known |= {"groups": codes, "group_names": tuple(bars.levels.get(name, ()))}
        return cls(**(known | more))

    def at(self, t: int) -> MarketState:
        """What is known after bar t: nothing of later rows."""
        past = self.returns[max(0, t + 1 - self.lookback) : t + 1]
        recent = slice(max(0, t - 59), t + 1)
        volume = None if self.amount is None else _mean(self.amount[recent]) / self.equity
        rate = self.margin_rate
        return MarketState(
            can_buy=None if self.can_buy is None else self.can_buy[t],
            can_sell=None if self.can_sell is None else self.can_sell[t],
            groups=None if self.groups is None else self.groups[t],
            group_names=self.group_names,
            styles={name: values[t] for name, values in self.styles.items()},
            benchmark=None if self.benchmark is None else np.nan_to_num(self.benchmark[t], nan=0.0),
            volume=volume,
            volatility=_deviation(past[-60:]),
            margin_rate=None if rate is None else (rate[t] if np.ndim(rate) == 2 else rate),
            returns=past,
            time=self.times[t],
        )

    def until(self, t: int) -> MarketHistory:
        """The history as it was after bar t; nothing that is decided then can differ."""
        cut: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if one.name == "styles":
                value = {name: values[: t + 1] for name, values in value.items()}
            elif isinstance(value, np.ndarray) and not (one.name == "margin_rate" and value.ndim == 1):
                value = value[: t + 1]
            cut[one.name] = value
        return MarketHistory(**cut)


def _mean(values: Floats) -> Floats:
    """Mean over time of what is there; 0 where nothing is."""
    there = np.isfinite(values)
    return np.asarray(np.where(there, values, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def _deviation(values: Floats) -> Floats:
    """Standard deviation over time; NaN where there are fewer than 5 values."""
    there = np.isfinite(values)
    count = there.sum(axis=0)
    known = np.where(there, values, 0.0)
    mean = known.sum(axis=0) / np.maximum(count, 1)
    square = (np.where(there, values - mean, 0.0) ** 2).sum(axis=0) / np.maximum(count - 1, 1)
    return np.asarray(np.where(count >= 5, np.sqrt(square), np.nan))
