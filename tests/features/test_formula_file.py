"""Formula files: what is written comes back, what a hand edits is read, and faults are told by line and column."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tael.errors import FeaturesError, FormulaError, TaelError
from tael.features import AutoFeatures
from tael.features.formula_diff import diff
from tael.features.formula_file import (
    Line,
    formulas_text,
    read_file,
    read_formulas,
    read_text,
    write_formulas,
)
from tael.features.formula_set import FormulaSet
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.words import unit_of
from tael.tables.schema import Type

PARTS = st.sampled_from(["amount", "年龄", "days late", "#", "a = b", "x(", "class", "ﬁn", 'q"', "\\"])
NAMED = st.lists(PARTS, min_size=1, max_size=2).map(lambda parts: Name(tuple(parts)))
ANYTHING = st.text(st.characters(exclude_categories=[]), max_size=8)
LEAVES = ANYTHING.map(Literal) | st.floats(allow_nan=False, allow_infinity=False).map(Literal) | NAMED


def _calls(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    infix = st.sampled_from(["add", "div", "eq", "le", "ne", "and"])
    return (
        st.builds(lambda op, a, b: Call(op, (a, b)), infix, inner, inner)
        | st.builds(lambda a: Call("log", (a,)), inner)
        | st.builds(lambda a, b: Call("mean", (a,), (("where", b), ("last", Literal("3d")))), inner, inner)
    )


TREES = st.recursive(LEAVES, _calls, max_leaves=8)


@given(st.lists(st.tuples(TREES, ANYTHING), unique_by=(lambda x: x[0], lambda x: x[1]), max_size=5), ANYTHING)
def test_what_is_written_comes_back(pairs: list[tuple[Node, str]], entity: str) -> None:
    nodes, names = [node for node, _ in pairs], [name for _, name in pairs]
    formulas = [to_text(node) for node in nodes]
    own = {name: Type.NUMBER for name in names}
    text = formulas_text(
        formulas, names, words={"en": names, "zh": formulas}, entity=entity, key="k", cutoff="c", own=own
    )
    for read in (text, text.replace("\n", "\r\n")):
        file = read_text(read)
        assert [(line.name, line.formula) for line in file.lines] == list(zip(names, formulas, strict=True))
        assert (file.entity, file.key, file.cutoff, file.own) == (entity, "k", "c", own)


HAND = """
# a person's own comment = nothing

debt_load = amount / customers.income   # what an analyst writes

late = mean(
    payments.late,      # days (not weeks)
    where = kind == "#card",
last="90d"
)
"days late" = (late
               + 1)
