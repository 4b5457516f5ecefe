from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from tael.errors import TablesError
from tael.tables import Tables
from tael.tables.contract import MESSAGES, Violation, check, errors_of, raise_on_errors, violations_text
from tael.tables.plain import width_of

EARLY, LATE = datetime(2024, 1, 1), datetime(2024, 6, 1)


def one_of(column: dict[str, list[Any]], promise: dict[str, Any] | None = None, **section: Any) -> list[Violation]:
    name = next(iter(column))
    schema = {"a": {**section, "columns": {name: promise or {}}}}
    return check(Tables({"a": pl.DataFrame(column, strict=False)}, schema))


@pytest.mark.parametrize(
    ("column", "promise", "section", "code", "severity", "count", "rows"),
    [
        ({"id": [1, None, 2]}, {}, {"key": "id"}, "TAEL-T01", "error", 1, [2]),
        ({"id": [1, 2, 1]}, {}, {"key": "id"}, "TAEL-T02", "error", 2, [1, 3]),
        ({"x": [1, None, 2]}, {"required": True}, {}, "TAEL-T04", "error", 1, [2]),
        ({"x": [-1, 2, 3, 9]}, {"min": 0, "max": 5}, {}, "TAEL-T05", "error", 2, [1, 4]),
        ({"x": ["a", "b", "c"]}, {"values": ["a", "b"]}, {}, "TAEL-T06", "error", 1, [3]),
        ({"x": [1.0, math.inf, -math.inf]}, {}, {}, "TAEL-T07", "warning", 2, [2, 3]),
        ({"t": [EARLY, None]}, {}, {"time": "t"}, "TAEL-T08", "warning", 1, [2]),
        ({"t": [EARLY, datetime(1800, 1, 1), datetime(9999, 12, 31)]}, {}, {}, "TAEL-T10", "warning", 2, [2, 3]),
        ({"x": [7, 7, 7]}, {}, {}, "TAEL-T11", "warning", 3, [1]),
        ({"x": [None, None]}, {}, {}, "TAEL-T12", "warning", 2, []),
        ({"x": []}, {"type": "number"}, {}, "TAEL-T13", "warning", 0, []),
        ({"x": [1, 2, -9, 5]}, {}, {}, "TAEL-T14", "warning", 1, [3]),
        ({"x": [1, 50, 9999, 9999]}, {}, {}, "TAEL-T14", "warning", 2, [3, 4]),
        ({"x": ["car", "Car", "car ", "bus"]}, {}, {}, "TAEL-T15", "warning", 3, [1, 2, 3]),
        ({"x": [2**60, 1]}, {}, {}, "TAEL-T16", "warning", 1, [1]),
        ({"id": [1, 1, 2]}, {}, {"key": "id", "duplicates": "first"}, "TAEL-T17", "warning", 1, [2]),
        ({"loan amount": [1, 2]}, {}, {}, "TAEL-T18", "warning", 1, []),
        ({"id": ["a ", "b"]}, {}, {"key": "id"}, "TAEL-T19", "warning", 1, [1]),
    ],
)
def test_violations(
    column: dict, promise: dict, section: dict, code: str, severity: str, count: int, rows: list[int]
) -> None:
    (found,) = one_of(column, promise, **section)
    assert (found.code, found.severity, found.count) == (code, severity, count)
    assert [example.row for example in found.examples] == rows
    assert found.table == "a"


@pytest.mark.parametrize(
    ("column", "promise", "section"),
    [
        ({"x": [1.0, None, 2.5]}, {"min": 1, "max": 2.5}, {}),
        ({"x": [1, 2, -9]}, {"special": [-9], "min": 0}, {}),
        ({"x": [-5.0, -9.0, 3.0]}, {}, {}),
        ({"x": [1, 2, 999]}, {}, {}),
        ({"x": [7, None, 7]}, {}, {}),
        ({"x": [7]}, {}, {}),
        ({"x": ["a", None]}, {"values": ["a", "b"]}, {}),
        ({"x": [None, None]}, {"role": "ignore"}, {}),
        ({"x": ["good", "good"]}, {"role": "label"}, {}),
        ({"id": ["a", "b"]}, {"required": True}, {"key": "id"}),
    ],
)
def test_what_is_well_is_not_reported(column: dict, promise: dict, section: dict) -> None:
    assert one_of(column, promise, **section) == []


