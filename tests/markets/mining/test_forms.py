"""Units, canonical forms, first formulas and breeding: all that is known before anything is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.formulas.panel import resolve_panel
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.markets.mining.breeding import MOST, Breeder, calls_of, parts_of
from tael.markets.mining.canonical import canonical, oriented, size
from tael.markets.mining.seeds import seeds
from tael.markets.mining.units import FLAG, FREE, MONEY, PRICE, VOLUME, field_units, unit_of
from tael.panels import Panel, compute

FIELDS = {"open": PRICE, "close": PRICE, "volume": VOLUME, "amount": MONEY, "turn": FREE}
LEAVES = st.sampled_from([Name(("close",)), Name(("open",)), Name(("volume",))])


def _grown(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    one = st.sampled_from(["neg", "rank", "zscore", "demean", "abs", "sign"])
    two = st.sampled_from(["add", "sub", "mul", "div", "minimum", "maximum"])
    series = st.sampled_from(["ts_mean", "ts_max", "ts_min", "ts_std", "ts_skew", "ts_zscore", "decay_linear"])
    number = st.sampled_from([-2.0, -1.0, 1.0, 3.0]).map(Literal)
    return st.one_of(
        st.builds(lambda op, x: Call(op, (x,)), one, children),
        st.builds(lambda op, x, y: Call(op, (x, y)), two, children, children),
        st.builds(lambda op, x, y: Call(op, (x, y)), st.sampled_from(["add", "sub", "mul", "div"]), children, number),
        st.builds(lambda op, x: Call(op, (x, Literal(5.0))), series, children),
        st.builds(lambda x, y: Call("ts_corr", (x, y, Literal(6.0))), children, children),
    )


FORMULAS = st.recursive(LEAVES, _grown, max_leaves=5)


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("amount / volume", PRICE),
        ("amount / volume / close - 1", FREE),
        ("close - open", PRICE),
        ("close - volume", None),
        ("close + 1", None),
        ("maximum(close, open) / close", FREE),
        ("ts_mean(where(close > open, volume, 0), 5) / volume", FREE),
        ("where(close > volume, volume, 0)", None),
        ("where(close > open, volume, 1)", None),
        ("close > open", FLAG),
        ("ts_count(close > open, 5)", FREE),
        ("ts_count(close, 5)", None),
        ("(close > open) + 1", None),
        ("log(close)", None),
        ("log(close / open)", FREE),
        ("ts_corr(close, volume, 5)", FREE),
        ("ts_var(close, 5) / close / close", FREE),
        ("turn * 2", FREE),
        ("nothing", None),
    ],
)
def test_units(text: str, unit: Any) -> None:
    assert unit_of(parse(text), FIELDS) == unit


def test_units_that_the_panel_states_count_unless_a_name_is_usual() -> None:
    values = np.ones((1, 2))
    names = ("close", "eps", "dividend", "ratio", "upgrades")
    units = {"eps": "CNY", "dividend": "CNY", "ratio": "%", "close": "points"}
    panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A", "B"), dict.fromkeys(names, values), units=units)
    found = field_units(panel)
    assert found["eps"] == found["dividend"] == (("CNY", 1.0),)
    assert found["close"] == PRICE
    assert found["ratio"] == FREE
    assert found["upgrades"] == (("upgrades", 1.0),)


@given(FORMULAS)
def test_a_canonical_form_orders_the_entities_alike_or_in_reverse(market: Any, node: Node) -> None:
    panel, _ = market(3, 30, 12)
    panel = panel.with_fields(volume=panel.fields["volume"] - 20_000)  # of both signs
    form = canonical(node)
    assert parse(to_text(form)) == form
    assert canonical(form) == form
    if not all(any(isinstance(part, Name) for _, part in parts_of(one)) for one in (node, form)):
        return
    first, second = (np.round(values, 9) for values in compute(panel, [node, form]))
    for x, y in zip(first, second, strict=True):
        both = np.isfinite(x) & np.isfinite(y)
        steps = np.sign(np.subtract.outer(x[both], x[both])), np.sign(np.subtract.outer(y[both], y[both]))
        # rounding may make a tie of two that nearly are one; nothing turns round
        product = steps[0] * steps[1]
        assert (product >= 0).all() or (product <= 0).all()


@given(FORMULAS)
def test_a_sign_a_rank_and_a_constant_outside_change_no_form(node: Node) -> None:
    form = canonical(node)
    for other in (Call("neg", (node,)), Call("rank", (node,)), Call("mul", (Literal(2.0), node))):
        assert canonical(other) == form


def test_a_factor_is_kept_as_a_rank_that_is_high_where_more_is_expected() -> None:
    shown = [
        to_text(oriented(parse(text), positive))
        for text, positive in (("close", True), ("close", False), ("rank(close, by=sector)", True))
    ]
    assert shown == ["rank(close)", "rank(-close)", "rank(close, by=sector)"]


def test_first_formulas_fit_their_units_and_the_panel_and_are_each_there_once(market: Any) -> None:
    panel, _ = market()
    found = seeds(panel)
    units = field_units(panel)
    assert len(set(found)) == len(found) > 300
    for node in found:
        assert canonical(node) == node
        assert unit_of(node, units, tuple(panel.groups)) not in (None, FLAG), to_text(node)
        resolve_panel(node, panel.schema)


@pytest.mark.parametrize("most", [1, 17, 100])
def test_fewer_first_formulas_are_some_of_all(market: Any, most: int) -> None:
    panel, _ = market(0, 5, 4)
    some = seeds(panel, most)
    assert 0.9 * most <= len(some) <= most
    assert set(some) <= set(seeds(panel))


def test_fields_of_any_name_are_searched() -> None:
    values = np.ones((1, 2))
    panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A", "B"), {"close": values, "净利润": values, "x y": values})
    named = {part.parts for node in seeds(panel) for _, part in parts_of(node) if isinstance(part, Name)}
    assert {("净利润",), ("x y",)} <= named


@pytest.mark.parametrize("seed", range(3))
def test_what_is_bred_fits_its_units_and_the_panel(market: Any, seed: int) -> None:
    panel, _ = market()
    breeder, rng = Breeder.of(panel), np.random.default_rng(seed)
    line = seeds(panel, 12)
    for _ in range(3):
        one, other = (line[i] for i in rng.integers(len(line), size=2))
        crossed = [made for each in breeder.crossed(one, other, rng) if (made := breeder.fit(each)) is not None]
        line = [*breeder.mutations(one), *crossed] or line
        for node in line:
            assert canonical(node) == node
            assert size(node) <= MOST
            assert unit_of(node, breeder.fields, breeder.groups) not in (None, FLAG)
            resolve_panel(node, panel.schema)


def test_factors_are_not_added_up() -> None:
    breeder = Breeder(FIELDS)
    assert breeder.fit(parse("rank(close) + rank(volume)")) is None
    assert breeder.fit(parse("rank(close) * rank(volume)")) is None
    assert breeder.fit(parse("zscore(close) * zscore(volume)")) is not None
    assert breeder.fit(parse("close + open")) is not None


def test_windows_that_belong_together_change_together() -> None:
    found = [to_text(node) for node in Breeder(FIELDS).mutations(parse("ts_std(close, 20) / ts_mean(close, 20)"))]
    assert "ts_std(close, 30) / ts_mean(close, 30)" in found
    assert not any("20" in text and "30" in text for text in found)


def test_no_window_is_too_short_for_its_operator() -> None:
    for text in ("ts_skew(close, 3) / turn", "ts_kurt(turn, 5)"):
        for node in Breeder(FIELDS).mutations(parse(text)):
            for _, call in calls_of(node):
                if call.op == "ts_kurt":
                    assert call.args[1].value >= 4
