"""Reject inference as a band: what each assumption about the rejected makes of the bad rate, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from tael.errors import ModelError
from tael.models.reject_fit import FLOOR, cross_fitted_views
from tael.models.reject_views import Book, View, band_acceptance, parcel_rates
from tael.models.reject_words import BOUNDS, TITLES, assumes
from tael.validation import arrays
from tael.validation.metrics import evaluate
from tael.validation.words import Words

FACTORS = (1.0, 1.5, 2.0)
"""How many times worse than the accepted of the same score the rejected may be: stated, for no data can tell it."""
SELDOM = 0.05


@dataclass(frozen=True)
class RejectBand:
    """All methods side by side.

    Parameters
    ----------
    methods : polars.DataFrame
        One row a method: method, factor (of parcelling), bad_rate of all applicants with low and high,
        rejected_bad_rate, then at the cut-off (`cutoff`, approval): approved_bad_rate with its limits, roc_auc on the
        accepted with its limits, and limit_cutoff and limit_approval, the largest cut-off within the bad-rate limit
        (null where nobody qualifies or no limit was given). The last two rows are the bounds.
    n_accepted, n_rejected : int
    accepted_bad_rate : float
        Observed.
    bad_rate_limit : float or None
    effective : float
        Accepted people that re-weighting rests on (Kish 1965).
    unreached : float
        Share of the rejected whose like had a chance of acceptance below 5 %: what is said of them is extrapolated by
        every method.
    """

    methods: pl.DataFrame
    n_accepted: int
    n_rejected: int
    accepted_bad_rate: float
    bad_rate_limit: float | None
    effective: float
    unreached: float

    def _ends(self, column: str) -> tuple[float, float]:
        inside = self.methods.filter(~pl.col("method").is_in(BOUNDS))[column].drop_nulls()
        return (float(inside.min()), float(inside.max())) if len(inside) else (np.nan, np.nan)  # type: ignore[arg-type]

    @property
    def band(self) -> tuple[float, float]:
        """Lowest and highest bad rate of all applicants over the methods, the bounds left out."""
        return self._ends("bad_rate")

    @property
    def approved_band(self) -> tuple[float, float]:
        """Lowest and highest bad rate of those approved at the cut-off over the methods, the bounds left out."""
        return self._ends("approved_bad_rate")

    @property
    def bounds(self) -> tuple[float, float]:
        """Bad rate of all applicants if all rejected were good, and if all were bad."""
        good, bad = (self.methods.filter(pl.col("method") == name)["bad_rate"][0] for name in BOUNDS)
        return float(good), float(bad)

    def sentences(self) -> list[Words]:
        """The band, what bounds it, and how far the data reach."""
        (low, high), (least, most) = self.band, self.bounds
        a_low, a_high = self.approved_band
        said = [
            Words(
                f"The bad rate of all applicants lies between {low:.1%} and {high:.1%}, by what is assumed of the "
                f"rejected; of the accepted it was {self.accepted_bad_rate:.1%}. Whatever the rejected are, it lies "
                f"between {least:.1%} and {most:.1%}.",
                f"全部申请人的坏样本率介于 {low:.1%} 与 {high:.1%} 之间，取决于对拒绝客户的假设；通过客户为 "
                f"{self.accepted_bad_rate:.1%}。无论拒绝客户如何，它必在 {least:.1%} 与 {most:.1%} 之间。",
            )
        ]
        if np.isfinite(a_low):
            said.append(
                Words(
                    f"Of those approved at the cut-off, between {a_low:.1%} and {a_high:.1%} are expected to go bad.",
                    f"在该分数线获批者中，预期坏样本率介于 {a_low:.1%} 与 {a_high:.1%} 之间。",
                )
            )
        if self.unreached >= 0.0005:
            said.append(
                Words(
                    f"{self.unreached:.1%} of the rejected are such as had a chance of less than {SELDOM:.0%} of being "
                    "accepted: of them the data say next to nothing.",
                    f"{self.unreached:.1%} 的拒绝客户属于获批机会不足 {SELDOM:.0%} 的人群：数据对他们几乎没有说明力。",
                )
            )
        said.append(
            Words(
                "No data of the accepted can tell which assumption holds; accepting a few of the rejected at random "
                "would.",
                "通过客户的数据无法判断哪个假设成立；随机通过少量本应拒绝者才能判断。",
            )
        )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        rows = []
        for row in self.methods.iter_rows(named=True):
            words = {"title": TITLES[row["method"]], "assumes": assumes(row["method"], row["factor"])}
            rows.append(row | {key: said.to_dict() for key, said in words.items()})
        approved = [v if np.isfinite(v) else None for v in self.approved_band]
        return {
            "methods": rows,
            "n_accepted": self.n_accepted,
            "n_rejected": self.n_rejected,
            "accepted_bad_rate": self.accepted_bad_rate,
            "bad_rate_limit": self.bad_rate_limit,
            "band": list(self.band),
            "approved_band": approved,
            "bounds": list(self.bounds),
            "effective": self.effective,
            "unreached": self.unreached,
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def infer_rejects(
    estimator: Any,
    X: Any,
    y: ArrayLike,
    X_rejected: Any,
    *,
    weight: ArrayLike | None = None,
    weight_rejected: ArrayLike | None = None,
    acceptance: Any = None,
    cutoff: float | None = None,
    approval: float | None = None,
    bad_rate_limit: float | None = None,
    factors: Sequence[float] = FACTORS,
    parcels: int = 10,
    folds: int = 5,
    level: float = 0.95,
    n_boot: int = 200,
    seed: int = 0,
) -> RejectBand:
    """Fit a model as each method of reject inference would, and put what they expect side by side.

    Parameters
    ----------
    estimator : classifier, or callable that makes one
        Not fitted; with ``sample_weight`` and ``predict_proba``.
    X, y : frame or array of shape (n, p), array of shape (n,)
        The accepted, and whether they went bad (1) or not (0).
    X_rejected : frame or array of shape (m, p)
        The rejected, with the same columns.
    weight, weight_rejected : array-like, optional
        Sample weights, on one scale: they say how many applicants a row stands for.
    acceptance : classifier, optional
        The model of who was accepted, for re-weighting (default: as `estimator`).
    cutoff : float, optional
        Approve at a probability of at most this, by each method's own model.
    approval : float, optional
        Approve this share of all applicants, the best by each method's own model. Without either: as many as were
        accepted.
    bad_rate_limit : float, optional
        Find for each method the largest cut-off whose approved are expected to keep to it.
    factors : sequence of float
        Of parcelling: how many times as often as the accepted of their band the rejected go bad.
    parcels : int
        Bands of parcelling.
    folds : int
        Of the cross-fitting.
    level, n_boot, seed
        Coverage, draws and seed of the intervals. They are of the rows, the models held as they are; the band over the
        methods is usually wider, and that is the point.

    Returns
    -------
    RejectBand

    Raises
    ------
    ModelError
        If columns differ, arrays do not match, a setting is out of range, or the estimator takes no weights.
    ValidationError
        If labels or weights are not what they should be.

    References
    ----------
    Hand, D. J., Henley, W. E. (1993). Can reject inference ever work? IMA Journal of Mathematics Applied in Business
    and Industry 5. Crook, J., Banasik, J. (2004). Does reject inference really improve the performance of application
    scoring models? Journal of Banking & Finance 28. Siddiqi, N. (2017). Intelligent Credit Scoring, 2nd ed.
    (parcelling, fuzzy augmentation).

    Examples
    --------
    >>> from tael.models import LogisticReference
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 1))
    >>> bad, accepted = rng.random(2000) < 1 / (1 + np.exp(2 - X[:, 0])), X[:, 0] < 0.5
    >>> found = infer_rejects(LogisticReference(), X[accepted], bad[accepted], X[~accepted], n_boot=0)
    >>> found.bounds[0] < found.accepted_bad_rate < found.band[1] < found.bounds[1]
    True
    """
    X, X_rejected = (table if hasattr(table, "shape") else np.asarray(table) for table in (X, X_rejected))
    book = _book(y, weight, weight_rejected, int(X_rejected.shape[0]), int(X.shape[0]))
    if folds < 2:
        raise ModelError("Cross-fitting needs folds.", expected="2 or more", got=str(folds))
    _check(factors, parcels, cutoff, approval, bad_rate_limit)
    names, others = _names(X), _names(X_rejected)
    if names != others:
        raise ModelError(
            "The accepted and the rejected have different columns.",
            expected=_shown(names),
            got=_shown(others),
            fix="Compute the same features for both, in the same order.",
        )
    views, chance = cross_fitted_views(
        estimator, estimator if acceptance is None else acceptance, X, X_rejected, book,
        factors=factors, parcels=parcels, folds=folds, seed=seed,
    )  # fmt: skip
    return _band(views, book, chance, cutoff, approval, bad_rate_limit, level, n_boot, seed)


def infer_rejects_from_scores(
    y: ArrayLike,
    score: ArrayLike,
    score_rejected: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    weight_rejected: ArrayLike | None = None,
    cutoff: float | None = None,
    approval: float | None = None,
    bad_rate_limit: float | None = None,
    factors: Sequence[float] = FACTORS,
    parcels: int = 10,
    level: float = 0.95,
    n_boot: int = 200,
    seed: int = 0,
) -> RejectBand:
    """The same from a score that is already there: nothing is fitted, so the methods differ in rates alone.

    Parameters
    ----------
    y : array-like of shape (n,)
        Whether each of the accepted went bad.
    score, score_rejected : array-like of shape (n,) and (m,)
        Probability of going bad by a model of the accepted; for an honest AUC the accepted's are of a model that did
        not learn from them.
    weight, weight_rejected, cutoff, approval, bad_rate_limit, factors, parcels, level, n_boot, seed
        As in `infer_rejects`. The chance of acceptance is the share accepted in each of `parcels` bands of the score
        (Hsia 1978).

    Returns
    -------
    RejectBand
        Without fuzzy augmentation, which would have to fit a model.

    References
    ----------
    Hsia, D. C. (1978). Credit scoring and the Equal Credit Opportunity Act. Hastings Law Journal 30.

    Examples
    --------
    >>> found = infer_rejects_from_scores([0, 0, 0, 1], [0.1, 0.1, 0.3, 0.3], [0.3, 0.6], parcels=2, n_boot=0)
    >>> found.bounds
    (0.16666666666666666, 0.5)
    """
    rejected = arrays.floats(score_rejected, "predictions")
    book = _book(y, weight, weight_rejected, len(rejected), None)
    _check(factors, parcels, cutoff, approval, bad_rate_limit)
    p = arrays.scores(score, len(book.y), probability=True)
    q = arrays.scores(rejected, len(rejected), probability=True)
    chance, chance_rejected = band_acceptance(book, p, q, parcels)
    odds = (1.0 - np.maximum(chance, FLOOR)) / np.maximum(chance, FLOOR)
    views = [
        View("accept_only", None, p, q, lent=book.w),
        View("reweighting", None, p, q, lent=book.w * odds),
        View("extrapolation", None, p, q, rate_rejected=q),
    ]
    plain = parcel_rates(book, p, q, parcels)
    views += [View("parcelling", float(f), p, q, rate_rejected=np.minimum(f * plain, 1.0)) for f in factors]
    views += [View(name, None, p, q, rate_rejected=np.full(len(q), float(k))) for k, name in enumerate(BOUNDS)]
    return _band(views, book, chance_rejected, cutoff, approval, bad_rate_limit, level, n_boot, seed)


def _book(y: ArrayLike, weight: Any, weight_rejected: Any, rejected: int, accepted: int | None) -> Book:
    label = arrays.labels(y)
    if accepted is not None:
        arrays.same_length(len(label), accepted, "rows of X")
    if not rejected:
        raise ModelError(
            "Nobody was rejected, so there is nothing to infer.", expected="at least one row", got="0 rows"
        )
    return Book(label, arrays.weights(weight, len(label)), arrays.weights(weight_rejected, rejected))


def _check(
    factors: Sequence[float], parcels: int, cutoff: float | None, approval: float | None, limit: float | None
) -> None:
    wrong = [
        (any(not 0 < f < np.inf for f in factors), "factors above 0", f"factors={tuple(factors)}"),
        (parcels < 1, "parcels of 1 or more", f"parcels={parcels}"),
        (cutoff is not None and approval is not None, "cutoff or approval, not both", f"{cutoff} and {approval}"),
        (cutoff is not None and not 0 <= cutoff <= 1, "a cutoff in [0, 1]", f"cutoff={cutoff}"),
        (approval is not None and not 0 < approval <= 1, "an approval in (0, 1]", f"approval={approval}"),
        (limit is not None and not 0 <= limit <= 1, "a bad_rate_limit in [0, 1]", f"bad_rate_limit={limit}"),
    ]
    for is_wrong, expected, got in wrong:
        if is_wrong:
            raise ModelError("A setting of reject inference is out of range.", expected=expected, got=got)


def _names(X: Any) -> list[str]:
    return [str(c) for c in X.columns] if hasattr(X, "columns") else [f"x{j}" for j in range(X.shape[1])]


def _shown(names: list[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _band(
    views: list[View], book: Book, chance: Any, cutoff: float | None, approval: float | None, limit: float | None,
    level: float, n_boot: int, seed: int,
) -> RejectBand:  # fmt: skip
    share = float(book.w.sum()) / book.total if approval is None else approval
    rows, aucs = [], {}
    for view in views:
        at = view.cutoff_for_approval(book, share) if cutoff is None else cutoff
        whole, below = view.limits(book, at, n_boot, level, seed)
        place = id(view.score)  # several views rank by one score
        if place not in aucs:
            settings = {"metrics": ["roc_auc"], "n_boot": n_boot, "level": level, "seed": seed}
            aucs[place] = evaluate(book.y, view.score, weight=book.w, **settings)["roc_auc"]  # type: ignore[arg-type]
        auc = aucs[place]
        most = None if limit is None else view.cutoff_for_limit(book, limit)
        rows.append(
            {
                "method": view.method, "factor": view.factor,
                "bad_rate": view.rate(book), "low": whole[0], "high": whole[1],
                "rejected_bad_rate": view.rejected_rate(book),
                "cutoff": at, "approval": view.approval(book, at), "approved_bad_rate": view.rate(book, at),
                "approved_low": below[0], "approved_high": below[1],
                "roc_auc": auc.value, "roc_auc_low": auc.low, "roc_auc_high": auc.high,
                "limit_cutoff": most, "limit_approval": None if most is None else view.approval(book, most),
            }
        )  # fmt: skip
    table = pl.DataFrame(rows, schema={"method": pl.String} | dict.fromkeys(list(rows[0])[1:], pl.Float64))
    lent = next(view.lent for view in views if view.method == "reweighting")
    assert lent is not None
    heavy = book.w + lent
    return RejectBand(
        table.with_columns(pl.col(pl.Float64).fill_nan(None)),
        len(book.y),
        len(book.w_rejected),
        float(np.average(book.y, weights=book.w)),
        limit,
        float(heavy.sum() ** 2 / np.square(heavy).sum()),
        float(np.average(np.asarray(chance) < SELDOM, weights=book.w_rejected)),
    )
