"""Two columns that know the outcome together: found where they do, and not where ratios are merely good features."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.validation import pairs_carry_label, scan_columns


def loans(n: int = 2000, seed: int = 0) -> tuple[pl.DataFrame, np.ndarray]:
    """Loans of all sizes, and what was paid on them: all of it by the good, a part by the bad."""
    rng = np.random.default_rng(seed)
    amount = np.exp(rng.normal(9, 0.8, n))
    income = np.exp(rng.normal(8, 0.5, n))
    y = rng.random(n) < 1 / (1 + np.exp(2.5 - 0.6 * np.log(amount / income)))
    frame = pl.DataFrame({"amount": amount, "income": income, "age": rng.integers(18, 70, n).astype(float)})
    paid = amount * np.where(y, rng.uniform(0, 0.95, n), rng.uniform(1.0, 1.1, n))
    return frame.with_columns(paid=pl.Series(paid)), y.astype(int)


def test_what_was_paid_beside_what_was_owed() -> None:
    frame, y = loans()
    assert scan_columns(frame, y) == []
    found = pairs_carry_label(frame, y)
    assert [(f.code, f.column) for f in found] == [("TAEL-L07", "paid")]
    assert found[0].strength > 0.99
    for lang in ("en", "zh"):
        assert "paid" in found[0].text(lang)
        assert "amount" in found[0].text(lang)


def test_it_is_named_whichever_stands_first() -> None:
    frame, y = loans()
    assert [f.column for f in pairs_carry_label(frame.select(*reversed(frame.columns)), y)] == ["paid"]


def test_a_column_is_named_once_and_by_its_name_in_the_report() -> None:
    frame, y = loans()
    twice = frame.with_columns(owed=pl.col("amount") * 1.1)
    found = pairs_carry_label(twice, y, names={"paid": "paid so far"})
    assert [f.column for f in found] == ["paid so far"]


def test_what_is_reported_already_is_left_out() -> None:
    frame, y = loans()
    assert pairs_carry_label(frame, y, skip={"paid"}) == []


@pytest.mark.parametrize("seed", range(3))
def test_a_ratio_that_is_a_good_feature_is_no_leak(seed: int) -> None:
    """Debt to income decides, strongly, and with noise: the pair is far better than either column, not certain."""
    rng = np.random.default_rng(seed)
    debt, income = np.exp(rng.normal(0, 1, 3000)), np.exp(rng.normal(0, 1, 3000))
    y = (rng.random(3000) < 1 / (1 + np.exp(1 - 1.5 * np.log(debt / income)))).astype(int)
    assert pairs_carry_label({"debt": debt, "income": income}, y) == []


def test_a_strong_column_makes_no_suspect_of_its_neighbour() -> None:
    """A column just below the bar is divided by one that says nothing: the ratio is no surprise."""
    rng = np.random.default_rng(0)
    y = (rng.random(3000) < 0.3).astype(int)
    strong = np.exp(2.3 * y + rng.normal(size=3000))
    assert pairs_carry_label({"strong": strong, "nearly_one": rng.uniform(0.99, 1.01, 3000)}, y) == []


def test_few_rows_prove_nothing() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        y = np.arange(16) % 2
        assert pairs_carry_label(rng.normal(size=(16, 12)), y) == []


def test_what_cannot_be_divided() -> None:
    """Missing, infinite, zero, constant and of categories: no pair, no error."""
    n = 200
    y = np.arange(n) % 2
    frame = pl.DataFrame(
        {
            "zero": np.zeros(n),
            "empty": [None] * n,
            "one": np.ones(n),
            "job": ["a", "b"] * (n // 2),
            "far": np.where(np.arange(n) % 3 == 0, np.inf, np.arange(n) % 7),
            "gaps": [None if k % 5 == 0 else float(k % 11) for k in range(n)],
        }
    )
    assert pairs_carry_label(frame, y) == []
    assert pairs_carry_label(frame, np.ones(n)) == []
    with pytest.raises(ValidationError, match="do not match"):
        pairs_carry_label(frame, y[:10])


def test_sampling_finds_the_same() -> None:
    frame, y = loans(25_000)
    once, again = pairs_carry_label(frame, y), pairs_carry_label(frame, y)
    assert once == again
    assert [f.column for f in once] == ["paid"]
