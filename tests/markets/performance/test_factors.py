"""Newey-West errors, factor regressions, Fama and French's files, information coefficients, quantiles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from tael.errors import MarketError
from tael.markets.performance import (
    factor_correlation,
    factor_regression,
    factor_turnover,
    forward_returns,
    ic_decay,
    information_coefficient,
    mean_test,
    neutralise,
    quantile_returns,
    read_fama_french,
    summarise_ic,
)

nan = np.nan


def test_newey_west_by_hand() -> None:
    x = np.array([1.0, 2.0, 4.0, 1.0])
    d = x - 2.0  # -1 0 2 -1
    variance = (d @ d) / 4 + 2 * 0.5 * (d[1:] @ d[:-1]) / 4
    assert mean_test(x, lags=1).error == pytest.approx(np.sqrt(variance / 4))
    assert mean_test([*x, nan], lags=1).n == 4


def test_a_regression_finds_what_made_it() -> None:
    rng = np.random.default_rng(0)
    f = {"a": rng.normal(0, 0.01, 2000), "b": rng.normal(0, 0.01, 2000)}
    y = 0.0003 + 0.8 * f["a"] - 0.3 * f["b"] + rng.normal(0, 0.003, 2000)
    found = factor_regression(y, f, lags=0)
    X = np.column_stack([np.ones(2000), f["a"], f["b"]])
    beta, *_ = np.linalg.lstsq(X, y, rcond=None)
    assert (found.alpha, *found.betas) == pytest.approx(tuple(beta))
    rest = y - X @ beta
    bread = np.linalg.inv(X.T @ X)
    white = np.sqrt(np.diag(bread @ (X.T * rest**2) @ X @ bread))
    assert (found.alpha_error, *found.errors) == pytest.approx(tuple(white))
    assert found.annual_alpha == pytest.approx(252 * beta[0])
    assert found.table()["name"].to_list() == ["alpha", "a", "b"]
    with pytest.raises(MarketError, match="say the same"):
        factor_regression(y, {"a": f["a"], "c": 2 * f["a"]})


FILE = """This file was created from the 202408 CRSP database.

,Mkt-RF,SMB,RF
19260701,    0.10,  -0.25,   0.009
19260702,    0.45, -99.99,   0.009

