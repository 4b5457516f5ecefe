"""`OptimalBinning`: numbers and categories into few bins, each worth its weight of evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, _fit_context
from sklearn.utils import ClassifierTags
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError
from tael.models.binning_columns import NUMBER, Column, by_column, position_of, read_columns
from tael.models.binning_edit import edited
from tael.models.binning_fit import TRENDS, Limits, fit_column
from tael.models.binning_log import BinEdit, edit_log
from tael.models.binning_rows import training_rows
from tael.models.binning_rule import BinnedColumn
from tael.models.folds import run_side_by_side
from tael.models.logistic import Floats


class OptimalBinning(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Cut each column into the bins of the greatest information value that keep the analyst's rules.

    Exact dynamic programming over at most `max_prebins` fine bins (`tael.kernels.binning.best_bins` states the
    recurrence). Missing values (NaN, null, infinite) are a bin of their own with their own weight of evidence, since
    that a value is missing is information; so is each special code. The second class is "bad"; weight of evidence is
    ``ln(share of goods / share of bads)``, above 0 for what is better than the average.

    Parameters
    ----------
    trend : str or dict of column to str, default="auto"
        Of the bad rate over the ordinary bins of a number: ``"ascending"``, ``"descending"``, ``"peak"``,
        ``"valley"`` (the last two may be one-sided), ``"free"``. ``"auto"``: the best of these after a penalty for
        each turn of the bad rate (a peak has one), eight times ``1 / goods + 1 / bads``, which is what chance alone
        gives one bin. Columns that a dict leaves out are ``"auto"``.
    max_bins : int, default=10
        Ordinary bins at most.
    min_bin_size : float, default=0.02
        Least share of all rows in an ordinary bin.
    min_bads, min_goods : float, default=1
        Least bads and goods in an ordinary bin.
    max_prebins : int, default=64
        Fine bins (quantiles; frequent values alone) that are joined.
    smoothing : float, default=1.0
        So many rows at the average rate are added to a bin for its weight of evidence, so that small bins say less
        and none is infinite.
    bin_cost : float, default=0.0
        A bin must bring so many times ``1 / goods + 1 / bads``.
    special : sequence or dict of column to sequence, optional
        Codes such as -9 that each have a bin of their own; a sequence is for every column of numbers.
    splits : dict of column to list, optional
        Bins by the user: increasing splits, or groups of categories (those in none are together).
    fixed_splits : dict of column to list, optional
        Splits that must be among those found.
    categories : sequence of str or int, default=()
        Columns (names, positions) that hold numbers and are categories.
    rare : float, default=0.01
        Categories with a smaller share are put together as "other", before the others are ordered by bad rate and
        joined as numbers are.
    unseen : {"other", "missing", "error"}, default="other"
        Where a category goes that fit did not see: with the rare ones, or where there were none with the missing
        ones; with the missing ones; or nowhere. A missing bin without training rows is worth 0.
    stability : float, default=0.0
        Weight of the penalties for bins whose share moves or whose bad rates change order between the periods that
        `fit` is given.
    output : {"woe", "index", "label"}, default="woe"
        What `transform` gives.
    keep_training : bool, default=True
        Keep the training rows in memory (never on disk) so that `edit` can cut anywhere; without them it can cut
        between the fine bins alone.
    n_jobs : int or None, default=1
        Threads. The result does not depend on it.

    Attributes
    ----------
    columns_ : list of BinnedColumn
    iv_ : ndarray of shape (p,)
        Information value of each column.
    edits_ : list of BinEdit
    classes_ : ndarray of shape (2,)
        The good and the bad class.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    References
    ----------
    Navas-Palencia, G. (2020). Optimal binning: mathematical programming formulation. arXiv:2001.08025.
    Siddiqi, N. (2006). Credit risk scorecards. Wiley.

    Examples
    --------
    >>> import numpy as np
    >>> income = np.repeat([1000.0, 2000.0, 3000.0, np.nan], 50)
    >>> bad = np.r_[np.arange(50) < 30, np.arange(50) < 10, np.arange(50) < 5, np.arange(50) < 25].astype(int)
    >>> binning = OptimalBinning().fit(income[:, None], bad)
    >>> binning.binning_table(0).select("bin", "bads", "bad_rate").rows()
    [('(-inf, 2000)', 30.0, 0.6), ('[2000, 3000)', 10.0, 0.2), ('[3000, inf)', 5.0, 0.1), ('missing', 25.0, 0.5)]
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "trend": [StrOptions({"auto", *TRENDS}), dict],
        "max_bins": [Interval(Integral, 1, None, closed="left")],
        "min_bin_size": [Interval(Real, 0, 1, closed="left")],
        "min_bads": [Interval(Real, 0, None, closed="left")],
        "min_goods": [Interval(Real, 0, None, closed="left")],
        "max_prebins": [Interval(Integral, 2, 1000, closed="both")],
        "smoothing": [Interval(Real, 0, None, closed="left")],
        "bin_cost": [Interval(Real, 0, None, closed="left")],
        "special": ["array-like", dict, None],
        "splits": [dict, None],
        "fixed_splits": [dict, None],
        "categories": ["array-like"],
        "rare": [Interval(Real, 0, 1, closed="left")],
        "unseen": [StrOptions({"other", "missing", "error"})],
        "stability": [Interval(Real, 0, None, closed="left")],
        "output": [StrOptions({"woe", "index", "label"})],
        "keep_training": ["boolean"],
        "n_jobs": [Integral, None],
    }

    columns_: list[BinnedColumn]
    edits_: list[BinEdit]
    classes_: NDArray[Any]
    n_features_in_: int

    def __init__(
        self,
        trend: str | Mapping[Any, str] = "auto",
        *,
        max_bins: int = 10,
        min_bin_size: float = 0.02,
        min_bads: float = 1,
        min_goods: float = 1,
        max_prebins: int = 64,
        smoothing: float = 1.0,
        bin_cost: float = 0.0,
        special: Any = None,
        splits: Mapping[Any, Any] | None = None,
        fixed_splits: Mapping[Any, Any] | None = None,
        categories: Sequence[Any] = (),
        rare: float = 0.01,
        unseen: str = "other",
        stability: float = 0.0,
        output: str = "woe",
        keep_training: bool = True,
        n_jobs: int | None = 1,
    ) -> None:
        self.trend = trend
        self.max_bins = max_bins
        self.min_bin_size = min_bin_size
        self.min_bads = min_bads
        self.min_goods = min_goods
        self.max_prebins = max_prebins
        self.smoothing = smoothing
        self.bin_cost = bin_cost
        self.special = special
        self.splits = splits
        self.fixed_splits = fixed_splits
        self.categories = categories
        self.rare = rare
        self.unseen = unseen
        self.stability = stability
        self.output = output
        self.keep_training = keep_training
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        """Missing values and text are welcome; the label is needed, and has two classes."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_class=False)
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """The training rows do not travel to other processes."""
        return {name: value for name, value in super().__getstate__().items() if name != "_training"}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None, period: Any = None
    ) -> Self:
        """Find the bins.

        Parameters
        ----------
        X : array or frame (pandas, polars, pyarrow) of shape (n, p)
        y : array of shape (n,)
            Two classes; the second in their order is bad.
        sample_weight : array of shape (n,), optional
            0 leaves a row out.
        period : array of shape (n,), optional
            Vintage of each row, for `stability`.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            One class, times, mixed columns, unknown columns in a parameter, splits that cannot be kept.
        """
        if y is None:
            raise ModelError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y is None.",
                expected="a label of two classes",
            )
        columns = read_columns(self, X, categories=self.categories)
        vintages = period if self.stability > 0 else None
        rows, used, self.classes_ = training_rows(self, len(columns[0]), y, sample_weight, vintages)
        if used is not None:
            columns = [column.take(used) for column in columns]
        names = [column.name for column in columns]
        trend = by_column(self.trend, names, "trend", "auto")
        special = self._special(columns)
        splits = by_column(self.splits or {}, names, "splits", None)
        fixed = by_column(self.fixed_splits or {}, names, "fixed_splits", None)
        unknown = sorted({str(one) for one in trend if one not in TRENDS and one != "auto"})
        if unknown:
            raise ModelError("A trend is not known.", expected=f"auto, {', '.join(TRENDS)}", got=", ".join(unknown))
        jobs = [
            partial(
                fit_column, column, rows, self._limits(), trend=trend[j], special=special[j], splits=splits[j],
                fixed=fixed[j],
            )
            for j, column in enumerate(columns)
        ]  # fmt: skip
        self.columns_ = [job() for job in jobs] if self.n_jobs == 1 else run_side_by_side(jobs, self.n_jobs)
        self.edits_ = []
        self._training = (columns, rows) if self.keep_training else None
        return self

    def _limits(self) -> Limits:
        return Limits(
            max_bins=int(self.max_bins), min_bin_size=float(self.min_bin_size), min_goods=float(self.min_goods),
            min_bads=float(self.min_bads), max_prebins=int(self.max_prebins), smoothing=float(self.smoothing),
            bin_cost=float(self.bin_cost), stability=float(self.stability), rare=float(self.rare), unseen=self.unseen,
        )  # fmt: skip

    def _special(self, columns: list[Column]) -> list[Any]:
        if self.special is None or isinstance(self.special, Mapping):
            return by_column(self.special or {}, [c.name for c in columns], "special", ())
        return [self.special if column.kind == NUMBER else () for column in columns]

    def _codes(self, X: Any) -> list[NDArray[np.int32]]:
        check_is_fitted(self)
        columns = read_columns(self, X, kinds=[rule.kind for rule in self.columns_])
        return [rule.codes(column) for rule, column in zip(self.columns_, columns, strict=True)]

    def transform(self, X: Any) -> NDArray[Any]:
        """Weight of evidence (or index, or label: `output`) of each value's bin.

        Parameters
        ----------
        X : array or frame of shape (n, p)

        Returns
        -------
        ndarray of shape (n, p)
            float64, int32 or text; a frame where `set_output` asks for one.
        """
        codes = self._codes(X)
        if self.output == "index":
            return np.column_stack(codes)
        if self.output == "label":
            return np.column_stack(
                [np.array(rule.labels(), dtype=object)[c] for rule, c in zip(self.columns_, codes, strict=True)]
            )
        out = np.empty((len(codes[0]), len(codes)), order="F")
        for j, (rule, c) in enumerate(zip(self.columns_, codes, strict=True)):
            out[:, j] = rule.woe[c]
        return out

    @property
    def iv_(self) -> Floats:
        """Information value of each column, shape (p,)."""
        return np.array([rule.iv for rule in self.columns_])

    def binning_table(self, column: str | int, lang: str = "en") -> pl.DataFrame:
        """Bins of one column.

        Parameters
        ----------
        column : str or int
            Name, or position.
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            One row a bin: bin, from, to (``from <= x < to``), count, share, bads, bad_rate, woe, iv.
        """
        check_is_fitted(self)
        return self.columns_[self._position(column)].table(lang)

    def summary(self) -> pl.DataFrame:
        """One row a column, strongest first: column, kind, trend, bins (ordinary), iv, missing (share).

        Returns
        -------
        polars.DataFrame
        """
        check_is_fitted(self)
        rows = [
            (r.name, r.kind, r.trend, r.n_ordinary, r.iv, float((r.goods[-1] + r.bads[-1]) / r.total.sum()))
            for r in self.columns_
        ]
        names = ["column", "kind", "trend", "bins", "iv", "missing"]
        return pl.DataFrame(rows, schema=names, orient="row").sort("iv", descending=True, maintain_order=True)

    def edit(
        self,
        column: str | int,
        splits: Sequence[Any],
        *,
        who: str,
        why: str,
        when: Any = None,
        X: Any = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> OptimalBinning:
        """Put a column's bins where a person wants them, and write down who, when and why.

        Parameters
        ----------
        column : str or int
        splits : sequence
            Increasing numbers; or groups of categories (those in none are together).
        who, why : str
        when : datetime or ISO 8601 text, optional
            Now, if left out.
        X, y, sample_weight : optional
            The training rows; needed for a cut inside a fine bin where they are not kept (a binning that was loaded).

        Returns
        -------
        OptimalBinning
            Fitted; this one is left as it is. Its parameter `splits` holds the edit, so that a clone keeps it.

        Raises
        ------
        ModelError
            No name or reason; splits that do not increase; cuts that need rows which are not there.

        Examples
        --------
        >>> import numpy as np
        >>> age, bad = np.arange(20.0, 60.0)[:, None], np.arange(40) % 3 == 0
        >>> binning = OptimalBinning().fit(age, bad).edit(0, [30, 45], who="Li Wei", why="policy", when="2026-03-01")
        >>> binning.edits_[0].who, binning.columns_[0].splits.tolist()
        ('Li Wei', [30.0, 45.0])
        """
        check_is_fitted(self)
        return edited(self, self._position(column), splits, who, why, when, X, y, sample_weight)

    def edit_log(self, lang: str = "en") -> str:
        """The edits as a table for a terminal.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        check_is_fitted(self)
        return edit_log(self.edits_, lang)

    def _position(self, column: str | int) -> int:
        return position_of(column, [rule.name for rule in self.columns_], "column")
