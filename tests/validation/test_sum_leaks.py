"""Parts of a leak are named; columns that merely go with it are not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import ValidationError
from tael.validation import sums_of_leaks


def payments(n: int = 800, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    amount = rng.integers(10, 400, n) * 100.0
    principal = np.round(amount * rng.uniform(0, 1, n), 2)
    interest = np.round(amount * rng.uniform(0.05, 0.2, n), 2)
    fee = np.where(rng.random(n) < 0.1, np.round(rng.uniform(5, 50, n), 2), 0.0)
    noise = {f"noise{k}": rng.normal(size=n) for k in range(30)}
    return pl.DataFrame(
        {
            "amount": amount,
            "rate": interest / amount,
            "principal": principal,
            "interest": interest,
            "fee": fee,
            "paid": np.round(principal + interest + fee, 2),
            **noise,
        }
    )


def test_all_parts_are_named_and_nothing_else() -> None:
    found = sums_of_leaks(payments(), ["paid"])
    assert {f.column for f in found} == {"principal", "interest", "fee"}
    assert {f.code for f in found} == {"TAEL-L08"}
    assert all("paid" in f.text(lang) and f.column in f.text(lang) for f in found for lang in ("en", "zh"))


def test_a_sum_that_a_cent_of_noise_spoils_is_none() -> None:
    frame = payments().with_columns(paid=pl.col("paid") * (1 + 0.01 * pl.col("noise0")))
    assert sums_of_leaks(frame, ["paid"]) == []


def test_a_copy_is_no_part() -> None:
    """The same amount in another unit explains the leak by itself, and is found by the scan of columns."""
    frame = payments().select("paid", "amount", cents=pl.col("paid") * 100)
    assert sums_of_leaks(frame, ["paid"]) == []


def test_parts_reported_already_are_not_named_again() -> None:
    found = sums_of_leaks(payments(), ["paid", "principal"], names={"fee": "late fee"})
    assert {f.column for f in found} == {"interest", "late fee"}


@given(st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0]), min_size=2, max_size=4), st.integers(0, 50))
def test_any_weighted_sum_is_taken_apart(weights: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 10)) * rng.uniform(0.5, 2.0, 10)
    frame = {f"x{k}": X[:, k] for k in range(10)} | {"leak": X[:, : len(weights)] @ np.array(weights)}
    assert {f.column for f in sums_of_leaks(frame, ["leak"])} == {f"x{k}" for k in range(len(weights))}


def test_bad_input_is_no_sum() -> None:
    frame = payments(99)
    assert sums_of_leaks(frame, ["paid"]) == []
    assert sums_of_leaks(payments(), []) == []
    assert sums_of_leaks(payments(), ["nowhere"]) == []
    gaps = payments().with_columns(pl.when(pl.col("fee") == 0).then(pl.col("fee")).alias("fee"))
    assert sums_of_leaks(gaps, ["paid"]) == []
    words = pl.DataFrame({"paid": ["a", "b"] * 100, "one": [1.0] * 200, "far": [np.inf, 1.0] * 100})
    assert sums_of_leaks(words, ["paid"]) == []
    with pytest.raises(ValidationError):
        sums_of_leaks("no table", ["paid"])


def test_a_large_table_is_sampled() -> None:
    assert {f.column for f in sums_of_leaks(payments(20_000), ["paid"])} == {"principal", "interest", "fee"}
