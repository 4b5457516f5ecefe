"""What scores foretell: correlations with what came, their decay, returns by place, and the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.stretches import Stretches

if TYPE_CHECKING:
    from tael.markets.modelling import PanelRows
    from tael.panels import Panel

Z = 1.959963984540054
QUANTILES = 5


def interval(values: NDArray[Any], lags: int | None = None, times: float = 1.0) -> dict[str, Any]:
    """A mean with its 95 % interval, errors robust to autocorrelation; None where there are fewer than ten values."""
    from tael.markets.performance import mean_test

    known = values[np.isfinite(values)]
    if len(known) < 10:
        return {"value": float(known.mean()) * times if len(known) else None, "low": None, "high": None}
    test = mean_test(known, lags)
    return {
        "value": test.mean * times,
        "low": (test.mean - Z * test.error) * times,
        "high": (test.mean + Z * test.error) * times,
        "t": test.t,
    }


def ic_section(scores: NDArray[Any], outcome: NDArray[Any], members: NDArray[Any], parts: Stretches) -> dict[str, Any]:
    """IC and rank IC of each stretch."""
    from tael.kernels.panel import ic, rank_ic

    plain, ranked = ic(scores, outcome, members), rank_ic(scores, outcome, members)
    told = {}
    for part, (start, stop) in parts.labelled().items():
        one, two = plain[start:stop], ranked[start:stop]
        lags = max(parts.ahead - 1, 1)
        if int(np.isfinite(two).sum()) < 2:
            continue
        cell = interval(two, lags)
        told[part] = {
            "ic": interval(one, lags),
            "rank_ic": cell,
            "icir": _ratio(one),
            "rank_icir": _ratio(two),
            "t": cell.get("t"),
            "bars": int(np.isfinite(two).sum()),
        }
    return told


def _ratio(values: NDArray[Any]) -> float | None:
    known = values[np.isfinite(values)]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    return float(known.mean()) / spread if spread > 0 else None


def curve_section(scores: NDArray[Any], outcome: NDArray[Any], panel: Panel, parts: Stretches) -> dict[str, Any]:
    """Rank IC bar by bar, validation and test."""
    from tael.kernels.panel import rank_ic

    each = rank_ic(scores, outcome, panel.members)[parts.validation :]
    known = np.isfinite(each)
    days = panel.times[parts.validation :].astype("M8[D]")
    return {
        "dates": [str(day) for day in days[known]],
        "rank_ic": each[known].tolist(),
        "out_of_time_from": int(known[: parts.test - parts.validation].sum()),
    }


def decay_section(
    scores: NDArray[Any], panel: Panel, horizons: tuple[int, ...], parts: Stretches
) -> list[dict[str, Any]]:
    """Rank IC by horizon, out of time: the return from the next bar's close over so many bars."""
    from tael.kernels.panel import rank_ic
    from tael.panels import compute

    if "close" not in panel.fields:
        return []
    told = []
    for horizon in horizons:
        came = compute(panel, [f"close[+{horizon + 1}] / close[+1] - 1"], label=True)[0]
        each = rank_ic(scores, came, panel.members)[parts.test :]
        if int(np.isfinite(each).sum()) >= 10:
            told.append({"horizon": horizon, "rank_ic": interval(each, horizon)})
    return told


def quantiles_section(
    scores: NDArray[Any], outcome: NDArray[Any], members: NDArray[Any], parts: Stretches, year: float
) -> list[dict[str, Any]]:
    """Return of each fifth of the scores less the mean of all, a year, out of time."""
    from tael.kernels.panel import quantile_returns

    test = slice(parts.test, parts.bars)
    there = members[test] & np.isfinite(outcome[test]) & np.isfinite(scores[test])
    means = quantile_returns(scores[test], outcome[test], QUANTILES, there)
    count = there.sum(axis=1)
    total = np.where(there, outcome[test], 0.0).sum(axis=1)
    overall = np.divide(total, count, out=np.full(len(count), np.nan), where=count > 0)
    steps = max(parts.ahead - 1, 1)
    return [interval(means[:, k] - overall, steps, year / steps) for k in range(QUANTILES)]


