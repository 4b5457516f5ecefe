"""The oracles and the random markets of the backtest's tests (they lie beside this file)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    full = f"tael_tests_backtest_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session")
def stocks() -> ModuleType:
    """The plain oracle of a cash account: ``stocks.trade(bars, targets, rules, costs, cash)``."""
    return _beside("stocks_oracle")


@pytest.fixture(scope="session")
def futures() -> ModuleType:
    """The plain oracle of a margin account, likewise."""
    return _beside("futures_oracle")


@pytest.fixture(scope="session")
def worlds() -> ModuleType:
    """Random markets, targets, rules and costs."""
    return _beside("worlds")
