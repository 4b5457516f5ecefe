"""Explaining one decision, comparing two runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.errors import RunError
from tael.runs import Run
from tael.runs.explain import compare, explain
from tael.scenarios import scenario
from tael.tables import read_tables


@pytest.fixture(scope="module")
def run(made_run: Any) -> Run:
    return Run.read(made_run.path)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_one_decision(run: Run, lang: str) -> None:
    row = run.decisions.sort("probability", descending=True).row(0, named=True)
    (told,) = explain(run, str(row["application_id"]), lang)
    assert (told.id, told.decision, told.probability) == (
        str(row["application_id"]),
        row["decision"],
        row["probability"],
    )
    assert told.because == row[f"reason_{lang}"]
    assert len(told.reasons) == len(row[f"reasons_{lang}"]) > 0
    moves = {"en": ("raises", "lowers"), "zh": ("提高", "降低")}[lang][row["decision"] == "approve"]
    for reason, text, size in zip(told.reasons, row[f"reasons_{lang}"], row["reason_pushes"], strict=True):
        assert reason.startswith(text)
        assert moves in reason
        assert f"{size:+.2f}" in reason
    assert told.model_version == run.content["model"]["version"]


def test_an_unknown_key(run: Run) -> None:
    with pytest.raises(RunError, match=r"a value of application_id, such as \d+[\s\S]*got: +nobody"):
        explain(run, "nobody")


def test_two_seeds(small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    plan = scenario(folder)
    tables = read_tables(folder)
    one = plan.run(tables, tmp_path / "runs")
    small_project.swap('name = "small"', 'name = "small"\nseed = 5').swap("keep = 6", "keep = 3").write()
    two = scenario(folder).run(tables, tmp_path / "runs")
    found = compare(one, two)
    assert found.same_data
    assert found.settings == [("features.keep", "6", "3"), ("seed", "0", "5")]
    decided = {row["measure"]: row for row in found.decision.to_dicts()}
    assert decided["cutoff"]["first"] == one.content["decision"]["cutoff"]
    assert decided["bad_rate"]["second"] == two.content["decision"]["values"][0]["bad_rate"]
    assert decided["profit"]["second"] == two.content["decision"]["values"][0]["profit"]["value"]
    kept = [{feature["formula"] for feature in run.content["features"]} for run in (one, two)]
    assert set(found.only_first) == kept[0] - kept[1]
    assert set(found.only_second) == kept[1] - kept[0]
    auc = found.metrics.filter((pl.col("split") == "out_of_time") & (pl.col("metric") == "roc_auc")).row(0, named=True)
    assert auc["first"] == one.metrics["out_of_time"]["roc_auc"]["value"]
    assert auc["difference"] == pytest.approx(auc["second"] - auc["first"])
    assert found.swaps is not None
    assert found.swaps["n"].sum() == one.content["split"]["parts"]["out_of_time"]["n"]
    changed = dict(found.swaps.select("cell", "n").iter_rows())
    a, b = ((run.decisions.filter(pl.col("split") == "out_of_time").sort("application_id")) for run in (one, two))
    assert changed["swap in"] == ((b["decision"] == "approve") & (a["decision"] != "approve")).sum()
    itself = compare(one, one)
    assert itself.metrics["difference"].abs().max() == 0
    assert not itself.only_first
    assert itself.settings == []


def written(path: Path, counts: dict[str, int], decided: list[str]) -> Run:
    """A run of a decision among options, as far as a comparison reads it."""
    path.mkdir()
    amount = {"value": 100.0, "low": 90.0, "high": 110.0}
    plan = {
        "name": "wake", "entity": "contacts", "cutoff": "sent", "label": {"formula": "count(loans) > 0"},
        "decision": {"kind": "options", "options": {name: {} for name in counts}},
    }  # fmt: skip
    content = {
        "data": {"fingerprint": "f"}, "features": [], "metrics": {}, "scenario": {"config": plan},
        "model": {"kind": "uplift", "version": "v"},
        "decision": {
            "kind": "options", "counts": counts,
            "options": [{"option": name, "title": {"en": name, "zh": name}} for name in counts],
            "values": [{"profit": amount, "profit_expected": amount, "treated": 0.5, "uses": {"cost": 7.0}}],
        },
    }  # fmt: skip
    (path / "run.json").write_text(json.dumps(content), encoding="utf-8")
    n = len(decided)
    frame = pl.DataFrame(
        {
            "id": list(range(n)), "cutoff": [1] * n, "split": ["out_of_time"] * (n - 1) + ["train"],
            "decision": decided, "probability": [0.1] * n, "reason_en": ["because"] * n, "reason_zh": ["因为"] * n,
            "reasons_en": [["age: 3"]] * n, "reasons_zh": [["年龄: 3"]] * n, "reason_pushes": [[0.02]] * n,
            "model_version": ["v"] * n,
        }
    )  # fmt: skip
    frame.write_parquet(path / "decisions.parquet")
    return Run.read(path)


def test_two_decisions_among_options(tmp_path: Path) -> None:
    one = written(tmp_path / "one", {"none": 2, "sms": 1}, ["none", "none", "sms", "none"])
    two = written(tmp_path / "two", {"none": 1, "call": 2}, ["none", "call", "call", "sms"])
    found = compare(one, two)
    assert found.swaps is None
    assert found.moved is not None
    # the last observation is a training row
    assert sorted(found.moved.rows()) == [("none", "call", 1), ("none", "none", 1), ("sms", "call", 1)]
    measures = {row["measure"]: (row["first"], row["second"]) for row in found.decision.to_dicts()}
    assert measures["profit"] == measures["profit_expected"] == (100.0, 100.0)
    assert measures["use:cost"] == (7.0, 7.0)
    assert (measures["n:none"], measures["n:sms"], measures["n:call"]) == ((2.0, 1.0), (1.0, None), (None, 2.0))
    assert set(found.options) == {"none", "sms", "call"}
    (why,) = explain(one, "2")
    assert why.reasons == ["age: 3; raises the effect (+2.00 points)"]


def test_an_approval_and_a_choice_share_their_worth_alone(run: Run, tmp_path: Path) -> None:
    found = compare(run, written(tmp_path / "other", {"none": 1, "call": 1}, ["none", "call"]))
    assert found.decision["measure"].to_list() == ["profit"]
    assert found.swaps is None
    assert found.moved is None


def test_runs_of_other_data_say_so(run: Run, small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    other = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    found = compare(run, other)
    assert not found.same_data
    assert found.swaps is None


def test_a_run_of_an_earlier_tael(run: Run, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes((run.path / "run.json").read_bytes())
    run.decisions.drop("reason_pushes").write_parquet(tmp_path / "decisions.parquet")
    with pytest.raises(RunError, match="earlier tael"):
        explain(Run.read(tmp_path), "1")
