"""What a run scans: its own columns beside what was left out, and what stops it."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import RunError
from tael.observations import observe
from tael.runs.plan import Plan
from tael.runs.sample import labelled_sample
from tael.runs.scanned import leaks_of, refuse_leaks, serious
from tael.tables import Tables
from tael.validation import Finding
from tael.validation.words import Words

N = 900
PAGE = """
name = "loans"
title = { en = "Loans", zh = "贷款" }
entity = "loans"
cutoff = "lent"
[label]
formula = 'state == "bad"'
maturity = "12mo"
[split]
out_of_time = 0.3
validation = 0.25
[decision]
amount = "owed"
margin = 20
lgd = 0.5
"""


@pytest.fixture(scope="module")
def loans() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    lent = np.datetime64("2018-01-01") + rng.integers(0, 600, N)
    helped = rng.random(N) < 0.1
    runs = rng.random(N) < 0.05
    bad = (rng.random(N) < 0.2) & ~runs
    on = np.where(helped, lent + rng.integers(5, 300, N), np.datetime64("NaT"))
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    said = [None if np.isnat(t) else f"{names[int(str(t)[5:7]) - 1]} {str(t)[8:]}, {str(t)[:4]}" for t in on]
    return pl.DataFrame(
        {
            "loan": np.arange(N),
            "lent": lent.astype("datetime64[us]"),
            "owed": rng.uniform(100, 900, N),
            "helped_on": on.astype("datetime64[us]"),
            "helped_on_text": said,
            "help": np.where(helped, 5.0, 0.0),
            "still_owed": np.where(runs, rng.uniform(1, 99, N), 0.0),
            "state": np.where(runs, "runs", np.where(bad, "bad", "paid")).tolist(),
        }
    )


def scanned(loans: pl.DataFrame, **roles: dict[str, Any]) -> dict[str, str]:
    """Column -> code of what the scan finds."""
    payments = pl.DataFrame({"loan": [0], "at": [np.datetime64("2021-01-01").astype("datetime64[us]").item()]})
    columns: dict[str, Any] = {"state": {"role": "label", "type": "category"}} | roles
    schema = {
        "loans": {"key": "loan", "time": "lent", "columns": columns},
        "payments": {"time": "at", "columns": {"loan": {"to": "loans"}}},
    }
    plan = Plan.from_dict(tomllib.loads(PAGE))
    engine = Engine(Tables({"loans": loans, "payments": payments}, schema), "loans", cutoff="cutoff", n_threads=1)
    seen = observe(engine.tables, plan.observations, plan.label, engine=engine)
    return {
        leak.column: leak.code for leak in leaks_of(engine, labelled_sample(engine, seen, plan, lambda *_: None), plan)
    }


def test_what_is_of_later_is_named_without_a_word_of_it(loans: pl.DataFrame) -> None:
    found = scanned(loans, helped_on_text={"type": "text"})
    assert found == {
        "helped_on": "TAEL-L09", "helped_on_text": "TAEL-L09", "help": "TAEL-L10", "still_owed": "TAEL-L10",
    }  # fmt: skip


def test_leaving_out_the_date_alone_is_not_enough(loans: pl.DataFrame) -> None:
    late = {name: {"role": "ignore"} for name in ("helped_on", "helped_on_text")}
    assert scanned(loans, **late) == {"help": "TAEL-L10", "still_owed": "TAEL-L10"}
    late |= {name: {"role": "ignore"} for name in ("help", "still_owed")}
    assert scanned(loans, **late) == {}


def test_a_date_with_its_known_at_is_no_leak(loans: pl.DataFrame) -> None:
    """Nor is what became known with it."""
    known = {name: {"known_at": "helped_on"} for name in ("helped_on", "help", "helped_on_text")}
    assert scanned(loans.drop("still_owed"), **known) == {}


def test_what_the_label_says_already_is_no_trail(loans: pl.DataFrame) -> None:
    """A column that goes with "bad" is for the other checks: good features foretell the label."""
    rng = np.random.default_rng(1)
    bad = (loans["state"] == "bad").to_numpy()
    likely = np.where(rng.random(N) < 0.03, ~bad, bad) * 1.0
    assert scanned(loans.select("loan", "lent", "owed", "state", likely=pl.Series(likely))).get("likely") != "TAEL-L10"


def test_questions_stop_no_run() -> None:
    words = Words("what was seen", "所见")
    asked = Finding("TAEL-L11", "b", 1.0, words, "ask")
    shared = Finding("TAEL-L05", "c", 0.5, words)
    refuse_leaks([asked, shared])
    leak = Finding("TAEL-L10", "a", 1.0, words)
    assert serious([asked, shared, leak]) == [leak]
    with pytest.raises(RunError, match="TAEL-L11") as told:
        refuse_leaks([asked, leak])
    assert str(told.value).index("TAEL-L10") < str(told.value).index("TAEL-L11")
    with pytest.raises(RunError, match="泄漏"):
        refuse_leaks([leak], "zh")
