"""The run of a market: from tables to factors, scores, positions, a backtest, a report and a bundle."""

from __future__ import annotations

import resource
import time
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
from tael.runs.markets import measuring, told, trading, verdict
from tael.runs.markets.bundle import save_market_bundle
from tael.runs.markets.data import MarketData, market_data
from tael.runs.markets.ledger import trials_before
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.scoring import Scored, check_models, scored
from tael.runs.markets.stretches import Stretches, stretches
from tael.runs.result import Run
from tael.runs.sealing import environment
from tael.tables.contract import check
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.tables.violations import raise_on_errors

if TYPE_CHECKING:
    from tael.markets.modelling import PanelRows

LANGUAGES: tuple[Language, ...] = ("en", "zh")


def run_market(
    plan: MarketPlan, tables: Tables, out: str | Path, *, lang: Language = "en", tell: Tell | None = None,
    n_jobs: int = 2, command: str | None = None, extra: dict[str, str] | None = None,
) -> Run:  # fmt: skip
    """Carry out a market's plan and leave a run folder.

    Parameters
    ----------
    plan : MarketPlan
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

    Returns
    -------
    Run

    Raises
    ------
    TaelError
        Of the stage that cannot go on. Nothing is left in ``out`` then.
    """
    from tael.reports import build_report

    if plan.within_day:
        from tael.runs.markets.intraday import run_intraday

        return run_intraday(plan, tables, out, lang=lang, tell=tell, n_jobs=n_jobs, command=command, extra=extra)
    started, clock = datetime.now(UTC), Clock(tell)
    with new_folder(out, plan.name) as folder:
        draft = folder.path
        with clock.stage("tables", "checking tables"):
            violations = check(tables)
            raise_on_errors(violations, lang)
        check_models(plan)
        with clock.stage("market", "laying out the market"):
            data = market_data(tables, plan)
            parts = stretches(plan, data.panel.times)
            outcome = _outcome(plan, data)
        with clock.stage("features", "computing factors"):
            stated = of_factors.stated_factors(plan)
            mined, mining = _mined(plan, data, outcome, parts, clock, n_jobs)
            stated += mined
            factors, rows = _factors(plan, data, stated, outcome, parts, clock, n_jobs)
        with clock.stage("model", "fitting the model"):
            made = _scored(plan, data, rows, outcome, parts, clock, n_jobs)
        with clock.stage("performance", "measuring"):
            measures = _measures(plan, data, rows, made, outcome, stated, parts, n_jobs)
        with clock.stage("backtest", "trading"):
            trials = 1 + trials_before(Path(out), plan.name, tables.fingerprint())
            tested = _tested(plan, data, made, parts, trials)
        with clock.stage("bundle", "saving the model"):
            names = [(one.name, of_factors.asked(one.formula, plan)) for one in factors]
            version = save_market_bundle(
                draft / "model", plan=plan, factors=names, models=made.models,
                golden=np.zeros((0, 0)) if rows is None else rows.X[rows.between(parts.test, parts.bars)],
            )  # fmt: skip
            _write_frames(draft, data, made, tested["made"], parts)
            (draft / "features.txt").write_text(
                "".join(f"{one.name} = {one.formula}\n" for one in factors), encoding="utf-8"
            )
        with clock.stage("report", "writing the report"):
            content = {
                "format": 1,
                "shape": "panel",
                "tael": {"version": tael.__version__, **environment()},
                "scenario": {
                    "name": plan.name,
                    "title": _both(plan.title, plan.name),
                    "question": _both(plan.question, plan.label.formula),
                    "label_formula": plan.label.formula,
                    "label_words": _words(plan.label.formula, data),
                    "config": plan.to_dict(),
                },
                "simulated": tables.simulated,
                "started": started.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "seed": plan.seed,
                "data": account.data_section(tables, violations, []),
                "market": _market_section(plan, data),
                "split": _split_section(data, outcome, parts),
                "factors": _factors_section(factors, made, data, parts),
                "mining": mining,
                "model": {
                    "version": version,
                    "kind": plan.model.kind,
                    "blend": list(plan.model.blend),
                    "fits": made.fits,
                    "n_features": len(factors),
                },
                **measures,
                "portfolio": tested["portfolio"],
                "backtest": tested["backtest"],
                "trust": tested["trust"],
                "next": _next_section(plan, data, made),
                "reproduce": {
                    "command": command or f"tael run {plan.name}",
                    "config_toml": (extra or {}).get("scenario.toml", ""),
                    "fingerprint": tables.fingerprint(),
                },
            }
            content["verdict"] = {"findings": verdict.findings(content)}
            content |= {
                "message": verdict.message(content),
                "limits": verdict.limits(content),
                "next_steps": verdict.next_steps(content),
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


def _outcome(plan: MarketPlan, data: MarketData) -> NDArray[np.float64]:
    from tael.panels import compute

    made: NDArray[np.float64] = compute(data.panel, [plan.label.formula], label=True)[0].astype(np.float64)
    return made


def _mined(
    plan: MarketPlan, data: MarketData, outcome: NDArray[Any], parts: Stretches, clock: Clock, n_jobs: int
) -> tuple[list[tuple[str, str, str]], dict[str, Any] | None]:
    """Factors that the search found on the training stretch alone."""
    if plan.features.mine is None:
        return [], None
    from tael.markets.mining import mine

    start, stop = parts.labelled()["train"]
    found = mine(
        data.panel.window(start, stop), outcome[start:stop], candidates=plan.features.mine.candidates,
        keep=plan.features.mine.keep, time=plan.features.mine.time, seed=plan.seed, n_threads=n_jobs,
        held=[formula for _, formula, _ in of_factors.stated_factors(plan)],
        tell=lambda text, share: clock.say("features", text, share),
    )  # fmt: skip
    return [(name, formula, "mined") for name, formula in found.factors], found.to_dict()


def _factors(
    plan: MarketPlan, data: MarketData, stated: list[tuple[str, str, str]], outcome: NDArray[Any], parts: Stretches,
    clock: Clock, n_jobs: int,
) -> tuple[list[of_factors.Factor], PanelRows | None]:  # fmt: skip
    if not stated:
        return [], None
    return of_factors.computed(
        plan, data.panel, stated, outcome, parts, lambda text, share: clock.say("features", text, share), n_jobs
    )


def _scored(
    plan: MarketPlan, data: MarketData, rows: PanelRows | None, outcome: NDArray[Any], parts: Stretches, clock: Clock,
    n_jobs: int,
) -> Scored:  # fmt: skip
    if plan.model.score is not None:
        from tael.panels import compute

        values = compute(data.panel, [plan.model.score], n_threads=n_jobs)[0].astype(np.float64)
        return Scored(np.where(data.panel.members, values, np.nan), {}, np.zeros(0), 0)
    assert rows is not None  # the plan's own check: a model has something to look at
    return scored(
        plan, rows, outcome, data.panel.members, parts, lambda text, share: clock.say("model", text, share), n_jobs
    )


def _measures(
    plan: MarketPlan, data: MarketData, rows: PanelRows | None, made: Scored, outcome: NDArray[Any],
    stated: list[tuple[str, str, str]], parts: Stretches, n_jobs: int,
) -> dict[str, Any]:  # fmt: skip
    from tael.markets.performance import periods_per_year

    panel = data.panel
    told = {
        "ic": measuring.ic_section(made.scores, outcome, panel.members, parts),
        "ic_curve": measuring.curve_section(made.scores, outcome, panel, parts),
        "decay": measuring.decay_section(made.scores, panel, plan.label.horizons, parts),
        "quantiles": measuring.quantiles_section(
            made.scores, outcome, panel.members, parts, periods_per_year(panel.times)
        ),
    }
    if rows is not None and made.models:
        formulas = [of_factors.asked(formula, plan) for _, formula, _ in stated]
        told["controls"] = measuring.controls_section(plan, panel, rows, outcome, outcome, formulas, parts, n_jobs)
    return told


def _tested(plan: MarketPlan, data: MarketData, made: Scored, parts: Stretches, trials: int) -> dict[str, Any]:
    history = trading.history_of(plan, data)
    done = trading.traded(plan, data, made.scores, parts.test, history)
    section, benchmark, found = told.backtest_section(plan, data, done, made.scores, parts.test, history, trials)
    conflicts = sorted(done.walk.conflicts.items(), key=lambda one: -one[1])
    return {
        "made": done,
        "backtest": section,
        "portfolio": {
            "method": plan.portfolio.method,
            "every": plan.portfolio.every,
            "settings": plan.portfolio.settings,
            "decided": len(done.walk.bars),
            "statuses": done.walk.statuses,
            "infeasible": sum(done.walk.conflicts.values()),
            "conflict": " + ".join(conflicts[0][0]) if conflicts else "",
        },
        "trust": told.robustness_section(
            plan,
            data,
            done,
            found,
            benchmark,
            parts.test,
            told.variants_of(plan, data, made.scores, parts.test, history),
        ),
    }


def _write_frames(draft: Path, data: MarketData, made: Scored, done: trading.Traded, parts: Stretches) -> None:
    """``scores.parquet`` (every member's score) and ``decisions.parquet`` (every weight decided, and what was held)."""
    panel, part = data.panel, np.full(parts.bars, "purged", dtype=object)
    for name, (start, stop) in parts.labelled().items():
        part[start:stop] = name
    t, n = np.nonzero(np.isfinite(made.scores))
    names = np.array(panel.entities)
    pl.DataFrame(
        {"time": panel.times[t], "entity": names[n], "score": made.scores[t, n], "split": part[t].astype(str)}
    ).write_parquet(draft / "scores.parquet")
    targets = done.walk.targets
    t, n = np.nonzero(np.nan_to_num(targets) != 0)
    pl.DataFrame(
        {"time": panel.times[t], "entity": names[n], "score": made.scores[t, n], "weight": targets[t, n]}
    ).write_parquet(draft / "decisions.parquet")
    done.test.trades.write_parquet(draft / "trades.parquet")


def _market_section(plan: MarketPlan, data: MarketData) -> dict[str, Any]:
    from tael.markets.exchanges import exchange
    from tael.markets.reading.notes import in_chinese

    panel = data.panel
    return {
        "kind": plan.market.kind,
        "exchange": plan.market.exchange,
        "currency": exchange(plan.market.exchange).currency,
        "bar": plan.market.bar,
        "entities": len(panel.entities),
        "bars": len(panel),
        "first": str(panel.times[0].astype("M8[D]")),
        "last": str(panel.times[-1].astype("M8[D]")),
        "members_mean": float(panel.members.sum(axis=1).mean()),
        "survivors": plan.market.survivors,
        "notes": [{"en": note, "zh": in_chinese(note)} for note in data.bars.notes],
    }


def _split_section(data: MarketData, outcome: NDArray[Any], parts: Stretches) -> dict[str, Any]:
    days = data.panel.times.astype("M8[D]")
    known = np.isfinite(outcome) & data.panel.members
    return {
        "purged": parts.purged,
        "parts": {
            name: {
                "first": str(days[start]), "last": str(days[stop - 1]), "bars": stop - start,
                "n": int(known[start:stop].sum()),
            }
            for name, (start, stop) in parts.labelled().items()
        },
    }  # fmt: skip


def _factors_section(
    factors: list[of_factors.Factor], made: Scored, data: MarketData, parts: Stretches
) -> dict[str, Any]:
    gain = made.gain if len(made.gain) == len(factors) else np.zeros(len(factors))
    order = np.argsort(-gain, kind="stable")
    lags = max(parts.ahead - 1, 1)
    return {
        "n": len(factors),
        "rows": [
            {
                "name": factors[k].name,
                "formula": factors[k].formula,
                "origin": factors[k].origin,
                "words": _words(factors[k].formula, data),
                "gain": float(gain[k]),
                "coverage": factors[k].coverage,
                "autocorrelation": factors[k].autocorrelation,
                "rank_ic": {part: measuring.interval(each, lags) for part, each in factors[k].rank_ic.items()},
            }
            for k in order
        ],
    }


def _next_section(plan: MarketPlan, data: MarketData, made: Scored) -> dict[str, Any]:
    """What would be held after the last bar, from an empty book."""
    from tael.markets.portfolio import to_lots

    last = len(data.panel) - 1
    history = trading.history_of(plan, data)
    weigh, risk = trading.method_of(plan)
    day = str(data.panel.times[last].astype("M8[D]"))
    scores = made.scores[last]
    if not np.isfinite(scores).any():
        return {"date": day, "orders": []}
    estimated = None if risk is None else risk.at(last, history.returns)
    weights = weigh.weights(scores, estimated, np.zeros(len(scores)), history.at(last)).weights
    orders = [
        {"entity": data.panel.entities[n], "score": float(scores[n]), "weight": float(weights[n])}
        for n in np.argsort(-np.abs(weights), kind="stable")
        if abs(weights[n]) > 1e-9
    ]
    if data.roll is None:
        bars = data.bars
        lots = to_lots(weights, plan.trading.cash, bars.close[last], bars.lot, bars.min_lot)
        quantity = dict(zip(data.panel.entities, lots.shares.tolist(), strict=True))
        price = dict(zip(data.panel.entities, bars.close[last].tolist(), strict=True))
        for one in orders:
            one |= {"quantity": quantity[one["entity"]], "value": quantity[one["entity"]] * price[one["entity"]]}
    return {"date": day, "orders": orders}


def _words(formula: str, data: MarketData) -> dict[str, str]:
    from tael.formulas import panel_words

    return {lang: panel_words(formula, data.panel.schema, lang) for lang in LANGUAGES}


def _both(title: Any, otherwise: str) -> dict[str, str]:
    return {"en": title.en or otherwise, "zh": title.zh or title.en or otherwise}
