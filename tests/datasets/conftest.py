"""One simulated bank for all the tests of this room."""

from __future__ import annotations

import pytest

from tael.datasets import SimulatedBank, simulate_bank


@pytest.fixture(scope="package")
def bank() -> SimulatedBank:
    return simulate_bank(4_000, seed=7)
