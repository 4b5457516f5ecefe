"""What the engine is for, by hand on four visits."""

from __future__ import annotations

import pickle
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import FormulaError
from tael.tables import Tables
from tael.tables.schema import Type


def number(tables: Tables, formula: str, X: Any, **options: Any) -> list[float | None]:
    values = Engine(tables, "people").evaluate([formula], X, **options)[0]
    assert values.type in (Type.NUMBER, Type.FLAG)
    return [None if np.isnan(x) else float(x) for x in values.data]


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("count(visits)", [3.0, 1.0, 0.0, 0.0, 1.0]),  # the visit at the cutoff itself is not counted
        ("sum(visits.fee)", [90.0, 0.0, 0.0, 0.0, 10.0]),
        ("mean(visits.fee)", [30.0, None, None, None, 10.0]),
        ('count(visits, last="27d")', [2.0, 1.0, 0.0, 0.0, 1.0]),  # a window holds its first moment
        ("gap_mean(visits)", [9.5, None, None, None, None]),
        ("days_since_last(visits)", [12.0, 23.0, None, None, 4.0]),
        ("age", [30.0, None, None, None, 30.0]),
        ('group == "b"', [0.0, 1.0, None, None, 0.0]),
        ("share(visits, where=paid)", [2 / 3, 0.0, None, None, 1.0]),
        ("sum(visits.fee) / sum(visits.fee, where=paid)", [1.5, None, None, None, 1.0]),
        ("1 + 1", [2.0] * 5),
    ],
)
def test_by_hand(tables: Tables, X: pl.DataFrame, formula: str, told: list[float | None]) -> None:
    assert number(tables, formula, X) == pytest.approx(told)


def test_what_is_still_open_counts_as_open() -> None:
    """A loan settled later reads as not settled yet: `is_missing` says what was so at the cutoff."""
    loans = pl.DataFrame(
        {"who": [1, 1, 1], "day": [datetime(2024, 1, d) for d in (1, 2, 3)],
         "settled_on": [datetime(2024, 1, 10), datetime(2024, 2, 10), None]}
    )  # fmt: skip
    schema = {
        "people": {"key": "id"},
        "loans": {"time": "day", "columns": {
            "who": {"to": "people"}, "settled_on": {"type": "time", "known_at": "settled_on"}}},
    }  # fmt: skip
    tables = Tables({"people": pl.DataFrame({"id": [1]}), "loans": loans}, schema)
    X = pl.DataFrame({"id": [1] * 4, "cutoff": [datetime(2024, *md) for md in ((1, 2), (1, 10), (1, 11), (3, 1))]})
    assert number(tables, "count(loans, where=is_missing(settled_on))", X) == [1.0, 3.0, 2.0, 1.0]
    assert number(tables, "count(loans.settled_on)", X) == [0.0, 0.0, 1.0, 2.0]
    assert number(tables, "max(loans.settled_on - loans.day)", X) == [None, None, 9.0, 39.0]


def test_which_columns_are_late_is_a_matter_of_the_row() -> None:
    """A later row must not change how an earlier one is read: here only the second row's `a` comes late."""
    rows = pl.DataFrame(
        {"who": [1, 1], "day": [datetime(2024, 1, 1), datetime(2024, 3, 1)], "a": [None, 5.0], "b": [7.0, None],
         "a_known": [datetime(2024, 1, 1), datetime(2024, 4, 1)], "b_known": [datetime(2024, 1, 20), None]}
    )  # fmt: skip
    schema = {
        "people": {"key": "id"},
        "rows": {"time": "day", "columns": {
            "who": {"to": "people"}, "a": {"type": "number", "known_at": "a_known"},
            "b": {"type": "number", "known_at": "b_known"}}},
    }  # fmt: skip
    people = pl.DataFrame({"id": [1]})
    X = pl.DataFrame({"id": [1], "cutoff": [datetime(2024, 1, 10)]})
    formula = "sum(coalesce(rows.a, rows.b, 100))"
    both = number(Tables({"people": people, "rows": rows}, schema), formula, X)
    assert both == number(Tables({"people": people, "rows": rows.head(1)}, schema), formula, X) == [100.0]


