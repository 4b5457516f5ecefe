"""`Segments`: who the customers are, in a few groups that a person can tell apart."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClusterMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError
from tael.models.binning_columns import read_columns
from tael.models.logistic import Floats
from tael.models.segment_fit import Choice, Clusters, Labels, fit_clusters, try_sizes
from tael.models.segment_rules import candidates, differences, short_rule
from tael.models.segment_space import Space, make_space
from tael.models.segment_words import SegmentProfile, profile_lines, profile_table, why
from tael.validation.calibration import wilson

_TOLD = 5  # differences in a profile


class Segments(ClusterMixin, BaseEstimator):
    """Customer segments with readable profiles.

    Rows are points in a robust scale (`tael.models.segment_space`): numbers by median and interquartile range, amounts
    with a long tail on a log scale, a category as heavy as one number, missing numbers at the median with a flag. The
    number of segments is chosen among those that come back when rows are resampled: the largest whose silhouette is
    within a tenth of the best (k-means), or the one of the best BIC (mixture): see `choices` and `why`.

    Parameters
    ----------
    n_segments : int or "auto", default="auto"
    method : {"kmeans", "mixture"}, default="kmeans"
        The mixture is of normals with diagonal covariances: segments of different widths.
    sizes : tuple of (int, int), default=(2, 8)
        Fewest and most segments that "auto" tries.
    least_stability : float, default=0.7
        Mean adjusted Rand index over resamples that a number of segments must reach.
    smallest : float, default=0.02
        Share of the rows that the smallest segment must hold.
    boots : int, default=5
        Resamples for each number of segments.
    rule_length : int, default=3
        Conditions in a rule at most.
    categories : sequence of str or int, default=()
        Columns that are categories though they hold numbers.
    random_state : int, default=0

    Attributes
    ----------
    labels_ : ndarray of shape (n,)
        Segment of each training row; 0 is the largest.
    n_segments_ : int
    profiles_ : list of SegmentProfile
    choices_ : list of Choice
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frame = pl.DataFrame({"age": np.r_[rng.normal(25, 3, 200), rng.normal(60, 3, 100)],
    ...                       "job": ["student"] * 200 + ["retired"] * 100})
    >>> model = Segments().fit(frame)
    >>> model.n_segments_, model.predict(pl.DataFrame({"age": [61.0], "job": ["retired"]})).tolist()
    (2, [1])
    >>> model.table()["rule"].to_list()
    ['job = student', 'job = retired']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_segments": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "method": [StrOptions({"kmeans", "mixture"})],
        "sizes": [tuple, list],
        "least_stability": [Interval(Real, -1, 1, closed="both")],
        "smallest": [Interval(Real, 0, 1, closed="both")],
        "boots": [Interval(Integral, 1, None, closed="left")],
        "rule_length": [Interval(Integral, 1, None, closed="left")],
        "categories": ["array-like"],
        "random_state": [Integral],
    }

    labels_: Labels
    n_segments_: int
    profiles_: list[SegmentProfile]
    choices_: list[Choice]
    space_: Space
    clusters_: Clusters
    n_features_in_: int

    def __init__(
        self,
        n_segments: int | str = "auto",
        *,
        method: str = "kmeans",
        sizes: Any = (2, 8),
        least_stability: float = 0.7,
        smallest: float = 0.02,
        boots: int = 5,
        rule_length: int = 3,
        categories: Any = (),
        random_state: int = 0,
    ) -> None:
        self.n_segments = n_segments
        self.method = method
        self.sizes = sizes
        self.least_stability = least_stability
        self.smallest = smallest
        self.boots = boots
        self.rule_length = rule_length
        self.categories = categories
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Missing values, text and categories are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Find the segments and describe them.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
        y : array of shape (n,), optional
            A label of two values: it does not move the segments, but each profile tells its rate. Other labels are
            passed over, as scikit-learn's clusterers do.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            Rows that are all alike, or fewer distinct rows than segments.
        """
        columns = read_columns(self, X, categories=self.categories)
        self.space_, M = make_space(columns)
        Z = self.space_.points(M)
        distinct = len(np.unique(Z, axis=0)) if Z.shape[1] else 1
        seed = int(self.random_state) % (2**31 - 100)
        sizes = self._sizes(distinct, len(Z))
        if len(sizes) == 1:
            self.clusters_ = fit_clusters(Z, sizes[0], self.method, seed) if sizes[0] > 1 else _one(Z)
            self.choices_ = []
        else:
            self.clusters_, self.choices_ = try_sizes(
                Z, sizes, self.method, boots=int(self.boots), least=float(self.least_stability),
                smallest=float(self.smallest), seed=seed,
            )  # fmt: skip
        self.clusters_, self.labels_ = _by_size(self.clusters_, Z)
        self.n_segments_ = len(self.clusters_.centres)
        self.profiles_ = self._describe(M, self.labels_, _rates(y, self.labels_, self.n_segments_))
        return self

    def _sizes(self, distinct: int, n: int) -> list[int]:
        if self.n_segments != "auto":
            k = int(self.n_segments)
            if distinct < k:
                raise ModelError(
                    "There are fewer different rows than segments.",
                    expected=f"{k} different rows or more",
                    got=f"{distinct} (n_samples={n})",
                    fix="Ask for fewer segments, or look at columns that are constant or all missing.",
                )
            return [k]
        low, high = (int(v) for v in self.sizes)
        if not 2 <= low <= high:
            raise ModelError(
                "The sizes to try are no range.", expected="two numbers, 2 or more, rising", got=repr(self.sizes)
            )
        high = min(high, distinct, n - 1)
        if high < low:
            raise ModelError(
                "The rows are too few or too much alike to be told apart.",
                expected=f"at least {low} different rows, and one more row",
                got=f"{distinct} different of {n} (n_samples={n})",
                fix="Look at columns that are constant or all missing.",
            )
        return list(range(low, high + 1))

    def _describe(self, M: Floats, labels: Labels, rates: list[tuple[Any, Any, Any]]) -> list[SegmentProfile]:
        code = self.space_.code
        some = np.arange(len(M))
        if len(M) > 50_000:  # a rule and its figures need no more
            some = np.sort(np.random.default_rng(0).choice(len(M), 50_000, replace=False))
        tests, holds = candidates(M[some], code)
        scale = np.nan_to_num(self.space_.spread, nan=0.0)
        out = []
        for s in range(self.n_segments_):
            inside = labels == s
            rule = short_rule(inside[some], tests, holds, int(self.rule_length))
            told = differences(M, inside, code, scale)[:_TOLD] if 0 < inside.sum() < len(M) else []
            out.append(SegmentProfile(s, int(inside.sum()), float(inside.mean()), rule, tuple(told), *rates[s]))
        return out

    def _points(self, X: Any) -> Floats:
        check_is_fitted(self)
        return self.space_.points(self.space_.code.matrix(read_columns(self, X, kinds=self.space_.code.kinds)))

    def predict(self, X: Any) -> Labels:
        """Segment of each row, shape (n,): a training row gets its own, a level never seen is no level.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        Z = self._points(X)
        return self.clusters_.assign(Z)

    def distances(self, X: Any) -> Floats:
        """Distance of each row to each segment's centre in the robust scale, shape (n, k).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        Z = self._points(X)
        return np.sqrt(-Clusters(self.clusters_.centres, None, self.clusters_.shares).fit_of(Z))

    def label_rates(self, X: Any, y: ArrayLike) -> pl.DataFrame:
        """Rate of a label in each segment, on any rows.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        y : array of shape (n,)
            Two values; the second in their order is counted.

        Returns
        -------
        polars.DataFrame
            segment, rows, rate, low, high.

        Raises
        ------
        ModelError
            A label of other than two values.
        """
        labels = self.predict(X)
        label = np.asarray(y)
        if label.shape != labels.shape or len(np.unique(label)) != 2:
            raise ModelError(
                "The label has no rate.",
                expected=f"{len(labels)} labels of two values",
                got=f"shape {label.shape}, {len(np.unique(label))} values",
            )
        rates = _rates(label, labels, self.n_segments_)
        size = np.bincount(labels, minlength=self.n_segments_)
        rows = [(s, int(size[s]), *rates[s]) for s in range(self.n_segments_)]
        return pl.DataFrame(rows, schema=["segment", "rows", "rate", "low", "high"], orient="row")

    def why(self, lang: Any = "en") -> str:
        """Why there are as many segments as there are.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        check_is_fitted(self)
        asked = float(self.least_stability), float(self.smallest)
        return why(self.choices_, self.n_segments_, self.method, *asked).text(lang)

    def choices(self) -> pl.DataFrame:
        """The numbers of segments that were tried: k, quality, stability, smallest, kept."""
        check_is_fitted(self)
        schema = {
            "k": pl.Int64, "quality": pl.Float64, "stability": pl.Float64, "smallest": pl.Float64, "kept": pl.Boolean,
        }  # fmt: skip
        return pl.DataFrame([vars(c) for c in self.choices_], schema=schema)

    def table(self, lang: Any = "en") -> pl.DataFrame:
        """The profiles as a table: segment, rows, share, rule, precision, recall, differences, label_rate, low, high.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        check_is_fitted(self)
        return profile_table(self.profiles_, self.space_.code, lang)

    def describe(self, lang: Any = "en") -> str:
        """All profiles as text.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        return "\n".join([self.why(lang), *profile_lines(self.table(lang), lang)])


