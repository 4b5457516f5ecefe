"""Where a model is weak: its performance group by group, by vintage, channel, region or band of a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import ValidationError
from tael.validation import arrays
from tael.validation._compare import auc_interval, auc_variance, effective_size, holm, two_sided
from tael.validation.arrays import Floats
from tael.validation.calibration import quantile_bins, wilson
from tael.validation.metrics import evaluate, metric
from tael.validation.words import Words

MISSING, OTHER = "(missing)", "(other)"
_EVERY = {"month": "%Y-%m", "year": "%Y"}


@dataclass(frozen=True)
class PerformanceBy:
    """Performance by group.

    Parameters
    ----------
    table : polars.DataFrame
        One row a group, in the groups' order: group, n, bad, rate, low, high, mean_p, calibration (rate over mean_p)
        with calibration_low and calibration_high, roc_auc with roc_auc_low and roc_auc_high, further metrics likewise,
        then others_auc (of pairs within the other groups), auc_p and calibration_p (raised by Holm's method), and the
        marks weak ("ranking", "calibration", "both" or null) and small.
    roc_auc : float
        Of all rows together. Where groups differ in risk it is higher than within any group, which is no weakness.
    within_auc : float
        Mean of the groups' own AUC, weighted by how surely each is known.
    name : str
        What the groups are of.
    """

    table: pl.DataFrame
    roc_auc: float
    within_auc: float
    name: str = ""

    def sentences(self) -> list[Words]:
        """Which groups are weak, and how."""
        said = []
        for row in self.table.filter(pl.col("weak").is_not_null()).iter_rows(named=True):
            where = f"{self.name} = {row['group']}" if self.name else str(row["group"])
            if row["weak"] in ("ranking", "both"):
                said.append(
                    Words(
                        f"The model ranks less well where {where}: AUC {row['roc_auc']:.3f} ({row['roc_auc_low']:.3f} "
                        f"to {row['roc_auc_high']:.3f}) against {row['others_auc']:.3f} within the other groups.",
                        f"模型在 {where} 上的排序能力较弱：AUC 为 {row['roc_auc']:.3f}（{row['roc_auc_low']:.3f} 至 "
                        f"{row['roc_auc_high']:.3f}），其他组内为 {row['others_auc']:.3f}。",
                    )
                )
            if row["weak"] in ("calibration", "both"):
                low = row["mean_p"] < row["rate"]
                said.append(
                    Words(
                        f"The risk is {'understated' if low else 'overstated'} where {where}: {row['mean_p']:.1%} "
                        f"forecast, {row['rate']:.1%} ({row['low']:.1%} to {row['high']:.1%}) observed.",
                        f"模型在 {where} 上{'低估' if low else '高估'}风险：预测 {row['mean_p']:.1%}，实际 "
                        f"{row['rate']:.1%}（{row['low']:.1%} 至 {row['high']:.1%}）。",
                    )
                )
        if not said:
            said.append(
                Words(
                    "No group is weaker than the others by more than chance.", "没有任何组的表现弱于其他组且超出偶然。"
                )
            )
        return said

    def to_dict(self) -> dict[str, Any]:
        """Plain data for `run.json`."""
        table = self.table.with_columns(pl.col(pl.Float64).fill_nan(None))
        return {
            "name": self.name,
            "roc_auc": self.roc_auc if np.isfinite(self.roc_auc) else None,
            "within_auc": self.within_auc if np.isfinite(self.within_auc) else None,
            "groups": table.to_dicts(),
            "sentences": [words.to_dict() for words in self.sentences()],
        }


def performance_by(
    values: Any,
    y: ArrayLike,
    p: ArrayLike,
    *,
    weight: ArrayLike | None = None,
    metrics: Iterable[str] = ("ks",),
    name: str = "",
    bins: int = 5,
    every: str = "quarter",
    most: int = 20,
    least: int = 30,
    level: float = 0.95,
    n_boot: int = 200,
    seed: int = 0,
) -> PerformanceBy:
    """Measure a model group by group, and mark the groups in which it is weak.

    Parameters
    ----------
    values : array-like of shape (n,)
        Categories; numbers, which are put into `bins` of equal size; or times, which are put into periods.
    y, p : array-like of shape (n,)
        Labels (0 or 1) and predicted probabilities.
    weight : array-like of shape (n,), optional
        Sample weights.
    metrics : iterable of str
        More metrics of the registry, each with a bootstrap interval. ROC AUC is always there.
    name : str
        What the groups are of, for the sentences.
    bins : int
        For numbers. Missing values are a group of their own.
    every : {"month", "quarter", "year"}
        For times.
    most : int
        So many groups; of categories the rarest share one, ``(other)``.
    least : int
        A group with fewer events or fewer non-events is marked small, and is never called weak.
    level : float
        Coverage of the intervals, and 1 - the chance that any group is called weak for nothing.
    n_boot, seed : int
        Of the further metrics' intervals.

    Returns
    -------
    PerformanceBy

    Raises
    ------
    ValidationError
        If arrays are empty or do not match, or predictions are no probabilities.

    Notes
    -----
    A group's AUC is compared with the mean AUC *within* the other groups (DeLong's variances, independent samples), and
    not with that of all rows: the latter also counts pairs from different groups, so that it is higher wherever groups
    differ in risk. Calibration: the bad rate against the mean prediction, with the binomial variance of the
    predictions.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> p = rng.beta(1, 4, 4000)
    >>> y = rng.random(4000) < p
    >>> channel = np.repeat(["app", "branch"], 2000)
    >>> p[2000:] = rng.permutation(p[2000:])
    >>> found = performance_by(channel, y, p, name="channel")
    >>> found.table.select("group", "weak").rows()
    [('app', None), ('branch', 'ranking')]
    """
    labels = arrays.labels(y)
    p_ = arrays.scores(p, len(labels), probability=True)
    w = arrays.weights(weight, len(labels))
    if bins < 1 or most < 2:
        raise ValidationError(
            "There must be groups.", expected="bins of 1 or more, most of 2 or more", got=f"bins={bins}, most={most}"
        )
    wanted = [m for m in metrics if metric(m).name != "roc_auc"]
    member, names = _groups(values, w, bins, every, most)
    rows = []
    for g, group in enumerate(names):
        of = (member == g) & (w > 0)
        if of.any():
            rows.append(_measure(group, labels[of], p_[of], w[of], wanted, level, n_boot, seed))
    table = _compared(rows, wanted, least, level)
    whole, _ = auc_variance(labels, p_, w)
    variance, aucs = table["_variance"].to_numpy(), table["roc_auc"].to_numpy()
    known = np.isfinite(variance) & (variance > 0)
    within = float(np.average(aucs[known], weights=1 / variance[known])) if known.any() else float("nan")
    return PerformanceBy(table.drop("_variance"), whole, within, name)


def _groups(values: Any, w: Floats, bins: int, every: str, most: int) -> tuple[NDArray[np.int64], list[str]]:
    """Group of each row, and the groups' names in order."""
    series = values if isinstance(values, nw.Series) else nw.from_native(_series(values), series_only=True)
    arrays.same_length(len(w), len(series), "groups")
    dtype = series.dtype
    if dtype in (nw.Date, nw.Datetime):
        return _periods(series, every)
    kind, column = arrays.column(series)
    if kind == "number" and dtype != nw.Boolean:
        return _with_missing(*bands_of(column, w, bins))
    codes, names = arrays.codes(column)
    size = np.bincount(codes[codes >= 0], w[codes >= 0], minlength=len(names))
    if len(names) > most:
        kept = np.sort(np.argsort(-size, kind="stable")[: most - 1])
        place = np.full(len(names), len(kept))
        place[kept] = np.arange(len(kept))
        codes = np.where(codes >= 0, place[codes], -1)
        names = [*(names[k] for k in kept), OTHER]
    return _with_missing(codes, names)


