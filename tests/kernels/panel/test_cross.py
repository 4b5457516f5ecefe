"""Cross-section kernels against pandas and numpy, row by row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import PanelError
from tael.kernels import panel as kernels


def clean(x: np.ndarray, members: np.ndarray | None) -> pd.DataFrame:
    """What counts; all else missing."""
    there = np.isfinite(x) if members is None else np.isfinite(x) & members
    return pd.DataFrame(np.where(there, x, np.nan))


def surroundings(x: np.ndarray, seed: int) -> tuple[np.ndarray | None, np.ndarray]:
    """A mask, sometimes, and groups of which some are empty."""
    rng = np.random.default_rng(seed)
    members = rng.random(x.shape) < 0.8 if seed % 2 else None
    return members, rng.integers(-1, 4, x.shape).astype(np.int32) * 2


SEEDS = st.integers(0, 2**32 - 1)


def test_ranks_are_those_of_pandas(panels: Any) -> None:
    @settings(max_examples=40, deadline=None)
    @given(panels, SEEDS)
    def check(x: np.ndarray, seed: int) -> None:
        members, codes = surroundings(x, seed)
        frame = clean(x, members)
        np.testing.assert_allclose(kernels.rank(x, members), frame.rank(axis=1, pct=True).to_numpy(), rtol=1e-12)
        got = kernels.group_rank(x, codes, members)
        for t in range(len(x)):
            row = frame.iloc[t].where(codes[t] >= 0)
            expected = row.groupby(codes[t]).rank(pct=True).to_numpy()
            np.testing.assert_allclose(got[t], expected, rtol=1e-12)

    check()


SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "a hundred decades": lambda rng, shape: 10.0 ** rng.uniform(-50, 50, shape) * rng.choice([-1, 1], shape),
    "the whole range of doubles": lambda rng, shape: rng.integers(0, 2**64, shape, np.uint64).view(np.float64),
    "one next to the other": lambda rng, shape: 1.0 + np.spacing(1.0) * rng.integers(0, 300, shape),
    "one outlier": lambda rng, shape: np.where(rng.random(shape) < 0.01, 1e300, rng.normal(size=shape)),
    "mostly zero": lambda rng, shape: np.where(rng.random(shape) < 0.95, 0.0, rng.normal(size=shape)),
    "both zeros": lambda rng, shape: np.where(rng.random(shape) < 0.5, 0.0, -0.0),
    "two clusters": lambda rng, shape: rng.choice([0.0, 1e6], shape) + 1e-7 * rng.random(shape),
    "denormal": lambda rng, shape: rng.integers(-50, 50, shape) * 5e-324,
    "sorted": lambda rng, shape: np.sort(rng.normal(size=shape), axis=1),
    "constant": lambda rng, shape: np.full(shape, 0.1),
}


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 14, 900, 6000])
def test_any_distribution_is_ranked_exactly(kind: str, n: int) -> None:
    x = SHAPES[kind](np.random.default_rng(n), (3, n))
    expected = clean(x, None).rank(axis=1, pct=True).to_numpy()
    np.testing.assert_allclose(kernels.rank(x), expected, rtol=1e-12)


def test_scores_of_a_row(panels: Any) -> None:
    @settings(max_examples=40, deadline=None)
    @given(panels, SEEDS)
    def check(x: np.ndarray, seed: int) -> None:
        members, _ = surroundings(x, seed)
        values = clean(x, members).to_numpy()
        found = {name: getattr(kernels, name)(x, members) for name in ("demean", "zscore", "scale")}
        found["winsorize"] = kernels.winsorize(x, 0.1, members)
        for t in range(len(x)):
            row = values[t].astype(np.longdouble)
            there = np.isfinite(row)
            expected = dict.fromkeys(("demean", "zscore", "scale", "winsorize"), np.full(len(row), np.nan))
            size = 0.0
            if there.any():
                v = row[there]
                size = float(np.abs(v).max())
                d = row - v[0] - (v - v[0]).mean()
                s = np.sqrt((d[there] ** 2).mean())
                expected["demean"] = d
                expected["zscore"] = d / s if s else np.full(len(row), np.nan)
                total = np.abs(v).sum()
                expected["scale"] = row / total if total else np.full(len(row), np.nan)
                expected["winsorize"] = np.clip(row, *(float(np.quantile(values[t][there], p)) for p in (0.1, 0.9)))
            for name, wanted in expected.items():
                absolute = 1e-13 * size if name == "demean" else 1e-12 if name == "zscore" else 0.0
                np.testing.assert_allclose(found[name][t], wanted.astype(float), rtol=1e-9, atol=absolute, err_msg=name)

    check()


def test_scores_within_groups_are_those_of_each_group_by_itself(panels: Any) -> None:
    @settings(max_examples=25, deadline=None)
    @given(panels, SEEDS)
    def check(x: np.ndarray, seed: int) -> None:
        members, codes = surroundings(x, seed)
        everybody = np.ones(x.shape, bool) if members is None else members
        size = np.abs(x[np.isfinite(x)]).max(initial=0.0)
        expected = {name: np.full(x.shape, np.nan) for name in ("mean", "demean", "zscore")}
        for g in np.unique(codes[codes >= 0]):
            mine = everybody & (codes == g)
            less = kernels.demean(x, mine)
            expected["mean"] = np.where(np.isnan(less), expected["mean"], x - less)
            expected["demean"] = np.where(np.isnan(less), expected["demean"], less)
            alone = kernels.zscore(x, mine)
            expected["zscore"] = np.where(np.isnan(alone), expected["zscore"], alone)
        for name, wanted in expected.items():
            got = getattr(kernels, f"group_{name}")(x, codes, members)
            atol = 1e-9 if name == "zscore" else 1e-13 * size
            np.testing.assert_allclose(got, wanted, rtol=1e-9, atol=atol, err_msg=name)

    with np.errstate(invalid="ignore"):
        check()


@pytest.mark.parametrize("grouped", [False, True])
def test_what_neutralizing_leaves_is_the_residual_of_least_squares(grouped: bool) -> None:
    rng = np.random.default_rng(4)
    shape = (30, 60)
    members, codes = surroundings(np.ones(shape), 3)
    size, beta = rng.normal(20, 2, shape), rng.normal(1, 0.3, shape)
    exposures = [size, beta, 2 * size - 3 * beta]
    x = 5 * size - beta + codes + rng.normal(size=shape)
    x[rng.random(shape) < 0.1] = np.nan
    beta[rng.random(shape) < 0.1] = np.nan
    got = kernels.neutralize(x, codes if grouped else None, exposures, members)
    for t in range(len(x)):
        there = np.isfinite(x[t]) & np.isfinite(beta[t]) & members[t]
        there &= (codes[t] >= 0) | (not grouped)
        dummies = (codes[t][:, None] == np.unique(codes[t][there])) if grouped else np.ones((shape[1], 1))
        design = np.column_stack([dummies, size[t], beta[t]])[there]
        expected = np.full(shape[1], np.nan)
        expected[there] = x[t][there] - design @ np.linalg.lstsq(design, x[t][there], rcond=None)[0]
        np.testing.assert_allclose(got[t], expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(kernels.neutralize(x, codes, (), members), kernels.group_demean(x, codes, members))
    np.testing.assert_array_equal(kernels.neutralize(x, None, (), members), kernels.demean(x, members))


ALL: dict[str, Any] = {
    "rank": kernels.rank,
    "group_rank": lambda x, **how: kernels.group_rank(x, codes_for(x), **how),
    "demean": kernels.demean,
    "zscore": kernels.zscore,
    "scale": kernels.scale,
    "winsorize": lambda x, **how: kernels.winsorize(x, 0.05, **how),
    "group_mean": lambda x, **how: kernels.group_mean(x, codes_for(x), **how),
    "group_demean": lambda x, **how: kernels.group_demean(x, codes_for(x), **how),
    "group_zscore": lambda x, **how: kernels.group_zscore(x, codes_for(x), **how),
    "neutralize": lambda x, **how: kernels.neutralize(x, codes_for(x), [np.cos(x)], **how),
}


def codes_for(x: np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.arange(x.shape[1], dtype=np.int32) % 3, x.shape)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_do_not_know_of_each_other(name: str, dtype: type) -> None:
    rng = np.random.default_rng(8)
    x = np.where(rng.random((200, 37)) < 0.05, np.nan, rng.normal(size=(200, 37))).astype(dtype)
    expected = ALL[name](x, n_threads=1)
    assert expected.dtype == dtype
    np.testing.assert_array_equal(ALL[name](x, n_threads=3), expected)
    np.testing.assert_array_equal(ALL[name](x[17:18]), expected[17:18])
    out = np.full_like(x, -5.0)
    assert ALL[name](x, out=out, start=150) is out
    np.testing.assert_array_equal(out[150:], expected[150:])
    assert (out[:150] == -5.0).all()


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (4, 0), (1, 1)])
def test_panels_without_rows_or_entities(name: str, shape: tuple[int, int]) -> None:
    assert ALL[name](np.ones(shape)).shape == shape
    assert np.isnan(ALL[name](np.full(shape, np.nan))).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: kernels.rank(x, np.ones(4, bool)), "A mask does not fit"),
        (lambda x: kernels.rank(x, np.ones((3, 4))), "float64, shape (3, 4)"),
        (lambda x: kernels.group_rank(x, np.ones((3, 4))), "codes as int32"),
        (lambda x: kernels.group_mean(x, np.ones((3, 2), int)), "shape (3, 2)"),
        (lambda x: kernels.winsorize(x, 0.7), "0 <= p <= 0.5"),
        (lambda x: kernels.neutralize(x, exposures=[x, x[:2]]), "exposure 2"),
        (lambda x: kernels.rank(x, out=np.empty((3, 4), np.float32)), "does not fit"),
    ],
)
def test_errors_say_what_is_expected(call: Any, message: str) -> None:
    with pytest.raises(PanelError) as caught:
        call(np.ones((3, 4)))
    assert message in str(caught.value)
