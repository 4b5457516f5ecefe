"""Panel formulas: they parse and print, fit their panel or say why not, look back as they say, and have words."""

from __future__ import annotations

import math
import re
from typing import get_args

import hypothesis.strategies as st
import pytest
from hypothesis import given

from tael.errors import FormulaError
from tael.formulas import PanelSchema, lookback, panel_words, parse, resolve, resolve_panel, to_text
from tael.formulas.operators import ON_NETWORKS, ON_PANELS, ON_TABLES, REGISTRY, Operator
from tael.formulas.operators.base import Kind
from tael.formulas.panel import PanelCall, any_schema
from tael.formulas.parser import PANEL_OPTIONS
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.tables.schema import Schema, Type

SCHEMA = PanelSchema(
    {"close": Type.NUMBER, "open": Type.NUMBER, "volume": Type.NUMBER, "st": Type.FLAG},
    {"sector": ("banks", "steel"), "board": ("main", "star")},
    titles={"close": {"zh": "收盘价"}, "volume": {"zh": "成交量"}, "sector": {"zh": "行业"}},
    units={"close": "CNY"},
)
OPERATORS = [operator for operator in REGISTRY.values() if operator.kind in ("series", "cross")]

NAMES = st.sampled_from(["close", "open", "volume"]).map(lambda name: Name((name,)))
GROUPS = st.sampled_from([Name(("sector",)), Name(("board",))])


def _panel_calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def build(operator: Operator, parts: list[Node], bars: int, by: Node | None) -> Node:
        arity = operator.arity[0]
        args = [Literal(float(bars)) if place in operator.constants else parts[place] for place in range(arity)]
        options = {"by": by if "by" in operator.named else None}
        if "min_periods" in operator.named and bars % 2:
            options["min_periods"] = Literal(1.0)
        given_ = tuple((key, value) for key in PANEL_OPTIONS if (value := options.get(key)) is not None)
        return Call(operator.name, tuple(args), given_)

    lists = st.lists(inner, min_size=4, max_size=4)
    return st.builds(build, st.sampled_from(OPERATORS), lists, st.integers(1, 300), st.none() | GROUPS) | st.builds(
        lambda op, a, b: Call(op, (a, b)), st.sampled_from(["add", "sub", "mul", "div", "pow"]), inner, inner
    )


@given(st.recursive(NAMES, _panel_calls, max_leaves=12))
def test_every_tree_comes_back_from_its_text(node: Node) -> None:
    text = to_text(node)
    assert parse(text) == node
    assert to_text(parse(text)) == text


def test_square_brackets_move_bars() -> None:
    assert parse("close[-5]") == parse("delay(close, 5)")
    assert to_text(parse("(close)[+2] / close[+1] - 1")) == "close[+2] / close[+1] - 1"
    assert to_text(parse("(close - open)[+1]")) == "(close - open)[+1]"


def test_operators_of_tables_and_of_panels_are_all_there_is() -> None:
    assert dict(REGISTRY) == {**ON_TABLES, **ON_NETWORKS, **ON_PANELS}
    assert {operator.kind for operator in REGISTRY.values()} == set(get_args(Kind))


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.name)
def test_every_panel_operator_has_an_example_that_fits_and_words(operator: Operator) -> None:
    bound = resolve_panel(operator.example, SCHEMA, label=operator.name == "ahead")
    assert isinstance(bound, PanelCall)
    english, chinese = (panel_words(operator.example, SCHEMA, lang) for lang in ("en", "zh"))
    assert english
    assert not re.search(r"[一-鿿{}]", english)
    assert re.search(r"[一-鿿]", chinese)
    assert not re.search(r"[{}]", chinese)
    assert operator.doc["en"].endswith(".")
    assert operator.doc["zh"].endswith("。")
    assert len(operator.limits) == len(operator.constants)


