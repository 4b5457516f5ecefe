from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.errors import FeaturesError
from tael.kernels import grouping

NAT = np.iinfo(np.int64).min
CALM = settings(deadline=None, max_examples=100)
SMALL = st.integers(-3, 6)
ROWS = st.lists(st.tuples(st.integers(-1, 4), st.one_of(SMALL, st.just(NAT)), SMALL), max_size=60)


def columns(rows: list[Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    table = np.array(rows, np.int64).reshape(-1, 3)
    return table[:, 0].astype(np.int32), table[:, 1], table[:, 2]


@CALM
@given(rows=ROWS, with_known=st.booleans())
def test_sorting_is_stable_and_ranks_are_its_inverse(rows: list[Any], with_known: bool) -> None:
    codes, time, known = columns(rows)
    late = known if with_known else None
    wanted = np.lexsort((known, time, codes)) if with_known else np.lexsort((time, codes))
    order = grouping.sort_rows(codes, time, late)
    np.testing.assert_array_equal(order, wanted)
    ranks = grouping.row_ranks(codes, time, late)
    np.testing.assert_array_equal(ranks[order], np.arange(len(rows)))
    np.testing.assert_array_equal(grouping.place(time, ranks), time[order])
    assert grouping.is_sorted(codes[order], time[order], known[order] if with_known else None)
    assert grouping.is_sorted(codes, time, late) == bool((order == np.arange(len(rows))).all())


@pytest.mark.parametrize("n_entities", [1, 7, 300])
def test_long_slices_are_merged(n_entities: int) -> None:
    rng = np.random.default_rng(n_entities)
    codes = rng.integers(0, n_entities, 5000)
    time, known = rng.integers(0, 50, 5000), rng.integers(0, 5, 5000)
    wanted = np.lexsort((known, time, codes))
    np.testing.assert_array_equal(grouping.sort_rows(codes, time, known), wanted)
    np.testing.assert_array_equal(grouping.sort_rows(codes * 10**12, time, known), wanted)


def test_threads_sort_the_same() -> None:
    rng = np.random.default_rng(0)
    codes, time = rng.integers(0, 3000, 250_000).astype(np.int32), rng.integers(0, 10**6, 250_000)
    wanted = np.lexsort((time, codes))
    for n_threads in (1, 2):
        np.testing.assert_array_equal(grouping.sort_rows(codes, time, n_threads=n_threads), wanted)


@CALM
@given(rows=ROWS, observed=st.lists(st.tuples(st.integers(-1, 6), SMALL, SMALL), max_size=8), forward=st.booleans())
def test_windows_hold_the_rows_of_their_entity_and_span(rows: list[Any], observed: list[Any], forward: bool) -> None:
    codes, time, _ = columns(rows)
    order = np.lexsort((time, codes))
    codes, time = codes[order], time[order]
    offsets = grouping.entity_offsets(codes, 5)
    np.testing.assert_array_equal(offsets, np.searchsorted(codes, np.arange(6)))
    who, cutoff, span = columns(observed)
    limits = np.stack([cutoff + np.abs(span), cutoff]) if forward else np.stack([cutoff - np.abs(span), cutoff])
    find = grouping.forward_bounds if forward else grouping.window_bounds
    begins, stop = find(offsets, time, who, cutoff, limits)
    begins, stop = np.broadcast_arrays(begins, stop)
    for w in range(2):
        for i in range(who.size):
            low, high = (cutoff[i], limits[w, i]) if forward else (limits[w, i], cutoff[i])
            wanted = [
                j for j in range(len(rows)) if 0 <= codes[j] == who[i] and time[j] > NAT and low <= time[j] < high
            ]
            assert list(range(begins[w, i], stop[w, i])) == wanted


def test_no_limit_and_no_cutoff() -> None:
    offsets, time, who = np.array([0, 3]), np.array([NAT, 1, 2]), np.array([0, 0])
    begins, stop = grouping.window_bounds(offsets, time, who, np.array([2, NAT]), np.array([[NAT, NAT]]))
    assert (begins.tolist(), stop.tolist()) == ([[1, 0]], [2, 0])
    begins, stop = grouping.forward_bounds(offsets, time, who, np.array([1, 1]), np.array([[NAT, 3]]))
    assert (begins.tolist(), stop.tolist()) == ([1, 1], [[1, 3]])


def test_what_does_not_fit_is_said() -> None:
    with pytest.raises(FeaturesError, match="differ in length"):
        grouping.sort_rows(np.zeros(3, np.int64), np.zeros(2, np.int64))
    with pytest.raises(FeaturesError, match="do not fit together"):
        grouping.window_bounds(
            np.array([0, 1]), np.zeros(1, np.int64), np.zeros(2, int), np.zeros(1, int), np.zeros((1, 1), int)
        )
    with pytest.raises(FeaturesError, match="Offsets reach beyond"):
        grouping.window_bounds(
            np.array([0, 5]), np.zeros(1, np.int64), np.zeros(1, int), np.zeros(1, int), np.zeros((1, 1), int)
        )
