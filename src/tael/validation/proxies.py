"""Which features speak of a protected attribute, and which carry both the attribute and the score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError, did_you_mean
from tael.validation import arrays
from tael.validation._compare import auc_interval, auc_variance
from tael.validation.arrays import Floats
from tael.validation.calibration import quantile_bins
from tael.validation.fairness import groups_of
from tael.validation.words import Words

SPEAKS, CARRIES = 0.60, 0.02
"""A feature speaks of the attribute from an AUC of 0.60 on (its lower limit), and carries the score from 2 % of its
variance on. Both are conventions of this report."""
BINS, MOST, SHRINK = 20, 50, 20.0


@dataclass(frozen=True)
class Proxies:
    """How well the features foretell the attribute.

    Parameters
    ----------
    table : polars.DataFrame
        One row a feature, the strongest proxy first: feature, attribute_auc with attribute_auc_low and _high (cross-
        fitted), score_share (of the score's variance that the feature's bins explain), gap_share (of the groups' gap in
        mean score that vanishes between people of the same bin), carries_both.
    together, low, high : float
        AUC of a quick cross-fitted model of all features.
    group, reference : str
        Whom the AUC tells from whom: the group with the strongest joint AUC, and all others.
    gap : float
        Mean score of the group less that of the others; NaN without a score.
    """

    table: pl.DataFrame
    together: float
    low: float
    high: float
    group: str
    gap: float
    attribute: str = ""

    def sentences(self, most: int = 5) -> list[Words]:
        """What the features know of the attribute, and by which."""
        name = f"{self.attribute} = {self.group}" if self.attribute else self.group
        said = [
            Words(
                f"Together the features tell {name} from the others with an AUC of {self.together:.3f} "
                f"({self.low:.3f} to {self.high:.3f}); 0.5 is chance.",
                f"全部特征合在一起区分 {name} 与其他人的 AUC 为 {self.together:.3f}（{self.low:.3f} 至 "
                f"{self.high:.3f}）；0.5 为随机水平。",
            )
        ]
        both = self.table.filter("carries_both").head(most)
        for row in both.iter_rows(named=True):
            said.append(
                Words(
                    f"{row['feature']} carries both: AUC {row['attribute_auc']:.3f} for the attribute, "
                    f"{row['score_share']:.1%} of the score's variance{_rest(row['gap_share'])[0]}.",
                    f"{row['feature']} 同时承载两者：对该属性的 AUC 为 {row['attribute_auc']:.3f}，解释评分方差的 "
                    f"{row['score_share']:.1%}{_rest(row['gap_share'])[1]}。",
                )
            )
        if not both.height and self.table["score_share"].null_count() < self.table.height:
            said.append(
                Words(
                    "No single feature carries both the attribute and the score to speak of.",
                    "没有单个特征同时明显承载该属性与评分。",
                )
            )
        return said

    def to_dict(self, most: int = 30) -> dict[str, Any]:
        """Plain data for `run.json`: the strongest features alone."""
        return {
            "attribute": self.attribute,
            "group": self.group,
            "together": {"value": self.together, "low": _plain(self.low), "high": _plain(self.high)},
            "gap": _plain(self.gap),
            "n_features": self.table.height,
            "features": self.table.head(most).to_dicts(),
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def find_proxies(
    X: Any,
    group: Any,
    *,
    score: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    attribute: str = "",
    columns: Iterable[str] | None = None,
    folds: int = 5,
    most_rows: int = 20_000,
    level: float = 0.95,
    seed: int = 0,
) -> Proxies:
    """Ask each feature, and all of them together, whether they foretell a protected attribute.

    Parameters
    ----------
    X : frame or array of shape (n, p)
        The features of the model. The attribute itself must not be among them.
    group : array-like of shape (n,)
        The protected attribute; rows without it are left out. Of three groups or more, each is told from all others,
        and the one that the features know best in the first fold is reported.
    score : array-like of shape (n,), optional
        The model's score, to see which features carry both.
    weight : array-like of shape (n,), optional
    attribute : str
        What the groups are of.
    columns : iterable of str, optional
        Which features (default: all).
    folds : int
        Of the cross-fitting.
    most_rows : int
        More rows are sampled down to so many.
    level : float
        Coverage of the intervals (DeLong).
    seed : int

    Returns
    -------
    Proxies

    Raises
    ------
    ValidationError
        If arrays do not match, there is one group only, or a group is too small to be held out.

    Notes
    -----
    A feature's forecast of a row is the rate of the group in the row's bin (quantiles, categories, missing values),
    learned on the other folds, so that any shape counts and nothing is fitted to the row itself. All together: boosted
    trees of eight leaves, cross-fitted likewise. The gap in score is split as Kitagawa (1955) does: what remains
    between people of the same bin, and what goes with the bins.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> woman = rng.random(2000) < 0.5
    >>> X = np.column_stack([rng.normal(size=2000), woman + rng.normal(size=2000)])
    >>> found = find_proxies(X, woman, score=X[:, 1])
    >>> found.table["feature"][0], found.table["carries_both"].to_list()
    ('x1', [True, False])
    """
    table = arrays.frame(X, "X")
    codes, names = groups_of(group)
    arrays.same_length(len(table), len(codes), "groups")
    w = arrays.weights(weight, len(codes))
    p = None if score is None else arrays.scores(score, len(codes), probability=False)
    wanted = list(table.columns if columns is None else columns)
    for name in wanted:
        if name not in table.columns:
            raise ValidationError(
                "A column is absent.", expected=name, where="X", fix=did_you_mean(name, table.columns)
            )
    rng = np.random.default_rng(seed)
    rows = np.flatnonzero((codes >= 0) & (w > 0))
    if len(rows) > most_rows:
        rows = np.sort(rng.choice(rows, most_rows, replace=False))
    codes, w = codes[rows], w[rows]
    p = None if p is None else p[rows]
    fold = _folds(codes, names, folds, rng)
    binned = {name: _bins(table[name], rows) for name in wanted}
    if not binned:
        raise ValidationError("There are no features to ask.", expected="at least one column", where="X")
    which, forecast = _together(binned, codes, names, w, fold, seed)
    of = (codes == which).astype(np.float64)
    auc, variance = auc_variance(of, forecast, w)
    gap = float("nan") if p is None else _gap(p, of, w)
    found = []
    for name, (place, _) in binned.items():
        own, spread = auc_variance(of, _out_of_fold(place, of, w, fold), w)
        low, high = auc_interval(own, spread, level)
        row: dict[str, Any] = {
            "feature": name,
            "attribute_auc": own,
            "attribute_auc_low": low,
            "attribute_auc_high": high,
        }
        if p is not None:
            row |= {"score_share": _explained(place, p, w), "gap_share": _gap_share(place, p, of, w, gap)}
            row["carries_both"] = bool(low >= SPEAKS and row["score_share"] >= CARRIES)
        found.append(row)
    shares = ("attribute_auc", "attribute_auc_low", "attribute_auc_high", "score_share", "gap_share")
    schema = {"feature": pl.String, **dict.fromkeys(shares, pl.Float64), "carries_both": pl.Boolean}
    ranked = pl.DataFrame(found, schema=schema).sort("attribute_auc", descending=True, maintain_order=True)
    ranked = ranked.with_columns(pl.col(pl.Float64).fill_nan(None), pl.col("carries_both").fill_null(False))
    return Proxies(ranked, auc, *auc_interval(auc, variance, level), names[which], gap, attribute)


def _rest(share: float | None) -> tuple[str, str]:
    """What is left of the gap in score between people of the same bin, where that is known."""
    if share is None:
        return "", ""
    left = f"{1 - share:.0%}"
    return (
        f"; between people alike in it, the gap in score is {left} of what it is overall",
        f"；在该特征相同的人之间，评分差距为总体差距的 {left}",
    )


def _plain(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _folds(codes: NDArray[np.int64], names: list[str], folds: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Fold of each row, each group spread evenly."""
    size = np.bincount(codes, minlength=len(names)) if len(codes) else np.zeros(len(names), dtype=np.int64)
    there = size > 0
    if folds < 2 or there.sum() < 2 or size[there].min() < folds:
        said = ", ".join(f"{name}: {n}" for name, n in zip(names, size, strict=True))
        raise ValidationError(
            "The attribute cannot be learned and tested.",
            expected=f"two groups or more of at least {max(folds, 2)} rows (folds of 2 or more)",
            got=said or "no group",
            fix="Put small groups together.",
        )
    fold = np.empty(len(codes), dtype=np.int64)
    for k in np.flatnonzero(there):
        rows = rng.permutation(np.flatnonzero(codes == k))
        fold[rows] = np.arange(len(rows)) % folds
    return fold


