"""`PortfolioClassifier`: a few settings, chosen and averaged by cross-validation in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_consistent_length, column_or_1d

from tael.errors import ModelError
from tael.models._input import check_monotone, check_training
from tael.models.additive import AdditiveClassifier
from tael.models.blending import blend, log_loss, prune
from tael.models.crossfit import SMALLEST, Candidate, CrossFit, Member, roc_auc
from tael.models.folds import Fold, make_folds, run_side_by_side
from tael.models.logistic import Floats
from tael.models.members import Setting, choose

# Cells of the table. Settings are screened on a fold, and only the best go through the others: where the fold can tell
# them apart, and in any case where trying all would take minutes.
_SCREEN_FROM, _SCREEN_ALWAYS_FROM = 75_000, 250_000
_ENOUGH = 100  # rows of the rarer class that a fold must hold out to tell settings apart
_THREE_FOLDS_FROM = 500_000  # cells; above, three folds set weights as surely as five, at half the cost
_VERY_LARGE = 1_000_000  # cells; above, two members: a third costs seconds and gains nothing that a fold can show
_AT_MOST, _AT_MOST_SCREENED, _AT_MOST_VERY_LARGE = 4, 3, 2  # members in the end


class PortfolioClassifier(AdditiveClassifier):
    r"""A portfolio of LightGBM and linear settings, blended in log-odds and calibrated, for two classes.

    No single setting wins on finance tables, so all of `tael.models.members.SETTINGS` compete: each is fitted out of
    fold on the same folds, and non-negative weights and a calibration line minimise the out-of-fold log loss,

    .. math:: \text{log-odds}(x) = a + b \sum_k w_k z_k(x), \qquad w_k \ge 0,\ \sum_k w_k = 1 .

    Averaging log-odds rather than probabilities keeps the columns' contributions additive. Members with a weight
    under 0.05 are dropped. Where a fold can tell settings apart (75 thousand cells, 100 held-out rows of the rarer
    class) and wherever the table is large (250 thousand cells), they are screened on the first fold, or 8,000 of its
    rows, and three at most (two above a million cells) go on.

    Parameters
    ----------
    members : "auto" or list of str, default="auto"
        Names from `tael.models.members.SETTINGS`. A list is not screened.
    cv : "auto", int, splitter or iterable, default="auto"
        Folds; "auto" is five, and three above half a million cells. With a splitter that holds some rows out never (a
        time split), only rows that were held out set the weights.
    monotone : None, dict or array of shape (p,), default=None
        Wanted direction by column name or position: +1 the log-odds may only rise with the column, -1 only fall.
        Every member keeps it: the trees by LightGBM's constraints, the linear ones by bounds. A missing value is
        free.
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
    ``refit="all"`` against the mean of the folds' models, on ``benchmarks/bench_models.py`` (AUC, loss): German .799,
    .487 against .801, .486; HMEQ .982, .133 against .981, .138; Taiwan .785, .425 both; churners .9941, .0704 against
    .9942, .0694. The folds are a shade better on two of four and three to five times dearer to score and to explain,
    hence ``"all"``.

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
        "cv": [StrOptions({"auto"}), "cv_object"],
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
        cv: Any = "auto",
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
            check_consistent_length(X, groups)
        rows = np.flatnonzero(weight > 0)
        n_rows = len(weight)
        X, label, weight = X[rows], label[rows], weight[rows]
        # Mean 1: LightGBM's least weight of a leaf is absolute, and weights such as exposures in millions would make
        # it bite.
        weight = weight / weight.mean()
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        # With weights that dwarf one class, "shuffled and stratified" is still by rows: the splitters know no weights.
        cv = (3 if X.size > _THREE_FOLDS_FROM else 5) if isinstance(self.cv, str) else self.cv
        folds = make_folds(cv, X, label, None if groups is None else column_or_1d(np.asarray(groups))[rows], seed)
        self.n_splits_ = len(folds)
        fit = CrossFit(X, label, weight, sign, seed, self.n_jobs)
        # One BLAS thread: threads would change the order of sums, and cost more than they gain at this size.
        with threadpool_limits(limits=1, user_api="blas"):
            held_out = self._fit_members(fit, settings, folds)
        self.oof_log_odds_ = np.full(n_rows, np.nan)
        self.oof_log_odds_[rows] = held_out
        return self

    def _fit_members(self, fit: CrossFit, settings: list[Setting], folds: list[Fold]) -> Floats:
        number = self._screening_fold(fit, folds)
        at_most = _AT_MOST
        self.candidates_, done = [], {}
        if number is not None:
            at_most = _AT_MOST_SCREENED if fit.X.size <= _VERY_LARGE else _AT_MOST_VERY_LARGE
            screened = fit.screen(settings, folds, number, at_most)
            self.candidates_ += [c for c in screened.tried if not c.kept]
            settings, done = [settings[k] for k in screened.kept], screened.done
        Z, fold_scorers = fit.cross_fit(settings, folds, done)
        held = ~np.isnan(Z[:, 0])
        y, weight = fit.y[held], fit.weight[held]
        if len(np.unique(y)) < 2:
            raise ModelError(
                "The rows held out by the folds hold one class only, so the members cannot be compared.",
                expected="rows of both classes among those held out",
                got=f"{int(held.sum())} rows held out, {int(y.sum())} of the second class",
                fix="Use folds that hold out more rows.",
            )
        kept = prune(Z[held], y, weight, smallest=SMALLEST, at_most=at_most)
        weights, self.calibration_ = blend(Z[held][:, kept], y, weight)
        if self.refit == "all":
            scorers = fit.on_all([settings[k] for k in kept])
        else:
            scorers = [tuple(fold_scorers[k]) for k in kept]
        found = [
            Candidate(s.name, roc_auc(y, Z[held, k], weight), log_loss(y, Z[held, k], weight), "folds", k in kept)
            for k, s in enumerate(settings)
        ]
        self.candidates_ += found
        members = [
            Member(settings[k].name, float(w), found[k].auc, found[k].log_loss, models)
            for k, w, models in zip(kept, weights, scorers, strict=True)
        ]
        self.members_ = sorted(members, key=lambda m: -m.weight)
        return self.calibration_.apply(Z[:, kept] @ weights)

    def _screening_fold(self, fit: CrossFit, folds: list[Fold]) -> int | None:
        """The first fold that holds out both classes (a grouped one may not); None where all settings go on."""
        if self.members != "auto" or fit.X.size <= _SCREEN_FROM:
            return None
        for number, (_, test) in enumerate(folds):
            rarer = min(fit.y[test].sum(), len(test) - fit.y[test].sum())
            if rarer >= (1 if fit.X.size > _SCREEN_ALWAYS_FROM else _ENOUGH):
                return number
        return None

    def _log_odds(self, X: Floats) -> Floats:
        z = np.zeros(X.shape[0])
        for member in self.members_:
            z += member.weight * member.average("score", X)
        return self.calibration_.apply(z)

    def _contributions(self, X: Floats) -> Floats:
        # Explaining trees costs many times what scoring them does, so here alone scoring uses the threads.
        parts = np.array_split(X, max(1, min(len(X) // 256, 64)))
        out = np.concatenate(run_side_by_side([partial(self._explain, part) for part in parts], self.n_jobs))
        out *= self.calibration_.slope
        out[:, -1] += self.calibration_.intercept
        return out

    def _explain(self, X: Floats) -> Floats:
        out = np.zeros((X.shape[0], X.shape[1] + 1))
        for member in self.members_:
            out += member.weight * member.average("contributions", X)
        return out
