"""Trees with some of their columns held at given values: what is left is a forest over the other columns.

An arm that the trees read as a flag, or a time that they read as a column, is no reason of a customer's. Held at its
value it decides its splits once and for all, and the Shapley values of the other columns are exact again, over a base
that is the same in all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError
from tael.kernels.forest import Forest, read_forest
from tael.models.logistic import Floats


def hold(text: str, columns: Sequence[int], settings: Floats, *, of_class: int = 0) -> Forest:
    r"""The mean over some settings of the held columns, as a forest over the others.

    A split on a held column gives way to the child that the setting leads to; shares of the training rows above it
    stay. Settings that lead the same ways in a tree share one tree, so that many settings cost little.

    Parameters
    ----------
    text : str
        ``Booster.model_to_string()`` of trees with plain splits.
    columns : sequence of int
        Columns to hold, h of them. The others are numbered anew, in order.
    settings : ndarray of shape (s, h)
        Finite values.
    of_class : int
        Which class's trees, where there are several.

    Returns
    -------
    tael.kernels.forest.Forest

    Raises
    ------
    ModelError
        Categorical splits, linear leaves, averaged trees.

    Examples
    --------
    >>> lines = ["num_leaves=2", "split_feature=1", "threshold=0.5", "decision_type=2", "left_child=-1"]
    >>> lines += ["right_child=-2", "leaf_value=-1 3", "leaf_count=75 25", "internal_count=100"]
    >>> text = "\n".join(["tree", "max_feature_idx=1", "", "Tree=0", *lines])
    >>> hold(text, [1], np.array([[0.0], [0.0], [0.0], [1.0]])).expected
    0.0
    """
    # Asked again for the next customer, the same trees are there.
    return _forest(text, tuple(columns), tuple(map(tuple, settings.tolist())), of_class)


@lru_cache(maxsize=32)
def _forest(text: str, columns: tuple[int, ...], settings: tuple[tuple[float, ...], ...], of_class: int) -> Forest:
    head, *blocks = text.split("\nTree=")
    facts = _facts(head)
    width, per = int(facts["max_feature_idx"]) + 1, int(facts.get("num_tree_per_iteration", "1"))
    rest = [j for j in range(width) if j not in set(columns)]
    anew = {j: new for new, j in enumerate(rest)}
    kept = [f"tree\nmax_feature_idx={len(rest) - 1}\n"]
    plain = "\naverage_output" not in head
    for block in blocks[of_class::per]:
        lines = _facts(block)
        plain &= lines.get("num_cat", "0") == "0" and lines.get("is_linear", "0") == "0"
        if plain:
            kept += _held(lines, list(columns), np.array(settings), anew)
    forest = read_forest("\nTree=\n".join(kept)) if plain else None
    if forest is None:
        raise ModelError(
            "These trees cannot be held at a value.",
            expected="added trees with plain splits and constant leaves",
            got="categorical splits, linear leaves or averaged trees",
        )
    return forest


def _held(lines: dict[str, str], columns: list[int], settings: Floats, anew: dict[int, int]) -> list[str]:
    """One tree, once for each way in which the settings run through it."""
    feature = np.array(lines.get("split_feature", "").split(), dtype=np.int64)
    threshold = np.array(lines.get("threshold", "").split(), dtype=np.float64)
    at = np.flatnonzero(np.isin(feature, columns))
    left = settings[:, [columns.index(int(j)) for j in feature[at]]] <= threshold[at]
    ways, count = np.unique(left, axis=0, return_counts=True) if len(at) else (left[:1], np.array([len(settings)]))
    side = np.full(len(feature), -1, dtype=np.int64)
    out = []
    for way, times in zip(ways, count, strict=True):
        side[at] = np.where(way, 0, 1)
        out.append(_pruned(lines, side, float(times) / len(settings), anew))
    return out


def _pruned(lines: dict[str, str], side: NDArray[np.int64], weight: float, anew: dict[int, int]) -> str:
    """The tree without the splits whose side (0 left, 1 right) is given; all leaves times the weight."""
    value = [float(v) * weight for v in lines["leaf_value"].split()]
    # A leaf that no training row reached has no share, and the kernel divides by shares.
    count = [max(float(v), 0.5) for v in lines["leaf_count"].split()] if len(value) > 1 else [1.0]
    child = (
        np.column_stack([np.array(lines[f"{way}_child"].split(), dtype=np.int64) for way in ("left", "right")])
        if (len(value) > 1)
        else np.zeros((0, 2), dtype=np.int64)
    )
    feature, threshold, decision = (lines.get(k, "").split() for k in ("split_feature", "threshold", "decision_type"))
    splits: list[list[str]] = []
    leaves: list[tuple[float, float]] = []

    def total(node: int) -> float:
        return count[-1 - node] if node < 0 else total(int(child[node, 0])) + total(int(child[node, 1]))

    def take(node: int, scale: float) -> int:
        if node < 0:
            leaves.append((value[-1 - node], count[-1 - node] * scale))
            return -len(leaves)
        if side[node] >= 0:
            way = int(child[node, side[node]])
            return take(way, scale * total(node) / total(way))
        here = len(splits)
        splits.append([])  # its place is before its children's
        ways = [take(int(child[node, s]), scale) for s in (0, 1)]
        row = [str(anew[int(feature[node])]), threshold[node], decision[node], *map(str, ways)]
        splits[here] = [*row, repr(total(node) * scale)]
        return here

    take(0 if len(value) > 1 else -1, 1.0)
    names = ("split_feature", "threshold", "decision_type", "left_child", "right_child", "internal_count")
    out = [f"{name}={' '.join(cells)}" for name, cells in zip(names, zip(*splits, strict=True), strict=False)]
    out.append("leaf_value=" + " ".join(repr(v) for v, _ in leaves))
    out.append("leaf_count=" + " ".join(repr(n) for _, n in leaves))
    return "\n".join(out)


def _facts(block: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in block.split("\n\n\n", 1)[0].splitlines())
    return {name: value for name, _, value in pairs}
