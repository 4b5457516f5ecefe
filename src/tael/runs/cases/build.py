"""Case files out of a run folder and the tables: scores made again, reasons, rows, graph, history, draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.engine import Engine
from tael.errors import RunError
from tael.observations.observe import CUTOFF
from tael.reports.cases import Case, Queue, Queued
from tael.runs.bundle import Bundle, load_bundle
from tael.runs.cases.audit import read_log
from tael.runs.cases.dispositions import courses
from tael.runs.cases.draft import checks_of, draft_of
from tael.runs.cases.drawing import case_drawing
from tael.runs.cases.evidence import matched
from tael.runs.cases.history import history_of
from tael.runs.cases.masking import Masking
from tael.runs.cases.movements import movements, recounted
from tael.runs.cases.peers import Peers
from tael.runs.cases.queue import Alert, Alerts
from tael.runs.cases.shown import Shower, said
from tael.runs.cases.told import both, one_of, peer_of, reason_of
from tael.runs.deciding import deciding_of
from tael.runs.promise import hold, promise_of
from tael.runs.reasons import moved_by, reasons_of, unremarkable
from tael.runs.result import Run
from tael.tables.frames import Tables
from tael.tables.violations import raise_on_errors

REASONS, FACTORS, TRAIL = 6, 12, 40
"""Reasons that are told, factors beside the peers', rows of a table of movements."""

Tell = Callable[[str, str, float], None]


@dataclass(frozen=True)
class Made:
    """Case files as data.

    Attributes
    ----------
    queue : Queue
    cases : list of Case
    """

    queue: Queue
    cases: list[Case]