def _one(Z: Floats) -> Clusters:
    """Everybody in one segment."""
    return Clusters(Z.mean(axis=0)[None, :], None, np.ones(1))


def _by_size(clusters: Clusters, Z: Floats) -> tuple[Clusters, Labels]:
    """Segments numbered by their rows, the largest first; a segment without rows is none."""
    labels = clusters.assign(Z)
    size = np.bincount(labels, minlength=len(clusters.centres))
    order = np.argsort(-size, kind="stable")
    order = order[size[order] > 0]
    variances = None if clusters.variances is None else clusters.variances[order]
    clusters = Clusters(clusters.centres[order], variances, clusters.shares[order])
    return clusters, clusters.assign(Z)


def _rates(y: Any, labels: Labels, k: int) -> list[tuple[Any, Any, Any]]:
    label = None if y is None else np.asarray(y)
    if label is None or label.shape != labels.shape or len(np.unique(label)) != 2:
        return [(None, None, None)] * k
    hit = (label == np.unique(label)[1]).astype(np.float64)
    size = np.bincount(labels, minlength=k)
    events = np.bincount(labels, weights=hit, minlength=k)
    low, high = wilson(events, size)
    return [
        (float(events[s] / size[s]), float(low[s]), float(high[s])) if size[s] else (None, None, None) for s in range(k)
    ]
