"""What names a person is shortened wherever a message shows it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from tael.errors import TablesError
from tael.tables import Tables, read_tables
from tael.tables.contract import check
from tael.tables.infer import infer
from tael.tables.personal import names_people, outlined, shortened, shown
from tael.tables.schema import Schema

IDS = [f"1101011990{k % 12 + 1:02d}{k % 28 + 1:02d}{k:03d}{'X' if k % 11 == 0 else k % 10}" for k in range(60)]


@pytest.mark.parametrize(
    "text", ["11010119900307123X", "13800138000", "123-45-6789", "a.b@example.com", "6222021234567890"]
)
def test_values_are_known_by_their_look(text: str) -> None:
    assert names_people(pl.Series([text]))
    kept = shown(text, "reference").split("***")
    assert len(kept[0]) <= 3
    assert len(kept[1]) <= 2


def test_amounts_and_words_are_shown() -> None:
    assert not names_people(pl.Series(["12.5", "2024-01-31", "see file"]))
    assert [shown(text, "amount") for text in ("12.5", "see file")] == ["12.5", "see file"]


def test_short_values_keep_nothing() -> None:
    assert [shortened(text) for text in ("", "abc", "王小明")] == ["***"] * 3
    assert outlined(["王小明", "12,000", "2024"], ",") == "***,12,000,2024"


def test_identity_numbers_are_not_to_be_mended(folder: Callable[..., Path]) -> None:
    rows = "".join(f"K{k},{one if k != 7 else '遗失'},{k * 3}\n" for k, one in enumerate(IDS))
    draft = infer(folder({"a.csv": "id,证件,amount\n" + rows}))
    assert draft.odd == ()
    assert "mend" not in draft.to_toml()


def test_a_broken_row_does_not_print_them(folder: Callable[..., Path]) -> None:
    where = folder({"a.csv": f"id,name,card\n1,王小明,{IDS[1]}\n2,张三,{IDS[2]},7\n"}, toml="[a]\nfile = 'a.csv'\n")
    with pytest.raises(TablesError, match="too many fields") as error:
        read_tables(where)
    assert "line 3" in str(error.value)
    assert IDS[2] not in str(error.value)
    assert "张三" not in str(error.value)


def test_a_column_of_another_kind_does_not_print_them() -> None:
    schema = Schema.from_dict({"a": {"columns": {"card": {"type": "number"}}}})
    with pytest.raises(TablesError) as error:
        Tables({"a": pl.DataFrame({"card": [IDS[0], "5"]})}, schema)
    assert IDS[0] not in str(error.value)


def test_the_check_shows_the_ends_of_a_key_that_names_a_person() -> None:
    tables = Tables({"a": pl.DataFrame({"身份证号": [IDS[0], IDS[0]], "x": [1.0, 2.0]})}, {"a": {"key": "身份证号"}})
    (twice,) = check(tables)
    assert [one.value for one in twice.examples] == [repr(shortened(IDS[0]))] * 2
    assert [one.value for one in check(tables, show_personal=True)[0].examples] == [repr(IDS[0])] * 2
