"""How high recommenders place what was really taken: MRR, hit rate and NDCG, over all and by product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ModelError
from tael.models.logistic import Floats
from tael.validation.ranked import interval, resample


def leave_one_out(X: Any, products: Sequence[str], *, seed: int = 0) -> tuple[Any, NDArray[Any], NDArray[np.int64]]:
    """Take one held product, drawn at random, from each customer who holds two or more.

    This is how Zimnat's competition (Zindi, 2020) was judged: all but one product are known, the one is to be found.

    Parameters
    ----------
    X : frame (pandas, polars, pyarrow) of shape (n, p)
    products : sequence of str
        Columns with holdings.
    seed : int

    Returns
    -------
    X : frame of shape (m, p)
        The customers with two products or more, one product set to 0.
    taken : ndarray of shape (m,)
        The product that was taken out.
    rows : ndarray of shape (m,)
        Which rows of X they were.

    Raises
    ------
    ModelError
        Nobody holds two products.

    Examples
    --------
    >>> frame = pl.DataFrame({"age": [30, 40], "card": [1, 1], "loan": [1, 0]})
    >>> masked, taken, rows = leave_one_out(frame, ["card", "loan"])
    >>> rows.tolist(), int(masked.select(taken[0]).item())
    ([0], 0)
    """
    frame = nw.from_native(X, eager_only=True)
    names = list(products)
    held = frame.select(names).to_numpy().astype(np.float64) > 0
    rows = np.flatnonzero(held.sum(axis=1) >= 2)
    if not len(rows):
        raise ModelError(
            "Nobody holds two products, so none can be taken out.",
            expected="customers with two products or more",
            got=f"{len(held)} customers",
        )
    draw = np.where(held[rows], np.random.default_rng(seed).random((len(rows), len(names))), -1.0)
    out = np.argmax(draw, axis=1)
    masked = frame[rows.tolist()]
    changed = []
    for m, name in enumerate(names):
        kept = (nw.new_series("gone", (out != m).astype(np.int64), backend=masked.implementation)).to_numpy()
        values = masked[name].to_numpy() * kept
        changed.append(nw.new_series(name, values, backend=masked.implementation))
    return masked.with_columns(*changed).to_native(), np.array(names, dtype=object)[out], rows


def place_of(truth: NDArray[np.int64], scores: Floats, candidates: NDArray[np.bool_]) -> Floats:
    """Place of the truth among the candidates, from 1; those of equal score share the mean of their places."""
    own = scores[np.arange(len(truth)), truth][:, None]
    above = ((scores > own) & candidates).sum(axis=1)
    equal = ((scores == own) & candidates).sum(axis=1)
    return above + (equal + 1) / 2


def evaluate_ranking(
    taken: ArrayLike,
    scores: ArrayLike,
    products: ArrayLike,
    *,
    candidates: ArrayLike | None = None,
    k: int = 3,
    n_boot: int = 300,
    level: float = 0.95,
    seed: int = 0,
) -> pl.DataFrame:
    r"""MRR, hit rate and NDCG at k with bootstrap intervals over customers.

    With one product to find at place r, these are the means of :math:`1/r`, :math:`1\{r \le k\}` and
    :math:`1\{r \le k\}/\log_2(1 + r)`. Where most hold the same two products, the row ``all`` flatters: read the
    products' rows, and ``mean of products``, in which each weighs the same.

    Parameters
    ----------
    taken : array of shape (n,)
        The product that each customer took.
    scores : array of shape (n, P)
        More is better.
    products : array of shape (P,)
        As a recommender's ``classes_``.
    candidates : array of shape (n, P), optional
        False: was not to be offered (held, not eligible). Default: all.
    k, n_boot, level, seed

    Returns
    -------
    polars.DataFrame
        product ("all", "mean of products", then each), rows, metric ("mrr", "hit", "ndcg"), k, value, low, high.

    Raises
    ------
    ModelError
        Shapes that do not match, a product outside the catalogue, a truth that was no candidate.

    Examples
    --------
    >>> table = evaluate_ranking(["a", "b"], [[0.9, 0.1], [0.6, 0.4]], ["a", "b"], k=1)
    >>> table.filter(product="all")["value"].to_list()
    [0.75, 0.5, 0.5]
    """
    names = np.asarray(products, dtype=object).tolist()
    z = np.asarray(scores, dtype=np.float64)
    who = np.asarray(taken, dtype=object).tolist()
    if z.shape != (len(who), len(names)) or not len(who):
        raise ModelError(
            "Scores, takers and products do not match.",
            expected=f"scores of shape ({len(who)}, {len(names)}), one row at least",
            got=f"{z.shape}",
        )
    place = {name: m for m, name in enumerate(names)}
    strange = [name for name in who if name not in place]
    if strange:
        raise ModelError(
            "A product is not in the catalogue.", expected=", ".join(map(str, names)), got=repr(strange[0])
        )
    truth = np.array([place[name] for name in who])
    may = np.ones(z.shape, dtype=bool) if candidates is None else np.asarray(candidates, dtype=bool)
    if may.shape != z.shape or not may[np.arange(len(who)), truth].all():
        raise ModelError(
            "What was taken was not among the candidates.", expected="candidates that include it, one row a customer",
            got=f"candidates of shape {may.shape}",
        )  # fmt: skip
    r = place_of(truth, z, may)
    hit = (r <= k).astype(np.float64)
    values = {"mrr": 1.0 / r, "hit": hit, "ndcg": hit / np.log2(1.0 + r)}
    rng = np.random.default_rng(seed)
    counts = np.concatenate(list(resample(len(who), n_boot, rng)))
    by_product = np.zeros((len(who), len(names)))
    by_product[np.arange(len(who)), truth] = 1.0
    size = by_product.sum(axis=0)
    drawn_size = counts @ by_product
    rows: list[tuple[Any, ...]] = []
    for metric, v in values.items():
        means = np.divide(v @ by_product, size, out=np.full(len(names), np.nan), where=size > 0)
        drawn = np.divide(
            (counts * v) @ by_product, drawn_size, out=np.full(drawn_size.shape, np.nan), where=drawn_size > 0
        )
        there = size > 0
        rows.append(("all", len(who), metric, k, float(v.mean()), *interval(v.mean(), counts @ v / len(who), level)))
        mean = float(means[there].mean())
        drawn_mean = np.nanmean(drawn[:, there], axis=1)
        rows.append(("mean of products", len(who), metric, k, mean, *interval(mean, drawn_mean, level)))
        for m, name in enumerate(names):
            rows.append((str(name), int(size[m]), metric, k, float(means[m]), *interval(means[m], drawn[:, m], level)))
    return pl.DataFrame(
        rows, schema=["product", "rows", "metric", "k", "value", "low", "high"], orient="row", infer_schema_length=None
    )
