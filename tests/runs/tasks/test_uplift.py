"""What a treatment changes: outcomes under each arm, valued doubly robust; who was treated never becomes a feature."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, ScenarioError
from tael.models import load_model, save_model
from tael.runs.searching import features_of
from tael.runs.tasks import task_of
from tael.runs.tasks.uplift import propensities

NAMES = ["p", "p_none", "p_call", "uplift_call", "p_in_house", "uplift_in_house"]


@pytest.fixture(scope="module")
def scene(tiny: Any, plans: Any) -> Any:
    return tiny(plans["uplift"])


@pytest.fixture(scope="module")
def fitted(scene: Any) -> Any:
    return scene.task.fit(scene.features, scene.sample)


def test_outputs_are_those_that_formulas_may_name(scene: Any, fitted: Any) -> None:
    told = fitted.outputs(scene.features)
    assert list(told) == list(scene.task.outputs(scene.engine)) == NAMES
    assert told["p"].tolist() == told["p_none"].tolist()
    for arm in ("call", "in_house"):
        assert told[f"uplift_{arm}"].tolist() == (told[f"p_{arm}"] - told["p_none"]).tolist()
    # a call helps those with x > 0 alone
    x = scene.features["x"].to_numpy()
    assert told["uplift_call"][x > 1].mean() > told["uplift_call"][x < -1].mean() + 0.1
    assert fitted.scores == ("call", "in-house")
    assert fitted.score_behind(np.array(["none", "in-house", "agency"], dtype=object)).tolist() == [
        "call", "in-house", "call",
    ]  # fmt: skip


def test_it_comes_back_from_a_folder_to_the_last_bit(scene: Any, fitted: Any, tmp_path: Path) -> None:
    save_model(fitted.model, tmp_path / "weights")
    again = task_of(scene.plan).restore(load_model(tmp_path / "weights"))
    told, before = again.outputs(scene.features), fitted.outputs(scene.features)
    assert list(told) == list(before)
    assert all(told[name].tobytes() == before[name].tobytes() for name in told)
    some = scene.features[:20]
    for score in fitted.scores:
        assert again.contributions(some, score).tobytes() == fitted.contributions(some, score).tobytes()


def test_arms_and_their_probabilities_are_those_of_the_rows(scene: Any) -> None:
    rows = scene.sample.X.join(scene.tables["cases"], on="case_id", how="left", maintain_order="left")
    assert scene.sample.extra["arm"].tolist() == rows["arm"].to_list()
    assert scene.sample.extra["propensity"].tolist() == rows["chance"].to_list()
    arms = ["none", "call", "in-house"]
    every = propensities(scene.sample, arms, np.arange(len(rows)))
    assert every is not None
    for row, (arm, chance) in enumerate(rows.select("arm", "chance").iter_rows()):
        assert every[row, arms.index(arm)] == chance
        assert every[row].sum() == pytest.approx(1.0)


def test_what_came_is_doubly_robust(scene: Any, fitted: Any) -> None:
    rows = scene.rows("out_of_time")
    told = fitted.truths(scene.sample, scene.features, rows)
    found = fitted.nuisances(scene.sample, scene.features, rows)
    arm, y, chance = (scene.sample.extra["arm"][rows], scene.sample.y[rows], scene.sample.extra["propensity"][rows])
    assert list(told) == NAMES
    assert found.kept.all()
    for k, name in enumerate(found.arms):
        plain = [
            found.outcome[i, k] + ((y[i] - found.outcome[i, k]) / chance[i] if arm[i] == name else 0.0)
            for i in range(len(rows))
        ]
        assert told[f"p_{str(name).replace('-', '_')}"] == pytest.approx(plain)
    assert told["uplift_call"] == pytest.approx(told["p_call"] - told["p_none"])
    # asked twice, fitted once
    assert fitted.nuisances(scene.sample, scene.features, rows) is found


def test_the_response_is_judged_on_the_arm_that_was_given(scene: Any, fitted: Any) -> None:
    judged = fitted.judged(scene.sample, scene.features)
    told = fitted.outputs(scene.features)
    for row in range(0, len(judged.p), 17):
        arm = scene.sample.extra["arm"][row].replace("-", "_")
        assert judged.p[row] == min(max(told[f"p_{arm}"][row], 0.0), 1.0)
    assert judged.y.tolist() == scene.sample.y.tolist()


def test_the_section_counts_arms_and_tells_each_effect(scene: Any, fitted: Any) -> None:
    told = fitted.section(scene.sample, scene.features)["uplift"]
    rows = scene.rows("out_of_time")
    arm, y = scene.sample.extra["arm"][rows], scene.sample.y[rows]
    assert told["arms"] == ["none", "call", "in-house"]
    assert told["rows"] == {name: int((arm == name).sum()) for name in told["arms"]}
    assert told["rates"] == pytest.approx({name: y[arm == name].mean() for name in told["arms"]})
    assert [one["arm"] for one in told["effects"]] == ["call", "in-house"]
    for one in told["effects"]:
        assert set(one["metrics"]) == set(one["curve"]) == {"model", "response"}
        assert set(one["metrics"]["model"]) <= set(told["titles"])
        assert one["rows"] == told["rows"]["none"] + told["rows"][one["arm"]]


def test_only_training_rows_teach_it(scene: Any, fitted: Any) -> None:
    from dataclasses import replace

    others = np.setdiff1d(np.arange(len(scene.sample.y)), scene.rows("train"))
    y, arm = scene.sample.y.copy(), scene.sample.extra["arm"].copy()
    y[others], arm[others] = 1 - y[others], "none"
    sample = replace(scene.sample, y=y, extra={**scene.sample.extra, "arm": arm})
    again = scene.task.fit(scene.features, sample)
    # the arms in the sample are what they were: the training rows hold all of them
    assert again.outputs(scene.features)["p_call"].tobytes() == fitted.outputs(scene.features)["p_call"].tobytes()


def test_what_was_done_is_hidden_from_the_search(scene: Any) -> None:
    assert scene.task.hidden() == ("cases.arm", "cases.chance")
    auto = features_of(scene.plan, scene.tables)
    assert {"cases.arm", "cases.chance"} <= set(auto.forbid)
    rows = scene.rows("train")
    auto = features_of(
        scene.plan.model_copy(update={"features": scene.plan.features.model_copy(update={"force": ("x",)})}),
        scene.tables,
    ).fit(scene.sample.X[rows], scene.sample.y[rows])
    assert not any("arm" in text or "chance" in text for text in [*auto.formulas_, *auto.ledger_.frame()["formula"]])


def test_one_number_for_all_and_none_at_all(tiny: Any, plans: Any) -> None:
    for propensity in (0.3, None):
        stated = {"column": "arm", "control": "none"} | ({} if propensity is None else {"propensity": propensity})
        scene = tiny(plans["uplift"] | {"treatment": stated})
        assert scene.task.hidden() == ("cases.arm",)
        if propensity is None:
            assert "propensity" not in scene.sample.extra
            continue
        control = scene.sample.extra["arm"] == "none"
        np.testing.assert_allclose(scene.sample.extra["propensity"], np.where(control, 0.4, 0.3))


def test_a_number_that_leaves_nothing_for_the_control_is_told(tiny: Any, plans: Any) -> None:
    stated = {"column": "arm", "control": "none", "propensity": 0.5}
    with pytest.raises(RunError, match="none for the control"):
        tiny(plans["uplift"] | {"treatment": stated})


def cases(tiny_tables: Any, **columns: Any) -> Any:
    tables = tiny_tables()
    return tables.replace(cases=tables["cases"].with_columns(**columns))


def test_nobody_in_the_control(tiny: Any, plans: Any, tiny_tables: Any) -> None:
    with pytest.raises(RunError, match=r"Nobody is in the control[\s\S]*arm == 'nobody'[\s\S]*treatment\.control"):
        tiny(plans["uplift"] | {"treatment": {"column": "arm", "control": "nobody"}})
    alone = cases(tiny_tables, arm=pl.lit("none"))
    with pytest.raises(RunError, match=r"too few rows of an arm[\s\S]*only none"):
        tiny(plans["uplift"], alone)


def test_few_rows_of_an_arm(tiny: Any, plans: Any, tiny_tables: Any) -> None:
    rare = pl.when(pl.col("case_id") % 50 == 0).then(pl.lit("letter")).otherwise(pl.col("arm"))
    with pytest.raises(RunError, match=r"too few rows of an arm[\s\S]*20 training rows of each[\s\S]*letter: \d"):
        tiny(plans["uplift"], cases(tiny_tables, arm=rare))


def test_an_arm_that_is_missing(tiny: Any, plans: Any, tiny_tables: Any) -> None:
    gaps = pl.when(pl.col("case_id") < 3).then(None).otherwise(pl.col("arm"))
    with pytest.raises(RunError, match=r"missing for some observations[\s\S]*3 of \d+ missing"):
        tiny(plans["uplift"], cases(tiny_tables, arm=gaps))


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.5, None])
def test_a_probability_that_is_none(tiny: Any, plans: Any, tiny_tables: Any, chance: float | None) -> None:
    some = pl.when(pl.col("case_id") == 5).then(pl.lit(chance, pl.Float64)).otherwise(pl.col("chance"))
    with pytest.raises(RunError, match=r"above 0, at most 1[\s\S]*1 of \d+ others"):
        tiny(plans["uplift"], cases(tiny_tables, chance=some))


@pytest.mark.parametrize(
    ("treatment", "told"),
    [
        ({"column": "arms", "control": "none"}, r"not there[\s\S]*treatment\.column[\s\S]*arm"),
        ({"column": "arm", "control": "none", "propensity": "chanse"}, r"treatment\.propensity[\s\S]*chance"),
        ({"column": "x", "control": "none"}, r"no category[\s\S]*a number"),
    ],
)
def test_a_treatment_that_does_not_fit_the_tables(tiny: Any, plans: Any, treatment: Any, told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        tiny(plans["uplift"] | {"treatment": treatment})


def test_an_unknown_learner_is_corrected(tiny: Any, plans: Any) -> None:
    with pytest.raises(ScenarioError, match=r'model\.learner[\s\S]*Did you mean "t_linear"'):
        tiny(plans["uplift"] | {"model": {"kind": "uplift", "learner": "t_linaer"}})
