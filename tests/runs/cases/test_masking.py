"""What is masked, and how."""

from __future__ import annotations

import pytest

from tael.runs.cases.masking import HIDDEN, Masking
from tael.tables.schema import Schema

SCHEMA = Schema.from_dict(
    {
        "people": {"key": "person", "columns": {
            "name": {"type": "category"}, "birth_date": {"type": "time"}, "note": {"type": "text"},
            "country": {"type": "category"}, "kind": {"type": "category"}, "x1": {"type": "category",
            "title": {"en": "home address", "zh": "住址"}},
        }},
        "visits": {"key": "visit", "time": "at", "columns": {
            "person": {"to": "people"}, "phone": {"to": "phones"}, "hospital": {"type": "category"},
        }},
    }
)  # fmt: skip


@pytest.fixture
def mask() -> Masking:
    return Masking(SCHEMA, "people")


def test_keys_keep_four_and_stay_apart(mask: Masking) -> None:
    assert mask.value("people", "person", "310115199001011234") == "****1234"
    assert mask.value("visits", "person", "999995199001011234") == "****1234·2"
    assert mask.value("visits", "person", "310115199001011234") == "****1234"
    assert mask.value("people", "person", 7) == "****7"
    assert mask.value("people", "person", 123456) == "****456"  # never more than half


@pytest.mark.parametrize(("column", "value"), [("name", "王芳"), ("birth_date", "1990-01-01"), ("x1", "Main St 1")])
def test_personal_columns_become_numbers(mask: Masking, column: str, value: str) -> None:
    told = mask.value("people", column, value)
    assert isinstance(told, dict)
    assert value not in told["en"] + told["zh"]
    assert told == mask.value("people", column, value)
    assert told != mask.value("people", column, value + "x")


def test_shared_things_can_be_told_apart(mask: Masking) -> None:
    assert mask.value("visits", "phone", "13800001111") == {"en": "phone no. 1", "zh": "phone 1 号"}
    assert mask.value("visits", "phone", "13800002222") == {"en": "phone no. 2", "zh": "phone 2 号"}


def test_free_text_is_hidden_and_categories_are_not(mask: Masking) -> None:
    assert mask.value("people", "note", "call 138...") == HIDDEN
    assert mask.value("people", "country", "CN") == "CN"
    assert mask.value("people", "kind", "person") == "person"
    assert mask.value("visits", "hospital", "A") == "A"


def test_events_keep_their_ids(mask: Masking) -> None:
    assert mask.value("visits", "visit", 4711) == "4711"


def test_off(mask: Masking) -> None:
    assert Masking(SCHEMA, "people", off=True).value("people", "name", "王芳") == "王芳"
