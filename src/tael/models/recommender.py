"""`ProductRecommender`: a calibrated model a product, over who the customer is and what they hold."""

from __future__ import annotations

from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from tael.models.blending import Calibration, blend
from tael.models.boosted import fit_boosted
from tael.models.folds import run_side_by_side
from tael.models.linear import LinearScorer, fit_linear
from tael.models.logistic import Floats, Scorer
from tael.models.recommender_base import Examples, Flags, Recommender
from tael.models.recommender_baselines import co_holding
from tael.models.recommender_reasons import shared_out

_FEW = 30  # takers under which trees find nothing that a line would not
_TREES = {
    "learning_rate": 0.07,
    "num_leaves": 12,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "lambda_l2": 5.0,
    "max_bin": 63,
}


class ProductRecommender(Recommender):
    """Which of 5 to 50 products each customer takes next, with a probability that can be multiplied by a margin.

    For each product a model tells its takers from those who took another one, from the customer's columns, what they
    hold, how many, and how strongly what they hold goes together with the product (counted in other folds' customers).
    Folds of customers give each model its unseen scores; a line calibrates those; the folds' models are averaged. Rows
    are then scaled to sum to one over what is not held yet, if all training rows took something.

    Parameters
    ----------
    products : sequence of str or int, optional
        Columns of X with holdings (1 or 0); they are the catalogue. None: the catalogue is what y names.
    method : {"boosted", "linear"}, default="boosted"
        LightGBM's trees, or logistic regression. Products with fewer than 30 takers get a line in any case.
    categories : sequence of str or int, default=()
        Columns that are categories though they hold numbers.
    repeat : bool, default=False
        A product can be taken again.
    rounds : int, default=120
        Trees a model.
    l2 : float, default=20.0
        Ridge of the lines, in rows.
    ratio : float, default=20.0
        Customers who took another product, for each taker, at most (5,000 in any case); they are weighted up.
    folds : int, default=3
    n_jobs : int or None, default=None
        Threads.
    random_state : int, default=0

    Attributes
    ----------
    classes_ : ndarray of shape (P,)
        Products.
    takers_ : ndarray of shape (P,)
        Examples of each product in training.
    held_mean_ : ndarray of shape (P, P)
        By product, what share of the customers its model learned from hold each.
    scorers_ : list of tuples of Scorer
    calibration_ : list of Calibration
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> young = rng.random(300) < 0.5
    >>> other = np.where(young, rng.random(300) < 0.8, rng.random(300) < 0.2)
    >>> X = np.column_stack([young, np.ones(300), other, ~other])
    >>> model = ProductRecommender(products=[1, 2, 3], method="linear").fit(X)
    >>> model.predict([[1, 1, 0, 0], [0, 1, 0, 0]]).tolist()
    ['x2', 'x3']
    >>> model.recommend([[1, 1, 0, 0]], 1, margin=[1.0, 1.0, 20.0])["product"].to_list()
    ['x3']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **Recommender._parameter_constraints,
        "method": [StrOptions({"boosted", "linear", "named"})],
        "estimator": [str, None],
        "parameters": [dict, None],
        "rounds": [Interval(Integral, 1, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="neither")],
        "ratio": [Interval(Real, 1, None, closed="left")],
        "folds": [Interval(Integral, 2, None, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": [Integral],
    }

    score_scale: ClassVar[str] = "log_odds"

    takers_: NDArray[np.int64]
    held_mean_: Floats
    pairs_: Floats
    single_: Floats
    everyone_: bool
    scorers_: list[tuple[Scorer, ...]]
    calibration_: list[Calibration]

    def __init__(
        self,
        products: Any = None,
        method: str = "boosted",
        *,
        categories: Any = (),
        repeat: bool = False,
        rounds: int = 120,
        l2: float = 20.0,
        ratio: float = 20.0,
        folds: int = 3,
        estimator: str | None = None,
        parameters: dict[str, Any] | None = None,
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.parameters = parameters
        self.products = products
        self.method = method
        self.categories = categories
        self.repeat = repeat
        self.rounds = rounds
        self.l2 = l2
        self.ratio = ratio
        self.folds = folds
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _learn(self, M: Floats, examples: Examples) -> None:
        P = len(self.classes_)
        counted = examples.weight > 0
        self.everyone_ = bool((examples.target[counted] >= 0).all())
        self.takers_ = np.bincount(examples.target[counted & (examples.target >= 0)], minlength=P)
        self.pairs_, self.single_ = co_holding(examples)
        rng = np.random.default_rng(self.random_state)
        # All examples of a customer lie in one fold: the others would give away what was taken out.
        fold = rng.permutation(len(M)) % self.folds
        elsewhere = []
        for f in range(self.folds):
            pairs, single = co_holding(examples, fold == f)
            elsewhere.append((self.pairs_ - pairs, self.single_ - single))
        jobs = [
            partial(self._one, m, M, examples, fold, elsewhere, np.random.default_rng([self.random_state, m]))
            for m in range(P)
        ]
        done = run_side_by_side(jobs, self.n_jobs)
        self.scorers_ = [scorers for scorers, _, _ in done]
        self.calibration_ = [calibration for _, calibration, _ in done]
        self.held_mean_ = np.array([mean for _, _, mean in done])

    def _one(
        self,
        m: int,
        M: Floats,
        examples: Examples,
        fold: NDArray[np.int64],
        elsewhere: list[tuple[Floats, Floats]],
        rng: np.random.Generator,
    ) -> tuple[tuple[Scorer, ...], Calibration, Floats]:
        """One product: a model a fold, the line over their unseen scores, and what the customers held on average."""
        all_rows = np.flatnonzero(examples.weight > 0)
        here = (examples.target[all_rows] == m) | ~examples.held[examples.customer[all_rows], m] | self.repeat
        rows = all_rows[here]
        took = examples.target[rows] == m
        weight = examples.weight[rows].copy()
        base = float(weight[took].sum() + 0.5) / float(weight.sum() + 1.0)
        floor = Calibration(float(np.log(base / (1.0 - base))), 0.0)
        groups = fold[examples.customer[rows]]
        if len(np.unique(groups[took])) < 2 or took.all():
            return (), floor, np.zeros(len(self.classes_))
        others = np.flatnonzero(~took)
        most = max(int(self.ratio * took.sum()), 5000)
        if len(others) > most:
            kept = rng.choice(others, most, replace=False)
            weight[kept] *= weight[others].sum() / weight[kept].sum()
            chosen = np.sort(np.concatenate([kept, np.flatnonzero(took)]))
            rows, took, weight, groups = rows[chosen], took[chosen], weight[chosen], groups[chosen]
        label = took.astype(np.float64)
        held, link = examples.holdings(rows), np.zeros(len(rows))
        for f in np.unique(groups):
            link[groups == f] = _link(held[groups == f], m, *elsewhere[f])
        X = self._design(M[examples.customer[rows]], held, link)
        sign = np.zeros(X.shape[1], dtype=np.int64)
        z = np.full(len(rows), np.nan)
        scorers: list[Scorer] = []
        for f in np.unique(groups):
            train, test = groups != f, groups == f
            if not took[train].any() or took[train].all():
                continue
            scorer: Scorer
            if self.method == "named":
                from tael.models.named_scorer import fit_named

                scorer = fit_named(
                    X[train], label[train], weight[train], str(self.estimator), self.parameters,
                    int(self.random_state) % (2**31 - 1),
                )  # fmt: skip
            elif self.method == "boosted" and took.sum() >= _FEW:
                scorer = fit_boosted(
                    X[train], label[train], weight[train], sign,
                    rounds=int(self.rounds), params=_TREES, seed=int(self.random_state) % (2**31 - 1),
                )  # fmt: skip
            else:
                scorer = fit_linear(X[train], label[train], weight[train], sign, l2=float(self.l2))
            z[test] = scorer.score(X[test])
            scorers.append(scorer)
        seen = ~np.isnan(z)
        _, calibration = blend(z[seen, None], label[seen], weight[seen])
        # One by one: the mean of what all hold is then 1 to the last bit.
        mean = np.array([np.average(held[:, a], weights=weight) for a in range(held.shape[1])])
        return tuple(scorers), calibration, mean

    def _design(self, M: Floats, held: Flags, link: Floats) -> Floats:
        """Customer columns, holdings, how many, and how well they go with the product."""
        if not self.held_at_:
            return M
        return np.asfortranarray(np.column_stack([M, held, held.sum(axis=1), link]))

    def _log_odds(self, M: Floats, held: Flags, m: int) -> Floats:
        z = np.zeros(len(M))
        if self.scorers_[m]:
            X = self._design(M, held, _link(held, m, self.pairs_, self.single_))
            for scorer in self.scorers_[m]:
                z = z + scorer.score(X)
            z = z / len(self.scorers_[m])
        return self.calibration_[m].apply(z)

    def _product_score(self, M: Floats, held: Flags, m: int) -> Floats:
        return self._log_odds(M, held, m)

    def _product_parts(self, M: Floats, held: Flags, m: int) -> Floats:
        w, P = M.shape[1], held.shape[1]
        out = np.zeros((len(M), w + P + 1))
        line = self.calibration_[m]
        if self.scorers_[m]:
            X = self._design(M, held, _link(held, m, self.pairs_, self.single_))
            beside = held - self.held_mean_[m]
            each = _weights(m, self.pairs_, self.single_)
            for scorer in self.scorers_[m]:
                parts = scorer.contributions(X)
                out[:, :w] += parts[:, :w]
                out[:, -1] += parts[:, -1]
                if self.held_at_:
                    out[:, w:-1] += parts[:, w : w + P]
                    for j, moved in ((w + P, beside), (w + P + 1, beside * each)):
                        if isinstance(scorer, LinearScorer):
                            out[:, w:-1] += scorer.slope[j] * moved
                            at_mean = self.held_mean_[m] * (each if j > w + P else 1.0)
                            out[:, -1] += scorer.slope[j] * (at_mean.sum() - scorer.mean[j])
                        else:
                            out[:, w:-1] += shared_out(parts[:, j], moved)
            out *= line.slope / len(self.scorers_[m])
        out[:, -1] += line.intercept
        return out

    def _propensity(self, M: Floats, held: Flags) -> Floats:
        from scipy.special import expit

        return np.column_stack([expit(self._log_odds(M, held, m)) for m in range(len(self.classes_))])

    def _always(self) -> bool:
        return self.everyone_

    def _reasons(
        self, M: Floats, held: Flags, row: NDArray[np.int64], product: NDArray[np.int64], top: int, lang: str
    ) -> list[list[str]]:
        """What adds most to the log-odds of the product, in words."""
        out: list[list[str]] = [[] for _ in row]
        for m in np.unique(product):
            places = np.flatnonzero(product == m)
            if not self.scorers_[m]:
                continue
            rows = row[places]
            X = self._design(M[rows], held[rows], _link(held[rows], int(m), self.pairs_, self.single_))
            parts = sum(s.contributions(X)[:, :-1] for s in self.scorers_[m]) / len(self.scorers_[m])
            gains = self._by_source(np.asarray(parts)) * self.calibration_[m].slope
            for i, place in enumerate(places):
                best = np.argsort(-gains[i], kind="stable")[:top]
                out[place] = [self._words(int(j), X[i], gains[i, j], lang) for j in best if gains[i, j] > 1e-9]
        return out

    def _by_source(self, parts: Floats) -> Floats:
        """Flags of one category are one reason: shape (n, columns + holdings + 2)."""
        w, source = self.code_.width, self.code_.source
        out = np.zeros((len(parts), len(self.code_.names)))
        for j in range(w):
            out[:, source[j]] += parts[:, j]
        return np.column_stack([out, parts[:, w:]])

    def _words(self, j: int, x: Floats, gain: float, lang: str) -> str:
        n_columns, w, P = len(self.code_.names), self.code_.width, len(self.classes_)
        en = lang == "en"
        tail = f" ({gain:+.2f})"
        if j < n_columns:
            name, at = self.code_.names[j], np.flatnonzero(self.code_.source == j)
            if self.code_.kinds[j] == "number":
                value = ("missing" if en else "缺失") if np.isnan(x[at[0]]) else f"{x[at[0]]:g}"
            else:
                set_ = [level for level, k in zip(self.code_.levels[j], at, strict=True) if x[k] > 0]
                other, absent = ("another value", "missing") if en else ("其他取值", "缺失")
                value = (absent if set_[0] is None else set_[0]) if set_ else other
            return f"{name} = {value}{tail}"
        if j < n_columns + P:
            name = self.classes_[j - n_columns]
            if x[w + j - n_columns] > 0:
                return (f"holds {name}" if en else f"已持有 {name}") + tail
            return (f"does not hold {name}" if en else f"未持有 {name}") + tail
        if j == n_columns + P:
            return (f"holds {x[-2]:g} products" if en else f"共持有 {x[-2]:g} 种产品") + tail
        return ("others with the same products hold it" if en else "持有相同产品的客户也持有它") + tail


def _weights(m: int, pairs: Floats, single: Floats) -> Floats:
    """Cosine of each product with product m, 0 for m itself, shape (P,)."""
    out = pairs[:, m] / np.sqrt(np.maximum(single * single[m], 1.0))
    out[m] = 0.0
    return out


def _link(held: Flags, m: int, pairs: Floats, single: Floats) -> Floats:
    """Cosine of what is held with product m, summed, shape (n,).

    In training the counts come from other customers: had a taker's own pair been counted, or only that been taken off,
    trees would read the label from the last digits.
    """
    out = np.zeros(len(held))
    for a, weight in enumerate(_weights(m, pairs, single).tolist()):
        if a != m:
            out += held[:, a] * weight
    return out
