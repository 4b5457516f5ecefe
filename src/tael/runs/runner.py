"""A run: from tables to a folder with the decision, the report and the model. One stage after the other, each timed."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import tael
from tael.decisions import ApprovalPolicy
from tael.engine import Engine
from tael.errors import FormulaError, RunError, ScenarioError, did_you_mean
from tael.features import AutoFeatures
from tael.features.chance import Null
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.models import LogisticReference, PortfolioClassifier
from tael.models.members import SETTINGS
from tael.observations import Observations, observe
from tael.observations.observe import CUTOFF
from tael.runs import account, early, performance, strategy
from tael.runs.bundle import environment, save_bundle
from tael.runs.decided import decided_rows
from tael.runs.folder import new_folder, read_json, write_json
from tael.runs.kept import features_section, features_text
from tael.runs.plan import Plan
from tael.runs.promise import formulas_of, promise_of
from tael.runs.reasons import baseline_of
from tael.runs.result import Run
from tael.runs.sample import labelled_sample, leaks_of, refuse_leaks, serious
from tael.runs.terms import Terms, terms_of
from tael.runs.words import limits_words, next_steps, worries
from tael.tables.contract import check
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.tables.violations import raise_on_errors
from tael.validation import Split

Tell = Callable[[str, str, float], None]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


class _Clock:
    """Wall seconds of each stage, told as they begin."""

    def __init__(self, tell: Tell | None) -> None:
        self.tell, self.wall = tell, dict[str, float]()
        self.cpu = time.process_time()

    @contextmanager
    def stage(self, name: str, text: str) -> Iterator[None]:
        self.say(name, text, 0.0)
        start = time.monotonic()
        yield
        self.wall[name] = round(time.monotonic() - start, 3)
        self.say(name, text, 1.0)

    def say(self, name: str, text: str, share: float) -> None:
        if self.tell is not None:
            self.tell(name, text, share)


def features_of(
    plan: Plan, tables: Tables, *, progress: Any = None, n_jobs: int = 1, unknown: Collection[str] = ()
) -> AutoFeatures:
    """The feature search that a plan states; directions of what is ``unknown`` before it are left to the model."""
    f = plan.features
    directions = {text: "+" if sign > 0 else "-" for text, sign in plan.model.monotone.items() if text not in unknown}
    budget = {str(k): v for k, v in f.budget.items()} | ({} if f.search else {"candidates": 0})
    return AutoFeatures(
        tables, entity=plan.observations.entity, cutoff=CUTOFF, windows=f.windows, keep=f.keep, max_up=f.max_up,
        max_down=f.max_down, force=f.force, forbid=f.forbid, budget=budget or None,
        search_rows=f.search_rows, layers=f.layers, directions=directions or None, random_state=plan.seed,
        n_jobs=n_jobs, progress=progress,
    )  # fmt: skip


def model_of(plan: Plan, *, n_jobs: int = 1) -> PortfolioClassifier:
    """The model that a plan states."""
    members: Any = plan.model.members if plan.model.members == "auto" else list(plan.model.members)
    return PortfolioClassifier(members=members, cv=plan.split.folds, random_state=plan.seed, n_jobs=n_jobs)


def run(
    plan: Plan, tables: Tables, out: str | Path, *, lang: Language = "en", tell: Tell | None = None, n_jobs: int = 2,
    command: str | None = None, extra: dict[str, str] | None = None, despite_leaks: bool = False,
) -> Run:  # fmt: skip
    """Carry out a plan and leave a run folder.

    Parameters
    ----------
    plan : Plan
    tables : Tables
    out : path
        The folder in which the run's own folder is made.
    lang : {"en", "zh"}
        Of the report.
    tell : callable, optional
        Called with stage, text and share done.
    command : str, optional
        How the run can be repeated.
    extra : dict of file name to text, optional
        Further files for the folder (``scenario.toml``, ``tables.toml``).
    despite_leaks : bool
        Go on although something gives the label away; ``run.json`` and the report say so first.

    Returns
    -------
    Run

    Raises
    ------
    TaelError
        Of the stage that cannot go on. Nothing is left in ``out`` then.
    """
    from tael.reports import build_report

    started = datetime.now(UTC)
    clock = _Clock(tell)
    with new_folder(out, plan.name) as folder:
        draft = folder.path
        with clock.stage("tables", "checking tables"):
            violations = check(tables)
            raise_on_errors(violations, lang)
        with clock.stage("observations", "making observations"):
            engine = Engine.shared(tables, plan.observations.entity, cutoff=CUTOFF, n_threads=n_jobs)
            early.check_plan(plan, engine)
            unknown = early.unknown_directions(plan, engine)
            seen = observe(tables, plan.observations, plan.label, engine=engine)
            terms = terms_of(engine, plan.decision, seen.frame)
            sample = labelled_sample(engine, seen, plan)
            leaks = leaks_of(engine, sample, plan)
            if not despite_leaks:
                refuse_leaks(leaks, lang)
        parts, y = sample.split.parts(), sample.y
        train = parts["train"]
        with clock.stage("features", "searching features"):
            auto = features_of(
                plan, tables, n_jobs=n_jobs, progress=lambda text, share: clock.say("features", text, share),
                unknown=unknown,
            )  # fmt: skip
            auto.fit(sample.X[train], y[train])
            _something_found(auto, int(y[train].sum()), len(train))
            names = list(auto.get_feature_names_out())
            everything = pl.DataFrame(
                auto.formula_set_.compute(tables, seen.frame, n_threads=n_jobs), schema=names, orient="row"
            )
            features = everything.filter(pl.Series(seen.labelled))
            words = {str(name): auto.describe(name) for name in LANGUAGES}
        with clock.stage("model", "fitting the portfolio"):
            model = model_of(plan, n_jobs=n_jobs)
            model.set_params(monotone=_monotone(plan, auto, unknown) or None)
            weight = None if sample.weight is None else sample.weight[train]
            groups = None if sample.groups is None else sample.groups[train]
            model.fit(features[train], y[train].astype(np.int64), groups=groups, sample_weight=weight)
            reference = LogisticReference().fit(features[train], y[train].astype(np.int64), sample_weight=weight)
            p = model.predict_proba(features)[:, 1]
            p_reference = reference.predict_proba(features)[:, 1]
        with clock.stage("performance", "measuring"):
            metrics = performance.metrics_of(parts, y, p, sample.weight, sample.groups, plan.seed)
            plain = performance.metrics_of(parts, y, p_reference, sample.weight, sample.groups, plan.seed)
            verdict = performance.verdict_section(
                metrics, parts, y, p, p_reference, sample.split.kind, sample.X[CUTOFF], plan.seed
            )
        with clock.stage("decision", "deciding"):
            labelled = np.flatnonzero(seen.labelled)
            of_part = {name: terms.take(labelled[rows]) for name, rows in parts.items()}
            policy = _fitted_policy(plan, p, y, parts, of_part)
            last = parts["out_of_time"]
            ids = sample.X[engine.key].to_numpy()
            decision = strategy.decision_section(
                policy, plan.decision, p[last], of_part["out_of_time"], y[last], ids[last], split="out_of_time",
                seed=plan.seed,
            )  # fmt: skip
            valid = parts["validation"]
            approved = strategy.decide(policy, p[valid], of_part["validation"], ids[valid]).decision == "approve"
            baseline, typical = baseline_of(model, features[valid], approved)
        with clock.stage("bundle", "saving the model"):
            version = save_bundle(
                draft / "model", plan=plan, formulas=auto.formula_set_, model=model, policy=policy, baseline=baseline,
                typical=typical, words=words, features=features[last],
                promise=promise_of(engine, [*auto.formulas_, *formulas_of(plan.decision)]),
            )  # fmt: skip
            told = model.contributions(everything)[:, :-1]
            p_all = np.asarray(model.predict_proba(everything)[:, 1], dtype=np.float64)
            part = _part_of(seen, sample.split)
            decided = decided_rows(
                terms, policy, seen, everything, p_all, told, part, baseline, typical, words, version
            )
            decided.scores.write_parquet(draft / "scores.parquet")
            decided.decisions.write_parquet(draft / "decisions.parquet")
            (draft / "features.txt").write_text(features_text(auto, words), encoding="utf-8")
        with clock.stage("report", "writing the report"):
            contributions = told[seen.labelled]
            content = {
                "format": 1,
                "tael": {"version": tael.__version__, **environment()},
                "scenario": {
                    "name": plan.name,
                    "title": _both(plan.title, plan.name),
                    "question": _both(plan.question, plan.label.formula),
                    "label_formula": plan.label.formula,
                    "label_words": _label_words(plan, tables),
                    "config": plan.to_dict(),
                },
                "simulated": tables.simulated,
                "despite_leaks": bool(serious(leaks)),
                "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "seed": plan.seed,
                "data": account.data_section(tables, violations, leaks),
                "observations": account.observations_section(
                    tables, seen, plan.observations.entity, plan.observations.cutoff or CUTOFF, sample.settles
                ),
                "split": account.split_section(sample.split, y, sample.X[CUTOFF]),
                "features": features_section(
                    auto,
                    words,
                    performance.shapes(features, y, contributions, train),
                    auto.formula_set_.cost(tables, seen.frame),
                ),
                "search": _search_section(auto, clock),
                "model": {
                    "version": version,
                    "members": _members(model),
                    "calibration": _calibration(model),
                    "n_features": len(names),
                },
                "metrics": performance.metrics_section(metrics),
                "reference_metrics": performance.metrics_section(plain),
                "metric_titles": performance.metric_titles(),
                "verdict": verdict,
                "curves": performance.curves_section(parts, y, p),
                "stability": performance.stability_section(parts, p, features, words),
                "decision": decision,
                "samples": decided.samples,
                "reproduce": {
                    "command": command or f"tael run {plan.name}",
                    "config_toml": (extra or {}).get("scenario.toml", ""),
                    "fingerprint": tables.fingerprint(),
                },
            }
            content |= {
                "worries": worries(content),
                "limits": limits_words(content),
                "next_steps": next_steps(content),
                "cost": {
                    "wall_seconds": dict(clock.wall),
                    "cpu_seconds": round(time.process_time() - clock.cpu, 2),
                    "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                },
            }
            for name, text in (extra or {}).items():
                (draft / name).write_text(text, encoding="utf-8")
            write_json(draft / "run.json", content)
            content = read_json(draft / "run.json")
            (draft / "report.html").write_text(build_report(content, lang), encoding="utf-8")
    assert folder.final is not None
    return Run(folder.final, content)


def _fitted_policy(
    plan: Plan, p: NDArray[np.float64], y: NDArray[np.float64], parts: Any, terms: dict[str, Terms]
) -> ApprovalPolicy:
    from tael.decisions import expected_profit

    rows = parts["validation"]
    seen = terms["validation"]
    return strategy.policy_of(plan.decision).fit(
        p[rows], expected_profit(p[rows], seen.economics), segments=seen.segments, y=y[rows]
    )


def _part_of(seen: Observations, split: Split) -> NDArray[Any]:
    """The split of every observation; those without a label are pending."""
    part = np.full(len(seen), "pending", dtype=object)
    labelled = np.flatnonzero(seen.labelled)
    part[labelled] = "purged"
    for name, rows in split.parts().items():
        part[labelled[rows]] = name
    return part


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


def _monotone(plan: Plan, auto: AutoFeatures, unknown: Mapping[str, FormulaError]) -> dict[str, int]:
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


def _search_section(auto: AutoFeatures, clock: _Clock) -> dict[str, Any]:
    fates = auto.ledger_.summary()
    return {
        "candidates": len(auto.ledger_),
        "kept": len(auto.formulas_),
        "dropped": {fate: count for fate, count in fates.items() if fate != "kept"},
        "chance": None if auto.null_ is None else _chance(auto.null_),
        "forecast_mb": round(auto.forecast_.total / 1e6),
        "seconds": clock.wall["features"],
    }


def _members(model: PortfolioClassifier) -> list[dict[str, Any]]:
    return [
        {
            "name": m.name,
            "title": dict(SETTINGS[m.name].words),
            "weight": float(m.weight),
            "auc": float(m.auc),
            "log_loss": float(m.log_loss),
        }
        for m in model.members_
    ]


def _calibration(model: PortfolioClassifier) -> dict[str, float]:
    return {"intercept": float(model.calibration_.intercept), "slope": float(model.calibration_.slope)}


def _label_words(plan: Plan, tables: Tables) -> dict[str, str]:
    from tael.formulas.words import words

    return {lang: words(plan.label.formula, tables.schema, plan.observations.entity, lang) for lang in LANGUAGES}


def _both(title: Any, otherwise: str) -> dict[str, str]:
    return {"en": title.en or otherwise, "zh": title.zh or title.en or otherwise}
