"""`CompetingRisks`: when a customer leaves, and through which door."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from tael.errors import ModelError
from tael.models.binning_columns import read_columns
from tael.models.encoding import code_table
from tael.models.hazard_curves import at_times, cumulative_incidence, remaining
from tael.models.hazard_fit import LogisticHazard, fit_boosted_hazard, fit_logistic_hazard
from tael.models.hazard_reasons import HazardReasons
from tael.models.hazard_time import make_grid
from tael.models.incidence import Incidence, curve_of
from tael.models.logistic import Floats
from tael.models.outcomes import Outcome, read_outcome

_TREES = {
    "learning_rate": 0.05,
    "num_leaves": 12,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.6,
    "lambda_l2": 5.0,
    "max_bin": 63,
}


class CompetingRisks(HazardReasons, BaseEstimator):
    r"""Discrete-time competing risks: settle early, default, leave, whichever comes first.

    Time is cut into bins, and in each bin every cause has a hazard: the probability that it happens in this bin to a
    customer who is still there. A multinomial model gives all hazards at once,

    .. math::
        h_c(k \mid x) = \frac{e^{\eta_c(k, x)}}{1 + \sum_d e^{\eta_d(k, x)}}, \qquad
        F_c(k \mid x) = \sum_{j \le k} h_c(j \mid x) \prod_{i < j} \Bigl(1 - \sum_d h_d(i \mid x)\Bigr)

    Rows that are still going (right censoring) and rows seen only from some time on (left truncation) count for the
    bins in which they were seen. The person-period table is never written down.

    Parameters
    ----------
    method : {"logistic", "boosted"}, default="logistic"
        One effect a column over all times, or LightGBM's trees in which time is one more column.
    bins : int or array, default=36
        Bins of time: every distinct time where there are no more than that, else bins of about equally many events. An
        array gives their ends.
    baseline : {"step", "spline"}, default="step"
        The logistic model's curve over time: a value a bin drawn to its neighbours, or a natural cubic spline.
    l2 : float, default=5.0
        Ridge on the logistic model's standardised coefficients, in rows.
    smooth : float, default=1.0
        Strength with which neighbouring bins of the curve are drawn together.
    rounds : int, default=150
        Trees a cause.
    max_rows : int, default=2_000_000
        Person-periods the trees see at most; above, those without an event are sampled and weighted up.
    censored : int or str, default=0
        Code of "nothing happened yet".
    causes : tuple, optional
        All codes of events, in the order wanted; another code in the data is an error. None: those seen in training.
    categories : sequence of str or int, default=()
        Columns that are categories though they hold numbers.
    random_state : int, default=0

    Attributes
    ----------
    causes_ : tuple
    grid_ : TimeGrid
    baseline_ : Incidence
        Aalen and Johansen's curves of the training rows, with limits: what a model without columns says.
    scorer_ : LogisticHazard or BoostedHazard
    code_ : TableCode
    n_features_in_, feature_names_in_

    References
    ----------
    Tutz, G., Schmid, M. (2016). Modeling Discrete Time-to-Event Data. Springer.
    Lee, C., Zame, W., Yoon, J., van der Schaar, M. (2018). DeepHit. AAAI.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(400, 1))
    >>> default = rng.geometric(0.05 * np.exp(x[:, 0]).clip(0.2, 5))
    >>> settle = rng.geometric(0.08, size=400)
    >>> time = np.minimum(np.minimum(default, settle), 12)
    >>> event = np.where(time == default, "default", np.where(time == settle, "settled", "open"))
    >>> model = CompetingRisks(censored="open").fit(x, time, event)
    >>> model.causes_
    ('default', 'settled')
    >>> curves = model.predict_cumulative_incidence([[-1.0], [1.0]], times=[6, 12])
    >>> curves.shape, bool(curves[0, 0, 1] < curves[1, 0, 1])
    ((2, 2, 2), True)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "method": [StrOptions({"logistic", "boosted", "named"})],
        "estimator": [str, None],
        "parameters": [dict, None],
        "bins": [Interval(Integral, 1, 10_000, closed="both"), "array-like"],
        "baseline": [StrOptions({"step", "spline"})],
        "l2": [Interval(Real, 0, None, closed="left")],
        "smooth": [Interval(Real, 0, None, closed="left")],
        "rounds": [Interval(Integral, 1, None, closed="left")],
        "max_rows": [Interval(Integral, 1000, None, closed="left")],
        "censored": [Integral, str],
        "causes": [tuple, list, None],
        "categories": ["array-like"],
        "random_state": [Integral],
    }

    baseline_: Incidence

    def __init__(
        self,
        method: str = "logistic",
        *,
        bins: Any = 36,
        baseline: str = "step",
        l2: float = 5.0,
        smooth: float = 1.0,
        rounds: int = 150,
        max_rows: int = 2_000_000,
        censored: Any = 0,
        causes: Any = None,
        categories: Any = (),
        estimator: str | None = None,
        parameters: dict[str, Any] | None = None,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.parameters = parameters
        self.method = method
        self.bins = bins
        self.baseline = baseline
        self.l2 = l2
        self.smooth = smooth
        self.rounds = rounds
        self.max_rows = max_rows
        self.censored = censored
        self.causes = causes
        self.categories = categories
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Missing values, text and categories are welcome; a label is needed."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, event: ArrayLike | None = None, entry: Any = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn the hazards: ``fit(X, time, event)``, or ``fit(X, y)`` with ``y = survival_outcome(time, event)``.

        The second form is the one for cross-validation: scikit-learn's splitters cut y and the events with it.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
            Known at the origin of each life (the day the loan was paid out), or at `entry`.
        y : array of shape (n,)
            Times, from the origin, in any unit; or a `survival_outcome`.
        event : array of shape (n,)
            Code of what happened at that time.
        entry : array of shape (n,), optional
            Since when each row was seen; default from the origin.
        sample_weight : array of shape (n,), optional

        Returns
        -------
        self

        Raises
        ------
        ModelError
            All censored, an unknown code, times that are not positive, a named cause without an event.
        """
        from threadpoolctl import threadpool_limits

        columns = read_columns(self, X, categories=self.categories)
        known = None if self.causes is None else tuple(self.causes)
        outcome = read_outcome(y, event, entry, censored=self.censored, causes=known, where="fit")
        if len(outcome) != len(columns[0]):
            raise ModelError(
                "X and the outcomes have different lengths.",
                expected=f"{len(columns[0])} outcomes",
                got=f"{len(outcome)}",
            )
        weight = _check_sample_weight(
            sample_weight, np.empty((len(outcome), 0)), dtype=np.float64, ensure_non_negative=True
        )
        self.baseline_ = curve_of(outcome)
        counted = np.bincount(outcome.cause, weights=weight, minlength=len(outcome.causes) + 1)[1:]
        if (counted <= 0).any():
            raise ModelError(
                "A cause has no event to learn from.",
                expected="an event of each cause",
                got=f"none of {outcome.causes[int(np.argmin(counted))]!r}",
                fix="Leave the cause out, or follow the rows for longer.",
            )
        self.grid_ = make_grid(outcome, self.bins)
        self.code_ = code_table(columns)
        self.causes_ = outcome.causes
        M = self.code_.matrix(columns)
        with threadpool_limits(limits=1, user_api="blas"):
            if self.method == "logistic":
                self.scorer_ = fit_logistic_hazard(
                    M, outcome, self.grid_, weight, baseline=self.baseline, l2=float(self.l2), smooth=float(self.smooth)
                )
            elif self.method == "named":
                from tael.models.named_scorer import fit_named_hazard

                self.scorer_ = fit_named_hazard(
                    M, outcome, self.grid_, weight, estimator=str(self.estimator), parameters=self.parameters,
                    seed=int(self.random_state),
                )  # fmt: skip
            else:
                self.scorer_ = fit_boosted_hazard(
                    M, outcome, self.grid_, weight, params=_TREES, rounds=int(self.rounds), most=int(self.max_rows),
                    seed=int(self.random_state),
                )  # fmt: skip
        return self

    def predict_hazard(self, X: Any) -> Floats:
        """Probability of each cause in each bin, for one who is still there.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, causes, bins)
        """
        check_is_fitted(self)
        columns = read_columns(self, X, kinds=self.code_.kinds)
        return self.scorer_.hazards(self.code_.matrix(columns))

    def predict_cumulative_incidence(self, X: Any, times: ArrayLike | None = None) -> Floats:
        """Share that has left through each door by each time.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        times : array of shape (T,), optional
            Default: the ends of the bins.

        Returns
        -------
        ndarray of shape (n, causes, T)
            Never falls with time. Over the causes, and with `predict_survival`, it sums to exactly one.

        Raises
        ------
        ModelError
            A time beyond what the training rows were followed for.
        """
        check_is_fitted(self)
        wanted = self.grid_.edges[1:] if times is None else np.atleast_1d(np.asarray(times, dtype=np.float64))
        self.grid_.weights(wanted)
        return at_times(cumulative_incidence(self.predict_hazard(X)), self.grid_, wanted)

    def predict_survival(self, X: Any, times: ArrayLike | None = None) -> Floats:
        """Share that is still there at each time, shape (n, T).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        times : array of shape (T,), optional
        """
        return remaining(self.predict_cumulative_incidence(X, times))

    def predict(self, X: Any, time: float | None = None) -> NDArray[Any]:
        """What most likely has become of each row by a time: a cause, or the code of `censored` for still there.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        time : float, optional
            Default: the end of the last bin.

        Returns
        -------
        ndarray of shape (n,)
        """
        curves = self.predict_cumulative_incidence(X, None if time is None else [time])[:, :, -1]
        likely = np.argmax(np.column_stack([remaining(curves), curves]), axis=1)
        codes = np.array([self.censored, *self.causes_])
        return codes[likely]

    def score(self, X: Any, y: Any, event: ArrayLike | None = None) -> float:
        """Minus the integrated Brier score, averaged over the causes: more is better.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        y : array of shape (n,)
            As in `fit`.
        event : array of shape (n,), optional

        Returns
        -------
        float
        """
        from tael.models.hazard_metrics import integrated_brier

        outcome = self._outcome(y, event)
        # Where nearly nobody is left under observation, one row's weight would be the score.
        end = min(float(np.quantile(outcome.time, 0.95)), float(self.grid_.edges[-1]))
        times = np.linspace(0.0, end, 21)[1:]
        curves = self.predict_cumulative_incidence(X, times)
        return -float(np.mean([integrated_brier(outcome, curves[:, c], times, c) for c in range(len(self.causes_))]))

    def _outcome(self, y: Any, event: Any = None) -> Outcome:
        check_is_fitted(self)
        return read_outcome(y, event, censored=self.censored, causes=self.causes_, where="score")

    def effects(self) -> pl.DataFrame:
        """The logistic model's effects: the factor on each cause's odds in every bin, for one unit more.

        Returns
        -------
        polars.DataFrame
            column, cause, log_odds, odds_ratio; a missing value has a row of its own where it matters.

        Raises
        ------
        ModelError
            The model is of trees.
        """
        check_is_fitted(self)
        if not isinstance(self.scorer_, LogisticHazard):
            raise ModelError(
                "Trees have no single effect of a column.", expected='method="logistic"', got=repr(self.method)
            )
        rows = []
        for j, label in enumerate(self.code_.labels()):
            for c, cause in enumerate(self.causes_):
                rows.append((label, str(cause), self.scorer_.slope[c, j]))
                if self.scorer_.flag[c, j] != 0.0:
                    rows.append((f"{label} is missing", str(cause), self.scorer_.flag[c, j]))
        table = pl.DataFrame(
            rows, schema={"column": pl.String, "cause": pl.String, "log_odds": pl.Float64}, orient="row"
        )
        return table.with_columns(pl.col("log_odds").exp().alias("odds_ratio"))
