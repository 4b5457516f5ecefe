from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.validation.lone_leaks import lone_columns

N = 2000


def people(seed: int, n: int = N) -> tuple[pl.DataFrame, np.ndarray]:
    """Columns that speak of one person, and an outcome that follows from some of them."""
    rng = np.random.default_rng(seed)
    care = rng.normal(size=n)
    table = pl.DataFrame(
        {
            "late": np.round(np.exp(care + 0.6 * rng.normal(size=n)), 1),
            "owed": care + rng.normal(size=n),
            "asked": rng.poisson(np.exp(0.5 * care)).astype(float),
            "job": np.where(care + rng.normal(size=n) > 0.5, "none", rng.choice(["office", "trade"], n)),
            "age": rng.normal(size=n),
        }
    )
    return table, (rng.random(n) < 1 / (1 + np.exp(1.2 - 1.8 * care))).astype(float)


def written(y: np.ndarray, how: str, rng: np.random.Generator) -> pl.Series:
    flipped = np.where(rng.random(len(y)) < 0.25, 1 - y, y)
    if how == "flags":
        return pl.Series("noted", flipped)
    if how == "amounts":
        return pl.Series("noted", y + rng.normal(size=len(y)))
    if how == "words":
        return pl.Series("noted", np.where(flipped == 1, rng.choice(["court", "sold"], len(y)), "closed"))
    return pl.Series("noted", np.where(flipped == 1, rng.uniform(1, 9, len(y)), np.nan)).fill_nan(None)


@pytest.mark.parametrize("how", ["flags", "amounts", "words", "filled in"])
def test_what_was_written_from_the_outcome_is_found_however_it_looks(how: str) -> None:
    found = []
    for seed in range(3):
        table, y = people(seed)
        column = written(y, how, np.random.default_rng(100 + seed))
        found.append(list(lone_columns(table.with_columns(column), y, [*table.columns[:4], "noted"], seed=seed)))
    assert found.count(["noted"]) >= 2
    assert all(one in ([], ["noted"]) for one in found)


def test_what_speaks_of_the_person_is_not() -> None:
    for seed in range(4):
        table, y = people(seed)
        assert lone_columns(table, y, table.columns, seed=seed) == {}


def test_a_good_score_of_others_is_not() -> None:
    """A bureau's score sees more than this table does, and yet it speaks of the same person."""
    rng = np.random.default_rng(9)
    care = rng.normal(size=(N, 2))
    table = pl.DataFrame({f"x{k}": care[:, 0] + rng.normal(size=N) for k in range(5)})
    y = (rng.random(N) < 1 / (1 + np.exp(-2 * care.sum(axis=1)))).astype(float)
    assert lone_columns(table.with_columns(score=pl.Series(care.sum(axis=1))), y, ["score", *table.columns]) == {}


def test_causes_that_know_nothing_of_each_other_are_not() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(N, 5))
    y = rng.random(N) < 1 / (1 + np.exp(1 - X @ np.array([1.2, 0.8, 0.5, 0.3, 0.0])))
    assert lone_columns(X, y, [f"x{k}" for k in range(5)]) == {}


def test_signs_of_a_state_that_was_there_before_are_not() -> None:
    """An illness and what the laboratory measures: each sign stands by itself once the illness is known."""
    rng = np.random.default_rng(4)
    ill = rng.random(N) < 0.3
    table = pl.DataFrame({f"sign{k}": ill * (0.8 + 0.1 * k) + rng.normal(size=N) for k in range(6)})
    assert lone_columns(table, ill, table.columns) == {}


def test_where_nothing_can_be_told_nothing_is() -> None:
    table, y = people(0)
    noise = pl.DataFrame(
        {"a": np.random.default_rng(77).normal(size=N), "noted": written(y, "flags", np.random.default_rng(1))}
    )
    assert lone_columns(noise, y, ["noted"]) == {}  # the other column tells nothing of the label
    assert lone_columns(table, np.ones(N), table.columns) == {}
    assert lone_columns(table, y, []) == {}
    assert lone_columns(table[["late"]], y, ["late"]) == {}
    with pytest.raises(ValidationError, match="rows of the table"):
        lone_columns(table, y[:-1], ["late"])


def test_the_same_answer_again_and_of_any_frame() -> None:
    table, y = people(1)
    table = table.with_columns(written(y, "flags", np.random.default_rng(5)))
    first = lone_columns(table, y, table.columns, seed=3)
    assert first == lone_columns(table.to_pandas(), y, table.columns, seed=3)
    assert abs(first["noted"]) < 0.1
