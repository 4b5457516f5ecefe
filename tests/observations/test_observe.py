"""Observations: cutoffs, labels, maturity, exclusions, weights, and what is said when they cannot be made."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tael.errors import FormulaError, ObservationsError
from tael.observations import LabelSpec, Observations, ObservationSpec, observe
from tael.tables import Tables

SCHEMA = {
    "people": {"key": "id", "time": "joined", "columns": {
        "age": {"type": "number"}, "group": {"type": "category"}, "first_visit": {"type": "time"},
        "bad": {"type": "flag", "role": "label"}}},
    "visits": {"time": "day", "columns": {"who": {"to": "people"}, "fee": {"type": "number"}}},
}  # fmt: skip


def at(month: int, day: int = 1, hour: int = 0) -> datetime:
    return datetime(2024, month, day, hour)


@pytest.fixture
def tables() -> Tables:
    people = pl.DataFrame(
        {
            "id": [3, 1, 2, 4],
            "joined": [at(2, 10), at(1, 5), at(1, 20), None],
            "age": [30.0, 40.0, None, 50.0],
            "group": ["a", "b", "a", "b"],
            "first_visit": [at(2, 20), at(1, 8), None, at(3, 1)],
            "bad": [True, False, None, True],
        }
    )
    visits = pl.DataFrame(
        {
            "who": [1, 1, 1, 2, 3, 3],
            "day": [at(1, 8), at(2, 1), at(3, 15), at(3, 1), at(2, 20), at(3, 31)],
            "fee": [10.0, 20.0, 30.0, None, 5.0, 5.0],
        }
    )
    return Tables({"people": people, "visits": visits}, SCHEMA)


def pairs(seen: Observations) -> list[tuple[Any, ...]]:
    return seen.frame.rows()


# ------------------------------------------------------------------ cutoffs
def test_one_observation_for_each_event_in_the_order_of_time(tables: Tables) -> None:
    seen = observe(tables, ObservationSpec(entity="people", cutoff="joined"))
    assert pairs(seen) == [(1, at(1, 5)), (2, at(1, 20)), (3, at(2, 10))]
    assert seen.frame.columns == ["id", "cutoff"]
    assert not seen.labelled.any()


def test_a_list_of_cutoffs_sees_those_who_are_known_by_then(tables: Tables) -> None:
    seen = observe(tables, ObservationSpec(entity="people", at=(date(2024, 2, 10), at(1, 5), at(1, 5))))
    assert pairs(seen) == [(1, at(1, 5)), (3, at(2, 10)), (1, at(2, 10)), (2, at(2, 10))]


@pytest.mark.parametrize(
    ("every", "days"),
    [
        ("1mo", [at(2), at(3)]),
        ("1w", [at(1, 8), at(1, 15), at(1, 22), at(1, 29)]),
        ("1d", [at(1, 5), at(1, 6), at(1, 7), at(1, 8)]),
        ("2mo", [at(3)]),
    ],
)
def test_a_calendar_begins_with_the_data(tables: Tables, every: str, days: list[datetime]) -> None:
    seen = observe(tables, ObservationSpec(entity="people", every=every))
    cutoffs = seen.frame["cutoff"].unique().sort().to_list()
    assert cutoffs[: len(days)] == days
    assert cutoffs[-1] <= seen.data_end == at(3, 31)


@given(day=st.dates(date(2024, 1, 1), date(2024, 3, 31)), every=st.sampled_from(["1mo", "1w", "1d"]))
def test_a_calendar_keeps_its_rule_whatever_its_start(day: date, every: str) -> None:
    people = pl.DataFrame({"id": [1], "joined": [datetime(2023, 1, 1)]})
    tables = Tables({"people": people}, {"people": {"key": "id", "time": "joined"}})
    spec = ObservationSpec(entity="people", every=every, start=day, data_end=date(2024, 5, 2))
    cutoffs = observe(tables, spec).frame["cutoff"].to_list()
    rule = {"1mo": lambda t: t.day == 1, "1w": lambda t: t.weekday() == 0, "1d": lambda t: True}[every]
    n = {"1mo": 30, "1w": 7, "1d": 1}[every]
    assert all(rule(t) and t.hour == 0 for t in cutoffs)
    assert all(t >= datetime(day.year, day.month, day.day) for t in cutoffs)
    assert (datetime(2024, 5, 2) - cutoffs[-1]).days <= n


def test_start_and_end_bound_the_cutoffs_and_a_date_as_end_holds_its_day(tables: Tables) -> None:
    frame = tables["people"].with_columns(joined=pl.Series([at(2, 10, 18), at(1, 5), at(1, 20), None]))
    spec = ObservationSpec(entity="people", cutoff="joined", start=date(2024, 1, 20), end=date(2024, 2, 10))
    assert pairs(observe(tables.replace(people=frame), spec)) == [(2, at(1, 20)), (3, at(2, 10, 18))]
    spec = ObservationSpec(entity="people", cutoff="joined", start=date(2024, 1, 20), end=at(2, 10))
    assert pairs(observe(tables.replace(people=frame), spec)) == [(2, at(1, 20))]


# ------------------------------------------------------------------ labels and when they are settled
def test_unfinished_windows_have_no_label_and_are_the_rows_to_predict(tables: Tables) -> None:
    spec = ObservationSpec(entity="people", at=(at(3, 1), at(3, 2)))
    seen = observe(tables, spec, LabelSpec(formula='count(visits, next="30d")'))
    assert seen.data_end == at(3, 31)
    told = dict(zip(pairs(seen), seen.label.tolist(), strict=True))
    # 1 March + 30 days is the end of the data itself: complete; the visit at that very moment lies beyond the window
    assert [told[who, at(3, 1)] for who in (1, 2, 3)] == [1.0, 1.0, 0.0]
    assert [who for who, cutoff in pairs(seen) if cutoff == at(3, 2)] == [3, 1, 2]
    assert not seen.labelled[3:].any()
    assert seen.labelled[:3].all()


@pytest.mark.parametrize(
    ("label", "settled"),
    [
        (LabelSpec(formula='count(visits, next="10d")'), True),
        (LabelSpec(formula='count(visits, next="10d", gap="25d")'), False),
        (LabelSpec(formula='count(visits, next="10d", gap="20d")'), True),
        (LabelSpec(formula='count(visits, next="10d") + count(visits, next="2mo")'), False),
        (LabelSpec(formula="bad", maturity="10d"), True),
        (LabelSpec(formula="bad", maturity="1y"), False),
        (LabelSpec(formula='count(visits, next="10d")', maturity="1y"), False),
    ],
)
def test_a_label_is_settled_when_its_longest_window_is_over(tables: Tables, label: LabelSpec, settled: bool) -> None:
    seen = observe(tables, ObservationSpec(entity="people", at=(at(3, 1),)), label)
    assert seen.labelled[:2].all() == settled


def test_data_end_may_be_stated(tables: Tables) -> None:
    spec = ObservationSpec(entity="people", at=(at(2, 10),), data_end=date(2024, 2, 19))
    assert not observe(tables, spec, LabelSpec(formula='count(visits, next="10d")')).labelled.any()
    later = spec.model_copy(update={"data_end": date(2024, 2, 20)})
    assert observe(tables, later, LabelSpec(formula='count(visits, next="10d")')).labelled.all()


def test_missing_is_says_what_a_missing_result_means_once_the_window_is_over(tables: Tables) -> None:
    formula = 'max(visits.fee, next="10d") > 6'
    spec = ObservationSpec(entity="people", at=(at(2, 12), at(3, 30)))
    assert np.isnan(observe(tables, spec, LabelSpec(formula=formula)).label[1:]).all()
    seen = observe(tables, spec, LabelSpec(formula=formula, missing_is=0.0))
    assert seen.label[:3].tolist() == [0.0, 0.0, 0.0]
    assert np.isnan(seen.label[3:]).all()


def test_a_label_column_is_read_whenever_it_became_known(tables: Tables) -> None:
    seen = observe(tables, ObservationSpec(entity="people", cutoff="joined"), LabelSpec(formula="bad"))
    assert np.nan_to_num(seen.label, nan=-1).tolist() == [0.0, -1.0, 1.0]


# ------------------------------------------------------------------ population, exclusions, weights
def test_the_population_is_judged_by_what_is_known_at_the_cutoff(tables: Tables) -> None:
    spec = ObservationSpec(entity="people", at=(at(2, 1), at(2, 2)), where="count(visits) >= 2")
    seen = observe(tables, spec)
    assert pairs(seen) == [(1, at(2, 2))]
    assert seen.excluded == [("not in the population: count(visits) >= 2", 3)]


def test_an_exclusion_that_looks_forward_leaves_out_labelled_rows_alone(tables: Tables) -> None:
    spec = ObservationSpec(
        entity="people", at=(at(2, 10), at(3, 20)), exclude={"silent": 'count(visits, next="15d") == 0'}
    )
    seen = observe(tables, spec, LabelSpec(formula='count(visits, next="15d")'))
    early = [who for who, cutoff in pairs(seen) if cutoff == at(2, 10)]
    late = [who for who, cutoff in pairs(seen) if cutoff == at(3, 20)]
    assert early == [3]
    assert late == [3, 1, 2]  # to predict: nobody knows yet who will be silent
    assert seen.excluded == [("silent", 2)]


def test_an_exclusion_that_looks_back_leaves_out_every_row(tables: Tables) -> None:
    spec = ObservationSpec(
        entity="people", at=(at(3, 20),), exclude={"young": "age < 35", "unknown age": "is_missing(age)"}
    )
    seen = observe(tables, spec)
    assert pairs(seen) == [(1, at(3, 20))]
    assert seen.excluded == [("young", 1), ("unknown age", 1)]


def test_weights_follow_their_rows(tables: Tables) -> None:
    spec = ObservationSpec(entity="people", cutoff="joined", weight="coalesce(age, 1)", exclude={"b": 'group == "b"'})
    seen = observe(tables, spec)
    assert pairs(seen) == [(2, at(1, 20)), (3, at(2, 10))]
    assert seen.weight is not None
    assert seen.weight.tolist() == [1.0, 30.0]


# ------------------------------------------------------------------ what is said when it cannot be done
@pytest.mark.parametrize(
    ("spec", "label", "words"),
    [
        ({"entity": "peple", "cutoff": "joined"}, None, ["no table", "peple", 'Did you mean "people"?']),
        ({"entity": "visits", "cutoff": "day"}, None, ["no key", "who, day, fee", "[visits] key"]),
        ({"entity": "people", "cutoff": "age"}, None, ["no time column", "joined, first_visit", "age"]),
        ({"entity": "people", "cutoff": "joind"}, None, ["no time column", 'Did you mean "joined"?']),
        ({"entity": "people", "cutoff": "joined", "where": "age > 99"}, None, ["age > 99: 3 left out"]),
        ({"entity": "people", "every": "1d", "start": date(2030, 1, 1)}, None, ["Nothing is left"]),
        ({"entity": "people", "every": "1d", "start": at(2, 2), "end": at(2, 1)}, None, ["Nothing is left"]),
        ({"entity": "people", "every": "5min"}, None, ["so often", "5min", "1mo"]),
        ({"entity": "people", "cutoff": "joined"}, "first_visit", ["neither a flag, nor a number", "a time"]),
        ({"entity": "people", "cutoff": "joined", "where": "count(visits)"}, None, ["must be a flag", "a number"]),
        ({"entity": "people", "cutoff": "joined", "exclude": {"old": "age"}}, None, ["must be a flag", "exclude.old"]),
        ({"entity": "people", "cutoff": "joined", "weight": "age - 35"}, None, ["negative or missing", "id = 2"]),
        ({"entity": "people", "cutoff": "joined", "weight": "-1"}, None, ["negative or missing", "-1.0", "id = 1"]),
        ({"entity": "people", "cutoff": "joined", "weight": "group"}, None, ["must be a number", "a category"]),
    ],
)  # fmt: skip
def test_messages(tables: Tables, spec: dict[str, Any], label: str | None, words: list[str]) -> None:
    with pytest.raises(ObservationsError) as error:
        observe(tables, ObservationSpec(**spec), None if label is None else LabelSpec(formula=label))
    for word in words:
        assert word in str(error.value)


def test_formulas_tell_of_their_own_faults(tables: Tables) -> None:
    spec = ObservationSpec(entity="people", cutoff="joined", exclude={"x": "agee > 1"})
    with pytest.raises(FormulaError, match='Did you mean "age"'):
        observe(tables, spec)
    with pytest.raises(FormulaError, match="must not look forward"):
        observe(tables, ObservationSpec(entity="people", cutoff="joined", weight='count(visits, next="1d")'))


def test_tables_without_any_time_need_a_data_end() -> None:
    tables = Tables({"people": pl.DataFrame({"id": [1]})}, {"people": {"key": "id"}})
    with pytest.raises(ObservationsError, match="No table has a time"):
        observe(tables, ObservationSpec(entity="people", at=(at(1),)))
    spec = ObservationSpec(entity="people", at=(at(1),), data_end=at(2))
    assert pairs(observe(tables, spec)) == [(1, at(1))]
    with pytest.raises(ObservationsError, match="no beginning"):
        observe(tables, ObservationSpec(entity="people", every="1mo", data_end=at(2)))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "one of cutoff, every and at; got none"),
        ({"cutoff": "joined", "every": "1d"}, "got cutoff and every"),
        ({"every": "often"}, "no length of time"),
        ({"every": "2w"}, "count 1 only"),
        ({"at": ()}, "got none"),
        ({"cutof": "joined"}, "not permitted"),
    ],
)
def test_a_design_is_read_strictly(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ObservationSpec(entity="people", **spec)


def test_a_label_spec_is_read_strictly() -> None:
    with pytest.raises((ValidationError, FormulaError)):
        LabelSpec(formula="bad", maturity="soon")


def test_an_empty_child_table_gives_labels_all_the_same(tables: Tables) -> None:
    empty = tables.replace(visits=tables["visits"].clear())
    spec = ObservationSpec(entity="people", at=(at(2, 10),), data_end=at(4))
    seen = observe(empty, spec, LabelSpec(formula='count(visits, next="30d") == 0'))
    assert seen.label.tolist() == [1.0, 1.0, 1.0]