def controls_section(
    plan: MarketPlan, panel: Panel, rows: PanelRows, label: NDArray[Any], outcome: NDArray[Any], formulas: list[str],
    parts: Stretches, n_jobs: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """What must come to nothing, and what must not move.

    The same rows with labels shuffled within each bar must teach nothing; and factors of some bars, computed again
    with everything after them cut off, must be the same to the last bit.
    """
    return [
        _shuffled(plan, panel, rows, label, outcome, parts, n_jobs),
        truncated(panel, rows, formulas, parts, n_jobs, plan.seed),
    ]


def _shuffled(
    plan: MarketPlan, panel: Panel, rows: PanelRows, label: NDArray[Any], outcome: NDArray[Any], parts: Stretches,
    n_jobs: int,
) -> dict[str, Any]:  # fmt: skip
    from tael.kernels.panel import rank_ic
    from tael.markets.modelling import PanelBooster, PanelRidge, folds_of, standardised, walk_forward

    rng = np.random.default_rng(plan.seed)
    mixed = np.full(label.shape, np.nan)
    for t in range(len(label)):
        at = np.flatnonzero(np.isfinite(label[t]) & panel.members[t])
        mixed[t, at] = rng.permutation(label[t, at])
    folds = folds_of(
        parts.bars, valid=parts.validation, test=parts.test, ahead=parts.ahead, start=parts.start, embargo=parts.embargo
    )
    model: Any = PanelRidge() if plan.model.kind == "linear" else PanelBooster(
        1, n_estimators=50, patience=20, learning_rate=0.1, random_state=plan.seed, n_jobs=n_jobs
    )  # fmt: skip
    walked = walk_forward(model, rows, standardised(mixed, panel.members, plan.label.scale), folds)
    each = rank_ic(walked.scores, outcome, panel.members)[parts.test :]
    cell = interval(each, max(parts.ahead - 1, 1))
    return {
        "code": "shuffled",
        "title": {"en": "Labels shuffled within each bar", "zh": "标签在每期内打乱"},
        "expected": {"en": "nothing: an interval that holds 0", "zh": "无预测能力：区间包含 0"},
        "rank_ic": cell,
        "passed": None if cell["low"] is None else bool(abs(cell["t"]) < 3.5),
    }


def truncated(
    panel: Panel, rows: PanelRows, formulas: list[str], parts: Stretches, n_jobs: int, seed: int
) -> dict[str, Any]:
    """Factors of three bars of the test, computed again with everything after them cut off."""
    from tael.panels import PanelPlan

    rng = np.random.default_rng(seed)
    some = parts.test + np.flatnonzero(panel.members[parts.test : parts.bars].any(axis=1))
    bars = sorted(int(t) for t in rng.choice(some, size=min(3, len(some)), replace=False))
    differing = 0
    for t in bars:
        cut = panel.window(None, t + 1)
        there = np.flatnonzero(cut.members[-1])
        whole = rows.X[rows.between(t, t + 1)]
        for k, values in enumerate(PanelPlan(formulas, cut, n_threads=n_jobs).compute_last(1)):
            with np.errstate(over="ignore"):
                one = values[-1, there].astype(np.float32)
            one[~np.isfinite(one)] = np.nan
            differing += int((~((one == whole[:, k]) | (np.isnan(one) & np.isnan(whole[:, k])))).sum())
    return {
        "code": "truncated",
        "title": {
            "en": f"Factors of {len(bars)} bars with all later bars cut off",
            "zh": f"截去其后全部数据，重算 {len(bars)} 期因子",
        },
        "expected": {"en": "the same to the last bit", "zh": "逐位相同"},
        "differing": differing,
        "came": {
            "en": "the same" if not differing else f"{differing:,} values differ",
            "zh": "完全相同" if not differing else f"{differing:,} 个值不同",
        },
        "passed": differing == 0,
    }
