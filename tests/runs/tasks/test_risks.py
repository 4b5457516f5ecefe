"""Which event comes first, and when: what was seen by when, and that nothing later teaches."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, ScenarioError
from tael.models import load_model, save_model
from tael.runs.tasks import task_of
from tael.runs.tasks.risks import LEAST, OPEN, days_of

NAMES = ["p", "p_early", "p_early_30d", "p_early_180d", "p_late_on", "p_late_on_30d", "p_late_on_180d", "months_kept"]
DATA_END = datetime(2025, 1, 1)


@pytest.fixture(scope="module")
def scene(tiny: Any, plans: Any) -> Any:
    return tiny(plans["risks"])


@pytest.fixture(scope="module")
def fitted(scene: Any) -> Any:
    return scene.task.fit(scene.features, scene.sample)


def test_outputs_are_those_that_formulas_may_name(scene: Any, fitted: Any) -> None:
    told = fitted.outputs(scene.features)
    assert sorted(told) == sorted(NAMES) == sorted(scene.task.outputs(scene.engine))
    assert told["p"].tolist() == told["p_early"].tolist()
    for cause in ("early", "late_on"):
        rising = [told[f"p_{cause}_30d"], told[f"p_{cause}"], told[f"p_{cause}_180d"]]
        assert (np.diff(rising, axis=0) >= 0).all()
        assert min(one.min() for one in rising) >= 0
    assert (told["p_early_180d"] + told["p_late_on_180d"] <= 1 + 1e-12).all()
    assert ((told["months_kept"] > 0) & (told["months_kept"] <= 12.0)).all()
    # early ends come sooner where z is high
    z = scene.features["z"].to_numpy()
    assert told["p"][z > 0.5].mean() > told["p"][z < -0.5].mean() + 0.1
    assert told["months_kept"][z > 0.5].mean() < told["months_kept"][z < -0.5].mean()


def test_times_and_events_against_a_plain_loop(scene: Any) -> None:
    ends = {row["case_id"]: row for row in scene.tables["ended"].to_dicts()}
    for row, (case, cutoff) in enumerate(scene.sample.X.iter_rows()):
        followed = min((DATA_END - cutoff) / timedelta(days=1), days_of("12mo"))
        days = (ends[case]["at"] - cutoff) / timedelta(days=1)
        kind = ends[case]["kind"]
        if days >= followed:
            days, kind = followed, OPEN
        assert scene.sample.extra["event"][row] == kind
        assert scene.sample.extra["time"][row] == pytest.approx(max(days, LEAST))
        assert scene.sample.y[row] == (kind == "early" and days < 90)


def test_what_came_by_the_window(scene: Any, fitted: Any) -> None:
    rows = scene.rows("out_of_time")
    told = fitted.truths(scene.sample, scene.features, rows)
    assert list(told) == ["p", "p_early", "p_late_on"]
    assert told["p"].tolist() == told["p_early"].tolist() == scene.sample.y[rows].tolist()
    late = (scene.sample.extra["event"][rows] == "late-on") & (scene.sample.extra["time"][rows] < 90)
    assert told["p_late_on"].tolist() == late.astype(float).tolist()
    judged = fitted.judged(scene.sample, scene.features)
    assert judged.p.tobytes() == fitted.outputs(scene.features)["p"].tobytes()
    assert judged.y.tolist() == scene.sample.y.tolist()


def test_the_section_tells_each_event(scene: Any, fitted: Any) -> None:
    told = fitted.section(scene.sample, scene.features)["incidence"]
    rows = scene.rows("out_of_time")
    assert (told["by"], told["unit"]) == ("90d", "month")
    assert [one["event"] for one in told["events"]] == ["early", "late-on"]
    for one in told["events"]:
        assert one["n"] == int((scene.sample.extra["event"][rows] == one["event"]).sum())
        assert len(one["time"]) == len(one["predicted"]) == len(one["observed"]) == len(one["low"])
        assert one["predicted"][0] == one["time"][0] == 0.0
        assert (np.diff(one["observed"]) >= -1e-12).all()
        assert (np.array(one["low"]) <= np.array(one["observed"]) + 1e-12).all()
        assert (np.array(one["high"]) >= np.array(one["observed"]) - 1e-12).all()
    nothing = replace(scene.sample, extra={**scene.sample.extra, "event": np.full(len(scene.sample.y), OPEN)})
    assert fitted.section(nothing, scene.features)["incidence"]["events"] == []


def test_it_comes_back_from_a_folder_to_the_last_bit(scene: Any, fitted: Any, tmp_path: Path) -> None:
    save_model(fitted.model, tmp_path / "weights")
    again = task_of(scene.plan).restore(load_model(tmp_path / "weights"))
    told, before = again.outputs(scene.features), fitted.outputs(scene.features)
    assert list(told) == list(before)
    assert all(told[name].tobytes() == before[name].tobytes() for name in told)
    some = scene.features[:20]
    assert again.contributions(some).tobytes() == fitted.contributions(some).tobytes()
    assert again.scores == ("",)


@pytest.mark.parametrize(
    ("method", "change"), [("logistic", "fewer"), ("logistic", "other"), ("logistic", "sooner"), ("boosted", "other")]
)
def test_what_happens_after_the_test_period_began_teaches_nothing(
    tiny: Any, plans: Any, tiny_tables: Any, method: str, change: str
) -> None:
    content = plans["risks"] | {"risks": plans["risks"]["risks"] | {"method": method}}
    scene = tiny(content)
    begins = scene.sample.X["cutoff"][scene.rows("out_of_time")].min()
    tables = tiny_tables()
    later = pl.col("at") > begins
    ended = tables["ended"]
    assert 100 < ended.select(later.sum()).item() < len(ended) - 100
    moved = {
        "fewer": ended.filter(~later | (pl.col("case_id") % 3 == 0)),
        "other": ended.with_columns(kind=pl.when(later & (pl.col("kind") == "early")).then(pl.lit("late-on"))
                                    .when(later).then(pl.lit("early")).otherwise(pl.col("kind"))),
        "sooner": ended.with_columns(at=pl.when(later).then(pl.lit(begins) + (pl.col("at") - begins) / 3)
                                     .otherwise(pl.col("at"))),
    }[change]  # fmt: skip
    other = tiny(content, tiny_tables(ended=moved))
    rows = scene.rows("train")
    assert other.rows("train").tolist() == rows.tolist()
    # the training rows are followed beyond that day, so that there is something to see
    assert (scene.sample.extra["time"][rows] != other.sample.extra["time"][rows]).any() or (
        scene.sample.extra["event"][rows] != other.sample.extra["event"][rows]
    ).any()
    told, again = (one.task.fit(one.features, one.sample) for one in (scene, other))
    one, two = told.outputs(scene.features), again.outputs(scene.features)
    assert all(one[name].tobytes() == two[name].tobytes() for name in one)
    for a, b in zip((told.reference,), (again.reference,), strict=True):
        assert a.predict_proba(scene.features).tobytes() == b.predict_proba(scene.features).tobytes()


def test_an_event_that_training_never_saw(scene: Any) -> None:
    def without(name: str) -> Any:
        event = scene.sample.extra["event"].copy()
        event[event == name] = OPEN
        return replace(scene.sample, extra={**scene.sample.extra, "event": event})

    fitted = scene.task.fit(scene.features, without("late-on"))
    told = fitted.outputs(scene.features)
    # the decision's formulas may name it all the same
    assert sorted(told) == sorted(NAMES)
    assert (told["p_late_on"] == 0).all()
    assert (told["p_late_on_180d"] == 0).all()
    assert list(fitted.truths(scene.sample, scene.features, scene.rows("out_of_time"))) == ["p", "p_early", "p_late_on"]
    with pytest.raises(RunError, match=r"the event that the label speaks of[\s\S]*got: +late-on"):
        scene.task.fit(scene.features, without("early"))


def test_a_label_that_speaks_of_something_else(tiny: Any, plans: Any) -> None:
    risks = plans["risks"]["risks"]
    with pytest.raises(ScenarioError, match=r"disagree[\s\S]*early comes first, within 30d[\s\S]*risks\.by"):
        tiny(plans["risks"] | {"risks": risks | {"by": "30d"}})
    swapped = dict(reversed(list(risks["events"].items())))
    with pytest.raises(ScenarioError, match=r"disagree[\s\S]*late-on comes first"):
        tiny(plans["risks"] | {"risks": risks | {"events": swapped}})


def test_an_event_is_a_time(tiny: Any, plans: Any) -> None:
    risks = plans["risks"]["risks"]
    events = {"early": 'count(ended, where=kind == "early", next="12mo")'}
    with pytest.raises(
        ScenarioError, match=r"by the time at which it happens[\s\S]*a number[\s\S]*risks\.events\.early"
    ):
        tiny(plans["risks"] | {"risks": risks | {"events": events}})


def test_durations_in_days() -> None:
    assert days_of("12mo") == days_of("1y") == 365.25
    assert days_of("2w") == 14.0
    assert days_of("36h") == 1.5
