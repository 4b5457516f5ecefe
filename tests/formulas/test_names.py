from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.formulas.names import LONGEST, short_name, short_names
from tael.formulas.syntax import Call, Literal, Name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("amount", "amount"),
        ("customers.age", "customers_age"),
        ("log1p(amount)", "log1p_amount"),
        ('count(loans, via="device_id", last="7d")', "count_loans_7d_via_device_id"),
        ('count(t, last="30d") / count(t, last="180d")', "count_t_30d_per_count_t_180d"),
        (
            'sum(transactions.amount, where=operation == "cash withdrawal", last="90d")',
            "sum_transactions_amount_where_operation_cash_withdrawal_90d",
        ),
        ("mean(claims.patient_id.age)", "mean_claims_patient_id_age"),
        ("amount > 0.5", "amount_gt_0p5"),
        ("客户.年龄", "客户_年龄"),
    ],
)
def test_names_read_like_the_formula(text: str, name: str) -> None:
    assert short_name(text) == name


def test_what_a_name_leaves_out_is_told_by_its_hash() -> None:
    formulas = ["a - (b - c)", "a - b - c", 'a == "x y"', 'a == "x_y"', 'a == "x-y"', "1 / (a + b)", "1 / a + b"]
    assert len({short_name(formula) for formula in formulas}) == len(formulas) - 1
    assert len(set(short_names(formulas))) == len(formulas)


def test_long_names_are_cut_and_stay_apart() -> None:
    long = 'sum(transactions.amount, where=counterparty == "a very long name of a counterparty number {}", last="90d")'
    names = [short_name(long.format(number)) for number in ["one", "two", "three"]]
    assert len(set(names)) == 3
    assert all(len(name) <= LONGEST for name in names)


def test_equal_formulas_share_a_name() -> None:
    assert short_names(["a + b", "(a + b)"]) == ["a_plus_b", "a_plus_b"]


@given(st.lists(st.text(min_size=1, max_size=5), min_size=1, max_size=3), st.text(max_size=5))
@settings(max_examples=50)
def test_always_an_identifier(parts: list[str], text: str) -> None:
    name = short_name(Call("eq", (Name(tuple(parts)), Literal(text))))
    assert name.isidentifier()
    assert len(name) <= LONGEST
