"""Do the decisions treat groups differently? Figures with intervals, read against a place's notes, and no verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError, did_you_mean
from tael.validation import arrays
from tael.validation._compare import (
    auc_interval,
    auc_variance,
    deviate,
    effective_size,
    holm,
    two_rates,
    two_sided,
)
from tael.validation.arrays import Floats
from tael.validation.calibration import wilson
from tael.validation.jurisdictions import Jurisdiction, jurisdiction
from tael.validation.words import Words

MISSING = "(missing)"
SMALLEST = 100
"""A group of fewer people, or with fewer than 30 approved or 30 declined, gets a warning."""

_RATES = ("selection_rate", "impact_ratio", "smd", "tpr", "fpr", "bad_rate", "calibration", "roc_auc")
_SCHEMA: dict[str, Any] = {"group": pl.String, "n": pl.Int64, "approved": pl.Int64, "labelled": pl.Int64} | {
    name + end: pl.Float64 for name in _RATES for end in ("", "_low", "_high")
}
_SCHEMA |= {"mean_score": pl.Float64, "p_value": pl.Float64, "small": pl.Boolean}


@dataclass(frozen=True)
class Fairness:
    """Decisions by group.

    Parameters
    ----------
    groups : polars.DataFrame
        One row a group, with the limits of each figure in the columns ``_low`` and ``_high`` beside it:

        - group, n, approved, selection_rate;
        - impact_ratio: selection rate over the reference's (Katz limits), p_value: of equal selection rates (raised by
          Holm's method);
        - mean_score, smd: mean score less the reference's, in standard deviations of all scores;
        - labelled (rows whose outcome is known), bad_rate, tpr: of those who went bad the share declined, fpr: of those
          who stayed good the share declined, calibration: bad rate over mean score, roc_auc;
        - small: too few for much to be said.
    reference : str
        The group that the others are compared with.
    place : Jurisdiction
    attribute : str
        What the groups are of.
    """

    groups: pl.DataFrame
    reference: str
    place: Jurisdiction
    attribute: str = ""
    level: float = 0.95

    def sentences(self) -> list[Words]:
        """What there is to say of each group, most unequal first."""
        said = []
        others = self.groups.filter((pl.col("group") != self.reference) & (pl.col("group") != MISSING))
        for row in others.sort("impact_ratio", nulls_last=True).iter_rows(named=True):
            said.append(self._said(row))
        for row in self.groups.filter("small").iter_rows(named=True):
            said.append(
                Words(
                    f"{row['group']}: {row['n']:,} people, {row['approved']:,} of them approved, are too few for firm "
                    "figures.",
                    f"{row['group']}：仅 {row['n']:,} 人，其中 {row['approved']:,} 人获批，数字不够可靠。",
                )
            )
        return said

    def _said(self, row: dict[str, Any]) -> Words:
        en = f"{row['group']}: {row['selection_rate']:.1%} approved"
        zh = f"{row['group']}：批准率 {row['selection_rate']:.1%}"
        if row["impact_ratio"] is None:
            return Words(en + ".", zh + "。")
        between = f"{row['impact_ratio']:.2f} ({row['impact_ratio_low']:.2f} to {row['impact_ratio_high']:.2f})"
        zh_between = f"{row['impact_ratio']:.2f}（{row['impact_ratio_low']:.2f} 至 {row['impact_ratio_high']:.2f}）"
        en += f", {between} times the rate of {self.reference}"
        zh += f"，为 {self.reference} 的 {zh_between} 倍"
        chance = row["p_value"]
        if chance is not None:
            beyond = chance < 1 - self.level
            en += ", a difference beyond chance" if beyond else ", which may be chance"
            zh += "，差异超出偶然" if beyond else "，可能出于偶然"
        mark = self.place.ratio_mark
        if mark is not None:
            low, high, ratio = row["impact_ratio_low"], row["impact_ratio_high"], row["impact_ratio"]
            where = "below" if high < mark else "above" if low >= mark else "not surely on either side of"
            zh_where = "低于" if high < mark else "不低于" if low >= mark else "无法确定位于哪一侧："
            en += f"; {ratio:.2f} is {where} the mark of {mark:g}"
            zh += f"；{ratio:.2f} {zh_where} {mark:g}"
        return Words(en + ".", zh + "。")

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        return {
            "attribute": self.attribute,
            "reference": self.reference,
            "place": self.place.to_dict(),
            "groups": self.groups.to_dicts(),
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def fairness_report(
    group: Any,
    approved: ArrayLike,
    *,
    score: ArrayLike | None = None,
    y: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    reference: str | None = None,
    place: str = "none",
    attribute: str = "",
    level: float = 0.95,
    smallest: int = SMALLEST,
) -> Fairness:
    """Compare what a policy decided for the groups of a protected attribute.

    Parameters
    ----------
    group : array-like of shape (n,)
        The protected attribute, which must be no feature of the model. Missing values are a group that is shown and not
        compared.
    approved : array-like of shape (n,)
        1 where the decision was the favourable one, else 0.
    score : array-like of shape (n,), optional
        Predicted probability of going bad.
    y : array-like of shape (n,), optional
        1 where it went bad, 0 where not, missing where it is not known (the declined, as a rule): such rows count in
        the selection and not in what needs an outcome.
    weight : array-like of shape (n,), optional
        Sample weights; intervals are then of the effective sizes (Kish 1965).
    reference : str, optional
        The group to compare with. Default: the one most often approved among those that are not small, which flatters
        nobody and makes the ratios of the others a little too low where many groups are alike.
    place : {"us", "eu", "cn", "none"}
        Against which notes the figures are read; see `tael.validation.jurisdictions`.
    attribute : str
        What the groups are of, for the report.
    level : float
        Coverage of the intervals.
    smallest : int
        A group of fewer rows, or with fewer than 30 approved or 30 declined, is marked small.

    Returns
    -------
    Fairness

    Raises
    ------
    ValidationError
        If arrays do not match or hold other values, the reference is unknown, or there is only one group.

    References
    ----------
    Katz, D., Baptista, J., Azen, S., Pike, M. (1978). Obtaining confidence intervals for the risk ratio in cohort
    studies. Biometrics 34. Hardt, M., Price, E., Srebro, N. (2016). Equality of opportunity in supervised learning.
    Hedges, L. V., Olkin, I. (1985). Statistical Methods for Meta-Analysis (variance of the standardised difference).

    Examples
    --------
    >>> sex = ["f"] * 200 + ["m"] * 200
    >>> approved = [1] * 90 + [0] * 110 + [1] * 120 + [0] * 80
    >>> found = fairness_report(sex, approved, place="us")
    >>> found.reference, found.groups["impact_ratio"].to_list()
    ('m', [0.75, 1.0])
    """
    laws = jurisdiction(place)
    codes, names = groups_of(group)
    taken = arrays.labels(approved)
    arrays.same_length(len(taken), len(codes), "groups")
    w = arrays.weights(weight, len(taken))
    p = None if score is None else arrays.scores(score, len(taken), probability=y is not None)
    outcome = _outcomes(y, len(taken))
    if len(names) < 2:
        raise ValidationError(
            "There is only one group, so there is nothing to compare.",
            expected="two groups or more",
            got=", ".join(names) or "missing values alone",
        )
    if (codes < 0).any():
        codes, names = np.where(codes < 0, len(names), codes), [*names, MISSING]
    parts = [(name, (codes == k) & (w > 0)) for k, name in enumerate(names)]
    rows = [_alone(name, of, taken, p, outcome, w, level, smallest) for name, of in parts if of.any()]
    chosen = _reference(rows, reference)
    base = next(row for row in rows if row["group"] == chosen)
    spread = float(np.sqrt(np.cov(p, aweights=w))) if p is not None and len(p) > 1 else 0.0
    chances = np.full(len(rows), np.nan)
    for k, row in enumerate(rows):
        if row["group"] == chosen:
            row |= {"impact_ratio": 1.0, "smd": 0.0 if spread > 0 else None}
        elif row["group"] != MISSING:
            row |= _ratio(row, base, level) | _smd(row, base, spread, level)
            n, other = row["_size"], base["_size"]
            chances[k] = two_sided(two_rates(row["selection_rate"] * n, n, base["selection_rate"] * other, other))
    for row, chance in zip(rows, holm(chances), strict=True):
        row["p_value"] = float(chance)
        del row["_size"]
    table = pl.DataFrame(rows, schema=_SCHEMA).with_columns(pl.col(pl.Float64).fill_nan(None))
    return Fairness(table, chosen, laws, attribute, level)


def groups_of(group: Any, most: int = 50) -> tuple[NDArray[np.int64], list[str]]:
    """Code of each row's group (-1 where it is missing) and the groups' names; numbers and bands of them in order.

    Raises
    ------
    ValidationError
        If there are so many groups that they must be a number.

    Examples
    --------
    >>> groups_of(np.array([2.0, 1.0, np.nan]))[1], groups_of(["100 .. 250", "20 .. 90"])[1]
    (['1', '2'], ['20 .. 90', '100 .. 250'])
    """
    values = arrays.as_array(group)
    if values.dtype.kind == "b":
        values = values.astype(str)
    codes, names = arrays.codes(values)
    if values.dtype.kind == "f":
        names = [name.removesuffix(".0") for name in names]
    if len(names) > most:
        raise ValidationError(
            "There are too many groups to compare.",
            expected=f"at most {most}",
            got=f"{len(names)}: {', '.join(names[:5])}, ...",
            fix="Put a number such as an age into bands first.",
        )
    starts = [_start(name) for name in names]
    if names and None not in starts:
        order = sorted(range(len(names)), key=lambda k: (starts[k], names[k]))
        place = np.empty(len(names), dtype=np.int64)
        place[order] = np.arange(len(names))
        codes, names = np.where(codes >= 0, place[codes], -1), [names[k] for k in order]
    return codes, names


def _start(name: str) -> float | None:
    """The number that a group is, or that its band begins with; None of a word."""
    try:
        return float(name.split(" .. ")[0])
    except ValueError:
        return None


def _outcomes(y: ArrayLike | None, n: int) -> Floats:
    if y is None:
        return np.full(n, np.nan)
    values = arrays.as_array(y)
    if values.dtype.kind == "O":  # None is a label that is not known
        values = np.array([np.nan if v is None else v for v in values], dtype=object)
    outcome = arrays.floats(values, "labels")
    arrays.same_length(n, len(outcome), "labels")
    known = ~np.isnan(outcome)
    if known.any():
        arrays.labels(outcome[known])
    return outcome


def _reference(rows: list[dict[str, Any]], stated: str | None) -> str:
    names = [row["group"] for row in rows if row["group"] != MISSING]
    if stated is not None:
        if str(stated) not in names:
            raise ValidationError(
                "The group to compare with is not there.", got=str(stated), fix=did_you_mean(str(stated), names)
            )
        return str(stated)
    known = [row for row in rows if row["group"] != MISSING]
    large = [row for row in known if not row["small"]] or known
    return str(max(large, key=lambda row: row["selection_rate"])["group"])


def _alone(
    name: str, of: Any, taken: Floats, p: Floats | None, outcome: Floats, w: Floats, level: float, smallest: int
) -> dict[str, Any]:
    """What a group shows without the others."""
    yes, heavy, size = taken[of], w[of], effective_size(w[of])
    n, approved = int(of.sum()), int(yes.sum())
    row: dict[str, Any] = dict.fromkeys(_SCHEMA) | {"group": name, "n": n, "approved": approved, "_size": size}
    row["small"] = n < smallest or min(approved, n - approved) < 30
    row |= _rate("selection_rate", yes, heavy, level)
    if p is not None:
        row["mean_score"] = float(np.average(p[of], weights=heavy))
    known = ~np.isnan(outcome[of])
    row["labelled"] = int(known.sum())
    if not known.any():
        return row
    y, weighed, refused = outcome[of][known], heavy[known], 1.0 - yes[known]
    row |= _rate("bad_rate", y, weighed, level)
    row |= _rate("tpr", refused[y == 1], weighed[y == 1], level)
    row |= _rate("fpr", refused[y == 0], weighed[y == 0], level)
    if p is not None:
        forecast = p[of][known]
        mean = float(np.average(forecast, weights=weighed))
        if mean > 0:
            row |= {f"calibration{end}": row[f"bad_rate{end}"] / mean for end in ("", "_low", "_high")}
        auc, variance = auc_variance(y, forecast, weighed)
        low, high = auc_interval(auc, variance, level)
        row |= {"roc_auc": auc, "roc_auc_low": low, "roc_auc_high": high}
    return row


def _rate(name: str, hit: Floats, w: Floats, level: float) -> dict[str, float | None]:
    if not len(hit):
        return {name: None, f"{name}_low": None, f"{name}_high": None}
    rate, size = float(np.average(hit, weights=w)), effective_size(w)
    low, high = wilson(rate * size, size, level)
    return {name: rate, f"{name}_low": float(low), f"{name}_high": float(high)}


def _ratio(row: dict[str, Any], base: dict[str, Any], level: float) -> dict[str, float | None]:
    """Ratio of selection rates, with limits on its logarithm."""
    if base["selection_rate"] == 0:
        return {}
    counts = []
    for of in (row, base):
        n, k = of["_size"], of["selection_rate"] * of["_size"]
        # half a case more where nobody or everybody was approved, whose logarithm has no variance
        counts.append((k + 0.5, n + 1.0) if k <= 0 or k >= n else (k, n))
    (k, n), (k0, n0) = counts
    half = deviate(level) * float(np.sqrt(1 / k - 1 / n + 1 / k0 - 1 / n0))
    ratio, middle = row["selection_rate"] / base["selection_rate"], k / n / (k0 / n0)
    return {
        "impact_ratio": ratio,
        "impact_ratio_low": min(middle * float(np.exp(-half)), ratio),
        "impact_ratio_high": max(middle * float(np.exp(half)), ratio),
    }


def _smd(row: dict[str, Any], base: dict[str, Any], spread: float, level: float) -> dict[str, float | None]:
    if row["mean_score"] is None or spread == 0:
        return {}
    d = (row["mean_score"] - base["mean_score"]) / spread
    n, n0 = row["_size"], base["_size"]
    half = deviate(level) * float(np.sqrt((n + n0) / (n * n0) + d**2 / (2 * (n + n0))))
    return {"smd": d, "smd_low": d - half, "smd_high": d + half}
