from __future__ import annotations

import copy
import math
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, clone

from tael.errors import TablesError
from tael.tables import Tables, Type

COLUMNS: dict[str, list[Any]] = {
    "loan": [3, 1, 2],
    "customer": [10, None, 11],
    "at": [datetime(2024, 1, 2, 3), datetime(2024, 1, 1), None],
    "settled": ["2024-02-01", None, "2024-03-01 10:00"],
    "amount": [1.5, None, math.inf],
    "term": [12, 24, 12],
    "purpose": ["car", "house", None],
    "new": [True, False, None],
}
SCHEMA = {
    "loans": {
        "key": "loan",
        "time": "at",
        "columns": {"customer": {"to": "customers"}, "settled": {"known_at": "settled"}},
    }
}


def test_every_library_gives_the_same(constructor: Callable[[dict[str, Any]], Any]) -> None:
    tables = Tables({"loans": constructor(COLUMNS)}, SCHEMA)
    expected = pl.DataFrame(COLUMNS).with_columns(
        pl.col("term").cast(pl.Float64),
        settled=pl.Series([datetime(2024, 2, 1), None, datetime(2024, 3, 1, 10)]),
    )
    assert tables["loans"].equals(expected, null_equal=True)
    assert tables["loans"].schema == expected.schema
    assert tables == Tables({"loans": pl.DataFrame(COLUMNS)}, SCHEMA)


columns = st.integers(1, 6).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "x": st.lists(st.floats(allow_nan=False) | st.none(), min_size=rows, max_size=rows),
            "n": st.lists(st.integers(-(2**53), 2**53), min_size=rows, max_size=rows),
            "c": st.lists(st.text("ab 金", max_size=3) | st.none(), min_size=rows, max_size=rows),
            "f": st.lists(st.booleans(), min_size=rows, max_size=rows),
            "t": st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), min_size=rows, max_size=rows),
        }
    )
)


@given(columns)
def test_every_library_gives_the_same_values(content: dict[str, list[Any]]) -> None:
    # An all-missing column has no kind of its own: pandas calls it object, Polars null.
    kinds = {"x": pl.Float64, "n": pl.Int64, "c": pl.String, "f": pl.Boolean, "t": pl.Datetime("us")}
    frame = pl.DataFrame(content, schema=kinds)
    schema = {"a": {"key": "n", "time": "t"}}
    here = Tables({"a": frame}, schema)
    assert Tables({"a": frame.to_arrow()}, schema) == here
    assert Tables({"a": frame.to_pandas()}, schema) == here
    assert here.replace(a=here["a"]) == here
    assert here["a"]["c"].to_list() == [text or None for text in content["c"]]


def test_native(constructor: Callable[[dict[str, Any]], Any]) -> None:
    frame = constructor({"a": [1]})
    assert Tables({"a": frame}).native == type(frame).__module__.split(".")[0]


def test_the_schema_is_completed_and_can_be_used_again() -> None:
    tables = Tables({"loans": pl.DataFrame(COLUMNS)}, SCHEMA)
    types = {name: column.type for name, column in tables.schema.tables["loans"].columns.items()}
    assert types == {
        "loan": Type.CATEGORY,
        "customer": Type.CATEGORY,
        "at": Type.TIME,
        "settled": Type.TIME,
        "amount": Type.NUMBER,
        "term": Type.NUMBER,
        "purpose": Type.CATEGORY,
        "new": Type.FLAG,
    }
    assert tables.schema.tables["loans"].columns["customer"].to == "customers"
    again = Tables({"loans": pl.DataFrame(COLUMNS)}, tables.schema.to_dict())
    assert again == tables
    assert again.schema.to_dict() == tables.schema.to_dict()


def test_numbers_from_pandas_nan_are_missing() -> None:
    frame = pd.DataFrame({"x": [1.0, float("nan")], "y": pd.array([1, None], dtype="Int64")})
    rows = Tables({"a": frame})["a"].rows()
    assert rows == [(1.0, 1.0), (None, None)]


def test_a_named_pandas_index_is_a_column() -> None:
    frame = pd.DataFrame({"loan": [1, 2], "x": [1.0, 2.0]}).set_index("loan")
    assert Tables({"a": frame}, {"a": {"key": "loan"}})["a"]["loan"].to_list() == [1, 2]


def test_text_with_many_values_is_text() -> None:
    frame = pl.DataFrame({"note": [f"n{i}" for i in range(60)], "kind": ["a", "b"] * 30})
    columns = Tables({"a": frame}).schema.tables["a"].columns
    assert (columns["note"].type, columns["kind"].type) == (Type.TEXT, Type.CATEGORY)


def test_flags_categories_and_missing_words() -> None:
    frame = pl.DataFrame(
        {"good": ["Good", "Bad", "NA"], "code": [1.0, 2.0, None], "paid": [1, 0, None], "x": ["1", "NA", "2"]}
    )
    schema = {
        "a": {
            "missing": ["NA"],
            "columns": {
                "good": {"true": ["Good"]},
                "code": {"type": "category"},
                "paid": {"type": "flag"},
                "x": {"type": "number"},
            },
        }
    }
    rows = Tables({"a": frame}, schema)["a"].rows()
    assert rows == [(True, "1", True, 1.0), (False, "2", False, None), (None, None, None, 2.0)]


