"""Where a case graph's nodes stand: x by the time they appear, y so that few lines cross.

Layers are runs of time. Within each, nodes are ordered by the mean place of their neighbours in the layers before and
after, to and fro (Sugiyama, Tagawa and Toda 1981, "Methods for visual understanding of hierarchical system
structures"), and the order with the fewest crossings is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tael.networks.edges import Floats, Ints

SWEEPS = 12
# Layers that time is cut into; also the widest that a column of nodes should spread over one another's labels.
LAYERS = 12


@dataclass(frozen=True, eq=False)
class Layout:
    """Places in a unit square.

    Attributes
    ----------
    x, y : (N,) float64
        0 to 1; no two nodes of one layer share a y.
    layer : (N,) int64
        From 0 on, not falling with x.
    crossings : int
        Pairs of straight lines between different accounts that cross.
    """

    x: Floats
    y: Floats
    layer: Ints
    crossings: int


def lay_out(source: Ints, target: Ints, first: Ints) -> Layout:
    """Lay nodes out in time.

    Parameters
    ----------
    source, target : (E,) int64
        From 0 to N - 1.
    first : (N,) int64
        When each node appears.

    Returns
    -------
    Layout

    Examples
    --------
    >>> plan = lay_out(np.array([0, 1]), np.array([2, 3]), np.array([0, 0, 10, 10]))
    >>> plan.x.tolist(), plan.crossings
    ([0.0, 0.0, 1.0, 1.0], 0)
    """
    n = len(first)
    span = int(first.max() - first.min()) if n else 0
    x = (first - first.min()) / span if span else np.zeros(n)
    layer = np.minimum((x * LAYERS).astype(np.int64), LAYERS - 1)
    layer = np.unique(layer, return_inverse=True)[1].astype(np.int64)
    lines = np.unique(np.sort(np.stack([source, target], axis=1), axis=1), axis=0)
    lines = lines[lines[:, 0] != lines[:, 1]]
    place = np.zeros(n)
    for k in range(int(layer.max(initial=-1)) + 1):
        inside = np.flatnonzero(layer == k)
        place[inside] = np.arange(len(inside)) - (len(inside) - 1) / 2
    best, fewest = place, _crossings(x, place, lines)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        place = _sweep(place, layer, lines, forward=sweep % 2 == 0)
        crossed = _crossings(x, place, lines)
        if crossed < fewest:
            best, fewest = place, crossed
    low, high = (best.min(), best.max()) if n else (0.0, 0.0)
    y = (best - low) / (high - low) if high > low else np.full(n, 0.5)
    return Layout(x, y, layer, fewest)


def _sweep(place: Floats, layer: Ints, lines: Ints, *, forward: bool) -> Floats:
    """Reorder each layer by the mean place of its nodes' neighbours."""
    place = place.copy()
    ends = np.concatenate([lines, lines[:, ::-1]])
    layers = range(int(layer.max()) + 1)
    for k in layers if forward else reversed(layers):
        inside = np.flatnonzero(layer == k)
        near = ends[layer[ends[:, 0]] == k]
        total = np.bincount(near[:, 0], weights=place[near[:, 1]], minlength=len(layer))[inside]
        number = np.bincount(near[:, 0], minlength=len(layer))[inside]
        wish = np.where(number > 0, total / np.maximum(number, 1), place[inside])
        order = inside[np.lexsort((place[inside], wish))]
        place[order] = np.arange(len(order)) - (len(order) - 1) / 2
    return place


def _crossings(x: Floats, y: Floats, lines: Ints) -> int:
    """Pairs of segments with no common end that cross."""
    if len(lines) < 2:
        return 0
    p, q = (np.stack([x[lines[:, k]], y[lines[:, k]]], axis=1) for k in (0, 1))

    def side(o: Floats, a: Floats, b: Floats) -> Floats:
        return np.asarray((a[..., 0] - o[..., 0]) * (b[..., 1] - o[..., 1])
                          - (a[..., 1] - o[..., 1]) * (b[..., 0] - o[..., 0]))  # fmt: skip

    i, j = np.triu_indices(len(lines), 1)
    apart = (lines[i][:, :, None] != lines[j][:, None, :]).all(axis=(1, 2))
    one = side(p[i], q[i], p[j]) * side(p[i], q[i], q[j])
    two = side(p[j], q[j], p[i]) * side(p[j], q[j], q[i])
    return int((apart & (one < 0) & (two < 0)).sum())
