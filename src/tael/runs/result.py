"""A run that was made: its folder and what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tael.runs.folder import read_json


@dataclass(frozen=True)
class Report:
    """A run's report."""

    path: Path

    def open(self) -> None:
        """Show it in the browser."""
        import webbrowser

        webbrowser.open(self.path.absolute().as_uri())


@dataclass(frozen=True)
class Run:
    """A run folder.

    Attributes
    ----------
    path : Path
    content : dict
        ``run.json``.
    """

    path: Path
    content: dict[str, Any] = field(repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Run:
        """Read a run folder."""
        return cls(Path(path), read_json(Path(path) / "run.json"))

    @property
    def report(self) -> Report:
        """The report."""
        return Report(self.path / "report.html")

    @property
    def metrics(self) -> dict[str, Any]:
        """``metrics[split][name]`` with ``value``, ``low``, ``high``."""
        return dict(self.content["metrics"])

    @property
    def scores(self) -> pl.DataFrame:
        """Every observation's probability and split."""
        return pl.read_parquet(self.path / "scores.parquet")

    @property
    def decisions(self) -> pl.DataFrame:
        """Every observation's decision and reasons."""
        return pl.read_parquet(self.path / "decisions.parquet")
