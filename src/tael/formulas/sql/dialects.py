"""What differs between the databases: types, quoting, days between two times, the value of the last row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from tael.errors import FormulaError, did_you_mean
from tael.formulas.durations import Duration
from tael.tables.schema import Type

DIALECTS = ("duckdb", "postgres", "spark")
"""The dialects that can be written. Spark's is checked by sqlglot's parser alone."""

# Quoted wherever they are names: what DuckDB, PostgreSQL or Spark reserve, and types that read oddly as columns.
_WORDS = """
all analyse analyze and anti any array as asc asymmetric at authorization between binary both case cast check collate
collation column concurrently constraint create cross current_catalog current_date current_role current_schema
current_time current_timestamp current_user date default deferrable desc describe distinct do else end escape except
exists false fetch filter for foreign freeze from full glob grant group having ilike in initially inner intersect
interval into is isnull join lambda lateral leading left like limit localtime localtimestamp map minus natural not
notnull null offset on only or order outer over overlaps pivot pivot_longer pivot_wider placing positional primary
qualify range references returning right row rows select semi session_user show similar some struct summarize symmetric
system_user table tablesample then time timestamp to trailing true union unique unpivot user using values variadic
verbose when where window with
"""
_RESERVED = frozenset(_WORDS.split())
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_UNITS = {"s": "SECOND", "min": "MINUTE", "h": "HOUR", "d": "DAY", "w": "WEEK", "mo": "MONTH", "y": "YEAR"}
# A window that begins before any time that a database can hold is one without a beginning.
_LONGEST_DAYS = 365.0 * 1500


@dataclass(frozen=True)
class Dialect:
    """The parts of SQL that one database writes in its own way.

    Parameters
    ----------
    name : {"duckdb", "postgres", "spark"}
    double, text : str
        Types of numbers and of texts.

    Examples
    --------
    >>> Dialect.named("postgres").days("a", "b")
    'CAST(EXTRACT(EPOCH FROM a - b) AS DOUBLE PRECISION) / 86400'
    """

    name: str
    double: str
    text: str

    @classmethod
    def named(cls, name: str) -> Dialect:
        """The dialect of that name.

        Raises
        ------
        FormulaError
            If there is none.
        """
        if name not in DIALECTS:
            raise FormulaError(
                "There is no such dialect of SQL.",
                expected=", ".join(DIALECTS),
                got=repr(name),
                fix=did_you_mean(name, DIALECTS),
            )
        double = "DOUBLE PRECISION" if name == "postgres" else "DOUBLE"
        return cls(name, double, "STRING" if name == "spark" else "TEXT")

    def quote(self, name: str) -> str:
        """A name as an identifier; in quotes only where it needs them.

        >>> Dialect.named("duckdb").quote("amount"), Dialect.named("spark").quote("order")
        ('amount', '`order`')
        """
        if _PLAIN.fullmatch(name) and name not in _RESERVED:
            return name
        mark = "`" if self.name == "spark" else '"'
        return mark + name.replace(mark, mark * 2) + mark

    def literal(self, text: str) -> str:
        """A text as a literal.

        >>> Dialect.named("duckdb").literal("it's")
        "'it''s'"
        """
        if self.name == "spark":
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return "'" + text.replace("'", "''") + "'"

    def number(self, sql: str) -> str:
        """A value as a double."""
        return f"CAST({sql} AS {self.double})"

    def days(self, later: str, earlier: str) -> str:
        """The days from one time to another, with fractions; a quotient, not in brackets."""
        if self.name == "postgres":
            return f"{self.number(f'EXTRACT(EPOCH FROM {later} - {earlier})')} / 86400"
        micros = "EPOCH_US" if self.name == "duckdb" else "UNIX_MICROS"
        return f"({micros}({later}) - {micros}({earlier})) / 8.64e10"

    def before(self, moment: str, window: Duration) -> str | None:
        """The time so much earlier; None where no time can be that early."""
        if window.days > _LONGEST_DAYS:
            return None
        if self.name == "duckdb" and window.unit in ("mo", "y"):
            # DuckDB holds 6 months and 180 days to be equal, and computes `t - INTERVAL ...` of equal intervals once
            return f"{moment} + INTERVAL '-{window.count}' {_UNITS[window.unit]}"
        return f"{moment} - INTERVAL '{window.count}' {_UNITS[window.unit]}"

    def utc(self, sql: str, zone: str) -> str:
        """A naive time written in a zone, in UTC."""
        if self.name == "spark":
            return f"TO_UTC_TIMESTAMP({sql}, {self.literal(zone)})"
        return f"({sql} AT TIME ZONE {self.literal(zone)}) AT TIME ZONE 'UTC'"

    def weekday(self, time: str) -> str:
        """The day of the week, 0 for Monday; may be a difference, not in brackets."""
        return f"WEEKDAY({time})" if self.name == "spark" else f"EXTRACT(ISODOW FROM {time}) - 1"

    def nearest(self, number: str) -> str:
        """A double rounded to a whole number, halves to the even neighbour."""
        match self.name:
            case "duckdb":
                return f"ROUND_EVEN({number}, 0)"
            case "spark":
                return f"RINT({number})"
        return f"ROUND({number})"  # of a double, PostgreSQL rounds halves to even; of a numeric it would not

    def ranked(self, value: str, rank: str, condition: str, *, last: bool) -> str:
        """The value of the first or last row, by a rank, among those that meet a condition."""
        if self.name == "postgres":
            return f"(ARRAY_AGG({value} ORDER BY {rank}{' DESC' if last else ''}) FILTER (WHERE {condition}))[1]"
        return f"{'MAX_BY' if last else 'MIN_BY'}({value}, {rank}) FILTER (WHERE {condition})"

    def percentile(self, value: str, share: str) -> str:
        """The value below which a share of the values lies, by linear interpolation; an aggregate."""
        match self.name:
            case "duckdb":
                return f"QUANTILE_CONT({value}, {share})"
            case "spark":
                return f"PERCENTILE({value}, {share})"  # exact, other than what sqlglot makes of PERCENTILE_CONT
        return f"PERCENTILE_CONT({share}) WITHIN GROUP (ORDER BY {value})"

    def micros(self, later: str, earlier: str) -> str:
        """The whole microseconds from one time to another, as a double."""
        if self.name == "postgres":
            return self.number(f"EXTRACT(EPOCH FROM {later} - {earlier}) * 1000000")
        micros = "EPOCH_US" if self.name == "duckdb" else "UNIX_MICROS"
        return self.number(f"{micros}({later}) - {micros}({earlier})")

    def less_than(self, span: Duration) -> str:
        """The end of a frame of rows whose times lie less than a span, of one length, after that of a row."""
        if span.days > _LONGEST_DAYS:
            return "UNBOUNDED FOLLOWING"
        return f"INTERVAL '{span.microseconds - 1}' MICROSECOND FOLLOWING"

    def after(self, moment: str, span: Duration) -> str | None:
        """The time so much later, by a span of one length; None where no time can be that late."""
        return None if span.days > _LONGEST_DAYS else f"{moment} + INTERVAL '{span.microseconds}' MICROSECOND"

    def moment(self, micros: int) -> str:
        """Microseconds since 1970 as the text of a time.

        >>> Dialect.named("duckdb").moment(86_400_000_000)
        '1970-01-02 00:00:00'
        """
        return (datetime(1970, 1, 1) + timedelta(microseconds=micros)).isoformat(sep=" ")

    def infinity(self) -> str:
        """Infinity as a double."""
        return self.number("'Infinity'")

    def stored(self, sql: str, kind: Type, special: tuple[float, ...] = (), zone: str | None = None) -> str:
        """A column of a user's table as formulas read it: typed, codes and infinities missing."""
        match kind:
            case Type.NUMBER:
                number = self.number(sql)
                codes = f" AND {number} NOT IN ({', '.join(map(plain_number, special))})" if special else ""
                # NaN is greater than infinity in all three.
                return f"CASE WHEN ABS({number}) < {self.infinity()}{codes} THEN {number} END"
            case Type.FLAG:
                return f"CAST({sql} AS BOOLEAN)"
            case Type.TIME:
                moment = f"CAST({sql} AS TIMESTAMP)"
                return moment if zone is None else self.utc(moment, zone)
        return f"CAST({sql} AS {self.text})"

    def tidy(self, sql: str) -> str:
        """An expression read and written again by sqlglot, so that what it does not understand is found here."""
        import sqlglot

        return sqlglot.parse_one(sql, read=self.name).sql(dialect=self.name)


def plain_number(value: float) -> str:
    """A number as SQL reads it.

    >>> plain_number(90.0), plain_number(1e300)
    ('90', '1e+300')
    """
    return repr(float(value)).removesuffix(".0")
