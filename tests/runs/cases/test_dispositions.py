"""Four eyes, corrections, and the table that trains the next model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tael.errors import RunError
from tael.runs.cases import dispose, dispositions_table
from tael.runs.cases.audit import NAME, read_log
from tael.runs.cases.dispositions import courses, states
from tael.runs.cases.queue import Alerts
from tael.runs.scoring import write_table


@pytest.fixture
def run(watch: Any, tmp_path: Path) -> Path:
    return watch.copy(tmp_path)  # type: ignore[no-any-return]


@pytest.fixture
def cases(run: Path) -> list[str]:
    return [one.case for one in Alerts.read(run).alerts]


def test_a_confirmation_counts_with_the_second_person(run: Path, cases: list[str]) -> None:
    assert dispose(run, cases[0], "confirmed", "in and out", "Ann")[1] == "pending"
    assert dispositions_table(run).height == 0
    with pytest.raises(RunError, match="Four eyes"):
        dispose(run, cases[0], "confirmed", "again", " ANN ")
    assert dispose(run, cases[0], "confirmed", "seen too", "Bo")[1] == "confirmed"
    with pytest.raises(RunError, match="Two people"):
        dispose(run, cases[0], "confirmed", "third", "Cy")
    assert dispose(run, cases[1], "dismissed", "salary", "Ann")[1] == "dismissed"
    table = dispositions_table(run)
    assert table["confirmed"].to_list() == [True, False]
    assert table["by"].to_list() == ["Ann; Bo", "Ann"]
    assert table["disposition_id"].to_list() == [2, 3]


def test_a_correction_is_a_new_row(run: Path, cases: list[str]) -> None:
    dispose(run, cases[0], "dismissed", "salary", "Ann")
    dispose(run, cases[0], "confirmed", "not salary", "Ann")
    assert states(run, Alerts.read(run).model) == {cases[0]: "pending"}
    dispose(run, cases[0], "confirmed", "agreed", "Bo")
    dispose(run, cases[0], "dismissed", "court", "Cy")
    table = dispositions_table(run)
    assert table["confirmed"].to_list() == [False, True, False]
    assert table["decided_at"].is_sorted()
    assert len(read_log(run, Alerts.read(run).model)) == 4
    found, settled = courses(read_log(run, Alerts.read(run).model))
    assert found[cases[0]].state == "dismissed"
    assert [one.confirmed for one in settled] == [False, True, False]


def test_what_is_refused_is_not_written(run: Path, cases: list[str]) -> None:
    for arguments in (
        ("nobody", "dismissed", "x", "Ann"),
        (cases[0], "dismissed", " ", "Ann"),
        (cases[0], "dismissed", "x", ""),
    ):
        with pytest.raises(RunError):
            dispose(run, *arguments)
    assert not (run / NAME).exists()


def test_an_empty_table_has_its_columns(run: Path) -> None:
    table = dispositions_table(run)
    assert table.columns == ["disposition_id", "case", "account_id", "cutoff", "decided_at", "by", "confirmed", "why"]
    assert table["account_id"].dtype == pl.Int64


def test_dispositions_train_the_next_model(watch: Any, run: Path, tmp_path: Path) -> None:
    """Decided at known times, the table is named by the next schema; a label formula looks at it as at any table."""
    from tael.engine import Engine
    from tael.observations import LabelSpec, ObservationSpec, observe
    from tael.tables import read_tables

    alerts = Alerts.read(run).alerts
    when = datetime(2025, 3, 25, 9, tzinfo=UTC)
    for k, alert in enumerate(alerts):
        moment = when + timedelta(hours=k)
        if k % 2:
            dispose(run, alert.case, "dismissed", "salary", "Ann", now=moment)
        else:
            dispose(run, alert.case, "confirmed", "in and out", "Ann", now=moment)
            dispose(run, alert.case, "confirmed", "seen", "Bo", now=moment + timedelta(minutes=5))
    folder = tmp_path / "next"
    folder.mkdir()
    for path in watch.tables.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    write_table(dispositions_table(run), folder / "decided.csv")
    text = (folder / "tables.toml").read_text(encoding="utf-8")
    more = """
[decided]
file = "decided.csv"
key = "disposition_id"
time = "decided_at"
[decided.columns]
account_id = { to = "accounts" }
cutoff = { type = "time" }
confirmed = { type = "flag", true = ["true"] }
"""
    (folder / "tables.toml").write_text(text + more, encoding="utf-8")
    tables = read_tables(folder)
    label = LabelSpec(formula='count(decided, where=confirmed, next="30d") > 0', maturity="4d")
    spec = ObservationSpec(entity="accounts", at=(datetime(2025, 3, 22),), data_end=datetime(2025, 4, 30))
    seen = observe(tables, spec, label)
    positive = set(seen.frame.filter(pl.Series(seen.label == 1.0))["account_id"].cast(pl.String))
    assert positive == {alert.key for k, alert in enumerate(alerts) if not k % 2}
    # what was decided is known from its own time on, and not before
    engine = Engine(tables, "accounts")
    X = pl.DataFrame(
        {"account_id": [int(alerts[0].key)] * 2, "cutoff": [datetime(2025, 3, 25, 9, 5), datetime(2025, 3, 26)]}
    )
    assert engine.evaluate(["count(decided, where=confirmed)"], X)[0].data.tolist() == [0.0, 1.0]


def test_a_second_run_is_trained_on_dispositions(watch: Any, run: Path, tmp_path: Path) -> None:
    """The whole way: every old alert is decided, and `tael run` learns from the table of it."""
    from tael.scenarios.project import run_project

    frame = pl.read_parquet(run / "decisions.parquet").sort("cutoff")
    # an investigator's word on every tenth account and all alerts, at the pace of a working desk
    shown = pl.col("probability").rank(descending=True) <= 150
    chosen = frame.filter(shown).unique("account_id", keep="first", maintain_order=True)
    truth = pl.read_parquet(watch.tables / "reports.parquet")["account_id"]
    decided = chosen.select(
        pl.int_range(1, pl.len() + 1).alias("disposition_id"),
        "account_id",
        decided_at=pl.col("cutoff") + pl.duration(hours=30),
        confirmed=pl.col("account_id").is_in(truth.implode()),
    )
    folder = tmp_path / "project"
    folder.mkdir()
    for path in watch.tables.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    write_table(decided, folder / "decided.parquet")
    tables = (folder / "tables.toml").read_text(encoding="utf-8")
    more = '\n[decided]\nfile = "decided.parquet"\nkey = "disposition_id"\ntime = "decided_at"\n[decided.columns]\n'
    (folder / "tables.toml").write_text(
        tables + more + 'account_id = { to = "accounts" }\nconfirmed = { type = "flag" }\n', encoding="utf-8"
    )
    text = (folder / "scenario.toml").read_text(encoding="utf-8")
    text = text.replace('count(reports, next="7d") > 0', 'count(decided, where=confirmed, next="7d") > 0')
    text = text.replace('forbid = ["reports",', 'forbid = ["decided", "reports",')
    (folder / "scenario.toml").write_text(text, encoding="utf-8")
    made = run_project(str(folder), tmp_path / "runs", n_jobs=1)
    assert made.content["model"]["version"]
    assert made.content["scenario"]["label_formula"].startswith("count(decided")