def parents_and_children(**promise: Any) -> Tables:
    frames = {"p": pl.DataFrame({"id": [1, 2]}), "c": pl.DataFrame({"of": [1, 3, None, 2, 4]})}
    return Tables(frames, {"p": {"key": "id"}, "c": {"columns": {"of": {"to": "p", **promise}}}})


def test_orphans() -> None:
    (found,) = check(parents_and_children())
    assert (found.code, found.severity, found.where, found.count) == ("TAEL-T03", "warning", "c.of", 2)
    assert [(one.row, one.value) for one in found.examples] == [(2, "3"), (5, "4")]
    missing, orphans = check(parents_and_children(required=True))
    assert (missing.code, orphans.code, orphans.severity) == ("TAEL-T04", "TAEL-T03", "error")


def test_pointing_to_a_table_without_a_key() -> None:
    frames = {"p": pl.DataFrame({"id": [1, 2]}), "c": pl.DataFrame({"of": [1, 3]})}
    (found,) = check(Tables(frames, {"p": {}, "c": {"columns": {"of": {"to": "p"}}}}))
    assert (found.code, found.severity) == ("TAEL-T20", "error")


def test_known_before_it_happened_and_never_known() -> None:
    frame = pl.DataFrame({"t": [EARLY, LATE, EARLY], "k": [LATE, EARLY, None]})
    found = check(Tables({"a": frame}, {"a": {"time": "t", "known_at": "k"}}))
    assert {(one.code, one.count) for one in found} == {("TAEL-T09", 1), ("TAEL-T21", 1)}


def test_personal_values_are_masked_unless_asked() -> None:
    tables = Tables(
        {"a": pl.DataFrame({"phone": ["13800138000", "13900139000"]})}, {"a": {"columns": {"phone": {"values": []}}}}
    )
    (hidden,) = check(tables)
    assert [one.value for one in hidden.examples] == ["1***", "1***"]
    (shown,) = check(tables, show_personal=True)
    assert "13800138000" in shown.examples[0].value


def test_errors_come_first_and_all_at_once() -> None:
    frame = pl.DataFrame({"id": [1, 1, None], "flat": [7, 7, 7], "x": [-1.5, 2.0, math.inf]})
    tables = Tables({"loans": frame}, {"loans": {"key": "id", "columns": {"x": {"min": 0}}}})
    found = check(tables)
    assert [one.code for one in found] == ["TAEL-T01", "TAEL-T02", "TAEL-T05", "TAEL-T11", "TAEL-T07"]
    assert len(errors_of(found)) == 3
    with pytest.raises(TablesError) as error:
        raise_on_errors(found)
    text = str(error.value)
    assert "3 errors, 2 warnings" in text
    for words in ("TAEL-T01", "TAEL-T07", "loans.flat", "row 1 -1.5", "outside the bounds (0 ..)", "to do:"):
        assert words in text
    raise_on_errors([one for one in found if one.severity == "warning"])
    with pytest.raises(TablesError, match="主键重复"):
        raise_on_errors(found, lang="zh")


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_table_fits_a_terminal(lang: Any) -> None:
    name = "a_very_long_name_of_a_column_that_someone_chose_in_a_hurry_and_never_changed"
    frame = pl.DataFrame({name: ["x" * 200, "y" * 200, "金额" * 80]})
    found = check(
        Tables({"a_long_name_of_a_table": frame}, {"a_long_name_of_a_table": {"columns": {name: {"values": []}}}})
    )
    lines = violations_text(found, lang).splitlines()
    assert max(map(width_of, lines)) <= 100
    assert violations_text([], lang) in ("No violations.", "未发现问题。")


def test_every_code_has_words_in_both_languages() -> None:
    assert all(english and chinese and english != chinese for _, english, chinese in MESSAGES.values())
