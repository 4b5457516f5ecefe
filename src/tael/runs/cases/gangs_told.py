"""What a gang's case file tells: its shape, its money trail, its accounts, its factors, and what was checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tael.decisions.gangs import Search
from tael.decisions.gangs_words import ROLE_WORDS, TYPOLOGY_WORDS
from tael.engine import Engine
from tael.networks.edges import Edges
from tael.networks.gang import Gang
from tael.reports.cases import Peer, Reason, Rows, Text
from tael.runs.bundle import Bundle
from tael.runs.cases.evidence import matched
from tael.runs.cases.queue import Alert, Alerts
from tael.runs.cases.shown import Shower
from tael.runs.cases.told import EVIDENCE, LANGUAGES, both, opened
from tael.runs.plans import GangsPlan
from tael.runs.reasons import measured, moved_by, push, shown
from tael.tables.schema import Schema
from tael.validation.words import Words

if TYPE_CHECKING:
    from tael.runs.cases.gangs import Found

FACTORS, TRAIL, EARLIER = 4, 120, 10
"""Factors of the model that are told, rows of the money trail, earlier gangs."""
_DAY = 86_400_000_000


def party_of(schema: Schema, entity: str, sender: str) -> str | None:
    """The table of the accounts, where the sender is a column that points to one."""
    columns = schema.tables[entity].columns
    to = columns[sender].to if sender in columns else None
    return to if to in schema.tables else None


def shape_reason(gang: Gang, rows: Any, table: str, show: Shower, currency: str) -> Reason:
    """The shape, and the transfers that it explains."""
    name, meaning = TYPOLOGY_WORDS[gang.typology]
    fits, k = int(gang.evidence.sum()), len(gang.edges)
    if gang.typology == "mixed":
        sentence = both(f"{opened(name.en)}: {meaning.en}.", f"{name.zh}：{meaning.zh}。")
    else:
        sentence = both(
            f"{opened(name.en)}: {meaning.en}; that explains {fits} of {k} transfers.",
            f"{name.zh}：{meaning.zh}；可解释 {k} 笔转账中的 {fits} 笔。",
        )
    return Reason(
        sentence, "", (show.rows(table, np.asarray(rows)[gang.evidence], EVIDENCE,
                                 title=both("Transfers of this shape", "符合该形态的转账")),),
    )  # fmt: skip


def passing_reason(graph: Mapping[str, Any], names: Mapping[Any, Text], currency: str) -> tuple[Reason, ...]:
    """How much of the money that reached an account of the gang went on, and how soon; nothing where none did."""
    steps = {step["step"]: step for step in graph["trail"]}
    on, waits = 0.0, []
    for step in graph["trail"]:
        for part in step["from_steps"]:
            on += part["amount"]
            waited = np.datetime64(step["at"]) - np.datetime64(steps[part["step"]]["at"])
            waits.append((float(waited / np.timedelta64(1, "h")), part["amount"]))
    total = sum(step["amount"] for step in graph["trail"])
    if not on:
        return ()
    hours, weight = (np.array(column) for column in zip(*sorted(waits), strict=True))
    middle = float(hours[np.searchsorted(np.cumsum(weight), weight.sum() / 2)])
    unit = f" {currency}" if currency else ""
    after = (f"{middle / 24:.1f} days", f"{middle / 24:.1f} 天") if middle >= 48 else (
        f"{middle:.1f} hours", f"{middle:.1f} 小时")  # fmt: skip
    return (
        Reason(both(
            f"Passed on within the gang: {on:,.2f}{unit} of {total:,.2f}{unit} is money that had come from another of "
            f"its transfers, half of it within {after[0]} (first in, first out).",
            f"团伙内部转手：{total:,.2f}{unit} 中有 {on:,.2f}{unit} 来自团伙内先前的转账，"
            f"其中半数在 {after[1]}内转出（先进先出）。",
        )),
    )  # fmt: skip


def factor_reasons(
    engine: Engine, bundle: Bundle, bound: Sequence[Any], features: pl.DataFrame, found: Found, show: Shower,
    content: Mapping[str, Any], against: Words,
) -> tuple[Reason, ...]:  # fmt: skip
    """What sets the gang's transfers apart most in the model, on the mean over them; rows behind the strongest one."""
    behind = bundle.fitted.score_behind(np.full(len(features), "gang", dtype=object))
    moved = bundle.fitted.contributed(features, behind) - bundle.baseline.of(behind)
    values, typical, moves = features.to_numpy(), bundle.baseline.typical, moved_by(content)
    units = bundle.formulas.measures(engine.tables.schema)
    out = []
    for j in np.argsort(-moved.mean(axis=0), kind="stable")[:FACTORS].tolist():
        mean = float(moved[:, j].mean())
        if mean <= 0:
            break
        strongest = int(np.argmax(moved[:, j]))
        there = values[~np.isnan(values[:, j]), j]
        middle = float(np.median(there)) if len(there) else float("nan")
        sentence = {}
        for lang in LANGUAGES:
            zh = lang == "zh"
            word, own = bundle.words[lang][j], measured(middle, units[j], lang)
            parts = [
                f"{word}：本团伙转账的中位数为 {own}"
                if zh
                else f"{opened(word)}: {own} in the middle of the gang's transfers",
                f"{against.zh if zh else against.en} {measured(float(typical[j]), units[j], lang)}",
                ("平均" if zh else "on average ") + push(mean, lang, moves),
            ]
            sentence[lang] = ("；" if zh else "; ").join(parts) + ("。" if zh else ".")
        seen = engine.observe(found.X[strongest])
        note = both("Of the transfer that it moves most.", "取受其影响最大的一笔转账。")
        tables = tuple(
            show.rows(one.table, one.rows, EVIDENCE, note=note)
            for one in matched(engine, bound[j], seen)
            if len(one.rows)
        )  # fmt: skip
        out.append(Reason(sentence, "", tables, bundle.formulas.formulas[j]))
    return tuple(out)


