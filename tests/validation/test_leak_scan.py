"""All checks in turn: each hands on what it named."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.validation import scan_table

N = 1200
END = np.datetime64("2021-01-01")


@pytest.fixture
def table() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    cutoff = np.datetime64("2018-01-01") + rng.integers(0, 500, N)
    bad, ill = rng.random(N) < 0.2, rng.random(N) < 0.1
    none = np.datetime64("NaT")
    return {
        "cutoff": cutoff,
        "y": bad,
        "X": {
            "score": rng.normal(size=N) - bad,
            "lost": np.where(bad, rng.uniform(1, 9, N), 0.0),
            "ill_from": np.where(ill, cutoff + rng.integers(9, 400, N), none),
            "ill_days": np.where(ill, rng.integers(1, 30, N), 0).astype(float),
            "ill_doubt": np.where(rng.random(N) < 0.5, "a", "b").tolist(),
            "age": rng.uniform(20, 60, N),
        },
    }


def test_each_is_named_by_its_check(table: dict[str, Any]) -> None:
    found = scan_table(table["X"], table["y"], cutoff=table["cutoff"], end=END)
    assert [(f.code, f.column, f.level) for f in found] == [
        ("TAEL-L01", "lost", "leak"),
        ("TAEL-L09", "ill_from", "leak"),
        ("TAEL-L10", "ill_days", "leak"),
        ("TAEL-L11", "ill_doubt", "ask"),
    ]
    assert found[0].to_dict()["level"] == "leak"


def test_columns_left_out_still_tell(table: dict[str, Any]) -> None:
    """Who leaves out the date alone is told of what was written with it; who leaves out all hears nothing."""
    X = pl.DataFrame(table["X"])
    aside = X.select("ill_from", "age")
    found = scan_table(X.drop("ill_from", "lost"), table["y"], cutoff=table["cutoff"], end=END, aside=aside)
    assert [f.column for f in found] == ["ill_days", "ill_doubt"]
    X = X.select("score", "age")
    assert scan_table(X, table["y"], cutoff=table["cutoff"], end=END, aside=aside.select("ill_from")) == []


def test_an_outcome_tells_what_was_written_with_it(table: dict[str, Any]) -> None:
    open_ = np.random.default_rng(1).random(N) < 0.1
    X = pl.DataFrame(table["X"]).select("score", "age").with_columns(pl.Series("balance", np.where(open_, 5.0, 0.0)))
    outcomes = pl.DataFrame({"status": np.where(open_, "running", None).tolist()})
    assert [f.column for f in scan_table(X, table["y"], outcomes=outcomes)] == ["balance"]
    assert scan_table(X, table["y"]) == []


def test_names_and_wider_rows(table: dict[str, Any]) -> None:
    X = pl.DataFrame(table["X"]).drop("lost")
    found = scan_table(
        X[:600], table["y"][:600], wider=X, cutoff=table["cutoff"], end=END, names={"ill_days": "days ill"}
    )
    assert [f.column for f in found] == ["ill_from", "days ill", "ill_doubt"]


def test_without_cutoffs_dates_are_not_judged(table: dict[str, Any]) -> None:
    assert [f.column for f in scan_table(table["X"], table["y"])] == ["lost"]


def test_lengths(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        scan_table(table["X"], table["y"][:5])