def _bins(series: Any, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], bool]:
    """Bin of each row, and whether bins have an order; missing values are a bin of their own (the first)."""
    kind, values = arrays.column(series)
    values = values[rows]
    if kind == "number":
        known = ~np.isnan(values)
        place = np.zeros(len(values), dtype=np.int64)
        if known.any():
            place[known] = 1 + quantile_bins(values[known], np.ones(int(known.sum())), BINS)
        return place, True
    codes, names = arrays.codes(values)
    size = np.bincount(codes[codes >= 0], minlength=len(names))
    kept = np.argsort(-size, kind="stable")[:MOST]
    to = np.full(len(names) + 1, len(kept) + 1)
    to[kept], to[-1] = np.arange(1, len(kept) + 1), 0  # code -1 (missing) reads the last place
    return to[codes], False


def _out_of_fold(place: NDArray[np.int64], of: Floats, w: Floats, fold: NDArray[np.int64]) -> Floats:
    """Rate of the group in each row's bin on the other folds, drawn towards the rate of all by twenty rows' weight."""
    out, bins, shrink = np.empty(len(of)), int(place.max()) + 1, SHRINK * float(w.mean())
    for k in range(int(fold.max()) + 1):
        learn, test = fold != k, fold == k
        rate = float(np.average(of[learn], weights=w[learn]))
        total = np.bincount(place[learn], w[learn], bins) + shrink
        out[test] = ((np.bincount(place[learn], (w * of)[learn], bins) + shrink * rate) / total - rate)[place[test]]
    return out


