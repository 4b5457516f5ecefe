from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import TablesError
from tael.tables import Tables

SCHEMA: dict[str, Any] = {"parents": {"key": "id"}, "children": {"columns": {"parent": {"to": "parents"}}}}


def both(parents: pl.Series, children: pl.Series) -> tuple[pl.Series, pl.Series]:
    tables = Tables({"parents": parents.to_frame("id"), "children": children.to_frame("parent")}, SCHEMA)
    return tables["parents"]["id"], tables["children"]["parent"]


@pytest.mark.parametrize(
    ("parents", "children", "kind", "expected"),
    [
        (pl.Series([1, 2]), pl.Series([2.0, float("nan")]), pl.Int64, [2, None]),
        (pl.Series([1, 2], dtype=pl.UInt8), pl.Series([None, None]), pl.Int64, [None, None]),
        (pl.Series(["1", "2"]), pl.Series([2.0, None]), pl.String, ["2", None]),
        (pl.Series(["007", ""]), pl.Series(["007", ""]), pl.String, ["007", None]),
        (pl.Series([1, 2]), pl.Series([1.5, 2.0]), pl.String, ["1.5", "2"]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["b", "a"]), pl.String, ["b", "a"]),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), pl.Series([2**64 - 1], dtype=pl.UInt64), pl.String, [str(2**64 - 1)]),
        (pl.Series([], dtype=pl.String), pl.Series([], dtype=pl.String), pl.String, []),
    ],
)
def test_linked_columns_get_one_type(parents: pl.Series, children: pl.Series, kind: Any, expected: list) -> None:
    one, other = both(parents, children)
    assert one.dtype == other.dtype == kind
    assert other.to_list() == expected


def test_links_reach_over_tables_without_a_frame() -> None:
    frames = {"a": pl.DataFrame({"device": [1, 2]}), "b": pl.DataFrame({"phone": ["1", "x"]})}
    schema = {"a": {"columns": {"device": {"to": "things"}}}, "b": {"columns": {"phone": {"to": "things"}}}}
    tables = Tables(frames, schema)
    assert tables["a"]["device"].to_list() == ["1", "2"]
    assert tables["b"]["phone"].to_list() == ["1", "x"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (pl.Series([1e17]), ["digits are lost", "row 1 1e+17", "parents, column id"]),
        (pl.Series([[1]]), ["names nothing", "List"]),
        (pl.Series([b"x"]), ["names nothing", "Binary"]),
    ],
)
def test_faults(key: pl.Series, words: list[str]) -> None:
    with pytest.raises(TablesError) as error:
        both(key, pl.Series([1]))
    for word in words:
        assert word in str(error.value)


whole = st.integers(-(2**53), 2**53)
columns = st.one_of(
    st.lists(whole | st.none(), max_size=8).map(lambda values: pl.Series(values, dtype=pl.Int64)),
    st.lists(whole.map(float) | st.none() | st.just(float("nan")), max_size=8).map(
        lambda values: pl.Series(values, dtype=pl.Float64)
    ),
    st.lists(st.text("01ab", max_size=3) | st.none(), max_size=8).map(
        lambda values: pl.Series(values, dtype=pl.String)
    ),
)


def plain(value: Any) -> str | None:
    """What a key is, slowly: its text, whole numbers without a point."""
    if value is None or value == "" or value != value:
        return None
    return str(int(value)) if isinstance(value, float) else str(value)


@given(columns, columns)
def test_keys_match_exactly_if_their_texts_do(parents: pl.Series, children: pl.Series) -> None:
    one, other = both(parents, children)
    assert one.dtype == other.dtype
    assert [plain(value) for value in one] == [plain(value) for value in parents]
    assert [plain(value) for value in other] == [plain(value) for value in children]
    for i, a in enumerate(one):
        for j, b in enumerate(other):
            assert (a == b) == (plain(parents[i]) == plain(children[j]))