def test_ties_in_time_go_by_the_time_of_knowledge_whatever_else_is_late() -> None:
    rows = pl.DataFrame(
        {"who": [1, 1, 1], "day": [datetime(2024, 1, 5)] * 2 + [datetime(2024, 6, 1)], "x": [1.0, 2.0, 3.0],
         "told": [datetime(2024, 1, 4), datetime(2024, 1, 3), datetime(2024, 7, 1)]}
    )  # fmt: skip
    schema = {
        "people": {"key": "id"},
        "rows": {"time": "day", "known_at": "told", "columns": {"who": {"to": "people"}}},
    }
    X = pl.DataFrame({"id": [1], "cutoff": [datetime(2024, 1, 10)]})
    people = pl.DataFrame({"id": [1]})
    for n in (2, 3):
        tables = Tables({"people": people, "rows": rows.head(n)}, schema)
        assert number(tables, "last(rows.x)", X) == [1.0]
        assert number(tables, "first(rows.x)", X) == [2.0]


def test_a_link_may_become_known_later_than_its_row() -> None:
    tables = Tables(
        {"people": pl.DataFrame({"id": [1], "age": [30.0]}),
         "asks": pl.DataFrame({"ask": [7], "day": [datetime(2024, 1, 1)], "who": [1],
                               "matched": [datetime(2024, 1, 10)]}),
         "visits": pl.DataFrame({"who": [1], "day": [datetime(2023, 1, 1)]})},
        {"people": {"key": "id"},
         "asks": {"key": "ask", "time": "day", "columns": {"who": {"to": "people", "known_at": "matched"}}},
         "visits": {"time": "day", "columns": {"who": {"to": "people"}}}},
    )  # fmt: skip
    X = pl.DataFrame({"ask": [7, 7, 7], "cutoff": [datetime(2024, 1, d) for d in (1, 10, 11)]})
    age, visits = Engine(tables, "asks").evaluate(["coalesce(people.age, 0)", "count(visits)"], X)
    assert age.data.tolist() == [0.0, 0.0, 30.0]
    assert visits.data.tolist() == [0.0, 0.0, 1.0]


def test_columns_of_the_observations_own_win_over_the_tables(tables: Tables, X: pl.DataFrame) -> None:
    own = X.with_columns(age=pl.Series([1.0, 2.0, -9.0, 4.0, float("inf")]), extra=pl.Series([1, 0, 1, 0, 1]))
    types = {"age": Type.NUMBER, "extra": Type.NUMBER}
    assert number(tables, "age + extra", own, own=types) == [2.0, 2.0, None, 4.0, None]


def test_a_parent_of_the_observations_own_choice() -> None:
    tables = Tables(
        {"people": pl.DataFrame({"id": [1, 2], "age": [30.0, 40.0]}),
         "asks": pl.DataFrame({"ask": [7], "who": [1]}),
         "visits": pl.DataFrame({"who": [1, 2, 2], "day": [datetime(2024, 1, 1)] * 3})},
        {"people": {"key": "id"}, "asks": {"key": "ask", "columns": {"who": {"to": "people"}}},
         "visits": {"time": "day", "columns": {"who": {"to": "people"}}}},
    )  # fmt: skip
    X = pl.DataFrame({"ask": [7, 8, 9], "who": [2, 1, None], "cutoff": [datetime(2024, 2, 1)] * 3})
    values = Engine(tables, "asks").evaluate(["people.age", "count(visits)"], X, {"who": Type.CATEGORY})
    assert values[0].data.tolist()[:2] == [40.0, 30.0]
    assert np.isnan(values[0].data[2])
    assert values[1].data.tolist() == [2.0, 1.0, 0.0]


def test_the_most_frequent_time_is_a_time(tables: Tables, X: pl.DataFrame) -> None:
    values = Engine(tables, "people").evaluate(["mode(visits.left)"], X)[0]
    assert values.type == Type.TIME
    assert values.data.astype("datetime64[us]")[1] == np.datetime64("2024-01-20")


def test_gaps_follow_the_order_of_the_rows(tables: Tables, X: pl.DataFrame) -> None:
    engine = Engine(tables, "people")
    assert (
        engine.evaluate(["gap_mean(visits.day)"], X)[0].data.tobytes()
        == engine.evaluate(["gap_mean(visits)"], X)[0].data.tobytes()
    )
    with pytest.raises(FormulaError, match="other than the table's own"):
        engine.evaluate(["gap_mean(visits.left)"], X)


def test_an_engine_travels_without_its_arrays(tables: Tables, X: pl.DataFrame, formulas: list[str]) -> None:
    engine = Engine.shared(tables, "people")
    before = engine.evaluate(formulas, X)
    again = pickle.loads(pickle.dumps([tables, engine]))[1]  # noqa: S301
    after = again.evaluate(formulas, X)
    assert [a.data.tobytes() for a in before if a.data.dtype != object] == [
        b.data.tobytes() for b in after if b.data.dtype != object
    ]
    assert Engine.shared(tables, "people") is engine
    assert Engine.shared(tables, "people", n_threads=2) is not engine
