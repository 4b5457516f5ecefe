"""Whether a key knows the outcome: keys must mean nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tael.validation import arrays
from tael.validation.leaks import FOLDS, MAX_ROWS, Finding, _beyond_chance, _means, _sample, _within
from tael.validation.metrics import one_class
from tael.validation.words import Words


def key_carries_label(
    keys: Any, y: ArrayLike, order: Any = None, *, born: Any = None, threshold_auc: float = 0.65, name: str = "id",
    seed: int = 0,
) -> list[Finding]:  # fmt: skip
    """Does an identifier know the outcome: by its size, its order as text, its last digit, its parity, or its prefix?

    Parameters
    ----------
    keys : array-like of shape (n,)
        Identifiers, numbers or text.
    y : array-like of shape (n,)
        Labels, 0 or 1.
    order : array-like of shape (n,), optional
        Cutoff or row order. Keys are handed out in time and rates drift with time, which is no leak: with `order`,
        rows are compared with those of the same tenth of it.
    born : array-like of shape (n,), optional
        When each key came to be, where it is looked at later, again and again: the young behave otherwise than the old,
        which is no leak either. Rows are then compared with those of the same tenth of this, too.
    threshold_auc : float
        AUC from which on it is reported (and beyond 4 standard errors from chance).
    name : str
        What the key is called.
    seed : int
        Seed of sample and folds.

    Returns
    -------
    list of Finding
        The strongest way only, or nothing.

    Examples
    --------
    >>> y = np.arange(1000) % 2
    >>> key_carries_label(np.arange(1000), y)[0].strength
    1.0
    """
    labels = arrays.labels(y)
    raw = arrays.as_array(keys)
    arrays.same_length(len(labels), len(raw), "keys")
    rng = np.random.default_rng(seed)
    rows = _sample(labels, MAX_ROWS, rng)
    block = np.zeros(len(labels), dtype=np.int64)
    if order is not None:
        place, _ = arrays.codes(order)
        arrays.same_length(len(labels), len(place), "order")
        block = np.argsort(np.argsort(place, kind="stable"), kind="stable") * 10 // len(labels)
    if born is not None:
        since, _ = arrays.codes(born)
        arrays.same_length(len(labels), len(since), "born")
        block = block * 10 + np.argsort(np.argsort(since, kind="stable"), kind="stable") * 10 // len(labels)
    raw, labels, block = raw[rows], labels[rows], block[rows]
    if one_class(labels) is not None:
        return []
    text = np.array([str(key) for key in raw])
    # all rows of a key lie in one fold: what a key did before foretells what it does next, which is no leak of its name
    each, whose = np.unique(text, return_inverse=True)
    fold = (rng.permutation(len(each)) % FOLDS)[whose]
    last = np.array([t[-1:] if t[-1:].isdigit() else "" for t in text])
    parity = np.array([int(t) % 2 if t else -1 for t in last])
    views = {
        "size": ("its size", "其大小"),
        "text": ("its order as text", "其文本顺序"),
        "parity": ("whether it is even", "其奇偶"),
        "digit": ("its last digit", "其末位数字"),
        "prefix": ("how it begins", "其前缀"),
        "length": ("its length", "其长度"),
    }
    strength = {
        "text": _within(whose.astype(np.float64), labels, block),
        "parity": _within(parity.astype(np.float64), labels, block),
        "length": _within(np.char.str_len(text).astype(np.float64), labels, block),
        "digit": _within(_means(np.unique(last, return_inverse=True)[1], labels, fold), labels, block, one_sided=True),
    }
    for width in (1, 2, 3):
        start = np.unique(np.array([t[:width] for t in text]), return_inverse=True)[1]
        auc = _within(_means(start, labels, fold), labels, block, one_sided=True)
        strength["prefix"] = max(auc, strength.get("prefix", 0.5))
    size = arrays.numbers_or_none(raw)
    if size is not None:
        strength["size"] = _within(size, labels, block)
    way = max(views, key=lambda v: (strength.get(v, 0.0), v == "size"))
    auc = strength[way]
    if auc < threshold_auc or not _beyond_chance(auc, labels):
        return []
    en, zh = views[way]
    return [
        Finding(
            "TAEL-L04",
            name,
            auc,
            Words(
                f"The key {name} foretells the label by {en} (AUC {auc:.3f}). Keys must mean nothing: see how "
                "the file was put together, and keep the key out of the features.",
                f"键 {name} 凭{zh}就能预知标签（AUC {auc:.3f}）。键不应有含义：请检查文件如何拼成，"
                "并确保键不进入特征。",
            ),
        )
    ]
