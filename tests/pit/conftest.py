"""The oracle and the random worlds of the tests of the law of time (they lie beside this file)."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _beside(name: str) -> ModuleType:
    full = f"tael_tests_pit_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The slow plain oracle: ``oracle.Oracle(tables, entity).formula(bound, key, cutoff in microseconds)``."""
    return _beside("oracle")


@pytest.fixture(scope="session")
def worlds() -> ModuleType:
    """Random linked tables, and formulas for every operator, in layers too."""
    module = _beside("worlds")
    module.layers = _beside("layers")
    return module


@pytest.fixture(scope="session")
def falsify() -> ModuleType:
    """Ways to change tables in what must not matter."""
    return _beside("falsify")
