"""Scenarios by name and by folder; their observations, pipeline and folds as scikit-learn takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_validate

import tael
from tael.errors import ScenarioError
from tael.scenarios import PACKS, scenario
from tael.tables import Tables, read_tables


@pytest.mark.parametrize("name", list(PACKS))
def test_every_pack_says_what_it_asks_in_both_languages(name: str) -> None:
    one = tael.scenario(name)
    assert one.name == name
    assert one.title("en") != one.title("zh")
    assert one.question("en").endswith("?")
    assert one.question("zh").endswith("？")
    assert one.plan.example is not None
    # what is written into a project folder is the pack itself
    assert f'name = "{name}"' in one.source


def test_an_unknown_name_is_corrected(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match='Did you mean "credit-approval"'):
        scenario("credit-aproval")
    with pytest.raises(ScenarioError, match=r"a folder with a scenario\.toml"):
        scenario(tmp_path)
    with pytest.raises(ScenarioError, match=r"There is no scenario\.toml in .*\n.*\n +got: +an empty folder"):
        scenario(tmp_path)


def test_a_scenario_without_an_example(small_project: Any) -> None:
    with pytest.raises(ScenarioError, match="Bring tables of your own"):
        scenario(small_project.write()).example()


def in_memory(project: Any, kind: str) -> Tables:
    make = {"polars": lambda f: f, "pandas": lambda f: f.to_pandas(), "pyarrow": lambda f: f.to_arrow()}[kind]
    (project.write() / "plain.toml").write_text(
        "\n".join(line for line in project.tables.splitlines() if not line.startswith("file"))
    )
    return Tables({name: make(frame) for name, frame in project.frames.items()}, project.folder / "plain.toml")


@pytest.mark.parametrize(("kind", "frame"), [("polars", pl.DataFrame), ("pandas", pd.DataFrame), ("pyarrow", pa.Table)])
def test_observations_come_as_the_tables_came(small_project: Any, kind: str, frame: type) -> None:
    tables = in_memory(small_project, kind)
    one = scenario(small_project.folder)
    X, y = one.observations(tables)
    assert type(X) is frame
    assert y.dtype == np.int64
    assert len(X) == len(y)
    names = list(X.columns) if kind != "pyarrow" else X.column_names
    assert names == ["application_id", "cutoff", "person_id"]
    later = one.pending(tables)
    assert type(later) is frame
    assert len(X) + len(later) == len(small_project.frames["applications"])


@pytest.mark.parametrize("kind", ["polars", "pandas"])
def test_cross_validation_as_scikit_learn_does_it(small_project: Any, kind: str) -> None:
    tables = in_memory(small_project, kind)
    one = scenario(small_project.folder)
    X, y = one.observations(tables)
    pipeline, folds = one.pipeline(tables), one.cv(X)
    assert len(folds) == one.plan.split.folds
    people = np.asarray(X["person_id"])
    for train, test in folds:
        assert not set(people[train]) & set(people[test])
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(len(y)))
    found = cross_validate(pipeline, X, y, cv=folds[:2], scoring="roc_auc", error_score="raise")
    assert found["test_score"].mean() > 0.55
    assert repr(clone(pipeline)) == repr(pipeline)


def test_both_kinds_of_tables_give_the_same_numbers(small_project: Any) -> None:
    told = []
    for kind in ("polars", "pandas"):
        tables = in_memory(small_project, kind)
        one = scenario(small_project.folder)
        X, y = one.observations(tables)
        told.append(one.pipeline(tables).fit(X, y).predict_proba(X)[:, 1])
    assert np.array_equal(*told)


def test_folds_without_groups(small_project: Any) -> None:
    small_project.swap('groups = "person_id"\n', "")
    one = scenario(small_project.write())
    X, _ = one.observations(read_tables(small_project.folder))
    assert X.columns == ["application_id", "cutoff"]
    assert len(one.cv(X)) == 3


def test_the_run_of_the_python_interface(small_project: Any, tmp_path: Path) -> None:
    told: list[tuple[str, str, float]] = []
    one = scenario(small_project.write())
    run = one.run(
        read_tables(small_project.folder), out=tmp_path / "runs", lang="zh", tell=lambda *what: told.append(what)
    )
    assert run.report.path.is_file()
    assert '<html lang="zh' in run.report.path.read_text(encoding="utf-8")
    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages == ["tables", "observations", "features", "model", "performance", "decision", "bundle", "report"]
    assert all(0 <= share <= 1 for _, _, share in told)
    assert repr(run).startswith("Run(path=")
