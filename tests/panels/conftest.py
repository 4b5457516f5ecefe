"""Small panels with gaps, latecomers, suspensions and two groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tael.panels import Panel


def _panel(seed: int = 0, rows: int = 60, columns: int = 11, *, dtype: Any = np.float64) -> Panel:
    rng = np.random.default_rng(seed)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.03, (rows, columns)), 0))
    start = close * np.exp(rng.normal(0, 0.02, close.shape))
    high = np.maximum(close, start) * np.exp(np.abs(rng.normal(0, 0.01, close.shape)))
    low = np.minimum(close, start) * np.exp(-np.abs(rng.normal(0, 0.01, close.shape)))
    volume = np.round(np.exp(rng.normal(13, 1, close.shape)))
    # whole numbers that repeat, so that ranks have ties and windows have constants
    coarse = rng.integers(0, 3, close.shape).astype(float)
    fields = {"open": start, "high": high, "low": low, "close": close, "volume": volume, "coarse": coarse}
    fields["vwap"] = (high + low + close) / 3
    gone = rng.random(close.shape) < 0.08
    gone[: rows // 3, columns - 1] = True
    for values in fields.values():
        values[gone] = np.nan
    fields["close"][rng.random(close.shape) < 0.03] = np.nan
    sector = np.tile(rng.integers(0, 3, columns), (rows, 1)).astype(np.int32)
    sector[rows // 2 :, 0] = (sector[0, 0] + 1) % 3
    sector[rng.random(close.shape) < 0.05] = -1
    size = rng.integers(0, 2, close.shape).astype(np.int32)
    members = ~gone & (rng.random(close.shape) < 0.9)
    return Panel(
        np.datetime64("2020-01-01") + np.arange(rows).astype("m8[D]"),
        tuple(f"{number:06d}" for number in range(columns)),
        {name: values.astype(dtype) for name, values in fields.items()},
        {"sector": sector, "size": size, "industry": sector, "subindustry": sector},
        {"sector": ("banks", "steel", "tea"), "size": ("small", "large")},
        ~gone,
        None,
        members,
    )


@pytest.fixture(scope="session")
def make_panel() -> Callable[..., Panel]:
    return _panel


@pytest.fixture(scope="session")
def same_bits() -> Callable[[np.ndarray, np.ndarray], bool]:
    return lambda left, right: np.array_equal(left, right, equal_nan=True)