amount / 12
flag = a == "b = c"
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_what_a_hand_writes_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "mine.txt"
    path.write_bytes((HAND + '城市 = customers.city == "北京"\n').encode(encoding))
    assert read_formulas(path) == [
        ("debt_load", "amount / customers.income"),
        ("late", 'mean(payments.late, where=kind == "#card", last="90d")'),
        ("days late", "late + 1"),
        ("amount_per_12", "amount / 12"),
        ("flag", 'a == "b = c"'),
        ("城市", 'customers.city == "北京"'),
    ]


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        ("x = 1\ny = lgo(amount)", "line 2, column 5", ["no function", "lgo", "log"]),
        ("x = (a +\n     b & c)", "line 1, column 6", ["not in the language", "and"]),
        ("x = max(a,\n  年龄 + lgo(c))", "line 2, column 8", ["lgo"]),
        ("年龄 = 客户.年龄 + (3 & 4)", "line 1, column 15", ["3 & 4"]),
        ("x = a\n\nx = b", "line 3, column 1", ["same name", "line 1"]),
        ("x = a+b\ny = (a + b)", "line 2, column 5", ["twice", "a + b", '"x" in line 1']),
        ("x = 1\ny = max(a,\nb = c", "line 2, column 8", ["never closed"]),
        ("x =", "line 1, column 4", ["without a formula"]),
        ("days late = 3", "line 1, column 1", ["no name", "days late", "double quotes"]),
        ("= 3", "line 1, column 1", ["no name"]),
        ('"\\q" = 3', "line 1, column 1", ["in quotes"]),
        ("x = a b", "line 1, column", ["cannot be read"]),
        ("x = a)", "line 1, column 6", ["cannot be read"]),
        ("# tael formulas\n# own: {]\nx = a", "line 2, column 1", ["header"]),
        ('# tael formulas\n# own: {"a": "nonsense"}\nx = a', "line 2, column 1", ["header", "nonsense"]),
    ],
)
def test_faults_are_told_with_their_place(text: str, place: str, told: list[str]) -> None:
    with pytest.raises(TaelError) as error:
        read_text(text, "mine.txt")
    assert error.value.where is not None
    assert error.value.where.startswith(f"mine.txt, {place}")
    assert error.value.got
    assert error.value.fix
    for one in told:
        assert one in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "features.txt").write_bytes(b"x = \xff\xff\n")
    with pytest.raises(FeaturesError, match="UTF-8 or GB18030"):
        read_formulas(tmp_path / "features.txt")
    with pytest.raises(FeaturesError, match=r"Did you mean .features.txt"):
        read_formulas(tmp_path / "feature.txt")
    with pytest.raises(FeaturesError, match="cannot be read"):
        read_formulas(tmp_path)


def test_nothing_is_written_over_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "new" / "f.txt"
    write_formulas(path, ["a"], ["x"])
    before = path.read_bytes()
    with pytest.raises(FeaturesError, match="exists"):
        write_formulas(path, ["b"], ["x"])
    assert path.read_bytes() == before
    write_formulas(path, ["b"], ["x"], overwrite=True)
    assert read_formulas(path) == [("x", "b")]
    assert [one.name for one in path.parent.iterdir()] == ["f.txt"]
    with pytest.raises(FeaturesError, match="cannot be written"):
        write_formulas(path / "under.txt", ["a"], ["x"])
    with pytest.raises(FormulaError):
        write_formulas(tmp_path / "bad.txt", ["a +"], ["x"])
    assert not (tmp_path / "bad.txt").exists()


def test_words_are_read_and_line_breaks_in_them_do_no_harm() -> None:
    text = formulas_text(["a"], ["x"], words={"en": ["two\nlines = 3"], "zh": ["一句\u2028话"]})
    (line,) = read_text(text).lines
    assert line.words == {"en": "two lines = 3", "zh": "一句 话"}


def test_a_set_is_saved_loaded_and_fitted(bank: Any, tmp_path: Path) -> None:
    formulas = [
        "amount / customers.age",
        'mean(payments.late, last="60d")',
        "amount / mean(amount, by=customers.city)",
    ]
    names = ["by_age", "late", "beside_peers"]
    plain = FormulaSet(formulas, names, "applications", "application", "cutoff", {})
    made = plain.fit(bank.tables, bank.X)
    assert made.fitted
    path = made.save(tmp_path / "set.txt", bank.tables.schema)
    with pytest.raises(FeaturesError, match="exists"):
        made.save(path)
    again = FormulaSet.load(path)
    assert again == plain
    assert not again.fitted
    with pytest.raises(FormulaError):
        again.compute(bank.tables, bank.X)
    values = again.fit(bank.tables, bank.X).compute(bank.tables, bank.X)
    np.testing.assert_array_equal(values, made.compute(bank.tables, bank.X))
    words = [line.words for line in read_file(path).lines]
    assert [one["en"] for one in words] == made.describe(bank.tables.schema, "en")
    assert [one["zh"] for one in words] == made.describe(bank.tables.schema, "zh")
    assert made.units(bank.tables.schema) == [unit_of(f, bank.tables.schema, made.entity) for f in made.formulas]


