"""Data to try tael on: a simulated bank of any size. Everything here is simulated and says so."""

from __future__ import annotations

from tael.datasets.bank import simulate_bank
from tael.datasets.planted import Planted, simulate_planted
from tael.datasets.simulated import PlantedTruth, SimulatedBank
from tael.datasets.toml_writer import dump_schema

__all__ = ["Planted", "PlantedTruth", "SimulatedBank", "dump_schema", "simulate_bank", "simulate_planted"]