@pytest.mark.parametrize(
    ("formula", "english", "chinese"),
    [
        ("ts_mean(close, 20)", "20-day average of close", "收盘价的 20 日均值"),
        ("rank(close)", "cross-sectional rank of close", "收盘价的截面排名"),
        ("rank(volume, by=sector)", "cross-sectional rank of volume within sector", "成交量的同行业内截面排名"),
        ("close / delay(close, 5) - 1", "ratio of close to close 5 days before minus 1", None),
        ("ts_mean(close, 5, min_periods=1)", "5-day average of close (from 1 value on)", None),
        ("close > 10 and not st", "close is above 10 CNY and not st", None),
        ("neutralize(close, volume, by=sector)", "close neutral to volume and sector", "对成交量、行业中性化的收盘价"),
        ("-(close - open)", "minus (close minus open)", None),
    ],
)
def test_words(formula: str, english: str, chinese: str | None) -> None:
    assert panel_words(formula, SCHEMA) == english
    assert chinese is None or panel_words(formula, SCHEMA, "zh") == chinese


def test_bars_that_are_no_days_are_bars() -> None:
    minutes = PanelSchema(SCHEMA.fields, bar="1min")
    assert panel_words("ts_mean(close, 20)", minutes) == "20-bar average of close"
    assert panel_words("ts_mean(close, 20)", minutes, "zh") == "close 的 20 期均值"


@pytest.mark.parametrize(
    ("formula", "rows"),
    [
        ("close", 0), ("delay(close, 5)", 5), ("close[-5]", 5), ("ts_mean(close, 20)", 19), ("delta(close, 1)", 1),
        ("ts_corr(delta(close, 3), delay(volume, 7), 10)", 16), ("rank(ts_mean(close, 5), by=sector)", 4),
        ("ewm(close, 10)", math.inf), ("close[+2] / close[+1] - 1", 0), ("close - ts_max(close, 3)", 2),
    ],
)  # fmt: skip
def test_how_far_a_formula_looks_back(formula: str, rows: float) -> None:
    assert lookback(formula) == rows
    assert lookback(resolve_panel(formula, any_schema(parse(formula)), label=True)) == rows


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("clse", 'Did you mean "close"'),
        ("loans.amount", "event_field"),
        ("sum(close)", "ts_sum"),
        ("mean(close, last='5d')", "ts_mean"),
        ("weekday(close)", "times and texts of tables"),
        ("close[+1]", "Only a label may look forward"),
        ("ts_mean(close)", "wrong number of arguments"),
        ("ts_mean(close, 2.5)", "a whole number"),
        ("ts_mean(close, 0)", "out of range"),
        ("ts_mean(close, volume)", "is a constant"),
        ("ts_mean(5, 5)", "does not vary"),
        ("ts_mean(close, 5, min_periods=6)", "more than the window holds"),
        ("rank(close, by=open)", "takes groups"),
        ("neutralize(close)", "against what"),
        ("rank(sector)", "type does not fit"),
        ("sector", "gives no numbers"),
        ('sector == "stel"', 'Did you mean "steel"'),
        ("sector == 1", "cannot be compared"),
        ("ts_count(close, 5)", "Write a condition"),
        ("winsorize(close, 0.7)", "out of range"),
    ],
)
def test_what_does_not_fit_is_told(formula: str, message: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)):
        resolve_panel(formula, SCHEMA)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("rank(close, last='5d')", 'no option "last"'),
        ("ts_mean(close, 5, by=sector)", 'no option "by"'),
        ("delay(close, 5, min_periods=1)", "takes no named arguments"),
        ("ts_mean(close, 5, min_periods=0)", "takes a whole number"),
        ("sum(t.x, min_periods=3)", 'no option "min_periods"'),
        ("close[-1.5]", "a whole number with its sign"),
    ],
)
def test_what_cannot_be_read_is_told(formula: str, message: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)):
        parse(formula)


@pytest.mark.parametrize("formula", ["rank(amount)", "delay(amount, 5)", "amount[-5]", "sum(loans.amount[-1])"])
def test_tables_take_no_panel_operators(formula: str) -> None:
    schema = Schema.from_dict(
        {
            "customers": {"key": "id", "columns": {"amount": {"type": "number"}}},
            "loans": {"time": "at", "columns": {"id": {"to": "customers"}, "amount": {"type": "number"}}},
        }
    )
    with pytest.raises(FormulaError, match="looks along a market panel"):
        resolve(formula, schema, "customers")
