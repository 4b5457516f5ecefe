"""The business cases: each a TOML page without algorithms."""

from tael.scenarios.market import MarketScenario
from tael.scenarios.pack import MARKETS, PACKS, SCENARIOS, Scenario, scenario

__all__ = ["MARKETS", "PACKS", "SCENARIOS", "MarketScenario", "Scenario", "scenario"]
