"""What a validator looks at besides: protected attributes that are numbers, and those that make no groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import ScenarioError
from tael.reports.errors_zh import chinese_error
from tael.scenarios import scenario
from tael.scenarios.project import check_project
from tael.tables import read_tables


def _protected(project: Any, line: str) -> Path:
    people = project.frames["people"]
    rng = np.random.default_rng(5)
    project.frames["people"] = people.with_columns(
        age=pl.Series(rng.integers(19, 75, people.height)),
        sex=pl.Series(rng.integers(1, 3, people.height)),
        street=pl.Series([f"street {k}" for k in range(people.height)]),
        born=pl.Series(["1980-03-0" + str(1 + k % 9) for k in range(people.height)]),
    )
    project.swap('city = { type = "category" }', 'city = { type = "category" }\nborn = { type = "time" }\n')
    project.scenario += f"\n[governance.protected]\n{line}\n"
    folder: Path = project.write()
    return folder


def test_a_number_is_put_into_bands_and_codes_are_groups(small_project: Any, tmp_path: Path) -> None:
    folder = _protected(small_project, 'age = "people.age"\nsex = "people.sex"')
    assert not check_project(folder).failed
    age, sex = scenario(folder).run(read_tables(folder), tmp_path / "runs").content["fairness"]
    names = [row["group"] for row in age["groups"]]
    assert len(names) == 5
    assert names == sorted(names)
    assert names[0].startswith("19 .. ")
    assert age["title"]["en"].endswith("in 5 bands of about equal size")
    assert age["title"]["zh"].endswith("（按人数大致等分为 5 段）")
    sizes = [row["n"] for row in age["groups"]]
    assert max(sizes) < 1.6 * min(sizes)
    assert [row["group"] for row in sex["groups"]] == ["1", "2"]
    assert "bands" not in sex["title"]["en"]


@pytest.mark.parametrize(
    ("column", "problem", "fix"),
    [("street", "too many groups", "take the line out"), ("born", "is a time", "days_since(people.born)")],
)
def test_what_makes_no_groups_is_refused_before_the_search(
    column: str, problem: str, fix: str, small_project: Any, tmp_path: Path
) -> None:
    folder = _protected(small_project, f'x = "people.{column}"')
    told: list[str] = []
    with pytest.raises(ScenarioError, match=problem) as caught:
        scenario(folder).run(read_tables(folder), tmp_path / "runs", tell=lambda stage, *_: told.append(stage))
    assert f"[governance.protected]: x = people.{column}" in str(caught.value)
    assert fix in str(caught.value)
    assert "features" not in told
    assert "受保护属性" in chinese_error(caught.value) or "群体过多" in chinese_error(caught.value)
    checked = check_project(folder)
    assert checked.failed
    assert problem in checked.text
