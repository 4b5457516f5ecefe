"""Whole numbers that may stand for words, and a last column that looks like what is to be foretold."""

from __future__ import annotations

import re

import polars as pl

from tael.tables.guessed import Guessed

MOST = 12
"""Different values of a column of codes; whoever has more of them is taken for a number without a word."""
_I = re.IGNORECASE
_COUNT = re.compile(
    r"(^|_|\b)(n|no|num\w*|cnt|count\w*|times|qty|quantity|months?|years?|days?|weeks?|terms?|age|children|kids|dependents?"
    r"|members?|score|inquiries)(_|\b|$)|次数|个数|人数|数量|期数|期限|月数|年数|天数|年龄|评分",
    _I,
)
_ANSWER = re.compile(
    r"^(is_?|has_?)?(default\w*|target|label|churn\w*|bad|y|outcome|fraud\w*)(_\w+)?$|违约|流失|逾期", _I
)
_PAST = re.compile(r"hist|prev|past|prior|last_|ever|历史|过去|以往|近\w*(天|月|年)|次数|累计", _I)


def maybe_codes(series: pl.Series, header: str) -> bool:
    """Whether a few small whole numbers, each in many rows, may stand for words, as a sex of 1 and 2 does.

    A flag of 0 and 1 says the same either way; counts, durations and ages are told by their names.

    >>> maybe_codes(pl.Series([1, 2] * 20), "SEX"), maybe_codes(pl.Series([1, 2] * 20), "children")
    (True, False)
    """
    there = series.drop_nulls()
    if not (series.dtype.is_integer() or (series.dtype.is_float() and bool((there == there.round()).all()))):
        return False
    values = sorted(int(value) for value in there.unique())
    few = 2 <= len(values) <= MOST and values[-1] - values[0] < 2 * MOST and len(there) >= 10 * len(values)
    return few and values != [0, 1] and not _COUNT.search(header)


def set_answer(table: Guessed) -> None:
    """Take the last column for the label where it holds 0 and 1, is called nearly like one, and none other is one."""
    last = table.frame.columns[-1]
    told = table.columns[last]
    if any(column.get("role") == "label" for column in table.columns.values()) or {"to", "role"} & set(told):
        return
    if last in (table.section.get("key"), table.section.get("time")) or told.get("type") != "number":
        return
    header = re.sub(r"\W+", "_", str(told.get("header", last))).strip("_")
    values = set(table.frame[last].drop_nulls().cast(pl.Float64, strict=False).unique())
    if _ANSWER.search(header) and not _PAST.search(header) and values == {0.0, 1.0}:
        why = "the last column, 0 and 1, and called like a label"
        table.say(last, f"{why}; take role away if it is known at the time of the row", role="label")
