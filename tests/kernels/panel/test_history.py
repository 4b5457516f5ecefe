"""Lags, exponential means and streaks, against numpy and pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels import panel as kernels


def test_lags_are_shifts(panels: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(panels, st.integers(0, 50))
    def check(x: np.ndarray, rows: int) -> None:
        clean = np.where(np.isfinite(x), x, np.nan)
        frame = pd.DataFrame(clean)
        np.testing.assert_array_equal(kernels.delay(x, rows), frame.shift(rows).to_numpy())
        np.testing.assert_array_equal(kernels.lead(x, rows), frame.shift(-rows).to_numpy())
        np.testing.assert_array_equal(kernels.delta(x, rows), clean - frame.shift(rows).to_numpy())

    check()


def test_the_exponential_mean_is_that_of_pandas(panels: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(panels, st.sampled_from([1, 2, 10, 60]), st.sampled_from([1, 3]))
    def check(x: np.ndarray, span: int, least: int) -> None:
        frame = pd.DataFrame(np.where(np.isfinite(x), x, np.nan))
        expected = frame.ewm(span=span, min_periods=least).mean().where(frame.notna()).to_numpy()
        np.testing.assert_allclose(kernels.ewm(x, span, min_periods=least), expected, rtol=1e-9)

    check()


def test_pairs_are_those_of_numpy(panels: Any) -> None:
    @settings(max_examples=40, deadline=None)
    @given(panels, st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 20]))
    def check(x: np.ndarray, seed: int, window: int) -> None:
        rng = np.random.default_rng(seed)
        y = 1e3 * rng.normal(size=x.shape) + np.where(np.isfinite(x), x, 0.0)
        y[rng.random(x.shape) < 0.1] = np.nan
        both = np.isfinite(x) & np.isfinite(y)
        cov, corr = kernels.ts_cov(x, y, window), kernels.ts_corr(x, y, window)
        for t, n in np.ndindex(x.shape):
            rows = slice(max(0, t - window + 1), t + 1)
            there = both[rows, n]
            if not there[-1] or there.sum() < max(2, (window + 1) // 2):
                assert np.isnan(cov[t, n])
                assert np.isnan(corr[t, n])
                continue
            a, b = (z[rows, n][there].astype(np.longdouble) for z in (x, y))
            da, db = a - a[0] - (a - a[0]).mean(), b - b[0] - (b - b[0]).mean()
            spread = np.sqrt((da @ da) * (db @ db))
            np.testing.assert_allclose(cov[t, n] * (len(a) - 1), da @ db, atol=1e-12 * float(spread))
            expected = da @ db / spread if spread else np.nan
            np.testing.assert_allclose(corr[t, n], float(expected), atol=1e-12)

    check()


def test_quantiles_are_those_of_numpy(panels: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(panels, st.sampled_from([1, 2, 5, 20]), st.floats(0, 1))
    def check(x: np.ndarray, window: int, q: float) -> None:
        got = kernels.ts_quantile(x, window, q, min_periods=1)
        for t, n in np.ndindex(x.shape):
            rows = x[max(0, t - window + 1) : t + 1, n]
            there = rows[np.isfinite(rows)]
            expected = np.quantile(there, q) if np.isfinite(x[t, n]) else np.nan
            np.testing.assert_allclose(got[t, n], expected, rtol=1e-9)

    check()


def test_a_streak_ends_with_a_row_that_is_not_known() -> None:
    flag = np.array([[1, 1, 0], [1, np.nan, 1], [0, 1, 1], [1, 1, 2]])
    expected = np.array([[1, 1, 0], [2, np.nan, 1], [0, 1, 2], [1, 2, 3]])
    np.testing.assert_array_equal(kernels.streak(flag), expected)
