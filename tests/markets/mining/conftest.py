"""A small market with gaps, two units, two groups, and an outcome in which one thing is planted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tael.panels import Panel

Market = Callable[..., tuple[Panel, np.ndarray]]


def _market(
    seed: int = 0, bars: int = 300, entities: int = 40, *, strength: float = 0.0, formula: str = "", dtype: Any = float
) -> tuple[Panel, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (bars, entities)
    close = 10 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    start = close * np.exp(rng.normal(0, 0.01, shape))
    high = np.maximum(close, start) * np.exp(np.abs(rng.normal(0, 0.005, shape)))
    low = np.minimum(close, start) * np.exp(-np.abs(rng.normal(0, 0.005, shape)))
    fields = {"open": start, "high": high, "low": low, "close": close, "volume": rng.lognormal(10, 1, shape).round()}
    gone = rng.random(shape) < 0.03
    for values in fields.values():
        values[gone] = np.nan
    sector = np.tile(rng.integers(0, 4, entities).astype(np.int32), (bars, 1))
    panel = Panel(
        np.datetime64("2020-01-01") + np.arange(bars),
        tuple(f"{number:04d}" for number in range(entities)),
        {name: values.astype(dtype) for name, values in fields.items()},
        {"sector": sector},
    )
    # entities of a sector move together, so that a bar is one draw more than its entities are
    together = rng.normal(0, 1, (bars, 4))[np.arange(bars)[:, None], sector]
    outcome = rng.standard_t(4, shape) + together
    if formula:
        from tael.kernels.panel import zscore
        from tael.panels import compute

        outcome = outcome + strength * np.nan_to_num(zscore(compute(panel, [formula])[0].astype(float), panel.members))
    outcome[gone] = np.nan
    return panel, outcome


@pytest.fixture(scope="session")
def market() -> Market:
    """Makes markets: ``market(seed, bars, entities, strength=0.3, formula="close / delay(close, 5)")``."""
    return _market
