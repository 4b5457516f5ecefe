"""Factor libraries: all formulas fit, agree with what others compute, and have words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tael.errors import PanelError
from tael.features.formula_file import read_text
from tael.formulas import lookback, panel_words, parse, to_text
from tael.panels import Panel, compute, libraries, library
from tael.panels.factors import __file__ as home

NEEDS = {"alpha101": ("cap",), "futures_classics": ("near", "far", "open_interest")}


@pytest.mark.parametrize("name", libraries())
def test_every_factor_fits_and_speaks(make_panel: Callable[..., Panel], name: str) -> None:
    panel = make_panel(1, rows=80)
    more = {field: panel.fields["volume"] * (2 + k) for k, field in enumerate(NEEDS.get(name, ()))}
    if "near" in more:
        more["near"], more["far"] = panel.fields["close"], panel.fields["open"]
    full = panel.with_fields(**more)
    factors = library(name, fits=full)
    assert len(factors) == len(library(name))
    assert len({one for one, _ in factors}) == len(factors)
    values = compute(full, [formula for _, formula in factors])
    for (one, formula), array in zip(factors, values, strict=True):
        assert panel_words(formula, full.schema)
        assert panel_words(formula, full.schema, "zh")
        assert to_text(parse(to_text(parse(formula)))) == to_text(parse(formula))
        assert not np.isinf(array).any(), one
        if lookback(formula) < 30 and one not in ("alpha067",):
            assert np.isfinite(array[-10:]).any(), one


@pytest.mark.parametrize("name", libraries())
def test_they_are_formula_files(name: str) -> None:
    path = home.replace("__init__.py", f"{name}.txt")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    # two alphas of the paper may be one formula; the file of a library keeps both names
    names = [line.split(" = ")[0] for line in text.splitlines() if line and not line.startswith("#")]
    assert names == [one for one, _ in library(name)]
    if name != "alpha101":
        assert [line.name for line in read_text(text).lines] == names


def test_what_does_not_fit_is_left_out_if_asked(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(1)
    assert "alpha056" not in dict(library("alpha101", fits=panel))
    with pytest.raises(PanelError, match='Did you mean "alpha158"'):
        library("alpha185")


def test_alpha158_is_qlibs(make_panel: Callable[..., Panel]) -> None:
    """Qlib's expressions in pandas, on one stock without gaps: rolling windows from one value on."""
    panel = make_panel(2, rows=150, columns=3)
    frames = {}
    for name, values in panel.fields.items():
        frames[name] = pd.DataFrame(values).ffill().bfill()
    whole = panel.with_fields(**{name: frame.to_numpy() for name, frame in frames.items()})
    got = dict(
        zip([n for n, _ in library("alpha158")], compute(whole, [f for _, f in library("alpha158")]), strict=True)
    )
    o, h, lo, c, v = (frames[n] for n in ("open", "high", "low", "close", "volume"))
    for d in (5, 20, 60):

        def roll(x: pd.DataFrame, d: int = d) -> object:
            return x.rolling(d, min_periods=1)

        change, fall, flow = c.diff(), -c.diff(), v.diff()
        weighted = (c / c.shift(1) - 1).abs() * v
        told = {
            f"ROC{d}": c.shift(d) / c,
            f"MA{d}": roll(c).mean() / c,
            f"STD{d}": roll(c).std() / c,
            f"MAX{d}": roll(h).max() / c,
            f"MIN{d}": roll(lo).min() / c,
            f"QTLU{d}": roll(c).quantile(0.8) / c,
            f"QTLD{d}": roll(c).quantile(0.2) / c,
            f"RANK{d}": roll(c).rank(pct=True),
            f"RSV{d}": (c - roll(lo).min()) / (roll(h).max() - roll(lo).min() + 1e-12),
            f"IMAX{d}": roll(h).apply(lambda x: x.argmax() + 1, raw=True) / d,
            f"IMIN{d}": roll(lo).apply(lambda x: x.argmin() + 1, raw=True) / d,
            f"CORR{d}": roll(c).corr(np.log(v + 1)),
            f"SUMP{d}": roll(change.clip(lower=0)).sum() / (roll(change.abs()).sum() + 1e-12),
            f"SUMN{d}": roll(fall.clip(lower=0)).sum() / (roll(change.abs()).sum() + 1e-12),
            f"VMA{d}": roll(v).mean() / (v + 1e-12),
            f"VSTD{d}": roll(v).std() / (v + 1e-12),
            f"WVMA{d}": roll(weighted).std() / (roll(weighted).mean() + 1e-12),
            f"VSUMP{d}": roll(flow.clip(lower=0)).sum() / (roll(flow.abs()).sum() + 1e-12),
        }
        for name, values in told.items():
            np.testing.assert_allclose(got[name][70:], values.to_numpy()[70:], rtol=1e-7, atol=1e-9, err_msg=name)
    np.testing.assert_allclose(got["KUP"], (h - np.maximum(o, c)) / o, rtol=1e-12, atol=1e-12)


def test_primitives_are_talibs(make_panel: Callable[..., Panel]) -> None:
    talib = pytest.importorskip("talib")
    panel = make_panel(3, rows=120, columns=3)  # the last comes late: its first values are one
    close = pd.DataFrame(panel.fields["close"]).ffill().bfill().to_numpy()
    start = pd.DataFrame(panel.fields["open"]).ffill().bfill().to_numpy()
    whole = panel.with_fields(close=close, open=start)
    cases = {
        "ts_mean(close, 14)": lambda x, y: talib.SMA(x, 14),
        "ts_std(close, 14)": lambda x, y: talib.STDDEV(x, 14) * np.sqrt(14 / 13),
        "ts_slope(close, 14)": lambda x, y: talib.LINEARREG_SLOPE(x, 14),
        "close - ts_resid(close, 14)": lambda x, y: talib.LINEARREG(x, 14),
        "ts_corr(close, open, 14)": lambda x, y: talib.CORREL(x, y, 14),
        "decay_linear(close, 14)": lambda x, y: talib.WMA(x, 14),
        "ts_max(close, 14)": lambda x, y: talib.MAX(x, 14),
        "ts_min(close, 14)": lambda x, y: talib.MIN(x, 14),
        "ts_sum(close, 14)": lambda x, y: talib.SUM(x, 14),
        "delta(close, 14)": lambda x, y: talib.MOM(x, 14),
    }
    for (formula, function), values in zip(cases.items(), compute(whole, list(cases)), strict=True):
        for j in range(2):
            told = function(np.ascontiguousarray(close[:, j]), np.ascontiguousarray(start[:, j]))
            np.testing.assert_allclose(values[20:, j], told[20:], rtol=1e-6, atol=1e-8, err_msg=formula)
