from __future__ import annotations

import numpy as np
import pytest

from tael.formulas.values import NAT, Values
from tael.tables.schema import Type


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (Values.number([1.0, np.nan, np.inf, -np.inf]), [False, True, True, True]),
        (Values.flag([True, False, np.nan]), [False, False, True]),
        (Values.time([0, NAT]), [False, True]),
        (Values.time(np.array(["2024-01-01", "NaT"], dtype="datetime64[D]")), [False, True]),
        (Values.category(["a", None]), [False, True]),
        (Values.text(["", None]), [False, True]),
    ],
)
def test_missing(values: Values, missing: list[bool]) -> None:
    assert values.missing.tolist() == missing


def test_strings_of_categories() -> None:
    assert Values.category(["b", None, "a"]).strings().tolist() == ["b", None, "a"]
    assert Values(Type.CATEGORY, np.array([-1], dtype=np.int32), ()).strings().tolist() == [None]


def test_making_numbers_does_not_change_the_source() -> None:
    source = np.array([np.inf, 1.0])
    Values.number(source)
    assert np.isinf(source[0])
