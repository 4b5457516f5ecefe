"""What was known of a case before: earlier alerts, what people decided, and what the other tables hold."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.reports.cases import Rows
from tael.runs.cases.audit import Entry
from tael.runs.cases.evidence import known_rows
from tael.runs.cases.queue import ADVERSE, Alert, Alerts
from tael.runs.cases.shown import Shower
from tael.runs.cases.told import both

EARLIER, OTHERS = 20, 5
"""Rows that are shown of earlier alerts, and of each further table."""

_VERDICTS = {"confirmed": both("confirmed", "确认"), "dismissed": both("dismissed", "排除")}
_DECISIONS = {"alert": both("alert", "预警"), "refer": both("refer", "转人工"), "decline": both("decline", "拒绝")}


def history_of(
    engine: Engine, alerts: Alerts, alert: Alert, log: Sequence[Entry], used: Collection[str], seen: Observed,
    show: Shower,
) -> tuple[Rows, ...]:  # fmt: skip
    """The tables of a case's history; those without rows are left out.

    Parameters
    ----------
    engine : Engine
    alerts : Alerts
    alert : Alert
    log : sequence of Entry
        The run's audit log.
    used : collection of str
        Tables whose rows the page shows elsewhere.
    seen : Observed
    show : Shower
    """
    found = [_earlier(alerts, alert), decided_before(log, alert)]
    schema = engine.tables.schema
    owner = int(seen.ids[0])
    for table, promise in schema.tables.items():
        if promise.time is None or table in used or table == seen.entity or owner < 0:
            continue
        for column, detail in promise.columns.items():
            if detail.to != seen.entity:
                continue
            mine = engine.store.owners(table, column) == owner
            rows = known_rows(engine, table, mine, show.cutoff, (column,))
            if len(rows):
                found.append(show.rows(table, rows, OTHERS))
            break
    return tuple(one for one in found if one.rows)


def _earlier(alerts: Alerts, alert: Alert) -> Rows:
    """What this model made of the same key before."""
    before = alerts.frame.filter(
        (pl.col(alerts.key).cast(pl.String) == alert.key)
        & (pl.col("cutoff") < alert.cutoff)
        & pl.col("decision").is_in(ADVERSE)
    ).sort("cutoff", descending=True)
    rows = tuple(
        (str(row["cutoff"])[:10], _DECISIONS[row["decision"]], f"{100 * row['probability']:.2f}%")
        for row in before.head(EARLIER).to_dicts()
    )
    return Rows(
        both("Earlier alerts by this model", "本模型此前的预警"),
        (both("as of", "截止时间"), both("decision", "决策"), both("probability", "概率")), rows, (0, 1),
        both("As this model would have decided then.", "按本模型在当时的判断。"),
    )  # fmt: skip


def decided_before(log: Sequence[Entry], alert: Alert) -> Rows:
    """The audit log's entries on the same key, this case's and others'."""
    rows = tuple(
        (entry.at[:19].replace("T", " "), entry.case, _VERDICTS[entry.verdict], entry.by, entry.why)
        for entry in reversed(log)
        if entry.key == alert.key
    )
    heads = (
        both("when (UTC)", "时间（UTC）"),
        both("case", "案件"),
        both("decided", "处置"),
        both("by", "处置人"),
        both("why", "理由"),
    )
    return Rows(both("Dispositions", "处置记录"), heads, rows[:EARLIER], (0, 1, 2, 3, 4))
