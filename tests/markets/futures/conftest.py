from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tael.markets import Bars


@pytest.fixture(scope="session")
def chains() -> Callable[[int, int], Bars]:
    """Two products with overlapping monthly contracts, random prices, some days without a deal or without a row."""

    def make(seed: int, t: int = 40) -> Bars:
        rng = np.random.default_rng(seed)
        days = np.datetime64("2014-01-02") + np.arange(t)
        names = [f"{code}14{month:02d}" for code in ("a", "p") for month in (1, 2, 3, 5)]
        product = np.array([name[0] for name in names])
        expiry = np.array([f"2014-{name[-2:]}-15" for name in names], dtype="M8[D]")
        shape = (t, len(names))
        close = 100 + np.cumsum(rng.normal(size=shape), axis=0) + 10 * np.arange(len(names))
        listed = days[:, None] <= expiry[None, :]
        listed &= np.maximum.accumulate(rng.random(shape) < 0.5, axis=0)
        dealt = listed & (rng.random(shape) < 0.9)
        settle = np.where(listed, close + 0.5, np.nan)
        price = np.where(dealt, close, np.nan)
        interest = np.where(listed, rng.integers(0, 4, shape) * 10.0, np.nan)
        volume = np.where(dealt, rng.integers(1, 50, shape) * 1.0, 0.0)
        return Bars(
            days, tuple(names), price, price, price, price, settle=settle, listed=listed, volume=volume,
            product=product, expiry=expiry, fields={"open_interest": interest},
        )  # fmt: skip

    return make
