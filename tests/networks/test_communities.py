"""Groups of edges: the cap holds, the groups cover, two cliques part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tael.networks import Edges, link_edges
from tael.networks.communities import louvain, parts, split
from tael.networks.links import weigh

DAY = 86_400_000_000


def modularity(matrix: np.ndarray, group: np.ndarray) -> float:
    total, strength = matrix.sum(), matrix.sum(axis=1)
    same = group[:, None] == group[None, :]
    return float((matrix[same] / total).sum() - ((np.outer(strength, strength) / total**2)[same]).sum())


def test_planted_blocks_are_found() -> None:
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(6), 10)
    chance = np.where(truth[:, None] == truth, 0.7, 0.03)
    matrix = np.triu((rng.random((60, 60)) < chance).astype(float), 1)
    matrix += matrix.T
    group = louvain(sparse.csr_array(matrix))
    assert len(np.unique(np.stack([truth, group]), axis=1).T) == 6
    assert modularity(matrix, group) >= modularity(matrix, truth)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_modularity_is_no_less_than_that_of_single_nodes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.triu(rng.random((15, 15)) * (rng.random((15, 15)) < 0.3), 1)
    matrix += matrix.T
    if matrix.sum() == 0:
        return
    group = louvain(sparse.csr_array(matrix))
    assert modularity(matrix, group) >= modularity(matrix, np.arange(15)) - 1e-12
    assert (group == louvain(sparse.csr_array(matrix))).all()


@given(seed=st.integers(0, 10_000), most=st.integers(4, 20))
@settings(max_examples=30, deadline=None)
def test_pieces_stay_below_the_cap(made: Callable[..., Edges], seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 30, 80), rng.integers(0, 30, 80)
    edges = made([(int(x), int(y), float(t)) for x, y, t in zip(a, b, np.sort(rng.random(80) * 30), strict=True)])
    weights = weigh(link_edges(edges, "7d"), np.full(80, 0.5), 80, 7 * DAY)
    group = split(weights, (edges.source, edges.target), over=most, most=most)
    connected = parts(weights)
    for g in range(group.max() + 1):
        rows = group == g
        assert len(set(a[rows]) | set(b[rows])) <= most
        assert len(set(connected[rows])) == 1
