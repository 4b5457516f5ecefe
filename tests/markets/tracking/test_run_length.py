from __future__ import annotations

import numpy as np
import pytest

from tael.errors import MarketError
from tael.markets.tracking import average_run_length, threshold_for
from tael.markets.tracking.run_length import highest, resampled_threshold


@pytest.mark.parametrize(
    ("threshold", "shift", "published"),
    [(4.0, 0.0, 335.4), (5.0, 0.0, 930.9), (4.0, 1.0, 8.38), (5.0, 0.5, 38.0), (4.0, 2.0, 3.34)],
)
def test_the_tables_of_the_literature(threshold: float, shift: float, published: float) -> None:
    """Hawkins and Olwell 1998, tables of the one-sided CUSUM with an allowance of a half."""
    assert average_run_length(threshold, 0.5, shift) == pytest.approx(published, rel=0.01)


def test_it_agrees_with_a_plain_simulation() -> None:
    random = np.random.default_rng(0)
    lengths = []
    for _ in range(3000):
        cusum, n = 0.0, 0
        while cusum <= 2.0:
            cusum, n = max(0.0, cusum + random.normal(0.3) - 0.25), n + 1
        lengths.append(n)
    assert average_run_length(2.0, 0.25, 0.3) == pytest.approx(np.mean(lengths), rel=0.05)


@pytest.mark.parametrize("wanted", [10.0, 250.0, 2000.0])
@pytest.mark.parametrize("allowance", [0.1, 0.5, 1.0])
def test_the_threshold_undoes_the_run_length(wanted: float, allowance: float) -> None:
    assert average_run_length(threshold_for(wanted, allowance), allowance) == pytest.approx(wanted, rel=1e-3)


def test_resampling_normal_observations_comes_to_the_exact_threshold() -> None:
    z = np.random.default_rng(1).normal(size=4000)
    found = resampled_threshold((z - z.mean()) / z.std(), 200.0, 0.5, block=1.0)
    assert average_run_length(found, 0.5) == pytest.approx(200.0, rel=0.25)


def test_the_highest_is_the_running_maximum_of_the_cusum() -> None:
    z = np.random.default_rng(2).normal(size=(3, 50))
    for path, found in zip(z, highest(z, 0.2), strict=True):
        now, most = 0.0, 0.0
        for t, value in enumerate(path):
            now = max(0.0, now + value - 0.2)
            most = max(most, now)
            assert found[t] == most


def test_what_makes_no_sense() -> None:
    with pytest.raises(MarketError, match="threshold is positive"):
        average_run_length(0.0)
    with pytest.raises(MarketError, match="more than two"):
        threshold_for(1.0)
