"""The draft of a suspicious-transaction report: what the tables say, and blanks for what nobody knows yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.reports.cases import Answer, Reason, Text
from tael.runs.cases.evidence import Ints
from tael.runs.cases.movements import BEGINNING, Counted, Movements
from tael.runs.cases.shown import NOTHING, Shower, said
from tael.runs.cases.told import LANGUAGES, both, one_of, opened
from tael.tables.schema import Role, Type

PLACES = 3
"""Values of a column of places that are named."""
_PLACE = ("channel", "branch", "country", "city", "region", "province", "district", "hospital", "provider", "place",
          "渠道", "网点", "国家", "城市", "地区", "省", "医院")  # fmt: skip


def draft_of(
    engine: Engine, seen: Observed, name: Text, moved: Sequence[Movements], counted: Sequence[Counted | None],
    reasons: Sequence[Reason], factors: Sequence[dict[str, str]], score: float, show: Shower,
) -> tuple[Answer, ...]:  # fmt: skip
    """Fill in a draft.

    Parameters
    ----------
    engine : Engine
    seen : Observed
        The one observation.
    name : Text
        The subject, as it may be named.
    moved : sequence of Movements
    counted : sequence of Counted or None
        Of each of `moved`: what was counted a second way.
    reasons : sequence of Reason
    factors : sequence of dict
        The factor of each reason, in words.
    score : float
    show : Shower
    """
    who = [name, *_profile(engine, seen, show)]
    what, when = [], []
    for one, again in zip(moved, counted, strict=True):
        if len(one.rows):
            what.append(_what(engine, one, again, show))
            when.append(_when(engine, one, show))
    where = [text for one in moved for text in places_of(engine, one.table, one.rows, show)]
    percent = f"{100 * score:.2f}"
    why: list[Text] = [
        both(f"The model gives a probability of {percent} %.", f"模型给出的概率为 {percent}%。"),
        *(one.sentence for one in reasons[:3]),
    ]
    how = [
        {lang: f"{opened(factor[lang])}{'：' if lang == 'zh' else ': '}{said(one.told, lang)}" for lang in LANGUAGES}
        for one, factor in zip(reasons, factors, strict=True)
        if one.told
    ][:4]
    return (
        Answer("who", tuple(who), (
            both("Identity documents, address, occupation as checked:", "证件、住址、职业的核实情况："),
            both("Who controls the account, and on whose behalf:", "实际控制人及受益人："),
        )),
        Answer("what", tuple(what), (both("What the customer says the money is for:", "客户陈述的资金用途："),)),
        Answer("when", tuple(when), ()),
        Answer("where", tuple(where), (both("Other institutions and places involved:", "涉及的其他机构与地点："),)),
        Answer("why", tuple(why), (
            both("Explanations that were ruled out, and how:", "已排除的合理解释及依据："),
        )),
        Answer("how", tuple(how), (
            both("Conclusion, measures taken, officer and date:", "结论、已采取措施、经办人及日期："),
        )),
    )  # fmt: skip


def _profile(engine: Engine, seen: Observed, show: Shower) -> list[Text]:
    """What the tables say of the subject and of those directly above it, as known then."""
    row = int(seen.rows[0])
    if row < 0:
        return []
    schema, store = engine.tables.schema, engine.store
    places: list[tuple[str, int]] = [(seen.entity, row)]
    for column, promise in schema.tables[seen.entity].columns.items():
        if promise.to in schema.tables and promise.role is Role.FEATURE:
            above = store.parents(seen.entity, column)
            used, late = store.row_used(str(promise.to)), store.column_known(seen.entity, column)
            parent = int(above[row]) if len(above) else -1
            known = (late is None or late[row] < show.cutoff) and (
                used is None or parent < 0 or used[parent] < show.cutoff
            )
            if parent >= 0 and known:
                places.append((str(promise.to), parent))
    out: list[Text] = []
    for table, place in places:
        parts = []
        for column in show.columns(table):
            cell = show.cell(table, column, place)
            if cell != NOTHING and not (table == seen.entity and column == engine.key):
                parts.append((show.title(table, column), cell))
        if parts:
            title = show.title(table)
            out.append({lang: _listed(one_of(title[lang], lang), parts, lang) for lang in LANGUAGES})
    return out


def _listed(title: str, parts: Sequence[tuple[Text, Text]], lang: str) -> str:
    between, stop, is_ = ("，", "。", "：") if lang == "zh" else (", ", ".", ": ")
    told = between.join(f"{said(name, lang)} {said(cell, lang)}" for name, cell in parts)
    return f"{title}{is_}{told}{stop}"


def _unit(engine: Engine, one: Movements) -> str:
    return (engine.tables.schema.tables[one.table].column(one.amount).unit or "") if one.amount else ""


def _what(engine: Engine, one: Movements, again: Counted | None, show: Shower) -> dict[str, str]:
    """How many movements, how much came in and went out."""
    title, unit, n = show.title(one.table), _unit(engine, one), len(one.rows)
    if again is None:
        total = float(np.nansum(engine.store.values(one.table, one.amount).data[one.rows])) if one.amount else None
        much = "" if total is None else f" {total:,.2f} {unit}".rstrip()
        return both(
            f"{n:,} rows of {title['en']}" + (f", in all{much}." if much else "."),
            f"{title['zh']} {n:,} 行" + (f"，合计{much}。" if much else "。"),
        )
    if one.ends is None:
        much = f"{again.amount:,.2f} {unit}".rstrip() if one.amount else ""
        return both(
            f"{again.n:,} rows of {title['en']}" + (f", {much} in all." if much else "."),
            f"{title['zh']} {again.n:,} 行" + (f"，合计 {much}。" if much else "。"),
        )
    came, went = (f"{value:,.2f} {unit}".rstrip() for value in (again.amount_in, again.amount_out))
    if not one.amount:
        return both(
            f"{title['en'].capitalize()}: {again.n_in:,} came in and {again.n_out:,} went out.",
            f"{title['zh']}：转入 {again.n_in:,} 笔，转出 {again.n_out:,} 笔。",
        )
    return both(
        f"{title['en'].capitalize()}: {again.n_in:,} came in with {came}, {again.n_out:,} went out with {went}.",
        f"{title['zh']}：转入 {again.n_in:,} 笔共 {came}，转出 {again.n_out:,} 笔共 {went}。",
    )


def _when(engine: Engine, one: Movements, show: Shower) -> dict[str, str]:
    time = engine.store.row_time(one.table)
    assert time is not None
    first, last = (str(np.datetime64(int(time[one.rows[k]]), "us").astype("datetime64[s]")) for k in (0, -1))
    first, last = first.replace("T", " "), last.replace("T", " ")
    window = "" if one.start == BEGINNING else str(np.datetime64(one.start, "us").astype("datetime64[D]"))
    title = show.title(one.table)
    return both(
        f"{title['en'].capitalize()}: from {first} to {last}" + (f" (looked at from {window} on)." if window else "."),
        f"{title['zh']}：{first} 至 {last}" + (f"（自 {window} 起统计）。" if window else "。"),
    )


def places_of(engine: Engine, table: str, rows: Ints, show: Shower) -> list[dict[str, str]]:
    """The most frequent values, in some rows, of a table's columns that name a place or a channel."""
    out = []
    schema = engine.tables.schema
    for column in schema.tables[table].columns:
        promise = schema.tables[table].column(column)
        named = any(word in f"{column} {schema.title_of(table, column, 'zh')}".lower() for word in _PLACE)
        linked = show.mask.linked(table, column) or show.mask.personal(table, column)
        if not named or linked or promise.type is not Type.CATEGORY or promise.role is not Role.FEATURE:
            continue
        if engine.store.column_known(table, column) is not None or not len(rows):
            continue
        values = engine.tables[table][column].gather(rows).drop_nulls().alias("_value")
        top: list[Any] = (
            values.to_frame()
            .group_by("_value")
            .len()
            .sort("len", "_value", descending=[True, False])
            .head(PLACES)
            .rows()
        )
        if top:
            told = [f"{value} ({n:,})" for value, n in top]
            title = show.title(table, column)
            out.append(both(f"{title['en'].capitalize()}: {', '.join(told)}.", f"{title['zh']}：{'、'.join(told)}。"))
    return out


def checks_of(moved: Sequence[Movements], counted: Sequence[Counted | None], show: Shower) -> list[dict[str, str]]:
    """What was counted twice."""
    out = []
    for one, again in zip(moved, counted, strict=True):
        title = show.title(one.table)
        if again is not None and again.n:
            out.append(
                both(
                    f"The {again.n:,} rows of {title['en']} were found by the formulas' engine and again by a plain "
                    "filter of the table: the same rows.",
                    f"{title['zh']}的 {again.n:,} 行分别由公式引擎与数据表直接筛选得到，两者一致。",
                )
            )
    return out
