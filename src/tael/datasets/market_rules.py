"""How far a simulated A share may move in a day: by board, by date, by risk warning, by days since listing.

Sources: Shanghai and Shenzhen Stock Exchange Trading Rules. Main board 10 %, stocks under risk warning (ST) 5 %; STAR
20 % from its first day (2019-07-22); ChiNext 20 % from 2020-08-24 (10 % before; ST alike since then); Beijing Stock
Exchange 30 % (2021-11-15). No limit on the first five days of STAR, of ChiNext from 2020-08-24 and of the main board
from 2023-04-10 (Beijing: the first day); before, the first day had +44 % and -36 %.
"""

from __future__ import annotations

import numpy as np

from tael.datasets.market_calendar import Flags, Floats, Ints

BOARDS = ("main", "chinext", "star", "bse")
MAIN, CHINEXT, STAR, BSE = range(4)
BOARD_OPENS = np.array(["1990-12-19", "2009-10-30", "2019-07-22", "2021-11-15"], dtype="datetime64[D]")
"""The first day of trading of each board."""

CHINEXT_REFORM = np.datetime64("2020-08-24")
MAIN_REFORM = np.datetime64("2023-04-10")
TICK = 0.01


def limit_rates(day: np.datetime64, board: Ints, warned: Flags, age: Ints) -> tuple[Floats, Floats]:
    """Say by which share of the previous close each stock may rise and fall today.

    Parameters
    ----------
    day : datetime64[D]
    board : int64 array, shape (N,)
        Codes into `BOARDS`.
    warned : bool array, shape (N,)
        Under risk warning (ST).
    age : int64 array, shape (N,)
        Trading days since the listing, 0 on the first.

    Returns
    -------
    up, down : float64 arrays, shape (N,)
        Infinite and 1 where there is no limit.

    Examples
    --------
    >>> board = np.array([MAIN, MAIN, CHINEXT, STAR])
    >>> up, down = limit_rates(np.datetime64("2020-08-21"), board, np.arange(4) == 1, np.full(4, 99))
    >>> up.tolist()
    [0.1, 0.05, 0.1, 0.2]
    """
    reformed = day >= CHINEXT_REFORM
    base = np.array([0.10, 0.20 if reformed else 0.10, 0.20, 0.30])
    up = base[board]
    five_percent = warned & ((board == MAIN) | ((board == CHINEXT) & (not reformed)))
    up[five_percent] = 0.05
    down = up.copy()
    free_days = np.array([5 if day >= MAIN_REFORM else 0, 5 if reformed else 0, 5, 1])[board]
    first = (age == 0) & (free_days == 0)
    up[first], down[first] = 0.44, 0.36
    free = age < free_days
    up[free], down[free] = np.inf, 1.0
    return up, down


def limit_prices(preclose: Floats, up: Floats, down: Floats) -> tuple[Floats, Floats]:
    """Return the highest and lowest price of the day, rounded half up to the tick.

    >>> [price.tolist() for price in limit_prices(np.array([9.99]), np.array([0.1]), np.array([0.1]))]
    [[10.99], [8.99]]
    """
    # A hair is added so that 10.985 as a float does not round down.
    highest = np.floor(preclose * (1 + up) / TICK + 0.5 + 1e-7) * TICK
    lowest = np.floor(preclose * (1 - down) / TICK + 0.5 + 1e-7) * TICK
    return np.round(highest, 2), np.maximum(np.round(lowest, 2), TICK)
