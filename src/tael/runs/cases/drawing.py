"""The graph of a case: who paid whom, laid out in time, as ``tael.case_graph/1``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tael.engine import Engine
from tael.networks.layout import lay_out
from tael.runs.cases.evidence import Ints, Matched, in_time
from tael.runs.cases.movements import Movements
from tael.runs.cases.shown import Shower

MOST = 60
"""Nodes of a drawing; lines are at most three times as many."""


def case_drawing(
    engine: Engine, moved: Sequence[Movements], evidence: Sequence[Matched], show: Shower, most: int = MOST
) -> dict[str, Any] | None:
    """Lay the transfers of a case out in time, those that a reason matched before all others.

    Parameters
    ----------
    engine : Engine
    moved : sequence of Movements
    evidence : sequence of Matched
        Behind the reasons.
    show : Shower
    most : int

    Returns
    -------
    dict or None
        None where no table of the movements joins two parties.
    """
    chosen = next((one for one in moved if (one.ends or _loose(engine, one)) and len(one.rows)), None)
    if chosen is None:
        return None
    ends = chosen.ends or _loose(engine, chosen)
    assert ends is not None
    strong = np.unique(np.concatenate([np.zeros(0, np.int64), *(m.rows for m in evidence if m.table == chosen.table)]))
    rows = in_time(engine, chosen.table, np.union1d(chosen.rows, strong))
    a, b, names = _nodes(engine, chosen, ends, rows)
    amounts = _amounts(engine, chosen, rows)
    matched = np.isin(rows, strong)
    keep = _kept(a, b, amounts, matched, names, chosen, most)
    within = keep[a] & keep[b]
    within &= np.cumsum((within & ~matched)[::-1])[::-1] <= max(3 * most - int((within & matched).sum()), 0)
    left = {
        "nodes": int((~keep).sum()),
        "edges": int((~within).sum()),
        "amount": float(amounts[~within].sum()),
    }
    a, b, rows, amounts, matched = a[within], b[within], rows[within], amounts[within], matched[within]
    if not len(rows):
        return None
    used, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    a, b = codes[: len(a)], codes[len(a) :]
    time = engine.store.row_time(chosen.table)
    assert time is not None
    first = np.full(len(used), np.iinfo(np.int64).max)
    for end in (a, b):
        np.minimum.at(first, end, time[rows])
    plan = lay_out(a.astype(np.int64), b.astype(np.int64), first)
    nodes = [
        {
            "id": f"n{i}", "label": _label(engine, chosen, ends, names[node], show), "x": round(float(plan.x[i]), 4),
            "y": round(float(plan.y[i]), 4), "role": "subject" if names[node] == (0, chosen.owner) else "other",
        }
        for i, node in enumerate(used.tolist())
    ]  # fmt: skip
    edges = [
        {
            "step": k + 1, "source": f"n{a[k]}", "target": f"n{b[k]}", "at": _iso(time[rows[k]]),
            "amount": float(amounts[k]), "evidence": bool(matched[k]),
        }
        for k in range(len(rows))
    ]  # fmt: skip
    return {
        "format": "tael.case_graph/1", "nodes": sorted(nodes, key=lambda node: (node["x"], node["y"])), "edges": edges,
        "ticks": _ticks(first), "crossings": plan.crossings, "left_out": left,
    }  # fmt: skip


def _loose(engine: Engine, moved: Movements) -> tuple[str, str] | None:
    """Of a table that is no network: the case's own key in it, and the first other party."""
    if moved.column is None:
        return None
    columns = engine.tables.schema.tables[moved.table].columns
    other = next((name for name, one in columns.items() if one.to and name != moved.column), None)
    return None if other is None else (moved.column, other)


def _nodes(
    engine: Engine, moved: Movements, ends: tuple[str, str], rows: Ints
) -> tuple[Ints, Ints, list[tuple[int, int]]]:
    """A number for each end of each row, and what the numbers stand for: (side, id); ids of one table are one side."""
    store = engine.store
    apart = store.target(moved.table, ends[0]) != store.target(moved.table, ends[1])
    a = store.owners(moved.table, ends[0])[rows]
    b = store.owners(moved.table, ends[1])[rows]
    pairs = [(0, int(one)) for one in a] + [(int(apart), int(one)) for one in b]
    names = sorted(set(pairs))
    number = {name: i for i, name in enumerate(names)}
    codes = np.array([number[pair] for pair in pairs], dtype=np.int64)
    return codes[: len(a)], codes[len(a) :], names


def _amounts(engine: Engine, moved: Movements, rows: Ints) -> np.ndarray[Any, np.dtype[np.float64]]:
    if moved.amount is None:
        return np.ones(len(rows))
    return np.nan_to_num(engine.store.values(moved.table, moved.amount).data[rows].astype(np.float64))


def _kept(
    a: Ints, b: Ints, amounts: Any, matched: Any, names: list[tuple[int, int]], moved: Movements, most: int
) -> Any:
    """Which nodes are drawn: the case, then whoever stands in what matched, then by the money that passes."""
    weight = np.zeros(len(names))
    for end in (a, b):
        np.add.at(weight, end, np.abs(amounts) + 1e-9)
    top = weight.max(initial=0.0) + 1.0
    for end in (a, b):
        np.maximum.at(weight, end[matched], top + weight[end[matched]])
    if (0, moved.owner) in names:
        weight[names.index((0, moved.owner))] = 4 * top
    keep = np.zeros(len(names), dtype=bool)
    keep[np.argsort(-weight, kind="stable")[:most]] = True
    missing = np.array([identity < 0 for _, identity in names], dtype=bool)
    return keep & ~missing


def _label(engine: Engine, moved: Movements, ends: tuple[str, str], node: tuple[int, int], show: Shower) -> Any:
    """A party as it may be named."""
    side, identity = node
    for column in (ends[side], ends[0]):
        owners = engine.store.owners(moved.table, column)
        place = np.flatnonzero(owners == identity)
        if len(place):
            return show.mask.value(moved.table, column, engine.tables[moved.table][column][int(place[0])])
    column = ends[1]
    place = np.flatnonzero(engine.store.owners(moved.table, column) == identity)
    return show.mask.value(moved.table, column, engine.tables[moved.table][column][int(place[0])])


def _iso(time: int | np.int64) -> str:
    return str(np.datetime64(int(time), "us").astype("datetime64[s]"))


def _ticks(first: Ints) -> list[dict[str, Any]]:
    low, high = int(first.min()), int(first.max())
    if high == low:
        return [{"x": 0.0, "at": _iso(low)}]
    return [{"x": k / 4, "at": _iso(low + (high - low) * k // 4)} for k in range(5)]
