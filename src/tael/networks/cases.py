"""`case_graph`: a gang laid out in time, with its money trail, as plain data for a page.

The format, ``tael.case_graph/1`` (JSON; a drawing needs nothing else)::

    {"format": "tael.case_graph/1",
     "gang": {"gang_id", "typology", "fit", "score", "money", "start", "end", "members", "transfers"},
     "nodes": [{"id", "role", "x", "y", "layer", "first", "last", "received", "sent", "score"}],
     "edges": [{"step", "id", "source", "target", "at", "amount", "score", "evidence"}],
     "trail": [{"step", "at", "source", "target", "amount", "from_steps": [{"step", "amount"}], "held"}],
     "ticks": [{"x", "at"}],
     "crossings": int,
     "left_out": {"nodes": int, "edges": int, "amount": float}}

``x`` and ``y`` are in 0 .. 1 (y downward): x is the node's first time, y its lane. ``source`` and ``target`` of an edge
are ids of nodes; edges and trail stand in time's order and share their ``step`` (from 1 on). Times are ISO text in
the tables' own clock; ids are JSON values as the table has them. ``held`` is what the target has left of the trail's
money after the step; ``from_steps`` are the steps whose money it passes on, first in, first out, and may be empty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from tael.networks.edges import Edges, Floats, Ints, NetworkError
from tael.networks.gang import Gang
from tael.networks.layout import lay_out

FORMAT = "tael.case_graph/1"


def case_graph(gang: Gang, edges: Edges, most: int = 60) -> dict[str, Any]:
    """Lay a gang out in time.

    Parameters
    ----------
    gang : Gang
    edges : Edges
        That the gang was found in.
    most : int
        Nodes to show. Of a larger gang those stay that the most suspicious money passes through; ``left_out`` says
        what is missing.

    Returns
    -------
    dict
        See the module; `json.dumps` takes it.

    Raises
    ------
    NetworkError
        `most` below 2, or rows of the gang that the edges do not have.

    Examples
    --------
    >>> from tael.networks import GangSettings, find_gangs
    >>> day = 86_400_000_000
    >>> edges = Edges(np.array([0, 1]), np.array([1, 2]), np.array([0, day]), np.array([100.0, 90.0]), tuple("abc"),
    ...               np.arange(2))
    >>> graph = case_graph(find_gangs(edges, [0.9, 0.9], settings=GangSettings(share=1.0))[0], edges)
    >>> [(node["id"], node["role"], node["x"]) for node in graph["nodes"]]
    [('a', 'source', 0.0), ('b', 'mule', 0.0), ('c', 'collector', 1.0)]
    >>> graph["trail"][1]["from_steps"], graph["trail"][0]["held"]
    ([{'step': 1, 'amount': 90.0}], 100.0)
    """
    if most < 2:
        raise NetworkError("A case graph shows two nodes or more.", expected="2 or more", got=str(most), where="most")
    if len(gang.edges) and gang.edges.max() >= len(edges):
        raise NetworkError(
            "The gang was found in other edges.",
            expected=f"rows below {len(edges):,}",
            got=f"row {int(gang.edges.max()):,}",
            fix="Pass the Edges that find_gangs searched: gangs.edges.",
        )
    shown, within = _chosen(gang, edges, most)
    rows, score, evidence = gang.edges[within], gang.edge_score[within], gang.evidence[within]
    place = {node: i for i, node in enumerate(shown.tolist())}
    a = np.array([place[node] for node in edges.source[rows].tolist()], dtype=np.int64)
    b = np.array([place[node] for node in edges.target[rows].tolist()], dtype=np.int64)
    time, amount = edges.time[rows], edges.amount[rows]
    n = len(shown)
    first, last = _first_last(a, b, time, n)
    plan = lay_out(a, b, first)
    role = dict(zip(gang.members, gang.roles, strict=True))
    weight = np.zeros(n)
    np.maximum.at(weight, a, score)
    np.maximum.at(weight, b, score)
    into, out = np.bincount(b, weights=amount, minlength=n), np.bincount(a, weights=amount, minlength=n)
    nodes = [
        {
            "id": _plain(edges.nodes[node]),
            "role": role[edges.nodes[node]],
            "x": round(float(plan.x[i]), 4),
            "y": round(float(plan.y[i]), 4),
            "layer": int(plan.layer[i]),
            "first": _iso(first[i]),
            "last": _iso(last[i]),
            "received": float(into[i]),
            "sent": float(out[i]),
            "score": round(float(weight[i]), 4),
        }
        for i, node in enumerate(shown.tolist())
    ]
    steps = [
        {
            "step": k + 1,
            "id": _plain(edges.ids[rows[k]]),
            "source": nodes[a[k]]["id"],
            "target": nodes[b[k]]["id"],
            "at": _iso(time[k]),
            "amount": float(amount[k]),
            "score": round(float(score[k]), 4),
            "evidence": bool(evidence[k]),
        }
        for k in range(len(rows))
    ]
    missing = np.setdiff1d(gang.edges, rows)
    return {
        "format": FORMAT,
        "gang": {
            "gang_id": gang.gang_id,
            "typology": gang.typology,
            "fit": round(gang.fit, 4),
            "score": round(gang.score, 4),
            "money": gang.money,
            "start": _iso(gang.start),
            "end": _iso(gang.end),
            "members": len(gang),
            "transfers": len(gang.edges),
        },
        "nodes": sorted(nodes, key=lambda node: (node["x"], node["y"])),
        "edges": steps,
        "trail": _trail(a, b, amount, steps) if edges.directed else [],
        "ticks": _ticks(first),
        "crossings": plan.crossings,
        "left_out": {
            "nodes": len(gang) - n,
            "edges": len(missing),
            "amount": float(edges.amount[missing].sum()),
        },
    }


def relabelled(graph: Mapping[str, Any], labels: Mapping[Any, Any]) -> dict[str, Any]:
    """A graph that can be shown: nodes numbered in their order and called as `labels` says, no ids, no trail.

    Parameters
    ----------
    graph : mapping
        As `case_graph` makes it.
    labels : mapping
        Node id -> what it is called.

    Examples
    --------
    >>> graph = {"nodes": [{"id": "acc-1"}], "edges": [{"id": 7, "source": "acc-1", "target": "acc-1"}], "trail": [1]}
    >>> relabelled(graph, {"acc-1": "****1"})["edges"]
    [{'source': 'n1', 'target': 'n1'}]
    """
    number = {node["id"]: f"n{k}" for k, node in enumerate(graph["nodes"], start=1)}
    nodes = [{**node, "id": number[node["id"]], "label": labels[node["id"]]} for node in graph["nodes"]]
    edges = [
        {
            **{name: value for name, value in edge.items() if name != "id"},
            "source": number[edge["source"]],
            "target": number[edge["target"]],
        }
        for edge in graph["edges"]
    ]
    return {**graph, "nodes": nodes, "edges": edges, "trail": []}


def _chosen(gang: Gang, edges: Edges, most: int) -> tuple[Ints, np.ndarray]:
    """Nodes that are shown, and which of the gang's edges lie between them."""
    a, b = edges.source[gang.edges], edges.target[gang.edges]
    nodes, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    if len(nodes) > most:
        worth = np.tile(gang.edge_score * (edges.amount[gang.edges] + 1e-9), 2)
        order = np.argsort(-np.bincount(codes, weights=worth), kind="stable")
        nodes = np.sort(nodes[order[:most]])
    within = np.isin(a, nodes) & np.isin(b, nodes)
    return np.intersect1d(nodes, np.concatenate([a[within], b[within]])), within


