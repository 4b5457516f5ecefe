"""How many threads a kernel takes, and how its work is shared among them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray


def n_threads_or_default(n_threads: int | None) -> int:
    """Threads to use: what was asked for, else what this process may take without crowding its neighbours.

    Inside a worker thread the default is one, since whoever started that thread is parallel already. joblib's worker
    processes set ``NUMBA_NUM_THREADS`` and ``OMP_NUM_THREADS`` to their share, and containers set CPU quotas: all are
    kept.

    Parameters
    ----------
    n_threads : int or None
        Threads asked for; None for the default.

    Examples
    --------
    >>> n_threads_or_default(3)
    3
    """
    if n_threads is not None:
        return max(1, int(n_threads))
    if threading.current_thread() is not threading.main_thread():
        return 1
    limits = [int(cpu_count())]
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "")
        if text.isdigit() and int(text) > 0:
            limits.append(int(text))
    return min(limits)


def cut(weights: NDArray[np.integer[Any]], n_chunks: int) -> NDArray[np.int64]:
    """Bounds of at most ``n_chunks`` runs of items with about the same weight each.

    Parameters
    ----------
    weights : (n,) integers
        Cost of each item, positive.
    n_chunks : int
        How many runs.

    Returns
    -------
    (k + 1,) int64
        Increasing, from 0 to n.

    Examples
    --------
    >>> cut(np.array([1, 1, 1, 1, 4]), 2)
    array([0, 4, 5])
    """
    sums = np.cumsum(weights, dtype=np.int64)
    total = int(sums[-1]) if sums.size else 0
    goals = np.arange(1, n_chunks, dtype=np.int64) * total // max(n_chunks, 1)
    inner = np.searchsorted(sums, goals, side="left") + 1
    return np.unique(np.concatenate(([0], np.minimum(inner, weights.size), [weights.size])).astype(np.int64))


def share_out(task: Callable[[int, int], None], bounds: NDArray[np.int64], n_threads: int) -> None:
    """Call ``task(first, past)`` for each run between ``bounds``; ``task`` must release the GIL to gain from threads.

    Parameters
    ----------
    task : callable
        Its errors come out here.
    bounds : (k + 1,) int64
        As :func:`cut` returns them.
    n_threads : int
        One: no thread is started.

    Examples
    --------
    >>> share_out(lambda first, past: print(first, past), np.array([0, 2, 5]), 1)
    0 2
    2 5
    """
    pairs = [(int(a), int(b)) for a, b in pairwise(bounds)]
    if n_threads == 1 or len(pairs) < 2:
        for first, past in pairs:
            task(first, past)
        return
    with ThreadPoolExecutor(min(n_threads, len(pairs)), thread_name_prefix="tael-kernel") as pool:
        for future in [pool.submit(task, first, past) for first, past in pairs]:
            future.result()
