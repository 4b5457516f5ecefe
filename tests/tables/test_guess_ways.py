"""One quantity written in several ways becomes one number, and each reading is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.errors import TablesError
from tael.tables import Tables, read_tables
from tael.tables.guess_ways import few
from tael.tables.infer import Draft, infer
from tael.tables.schema import Schema, Type

ROWS = 120


def drafted(folder: Callable[..., Path], name: str, cells: list[str]) -> tuple[Draft, Path]:
    where = folder({"a.csv": f"id;{name}\n" + "".join(f"K{k:04d};{cell}\n" for k, cell in enumerate(cells))})
    return infer(where), where


def shares(*first: str) -> list[str]:
    return [*first, *(f"{k % 97 + 1}.5%" for k in range(ROWS - len(first)))]


def test_shares_beside_per_cents(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "rate", shares("0.297", "0", "0.5"))
    column = draft.schema.tables["a"].columns["rate"]
    assert (column.type, column.percent, column.bare) == (Type.NUMBER, True, "share")
    assert [one.kind for one in draft.odd] == ["share"]
    assert "'0.297' is read as it stands (2 rows: lines 2 and 4)" in draft.odd[0].text()
    draft.write(where)
    assert read_tables(where)["a"]["rate"].head(4).to_list() == pytest.approx([0.297, 0, 0.5, 0.015])


def test_what_may_be_either_is_missing_until_it_is_settled(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "rate", shares("0.297", "20.6"))
    text = next(one for one in draft.odd if one.kind == "bare")
    assert "Read as missing: '20.6'" in text.text()
    assert "line 3" in text.text()
    assert 'rate = { percent = true, bare = "size" }' in text.text()
    assert "第 3 行" in text.text("zh")
    draft.write(where)
    assert read_tables(where)["a"]["rate"].head(3).to_list() == [0.297, None, pytest.approx(0.015)]
    toml = (where / "tables.toml").read_text(encoding="utf-8").replace('"share"', '"size"')
    (where / "tables.toml").write_text(toml, encoding="utf-8")
    assert read_tables(where)["a"]["rate"].head(3).to_list() == pytest.approx([0.297, 0.206, 0.015])


def test_one_per_cent_among_amounts_is_an_odd_cell(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "amount", ["5%", *(str(100 + k) for k in range(ROWS))])
    assert draft.schema.tables["a"].columns["amount"].missing == ("5%",)


def test_years_and_months_become_months(folder: Callable[..., Path]) -> None:
    cells = ["3年", "18个月", "1年3个月", "不足1年", "10年以上", "2 yrs"] * 20
    draft, where = drafted(folder, "工龄", [*cells, "很久"])
    column = draft.schema.tables["a"].columns["工龄"]
    assert (column.type, column.duration, column.unit, column.missing) == (Type.NUMBER, "months", "months", ("很久",))
    told = [one.text() for one in draft.odd]
    assert told == [
        "Durations of 工龄 are read in months: '不足1年' is 6 (20 rows)",
        "Durations of 工龄 are read in months: '10年以上' is 120 (20 rows)",
        "Durations of 工龄 are read in months: '1年3个月' is 15 (80 rows)",
        "Read as missing: '很久' (1 row of 工龄: line 122)",
    ]
    assert "'1年3个月' 读作 15" in draft.odd[2].text("zh")
    draft.write(where)
    assert read_tables(where)["a"]["工龄"].head(6).to_list() == [36, 18, 15, 6, 120, 24]


def test_one_unit_stays_a_number_of_it(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "tenure", [f"{k % 30}年" for k in range(ROWS)])
    column = draft.schema.tables["a"].columns["tenure"]
    assert (column.duration, column.strip) == (None, ("年",))


def test_bare_numbers_among_durations_are_too_many_to_guess(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "工龄", ["3年", "18个月", "1年3个月", "24"] * 30)
    assert draft.schema.tables["a"].columns["工龄"].type == Type.CATEGORY
    assert [one.kind for one in draft.odd] == ["durations"]
    assert "多为时长，但有 30 行不是，如 '24'" in draft.odd[0].text("zh")


def test_a_promise_of_durations_is_kept_strictly() -> None:
    schema = Schema.from_dict({"a": {"columns": {"x": {"duration": "months"}}}})
    assert Tables({"a": pl.DataFrame({"x": ["1年", None, ""]})}, schema)["a"]["x"].to_list() == [12.0, None, None]
    with pytest.raises(TablesError, match="durations") as error:
        Tables({"a": pl.DataFrame({"x": ["1年", "7"]})}, schema)
    assert "row 2 '7'" in str(error.value)


def test_about_and_numbers_in_parts(folder: Callable[..., Path]) -> None:
    draft, where = drafted(
        folder, "收入", ["约3万", "1万3千", "3万多", "10+", *(f"{k % 9 + 1}.5万" for k in range(ROWS))]
    )
    told = {(one.kind, one.words[0][0]) for one in draft.odd}
    assert told == {("larger", "万"), ("larger", "千"), ("about", "约"), ("about", "多"), ("about", "+")}
    draft.write(where)
    assert read_tables(where)["a"]["收入"].head(4).to_list() == [30000, 13000, 30000, 10]


@pytest.mark.parametrize(("rows", "of", "yes"), [(4, 50, True), (6, 100, False), (10, 1000, True), (5, 40, False)])
def test_few(rows: int, of: int, yes: bool) -> None:
    assert few(rows, of) is yes


def test_words_for_nothing_among_them_are_missing(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "tenure", ["< 1 year", "1 year", "10+ years", "n/a"] * 30)
    column = draft.schema.tables["a"].columns["tenure"]
    assert (column.duration, column.missing) == ("months", ("n/a",))
    assert draft.odd[-1].text() == "Read as missing: 'n/a' (30 rows of tenure: lines 5, 9, 13, 17, 21, ...)"
    draft.write(where)
    assert read_tables(where)["a"]["tenure"].head(4).to_list() == [6, 12, 120, None]
    (where / "tables.toml").unlink()
    draft, _ = drafted(folder, "rate", ["5%", "0.2", "n/a", "12.5%"] * 30)
    assert draft.schema.tables["a"].columns["rate"].missing == ("n/a",)
