"""A case graph as a picture: time runs to the right, money along the arrows, what matched a formula stands out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tael.reports.cases.frame import Said
from tael.reports.html import Safe, el, join

MOST = 60
WIDTH, LEFT, RIGHT, TOP, BELOW = 1000.0, 60.0, 70.0, 26.0, 40.0
LANE, LOWEST, HIGHEST = 36.0, 220.0, 900.0
RADIUS, BIGGER = 7.0, 11.0


def graph_svg(graph: Mapping[str, Any], said: Said) -> Safe:
    """Draw a graph of the form ``tael.case_graph/1``.

    Parameters
    ----------
    graph : mapping
        Nodes with ``id``, ``x``, ``y`` (0 to 1), ``role`` (``subject`` stands out) and, where the id is not what is
        to be read, ``label``; edges with ``source``,
        ``target``, ``at``, ``amount`` and ``evidence``; ``ticks``. At most `MOST` nodes are drawn.
    said : Said
        The language.

    Returns
    -------
    Safe
        An ``svg`` element without styles of its own.
    """
    nodes = list(graph["nodes"])[:MOST]
    lanes = _lanes(nodes)
    height = TOP + BELOW + min(max(LANE * lanes, LOWEST), HIGHEST)
    place = {_key(node["id"]): _place(node, height) for node in nodes}
    names = {_key(node["id"]): said.say(node.get("label") or str(node["id"])) for node in nodes}
    edges = [edge for edge in graph.get("edges", ()) if _key(edge["source"]) in place and _key(edge["target"]) in place]
    most = max((abs(float(edge.get("amount") or 0.0)) for edge in edges), default=0.0)
    ticks = list(graph.get("ticks", ()))
    by_day = len({str(tick["at"])[:10] for tick in ticks}) == len(ticks)  # within a day or two the hour tells more
    label = said.t("graph_label", nodes=said.fmt.integer(len(nodes)), edges=said.fmt.integer(len(edges)))
    return el(
        "svg",
        el("title", label),
        _arrowheads(),
        [_tick(tick, height, by_day=by_day) for tick in ticks],
        [
            _edge(edge, k, edges, place, names, most, height - BELOW, said)
            for k, edge in enumerate(edges)
            if not edge.get("evidence")
        ],
        [
            _edge(edge, k, edges, place, names, most, height - BELOW, said)
            for k, edge in enumerate(edges)
            if edge.get("evidence")
        ],
        [_node(node, names[_key(node["id"])], *place[_key(node["id"])]) for node in nodes],
        viewBox=f"0 0 {WIDTH:.0f} {height:.0f}",
        class_="network",
        role="img",
        aria_label=label,
    )


def _lanes(nodes: Sequence[Mapping[str, Any]]) -> int:
    """The most nodes that stand above one another."""
    counts: dict[int, int] = {}
    for node in nodes:
        column = min(int(float(node["x"]) * 12), 11)
        counts[column] = counts.get(column, 0) + 1
    return max(counts.values(), default=1)


def _key(identity: Any) -> str:
    return str(identity)


def _place(node: Mapping[str, Any], height: float) -> tuple[float, float]:
    x = LEFT + float(node["x"]) * (WIDTH - LEFT - RIGHT)
    return x, TOP + 14 + float(node["y"]) * (height - TOP - BELOW - 32)


def _arrowheads() -> Safe:
    def head(name: str) -> Safe:
        return el(
            "marker", el("path", d="M0 0 L6 3 L0 6 z", class_=f"head {name}"),
            id=f"to-{name}", viewBox="0 0 6 6", refX=6, refY=3, markerWidth=7, markerHeight=7,
            markerUnits="userSpaceOnUse", orient="auto",
        )  # fmt: skip

    return el("defs", head("plain"), head("matched"))


def _tick(tick: Mapping[str, Any], height: float, *, by_day: bool) -> Safe:
    at = str(tick["at"])
    told = at[:10] if by_day else at[5:16].replace("T", " ")
    x = LEFT + float(tick["x"]) * (WIDTH - LEFT - RIGHT)
    return join(
        el("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=TOP - 6, y2=f"{height - BELOW + 10:.1f}", class_="grid-line"),
        el("text", told, x=f"{x:.1f}", y=f"{height - 10:.1f}", class_="tick", text_anchor="middle"),
    )


def _edge(
    edge: Mapping[str, Any], k: int, edges: Sequence[Mapping[str, Any]], place: Mapping[str, tuple[float, float]],
    names: Mapping[str, str], most: float, low: float, said: Said,
) -> Safe:  # fmt: skip
    a, b = _key(edge["source"]), _key(edge["target"])
    (x1, y1), (x2, y2) = place[a], place[b]
    amount = float(edge.get("amount") or 0.0)
    wide = 1.0 + 2.5 * math.sqrt(abs(amount) / most) if most else 1.2
    kind = "matched" if edge.get("evidence") else "plain"
    when = str(edge.get("at", "")).replace("T", " ")
    told = f"{names[a]} → {names[b]} · {when} · {said.fmt.money(amount)}"
    again = sum({_key(e["source"]), _key(e["target"])} == {a, b} for e in edges[:k])
    path = _loop(x1, y1) if a == b else _arc(x1, y1, x2, y2, 0.10 + 0.07 * min(again, 6), low)
    return el(
        "path", el("title", told), d=path, class_=f"edge {kind}", stroke_width=f"{wide:.2f}",
        marker_end=f"url(#to-{kind})",
    )  # fmt: skip


def _arc(x1: float, y1: float, x2: float, y2: float, bend: float, low: float) -> str:
    """A curve from the rim of one node to the rim of another, bent to the right of its way."""
    dx, dy = x2 - x1, y2 - y1
    long = math.hypot(dx, dy) or 1.0
    mx, my = (x1 + x2) / 2 - dy * bend, (y1 + y2) / 2 + dx * bend
    mx, my = min(max(mx, 8.0), WIDTH - 8.0), min(max(my, 8.0), low)  # within the picture
    rim = (RADIUS + 3) / long if long > 2 * RADIUS + 8 else 0.0
    sx, sy = x1 + (mx - x1) * 2 * rim, y1 + (my - y1) * 2 * rim
    ex, ey = x2 - (x2 - mx) * 2 * rim, y2 - (y2 - my) * 2 * rim
    return f"M{sx:.1f} {sy:.1f} Q{mx:.1f} {my:.1f} {ex:.1f} {ey:.1f}"


def _loop(x: float, y: float) -> str:
    return f"M{x - 6:.1f} {y - 6:.1f} C{x - 26:.1f} {y - 34:.1f} {x + 26:.1f} {y - 34:.1f} {x + 6:.1f} {y - 6:.1f}"


def _node(node: Mapping[str, Any], told: str, x: float, y: float) -> Safe:
    role = str(node.get("role") or "other")
    subject = role == "subject"
    low = f"{y + (24 if subject else 19):.1f}"
    return el(
        "g",
        el("title", told),
        el("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=BIGGER if subject else RADIUS, class_=f"node {_class(role)}"),
        el("text", _clipped(told), x=f"{x:.1f}", y=low, class_="name", text_anchor="middle"),
    )


def _class(role: str) -> str:
    return role if role in ("subject", "source", "mule", "collector", "hub") else "other"


def _clipped(text: str) -> str:
    return text if len(text) <= 14 else text[:13] + "…"
