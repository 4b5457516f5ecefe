"""The run within the day: from books to factors, scores over time, orders, a report and a bundle."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import tael
from tael.runs import account
from tael.runs.clock import Clock, Tell
from tael.runs.folder import new_folder, read_json, write_json
from tael.runs.markets import factors as of_factors
from tael.runs.markets import intraday_measuring as measuring
from tael.runs.markets import intraday_told as told
from tael.runs.markets.bundle import save_market_bundle
from tael.runs.markets.intraday_data import BookData, book_data, rule_of
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.scoring import Scored, check_models, estimator_of
from tael.runs.markets.stretches import Stretches, stretches
from tael.runs.result import Run
from tael.runs.sealing import environment
from tael.tables.contract import check
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.tables.violations import raise_on_errors

if TYPE_CHECKING:
    from tael.markets.intraday import Execution
    from tael.markets.modelling import PanelRows

Floats = NDArray[np.float64]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def run_intraday(
    plan: MarketPlan, tables: Tables, out: str | Path, *, lang: Language = "en", tell: Tell | None = None,
    n_jobs: int = 2, command: str | None = None, extra: dict[str, str] | None = None,
) -> Run:  # fmt: skip
    """Carry out a plan within the day and leave a run folder; see :func:`tael.runs.markets.runner.run_market`."""
    from tael.markets.intraday.books import sessions
    from tael.reports import build_report

    started, clock = datetime.now(UTC), Clock(tell)
    with new_folder(out, plan.name) as folder:
        draft = folder.path
        with clock.stage("tables", "checking tables"):
            violations = check(tables)
            raise_on_errors(violations, lang)
        check_models(plan)
        with clock.stage("market", "laying out the books"):
            data = book_data(tables, plan)
            parts = stretches(plan, data.panel.times)
            session = sessions(data.panel)
            outcome, target = _labels(plan, data, parts, session)
        with clock.stage("features", "computing factors"):
            stated = stated_factors(plan, data)
            factors, rows = _computed(plan, data, stated, outcome, parts, clock, n_jobs)
        with clock.stage("model", "fitting the model"):
            made = _scored(plan, data, rows, target, parts, session, clock, n_jobs)
        with clock.stage("performance", "measuring"):
            measures = _measures(plan, data, rows, made, outcome, target, session, stated, parts, n_jobs)
        with clock.stage("backtest", "dealing on the book"):
            done = told.dealt(plan, data, made.scores, parts, rule_of(plan, data, parts.test))
            execution = told.execution_section(plan, data, done, made.scores, parts)
        with clock.stage("bundle", "saving the model"):
            version = save_market_bundle(
                draft / "model", plan=plan, factors=[(one.name, one.formula) for one in factors], models=made.models,
                golden=np.zeros((0, 0)) if rows is None else rows.X[rows.between(parts.test, parts.bars)],
            )  # fmt: skip
            _write_frames(draft, data, made, done, parts)
            text = "".join(f"{one.name} = {one.formula}\n" for one in factors)
            (draft / "features.txt").write_text(text, encoding="utf-8")
        with clock.stage("report", "writing the report"):
            content: dict[str, Any] = {
                "format": 1, "shape": "panel", "tael": {"version": tael.__version__, **environment()},
                "scenario": _scenario(plan, data), "simulated": tables.simulated,
                "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"), "seed": plan.seed,
                "data": account.data_section(tables, violations, []), "market": _market(plan, data),
                "split": _split(data, outcome, parts), "factors": _factors_section(factors, made, data, parts),
                "mining": None,
                "model": {
                    "version": version, "kind": plan.model.kind, "blend": [], "fits": made.fits,
                    "n_features": len(factors),
                },
                **measures, "backtest": {}, "execution": execution,
                "reproduce": {
                    "command": command or f"tael run {plan.name}",
                    "config_toml": (extra or {}).get("scenario.toml", ""), "fingerprint": tables.fingerprint(),
                },
            }  # fmt: skip
            content["verdict"] = {"findings": told.findings(content)}
            content |= {
                "message": told.message(content), "limits": told.limits(content),
                "next_steps": told.next_steps(content),
                "cost": {
                    "wall_seconds": dict(clock.wall), "cpu_seconds": round(time.process_time() - clock.cpu, 2),
                    "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
                },
            }  # fmt: skip
            for name, page in (extra or {}).items():
                (draft / name).write_text(page, encoding="utf-8")
            write_json(draft / "run.json", content)
            content = read_json(draft / "run.json")
            (draft / "report.html").write_text(build_report(content, lang), encoding="utf-8")
    assert folder.final is not None
    return Run(folder.final, content)


def stated_factors(plan: MarketPlan, data: BookData) -> list[tuple[str, str, str]]:
    """Name, formula and origin of what the plan states; of the library ``order_book``, what these books can give."""
    from tael.markets.intraday import book_factors
    from tael.panels.factors import library

    named = []
    for one in plan.features.libraries:
        formulas = book_factors(data.panel) if one == "order_book" else library(one)
        named += [(name, formula, "library") for name, formula in formulas]
    return named + [(name, formula, "own") for name, formula in plan.features.formulas.items()]


def _labels(plan: MarketPlan, data: BookData, parts: Stretches, session: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """What came, missing where it lies in another session, and the same on the scale that is taught."""
    from tael.markets.intraday import volatility_scaled, within_session
    from tael.panels import compute

    came = within_session(compute(data.panel, [plan.label.formula], label=True)[0], session, parts.ahead)
    if plan.label.scale == "raw":
        return came, came
    return came, volatility_scaled(came, data.panel.fields[data.price], parts.ahead)


def _computed(
    plan: MarketPlan, data: BookData, stated: list[tuple[str, str, str]], outcome: Floats, parts: Stretches,
    clock: Clock, n_jobs: int,
) -> tuple[list[of_factors.Factor], PanelRows | None]:  # fmt: skip
    from tael.markets.modelling import rows_of
    from tael.panels import PanelPlan

    if not stated:
        return [], None
    panel, members = data.panel, data.panel.members
    whole = PanelPlan([formula for _, formula, _ in stated], panel, n_threads=n_jobs)
    made: list[of_factors.Factor] = []

    def passing() -> Iterator[NDArray[Any]]:
        for which, arrays in whole.batches(of_factors.BATCH):
            clock.say("features", f"{which.stop} of {len(stated)} factors", which.stop / len(stated))
            for (name, formula, origin), values in zip(stated[which], arrays, strict=True):
                each = {
                    part: measuring.over_time(values[start:stop], outcome[start:stop], members[start:stop], rank=True)
                    for part, (start, stop) in parts.labelled().items()
                }
                steady = measuring.over_time(values[1:], values[:-1], members[1:] & members[:-1], rank=True)
                there = float(np.isfinite(values[members]).mean())
                steadily = float(np.nanmean(steady)) if np.isfinite(steady).any() else float("nan")
                made.append(of_factors.Factor(name, formula, origin, each, there, steadily))
                yield values

    return made, rows_of(passing(), members, len(stated))


def _scored(
    plan: MarketPlan, data: BookData, rows: PanelRows | None, target: Floats, parts: Stretches,
    session: NDArray[np.int64], clock: Clock, n_jobs: int,
) -> Scored:  # fmt: skip
    from tael.markets.modelling import folds_of, walk_forward
    from tael.panels import compute

    if plan.model.score is not None:
        values = compute(data.panel, [plan.model.score], n_threads=n_jobs)[0].astype(np.float64)
        return Scored(np.where(data.panel.members, values, np.nan), {}, np.zeros(0), 0)
    assert rows is not None  # the plan's own check: a model has something to look at
    folds = folds_of(
        parts.bars, valid=parts.validation, test=parts.test, ahead=parts.ahead, start=parts.start,
        embargo=parts.embargo, every=plan.split.retrain, window=plan.split.window,
    )  # fmt: skip
    walked = walk_forward(
        estimator_of(plan.model.kind, plan, n_jobs), rows, target, folds,
        lambda text, share: clock.say("model", text, share), session,
    )  # fmt: skip
    scores = np.where(np.isfinite(walked.scores), walked.scores, walked.train_scores)
    model = walked.models[-1]
    return Scored(scores, {plan.model.kind: model}, model.feature_importances_, len(folds))


def _measures(
    plan: MarketPlan, data: BookData, rows: PanelRows | None, made: Scored, outcome: Floats, target: Floats,
    session: NDArray[np.int64], stated: list[tuple[str, str, str]], parts: Stretches, n_jobs: int,
) -> dict[str, Any]:  # fmt: skip
    members = data.panel.members
    found: dict[str, Any] = {
        "ic": measuring.ic_section(made.scores, outcome, members, parts),
        "ic_curve": measuring.curve_section(made.scores, outcome, data, parts),
        "decay": measuring.decay_section(made.scores, data, plan.label.horizons, parts),
        "fifths": measuring.fifths_section(made.scores, outcome, members, parts),
    }
    if rows is not None and made.models:
        formulas = [formula for _, formula, _ in stated]
        found["controls"] = measuring.controls_section(
            plan, data, rows, target, outcome, session, formulas, parts, n_jobs
        )
    return found


def _write_frames(draft: Path, data: BookData, made: Scored, done: Execution, parts: Stretches) -> None:
    """``scores.parquet`` (every score), ``decisions.parquet`` (every target that changed) and ``trades.parquet``."""
    panel, part = data.panel, np.full(parts.bars, "purged", dtype=object)
    for name, (start, stop) in parts.labelled().items():
        part[start:stop] = name
    names = np.array(panel.entities)
    t, n = np.nonzero(np.isfinite(made.scores))
    pl.DataFrame(
        {"time": panel.times[t], "entity": names[n], "score": made.scores[t, n], "split": part[t].astype(str)}
    ).write_parquet(draft / "scores.parquet")
    target = done.target
    before = np.vstack([np.full((1, target.shape[1]), np.nan), target[:-1]])
    t, n = np.nonzero(np.isfinite(target) & (target != before))
    pl.DataFrame(
        {
            "time": done.book.times[t], "entity": names[n], "score": made.scores[parts.test :][t, n],
            "quantity": target[t, n],
        }
    ).write_parquet(draft / "decisions.parquet")  # fmt: skip
    done.trades.write_parquet(draft / "trades.parquet")


def _scenario(plan: MarketPlan, data: BookData) -> dict[str, Any]:
    title = {"en": plan.title.en or plan.name, "zh": plan.title.zh or plan.title.en or plan.name}
    asked = plan.question.en or plan.label.formula
    return {
        "name": plan.name, "title": title, "question": {"en": asked, "zh": plan.question.zh or asked},
        "label_formula": plan.label.formula, "label_words": _words(plan.label.formula, data),
        "config": plan.to_dict(),
    }  # fmt: skip


def _words(formula: str, data: BookData) -> dict[str, str]:
    from tael.formulas import panel_words

    return {lang: panel_words(formula, data.panel.schema, lang) for lang in LANGUAGES}


def _market(plan: MarketPlan, data: BookData) -> dict[str, Any]:
    from tael.markets.exchanges import exchange

    panel, minutes = data.panel, data.panel.times.astype("datetime64[m]")
    return {
        "kind": plan.market.kind, "across": "time", "exchange": plan.market.exchange,
        "currency": exchange(plan.market.exchange).currency, "bar": panel.bar, "entities": len(panel.entities),
        "bars": len(panel), "first": str(minutes[0]).replace("T", " "), "last": str(minutes[-1]).replace("T", " "),
        "members_mean": float(panel.members.sum(axis=1).mean()), "survivors": False,
        "notes": [{"en": en, "zh": zh} for en, zh in data.notes],
    }  # fmt: skip


def _split(data: BookData, outcome: Floats, parts: Stretches) -> dict[str, Any]:
    minutes = data.panel.times.astype("datetime64[m]")
    known = np.isfinite(outcome) & data.panel.members
    told_ = {
        name: {
            "first": str(minutes[start]).replace("T", " "), "last": str(minutes[stop - 1]).replace("T", " "),
            "bars": stop - start, "n": int(known[start:stop].sum()),
        }
        for name, (start, stop) in parts.labelled().items()
    }  # fmt: skip
    return {"purged": parts.purged, "parts": told_}


def _factors_section(
    factors: list[of_factors.Factor], made: Scored, data: BookData, parts: Stretches
) -> dict[str, Any]:
    from tael.runs.markets.measuring import interval

    gain = made.gain if len(made.gain) == len(factors) else np.zeros(len(factors))
    lags = max(parts.ahead, 1)
    rows = [
        {
            "name": one.name, "formula": one.formula, "origin": one.origin, "words": _words(one.formula, data),
            "gain": float(gain[k]), "coverage": one.coverage, "autocorrelation": one.autocorrelation,
            "rank_ic": {part: interval(each, lags) for part, each in one.rank_ic.items()},
        }
        for k, one in enumerate(factors)
    ]  # fmt: skip
    return {"n": len(factors), "rows": sorted(rows, key=lambda row: -row["gain"])}
