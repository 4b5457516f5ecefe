"""`PortfolioClassifier`: a few settings, chosen and averaged by cross-validation in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from tael.errors import ModelError
from tael.models._input import check_matrix, check_monotone, check_training
from tael.models.blending import Calibration, blend, log_loss, prune
from tael.models.folds import Fold, make_folds, out_of_fold, run_side_by_side
from tael.models.logistic import Floats, Scorer
from tael.models.members import Setting, choose

# Counted in rows and cells, never by the clock: the same data must choose the same members on a slow and on a busy machine.
_SCREEN_FROM = 250_000  # cells; above, all settings compete on a part of the first fold and only the best go through all folds
_SCREEN_ROWS = 6_000  # rows to learn on in that competition
_SMALLEST = 0.05  # weight under which a member is not worth its cost in scoring and explaining
_AT_MOST = 4  # members in the end
_AT_MOST_LARGE = 3  # the same, where settings were screened


@dataclass(frozen=True)
class Member:
    """A setting that was chosen.

    Parameters
    ----------
    name : str
    weight : float
        Its share; the shares sum to one.
    auc, log_loss : float
        Out of fold, before calibration.
    scorers : tuple of Scorer
        The fitted models: one, or one a fold.
    """

    name: str
    weight: float
    auc: float
    log_loss: float
    scorers: tuple[Scorer, ...]

    def average(self, method: str, X: Floats) -> Floats:
        """Mean over the scorers of what `method` gives."""
        out = getattr(self.scorers[0], method)(X)
        for scorer in self.scorers[1:]:
            out = out + getattr(scorer, method)(X)
        return out / len(self.scorers)


@dataclass(frozen=True)
class Candidate:
    """A setting that was tried: its out-of-fold figures, where it was measured, and whether it was kept."""

    name: str
    auc: float
    log_loss: float
    stage: str
    kept: bool


class AdditiveClassifier(ClassifierMixin, BaseEstimator):
    """What the classifiers of this room share: probabilities from log-odds that add up over the columns."""

    classes_: NDArray[Any]
    n_features_in_: int

    def __sklearn_tags__(self) -> Any:
        """Missing values are welcome, more than two classes are not."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def _log_odds(self, X: Floats) -> Floats:
        raise NotImplementedError

    def _contributions(self, X: Floats) -> Floats:
        raise NotImplementedError

    def decision_function(self, X: Any) -> Floats:
        """Calibrated log-odds of ``classes_[1]``.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        check_is_fitted(self)
        return self._log_odds(check_matrix(self, X))

    def predict_proba(self, X: Any) -> Floats:
        """Probability of each class.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, 2)
            In the order of ``classes_``. One row scored alone equals the same row scored among others, to the last bit.
        """
        from scipy.special import expit

        p = expit(self.decision_function(X))
        return np.column_stack([1.0 - p, p])

    def predict(self, X: Any) -> NDArray[Any]:
        """The likelier class of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n,)
        """
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def contributions(self, X: Any) -> Floats:
        """How much each column adds to the log-odds of each row.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, p + 1)
            Log-odds; the last column is the base, the same in all rows. Each row sums to `decision_function`.
        """
        check_is_fitted(self)
        return self._contributions(check_matrix(self, X))


class PortfolioClassifier(AdditiveClassifier):
    r"""A portfolio of LightGBM and linear settings, blended in log-odds and calibrated, for two classes.

    No single setting wins on finance tables, so all of `tael.models.members.SETTINGS` compete: each is fitted out of fold on the
    same folds, and non-negative weights and a calibration line minimise the out-of-fold log loss,

    .. math:: \text{log-odds}(x) = a + b \sum_k w_k z_k(x), \qquad w_k \ge 0,\ \sum_k w_k = 1 .

    Averaging log-odds rather than probabilities keeps the columns' contributions additive. Members with a weight under 0.05 are
    dropped. Above 250 thousand cells the settings are screened on a part of the first fold and three at most go on.

    Parameters
    ----------
    members : "auto" or list of str, default="auto"
        Names from `tael.models.members.SETTINGS`. A list is not screened.
    cv : int, splitter or iterable, default=5
        Folds. With a splitter that holds some rows out never (a time split), only rows that were held out set the weights.
    monotone : None, dict or array of shape (p,), default=None
        Wanted direction by column name or position: +1 the log-odds may only rise with the column, -1 only fall. Every member keeps it:
        the trees by LightGBM's constraints, the linear ones by bounds. A missing value is free.
    class_weight : None, dict or "balanced", default=None
        As in scikit-learn; probabilities then belong to the re-weighted population.
    refit : {"all", "folds"}, default="all"
        The models that score: fitted again on all rows, or the mean of the folds' models. See the notes.
    random_state : int, RandomState or None, default=0
    n_jobs : int or None, default=1
        Threads. The result does not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
    n_features_in_, feature_names_in_
        As in scikit-learn.
    members_ : list of Member
        Name, weight, out-of-fold AUC and log loss of those chosen, heaviest first.
    candidates_ : list of Candidate
        All that were tried.
    calibration_ : Calibration
    oof_log_odds_ : ndarray of shape (n,)
        Out-of-fold log-odds, blended and calibrated, before any refit; NaN for rows that were never held out.
    n_splits_ : int
        Folds used: never more than the rarer class has rows.

    Notes
    -----
    One model a member, fitted again on all rows, against the mean of the five folds' models, on the folds of
    ``benchmarks/bench_models.py`` (AUC, log loss): German .802, .484 against .803, .483; HMEQ .982, .134 against .980, .139. As good,
    and five times cheaper to score and to explain, hence ``refit="all"``.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> y = (X[:, 0] + rng.normal(size=200) > 0).astype(int)
    >>> model = PortfolioClassifier(members=["linear", "shallow"]).fit(X, y)
    >>> bool(np.allclose(model.contributions(X).sum(axis=1), model.decision_function(X)))
    True
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "members": [StrOptions({"auto"}), list, tuple],
        "cv": ["cv_object"],
        "monotone": ["array-like", dict, None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "refit": [StrOptions({"all", "folds"})],
        "random_state": ["random_state"],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        members: str | list[str] = "auto",
        *,
        cv: Any = 5,
        monotone: Mapping[Any, int] | ArrayLike | None = None,
        class_weight: Any = None,
        refit: str = "all",
        random_state: Any = 0,
        n_jobs: int | None = 1,
    ) -> None:
        self.members = members
        self.cv = cv
        self.monotone = monotone
        self.class_weight = class_weight
        self.refit = refit
        self.random_state = random_state
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: ArrayLike, groups: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Try the settings, blend, calibrate.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Numbers and flags; NaN or null is missing.
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
            One class, too few rows of a class, text columns, unknown members or directions.
        """
        from threadpoolctl import threadpool_limits

        settings = choose(self.members)
        X, label, self.classes_, weight = check_training(self, X, y, sample_weight, self.class_weight)
        names = getattr(self, "feature_names_in_", None)
        sign = check_monotone(self.monotone, X.shape[1], None if names is None else names.tolist())
        if groups is not None:
            groups = column_or_1d(np.asarray(groups))
            check_consistent_length(X, groups)
        rows = np.flatnonzero(weight > 0)
        n_rows = len(weight)
        X, label, weight = X[rows], label[rows], weight[rows]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        # With weights that dwarf one class, "shuffled and stratified" is still by rows: the splitters know no weights.
        folds = make_folds(self.cv, X, label, None if groups is None else groups[rows], seed)
        self.n_splits_ = len(folds)
        fit = _Fitting(X, label, weight, sign, seed, self.n_jobs)
        # One BLAS thread: threads would change the order of sums, and cost more than they gain at this size.
        with threadpool_limits(limits=1, user_api="blas"):
            self._fit_members(fit, settings, folds)
        oof = np.full(n_rows, np.nan)
        oof[rows] = self.oof_log_odds_
        self.oof_log_odds_ = oof
        return self

    def _fit_members(self, fit: _Fitting, settings: list[Setting], folds: list[Fold]) -> None:
        screened = self.members == "auto" and fit.X.size > _SCREEN_FROM
        self.candidates_ = []
        if screened:
            kept, tried = fit.screen(settings, folds[0])
            self.candidates_ += [c for c in tried if not c.kept]
            settings = [settings[k] for k in kept]
        Z, fold_scorers = fit.cross_fit(settings, folds)
        held = ~np.isnan(Z[:, 0])
        y, weight = fit.y[held], fit.weight[held]
        if len(np.unique(y)) < 2:
            raise ModelError(
                "The rows held out by the folds hold one class only, so the members cannot be compared.",
                expected="rows of both classes among those held out",
                got=f"{int(held.sum())} rows held out, {int(y.sum())} of the second class",
                fix="Use folds that hold out more rows.",
            )
        kept = prune(Z[held], y, weight, smallest=_SMALLEST, at_most=_AT_MOST_LARGE if screened else _AT_MOST)
        weights, self.calibration_ = blend(Z[held][:, kept], y, weight)
        self.oof_log_odds_ = self.calibration_.apply(Z[:, kept] @ weights)
        if self.refit == "all":
            scorers = fit.on_all([settings[k] for k in kept])
        else:
            scorers = [tuple(fold_scorers[k]) for k in kept]
        found = [
            Candidate(s.name, _auc(y, Z[held, k], weight), log_loss(y, Z[held, k], weight), "folds", k in kept)
            for k, s in enumerate(settings)
        ]
        self.candidates_ += found
        members = [
            Member(settings[k].name, float(w), found[k].auc, found[k].log_loss, models)
            for k, w, models in zip(kept, weights, scorers, strict=True)
        ]
        self.members_ = sorted(members, key=lambda m: -m.weight)

    def _log_odds(self, X: Floats) -> Floats:
        z = np.zeros(X.shape[0])
        for member in self.members_:
            z += member.weight * member.average("score", X)
        return self.calibration_.apply(z)

    def _contributions(self, X: Floats) -> Floats:
        out = np.zeros((X.shape[0], X.shape[1] + 1))
        for member in self.members_:
            out += member.weight * member.average("contributions", X)
        out *= self.calibration_.slope
        out[:, -1] += self.calibration_.intercept
        return out


@dataclass(frozen=True)
class _Fitting:
    """The training rows, and the three things that are done with them."""

    X: Floats
    y: Floats
    weight: Floats
    sign: NDArray[np.int64]
    seed: int
    n_jobs: int | None

    def one(self, setting: Setting, train: NDArray[np.int64], number: int) -> Scorer:
        # LightGBM takes seeds below 2**31; each fold draws its own columns.
        return setting.fit(
            self.X[train], self.y[train], self.weight[train], self.sign, (self.seed + 7919 * number) % (2**31 - 1)
        )

    def cross_fit(self, settings: list[Setting], folds: list[Fold]) -> tuple[Floats, list[list[Scorer]]]:
        """Out-of-fold log-odds, shape (n, K), and the folds' models of each setting."""
        jobs = [
            partial(self._fit_and_score, setting, train, test, number)
            for setting in settings
            for number, (train, test) in enumerate(folds)
        ]
        done = run_side_by_side(jobs, self.n_jobs)
        Z = np.empty((len(self.y), len(settings)))
        scorers: list[list[Scorer]] = []
        for k in range(len(settings)):
            part = done[k * len(folds) : (k + 1) * len(folds)]
            scorers.append([scorer for scorer, _ in part])
            Z[:, k] = out_of_fold([(test, z) for (_, test), (_, z) in zip(folds, part, strict=True)], len(self.y))
        return Z, scorers

    def _fit_and_score(
        self, setting: Setting, train: NDArray[np.int64], test: NDArray[np.int64], number: int
    ) -> tuple[Scorer, Floats]:
        scorer = self.one(setting, train, number)
        return scorer, scorer.score(self.X[test])

    def screen(self, settings: list[Setting], fold: Fold) -> tuple[list[int], list[Candidate]]:
        """Fit each setting on a part of one fold; which to take through all folds."""
        rng = np.random.default_rng(self.seed)
        train, test = (self._sample(rng, rows) for rows in fold)
        done = run_side_by_side([partial(self._fit_and_score, s, train, test, 0) for s in settings], self.n_jobs)
        Z = np.column_stack([z for _, z in done])
        y, weight = self.y[test], self.weight[test]
        kept = prune(Z, y, weight, smallest=_SMALLEST, at_most=_AT_MOST_LARGE)
        return kept, [
            Candidate(s.name, _auc(y, Z[:, k], weight), log_loss(y, Z[:, k], weight), "screening", k in kept)
            for k, s in enumerate(settings)
        ]

    def _sample(self, rng: np.random.Generator, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """At most `_SCREEN_ROWS` of these rows, each class at its share but with 200 rows where it has them."""
        if len(rows) <= _SCREEN_ROWS:
            return rows
        second = rows[self.y[rows] > 0.5]
        first = rows[self.y[rows] <= 0.5]
        share = round(_SCREEN_ROWS * len(second) / len(rows))
        share = min(max(share, min(200, len(second))), _SCREEN_ROWS - min(200, len(first)))
        picked = [
            rng.choice(part, min(size, len(part)), replace=False)
            for part, size in ((second, share), (first, _SCREEN_ROWS - share))
        ]
        return np.sort(np.concatenate(picked))

    def on_all(self, settings: list[Setting]) -> list[tuple[Scorer, ...]]:
        """Each setting fitted once on all rows."""
        everything = np.arange(len(self.y))
        jobs = [partial(self.one, s, everything, 0) for s in settings]
        return [(scorer,) for scorer in run_side_by_side(jobs, self.n_jobs)]


def _auc(y: Floats, z: Floats, weight: Floats) -> float:
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, z, sample_weight=weight))
