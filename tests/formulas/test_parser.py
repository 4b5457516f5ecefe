from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FormulaError
from tael.formulas.operators import REGISTRY
from tael.formulas.parser import MAX_CHARACTERS, OPTIONS, TOGETHER, parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import MAX_DEPTH, Call, Literal, Name, Node, depth, walk


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ('sum(t.a, last="90d", where=b == "c")', 'sum(t.a, where=b == "c", last="90d")'),
        ("0 < x < 5", "0 < x and x < 5"),
        ("a if c else b", "where(c, a, b)"),
        ("fill(a, 0.0)", "coalesce(a, 0)"),
        ("not (a in [1, -2])", "a not in (1, -2)"),
        ("a in ('u',)", 'a in ("u",)'),
        ("((a + b)) + c", "a + b + c"),
        ("a + (b + c)", "a + (b + c)"),
        ("a - (b - c)", "a - (b - c)"),
        ("(a ** b) ** c", "(a ** b) ** c"),
        ("a ** (b ** c)", "a ** b ** c"),
        ("-a ** 2", "-a ** 2"),
        ("(-2) ** 2", "(-2) ** 2"),
        ("-(2 ** 2)", "-2 ** 2"),
        ("(not a) == b", "(not a) == b"),
        ("(a < b) == c", "(a < b) == c"),
        ("+a", "a"),
        ("1e3", "1000"),
        ("90.50", "90.5"),
        ("'it\\'s \"so\"'", '"it\'s \\"so\\""'),
        ('column("loans", "days late") > 3', 'column("loans", "days late") > 3'),
        ('column("amount")', "amount"),
        ('sum(t.a, last="090d")', 'sum(t.a, last="90d")'),
        ("mean(a, by=[b, c])", "mean(a, by=(b, c))"),
        ("mean(a, by=(b,))", "mean(a, by=b)"),
        ('mean(a, last="3d", among="as_of", by="all")', 'mean(a, by="all", among="as_of", last="3d")'),
        ("mean(sum(t.a), over=u)", "mean(sum(t.a), over=u)"),
        ("客户.年龄", "客户.年龄"),
        ('mean(claims.patient_id.age, last="90d")', 'mean(claims.patient_id.age, last="90d")'),
        ('mean(column("claims", "patient id", "age"))', 'mean(column("claims", "patient id", "age"))'),
    ],
)
def test_text_has_one_canonical_form(text: str, canonical: str) -> None:
    node = parse(text)
    assert to_text(node) == canonical
    assert parse(canonical) == node


NAMES = st.lists(
    st.sampled_from(["amount", "customers", "年龄", "days late", "class", "cutoff", "__x__", "ﬁn", "count", "1st"]),
    min_size=1,
    max_size=3,
).map(lambda parts: Name(tuple(parts)))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False).map(Literal)
TEXTS = st.text(st.characters(exclude_categories=[]), max_size=8).map(Literal)
LITERALS = NUMBERS | TEXTS | st.booleans().map(Literal)
DURATIONS = st.builds(
    lambda count, unit: Literal(f"{count}{unit}"),
    st.integers(1, 999),
    st.sampled_from(["s", "min", "h", "d", "w", "mo", "y"]),
)
INFIX = [name for name, operator in REGISTRY.items() if operator.infix and operator.arity == (2, 2)]
UNARY = [name for name, operator in REGISTRY.items() if operator.infix and operator.arity == (1, 1)]
FUNCTIONS = [name for name, operator in REGISTRY.items() if not operator.infix and operator.kind == "row"]
AGGREGATES = [name for name, operator in REGISTRY.items() if operator.kind == "aggregate"]


