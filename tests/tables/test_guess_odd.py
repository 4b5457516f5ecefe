"""A few odd cells do not throw out a column: they are missing in it, and told; a promise made by hand still breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.infer import Draft, infer
from tael.tables.odd import Odd
from tael.tables.schema import Type

ROWS = 120


def drafted(folder: Callable[..., Path], name: str, cells: list[str], other: str = "B") -> tuple[Draft, Path]:
    lines = [f"id;{name};branch", *(f"K{k:04d};{cell};{other}" for k, cell in enumerate(cells))]
    where = folder({"a.csv": "\n".join(lines) + "\n"})
    return infer(where), where


def amounts(*odd: str) -> list[str]:
    cells = [f"{1 + k % 9}.{100 + 7 * k % 900:03d},{k % 90 + 10}" for k in range(ROWS)]
    return [*odd, *cells[len(odd) :]]


def days(*odd: str) -> list[str]:
    cells = [f"{1 + k % 28:02d}.{1 + k % 12:02d}.{2019 + k % 5}" for k in range(ROWS)]
    return [*odd, *cells[len(odd) :]]


def test_a_word_among_amounts_that_another_column_holds_too(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "amount", amounts("see file"), other="see file")
    column = draft.schema.tables["a"].columns["amount"]
    assert (column.type, column.missing) == (Type.NUMBER, ("see file",))
    assert [one.text() for one in draft.odd] == ["Read as missing: 'see file' (1 row of amount: line 2)"]
    assert [one.text("zh") for one in draft.odd] == ["视为缺失：'see file'（amount 1 行：第 2 行）"]
    draft.write(where)
    read = read_tables(where)["a"]
    assert (read["amount"].null_count(), read["branch"].null_count()) == (1, 0)


def test_a_promise_made_by_hand_is_broken_by_it(folder: Callable[..., Path]) -> None:
    _, where = drafted(folder, "amount", amounts("see file"))
    toml = "[a]\nfile = 'a.csv'\nkey = 'id'\n[a.columns]\namount = { thousands = '.', decimal = ',' }\n"
    (where / "tables.toml").write_text(toml)
    with pytest.raises(TablesError, match="no numbers") as error:
        read_tables(where)
    assert "row 1 (line 2) 'see file'" in str(error.value)


def test_six_words_of_a_hundred_are_too_many_and_said(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "amount", amounts(*(f"ask {k}" for k in range(7))))
    assert draft.schema.tables["a"].columns["amount"].type == Type.TEXT
    assert draft.odd[0].text().startswith("most are numbers, but 7 rows are not, such as 'ask ")
    draft, _ = drafted(folder, "opened_date", days(*(f"ask {k}" for k in range(7))))
    assert draft.odd[0].text().startswith("most are dates, but 7 rows are not, such as 'ask ")
    assert draft.odd[0].text("zh").startswith("多为日期，但有 7 行不是")


@pytest.mark.parametrize(
    ("odd", "missing", "first"),
    [
        ("tbd", ("tbd",), None),
        ("31.02.2023", ("31.02.2023",), None),
        ("27 May 2023", (), datetime(2023, 5, 27)),
        ("05/03/23", (), datetime(2023, 3, 5)),
        ("05.03.68", (), datetime(2068, 3, 5)),
    ],
)
def test_one_odd_day(folder: Callable[..., Path], odd: str, missing: tuple[str, ...], first: datetime | None) -> None:
    draft, where = drafted(folder, "opened_date", days(odd))
    column = draft.schema.tables["a"].columns["opened_date"]
    assert (column.type, column.missing) == (Type.TIME, missing)
    draft.write(where)
    assert read_tables(where)["a"]["opened_date"][0] == first


def test_a_year_of_birth_of_two_digits_is_not_in_the_future(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "birth_date", ["05/03/60", "01.01.1938", "31.12.2003", *["02.03.1980"] * 30])
    draft.write(where)
    assert read_tables(where)["a"]["birth_date"][0] == datetime(1960, 3, 5)


def test_years_first_elsewhere_leave_it_open_where_the_year_is(folder: Callable[..., Path]) -> None:
    cells = ["23/04/05", *(f"2023/{1 + k % 12}/{1 + k % 28}" for k in range(ROWS))]
    draft, _ = drafted(folder, "opened_date", cells)
    assert draft.schema.tables["a"].columns["opened_date"].missing == ("23/04/05",)


def test_spaces_between_thousands_beside_points(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "amount", amounts("EUR 1 200", "EUR 12 000,5", *["EUR 3 400"] * 30))
    assert draft.odd == ()
    draft.write(where)
    assert read_tables(where)["a"]["amount"].head(3).to_list() == [1200.0, 12000.5, 3400.0]


def test_two_ways_of_writing_numbers_stay_text_and_are_said(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "amount", amounts(*(f"{k + 1},234.50" for k in range(20))))
    assert draft.schema.tables["a"].columns["amount"].type == Type.TEXT
    (odd,) = draft.odd
    assert odd.kind == "two ways"
    assert ",234.50'" in odd.text()
    assert "numbers written in two ways, such as '" in odd.text()
    assert "数字有两种写法" in odd.text("zh")


def test_a_unit_that_changes_nothing_and_one_that_may(folder: Callable[..., Path]) -> None:
    draft, where = drafted(folder, "weight", ["36 kg", *(str(12 + k % 70) for k in range(ROWS))])
    assert draft.odd == (Odd("weight", "weight", "unit", (("kg", 1), ("36 kg", 1))),)
    assert draft.odd[0].text() == "Read without its unit: 'kg' (1 row of weight, such as '36 kg': line 2)"
    assert draft.odd[0].text("zh") == "去掉单位读取：'kg'（weight 1 行，如 '36 kg'：第 2 行）"
    draft.write(where)
    assert read_tables(where)["a"]["weight"][0] == 36.0
    draft, _ = drafted(folder, "weight", ["3 mn", *(str(1200 + k % 70) for k in range(ROWS))])
    assert draft.schema.tables["a"].columns["weight"].missing == ("3 mn",)


def test_codes_and_zeros_in_front_are_let_alone(folder: Callable[..., Path]) -> None:
    for cells in (["X", *(str(k % 9) for k in range(ROWS))], ["X", *(f"{k:04d}" for k in range(ROWS))]):
        draft, _ = drafted(folder, "grade", cells)
        assert draft.odd == ()
        assert draft.schema.tables["a"].columns["grade"].missing == ()


def test_units_of_whole_columns_are_told_in_both_languages(tmp_path: Path) -> None:
    rows = "".join(f"{k},{f'{k}.5万' if k % 4 == 0 else k * 1000},{k % 30}{'次' * (k % 2)}\n" for k in range(200))
    (tmp_path / "a.csv").write_text("z,收入,查询\n" + rows, encoding="utf-8")
    told = infer(tmp_path).odd
    assert [one.text("zh") for one in told] == [
        "按单位换算：'万'（收入 50 行，如 '0.5万' 读作 5000）",
        "去掉单位读取：'次'（查询 100 行，如 '1次'）",
    ]
    assert told[0].text() == "Multiplied by its unit: '万' (50 rows of 收入, such as '0.5万', read as 5000)"
    assert all(one.read for one in told)


def test_an_answer_in_words_is_not_blanked_without_saying_so(tmp_path: Path) -> None:
    rows = "".join(f"{'约十万' if k % 40 == 0 else k * 1000},{k}\n" for k in range(200))
    (tmp_path / "a.csv").write_text("收入,z\n" + rows, encoding="utf-8")
    (odd,) = infer(tmp_path).odd
    assert odd.text("zh") == "视为缺失：'约十万'（收入 5 行：第 2、42、82、122、162 行）"


def test_numbers_that_name_things_are_let_alone(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "store_code", ["A12", *(str(1000 + k % 99) for k in range(ROWS))])
    assert draft.odd == ()
    assert draft.schema.tables["a"].columns["store_code"].missing == ()


def test_days_of_which_the_month_may_be_either_number(folder: Callable[..., Path]) -> None:
    draft, _ = drafted(folder, "opened_date", ["tbd", *(f"{1 + k % 12:02d}/{1 + k % 7:02d}/2024" for k in range(ROWS))])
    (odd,) = draft.odd
    assert odd.kind == "order"
    assert "whether the day or the month comes first, such as '01/01/2024'" in odd.text()
    assert "日与月的先后" in odd.text("zh")


def test_nothing_among_counts_may_be_nought_and_among_days_is_none(folder: Callable[..., Path]) -> None:
    rows = [
        f"{'无' if k % 9 == 0 else k % 40},{'无' if k % 8 == 0 else f'2024-01-{k % 28 + 1:02d}'}" for k in range(ROWS)
    ]
    draft = infer(folder({"a.csv": "次数,日期\n" + "\n".join(rows) + "\n"}))
    assert [(one.header, one.kind, sum(n for _, n in one.words)) for one in draft.odd] == [
        ("次数", "none", 14), ("日期", "missing", 15),
    ]  # fmt: skip
    assert "lines 2, 11, 20, 29, 38, ...); if it means 0" in draft.odd[0].text()
    assert '次数 = { zero = ["无"] }' in draft.odd[0].text("zh")


def test_a_title_filled_up_and_names_that_come_twice(folder: Callable[..., Path]) -> None:
    content = "Loans of May,,\n,,\nid,sum,sum\n" + "".join(f"K{k},{k},{k * 2}\n" for k in range(30))
    where = folder({"a.csv": content})
    draft = infer(where)
    promise = draft.schema.tables["a"]
    assert (promise.skip_lines, promise.same_names, list(promise.columns)) == (2, "number", ["id", "sum", "sum_2"])
    draft.write(where)
    assert read_tables(where)["a"]["sum_2"][1] == 2.0


def test_a_file_without_a_header_is_not_given_one(folder: Callable[..., Path]) -> None:
    with pytest.raises(TablesError, match="same name"):
        infer(folder({"a.csv": "\n".join(f"{k},5,5" for k in range(30)) + "\n"}))
