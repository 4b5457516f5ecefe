"""The search for features, as a plan and its kind of model state it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from tael.errors import FormulaError, RunError, ScenarioError, did_you_mean
from tael.features import AutoFeatures
from tael.features.chance import Null
from tael.features.forecast import parse_count, parse_seconds
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.observations.observe import CUTOFF
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.runs.tasks import Task, task_of
from tael.tables.frames import Tables

FIRST_SHARE = 3
"""First searches together keep at most one in so many of the formulas that the plan allows, and take a third of its
time."""
FIRST_CANDIDATES = 2000
"""What first searches try together: effects are weak, and the more is tried, the more chance alone reaches."""
_FIRST_PART = 0.4  # of the progress told


def features_of(
    plan: Plan, tables: Tables, *, progress: Any = None, n_jobs: int = 1, unknown: Collection[str] = (),
    force: Mapping[str, str] | None = None, label_kind: Any = None, first: int = 0,
) -> AutoFeatures:  # fmt: skip
    """The feature search that a plan states, unfitted.

    Parameters
    ----------
    unknown : collection of str
        Names under ``model.monotone`` that may be features: their directions are left to the model.
    force : dict of name to formula, optional
        Formulas kept besides those that the plan and its kind of model state.
    label_kind : str, optional
        Left out: as `AutoFeatures` tells it from the label.
    first : int
        Of how many first searches it is one: fewer candidates, one step down, a smaller keep. 0: the main search.
    """
    f, task = plan.features, task_of(plan)
    directions = {text: "+" if sign > 0 else "-" for text, sign in plan.model.monotone.items() if text not in unknown}
    budget: dict[str, str | int] = {str(k): v for k, v in f.budget.items()} | ({} if f.search else {"candidates": 0})
    more = {**task.forced(), **(force or {})}
    stated: Any = f.force
    if more:
        named = f.force if isinstance(f.force, dict) else {short_name(text): text for text in f.force}
        stated = {**named, **more}
    kind = {} if label_kind is None else {"label_kind": label_kind}
    keep, max_down, layers = f.keep, f.max_down, f.layers
    if first:
        keep, max_down, layers = max(keep // (FIRST_SHARE * first), 1), min(max_down, 1), min(layers, 2)
        most = FIRST_CANDIDATES // first
        budget["candidates"] = min(most, parse_count(budget.get("candidates")) or most)
        if (seconds := parse_seconds(budget.get("time"))) is not None:
            budget["time"] = f"{seconds / (FIRST_SHARE * first):.3f}s"
    return AutoFeatures(
        tables, entity=plan.observations.entity, cutoff=CUTOFF, windows=f.windows, keep=keep,
        max_up=f.max_up, max_down=max_down, force=stated, forbid=(*f.forbid, *task.hidden()), budget=budget or None,
        search_rows=f.search_rows, layers=layers, directions=directions or None, random_state=plan.seed,
        n_jobs=n_jobs, progress=progress, **kind,
    )  # fmt: skip


def searched(
    plan: Plan, task: Task, tables: Tables, sample: Sample, *, say: Callable[[str, float], None], n_jobs: int,
    unknown: Collection[str],
) -> AutoFeatures:  # fmt: skip
    """Search on the training rows, after first, smaller searches where the kind of model asks for them.

    Raises
    ------
    RunError
        If nothing tells the label better than chance.
    """
    rows = sample.split.parts()["train"]
    X = sample.X[rows]
    firsts = task.search_first(sample) if plan.features.search else []
    force = dict[str, str]()
    for number, (label, kind) in enumerate(firsts):

        def heard(text: str, share: float, done: int = number) -> None:
            say(text, _FIRST_PART * (done + share) / len(firsts))

        auto = features_of(
            plan, tables, n_jobs=n_jobs, progress=heard, unknown=unknown, label_kind=kind, first=len(firsts)
        )
        auto.fit(X, label[rows])
        for name, text in zip(auto.get_feature_names_out(), auto.formulas_, strict=True):
            _add(force, str(name), text)
    begun = _FIRST_PART if firsts else 0.0
    auto = features_of(
        plan, tables, n_jobs=n_jobs, progress=lambda text, share: say(text, begun + (1 - begun) * share),
        unknown=unknown, force=force,
    )  # fmt: skip
    y = task.search_label(sample)[rows]
    auto.fit(X, y.astype(np.int64) if sample.classes else y)
    _something_found(auto, int(sample.flag[rows].sum()), len(rows))
    return auto


def _add(force: dict[str, str], name: str, text: str) -> None:
    """Add a formula that is new, under a name that no other has."""
    if text in force.values():
        return
    free, number = name, 2
    while free in force:
        free, number = f"{name}_{number}", number + 1
    force[free] = text


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
