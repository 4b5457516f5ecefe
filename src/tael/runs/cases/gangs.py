"""Case files of gangs: each found again from the tables, with roles, money trail, graph in time and a draft report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from tael.decisions.gangs import GangPolicy, Search
from tael.engine import Engine
from tael.errors import RunError
from tael.networks.cases import case_graph, relabelled
from tael.networks.gang import Gang
from tael.observations.observe import CUTOFF
from tael.reports.cases import Case, Queue, Queued
from tael.runs.bundle import load_bundle
from tael.runs.cases import gangs_told as told
from tael.runs.cases.audit import read_log
from tael.runs.cases.build import Made, Tell
from tael.runs.cases.dispositions import courses
from tael.runs.cases.gangs_draft import gang_draft
from tael.runs.cases.history import decided_before
from tael.runs.cases.masking import Masking
from tael.runs.cases.queue import Alert, Alerts, decisions_of
from tael.runs.cases.shown import Shower
from tael.runs.cases.told import both
from tael.runs.deciding import deciding_of
from tael.runs.deciding.base import LANGUAGES
from tael.runs.deciding.gangs import Gangs as Deciding
from tael.runs.promise import hold, promise_of
from tael.runs.result import Run
from tael.tables.frames import Tables
from tael.tables.violations import raise_on_errors

SHOWN = ("out_of_time", "scored")


@dataclass(frozen=True)
class Found:
    """A gang found again.

    Attributes
    ----------
    search : Search
    place : int
        Of the gang in its search.
    X : polars.DataFrame
        Key and cutoff of its transfers, in the order of time.
    rows : ndarray of int64
        Their rows in the table.
    """

    search: Search
    place: int
    X: pl.DataFrame
    rows: Any

    @property
    def gang(self) -> Gang:
        """The gang."""
        return self.search.gangs[self.place]


class GangMaker:
    """Makes case files of a run's gangs.

    Parameters
    ----------
    run : Path
        Run folder.
    tables : Tables
        As they are now, or as they were then: what was not known at a search's cutoff is not looked at.
    scored : Path, optional
        Gangs of a later scoring rather than the run's own out-of-time part.
    period : str, optional
        Only the gangs of one search, by its day.
    unmask : bool
    n_jobs : int
    """

    def __init__(
        self, run: Path, tables: Tables, *, scored: Path | None = None, period: str | None = None,
        unmask: bool = False, n_jobs: int = 2,
    ) -> None:  # fmt: skip
        from tael.tables.contract import check

        raise_on_errors(check(tables))
        self.alerts = Alerts.read(run, scored, period=period)
        made = Run.read(run)
        self.content, self.bundle = made.content, load_bundle(run)
        self.tables, self.unmask, self.n_jobs = tables, unmask, n_jobs
        formulas = self.bundle.formulas
        self.engine = Engine.shared(tables, formulas.entity, key=formulas.key, cutoff=CUTOFF, n_threads=n_jobs)
        deciding = deciding_of(self.bundle.plan)
        assert isinstance(deciding, Deciding)
        self.deciding, self.policy = deciding, self.bundle.policy
        assert isinstance(self.policy, GangPolicy)
        hold(self.bundle.promise, promise_of(self.engine, [*formulas.formulas, *deciding.formulas()]))
        self.bound = [self.engine.bind(formula) for formula in formulas.formulas]
        self.decisions = self._of_these(decisions_of(made, scored))
        self.log = read_log(run, self.alerts.model)
        self.currency = str(self.content["decision"].get("currency") or "")

    def _of_these(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The decisions that were shown, with keys as these tables hold them."""
        key, entity = self.engine.key, self.bundle.formulas.entity
        frame = frame.filter(pl.col("split").is_in(SHOWN))
        kind = self.tables[entity].schema[key]
        cast = frame.with_columns(pl.col(key).cast(kind, strict=False))
        if cast[key].null_count():
            raise RunError(
                "The tables hold no such keys as the run does.", expected=f"{key} as {kind}",
                got=str(frame[key][0]), where=f"table {entity}", fix="Name the tables that the run was made of.",
            )  # fmt: skip
        return cast

    def make(self, top: int, tell: Tell = lambda stage, text, share: None) -> Made:
        """Make the queue and the files of its first gangs.

        Parameters
        ----------
        top : int
        tell : callable
            Takes a stage, a text and the share done.
        """
        chosen = self.alerts.alerts[:top]
        tell("cases", "", 0.0)
        searches = {cutoff: self._search(cutoff) for cutoff in dict.fromkeys(alert.cutoff for alert in chosen)}
        state = {case: course.state for case, course in courses(self.log)[0].items()}
        cases, lines, differing = [], [], 0
        for k, alert in enumerate(chosen):
            tell("cases", f"{k + 1} / {len(chosen)}", k / len(chosen))
            row = self.alerts.frame.row(alert.row, named=True)
            found = self._found(alert, *searches[alert.cutoff])
            case, same = self._case(alert, row, found)
            differing += not same
            cases.append(case)
            lines.append(self._line(alert, case, row, state.get(alert.case, "open")))
        worries = () if not differing else (told.other_tables(differing, len(chosen)),)
        return Made(self._queue(tuple(lines), worries), cases)

    def _search(self, cutoff: Any) -> tuple[pl.DataFrame, Search]:
        """Search once more, with the scores of the run."""
        part = self.decisions.filter(pl.col("cutoff") == cutoff)
        X = part.select(self.engine.key, pl.col("cutoff").alias(CUTOFF))
        terms = self.deciding.terms(self.engine, X, compare=False)
        return part, self.policy.decide(terms.moves, part["probability"].to_numpy())[0]

    def _found(self, alert: Alert, part: pl.DataFrame, search: Search) -> Found:
        """The gang of an alert among those that the search finds; its transfers must be those of the run."""
        mine = part.with_row_index("_row").filter(pl.col("gang") == alert.key)
        for place, gang in enumerate(search.gangs):
            if search.gang_name(place) == alert.key and set(search.rows[gang.edges]) == set(mine["_row"].to_list()):
                X = part.select(self.engine.key, pl.col("cutoff").alias(CUTOFF))[search.rows[gang.edges].tolist()]
                return Found(search, place, X, self.engine.observe(X).rows)
        raise RunError(
            "The gang cannot be found again: these are not the tables as they were known then.",
            expected=f"{mine.height} transfers as in the run", got="other accounts, times or amounts",
            where=f"gang {alert.key}", fix="Name the tables that the run was made of.",
        )  # fmt: skip

    def _case(self, alert: Alert, row: dict[str, Any], found: Found) -> tuple[Case, bool]:
        engine, gang, bundle = self.engine, found.gang, self.bundle
        cutoff = int(found.search.cutoff)
        party = told.party_of(self.tables.schema, bundle.formulas.entity, self.deciding.stated.sender)
        mask = Masking(self.tables.schema, party or bundle.formulas.entity, off=self.unmask)
        show = Shower(engine, cutoff, mask)
        names = {node: mask.short(party or "", str(node)) for node in gang.members}
        features = bundle.features(self.tables, found.X, n_threads=self.n_jobs)
        p = bundle.fitted.outputs(features)["p"]
        then = self.decisions.join(found.X, on=[engine.key, "cutoff"], how="semi").sort(engine.key)
        now = found.X.with_columns(pl.Series("_p", p)).sort(engine.key)
        same = bool((then["probability"].to_numpy() == now["_p"].to_numpy()).all())
        graph = case_graph(gang, found.search.gangs.edges)
        reasons = (
            told.shape_reason(gang, found.rows, bundle.formulas.entity, show, self.currency),
            *told.passing_reason(graph, names, self.currency),
            *told.factor_reasons(engine, bundle, self.bound, features, found, show, self.content,
                                 self.deciding.against),
        )  # fmt: skip
        case = Case(
            id=alert.case, title={"en": f"Gang {alert.key}", "zh": f"团伙 {alert.key}"}, score=gang.score,
            money=gang.money, currency=self.currency,
            because={lang: str(row[f"reason_{lang}"]) for lang in ("en", "zh")}, facts=self._facts(row, gang),
            reasons=reasons, peers=told.beside(found.search, found.place),
            peers_note=told.beside_note(found.search),
            trail=(told.members_table(gang, found.search.gangs.edges, names, self.currency),
                   told.trail_table(graph, names)),
            graph=relabelled(graph, names), history=self._history(alert, gang),
            draft=gang_draft(engine, bundle.formulas.entity, found, names, graph, reasons, show, self.currency),
            checks=told.checks(found, then, self.tables[bundle.formulas.entity], engine.key, same),
            worries=() if same else (told.scores_differ(),),
            simulated=bool(self.tables.simulated or self.content.get("simulated")), masked=not self.unmask,
            money_title=both("Money moved", "涉及金额"), score_title=both("Score (no probability)", "评分（非概率）"),
        )  # fmt: skip
        return case, same

    def _facts(self, row: dict[str, Any], gang: Gang) -> tuple[Any, ...]:
        return (
            (both("As known at", "截至"), str(row["cutoff"])[:16]),
            (both("Search, place", "搜索、排位"), f"{row['period']}, {row['rank']}"),
            (both("Accounts, transfers", "账户数、转账数"), f"{len(gang)}, {len(gang.edges)}"),
            (both("Model version", "模型版本"), str(row["model_version"])),
        )

    def _history(self, alert: Alert, gang: Gang) -> tuple[Any, ...]:
        earlier = told.earlier_gangs(self.alerts, self.decisions, alert, gang, self.deciding.stated, self.engine)
        return tuple(one for one in (earlier, decided_before(self.log, alert)) if one.rows)

    def _line(self, alert: Alert, case: Case, row: dict[str, Any], state: str) -> Queued:
        return Queued(
            alert.case, case.title, f"cases/{alert.case}.html", str(row["period"]), row["rank"], case.score,
            case.money, case.reasons[0].sentence, state,
        )  # fmt: skip

    def _queue(self, lines: tuple[Queued, ...], worries: tuple[Any, ...]) -> Queue:
        capacity: dict[str, str] = {lang: " ".join(self.deciding.lines(lang)[1].split()) for lang in LANGUAGES}
        return Queue(
            self.content["scenario"]["title"], lines, capacity, len(self.alerts.alerts), self.currency,
            facts=((both("Model version", "模型版本"), self.alerts.model),), worries=worries,
            simulated=bool(self.tables.simulated or self.content.get("simulated")), masked=not self.unmask,
            money_title=both("Money moved", "涉及金额"), score_title=both("Score", "评分"),
            worth_title=both("Money that these gangs moved", "本处团伙涉及金额合计"),
        )  # fmt: skip
