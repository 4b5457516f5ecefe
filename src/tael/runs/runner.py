"""A run: from tables to a folder with the decision, the report and the model. One stage after the other, each timed."""

from __future__ import annotations

import resource
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import tael
from tael.engine import Engine
from tael.observations import Observations, observe
from tael.observations.observe import CUTOFF
from tael.runs import account, early, governance, performance
from tael.runs.bundle import save_bundle
from tael.runs.clock import Clock, Tell
from tael.runs.decided import decided_rows
from tael.runs.deciding import deciding_of
from tael.runs.folder import new_folder, read_json, write_json
from tael.runs.kept import features_section, features_text
from tael.runs.patterns import patterns_section
from tael.runs.plan import Plan
from tael.runs.promise import promise_of
from tael.runs.reasons import baseline_of
from tael.runs.result import Run
from tael.runs.sample import labelled_sample
from tael.runs.scanned import leaks_of, refuse_leaks, serious
from tael.runs.sealing import environment
from tael.runs.searching import directions_of, search_section, searched
from tael.runs.tasks import task_of
from tael.runs.words import held_out, limits_words, next_steps, worries
from tael.tables.contract import check
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.tables.violations import raise_on_errors
from tael.validation import Split

LANGUAGES: tuple[Language, ...] = ("en", "zh")


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
    clock = Clock(tell)
    with new_folder(out, plan.name) as folder:
        draft = folder.path
        with clock.stage("tables", "checking tables"):
            violations = check(tables)
            raise_on_errors(violations, lang)
        with clock.stage("observations", "making observations"):
            engine = Engine.shared(tables, plan.observations.entity, cutoff=CUTOFF, n_threads=n_jobs)
            early.check_plan(plan, engine)
            task, deciding = task_of(plan), deciding_of(plan)
            searchable = governance.governed(plan, engine)
            unknown = early.unknown_directions(plan, engine)
            seen = observe(tables, plan.observations, plan.label, engine=engine)
            terms = deciding.terms(engine, seen.frame)
            sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
            governance.check_groups(plan, engine, sample)
            leaks = leaks_of(engine, sample, searchable, hidden=task.hidden())
            if not despite_leaks:
                refuse_leaks(leaks, lang)
        parts = sample.split.parts()
        with clock.stage("features", "searching features"):
            auto = searched(
                searchable, tables, sample, say=lambda text, share: clock.say("features", text, share),
                n_jobs=n_jobs, unknown=unknown,
            )  # fmt: skip
            names = list(auto.get_feature_names_out())
            everything = pl.DataFrame(
                auto.formula_set_.compute(tables, seen.frame, n_threads=n_jobs), schema=names, orient="row"
            )
            features = everything.filter(pl.Series(seen.labelled))
            words = {str(name): auto.describe(name) for name in LANGUAGES}
        with clock.stage("model", "fitting the model"):
            monotone = directions_of(plan, auto, unknown)
            fitted = task.fit(features, sample, n_jobs=n_jobs, monotone=monotone or None)
            outputs = fitted.outputs(everything)
        with clock.stage("performance", "measuring"):
            judged = fitted.judged(sample, features)
            metrics = performance.metrics_of(judged, judged.p, plan.seed)
            plain = performance.metrics_of(judged, judged.reference, plan.seed)
            others = {kind: performance.metrics_of(judged, p, plan.seed) for kind, p in judged.others.items()}
            verdict = performance.verdict_section(metrics, judged, sample.split.kind, plan.seed)
            more = fitted.section(sample, features)
        with clock.stage("decision", "deciding"):
            labelled = np.flatnonzero(seen.labelled)
            ids = sample.X[engine.key].to_numpy()
            of_part = {
                name: ({k: v[labelled[rows]] for k, v in outputs.items()}, terms.take(labelled[rows]), ids[rows])
                for name, rows in parts.items()
            }
            valid, last = parts["validation"], parts["out_of_time"]
            policy = deciding.fit(*of_part["validation"][:2], sample.y[valid], of_part["validation"][2])
            decision = deciding.section(
                policy, *of_part["out_of_time"][:2], fitted.truths(sample, features, last), of_part["out_of_time"][2],
                split="out_of_time", seed=plan.seed,
            )  # fmt: skip
            known = np.concatenate([parts["train"], valid])
            decision = deciding.taught(decision, terms.take(labelled[known]), sample.y[known], ids[known])
            if sample.split.kind == "random":
                decision["message"] = held_out(decision["message"])
                verdict = [one | {"text": held_out(one["text"])} for one in verdict]
            favoured = deciding.favoured(deciding.decide(policy, *of_part["validation"]))
            baseline = baseline_of(fitted, features[valid], favoured)
            refused = governance.rejected_frame(plan, engine, seen)
            if refused is not None:
                refused = pl.DataFrame(
                    auto.formula_set_.compute(tables, refused, n_threads=n_jobs), schema=names, orient="row"
                )
            more |= governance.governance_section(
                plan, engine, sample, seen, features, fitted, judged,
                deciding.granted(deciding.decide(policy, *of_part["out_of_time"])), refused, decision.get("cutoff"),
            )  # fmt: skip
        if plan.patterns is not None:
            with clock.stage("patterns", "mining rules"):
                stake = deciding.stake(terms.take(labelled))
                units = auto.formula_set_.units(tables.schema)
                more |= patterns_section(plan, sample, features, words, stake, engine.key, units)
        with clock.stage("bundle", "saving the model"):
            own = deciding.own(engine, outputs)
            version = save_bundle(
                draft / "model", plan=plan, formulas=auto.formula_set_, fitted=fitted, policy=policy,
                baseline=baseline, words=words, features=features[last],
                promise=promise_of(engine, [*auto.formulas_, *deciding.formulas()], own),
            )  # fmt: skip
            part = _part_of(seen, sample.split)
            decided = decided_rows(
                deciding, policy, fitted, terms, seen, everything, outputs, part, baseline, words, version,
                auto.formula_set_.measures(tables.schema),
            )  # fmt: skip
            if (now := deciding.now(policy, decided.decisions)) is not None:
                decision["now"] = now.to_dict()
            decided.scores.write_parquet(draft / "scores.parquet")
            decided.decisions.write_parquet(draft / "decisions.parquet")
            for name, held in deciding.files(policy, *of_part["out_of_time"][:2]).items():
                write_json(draft / name, held)
            (draft / "features.txt").write_text(features_text(auto, words), encoding="utf-8")
        with clock.stage("report", "writing the report"):
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
                "split": account.split_section(sample.split, sample.flag, sample.X[CUTOFF]),
                "features": features_section(
                    auto,
                    words,
                    performance.shapes(features, sample.flag, decided.contributions[seen.labelled], parts["train"]),
                    auto.formula_set_.cost(tables, seen.frame),
                ),
                "search": search_section(auto, clock.wall["features"]),
                "model": {
                    "version": version,
                    "kind": plan.model.kind,
                    **task.told(auto, fitted),
                    "n_features": len(names),
                },
                "metrics": performance.metrics_section(metrics),
                "reference_metrics": performance.metrics_section(plain),
                "challengers": {kind: performance.metrics_section(found) for kind, found in others.items()},
                "metric_titles": performance.metric_titles(),
                "verdict": verdict,
                "curves": performance.curves_section(judged),
                "stability": performance.stability_section(judged, parts, features, words),
                **more,
                "decision": decision,
                "samples": decided.samples,
                "reproduce": {
                    "command": command or f"tael run {plan.name}",
                    "config_toml": (extra or {}).get("scenario.toml", ""),
                    "fingerprint": tables.fingerprint(),
                },
            }
            said = worries(content)
            content |= {
                "worries": said if sample.split.kind != "random" else [held_out(one) for one in said],
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


def _part_of(seen: Observations, split: Split) -> NDArray[Any]:
    """The split of every observation; those without a label are pending."""
    part = np.full(len(seen), "pending", dtype=object)
    labelled = np.flatnonzero(seen.labelled)
    part[labelled] = "purged"
    for name, rows in split.parts().items():
        part[labelled[rows]] = name
    return part


def _label_words(plan: Plan, tables: Tables) -> dict[str, str]:
    from tael.formulas.words import words

    return {lang: words(plan.label.formula, tables.schema, plan.observations.entity, lang) for lang in LANGUAGES}


def _both(title: Any, otherwise: str) -> dict[str, str]:
    return {"en": title.en or otherwise, "zh": title.zh or title.en or otherwise}