def _aggregates(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def build(op: str, args: list[Node], **options: Node | None) -> Node:
        given = tuple((key, options[key]) for key in OPTIONS if options[key] is not None)
        return Call(op, tuple(args), given)

    together = st.lists(inner, min_size=2, max_size=3).map(lambda parts: Call(TOGETHER, tuple(parts)))
    values = {
        "where": inner,
        "after": inner,
        "by": inner | together,
        "among": st.just(Literal("as_of")),
        "over": st.just(Name(("loans",))),
        "via": TEXTS,
    }
    options = {key: st.none() | values.get(key, DURATIONS) for key in OPTIONS}
    return st.builds(build, st.sampled_from(AGGREGATES), st.lists(inner, min_size=1, max_size=3), **options)


def _calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return (
        st.builds(lambda op, a, b: Call(op, (a, b)), st.sampled_from(INFIX), inner, inner)
        | st.builds(lambda op, a: Call(op, (a,)), st.sampled_from(UNARY), inner)
        | st.builds(lambda op, args: Call(op, tuple(args)), st.sampled_from(FUNCTIONS), st.lists(inner, max_size=3))
        | st.builds(lambda a, items: Call("in", (a, *items)), inner, st.lists(LITERALS, min_size=1, max_size=3))
        | _aggregates(inner)
    )


@given(st.recursive(LITERALS | NAMES, _calls, max_leaves=25))
def test_every_tree_comes_back_from_its_text(node: Node) -> None:
    text = to_text(node)
    assert parse(text) == node
    assert to_text(parse(text)) == text


def test_flags_and_numbers_are_different_literals() -> None:
    assert parse("True") != parse("1")
    assert len({parse("True"), parse("1"), parse("1.0")}) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('__import__("os")', 'no function "__import__"'),
        ("a.__class__", '"__class__" is not taken'),
        ('"x".join(a)', "Only the functions of the language can be called"),
        ("(lambda: 1)()", "Only the functions of the language can be called"),
        ("eval('1')", 'no function "eval"'),
        ("[x for x in y]", "not in the language"),
        ('f"{x}"', "not in the language"),
        ("(x := 1)", "not in the language"),
        ("b'x'", "not in the language"),
        ("None", "is_missing(x)"),
        ("log(*a)", "not in the language"),
        ("log(**a)", "takes no named arguments"),
        ("log(a, last='3d')", "takes no named arguments"),
        ("a; b", "cannot be read"),
        ("import os", "cannot be read"),
        ("a\x00", "cannot be read"),
        ("sum(", "was never closed"),
        ("", "There is no formula"),
        ("a & b", "Write `and` instead of `&`"),
        ("a | b", "Write `or` instead of `|`"),
        ("~a", "Write `not` instead of `~`"),
        ("a // b", "floor(a / b)"),
        ("a is b", "Write `==`"),
        ("summ(a.b)", 'Did you mean "sum"?'),
        ("sum(a.b, lst='3d')", 'Did you mean "last"?'),
        ("sum(a.b, last=90)", 'Write `last="90d"`'),
        ("sum(a.b, last='90')", "no length of time"),
        ("sum(a.b, last='all')", "leave `last` out"),
        ("sum(a.b, last='1d', last='2d')", "given twice"),
        ("close[5] / close - 1", "a whole number with its sign"),
        ("close[-0]", "a whole number with its sign"),
        ("close[-1:]", "a whole number with its sign"),
        ("mean(amount, by=())", "`by=` is empty"),
        ('mean(amount, by=district, among="now")', '`among=` takes "as_of"'),
        ("mean(x, over=a.b)", "`over=` takes a table"),
        ("log(amount, by=district)", "takes no named arguments"),
        ("'word' in remark", 'contains(remark, "word")'),
        ("a in (b, 1)", "constants alone"),
        ("a in ()", "needs a list of constants"),
        ("9007199254740993", "too large to be exact"),
        ("1e999", "too large"),
        ("column(a)", "takes names in quotes"),
        ("x" * (MAX_CHARACTERS + 1), "too long"),
    ],
)
def test_what_is_not_in_the_language_is_refused(text: str, message: str) -> None:
    with pytest.raises(FormulaError) as error:
        parse(text)
    assert message in str(error.value)


def test_errors_name_the_place() -> None:
    with pytest.raises(FormulaError, match=r"character 10"):
        parse("amount + summ(a.b)")


@pytest.mark.parametrize(
    "text",
    [
        "-" * 15_000 + "x",
        "(" * 5_000 + "x" + ")" * 5_000,
        "log(" * 3_000 + "x" + ")" * 3_000,
        "a" + " + a" * 4_000,
        "a" + " and a" * 3_000,
        "a" + " < a" * 3_000,
        "a ** " * 3_000 + "a",
        "a" + ".b" * 9_000,
        "not " * 4_000 + "a",
        "a if b else " * 1_500 + "a",
    ],
)
def test_deep_nesting_is_refused_and_never_overflows(text: str) -> None:
    with pytest.raises(FormulaError, match="nested too deeply"):
        parse(text)


def test_the_deepest_formula_taken_still_prints() -> None:
    text = "x" + " + x" * (MAX_DEPTH - 1)
    node = parse(text)
    assert depth(node) == MAX_DEPTH
    assert to_text(node) == text
    assert sum(1 for _ in walk(node)) == 2 * MAX_DEPTH - 1


def test_nothing_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.eval", lambda *_: sys.exit("eval was called"))
    monkeypatch.setattr("builtins.exec", lambda *_: sys.exit("exec was called"))
    assert to_text(parse("log(amount) > 3")) == "log(amount) > 3"


def test_an_infinite_literal_is_not_printed() -> None:
    with pytest.raises(FormulaError, match="finite"):
        to_text(Literal(float("inf")))
