"""Odd cells of rows that are scored are missing and told; a column of another kind is let alone, and an error."""

from __future__ import annotations

import polars as pl
import pytest

from tael.tables.schema import ColumnSchema, TableSchema, Type
from tael.tables.unread import without_odd


def read(cells: list[str | None], **promise: object) -> tuple[list[str | None], list[str]]:
    column = ColumnSchema.model_validate(promise)
    frame, odd = without_odd(pl.DataFrame({"x": cells}, schema={"x": pl.String}), TableSchema(columns={"x": column}), 2)
    return frame["x"].to_list(), [one.text() for one in odd]


@pytest.mark.parametrize(
    ("cells", "promise"),
    [
        (["1", "2", "3", "see file"], {"type": "number"}),
        (["1万", "2", "3", "see file"], {"type": "number", "multiply": ["万"]}),
        (["1年", "2个月", "3年", "see file"], {"type": "number", "duration": "months"}),
        (["true", "false", "true", "see file"], {"type": "flag"}),
        (["2024-01-31", "2024/2/1", "2024-02-02", "see file"], {"type": "time"}),
        (["310124", "010224", "020224", "see file"], {"type": "time", "format": "%d%m%y"}),
    ],
)
def test_one_odd_cell(cells: list[str | None], promise: dict[str, object]) -> None:
    found, told = read(cells, **promise)
    assert found == [*cells[:3], None]
    assert told == ["Read as missing: 'see file' (1 row of x: line 5)"]


def test_a_single_row_may_be_odd() -> None:
    assert read(["see file"], type="number")[0] == [None]


@pytest.mark.parametrize("kind", list(Type))
def test_what_is_right_stays(kind: Type) -> None:
    cells: list[str | None] = {Type.TIME: ["2024-01-31"], Type.FLAG: ["yes"], Type.NUMBER: ["1"]}.get(kind, ["a"])  # type: ignore[assignment]
    cells = [*cells, None, "", " "]
    assert read(cells, type=str(kind)) == (cells, [])


def test_a_column_of_another_kind_stays_as_it_is() -> None:
    cells: list[str | None] = ["1", "2", "a", "b"]
    assert read(cells, type="number") == (cells, [])
    days: list[str | None] = ["01/02/2024", "03/04/2024", "05/06/2024", "07/08/2024", "x"]
    assert read(days, type="time") == (days, [])


def test_words_that_are_promised_are_not_odd() -> None:
    assert read(["1", "无", "n/a"], type="number", zero=["无"], missing=["n/a"]) == (["1", "无", "n/a"], [])


def test_a_number_that_may_be_a_per_cent_is_told() -> None:
    found, told = read(["5%", "0.2", "20.6"], type="number", percent=True, bare="share")
    assert found == ["5%", "0.2", "20.6"]
    assert len(told) == 1
    assert "'20.6'" in told[0]
    assert "line 4" in told[0]


def test_rows_of_totals_are_none_of_it() -> None:
    table = TableSchema(columns={"x": ColumnSchema(type=Type.NUMBER)}, totals=("合计",))
    frame = pl.DataFrame({"id": ["a", "合计"], "x": ["1", "see above"]})
    assert without_odd(frame, table, 2)[1] == []
