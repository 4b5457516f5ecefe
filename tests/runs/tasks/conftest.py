"""Tiny tables for the kinds of model: cases that were worked, paid and ended, and people who buy."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.observations import Observations, observe
from tael.runs.plan import Plan
from tael.runs.sample import Sample, labelled_sample
from tael.runs.tasks import Task, task_of
from tael.tables import Tables

SCHEMA: dict[str, Any] = {
    "cases": {
        "key": "case_id", "time": "opened",
        "columns": {"arm": {"type": "category"}, "chance": {"role": "label"}},
    },
    "paid": {"time": "at", "columns": {"case_id": {"to": "cases"}}},
    "ended": {"time": "at", "columns": {"case_id": {"to": "cases"}, "kind": {"type": "category"}}},
    "people": {"key": "person_id", "time": "joined"},
    "buys": {"time": "at", "columns": {"person_id": {"to": "people"}, "product": {"type": "category"}}},
}  # fmt: skip
START = datetime(2023, 1, 1)
PRODUCTS = ("card", "fund", "gold")

CASES: dict[str, Any] = {
    "name": "cases", "entity": "cases", "cutoff": "opened", "data_end": "2025-01-01",
    "label": {"formula": 'count(paid, next="60d") > 0'},
    "split": {"out_of_time": 0.3, "validation": 0.25, "folds": 3},
    "decision": {"kind": "options", "options": {"none": {}, "call": {"value": "p"}}},
}  # fmt: skip
UPLIFT = CASES | {
    "model": {"kind": "uplift", "learner": "t_linear"},
    "treatment": {"column": "arm", "control": "none", "propensity": "chance"},
}
RISKS = CASES | {
    "model": {"kind": "risks"},
    "label": {"formula": 'count(ended, where=kind == "early", next="90d") > 0'},
    "risks": {
        "by": "90d", "horizon": "12mo", "times": ["30d", "180d"], "method": "logistic",
        "events": {
            "early": 'min(ended.at, where=kind == "early", next="12mo")',
            "late-on": 'min(ended.at, where=kind == "late-on", next="12mo")',
        },
    },
}  # fmt: skip
RECOMMENDER = CASES | {
    "name": "people", "entity": "people",
    "label": {"formula": 'first(buys.product, next="90d")', "missing_is": "none"},
    "model": {"kind": "recommender"},
    "recommend": {
        "method": "linear", "holdings": {name: f'count(buys, where=product == "{name}") > 0' for name in PRODUCTS},
    },
}  # fmt: skip
del RECOMMENDER["cutoff"]
RECOMMENDER["at"] = ["2023-08-01", "2023-11-01", "2024-02-01", "2024-05-01"]


@dataclass
class Scene:
    """A task with its sample and its features."""

    plan: Plan
    tables: Tables
    engine: Engine
    task: Task
    seen: Observations
    sample: Sample
    features: pl.DataFrame

    def rows(self, part: str) -> np.ndarray:
        """The rows of a part."""
        return self.sample.split.parts()[part]


def frames(n: int = 700, seed: int = 0) -> dict[str, pl.DataFrame]:
    """A call helps those with x > 0 alone; early ends come sooner where z is high; products follow x."""
    rng = np.random.default_rng(seed)
    opened = np.sort(rng.integers(0, 500, n))
    x, z = rng.normal(size=n), rng.normal(size=n)
    arm = rng.choice(["none", "in-house", "call"], n, p=[0.4, 0.3, 0.3])
    chance = np.select([arm == "none", arm == "in-house"], [0.4, 0.3], 0.3)
    pays = rng.random(n) < 0.2 + 0.35 * ((arm == "call") & (x > 0)) + 0.1 * (z > 0)
    when = {"early": rng.exponential(200 * np.exp(-0.7 * z)), "late-on": rng.exponential(260.0, n)}
    kind = np.where(when["early"] < when["late-on"], "early", "late-on")
    ends = np.minimum(when["early"], when["late-on"])

    def at(days: np.ndarray) -> pl.Series:
        return pl.Series([START + timedelta(days=float(d)) for d in days], dtype=pl.Datetime("us"))

    m = 160
    taste = rng.normal(size=m)
    who = np.repeat(np.arange(m), rng.integers(0, 5, m))
    likes = np.exp(np.column_stack([taste[who], -taste[who], np.zeros(len(who))]))
    bought = [PRODUCTS[rng.choice(3, p=row / row.sum())] for row in likes]
    return {
        "cases": pl.DataFrame(
            {"case_id": np.arange(n), "opened": at(opened), "x": x, "z": z, "arm": arm, "chance": chance}
        ),
        "paid": pl.DataFrame(
            {"case_id": np.arange(n)[pays], "at": at(opened[pays] + rng.uniform(1, 59, int(pays.sum())))}
        ),
        "ended": pl.DataFrame({"case_id": np.arange(n), "at": at(opened + np.maximum(ends, 0.1)), "kind": kind}),
        "people": pl.DataFrame({"person_id": np.arange(m), "joined": at(np.zeros(m)), "taste": taste}),
        "buys": pl.DataFrame({"person_id": who, "at": at(rng.uniform(1, 600, len(who))), "product": bought}),
    }


@pytest.fixture(scope="session")
def plans() -> dict[str, dict[str, Any]]:
    """The content of a plan of each kind, to be edited."""
    return {"classification": CASES, "uplift": UPLIFT, "risks": RISKS, "recommender": RECOMMENDER}


@pytest.fixture(scope="session")
def tiny_tables() -> Callable[..., Tables]:
    """Tables from the tiny frames, some of them exchanged."""

    def made(**changed: pl.DataFrame) -> Tables:
        return Tables({**frames(), **changed}, deepcopy(SCHEMA))

    return made


@pytest.fixture(scope="session")
def tiny(tiny_tables: Callable[..., Tables]) -> Callable[..., Scene]:
    """A task up to its sample and features, from the content of a plan."""

    def made(content: dict[str, Any], tables: Tables | None = None) -> Scene:
        plan, tables = Plan.from_dict(content), tiny_tables() if tables is None else tables
        engine = Engine(tables, plan.entity, cutoff="cutoff")
        task = task_of(plan)
        task.check(engine)
        seen = observe(tables, plan.observations, plan.label, engine=engine)
        sample = task.observe(engine, labelled_sample(engine, seen, plan, task.check_label))
        stated = {"x": "x", "z": "z"} if plan.entity == "cases" else {"taste": "taste"} | task.forced()
        values = engine.evaluate(list(stated.values()), sample.X)
        columns = {name: v.data.astype(float) for name, v in zip(stated, values, strict=True)}
        return Scene(plan, tables, engine, task, seen, sample, pl.DataFrame(columns))

    return made