class CaseMaker:
    """Makes case files of a run's alerts.

    Parameters
    ----------
    run : Path
        Run folder.
    tables : Tables
        As they are now, or as they were then: what was not known at an alert's cutoff is not looked at.
    scored : Path, optional
        Alerts of a later scoring rather than the run's own out-of-time part.
    period : str, optional
    peers : str, optional
        A category formula: a case is compared with those who share its value.
    unmask : bool
    n_jobs : int
    """

    def __init__(
        self, run: Path, tables: Tables, *, scored: Path | None = None, period: str | None = None,
        peers: str | None = None, unmask: bool = False, n_jobs: int = 2,
    ) -> None:  # fmt: skip
        from tael.tables.contract import check

        raise_on_errors(check(tables))
        self.alerts = Alerts.read(run, scored, period=period)
        self.content = Run.read(run).content
        self.bundle: Bundle = load_bundle(run)
        self.tables, self.by, self.unmask, self.n_jobs = tables, peers, unmask, n_jobs
        formulas = self.bundle.formulas
        self.engine = Engine.shared(tables, formulas.entity, key=formulas.key, cutoff=CUTOFF, n_threads=n_jobs)
        self.alerts = self._of_these(self.alerts)
        self.deciding = deciding_of(self.bundle.plan)
        own = self.deciding.own(self.engine, self.bundle.outputs)
        hold(self.bundle.promise, promise_of(self.engine, [*formulas.formulas, *self.deciding.formulas()], own))
        self.bound = [self.engine.bind(formula) for formula in formulas.formulas]
        self.log = read_log(run, self.alerts.model)
        self.currency = str(self.content["decision"].get("currency") or "")

    def _of_these(self, alerts: Alerts) -> Alerts:
        """The alerts with keys as these tables hold them: numbers in Parquet may be text in CSV."""
        entity = self.bundle.formulas.entity
        if entity not in self.tables or alerts.key not in self.tables[entity].columns:
            return alerts
        kind = self.tables[entity].schema[alerts.key]
        frame = alerts.frame.with_columns(pl.col(alerts.key).cast(kind, strict=False))
        lost = alerts.frame.filter(frame[alerts.key].is_null())
        if lost.height:
            raise RunError(
                "The tables hold no such keys as the run does.",
                expected=f"{alerts.key} as {kind}",
                got=str(lost[alerts.key][0]),
                where=f"table {entity}",
                fix="Name the tables that the run was made of.",
            )
        return replace(alerts, frame=frame)

    def make(self, top: int, tell: Tell = lambda stage, text, share: None) -> Made:
        """Make the queue and the files of its first cases.

        Parameters
        ----------
        top : int
        tell : callable
            Takes a stage, a text and the share done.
        """
        chosen = self.alerts.alerts[:top]
        tell("cases", "", 0.0)
        frame = self.alerts.frame[[alert.row for alert in chosen]]
        X = frame.select(self.alerts.key, pl.col("cutoff").alias(CUTOFF))
        features = self.bundle.features(self.tables, X, n_threads=self.n_jobs)
        peers = Peers(self.bundle, self.engine, self.alerts, chosen, by=self.by, n_threads=self.n_jobs)
        scored = _Scored.of(self.bundle, frame, features)
        state = {case: course.state for case, course in courses(self.log)[0].items()}
        cases, lines = [], []
        for k, alert in enumerate(chosen):
            tell("cases", f"{k + 1} / {len(chosen)}", k / len(chosen))
            case = self._case(alert, frame.row(k, named=True), X[k], scored, k, peers)
            cases.append(case)
            lines.append(self._line(alert, case, frame.row(k, named=True), state.get(alert.case, "open")))
        worries = () if scored.same.all() else (_other_tables(int((~scored.same).sum()), len(chosen)),)
        return Made(self._queue(tuple(lines), worries), cases)

    def _case(self, alert: Alert, row: dict[str, Any], X: pl.DataFrame, scored: _Scored, k: int, peers: Peers) -> Case:
        engine, words, units = self.engine, self.bundle.words, self.bundle.formulas.measures(self.tables.schema)
        seen = engine.observe(X)
        cutoff = int(seen.cutoff[0])
        mask = Masking(self.tables.schema, seen.entity, off=self.unmask)
        show = Shower(engine, cutoff, mask)
        entity = show.title(seen.entity)
        masked = mask.short(seen.entity, alert.key)
        name = {lang: f"{one_of(entity[lang], lang)} {said(masked, lang)}" for lang in ("en", "zh")}
        values = scored.values[k]
        beside = peers.beside(alert, values)
        moves = moved_by(self.content)
        against = {"en": self.deciding.against.en, "zh": self.deciding.against.zh}
        evidence, reasons, factors_told = [], [], []
        for j, moved in zip(scored.feature[k], scored.difference[k], strict=True):
            if j < 0:
                continue
            found = matched(engine, self.bound[j], seen)
            evidence += found
            told = {lang: words[lang][j] for lang in ("en", "zh")}
            factors_told.append(told)
            typical = float(self.bundle.baseline.typical[j])
            formula = self.bundle.formulas.formulas[j]
            reasons.append(
                reason_of(
                    told, float(values[j]), typical, beside, j, float(moved), moves, against, found, seen, engine,
                    show, formula, units[j],
                )
            )  # fmt: skip
        order = np.argsort(-np.abs(scored.moved[k]), kind="stable")[:FACTORS]
        factors = [
            peer_of(
                {lang: words[lang][j] for lang in ("en", "zh")},
                values[j],
                beside,
                j,
                scored.moved[k, j],
                moves,
                units[j],
            )
            for j in order.tolist()
        ]
        moved_rows = movements(engine, self.bound, seen)
        key = self.alerts.frame[self.alerts.key][alert.row]
        counted = [recounted(engine, one, key, cutoff) for one in moved_rows]
        trail = [self._trail(one, show) for one in moved_rows if len(one.rows)]
        same = bool(scored.same[k])
        drawn = case_drawing(engine, moved_rows, evidence, show)
        return Case(
            id=alert.case, title=name, score=float(scored.p[k]), money=row.get("expected_value"),
            currency=self.currency, because={lang: row[f"reason_{lang}"] for lang in ("en", "zh")},
            facts=self._facts(row), reasons=tuple(reasons), peers=tuple(factors), peers_note=_peers_note(beside),
            trail=tuple(trail), graph=drawn, graph_note="",
            history=history_of(
                engine, self.alerts, alert, self.log, {one.table for one in moved_rows if len(one.rows)}, seen, show
            ),
            draft=draft_of(
                engine, seen, name, moved_rows, counted, reasons, factors_told, float(scored.p[k]), show
            ),
            checks=(_made_again(scored, k), *checks_of(moved_rows, counted, show)),
            worries=() if same else (_differs(row["probability"], float(scored.p[k])),),
            simulated=bool(self.tables.simulated or self.content.get("simulated")), masked=not self.unmask,
        )  # fmt: skip

    def _trail(self, moved: Any, show: Shower) -> Any:
        if moved.ends is None:
            return show.rows(moved.table, moved.rows, TRAIL)
        out = {int(row): bool(paid) for row, paid in zip(moved.rows, moved.outgoing(self.engine), strict=True)}
        way = (both("way", "方向"), lambda row: both("out", "转出") if out[int(row)] else both("in", "转入"))
        return show.rows(moved.table, moved.rows, TRAIL, first=[way])

    def _facts(self, row: dict[str, Any]) -> tuple[Any, ...]:
        facts = [(both("As known at", "截至"), str(row["cutoff"])[:16])]
        if row.get("rank"):
            place = f"{row['period']}, {row['rank']}"
            facts.append((both("Period, place", "时段、排位"), place))
        facts.append((both("Model version", "模型版本"), str(row["model_version"])))
        return tuple(facts)

    def _line(self, alert: Alert, case: Case, row: dict[str, Any], state: str) -> Queued:
        first = case.reasons[0].sentence if case.reasons else ""
        short = {lang: said(first, lang).split("；" if lang == "zh" else "; ")[0] for lang in ("en", "zh")}
        return Queued(
            alert.case, case.title, f"cases/{alert.case}.html", str(row.get("period") or str(row["cutoff"])[:10]),
            row.get("rank"), case.score, case.money, short, state,
        )  # fmt: skip

    def _queue(self, lines: tuple[Queued, ...], worries: tuple[Any, ...]) -> Queue:
        scenario = self.content["scenario"]
        alerts = self.bundle.plan.decision.kind == "alerts"
        lines_of = {lang: self.deciding.lines(lang) for lang in ("en", "zh")}
        capacity = {lang: " ".join(told[1].split()) for lang, told in lines_of.items()} if alerts else ""
        return Queue(
            scenario["title"], lines, capacity, len(self.alerts.alerts), self.currency,
            facts=((both("Model version", "模型版本"), self.alerts.model),), worries=worries,
            simulated=bool(self.tables.simulated or self.content.get("simulated")), masked=not self.unmask,
        )  # fmt: skip


