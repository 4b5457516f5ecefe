"""The simulated futures laid out as tables."""

from __future__ import annotations

import numpy as np
import polars as pl

from tael.datasets.futures_activity import MEMBERS, TOP, Activity
from tael.datasets.futures_book import Book
from tael.datasets.futures_curves import Curves
from tael.datasets.futures_products import Contracts, Products
from tael.datasets.market_calendar import CLOSE_HOUR, Days, Floats, Ints, at_hour


def _named(names: tuple[str, ...], at: Ints) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(at)


def list_frames(products: Products, contracts: Contracts) -> dict[str, pl.DataFrame]:
    """Lay out the tables ``products`` and ``contracts``."""
    return {
        "products": pl.DataFrame(
            {
                "product": products.code,
                "title": products.title,
                "title_zh": products.title_zh,
                "exchange": products.exchange,
                "sector": products.sector,
                "multiplier": products.multiplier,
                "tick": products.tick,
                "margin": products.margin,
                "limit": products.limit,
                "night": [end or None for end in products.night],
            },
            schema_overrides={"night": pl.String},
        ),
        "contracts": pl.DataFrame(
            {
                "contract": contracts.code,
                "product": _named(products.code, contracts.product),
                "listed": contracts.listed,
                "expiry": contracts.expiry,
            }
        ),
    }


def bars_frame(products: Products, contracts: Contracts, book: Book, activity: Activity, days: Days) -> pl.DataFrame:
    """Lay out the table ``bars``; a day without a deal has no prices but the settlement's."""
    row, at = np.nonzero(~np.isnan(book.settle))
    volume, product = activity.volume[row, at], contracts.product[at]
    dealt = volume > 0

    def price(values: Floats) -> pl.Series:
        return pl.Series(np.where(dealt, values[row, at], np.nan), nan_to_null=True)

    settle = book.settle[row, at]
    return pl.DataFrame(
        {
            "contract": _named(contracts.code, at),
            "product": _named(products.code, product),
            "date": days[row],
            "closed_at": at_hour(days, CLOSE_HOUR)[row],
            "open": price(book.open),
            "high": price(book.high),
            "low": price(book.low),
            "close": price(book.close),
            "preclose": book.preclose[row, at],
            "settle": settle,
            "presettle": book.presettle[row, at],
            "volume": volume,
            # The settlement price is the average price of the day.
            "amount": np.round(volume * settle * products.multiplier[product], 2),
            "open_interest": activity.interest[row, at],
            "limit_up": book.limit_up[row, at],
            "limit_down": book.limit_down[row, at],
        }
    )


def stores_frames(
    rng: np.random.Generator, products: Products, curves: Curves, activity: Activity, days: Days
) -> dict[str, pl.DataFrame]:
    """Lay out the tables ``spot``, ``receipts`` and ``inventories`` (of each Friday, published on Monday)."""
    t, p = (grid.ravel() for grid in np.indices(curves.spot.shape))
    told = curves.spot * np.exp(0.004 * rng.standard_normal(curves.spot.shape))
    weekly = np.flatnonzero((days.astype(np.int64) + 3) % 7 == 4)
    w, q = (grid.ravel() for grid in np.indices((len(weekly), len(products))))
    return {
        "spot": pl.DataFrame(
            {
                "product": _named(products.code, p),
                "date": days[t],
                "published": at_hour(days[t], 17.5),
                "price": np.round(told.ravel(), 2),
            }
        ),
        "receipts": pl.DataFrame(
            {
                "product": _named(products.code, p),
                "date": days[t],
                "published": at_hour(days[t], 15.75),
                "receipts": activity.receipts.ravel(),
            }
        ),
        "inventories": pl.DataFrame(
            {
                "product": _named(products.code, q),
                "date": days[weekly[w]],
                "published": at_hour(days[weekly[w]] + np.timedelta64(3, "D"), 16),
                "inventory": activity.inventory[weekly].ravel(),
            }
        ),
    }


def members_frame(
    products: Products, contracts: Contracts, curves: Curves, activity: Activity, days: Days
) -> pl.DataFrame:
    """Lay out the table ``member_positions``: of the main contract, after the close."""
    t, p, rank = (grid.ravel() for grid in np.indices((*curves.main.shape, TOP)))
    sides = []
    for side, held, member in (
        ("long", activity.long, activity.long_member),
        ("short", activity.short, activity.short_member),
    ):
        sides.append(
            pl.DataFrame(
                {
                    "product": _named(products.code, p),
                    "contract": _named(contracts.code, curves.main[t, p]),
                    "date": days[t],
                    "published": at_hour(days[t], 16.5),
                    "side": pl.repeat(side, len(t), eager=True),
                    "rank": (rank + 1).astype(np.int8),
                    "member": _named(MEMBERS, member.ravel()),
                    "position": held.ravel(),
                }
            )
        )
    return pl.concat(sides).sort("date", "product", "side", "rank")
