"""What was decided among options, date by date: how many get one, what of each limit is used, what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from tael.tables.schema import Language
from tael.validation.words import Words

CUTOFF = "cutoff"
DATES = 6
"""Dates that are told at most, the latest."""


def decided_now(decisions: pl.DataFrame, policy: Mapping[str, Any], *, calendar: bool = True) -> Words | None:
    """The decision that is open: on rows whose outcome is not known yet, of a calendar those of the latest date.

    Parameters
    ----------
    decisions : polars.DataFrame
        ``decisions.parquet`` of a run.
    policy : mapping
        `OptionsPolicy.to_dict`.
    calendar : bool
        All rows are looked at on the same dates; else each has a cutoff of its own, and all are told together.

    Returns
    -------
    Words or None
        None where every outcome is known.
    """
    pending = decisions.filter(pl.col("split") == "pending")
    if not pending.height:
        return None
    first, last = pending[CUTOFF].dt.date().min(), pending[CUTOFF].dt.date().max()
    now = pending.filter(pl.col(CUTOFF).dt.date() == last) if calendar else pending
    day = str(last) if calendar or first == last else " – ".join(map(str, (first, last)))
    return Words("Decided now: " + _line(now, policy, day, "en"), "当前决策：" + _line(now, policy, day, "zh"))


def used_by_date(decisions: pl.DataFrame, policy: Mapping[str, Any], lang: Language) -> list[str]:
    """A line a date of what was scored, the latest last.

    Parameters
    ----------
    decisions, policy
        As `decided_now` takes them.
    lang : {"en", "zh"}
    """
    parts = decisions.with_columns(_day=pl.col(CUTOFF).dt.date()).partition_by("_day", as_dict=True)
    days = sorted(parts)
    lines = [_line(parts[day], policy, str(day[0]), lang) for day in days[-DATES:]]
    if more := len(days) - len(lines):
        lines.insert(0, f"（另有 {more} 个更早的日期）" if lang == "zh" else f"({more} earlier dates besides)")
    return lines


def _line(rows: pl.DataFrame, policy: Mapping[str, Any], day: str, lang: Language) -> str:
    """One date."""
    zh, n = lang == "zh", rows.height
    unit = f" {policy['currency']}" if policy["currency"] else ""
    decision = rows["decision"]
    given = int((decision != policy["options"][0]).sum())
    share = 1.0 if policy["batch"] is None else n / policy["batch"]
    parts = []
    for name, (_, most) in policy["budgets"].items():
        column = "cost" if name == "cost" else f"used_{name}"
        if column not in rows.columns:
            continue  # a run of an earlier version
        of = unit if name == "cost" else f" {policy['units'][name]}" if name in policy["units"] else ""
        title = ("成本" if zh else "cost") if name == "cost" else name
        parts.append(_used(title, float(rows[column].sum()), most, share, of, zh=zh))
    if not any(name == "cost" for name in policy["budgets"]):
        cost = float(rows["cost"].sum())
        parts.append(f"成本 {cost:,.0f}{unit}" if zh else f"cost {cost:,.0f}{unit}")
    titles = {
        name: title["zh" if zh else "en"] for name, title in zip(policy["options"], policy["titles"], strict=True)
    }
    for name, (_, most) in policy["capacities"].items():
        parts.append(_used(titles[name], float((decision == name).sum()), most, share, "", zh=zh))
    worth = float(rows["expected_value"].sum())
    parts.append(f"预期价值 {worth:,.0f}{unit}" if zh else f"{worth:,.0f}{unit} expected")
    if zh:
        return f"{day} 共 {n:,} 个，其中 {given:,} 个获得方案；" + "；".join(parts)
    return f"{given:,} of {n:,} on {day}; " + "; ".join(parts)


def _used(title: str, used: float, most: float | None, share: float, unit: str, *, zh: bool) -> str:
    """How much of a limit."""
    if most is None:
        return f"{title} {used:,.0f}{unit}"
    of = f"（上限 {most * share:,.0f}）" if zh else f" of {most * share:,.0f}"
    return f"{title} {used:,.0f}{of}{unit}" if not zh else f"{title} {used:,.0f}{unit}{of}"
