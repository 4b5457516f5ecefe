"""Groups of edges: connected parts of the links' matrix, the large ones cut where the links are thin."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from tael.networks.edges import Floats, Ints


@njit(nogil=True, cache=True)
def _move(
    indptr: NDArray[np.int32], indices: NDArray[np.int32], data: Floats, strength: Floats, resolution: float,
    group: NDArray[np.int64],
) -> bool:  # fmt: skip
    """Let each node join the neighbouring group that modularity likes best, until nobody moves."""
    n = len(indptr) - 1
    total = strength.sum()
    mass = np.zeros(n)
    for i in range(n):
        mass[group[i]] += strength[i]
    pull = np.zeros(n)
    met = np.empty(n, dtype=np.int64)
    changed, again = False, True
    rounds = 0
    while again and rounds < 50:
        again = False
        rounds += 1
        for i in range(n):
            n_met = 0
            for k in range(indptr[i], indptr[i + 1]):
                j = indices[k]
                if j == i:
                    continue
                g = group[j]
                if pull[g] == 0.0:
                    met[n_met] = g
                    n_met += 1
                pull[g] += data[k]
            here = group[i]
            mass[here] -= strength[i]
            best, gain = here, pull[here] - resolution * strength[i] * mass[here] / total
            for m in range(n_met):
                g = met[m]
                other = pull[g] - resolution * strength[i] * mass[g] / total
                if other > gain + 1e-12:
                    best, gain = g, other
                pull[g] = 0.0
            pull[here] = 0.0
            mass[best] += strength[i]
            if best != here:
                group[i] = best
                again = changed = True
    return changed


def louvain(weights: sparse.csr_array, resolution: float = 1.0) -> Ints:
    """Groups of high modularity, by moving nodes and merging groups in turn; nodes in their order, so no chance.

    Parameters
    ----------
    weights : (n, n) sparse, symmetric, not negative
    resolution : float
        Above 1: smaller groups.

    Returns
    -------
    (n,) int64
        Group of each node, from 0 on.

    Notes
    -----
    Blondel, Guillaume, Lambiotte and Lefebvre (2008), "Fast unfolding of communities in large networks"; modularity
    with resolution as of Reichardt and Bornholdt (2006).

    Examples
    --------
    >>> two = sparse.csr_array(np.kron(np.eye(2), np.ones((3, 3))) + 0.05)
    >>> louvain(two).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    matrix = sparse.csr_array(weights, dtype=np.float64)
    strength = np.asarray(matrix.sum(axis=1)).ravel()
    groups = np.arange(matrix.shape[0], dtype=np.int64)
    while strength.sum() > 0:
        local = np.arange(matrix.shape[0], dtype=np.int64)
        indptr, indices = matrix.indptr.astype(np.int32), matrix.indices.astype(np.int32)
        if not _move(indptr, indices, matrix.data, strength, resolution, local):
            break
        _, local = np.unique(local, return_inverse=True)
        groups = local[groups]
        k = int(local.max()) + 1
        gather = sparse.csr_array((np.ones(len(local)), (local, np.arange(len(local)))), shape=(k, len(local)))
        matrix = (gather @ matrix @ gather.T).tocsr()
        strength = gather @ strength
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def parts(weights: sparse.csr_array) -> Ints:
    """Connected components of a symmetric matrix, numbered from 0."""
    return np.asarray(connected_components(weights, directed=False)[1], dtype=np.int64)


def split(
    weights: sparse.csr_array,
    ends: tuple[Ints, Ints],
    *,
    over: int,
    most: int,
    resolution: float = 1.0,
) -> Ints:
    """Groups of edges with at most `most` nodes each.

    Connected parts with more than `over` nodes are cut by :func:`louvain`, at a resolution that doubles while a piece
    has more than `most`; if no resolution below 1,000 parts it, it is cut into equal runs in time's order.

    Parameters
    ----------
    weights : (E, E) sparse
        Links between edges, which stand in time's order.
    ends : ((E,) int64, (E,) int64)
        Source and target of each edge.
    over, most : int
    resolution : float

    Returns
    -------
    (E,) int64
        Group of each edge.
    """
    labels = parts(weights)
    final = np.full(len(labels), -1, dtype=np.int64)
    n_groups = 0
    order = np.argsort(labels, kind="stable")
    bounds = np.flatnonzero(np.diff(labels[order])) + 1
    waiting = [(rows, resolution, over) for rows in np.split(order, bounds) if len(rows)]
    while waiting:
        rows, sharpness, limit = waiting.pop()
        if _n_nodes(rows, ends) <= limit:
            final[rows] = n_groups
            n_groups += 1
            continue
        if sharpness > 1_000.0:
            for run in np.array_split(rows, -(-_n_nodes(rows, ends) // max(most // 2, 1))):
                final[run] = n_groups
                n_groups += 1
            continue
        inside = louvain(weights[rows][:, rows].tocsr(), sharpness)
        # What modularity has cut once is only cut again where it is above the cap.
        waiting += [(rows[inside == g], 2.0 * sharpness, most) for g in range(int(inside.max()) + 1)]
    return np.unique(final, return_inverse=True)[1].astype(np.int64)


def _n_nodes(rows: Ints, ends: tuple[Ints, Ints]) -> int:
    return len(np.unique(np.concatenate([ends[0][rows], ends[1][rows]])))
