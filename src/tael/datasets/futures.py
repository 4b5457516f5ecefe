"""A simulated futures market: dated contracts on moving term structures, with carry and momentum paid in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tael.datasets.futures_activity import interest_shares, main_contracts, make_activity
from tael.datasets.futures_book import YEAR, Book
from tael.datasets.futures_curves import LAG, Curves, make_curves
from tael.datasets.futures_frames import bars_frame, list_frames, members_frame, stores_frames
from tael.datasets.futures_products import MOST_PRODUCTS, make_contracts, make_products
from tael.datasets.futures_schema import futures_schema
from tael.datasets.market_calendar import Days, Floats, trading_days
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.errors import TablesError

_BEFORE, _AFTER = 60, 400
"""Trading days before and after the data that are needed to know the contracts' last days."""

_RISK_DAYS = 60

WORDS = {
    "carry": {
        "en": "products in backwardation earn more than those in contango",
        "zh": "贴水 (近高远低) 品种收益高于升水品种",
        "formula": "zscore(carry)",
    },
    "momentum": {
        "en": "what rose over 120 days, measured by its own spread, goes on rising",
        "zh": "120 日涨幅 (以自身波动计) 延续",
        "formula": "clip(ts_sum(returns, 120) / sqrt(ts_sum(returns * returns, 120)), -2, 2)",
    },
}
"""What is paid, in the panel language on continuous series: ``carry`` between main and following contract, ``returns``
of the main contract."""


@dataclass(frozen=True)
class FuturesTruth(PlantedTruth):
    """What really foretells returns in simulated futures: for judging, never for building.

    Attributes
    ----------
    frame : polars.DataFrame
        One row for each premium: ``premium``; ``sharpe`` as planted (a year, before costs, of positions in proportion
        to the score over volatility, decided after the close of day t and held from close t + 1 to close t + 2);
        ``realised_sharpe`` of such positions on the main contracts by the spread of the last 60 days;
        ``standard_error`` (Lo 2002); ``days``. Where both premia are planted, each holds some of the other.
    words : dict
        Premium to ``{"en", "zh", "formula"}``.
    curves : Curves
        Spot prices, convenience yields, main contracts, scores and premia.
    """

    curves: Curves


@dataclass(frozen=True)
class SimulatedFutures(SimulatedBank):
    """Linked tables of a futures market that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`.
    truth : FuturesTruth
        What was planted. Never part of `frames`, never written by ``write``.
    days : datetime64[D] array, shape (T,)
    products, contracts : tuple of str
    """

    truth: FuturesTruth
    days: Days
    products: tuple[str, ...]
    contracts: tuple[str, ...]

    def __repr__(self) -> str:
        return "SimulatedFutures" + super().__repr__().removeprefix("SimulatedBank")


def simulate_futures(
    n_products: int = 20,
    n_days: int = 1500,
    seed: int = 0,
    *,
    carry: float = 1.0,
    momentum: float = 0.7,
    start: str = "2018-01-02",
) -> SimulatedFutures:
    """Simulate a futures market: products, dated contracts with open interest that moves on, stores, members, spot.

    Codes, multipliers, ticks and last trading days are those of real products; all prices are simulated. Curves are
    those of Gibson and Schwartz (1990): spot prices return to the mean through the convenience yield, contracts
    converge to the spot price, and futures are expected to earn what is planted and nothing else.

    Parameters
    ----------
    n_products : int
        2 to 30.
    n_days : int
        130 to 6,000 trading days.
    seed : int
        The same seed (and arguments) gives equal frames.
    carry, momentum : float
        Yearly Sharpe ratios, -10 to 10, before costs; 0 for none.
    start : str
        The data begin on the first trading day from here on, as ``YYYY-MM-DD``, from 2005 on.

    Returns
    -------
    SimulatedFutures

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> futures = simulate_futures(4, 200, seed=1)
    >>> futures.frames["contracts"]["contract"][0], futures.truth.frame["sharpe"].to_list()
    ('rb1801', [1.0, 0.7])
    """
    first = _check(n_products, n_days, seed, carry, momentum, start)
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
    days = trading_days(first, n_days)
    earlier = np.datetime64(first) - np.timedelta64(2 * _BEFORE, "D")
    before = trading_days(earlier.item(), 2 * _BEFORE)
    before = before[before < days[0]]
    after = trading_days((days[-1] + np.timedelta64(1, "D")).item(), _AFTER)
    products = make_products(n_products)
    contracts = make_contracts(products, np.concatenate([before, days, after]), len(before), n_days)
    shares = interest_shares(products, contracts, n_days)
    main, following = main_contracts(products, contracts, shares)
    book = Book(streams[0], products, contracts, n_days)
    curves = make_curves(streams[1], products, contracts, book, main, following, (carry, momentum))
    activity = make_activity(streams[2], products, contracts, book, curves, shares)
    frames = {
        **list_frames(products, contracts),
        "bars": bars_frame(products, contracts, book, activity, days),
        **stores_frames(streams[3], products, curves, activity, days),
        "member_positions": members_frame(products, contracts, curves, activity, days),
    }
    rows = [
        {"premium": name, "sharpe": planted, **_earned(score, curves.returns)}
        for name, planted, score in (("carry", carry, curves.carry), ("momentum", momentum, curves.momentum))
    ]
    truth = FuturesTruth(pl.DataFrame(rows), {name: dict(words) for name, words in WORDS.items()}, curves)
    return SimulatedFutures(frames, futures_schema(frames), truth, days, products.code, contracts.code)


def _earned(score: Floats, returns: Floats) -> dict[str, float | int]:
    """Measure what positions by a score earned, with risk as it was known when they were decided."""
    squares = np.cumsum(np.vstack([np.zeros(returns.shape[1]), returns**2]), axis=0)
    rows = np.arange(_RISK_DAYS, len(returns) - LAG)
    risk = np.sqrt((squares[rows + 1] - squares[rows + 1 - _RISK_DAYS]) / _RISK_DAYS)
    made = (score[rows] / risk * returns[rows + LAG]).sum(axis=1)
    made = made[score[rows].any(axis=1)]
    daily = float(made.mean() / made.std(ddof=1)) if len(made) > 1 else 0.0
    error = np.sqrt((1 + daily**2 / 2) / max(len(made), 1))
    return {
        "realised_sharpe": daily * float(np.sqrt(YEAR)),
        "standard_error": float(error * np.sqrt(YEAR)),
        "days": len(made),
    }


def _check(n_products: int, n_days: int, seed: int, carry: float, momentum: float, start: str) -> date:
    def refuse(name: str, expected: str, got: object) -> TablesError:
        return TablesError(
            "The futures cannot be simulated with this argument.",
            expected=expected,
            got=repr(got),
            where=f"simulate_futures({name}=)",
        )

    if not 2 <= n_products <= MOST_PRODUCTS:
        raise refuse("n_products", f"2 to {MOST_PRODUCTS}", n_products)
    if not 130 <= n_days <= 6_000:
        raise refuse("n_days", "130 to 6,000 trading days", n_days)
    if seed < 0:
        raise refuse("seed", "0 or more", seed)
    for name, ratio in (("carry", carry), ("momentum", momentum)):
        if not abs(ratio) <= 10:
            raise refuse(name, "a Sharpe ratio between -10 and 10", ratio)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse("start", "a day as YYYY-MM-DD", start) from error
    if first.year < 2005:
        raise refuse("start", "2005 or later", start)
    return first
