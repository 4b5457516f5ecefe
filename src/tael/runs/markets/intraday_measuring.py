"""What scores foretell over time: pooled correlations of entities' scores with their later moves, and the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from tael.runs.markets import measuring
from tael.runs.markets.intraday_data import BookData
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.stretches import Stretches

if TYPE_CHECKING:
    from tael.markets.modelling import PanelRows

FIFTHS = 5
SHUFFLES, FEWER_SHUFFLES = 20, 10
Floats = NDArray[np.float64]


def over_time(x: NDArray[Any], y: NDArray[Any], members: NDArray[np.bool_], *, rank: bool = False) -> Floats:
    """Products whose mean is the correlation over time, each entity on its own scale, all pooled.

    Parameters
    ----------
    x, y : (T, N) arrays
    members : (T, N) bool
    rank : bool
        Of ranks within the entity.

    Returns
    -------
    (T,) array
        Missing where no entity has both.

    Examples
    --------
    >>> x = np.arange(10.0)[:, None]
    >>> bool(np.isclose(over_time(x, x**3, np.ones((10, 1), bool), rank=True).mean(), 1.0))
    True
    """
    total, count = np.zeros(len(x)), np.zeros(len(x))
    for n in range(x.shape[1]):
        at = np.flatnonzero(members[:, n] & np.isfinite(x[:, n]) & np.isfinite(y[:, n]))
        if len(at) < 3:
            continue
        a, b = x[at, n].astype(np.float64), y[at, n].astype(np.float64)
        if rank:
            a, b = rankdata(a), rankdata(b)
        a, b = a - a.mean(), b - b.mean()
        spread = a.std() * b.std()
        total[at] += a * b / spread if spread > 0 else 0.0
        count[at] += 1
    # each row counts for its entities, so that the mean over rows pools all cells
    mean = count.sum() / max(int((count > 0).sum()), 1)
    return np.where(count > 0, total / max(mean, 1.0), np.nan)


def ic_section(scores: Floats, outcome: Floats, members: NDArray[np.bool_], parts: Stretches) -> dict[str, Any]:
    """IC and rank IC over time of each stretch, and how often the sign was right."""
    told, lags = {}, max(parts.ahead, 1)
    for part, (start, stop) in parts.labelled().items():
        x, y, there = scores[start:stop], outcome[start:stop], members[start:stop]
        plain, ranked = over_time(x, y, there), over_time(x, y, there, rank=True)
        if int(np.isfinite(ranked).sum()) < 10:
            continue
        cell = measuring.interval(ranked, lags)
        moved = there & np.isfinite(x) & np.isfinite(y) & (y != 0) & (x != 0)
        right = np.where(moved, (x > 0) == (y > 0), np.nan).astype(np.float64)
        rows = moved.any(axis=1)
        hits = np.nansum(right[rows], axis=1) / moved[rows].sum(axis=1)
        told[part] = {
            "ic": measuring.interval(plain, lags), "rank_ic": cell, "icir": None, "rank_icir": None,
            "t": cell.get("t"), "bars": int(np.isfinite(ranked).sum()), "hit_rate": measuring.interval(hits, lags),
        }  # fmt: skip
    return told


def curve_section(scores: Floats, outcome: Floats, data: BookData, parts: Stretches) -> dict[str, Any]:
    """Rank IC over time added up, validation and test, the mean of each stretch of rows (at most 400)."""
    from_ = parts.validation
    each = over_time(scores[from_:], outcome[from_:], data.panel.members[from_:], rank=True)
    known = np.flatnonzero(np.isfinite(each))
    groups = np.array_split(known, min(400, max(len(known), 1)))
    groups = [group for group in groups if len(group)]
    times = data.panel.times[from_:].astype("datetime64[m]")
    return {
        "dates": [str(times[group[-1]]).replace("T", " ") for group in groups],
        "rank_ic": [float(each[group].mean()) for group in groups],
        "out_of_time_from": sum(1 for group in groups if group[-1] < parts.test - from_),
    }


def decay_section(scores: Floats, data: BookData, horizons: tuple[int, ...], parts: Stretches) -> list[dict[str, Any]]:
    """Rank IC by horizon, out of time: from the next row's price over so many rows, within the session."""
    from tael.markets.intraday import later_move

    told = []
    for horizon in horizons:
        came = later_move(data.panel, horizon, data.price)[parts.test :]
        each = over_time(scores[parts.test :], came, data.panel.members[parts.test :], rank=True)
        if int(np.isfinite(each).sum()) >= 10:
            told.append({"horizon": horizon, "rank_ic": measuring.interval(each, horizon)})
    return told


