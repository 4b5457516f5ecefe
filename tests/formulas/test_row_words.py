"""What rows have and lack, in words: where the short way of saying it is taken, and where it would be ambiguous."""

from __future__ import annotations

import pytest

from tael.formulas.words import words
from tael.tables.schema import Schema

CODES = {f"code_{k}": {"type": "category", "title": {"en": f"diagnosis {k}", "zh": f"诊断 {k}"}} for k in (1, 2, 3)}
CLAIMS = {
    "time": "filed",
    "title": {"en": "claims", "zh": "理赔"},
    "columns": {
        "provider_id": {"to": "providers"},
        "paid": {"type": "number", "title": {"en": "amount paid", "zh": "赔付金额"}},
        "surgeon": {"type": "category", "title": {"en": "surgeon", "zh": "手术医生"}},
        **CODES,
    },
}
SCHEMA = Schema.from_dict({"providers": {"key": "provider_id"}, "claims": CLAIMS})


def said(text: str, lang: str = "en") -> str:
    return words(text, SCHEMA, "providers", lang)  # type: ignore[arg-type]


def test_a_category_that_rows_have_or_lack_stands_beside_them() -> None:
    assert said("count(claims, where=is_missing(surgeon))") == "number of claims with no surgeon recorded"
    assert said("count(claims, where=not is_missing(surgeon))") == "number of claims with surgeon recorded"
    assert "未登记手术医生的理赔" in said("count(claims, where=is_missing(surgeon))", "zh")


@pytest.mark.parametrize("condition", ["is_missing(paid)", "paid > 10", 'is_missing(surgeon) and code_1 == "x"'])
def test_other_conditions_are_said_with_where(condition: str) -> None:
    assert " where " in said(f"count(claims, where={condition})")


def test_a_level_beside_a_numbered_title_is_said_with_where() -> None:
    """ "with diagnosis 1 25000" would hold one number too many."""
    assert " where " in said('count(claims, where=code_1 != "25000")')
    assert "diagnosis 1 25000" not in said('count(claims, where=code_1 == "25000")')


def test_three_columns_that_are_known_are_counted_and_two_are_not() -> None:
    known = [f"(not is_missing(code_{k}))" for k in (1, 2, 3)]
    assert words(" + ".join(known), SCHEMA, "claims") == "number known of diagnosis 1 to 3"
    assert "已登记个数" in words(" + ".join(known), SCHEMA, "claims", "zh")
    assert "number known of" not in words(" + ".join(known[:2]), SCHEMA, "claims")
    # one column twice is no count of columns
    assert "number known of" not in words(" + ".join([*known[:2], known[0]]), SCHEMA, "claims")
