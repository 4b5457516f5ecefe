"""Columns that name people are left out for what they are; nobody is asked to mend an identity number."""

from __future__ import annotations

import polars as pl
import pytest

from tael.runs.single.leaving import LEVELS, left_out_for
from tael.runs.single.reading import Source
from tael.tables.schema import TableSchema

N = 100


def why(header: str, column: pl.Series) -> str | None:
    found = left_out_for(column.name, column, Source(pl.DataFrame(), TableSchema(), {column.name: header}), None)
    return None if found is None else found[0]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("证件", [f"1101011990{k % 12 + 1:02d}{k % 28 + 1:02d}{k:03d}X" if k != 7 else "遗失" for k in range(N)]),
        ("contact", [f"138{k:08d}" if k % 9 else "none" for k in range(N)]),
        ("手机", [f"0086 138{k:08d}" for k in [*range(N - 1), 0]]),
    ],
)
def test_numbers_of_people(header: str, cells: list[str]) -> None:
    said = why(header, pl.Series("x", [*cells, cells[0]]))
    assert said == "names a person: an identity, phone or account number"


def test_numbers_of_people_that_were_read_as_numbers() -> None:
    assert why("tel", pl.Series("x", [13_800_000_000 + k for k in range(N)])) is not None
    assert why("手机支付次数", pl.Series("x", list(range(N)))) is None
    assert (
        why("出生日期", pl.Series("x", [f"1990-01-{k % 28 + 1:02d} x{k}" for k in range(N)] * 2))
        == "100 different texts"
    )


def test_few_values_are_a_category() -> None:
    assert why("手机", pl.Series("x", ["iPhone", "Huawei"] * N)) is None
    assert LEVELS > 2
