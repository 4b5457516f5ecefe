"""Months as a table's time are told; a description that stands there already is compared with the draft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tael.tables import read_tables
from tael.tables.infer import Draft, infer


def column(draft: Draft, name: str, column: str) -> dict:
    return draft.schema.tables[name].columns[column].model_dump(mode="json", exclude_defaults=True)


def statements(rows: int = 12) -> dict[str, str]:
    months = [(c, m) for c in range(30) for m in range(1, rows + 1)]
    return {
        "customers.csv": "customer_id,sex\n" + "".join(f"{c:03},{'MF'[c % 2]}\n" for c in range(30)),
        "statements.csv": "customer_id,month,spent\n"
        + "".join(f"{c:03},2023-{m:02},{c * m % 17}.5\n" for c, m in months),
    }


def test_a_row_for_each_month_is_known_when_the_month_is_over(folder: Callable[..., Path]) -> None:
    where = folder(statements())
    draft = infer(where)
    assert column(draft, "statements", "month") == {"type": "time", "month": "end"}
    assert "known at its end" in next(one.why for one in draft.reasons if one.guess.startswith("time = "))
    draft.write(where)
    assert read_tables(where)["statements"]["month"][0].isoformat() == "2023-01-31T23:59:59.999999"


def test_months_that_come_once_stand_for_their_first_day_and_say_so(folder: Callable[..., Path]) -> None:
    draft = infer(folder(statements(1)))
    assert column(draft, "statements", "month") == {"type": "time"}
    assert "month = 'end' says" in next(one.why for one in draft.reasons if one.guess.startswith("time = "))
    assert [one.text() for one in draft.odd] == [
        "Months of month, such as '2023-01', stand for their first day: they order rows, no more"
    ]


def test_a_description_that_is_there_is_compared(folder: Callable[..., Path]) -> None:
    where = folder(statements())
    draft = infer(where)
    assert draft.differences(where) == []
    draft.write(where)
    assert draft.differences(where) == []
    page = where / "tables.toml"
    page.write_text(page.read_text().replace(', month = "end"', "").replace('key = "customer_id"', "key = 'sex'"))
    assert draft.differences(where) == [
        '[customers] key: "sex" in tables.toml, "customer_id" in the draft',
        '[statements.columns] month: month: nothing in tables.toml, "end" in the draft',
    ]