def fifths_section(
    scores: Floats, outcome: Floats, members: NDArray[np.bool_], parts: Stretches
) -> list[dict[str, Any]]:
    """Mean move after scores of each fifth of the validation's range, out of time, as a share of the price."""
    earlier = scores[parts.validation : parts.test - parts.purged]
    earlier = earlier[np.isfinite(earlier)]
    if len(earlier) < FIFTHS:
        return []
    edges = np.quantile(earlier, np.arange(1, FIFTHS) / FIFTHS)
    x, y = scores[parts.test :], outcome[parts.test :]
    there = members[parts.test :] & np.isfinite(x) & np.isfinite(y)
    place = np.where(there, np.searchsorted(edges, x), -1)
    told = []
    for k in range(FIFTHS):
        at = place == k
        rows = at.any(axis=1)
        each = np.where(at, y, 0.0).sum(axis=1)[rows] / at.sum(axis=1)[rows]
        told.append({**measuring.interval(each, max(parts.ahead, 1)), "n": int(at.sum())})
    return told


def shuffled(label: Floats, session: NDArray[np.int64], rng: np.random.Generator) -> Floats:
    """Each entity's labels in another order within each session, less the session's mean, which would tell its drift.

    >>> mixed = shuffled(np.arange(6.0)[:, None], np.array([0, 0, 0, 1, 1, 1]), np.random.default_rng(0))
    >>> sorted(mixed[:3, 0].tolist()), sorted(mixed[3:, 0].tolist())
    ([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0])
    """
    mixed = np.full(label.shape, np.nan)
    for n in range(label.shape[1]):
        for code in np.unique(session):
            at = np.flatnonzero((session == code) & np.isfinite(label[:, n]))
            if len(at):
                mixed[at, n] = rng.permutation(label[at, n] - label[at, n].mean())
    return mixed


def controls_section(
    plan: MarketPlan, data: BookData, rows: PanelRows, target: Floats, outcome: Floats, session: NDArray[np.int64],
    formulas: list[str], parts: Stretches, n_jobs: int,
) -> list[dict[str, Any]]:  # fmt: skip
    """Labels shuffled within each session teach nothing; factors do not move when the future is cut off.

    One shuffle says little where scores are steady: over one test, a few days, any of them lies to one side by chance.
    So there are many, and it is their mean that has to be 0.
    """
    from tael.markets.modelling import PanelBooster, PanelRidge, folds_of, walk_forward

    folds = folds_of(
        parts.bars, valid=parts.validation, test=parts.test, ahead=parts.ahead, start=parts.start,
        embargo=parts.embargo,
    )  # fmt: skip
    linear = plan.model.kind == "linear"
    model: Any = PanelRidge() if linear else PanelBooster(
        1, n_estimators=50, patience=20, learning_rate=0.1, random_state=plan.seed, n_jobs=n_jobs
    )  # fmt: skip
    test, rng, found = slice(parts.test, parts.bars), np.random.default_rng(plan.seed), []
    for _ in range(SHUFFLES if linear else FEWER_SHUFFLES):
        walked = walk_forward(model, rows, shuffled(target, session, rng), folds, blocks=session)
        each = over_time(walked.scores[test], outcome[test], data.panel.members[test], rank=True)
        found.append(float(np.nanmean(each)) if np.isfinite(each).any() else float("nan"))
    drawn = np.array(found)
    cell = measuring.interval(drawn[np.isfinite(drawn)], 0)
    return [
        {
            "code": "shuffled",
            "title": {
                "en": f"Labels shuffled within each session, mean of {len(found)} shuffles",
                "zh": f"标签在每节内打乱，{len(found)} 次的均值",
            },
            "expected": {"en": "nothing: an interval that holds 0", "zh": "无预测能力：区间包含 0"},
            "rank_ic": cell,
            "passed": None if cell["low"] is None else bool(abs(cell["t"]) < 3.5),
        },
        measuring.truncated(data.panel, rows, formulas, parts, n_jobs, plan.seed),
    ]
