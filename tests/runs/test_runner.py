"""A run from end to end: the contract, what ``run.json`` says held against the tables it was made from, determinism."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from tael.runs import Run
from tael.scenarios import scenario
from tael.tables import read_tables

SPLITS = ("train", "validation", "out_of_time")


@pytest.fixture(scope="module")
def run(made_run: Any) -> Run:
    assert made_run.code == 0, made_run.stderr
    return Run.read(made_run.path)


def test_the_command_ends_with_the_path_of_the_report(made_run: Any) -> None:
    assert made_run.code == 0, made_run.stderr
    assert Path(made_run.stdout.splitlines()[-1]) == made_run.path / "report.html"
    assert {path.name for path in made_run.path.iterdir()} == {
        "report.html", "run.json", "features.txt", "scores.parquet", "decisions.parquet", "model", "scenario.toml",
    }  # fmt: skip
    assert [path.name for path in made_run.path.parent.iterdir()] == [made_run.path.name]
    assert made_run.path.name.startswith("credit-approval-")


def test_progress_goes_to_stderr_and_the_summary_fits_a_terminal(made_run: Any) -> None:
    assert "searching features" in made_run.stderr
    assert "searching features" not in made_run.stdout
    assert "Simulated data" in made_run.stdout
    lines = made_run.stdout.splitlines()
    table = [line for line in lines if line.startswith(("split", "train", "validation", "out of time", "  logistic"))]
    assert len(table) == 5
    assert max(map(len, table)) <= 80


def test_run_json_has_every_metric_with_its_interval(run: Run) -> None:
    assert set(run.metrics) == set(SPLITS)
    for split in SPLITS:
        for name in ("roc_auc", "gini", "ks", "pr_auc", "log_loss", "brier"):
            metric = run.metrics[split][name]
            assert metric["low"] <= metric["value"] <= metric["high"], (split, name)


@pytest.mark.parametrize("split", SPLITS)
def test_metrics_are_those_of_the_scores(run: Run, split: str) -> None:
    rows = run.scores.filter(pl.col("split") == split)
    assert len(rows) == run.content["split"]["parts"][split]["n"]
    assert int(rows["label"].sum()) == run.content["split"]["parts"][split]["bad"]
    y, p = rows["label"].to_numpy(), rows["probability"].to_numpy()
    assert run.metrics[split]["roc_auc"]["value"] == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert run.metrics[split]["log_loss"]["value"] == pytest.approx(log_loss(y, p), rel=1e-9)
    assert run.metrics[split]["brier"]["value"] == pytest.approx(np.mean((y - p) ** 2), rel=1e-9)


def test_the_split_is_in_time_and_keeps_people_together(run: Run, made_run: Any) -> None:
    rows = run.scores.filter(pl.col("split").is_in(SPLITS))
    last = rows.filter(pl.col("split") == "out_of_time")
    before = rows.filter(pl.col("split") != "out_of_time")
    assert before["cutoff"].max() < last["cutoff"].min()
    # the outcome of whoever was learnt from was settled before the test period began
    assert (last["cutoff"].min() - before["cutoff"].max()).days >= 179
    people = pl.read_csv(made_run.data / "applications.csv").select("application_id", "customer_id")
    who = rows.with_columns(pl.col("application_id").cast(pl.Int64)).join(people, on="application_id")
    train, valid = (set(who.filter(pl.col("split") == name)["customer_id"]) for name in ("train", "validation"))
    assert not train & valid


def test_counts_and_values_of_the_decision(run: Run) -> None:
    decision = run.content["decision"]
    last = run.decisions.filter(pl.col("split") == "out_of_time")
    counts = dict(last["decision"].value_counts().iter_rows())
    assert {name: n for name, n in decision["counts"].items() if n} == counts
    assert sum(decision["counts"].values()) == len(last)
    values = {value["policy"]["en"]: value for value in decision["values"]}
    chosen = values["chosen cut-off (referred not yet granted)"]
    assert chosen["approval"] == pytest.approx(counts.get("approve", 0) / len(last))
    y = last.join(run.scores.select("application_id", "cutoff", "label"), on=["application_id", "cutoff"])
    assert chosen["bad_rate"] == pytest.approx(y.filter(pl.col("decision") == "approve")["label"].mean())
    expected = last.filter(pl.col("decision") == "approve")["probability"].mean()
    assert chosen["bad_rate_expected"] == pytest.approx(expected)
    assert chosen["profit"] == chosen["profit_realised"]
    approved = last.filter(pl.col("decision") == "approve")
    assert approved["expected_profit"].sum() == pytest.approx(chosen["profit_expected"]["value"])
    curve = decision["curve"]
    at = curve["threshold"].index(decision["refer"][0])
    assert curve["profit"][at] == pytest.approx(chosen["profit_expected"]["value"])
    assert curve["realised"][at] == pytest.approx(chosen["profit_realised"]["value"])
    at, alone = curve["threshold"].index(decision["cutoff"]), values["cut-off alone, nobody referred"]
    assert curve["realised"][at] == pytest.approx(alone["profit_realised"]["value"])
    assert alone["bad_rate_interval"][0] <= alone["bad_rate_expected"] <= alone["bad_rate_interval"][1]
    for kind in ("profit_expected", "profit_realised"):
        assert chosen[kind]["low"] <= chosen[kind]["value"] <= chosen[kind]["high"]
        assert values["decline all"][kind]["value"] == 0.0
    assert decision["observed"]["rate"] == pytest.approx(chosen["bad_rate"])
    assert decision["observed"]["low"] < chosen["bad_rate"] < decision["observed"]["high"]
    for lang, words in (("en", "Chosen on validation."), ("zh", "验证集上选定")):
        assert words in decision["message"][lang]
        assert f"{chosen['approval']:.1%}" in decision["message"][lang]
        assert decision["binding"][lang]
    assert values["decline all"]["profit"]["value"] == 0.0
    assert values["approve all"]["bad_rate"] == pytest.approx(
        run.content["split"]["parts"]["out_of_time"]["bad"] / len(last)
    )
    p = last["probability"].to_numpy()
    low, high = decision["refer"]
    expected = np.where(p <= low, "approve", np.where(p <= high, "refer", "decline"))
    assert last["decision"].to_list() == expected.tolist()


def test_profit_of_approving_all_is_the_formula_told(run: Run, made_run: Any) -> None:
    rows = run.scores.filter(pl.col("split") == "out_of_time").with_columns(pl.col("application_id").cast(pl.Int64))
    terms = pl.read_csv(made_run.data / "applications.csv").select(
        "application_id", "amount", "annual_rate", "term_months"
    )
    at = rows.join(terms, on="application_id", how="left", maintain_order="left")
    assert at.null_count().sum_horizontal()[0] == 0
    names = {name: at[name].to_numpy() for name in ("amount", "annual_rate", "term_months")}
    told = {one["name"]: one["value"] for one in run.content["decision"]["economics"]["parameters"]}
    values = {k: eval(v, {}, names) if isinstance(v, str) else v for k, v in told.items()}  # noqa: S307 (our own TOML)
    values["pd"] = at["label"].to_numpy()
    profit = eval(run.content["decision"]["economics"]["formula"], {}, values)  # noqa: S307
    everybody = next(v for v in run.content["decision"]["values"] if v["policy"]["en"] == "approve all")
    assert everybody["profit"]["value"] == pytest.approx(profit.sum(), rel=1e-9)
    assert everybody["profit"]["low"] <= everybody["profit"]["value"] <= everybody["profit"]["high"]


def test_observations_add_up(run: Run) -> None:
    seen = run.content["observations"]
    assert seen["n"] == seen["n_labelled"] + seen["n_pending"] == len(run.scores)
    assert sum(one["n"] for one in seen["by_period"]) == seen["n"]
    assert sum(one["labelled"] for one in seen["by_period"]) == seen["n_labelled"]
    bad = sum(one["bad"] for one in seen["by_period"])
    assert seen["base_rate"] == pytest.approx(bad / seen["n_labelled"])
    assert bad == int(run.scores["label"].sum())
    used = sum(part["n"] for part in run.content["split"]["parts"].values())
    assert used + run.content["split"]["purged"] == seen["n_labelled"]
    by_split = dict(run.scores["split"].value_counts().iter_rows())
    assert by_split.get("pending", 0) == seen["n_pending"]
    assert run.scores.filter(pl.col("split") == "pending")["label"].null_count() == seen["n_pending"]


def test_features_are_told_in_order_with_shares_that_add_to_one(run: Run) -> None:
    features = run.content["features"]
    gains = [one["gain"] for one in features if one["gain"] is not None]
    assert gains == sorted(gains, reverse=True)
    told = [
        line.split(" = ")[0] for line in (run.path / "features.txt").read_text("utf-8").splitlines() if " = " in line
    ]
    assert [name for name in told if name[0] not in "# "] == [one["name"] for one in features]
    assert 1 <= len(features) <= 80
    assert sum(one["share"] for one in features) == pytest.approx(1.0)
    assert run.content["search"]["kept"] == len(features) == run.content["model"]["n_features"]
    assert run.content["search"]["candidates"] == len(features) + sum(run.content["search"]["dropped"].values())
    text = (run.path / "features.txt").read_text(encoding="utf-8")
    for one in features:
        assert f"{one['name']} = {one['formula']}" in text
        assert one["words"]["en"] in text
        assert one["words"]["zh"] in text
        assert 0 <= one["coverage"] <= 1
        assert sum(part["n"] for part in one["shape"]) == run.content["split"]["parts"]["train"]["n"]


def test_members_weigh_one_and_the_version_is_the_same_everywhere(run: Run) -> None:
    assert sum(one["weight"] for one in run.content["model"]["members"]) == pytest.approx(1.0)
    assert all(one["title"]["en"] and one["title"]["zh"] for one in run.content["model"]["members"])
    assert run.content["despite_leaks"] is False
    version = run.content["model"]["version"]
    assert set(run.scores["model_version"]) == set(run.decisions["model_version"]) == {version}
    assert json.loads((run.path / "model" / "manifest.json").read_text())["version"] == version


def test_what_is_needed_to_repeat_it_is_there(run: Run, made_run: Any) -> None:
    again = run.content["reproduce"]
    assert again["command"] == "tael run credit-approval --customers 5000"
    assert "[decision]" in again["config_toml"]
    assert run.content["simulated"] is True
    assert again["fingerprint"] == run.content["data"]["fingerprint"]
    assert {one["name"] for one in run.content["data"]["tables"]} == set(read_tables(made_run.data))


def test_run_json_is_plain_json_and_holds_no_personal_value(run: Run, made_run: Any) -> None:
    text = (run.path / "run.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    customers = pl.read_csv(made_run.data / "customers.csv", infer_schema=False)
    personal = [
        name for name in customers.columns if any(word in name for word in ("phone", "name", "id_card", "email"))
    ]
    pages = [text, (run.path / "report.html").read_text(encoding="utf-8"), str(run.decisions.to_dict(as_series=False))]
    for name in personal:
        for value in customers[name].drop_nulls().unique().head(200):
            assert all(f'"{value}"' not in page for page in pages), f"customers.{name}"
    assert run.decisions.columns == [
        "application_id", "cutoff", "split", "decision", "probability", "expected_profit", "reason_code", "reason_en",
        "reason_zh", "reasons_en", "reasons_zh", "reason_features", "reason_pushes", "model_version",
    ]  # fmt: skip


def test_samples_are_rows_of_the_decisions(run: Run) -> None:
    assert run.content["samples"]
    for one in run.content["samples"]:
        row = run.decisions.filter(pl.col("application_id").cast(pl.String) == one["id"]).row(0, named=True)
        assert (row["decision"], row["probability"], row["split"]) == (
            one["decision"],
            one["probability"],
            "out_of_time",
        )
        assert [reason["feature"] for reason in one["reasons"]] == row["reason_features"]


TIMES = ("started", "cost")


def _without_times(content: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in content.items() if name not in TIMES}
    features = [{k: v for k, v in feature.items() if k != "cost"} for feature in content["features"]]
    search = {k: v for k, v in content["search"].items() if k != "seconds"}
    return kept | {"search": search, "features": features}


def test_the_same_seed_gives_the_same_run_whatever_the_threads(small_project: Any, tmp_path: Path) -> None:
    folder = small_project.write()
    one, two = (
        scenario(folder).run(read_tables(folder), tmp_path / "runs", n_jobs=jobs, command="x") for jobs in (1, 2)
    )
    assert one.path != two.path
    assert one.scores.equals(two.scores)
    assert one.decisions.equals(two.decisions)
    assert _without_times(one.content) == _without_times(two.content)
    for path in sorted(one.path.rglob("*")):
        if path.is_file() and path.name not in ("run.json", "report.html", "scores.parquet", "decisions.parquet"):
            assert path.read_bytes() == (two.path / path.relative_to(one.path)).read_bytes(), path.name


def test_nobody_qualifies_is_a_result(small_project: Any, tmp_path: Path) -> None:
    small_project.swap("limit = { bad_rate = 0.25 }", "limit = { bad_rate = 0.0001 }")
    folder = small_project.write()
    run = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    decision = run.content["decision"]
    assert decision["status"] == "nobody"
    assert decision["cutoff"] is None
    assert set(run.decisions["decision"]) == {"decline"}
    assert decision["message"] in run.content["worries"]
    page = run.report.path.read_text(encoding="utf-8")
    assert decision["message"]["en"].split(":")[0] in page
    assert all(value["approval"] in (0.0, 1.0) for value in decision["values"])


def test_nobody_referred_is_a_result(small_project: Any, tmp_path: Path) -> None:
    small_project.swap("refer_band = 0.1\n", "")
    folder = small_project.write()
    run = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    assert run.content["decision"]["counts"].get("refer", 0) == 0
    assert set(run.decisions["decision"]) == {"approve", "decline"}
    assert {one["decision"] for one in run.content["samples"]} == {"approve", "decline"}


def test_a_rule_and_a_cap_decide_before_the_probability(small_project: Any, tmp_path: Path) -> None:
    small_project.swap(
        "lgd = 0.5",
        'lgd = 0.5\nsegment = "people.city"\nsegment_caps = { North = 0.1 }\nrules = { "too much" = "amount > 9000" }\n'
        'today = "people.income > 3000"',
    )
    folder = small_project.write()
    run = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    rows = run.decisions.with_columns(pl.col("application_id").cast(pl.Int64)).join(
        small_project.frames["applications"].join(small_project.frames["people"], on="person_id"), on="application_id"
    )
    ruled = rows.filter(pl.col("amount") > 9000)
    assert len(ruled)
    assert set(ruled["decision"]) == {"decline"}
    assert set(ruled["reason_code"]) == {"rule"}
    assert all("too much" in text for text in ruled["reason_en"])
    north = rows.filter((pl.col("city") == "North") & (pl.col("split") == "out_of_time"))
    assert (north["decision"] == "approve").sum() <= int(0.1 * len(north))
    assert "cap" in set(rows["reason_code"])
    swap = run.content["decision"]["swap_set"]
    assert sum(cell["n"] for cell in swap.values()) == run.content["split"]["parts"]["out_of_time"]["n"]


def test_weights_and_pending_rows(small_project: Any, tmp_path: Path) -> None:
    small_project.swap('cutoff = "applied"', 'cutoff = "applied"\nweight = "amount"\ndata_end = 2024-10-01')
    folder = small_project.write()
    run = scenario(folder).run(read_tables(folder), tmp_path / "runs")
    pending = run.scores.filter(pl.col("split") == "pending")
    assert len(pending)
    assert pending["cutoff"].min() > datetime(2024, 7, 2)
    assert pending["probability"].is_between(0, 1).all()
    assert set(run.decisions.filter(pl.col("split") == "pending")["decision"]) <= {"approve", "refer", "decline"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a Unix system")
def test_the_memory_told_is_that_of_the_process(run: Run) -> None:
    cost = run.content["cost"]
    assert 50 < cost["peak_memory_mb"] < 4000
    assert cost["wall_seconds"]["features"] > 0
