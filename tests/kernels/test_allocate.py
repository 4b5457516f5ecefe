"""The passes of the allocator against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.kernels import allocate as kernel
from tael.kernels._memory import address


def addresses(*arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.array([address(a) for a in arrays]), np.array([a.dtype.itemsize for a in arrays])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31 - 1), st.integers(1, 40), st.integers(1, 6), st.booleans(), st.booleans())
def test_best_options_and_their_sums(seed: int, n: int, k: int, narrow: bool, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    value = rng.integers(-3, 4, (n, k)).astype(np.float32 if narrow else np.float64)
    use = rng.integers(0, 4, (n, k)).astype(np.float64)
    cells = rng.integers(0, 2, n).astype(np.int32)
    mask = rng.random((n, k)) < 0.6
    mask[:, -1] = True
    weights = rng.integers(-2, 3, (3, 2, k)).astype(float)
    sums = np.empty((3, 2, k))
    choice = np.full(n, -1, dtype=np.int16)
    where = addresses(value, use)
    kernel.best_options(0, n, k, *where, address(mask) if masked else 0, cells, weights, sums, choice)
    scores = weights[0, cells] * value + weights[1, cells] * use + weights[2, cells]
    if masked:
        scores[~mask] = -np.inf
    assert (choice == scores.argmax(axis=1)).all()
    expected = np.zeros((3, 2, k))
    for i, (cell, j) in enumerate(zip(cells, choice, strict=True)):
        expected[:, cell, j] += (value[i, j], use[i, j], 1.0)
    assert (sums == expected).all()
    again = np.empty_like(sums)
    kernel.total_of(0, n, k, *where, cells, choice, again)
    assert (again == expected).all()


def test_diffusion_keeps_every_running_error_small() -> None:
    rng = np.random.default_rng(0)
    n, k = 5000, 3
    value, use = rng.random((n, k)), rng.random((n, k))
    shares = np.tile([0.2, 0.5, 0.3], (n, 1))
    candidates = np.tile(np.arange(k, dtype=np.int16), (n, 1))
    choice = np.zeros(n, dtype=np.int16)
    none = np.empty(0, dtype=np.int32)
    tables = np.ones((1, 1, k))
    kernel.diffuse(
        np.arange(n), candidates, shares, k, *addresses(value, use), none, np.array([1]), tables, np.ones(2), choice
    )
    rows = np.arange(n)
    assert use[rows, choice].sum() == pytest.approx((use * shares).sum(), abs=2.0)
    assert value[rows, choice].sum() == pytest.approx((value * shares).sum(), abs=2.0)


def test_faults_are_found_only_where_they_are_legal() -> None:
    values = np.array([[1.0, np.nan], [np.inf, -1.0]])
    mask = np.array([[True, False], [True, True]])
    found = np.empty(3, dtype=np.int64)
    kernel.first_fault(0, 2, 2, address(values), 8, address(mask), True, found)
    assert found.tolist() == [2, 1, 0]
    kernel.first_fault(0, 2, 2, address(values), 8, 0, False, found)
    assert found.tolist() == [2, 0, 1]
    mask[1] = False
    kernel.first_without(0, 2, 2, address(mask), found)
    assert found[:2].tolist() == [1, 1]


def test_a_move_that_no_longer_fits_is_not_made() -> None:
    value = np.array([[0.0, 5.0], [0.0, 4.0]])
    use = np.array([1.0])
    choice = np.zeros(2, dtype=np.int16)
    one = np.array([1])
    made = kernel.move(
        np.array([0, 1]), np.ones(2, dtype=np.int16), False, 2, *addresses(value), np.empty(0, dtype=np.int32),
        one, np.array([[[0.0, 1.0]]]), use, np.array([-np.inf]), np.array([2.0]), np.ones(1), choice,
    )  # fmt: skip
    assert made == 1
    assert choice.tolist() == [1, 0]
    assert use.tolist() == [2.0]
