"""The business cases: each a TOML page without algorithms."""

from tael.scenarios.pack import PACKS, Scenario, scenario

__all__ = ["PACKS", "Scenario", "scenario"]
