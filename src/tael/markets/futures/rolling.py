"""Which contract stands for a product on each day, decided the day before, and never back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.bars import Bars
from tael.markets.reading.corporate import carried

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Rule = Literal["open_interest", "volume", "days_before_expiry"]
RULES: tuple[Rule, ...] = ("open_interest", "volume", "days_before_expiry")


@dataclass(frozen=True, eq=False)
class Roll:
    """The contract that stands for each product, bar by bar.

    Parameters
    ----------
    times : ndarray of datetime64, shape (T,)
    products : tuple of str
        P codes.
    entities : tuple of str
        The N contracts of the bars.
    contract : ndarray of int32, shape (T, P)
        Index of the contract in force in bar t; -1 where there is none.
    decided : ndarray of int32, shape (T, P)
        What was decided after bar t had closed: in force in bar t + 1.
    following : ndarray of int32, shape (T, P)
        The next liquid contract that expires later, in force in bar t, decided after bar t - 1.
    rule : str
        In words.
    """

    times: NDArray[np.datetime64]
    products: tuple[str, ...]
    entities: tuple[str, ...]
    contract: Codes
    decided: Codes
    following: Codes
    rule: str

    @property
    def rolled(self) -> NDArray[np.bool_]:
        """Where bar t has another contract than bar t - 1, (T, P); the first contract is no roll."""
        moved = np.zeros(self.contract.shape, dtype=np.bool_)
        moved[1:] = (self.contract[1:] != self.contract[:-1]) & (self.contract[1:] >= 0) & (self.contract[:-1] >= 0)
        return moved

    def window(self, stop: int) -> Roll:
        """The first `stop` bars."""
        return replace(
            self, times=self.times[:stop], contract=self.contract[:stop], decided=self.decided[:stop],
            following=self.following[:stop],
        )  # fmt: skip

    def trades(self, bars: Bars) -> pl.DataFrame:
        """Every roll: when it was decided, from which bar on it holds, from and to which contract, at what spread.

        Returns
        -------
        polars.DataFrame
            Columns product, decided, effective, old, new, old_price, new_price, spread (new over old, less one), at the
            prices of the decision.
        """
        t, p = np.nonzero(self.rolled)
        old, new = self.contract[t - 1, p], self.contract[t, p]
        price_old, price_new = roll_prices(bars, t - 1, old, new)
        return pl.DataFrame(
            {
                "product": [self.products[at] for at in p],
                "decided": self.times[t - 1],
                "effective": self.times[t],
                "old": [self.entities[at] for at in old],
                "new": [self.entities[at] for at in new],
                "old_price": price_old,
                "new_price": price_new,
                "spread": price_new / price_old - 1,
            }
        ).sort("effective", "product")


def roll_prices(bars: Bars, t: NDArray[np.int64], old: Codes, new: Codes) -> tuple[Floats, Floats]:
    """Prices of two contracts after the same bars: both closes, or where one did not deal both settlements."""
    settle = carried(np.where(np.isfinite(bars.settle), bars.settle, bars.close))
    first, second = bars.close[t, old], bars.close[t, new]
    both = np.isfinite(first) & np.isfinite(second)
    return np.where(both, first, settle[t, old]), np.where(both, second, settle[t, new])


def roll(bars: Bars, rule: Rule = "open_interest", *, days: int = 10) -> Roll:
    """Decide, after each bar, which contract stands for each product in the next.

    Candidates are listed, have had a price and more than `days` calendar days to their expiry. "open_interest" and
    "volume" take the largest of bar t, the nearer of equals; "days_before_expiry" takes the nearest. A contract is kept
    or left for one that expires later; there is no way back. All of it is known at the close of bar t.

    Parameters
    ----------
    bars : Bars
        Of dated contracts, with `product` and `expiry`, and the field "open_interest" for that rule.
    rule : {"open_interest", "volume", "days_before_expiry"}
    days : int
        A position must be gone before delivery; natural persons may not enter the delivery month.

    Returns
    -------
    Roll

    Raises
    ------
    MarketError

    Examples
    --------
    >>> day = np.array(["2014-01-02", "2014-01-03", "2014-01-06"], dtype="M8[D]")
    >>> price = np.array([[100.0, 102.0]] * 3)
    >>> held = np.array([[9.0, 1.0], [4.0, 5.0], [6.0, 5.0]])
    >>> month = np.array(["2014-05-15", "2014-09-15"], dtype="M8[D]")
    >>> bars = Bars(day, ("p1405", "p1409"), price, price, price, price, expiry=month, product=np.array(["p", "p"]),
    ...     fields={"open_interest": held})
    >>> found = roll(bars)
    >>> found.contract.ravel(), found.decided.ravel()
    (array([-1,  0,  1], dtype=int32), array([0, 1, 1], dtype=int32))
    """
    if rule not in RULES:
        raise MarketError(f"There is no rule {rule!r} to roll by.", expected=", ".join(RULES))
    score = _score(bars, rule)
    if days < 0:
        raise MarketError("A contract cannot be held beyond its expiry.", expected="days of 0 or more", got=str(days))
    if np.isnat(bars.expiry).any() or (bars.product == "").any():
        raise MarketError(
            "Contracts must have a product and an expiry.",
            got=bars.entities[int(np.argmax(np.isnat(bars.expiry) | (bars.product == "")))],
            fix="Read them with tael.markets.futures.contract_bars, or pass both to Bars.",
        )
    products = tuple(sorted(set(bars.product.tolist())))
    today = bars.times.astype("datetime64[D]")[:, None]
    left = (bars.expiry[None, :] - today).astype(np.int64)
    priced = np.isfinite(carried(np.where(np.isfinite(bars.settle), bars.settle, bars.close)))
    may = bars.listed & priced & (left > days)
    shape = (len(bars), len(products))
    decided, following = np.full(shape, -1, dtype=np.int32), np.full(shape, -1, dtype=np.int32)
    for p, product in enumerate(products):
        chain = np.flatnonzero(bars.product == product)
        chain = chain[np.argsort(bars.expiry[chain], kind="stable")]
        main, second = _one(score[:, chain], may[:, chain], left[:, chain])
        decided[:, p] = np.where(main >= 0, chain[main], -1)
        following[:, p] = np.where(second >= 0, chain[second], -1)

    def late(codes: Codes) -> Codes:
        return np.vstack([np.full((1, shape[1]), -1, dtype=np.int32), codes[:-1]])

    told = {
        "open_interest": "largest open interest of the bar before",
        "volume": "largest volume of the bar before",
        "days_before_expiry": "nearest expiry",
    }[rule]
    return Roll(
        bars.times,
        products,
        bars.entities,
        late(decided),
        decided,
        late(following),
        f"{told}, more than {days} days before expiry, never back",
    )


def _score(bars: Bars, rule: Rule) -> Floats:
    if rule == "days_before_expiry":
        return np.broadcast_to(-bars.expiry.astype(np.int64).astype(np.float64), bars.shape)
    if rule == "open_interest" and "open_interest" not in bars.fields:
        raise MarketError(
            "The bars do not tell the open interest.",
            expected='the field "open_interest"',
            got=", ".join(bars.fields) or "no fields",
            fix='Pass it, or roll by "volume".',
        )
    size = bars.fields["open_interest"] if rule == "open_interest" else bars.volume
    return np.where(size > 0, size, -np.inf)


def _one(score: Floats, may: NDArray[np.bool_], left: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranks of the main and of the next contract of one chain, by row; -1 where there is none."""
    value = np.where(may, score, -np.inf)
    rows = np.arange(len(value))
    best = np.argmax(value, axis=1)  # the first of equals is the nearer
    best = np.where(np.isfinite(value[rows, best]), best, -1)
    main = np.maximum.accumulate(best)
    over = (main >= 0) & (left[rows, np.maximum(main, 0)] <= 0)
    main = np.where(over, -1, main)
    # later contracts only: what expires with or before the main one is no next
    later = np.arange(value.shape[1])[None, :] > main[:, None]
    rest = np.where(later & (main >= 0)[:, None], value, -np.inf)
    second = np.argmax(rest, axis=1)
    return main, np.where(np.isfinite(rest[rows, second]), second, -1)
