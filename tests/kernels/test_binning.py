"""The binning kernels against enumeration of every way to cut."""

from __future__ import annotations

import math
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels import binning as kernel

TRENDS = (kernel.FREE, kernel.ASCENDING, kernel.DESCENDING, kernel.PEAK, kernel.VALLEY)


def woe(g: float, b: float, G: float, B: float, smoothing: float) -> float:
    if g + b == 0:
        return 0.0
    if smoothing == 0 and (g == 0 or b == 0):
        g, b = g + 0.5, b + 0.5
    n = G + B
    return math.log((g + smoothing * G / n) / G) - math.log((b + smoothing * B / n) / B)


def in_trend(rates: list[float], trend: int) -> bool:
    steps = [b - a for a, b in pairwise(rates)]
    up, down = [s >= 0 for s in steps], [s <= 0 for s in steps]
    match trend:
        case kernel.FREE:
            return True
        case kernel.ASCENDING:
            return all(up)
        case kernel.DESCENDING:
            return all(down)
        case kernel.PEAK:
            return any(all(up[:k]) and all(down[k:]) for k in range(len(steps) + 1))
        case _:
            return any(all(down[:k]) and all(up[k:]) for k in range(len(steps) + 1))


def worth(counts: np.ndarray, bins: list[tuple[int, int]], case: dict[str, Any]) -> float:
    """The value of one way to cut, term by term as the docstring has it; minus infinity if it breaks a rule."""
    G, B, smoothing = case["goods"], case["bads"], case["smoothing"]

    def sums(a: int, b: int) -> tuple[float, float]:
        return float(counts[:, 0, a:b].sum()), float(counts[:, 1, a:b].sum())

    def iv(a: int, b: int) -> float:
        g, bad = sums(a, b)
        return (g / G - bad / B) * woe(g, bad, G, B, smoothing)

    rates, total = [], 0.0
    for a, b in bins:
        g, bad = sums(a, b)
        if g + bad < case["limits"][0] or g < case["limits"][1] or bad < case["limits"][2]:
            return -math.inf
        if any(case["wall"][a + 1 : b]):
            return -math.inf
        rates.append(bad / (g + bad))
        total += iv(a, b) - case["bin_cost"] * (1 / G + 1 / B)
        if case["stability"]:
            share = (g + bad + 0.5) / (case["sizes"].sum() + 0.5)
            moved = 0.0
            for p, size in enumerate(case["sizes"]):
                here = (counts[p, :, a:b].sum() + 0.5) / (size + 0.5)
                moved += (here - share) * math.log(here / share)
            total -= case["stability"] * moved / len(case["sizes"])
    if len(bins) > case["max_bins"] or not in_trend(rates, case["trend"]):
        return -math.inf
    if case["stability"]:
        for (a, b), (_, c) in pairwise(bins):
            gain = iv(a, b) + iv(b, c) - iv(a, c)
            sign = sums(b, c)[1] / sum(sums(b, c)) - sums(a, b)[1] / sum(sums(a, b))
            seen = flips = 0
            for p in range(len(counts)):
                (g, bad), (h, bads) = counts[p, :, a:b].sum(axis=1), counts[p, :, b:c].sum(axis=1)
                if g + bad > 0 and h + bads > 0:
                    seen += 1
                    flips += (bads / (h + bads) - bad / (g + bad)) * sign < 0
            total -= case["stability"] * max(gain, 0.0) * (flips / seen if seen else 0.0)
    return total


def best_of_all(counts: np.ndarray, case: dict[str, Any]) -> float:
    m = counts.shape[2]
    best = -math.inf
    for cuts in product([False, True], repeat=m - 1):
        starts = [0, *[i + 1 for i, c in enumerate(cuts) if c], m]
        if all(starts.count(i + 1) for i, w in enumerate(case["wall"][1:]) if w):
            best = max(best, worth(counts, list(pairwise(starts)), case))
    return best


