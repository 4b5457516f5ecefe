"""One small simulated market, and one run of it, for all tests of the room."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tael.datasets import simulate_market
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.runner import run_market
from tael.runs.result import Run
from tael.tables.frames import Tables

STATED: dict[str, Any] = {
    "name": "small-market",
    "market": {
        "fields": ["turn"],
        "securities": "stocks",
        "groups": ["sector"],
        "universe": "ts_count(close > 0, 20) >= 15",
    },
    "features": {
        "formulas": {
            "reversal": "-(close / delay(close, 5) - 1)",
            "crowded": "rank(-ts_corr(open, volume, 10))",
            "sector_momentum": "rank(close / delay(close, 40) - 1, by=sector)",
            "spread": "(high - low) / close",
            "turnover": "ts_mean(turn, 10)",
            "upgraded": "delta(upgrades, 5)",
        },
        "events": {"upgrades": 'count(analysts, where=action == "upgrade")'},
    },
    "split": {"validation": 0.5, "test": 0.7},
    "model": {
        "kind": "booster",
        "blend": ["linear"],
        "settings": {"n_seeds": 2, "n_estimators": 40, "learning_rate": 0.1, "num_leaves": 8},
    },
    "portfolio": {"settings": {"k": 10, "drop": 2}},
    "trading": {"cash": 1e7},
    "seed": 1,
}


@pytest.fixture(scope="session")
def plan_of() -> Callable[..., MarketPlan]:
    """The small plan, with some sections changed."""

    def made(**changes: Any) -> MarketPlan:
        return MarketPlan.from_dict({**STATED, **changes})

    return made


@pytest.fixture(scope="session")
def market_tables() -> Tables:
    """Fifty stocks, three hundred days."""
    return simulate_market(50, 300, seed=3).tables()


@pytest.fixture(scope="session")
def market_run(
    market_tables: Tables, plan_of: Callable[..., MarketPlan], tmp_path_factory: pytest.TempPathFactory
) -> Run:
    """The small plan carried out."""
    return run_market(plan_of(), market_tables, tmp_path_factory.mktemp("runs"), n_jobs=1)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder for runs."""
    return tmp_path / "runs"
