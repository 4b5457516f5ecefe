"""`tael export`: the SQL that is written gives the features that the bundle computes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.runs.bundle import load_bundle
from tael.runs.exporting import export_sql
from tael.tables import read_tables

Cli = Callable[..., Any]


def test_the_sql_gives_the_bundles_features(tael_cli: Cli, made_run: Any, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "features.sql"
    said = tael_cli("export", made_run.path, "--tables", made_run.data, "--out", path)
    assert said.code == 0, said.err
    assert said.out.strip().endswith("features.sql")
    bundle = load_bundle(made_run.path)
    tables = read_tables(made_run.data, absent="label")
    entity = tables[bundle.formulas.entity]
    cutoff = bundle.plan.cutoff
    assert cutoff is not None
    observations = entity.select(bundle.formulas.key, cutoff=cutoff).sort("cutoff").tail(200)
    wanted = bundle.features(tables, observations)
    with duckdb.connect() as engine:
        engine.execute("SET threads = 1")
        for name in tables:
            engine.register(name, tables[name].to_arrow())
        engine.register("observations", observations.to_arrow())
        got = pl.DataFrame(engine.sql(path.read_text("utf-8")).to_arrow_table())
    got = observations.select(bundle.formulas.key).join(
        got.with_columns(got[bundle.formulas.key].cast(observations[bundle.formulas.key].dtype)),
        on=bundle.formulas.key,
        how="left",
        maintain_order="left",
    )
    for name in bundle.formulas.names:
        one = wanted[name].to_numpy()
        other = got[name].cast(float).fill_null(float("nan")).to_numpy()
        np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-9, equal_nan=True, err_msg=name)


def test_nothing_is_written_over(tael_cli: Cli, made_run: Any, tmp_path: Path) -> None:
    path = tmp_path / "features.sql"
    path.write_text("mine", "utf-8")
    said = tael_cli("export", made_run.path, "--tables", made_run.data, "--out", path)
    assert said.code == 1
    assert "The file exists" in said.err
    assert path.read_text("utf-8") == "mine"


def test_other_forms_are_refused(tael_cli: Cli, made_run: Any) -> None:
    said = tael_cli("export", made_run.path, "--tables", made_run.data, "--to", "cobol")
    assert said.code == 1
    assert "sql" in said.err


def test_the_statement_names_its_dialect_faults(made_run: Any) -> None:
    tables = read_tables(made_run.data, absent="label")
    assert "SELECT" in export_sql(made_run.path, tables, dialect="postgres")
