from __future__ import annotations

import tomllib
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tael.datasets import SimulatedBank, simulate_bank
from tael.errors import TablesError
from tael.tables import Tables


@pytest.fixture(scope="module")
def small() -> SimulatedBank:
    return simulate_bank(100, seed=1, months=12, events_per_customer=20)


def test_parquet_comes_back_as_it_was(small: SimulatedBank, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "bank")
    assert tomllib.loads((folder / "tables.toml").read_text(encoding="utf-8")) == small.schema
    assert (folder / "tables.toml").read_text(encoding="utf-8").startswith("# Simulated")
    for name, frame in small.frames.items():
        assert_frame_equal(pl.read_parquet(folder / small.schema[name]["file"]), frame)
    assert sorted(p.name for p in folder.iterdir()) == sorted([*(f"{n}.parquet" for n in small.frames), "tables.toml"])
    assert [p.name for p in tmp_path.iterdir()] == ["bank"]


def test_csv_has_its_own_names_and_iso_times(small: SimulatedBank, tmp_path: Path) -> None:
    folder = small.write(tmp_path / "bank", format="csv")
    schema = tomllib.loads((folder / "tables.toml").read_text(encoding="utf-8"))
    assert schema["loans"]["file"] == "loans.csv"
    read = pl.read_csv(folder / "loans.csv", schema_overrides={"disbursed": pl.Datetime("us")})
    assert (read["disbursed"] == small.frames["loans"]["disbursed"]).all()


def test_nothing_is_written_over(small: SimulatedBank, tmp_path: Path) -> None:
    (tmp_path / "bank").mkdir()
    (tmp_path / "bank" / "mine.txt").write_text("mine")
    with pytest.raises(TablesError, match="nothing is written over"):
        small.write(tmp_path / "bank")
    assert [p.name for p in tmp_path.rglob("*")] == ["bank", "mine.txt"]


def test_a_failure_leaves_nothing(small: SimulatedBank, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tael.datasets.simulated.os.fsync", full)
    with pytest.raises(TablesError, match="No space left"):
        small.write(tmp_path / "bank")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_parent_and_an_unknown_format_are_named(small: SimulatedBank, tmp_path: Path) -> None:
    with pytest.raises(TablesError, match="cannot be written here"):
        small.write(tmp_path / "no" / "bank")
    with pytest.raises(TablesError, match="Unknown format"):
        small.write(tmp_path / "bank", format="xlsx")  # type: ignore[arg-type]


def test_tables_are_tael_tables(small: SimulatedBank) -> None:
    assert isinstance(small.tables(), Tables)


def test_repr_counts_rows(small: SimulatedBank) -> None:
    assert "applications: 200" in repr(small)