@dataclass(frozen=True)
class _Scored:
    """What the model makes of the chosen alerts now."""

    values: Any
    p: Any
    moved: Any
    feature: Any
    difference: Any
    same: Any

    @classmethod
    def of(cls, bundle: Bundle, frame: pl.DataFrame, features: pl.DataFrame) -> _Scored:
        values = features.to_numpy()
        if not len(frame):
            empty = np.zeros((0, values.shape[1]))
            return cls(values, np.zeros(0), empty, empty.astype(int), empty, np.zeros(0, dtype=bool))
        p = bundle.fitted.outputs(features)["p"]
        behind = bundle.fitted.score_behind(frame["decision"].to_numpy())
        contributed, mean = bundle.fitted.contributed(features, behind), bundle.baseline.of(behind)
        adverse = np.ones(len(frame), dtype=bool)
        found = reasons_of(contributed, mean, adverse, same=unremarkable(values, bundle.baseline.typical), told=REASONS)
        same = p == frame["probability"].to_numpy()
        return cls(values, p, contributed - mean, found.feature, found.difference, same)


def _peers_note(beside: Any) -> dict[str, str]:
    en, zh = (f" of the group {beside.group}", f"同组（{beside.group}）") if beside.group else ("", "")
    return both(
        f"Compared with {beside.n:,} others{en}, as observed last at this time or before it. "
        "The dot shows the share of them that lies lower.",
        f"对比对象：{zh}{beside.n:,} 例，取截至本时点最近的观测。圆点表示低于本案的占比。",
    )


def _made_again(scored: _Scored, k: int) -> dict[str, str]:
    if not scored.same[k]:
        return both("The score could not be made again from these tables.", "无法用这些数据表复现评分。")
    p = float(scored.p[k])
    return both(
        f"The probability {p!r} was computed again from these tables, as known then: the same to the last bit as in "
        "the run.",
        f"概率 {p!r} 已用当时已知的数据表重新计算，与运行结果逐位一致。",
    )


def _differs(then: float, now: float) -> dict[str, str]:
    return both(
        f"The run gave this case {then:.6f}; these tables give {now:.6f}. They are not the tables as they were known "
        "then: check what was changed before you rely on this page.",
        f"运行时本案概率为 {then:.6f}，现用数据表得 {now:.6f}。数据表与当时不同：请先查明变动再使用本页。",
    )


def _other_tables(n: int, of: int) -> dict[str, str]:
    return both(
        f"{n} of {of} scores come out otherwise than in the run: these are not the tables as they were known then.",
        f"{of} 个评分中有 {n} 个与运行结果不同：数据表与当时不同。",
    )
