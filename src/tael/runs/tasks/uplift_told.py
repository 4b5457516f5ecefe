"""What ``run.json`` says of an uplift model: effects with intervals, Qini curves, predicted beside observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from tael.runs.sample import Sample
from tael.runs.tasks.base import identifier
from tael.validation import qini_curve, uplift_calibration, uplift_table
from tael.validation.uplift_metrics import UPLIFT_METRICS

if TYPE_CHECKING:
    from tael.runs.tasks.uplift import TrainedUplift

POINTS = 101


def uplift_section(fitted: TrainedUplift, sample: Sample, features: pl.DataFrame) -> dict[str, Any]:
    """The part of ``run.json`` on the effect of each arm, on the out-of-time rows.

    Returns
    -------
    dict
        ``arms``: name, control first; ``rows``: how many got each; ``effects``: a row an arm with the metrics of
        `UPLIFT_METRICS` for the model and for the plain response model, the Qini curves of both, the table of tenths
        and the calibration; ``overlap``: how probable each arm was; ``titles`` of the metrics.
    """
    from tael.models.uplift_arm import BY_LOT, arm_draws
    from tael.runs.tasks.uplift import treatment_of

    rows = sample.split.parts()["out_of_time"]
    found = fitted.nuisances(sample, features, rows)
    outputs = fitted.outputs(features[rows])
    response = np.asarray(fitted.reference.predict_proba(features[rows])[:, 1], dtype=np.float64)
    arms = [str(arm) for arm in found.arms]
    y, w = sample.y[rows], None if sample.weight is None else sample.weight[rows]
    known = treatment_of(fitted.plan).propensity is not None
    effects = []
    for k in range(1, len(arms)):
        kept = found.kept
        pair = kept & np.isin(found.arm, (0, k))
        by_lot = not known and found.overlap.auc <= BY_LOT
        uplift = outputs[f"uplift_{identifier(arms[k])}"]
        rankings = {"model": uplift, "response": response}
        told = {
            name: draws.told()
            for name, draws in arm_draws(
                k, rankings, y, found, w, known=known, n_boot=200, seed=fitted.plan.seed
            ).items()
        }
        # curves are counted on the rows that got the arm or the control; scores are right in the mean over all rows
        treated = (found.arm[pair] == k).astype(np.int64)
        extra: dict[str, Any] = {
            "weight": None if w is None else w[pair],
            "propensity": None if by_lot else found.share(k)[pair],
        }
        noisy, weight = found.effects(k)[kept], None if w is None else w[kept]
        effects.append(
            {
                "arm": arms[k],
                "rows": int(pair.sum()),
                "metrics": {who: {m: v.to_dict() for m, v in metrics.items()} for who, metrics in told.items()},
                "curve": {
                    who: _thin(qini_curve(y[pair], ranking[pair], treated, **extra))
                    for who, ranking in rankings.items()
                },
                "table": uplift_table(uplift[kept], noisy, bins=10, weight=weight).to_dicts(),
                "calibration": {
                    name: value.to_dict()
                    for name, value in uplift_calibration(uplift[kept], noisy, weight=weight).items()
                },
            }
        )
    overlap = found.overlap
    return {
        "uplift": {
            "split": "out_of_time",
            "arms": arms,
            "rows": {arm: int((found.arm == k).sum()) for k, arm in enumerate(arms)},
            "rates": {arm: float(y[found.arm == k].mean()) for k, arm in enumerate(arms) if (found.arm == k).any()},
            "effects": effects,
            "overlap": {
                "lowest": overlap.lowest, "highest": overlap.highest, "trimmed": overlap.trimmed,
                "estimated": overlap.estimated, "auc": None if np.isnan(overlap.auc) else overlap.auc,
            },
            "titles": {
                name: {"en": title.en, "zh": title.zh, "meaning_en": meaning.en, "meaning_zh": meaning.zh}
                for name, (title, meaning) in UPLIFT_METRICS.items()
            },
        }
    }  # fmt: skip


def learners_told(model: Any) -> dict[str, Any]:
    """The learner's name; of a chooser every learner out of fold, and which are averaged."""
    told: dict[str, Any] = {"title": {"en": "uplift model", "zh": "增量模型"}, "learner": type(model).__name__}
    if not hasattr(model, "report_"):
        return told
    several = len(model.arms_) > 2
    reports = [
        {
            "name": f"{one.arm}: {one.name}" if several else one.name,
            "arm": str(one.arm),
            "learner": one.name,
            "chosen": one.chosen,
            "slope": one.slope.to_dict(),
            "metrics": {name: value.to_dict() for name, value in one.metrics.items()},
        }
        for one in model.report_
    ]
    treatments = [str(arm) for arm in model.arms_[1:]]
    arms = [
        {
            "arm": arm,
            "decided": decided,
            "mean": float(mean),
            "learners": [name for name, share in zip(model.chosen_, shares, strict=True) if share > 0],
        }
        for arm, decided, mean, shares in zip(
            treatments, model.decided_by_arm_, model.means_, model.shares_.T, strict=True
        )
    ]
    return told | {"learners": reports, "decided": bool(model.decided_), "decided_arms": arms}


def _thin(curve: pl.DataFrame) -> dict[str, list[float]]:
    """A curve of at most `POINTS` points, its ends kept."""
    at = np.unique(np.linspace(0, curve.height - 1, min(POINTS, curve.height)).astype(int))
    return {name: curve[name].gather(at).to_list() for name in curve.columns}
