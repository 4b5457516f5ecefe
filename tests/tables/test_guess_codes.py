"""A flat file as banks publish it: codes that are numbers, and what is to be foretold in the last column."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.tables.guess_codes import maybe_codes
from tael.tables.infer import Draft, infer

HINT = 'few whole numbers: if these are codes, write type = "category"'


def _draft(tmp_path: Path, last: str, values: Callable[[int], int] = lambda k: int(k % 4 == 0)) -> Draft:
    rows = range(300)
    frame = {
        "ID": list(rows),
        "LIMIT_BAL": [1000 * (1 + k * 7 % 90) for k in rows],
        "SEX": [1 + k % 2 for k in rows],
        "EDUCATION": [k % 7 for k in rows],
        "PAY_0": [k % 11 - 2 for k in rows],
        "term_months": [12 * (1 + k % 3) for k in rows],
        "children": [k % 4 for k in rows],
        "owner": [k % 2 for k in rows],
        last: [values(k) for k in rows],
    }
    pl.DataFrame(frame).write_csv(tmp_path / "clients.csv")
    return infer(tmp_path)


def test_few_whole_numbers_get_a_hint(tmp_path: Path) -> None:
    draft = _draft(tmp_path, "spent")
    hinted = {one.column for one in draft.reasons if HINT in one.why}
    assert hinted == {"SEX", "EDUCATION", "PAY_0"}
    assert HINT in draft.to_toml()


def test_the_last_column_is_the_label_where_no_other_is(tmp_path: Path) -> None:
    draft = _draft(tmp_path, "default payment next month")
    columns = draft.schema.tables["clients"].columns
    assert [name for name, column in columns.items() if column.role == "label"] == ["default_payment_next_month"]


@pytest.mark.parametrize(
    ("last", "values"),
    [("spent", lambda k: k % 2), ("default_history", lambda k: k % 2), ("default_amount", lambda k: k)],
)
def test_other_last_columns_are_features(tmp_path: Path, last: str, values: Callable[[int], int]) -> None:
    columns = _draft(tmp_path, last, values).schema.tables["clients"].columns
    assert all(column.role != "label" for column in columns.values())


@pytest.mark.parametrize(
    ("values", "header"),
    [([1.5, 2.0], "grade"), ([0, 1], "owner"), ([1, 2], "贷款次数"), ([12, 60], "plan"), (["a", "b"], "grade")],
)
def test_what_are_no_codes(values: list[object], header: str) -> None:
    assert not maybe_codes(pl.Series(values * 30), header)
