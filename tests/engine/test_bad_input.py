"""Tables and observations as they come: empty, constant, broken, far away."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tael.engine import Engine
from tael.errors import FormulaError, ObservationsError, TablesError, TaelError
from tael.tables import Tables

CUTOFF = datetime(2024, 2, 1)


def compute(tables: Tables, X: Any, formulas: list[str]) -> dict[str, Any]:
    values = Engine(tables, "people").evaluate(formulas, X)
    return {text: [None if m else v for v, m in zip(one.data, one.missing, strict=True)]
            for text, one in zip(formulas, values, strict=True)}  # fmt: skip


def empty(formula: str) -> float | None:
    """What a formula gives where there are no rows."""
    return 0.0 if formula.startswith(("count", "sum", "n_unique")) else None


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_tables_of_any_length(frames: dict, schema: dict, X: pl.DataFrame, formulas: list[str], rows: int) -> None:
    got = compute(Tables({**frames, "visits": frames["visits"].head(rows)}, schema), X, formulas)
    assert all(len(values) == X.height for values in got.values())
    if rows == 0:
        for text in formulas[3:]:
            assert got[text] == [empty(text)] * X.height, text


def test_no_people_at_all(frames: dict[str, pl.DataFrame], schema: dict, X: pl.DataFrame, formulas: list[str]) -> None:
    got = compute(Tables({"people": frames["people"].clear(), "visits": frames["visits"]}, schema), X, formulas)
    assert got["age"] == [None] * 5
    assert got["count(visits)"] == [3.0, 1.0, 0.0, 0.0, 1.0]  # related by the value that they share


def test_no_observations(tables: Tables, X: pl.DataFrame, formulas: list[str]) -> None:
    assert all(values == [] for values in compute(tables, X.clear(), formulas).values())


def test_all_missing(frames: dict[str, pl.DataFrame], schema: dict, X: pl.DataFrame, formulas: list[str]) -> None:
    visits = frames["visits"].with_columns(
        pl.lit(None, frames["visits"].schema[name]).alias(name) for name in ("fee", "kind", "paid", "note", "left")
    )
    got = compute(Tables({**frames, "visits": visits}, schema), X, formulas)
    for text in formulas[3:]:
        if text not in ("count(visits)", 'count(visits, last="30d")') and ("visits." in text and "visits)" not in text):
            assert got[text] == [empty(text)] * X.height, text
    assert got["share(visits, where=paid)"] == [0.0, 0.0, None, None, 0.0]


def test_constants_have_no_spread_and_no_trend(frames: dict, schema: dict, X: pl.DataFrame) -> None:
    visits = frames["visits"].with_columns(fee=pl.lit(1e15 / 3))
    got = compute(Tables({**frames, "visits": visits}, schema), X, ["std(visits.fee)", "trend(visits.fee)"])
    assert got["std(visits.fee)"] == [0.0, None, None, None, None]
    assert got["trend(visits.fee)"] == [0.0, None, None, None, None]


def test_of_rows_that_share_a_key_the_first_counts(frames: dict, schema: dict, X: pl.DataFrame) -> None:
    people = pl.concat([frames["people"], frames["people"].with_columns(age=pl.lit(70.0))])
    got = compute(
        Tables({**frames, "people": people}, schema), X, ["age", "count(visits)", "mean(visits.fee + people.age)"]
    )
    assert got["age"] == [30.0, None, None, None, 30.0]
    assert got["count(visits)"] == [3.0, 1.0, 0.0, 0.0, 1.0]
    assert got["mean(visits.fee + people.age)"] == [60.0, None, None, None, 40.0]


def test_orphans_belong_to_whoever_shares_their_value(frames: dict, schema: dict, X: pl.DataFrame) -> None:
    visits = frames["visits"].with_columns(who=pl.Series([1, 99, None, 77]))
    got = compute(Tables({**frames, "visits": visits}, schema), X, ["count(visits)", "mean(visits.fee + people.age)"])
    assert got["count(visits)"] == [1.0, 0.0, 0.0, 1.0, 1.0]
    assert got["mean(visits.fee + people.age)"] == [40.0, None, None, None, 40.0]


@pytest.mark.parametrize("far", [datetime(1066, 10, 14), datetime(2999, 12, 31), datetime(9999, 12, 31)])
def test_dates_beyond_the_reach_of_nanoseconds(frames: dict, schema: dict, X: pl.DataFrame, far: datetime) -> None:
    visits = frames["visits"].with_columns(day=pl.Series([far, *frames["visits"]["day"][1:]]))
    tables = Tables({**frames, "visits": visits}, schema)
    past = far.year < 2000
    got = compute(tables, X, ["count(visits)", 'count(visits, last="1y")', "days_since_first(visits)"])
    assert got["count(visits)"] == [3.0 if past else 2.0, 1.0, 0.0, 0.0, 1.0 if past else 0.0]
    assert got['count(visits, last="1y")'][0] == 2.0
    if past:
        assert got["days_since_first(visits)"][0] == pytest.approx((CUTOFF - far).days, abs=1e-6)
    late = X.with_columns(cutoff=pl.lit(datetime(9999, 12, 31, 12)))
    assert compute(tables, late, ["count(visits)"])["count(visits)"][0] == 3.0


def test_infinities_and_special_codes_read_as_missing(frames: dict, schema: dict, X: pl.DataFrame) -> None:
    visits = frames["visits"].with_columns(fee=pl.Series([float("inf"), 30.0, -9.0, float("nan")]))
    got = compute(
        Tables({**frames, "visits": visits}, schema), X, ["sum(visits.fee)", "count(visits.fee)", "max(visits.fee)"]
    )
    assert got["sum(visits.fee)"] == [30.0, 0.0, 0.0, 0.0, 0.0]
    assert got["count(visits.fee)"] == [1.0, 0.0, 0.0, 0.0, 0.0]
    assert got["max(visits.fee)"] == [30.0, None, None, None, None]


# ------------------------------------------------------------------ observations in every form
@pytest.mark.parametrize(
    "convert",
    [
        lambda X: X.to_pandas(),
        lambda X: X.to_arrow(),
        lambda X: X.with_columns(pl.col("id").cast(pl.Int32)),
        lambda X: X.with_columns(pl.col("id").cast(pl.Float64)),
        lambda X: X.with_columns(pl.col("id").cast(pl.String)),
        lambda X: X.with_columns(pl.col("cutoff").cast(pl.Datetime("ns"))),
        lambda X: X.with_columns(pl.col("cutoff").cast(pl.Datetime("ms"))),
        lambda X: X.with_columns(pl.col("cutoff").dt.date()),
        lambda X: X.with_columns(pl.col("cutoff").dt.strftime("%Y-%m-%d")),
        lambda X: X.with_columns(pl.col("cutoff").dt.replace_time_zone("UTC")),
        lambda X: X.to_pandas().set_index(pd.Index([5, 5, 1, 0, 2])),
        lambda X: pa.table(X.to_pandas().assign(id=lambda f: f["id"].astype("float"))),
    ],
)  # fmt: skip
def test_keys_and_cutoffs_in_every_form(tables: Tables, X: pl.DataFrame, formulas: list[str], convert: Any) -> None:
    assert compute(tables, convert(X), formulas) == compute(tables, X, formulas)


def test_text_keys_keep_their_zeros(frames: dict, schema: dict) -> None:
    as_text = {
        "people": frames["people"].with_columns(id=pl.Series(["007", "8", "9"])),
        "visits": frames["visits"].with_columns(who=pl.Series(["007", "7", "8", "8"])),
    }
    tables = Tables(as_text, schema)
    X = pl.DataFrame({"id": ["007", "7", "8", "08"], "cutoff": [CUTOFF] * 4})
    assert compute(tables, X, ["count(visits)"])["count(visits)"] == [1.0, 1.0, 2.0, 0.0]
    numbers = pl.DataFrame({"id": [7, 8], "cutoff": [CUTOFF] * 2})
    assert compute(tables, numbers, ["count(visits)"])["count(visits)"] == [1.0, 2.0]


def test_a_key_that_is_no_whole_number_is_nobody(tables: Tables) -> None:
    X = pl.DataFrame({"id": [1.5, 1.0], "cutoff": [CUTOFF] * 2})
    assert compute(tables, X, ["count(visits)"])["count(visits)"] == [0.0, 3.0]


def test_unknown_keys_have_no_children_and_no_columns(tables: Tables, formulas: list[str]) -> None:
    X = pl.DataFrame({"id": pl.Series([None, 12345], dtype=pl.Int64), "cutoff": [CUTOFF] * 2})
    got = compute(tables, X, formulas)
    for text in formulas[3:]:
        assert got[text] == [empty(text)] * 2, text


@pytest.mark.parametrize(
    ("X", "words"),
    [
        (pl.DataFrame({"id": [1]}), ["no cutoff column", "cutoff", "Known: id"]),
        (pl.DataFrame({"cutoff": [CUTOFF]}), ["no key column", "id"]),
        (pl.DataFrame({"id": [1, 2], "cutoff": [CUTOFF, None]}), ["no cutoff time", "1 missing", "row 2"]),
        (pl.DataFrame({"id": [1], "cutoff": ["soon"]}), ["column cutoff", "row 1 'soon'"]),
        ([[1, CUTOFF]], ["must be a frame", "list"]),
        (pl.DataFrame({"id": [1], "cutoff": [CUTOFF]}).lazy(), ["must be a frame", "LazyFrame"]),
        (np.array([[1, 2]]), ["must be a frame", "ndarray"]),
    ],
)  # fmt: skip
def test_messages_about_observations(tables: Tables, X: Any, words: list[str]) -> None:
    with pytest.raises((ObservationsError, TablesError)) as error:
        Engine(tables, "people").evaluate(["age"], X)
    for word in words:
        assert word in str(error.value)


def test_messages_about_formulas(tables: Tables, X: pl.DataFrame) -> None:
    engine = Engine(tables, "people")
    for formula, words in [
        ("agee", 'Did you mean "age"'),
        ("count(visit)", "visits"),
        ('count(visits, next="1d")', "must not look forward"),
    ]:
        with pytest.raises(FormulaError, match=words):
            engine.evaluate([formula], X)
    with pytest.raises(TaelError, match="nobody"):
        Engine(tables, "nobody").evaluate(["1"], X.rename({"id": "nobody"}))


def test_an_own_column_that_is_not_there(tables: Tables, X: pl.DataFrame) -> None:
    with pytest.raises(TaelError):
        Engine(tables, "people").evaluate(["age"], X, {"extra": "number"})  # type: ignore[dict-item]


def test_a_date_is_midnight(tables: Tables) -> None:
    days = pl.DataFrame({"id": [1], "cutoff": [date(2024, 1, 5)]})
    assert compute(tables, days, ["count(visits)"])["count(visits)"] == [1.0]