@pytest.mark.parametrize(
    "kind", [pl.Int8, pl.UInt8, pl.Int16, pl.UInt32, pl.Int64, pl.UInt64, pl.Float32, pl.Decimal(10, 2)]
)
def test_every_kind_of_number(kind: pl.DataType) -> None:
    frame = pl.DataFrame({"x": pl.Series([1, None, 100], dtype=kind), "k": pl.Series([1, 2, 3], dtype=kind)})
    tables = Tables({"a": frame}, {"a": {"key": "k"}})
    assert tables["a"].rows() == [(1.0, 1), (None, 2), (100.0, 3)]
    assert tables["a"].dtypes == [pl.Float64, pl.Int64]


def test_headers_that_no_formula_can_hold() -> None:
    frame = pl.DataFrame({"Loan Amount": [1.0], "other thing": [2.0]})
    tables = Tables({"a": frame}, {"a": {"columns": {"amount": {"header": "Loan Amount"}}}})
    assert tables["a"].columns == ["amount", "other thing"]
    assert tables.schema.tables["a"].columns["other thing"].role == "ignore"


def test_duplicates() -> None:
    frame = pl.DataFrame({"id": [1, 2, 1, None, None], "x": [1, 2, 3, 4, 5]})
    first = Tables({"a": frame}, {"a": {"key": "id", "duplicates": "first"}})
    last = Tables({"a": frame}, {"a": {"key": "id", "duplicates": "last"}})
    assert first["a"]["x"].to_list() == [1, 2, 4, 5]
    assert last["a"]["x"].to_list() == [2, 3, 4, 5]
    assert [(note.kind, note.count) for note in first.notes] == [("duplicates", 1)]


def test_zones() -> None:
    local = pl.DataFrame({"at": [datetime(2024, 1, 1, 8)], "x": [1]})
    shanghai = Tables({"a": local}, {"a": {"time": "at", "time_zone": "Asia/Shanghai"}})
    assert shanghai.end == datetime(2024, 1, 1)
    aware = pl.DataFrame({"at": [datetime(2024, 1, 1, 8, tzinfo=UTC)]})
    assert Tables({"a": aware}, {"a": {"time": "at"}}).end == datetime(2024, 1, 1, 8)
    # What is cut off keeps its clock: it was moved to UTC already.
    assert shanghai.replace(a=shanghai["a"].head(1)) == shanghai


def test_mixed_zones_are_refused() -> None:
    frames = {
        "a": pl.DataFrame({"at": [datetime(2024, 1, 1, 8, tzinfo=UTC)]}),
        "b": pl.DataFrame({"at": [datetime(2024, 1, 1, 8)], "born": [date(1990, 1, 1)]}),
    }
    schema = {"a": {"time": "at"}, "b": {"time": "at"}}
    with pytest.raises(TablesError, match="Some times carry a time zone and others do not") as error:
        Tables(frames, schema)
    assert "table b, column at" in str(error.value)
    assert "born" not in str(error.value)
    schema["b"]["time_zone"] = "Asia/Shanghai"
    assert Tables(frames, schema)["b"]["at"][0] == datetime(2024, 1, 1)


