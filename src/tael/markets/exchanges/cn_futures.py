"""China's futures exchanges: multipliers, ticks, margins, limits from the last settlement price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from tael.markets.bars import Bars
from tael.markets.exchanges.products import Product, product_of
from tael.markets.exchanges.rules import Exchange, Fees, Floats


def presettle(bars: Bars) -> Floats:
    """The settlement price before each bar, (T, N): the field of that name, else the last one settled."""
    if "presettle" in bars.fields:
        return bars.fields["presettle"]
    there = np.isfinite(bars.settle)
    last = np.maximum.accumulate(np.where(there, np.arange(len(bars))[:, None], -1), axis=0)
    before = np.vstack([np.full((1, bars.shape[1]), -1), last[:-1]])
    carried = np.take_along_axis(bars.settle, np.maximum(before, 0), axis=0)
    return np.where(before >= 0, carried, np.nan)


def limit_prices(settled: Floats, rate: Floats, tick: Floats) -> tuple[Floats, Floats]:
    """Highest and lowest price: settlement price times (1 +- rate), cut to the tick towards it.

    >>> limit_prices(np.array([5798.0]), np.array([0.04]), np.array([2.0]))
    (array([6028.]), array([5568.]))
    """
    slack = 1e-6  # of a tick: a product that is a whole number of ticks must not lose one to rounding
    high = np.floor(settled * (1 + rate) / tick + slack) * tick
    low = np.ceil(settled * (1 - rate) / tick - slack) * tick
    known = np.isfinite(settled)
    return np.where(known, np.round(high, 6), np.inf), np.where(known, np.round(low, 6), 0.0)


def observed_rates(bars: Bars, products: list[Product], window: int = 60) -> Floats:
    """Daily limits that each product seems to have had, (T, N), from bars before each.

    Exchanges widen limits by decree, which tables rarely tell. The largest move from a settlement price that any
    contract of the product made in the `window` bars before, in whole per cent rounded up, was within the limit then;
    it is taken for the limit now, and never less than the specification's.
    """
    settled = presettle(bars)
    with np.errstate(invalid="ignore"):
        far = np.fmax(bars.high / settled - 1, 1 - bars.low / settled)
    codes = np.array([product.code for product in products])
    out = np.tile([product.limit for product in products], (len(bars), 1))
    for code in sorted(set(codes)):
        here = codes == code
        day = np.where(np.isfinite(far[:, here]), far[:, here], 0.0).max(axis=1)
        before = np.concatenate([np.zeros(window), day])
        most = np.lib.stride_tricks.sliding_window_view(before, window)[: len(bars)].max(axis=1)
        # a limit is cut to the tick, so that it may come out a little less than its per cent
        rate = np.ceil(most * 100 - 0.02) / 100
        out[:, here] = np.maximum(out[:, here], np.minimum(rate, WIDEST)[:, None])
    return out


WIDEST = 0.2
"""No limit was wider: a larger move is an error of the data."""


def dress(
    bars: Bars,
    *,
    limit: Mapping[str, float] | float | Literal["observed"] | None = None,
    margin: Mapping[str, float] | float | None = None,
) -> Bars:
    """Fill in product, multiplier, tick, margin and limits of each contract.

    Parameters
    ----------
    bars : Bars
        Of dated contracts. A multiplier that is not 1 everywhere, and products that are named, are kept.
    limit : mapping of product to float, float, or "observed", optional
        Rates in force; by default those of the specification, which exchanges widen in turmoil and before holidays.
        "observed": see `observed_rates`.
    margin : mapping of product to float, or float, optional
        Rates in force; by default those of the specification.

    Returns
    -------
    Bars

    Examples
    --------
    >>> day = np.array(["2014-01-02", "2014-01-03"], dtype="M8[D]")
    >>> price = np.array([[5840.0], [5780.0]])
    >>> dressed = dress(Bars(day, ("p1405",), price, price, price, price))
    >>> dressed.multiplier, dressed.limit_up[1]
    (array([10.]), array([6072.]))
    """
    products = [product_of(name if name else entity) for name, entity in zip(bars.product, bars.entities, strict=True)]
    size = np.array([product.multiplier for product in products])
    tick = np.array([product.tick for product in products])

    def rate(given: Mapping[str, float] | float | None, name: str) -> Floats:
        if isinstance(given, int | float):
            return np.full(len(products), float(given))
        return np.array([(given or {}).get(product.code, getattr(product, name)) for product in products])

    most = observed_rates(bars, products) if isinstance(limit, str) else rate(limit, "limit")[None, :]
    high, low = limit_prices(presettle(bars), most, tick[None, :])
    n = len(products)
    return replace(
        bars,
        product=np.array([product.code for product in products]),
        board=np.array([product.exchange for product in products]),
        multiplier=size if (bars.multiplier == 1).all() else bars.multiplier,
        tick=tick,
        lot=np.ones(n, dtype=np.int64),
        min_lot=np.ones(n, dtype=np.int64),
        margin_rate=rate(margin, "margin"),
        limit_up=high,
        limit_down=low,
    )


def fees(days: Any) -> Fees:
    """No taxes; a usual commission of 0.01 % of notional (some products are charged by the contract).

    >>> fees(["2020-01-02"]).commission
    0.0001
    """
    none = np.zeros(len(np.atleast_1d(np.asarray(days))))
    return Fees(none, none, none, commission=0.0001, minimum=0.0)


EXCHANGE = Exchange(
    name="cn_futures",
    title="China's futures",
    title_zh="国内期货",
    currency="CNY",
    calendar="XSHG",
    sellable_after=0,
    short_selling=True,
    dress=dress,
    fees=fees,
    sources=("Contract specifications and 风险控制管理办法 of SHFE, INE, DCE, CZCE, GFEX and CFFEX, as of 2026",),
)
