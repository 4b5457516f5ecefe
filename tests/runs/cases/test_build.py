"""What stands in a case file, from the run and the tables."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.errors import RunError
from tael.reports.cases import case_page
from tael.runs.cases import CaseMaker, Made, dispose
from tael.tables import Tables, read_tables


@pytest.fixture(scope="module")
def tables(watch: Any) -> Tables:
    return read_tables(watch.tables)


@pytest.fixture(scope="module")
def made(watch: Any, tables: Tables) -> Made:
    return CaseMaker(watch.run, tables, n_jobs=1).make(50)


def test_every_alert_has_a_file_in_the_queues_order(watch: Any, made: Made) -> None:
    assert len(made.cases) == made.queue.total == 6
    assert [line.id for line in made.queue.lines] == [case.id for case in made.cases]
    assert "6" in made.queue.capacity["en"]
    frame = pl.read_parquet(watch.run / "decisions.parquet")
    told = frame.filter((pl.col("split") == "out_of_time") & (pl.col("decision") == "alert")).sort("rank")
    assert [case.score for case in made.cases] == told["probability"].to_list()


def test_the_first_reasons_are_the_runs(watch: Any, made: Made) -> None:
    frame = pl.read_parquet(watch.run / "decisions.parquet").filter(pl.col("decision") == "alert").sort("rank")
    told = frame.filter(pl.col("split") == "out_of_time")
    for case, words in zip(made.cases, told["reasons_en"].to_list(), strict=True):
        assert len(case.reasons) >= len(words)
        for reason, text in zip(case.reasons, words, strict=False):
            factor = text.split(": ")[0]
            assert reason.sentence["en"].lower().startswith(factor.lower())


def test_all_parts_are_there_in_both_languages(made: Made) -> None:
    case = made.cases[0]
    assert case.reasons
    assert case.peers
    assert case.trail
    assert case.graph
    assert {answer.question for answer in case.draft} == {"who", "what", "when", "where", "why", "how"}
    assert any(answer.blank for answer in case.draft)
    assert any(reason.evidence for reason in case.reasons)
    assert len(case.checks) >= 2
    assert len(case.graph["nodes"]) <= 60
    english, chinese = case_page(case, "en"), case_page(case, "zh")
    assert "peers" in english
    assert "中位数" in chinese
    assert not re.search(r"[\u4e00-\u9fff]", english[english.index("<body") :])


def test_personal_data_is_masked(watch: Any, made: Made, tables: Tables) -> None:
    keys = set(tables["accounts"]["account_id"].cast(pl.String))
    things = {str(v) for c in ("ip", "device", "phone") for v in tables["transfers"][c].drop_nulls().unique()}
    for case in made.cases:
        for lang in ("en", "zh"):
            page = case_page(case, lang)
            words = set(re.findall(r"[\w.:-]+", re.sub(r"<style.*?</style>", "", page, flags=re.S)))
            assert not words & keys
            assert not {word for word in words & things if len(word) > 4}
    open_ = CaseMaker(watch.run, tables, unmask=True, n_jobs=1).make(1).cases[0]
    assert not open_.masked
    assert set(re.findall(r"\w+", case_page(open_))) & keys


def test_the_drafts_figures_are_the_tables(watch: Any, made: Made, tables: Tables) -> None:
    from tael.runs.cases.queue import Alerts

    alerts = Alerts.read(watch.run)
    for alert, case in zip(alerts.alerts, made.cases, strict=True):
        frame = tables["transfers"].filter((pl.col("at") < alert.cutoff) & (pl.col("known_at") < alert.cutoff))
        key = int(alert.key)
        start = alert.cutoff - timedelta(days=60)
        frame = frame.filter(pl.col("at") >= start)
        came, went = frame.filter(pl.col("receiver") == key), frame.filter(pl.col("sender") == key)
        what = next(answer for answer in case.draft if answer.question == "what").known
        if came.height + went.height:
            assert f"{came.height:,} came in with {came['amount'].sum():,.2f} CNY" in what[0]["en"]
            assert f"{went.height:,} went out with {went['amount'].sum():,.2f} CNY" in what[0]["en"]


def test_nothing_later_and_no_label_is_shown(made: Made) -> None:
    for case in made.cases:
        page = case_page(case)
        assert "launders" not in page
        assert "typology" not in page
        for table in (*case.trail, *case.history):
            if table.title == {"en": "Dispositions", "zh": "处置记录"}:
                continue
            for row in table.rows:
                times = [cell for cell in row if isinstance(cell, str) and re.match(r"\d{4}-\d\d-\d\d", cell)]
                assert all(cell < "2025-03-22" for cell in times)


def test_names_with_markup_do_nothing(watch: Any, tables: Tables, tmp_path: Path) -> None:
    """Whatever a table holds, a page shows it as text."""
    bad = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    spoilt = tables.replace(
        transfers=tables["transfers"].with_columns(remark=pl.lit(bad), channel=pl.lit("</style><script>x</script>"))
    )
    made = CaseMaker(watch.run, spoilt, unmask=True, n_jobs=1).make(3)
    for case in made.cases:
        page = case_page(case)
        assert "<script" not in page
        assert "<img" not in page
        assert page.count("</style>") == 1
    assert any("&lt;script&gt;alert(1)" in case_page(case) for case in made.cases)


def test_dispositions_stand_in_the_history_and_the_queue(
    watch: Any, tables: Tables, made: Made, tmp_path: Path
) -> None:
    run = watch.copy(tmp_path)
    first = made.cases[0].id
    dispose(run, first, "confirmed", "passes through in hours", "Ann")
    again = CaseMaker(run, tables, n_jobs=1).make(1)
    assert again.queue.lines[0].state == "pending"
    page = case_page(again.cases[0])
    assert "passes through in hours" in page
    assert "Ann" in page


def test_peers_of_ones_own_group(watch: Any, tables: Tables) -> None:
    made = CaseMaker(watch.run, tables, peers="kind", n_jobs=1).make(2)
    assert "of the group" in made.cases[0].peers_note["en"]


def test_a_market_has_no_cases(tmp_path: Path, tables: Tables) -> None:
    (tmp_path / "run.json").write_text('{"shape": "panel"}', encoding="utf-8")
    with pytest.raises(RunError, match="no cases"):
        CaseMaker(tmp_path, tables)


def test_keys_that_are_text_in_these_tables(watch: Any, tables: Tables, made: Made, tmp_path: Path) -> None:
    """The run's keys are whole numbers; a CSV holds them as text."""
    folder = tmp_path / "csv"
    folder.mkdir()
    for path in watch.tables.glob("*.parquet"):
        pl.read_parquet(path).write_csv(folder / f"{path.stem}.csv", datetime_format="%Y-%m-%d %H:%M:%S")
    text = (watch.tables / "tables.toml").read_text(encoding="utf-8").replace(".parquet", ".csv")
    (folder / "tables.toml").write_text(text, encoding="utf-8")
    again = CaseMaker(watch.run, read_tables(folder), n_jobs=1).make(3)
    assert not again.queue.worries
    assert [case_page(case) for case in again.cases] == [case_page(case) for case in made.cases[:3]]
