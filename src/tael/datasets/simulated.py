"""A simulated bank in memory: its frames, their description, the truth behind them; written as a folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from tael.datasets.toml_writer import dump_schema
from tael.errors import TablesError

if TYPE_CHECKING:
    from tael.tables import Tables

NOTICE = "# Simulated by tael: no real customers, no real bank. / 由 tael 模拟生成: 并非真实客户。\n\n"


@dataclass(frozen=True)
class PlantedTruth:
    """What really drives default in a simulated bank: for judging features, never for building them.

    Attributes
    ----------
    frame : polars.DataFrame
        One row per application: ``application_id``; the six planted drivers as they stood strictly before the
        application (missing where the history holds nothing); ``static_log_odds`` (form and person),
        ``shock_log_odds`` (economy, region, employer), ``default_probability``; ``disbursed``; ``defaulted`` (60 days
        late within 180 days of the application; missing if not disbursed or not yet mature).
    words : dict
        Driver to ``{"en", "zh", "formula"}``.
    """

    frame: pl.DataFrame
    words: dict[str, dict[str, str]]


@dataclass(frozen=True)
class SimulatedBank:
    """Linked tables of a bank that does not exist.

    Attributes
    ----------
    frames : dict of polars.DataFrame
        The tables.
    schema : dict
        Their description, in the flat form of ``tables.toml``; says ``simulated``.
    truth : PlantedTruth
        What was planted. Never part of `frames`, never written by :meth:`write`.
    """

    frames: dict[str, pl.DataFrame]
    schema: dict[str, Any]
    truth: PlantedTruth

    def __repr__(self) -> str:
        rows = ", ".join(f"{name}: {len(frame):,}" for name, frame in self.frames.items())
        return f"SimulatedBank({rows})"

    def tables(self) -> Tables:
        """Return the frames and their description as :class:`tael.Tables`."""
        from tael.tables import Tables

        return Tables(dict(self.frames), self.schema)

    def write(self, folder: str | Path, format: Literal["parquet", "csv"] = "parquet") -> Path:
        """Write one file a table and ``tables.toml``: all of it or nothing.

        Parameters
        ----------
        folder : path
            Must not exist. Written under a temporary name beside it, then renamed.
        format : {"parquet", "csv"}

        Returns
        -------
        pathlib.Path
            The folder.

        Raises
        ------
        TablesError
            The folder exists, its parent does not or cannot be written, or the format is unknown.
        """
        folder = Path(folder)
        if format not in ("parquet", "csv"):
            raise TablesError("Unknown format.", expected="parquet or csv", got=repr(format), where="write(format=)")
        if folder.exists() or folder.is_symlink():
            raise TablesError(
                "There is something at this place already, and nothing is written over.",
                expected="a folder that does not exist",
                where=str(folder),
                fix="Choose another folder, or remove this one yourself.",
            )
        try:
            temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".unfinished", dir=folder.parent))
        except OSError as error:
            raise _cannot_write(folder, error) from error
        try:
            self._fill(temporary, format)
            temporary.chmod(0o755)
            os.rename(temporary, folder)
        except OSError as error:
            raise _cannot_write(folder, error) from error
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return folder

    def _fill(self, folder: Path, format: str) -> None:
        schema = {
            name: section if name == "tael" else {**section, "file": f"{name}.{format}"}
            for name, section in self.schema.items()
        }
        for name, frame in self.frames.items():
            with open(folder / f"{name}.{format}", "wb") as file:
                if format == "parquet":
                    frame.write_parquet(file)
                else:
                    frame.write_csv(file, datetime_format="%Y-%m-%dT%H:%M:%S")
                file.flush()
                os.fsync(file.fileno())
        with open(folder / "tables.toml", "w", encoding="utf-8") as text:
            text.write(NOTICE + dump_schema(schema))
            text.flush()
            os.fsync(text.fileno())


def _cannot_write(folder: Path, error: OSError) -> TablesError:
    return TablesError(
        "The simulated bank cannot be written here.",
        got=str(error),
        where=str(folder),
        fix="Make sure that the parent folder exists, can be written, and has room.",
    )