def _first_last(a: Ints, b: Ints, time: Ints, n: int) -> tuple[Ints, Ints]:
    first = np.full(n, np.iinfo(np.int64).max)
    last = np.full(n, np.iinfo(np.int64).min)
    for end in (a, b):
        np.minimum.at(first, end, time)
        np.maximum.at(last, end, time)
    return first, last


def _trail(a: Ints, b: Ints, amount: Floats, steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Match what leaves each account with what reached it before, first in, first out."""
    waiting: dict[int, deque[list[float]]] = {}
    table = []
    for k, step in enumerate(steps):
        need, sources = float(amount[k]), []
        queue = waiting.setdefault(int(a[k]), deque())
        while queue and need > 0:
            take = min(queue[0][1], need)
            sources.append({"step": int(queue[0][0]), "amount": round(take, 2)})
            need -= take
            queue[0][1] -= take
            if queue[0][1] <= 1e-9:
                queue.popleft()
        reached = waiting.setdefault(int(b[k]), deque())
        if amount[k] > 0:
            reached.append([k + 1, float(amount[k])])
        table.append(
            {name: step[name] for name in ("step", "at", "source", "target", "amount")}
            | {"from_steps": sources, "held": round(sum(part[1] for part in reached), 2)}
        )
    return table


def _ticks(first: Ints) -> list[dict[str, Any]]:
    """Five times along x, which runs over the nodes' first times."""
    if not len(first):
        return []
    low, high = int(first.min()), int(first.max())
    if high == low:
        return [{"x": 0.0, "at": _iso(low)}]
    return [{"x": k / 4, "at": _iso(low + (high - low) * k // 4)} for k in range(5)]


def _iso(time: int | np.int64) -> str:
    return str(np.datetime64(int(time), "us").astype("datetime64[s]"))


def _plain(value: Any) -> Any:
    """A key as JSON has it."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)
