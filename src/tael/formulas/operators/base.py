"""What an operator is, and the registry of all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tael.errors import FormulaError
from tael.formulas.values import Values
from tael.tables.schema import Language, Type

Types = tuple[Type, ...]
Kind = Literal["row", "aggregate", "network", "series", "cross"]
Back = Literal["none", "shift", "window", "ever", "ahead"]
# A row operator's callable gets a list of texts, an aggregate's a dict of the slots named in `Operator.say_rows`.
Wording = str | Callable[[Any, Sequence[Type]], str]

NUMERIC = frozenset({Type.NUMBER, Type.FLAG})
ORDERED = frozenset({Type.NUMBER, Type.FLAG, Type.TIME})
TIMES = frozenset({Type.TIME})
FLAGS = frozenset({Type.FLAG})
TEXTS = frozenset({Type.TEXT, Type.CATEGORY})
ANY = frozenset(Type)
# Not of running text: no two are alike, so a value of it says nothing about a group of rows.
CLASSED = ANY - {Type.TEXT}


@dataclass(frozen=True, slots=True)
class Infix:
    """How an operator is written between (or before) its arguments.

    Parameters
    ----------
    symbol : str
    precedence : int
        Binds tighter the higher: ``or`` 1, ``and`` 2, ``not`` 3, comparisons 4, ``+ -`` 5, ``* /`` 6, unary ``-`` 7,
        ``**`` 8.
    """

    symbol: str
    precedence: int


@dataclass(frozen=True)
class Operator:
    """One operator of the language.

    Parameters
    ----------
    name : str
    kind : {"row", "aggregate", "network", "series", "cross"}
        ``row``: one value from the values of one row. ``aggregate``: one value from many rows of a child table.
        ``network``: one value from a table whose rows join entities.
        On market panels alone: ``series`` looks along the bars of one entity, ``cross`` at all entities of one bar.
    takes : tuple of frozenset of Type
        The types allowed for each argument; the last set holds for any further ones.
    result : Type, or callable of the arguments' types
        A callable raises ``FormulaError`` if the types do not go together.
    words : dict of "en" and "zh"
        A template (``{0}``, ``{1}``: the arguments), or a callable of the arguments' words and types.
    doc : dict of "en" and "zh"
        One sentence for the reference page.
    example : str
        A formula that uses it.
    compute : callable of Values, optional
        Row operators alone. An argument of one row stands for a constant.
    arity : (int, int or None)
        The least and the greatest number of arguments; None: any number.
    infix : Infix, optional
    empty : float
        Aggregates alone: the result over no rows, 0 or NaN.
    rows : bool
        Aggregates alone: a table may stand as the argument (``count(loans)``).
    timed : bool
        Aggregates alone: the table must have a time.
    of_times : bool
        Aggregates alone: the argument is a time, by default the table's.
    needs_where : bool
        Aggregates alone: makes no sense without ``where=``.
    takes_cutoff : bool
        The cutoff is added as the last argument when names are looked up.
    constants : tuple of int
        Aggregates and panel operators: which arguments must be constants (the share of a quantile, a number of bars).
    limits : tuple of (float, float)
        Between which each of ``constants`` must lie; empty: anywhere.
    options : tuple of str
        Aggregates and networks: named arguments that it needs besides those of all (``within``, ``after``).
    denial : dict of "en" and "zh", optional
        Flags alone: what of its words to exchange for what where ``not`` stands before it.
    at_once : bool
        Aggregates alone: needs a window's rows side by side (:mod:`tael.kernels.sequences`), not one after another.
    named : tuple of str
        Panel and network operators: the named arguments that it takes (``by``, ``min_periods``, ``length``).
    of_amounts : bool
        Networks alone: asks how much moves, so that a number of the table may stand as the argument.
    window : int, optional
        Series alone: which argument counts bars, a whole number.
    back : {"none", "shift", "window", "ever", "ahead"}
        Series alone: how many bars it looks back: none, as many as the window says, one less (the newest counts),
        to the first, or forward.
    """

    name: str
    kind: Kind
    takes: tuple[frozenset[Type], ...]
    result: Type | Callable[[Types], Type]
    words: Mapping[Language, Wording]
    doc: Mapping[Language, str]
    example: str
    compute: Callable[..., Values] | None = None
    arity: tuple[int, int | None] = (1, 1)
    infix: Infix | None = None
    empty: float = float("nan")
    rows: bool = False
    timed: bool = False
    of_times: bool = False
    needs_where: bool = False
    takes_cutoff: bool = False
    constants: tuple[int, ...] = ()
    limits: tuple[tuple[float, float], ...] = ()
    options: tuple[str, ...] = ()
    denial: Mapping[Language, tuple[str, str]] | None = None
    at_once: bool = False
    named: tuple[str, ...] = ()
    of_amounts: bool = False
    window: int | None = None
    back: Back = "none"

    def result_type(self, types: Types) -> Type:
        """The type of the result.

        Raises
        ------
        FormulaError
            If an argument has a type that the operator does not take, or the types do not go together.
        """
        for position, got in enumerate(types):
            allowed = self.takes[min(position, len(self.takes) - 1)]
            if got not in allowed:
                which = (
                    f"argument {position + 1} of `{self.name}`" if len(types) > 1 else f"the argument of `{self.name}`"
                )
                raise FormulaError(
                    f"The type does not fit: {which}.",
                    expected=" or ".join(sorted(allowed)),
                    got=str(got),
                    fix=_type_hint(got, allowed),
                )
        return self.result(types) if callable(self.result) else self.result

    def check_constants(self, values: Sequence[float]) -> None:
        """Refuse constants (the arguments at ``constants``, in that order) beyond their limits.

        Raises
        ------
        FormulaError

        Examples
        --------
        >>> from tael.formulas import operators
        >>> operators.get("quantile").check_constants([0.9])
        """
        for place, value, (low, high) in zip(self.constants, values, self.limits, strict=False):
            if place == self.window and value != int(value):
                raise FormulaError(
                    f"Argument {place + 1} of `{self.name}` counts bars.",
                    expected="a whole number",
                    got=f"{value:g}",
                    fix=f"Write it like `{self.example}`.",
                )
            if not low <= value <= high:
                raise FormulaError(
                    f"Argument {place + 1} of `{self.name}` is out of range.",
                    expected=f"a number from {low:g} to {high:g}",
                    got=f"{value:g}",
                    fix=f"Write it like `{self.example}`.",
                )

    def say(self, texts: Sequence[str], types: Sequence[Type], lang: Language) -> str:
        """A row operator in words, given its arguments in words."""
        wording = self.words[lang]
        return wording.format(*texts) if isinstance(wording, str) else wording(texts, types)

    def say_rows(self, slots: Mapping[str, str], types: Sequence[Type], lang: Language) -> str:
        """An aggregate, or a panel operator, in words.

        Parameters
        ----------
        slots : dict of str
            Of a panel operator: ``value``, ``second``; ``span`` ("20-day"), ``bars`` ("20 days"); ``parameter``;
            ``within`` (the group). Of an aggregate:
            ``value``: what is aggregated ("amount"; empty where rows are); ``values``: its plural. ``rows``: which
            rows, with their condition and window. ``of``: value and rows together. ``plain``: the rows without their
            condition. ``condition``. ``one``: one such row. ``noun``: the rows without their window. ``window``.
        types : sequence of Type
            Of the value; empty where rows are counted.
        lang : {"en", "zh"}
        """
        wording = self.words[lang]
        return wording.format_map(slots) if isinstance(wording, str) else wording(slots, types)


def _type_hint(got: Type, allowed: frozenset[Type]) -> str | None:
    if allowed == FLAGS:
        return 'Write a condition, such as `amount > 0` or `purpose == "car"`.'
    if got is Type.CATEGORY and Type.NUMBER in allowed:
        return 'A category is compared with a text (`purpose == "car"`); that makes a flag, which counts as 0 or 1.'
    if got is Type.TEXT and Type.NUMBER in allowed:
        return 'Make a number or flag of it with `length(...)` or `contains(..., "word")`.'
    if got is Type.TIME and Type.NUMBER in allowed:
        return (
            "Make a number of it: the difference of two times is in days; `days_since(...)`, `month(...)`, `hour(...)`."
        )
    return None


def join_types(types: Types) -> Type:
    """The one type that several alternatives share (the branches of ``where``, the parts of ``coalesce``).

    >>> str(join_types((Type.FLAG, Type.NUMBER)))
    'number'
    """
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if kinds <= NUMERIC:
        return Type.NUMBER
    if kinds <= TEXTS:
        return Type.TEXT
    raise FormulaError(
        "The alternatives have different types.",
        expected="one type for all",
        got=", ".join(str(kind) for kind in types),
        fix="Compare or convert one of them first.",
    )


def same_kind(types: Types) -> None:
    """Refuse to compare what cannot be compared: a category with a number, a time with a flag."""
    kinds = set(types)
    if kinds <= NUMERIC or kinds <= TEXTS or kinds <= TIMES:
        return
    texts = kinds & TEXTS
    fix = "Both sides must be numbers, or both categories, or both times."
    if texts and kinds & NUMERIC:
        fix = 'A category is compared with a text in quotes ("1", not 1), a number with a number (1, not "1").'
    elif texts and kinds & TIMES:
        fix = 'Write a time as "2024-01-31" or "2024-01-31 12:00".'
    raise FormulaError(
        "These two cannot be compared.",
        expected="the same type on both sides",
        got=" and ".join(str(kind) for kind in types),
        fix=fix,
    )
