"""What every recommender of a few products shares: who may be offered what, and in which order."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError, did_you_mean
from tael.models.binning_columns import CATEGORY, Column, position_of, read_columns
from tael.models.encoding import TableCode, code_table
from tael.models.logistic import Floats
from tael.models.recommender_reasons import Flags, ProductReasons


class Examples:
    """What was taken by whom, who held what just before.

    Parameters
    ----------
    customer : ndarray of shape (m,)
        Row of X of each example.
    target : ndarray of shape (m,)
        Product taken, -1 for none.
    held : ndarray of shape (n, P)
        Holdings of each row of X.
    taken_out : bool
        The target is one of the holdings and is read as not held (leave-one-out).
    weight : ndarray of shape (m,)
    """

    def __init__(
        self, customer: NDArray[np.int64], target: NDArray[np.int64], held: Flags, taken_out: bool, weight: Floats
    ) -> None:
        self.customer, self.target, self.held, self.taken_out, self.weight = customer, target, held, taken_out, weight

    def __len__(self) -> int:
        return len(self.target)

    def holdings(self, rows: Any) -> Flags:
        """Holdings just before, for some of the examples."""
        out = self.held[self.customer[rows]]
        if self.taken_out:
            out[np.arange(len(out)), self.target[rows]] = False
        return out


class Recommender(ProductReasons, ClassifierMixin, BaseEstimator):
    """Which of a few products a customer takes next.

    A subclass learns from `Examples` and scores; reading X, holdings, eligibility and margins is done here.
    """

    products: Any
    categories: Any
    repeat: bool

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "products": ["array-like", None],
        "categories": ["array-like"],
        "repeat": ["boolean"],
    }

    def __sklearn_tags__(self) -> Any:
        """Missing values, text and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @abstractmethod
    def _learn(self, M: Floats, examples: Examples) -> None:
        """Fit on customer columns M, shape (n, w), and examples."""

    @abstractmethod
    def _propensity(self, M: Floats, held: Flags) -> Floats:
        """How likely each product is next, not negative, shape (n, P); holdings need no zeros yet."""

    def fit(self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from what was taken, or, without y, from what is held.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Customers; the columns named by `products` hold 1 where the product is held, everything else describes.
        y : array of shape (n,), optional
            Product each customer took after X was known; None or NaN: none. Without y, each held product in turn is
            taken out and to be found again (leave-one-out), which needs `products`.
        sample_weight : array of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ModelError
            Holdings that are not 0 or 1, a product that is not in the catalogue, nobody with two products.
        """
        from threadpoolctl import threadpool_limits

        self._validate_params()
        columns = read_columns(self, X, categories=self.categories)
        names = [c.name for c in columns]
        self.held_at_ = [] if self.products is None else [position_of(one, names, "products") for one in self.products]
        if self.products is not None and len(set(self.held_at_)) < 2:
            raise ModelError(
                "A catalogue of less than two products leaves nothing to choose.",
                expected="two products or more",
                got=f"{len(set(self.held_at_))}",
                where="products",
            )
        held, described = self._take_apart(columns)
        weight = np.ones(len(columns[0]))
        if sample_weight is not None:
            from sklearn.utils.validation import _check_sample_weight

            weight = _check_sample_weight(
                sample_weight, np.empty((len(weight), 0)), dtype=np.float64, ensure_non_negative=True
            )
        examples = self._left_out(names, held, weight) if y is None else self._taken(names, y, held, weight)
        self.code_ = code_table(described) if described else TableCode((), (), ())
        with threadpool_limits(limits=1, user_api="blas"):
            self._learn(self._matrix(described, len(weight)), examples)
        return self

    def _matrix(self, described: list[Column], n: int) -> Floats:
        return self.code_.matrix(described) if described else np.zeros((n, 0))

    def _take_apart(self, columns: list[Column]) -> tuple[Flags, list[Column]]:
        held = np.zeros((len(columns[0]), len(self.held_at_)), dtype=bool)
        for m, j in enumerate(self.held_at_):
            column = columns[j]
            if column.kind == CATEGORY:
                raise ModelError(
                    "Holdings are text.", expected="1 where the product is held, else 0", got="text", where=column.name
                )
            values = np.nan_to_num(column.values, nan=0.0)
            if not np.isin(values, (0.0, 1.0)).all():
                raise ModelError(
                    "Holdings are not 0 or 1.",
                    expected="1 where the product is held, else 0 (missing: not held)",
                    got=f"{values[~np.isin(values, (0.0, 1.0))][0]:g}",
                    where=column.name,
                )
            held[:, m] = values > 0
        inside = set(self.held_at_)
        return held, [c for j, c in enumerate(columns) if j not in inside]

    def _left_out(self, names: list[str], held: Flags, weight: Floats) -> Examples:
        if self.products is None:
            raise ModelError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.",
                expected="y, or products that name the columns of holdings",
            )
        self.classes_ = np.array([names[j] for j in self.held_at_], dtype=object)
        size = held.sum(axis=1)
        customer, target = np.nonzero(held & (size >= 2)[:, None])
        if not len(customer):
            raise ModelError(
                "Nobody holds two products, so none can be taken out and found again.",
                expected="customers with two products or more",
                got=f"{len(held)} customers with at most {int(size.max(initial=0))}",
                fix="Give y, the product that was taken next.",
            )
        return Examples(customer, target, held, True, weight[customer] / size[customer])

    def _taken(self, names: list[str], y: Any, held: Flags, weight: Floats) -> Examples:
        y = column_or_1d(y, warn=True)
        if len(y) != len(held):
            raise ModelError(
                "X and y have different lengths: inconsistent numbers of samples.",
                expected=f"{len(held)} labels",
                got=str(len(y)),
            )
        none = np.array([v is None or v != v for v in y.tolist()])
        if y.dtype.kind == "f":
            assert_all_finite(y[~none], input_name="y")
        if not self.held_at_:
            if none.all():
                raise ModelError("Nobody took a product, so there is nothing to learn.", got=f"{len(y)} empty labels")
            if not none.any():
                check_classification_targets(y)
            self.classes_ = np.unique(y[~none])
            if len(self.classes_) < 2 and not none.any():
                raise ModelError(
                    "All took the same product: one class leaves nothing to choose.",
                    expected="two products or more",
                    got=repr(self.classes_[0]),
                )
            held = np.zeros((len(y), len(self.classes_)), dtype=bool)
        else:
            self.classes_ = np.array([names[j] for j in self.held_at_], dtype=object)
        place = {name: m for m, name in enumerate(self.classes_.tolist())}
        target = np.full(len(y), -1, dtype=np.int64)
        for i, value in enumerate(y.tolist()):
            if not none[i]:
                if value not in place:
                    raise ModelError(
                        "A product was taken that is not in the catalogue.",
                        expected=", ".join(map(str, place)),
                        got=repr(value),
                        where=f"row {i}",
                        fix=did_you_mean(str(value), map(str, place)),
                    )
                target[i] = place[value]
        if (target < 0).all():
            raise ModelError("Nobody took a product, so there is nothing to learn.", got=f"{len(y)} empty labels")
        return Examples(np.arange(len(y)), target, held, False, weight)

    def _read(self, X: Any) -> tuple[Floats, Flags]:
        check_is_fitted(self)
        kinds = ["number"] * self.n_features_in_
        described = [j for j in range(self.n_features_in_) if j not in set(self.held_at_)]
        for j, kind in zip(described, self.code_.kinds, strict=True):
            kinds[j] = kind
        columns = read_columns(self, X, kinds=kinds)
        held, rest = self._take_apart(columns)
        if not self.held_at_:
            held = np.zeros((len(held), len(self.classes_)), dtype=bool)
        return self._matrix(rest, len(held)), held

    def predict_proba(self, X: Any) -> Floats:
        """Probability that each product is the next one taken.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, P)
            In the order of ``classes_``; 0 for what is held already, unless ``repeat``. Rows sum to one where every
            training row took something, else to at most one.
        """
        return self._proba(*self._read(X))

    def _proba(self, M: Floats, held: Flags) -> Floats:
        p = self._propensity(M, held)
        if not self.repeat:
            p = np.where(held, 0.0, p)
        total = np.zeros(len(p))
        for m in range(p.shape[1]):
            total += p[:, m]
        divide = total if self._always() else np.maximum(total, 1.0)
        return np.divide(p, divide[:, None], out=np.zeros_like(p), where=divide[:, None] > 0)

    def _always(self) -> bool:
        """Every training row took something."""
        return True

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest product of each row, shape (n,)."""
        best = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[best]

    def recommend(
        self, X: Any, k: int = 3, *, eligible: Any = None, margin: Any = None, reasons: int = 0, lang: str = "en"
    ) -> pl.DataFrame:
        """The k best products of each customer, by expected value.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        k : int
        eligible : array or frame of shape (n, P), optional
            False: this customer may not be offered this product. A frame is read by column name.
        margin : mapping of product to money, array of shape (P,) or (n, P), optional
            What a sale earns. Left out: 1 each, so the likeliest comes first. A product that earns nothing or loses
            money is not recommended.
        reasons : int
            How many reasons to give with each; a recommender without reasons gives none.
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            row (from 0), rank (from 1), product, probability, expected_value, reasons. Customers with fewer than k
            eligible products have fewer rows.

        Raises
        ------
        ModelError
            A mask or margins that do not match the catalogue.
        """
        if k < 1:
            raise ModelError("Nothing is asked for.", expected="k of 1 or more", got=str(k))
        M, held = self._read(X)
        p = self._proba(M, held)
        may = np.ones(p.shape, dtype=bool) if eligible is None else self._mask(eligible, len(p))
        if not self.repeat:
            may &= ~held
        value = p * self._margins(margin, len(p))
        order = np.argsort(np.where(may & (value > 0), -value, np.inf), axis=1, kind="stable")[:, :k]
        row, rank = np.nonzero(np.take_along_axis(may & (value > 0), order, axis=1))
        product = order[row, rank]
        told = self._reasons(M, held, row, product, reasons, lang) if reasons else [[] for _ in row]
        return pl.DataFrame(
            {
                "row": row,
                "rank": rank + 1,
                "product": self.classes_[product].tolist(),
                "probability": p[row, product],
                "expected_value": value[row, product],
                "reasons": pl.Series(told, dtype=pl.List(pl.String)),
            }
        )

    def _reasons(
        self, M: Floats, held: Flags, row: NDArray[np.int64], product: NDArray[np.int64], top: int, lang: str
    ) -> list[list[str]]:
        return [[] for _ in row]

    def _mask(self, eligible: Any, n: int) -> Flags:
        frame = nw.from_native(eligible, eager_only=True, pass_through=True)
        if isinstance(frame, nw.DataFrame):
            absent = [str(c) for c in self.classes_ if str(c) not in frame.columns]
            if absent:
                raise ModelError(
                    "The eligibility lacks a product.",
                    expected="a column for each product",
                    got=f"none for {absent[0]!r}",
                )
            eligible = frame.select([str(c) for c in self.classes_]).to_numpy()
        mask = np.asarray(eligible)
        if mask.shape != (n, len(self.classes_)) or not np.isin(mask, (0, 1)).all():
            raise ModelError(
                "The eligibility does not match customers and products.",
                expected=f"true or false, shape ({n}, {len(self.classes_)})",
                got=f"{mask.dtype}, shape {mask.shape}",
            )
        return mask.astype(bool)

    def _margins(self, margin: Any, n: int) -> Floats:
        P = len(self.classes_)
        if margin is None:
            return np.ones(P)
        if isinstance(margin, Mapping):
            absent = [c for c in self.classes_.tolist() if c not in margin]
            unknown = [c for c in margin if c not in self.classes_.tolist()]
            if absent or unknown:
                raise ModelError(
                    "The margins do not match the catalogue.",
                    expected="a margin for each product",
                    got=f"none for {absent[0]!r}" if absent else f"one for {unknown[0]!r}",
                    fix=did_you_mean(str(unknown[0]), map(str, self.classes_)) if unknown else None,
                )
            margin = [margin[c] for c in self.classes_.tolist()]
        out = np.asarray(margin, dtype=np.float64)
        if out.shape not in ((P,), (n, P)) or not np.isfinite(out).all():
            raise ModelError(
                "The margins do not match customers and products.",
                expected=f"numbers, shape ({P},) or ({n}, {P})",
                got=f"shape {out.shape}",
            )
        return out
