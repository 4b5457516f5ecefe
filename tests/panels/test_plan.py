"""Plans: nothing looks ahead, the newest bars alone are the same to the last bit, blocks and threads do not matter."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from tael.errors import FormulaError, PanelError
from tael.formulas.operators import ON_PANELS
from tael.panels import Panel, PanelPlan, compute, library

FORMULAS = [
    *(operator.example.replace("amount", "close") for operator in ON_PANELS.values() if operator.name != "ahead"),
    "rank(ts_corr(rank(open), rank(volume), 10)) * ts_mean(rank(close), 5, min_periods=1)",
    "ts_rank(neutralize(zscore(delta(log(close), 3)), log(volume), by=(sector, size)), 12)",
    "decay_linear(winsorize(close / ts_max(high, 30) - 1, 0.1), 8) if volume > ts_mean(volume, 20) else 0",
]
# the examples of row operators name columns of loans
FORMULAS = [formula.replace("income", "open").replace('purpose == "car"', "close > open") for formula in FORMULAS]
FORMULAS = [formula for formula in FORMULAS if "purpose" not in formula and "opened" not in formula]


def same(left: list[np.ndarray], right: list[np.ndarray]) -> list[int]:
    """The formulas whose values differ by a bit; all missing values are one."""
    return [k for k, (a, b) in enumerate(zip(left, right, strict=True)) if not np.array_equal(a, b, equal_nan=True)]


def test_the_examples_cover_the_operators() -> None:
    panel_names = {name for name, operator in ON_PANELS.items() if operator.kind != "row"} - {"ahead"}
    assert all(any(f"{name}(" in formula for formula in FORMULAS) for name in panel_names)


@settings(max_examples=8)
@given(st.integers(0, 1000), st.integers(1, 59))
def test_the_future_does_not_matter(make_panel: Callable[..., Panel], seed: int, now: int) -> None:
    panel = make_panel(seed)
    whole = compute(panel, FORMULAS)
    past = compute(panel.window(stop=now), FORMULAS)
    assert not [FORMULAS[k] for k in same([values[:now] for values in whole], past)]
    poison = make_panel(seed + 1)
    mixed = Panel(
        panel.times,
        panel.entities,
        {name: np.concatenate([v[:now], 1e6 * poison.fields[name][now:]]) for name, v in panel.fields.items()},
        {name: np.concatenate([v[:now], poison.groups[name][now:]]) for name, v in panel.groups.items()},
        panel.levels,
        np.concatenate([panel.listed[:now], poison.listed[now:]]),
        panel.suspended,
        np.concatenate([panel.members[:now], poison.members[now:]]),
    )
    assert not [FORMULAS[k] for k in same([v[:now] for v in compute(mixed, FORMULAS)], past)]


@settings(max_examples=8)
@given(st.integers(0, 1000), st.integers(1, 60))
def test_the_newest_bars_alone(make_panel: Callable[..., Panel], seed: int, bars: int) -> None:
    panel = make_panel(seed)
    plan = PanelPlan(FORMULAS, panel)
    whole = [values[len(panel) - bars :] for values in plan.compute()]
    assert not [FORMULAS[k] for k in same(whole, plan.compute_last(bars))]


def test_the_newest_bars_of_each_formula_alone(make_panel: Callable[..., Panel]) -> None:
    # each by itself: another formula's longer reach must not lend it the rows that it needs
    panel = make_panel(12, rows=400)
    for rows in (397, 398, 399, 400):
        for formula in FORMULAS:
            plan = PanelPlan([formula], panel.window(stop=rows))
            assert not same([plan.compute()[0][-2:]], plan.compute_last(2)), formula


@pytest.mark.parametrize("block", [1, 3, 8, 11])
@pytest.mark.parametrize("threads", [1, 3])
def test_blocks_and_threads_do_not_matter(make_panel: Callable[..., Panel], block: int, threads: int) -> None:
    panel = make_panel(8)
    told = compute(panel, FORMULAS, n_threads=1)
    got = PanelPlan(FORMULAS, panel, block=block, n_threads=threads).compute()
    assert not [FORMULAS[k] for k in same(told, got)]


def test_together_is_as_each_alone(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(9)
    together = compute(panel, FORMULAS)
    assert not same(together, [compute(panel, [formula])[0] for formula in FORMULAS])
    pieces = [one for _, values in PanelPlan(FORMULAS, panel).batches(7) for one in values]
    assert not same(together, pieces)


def test_what_formulas_share_is_one_step(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(0)
    plan = PanelPlan(["close + open", "open + close", "close > open", "open < close", "ts_corr(open, close, 5)",
                      "ts_corr(close, open, 5)"], panel)  # fmt: skip
    assert len(plan.graph.steps) == 5
    first, second, *_ = plan.compute()
    assert first is second
    assert len(PanelPlan(["close + 1", "close + True"], panel).graph.steps) == 5
    assert len(PanelPlan([formula for _, formula in library("alpha158")], panel).graph.steps) < 400


def test_cross_sections_see_members_alone(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(10)
    outside = {name: np.where(panel.members, v, v * 1000) for name, v in panel.fields.items()}
    formulas = ["rank(close)", "zscore(close, by=sector)", "neutralize(close, volume)", "scale(close)"]
    got = compute(panel, formulas)
    assert not same(got, compute(panel.with_fields(**outside), formulas))
    assert all(np.isnan(values[~panel.members]).all() for values in got)


def test_float32_is_near(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(11)
    formulas = ["ts_mean(close, 10)", "rank(close)", "ts_std(volume, 20)", "close / delay(close, 1) - 1"]
    for wide, narrow in zip(compute(panel, formulas), compute(panel, formulas, dtype=np.float32), strict=True):
        assert narrow.dtype == np.float32
        np.testing.assert_allclose(narrow, wide, rtol=1e-4, atol=1e-4)


def test_infinities_are_missing(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(1)
    close = panel.fields["close"].copy()
    close[5, :] = np.inf
    gone = np.where(np.isinf(close), np.nan, close)
    formulas = ["close", "close > 3", "rank(close)", "sign(close)", "1 / close", "ts_mean(close, 5)"]
    odd = panel.with_fields(close=close)
    assert not same(compute(odd, formulas), compute(panel.with_fields(close=gone), formulas))
    assert np.isinf(odd.fields["close"][5]).all()


def test_memory_is_foretold(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(2)
    plan = PanelPlan(["ts_mean(close, 5)", "rank(delta(close, 1))"], panel, n_threads=1)
    cells = panel.shape[0] * panel.shape[1] * 8
    assert 2 * cells < plan.memory < 12 * cells


def test_memory_is_kept_within_bounds(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(2)
    free = PanelPlan(FORMULAS, panel, n_threads=1)
    tight = PanelPlan(FORMULAS, panel, n_threads=1, max_bytes=free.memory - 6 * panel.fields["close"].nbytes)
    assert not same(free.compute(), tight.compute())
    with pytest.raises(PanelError, match="does not fit into the memory"):
        PanelPlan(FORMULAS, panel, max_bytes=1000).compute()


def test_labels_look_forward(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(3)
    (got,) = compute(panel, ["close[+2] / close[+1] - 1"], label=True)
    close = panel.fields["close"]
    np.testing.assert_array_equal(got[:-2], close[2:] / close[1:-1] - 1)
    assert np.isnan(got[-2:]).all()
    with pytest.raises(FormulaError, match="Only a label"):
        compute(panel, ["close[+2] / close[+1] - 1"])


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (2, 1)])
def test_small_panels(shape: tuple[int, int]) -> None:
    times = np.datetime64("2020-01-01") + np.arange(shape[0]).astype("m8[D]")
    field = np.ones(shape)
    panel = Panel(times, tuple("abc"[: shape[1]]), {"close": field, "volume": field})
    formulas = ["ts_mean(close, 5)", "rank(close)", "delay(close, 3)", "ts_corr(close, volume, 3)", "ewm(close, 3)"]
    assert all(values.shape == shape for values in compute(panel, formulas))


def test_faults_name_the_formula(make_panel: Callable[..., Panel]) -> None:
    panel = make_panel(0)
    with pytest.raises(FormulaError, match="formula 2: clse"):
        PanelPlan(["close", "clse"], panel)
    with pytest.raises(FormulaError, match="as a list"):
        PanelPlan("close", panel)
    with pytest.raises(PanelError, match="So many bars"):
        PanelPlan(["close"], panel).compute_last(61)
    with pytest.raises(PanelError, match="at least one"):
        list(PanelPlan(["close"], panel).batches(0))
