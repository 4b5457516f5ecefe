"""What was written together with a column of later is named; what only looks alike is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from tael.errors import ValidationError
from tael.validation import trail_of_leaks

N = 2000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def hit(rng: np.random.Generator) -> NDArray[np.bool_]:
    """Something that befell one in twenty, afterwards."""
    return rng.random(N) < 0.05


def honest(rng: np.random.Generator, hit: NDArray[np.bool_]) -> dict[str, Any]:
    """Columns like those of later: mostly empty, mostly 0, one value rare; and one that foretells well."""
    return {
        "joint_income": np.where(rng.random(N) < 0.05, rng.uniform(1, 9, N), np.nan),
        "tax_liens": np.where(rng.random(N) < 0.05, 1.0, 0.0),
        "kind": np.where(rng.random(N) < 0.05, "joint", "single").tolist(),
        "score": rng.normal(size=N) + 1.5 * hit,
        "likely": np.where(rng.random(N) < np.where(hit, 0.7, 0.02), 1.0, 0.0),
    }


def test_the_trail_is_named_and_nothing_else(hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    table = honest(rng, hit) | {
        "helped_on": np.where(hit, rng.uniform(1, 9, N), np.nan),
        "help_kind": np.where(hit, np.where(rng.random(N) < 0.5, "rest", "less"), None).tolist(),
        "help_sum": np.where(hit, rng.uniform(1, 9, N), 0.0),
        "help_flag": np.where(hit, "Y", "N").tolist(),
    }
    found = trail_of_leaks(table, ["helped_on"])
    assert {(f.column, f.level) for f in found} == {("help_kind", "leak"), ("help_sum", "leak"), ("help_flag", "leak")}
    assert {f.code for f in found} == {"TAEL-L10"}
    assert all("helped_on" in f.text(lang) and f.column in f.text(lang) for f in found for lang in ("en", "zh"))


def test_a_trail_leads_on(hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    """What was found tells of more: the status is a trail of the date, the date of the balance."""
    table = {"open": np.where(hit, rng.uniform(1, 9, N), 0.0), "next_due": np.where(hit, 1.0, np.nan)}
    beside = pl.DataFrame({"status": np.where(hit, "current", "closed").tolist()})
    found = trail_of_leaks(table, [], beside=beside)
    assert {f.column for f in found} == {"open", "next_due"}


def test_one_way_is_no_tie(hit: NDArray[np.bool_]) -> None:
    """Only buyers of the rare product can be hit; half of them are."""
    rare = hit | (np.arange(N) % 20 == 0)
    table = {"helped_on": np.where(hit, 1.0, np.nan), "product": np.where(rare, "X", "A").tolist()}
    assert trail_of_leaks(table, ["helped_on"]) == []


def test_a_common_category_is_only_asked_about(rng: np.random.Generator) -> None:
    """All orders of goods were delivered, and no others: the product was known."""
    goods = rng.random(N) < 0.4
    table = {"delivered": np.where(goods, 1.0, np.nan), "product": np.where(goods, "goods", "advice").tolist()}
    assert [(f.column, f.level) for f in trail_of_leaks(table, ["delivered"])] == [("product", "ask")]


def test_what_goes_with_a_doubtful_column_is_doubtful(hit: NDArray[np.bool_]) -> None:
    table = {"until": np.where(hit, 1.0, np.nan), "office": np.where(hit, 3.0, np.nan)}
    assert [f.level for f in trail_of_leaks(table, ["until"], doubtful=["until"])] == ["ask"]
    assert [f.level for f in trail_of_leaks(table, ["until"])] == ["leak"]


def test_what_the_cutoff_tells_is_no_trail(rng: np.random.Generator) -> None:
    """A bureau's second version begins in the year whose loans are still running."""
    year = rng.integers(2015, 2020, N).astype(float)
    old = year < 2018
    table = {"settled_on": np.where(old, 1.0, np.nan), "bureau_2": np.where(old, np.nan, rng.random(N))}
    assert trail_of_leaks(table, ["settled_on"], block=year) == []
    assert [f.column for f in trail_of_leaks(table, ["settled_on"])] == ["bureau_2"]


def test_copies_are_asked_about(rng: np.random.Generator) -> None:
    paid, lent = rng.uniform(1, 9, N), rng.uniform(1, 9, N)
    table = {"paid": paid, "paid_in_cents": paid * 100, "lent": lent, "granted": lent}
    assert [(f.column, f.level) for f in trail_of_leaks(table, ["paid"])] == [("paid_in_cents", "ask")]


def test_what_foretells_a_leak_is_asked_about(hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    table = {
        "lost": np.where(hit, 5.0, 0.0),
        "last_score": rng.normal(size=N) - 3.5 * hit,
        "score": rng.normal(size=N) - hit,
    }
    found = trail_of_leaks(table, ["lost"])
    assert [(f.column, f.level) for f in found] == [("last_score", "ask")]
    # but not what foretells the outcome beside the table: that is what features are for
    beside = pl.DataFrame({"status": np.where(hit, "bad", "good").tolist()})
    assert trail_of_leaks({"last_score": table["last_score"]}, [], beside=beside) == []


def test_nothing_without_leaks_and_in_small_tables(hit: NDArray[np.bool_], rng: np.random.Generator) -> None:
    assert trail_of_leaks(honest(rng, hit), []) == []
    assert trail_of_leaks({"a": [1.0, None], "b": [1.0, None]}, ["a"]) == []
    many = {"a": np.where(np.arange(12_000) % 30 == 0, 1.0, np.nan)}
    many["b"] = many["a"]
    assert [f.column for f in trail_of_leaks(many, ["a"], names={"b": "the other"})] == ["the other"]


def test_lengths(hit: NDArray[np.bool_]) -> None:
    with pytest.raises(ValidationError):
        trail_of_leaks({"a": hit * 1.0}, ["a"], beside=pl.DataFrame({"b": [1.0]}))
    with pytest.raises(ValidationError):
        trail_of_leaks({"a": hit * 1.0}, ["a"], block=[1, 2])