@st.composite
def cases(draw: st.DrawFn) -> tuple[np.ndarray, dict[str, Any]]:
    m = draw(st.integers(1, 8))
    periods = draw(st.integers(1, 3))
    cells = st.lists(st.integers(0, 12), min_size=m, max_size=m)
    counts = np.array([[draw(cells), draw(cells)] for _ in range(periods)], dtype=float)
    counts[0, 0] += counts.sum(axis=(0, 1)) == 0  # no pre-bin is empty
    outside = np.array([draw(st.integers(1, 9)), draw(st.integers(1, 9))], dtype=float)
    goods, bads = counts.sum(axis=(0, 2)) + outside
    sizes = counts.sum(axis=(1, 2))
    sizes[0] += outside.sum()
    wall = np.array([draw(st.sampled_from([False] * 9 + [True])) for _ in range(m)])
    wall[0] = False
    return counts, {
        "goods": goods,
        "bads": bads,
        "sizes": sizes,
        "smoothing": draw(st.sampled_from([0.0, 1.0, 5.0])),
        "limits": np.array(
            [draw(st.sampled_from([1e-9, 3, 8])), draw(st.sampled_from([0, 1])), draw(st.sampled_from([0, 1, 4]))],
            float,
        ),
        "max_bins": draw(st.integers(1, 9)),
        "trend": draw(st.sampled_from(TRENDS)),
        "wall": wall,
        "stability": draw(st.sampled_from([0.0, 0.0, 1.0, 2.5])),
        "bin_cost": draw(st.sampled_from([0.0, 2.0])),
    }


def run(counts: np.ndarray, case: dict[str, Any]) -> tuple[float, np.ndarray]:
    cut = np.zeros(counts.shape[2], dtype=bool)
    keys = ("sizes", "goods", "bads", "smoothing", "limits", "max_bins", "trend", "wall", "stability", "bin_cost")
    return kernel.best_bins(counts, *[case[k] for k in keys], cut), cut


@given(cases())
@settings(max_examples=300, deadline=None)
def test_no_way_to_cut_is_better(case: tuple[np.ndarray, dict[str, Any]]) -> None:
    counts, options = case
    value, cut = run(counts, options)
    best = best_of_all(counts, options)
    if best == -math.inf:
        assert value == -math.inf
        assert not cut.any()
        return
    assert value == pytest.approx(best, abs=1e-9)
    bins = list(pairwise([0, *np.flatnonzero(cut).tolist(), len(cut)]))
    assert worth(counts, bins, options) == pytest.approx(best, abs=1e-9)
    assert all(cut[np.flatnonzero(options["wall"])])


@pytest.mark.parametrize("trend", TRENDS)
@pytest.mark.parametrize("max_bins", [2, 3, 10])
def test_each_trend_on_ten_pre_bins(trend: int, max_bins: int) -> None:
    rng = np.random.default_rng(trend)
    counts = rng.integers(1, 40, size=(1, 2, 10)).astype(float)
    goods, bads = counts.sum(axis=(0, 2))
    case: dict[str, Any] = {
        "goods": goods, "bads": bads, "sizes": np.array([counts.sum()]), "smoothing": 1.0,
        "limits": np.array([20.0, 1.0, 1.0]), "max_bins": max_bins, "trend": trend, "wall": np.zeros(10, dtype=bool),
        "stability": 0.0, "bin_cost": 0.0,
    }  # fmt: skip
    assert run(counts, case)[0] == pytest.approx(best_of_all(counts, case), abs=1e-12)


_FINITE = st.floats(allow_nan=False, allow_infinity=False, width=64)