Copyright 2024 Eugene F. Fama and Kenneth R. French
"""


def test_the_files_text_and_per_cent(tmp_path: Path) -> None:
    place = tmp_path / "f.csv"
    place.write_text(FILE)
    found = read_fama_french(place)
    assert found.columns == ["date", "Mkt-RF", "SMB", "RF"]
    assert str(found["date"][1]) == "1926-07-02"
    assert found["Mkt-RF"].to_list() == pytest.approx([0.001, 0.0045])
    assert found["SMB"][1] is None
    place.write_text(FILE.replace("19260701", "192607").replace("19260702", "192608"))
    assert [str(day) for day in read_fama_french(place)["date"]] == ["1926-07-31", "1926-08-31"]
    for spoilt, words in (
        (FILE.replace(",Mkt-RF", "Mkt-RF"), "no table"),
        (FILE.replace("0.45", "x"), "cannot be read"),
        (FILE.replace(",   0.009\n\n", "\n\n"), "3 numbers"),
        (FILE.replace("19260702", "19260631"), "cannot be read"),
        (FILE.replace("19260702", "19260630"), "do not rise"),
    ):
        place.write_text(spoilt)
        with pytest.raises(MarketError, match=words):
            read_fama_french(place)


def test_the_real_files(data_dir: Path) -> None:
    three = read_fama_french(data_dir / "market/fama_french/F-F_Research_Data_Factors_daily.CSV")
    five = read_fama_french(data_dir / "market/fama_french/F-F_Research_Data_5_Factors_2x3_daily.CSV")
    assert str(three["date"][0]) == "1926-07-01"
    assert five.columns == ["date", "Mkt-RF", "SMB", "HML", "RMW", "CMA", "RF"]
    both = three.join(five, on="date", suffix="_5").drop_nulls()
    assert float((both["Mkt-RF"] - both["Mkt-RF_5"]).abs().max()) < 0.0015  # type: ignore[arg-type]
    # The three factors, less the one that is built alike, explain themselves: HML on RMW and CMA is a known result.
    found = factor_regression(five["HML"], {name: five[name] for name in ("Mkt-RF", "SMB", "RMW", "CMA")})
    assert found.betas[-1] == pytest.approx(1.0, abs=0.3)
    assert abs(found.alpha_t) < 3


@given(seed=st.integers(0, 1000), rank=st.booleans())
def test_coefficients_are_scipys(seed: int, rank: bool) -> None:
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 4, 9)).round(1 if rank else 6)
    x[rng.random(x.shape) < 0.2], y[rng.random(x.shape) < 0.2] = nan, nan
    found = information_coefficient(x, y, rank=rank)
    for t in range(4):
        both = np.isfinite(x[t]) & np.isfinite(y[t])
        if both.sum() >= 3 and np.ptp(x[t, both]) > 0 and np.ptp(y[t, both]) > 0:
            plain = (spearmanr if rank else pearsonr)(x[t, both], y[t, both]).statistic
            assert found[t] == pytest.approx(plain, abs=1e-9)
        else:
            assert np.isnan(found[t])


def test_members_alone_count() -> None:
    x = np.array([[1.0, 2.0, 3.0, 99.0]])
    y = np.array([[1.0, 2.0, 3.0, -99.0]])
    inside = np.array([[True, True, True, False]])
    assert information_coefficient(x, y, members=inside)[0] == pytest.approx(1.0)
    assert information_coefficient(x, y)[0] < 0


def test_decay_of_a_planted_signal() -> None:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=(400, 40))
    moves = rng.normal(0, 0.01, (400, 40))
    moves[2:] += 0.003 * signal[:-2]  # foretells the return from tomorrow's close to the day after
    prices = np.exp(np.cumsum(moves, axis=0))
    found = ic_decay(signal, prices, [1, 5, 20])
    assert found["mean"][0] == pytest.approx(0.28, abs=0.04)
    assert found["mean"].is_sorted(descending=True)
    assert found["t"][0] > 20
    assert abs(ic_decay(signal, prices, [1], delay=2)["mean"][0]) < 0.02
    assert np.isnan(forward_returns(prices, 20)[-21:]).all()


def test_summary_uses_the_long_run_error() -> None:
    rng = np.random.default_rng(1)
    slow = np.convolve(rng.normal(0.02, 0.1, 1010), np.ones(10) / 10, mode="valid")
    assert summarise_ic(slow, 9).t < 0.5 * summarise_ic(slow, 0).t
    assert summarise_ic([*slow, nan]).n == len(slow)


def test_quantiles_rise_with_the_label() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(100, 50))
    found = quantile_returns(x, 0.01 * x + rng.normal(0, 0.01, x.shape), q=5)
    assert found.monotone == pytest.approx(1.0)
    assert found.spread.mean == pytest.approx(0.01 * 2.8, rel=0.1)
    few = np.full((3, 50), nan)
    with pytest.raises(MarketError, match="Too few times"):
        quantile_returns(few, few)


def test_turnover() -> None:
    rng = np.random.default_rng(3)
    fixed, fresh = np.tile(rng.normal(size=50), (60, 1)), rng.normal(size=(60, 50))
    assert factor_turnover(fixed).top == 0.0
    assert factor_turnover(fresh).top == pytest.approx(0.8, abs=0.03)
    assert abs(factor_turnover(fresh).autocorrelation) < 0.06
    with pytest.raises(MarketError, match="lag does not fit"):
        factor_turnover(fresh, lag=60)


def test_what_is_neutral_is_orthogonal() -> None:
    rng = np.random.default_rng(4)
    size, sector = rng.normal(size=(5, 30)), rng.integers(-1, 3, (5, 30))
    left = neutralise(2 * size + sector + rng.normal(size=(5, 30)), [size], sector)
    assert np.isnan(left[sector < 0]).all()
    for t in range(5):
        there = sector[t] >= 0
        assert abs(left[t, there] @ size[t, there]) < 1e-8
        for s in range(3):
            assert abs(left[t, sector[t] == s].sum()) < 1e-8


def test_correlation_among_factors() -> None:
    rng = np.random.default_rng(5)
    a = rng.normal(size=(50, 30))
    found: Any = factor_correlation({"a": a, "b": a**3, "c": rng.normal(size=a.shape)})
    assert found["b"][0] == pytest.approx(1.0)
    assert abs(found["c"][0]) < 0.1
    assert found.columns == ["factor", "a", "b", "c"]
