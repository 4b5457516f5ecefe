"""The strategy curve: what each cut-off would approve, lose and earn."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from tael.decisions._arrays import Floats, money, outcomes, probabilities, weights
from tael.errors import DecisionError
from tael.validation.ranked import interval, resample

MARGIN_WINDOW = 0.05
"""The marginal bad rate is that of the last 5 % of applicants let in: of fewer, it would be noise."""


def strategy_curve(
    pd: Any,
    profit: Any,
    y: Any = None,
    weight: Any = None,
    *,
    realised: Any = None,
    groups: Any = None,
    at: Any = (),
    n_points: int = 201,
    n_boot: int = 200,
    seed: int = 0,
    level: float = 0.95,
) -> pl.DataFrame:
    """Approve everyone at or below a probability of default: what comes of it, for each cut-off.

    Parameters
    ----------
    pd : array-like of shape (n,)
        Probability of default.
    profit : array-like of shape (n,)
        Expected profit of approving, in currency (`expected_profit`).
    y : array-like of shape (n,), optional
        Observed defaults, 0 or 1.
    weight : array-like of shape (n,), optional
        Sample weights.
    realised : array-like of shape (n,), optional
        Profit given the observed outcome: ``expected_profit(y, economics)``.
    groups : array-like of shape (n,), optional
        Person of each row; resampled whole.
    at : list of float
        Cut-offs that the curve holds exactly, besides: one below every probability is left out, as the row that
        approves nobody; of several that approve the same people the last stands for all.
    n_points : int
        About how many cut-offs, evenly spread over approval from 0 to 100 %. Equal probabilities are never parted.
    n_boot, seed, level
        Bootstrap resamples (0 for no intervals), their seed, and the coverage.

    Returns
    -------
    polars.DataFrame
        One row a cut-off, strictest first; the first approves nobody and has no cut-off. Columns: cutoff, approval
        (share), n_approved, expected_bad_rate, expected_marginal_bad_rate (of the last 5 % let in), profit_total,
        profit_per_applicant (over all applicants, approved or not); with `y` observed_bad_rate and
        observed_marginal_bad_rate; with `realised` realised_total and realised_per_applicant; with `n_boot`,
        ``_low`` and ``_high`` for approval, both bad rates and both profits per applicant. The cut-off is held fixed
        in the resamples.

    Raises
    ------
    DecisionError
        If arrays are empty, missing, of different lengths or no probabilities.

    Examples
    --------
    >>> curve = strategy_curve([0.1, 0.2, 0.6], [50.0, 20.0, -70.0], n_boot=0)
    >>> curve["profit_total"].to_list()
    [0.0, 50.0, 70.0, 0.0]
    """
    p = probabilities(pd)
    n = len(p)
    if n_points < 2 or n_boot < 0 or not 0 < level < 1:
        raise DecisionError(
            "These settings of the strategy curve make no sense.",
            expected="n_points of 2 or more, n_boot of 0 or more, level between 0 and 1",
            got=f"n_points={n_points}, n_boot={n_boot}, level={level}",
        )
    w = weights(weight, n)
    columns = {"profit": money(profit, n), "pd": p}
    if y is not None:
        columns["bad"] = outcomes(y, n)
    if realised is not None:
        columns["realised"] = money(realised, n, "realised profits")

    order = np.argsort(p, kind="stable")
    ends = _grid(p[order], w[order], n_points)
    wanted = {int(np.searchsorted(p[order], c, side="right")) - 1: float(c) for c in at}
    wanted.pop(-1, None)
    ends = np.unique(np.append(ends, np.array(list(wanted), dtype=np.int64)))
    starts = np.append(0, ends[:-1] + 1)

    def cumulate(values: Floats) -> Floats:
        """Sums up to each cut-off, from nobody on: shape (..., n_cutoffs + 1)."""
        summed = np.cumsum(np.add.reduceat(values[..., order], starts, axis=-1), axis=-1)
        return np.concatenate([np.zeros((*summed.shape[:-1], 1)), summed], axis=-1)

    size = cumulate(w)
    sums = {name: cumulate(w * values) for name, values in columns.items()}
    found: dict[str, Floats] = {
        "cutoff": np.append(np.nan, [wanted.get(int(end), float(p[order][end])) for end in ends]),
        "approval": size / size[-1],
        "n_approved": cumulate(np.ones(n)),
        "expected_bad_rate": _ratio(sums["pd"], size),
        "expected_marginal_bad_rate": _marginal(sums["pd"], size),
        "profit_total": sums["profit"],
        "profit_per_applicant": sums["profit"] / size[-1],
    }
    if "bad" in sums:
        found["observed_bad_rate"] = _ratio(sums["bad"], size)
        found["observed_marginal_bad_rate"] = _marginal(sums["bad"], size)
    if "realised" in sums:
        found["realised_total"] = sums["realised"]
        found["realised_per_applicant"] = sums["realised"] / size[-1]
    if n_boot:
        draws: dict[str, list[Floats]] = {}
        for counts in resample(n, n_boot, np.random.default_rng(seed), groups=groups):
            drawn = counts * w
            total = cumulate(drawn)
            everyone = total[:, -1:]
            cum = {name: cumulate(drawn * values) for name, values in columns.items()}
            block = {
                "approval": _ratio(total, np.broadcast_to(everyone, total.shape)),
                "expected_bad_rate": _ratio(cum["pd"], total),
                "profit_per_applicant": _ratio(cum["profit"], np.broadcast_to(everyone, total.shape)),
            }
            if "bad" in cum:
                block["observed_bad_rate"] = _ratio(cum["bad"], total)
            if "realised" in cum:
                block["realised_per_applicant"] = _ratio(cum["realised"], np.broadcast_to(everyone, total.shape))
            for name, values in block.items():
                draws.setdefault(name, []).append(values)
        for name, blocks in draws.items():
            stacked = np.concatenate(blocks)
            ends_of = [interval(float(v), stacked[:, j], level) for j, v in enumerate(found[name])]
            found[f"{name}_low"] = np.array([low for low, _ in ends_of])
            found[f"{name}_high"] = np.array([high for _, high in ends_of])
    return pl.DataFrame(found).with_columns(pl.col("n_approved").cast(pl.Int64)).fill_nan(None)


def _grid(p: Floats, w: Floats, n_points: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Last rows of the runs of equal probability that lie nearest to an even spread of approval."""
    ends = np.flatnonzero(np.append(np.diff(p) != 0, True))
    share = np.cumsum(w)[ends] / w.sum()
    if len(ends) <= n_points - 1:
        return ends
    wanted = np.linspace(0, 1, n_points)[1:]
    near = np.minimum(np.searchsorted(share, wanted - 1e-12), len(ends) - 1)
    return ends[np.unique(np.append(near, len(ends) - 1))]


def _ratio(top: Floats, bottom: Floats) -> Floats:
    return np.divide(top, bottom, out=np.full(np.shape(top), np.nan), where=bottom > 0)


def _marginal(bad: Floats, size: Floats) -> Floats:
    """Bad rate of the last `MARGIN_WINDOW` of applicants that each cut-off lets in."""
    j = np.arange(len(size))
    back = np.searchsorted(size, size - MARGIN_WINDOW * size[-1] + 1e-9 * size[-1], side="right") - 1
    back = np.maximum(np.minimum(back, j - 1), 0)
    return _ratio(bad - bad[back], size - size[back])
