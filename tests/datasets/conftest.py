"""One simulated bank and one lender for all the tests of this room."""

from __future__ import annotations

import pytest

from tael.datasets import SimulatedBank, SimulatedLender, simulate_bank, simulate_lender


@pytest.fixture(scope="package")
def bank() -> SimulatedBank:
    return simulate_bank(4_000, seed=7)


@pytest.fixture(scope="package")
def lender() -> SimulatedLender:
    return simulate_lender(5_000, seed=7)
