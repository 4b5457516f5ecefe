"""Which of several events comes first, and when: settle early, default, leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import RunError, ScenarioError
from tael.formulas.durations import Duration
from tael.observations.observe import CUTOFF, data_end
from tael.runs.plan import Plan
from tael.runs.plans import RisksPlan
from tael.runs.sample import Sample
from tael.runs.tasks.base import Fitted, Floats, Judged, Outputs, Task, Trained, identifier, train_rows
from tael.runs.tasks.by_name import check_estimator, title_of
from tael.tables.schema import Type
from tael.validation.words import Words

OPEN = "open"
"""Code of an observation to which nothing had happened when it was last seen."""
MONTH = 30.4375
_DAYS = {"s": 1 / 86_400, "min": 1 / 1_440, "h": 1 / 24, "d": 1.0, "w": 7.0, "mo": MONTH, "y": 12 * MONTH}
LEAST = 1 / 24
"""What happens at the cutoff itself counts as an hour later, in days: a time of 0 is none."""
AGREE = 0.999
"""Share of the labelled observations on which the label and the first event must say the same."""


def days_of(text: str) -> float:
    """The length of a duration in days, a month being a twelfth of 365.25.

    >>> days_of("90d"), days_of("2mo")
    (90.0, 60.875)
    """
    length = Duration.parse(text)
    return length.count * _DAYS[length.unit]


def risks_of(plan: Plan) -> RisksPlan:
    """The section ``[risks]``, which the plan of such a model has."""
    assert plan.risks is not None
    return plan.risks


class FittedRisks(Fitted):
    """Cumulative incidence of each event: by the label's window, and at the stated times."""

    def __init__(self, plan: Plan, model: Any) -> None:
        self.plan, self.model = plan, model

    def outputs(self, features: pl.DataFrame) -> Outputs:
        """``p``, ``p_<event>``, ``p_<event>_<time>``; ``months_kept``: months that it goes on, up to the horizon."""
        stated = risks_of(self.plan)
        ends = float(self.model.grid_.edges[-1])
        texts = [stated.by, *stated.times]
        times = np.minimum([days_of(text) for text in texts], ends)
        curves = self.model.predict_cumulative_incidence(features, times)
        place = {str(cause): c for c, cause in enumerate(self.model.causes_)}
        # what training never saw is not to be expected, and formulas may name it all the same
        never = np.zeros((len(curves), len(texts)))
        each = {event: curves[:, place[event]] if event in place else never for event in stated.events}
        out: Outputs = {"p": each[next(iter(stated.events))][:, 0]}
        for event, told in each.items():
            out[f"p_{identifier(event)}"] = told[:, 0]
            for t, text in enumerate(texts[1:], 1):
                out[f"p_{identifier(event)}_{text}"] = told[:, t]
        grid = np.linspace(0.0, min(days_of(stated.horizon), ends), 25)[1:]
        left = self.model.predict_survival(features, grid)
        both = np.column_stack([np.ones(len(left)), left])
        out["months_kept"] = np.asarray(np.trapezoid(both, np.append(0.0, grid), axis=1) / MONTH)
        return out

    def contributions(self, features: pl.DataFrame, score: str = "") -> Floats:
        """Of the first event."""
        cause = next(iter(risks_of(self.plan).events))
        return np.asarray(self.model.contributions(features, cause=cause)[:, :-1], dtype=np.float64)


