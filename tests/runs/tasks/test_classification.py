"""Yes or no: what the model tells, beside whom, and that only training rows teach it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, TaelError
from tael.models import load_model, save_model
from tael.runs.tasks import task_of

FOREST = {"estimator": "sklearn.ensemble.RandomForestClassifier", "parameters": {"n_estimators": 10}}
NAIVE = "sklearn.naive_bayes.GaussianNB"
KINDS: list[Any] = ["portfolio", "scorecard", "additive", FOREST]


@pytest.fixture(scope="module", params=KINDS)
def made(request: Any, tiny: Any, plans: Any) -> Any:
    model = request.param if isinstance(request.param, dict) else {"kind": request.param}
    model = model | ({"members": ["linear"]} if request.param == "portfolio" else {})
    others = ["scorecard", NAIVE, *(["portfolio"] if request.param is FOREST else [request.param])]
    others = list(dict.fromkeys(others))
    scene = tiny(plans["classification"] | {"model": model | {"challengers": others}})
    return scene, scene.task.fit(scene.features, scene.sample)


def test_its_output_is_a_probability(made: Any) -> None:
    scene, fitted = made
    assert list(scene.task.outputs(scene.engine)) == list(fitted.outputs(scene.features)) == ["p"]
    p = fitted.outputs(scene.features)["p"]
    assert p.shape == (len(scene.sample.y),)
    assert ((p > 0) & (p < 1)).all()
    assert fitted.scores == ("",)
    assert fitted.contributions(scene.features).shape == scene.features.shape


def test_what_came_is_the_label(made: Any) -> None:
    scene, fitted = made
    rows = scene.rows("out_of_time")
    assert fitted.truths(scene.sample, scene.features, rows)["p"].tolist() == scene.sample.y[rows].tolist()
    assert fitted.section(scene.sample, scene.features) == {}


def test_it_is_judged_row_for_row_beside_others(made: Any) -> None:
    scene, fitted = made
    judged = fitted.judged(scene.sample, scene.features)
    assert judged.y.tolist() == scene.sample.y.tolist()
    assert judged.p.tobytes() == fitted.outputs(scene.features)["p"].tobytes()
    # a challenger of the model's own kind is the model itself
    by_name = {NAIVE, "portfolio"} if scene.plan.model.kind == "estimator" else {NAIVE}
    assert set(judged.others) == ({"scorecard"} | by_name) - {scene.plan.model.kind}
    for p in (judged.reference, *judged.others.values()):
        assert ((p > 0) & (p < 1)).all()
    assert judged.cutoffs.equals(scene.sample.X["cutoff"])


def test_it_says_what_it_is(made: Any) -> None:
    scene, fitted = made
    told = scene.task.told(None, fitted)
    if scene.plan.model.kind == "estimator":
        assert told["title"]["zh"] == "RandomForestClassifier"
        return
    assert told["title"]["en"] != told["title"]["zh"]
    if scene.plan.model.kind == "portfolio":
        assert [one["name"] for one in told["members"]] == ["linear"]
        assert told["calibration"].keys() == {"intercept", "slope"}
    else:
        assert "members" not in told


def test_it_comes_back_from_a_folder_to_the_last_bit(made: Any, tmp_path: Path) -> None:
    scene, fitted = made
    save_model(fitted.model, tmp_path / "weights")
    again = task_of(scene.plan).restore(load_model(tmp_path / "weights"))
    assert again.outputs(scene.features)["p"].tobytes() == fitted.outputs(scene.features)["p"].tobytes()
    assert again.contributions(scene.features).tobytes() == fitted.contributions(scene.features).tobytes()


def test_only_training_rows_teach_it(made: Any) -> None:
    scene, fitted = made
    y, features = scene.sample.y.copy(), scene.features.to_numpy().copy()
    others = np.setdiff1d(np.arange(len(y)), scene.rows("train"))
    assert len(others) > 100
    y[others], features[others] = 1 - y[others], 1e3
    again = scene.task.fit(pl.DataFrame(features, schema=scene.features.columns), replace(scene.sample, y=y))
    assert again.outputs(scene.features)["p"].tobytes() == fitted.outputs(scene.features)["p"].tobytes()
    judged, before = (one.judged(scene.sample, scene.features) for one in (again, fitted))
    assert judged.reference.tobytes() == before.reference.tobytes()


def test_a_direction_is_kept(tiny: Any, plans: Any) -> None:
    scene = tiny(plans["classification"] | {"model": {"kind": "portfolio", "members": ["shallow"]}})
    # against what the data say: the payments rise with z
    fitted = scene.task.fit(scene.features, scene.sample, monotone={"z": -1})
    grid = pl.DataFrame({"x": np.zeros(50), "z": np.linspace(-3, 3, 50)})
    assert (np.diff(fitted.outputs(grid)["p"]) <= 1e-12).all()


@pytest.mark.parametrize(
    ("formula", "got"),
    [("x", "values such as"), ("arm", "categories"), ('count(paid, next="60d") * 2', "values such as 2")],
)
def test_a_label_that_is_no_flag_is_refused(tiny: Any, plans: Any, formula: str, got: str) -> None:
    with pytest.raises(RunError, match=r"must be a flag[\s\S]*" + got):
        tiny(plans["classification"] | {"label": {"formula": formula, "maturity": "60d"}})


def test_all_labels_alike_teach_nothing(tiny: Any, plans: Any, tiny_tables: Any) -> None:
    tables = tiny_tables()
    with pytest.raises(RunError, match="All labels are the same"):
        tiny(plans["classification"], tables.replace(paid=tables["paid"].head(0)))


def test_an_unknown_member_is_named(tiny: Any, plans: Any) -> None:
    with pytest.raises(TaelError, match="linaer"):
        tiny(plans["classification"] | {"model": {"members": ["linaer"]}})
