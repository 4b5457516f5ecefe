"""`RuleMiner`: the pattern in a few rules that an investigator can read, check by hand and act on."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from tael.errors import ModelError
from tael.models._input import check_matrix, check_training
from tael.models.folds import make_folds
from tael.models.logistic import Floats
from tael.models.rule_words import check_descriptions, condition_words, rule_sentence, rule_words
from tael.models.rules_cover import FoldFigures, Mining, tradeoff_table
from tael.models.rules_fit import check_groups, earlier_rows, ease_of, mine
from tael.models.rules_measure import check_amount, check_time, figures_table, jaccard, measure
from tael.models.rules_terms import Flags, MinedRule
from tael.tables.schema import Language


class RuleMiner(ClassifierMixin, BaseEstimator):
    """A few short rules whose union finds most of the positive rows.

    The paths of small boosted trees are candidates. Of each, conditions are dropped as long as the sure precision (the
    lower end of its interval) does not fall. Rules are then chosen one by one for the hits they add, less the false
    alarms, at a price and up to a number that cross-validation chooses. A rule stays if it is stronger than what whole
    minings of shuffled labels find, and, where times are given, if it holds on later rows that the mining did not see.
    Thresholds are round numbers of the columns' own scale.

    Parameters
    ----------
    max_rules : int, default=8
    max_terms : int, default=3
        Conditions in a rule.
    least_recall : float or None, default=None
        Share of the positive rows that the rules should find together. The most precise stop is taken whose recall out
        of fold is that high less one standard error.
    most_flagged : float or None, default=None
        Share of the rows that may be flagged together, out of fold: a capacity. Within it the rules find as many as
        they can, or, with ``least_recall``, are as precise as they can be. Without both, the best F1 is taken. Where
        either is given, a rule stays if all its rows are beyond chance; else, if those are that the rules before it do
        not flag.
    min_rows : int, default=15
        Rows that a rule must flag.
    judged : float, default=0.3
        Share of the rows, the last in time, that rules are judged on. Without times, folds judge.
    cv : int or splitter, default=5
        Folds in which price and number of rules are chosen, grouped where fit gets groups.
    significance : float, default=0.01
        Chance that a rule may have in shuffled labels.
    permutations : int, default=20
        Minings of shuffled labels. 0 leaves this gate open.
    rounds : int, default=60
        Boosted trees of each depth.
    max_overlap : float, default=0.6
        Jaccard index that two rules may have on the rows mined.
    periods : int, default=4
        Periods of time in which a rule's stability is told.
    descriptions : mapping of column name to {"en", "zh", "unit"}, default=None
        How columns are said.
    plainness : float, default=0.5
        How much columns with long descriptions must tell beyond those with short ones: a split's gain is multiplied by
        (words of a usual description / words of this one) to this power, where this one is longer than usual.
    random_state : int, default=0

    Attributes
    ----------
    rules_ : list of MinedRule
        Perhaps none: that nothing stands out is a result.
    out_of_fold_ : FoldFigures or None
        Precision and recall of the whole way of mining in rows left out.
    tried_ : list of FoldFigures
        The same at every price and number of rules that was tried; see `tradeoff`.
    chance_ : ndarray of shape (permutations,)
        Strength of the strongest candidate of each shuffle.
    n_candidates_ : int
    base_rate_ : float
    classes_ : ndarray of shape (2,)
    n_features_in_, feature_names_in_

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = pl.DataFrame({"amount": rng.uniform(0, 100, 600), "nights": rng.integers(0, 9, 600)})
    >>> fraud = (X["amount"] > 80) & (X["nights"] > 5)
    >>> miner = RuleMiner(permutations=5).fit(X, fraud.to_numpy().astype(int))
    >>> miner.table()["rule_words"].to_list()
    ['amount is above 80, and nights is above 5']
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "max_rules": [Interval(Integral, 1, None, closed="left")],
        "max_terms": [Interval(Integral, 1, 6, closed="both")],
        "least_recall": [Interval(Real, 0, 1, closed="right"), None],
        "most_flagged": [Interval(Real, 0, 1, closed="right"), None],
        "min_rows": [Interval(Integral, 1, None, closed="left")],
        "judged": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "significance": [Interval(Real, 0, 1, closed="neither")],
        "permutations": [Interval(Integral, 0, None, closed="left")],
        "rounds": [Interval(Integral, 1, None, closed="left")],
        "max_overlap": [Interval(Real, 0, 1, closed="both")],
        "periods": [Interval(Integral, 1, None, closed="left")],
        "descriptions": [dict, None],
        "plainness": [Interval(Real, 0, None, closed="left")],
        "random_state": [Integral],
    }

    rules_: list[MinedRule]
    out_of_fold_: FoldFigures | None
    tried_: list[FoldFigures]
    chance_: Floats
    n_candidates_: int
    base_rate_: float
    flags_: list[bool]
    classes_: NDArray[Any]
    n_features_in_: int

    def __init__(
        self,
        max_rules: int = 8,
        *,
        max_terms: int = 3,
        least_recall: float | None = None,
        most_flagged: float | None = None,
        min_rows: int = 15,
        judged: float = 0.3,
        cv: Any = 5,
        significance: float = 0.01,
        permutations: int = 20,
        rounds: int = 60,
        max_overlap: float = 0.6,
        periods: int = 4,
        descriptions: Any = None,
        plainness: float = 0.5,
        random_state: int = 0,
    ) -> None:
        self.max_rules = max_rules
        self.max_terms = max_terms
        self.least_recall = least_recall
        self.most_flagged = most_flagged
        self.min_rows = min_rows
        self.judged = judged
        self.cv = cv
        self.significance = significance
        self.permutations = permutations
        self.rounds = rounds
        self.max_overlap = max_overlap
        self.periods = periods
        self.descriptions = descriptions
        self.plainness = plainness
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        """Two classes, missing values welcome."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        time: Any = None,
        groups: Any = None,
        amount: Any = None,
    ) -> Self:
        """Mine the rules.

        Parameters
        ----------
        X : array or frame of shape (n, p)
            Numbers and flags; NaN is missing.
        y : array of shape (n,)
            Two values; the second in their order is what is looked for.
        sample_weight : array of shape (n,), optional
        time : array of shape (n,), optional
            Numbers or datetimes. The last rows in time judge the rules; no rule is mined there.
        groups : array of shape (n,), optional
            Rows of one group are never mined and left out at once; labels are shuffled by whole groups; a rule has hits
            in three groups or more.
        amount : array of shape (n,), optional
            Money of each row, told for each rule; rules are not chosen by it.

        Returns
        -------
        self

        Raises
        ------
        ModelError
            One class, text columns, times that cannot be ordered, later rows without a positive one.
        """
        said = check_descriptions(self.descriptions)
        X, label, self.classes_, weight = check_training(self, X, y, sample_weight, None)
        n = len(label)
        when = None if time is None else check_time(time, n)
        money = None if amount is None else check_amount(amount, n)
        of_group = None if groups is None else np.unique(check_groups(groups, n), return_inverse=True)[1]
        hit = label > 0
        early = np.ones(n, dtype=bool) if when is None else earlier_rows(when, hit, weight, float(self.judged))
        mining = Mining(
            longest=int(self.max_terms), most=int(self.max_rules), min_rows=float(self.min_rows),
            rounds=int(self.rounds), overlap=float(self.max_overlap), seed=int(self.random_state) % (2**31 - 100),
            ease=ease_of(said, getattr(self, "feature_names_in_", None), float(self.plainness)),
        )  # fmt: skip
        rows = np.flatnonzero(early)
        inside = None if of_group is None else of_group[rows]
        counts = weight[rows] > 0  # rows of no weight have a place in the folds, and no say
        place = np.cumsum(counts) - 1
        parts = make_folds(self.cv, X[rows], label[rows], inside, mining.seed)
        folds = [(place[a[counts[a]]], place[b[counts[b]]]) for a, b in parts]
        rows = rows[counts]
        found = mine(
            X, hit, weight, rows, folds, mining, time=when, groups=of_group, amount=money,
            least_recall=None if self.least_recall is None else float(self.least_recall),
            most_flagged=None if self.most_flagged is None else float(self.most_flagged),
            significance=float(self.significance), permutations=int(self.permutations), periods=int(self.periods),
        )  # fmt: skip
        self.rules_, self.tried_, self.out_of_fold_, self.chance_, self.n_candidates_ = found
        self.base_rate_ = float(weight[hit].sum() / weight.sum())
        self.flags_ = [bool(np.isin(x[~np.isnan(x)], (0.0, 1.0)).all()) for x in X.T]
        return self

    def fires(self, X: Any) -> Flags:
        """Whether each rule holds for each row, shape (n, r).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        check_is_fitted(self)
        return self._fires(check_matrix(self, X))

    def _fires(self, X: Floats) -> Flags:
        out = np.zeros((len(X), len(self.rules_)), dtype=bool)
        for r, rule in enumerate(self.rules_):
            out[:, r] = rule.fires(X)
        return out

    def decision_function(self, X: Any) -> Floats:
        """Expected precision of the most precise rule that holds, 0 where none does, shape (n,).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        fires = self.fires(X)
        expected = np.array([rule.expected for rule in self.rules_])
        return np.asarray((fires * expected).max(axis=1, initial=0.0))

    def predict(self, X: Any) -> NDArray[Any]:
        """The second class where some rule holds, shape (n,).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        flagged = self.fires(X).any(axis=1)
        return np.asarray(self.classes_[flagged.astype(np.int64)])

    def evaluate(
        self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None, *, amount: Any = None
    ) -> pl.DataFrame:
        """The rules on any rows: a row a rule, with the precision and recall of all rules up to it.

        Parameters
        ----------
        X : array or frame of shape (n, p)
        y : array of shape (n,)
        sample_weight, amount : array of shape (n,), optional

        Returns
        -------
        polars.DataFrame
            rule, then what `RuleFigures` holds, then union_rows, union_precision, union_recall.

        Raises
        ------
        ModelError
            Labels or amounts that do not fit the rows.
        """
        fires = self.fires(X)
        label = np.asarray(y)
        if label.shape != (len(fires),):
            raise ModelError("The labels do not fit the rows.", expected=f"{len(fires)} labels", got=str(label.shape))
        weight = np.ones(len(fires)) if sample_weight is None else check_amount(sample_weight, len(fires))
        money = None if amount is None else check_amount(amount, len(fires))
        return figures_table(measure(fires, label == self.classes_[1], weight, money))

    def overlap(self, X: Any) -> Floats:
        """Jaccard index of each two rules on given rows, shape (r, r).

        Parameters
        ----------
        X : array or frame of shape (n, p)
        """
        return jaccard(self.fires(X))

    def tradeoff(self) -> pl.DataFrame:
        """Precision against recall, out of fold: what stating another recall or capacity would give.

        Returns
        -------
        polars.DataFrame
            rules, recall, precision, flagged (share of the rows), rising in recall; only stops that no other beats in
            both.
        """
        check_is_fitted(self)
        return tradeoff_table(self.tried_)

    def words(self, lang: Language = "en") -> list[str]:
        """The conditions of each rule in one line.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        return self._told(rule_words, lang)

    def conditions(self, lang: Language = "en") -> list[list[str]]:
        """The conditions of each rule, each by itself.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        return self._told(condition_words, lang)

    def _told(self, say: Callable[..., Any], lang: Language) -> list[Any]:
        check_is_fitted(self)
        said, names = check_descriptions(self.descriptions), self.column_names()
        return [say(rule.terms, names, said, self.flags_, lang) for rule in self.rules_]

    def column_names(self) -> list[str]:
        """Names of the columns; "column 0" and so on where fit saw none."""
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        return [f"column {j}" for j in range(self.n_features_in_)] if names is None else [str(n) for n in names]

    def table(self, lang: Language = "en") -> pl.DataFrame:
        """The rules with their figures on the later rows, or else on the rows mined.

        Parameters
        ----------
        lang : {"en", "zh"}

        Returns
        -------
        polars.DataFrame
            As `evaluate`, with rule_words, expected, strength, p_value and stable.
        """
        check_is_fitted(self)
        told = pl.DataFrame(
            [
                (words, r.expected, r.strength, r.p_value, r.stable)
                for words, r in zip(self.words(lang), self.rules_, strict=True)
            ],
            schema={
                "rule_words": pl.String, "expected": pl.Float64, "strength": pl.Float64, "p_value": pl.Float64,
                "stable": pl.Boolean,
            },
            orient="row",
        )  # fmt: skip
        return pl.concat([figures_table([r.judged or r.mined for r in self.rules_]), told], how="horizontal")

    def describe(self, lang: Language = "en") -> str:
        """All rules as sentences; those of several conditions as lists.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        told = zip(self.conditions(lang), self.rules_, strict=True)
        lines = [rule_sentence(k + 1, parts, rule, lang) for k, (parts, rule) in enumerate(told)]
        if lines:
            return "\n".join(lines)
        return "No rule is stronger than chance." if lang == "en" else "没有规则强于随机。"
