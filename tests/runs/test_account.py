"""The account of the observations counts outcomes, never the numbers that stand for categories."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from tael.observations import Observations
from tael.runs.account import observations_section
from tael.tables import Tables


@pytest.mark.parametrize(("classes", "rate"), [((), 0.5), (("none", "card", "loan", "gold"), 0.5)])
def test_the_rate_is_that_of_the_outcome(classes: tuple[str, ...], rate: float) -> None:
    tables = Tables({"customers": pl.DataFrame({"customer": [1, 2, 3]})}, {"customers": {"key": "customer"}})
    frame = pl.DataFrame({"customer": [1, 2, 3], "cutoff": [datetime(2024, 1, 1)] * 2 + [datetime(2024, 7, 1)]})
    label = np.array([0.0, 3.0 if classes else 1.0, np.nan])
    seen = Observations(frame, label, None, "customer", datetime(2024, 7, 1), classes=classes)
    told = observations_section(tables, seen, "customers", "every quarter", timedelta(days=90))
    assert told["base_rate"] == rate
    assert [(row["bad"], row["labelled"], row["rate"]) for row in told["by_period"]] == [(1, 2, 0.5), (0, 0, None)]


def test_whom_the_population_leaves_out_is_told_in_both_languages() -> None:
    tables = Tables({"customers": pl.DataFrame({"customer": [1]})}, {"customers": {"key": "customer"}})
    frame = pl.DataFrame({"customer": [1], "cutoff": [datetime(2024, 1, 1)]})
    out = [("not in the population: age > 17", 3), ("staff", 2)]
    seen = Observations(frame, np.array([1.0]), None, "customer", datetime(2024, 7, 1), out)
    told = observations_section(tables, seen, "customers", "every quarter", timedelta(days=90))["excluded"]
    assert told == [
        {"reason": {"en": "not in the population: age > 17", "zh": "不在总体范围内：age > 17"}, "n": 3},
        {"reason": {"en": "staff", "zh": "staff"}, "n": 2},
    ]
