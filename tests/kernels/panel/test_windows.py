"""Every series kernel against the plain oracle, and the laws that all of them keep."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import PanelError
from tael.kernels import panel as kernels

ONE = (
    "ts_sum", "count_if", "ts_mean", "product", "ts_var", "ts_std", "ts_zscore", "ts_skew", "ts_kurt", "ts_max",
    "ts_min", "ts_argmax", "ts_argmin", "ts_rank", "ts_median", "ts_mad", "ts_slope", "ts_rsquare", "ts_resid",
    "decay_linear",
)  # fmt: skip
OTHER = {
    "ts_corr": lambda x, w, **how: kernels.ts_corr(x, np.roll(x, 1, axis=1) * 2 + 1, w, **how),
    "ts_cov": lambda x, w, **how: kernels.ts_cov(x, np.roll(x, 1, axis=1) * 2 + 1, w, **how),
    "ts_quantile": lambda x, w, **how: kernels.ts_quantile(x, w, 0.3, **how),
    "delay": kernels.delay,
    "delta": kernels.delta,
    "ewm": kernels.ewm,
    "streak": lambda x, w, **how: kernels.streak(x > 0, **how),
}
ALL: dict[str, Any] = {name: getattr(kernels, name) for name in ONE} | OTHER
WINDOWS = st.sampled_from([1, 2, 3, 5, 8, 20, 100])


def tolerance(name: str, x: np.ndarray) -> float:
    """What an error may be where the result is a difference of large numbers, or a share of them."""
    if name in ("ts_resid", "ts_slope", "ts_mad", "ts_sum", "ts_mean", "decay_linear"):
        return 1e-13 * float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    return 1e-12 if name in ("ts_rsquare", "ts_zscore", "ts_skew", "ts_kurt") else 0.0


@pytest.mark.parametrize("name", ONE)
def test_the_kernel_is_the_plain_oracle(name: str, plain: Any, panels: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(panels, WINDOWS, st.sampled_from([None, None, 1, 4]))
    def check(x: np.ndarray, window: int, min_periods: int | None) -> None:
        got = getattr(kernels, name)(x, window, min_periods=min_periods)
        expected = plain(name, x, window, min_periods)
        if name in ("ts_skew", "ts_kurt"):
            # Where next to nothing varies, higher moments are rounding errors on both sides.
            flat = ~(plain("ts_std", x, window, min_periods) > 1e-6 * np.abs(np.where(np.isfinite(x), x, 0.0)))
            got, expected = np.where(flat, np.nan, got), np.where(flat, np.nan, expected)
        np.testing.assert_allclose(got, expected, rtol=1e-9, atol=tolerance(name, x))

    check()


@pytest.mark.parametrize("name", ALL)
def test_later_rows_change_nothing_and_a_late_start_gives_the_same_bits(name: str, panels: Any) -> None:
    @settings(max_examples=15, deadline=None)
    @given(panels, WINDOWS, st.integers(0, 40), st.sampled_from([np.float32, np.float64]))
    def check(x: np.ndarray, window: int, t: int, dtype: type) -> None:
        with np.errstate(over="ignore"):
            x = x.astype(dtype)
        whole = ALL[name](x, window)
        np.testing.assert_array_equal(ALL[name](x[: t + 1], window), whole[: t + 1])
        changed = x.copy()
        changed[t + 1 :] = 7.0
        np.testing.assert_array_equal(ALL[name](changed, window)[: t + 1], whole[: t + 1])
        late = ALL[name](x, window, start=min(t, len(x)))
        np.testing.assert_array_equal(late[t:], whole[t:])
        assert np.isnan(late[:t]).all()

    check()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("window", [7, 150])
def test_threads_and_the_array_for_the_result_change_nothing(name: str, window: int) -> None:
    rng = np.random.default_rng(5)
    x = np.where(rng.random((2301, 43)) < 0.05, np.nan, rng.normal(size=(2301, 43)).round(2))
    expected = ALL[name](x, window, n_threads=1)
    np.testing.assert_array_equal(ALL[name](x, window, n_threads=3), expected)
    if name not in ("ts_corr", "ts_cov"):
        np.testing.assert_array_equal(ALL[name](x[:, 3:4].copy(), window), expected[:, 3:4])
    out = np.full_like(x, -5.0)
    assert ALL[name](x, window, out=out, start=1500) is out
    np.testing.assert_array_equal(out[1500:], expected[1500:])
    assert (out[:1500] == -5.0).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (4, 0), (1, 1)])
def test_panels_without_rows_or_entities(name: str, shape: tuple[int, int]) -> None:
    for dtype in (np.float32, np.float64):
        assert ALL[name](np.ones(shape, dtype), 3).shape == shape


@pytest.mark.parametrize("name", [n for n in ALL if n not in ("product", "streak")])
def test_single_precision_is_the_double_result_rounded(name: str) -> None:
    rng = np.random.default_rng(6)
    x = np.where(rng.random((90, 11)) < 0.05, np.nan, rng.normal(size=(90, 11))).astype(np.float32)
    got = ALL[name](x, 20)
    assert got.dtype == np.float32
    other = {"ts_corr": kernels.ts_corr, "ts_cov": kernels.ts_cov}.get(name)
    if other is not None:
        y = np.roll(x, 1, axis=1) * 2 + 1
        expected = other(x.astype(float), y.astype(float), 20)
    else:
        expected = ALL[name](x.astype(float), 20)
    np.testing.assert_array_equal(got, expected.astype(np.float32))


def test_constants_have_no_spread_whatever_came_before() -> None:
    x = np.full((400, 9), 1e9 + 0.1)
    x[100] = 1e15
    after = slice(100 + 60, None)
    assert (kernels.ts_std(x, 60)[after] == 0.0).all()
    assert (kernels.ts_mean(x, 60)[after] == 1e9 + 0.1).all()
    assert (kernels.ts_slope(x, 60)[after] == 0.0).all()
    assert (kernels.ts_mad(x, 60)[after] == 0.0).all()
    for name in ("ts_zscore", "ts_skew", "ts_kurt", "ts_rsquare"):
        assert np.isnan(getattr(kernels, name)(x, 60)[after]).all()
    assert np.isnan(kernels.ts_corr(x, x, 60)[after]).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: kernels.ts_mean(x, 0), "window >= 1"),
        (lambda x: kernels.ts_mean(x, 2.5), "window=2.5"),
        (lambda x: kernels.ts_mean(x[0], 2), "shape (4,)"),
        (lambda x: kernels.ts_mean(x.astype(str), 2), "tables of numbers"),
        (lambda x: kernels.ts_mean(x, 2, out=x), "cannot write over"),
        (lambda x: kernels.ts_mean(x, 2, out=np.empty((2, 2))), "does not fit"),
        (lambda x: kernels.ts_corr(x, x[:2], 2), "one shape"),
        (lambda x: kernels.ts_quantile(x, 2, 1.5), "0 <= q <= 1"),
        (lambda x: kernels.delay(x, -1), "rows >= 0"),
    ],
)
def test_errors_say_what_is_expected(call: Any, message: str) -> None:
    with pytest.raises(PanelError) as caught:
        call(np.ones((3, 4)))
    assert message in str(caught.value)
