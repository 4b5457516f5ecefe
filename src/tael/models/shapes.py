"""`AdditiveBooster`: boosted shape functions of columns and of a few pairs, readable as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self, cast

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from tael.errors import ModelError
from tael.models.additive import AdditiveClassifier
from tael.models.binning_columns import position_of, read_columns
from tael.models.binning_fit import Limits, fine_column
from tael.models.binning_rows import training_rows
from tael.models.binning_rule import BinnedColumn
from tael.models.blending import Calibration, blend
from tael.models.folds import make_folds
from tael.models.logistic import Floats
from tael.models.shape_fit import Boosting, Rule
from tael.models.shape_input import directions, named_pairs, specials
from tael.models.shape_terms import (
    Codes,
    Interaction,
    Layout,
    Shapes,
    codes_of,
    held_rows,
    interaction_table,
    lay_out,
    mean_of,
    packed,
    shape_table,
)

_COARSE = 32
"""Ordinary bins of a column in a pair: 32 by 32 cells are still a picture."""


class AdditiveBooster(AdditiveClassifier):
    r"""A booster that can be read: one curve a column, and a few tables of two columns (a GA2M).

    .. math:: \text{log-odds}(x) = c + \sum_j f_j(x_j) + \sum_{(a, b)} f_{ab}(x_a, x_b)

    Each :math:`f` is a table over bins. Columns are boosted in turn, a small step each, on all folds at once; the loss
    of the rows that the folds hold out says when to stop. Pairs are sought on what is left of those rows, and let in
    only where they gain more than on shuffled residuals. The model is the mean of the folds' models (a mean of tables
    is a table), and a line on the out-of-fold log-odds calibrates it. Missing values and special codes have bins of
    their own; categories are ordered by their bad rate in training.

    Parameters
    ----------
    interactions : int or list of pairs, default=30
        Pairs at most; or the pairs themselves, by name or position, which are then taken as they are.
    monotone : None, dict or array of shape (p,), default=None
        +1: the log-odds may only rise with the column, whatever the others are; -1: only fall. Not for categories.
    special : sequence or dict of column to sequence, optional
        Codes such as -9 that each have a bin of their own; a sequence is for every column of numbers.
    categories : sequence of str or int, default=()
        Columns that hold numbers and are categories.
    max_bins : int, default=128
        Ordinary bins of a column at most.
    rare : float, default=0.01
        Categories with a smaller share are one, "other", which is also where unseen ones go.
    learning_rate : float, default=0.05
        Share of the Newton step that is taken.
    max_leaves : int, default=3
        Runs of bins that one step tells apart.
    min_rows : int, default=2
        Rows on either side of a cut.
    l2 : float, default=1.0
        Ridge of each step, in units of curvature.
    max_sweeps : int, default=2000
        Rounds over all columns at most.
    cv : int, splitter or iterable, default=5
        Folds; one model each.
    random_state : int, RandomState or None, default=0
    n_jobs : int or None, default=1
        Threads. The result does not depend on it.

    Attributes
    ----------
    columns_ : list of BinnedColumn
        The bins.
    shapes_ : list of ndarray
        Log-odds of each bin of each column, 0 on average over the training rows.
    spreads_ : list of ndarray
        Standard deviation of each over the folds' models.
    interactions_ : list of Interaction
        Strongest first.
    importances_ : ndarray of shape (p,)
        Mean absolute contribution in training, interactions shared out in halves.
    base_ : float
        Log-odds where every shape is 0.
    calibration_ : Calibration
        Already in the shapes.
    oof_log_odds_ : ndarray of shape (n,)
        Out of fold, calibrated; NaN for rows that were never held out.
    n_sweeps_ : list of int
        Over the columns, then over the pairs, batch by batch.
    classes_ : ndarray of shape (2,)
    n_features_in_, feature_names_in_
        As in scikit-learn.

    References
    ----------
    Lou, Y., Caruana, R., Gehrke, J., Hooker, G. (2013). Accurate intelligible models with pairwise interactions. KDD.
    Lengerich, B. et al. (2020). Purifying interaction effects with the functional ANOVA. AISTATS.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.integers(0, 3, size=(600, 2)).astype(float)
    >>> y = (X[:, 0] + rng.normal(size=600) > 1).astype(int)
    >>> model = AdditiveBooster().fit(X, y)
    >>> model.shape_table(0)["bin"].to_list()
    ['(-inf, 1)', '[1, 2)', '[2, inf)', 'missing']
    >>> bool(model.shape_table(0)["log_odds"][:3].is_sorted())
    True
    >>> bool(np.allclose(model.contributions(X).sum(axis=1), model.decision_function(X)))
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "interactions": [Interval(Integral, 0, None, closed="left"), "array-like"],
        "monotone": ["array-like", dict, None],
        "special": ["array-like", dict, None],
        "categories": ["array-like"],
        "max_bins": [Interval(Integral, 2, 250, closed="both")],
        "rare": [Interval(Real, 0, 1, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="right")],
        "max_leaves": [Interval(Integral, 2, None, closed="left")],
        "min_rows": [Interval(Real, 0, None, closed="left")],
        "l2": [Interval(Real, 0, None, closed="neither")],
        "max_sweeps": [Interval(Integral, 1, None, closed="left")],
        "cv": ["cv_object"],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    columns_: list[BinnedColumn]
    shapes_: list[Floats]
    spreads_: list[Floats]
    interactions_: list[Interaction]
    importances_: Floats
    base_: float
    calibration_: Calibration
    oof_log_odds_: Floats
    n_sweeps_: list[int]
    _layout: Layout
    _shapes: Shapes

    def __init__(
        self,
        interactions: int | Sequence[tuple[Any, Any]] = 30,
        *,
        monotone: Mapping[Any, int] | ArrayLike | None = None,
        special: Any = None,
        categories: Sequence[Any] = (),
        max_bins: int = 128,
        rare: float = 0.01,
        learning_rate: float = 0.05,
        max_leaves: int = 3,
        min_rows: float = 2,
        l2: float = 1.0,
        max_sweeps: int = 2000,
        cv: Any = 5,
        random_state: Any = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.interactions = interactions
        self.monotone = monotone
        self.special = special
        self.categories = categories
        self.max_bins = max_bins
        self.rare = rare
        self.learning_rate = learning_rate
        self.max_leaves = max_leaves
        self.min_rows = min_rows
        self.l2 = l2
        self.max_sweeps = max_sweeps
        self.cv = cv
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """As the binning: text is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Bin, boost the columns, seek pairs, calibrate.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Numbers, flags, text and categories.
        y : array of shape (n,)
            Two classes.
        groups : array of shape (n,), optional
            Rows of one group (one person) are never both learned from and held out.
        sample_weight : array of shape (n,), optional
            0 leaves a row out.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            One class, too few rows of a class, times, mixed columns, unknown columns in a parameter, a direction for a
            category.
        """
        if y is None:
            raise ModelError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.",
                expected="a label of two classes",
            )
        columns = read_columns(self, X, categories=self.categories)
        n_rows = len(columns[0])
        rows, used, self.classes_ = training_rows(self, n_rows, y, sample_weight, None)
        kept = np.arange(n_rows) if used is None else used
        if used is not None:
            columns = [column.take(used) for column in columns]
        sign = directions(self.monotone, columns)
        forced = named_pairs(self.interactions, [column.name for column in columns])
        self.columns_ = [
            fine_column(column, rows, self._limits(), special)
            for column, special in zip(columns, specials(self.special, columns), strict=True)
        ]
        self._layout = lay_out(self.columns_, _COARSE)
        label = rows.label.astype(np.float64)
        # Mean 1: the ridge is in rows, and weights such as exposures in millions would drown it.
        weight = rows.weight / rows.weight.mean() if rows.weight.size else np.ones(len(label))
        if groups is not None:
            check_consistent_length(np.empty(n_rows), groups)
        group = None if groups is None else column_or_1d(np.asarray(groups))[kept]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        folds = make_folds(self.cv, np.zeros((len(label), 1)), label, group, seed)
        codes = codes_of(self.columns_, columns)
        boosting = Boosting(codes, label, weight, folds, self._layout, sign, self._rule(), self.n_jobs)
        self.n_sweeps_ = boosting.fit(int(cast(int, self.interactions)) if forced is None else forced, seed)
        held_out = boosting.held_out()
        _, self.calibration_ = blend(*held_rows(held_out, label, weight))
        self._settle(boosting, codes, weight)
        self.oof_log_odds_ = np.full(n_rows, np.nan)
        self.oof_log_odds_[kept] = self.calibration_.apply(held_out)
        return self

    def _rule(self) -> Rule:
        return Rule(
            float(self.learning_rate), int(self.max_leaves), float(self.min_rows), float(self.l2), int(self.max_sweeps)
        )

    def _limits(self) -> Limits:
        return Limits(
            max_bins=int(self.max_bins), min_bin_size=0.0, min_goods=0.0, min_bads=0.0, max_prebins=int(self.max_bins),
            smoothing=1.0, bin_cost=0.0, stability=0.0, rare=float(self.rare), unseen="other",
        )  # fmt: skip

    def _settle(self, boosting: Boosting, codes: Codes, weight: Floats) -> None:
        """The mean of the folds' models, purified and calibrated, as what a person reads."""
        layout = self._layout
        weights = [rule.goods + rule.bads for rule in self.columns_]
        parts = [fold.shapes.purified(layout, weights).scaled(self.calibration_) for fold in boosting.folds]
        whole = mean_of(parts)
        sizes, spread = layout.sizes, np.std([one.columns for one in parts], axis=0)
        self.base_ = whole.base
        self.shapes_ = [whole.columns[j, :k].copy() for j, k in enumerate(sizes)]
        self.spreads_ = [spread[j, :k].copy() for j, k in enumerate(sizes)]
        self.interactions_ = whole.interactions(self.columns_, layout, codes, weight)
        self._assemble()
        moved = np.abs(self._shapes.contributions(codes, layout)[:, :-1])
        self.importances_ = np.average(moved, axis=0, weights=weight)

    def _assemble(self) -> None:
        """The kernel's arrays from what a person reads, so that a model that was loaded scores by the same bits."""
        self._layout = lay_out(self.columns_, _COARSE)
        self._shapes = packed(self.base_, self.shapes_, self.interactions_, self._layout)

    def _codes(self, X: Any) -> Codes:
        check_is_fitted(self)
        return codes_of(self.columns_, read_columns(self, X, kinds=[rule.kind for rule in self.columns_]))

    def _log_odds(self, X: Any) -> Floats:
        return self._shapes.score(X, self._layout)

    def _contributions(self, X: Any) -> Floats:
        return self._shapes.contributions(X, self._layout)

    def decision_function(self, X: Any) -> Floats:
        """Calibrated log-odds of ``classes_[1]``.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        return self._log_odds(self._codes(X))

    def contributions(self, X: Any) -> Floats:
        """How much each column adds to the log-odds of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, p + 1)
            Log-odds; the last column is the base. Each row sums to `decision_function`. An interaction's value is
            shared out in halves to its two columns (for a pair that is its Shapley value).
        """
        return self._contributions(self._codes(X))

    def shape_table(self, column: str | int, lang: str = "en") -> pl.DataFrame:
        """The curve of one column.

        Parameters
        ----------
        column : str or int
            Name, or position.
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            One row a bin: bin, from, to (``from <= x < to``), count, share, bad_rate, log_odds, spread (standard
            deviation of log_odds over the folds' models).
        """
        check_is_fitted(self)
        j = position_of(column, [rule.name for rule in self.columns_], "column")
        return shape_table(self.columns_[j], self.shapes_[j], self.spreads_[j], lang)

    def interaction_table(self, first: str | int, second: str | int, lang: str = "en") -> pl.DataFrame:
        """What two columns say together, beyond their own curves.

        Parameters
        ----------
        first, second : str or int
            Names or positions, in either order.
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            One row for two bins: the two bins under the columns' names, and log_odds.

        Raises
        ------
        ModelError
            No such pair in the model.
        """
        check_is_fitted(self)
        names = [rule.name for rule in self.columns_]
        a, b = (position_of(one, names, "interaction") for one in (first, second))
        for one in self.interactions_:
            if set(one.columns) == {a, b}:
                return interaction_table(one, self.columns_, self._layout, lang)
        raise ModelError(
            "The model has no such interaction.",
            expected=", ".join(f"{one.names[0]} with {one.names[1]}" for one in self.interactions_[:8])
            or "none at all",
            got=f"{names[a]} with {names[b]}",
            fix="interactions_ lists them; AdditiveBooster(interactions=[(first, second)]) asks for one.",
        )
