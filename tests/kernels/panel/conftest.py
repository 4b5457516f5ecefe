"""The slow plain oracle of the panel kernels, and panels to try them on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

NAN = math.nan


def mean(v: np.ndarray) -> float:
    """Of a constant, exactly that constant."""
    return v[0] + (v - v[0]).sum() / len(v)


def central(v: np.ndarray, power: int) -> float:
    return ((v - mean(v)) ** power).sum()


def line(v: np.ndarray, p: np.ndarray) -> tuple[float, float, float]:
    """Slope, sum of squares of the places, and of the values."""
    pm, vm = mean(p), mean(v)
    spread = ((p - pm) ** 2).sum()
    return ((p - pm) * (v - vm)).sum() / spread, spread, central(v, 2)


def skew(v: np.ndarray) -> float:
    n, m2, m3 = len(v), central(v, 2) / len(v), central(v, 3) / len(v)
    return np.sqrt(n * (n - 1)) / (n - 2) * m3 / m2**1.5 if m2 else NAN


def kurt(v: np.ndarray) -> float:
    n, m2, m4 = len(v), central(v, 2) / len(v), central(v, 4) / len(v)
    return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * m4 / m2**2 - 3 * (n - 1)) if m2 else NAN


def std(v: np.ndarray) -> float:
    return np.sqrt(central(v, 2) / (len(v) - 1))


def resid(v: np.ndarray, p: np.ndarray) -> float:
    return v[-1] - mean(v) - line(v, p)[0] * (p[-1] - mean(p))


def rsquare(v: np.ndarray, p: np.ndarray) -> float:
    slope, places, values = line(v, p)
    return slope**2 * places / values if values else NAN


# name -> (fewest values, f(values, places, window)): places count from the window's oldest row, which is 0.
PLAIN: dict[str, tuple[int, Callable[[np.ndarray, np.ndarray, int], float]]] = {
    "ts_sum": (1, lambda v, p, w: v.sum()),
    "count_if": (1, lambda v, p, w: v.sum()),
    "ts_mean": (1, lambda v, p, w: mean(v)),
    "product": (1, lambda v, p, w: np.prod(v)),
    "ts_var": (2, lambda v, p, w: central(v, 2) / (len(v) - 1)),
    "ts_std": (2, lambda v, p, w: std(v)),
    "ts_zscore": (2, lambda v, p, w: (v[-1] - mean(v)) / std(v) if std(v) else NAN),
    "ts_skew": (3, lambda v, p, w: skew(v)),
    "ts_kurt": (4, lambda v, p, w: kurt(v)),
    "ts_max": (1, lambda v, p, w: max(v)),
    "ts_min": (1, lambda v, p, w: min(v)),
    "ts_argmax": (1, lambda v, p, w: p[list(v).index(max(v))] + 1),
    "ts_argmin": (1, lambda v, p, w: p[list(v).index(min(v))] + 1),
    "ts_rank": (1, lambda v, p, w: (np.sum(v < v[-1]) + (np.sum(v == v[-1]) + 1) / 2) / len(v)),
    "ts_median": (1, lambda v, p, w: float(np.quantile(v, 0.5))),
    "ts_mad": (1, lambda v, p, w: mean(np.array([abs(x - mean(v)) for x in v]))),
    "ts_slope": (2, lambda v, p, w: line(v, p)[0]),
    "ts_rsquare": (2, lambda v, p, w: rsquare(v, p)),
    "ts_resid": (2, lambda v, p, w: resid(v, p)),
    "decay_linear": (1, lambda v, p, w: (v * (w - p[-1] + p)).sum() / (w - p[-1] + p).sum()),
}


def rolled(name: str, x: np.ndarray, window: int, min_periods: int | None = None) -> np.ndarray:
    """What a kernel of one panel should give, one window at a time."""
    need, statistic = PLAIN[name]
    least = max((window + 1) // 2 if min_periods is None else min_periods, need)
    out = np.full(x.shape, NAN)
    for t, n in np.ndindex(x.shape):
        rows = x[max(0, t - window + 1) : t + 1, n].astype(np.longdouble)
        there = np.isfinite(rows)
        if there[-1] and there.sum() >= least:
            out[t, n] = statistic(rows[there], np.flatnonzero(there).astype(np.longdouble), window)
    return out


@pytest.fixture(scope="session")
def plain() -> Any:
    """``plain(name, x, window, min_periods)``."""
    return rolled


@pytest.fixture(scope="session")
def names() -> list[str]:
    """The kernels that the oracle knows."""
    return list(PLAIN)


def _numbers(rng: np.random.Generator, kind: str, shape: tuple[int, int]) -> np.ndarray:
    if kind == "returns":
        return rng.normal(0, 0.02, shape)
    if kind == "prices":
        return 10 * np.exp(np.cumsum(rng.normal(0, 0.02, shape), axis=0))
    if kind == "volumes":
        return np.exp(rng.normal(20, 2, shape)).round()
    if kind == "ticks":
        return rng.integers(-2, 3, shape).astype(float)
    if kind == "spikes":
        return np.where(rng.random(shape) < 0.1, 1e9, 1.0) * rng.normal(1, 0.1, shape)
    return np.full(shape, 0.1)


@st.composite
def _panels(draw: st.DrawFn) -> np.ndarray:
    rows, columns = draw(st.integers(1, 40)), draw(st.sampled_from([1, 3, 8, 9, 17]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = _numbers(
        rng, draw(st.sampled_from(["returns", "prices", "volumes", "ticks", "spikes", "constant"])), (rows, columns)
    )
    x[rng.random(x.shape) < draw(st.sampled_from([0.0, 0.05, 0.6]))] = NAN
    first = draw(st.integers(0, rows))
    x[first : first + draw(st.sampled_from([0, 0, 5, 30])), : columns // 2 + 1] = NAN
    if draw(st.booleans()):
        x[rng.random(x.shape) < 0.03] = math.inf
        x[rng.random(x.shape) < 0.03] = -math.inf
    return x


@pytest.fixture(scope="session")
def panels() -> st.SearchStrategy[np.ndarray]:
    """Strategy of small panels: returns, prices, volumes, ties, spikes, constants; gaps, late starts, infinities."""
    return _panels()