def members_table(gang: Gang, edges: Edges, names: Mapping[Any, Text], currency: str) -> Rows:
    """The accounts, their roles and what each received and sent within the gang."""
    rows = []
    place = {node: i for i, node in enumerate(edges.nodes)}
    a, b, amount, time = (part[gang.edges] for part in (edges.source, edges.target, edges.amount, edges.time))
    for node, role in zip(gang.members, gang.roles, strict=True):
        into, out = b == place[node], a == place[node]
        when = time[into | out].astype("datetime64[us]").astype("datetime64[s]")
        rows.append((
            names[node], ROLE_WORDS[role].to_dict(), f"{int(into.sum()):,}", f"{amount[into].sum():,.2f}",
            f"{int(out.sum()):,}", f"{amount[out].sum():,.2f}", _said(when.min()), _said(when.max()),
        ))  # fmt: skip
    heads = (
        both("account", "账户"), both("role", "角色"), both("came in", "转入笔数"), both("received", "转入金额"),
        both("went out", "转出笔数"), both("sent", "转出金额"), both("first", "最早"), both("last", "最晚"),
    )  # fmt: skip
    note = both("Within the gang alone, the most suspicious first.", "仅统计团伙内部往来，按可疑程度排列。")
    return Rows(both("The accounts and their roles", "账户与角色"), heads, tuple(rows), (0, 1, 6, 7), note)


def trail_table(graph: Mapping[str, Any], names: Mapping[Any, Text]) -> Rows:
    """The money trail: each transfer in time's order, whose money it passes on, what its receiver holds after it."""
    rows = tuple(
        (
            str(step["step"]), str(step["at"]).replace("T", " "), names[step["source"]], names[step["target"]],
            f"{step['amount']:,.2f}",
            ", ".join(f"{part['step']} ({part['amount']:,.2f})" for part in step["from_steps"]) or "–",
            f"{step['held']:,.2f}",
        )
        for step in graph["trail"][:TRAIL]
    )  # fmt: skip
    heads = (
        both("step", "序号"), both("time", "时间"), both("paid by", "付款"), both("paid to", "收款"),
        both("amount", "金额"), both("passes on money of step", "转出自第几笔的资金"),
        both("receiver holds", "收款方留存"),
    )  # fmt: skip
    left = len(graph["trail"]) - len(rows)
    note = both(f"{left:,} later steps are left out.", f"其后 {left:,} 笔未列出。") if left > 0 else both(
        "First in, first out; only money of this table.", "按先进先出匹配；仅含本表资金。")  # fmt: skip
    return Rows(both("The money trail", "资金链"), heads, rows, (1, 2, 3, 5), note)


_FIGURES = (
    (both("accounts", "账户数"), len),
    (both("transfers", "转账数"), lambda gang: len(gang.edges)),
    (both("money moved", "涉及金额"), lambda gang: gang.money),
    (both("days from first to last transfer", "首末转账相隔天数"), lambda gang: (gang.end - gang.start) / _DAY),
    (both("score", "评分"), lambda gang: gang.score),
    (both("share of transfers that the shape explains", "形态可解释的转账占比"), lambda gang: gang.fit),
)