@given(st.lists(st.one_of(_FINITE, st.integers(-5, 5).map(float)), max_size=200), st.integers(2, 12))
def test_pre_bins_are_apart_and_none_is_empty(values: list[float], most: int) -> None:
    x = np.sort(np.array(values, dtype=float))
    edges = np.empty(most - 1)
    edges = edges[: kernel.pre_bin(x, np.empty(0), edges)]
    assert (np.diff(edges) > 0).all()
    out = np.empty(len(x), dtype=np.int32)
    kernel.assign(x, edges, np.empty(0), out)
    np.testing.assert_array_equal(out, np.searchsorted(edges, x, side="right"))
    assert set(out) == set(range(len(edges) + 1)) or not values
    if len(set(values)) <= most:
        assert len(edges) == max(len(set(values)) - 1, 0)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.integers(2, 9))
def test_a_weight_is_so_many_rows(values: list[int], most: int) -> None:
    distinct, weight = np.unique(np.array(values, dtype=float), return_counts=True)
    one, two = np.empty(most - 1), np.empty(most - 1)
    n = kernel.pre_bin(np.repeat(distinct, weight), np.empty(0), one)
    assert kernel.pre_bin(distinct, weight.astype(float), two) == n
    np.testing.assert_array_equal(one[:n], two[:n])


def test_a_frequent_value_has_its_own_pre_bin() -> None:
    x = np.sort(np.r_[np.zeros(500), np.linspace(-50, 50, 500)])
    edges = np.empty(15)
    edges = edges[: kernel.pre_bin(x, np.empty(0), edges)]
    inside = edges[(edges > -0.2) & (edges < 0.2)]
    assert len(inside) == 2
    assert inside[0] <= 0 < inside[1]


@given(_FINITE, _FINITE)
def test_short_numbers_lie_between(a: float, b: float) -> None:
    if a != b:
        low, high = min(a, b), max(a, b)
        assert low < kernel.short_between(low, high) <= high


@pytest.mark.parametrize(
    ("a", "b", "short"), [(24, 25, 25), (24.3, 25.9, 25), (0.1234, 0.1299, 0.124), (-3, 2, 0), (1234, 1990, 1300)]
)
def test_short_numbers_are_short(a: float, b: float, short: float) -> None:
    assert kernel.short_between(a, b) == short


def test_counting() -> None:
    x = np.array([1.0, 2.0, -9.0, np.nan, np.inf, 3.0])
    label = np.array([0, 1, 1, 0, 1, 1], dtype=np.uint8)
    weight = np.array([1.0, 2.0, 1.0, 1.0, 1.0, 0.5])
    period = np.array([0, 0, 1, 1, 0, 1], dtype=np.int32)
    counts = np.zeros((2, 2, 4))
    kernel.count_values(x, np.array([2.0]), np.array([-9.0]), label, weight, period, counts)
    assert counts.tolist() == [[[1, 0, 0, 0], [0, 2, 0, 1]], [[0, 0, 0, 1], [0, 0.5, 1, 0]]]
    codes = np.empty(6, dtype=np.int32)
    kernel.assign(x, np.array([2.0]), np.array([-9.0]), codes)
    again = np.zeros((2, 2, 4))
    kernel.count_codes(codes, label, weight, period, again)
    np.testing.assert_array_equal(again, counts)


@given(st.lists(st.floats(width=16), min_size=1, max_size=80), st.integers(0, 63))
def test_the_quick_count_is_the_plain_one(values: list[float], n_edges: int) -> None:
    x = np.array(values)
    edges = np.unique(np.random.default_rng(n_edges).normal(0, 20, n_edges).round(1))
    label = (np.arange(len(x)) % 3 == 0).astype(np.uint8)
    quick, plain = np.zeros((1, 2, len(edges) + 2)), np.zeros((1, 2, len(edges) + 2))
    none = np.empty(0, dtype=np.int32)
    kernel.count_values(x, edges, np.empty(0), label, np.empty(0), none, quick)
    kernel.count_values(x, edges, np.empty(0), label, np.ones(len(x)), none, plain)
    np.testing.assert_array_equal(quick, plain)
