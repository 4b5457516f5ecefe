"""Reasons as sentences: the factor, its value beside the peers', and the rows behind it with amounts, days, parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.formulas.networks import amount_of
from tael.reports.cases import Peer, Reason, Text
from tael.runs.cases.evidence import Ints, Matched
from tael.runs.cases.peers import Beside
from tael.runs.cases.shown import Shower, said
from tael.runs.reasons import measured, push

LANGUAGES = ("en", "zh")
EVIDENCE = 12
"""Rows behind a reason that are shown."""


def both(en: str, zh: str) -> dict[str, str]:
    """A text in both languages."""
    return {"en": en, "zh": zh}


def one_of(title: str, lang: str) -> str:
    """A table's title for one of its rows.

    >>> one_of("accounts", "en"), one_of("policies", "en"), one_of("insured people", "en"), one_of("账户", "zh")
    ('Account', 'Policy', 'Insured person', '账户')
    """
    if lang == "zh":
        return title
    one = title.removesuffix("ies") + "y" if title.endswith("ies") else title.removesuffix("s")
    one = one.removesuffix("people") + "person" if one.endswith("people") else one
    return opened(one)


def opened(text: str) -> str:
    """With a capital at the beginning."""
    return text[:1].upper() + text[1:]


def peer_of(
    words: dict[str, str], value: float, beside: Beside, j: int, moved: float, moves: str, unit: str | None = None,
) -> Peer:  # fmt: skip
    """One factor beside the peers'."""
    below = float(beside.below[j])
    return Peer(
        words, _measured(value, unit), _measured(beside.median[j], unit), None if np.isnan(below) else below,
        {lang: push(moved, lang, moves) for lang in LANGUAGES},
    )  # fmt: skip


def _measured(value: float, unit: str | None) -> Text:
    return "–" if np.isnan(value) else both(measured(float(value), unit, "en"), measured(float(value), unit, "zh"))


def reason_of(
    words: dict[str, str], value: float, typical: float, beside: Beside, j: int, moved: float, moves: str,
    against: dict[str, str], told: Sequence[Matched], seen: Observed, engine: Engine, show: Shower, formula: str,
    unit: str | None = None,
) -> Reason:  # fmt: skip
    """One reason with the rows behind it."""
    sentence = {}
    for lang in LANGUAGES:
        zh = lang == "zh"
        own = measured(value, unit, lang)
        parts = [f"{words[lang]}：{own}" if zh else f"{opened(words[lang])}: {own}"]
        if beside.n and not np.isnan(beside.below[j]):
            median, below = measured(float(beside.median[j]), unit, lang), f"{100 * beside.below[j]:.0f}"
            parts.append(
                f"同类 {beside.n:,} 例的中位数为 {median}，高于其中 {below}%"
                if zh
                else f"the median of {beside.n:,} peers is {median}, and {below} % of them lie lower"
            )
        parts.append(f"{against[lang]} {measured(typical, unit, lang)}")
        parts.append(push(moved, lang, moves))
        sentence[lang] = ("；" if zh else "; ").join(parts) + ("。" if zh else ".")
    lines = [line for one in told if len(one.rows) for line in [_summary(engine, one, seen, show)]]
    tables = tuple(
        show.rows(one.table, one.rows, EVIDENCE, note="" if one.exact else both(
            "All rows of the window: the condition looks at more than one row.", "窗口内全部行：条件涉及多行。"))
        for one in told if len(one.rows)
    )  # fmt: skip
    text = {lang: " ".join(line[lang] for line in lines) for lang in LANGUAGES}
    return Reason(sentence, text if lines else "", tables, formula)


