"""What rows have and lack, as people say it: with no surgeon recorded; number known of diagnosis 1 to 10."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundGroup, BoundLiteral
from tael.formulas.owners import Owners
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


def number_known(speaker: Owners, bound: BoundCall) -> str | None:
    """How many of a row's own columns are there: a sum of three or more conditions that each is known.

    Examples
    --------
    >>> from tael.formulas.words import words
    >>> from tael.tables.schema import Schema
    >>> names = ("d_1", "d_2", "d_3")
    >>> schema = Schema.from_dict({"claims": {"columns": {name: {"type": "category"} for name in names}}})
    >>> words("(not is_missing(d_1)) + (not is_missing(d_2)) + (not is_missing(d_3))", schema, "claims")
    'number known of d 1 to 3'
    """
    columns = _known(bound)
    if columns is None or len(columns) < 3 or len(set(columns)) < len(columns):
        return None
    titles = [speaker.title(one.table, one.column) for one in columns]
    run = _run(titles)
    if run is not None:
        head, first, last = run
        said = f"{head}{first} to {last}" if speaker.english else f"{head}{first} 至 {last}"
    elif speaker.english:
        said = f"{', '.join(titles[:-1])} and {titles[-1]}"
    else:
        said = "、".join(titles)
    return f"number known of {said}" if speaker.english else f"{said}的已登记个数"


def _known(bound: Bound) -> list[BoundColumn] | None:
    """The columns of a sum of conditions that each is known; None: something else."""
    if not isinstance(bound, BoundCall):
        return None
    if bound.op == "add":
        left, right = _known(bound.args[0]), _known(bound.args[1])
        return None if left is None or right is None else [*left, *right]
    inner = bound.args[0]
    if bound.op != "not" or not isinstance(inner, BoundCall) or inner.op != "is_missing":
        return None
    column = inner.args[0]
    return [column] if isinstance(column, BoundColumn) and not column.hops else None


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
