from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import tael.tables
from tael.errors import TablesError
from tael.tables import Tables, read_tables
from tael.tables.contract import check, violations_text

TOML = """
[loans]
file = "loans.csv"
key = "loan"
time = "at"
[loans.columns]
amount = { type = "number" }
flag = { role = "label", required = true, known_at = "closed" }
agent = { role = "ignore" }
"""


def test_an_outcome_may_be_absent_when_rows_are_scored(folder: Callable[..., Path]) -> None:
    where = folder({"loans.csv": "loan,at,amount\n1,2024-01-01,5\n2,2024-01-02,6\n"}, TOML)
    tables = read_tables(where, absent="label")
    assert tables["loans"].select("flag", "agent", "closed").null_count().row(0) == (2, 2, 2)
    assert tables.absent == {("loans", "flag"), ("loans", "agent"), ("loans", "closed")}
    assert str(tables.schema.tables["loans"].columns["closed"].type) == "time"
    assert check(tables) == check(tables.replace(loans=tables["loans"].head(1))) == []
    assert tables.fingerprint()
    with pytest.raises(TablesError) as error:
        read_tables(where)
    for word in ("flag, agent", "table loans, file loans.csv"):
        assert word in str(error.value)


@pytest.mark.parametrize("column", ["amount", "at", "loan"])
def test_nothing_else_may(column: str) -> None:
    frame = pl.DataFrame({"loan": ["1"], "at": ["2024-01-01"], "amount": [5]}).drop(column)
    schema = {"loans": {"key": "loan", "time": "at", "columns": {"amount": {}, "flag": {"role": "label"}}}}
    with pytest.raises(TablesError) as error:
        Tables({"loans": frame}, schema, absent="label")
    assert f"expected: {column} (role label and ignore may be absent)" in str(error.value)
    assert f"to do:    Put {column} into the table" in str(error.value)


def test_a_known_time_of_other_columns_may_not() -> None:
    columns = {"flag": {"role": "label", "known_at": "closed"}, "paid": {"known_at": "closed"}}
    with pytest.raises(TablesError, match="expected: closed"):
        Tables({"loans": pl.DataFrame({"paid": [1]})}, {"loans": {"columns": columns}}, absent="label")


def test_the_error_names_the_way_to_score() -> None:
    with pytest.raises(TablesError, match="tael score"):
        Tables({"loans": pl.DataFrame({"x": [1]})}, {"loans": {"columns": {"flag": {"role": "label"}}}})


def test_rows_and_lines(folder: Callable[..., Path]) -> None:
    content = "made by a machine\nid,x\n1,5\n1,5\n1,6\n2,oops\n"
    toml = "[a]\nfile = 'a.csv'\nkey = 'id'\nskip_lines = 1\nduplicates = 'first'\n[a.columns]\nx = {type = 'number'}\n"
    with pytest.raises(TablesError, match=r"row 4 \(line 6\) 'oops'") as error:
        read_tables(folder({"a.csv": content}, toml))
    assert "table a, column x, file a.csv" in str(error.value)
    tables = read_tables(folder({"a.csv": content.replace("oops", "inf")}, toml))
    infinite, twice = check(tables)
    assert [(one.row, one.line) for one in twice.examples] == [(2, 4), (3, 5)]
    assert "the first is kept; 1 of them say something else" in twice.message()
    assert "保留首行；其中 1 行与保留的行内容不同" in twice.message("zh")
    assert [(one.row, one.line, one.value) for one in infinite.examples] == [(4, 6, "inf")]
    assert "row 4 (line 6) inf" in violations_text([infinite])
    assert "第 4 行 (文件第 6 行)" in violations_text([infinite], "zh")


def test_no_line_where_rows_span_lines(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": 'id,x\n1,"a\nb"\n2,c\n'}, "[a]\nfile='a.csv'\n")
    assert read_tables(where).row_of("a", 1) == (2, None)


@pytest.mark.parametrize("width", [60, 80, 100])
def test_examples_are_not_cut_inside_a_key(width: int) -> None:
    key = "8a858e135cb22031015cbafc76964ebd"
    tables = Tables({"loans": pl.DataFrame({"loan": [key, key]})}, {"loans": {"key": "loan"}})
    assert key in violations_text(check(tables), width=width)


def test_lost_zeros_and_names_without_a_table() -> None:
    people = pl.DataFrame({"person": ["000001", "000123"]})
    loans = pl.DataFrame({"loan": [1, 2], "person": ["1", "123"]})
    promise: dict[str, Any] = {"to": "persons"}
    schema = {"people": {"key": "person"}, "loans": {"key": "loan", "columns": {"person": promise}}}
    (nowhere,) = check(Tables({"people": people, "loans": loans}, schema))
    assert (nowhere.code, nowhere.detail) == ("TAEL-T22", "persons; people")
    promise["to"] = "people"
    little, orphans = check(Tables({"people": people, "loans": loans}, schema))
    assert (little.code, little.detail) == ("TAEL-T23", "people: 0%, 100% without leading zeros: pad = 6")
    assert orphans.code == "TAEL-T03"
    promise["pad"] = 6
    tables = Tables({"people": people, "loans": loans}, schema)
    assert tables["loans"]["person"].to_list() == ["000001", "000123"]
    assert check(tables) == []


def test_a_flag_with_another_word() -> None:
    frame = pl.DataFrame({"car": ["是", "否", "是", "不详"]})
    with pytest.raises(TablesError) as error:
        Tables({"a": frame}, {"a": {"columns": {"car": {"type": "flag"}}}})
    for word in ("row 4 '不详'", "'是' (2)", 'missing = ["不详"]', 'car = { true = ["是"] }'):
        assert word in str(error.value)
    tables = Tables({"a": frame}, {"a": {"missing": ["不详"], "columns": {"car": {"type": "flag"}}}})
    assert tables["a"]["car"].to_list() == [True, False, True, None]


def test_all_faults_of_a_folder_at_once(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": "x,y\n1\n1,2\n3,4,5\n1,2\n", "b.csv": b"x\n\xff\xff\n"}, "[a]\n[b]\n[c]\n")
    with pytest.raises(TablesError) as error:
        read_tables(where)
    for word in ("3 tables cannot be read", "and 1 more such lines: 4", "table b", "table c"):
        assert word in str(error.value)


def test_every_error_of_the_room_says_what_to_do() -> None:
    for path in Path(tael.tables.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "TablesError":
                (fix,) = [one.value for one in call.keywords if one.arg == "fix"]
                text = fix.values[0] if isinstance(fix, ast.JoinedStr) else fix
                if isinstance(text, ast.Constant):
                    assert str(text.value)[0].isupper(), f"{path.name}, line {call.lineno}"
                assert getattr(getattr(fix, "func", None), "id", "") != "did_you_mean", path.name
