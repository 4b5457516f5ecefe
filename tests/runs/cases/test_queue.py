"""Which alerts a run has, and how one is found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.errors import RunError
from tael.runs.cases.queue import Alerts, case_id


def test_the_queue_is_the_out_of_time_alerts_best_first(watch: Any) -> None:
    alerts = Alerts.read(watch.run)
    frame = pl.read_parquet(watch.run / "decisions.parquet")
    expected = frame.filter((pl.col("split") == "out_of_time") & (pl.col("decision") == "alert"))
    assert len(alerts.alerts) == expected.height == 6
    worth = [alerts.frame["expected_value"][one.row] for one in alerts.alerts]
    assert worth == sorted(worth, reverse=True)
    assert [alerts.frame["rank"][one.row] for one in alerts.alerts] == [1, 2, 3, 4, 5, 6]
    assert {one.key for one in alerts.alerts} == set(expected["account_id"].cast(pl.String))
    assert not any(one.key in one.case for one in alerts.alerts)


def test_found_by_case_and_by_key(watch: Any) -> None:
    alerts = Alerts.read(watch.run)
    first = alerts.alerts[0]
    assert alerts.find(first.case) == alerts.find(first.key) == first
    assert first.case == case_id(alerts.model, first.key, first.cutoff)
    with pytest.raises(RunError, match="no such case"):
        alerts.find("nobody")


def test_of_one_period(watch: Any) -> None:
    assert len(Alerts.read(watch.run, period="2025-03-22").alerts) == 6
    assert Alerts.read(watch.run, period="2025-03-23").alerts == []


def test_another_models_scoring_is_refused(watch: Any, tmp_path: Path) -> None:
    frame = pl.read_parquet(watch.run / "decisions.parquet").with_columns(pl.lit("scored").alias("split"))
    frame.write_parquet(tmp_path / "own.parquet")
    assert len(Alerts.read(watch.run, tmp_path / "own.parquet").alerts) > 6
    frame.with_columns(pl.lit("other").alias("model_version")).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(RunError, match="another model's"):
        Alerts.read(watch.run, tmp_path / "other.parquet")
    frame.select("cutoff").write_parquet(tmp_path / "no.parquet")
    with pytest.raises(RunError, match="not written by"):
        Alerts.read(watch.run, tmp_path / "no.parquet")
