"""Products of a simulated futures market: sizes, ticks and hours of real ones, prices of none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Days, Floats, Ints

# code exchange sector multiplier tick margin limit night months price yearly-volatility open-interest English Chinese
_TABLE = """
rb SHFE ferrous  10   1    0.10 0.07 23:00 1,5,10 3800   0.24 1800000 rebar 螺纹钢
m  DCE  oilseeds 10   1    0.08 0.06 23:00 1,5,9  3100   0.18 1900000 soybean_meal 豆粕
cu SHFE metals   5    10   0.10 0.07 01:00 all    58000  0.18 330000  copper 铜
ta CZCE chemical 5    2    0.08 0.06 23:00 1,5,9  5400   0.26 1500000 pta 精对苯二甲酸
au SHFE precious 1000 0.02 0.08 0.06 02:30 even   380    0.14 300000  gold 黄金
i  DCE  ferrous  100  0.5  0.12 0.08 23:00 1,5,9  720    0.34 800000  iron_ore 铁矿石
c  DCE  grains   10   1    0.08 0.06 23:00 1,5,9  2300   0.12 1300000 corn 玉米
sr CZCE softs    10   1    0.08 0.06 23:00 1,5,9  5600   0.15 500000  sugar 白糖
al SHFE metals   5    5    0.10 0.07 01:00 all    17000  0.16 400000  aluminium 铝
y  DCE  oilseeds 10   2    0.08 0.06 23:00 1,5,9  7200   0.19 550000  soybean_oil 豆油
ma CZCE chemical 10   1    0.09 0.07 23:00 1,5,9  2400   0.26 1100000 methanol 甲醇
ag SHFE precious 15   1    0.10 0.07 02:30 even   4800   0.24 600000  silver 白银
hc SHFE ferrous  10   1    0.10 0.07 23:00 1,5,10 3900   0.23 900000  hot_rolled_coil 热轧卷板
p  DCE  oilseeds 10   2    0.09 0.07 23:00 1,5,9  6800   0.26 500000  palm_oil 棕榈油
cf CZCE softs    5    5    0.08 0.06 23:00 1,5,9  15000  0.18 600000  cotton 棉花
zn SHFE metals   5    5    0.10 0.07 01:00 all    21000  0.20 200000  zinc 锌
l  DCE  chemical 5    1    0.08 0.06 23:00 1,5,9  8200   0.19 450000  polyethylene 聚乙烯
ru SHFE chemical 10   5    0.10 0.07 23:00 1,5,9  13000  0.25 260000  rubber 天然橡胶
rm CZCE oilseeds 10   1    0.08 0.06 23:00 1,5,9  2600   0.21 700000  rapeseed_meal 菜籽粕
ni SHFE metals   1    10   0.12 0.09 01:00 all    120000 0.30 180000  nickel 镍
pp DCE  chemical 5    1    0.08 0.06 23:00 1,5,9  8000   0.19 550000  polypropylene 聚丙烯
jm DCE  ferrous  60   0.5  0.13 0.09 23:00 1,5,9  1600   0.36 280000  coking_coal 焦煤
oi CZCE oilseeds 10   1    0.08 0.06 23:00 1,5,9  8300   0.20 280000  rapeseed_oil 菜籽油
v  DCE  chemical 5    1    0.08 0.06 23:00 1,5,9  6700   0.21 800000  pvc 聚氯乙烯
bu SHFE energy   10   1    0.10 0.07 23:00 even   3200   0.27 400000  bitumen 石油沥青
j  DCE  ferrous  100  0.5  0.13 0.09 23:00 1,5,9  2300   0.36 60000   coke 焦炭
sa CZCE chemical 20   1    0.10 0.07 23:00 1,5,9  2000   0.34 900000  soda_ash 纯碱
fg CZCE building 20   1    0.10 0.07 23:00 1,5,9  1700   0.31 850000  glass 玻璃
a  DCE  oilseeds 10   1    0.08 0.06 23:00 1,5,9  4500   0.15 180000  soybean_1 黄大豆1号
ur CZCE chemical 20   1    0.08 0.06 -     1,5,9  2000   0.26 250000  urea 尿素
"""

MOST_PRODUCTS = len(_TABLE.strip().splitlines())
_MONTHS = {"all": tuple(range(1, 13)), "even": (2, 4, 6, 8, 10, 12), "1,5,9": (1, 5, 9), "1,5,10": (1, 5, 10)}


@dataclass(frozen=True)
class Products:
    """What is traded; arrays of shape (P,).

    Attributes
    ----------
    code, exchange, sector, night, title, title_zh : tuple of str
        `night`: when the night session ends, "" where there is none.
    months : tuple of tuple of int
        Delivery months of a year.
    multiplier, tick, margin, limit : float64 arrays
        Currency for a point; step of the price; margin and daily limit as shares.
    price, volatility : float64 arrays
        Price at the beginning; yearly standard deviation.
    interest : float64 array
        Usual open interest of all contracts together.
    group : int64 array
        Number of the sector.
    """

    code: tuple[str, ...]
    exchange: tuple[str, ...]
    sector: tuple[str, ...]
    night: tuple[str, ...]
    title: tuple[str, ...]
    title_zh: tuple[str, ...]
    months: tuple[tuple[int, ...], ...]
    multiplier: Floats
    tick: Floats
    margin: Floats
    limit: Floats
    price: Floats
    volatility: Floats
    interest: Floats
    group: Ints

    def __len__(self) -> int:
        return len(self.code)


def make_products(n: int) -> Products:
    """Take the first `n` products of the table.

    >>> make_products(2).title
    ('rebar', 'soybean meal')
    """
    cells = [line.split() for line in _TABLE.strip().splitlines()][:n]
    (code, exchange, sector, multiplier, tick, margin, limit, night, months, price, volatility, interest, en, zh) = (
        tuple(column) for column in zip(*cells, strict=True)
    )
    numbers = {
        name: np.array(column, dtype=np.float64)
        for name, column in (
            ("multiplier", multiplier), ("tick", tick), ("margin", margin), ("limit", limit), ("price", price),
            ("volatility", volatility), ("interest", interest),
        )
    }  # fmt: skip
    return Products(
        code=code,
        exchange=exchange,
        sector=sector,
        night=tuple("" if end == "-" else end for end in night),
        title=tuple(name.replace("_", " ") for name in en),
        title_zh=zh,
        months=tuple(_MONTHS[rule] for rule in months),
        group=np.unique(sector, return_inverse=True)[1].astype(np.int64),
        **numbers,
    )


@dataclass(frozen=True)
class Contracts:
    """Dated contracts, by product and then by expiry; arrays of shape (N,).

    Attributes
    ----------
    code : tuple of str
        Product, year and month of delivery: rb2405.
    product : int64 array
        Number of the product.
    first, last : int64 arrays
        Rows of the first bar and of the last trading day; `last` may lie beyond the data.
    listed, expiry : datetime64[D] arrays
        The days of those rows (a contract older than the data was listed before them).
    """

    code: tuple[str, ...]
    product: Ints
    first: Ints
    last: Ints
    listed: Days
    expiry: Days

    def __len__(self) -> int:
        return len(self.code)


_LISTED_AHEAD = 245
"""Trading days between listing and expiry."""


def make_contracts(products: Products, calendar: Days, before: int, n_days: int) -> Contracts:
    """List the contracts that trade in the simulated days.

    The last trading day follows the exchanges' rules: in Shanghai the 15th of the delivery month, or the next trading
    day; in Dalian and Zhengzhou the tenth trading day of the month.

    Parameters
    ----------
    products : Products
    calendar : datetime64[D] array
        Trading days: `before` of them, then `n_days` that are simulated, then enough to end the last contracts.
    before, n_days : int

    Returns
    -------
    Contracts
    """
    months = calendar.astype("datetime64[M]")
    known = np.unique(months)[:-1]
    found: list[tuple[int, np.datetime64, int]] = []
    for p in range(len(products)):
        for month in known:
            if int(str(month)[5:]) in products.months[p]:
                if products.exchange[p] == "SHFE":
                    at = int(np.searchsorted(calendar, month.astype("datetime64[D]") + 14))
                else:
                    at = int(np.searchsorted(months, month)) + 9
                last = at - before
                if last >= 0 and last - _LISTED_AHEAD < n_days:
                    found.append((p, month, last))
    product, month_of, last_row = (np.array(column) for column in zip(*found, strict=True))
    first_row = last_row - _LISTED_AHEAD
    return Contracts(
        code=tuple(
            f"{products.code[p]}{str(month)[2:4]}{str(month)[5:]}" for p, month in zip(product, month_of, strict=True)
        ),
        product=product.astype(np.int64),
        first=np.maximum(first_row, 0).astype(np.int64),
        last=last_row.astype(np.int64),
        listed=calendar[np.maximum(first_row + before, 0)],
        expiry=calendar[last_row + before],
    )
