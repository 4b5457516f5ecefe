"""`Scorecard`: binning, weights of evidence, selection, logistic regression, points."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, _check_y, check_is_fitted

from tael.errors import ModelError
from tael.models._input import check_two_classes
from tael.models.additive import AdditiveClassifier
from tael.models.binning import OptimalBinning
from tael.models.logistic import Floats
from tael.models.scorecard_points import Points, Rounding, Scale, make_points, points_table, reasons
from tael.models.scorecard_select import Rules, SelectionStep, select


class Scorecard(AdditiveClassifier):
    """A points card: each column's bin gives points, and the sum of points tells the odds.

    Columns are binned, read as weights of evidence, chosen, and weighed by scikit-learn's logistic regression; a column
    whose coefficient has the wrong sign goes, and `log_` says why. Probabilities are those of the unrounded model.

    Parameters
    ----------
    binning : OptimalBinning, FrozenEstimator or None, default=None
        Fitted on the training rows. A binning that a person edited is used as it stands (bins, log and all) when it
        comes as ``sklearn.frozen.FrozenEstimator(edited)``.
    min_iv : float, default=0.0
        Columns of less information value go (0.02 is the custom); those with a single bin go in any case.
    max_correlation : float, default=0.95
        Of two columns whose weights of evidence correlate more, the one of less information value goes; 1: none goes.
    selection : {"none", "forward", "backward", "stepwise"}, default="none"
    criterion : {"lr", "aic"}, default="aic"
        Stepwise by p-value of the likelihood ratio, or by Akaike's criterion.
    p_enter, p_remove : float, default=0.05, 0.1
        For ``"lr"``.
    max_columns : int, optional
        Where the search is stepwise.
    sign_check : bool, default=True
        A weight of evidence must lower the log-odds of bad: columns where it does not go, the worst first.
    C : float, default=1.0
        Inverse strength of the ridge, as in scikit-learn's LogisticRegression.
    pdo, base_score, base_odds : float, default=20, 600, 50
        `base_score` points at `base_odds` goods for one bad, and `pdo` more double the odds.
    round_points : bool, default=True
        Whole points.
    spread_base : bool, default=True
        Spread what everybody gets equally over the columns.

    Attributes
    ----------
    binning_ : OptimalBinning
    coef_ : ndarray of shape (p,)
        Log-odds of bad for one unit of weight of evidence; 0 for columns that went.
    intercept_ : float
    log_ : list of SelectionStep
        What became of each column, in the order of the steps.
    rounding_ : Rounding
        How far whole points lie from the exact score.
    points_ : Points
    scale_ : Scale
    classes_ : ndarray of shape (2,)
        The good and the bad class.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    References
    ----------
    Siddiqi, N. (2006). Credit risk scorecards. Wiley.

    Examples
    --------
    >>> import numpy as np
    >>> income = np.repeat([1000.0, 2000.0, 3000.0, np.nan], 50)
    >>> bad = np.r_[np.arange(50) < 30, np.arange(50) < 10, np.arange(50) < 5, np.arange(50) < 25].astype(int)
    >>> card = Scorecard().fit(income[:, None], bad)
    >>> card.points_table().select("bin", "points").rows()
    [('(-inf, 2000)', 476), ('[2000, 3000)', 526), ('[3000, inf)', 549), ('missing', 488)]
    >>> card.score_points([[2500.0]]).tolist()
    [526]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "binning": [OptimalBinning, FrozenEstimator, None],
        "min_iv": [Interval(Real, 0, None, closed="left")],
        "max_correlation": [Interval(Real, 0, 1, closed="right")],
        "selection": [StrOptions({"none", "forward", "backward", "stepwise"})],
        "criterion": [StrOptions({"lr", "aic"})],
        "p_enter": [Interval(Real, 0, 1, closed="both")],
        "p_remove": [Interval(Real, 0, 1, closed="both")],
        "max_columns": [Interval(Integral, 1, None, closed="left"), None],
        "sign_check": ["boolean"],
        "C": [Interval(Real, 0, None, closed="neither")],
        "pdo": [Interval(Real, 0, None, closed="neither")],
        "base_score": [Real],
        "base_odds": [Interval(Real, 0, None, closed="neither")],
        "round_points": ["boolean"],
        "spread_base": ["boolean"],
    }

    binning_: OptimalBinning
    coef_: Floats
    intercept_: float
    log_: list[SelectionStep]
    points_: Points
    rounding_: Rounding
    scale_: Scale

    def __init__(
        self,
        binning: Any = None,
        *,
        min_iv: float = 0.0,
        max_correlation: float = 0.95,
        selection: str = "none",
        criterion: str = "aic",
        p_enter: float = 0.05,
        p_remove: float = 0.1,
        max_columns: int | None = None,
        sign_check: bool = True,
        C: float = 1.0,
        pdo: float = 20,
        base_score: float = 600,
        base_odds: float = 50,
        round_points: bool = True,
        spread_base: bool = True,
    ) -> None:
        self.binning = binning
        self.min_iv = min_iv
        self.max_correlation = max_correlation
        self.selection = selection
        self.criterion = criterion
        self.p_enter = p_enter
        self.p_remove = p_remove
        self.max_columns = max_columns
        self.sign_check = sign_check
        self.C = C
        self.pdo = pdo
        self.base_score = base_score
        self.base_odds = base_odds
        self.round_points = round_points
        self.spread_base = spread_base

    def __sklearn_tags__(self) -> Any:
        """As the binning: text is welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None, period: Any = None
    ) -> Self:
        """Bin, choose, weigh, and set points.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
        y : array of shape (n,)
            Two classes; the second in their order is bad.
        sample_weight : array of shape (n,), optional
        period : array of shape (n,), optional
            Vintages, for a binning with `stability`.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            As `OptimalBinning.fit`; a frozen binning that is not fitted, or on other classes.
        """
        from threadpoolctl import threadpool_limits

        if y is None:
            raise ModelError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.",
                expected="a label of two classes",
            )
        self.binning_ = self._fit_binning(X, y, sample_weight, period)
        codes = self.binning_._codes(X)
        labels = _check_y(y, multi_output=False, estimator=self)
        weight = _check_sample_weight(sample_weight, np.empty((len(labels), 0)), dtype=np.float64)
        label, self.classes_ = check_two_classes(labels, weight)
        if not np.array_equal(self.classes_, self.binning_.classes_):
            raise ModelError(
                "The frozen binning was fitted on other classes.",
                expected=repr(self.binning_.classes_.tolist()),
                got=repr(self.classes_.tolist()),
            )
        self.n_features_in_ = self.binning_.n_features_in_
        if hasattr(self.binning_, "feature_names_in_"):
            self.feature_names_in_ = self.binning_.feature_names_in_
        rules = self.binning_.columns_
        used = weight > 0
        W = self._woe(codes)[used]
        with threadpool_limits(limits=1, user_api="blas"):
            kept, coef, self.intercept_, self.log_ = select(
                W, label[used], weight[used], [rule.name for rule in rules], self.binning_.iv_, self._rules()
            )
        self.coef_ = np.zeros(len(rules))
        self.coef_[kept] = coef
        self.scale_ = Scale(float(self.pdo), float(self.base_score), float(self.base_odds))
        self.points_ = make_points(
            rules, self.coef_, self.intercept_, kept, self.scale_, bool(self.round_points), bool(self.spread_base)
        )
        self.rounding_ = self._rounding([c[used] for c in codes])
        return self

    def _fit_binning(self, X: Any, y: Any, sample_weight: Any, period: Any) -> OptimalBinning:
        if isinstance(self.binning, FrozenEstimator):
            frozen = self.binning.estimator
            check_is_fitted(frozen)
            if not isinstance(frozen, OptimalBinning):
                raise ModelError(
                    "The frozen estimator is no binning.", expected="OptimalBinning", got=type(frozen).__name__
                )
            return frozen
        binning = OptimalBinning(keep_training=False) if self.binning is None else clone(self.binning)
        return binning.fit(X, y, sample_weight=sample_weight, period=period)

    def _rules(self) -> Rules:
        return Rules(
            min_iv=float(self.min_iv), max_correlation=float(self.max_correlation), selection=self.selection,
            criterion=self.criterion, p_enter=float(self.p_enter), p_remove=float(self.p_remove),
            sign_check=bool(self.sign_check), max_columns=self.max_columns, C=float(self.C),
        )  # fmt: skip

    def _rounding(self, codes: list[NDArray[np.int32]]) -> Rounding:
        from scipy.special import expit

        exact, whole = self.points_.total(codes, exact=True), self.points_.total(codes)
        error = np.abs(exact - whole)
        moved = np.abs(expit(self.scale_.log_odds(exact)) - expit(self.scale_.log_odds(whole)))
        return Rounding(self.points_.worst_error, float(error.max()), float(error.mean()), float(moved.max()))

    def _woe(self, codes: list[NDArray[np.int32]]) -> Floats:
        out = np.empty((len(codes[0]), len(codes)), order="F")
        for j, (rule, c) in enumerate(zip(self.binning_.columns_, codes, strict=True)):
            out[:, j] = rule.woe[c]
        return out

    def _codes(self, X: Any) -> list[NDArray[np.int32]]:
        check_is_fitted(self)
        return self.binning_._codes(X)

    def _log_odds(self, X: Floats) -> Floats:
        """Of weights of evidence, column by column: one row alone gives the bits it gives among others."""
        out = np.full(X.shape[0], self.intercept_)
        for j in self.points_.columns:
            out += self.coef_[j] * X[:, j]
        return out

    def _contributions(self, X: Floats) -> Floats:
        return np.column_stack([self.coef_ * X, np.full(X.shape[0], self.intercept_)])

    def decision_function(self, X: Any) -> Floats:
        """Log-odds of the bad class, ``classes_[1]``, from the unrounded model.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        return self._log_odds(self._woe(self._codes(X)))

    def contributions(self, X: Any) -> Floats:
        """How much each column adds to the log-odds of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, p + 1)
            Log-odds; the last column is the intercept. Each row sums to `decision_function`.
        """
        return self._contributions(self._woe(self._codes(X)))

    def score_points(self, X: Any) -> NDArray[Any]:
        """The score of each row: the sum of its points.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
            Integers, or floats with ``round_points=False``. More is better.
        """
        total = self.points_.total(self._codes(X)) if hasattr(self, "points_") else check_is_fitted(self)
        return total.astype(np.int64) if self.round_points else total

    def probability_of_points(self, points: ArrayLike) -> Floats:
        """Probability of bad that a score stands for.

        Parameters
        ----------
        points : array of shape (n,)

        Returns
        -------
        ndarray of shape (n,)
        """
        from scipy.special import expit

        check_is_fitted(self)
        return expit(self.scale_.log_odds(np.asarray(points, dtype=np.float64)))

    def points_table(self, lang: str = "en") -> pl.DataFrame:
        """The card.

        Parameters
        ----------
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            column, bin, count, bad_rate, woe, coefficient, points_exact, points; with ``spread_base=False`` the first
            row is what everybody gets.
        """
        check_is_fitted(self)
        return points_table(self.binning_.columns_, self.coef_, self.points_, lang)

    def explain(self, X: Any, against: str = "best", *, top: int | None = 4, lang: str = "en") -> pl.DataFrame:
        """Where each row lost points: the reasons of its score, from the factors that were scored.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        against : {"best", "neutral", "average"}, default="best"
            Points lost against the column's best bin, against a weight of evidence of 0, or against the mean of the
            training rows.
        top : int or None, default=4
            Reasons a row at most.
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            row (from 0), rank (from 1), column, bin, points, reference, lost: most lost first, of equals the column
            that stands first in X. Columns that lost nothing are not listed.
        """
        return reasons(self._fitted_columns(), self.points_, self._codes(X), against, top, lang)

    def _fitted_columns(self) -> list[Any]:
        check_is_fitted(self)
        return self.binning_.columns_

    def selection_log(self, lang: str = "en") -> pl.DataFrame:
        """What became of each column: column, step, dropped, why.

        Parameters
        ----------
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
        """
        check_is_fitted(self)
        return pl.DataFrame(
            [(step.column, step.reason, step.dropped, step.words(lang)) for step in self.log_],
            schema={"column": pl.String, "step": pl.String, "dropped": pl.Boolean, "why": pl.String},
            orient="row",
        )
