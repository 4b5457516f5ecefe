"""The stocks of a simulated market: codes, boards, sectors, listing days, sizes and temperaments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.datasets.market_calendar import Days, Floats, Ints
from tael.datasets.market_rules import BOARD_OPENS, BOARDS, BSE, CHINEXT, MAIN, STAR

SECTORS = (
    "energy", "materials", "industrials", "consumer", "staples", "health", "banks", "real estate", "technology",
    "communication", "utilities",
)  # fmt: skip
SECTORS_ZH = ("能源", "材料", "工业", "消费", "食品", "医药", "金融", "地产", "科技", "通信", "公用")

_BOARD_SHARES = (0.62, 0.22, 0.13, 0.03)
# Young boards hold young companies: their shares move more.
_BOARD_VOLATILITY = np.array([0.019, 0.024, 0.026, 0.028])
_LISTED_BEFORE = 0.8


@dataclass(frozen=True)
class Stocks:
    """What a stock is from its first day on; arrays of shape (N,).

    Attributes
    ----------
    code, name : tuple of str
    board, sector : int64 arrays
        Codes into `BOARDS` and `SECTORS`.
    listed : datetime64[D] array
        Day of the listing; may be before the simulated period.
    first : int64 array
        Row of the first bar (0 where listed before).
    price : float64 array
        Close before the first bar, or the price of the offering (CNY).
    shares : float64 array
        Shares at the first bar.
    beta, volatility : float64 arrays
        Sensitivity to the market; usual daily standard deviation of what is the stock's own.
    book : float64 array
        Book value of equity over market value at the first bar.
    turnover : float64 array
        Usual share of the shares traded in a day.
    """

    code: tuple[str, ...]
    name: tuple[str, ...]
    board: Ints
    sector: Ints
    listed: Days
    first: Ints
    price: Floats
    shares: Floats
    beta: Floats
    volatility: Floats
    book: Floats
    turnover: Floats

    def __len__(self) -> int:
        return len(self.code)


def make_stocks(rng: np.random.Generator, n: int, days: Days) -> Stocks:
    """Draw the stocks.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    days : datetime64[D] array, shape (T,)
        Trading days.

    Returns
    -------
    Stocks

    Examples
    --------
    >>> days = np.arange("2020-01-01", "2021-01-01", dtype="datetime64[D]")
    >>> make_stocks(np.random.default_rng(1), 3, days).code[0][:3]
    'sh.'
    """
    board = np.sort(rng.choice(4, n, p=_BOARD_SHARES).astype(np.int64))
    # Boards that have not had time to grow by the end of the data do not exist in it.
    too_young = BOARD_OPENS[board] > days[-1] - np.timedelta64(90, "D")
    board = np.sort(np.where(too_young, MAIN, board))
    board[0] = MAIN
    sector = rng.choice(len(SECTORS), n).astype(np.int64)
    before = (rng.random(n) < _LISTED_BEFORE) & (BOARD_OPENS[board] < days[0])
    earliest = np.maximum(np.searchsorted(days, BOARD_OPENS[board]), 1)
    latest = max(len(days) - 20, 2)
    first = np.where(before, 0, rng.integers(np.minimum(earliest, latest - 1), latest))
    age = np.where(before, rng.integers(60, 5000, n), 0).astype("timedelta64[D]")
    listed = np.maximum(days[first] - age, BOARD_OPENS[board])
    price = np.round(np.clip(np.exp(rng.normal(np.log(15), 0.65, n)), 3, 300), 2)
    cap = np.exp(rng.normal(np.log(9e9), 1.15, n))
    return Stocks(
        code=_codes(board),
        name=tuple(f"模拟{SECTORS_ZH[s]}{i:04d}" for i, s in enumerate(sector)),
        board=board,
        sector=sector,
        listed=listed,
        first=first.astype(np.int64),
        price=price,
        shares=np.round(cap / price, -4) + 1e7,
        beta=np.clip(rng.normal(1.0, 0.25, n), 0.3, 1.9),
        volatility=_BOARD_VOLATILITY[board] * np.exp(rng.normal(0, 0.25, n)),
        book=np.exp(rng.normal(np.log(0.45), 0.5, n)),
        turnover=np.clip(np.exp(rng.normal(np.log(0.012), 0.6, n)), 0.0008, 0.12),
    )


def _codes(board: Ints) -> tuple[str, ...]:
    """Number the stocks as the exchanges do; the main board is shared by Shanghai and Shenzhen."""
    stems = {CHINEXT: "sz.300", STAR: "sh.688", BSE: "bj.83"}
    codes, seen = [], [0] * len(BOARDS)
    for b in board.tolist():
        number = seen[b]
        seen[b] += 1
        if b == MAIN:
            stem, number = ("sh.60", number // 2) if number % 2 == 0 else ("sz.00", number // 2 + 1)
        else:
            stem, number = stems[b], number + 1
        codes.append(f"{stem}{number:0{9 - len(stem)}d}")
    return tuple(codes)
