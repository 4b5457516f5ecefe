"""Headlines about companies that do not exist: sentences whose words are as good or bad as the news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from tael.datasets.market_calendar import CLOSE_HOUR, Days, Floats, Ints, at_hour
from tael.datasets.market_frames import codes
from tael.datasets.market_prices import Prices
from tael.datasets.market_stocks import SECTORS, SECTORS_ZH, Stocks

Language = Literal["en", "zh"]

_BAD, _PLAIN, _GOOD = range(3)

_TEMPLATES: dict[Language, tuple[tuple[str, ...], ...]] = {
    "en": (
        (
            "{name} shares plunge as weak demand hurts {sector}",
            "{name} warns of losses; regulator opens an investigation",
            "Disappointing orders weigh on {name}",
            "{name} falls after a downgrade, analysts see further risks",
        ),
        (
            "{name} holds its annual meeting",
            "{name} publishes its schedule for the quarter",
            "{name} comments on the state of {sector}",
            "{name} appoints a new member of the board",
        ),
        (
            "{name} surges on strong growth in {sector}",
            "{name} wins a record contract, profit outlook improves",
            "Robust demand lifts {name} above expectations",
            "{name} rallies after an upgrade, analysts see an opportunity",
        ),
    ),
    "zh": (
        (
            "{name}股价大跌, {sector}需求疲软拖累业绩",
            "{name}预警亏损, 监管部门立案调查",
            "订单不及预期, {name}承压下滑",
            "{name}遭下调评级, 分析师提示风险",
        ),
        (
            "{name}召开年度股东大会",
            "{name}披露本季度日程安排",
            "{name}回应{sector}行业现状",
            "{name}任命新董事",
        ),
        (
            "{name}大涨, {sector}业务强劲增长",
            "{name}中标创纪录大单, 盈利前景改善",
            "需求旺盛, {name}业绩超预期",
            "{name}获上调评级, 分析师看好机会",
        ),
    ),
}


@dataclass(frozen=True)
class _Drawn:
    row: Ints
    stock: Ints
    mood: Floats


def news_frame(
    rng: np.random.Generator, stocks: Stocks, prices: Prices, days: Days, language: Language
) -> pl.DataFrame:
    """Lay out the table ``news``: mostly about stocks that moved, by the evening of the day on which they did.

    What is told is how the stock moved; it foretells nothing.

    Parameters
    ----------
    rng : numpy.random.Generator
    stocks, prices
    days : datetime64[D] array, shape (T,)
    language : {"en", "zh"}

    Returns
    -------
    polars.DataFrame
    """
    drawn = _draw(rng, stocks, prices)
    n = len(drawn.row)
    tone = drawn.mood + 0.8 * rng.standard_normal(n)
    kind = np.where(tone < -0.7, _BAD, np.where(tone > 0.7, _GOOD, _PLAIN))
    pick = rng.integers(0, 4, n)
    sectors = SECTORS if language == "en" else SECTORS_ZH
    templates = _TEMPLATES[language]
    texts = [
        templates[k][p].format(name=stocks.name[i], sector=sectors[stocks.sector[i]])
        for k, p, i in zip(kind.tolist(), pick.tolist(), drawn.stock.tolist(), strict=True)
    ]
    hour = CLOSE_HOUR + 0.1 + 6 * rng.random(n)
    return pl.DataFrame(
        {"code": codes(stocks, drawn.stock), "published": at_hour(days[drawn.row], hour), "text": texts}
    ).sort("published", "code")


def _draw(rng: np.random.Generator, stocks: Stocks, prices: Prices) -> _Drawn:
    traded = prices.listed & ~prices.suspended
    surprise = np.nan_to_num((prices.close / prices.preclose - 1) / stocks.volatility)
    chance = np.where(traded, np.minimum(0.015 + 0.03 * np.maximum(np.abs(surprise) - 1, 0), 0.5), 0.0)
    row, stock = np.nonzero(rng.random(chance.shape) < chance)
    return _Drawn(row, stock, np.clip(surprise[row, stock], -4, 4))
