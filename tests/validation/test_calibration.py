from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tael.errors import ValidationError
from tael.validation import calibration_fit, calibration_table, expected_calibration_error, wilson


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    p = rng.beta(1, 6, 8000)
    return (rng.random(8000) < p).astype(int), p


def test_table_counts_every_row_once(sample):
    y, p = sample
    table = calibration_table(y, p)
    assert table["n"].to_list() == [800] * 10
    assert table["n"].dot(table["observed"]) == pytest.approx(y.sum())
    assert table["n"].dot(table["predicted"]) == pytest.approx(p.sum())
    assert (table["low"] <= table["observed"]).all()
    assert (table["observed"] <= table["high"]).all()
    inside = (table["low"] <= table["predicted"]) & (table["predicted"] <= table["high"])
    assert inside.sum() >= 8  # calibrated by construction


def test_ties_stay_together_and_zero_weights_are_absent():
    table = calibration_table([0, 1, 0, 1, 1], [0.2, 0.2, 0.2, 0.9, 0.9], weight=[1, 1, 1, 1, 0])
    assert table["n"].to_list() == [3, 1]
    assert table["weight"].to_list() == [3, 1]
    assert calibration_table([0, 1], [0.3, 0.3])["predicted"].to_list() == [0.3]


def test_weights_are_repeated_rows(sample):
    y, p = (a[:500] for a in sample)
    w = np.random.default_rng(0).integers(1, 4, 500)
    one = calibration_table(y, p, weight=w)
    two = calibration_table(np.repeat(y, w), np.repeat(p, w))
    assert one["observed"].to_list() == pytest.approx(two["observed"].to_list())


def test_wilson_textbook_value():
    low, high = wilson([8], [10])
    assert (low[0], high[0]) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert np.isnan(wilson([0], [0])[0]).all()


def test_line_is_the_logistic_regression(sample):
    y, p = sample
    squeezed = p**1.3
    found = calibration_fit(y, squeezed)
    x = np.log(squeezed / (1 - squeezed)).reshape(-1, 1)
    inside = (squeezed > 1e-6) & (squeezed < 1 - 1e-6)
    oracle = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[inside], y[inside])
    assert found.slope == pytest.approx(oracle.coef_[0, 0], rel=0.02)
    assert found.slope < 0.9
    assert found.in_the_large > 0  # the risk is understated
    right = calibration_fit(y, p)
    assert right.slope == pytest.approx(1, abs=0.08)
    assert right.error < 0.02


@pytest.mark.parametrize(
    ("y", "p", "word"),
    [
        ([0, 0], [0.1, 0.2], "no event"),
        ([0, 1, 0, 1], [0.4] * 4, "All predictions are equal"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], "separates the classes"),
    ],
)
def test_a_line_that_is_not_defined_has_a_reason(y, p, word):
    found = calibration_fit(y, p)
    assert np.isnan(found.slope)
    assert word in found.reason.en
    assert found.reason.zh


def test_in_the_large_of_a_constant():
    found = calibration_fit([0, 1, 0, 1], [0.2] * 4)
    assert found.in_the_large == pytest.approx(np.log(4))


def test_expected_error():
    assert expected_calibration_error([0, 0, 1, 1], [0.25, 0.25, 0.75, 0.75]) == pytest.approx(0.25)


def test_bad_input():
    with pytest.raises(ValidationError, match="at least one bin"):
        calibration_table([0, 1], [0.1, 0.2], bins=0)
    with pytest.raises(ValidationError, match="outside"):
        calibration_table([0, 1], [0.1, 2])
    with pytest.raises(ValidationError, match="no rows"):
        calibration_table([], [])
