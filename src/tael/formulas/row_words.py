"""What rows have and lack, as people say it: no surgeon recorded, number known of diagnosis 1 to 10, first met when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundGroup, BoundLiteral
from tael.formulas.grammar import possessive
from tael.formulas.owners import SUM, Owners
from tael.tables.schema import Type

_NUMBERED = re.compile(r"(.*[^\d\s]\s*)(\d+)")


def attached(speaker: Owners, bound: BoundAggregate | BoundGroup, condition: Bound) -> str:
    """A lone condition on a category that a row has or lacks, said right after (Chinese: before) the rows.

    Parameters
    ----------
    speaker : Owners
    bound : BoundAggregate or BoundGroup
        Of whose rows the condition is.
    condition : Bound

    Returns
    -------
    str
        Empty where "where ..." is plainer: of other conditions, and of peers, who are "with the same ..." already.

    Examples
    --------
    >>> from tael.formulas.words import words
    >>> from tael.tables.schema import Schema
    >>> schema = Schema.from_dict({"people": {"key": "id"}, "claims": {"time": "at", "columns": {
    ...     "id": {"to": "people"}, "surgeon": {"type": "category"}}}})
    >>> words("count(claims, where=is_missing(surgeon))", schema, "people")
    'number of claims with no surgeon recorded'
    """
    known = isinstance(condition, BoundCall) and condition.op == "not"
    inner = condition.args[0] if isinstance(condition, BoundCall) and known else condition
    if isinstance(bound, BoundGroup) or bound.path.peers or not isinstance(inner, BoundCall):
        return ""
    column = inner.args[0]
    if not isinstance(column, BoundColumn) or column.hops or column.type is not Type.CATEGORY:
        return ""
    title = speaker.title(column.table, column.column)
    if inner.op == "is_missing":
        if speaker.english:
            return f"with {title} recorded" if known else f"with no {title} recorded"
        return f"{'已' if known else '未'}登记{title}的"
    # "with diagnosis 8 25000" has one number too many
    plain = inner.op == "eq" and not known and speaker.english and not title[-1:].isdigit()
    level = inner.args[-1]
    return f"with {title} {speaker.say(level)}" if plain and isinstance(level, BoundLiteral) else ""


def days_after_first(speaker: Owners, bound: BoundCall) -> str | None:
    """How long a row's party has been known: days from the first row that shares a value with it to the row itself.

    Examples
    --------
    >>> from tael.formulas.words import words
    >>> from tael.tables.schema import Schema
    >>> schema = Schema.from_dict({"people": {"key": "id"}, "claims": {"time": "at", "title": {"en": "claims"},
    ...     "columns": {"id": {"to": "people"}, "surgeon": {"type": "category"}}}})
    >>> words("count(claims, where=at - min(claims.at, by=surgeon) < 7)", schema, "people")
    'number of claims where days after the first claim with the same surgeon is below 7 days'
    """
    late, early = bound.args
    if not isinstance(late, BoundColumn) or not isinstance(early, BoundGroup) or early.op != "min":
        return None
    plain = early.where is None and early.window is None and early.grain == late.grain and early.by
    if not plain or late.hops or early.value != late or speaker.timed(late.table) != late.column:
        return None
    shared = [speaker.say(part, SUM) for part in early.by]
    if speaker.english:
        return f"days after the first {speaker.one(late.table)} with the same {' and '.join(shared)}"
    return f"与相同{'、'.join(shared)}首次{speaker.noun(late.table)}相隔的天数"


def number_of_flags(speaker: Owners, bound: BoundCall) -> str | None:
    """How many of a row's columns are known, or equal one value: a sum of three or more such conditions.

    Examples
    --------
    >>> from tael.formulas.words import words
    >>> from tael.tables.schema import Schema
    >>> names = ("d_1", "d_2", "d_3")
    >>> schema = Schema.from_dict({"claims": {"columns": {name: {"type": "category"} for name in names}}})
    >>> words("(not is_missing(d_1)) + (not is_missing(d_2)) + (not is_missing(d_3))", schema, "claims")
    'number known of d 1 to 3'
    >>> words('(d_1 == "x") + (d_3 == "x") + (d_2 == "x")', schema, "claims")
    'number equal to x of d 1, d 3 and d 2'
    """
    parts = _added(bound)
    columns = [column for column, _ in parts]
    if len(parts) < 3 or len(set(columns)) < len(parts) or len({level for _, level in parts}) > 1:
        return None
    if len({(column.hops, column.table) for column in columns}) > 1:
        return None
    first, level = parts[0]
    titles = [speaker.title(one.table, one.column) for one in columns]
    run = _run(titles)
    if run is not None:
        head, low, high = run
        said = f"{head}{low} to {high}" if speaker.english else f"{head}{low} 至 {high}"
    elif speaker.english:
        said = f"{', '.join(titles[:-1])} and {titles[-1]}"
    else:
        said = "、".join(titles)
    equal = "" if level is None else speaker.say(level)
    if speaker.english:
        owner = f"{possessive(speaker.owner(first))} " if first.hops else ""
        return f"number {f'equal to {equal}' if level else 'known'} of {owner}{said}"
    owner = f"{speaker.owner(first)}的" if first.hops else ""
    return f"{owner}{said}{f'中为 {equal} 的' if level else '的已登记'}个数"


def _added(bound: Bound) -> list[tuple[BoundColumn, BoundLiteral | None]]:
    """The columns of a sum of conditions, each with what it shall equal, or None: be known. Empty: no such sum."""
    if not isinstance(bound, BoundCall):
        return []
    if bound.op == "add":
        left, right = _added(bound.args[0]), _added(bound.args[1])
        return [*left, *right] if left and right else []
    inner = bound.args[0]
    if bound.op == "eq":
        level = bound.args[1]
        return [(inner, level)] if isinstance(inner, BoundColumn) and isinstance(level, BoundLiteral) else []
    if bound.op != "not" or not isinstance(inner, BoundCall) or inner.op != "is_missing":
        return []
    column = inner.args[0]
    return [(column, None)] if isinstance(column, BoundColumn) else []


def _run(titles: Sequence[str]) -> tuple[str, int, int] | None:
    """Titles that count up by one: what they share, the first and the last number.

    >>> _run(["diagnosis 1", "diagnosis 2", "diagnosis 3"])
    ('diagnosis ', 1, 3)
    """
    parts = [_NUMBERED.fullmatch(title) for title in titles]
    heads = {part[1] for part in parts if part}
    numbers = [int(part[2]) for part in parts if part and not (part[2][0] == "0" and len(part[2]) > 1)]
    if len(heads) != 1 or len(numbers) != len(titles) or any(b - a != 1 for a, b in pairwise(numbers)):
        return None
    return heads.pop(), numbers[0], numbers[-1]