class TrainedRisks(FittedRisks, Trained):
    """The same, beside what came."""

    def __init__(self, plan: Plan, model: Any, reference: Any) -> None:
        super().__init__(plan, model)
        self.reference = reference

    def judged(self, sample: Sample, features: pl.DataFrame) -> Judged:
        """The label beside the first event's incidence by then."""
        plain = np.asarray(self.reference.predict_proba(features)[:, 1], dtype=np.float64)
        return Judged(
            sample.y, self.outputs(features)["p"], plain, sample.split.parts(), sample.weight, sample.groups,
            sample.X[CUTOFF],
        )  # fmt: skip

    def truths(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Outputs:
        """Which event had come by the label's window, which every labelled row was followed for."""
        by = days_of(risks_of(self.plan).by)
        time, event = sample.extra["time"][rows], sample.extra["event"][rows]
        out: Outputs = {"p": sample.y[rows]}
        for cause in risks_of(self.plan).events:
            out[f"p_{identifier(cause)}"] = ((event == cause) & (time < by)).astype(np.float64)
        out[f"p_{identifier(next(iter(risks_of(self.plan).events)))}"] = sample.y[rows]
        return out

    def section(self, sample: Sample, features: pl.DataFrame) -> dict[str, Any]:
        """Told and observed incidence of each event, out of time."""
        from tael.models import aalen_johansen

        rows = sample.split.parts()["out_of_time"]
        time, event = sample.extra["time"][rows], sample.extra["event"][rows].astype(str)
        told: dict[str, Any] = {"split": "out_of_time", "by": risks_of(self.plan).by, "unit": "month", "events": []}
        if (event == OPEN).all():
            return {"incidence": told}
        seen = aalen_johansen(time, event, censored=OPEN)
        end = min(float(self.model.grid_.edges[-1]), float(time.max()))
        grid = np.linspace(0.0, end, 37)
        mean = self.model.predict_cumulative_incidence(features[rows], grid[1:]).mean(axis=0)
        for c, cause in enumerate(self.model.causes_):
            there = cause in seen.causes
            at = list(seen.causes).index(cause) if there else 0
            observed = {
                name: (seen.at(grid, what)[at].tolist() if there else [0.0] * len(grid))
                for name, what in (("observed", "incidence"), ("low", "low"), ("high", "high"))
            }
            told["events"].append(
                {
                    "event": str(cause),
                    "n": int((event == cause).sum()),
                    "time": (grid / MONTH).tolist(),
                    "predicted": [0.0, *mean[c].tolist()],
                    **observed,
                }
            )
        return {"incidence": told}


class Risks(Task):
    """Foretell which event comes first, and when."""

    kinds = ("risks",)

    def check(self, engine: Engine) -> None:
        """Each event is a time."""
        check_estimator(self.plan)
        for event, formula in risks_of(self.plan).events.items():
            found = engine.bind(formula, label=True).type
            if found != Type.TIME:
                raise ScenarioError(
                    "An event is told by the time at which it happens.",
                    expected='a time, such as min(settlements.settled, next="12mo")',
                    got=f"a {found}",
                    where=f"risks.events.{event} = {formula}",
                    fix="Name the time column of its rows.",
                )

    def outputs(self, engine: Engine) -> dict[str, Words]:
        """Incidences by the label's window and at the stated times."""
        stated = risks_of(self.plan)
        out = {"p": Words(f"probability of {next(iter(stated.events))} within {stated.by}", f"{stated.by} 内事件概率")}
        for event in stated.events:
            name = identifier(event)
            out[f"p_{name}"] = Words(f"probability of {event} within {stated.by}", f"{stated.by} 内 {event} 的概率")
            for text in stated.times:
                out[f"p_{name}_{text}"] = Words(f"probability of {event} within {text}", f"{text} 内 {event} 的概率")
        out["months_kept"] = Words(f"months until it ends, within {stated.horizon}", f"{stated.horizon} 内预计存续月数")
        return out

    def observe(self, engine: Engine, sample: Sample) -> Sample:
        """Add when each row ended and through which event, as far as it was seen."""
        stated = risks_of(self.plan)
        names = list(stated.events)
        values = engine.evaluate([f"({text}) - cutoff" for text in stated.events.values()], sample.X, label=True)
        each = np.column_stack([v.data for v in values])
        first = np.where(np.isnan(each), np.inf, each)
        which = first.argmin(axis=1)
        time = first[np.arange(len(first)), which]
        end = data_end(engine.tables, self.plan.observations)
        followed = np.minimum(_days_between(sample.X[CUTOFF], end), days_of(stated.horizon))
        happened = time < followed
        event = np.where(happened, np.array(names, dtype=object)[which], OPEN)
        time = np.maximum(np.where(happened, time, followed), LEAST)
        label = (event == names[0]) & (time < days_of(stated.by))
        agree = float((label == (sample.y == 1.0)).mean())
        if agree < AGREE:
            # months differ in length: a few rows at the edge of the window may disagree, not more
            edge = np.abs(time - days_of(stated.by)) < 3.5
            agree = float(((label == (sample.y == 1.0)) | edge).mean())
        if agree < AGREE:
            raise ScenarioError(
                "The label and the first event disagree.",
                expected=f"label.formula true where {names[0]} comes first, within {stated.by}",
                got=f"{1 - agree:.1%} of the labelled observations say otherwise",
                where=f"risks.events.{names[0]}, risks.by and label.formula",
                fix="Mend one of them: both must speak of the same event and the same window.",
            )
        return replace(sample, extra={**sample.extra, "time": time, "event": event})

    def estimator(self, *, n_jobs: int = 1) -> Any:
        """The hazard model; its y is a `tael.models.survival_outcome`."""
        from tael.models import CompetingRisks

        return CompetingRisks(**self._settings())

    def fit(
        self, features: pl.DataFrame, sample: Sample, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None
    ) -> Trained:
        """Train on what had happened to the training rows before the out-of-time period began."""
        from tael.models import CompetingRisks, LogisticReference

        stated, rows = risks_of(self.plan), train_rows(sample)
        time, event = sample.extra["time"][rows], sample.extra["event"][rows]
        if sample.split.kind == "out_of_time":
            later = sample.X[CUTOFF][sample.split.parts()["out_of_time"]].min()
            assert isinstance(later, datetime)
            seen = np.maximum(_days_between(sample.X[CUTOFF][rows], later), LEAST)
            event = np.where(time <= seen, event, OPEN)
            time = np.minimum(time, seen)
        weight = None if sample.weight is None else sample.weight[rows]
        names = tuple(name for name in stated.events if (event == name).any())
        if (first := next(iter(stated.events))) not in names:
            raise RunError(
                "No training row had the event that the label speaks of.",
                expected=f"{first} before the out-of-time period began",
                got=", ".join(names) or "no event at all",
                where=f"risks.events.{first}",
                fix="Take a longer history, or a later out-of-time period.",
            )
        model = CompetingRisks(**self._settings(), causes=names).fit(
            features[rows], time, event.astype(str), sample_weight=weight
        )
        reference = LogisticReference().fit(features[rows], sample.y[rows].astype(np.int64), sample_weight=weight)
        return TrainedRisks(self.plan, model, reference)

    def _settings(self) -> dict[str, Any]:
        """What the hazard model is made with."""
        named = self.plan.model.estimator
        stated = {"method": risks_of(self.plan).method if named is None else "named", "estimator": named}
        parameters = self.plan.model.parameters or None
        return {**stated, "parameters": parameters, "censored": OPEN, "random_state": self.plan.seed}

    def restore(self, model: Any) -> Fitted:
        """Around a model of the bundle."""
        return FittedRisks(self.plan, model)

    def told(self, auto: Any, fitted: Trained) -> dict[str, Any]:
        """Method and events."""
        return {
            "title": title_of(self.plan, {"en": "competing risks, discrete time", "zh": "离散时间竞争风险模型"}),
            "method": fitted.model.method,
            "events": [str(cause) for cause in fitted.model.causes_],
        }


def _days_between(cutoffs: pl.Series, end: datetime) -> Floats:
    spans = (pl.Series([end], dtype=pl.Datetime("us"))[0] - cutoffs).dt.total_microseconds().to_numpy()
    return np.asarray(spans / 86_400e6, dtype=np.float64)
