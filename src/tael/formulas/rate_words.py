"""Quotients that people say with "per": an amount per day, claims per patient."""

from __future__ import annotations

from dataclasses import replace

from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundLiteral
from tael.formulas.grammar import DAYS
from tael.formulas.owners import PHRASE, Owners
from tael.tables.schema import Type

# What adds up over rows: so much of it falls to each of what is counted.
_ADDS_UP = {"count", "sum", "n_unique"}


def rate_words(speaker: Owners, bound: BoundCall, unit: str | None) -> str | None:
    """Say a quotient with "per"; None where "ratio of" is plainer.

    A dividend and a divisor that look at the same rows say them once: claims per different patient. Where their rows
    differ, both are said, as a ratio, so that no two formulas share their words.

    Parameters
    ----------
    speaker : Owners
    bound : BoundCall
        A division.
    unit : str or None
        Of the dividend.
    """
    upper, lower = bound.args
    if isinstance(upper, BoundLiteral) or unit == DAYS:
        return None
    days = _days(speaker, lower)
    if days is not None:
        said = speaker.say(upper, PHRASE)
        return f"{said} per day {days}" if speaker.english else f"{days}平均每天的{said}"
    counted = _counted(upper, lower)
    if counted is None:
        return None
    said, one = speaker.say(upper, PHRASE), speaker.title(counted.table, counted.column)
    return f"{said} per different {one}" if speaker.english else f"平均每个{one}的{said}"


def _days(speaker: Owners, bound: Bound) -> str | None:
    """Days as a time that passes: "from admission to discharge", "since birth"."""
    both = False
    if isinstance(bound, BoundCall) and bound.op == "add":
        bound, more = bound.args
        both = isinstance(more, BoundLiteral) and more.value == 1
        if not both:
            return None
    if not isinstance(bound, BoundCall) or not bound.args or bound.args[0].type is not Type.TIME:
        return None
    if bound.op == "sub":
        late, early = (speaker.say(arg, PHRASE) for arg in bound.args)
        # a stay from the 3rd to the 3rd is one day, not none
        counted = ("", "") if not both else (" (both counted)", "（首尾均计）")
        return f"from {early} to {late}{counted[0]}" if speaker.english else f"从{early}到{late}{counted[1]}"
    if bound.op == "days_since" and not both:
        said = speaker.say(bound.args[0], PHRASE)
        return f"since {said}" if speaker.english else f"自{said}起"
    return None


def _counted(upper: Bound, lower: Bound) -> BoundColumn | None:
    """The column whose different values are counted beneath, where both look at the same rows."""
    if not isinstance(upper, BoundAggregate) or not isinstance(lower, BoundAggregate):
        return None
    column = lower.value
    if lower.op != "n_unique" or upper.op not in _ADDS_UP or not isinstance(column, BoundColumn) or column.hops:
        return None
    if upper.value == column or replace(upper, op=lower.op, value=column, type=lower.type) != lower:
        return None
    return column
