"""Small tables for the tests of the models."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def credit() -> Data:
    """600 applicants, 6 columns: a line, a bend, an interaction, a flag, telling missing values, a constant."""
    rng = np.random.default_rng(7)
    n = 600
    X = rng.normal(size=(n, 6))
    X[:, 3] = rng.random(n) < 0.3
    X[:, 5] = 4.0
    eta = 1.2 * X[:, 0] + np.abs(X[:, 1]) + X[:, 0] * X[:, 2] + 0.8 * X[:, 3] - 1.0
    gone = rng.random(n) < 0.2
    X[gone, 4] = np.nan
    y = (rng.random(n) < 1 / (1 + np.exp(-eta - 1.0 * gone))).astype(int)
    return X, y


@pytest.fixture(scope="session")
def fast() -> list[str]:
    """One member of each kind, the quick ones."""
    return ["shallow", "linear", "binned"]


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The real data sets, which are not part of the project."""
    folder = Path(os.environ.get("TAEL_DATA", Path(__file__).parents[3] / "shared" / "data"))
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"No data at {folder}: set TAEL_DATA.")
        pytest.skip(f"No data at {folder}: set TAEL_DATA.")
    return folder
