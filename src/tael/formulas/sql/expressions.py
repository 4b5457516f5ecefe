"""Row formulas as SQL expressions: NULL is missing, a condition is a BOOLEAN, a number is finite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundCutoff, BoundGroup, BoundLiteral
from tael.formulas.operators import REGISTRY
from tael.formulas.operators.base import NUMERIC
from tael.formulas.sql import texts
from tael.formulas.sql.dialects import Dialect, plain_number
from tael.tables.schema import Type

COLUMN_SIZE = 100.0
"""Numbers in columns are taken to lie between 1e-100 and 1e100 in size: then a product of three needs no guard."""

_LARGEST, _LN_LARGEST, _LN_LEAST = 300.0, "709.78", "-708"
_COMPARED = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_PARTS = {
    "year": "YEAR",
    "month": "MONTH",
    "day": "DAY",
    "hour": "HOUR",
    "day_of_year": "DOY",
    "minute": "MINUTE",
    "quarter": "QUARTER",
    "week": "WEEK",
}
_OF_WORDS = frozenset({"keyword", "term_share", "is_holiday", "is_workday"})
_COUNTED = {"n_words": texts.n_words, "digits": texts.digits, "days_to_month_end": texts.days_to_month_end}
WRITTEN = frozenset({*_COMPARED, *_PARTS, *_OF_WORDS, *_COUNTED, "and", "or", "days_since"})
"""Row operators that :meth:`Writer.call` writes itself; the others have a method each."""


@dataclass(frozen=True)
class Sql:
    """An expression.

    Parameters
    ----------
    text : str
    type : Type
    atom : bool
        Whether it can stand in an operation without brackets.
    bare : str
        For a constant number: how it is written beside a double; else empty.
    whole : bool
        Whether its type in the database is an integer.
    low, high : float
        Powers of ten between which its size lies, unless it is 0.
    """

    text: str
    type: Type
    atom: bool = True
    bare: str = ""
    whole: bool = False
    low: float = -COLUMN_SIZE
    high: float = COLUMN_SIZE

    @property
    def held(self) -> str:
        """In brackets where an operation needs them."""
        return self.text if self.atom else f"({self.text})"

    @property
    def wild(self) -> bool:
        """Whether it may overflow or vanish."""
        return self.high > _LARGEST or self.low < -_LARGEST


class Writer:
    """Writes row formulas.

    Parameters
    ----------
    dialect : Dialect
    column : callable of BoundColumn
    aggregate : callable of BoundAggregate or BoundGroup
    cutoff : str
    """

    def __init__(
        self,
        dialect: Dialect,
        column: Callable[[BoundColumn], Sql],
        aggregate: Callable[[BoundAggregate | BoundGroup], Sql],
        cutoff: str,
    ) -> None:
        self.dialect, self.column, self.aggregate, self.cutoff = dialect, column, aggregate, cutoff

    def write(self, bound: Bound) -> Sql:
        """Write a formula."""
        match bound:
            case BoundLiteral():
                return self.constant(bound)
            case BoundCutoff():
                return Sql(self.cutoff, Type.TIME)
            case BoundColumn():
                return self.column(bound)
            case BoundAggregate() | BoundGroup():
                return self.aggregate(bound)
            case BoundCall():
                return self.call(bound)
        raise FormulaError("This part of the language is not in SQL yet.", got=type(bound).__name__)

    def constant(self, bound: BoundLiteral) -> Sql:
        """A literal."""
        value = bound.value
        if bound.type is Type.TIME:
            return Sql(f"CAST('{self.dialect.moment(int(value))}' AS TIMESTAMP)", Type.TIME)
        if isinstance(value, bool):
            return Sql(str(value).upper(), Type.FLAG)
        if isinstance(value, str):
            return Sql(self.dialect.literal(value), Type.CATEGORY)
        number = plain_number(value)
        # of the order of 1 for the guards, or as large as it is
        size = float(f"{abs(value):e}".split("e")[1]) if value else 0.0
        return Sql(self.dialect.number(number), Type.NUMBER, bare=number, low=size - 1, high=size + 1)

    def number(self, one: Sql) -> Sql:
        """A flag as 0 or 1, a count as a double, a number as it is."""
        if one.type is Type.FLAG:
            return Sql(self.dialect.number(f"CAST({one.text} AS INT)"), Type.NUMBER, low=0, high=0)
        return replace(one, text=self.dialect.number(one.text), atom=True, whole=False) if one.whole else one

    def alike(self, parts: list[Sql], *, compared: bool = False) -> list[Sql]:
        """Alternatives in one type; in a comparison a count may stay an integer."""
        kinds = {part.type for part in parts}
        if kinds <= NUMERIC and kinds != {Type.FLAG}:
            return self.bare([part if compared and part.whole else self.number(part) for part in parts])
        return parts

    def bare(self, parts: list[Sql]) -> list[Sql]:
        """Constants are plain where there is a double beside them, which decides the type."""
        if all(part.bare for part in parts):
            return parts
        return [
            replace(part, text=part.bare, atom=not part.bare.startswith("-")) if part.bare else part for part in parts
        ]

    def call(self, bound: BoundCall) -> Sql:
        """A row operator."""
        args = [self.write(arg) for arg in bound.args]
        op, kind = bound.op, bound.type
        if op in _COUNTED:
            return Sql(_COUNTED[op](self.dialect, args[0].held), kind, low=0, high=10)
        if op in _OF_WORDS:
            return self._of_words(op, args[0], bound)
        if op in _COMPARED:
            left, right = self.alike(args, compared=True)
            return Sql(f"{left.held} {_COMPARED[op]} {right.held}", kind, atom=False)
        if op in ("and", "or"):
            return Sql(f"{args[0].held} {op.upper()} {args[1].held}", kind, atom=False)
        if op in _PARTS:
            part = self.dialect.number(f"EXTRACT({_PARTS[op]} FROM {args[0].text})")
            return Sql(part, kind, low=0, high=5)
        if op in ("days_since", "sub") and args[0].type is Type.TIME:
            later, earlier = (args[1], args[0]) if op == "days_since" else (args[0], args[1])
            return Sql(self.dialect.days(later.held, earlier.held), kind, atom=False, low=-11, high=8)
        method = getattr(self, f"_{op}", None) if op in REGISTRY else None
        if method is None:
            raise FormulaError(
                f"`{op}` is not in SQL yet.", got=op, fix="Leave the formula out, or compute it in Python."
            )
        written: Sql = method(*args)
        return replace(written, type=kind)

    # -- arithmetic
    def _pair(self, left: Sql, right: Sql) -> tuple[Sql, Sql]:
        first, second = self.bare([self.number(left), self.number(right)])
        return first, second

    def _finite(self, text: str, low: float, high: float) -> Sql:
        """Infinite results are missing; PostgreSQL has none, since it stops instead (see `_sized`)."""
        if high <= _LARGEST or self.dialect.name == "postgres":
            return Sql(text, Type.NUMBER, atom=False, low=low, high=high)
        infinity = self.dialect.infinity()
        undefined = self.dialect.number("'NaN'")
        text = f"NULLIF(NULLIF(NULLIF({text}, {infinity}), -{infinity}), {undefined})"
        return Sql(text, Type.NUMBER, low=low, high=308)

    def _total(self, left: Sql, right: Sql, sign: str) -> Sql:
        first, second = self._pair(left, right)
        high = max(first.high, second.high) + 0.5
        text = f"{first.held} {sign} {second.held}"
        if high > _LARGEST and self.dialect.name == "postgres":
            text = f"CASE WHEN ABS({first.text}) < 8e307 AND ABS({second.text}) < 8e307 THEN {text} END"
            return Sql(text, Type.NUMBER, low=-308, high=308)
        return self._finite(text, min(first.low, second.low) - 17, high)

    def _add(self, left: Sql, right: Sql) -> Sql:
        return self._total(left, right, "+")

    def _sub(self, left: Sql, right: Sql) -> Sql:
        return self._total(left, right, "-")

    def _sized(self, text: str, size: str, zero: str) -> Sql:
        """PostgreSQL stops where a result overflows or vanishes, so its logarithm is looked at first."""
        guarded = (
            f"CASE WHEN {zero} THEN 0 WHEN {size} < {_LN_LEAST} THEN 0 WHEN {size} < {_LN_LARGEST} THEN {text} END"
        )
        return Sql(guarded, Type.NUMBER, low=-308, high=308)

    def _mul(self, left: Sql, right: Sql) -> Sql:
        a, b = self._pair(left, right)
        low, high = a.low + b.low, a.high + b.high
        text = f"{a.held} * {b.held}"
        if self.dialect.name == "postgres" and (high > _LARGEST or low < -_LARGEST):
            size = f"LN(ABS(NULLIF({a.text}, 0))) + LN(ABS(NULLIF({b.text}, 0)))"
            some = f"{a.held} = 0 AND {b.held} IS NOT NULL OR {b.held} = 0 AND {a.held} IS NOT NULL"
            return self._sized(text, size, some)
        return self._finite(text, low, high)

    def _div(self, left: Sql, right: Sql) -> Sql:
        a, b = self._pair(left, right)
        low, high = a.low - b.high, a.high - b.low
        constant = bool(b.bare) and float(b.bare) != 0
        divisor = b.held if constant else f"NULLIF({b.text}, 0)"
        text = f"{a.held} / {divisor}"
        if self.dialect.name == "postgres" and (high > _LARGEST or low < -_LARGEST):
            size = f"LN(ABS(NULLIF({a.text}, 0))) - LN(ABS(NULLIF({b.text}, 0)))"
            return self._sized(text, size, f"{a.held} = 0 AND {b.held} <> 0")
        return self._finite(text, low, high)

    def _pow(self, base: Sql, exponent: Sql) -> Sql:
        base = self.number(base)
        if exponent.bare and abs(float(exponent.bare)) * COLUMN_SIZE <= 3 * COLUMN_SIZE and not base.bare:
            y = float(exponent.bare)
            of = base.text
            if y < 0:
                of = f"NULLIF({of}, 0)"
            if y != int(y):
                of = f"CASE WHEN {base.held} >= 0 THEN {of} END"
            ends = sorted((base.low * y, base.high * y))
            if ends[1] <= _LARGEST and ends[0] >= -_LARGEST:
                return Sql(f"POWER({of}, {exponent.bare})", Type.NUMBER, low=ends[0], high=ends[1])
        x, y_text = base.held, self.number(exponent).held
        size = f"{y_text} * LN(ABS(NULLIF({base.text}, 0)))"
        # any number to the power of 0 is 1, and 0 to a positive power is 0
        return Sql(
            f"CASE WHEN {x} = 0 AND {y_text} >= 0 THEN CASE WHEN {y_text} = 0 THEN 1 ELSE 0 END "
            f"WHEN {x} < 0 AND {y_text} <> FLOOR({y_text}) THEN NULL WHEN {size} < {_LN_LEAST} THEN 0 "
            f"WHEN {size} < {_LN_LARGEST} THEN POWER({base.text}, {y_text}) END",
            Type.NUMBER,
            low=-308,
            high=308,
        )

    def _neg(self, value: Sql) -> Sql:
        value = self.number(value)
        return replace(value, text=f"-{value.held}", atom=False, bare="")

    def _log(self, value: Sql) -> Sql:
        return Sql(f"LN(NULLIF(GREATEST({self.number(value).text}, 0), 0))", Type.NUMBER, low=-17, high=3)

    def _log1p(self, value: Sql) -> Sql:
        x = self.number(value)
        # near 0 the sum 1 + x has lost most of x: the first terms of the series are exact to the last digits there
        series = f"{x.held} * (1 - {x.held} * (0.5e0 - {x.held} * (1 / 3e0 - {x.held} * 0.25e0)))"
        logarithm = f"LN(NULLIF(GREATEST(1 + {x.held}, 0), 0))"
        return Sql(
            f"CASE WHEN ABS({x.text}) < 1e-4 THEN {series} ELSE {logarithm} END", Type.NUMBER, low=x.low - 1, high=3
        )

    def _exp(self, value: Sql) -> Sql:
        x = self.number(value)
        text = f"EXP(CASE WHEN {x.held} <= 709.782712893384 THEN GREATEST({x.text}, -745) END)"
        return Sql(text, Type.NUMBER, low=-324, high=308)

    def _sqrt(self, value: Sql) -> Sql:
        x = self.number(value)
        return Sql(f"SQRT(CASE WHEN {x.held} >= 0 THEN {x.text} END)", Type.NUMBER, low=x.low / 2, high=x.high / 2)

    def _abs(self, value: Sql) -> Sql:
        x = self.number(value)
        return Sql(f"ABS({x.text})", Type.NUMBER, low=x.low, high=x.high)

    def _sign(self, value: Sql) -> Sql:
        return Sql(self.dialect.number(f"SIGN({self.number(value).text})"), Type.NUMBER, low=0, high=0)

    def _floor(self, value: Sql) -> Sql:
        x = self.number(value)
        return Sql(self.dialect.number(f"FLOOR({x.text})"), Type.NUMBER, low=0, high=max(x.high, 0))

    def _round(self, value: Sql, digits: Sql | None = None) -> Sql:
        x = self.number(value)
        if digits is None:
            return Sql(self.dialect.nearest(x.text), Type.NUMBER, low=0, high=max(x.high, 0))
        if not digits.bare or abs(float(digits.bare)) > 15:
            raise FormulaError(
                "`round` to other than a constant number of decimals is not in SQL yet.",
                expected="a constant from -15 to 15",
                got=digits.bare or digits.text,
            )
        scale = plain_number(10.0 ** round(float(digits.bare)))
        text = f"{self.dialect.nearest(f'{x.held} * {scale}')} / {scale}"
        return Sql(text, Type.NUMBER, atom=False, low=-16, high=max(x.high, 16))

    def _clip(self, value: Sql, low: Sql, high: Sql) -> Sql:
        parts = self.bare([self.number(value), self.number(low), self.number(high)])
        there = " AND ".join(f"{part.held} IS NOT NULL" for part in parts if not part.bare)
        held = f"LEAST(GREATEST({parts[0].text}, {parts[1].text}), {parts[2].text})"
        text = f"CASE WHEN {there} THEN {held} END" if there else held
        return Sql(text, Type.NUMBER, low=min(p.low for p in parts), high=max(p.high for p in parts))

    def _either(self, left: Sql, right: Sql, sign: str) -> Sql:
        if left.type is Type.TIME:
            a, b = left, right
        else:
            a, b = self._pair(left, right)
        text = f"CASE WHEN {a.held} {sign} {b.held} THEN {a.text} WHEN {b.held} {sign} {a.held} THEN {b.text} END"
        return Sql(text, left.type, low=min(a.low, b.low), high=max(a.high, b.high))

    def _minimum(self, left: Sql, right: Sql) -> Sql:
        return self._either(left, right, "<=")

    def _maximum(self, left: Sql, right: Sql) -> Sql:
        return self._either(left, right, ">=")

    # -- conditions, choices
    def _not(self, value: Sql) -> Sql:
        return Sql(f"NOT {value.held}", Type.FLAG, atom=False)

    def _in(self, value: Sql, *choices: Sql) -> Sql:
        first, *rest = self.alike([value, *choices], compared=True)
        return Sql(f"{first.held} IN ({', '.join(one.text for one in rest)})", Type.FLAG, atom=False)

    def _where(self, condition: Sql, yes: Sql, no: Sql) -> Sql:
        first, second = self.alike([yes, no])
        text = f"CASE WHEN {condition.text} THEN {first.text} WHEN NOT {condition.held} THEN {second.text} END"
        return Sql(text, Type.NUMBER, low=min(first.low, second.low), high=max(first.high, second.high))

    def _coalesce(self, *values: Sql) -> Sql:
        parts = self.alike(list(values))
        text = f"COALESCE({', '.join(part.text for part in parts)})"
        return Sql(text, Type.NUMBER, low=min(p.low for p in parts), high=max(p.high for p in parts))

    def _is_missing(self, value: Sql) -> Sql:
        return Sql(f"{value.held} IS NULL", Type.FLAG, atom=False)

    # -- times, texts
    def _weekday(self, time: Sql) -> Sql:
        return Sql(self.dialect.number(self.dialect.weekday(time.text)), Type.NUMBER, low=0, high=1)

    def _is_weekend(self, time: Sql) -> Sql:
        return Sql(f"{self.dialect.weekday(time.text)} >= 5", Type.FLAG, atom=False)

    def _is_night(self, time: Sql) -> Sql:
        hour = f"EXTRACT(HOUR FROM {time.text})"
        return Sql(f"{hour} >= 22 OR {hour} < 6", Type.FLAG, atom=False)

    def _is_month_start(self, time: Sql) -> Sql:
        return Sql(f"EXTRACT(DAY FROM {time.text}) = 1", Type.FLAG, atom=False)

    def _is_month_end(self, time: Sql) -> Sql:
        last = texts.days_in_month(self.dialect, time.held)
        return Sql(f"EXTRACT(DAY FROM {time.text}) = {last}", Type.FLAG, atom=False)

    def _months_between(self, start: Sql, end: Sql) -> Sql:
        return Sql(texts.between(self.dialect, start.held, end.held, 1), Type.NUMBER, low=0, high=6)

    def _years_between(self, start: Sql, end: Sql) -> Sql:
        return Sql(texts.between(self.dialect, start.held, end.held, 12), Type.NUMBER, low=0, high=5)

    def _of_words(self, op: str, value: Sql, bound: BoundCall) -> Sql:
        said = texts.constants(op, bound.args[1:])
        if op == "keyword":
            return Sql(texts.keyword(self.dialect, value.text, said), Type.FLAG, atom=False)
        if op == "term_share":
            share = texts.term_share(self.dialect, value.text, said[0])
            return Sql(share, Type.NUMBER, atom=False, low=-10, high=0)
        return Sql(texts.in_calendar(self.dialect, op, value.held, said[0]), Type.FLAG, atom=False)

    def _occurrences(self, text: Sql, part: Sql) -> Sql:
        sql = texts.occurrences(self.dialect, text.text, part.text)
        return Sql(sql, Type.NUMBER, atom=False, low=0, high=10)

    def _starts_with(self, text: Sql, part: Sql) -> Sql:
        return Sql(texts.starts_with(self.dialect, text.held, part.held), Type.FLAG, atom=False)

    def _length(self, text: Sql) -> Sql:
        return Sql(self.dialect.number(f"LENGTH({text.text})"), Type.NUMBER, low=0, high=10)

    def _contains(self, text: Sql, part: Sql) -> Sql:
        spark = self.dialect.name == "spark"
        found = f"LOCATE({part.text}, {text.text})" if spark else f"STRPOS({text.text}, {part.text})"
        return Sql(f"{found} > 0", Type.FLAG, atom=False)

    def result(self, bound: Bound) -> str:
        """A whole formula as a column of the result: numbers and flags (0 or 1) as numbers."""
        one = self.write(bound)
        return self.number(one).text if one.type is Type.FLAG else one.text


def no_aggregate(one: BoundAggregate | BoundGroup) -> Sql:
    """What a writer does where no aggregate can stand."""
    raise FormulaError("No aggregate can stand here.", got=one.op)