def _summary(engine: Engine, one: Matched, seen: Observed, show: Shower) -> dict[str, str]:
    """How many rows, how much, from when to when, with whom, and the largest."""
    schema, rows, table = engine.tables.schema, one.rows, one.table
    amount = amount_of(schema, table)
    out = {}
    parties = _parties(engine, table, rows, seen)
    days = _days(engine, table, rows)
    for lang in LANGUAGES:
        zh = lang == "zh"
        title = schema.title_of(table, lang=lang)  # type: ignore[arg-type]
        text = f"{title} {len(rows):,} 行" if zh else f"{len(rows):,} {'row' if len(rows) == 1 else 'rows'} of {title}"
        if amount is not None:
            unit = schema.tables[table].column(amount).unit or ""
            values = engine.store.values(table, amount).data[rows]
            if not np.isnan(values).all():
                total = _money(float(np.nansum(values)), unit)
                text += f"，合计 {total}" if zh else f", {total} in all"
        if days:
            text += f"，{days[0]} 至 {days[1]}" if zh else f", from {days[0]} to {days[1]}"
        if parties is not None and parties.n:
            text += f"，涉及 {parties.n:,} 个{parties.title['zh']}" if zh else f", with {parties.n:,} {parties.named()}"
        if amount is not None and not np.isnan(values).all():
            text += _largest(engine, table, rows, values, amount, parties, show, lang)
        out[lang] = text + ("。" if zh else ".")
    return out


def _largest(
    engine: Engine, table: str, rows: Ints, values: Any, amount: str, parties: _Parties | None, show: Shower, lang: str
) -> str:
    row = int(rows[int(np.nanargmax(values))])
    unit = engine.tables.schema.tables[table].column(amount).unit or ""
    much, days = _money(float(np.nanmax(values)), unit), _days(engine, table, np.array([row]))
    named = parties.name(row, show, lang) if parties is not None else ""
    if lang == "zh":
        return f"；最大一笔 {much}" + (f"，{days[0]}" if days else "") + (f"，{named}" if named else "")
    return f"; the largest is {much}" + (f" on {days[0]}" if days else "") + (f", {named}" if named else "")


@dataclass(frozen=True)
class _Parties:
    """With whom the rows are: of each row the column that names the other party."""

    n: int
    title: dict[str, str]
    columns: dict[int, str]
    table: str

    def named(self) -> str:
        """What they are called in English, one or several."""
        if self.n != 1:
            return self.title["en"]
        one = one_of(self.title["en"], "en")
        return one[:1].lower() + one[1:]

    def name(self, row: int, show: Shower, lang: str) -> str:
        """The other party of a row."""
        column = self.columns.get(row)
        if column is None:
            return ""
        title, cell = show.title(self.table, column)[lang], said(show.cell(self.table, column, row), lang)
        return f"{title} {cell}"


def _parties(engine: Engine, table: str, rows: Ints, seen: Observed) -> _Parties | None:
    """The other parties of some rows; None where the table names none."""
    schema, store = engine.tables.schema, engine.store
    linked = [name for name, column in schema.tables[table].columns.items() if column.to in schema.tables]
    own = [name for name in linked if schema.tables[table].column(name).to == seen.entity]
    others = own if len(own) > 1 else [name for name in linked if name not in own]
    if not others or not linked:
        return None
    me = int(seen.ids[0])
    columns: dict[int, str] = {}
    found: set[tuple[str, int]] = set()
    for name in others if len(own) > 1 else others[:1]:
        owners = store.owners(table, name)
        for row in rows.tolist():
            other = int(owners[row])
            if other >= 0 and not (len(own) > 1 and other == me):
                columns.setdefault(row, name)
                found.add((str(schema.tables[table].column(name).to), other))
    target = str(schema.tables[table].column(others[0]).to)
    title = both("other parties", "对手方") if len(own) > 1 else {k: schema.title_of(target, lang=k) for k in LANGUAGES}  # type: ignore[arg-type]
    return _Parties(len(found), title, columns, table)


def _days(engine: Engine, table: str, rows: Ints) -> tuple[str, str] | None:
    time = engine.store.row_time(table)
    if time is None or not len(rows):
        return None
    moments = time[rows].astype("datetime64[us]").astype("datetime64[D]")
    return str(moments.min()), str(moments.max())


def _money(value: float, unit: str) -> str:
    return f"{value:,.2f} {unit}".strip()
