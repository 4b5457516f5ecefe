"""`find_gangs`: from scored edges to ranked gangs with typology, roles and evidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from tael.networks.communities import parts, split
from tael.networks.edges import Edges, Floats, Ints, NetworkError, scores_of, span_of
from tael.networks.gang import Gang, Gangs, GangSettings
from tael.networks.links import carry, link_edges, weigh
from tael.networks.roles import assign_roles
from tael.networks.shapes import Shape, name_shape


def find_gangs(
    edges: Edges,
    edge_score: ArrayLike | None = None,
    *,
    node_score: ArrayLike | None = None,
    settings: GangSettings | None = None,
) -> Gangs:
    """Find groups of accounts in scored edges.

    Suspicion is carried along the flow, the suspicious part of the edges is kept, edges that meet at an account close
    in time are linked, connected parts with many members are cut where the links are thin, and what is left is ranked
    by score x money. Everything in `edges` counts as known: they must end at the cutoff, and scores and settings must
    come from models and slices that ended before it.

    Parameters
    ----------
    edges : Edges
    edge_score : (E,) array, optional
        Probability that an edge belongs to a gang.
    node_score : (N,) array, optional
        Probability that a node does, in the order of ``edges.nodes``. An edge gets the geometric mean of its two
        ends; where both scores are given, the mean of the two.
    settings : GangSettings, optional

    Returns
    -------
    Gangs
        Groups with fewer than ``settings.least`` members are left out.

    Raises
    ------
    NetworkError
        No score, one that does not fit, or one that is no probability.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> edges = Edges(np.array([0, 1, 2, 4]), np.array([3, 3, 3, 5]), np.array([1, 2, 3, 90]) * day, np.full(4, 50.0),
    ...               tuple("abcdef"), np.arange(4))
    >>> gangs = find_gangs(edges, [0.9, 0.8, 0.9, 0.1], settings=GangSettings(share=None, threshold=0.5))
    >>> gangs[0].typology, gangs[0].members, gangs[0].roles[0]
    ('fan_in', ('d', 'a', 'c', 'b'), 'collector')
    """
    how = settings or GangSettings()
    score = _edge_scores(edges, edge_score, node_score)
    carried = score
    if how.rounds and how.decay and edges.directed:
        carried = carry(edges, score, within=how.within, most=how.most_links, decay=how.decay, rounds=how.rounds)
    loops = edges.source == edges.target
    kept = np.flatnonzero(_suspicious(carried, how) & ~loops)
    kept = kept[np.argsort(edges.time[kept], kind="stable")]
    told = {"edges": len(edges), "kept": len(kept), "loops": int(loops.sum()), "capped": 0, "parts": 0, "cut": 0,
            "small": 0}  # fmt: skip
    if not len(kept):
        return Gangs((), edges, how, told)
    part = edges.take(kept)
    links = link_edges(part, how.within, how.most_links)
    weights = weigh(links, carried[kept], len(kept), span_of(how.within))
    connected = parts(weights)
    group = split(weights, (part.source, part.target), over=how.split_over, most=how.cap, resolution=how.resolution)
    told |= {"capped": links.capped, "parts": int(connected.max()) + 1}
    told["cut"] = _n_cut(connected, group)
    order = np.argsort(group, kind="stable")
    rows = np.split(order, np.flatnonzero(np.diff(group[order])) + 1)
    gangs = [_gang(edges, np.sort(kept_rows), carried, how) for kept_rows in (kept[r] for r in rows)]
    large = [gang for gang in gangs if len(gang) >= how.least]
    told["small"] = len(gangs) - len(large)
    large.sort(key=lambda gang: (-gang.rank_value, -gang.score, gang.start, int(gang.edges[0])))
    ranked = tuple(replace(gang, gang_id=f"gang-{place:04d}") for place, gang in enumerate(large, start=1))
    return Gangs(ranked, edges, how, told)


def _edge_scores(edges: Edges, edge_score: ArrayLike | None, node_score: ArrayLike | None) -> Floats:
    if edge_score is None and node_score is None:
        raise NetworkError(
            "Nothing tells suspicious edges from others.",
            expected="edge_score, node_score, or both",
            got="neither",
            fix="Pass a model's predict_proba of each edge or of each account.",
        )
    found = [] if edge_score is None else [scores_of(edge_score, edges)]
    if node_score is not None:
        nodes = np.asarray(node_score, dtype=np.float64)
        if nodes.shape != (len(edges.nodes),):
            raise NetworkError(
                "Scores and nodes do not fit together.",
                expected=f"{len(edges.nodes):,} scores",
                got=f"shape {nodes.shape}",
                where="node_score",
            )
        ends = np.clip(nodes[edges.source] * nodes[edges.target], 0.0, None)
        found.append(scores_of(np.sqrt(np.where(np.isnan(nodes[edges.source]), np.nan, ends)), edges, "node_score"))
    return np.mean(found, axis=0) if len(found) > 1 else found[0]


def _suspicious(score: Floats, how: GangSettings) -> np.ndarray:
    kept = np.ones(len(score), dtype=bool)
    if how.threshold is not None:
        kept &= score >= how.threshold
    if how.share is not None:
        most = round(how.share * len(score))
        top = np.zeros(len(score), dtype=bool)
        top[np.argsort(-score, kind="stable")[:most]] = True
        kept &= top
    return kept & (score > 0)


def _n_cut(connected: Ints, group: Ints) -> int:
    pairs = np.unique(np.stack([connected, group], axis=1), axis=0)
    return int((np.bincount(pairs[:, 0]) > 1).sum())


def _gang(edges: Edges, rows: Ints, score: Floats, how: GangSettings) -> Gang:
    rows = rows[np.argsort(edges.time[rows], kind="stable")]
    nodes, codes = np.unique(np.concatenate([edges.source[rows], edges.target[rows]]), return_inverse=True)
    a, b = codes[: len(rows)], codes[len(rows) :]
    amount, own = edges.amount[rows], score[rows]
    roles = assign_roles(a, b, amount, len(nodes), edges.directed)
    shape = (
        name_shape(a, b, edges.time[rows]) if edges.directed else Shape("group", 1.0, np.ones(len(rows), dtype=bool))
    )
    evidence = shape.explained if shape.explained.any() else np.ones(len(rows), dtype=bool)
    weight = np.bincount(a, weights=own, minlength=len(nodes)) + np.bincount(b, weights=own, minlength=len(nodes))
    order = np.argsort(-weight, kind="stable")
    level, money = float(own.sum() / (len(rows) + 2)), float(amount.sum())
    return Gang(
        gang_id="",
        members=tuple(edges.nodes[i] for i in nodes[order]),
        roles=tuple(roles[i] for i in order),
        typology=shape.name,
        fit=shape.fit,
        score=level,
        money=money,
        rank_value=level * money**how.money,
        start=int(edges.time[rows[0]]),
        end=int(edges.time[rows[-1]]),
        edges=rows,
        edge_score=own,
        evidence=evidence,
    )
