from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.reports.formats import NONE, Format, finite

EN, ZH = Format("en"), Format("zh")
WORTH = {"million": 1e6, "billion": 1e9, "万元": 1e4, "亿元": 1e8, "元": 1.0}


def read_back(text: str) -> float:
    """What a person understands from a written amount of money."""
    parts = text.replace("CNY", "").replace("\u2212", "-").replace(",", "").split()
    return float(parts[0]) * (WORTH[parts[1]] if len(parts) > 1 else 1.0)


@given(st.floats(-9e11, 9e11))
@pytest.mark.parametrize("fmt", [EN, ZH], ids=["en", "zh"])
def test_money_reads_back_to_the_amount(fmt: Format, amount: float) -> None:
    assert math.isclose(read_back(fmt.money(amount)), amount, rel_tol=0.0051, abs_tol=0.5)


@pytest.mark.parametrize("nothing", [None, float("nan"), float("inf"), "7", True])
def test_what_is_not_a_number_is_a_dash(nothing: object) -> None:
    assert finite(nothing) is None
    assert {write(nothing) for write in (EN.integer, EN.number, EN.percent, EN.money, EN.short)} == {NONE}


def test_interval_needs_both_ends() -> None:
    assert EN.interval(0.1, None) == "" == EN.money_interval(None, 3)
    assert EN.interval(0.1, 0.2, EN.percent) == "10.0\u00a0% to 20.0\u00a0%"
    assert ZH.interval(1, 2) == "1.000 至 2.000"


def test_other_currencies() -> None:
    assert Format("zh", "USD").money(2.5e8) == "2.50\u00a0亿美元"
    assert Format("zh", "XAU").money(20) == "20\u00a0XAU".replace("\u00a0", "\u00a0 ")
    assert Format("en", "EUR").money(1e9) == "EUR\u00a01.00\u00a0billion"