def _together(
    binned: dict[str, tuple[NDArray[np.int64], bool]],
    codes: NDArray[np.int64], names: list[str], w: Floats, fold: NDArray[np.int64], seed: int,
) -> tuple[int, Floats]:  # fmt: skip
    """The group that boosted trees on all bins tell best from the others, and their cross-fitted log-odds of it."""
    import lightgbm as lgb

    X = np.column_stack([place for place, _ in binned.values()]).astype(np.float64)
    unordered = [j for j, (_, ordered) in enumerate(binned.values()) if not ordered]
    settings = {
        "objective": "binary", "num_leaves": 8, "learning_rate": 0.1, "min_data_in_leaf": 20, "num_threads": 1,
        "seed": seed, "deterministic": True, "force_row_wise": True, "verbosity": -1, "min_data_per_group": 20,
    }  # fmt: skip

    def held_out(group: int, k: int) -> Floats:
        learn, of = fold != k, (codes == group).astype(np.float64)
        rows = lgb.Dataset(X[learn], of[learn], weight=w[learn], categorical_feature=unordered)
        return np.asarray(lgb.train(settings, rows, num_boost_round=60).predict(X[fold == k], raw_score=True))

    groups, first = [k for k in range(len(names)) if (codes == k).any()], fold == 0
    if len(groups) == 2:
        which = groups[0]
    else:  # one fold is enough to see which group the features know best
        which = max(
            groups, key=lambda g: auc_variance((codes[first] == g).astype(np.float64), held_out(g, 0), w[first])[0]
        )
    forecast = np.empty(len(codes))
    for k in range(int(fold.max()) + 1):
        forecast[fold == k] = held_out(which, k)
    return which, forecast


def _gap(p: Floats, of: Floats, w: Floats) -> float:
    return float(np.average(p, weights=w * of) - np.average(p, weights=w * (1 - of)))


def _explained(place: NDArray[np.int64], p: Floats, w: Floats) -> float:
    """Share of the score's variance that lies between the bins."""
    middle = float(np.average(p, weights=w))
    total = float(w @ (p - middle) ** 2)
    if total <= 0:
        return 0.0
    heavy = np.bincount(place, w)
    mean = np.bincount(place, w * p) / np.where(heavy > 0, heavy, 1.0)
    return float(heavy @ (mean - middle) ** 2 * (1 / total)) if heavy.sum() > 0 else 0.0


def _gap_share(place: NDArray[np.int64], p: Floats, of: Floats, w: Floats, gap: float) -> float:
    """One less the mean gap between people of the same bin over the whole gap."""
    inside, outside = np.bincount(place, w * of), np.bincount(place, w * (1 - of))
    both = (inside > 0) & (outside > 0)
    if gap == 0 or not both.any():
        return float("nan")
    means = [np.bincount(place, w * p * who)[both] / heavy[both] for who, heavy in ((of, inside), (1 - of, outside))]
    within = float(np.average(means[0] - means[1], weights=(inside + outside)[both]))
    return 1.0 - within / gap
