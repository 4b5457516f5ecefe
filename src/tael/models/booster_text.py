"""LightGBM's text held against its own rules before LightGBM reads it: at a forged one it ends the process."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

_WHOLE = ("split_feature", "decision_type", "left_child", "right_child")
_MEASURED = ("threshold", "split_gain", "internal_value", "internal_weight", "internal_count")


def check_booster(text: str, objective: str = "binary sigmoid:1", classes: int = 1) -> None:
    """Hold the text of a booster against what LightGBM relies on without looking.

    The sizes of the trees fit the text, each tree's arrays are as long as its leaves ask for, every split names a
    column that there is, and the children make one tree.

    Parameters
    ----------
    text : str
        ``Booster.model_to_string()``, of numeric splits and constant leaves, as `tael.models.boosted` makes them.
    objective : str
        What it was fitted for, in LightGBM's words.
    classes : int
        Trees in each round.

    Raises
    ------
    ValueError
        Says what does not fit.

    Examples
    --------
    >>> check_booster("tree\\nversion=v4\\n")
    Traceback (most recent call last):
        ...
    ValueError: a booster that is cut short
    """
    # LightGBM ends the process, or reads on, at some texts that are cut: look for its last line first.
    if "end of parameters" not in text[-4000:]:
        raise ValueError("a booster that is cut short")
    raw = text.encode()
    at = raw.find(b"\nTree=") + 1
    if not at:
        raise ValueError("a booster without trees")
    head = _facts(raw[:at].decode())
    told = {"version": "v4", "num_class": str(classes), "num_tree_per_iteration": str(classes), "objective": objective}
    for name, wanted in told.items():
        if head.get(name) != wanted:
            raise ValueError(f"a booster with {name}={head.get(name)}, not {wanted}")
    columns = int(head.get("max_feature_idx", "")) + 1
    for name in ("feature_names", "feature_infos"):
        if (there := len(head.get(name, "").split())) != columns:
            raise ValueError(f"a booster of {columns} columns with {there} {name}")
    for number, size in enumerate(map(int, head.get("tree_sizes", "").split())):
        tree = raw[at : at + size].decode()
        if size <= 0 or not tree.startswith(f"Tree={number}\n") or tree.count("Tree=") != 1:
            raise ValueError(f"a booster whose tree {number} is not of the size told")
        _check_tree(number, _facts(tree), columns)
        at += size
    if not raw.startswith(b"end of trees\n", at):
        raise ValueError("a booster whose trees are not of the sizes told")


def _facts(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.split("\n") if "=" in line)


def _check_tree(number: int, facts: Mapping[str, str], columns: int) -> None:
    leaves, categories, is_linear = (
        int(_number(number, name, facts.get(name, other), int))
        for name, other in (("num_leaves", ""), ("num_cat", ""), ("is_linear", "0"))
    )
    if leaves < 1 or categories or is_linear:
        raise ValueError(f"tree {number}: of a kind that tael does not make")
    if any(isnan(value) for value in _numbers(number, facts, "leaf_value", leaves)):
        raise ValueError(f"tree {number}: a leaf without a value")
    if leaves == 1:
        return
    for name in ("leaf_weight", "leaf_count"):
        _numbers(number, facts, name, leaves)
    for name in _MEASURED:
        _numbers(number, facts, name, leaves - 1)
    inner = {
        name: [int(_number(number, name, value, int)) for value in _words(number, facts, name, leaves - 1)]
        for name in _WHOLE
    }
    if not all(0 <= column < columns for column in inner["split_feature"]):
        raise ValueError(f"tree {number}: a split on a column that is not there")
    if not all(0 <= kind < 16 and kind % 2 == 0 for kind in inner["decision_type"]):
        raise ValueError(f"tree {number}: a split of an unknown kind")
    # Every node but the root is the child of one; as many as there are, they make one tree if all are reached.
    seen: set[int] = set()
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if node in seen or not -leaves <= node < leaves - 1:
            raise ValueError(f"tree {number}: its nodes make no tree")
        seen.add(node)
        if node >= 0:
            waiting += [inner["left_child"][node], inner["right_child"][node]]
    if len(seen) != 2 * leaves - 1:
        raise ValueError(f"tree {number}: its nodes make no tree")


def _numbers(number: int, facts: Mapping[str, str], name: str, wanted: int) -> list[float]:
    return [_number(number, name, value, float) for value in _words(number, facts, name, wanted)]


def _number(number: int, name: str, text: str, kind: type[int] | type[float]) -> float:
    """A number read, or an error that says where there is none: a text cut off ends anywhere."""
    try:
        return kind(text)
    except ValueError:
        raise ValueError(f"tree {number}: {name} is not a number: {text!r}") from None


def _words(number: int, facts: Mapping[str, str], name: str, wanted: int) -> list[str]:
    values = facts.get(name, "").split()
    if len(values) != wanted:
        raise ValueError(f"tree {number}: {name} has {len(values)} values, not {wanted}")
    return values
