"""Simulated minute bars of futures, night sessions with them, in which the order flow foretells the next minutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from tael.datasets.futures_book import YEAR, ticked
from tael.datasets.futures_products import MOST_PRODUCTS, Products, make_products
from tael.datasets.market_calendar import Days, Floats, Ints, trading_days
from tael.datasets.market_factors import fat_tailed
from tael.datasets.market_schema import Described, describe
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.errors import TablesError

LAG = 2
"""Minutes from the close of a bar to the close of the one in which what it foretells is paid."""

_DAY_SESSIONS = ((540, 615), (630, 690), (810, 900))
_NIGHT_BEGINS = 21 * 60
_MONTHS_AHEAD = 3

FORMULA = "(buy_volume - sell_volume) / volume"
WORDS = {
    FORMULA: {
        "en": "more was bought than sold in the minute by those who came to the other side",
        "zh": "一分钟内主动买入多于主动卖出",
        "formula": FORMULA,
    }
}


@dataclass(frozen=True)
class SimulatedMinutes(SimulatedBank):
    """Minute bars of a futures market that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`.
    truth : PlantedTruth
        ``frame``: ``formula``, ``ic`` (planted correlation, of one product through time, of the bar of minute t with
        the return from minute t + 1 to t + 2), ``realised_ic`` (mean over the products), ``standard_error``, ``bars``.
    """

    def __repr__(self) -> str:
        return "SimulatedMinutes" + super().__repr__().removeprefix("SimulatedBank")


def simulate_minutes(
    n_products: int = 8, n_days: int = 20, seed: int = 0, *, ic: float = 0.04, start: str = "2023-03-01"
) -> SimulatedMinutes:
    """Simulate minute bars of the main contract of each product.

    A bar is stamped with the end of its minute. The trading day begins with the night session of the evening before
    (``trading_day`` says which it belongs to; before a holiday there is none), and pauses at 10:15, 11:30 and 15:00.
    Volume is high at the beginning and the end of a session, volatility with it.

    Parameters
    ----------
    n_products : int
        1 to 30.
    n_days : int
        1 to 250 trading days.
    seed : int
        The same seed (and arguments) gives equal frames.
    ic : float
        What the order flow of a minute foretells, -0.3 to 0.3; 0 for noise.
    start : str
        The first trading day is the first from here on, as ``YYYY-MM-DD``, from 2005 on.

    Returns
    -------
    SimulatedMinutes

    Raises
    ------
    TablesError
        An argument out of its range.

    Examples
    --------
    >>> minutes = simulate_minutes(2, 3, seed=1)
    >>> minutes.frames["bars"]["contract"][0], str(minutes.frames["bars"]["time"][0])
    ('m2309', '2023-02-28 21:01:00')
    """
    first = _check(n_products, n_days, seed, ic, start)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    products = make_products(n_products)
    known = trading_days((np.datetime64(first) - np.timedelta64(15, "D")).item(), n_days + 30)
    at = int(np.searchsorted(known, np.datetime64(first)))
    days, before = known[at : at + n_days], known[at - 1 : at + n_days - 1]
    frames, realised, bars = [], [], 0
    for p in range(n_products):
        time, day, phase = _clock(products, p, days, before)
        made = _live(rng, products, p, phase, day, ic)
        frames.append(_frame(products, p, days, time, day, made))
        flow, paid = made["flow"][:-LAG], np.diff(np.log(made["close"]))[LAG - 1 :]
        realised.append(float(np.corrcoef(flow, paid)[0, 1]))
        bars += len(paid)
    told = {
        "formula": [FORMULA],
        "ic": [ic],
        "realised_ic": [float(np.mean(realised))],
        "standard_error": [1 / np.sqrt(bars)],
        "bars": [bars],
    }
    tables = {"bars": pl.concat(frames).sort("time", "product")}
    truth = PlantedTruth(pl.DataFrame(told), {formula: dict(words) for formula, words in WORDS.items()})
    title = ("Simulated minute bars of futures (no real prices)", "模拟期货分钟行情 (并非真实行情)")
    return SimulatedMinutes(tables, describe(_TABLES, tables, *title), truth)


def _clock(products: Products, p: int, days: Days, before: Days) -> tuple[Days, Ints, Floats]:
    """Return the end of each minute, the number of its trading day, and how far into its session it lies (0 to 1)."""
    times, numbers, phases = [], [], []
    for k, (day, eve) in enumerate(zip(days, before, strict=True)):
        sessions = [(day, begin, end) for begin, end in _DAY_SESSIONS]
        # After a holiday (more than a weekend apart) trading begins in the morning.
        if products.night[p] and day - eve <= np.timedelta64(3, "D"):
            hour, minute = (int(part) for part in products.night[p].split(":"))
            end = hour * 60 + minute + (24 * 60 if hour < 12 else 0)
            sessions.insert(0, (eve, _NIGHT_BEGINS, end))
        for base, begin, end in sessions:
            minutes = np.arange(begin + 1, end + 1)
            times.append(base.astype("datetime64[us]") + minutes * np.timedelta64(60_000_000, "us"))
            numbers.append(np.full(len(minutes), k))
            phases.append((minutes - begin - 0.5) / (end - begin))
    return np.concatenate(times), np.concatenate(numbers), np.concatenate(phases)


def _live(
    rng: np.random.Generator, products: Products, p: int, phase: Floats, day: Ints, ic: float
) -> dict[str, Floats]:
    n = len(phase)
    season = 0.75 + 2.2 * (np.abs(phase - 0.5)) ** 3 * 4
    heat = np.exp(np.repeat(0.25 * rng.standard_normal(day[-1] + 1), np.bincount(day)))
    sigma = products.volatility[p] / np.sqrt(YEAR * 330) * season * heat
    flow = np.clip(0.35 * rng.standard_normal(n), -0.95, 0.95)
    # What was bought in the minute itself moves it too.
    move = 0.95 * fat_tailed(rng, n, 5) + 0.3 * flow / flow.std()
    gap = np.concatenate([[True], day[1:] != day[:-1]])
    total = sigma * move + np.where(gap, 0.3 * products.volatility[p] / np.sqrt(YEAR) * rng.standard_normal(n), 0)
    tick = products.tick[p]
    # Rounding to the tick is noise as well: what is planted has to stand out of all of it.
    noise = np.sqrt(total.var() + (tick / products.price[p]) ** 2 / 6)
    total[LAG:] += ic / np.sqrt(1 - ic**2) * noise * flow[:-LAG] / flow.std()
    fair = products.price[p] * np.exp(np.cumsum(total))
    close = ticked(fair, tick)
    before = np.concatenate([[close[0]], close[:-1]])
    opening = np.where(gap, close, ticked(before + tick * rng.choice([-1, 0, 0, 0, 1], n), tick))
    reach = np.abs(rng.standard_normal((2, n))) * 0.5 * sigma
    high = np.maximum(ticked(np.maximum(opening, close) * (1 + reach[0]), tick), np.maximum(opening, close))
    low = np.minimum(ticked(np.minimum(opening, close) * (1 - reach[1]), tick), np.minimum(opening, close))
    pace = 0.6 * products.interest[p] / 330 * season * heat * np.exp(0.4 * rng.standard_normal(n))
    volume = np.maximum(np.round(pace * (0.6 + 0.5 * np.abs(move))), 2)
    bought = np.round(volume * (1 + flow) / 2)
    interest = np.round(products.interest[p] * np.exp(0.0005 * np.cumsum(rng.standard_normal(n))))
    return {
        "open": opening, "high": high, "low": low, "close": close, "volume": volume, "buy_volume": bought,
        "sell_volume": volume - bought, "open_interest": interest, "flow": (2 * bought - volume) / volume,
    }  # fmt: skip


def _frame(products: Products, p: int, days: Days, time: Days, day: Ints, made: dict[str, Floats]) -> pl.DataFrame:
    start = days[0].astype("datetime64[M]") + _MONTHS_AHEAD
    ahead = (start + k for k in range(12))
    month = next(m for m in ahead if int(str(m)[5:]) in products.months[p])
    contract = f"{products.code[p]}{str(month)[2:4]}{str(month)[5:]}"
    average = (made["open"] + made["high"] + made["low"] + made["close"]) / 4
    return pl.DataFrame(
        {
            "contract": pl.repeat(contract, len(time), eager=True),
            "product": pl.repeat(products.code[p], len(time), eager=True),
            "time": time,
            "trading_day": days[day],
            **{name: made[name] for name in ("open", "high", "low", "close", "volume", "buy_volume", "sell_volume")},
            "amount": np.round(made["volume"] * average * products.multiplier[p], 2),
            "open_interest": made["open_interest"],
        }
    )


_PRICE = {"type": "number", "unit": "CNY", "min": 0}
_COUNT = {"type": "number", "unit": "contracts", "min": 0}
_TABLES: Described = {
    "bars": (
        {"time": "time"}, "minute bars, stamped with the end of the minute", "分钟行情 (以分钟末为时间戳)",
        [
            ("contract", "contract", "合约", {"type": "category"}),
            ("product", "product", "品种", {"type": "category"}),
            ("time", "end of the minute", "分钟末", {"type": "time"}),
            ("trading_day", "trading day, to which the night before belongs", "所属交易日", {"type": "time"}),
            ("open", "open", "开盘价", _PRICE),
            ("high", "high", "最高价", _PRICE),
            ("low", "low", "最低价", _PRICE),
            ("close", "close", "收盘价", _PRICE),
            ("volume", "volume, on one side", "成交量 (单边)", _COUNT),
            ("buy_volume", "volume of buyers who came to the sellers", "主动买入量", _COUNT),
            ("sell_volume", "volume of sellers who came to the buyers", "主动卖出量", _COUNT),
            ("amount", "amount dealt", "成交额", _PRICE),
            ("open_interest", "open interest, on one side", "持仓量 (单边)", _COUNT),
        ],
    )
}  # fmt: skip


def _check(n_products: int, n_days: int, seed: int, ic: float, start: str) -> date:
    def refuse(name: str, expected: str, got: object) -> TablesError:
        return TablesError(
            "The minutes cannot be simulated with this argument.",
            expected=expected,
            got=repr(got),
            where=f"simulate_minutes({name}=)",
        )

    if not 1 <= n_products <= MOST_PRODUCTS:
        raise refuse("n_products", f"1 to {MOST_PRODUCTS}", n_products)
    if not 1 <= n_days <= 250:
        raise refuse("n_days", "1 to 250 trading days", n_days)
    if seed < 0:
        raise refuse("seed", "0 or more", seed)
    if not abs(ic) <= 0.3:
        raise refuse("ic", "a correlation between -0.3 and 0.3", ic)
    try:
        first = date.fromisoformat(start)
    except ValueError as error:
        raise refuse("start", "a day as YYYY-MM-DD", start) from error
    if first.year < 2005:
        raise refuse("start", "2005 or later", start)
    return first
