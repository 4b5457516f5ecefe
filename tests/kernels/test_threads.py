from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.kernels._threads import cut, n_threads_or_default, share_out


@given(weights=st.lists(st.integers(1, 50), max_size=40), n_chunks=st.integers(1, 9))
def test_chunks_cover_everything_once(weights: list[int], n_chunks: int) -> None:
    bounds = cut(np.array(weights, np.int64), n_chunks)
    assert bounds[0] == 0
    assert bounds[-1] == len(weights)
    assert (np.diff(bounds) > 0).all()
    assert bounds.size <= n_chunks + 1


def test_the_environment_limits_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    assert n_threads_or_default(None) == 1
    assert n_threads_or_default(5) == 5


def test_a_worker_thread_takes_one_thread() -> None:
    seen: list[int] = []
    worker = threading.Thread(target=lambda: seen.append(n_threads_or_default(None)))
    worker.start()
    worker.join()
    assert seen == [1]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_errors_come_out(n_threads: int) -> None:
    def task(first: int, past: int) -> None:
        raise OSError(f"{first} to {past}")

    with pytest.raises(OSError, match="0 to 1"):
        share_out(task, np.array([0, 1, 2]), n_threads)
