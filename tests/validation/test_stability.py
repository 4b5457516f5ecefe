from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest

from tael.errors import ValidationError
from tael.validation import critical_psi, csi, psi


def test_formula():
    found = psi(["a"] * 60 + ["b"] * 40, ["a"] * 30 + ["b"] * 70)
    assert found.psi == pytest.approx((0.3 - 0.6) * np.log(0.3 / 0.6) + (0.7 - 0.4) * np.log(0.7 / 0.4))
    assert (found.level, found.significant) == ("shifted", True)
    assert found.table["part"].sum() == pytest.approx(found.psi)


def test_numbers_by_quantiles():
    rng = np.random.default_rng(0)
    before, after = rng.normal(size=5000), rng.normal(0.5, 1, 4000)
    found = psi(before, after)
    edges = np.quantile(before, np.arange(1, 10) / 10)
    e, a = (np.bincount(np.searchsorted(edges, v), minlength=10) / len(v) for v in (before, after))
    assert found.psi == pytest.approx(np.sum((a - e) * np.log(a / e)), rel=0.01)
    assert found.n_bins == 10


def test_false_alarms_are_as_many_as_promised():
    """PSI of two samples of one population exceeds the adjusted threshold about once in twenty."""
    rng = np.random.default_rng(0)
    alarms = np.mean([psi(rng.random(800), rng.random(500)).significant for _ in range(300)])
    assert 0.01 <= alarms <= 0.10
    assert critical_psi(10**6, 10**6, 10) < 0.001


def test_missing_is_a_bin():
    found = psi([1.0, 2.0, None, None], [1.0, 2.0, 1.0, 2.0])
    assert found.table.filter(pl.col("bin") == "missing")["expected"].item() == 0.5
    assert found.psi > 0.25


@pytest.mark.parametrize("same", [[1.0] * 5, ["x"] * 5, [None] * 5, [1.0], [True, False], [float("inf"), -1.0, 2.0]])
def test_the_same_sample_did_not_move(same):
    found = psi(same, same)
    assert found.psi == 0
    assert not found.significant


def test_a_constant_that_changes_is_seen():
    assert psi([5.0] * 100, [6.0] * 100).psi > 1
    assert psi([5.0] * 100, [4.0] * 50 + [5.0] * 50).table.height >= 1
    assert psi([None] * 50, [1.0] * 50).psi > 1
    assert psi([None] * 50, ["a"] * 50).psi > 1


def test_unknown_and_rare_categories():
    found = psi([f"c{i}" for i in range(80)], ["new"] * 10, max_categories=10)
    assert {"(rare)", "(new)"} <= set(found.table["bin"])
    assert found.n_bins == 12


@pytest.mark.parametrize("library", ["polars", "pandas", "pyarrow"])
def test_csi_over_frames(library):
    rng = np.random.default_rng(0)
    days = [date(2024, 1, 1 + i % 28) for i in range(400)]
    one = pl.DataFrame({"same": rng.random(400), "moved": rng.random(400), "city": ["a", "b"] * 200, "day": days})
    two = one.with_columns(moved=pl.col("moved") + 1, city=pl.lit(None, dtype=pl.String))
    change = {"polars": lambda f: f, "pandas": lambda f: f.to_pandas(), "pyarrow": lambda f: f.to_arrow()}[library]
    table = csi(change(one), change(two))
    levels = dict(zip(table["column"], table["level"], strict=True))
    assert levels == {"moved": "shifted", "city": "shifted", "same": "stable", "day": "stable"}
    assert table.filter(pl.col("column") == "city")["missing_actual"].item() == 1


def test_bad_input():
    with pytest.raises(ValidationError, match="0 rows in the actual sample"):
        psi([1.0], [])
    with pytest.raises(ValidationError, match="changed its type"):
        psi([1.0, 2.0], ["a", "b"])
    with pytest.raises(ValidationError, match='Did you mean "amount"'):
        csi(pl.DataFrame({"amount": [1]}), pl.DataFrame({"amount": [1]}), columns=["amuont"])
    with pytest.raises(ValidationError, match="not a table"):
        csi("amount", pl.DataFrame({"amount": [1]}))
