"""Bad input, end to end: each is told in four parts, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

Change = Callable[[Any], Any]


def column(table: str, **columns: Any) -> Change:
    def change(project: Any) -> None:
        project.frames[table] = project.frames[table].with_columns(**columns)

    return change


def rows(table: str, keep: Any) -> Change:
    def change(project: Any) -> None:
        frame = project.frames[table]
        project.frames[table] = frame.filter(keep) if isinstance(keep, pl.Expr) else frame.head(keep)

    return change


def text(old: str, new: str) -> Change:
    return lambda project: project.swap(old, new)


def both(*changes: Change) -> Change:
    def change(project: Any) -> None:
        for one in changes:
            one(project)

    return change


def again(table: str) -> Change:
    def change(project: Any) -> None:
        project.frames[table] = pl.concat([project.frames[table], project.frames[table].head(2)])

    return change


FAULTS: dict[str, tuple[Change, list[str]]] = {
    "no applications": (rows("applications", 0), ["nothing to observe", "table applications"]),
    "one application": (rows("applications", 1), ["to do:"]),
    "two applications": (rows("applications", 2), ["to do:"]),
    "nobody defaulted": (rows("defaults", 0), ["All labels are the same", "label.formula", "all 0"]),
    "nothing has matured": (
        text('[label]\nformula = \'count(defaults, next="90d")', '[label]\nformula = \'count(defaults, next="9y")'),
        ["No observation has a label yet", "data complete up to"],
    ),
    "duplicate keys": (again("applications"), ["break their contract", "applications.applicatio", "TAEL-T02"]),
    "all violations at once": (
        both(
            again("applications"),
            again("people"),
            text("[people.columns]", "[people.columns]\nincome = { max = 10, required = true }"),
            column("people", income=pl.when(pl.col("person_id") == 3).then(None).otherwise(pl.col("income"))),
        ),
        ["people.person_id", "applications.applicatio", "people.income", "outside the bounds", "required, but"],
    ),
    "label with a misspelt table": (
        text("count(defaults", "count(defualts"),
        ["defualts", 'Did you mean "defaults"', "where:"],
    ),
    "label with a misspelt column": (
        text('count(defaults, next="90d") > 0', 'count(defaults, where=dayy > 3, next="90d") > 0'),
        ["dayy", "where:"],
    ),
    "label that does not parse": (text('next="90d") > 0', 'next="90d") >'), ["to do:"]),
    "label that looks back": (text('next="90d"', 'last="90d"'), ["All labels are the same"]),
    "label that is no flag": (text('next="90d") > 0', 'next="90d") + 2'), ["must be a flag", "label.formula"]),
    "label that is a text": (
        text("formula = 'count(defaults, next=\"90d\") > 0'", "formula = 'channel'"),
        ["must be a flag", "got:      categories", "label.formula = channel", '== "Bad"'],
    ),
    "unknown entity": (text('entity = "applications"', 'entity = "aplications"'), ["aplications", "applications"]),
    "unknown cutoff": (text('cutoff = "applied"', 'cutoff = "aplied"'), ["aplied", 'Did you mean "applied"']),
    "unknown field": (text("keep = 6", "kep = 6"), ["features.kep", 'Did you mean "keep"', "scenario.toml"]),
    "wrong form": (text("keep = 6", 'keep = "six"'), ["features.keep = 'six'", "scenario.toml"]),
    "unknown groups": (text('groups = "person_id"', 'groups = "persn"'), ["persn", 'Did you mean "person_id"']),
    "unknown member": (text('"shallow"]', '"shalow"]'), ["shalow", 'Did you mean "shallow"']),
    "unknown window": (text('["90d"]', '["90 days"]'), ["90 days", "to do:"]),
    "unknown forbidden column": (
        text("max_up = 1", 'max_up = 1\nforbid = ["people.incom"]'),
        ["people.incom", 'Did you mean "people.income"'],
    ),
    "unknown direction": (
        text('"shallow"]', '"shallow"]\nmonotone = { "people.incom" = 1 }'),
        ["people.incom", "model.monotone"],
    ),
    "out of time before everything": (
        text('groups = "person_id"', 'groups = "person_id"\nout_of_time = "1999-01-01"'),
        ["1999-01-01", "split in scenario.toml"],
    ),
    "out of time that is no date": (
        text('groups = "person_id"', 'groups = "person_id"\nout_of_time = "soon"'),
        ["soon", "split in scenario.toml"],
    ),
    "a share of two": (text('groups = "person_id"', 'groups = "person_id"\nvalidation = 2'), ["validation=2"]),
    "misspelt economics": (
        text('"amount * 0.3"', '"amuont * 0.3"'),
        ["[decision]: margin = amuont * 0.3", "Number columns of applications: amount"],
    ),
    "nothing said about the margin": (
        text('margin = "amount * 0.3"\n', ""),
        ["what a loan earns", "margin_rate", "scenario.toml, [decision]", "Number columns of applications: amount"],
    ),
    "no column amount": (
        both(
            lambda project: project.frames.update(
                applications=project.frames["applications"].rename({"amount": "loanamount"})
            ),
            text('"amount * 0.3"', '"loanamount * 0.3"'),
        ),
        ["no column amount", "scenario.toml, [decision]", 'Write amount = "loanamount"', "Number columns"],
    ),
    "a percentage in quotes": (text("lgd = 0.5", 'lgd = "50%"'), ["written as a number", "lgd = 0.5"]),
    "a label of a value that never occurs": (
        text("formula = 'count(defaults, next=\"90d\") > 0'", "formula = 'channel == \"APP\"'"),
        ["All labels are the same", "'APP' never occurs in applications.channel. Its values: 'app', 'branch'."],
    ),
    "a leak": (
        lambda project: project.frames.update(
            applications=project.frames["applications"].with_columns(
                status=pl.col("application_id")
                .is_in(project.frames["defaults"]["application_id"].implode())
                .cast(pl.Int8)
            )
        ),
        ["gives the label away", "TAEL-L01 status", "known_at", 'role = "ignore"', "--despite-leaks"],
    ),
    "economics that is a text": (
        text('"amount * 0.3"', '"channel"'),
        ["must be a number", "[decision]: margin = channel"],
    ),
    "economics that is missing for some": (
        column("applications", amount=pl.when(pl.col("application_id") == 7).then(None).otherwise(pl.col("amount"))),
        ["missing for some applicants", "1 of 600", "application_id 7", "[decision]: amount = amount", "coalesce"],
    ),
    "a loss above one": (text("lgd = 0.5", "lgd = 50"), ["lgd", "It is a share"]),
    "a negative amount": (
        column("applications", amount=-pl.col("amount")),
        ["amount", "negative"],
    ),
    "a rule that is no flag": (
        text("lgd = 0.5", 'lgd = 0.5\nrules = { x = "amount" }'),
        ["must be a flag", "[decision]: rules.x = amount"],
    ),
    "a misspelt rule": (
        text("lgd = 0.5", 'lgd = 0.5\nrules = { x = "people.incme > 3" }'),
        ["[decision]: rules.x = people.incme > 3", "income"],
    ),
    "caps without segments": (text("lgd = 0.5", "lgd = 0.5\nsegment_caps = { North = 0.1 }"), ["decision.segment"]),
    "a mad exclude": (text('cutoff = "applied"', 'cutoff = "applied"\nexclude = { x = "amount" }'), ["must be a flag"]),
    "everybody excluded": (
        text('cutoff = "applied"', 'cutoff = "applied"\nwhere = "amount < 0"'),
        ["Nothing is left to observe", "not in the population: amount < 0: 600 left out"],
    ),
    "text in a number": (
        both(
            text("[people.columns]", '[people.columns]\nincome = { type = "number" }'),
            column("people", income=pl.lit("a lot")),
        ),
        ["people", "income", "a lot"],
    ),
    "a time that is none": (column("applications", applied=pl.lit("last week")), ["applied", "last week"]),
    "a missing file": (text('file = "people.csv"', 'file = "persons.csv"'), ["persons.csv"]),
    "a missing column": (text('time = "paid"', 'time = "payd"'), ["payd", "paid"]),
    "a relation to nowhere": (
        text('person_id = { to = "people" }\nkind', 'person_id = { too = "people" }\nkind'),
        ["payments", "too", 'Did you mean "to"'],
    ),
    "another encoding": (
        column("people", city=pl.lit("北京市")),
        ["people.csv", "gb18030"],
    ),
}


@pytest.mark.parametrize("name", list(FAULTS))
def test_fault(name: str, small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]) -> None:
    change, told = FAULTS[name]
    change(small_project)
    folder = small_project.write("gb18030" if name == "another encoding" else "utf-8")
    said = tael_cli("run", folder, "--out", tmp_path / "out")
    assert said.code == 1, said.err + said.out
    assert said.out == ""
    for part in told:
        assert part in said.err, said.err
    assert "to do:" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "out").exists()
    # told before the search, which may take minutes
    late = ("unknown direction",)
    assert ("searching features" in said.err) <= (name in late), said.err


def test_no_tables_toml(small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]) -> None:
    (small_project.write() / "tables.toml").unlink()
    said = tael_cli("run", small_project.folder, "--out", tmp_path / "out")
    assert said.code == 1
    assert "tables.toml" in said.err
    assert "tael infer" in said.err


def test_an_empty_side_table_is_no_fault(small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]) -> None:
    small_project.frames["payments"] = small_project.frames["payments"].head(0)
    said = tael_cli("run", small_project.write(), "--out", tmp_path / "out")
    assert said.code == 0, said.err


def test_orphans_infinities_and_late_rows_are_warnings(
    small_project: Any, tmp_path: Path, tael_cli: Callable[..., Any]
) -> None:
    small_project.frames["payments"] = small_project.frames["payments"].with_columns(
        person_id=pl.when(pl.col("payment_id") < 5).then(9999).otherwise(pl.col("person_id")),
        amount=pl.when(pl.col("payment_id") == 7).then(float("inf")).otherwise(pl.col("amount")),
        paid=pl.when(pl.col("payment_id") == 9).then(None).otherwise(pl.col("paid")),
    )
    said = tael_cli("run", small_project.write(), "--out", tmp_path / "out")
    assert said.code == 0, said.err
    assert "3 irregularities" in said.out
