"""Formulas in words, English and Chinese, as a colleague would say them; made of the schema's titles and units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from tael.formulas import operators
from tael.formulas.bound import (
    Bound,
    BoundAggregate,
    BoundCall,
    BoundColumn,
    BoundCutoff,
    BoundGroup,
    BoundLiteral,
    in_row,
)
from tael.formulas.durations import Duration
from tael.formulas.grammar import (
    DAYS,
    PART,
    chinese_spaces,
    glued,
    plural,
    singular,
    spoken_number,
    spoken_text,
)
from tael.formulas.network_words import network_words
from tael.formulas.owners import PHRASE, SUM, Owners
from tael.formulas.rate_words import rate_words
from tael.formulas.resolve import resolve
from tael.formulas.row_words import attached, days_after_first, number_of_flags
from tael.formulas.syntax import Node
from tael.tables.schema import Language, Schema, Type

# How closely a phrase holds together: it is put in brackets where its place needs more. Infix operators bind in words
# as they do in the formula.
_WHERE, _OR, _AND, CLAUSE, _PRODUCT, NOUN = 0, 1, 2, 4, 6, 9
HOLDS = {
    "where": _WHERE,
    "or": _OR,
    "and": _AND,
    "not": 3,
    "add": SUM,
    "sub": SUM,
    "mul": _PRODUCT,
    "div": _PRODUCT,
    "pow": _PRODUCT,
}
NEEDS: dict[str, tuple[int, int]] = {
    "where": (_OR, _OR),
    "or": (_OR, _OR),
    "and": (_AND, _AND),
    "not": (CLAUSE, CLAUSE),
    "add": (SUM, SUM),
    "sub": (SUM, _PRODUCT),
    "mul": (_PRODUCT, PHRASE),
}
# A condition on such a column is said as an adjective: `operation == "cash withdrawal"`: cash withdrawal transactions.
_KINDS = ("type", "kind", "operation", "category", "product", "purpose", "channel", "status", "class", "method")
_NO_ADJECTIVE = {"yes", "no", "other", "unknown", "none", "true", "false", "missing", "any", "all"}
_ADJECTIVE = re.compile(r"(?:[^\W\d_]|[ \-]){2,}")
_SAME_UNIT = {"add", "sub", "neg", "abs", "clip", "minimum", "maximum", "coalesce", "round", "floor"}
_VALUE_UNIT = {"sum", "mean", "min", "max", "std", "first", "last", "mode", "median", "quantile", "balance_after"}
_SHARES = {"share", "share_of", "top_share", "matched", "round_share", "night_share"}
_OF_DAYS = ("days_since", "gap_", "next_event", "residence", "dormancy")


def words(
    formula: Node | str, schema: Schema, entity: str, lang: Language = "en", *, own: Mapping[str, Type] | None = None
) -> str:
    """Say a formula.

    Parameters
    ----------
    formula : Node or str
    schema : Schema
        Its titles and units are used; names where it gives none.
    entity : str
        The table whose rows are observed.
    lang : {"en", "zh"}
    own : dict of Type, optional
        Further columns of the frame of observations.

    Returns
    -------
    str

    Raises
    ------
    FormulaError
        If the formula does not fit the schema.

    Examples
    --------
    >>> schema = Schema.from_dict({"customers": {"key": "customer_id"}, "transactions": {"time": "at", "columns": {
    ...     "customer_id": {"to": "customers"}, "amount": {"type": "number", "title": {"zh": "金额"}},
    ...     "operation": {"type": "category"}}, "title": {"zh": "交易"}}})
    >>> text = 'sum(transactions.amount, where=operation == "取现", last="90d")'
    >>> words(text, schema, "customers")
    'total amount of 取现 transactions in the last 90 days'
    >>> words(text, schema, "customers", "zh")
    '近 90 天取现交易总额'
    """
    return bound_words(resolve(formula, schema, entity, own=own, label=True), schema, entity, lang)


def unit_of(formula: Node | str, schema: Schema, entity: str, *, own: Mapping[str, Type] | None = None) -> str | None:
    """The unit in which a formula's values are told, as far as the schema's units say; for `spoken_number`.

    Parameters
    ----------
    formula, schema, entity, own
        As of `words`.

    Returns
    -------
    str or None

    Raises
    ------
    FormulaError
        If the formula does not fit the schema.

    Examples
    --------
    >>> schema = Schema.from_dict({"loans": {"time": "at", "columns": {"paid": {"type": "time"}, "amount": {
    ...     "type": "number", "unit": "CNY"}}}})
    >>> unit_of("amount / (paid - at)", schema, "loans"), unit_of("paid - at", schema, "loans")
    ('CNY', 'days')
    """
    return _Speaker(schema, entity, "en").unit(resolve(formula, schema, entity, own=own, label=True))


def bound_words(bound: Bound, schema: Schema, entity: str, lang: Language = "en") -> str:
    """Say a formula that was resolved already."""
    text = _Speaker(schema, entity, lang).say(bound)
    return chinese_spaces(text) if lang == "zh" else text


class _Speaker(Owners):
    def say(self, bound: Bound, needed: int = 0, unit: str | None = None) -> str:
        text, holds = self.said(bound, unit)
        if holds >= needed:
            return text
        return f"({text})" if self.english else f"（{text}）"

    def said(self, bound: Bound, unit: str | None) -> tuple[str, int]:
        match bound:
            case BoundLiteral():
                return self.literal(bound, unit), NOUN
            case BoundCutoff():
                return ("the cutoff" if self.english else "观测时点"), NOUN
            case BoundColumn():
                return self.column(bound), NOUN
            case BoundCall():
                return self.call(bound)
            case BoundAggregate() | BoundGroup():
                return self.aggregate(bound)

    def literal(self, bound: BoundLiteral, unit: str | None) -> str:
        value = bound.value
        if bound.type is Type.TIME:
            return str(datetime(1970, 1, 1) + timedelta(microseconds=int(value))).removesuffix(" 00:00:00")
        if isinstance(value, str):
            return spoken_text(value)
        if isinstance(value, bool):
            return str(value).lower() if self.english else ("是" if value else "否")
        return spoken_number(value, unit, self.lang)

    def call(self, bound: BoundCall) -> tuple[str, int]:
        operator = operators.get(bound.op)
        holds = HOLDS.get(bound.op, CLAUSE if bound.type is Type.FLAG else PHRASE)
        inner = bound.args[0]
        if bound.op == "not" and isinstance(inner, BoundCall) and inner.op in ("in", "is_missing"):
            return self.denied(inner), CLAUSE
        denial = operators.get(inner.op).denial if bound.op == "not" and isinstance(inner, BoundCall) else None
        if denial is not None:
            said, holds = self.said(inner, None)
            old, new = denial[self.lang]
            return new.join(said.rsplit(old, 1)), holds
        second = bound.args[-1]
        if bound.op in ("eq", "ne") and isinstance(second, BoundLiteral) and second.type is Type.FLAG:
            holding = (bound.op == "eq") == second.value
            return self.said(inner if holding else BoundCall("not", (inner,), Type.FLAG), None)
        args = bound.args[:1] if operator.takes_cutoff else bound.args
        unit = next((found for arg in args if (found := self.unit(arg)) is not None), None)
        if bound.op == "sub" and (after := days_after_first(self, bound)) is not None:
            return after, PHRASE
        if bound.op == "add" and (number := number_of_flags(self, bound)) is not None:
            return number, PHRASE
        if bound.op == "div" and (rate := rate_words(self, bound, self.unit(inner))) is not None:
            return rate, holds
        if holds != CLAUSE and bound.op not in _SAME_UNIT:
            unit = None
        default = SUM if holds == CLAUSE else PHRASE
        needs = NEEDS.get(bound.op, (default, default))
        if bound.op == "sub" and inner.type is Type.TIME:
            needs, holds = (PHRASE, PHRASE), PHRASE
        texts = [self.say(arg, needs[min(place, 1)], unit) for place, arg in enumerate(args)]
        return operator.say(texts, [arg.type for arg in args], self.lang), holds

    def denied(self, inner: BoundCall) -> str:
        subject = self.say(inner.args[0], SUM)
        if inner.op == "is_missing":
            return f"{subject} is known" if self.english else f"{subject}不缺失"
        unit = self.unit(inner.args[0])
        *most, last = [self.say(choice, NOUN, unit) for choice in inner.args[1:]]
        if not self.english:
            return f"{subject}不为{'、'.join([*most, last])}"
        return f"{subject} is neither {', '.join(most)} nor {last}" if most else f"{subject} is not {last}"

    def unit(self, bound: Bound) -> str | None:
        """The unit in which a number is said beside this one."""
        match bound:
            case BoundColumn() if bound.table in self.schema.tables:
                return self.schema.tables[bound.table].column(bound.column).unit
            case BoundCall() if bound.op == "days_since" or (bound.op == "sub" and bound.args[0].type is Type.TIME):
                return DAYS
            case BoundCall() if bound.op in _SAME_UNIT:
                return next((found for arg in bound.args if (found := self.unit(arg)) is not None), None)
            case BoundCall() if bound.op == "div":
                # an amount per day, or per patient, is an amount; an amount to an amount is a bare number
                unit = self.unit(bound.args[0])
                return unit if rate_words(self, bound, unit) is not None else None
            case BoundAggregate() | BoundGroup() if bound.op in _SHARES or share_asked(bound):
                return PART
            case BoundAggregate() | BoundGroup() if bound.op in _VALUE_UNIT and bound.value is not None:
                return self.unit(bound.value)
            case BoundAggregate() if bound.op.startswith(_OF_DAYS):
                return DAYS
        return None

    def aggregate(self, bound: BoundAggregate | BoundGroup) -> tuple[str, int]:
        op, value, where = bound.op, bound.value, bound.where
        if isinstance(bound, BoundAggregate) and bound.network is not None:
            window, said = self.window(bound.window, False, None), "" if where is None else self.say(where, _OR)
            return network_words(self, bound, window, said), CLAUSE if self.english and said else PHRASE
        as_share = share_asked(bound)
        whole = op == "share" or as_share
        # some ask about the condition itself, in the others it says which rows
        asked = operators.get(op).needs_where
        adjective, condition = ("", where) if asked else self.adjective(bound.table, where)
        said = "" if condition is None else self.say(condition, _OR)
        restriction = "" if asked else said
        beside = "" if asked or condition is None else attached(self, bound, condition)
        if as_share and value is not None:
            op, said = "share", self.say(value, _OR)
        types = () if value is None or whole else (value.type,)
        time = self.timed(bound.table)
        is_default = value == BoundColumn(bound.table, (), bound.table, time or "", Type.TIME)
        if operators.get(op).of_times and is_default:
            value = None
        text = "" if value is None or whole else self.say(value)
        if text and value is not None and any(isinstance(one, BoundAggregate | BoundGroup) for one in in_row(value)):
            # an aggregate of aggregates: brackets show which rows are whose
            text = f"({text})" if self.english else f"（{text}）"
        slots = self.slots(bound, adjective, restriction, text, isinstance(value, BoundColumn), beside)
        slots["condition"] = said
        slots |= self.further(bound)
        if isinstance(value, BoundColumn) and value.hops:
            slots |= self.of_parent(value, slots["rows"])
        spoken = operators.get(op).say_rows(slots, types, self.lang)
        return spoken, CLAUSE if self.english and ((restriction and not beside) or whole or asked) else PHRASE

    def further(self, bound: BoundAggregate | BoundGroup) -> dict[str, str]:
        """Slots for arguments and options that few operators have."""
        out = {}
        for one in bound.further:
            constant = isinstance(one, BoundLiteral) and one.type is Type.NUMBER
            out["parameter" if constant else "second"] = self.say(one)
        if isinstance(bound, BoundAggregate):
            if bound.after is not None:
                out["after"] = self.say(bound.after, _OR)
            if bound.within is not None:
                out["within"] = bound.within.words(self.lang)
        return out

    def slots(
        self,
        bound: BoundAggregate | BoundGroup,
        adjective: str,
        restriction: str,
        value: str,
        is_column: bool,
        beside: str,
    ) -> dict[str, str]:
        ahead = bound if isinstance(bound, BoundAggregate) else None
        window = self.window(bound.window, ahead is not None and ahead.forward, None if ahead is None else ahead.gap)
        whose, early, after = self.whose(bound)
        noun = self.noun(bound.table)
        if self.english:
            lead = f"{early}{adjective} ".lstrip() if adjective else early
            shown = beside or (f"where {restriction}" if restriction else "")
            tail = f"{after}{window}" + (f" {shown}" if shown else "")
            rows = f"{lead}{noun}{tail}"
            of = f"{value} {'of' if is_column else 'over'} {rows}" if value else rows
            one, kept = f"{lead}{self.one(bound.table)}{tail}", f"{lead}{noun}{after}"
            values = plural(value) if is_column else value
            slots = {"value": value, "values": values, "rows": rows, "of": of, "one": one, "noun": kept}
            return slots | {"window": window, "plain": rows}
        # Two Latin words side by side need a space, Chinese ones none.
        between = " " if adjective.isascii() and noun[:1].isascii() and adjective else ""
        named = (
            whose + (beside or (f"{restriction}的" if restriction else "")) + early + adjective + between + noun + after
        )
        rows = window + named
        of = glued(rows, value) if value else rows
        slots = {"value": value, "values": value, "rows": rows, "of": of, "one": rows, "noun": named}
        return slots | {"window": window, "plain": rows}

    def of_parent(self, value: BoundColumn, rows: str) -> dict[str, str]:
        """Slots for a column of the rows' parent: a parent counts once for each of its rows."""
        title, owner = self.title(value.table, value.column), self.owner(value)
        if not self.english:
            return {"of": f"{rows}的{glued(owner, title)}"}
        owner = f"the {owner}" if self.titled(value.table) or not self.by_table(value) else owner
        one = f"{title} of {owner}"
        return {"value": one, "values": f"{plural(title)} of {owner}", "of": f"{one} over {rows}"}

    def adjective(self, table: str, where: Bound | None) -> tuple[str, Bound | None]:
        """Part a condition into what can be said before the noun, and the rest."""
        parts = _conjuncts(where)
        for part in parts:
            level = self.kind_named(table, part)
            if level is not None:
                rest = [other for other in parts if other is not part]
                joined: Bound | None = None
                for other in rest:
                    joined = other if joined is None else BoundCall("and", (joined, other), Type.FLAG)
                return level, joined
        return "", where

    def kind_named(self, table: str, part: Bound) -> str | None:
        if not isinstance(part, BoundCall) or part.op != "eq":
            return None
        column, level = part.args
        if not isinstance(column, BoundColumn) or column.hops or not isinstance(level, BoundLiteral):
            return None
        names = (*_KINDS, *(f"{singular(table)}_{kind}" for kind in _KINDS))
        if column.column not in names or not isinstance(level.value, str):
            return None
        plain = _ADJECTIVE.fullmatch(level.value) and level.value.lower() not in _NO_ADJECTIVE
        return level.value if plain else None

    def window(self, window: Duration | None, forward: bool, gap: Duration | None) -> str:
        if window is None:
            return ""
        length = window.words(self.lang)
        if not self.english:
            if gap is not None:
                return f"{gap.words('zh')}后起 {length}内"
            return f"未来 {length}" if forward else f"近 {length}"
        if gap is not None:
            return f" in the {length} that begin {gap.words()} later"
        return f" in the {'next' if forward else 'last'} {length.removeprefix('1 ') if window.count == 1 else length}"


def share_asked(bound: BoundAggregate | BoundGroup) -> bool:
    """Whether the mean of a condition is asked: the share of rows that meet it."""
    return bound.op == "mean" and isinstance(bound.value, BoundCall) and bound.value.type is Type.FLAG


def _conjuncts(where: Bound | None) -> list[Bound]:
    if where is None:
        return []
    if isinstance(where, BoundCall) and where.op == "and":
        return [*_conjuncts(where.args[0]), *_conjuncts(where.args[1])]
    return [where]