def _series(values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return pl.Series(values, strict=False)
    if isinstance(values, np.ndarray):
        column = arrays.as_array(values)
        return pl.Series(column.tolist() if column.dtype.kind in "OUS" else column, strict=False)
    return values


def _with_missing(codes: NDArray[np.int64], names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    return np.where(codes < 0, len(names), codes), [*names, MISSING]


def _periods(series: nw.Series[Any], every: str) -> tuple[NDArray[np.int64], list[str]]:
    if every not in ("month", "quarter", "year"):
        raise ValidationError("Unknown length of a period.", expected="month, quarter or year", got=every)
    year, month = series.dt.year().to_list(), series.dt.month().to_list()
    if every == "quarter":
        said = [
            None if y is None or y != y else f"{int(y)}-Q{(int(m) + 2) // 3}" for y, m in zip(year, month, strict=True)
        ]
    elif every == "month":
        said = [None if y is None or y != y else f"{int(y)}-{int(m):02d}" for y, m in zip(year, month, strict=True)]
    else:
        said = [None if y is None or y != y else f"{int(y)}" for y in year]
    return _with_missing(*arrays.codes(np.array(said, dtype=object)))


def bands_of(column: Floats, w: Floats, bins: int) -> tuple[NDArray[np.int64], list[str]]:
    """Bands of equal size of a number: the band of each row (-1 where it is missing), and the bands' names.

    Equal numbers are never torn apart, so that there may be fewer bands.

    >>> bands_of(np.array([21.0, 30.0, 45.0, 60.0, np.nan]), np.ones(5), 2)[1]
    ['21 .. 30', '45 .. 60']
    """
    known = ~np.isnan(column)
    codes = np.full(len(column), -1, dtype=np.int64)
    names: list[str] = []
    if known.any() and w[known].sum() > 0:
        codes[known] = quantile_bins(column[known], w[known], bins)
        for b in range(int(codes.max()) + 1):
            inside = column[codes == b]
            low, high = f"{inside.min():.6g}", f"{inside.max():.6g}"
            names.append(low if low == high else f"{low} .. {high}")
    return codes, names


def _measure(
    group: str, y: Floats, p: Floats, w: Floats, wanted: list[str], level: float, n_boot: int, seed: int
) -> dict[str, Any]:
    total, size = float(w.sum()), effective_size(w)
    rate, mean_p = float(w @ y) / total, float(w @ p) / total
    low, high = (float(v) for v in wilson(rate * size, size, level))
    auc, variance = auc_variance(y, p, w)
    auc_low, auc_high = auc_interval(auc, variance, level)
    spread = np.sqrt(float(w**2 @ (p * (1 - p))))
    row = {
        "group": group, "n": len(y), "bad": int(y.sum()), "rate": rate, "low": low, "high": high, "mean_p": mean_p,
        "roc_auc": auc, "roc_auc_low": auc_low, "roc_auc_high": auc_high,
        "_variance": variance, "_z": (float(w @ (y - p)) / spread) if spread > 0 else np.nan,
    }  # fmt: skip
    for key, value in (("calibration", rate), ("calibration_low", low), ("calibration_high", high)):
        row[key] = value / mean_p if mean_p > 0 else np.nan
    found = evaluate(y, p, weight=w, metrics=wanted, n_boot=n_boot, seed=seed, level=level) if wanted else {}
    for key, measured in found.items():
        row |= {key: measured.value, f"{key}_low": measured.low, f"{key}_high": measured.high}
    return row


def _compared(rows: list[dict[str, Any]], wanted: list[str], least: int, level: float) -> pl.DataFrame:
    """Each group beside the others, and the marks."""
    bad, n = (np.array([row[key] for row in rows]) for key in ("bad", "n"))
    small = np.minimum(bad, n - bad) < least
    auc, variance = (np.array([row[key] for row in rows]) for key in ("roc_auc", "_variance"))
    known = np.isfinite(variance) & (variance > 0)
    others, z = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
    for i in range(len(rows)):
        rest = known & (np.arange(len(rows)) != i)
        if rest.any():
            sure = 1 / variance[rest]
            others[i] = np.average(auc[rest], weights=sure)
            if known[i]:
                z[i] = (auc[i] - others[i]) / np.sqrt(variance[i] + 1 / sure.sum())
    chance = holm(np.where(small, np.nan, two_sided(z)))
    off = holm(np.where(small, np.nan, two_sided(np.array([row.pop("_z") for row in rows]))))
    ranking, calibration = (chance < 1 - level) & (z < 0), off < 1 - level
    for i, row in enumerate(rows):
        marks = [mark for mark, is_so in (("ranking", ranking[i]), ("calibration", calibration[i])) if is_so]
        row |= {
            "others_auc": others[i], "auc_p": chance[i], "calibration_p": off[i], "small": bool(small[i]),
            "weak": None if not marks else marks[0] if len(marks) == 1 else "both",
        }  # fmt: skip
    shown = ["roc_auc", *wanted]
    order = ["rate", "low", "high", "mean_p", "calibration", "calibration_low", "calibration_high"]
    order += [f"{key}{end}" for key in shown for end in ("", "_low", "_high")]
    order += ["others_auc", "auc_p", "calibration_p", "_variance"]
    schema = {"group": pl.String, "n": pl.Int64, "bad": pl.Int64, **dict.fromkeys(order, pl.Float64)}
    return pl.DataFrame(rows, schema=schema | {"weak": pl.String, "small": pl.Boolean}).with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )
