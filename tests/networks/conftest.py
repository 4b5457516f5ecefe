"""Small networks written out, and random ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tael.networks import Edges

DAY = 86_400_000_000

Made = Callable[..., Edges]


@pytest.fixture(scope="session")
def made() -> Made:
    """Edges from rows of (source, target, day, amount); the amount may be left out."""

    def make(rows: Sequence[tuple[int, int, float] | tuple[int, int, float, float]], directed: bool = True) -> Edges:
        a, b = (np.array([row[k] for row in rows], dtype=np.int64) for k in (0, 1))
        day = np.array([row[2] for row in rows])
        amount = np.array([row[3] if len(row) == 4 else 100.0 for row in rows], dtype=np.float64)
        n = int(max(a.max(initial=-1), b.max(initial=-1))) + 1
        return Edges(a, b, (day * DAY).astype(np.int64), amount, tuple(range(n)), np.arange(len(rows)), directed)

    return make
