"""Every operator on panels beside a slow one, cell by cell; an operator without a case fails the suite."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tael.formulas.operators import ON_PANELS
from tael.panels import Panel, compute

W = 7
Window = Callable[..., float]


def _extreme_place(x: np.ndarray, pick: Any) -> float:
    there = np.where(np.isnan(x), -np.inf if pick is np.nanargmax else np.inf, x)
    return float(pick(there) + 1)


def _line(x: np.ndarray) -> tuple[float, float, float]:
    place = np.arange(len(x))[~np.isnan(x)]
    y = x[~np.isnan(x)]
    if len(y) < 2:
        return math.nan, math.nan, math.nan
    slope, level = np.polyfit(place, y, 1)
    total = ((y - y.mean()) ** 2).sum()
    rest = ((y - slope * place - level) ** 2).sum()
    flat = np.ptp(y) == 0
    return float(slope), math.nan if flat else 1 - rest / total, float(y[-1] - slope * place[-1] - level)


def _pair(x: np.ndarray, y: np.ndarray, what: str) -> float:
    both = ~np.isnan(x) & ~np.isnan(y)
    a, b = x[both], y[both]
    if len(a) < 2:
        return math.nan
    if what == "cov":
        return float(np.cov(a, b)[0, 1])
    return math.nan if np.ptp(a) == 0 or np.ptp(b) == 0 else float(np.corrcoef(a, b)[0, 1])


def _there(function: Callable[[np.ndarray], float], least: int = 1) -> Window:
    def one(x: np.ndarray) -> float:
        kept = x[~np.isnan(x)]
        return float(function(kept)) if len(kept) >= least else math.nan

    return one


def _decay(x: np.ndarray) -> float:
    weight = np.arange(1.0, len(x) + 1)
    there = ~np.isnan(x)
    return float((weight * x)[there].sum() / weight[there].sum())


WINDOWS: dict[str, tuple[str, Window]] = {
    "ts_sum": ("ts_sum(close, 7)", _there(np.sum)),
    "ts_mean": ("ts_mean(close, 7)", _there(np.mean)),
    "ts_std": ("ts_std(close, 7)", _there(lambda x: np.std(x, ddof=1), 2)),
    "ts_var": ("ts_var(close, 7)", _there(lambda x: np.var(x, ddof=1), 2)),
    "ts_skew": ("ts_skew(close, 7)", _there(lambda x: pd.Series(x).skew(), 3)),
    "ts_kurt": ("ts_kurt(close, 7)", _there(lambda x: pd.Series(x).kurt(), 4)),
    "ts_min": ("ts_min(close, 7)", _there(np.min)),
    "ts_max": ("ts_max(close, 7)", _there(np.max)),
    "ts_argmin": ("ts_argmin(coarse, 7)", lambda x: _extreme_place(x, np.nanargmin)),
    "ts_argmax": ("ts_argmax(coarse, 7)", lambda x: _extreme_place(x, np.nanargmax)),
    "ts_rank": ("ts_rank(coarse, 7)", _there(lambda x: pd.Series(x).rank(pct=True).iloc[-1])),
    "ts_quantile": ("ts_quantile(close, 7, 0.8)", _there(lambda x: np.quantile(x, 0.8))),
    "ts_median": ("ts_median(close, 7)", _there(np.median)),
    "ts_mad": ("ts_mad(close, 7)", _there(lambda x: np.abs(x - x.mean()).mean())),
    "ts_corr": ("ts_corr(close, volume, 7)", lambda x, y: _pair(x, y, "corr")),
    "ts_cov": ("ts_cov(close, volume, 7)", lambda x, y: _pair(x, y, "cov")),
    "ts_slope": ("ts_slope(close, 7)", lambda x: _line(x)[0]),
    "ts_rsquare": ("ts_rsquare(close, 7)", lambda x: _line(x)[1]),
    "ts_resid": ("ts_resid(close, 7)", lambda x: _line(x)[2]),
    "ts_zscore": ("ts_zscore(close, 7)", _there(lambda x: (x[-1] - x.mean()) / np.std(x, ddof=1), 2)),
    "ts_product": ("ts_product(close, 7)", _there(np.prod)),
    "ts_count": ("ts_count(coarse > 1, 7)", _there(lambda x: (x > 1).sum())),
    "decay_linear": ("decay_linear(close, 7)", _decay),
}
LEAST = {"ts_std": 2, "ts_var": 2, "ts_skew": 3, "ts_kurt": 4, "ts_corr": 2, "ts_cov": 2, "ts_zscore": 2,
         "ts_slope": 2, "ts_rsquare": 2, "ts_resid": 2}  # fmt: skip


def _series(panel: Panel, op: str, formula: str, function: Window, periods: int | None) -> np.ndarray:
    names = [name for name in ("close", "volume", "coarse") if name in formula.split("(", 1)[1]]
    fields = [np.asarray(panel.fields[name], np.float64) for name in names]
    least = max(math.ceil(W / 2) if periods is None else periods, LEAST.get(op, 1))
    out = np.full(panel.shape, np.nan)
    for t in range(panel.shape[0]):
        for j in range(panel.shape[1]):
            windows = [values[max(0, t - W + 1) : t + 1, j] for values in fields]
            there = ~np.any([np.isnan(window) for window in windows], axis=0)
            if there[-1] and there.sum() >= least:
                if op == "decay_linear":  # the weights belong to the places in the whole window
                    windows = [np.concatenate([np.full(W - len(w), np.nan), w]) for w in windows]
                out[t, j] = function(*windows)
    return out


@pytest.mark.parametrize("periods", [None, 1])
@pytest.mark.parametrize("op", WINDOWS)
def test_windows(make_panel: Callable[..., Panel], op: str, periods: int | None) -> None:
    formula, function = WINDOWS[op]
    written = formula if periods is None else f"{formula[:-1]}, min_periods={periods})"
    panel = make_panel(3)
    (got,) = compute(panel, [written])
    told = _series(panel, op, formula, function, periods)
    if op in ("ts_argmin", "ts_argmax"):  # shorter windows at the begin count from the first bar
        np.testing.assert_array_equal(got[W:], told[W:])
    else:
        np.testing.assert_allclose(got, told, rtol=1e-9, atol=1e-9)


def _by_row(function: Callable[[pd.Series], Any], field: str = "close") -> Callable[[Panel], np.ndarray]:
    def all_rows(panel: Panel) -> np.ndarray:
        x = np.where(panel.members, panel.fields[field], np.nan)
        return np.array([np.asarray(function(pd.Series(row)), float) for row in x])

    return all_rows


def _by_group(function: Callable[[pd.Series], Any]) -> Callable[[Panel], np.ndarray]:
    def all_rows(panel: Panel) -> np.ndarray:
        out = np.full(panel.shape, np.nan)
        for t in range(panel.shape[0]):
            codes = panel.groups["sector"][t]
            for code in set(codes.tolist()) - {-1}:
                inside = np.flatnonzero(panel.members[t] & (codes == code) & ~np.isnan(panel.fields["close"][t]))
                if len(inside):
                    out[t, inside] = np.asarray(function(pd.Series(panel.fields["close"][t, inside])), float)
        return out

    return all_rows


def _zscore(x: pd.Series) -> pd.Series:
    return (x - x.mean()) / (x.std(ddof=0) or math.nan)


def _fit(panel: Panel) -> np.ndarray:
    out = np.full(panel.shape, np.nan)
    for t in range(panel.shape[0]):
        y, z, codes = panel.fields["close"][t], panel.fields["volume"][t], panel.groups["sector"][t]
        inside = panel.members[t] & ~np.isnan(y) & ~np.isnan(z) & (codes >= 0)
        if inside.any():
            design = np.column_stack([z[inside] / 1e6, codes[inside][:, None] == np.unique(codes[inside])])
            out[t, inside] = y[inside] - design @ np.linalg.lstsq(design, y[inside], rcond=None)[0]
    return out


CROSS: dict[str, list[tuple[str, Callable[[Panel], np.ndarray]]]] = {
    "rank": [
        ("rank(coarse)", _by_row(lambda x: x.rank(pct=True), "coarse")),
        ("rank(close, by=sector)", _by_group(lambda x: x.rank(pct=True))),
    ],
    "zscore": [("zscore(close)", _by_row(_zscore)), ("zscore(close, by=sector)", _by_group(_zscore))],
    "demean": [
        ("demean(close)", _by_row(lambda x: x - x.mean())),
        ("demean(close, by=sector)", _by_group(lambda x: x - x.mean())),
    ],
    "cs_mean": [
        ("cs_mean(close)", _by_row(lambda x: x * 0 + x.mean())),
        ("cs_mean(close, by=sector)", _by_group(lambda x: x * 0 + x.mean())),
    ],
    "scale": [("scale(close)", _by_row(lambda x: x / x.abs().sum()))],
    "winsorize": [("winsorize(close, 0.1)", _by_row(lambda x: x.clip(x.quantile(0.1), x.quantile(0.9))))],
    "neutralize": [
        ("neutralize(close, by=sector)", _by_group(lambda x: x - x.mean())),
        ("neutralize(close, volume / 1000000, by=sector)", _fit),
    ],
}


@pytest.mark.parametrize("formula", [formula for cases in CROSS.values() for formula, _ in cases])
def test_cross_sections(make_panel: Callable[..., Panel], formula: str) -> None:
    panel = make_panel(4)
    told = dict(case for cases in CROSS.values() for case in cases)[formula](panel)
    np.testing.assert_allclose(compute(panel, [formula])[0], told, rtol=1e-9, atol=1e-9)


def test_groups_together(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(5)
    (got,) = compute(panel, ["cs_mean(close, by=(sector, size))"])
    for t in range(0, panel.shape[0], 7):
        for j in range(panel.shape[1]):
            same = (panel.groups["sector"][t] == panel.groups["sector"][t, j]) & (
                panel.groups["size"][t] == panel.groups["size"][t, j]
            )
            inside = panel.members[t] & same & ~np.isnan(panel.fields["close"][t])
            if panel.groups["sector"][t, j] < 0 or not inside[j]:
                assert np.isnan(got[t, j])
            else:
                assert got[t, j] == pytest.approx(panel.fields["close"][t, inside].mean())


C, V = "close", "volume"


def _moved(bars: int) -> Callable[[dict[str, pd.DataFrame]], pd.DataFrame]:
    return lambda f: f[C].shift(bars)


def _streak(f: dict[str, pd.DataFrame]) -> pd.DataFrame:
    flag = f["coarse"].to_numpy()
    out = np.full(flag.shape, np.nan)
    for j in range(flag.shape[1]):
        run = 0.0
        for t in range(len(flag)):
            run = run + 1 if flag[t, j] > 0 else 0.0
            out[t, j] = math.nan if math.isnan(flag[t, j]) else run
    return pd.DataFrame(out)


def _known(truth: Any, *sides: pd.DataFrame) -> pd.DataFrame:
    out = pd.DataFrame(truth).astype(float)
    for side in sides:
        out = out.mask(side.isna())
    return out


OTHERS: dict[str, tuple[str, Callable[[dict[str, pd.DataFrame]], Any]]] = {
    "delay": ("close[-3]", _moved(3)),
    "ahead": ("close[+3]", _moved(-3)),
    "delta": ("delta(close, 3)", lambda f: f[C] - f[C].shift(3)),
    "ewm": ("ewm(close, 5, min_periods=1)", lambda f: f[C].ewm(span=5).mean().mask(f[C].isna())),
    "streak": ("streak(coarse > 0)", _streak),
    "signed_power": ("signed_power(close - 10, 0.5)", lambda f: np.sign(f[C] - 10) * np.abs(f[C] - 10) ** 0.5),
    "add": ("close + 1", lambda f: f[C] + 1),
    "sub": ("close - volume", lambda f: f[C] - f[V]),
    "mul": ("close * volume", lambda f: f[C] * f[V]),
    "div": ("close / coarse", lambda f: (f[C] / f["coarse"]).replace(np.inf, np.nan)),
    "pow": ("(close - 10) ** 0.5", lambda f: (f[C] - 10) ** 0.5),
    "neg": ("-close", lambda f: -f[C]),
    "log": ("log(coarse)", lambda f: np.log(f["coarse"].where(f["coarse"] > 0))),
    "log1p": ("log1p(coarse - 2)", lambda f: np.log1p((f["coarse"] - 2).where(f["coarse"] > 1))),
    "exp": ("exp(volume)", lambda f: np.exp(f[V]).replace(np.inf, np.nan)),
    "sqrt": ("sqrt(close - 10)", lambda f: np.sqrt((f[C] - 10).where(f[C] >= 10))),
    "abs": ("abs(close - 10)", lambda f: (f[C] - 10).abs()),
    "sign": ("sign(close - 10)", lambda f: np.sign(f[C] - 10)),
    "floor": ("floor(close)", lambda f: np.floor(f[C])),
    "round": ("round(close, 1)", lambda f: np.round(f[C] * 10) / 10),
    "clip": ("clip(close, 9, 11)", lambda f: f[C].clip(9, 11)),
    "minimum": ("minimum(close, 10)", lambda f: f[C].clip(upper=10)),
    "maximum": ("maximum(close, open)", lambda f: pd.DataFrame(np.maximum(f[C], f["open"]))),
    "eq": ("coarse == 1", lambda f: _known(f["coarse"] == 1, f["coarse"])),
    "ne": ("coarse != 1", lambda f: _known(f["coarse"] != 1, f["coarse"])),
    "lt": ("close < open", lambda f: _known(f[C] < f["open"], f[C], f["open"])),
    "le": ("coarse <= 1", lambda f: _known(f["coarse"] <= 1, f["coarse"])),
    "gt": ("1 > coarse", lambda f: _known(f["coarse"] < 1, f["coarse"])),
    "ge": ("coarse >= 1", lambda f: _known(f["coarse"] >= 1, f["coarse"])),
    "in": ("coarse in (0, 2)", lambda f: _known(f["coarse"].isin([0, 2]), f["coarse"])),
    "and": (
        "coarse > 0 and close > 10",
        lambda f: _known((f["coarse"] > 0) & (f[C] > 10), f["coarse"], f[C]).mask(
            (f["coarse"] <= 0) | (f[C] <= 10), 0.0
        ),
    ),
    "or": (
        "coarse > 0 or close > 10",
        lambda f: _known((f["coarse"] > 0) | (f[C] > 10), f["coarse"], f[C]).mask((f["coarse"] > 0) | (f[C] > 10), 1.0),
    ),
    "not": ("not close > 10", lambda f: _known(f[C] <= 10, f[C])),
    "where": (
        "close if coarse > 0 else open",
        lambda f: f[C].where(f["coarse"] > 0, f["open"]).mask(f["coarse"].isna()),
    ),
    "coalesce": ("coalesce(close, open, 1)", lambda f: f[C].fillna(f["open"]).fillna(1.0)),
    "is_missing": ("is_missing(close)", lambda f: f[C].isna().astype(float)),
}


@pytest.mark.parametrize("op", OTHERS)
def test_the_others(make_panel: Callable[..., Panel], op: str) -> None:
    formula, function = OTHERS[op]
    panel = make_panel(6)
    frames = {name: pd.DataFrame(values) for name, values in panel.fields.items()}
    (got,) = compute(panel, [formula], label=op == "ahead")
    assert not np.isinf(got).any()
    with np.errstate(all="ignore"):
        told = np.asarray(function(frames), float)
    np.testing.assert_allclose(got, told, rtol=1e-9, atol=1e-12)


def test_every_operator_has_a_case() -> None:
    assert {*WINDOWS, *CROSS, *OTHERS} == set(ON_PANELS)


@pytest.mark.parametrize(
    ("formula", "function"),
    [
        ('sector == "steel"', lambda p: np.where(p.groups["sector"] < 0, np.nan, p.groups["sector"] == 1)),
        ('"steel" != sector', lambda p: np.where(p.groups["sector"] < 0, np.nan, p.groups["sector"] != 1)),
        ('sector in ("tea", "banks")', lambda p: np.where(p.groups["sector"] < 0, np.nan, p.groups["sector"] != 1)),
        ("is_missing(sector)", lambda p: p.groups["sector"] < 0),
        ("sector == size", lambda p: np.where((p.groups["sector"] < 0) | (p.groups["size"] < 0), np.nan, 0)),
        ("close if members else 0", lambda p: np.where(p.members, p.fields["close"], 0)),
        ("True", lambda p: np.ones(p.shape)),
        ("1 / 0", lambda p: np.full(p.shape, np.nan)),
        ("close", lambda p: p.fields["close"]),
    ],
)
def test_groups_masks_and_constants(
    make_panel: Callable[..., Panel], formula: str, function: Callable[[Panel], Any]
) -> None:
    panel = make_panel(7)
    np.testing.assert_array_equal(compute(panel, [formula])[0], np.asarray(function(panel), float))
