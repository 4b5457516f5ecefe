"""Data to try tael on: a simulated bank or lender of any size. Everything here is simulated and says so."""

from __future__ import annotations

from tael.datasets.bank import simulate_bank
from tael.datasets.lender import simulate_lender
from tael.datasets.lender_result import LenderTruth, SimulatedLender
from tael.datasets.planted import Planted, simulate_planted
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.datasets.toml_writer import dump_schema

__all__ = [
    "LenderTruth",
    "Planted",
    "PlantedTruth",
    "SimulatedBank",
    "SimulatedLender",
    "dump_schema",
    "simulate_bank",
    "simulate_lender",
    "simulate_planted",
]
