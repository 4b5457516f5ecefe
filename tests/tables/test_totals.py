"""Rows of totals are left out and told; a company that is called Total is a row like others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.tables import read_tables
from tael.tables.contract import check
from tael.tables.infer import infer
from tael.tables.totals import WORDS, called, totals_of

ROWS = 40


def lines(*extra: str, at: int = ROWS) -> str:
    rows = [f"K{k:03d},{k * 10},2024-01-{k % 28 + 1:02d},{'ab'[k % 2]}" for k in range(ROWS)]
    return "\n".join(["id,amount,day,kind", *rows[:at], *extra, *rows[at:]]) + "\n"


@pytest.mark.parametrize(
    "word", ["合计", " 合 计：", "总计（40户）", "Total", "Grand  total:", "SUM", "小计", "Sub-total"]
)
def test_a_row_of_totals_is_left_out_and_told(folder: Callable[..., Path], word: str) -> None:
    where = folder({"a.csv": lines(f'"{word}",7800,,')})
    draft = infer(where)
    told = [one for one in draft.odd if one.kind == "total"]
    assert [one.lines.text() for one in told] == [f"line {ROWS + 2}"]
    assert "Left out as totals" in told[0].text()
    assert "合计行，已剔除" in told[0].text("zh")
    draft.write(where)
    tables = read_tables(where)
    assert (tables["a"].height, tables["a"]["amount"].sum()) == (ROWS, 7800.0)
    assert [(one.code, one.count, one.examples[0].line) for one in check(tables)] == [("TAEL-T24", 1, ROWS + 2)]


def test_they_may_be_kept(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": lines("Total,7800,,")})
    draft = infer(where, totals=False)
    assert draft.odd == ()
    draft.write(where)
    assert read_tables(where)["a"].height == ROWS + 1


def test_subtotals_in_the_middle_leave_lines_as_they_are(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": lines("小计,1900,,", at=20) + "合计,7800,,\nK900,x7,2024-02-01,a\n"})
    draft = infer(where)
    assert [one.lines.text() for one in draft.odd] == ["lines 22 and 43", "line 44"]
    draft.write(where)
    tables = read_tables(where)
    assert tables["a"].height == ROWS + 1
    assert [tables.row_of("a", row) for row in (19, 20, 40)] == [(20, 21), (22, 23), (43, 44)]


def test_a_company_called_total_is_a_row(folder: Callable[..., Path]) -> None:
    draft = infer(folder({"a.csv": lines("Total,310,2024-01-09,a")}))
    assert draft.schema.tables["a"].totals == ()
    assert draft.odd == ()


def test_a_category_that_means_all_is_no_total() -> None:
    frame = pl.DataFrame({"kind": ["Total", "part"] * 20, "x": [float(k) for k in range(40)], "y": ["a"] * 40})
    assert totals_of(frame) is None


def test_sums_tell_a_total_where_nothing_is_empty() -> None:
    frame = pl.DataFrame({"id": ["a", "b", "c", "合计"], "x": ["1,000", "2,000", "500", "3,500"], "y": [1, 2, 3, 9]})
    found = totals_of(frame)
    assert found is not None
    assert (found[0].to_list(), found[1]) == ([False, False, False, True], ["合计"])


def test_words_far_from_the_first_columns_say_nothing() -> None:
    frame = pl.DataFrame({"a": ["x"], "b": ["x"], "c": ["x"], "d": ["合计"]})
    assert not called(frame, WORDS).any()
    assert called(frame, WORDS, key="d").all()


def test_a_batch_of_one_row_and_its_total() -> None:
    frame = pl.DataFrame({"id": ["K1", "合计"], "x": [5, 5], "day": ["2024-01-01", None], "kind": ["a", None]})
    found = totals_of(frame)
    assert found is not None
    assert found[0].to_list() == [False, True]
    assert totals_of(frame.tail(1)) is None
    assert totals_of(frame.clear()) is None