def beside(search: Search, place: int) -> tuple[Peer, ...]:
    """The gang beside the other groups of its search."""
    others = [gang for k, gang in enumerate(search.gangs) if k != place]
    if not others:
        return ()
    rows = []
    for title, figure in _FIGURES:
        own, theirs = float(figure(search.gangs[place])), np.array([float(figure(gang)) for gang in others])
        below = float((theirs < own).mean() + 0.5 * (theirs == own).mean())
        rows.append(Peer(title, shown(own), shown(float(np.median(theirs))), below))
    return tuple(rows)


def beside_note(search: Search) -> dict[str, str]:
    """Who the others are."""
    n = len(search.gangs) - 1
    return both(
        f"Compared with the {n:,} other groups that the same search found, reported or not.",
        f"对比对象：同次搜索发现的其他 {n:,} 个群组（含未上报者）。",
    )


def earlier_gangs(
    alerts: Alerts, decisions: pl.DataFrame, alert: Alert, gang: Gang, plan: GangsPlan, engine: Engine
) -> Rows:
    """Gangs of earlier searches with accounts of this one."""
    before = decisions.filter((pl.col("cutoff") < alert.cutoff) & pl.col("gang").is_not_null())
    rows = []
    if before.height:
        X = before.select(engine.key, "cutoff")
        ends = [value.strings() for value in engine.evaluate([plan.sender, plan.receiver], X)]
        members: dict[str, set[str]] = {}
        for name, a, b in zip(before["gang"].to_list(), *ends, strict=True):
            members.setdefault(name, set()).update((str(a), str(b)))
        known = {row["gang"]: row for row in alerts.frame.to_dicts()}
        for name in sorted(members, reverse=True):
            common = len(members[name] & set(gang.members))
            if common:
                row = known[name]
                rows.append((name, str(row["rank"] or "–"), f"{common} / {len(members[name])}",
                             f"{row['gang_money']:,.2f}"))  # fmt: skip
    heads = (both("gang", "团伙"), both("place", "排位"), both("accounts in common", "共同账户"), both("money", "金额"))
    note = both("As these searches found them then.", "按当时搜索结果。")
    return Rows(both("Earlier gangs with accounts of this one", "含本团伙账户的较早团伙"), heads,
                tuple(rows[:EARLIER]), (0,), note)  # fmt: skip


def checks(found: Found, then: pl.DataFrame, table: pl.DataFrame, key: str, same: bool) -> tuple[Text, ...]:
    """What was computed again."""
    gang, n = found.gang, len(found.gang.edges)
    again = table.filter(pl.col(key).is_in(found.X[key].to_list()))
    out: list[Text] = [
        both(
            f"The search was made again from these tables with the run's scores: the same {n} transfers, place "
            f"{found.place + 1} of {len(found.search.gangs)} groups.",
            f"已用这些数据表与运行时评分重新搜索：得到相同的 {n} 笔转账，"
            f"在 {len(found.search.gangs)} 个群组中列第 {found.place + 1}。",
        )
    ]  # fmt: skip
    if same:
        out.append(both(
            f"The probabilities of all {n} transfers were computed again, as known then: the same to the last bit.",
            f"全部 {n} 笔转账的概率已按当时已知数据重新计算，逐位一致。",
        ))  # fmt: skip
    if again.height == n and then.height == n:
        out.append(both(
            f"A plain filter of the table finds the same {n} transfers, with {gang.money:,.2f} in all.",
            f"直接筛选数据表得到同样的 {n} 笔转账，合计 {gang.money:,.2f}。",
        ))  # fmt: skip
    return tuple(out)


def scores_differ() -> dict[str, str]:
    """Said at the head of a page whose scores come out otherwise."""
    return both(
        "The scores of these transfers come out otherwise than in the run: these are not the tables as they were known "
        "then. Check what was changed before you rely on this page.",
        "这些转账的评分与运行结果不同：数据表与当时不同。请先查明变动再使用本页。",
    )


def other_tables(n: int, of: int) -> dict[str, str]:
    """Said at the head of the queue."""
    return both(
        f"The scores of {n} of {of} gangs come out otherwise than in the run: these are not the tables as known then.",
        f"{of} 个团伙中有 {n} 个的评分与运行结果不同：数据表与当时不同。",
    )


def _said(moment: np.datetime64) -> str:
    return str(moment).replace("T", " ")[:16]
