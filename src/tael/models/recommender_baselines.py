"""What every recommender must beat: what all buy, and what is bought together."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from tael.models.logistic import Floats
from tael.models.recommender_base import Examples, Flags, Recommender


def co_holding(examples: Examples, some: NDArray[np.bool_] | None = None) -> tuple[Floats, Floats]:
    """Counts of customers (`some` of them) who hold or took both products, shape (P, P), and each, shape (P,)."""
    together = examples.held.astype(np.float64)
    if not examples.taken_out:
        took = examples.target >= 0
        together[examples.customer[took], examples.target[took]] = 1.0
    if some is not None:
        together = together[some]
    pairs = together.T @ together
    single = np.diag(pairs).copy()
    np.fill_diagonal(pairs, 0.0)
    return pairs, single


class PopularityRecommender(Recommender):
    """The products that most others took, the same order for all, less what one holds.

    Parameters
    ----------
    products : sequence of str or int, optional
        Columns of X with holdings (1 or 0); they are the catalogue.
    categories : sequence of str or int, default=()
    repeat : bool, default=False
        A product can be taken again.

    Attributes
    ----------
    classes_ : ndarray of shape (P,)
    share_ : ndarray of shape (P,)
        Share of each product in what was taken.

    Examples
    --------
    >>> X = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1]])
    >>> PopularityRecommender(products=[0, 1, 2]).fit(X).predict([[1, 0, 0], [0, 1, 1]]).tolist()
    ['x1', 'x0']
    """

    share_: Floats

    def __init__(self, products: Any = None, *, categories: Any = (), repeat: bool = False) -> None:
        self.products = products
        self.categories = categories
        self.repeat = repeat

    def _learn(self, M: Floats, examples: Examples) -> None:
        took = examples.target >= 0
        counts = np.bincount(examples.target[took], weights=examples.weight[took], minlength=len(self.classes_))
        self.share_ = counts / counts.sum()

    def _propensity(self, M: Floats, held: Flags) -> Floats:
        return np.tile(self.share_, (len(held), 1))

    def _product_score(self, M: Floats, held: Flags, m: int) -> Floats:
        return np.full(len(held), self.share_[m])

    def _product_parts(self, M: Floats, held: Flags, m: int) -> Floats:
        out = np.zeros((len(held), M.shape[1] + held.shape[1] + 1))
        out[:, -1] = self.share_[m]
        return out


class ItemToItemRecommender(Recommender):
    r"""Products that others hold together with what one holds.

    .. math:: s(m \mid H) = \frac1{|H|} \sum_{a \in H} \frac{n_{am} + \lambda q_m}{n_a + \lambda}
        \quad\text{or}\quad \sum_{a \in H} \frac{n_{am}}{\sqrt{n_a n_m}} + \lambda' q_m

    with :math:`q` the share of each product in what was taken: who holds nothing is offered what is popular.

    Parameters
    ----------
    products, categories, repeat
        As in `PopularityRecommender`.
    similarity : {"conditional", "cosine"}, default="conditional"
        How often m is held by those who hold a; or the cosine of their columns, which favours rare pairs.
    shrink : float, default=5.0
        :math:`\lambda`, in customers.

    References
    ----------
    Linden, G., Smith, B., York, J. (2003). Amazon.com recommendations: item-to-item collaborative filtering. IEEE
    Internet Computing 7(1). Deshpande, M., Karypis, G. (2004). ACM TOIS 22(1).

    Examples
    --------
    >>> X = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 1, 0, 1]])
    >>> ItemToItemRecommender(products=[0, 1, 2, 3]).fit(X).predict([[1, 0, 0, 0], [0, 0, 1, 0]]).tolist()
    ['x1', 'x3']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Recommender._parameter_constraints,
        "similarity": [StrOptions({"conditional", "cosine"})],
        "shrink": [Interval(Real, 0, None, closed="neither")],
    }

    share_: Floats
    links_: Floats

    def __init__(
        self,
        products: Any = None,
        *,
        categories: Any = (),
        repeat: bool = False,
        similarity: str = "conditional",
        shrink: float = 5.0,
    ) -> None:
        self.products = products
        self.categories = categories
        self.repeat = repeat
        self.similarity = similarity
        self.shrink = shrink

    def _learn(self, M: Floats, examples: Examples) -> None:
        took = examples.target >= 0
        counts = np.bincount(examples.target[took], weights=examples.weight[took], minlength=len(self.classes_))
        self.share_ = counts / counts.sum()
        pairs, single = co_holding(examples)
        if self.similarity == "conditional":
            self.links_ = (pairs + self.shrink * self.share_) / (single[:, None] + self.shrink)
        else:
            self.links_ = pairs / np.sqrt(np.maximum(np.outer(single, single), 1.0))

    def _propensity(self, M: Floats, held: Flags) -> Floats:
        score = np.zeros(held.shape)
        for a in range(held.shape[1]):  # in one order, so a row alone gives the same bits
            score += held[:, a : a + 1] * self.links_[a]
        size = held.sum(axis=1, keepdims=True)
        if self.similarity == "conditional":
            return np.where(size > 0, score / np.maximum(size, 1), self.share_)
        return score + 1e-3 * self.share_

    def _product_score(self, M: Floats, held: Flags, m: int) -> Floats:
        return self._propensity(M, held)[:, m]

    def _product_parts(self, M: Floats, held: Flags, m: int) -> Floats:
        out = np.zeros((len(held), M.shape[1] + held.shape[1] + 1))
        if self.similarity == "conditional":  # a mean of links is popularity, and what each link is above it
            size = np.maximum(held.sum(axis=1, keepdims=True), 1)
            out[:, M.shape[1] : -1] = held * (self.links_[:, m] - self.share_[m]) / size
            out[:, -1] = self.share_[m]
        else:
            out[:, M.shape[1] : -1] = held * self.links_[:, m]
            out[:, -1] = 1e-3 * self.share_[m]
        return out
