"""Words of a text, days of a calendar and whole months as SQL; each function gives the text of an expression.

Words are found with the ranges of code points of :mod:`tael.formulas.tokens`, not with a database's classes of
characters, which go by its locale. ``LOWER`` does go by it: a PostgreSQL database in the locale ``C`` lowers A to Z
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundLiteral
from tael.formulas.operators.calendars import calendar
from tael.formulas.operators.text import DIGITS, checked_term, checked_words
from tael.formulas.sql.dialects import Dialect
from tael.formulas.tokens import LETTERS, code_points, escaped, has_cjk, parted, word_pattern


def constants(op: str, arguments: Sequence[Bound]) -> list[str]:
    """The texts that the arguments of an operator are.

    Raises
    ------
    FormulaError
        If one is a column.
    """
    found = []
    for one in arguments:
        if not isinstance(one, BoundLiteral) or not isinstance(one.value, str):
            raise FormulaError(f"`{op}` takes a text in quotes.", expected="a constant", got="an expression")
        found.append(one.value)
    return found


def _style(dialect: Dialect) -> str:
    return "posix" if dialect.name == "postgres" else "re2"


def _replaced(dialect: Dialect, text: str, pattern: str, by: str) -> str:
    every = "" if dialect.name == "spark" else ", 'g'"
    by = by.replace("\\1", "$1") if dialect.name == "spark" else by
    return f"REGEXP_REPLACE({text}, {dialect.literal(pattern)}, {dialect.literal(by)}{every})"


def _times(dialect: Dialect, text: str, part: str) -> str:
    """How often a literal part, not empty, occurs; a quotient."""
    shorter = f"LENGTH({text}) - LENGTH(REPLACE({text}, {dialect.literal(part)}, ''))"
    return f"{dialect.number(shorter)} / {len(part)}"


def occurrences(dialect: Dialect, text: str, part: str) -> str:
    """How often one expression occurs in another; a quotient, NULL for an empty part."""
    shorter = dialect.number(f"LENGTH({text}) - LENGTH(REPLACE({text}, {part}, ''))")
    return f"{shorter} / NULLIF(LENGTH({part}), 0)"


def digits(dialect: Dialect, text: str) -> str:
    """The number of digits."""
    return dialect.number(f"LENGTH({text}) - LENGTH(TRANSLATE({text}, {dialect.literal(DIGITS)}, ''))")


def starts_with(dialect: Dialect, text: str, part: str) -> str:
    """Whether a text begins with another."""
    return f"LEFT({text}, LENGTH({part})) = {part}"


def n_words(dialect: Dialect, text: str) -> str:
    """The number of words."""
    pattern = dialect.literal(word_pattern(_style(dialect)))
    count = f"LEN(REGEXP_EXTRACT_ALL({text}, {pattern}))" if dialect.name == "duckdb" else None
    return dialect.number(count or f"REGEXP_COUNT({text}, {pattern})")


def keyword(dialect: Dialect, text: str, words: Sequence[str]) -> str:
    """Whether any of some words occurs."""
    whole, anywhere = parted(checked_words(words))
    other = f"[^{code_points(LETTERS, _style(dialect))}]"
    ways = [escaped(one) for one in anywhere]
    if whole:
        # RE2 cannot look around, so that the characters beside the word are part of what is found
        ways.append(f"(^|{other})({'|'.join(map(escaped, whole))})({other}|$)")
    pattern, lower = dialect.literal("|".join(ways)), f"LOWER({text})"
    match dialect.name:
        case "duckdb":
            return f"REGEXP_MATCHES({lower}, {pattern})"
        case "postgres":
            return f"{lower} ~ {pattern}"
    return f"{lower} RLIKE {pattern}"


def term_share(dialect: Dialect, text: str, term: str) -> str:
    """A word's share of all words; a quotient."""
    term, lower = checked_term(term), f"LOWER({text})"
    if not has_cjk(term):
        # every run of letters in spaces of its own, so that the word is found without looking around
        lower = _replaced(dialect, lower, f"([{code_points(LETTERS, _style(dialect))}]+)", " \\1 ")
        term = f" {term} "
    return f"{_times(dialect, lower, term)} / NULLIF({n_words(dialect, text)}, 0)"


def in_calendar(dialect: Dialect, op: str, time: str, country: str) -> str:
    """Whether a time is a public holiday, or a working day; NULL in years that are not known."""
    known = calendar(country)
    year = f"EXTRACT(YEAR FROM {time})"
    day = f"{year} * 10000 + EXTRACT(MONTH FROM {time}) * 100 + EXTRACT(DAY FROM {time})"

    def among(days: Sequence[int]) -> str:
        return ", ".join((date(1970, 1, 1) + timedelta(days=int(one))).strftime("%Y%m%d") for one in days)

    truth = f"{day} IN ({among(known.holidays.tolist())})"
    if op == "is_workday":
        worked = f"{day} IN ({among(known.worked.tolist())})"
        truth = f"({dialect.weekday(time)} < 5 AND NOT {truth}) OR {worked}"
    return f"CASE WHEN {year} BETWEEN {known.first} AND {known.last} THEN {truth} END"


def days_in_month(dialect: Dialect, time: str) -> str:
    """The number of days of a time's month."""
    if dialect.name == "postgres":
        return f"EXTRACT(DAY FROM DATE_TRUNC('MONTH', {time}) + INTERVAL '1' MONTH - INTERVAL '1' DAY)"
    return f"EXTRACT(DAY FROM LAST_DAY({time}))"


def days_to_month_end(dialect: Dialect, time: str) -> str:
    """Days to the last one of the month."""
    return dialect.number(f"{days_in_month(dialect, time)} - EXTRACT(DAY FROM {time})")


def between(dialect: Dialect, start: str, end: str, size: int) -> str:
    """Whole calendar months, or so many of them, from one time to another."""

    def whole(earlier: str, later: str) -> str:
        years = f"EXTRACT(YEAR FROM {later}) - EXTRACT(YEAR FROM {earlier})"
        months = f"EXTRACT(MONTH FROM {later}) - EXTRACT(MONTH FROM {earlier})"
        hours = [dialect.days(one, f"DATE_TRUNC('DAY', {one})") for one in (earlier, later)]
        begun = f"LEAST(EXTRACT(DAY FROM {earlier}), {days_in_month(dialect, later)}) + {hours[0]}"
        short = f"CASE WHEN EXTRACT(DAY FROM {later}) + {hours[1]} < {begun} THEN 1 ELSE 0 END"
        count = dialect.number(f"({years}) * 12 + {months} - {short}")
        return count if size == 1 else f"FLOOR({count} / {size})"

    back, forth = whole(end, start), whole(start, end)
    return dialect.number(f"CASE WHEN {end} < {start} THEN -{back} ELSE {forth} END")
