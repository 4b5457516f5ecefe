"""Helpers of the tables tests: folders of files, frames of every library, the real data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Write files (text or bytes) into a folder: ``folder({"a.csv": "id\\n1\\n"}, toml="[a]")``."""

    def write(files: Mapping[str, str | bytes], toml: str | None = None) -> Path:
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if toml is not None:
            (tmp_path / "tables.toml").write_text(toml, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(params=["pandas", "polars", "pyarrow"])
def constructor(request: pytest.FixtureRequest) -> Callable[[dict[str, Any]], Any]:
    """Make a frame of each library from columns."""
    makers: dict[str, Callable[[dict[str, Any]], Any]] = {
        "pandas": pd.DataFrame,
        "polars": pl.DataFrame,
        "pyarrow": pa.table,
    }
    return makers[request.param]


@pytest.fixture
def credit_data(data_dir: Path) -> Path:
    """The folder of the real credit data."""
    return data_dir / "credit"
