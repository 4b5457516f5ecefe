"""What a run exports: its formulas, and with them the statistics of the training observations."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import FormulaError, RunError
from tael.features.formula_set import FormulaSet
from tael.observations.observe import CUTOFF
from tael.runs.exporting import export_sql
from tael.runs.promise import promise_of
from tael.tables import Tables

FORMULAS = ["amount / mean(amount, by=branch)", 'count(applications, by=branch, among="as_of")']


@pytest.fixture
def tables() -> Tables:
    frame = pl.DataFrame(
        {
            "application_id": [1, 2, 3, 4],
            "applied": [datetime(2024, 1, day) for day in (1, 2, 3, 4)],
            "branch": ["a", "b", "a", None],
            "amount": [0.1, 0.7, 0.2, 5.0],
        }
    )
    columns = {"branch": {"type": "category"}, "amount": {"type": "number"}}
    schema = {"applications": {"key": "application_id", "time": "applied", "columns": columns}}
    return Tables({"applications": frame}, schema)


def kept(tables: Tables, monkeypatch: pytest.MonkeyPatch, *, forget: bool = False) -> pl.DataFrame:
    """Stand a bundle in that keeps these formulas; gives its observations."""
    X = tables["applications"].select("application_id", pl.lit(datetime(2024, 2, 1)).alias(CUTOFF))
    engine = Engine(tables, "applications", cutoff=CUTOFF)
    fitted = {} if forget else engine.fit(FORMULAS, X.head(2))
    formulas = FormulaSet(FORMULAS, ["to_peers", "peers"], "applications", "application_id", CUTOFF, {}, fitted)
    bundle = SimpleNamespace(formulas=formulas, promise=promise_of(engine, FORMULAS))
    monkeypatch.setattr("tael.runs.exporting.load_bundle", lambda run: bundle)
    return X


def test_the_statement_carries_what_was_fitted(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb = pytest.importorskip("duckdb")
    X = kept(tables, monkeypatch)
    sql = export_sql(Path("run"), tables)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("applications", tables["applications"].to_arrow())
        connection.register("observations", X.to_arrow())
        rows = sorted(connection.execute(sql).fetchall())
    assert [row[2:] for row in rows] == [(1.0, 2), (1.0, 1), (2.0, 2), (None, 0)]


def test_a_statistic_that_is_not_there_is_told(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    kept(tables, monkeypatch, forget=True)
    with pytest.raises(FormulaError, match="none were given"):
        export_sql(Path("run"), tables)


def test_other_forms_are_refused(tables: Tables) -> None:
    with pytest.raises(RunError, match="not known"):
        export_sql(Path("run"), tables, to="cobol")