@pytest.mark.parametrize(
    ("frames", "schema", "words"),
    [
        ({"a": pl.DataFrame({"x": [1]})}, {"a": {}, "b": {}}, ["did not come", "b"]),
        (
            {"a": pl.DataFrame({"amuont": [1]})},
            {"a": {"columns": {"amount": {}}}},
            ["amount", 'Did you mean "amuont"?'],
        ),
        ({"a": pl.DataFrame({"x": [1]})}, {"a": {"key": "id", "time": "at"}}, ["Columns named", "id, at"]),
        (
            {"a": pl.DataFrame({"x": ["1", "1,5", "z"]})},
            {"a": {"columns": {"x": {"type": "number"}}}},
            ["row 2 '1,5', row 3 'z'"],
        ),
        (
            {"a": pl.DataFrame({"x": [2**60]})},
            {"a": {"columns": {"x": {"type": "number"}}}},
            ["beyond 2**53", "row 1 1152921504606846976"],
        ),
        (
            {"a": pl.DataFrame({"x": ["maybe"]})},
            {"a": {"columns": {"x": {"type": "flag"}}}},
            ["neither true nor false", "'maybe'"],
        ),
        ({"a": pl.DataFrame({"x": [[1]]})}, None, ["no number, flag", "List", 'role = "ignore"']),
        ({"a": pd.DataFrame({"x": [1, 2, "b"]})}, None, ["mixes values", "2 int, 1 str", "row 3 'b'", "column x"]),
        ({"a": pd.DataFrame([[1, 2]], columns=["x", "x"])}, None, ["same name", "x"]),
        ({"a": pd.DataFrame([[1, 2]])}, None, ["Column names must be text", "0, 1"]),
        ({"a": pd.DataFrame({"x": [2**70, 1]})}, None, ["integers beyond 64 bits", "astype(str)"]),
        (
            {"a": pd.DataFrame({"x": [pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-02")]})},
            None,
            ["Some times have a time zone", "1 with, 1 without, such as 2024-01-02", "column x"],
        ),
        ({"a": pl.LazyFrame({"x": [1]})}, None, ["LazyFrame", ".collect()"]),
        ({"a": [1, 2]}, None, ["not a frame", "list"]),
    ],
)
def test_faults(frames: dict, schema: Any, words: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        Tables(frames, schema)
    for word in words:
        assert word in str(error.value)


def test_all_columns_that_cannot_be_read_are_named_at_once() -> None:
    schema = {"a": {"time": "t", "columns": {"x": {"type": "number"}}}}
    with pytest.raises(TablesError, match="2 columns cannot be read") as error:
        Tables({"a": pl.DataFrame({"x": ["a"], "t": ["b"]})}, schema)
    assert "column x" in str(error.value)
    assert "column t" in str(error.value)


def test_huge_integers_are_kept_exactly_as_text() -> None:
    tables = Tables({"a": pl.DataFrame({"x": [2**60 + 1, 5]})})
    assert tables["a"]["x"].to_list() == [str(2**60 + 1), "5"]
    assert [note.kind for note in tables.notes] == ["huge"]


def test_ignored_columns_may_hold_anything() -> None:
    frame = pl.DataFrame({"x": [[1]], "y": [1]})
    assert Tables({"a": frame}, {"a": {"columns": {"x": {"role": "ignore"}}}})["a"].columns == ["y"]


def test_empty_one_row_and_all_missing() -> None:
    empty = Tables({"a": pl.DataFrame({"id": [], "x": []})}, {"a": {"key": "id"}})
    assert empty["a"].is_empty()
    assert empty.schema.tables["a"].columns["x"].type == Type.CATEGORY
    assert Tables({"a": pl.DataFrame({"x": [None]})})["a"]["x"].to_list() == [None]
    assert len(Tables({})) == 0
    assert Tables({}).end is None


def test_mapping_and_unknown_table() -> None:
    tables = Tables({"loans": pl.DataFrame(COLUMNS)}, SCHEMA)
    assert list(tables) == ["loans"]
    assert "loan" not in tables
    assert tables.get("loan") is None
    with pytest.raises(TablesError, match='Did you mean "loans"'):
        tables["loan"]
    with pytest.raises(KeyError):
        tables["loan"]
    with pytest.raises(TablesError, match="no such table"):
        tables.replace(loan=pl.DataFrame())
    assert repr(tables) == "Tables(loans 3 x 8)"


def test_fingerprint_sees_content_order_and_schema() -> None:
    frame = pl.DataFrame(COLUMNS)
    base = Tables({"loans": frame}, SCHEMA)
    assert len(base.fingerprint()) == 64
    sliced = pl.concat([frame.head(1), frame]).slice(1, 3)
    assert Tables({"loans": sliced}, SCHEMA).fingerprint() == base.fingerprint()
    titled = copy.deepcopy(SCHEMA)
    titled["loans"]["title"] = {"en": "Loans"}
    assert Tables({"loans": frame}, titled).fingerprint() == base.fingerprint()
    changed = [
        Tables({"loans": frame.reverse()}, SCHEMA),
        Tables({"loans": frame.head(2)}, SCHEMA),
        Tables({"loans": frame.with_columns(purpose=pl.Series(["ca", "rhouse", None]))}, SCHEMA),
        Tables({"loans": frame.with_columns(amount=pl.Series([1.5, 0.0, math.inf]))}, SCHEMA),
        Tables({"loans": frame}, {"loans": {**SCHEMA["loans"], "known_at": "settled"}}),
    ]
    assert len({base.fingerprint(), *(one.fingerprint() for one in changed)}) == 6


def test_ends_follow_known_at() -> None:
    frame = pl.DataFrame({"due": [datetime(2030, 1, 1)], "paid": [datetime(2024, 1, 1)]})
    tables = Tables({"a": frame, "b": frame}, {"a": {"time": "due", "known_at": "paid"}, "b": {}})
    assert tables.ends == {"a": datetime(2024, 1, 1), "b": None}
    assert tables.end == datetime(2024, 1, 1)


def test_scikit_learn_clones_without_copying() -> None:
    class Holder(BaseEstimator):
        def __init__(self, tables: Tables | None = None) -> None:
            self.tables = tables

    tables = Tables({"loans": pl.DataFrame(COLUMNS)}, SCHEMA)
    assert clone(Holder(tables)).tables is tables


def test_what_is_right_already_is_not_copied() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0], "n": [1, 2]})
    tables = Tables({"a": frame}, {"a": {"key": "n"}})
    assert tables["a"]["x"].to_numpy().ctypes.data == frame["x"].to_numpy().ctypes.data
    assert tables["a"]["n"].to_numpy().ctypes.data == frame["n"].to_numpy().ctypes.data
