"""The search for features, as a plan and its kind of model state it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from tael.errors import FormulaError, RunError, ScenarioError, did_you_mean
from tael.features import AutoFeatures
from tael.features.chance import Null
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.observations.observe import CUTOFF
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.runs.tasks import task_of
from tael.tables.frames import Tables


def features_of(
    plan: Plan, tables: Tables, *, progress: Any = None, n_jobs: int = 1, unknown: Collection[str] = (),
) -> AutoFeatures:  # fmt: skip
    """The feature search that a plan states, unfitted.

    Parameters
    ----------
    unknown : collection of str
        Names under ``model.monotone`` that may be features: their directions are left to the model.
    """
    f, task = plan.features, task_of(plan)
    directions = {text: "+" if sign > 0 else "-" for text, sign in plan.model.monotone.items() if text not in unknown}
    budget: dict[str, str | int] = {str(k): v for k, v in f.budget.items()} | ({} if f.search else {"candidates": 0})
    more = task.forced()
    stated: Any = f.force
    if more:
        named = f.force if isinstance(f.force, dict) else {short_name(text): text for text in f.force}
        stated = {**named, **more}
    return AutoFeatures(
        tables, entity=plan.observations.entity, cutoff=CUTOFF, windows=f.windows, keep=f.keep,
        max_up=f.max_up, max_down=f.max_down, force=stated, forbid=(*f.forbid, *task.hidden()), budget=budget or None,
        search_rows=f.search_rows, apart=f.apart, layers=f.layers, directions=directions or None,
        random_state=plan.seed, n_jobs=n_jobs, progress=progress,
    )  # fmt: skip


def searched(
    plan: Plan, tables: Tables, sample: Sample, *, say: Callable[[str, float], None], n_jobs: int,
    unknown: Collection[str],
) -> AutoFeatures:  # fmt: skip
    """Search on the training rows.

    Raises
    ------
    RunError
        If nothing tells the label better than chance.
    """
    rows = sample.split.parts()["train"]
    auto = features_of(plan, tables, n_jobs=n_jobs, progress=say, unknown=unknown)
    y = sample.y[rows]
    auto.fit(sample.X[rows], y.astype(np.int64) if sample.classes else y)
    _something_found(auto, int(sample.flag[rows].sum()), len(rows))
    return auto


def _something_found(auto: AutoFeatures, cases: int, n: int) -> None:
    """Refuse to go on where nothing tells the label: a model would say the base rate, and dress it up."""
    if auto.formulas_:
        return
    null = auto.null_
    trials = len(auto.ledger_) if null is None else null.trials
    raise RunError(
        "No formula tells the label better than chance.",
        expected="at least one" if null is None else f"a score of {null.needed:.1f} (what chance reaches seldom)",
        got=f"{trials:,} formulas tried on {n:,} training observations with {cases:,} cases"
        + (
            ""
            if null is None
            else f"; the best scored {null.best:.1f}, the best by chance {null.by_chance:.1f}; what one half of time "
            f"teaches foretells the other by {null.across:.1f} standard deviations"
        ),
        where="[features]",
        fix="Take more observations (a longer history, fewer exclusions), link further tables, "
        'or state formulas of your own: force = ["amount / income"].',
    )


def directions_of(plan: Plan, auto: AutoFeatures, unknown: Mapping[str, FormulaError]) -> dict[str, int]:
    """The stated directions of the features that were kept, by feature name."""
    names = dict(zip(auto.formulas_, auto.get_feature_names_out(), strict=True))
    out: dict[str, int] = {}
    for stated, direction in plan.model.monotone.items():
        if stated in names.values():
            out[stated] = direction
        elif stated in unknown:
            raise ScenarioError(
                "A direction is stated for what is neither a formula nor a feature.",
                expected=unknown[stated].problem,
                got=stated,
                where="model.monotone",
                fix=unknown[stated].fix or did_you_mean(stated, names.values()),
            )
        elif (text := to_text(parse(stated))) in names:
            out[names[text]] = direction
    return out


def search_section(auto: AutoFeatures, seconds: float) -> dict[str, Any]:
    """The search as ``run.json`` tells it."""
    fates = auto.ledger_.summary()
    return {
        "candidates": len(auto.ledger_),
        "kept": len(auto.formulas_),
        "dropped": {fate: count for fate, count in fates.items() if fate != "kept"},
        "chance": None if auto.null_ is None else _chance(auto.null_),
        "forecast_mb": round(auto.forecast_.total / 1e6),
        "seconds": seconds,
    }


def _chance(null: Null) -> dict[str, float | int]:
    """What chance alone reaches on these data, and what was asked for."""
    return {
        "trials": null.trials,
        "shuffles": null.shuffles,
        "best_by_chance": null.by_chance,
        "needed": null.needed,
        "best": null.best,
        "across": null.across,
        "threshold": null.threshold,
    }