def test_a_set_without_a_header_asks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text("# entity: this is a comment\nx = a\n", "utf-8")
    with pytest.raises(FeaturesError, match="no entity and no key"):
        FormulaSet.load(path)
    made = FormulaSet.load(path, entity="e", key="k", own={"a": Type.FLAG})
    assert (made.entity, made.key, made.cutoff, dict(made.own)) == ("e", "k", "cutoff", {"a": Type.FLAG})


def test_each_formula_has_a_cost(bank: Any) -> None:
    kept = FormulaSet(
        ["amount", "mean(payments.late)"], ["a", "b"], "applications", "application", "cutoff", {}
    )  # fmt: skip
    cost = kept.cost(bank.tables, bank.X)
    assert cost.shape == (2,)
    assert (cost >= 0).all()
    assert cost[1] > 0


def test_without_candidates_only_the_forced_are_kept(bank: Any, settings: dict[str, Any]) -> None:
    forced = {"share of income": "amount / customers.age", "late": "mean(payments.late)"}
    auto = AutoFeatures(bank.tables, **settings, force=forced, budget={"candidates": 0}).fit(bank.X, bank.y)
    assert list(auto.get_feature_names_out()) == list(forced)
    assert auto.formulas_ == list(forced.values())
    assert ((auto.coverage_ > 0.5) & (auto.coverage_ <= 1)).all()
    assert len(auto.ledger_) == 2
    assert auto.null_ is None
    assert auto.direction_[1] == 1
    assert auto.transform(bank.X).columns == list(forced)
    nothing = AutoFeatures(bank.tables, **settings, budget={"candidates": 0}).fit(bank.X, bank.y)
    assert nothing.formulas_ == []


def test_forced_names_hold_beside_what_is_found(bank: Any, settings: dict[str, Any], fitted: AutoFeatures) -> None:
    found, taken = fitted.formulas_[0], fitted.get_feature_names_out()[1]
    auto = AutoFeatures(bank.tables, **settings, force={"mine": found, taken: "amount + 1"}).fit(bank.X, bank.y)
    names = dict(zip(auto.formulas_, auto.get_feature_names_out(), strict=True))
    assert names[found] == "mine"
    assert names["amount + 1"] == taken
    assert len(set(names.values())) == len(names)
    assert names[fitted.formulas_[1]] == f"{taken}_2"


FORMULAS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), max_size=6).filter(
    lambda one: len(set(one.values())) == len(one)
)


@given(FORMULAS, FORMULAS)
def test_a_diff_leads_from_the_first_to_the_second(one: dict[str, str], two: dict[str, str]) -> None:
    def lines(of: dict[str, str]) -> list[Line]:
        return [Line(name, formula) for name, formula in of.items()]

    found = diff(lines(one), lines(two))
    assert bool(found) == (one != two)
    made = dict(one)
    for line in found.removed:
        del made[line.name]
    for first, _ in (*found.changed, *found.renamed):
        del made[first.name]
    for _, second in (*found.changed, *found.renamed):
        assert second.name not in made
        made[second.name] = second.formula
    for line in found.added:
        assert line.name not in made
        made[line.name] = line.formula
    assert made == two
    # nothing is told as removed and added that kept its formula or, else, its name
    assert not {line.formula for line in found.removed} & {line.formula for line in found.added}
    assert not {line.name for line in found.removed} & {line.name for line in found.added}


def test_a_header_that_differs_is_a_difference() -> None:
    first = read_text("# tael formulas\n# entity: loans\nx = a")
    second = read_text("# tael formulas\n# entity: people\nx = a")
    assert diff(first, second).header == (("entity", "loans", "people"),)
    assert not diff(first, read_text("x = (a)"))


def test_the_canonical_form_is_read(tmp_path: Path) -> None:
    path = write_formulas(tmp_path / "f.txt", ["((a))*(b+2.0)"], ["x"])
    assert read_formulas(path) == [("x", to_text(parse("a * (b + 2)")))]
