"""Why a product is offered to a customer: each column's part in the product's own score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tael.errors import ModelError, did_you_mean
from tael.models.encoding import TableCode
from tael.models.logistic import Floats

Flags = NDArray[np.bool_]


class ProductReasons(ABC):
    """What a recommender says beside its probabilities; a recommender brings score and parts.

    Attributes
    ----------
    score_scale : {"log_odds", "score"}
        Scale of `product_score` and `contributions`: log-odds of the product's own model, or a baseline's own score.
    """

    score_scale: ClassVar[str] = "score"

    classes_: NDArray[Any]
    code_: TableCode
    held_at_: list[int]
    n_features_in_: int

    @abstractmethod
    def _read(self, X: Any) -> tuple[Floats, Flags]:
        """Customer columns and holdings."""

    @abstractmethod
    def _product_score(self, M: Floats, held: Flags, m: int) -> Floats:
        """Score of product m before rows are scaled, shape (n,)."""

    @abstractmethod
    def _product_parts(self, M: Floats, held: Flags, m: int) -> Floats:
        """What customer columns, then holdings, add to it, and the base last, shape (n, w + P + 1)."""

    def product_score(self, X: Any, product: Any) -> Floats:
        """What `contributions` add up to: a product's own score, before it is weighed against the other products.

        Of `ProductRecommender` the calibrated log-odds of its model; of the baselines their score: the product's share
        in what was taken, or its links to what is held. What is held already has a score, too, though no probability.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        product : object
            One of ``classes_``.

        Returns
        -------
        ndarray of shape (n,)

        Raises
        ------
        ModelError
            A product that is not in the catalogue.
        """
        return self._product_score(*self._read(X), self._place(product))

    def contributions(self, X: Any, product: Any) -> Floats:
        """What each column of X, holdings included, adds to a product's own score.

        Lines: each column beside its mean, exact; how many products are held, and how well they go with this one, are
        sums over holdings and belong to them. Trees: exact Shapley values; those of the two sums go to the holdings
        that moved them the way they went from their mean, in proportion. Item-to-item: what is held, one by one, beside
        the product's popularity (exact). Popularity: nothing but the base.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        product : object
            One of ``classes_``.

        Returns
        -------
        ndarray of shape (n, p + 1)
            In the order of the columns of X; the last is the base, the same in all rows. Each row sums to
            `product_score`.

        Raises
        ------
        ModelError
            A product that is not in the catalogue.
        """
        M, held = self._read(X)
        w, p = self.code_.width, self.n_features_in_
        parts = self._product_parts(M, held, self._place(product))
        out = np.zeros((len(parts), p + 1))
        described = [j for j in range(p) if j not in set(self.held_at_)]
        out[:, described] = self.code_.by_column(parts[:, :w])
        for a, j in enumerate(self.held_at_):
            out[:, j] = parts[:, w + a]
        out[:, -1] = parts[:, -1]
        return out

    def _place(self, product: Any) -> int:
        known = self.classes_.tolist()
        if product not in known:
            raise ModelError(
                "There is no such product.",
                expected="one of the catalogue",
                got=repr(product),
                where="product",
                fix=did_you_mean(str(product), map(str, known)),
            )
        return known.index(product)


def shared_out(gain: Floats, moved: Floats) -> Floats:
    """A gain shared among what moved a sum away from its mean, to those that moved it the way it went.

    Parameters
    ----------
    gain : ndarray of shape (n,)
    moved : ndarray of shape (n, P)
        By how much each summand is above its mean. All at it: equal shares.

    Returns
    -------
    ndarray of shape (n, P)
        Of one sign in each row, summing to the gain.

    Examples
    --------
    >>> shared_out(np.array([6.0, 6.0]), np.array([[2.0, 1.0, -0.5], [0.5, -1.5, -0.5]])).tolist()
    [[4.0, 2.0, 0.0], [0.0, 4.5, 1.5]]
    """
    total = np.zeros(len(moved))
    for a in range(moved.shape[1]):
        total += moved[:, a]
    total[np.abs(total) < 1e-12] = 0.0
    weight = np.where(total[:, None] == 0, np.abs(moved), np.maximum(moved * np.sign(total)[:, None], 0.0))
    weight[~weight.any(axis=1)] = 1.0
    whole = np.zeros(len(moved))
    for a in range(moved.shape[1]):
        whole += weight[:, a]
    return gain[:, None] * weight / whole[:, None]
