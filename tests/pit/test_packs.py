"""LAW 1 for the packs: what nobody could know at the cutoff moves none of the formulas they may try."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from functools import cache
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_claims, simulate_laundering, simulate_lender
from tael.engine import Engine
from tael.formulas.values import Values
from tael.observations import observe
from tael.runs.deciding import deciding_of
from tael.runs.deciding.alerts_terms import stated_formulas
from tael.runs.plan import Plan
from tael.runs.searching import features_of
from tael.scenarios import PACKS, scenario
from tael.tables import Tables

WORLDS: dict[str, Any] = {
    "lender": lambda: simulate_lender(500, 2, events_per_customer=20, months=24),
    "laundering": lambda: simulate_laundering(500, 200, 2, gangs=8, sizes=(4, 8), transfers_per_account=20, missed=0.0),
    "claims": lambda: simulate_claims(900, 560, 2, visits_per_person=5.0, missed=0.0, share=0.1),
}
"""Simulator -> tables small enough to be changed and computed again many times."""
NAMES = [name for name in PACKS if scenario(name).plan.example.simulator in WORLDS]
TRIED = 100
"""Formulas of each pack's own search that are held, drawn from all that it could try, besides those that it keeps."""


class Scene(NamedTuple):
    plan: Plan
    tables: Tables
    formulas: list[str]
    X: pl.DataFrame
    cutoff: datetime
    keys: list[Any]

    def moved(self, other: Tables, X: pl.DataFrame | None = None, one: Tables | None = None) -> list[str]:
        """The formulas whose values differ by a bit."""
        X = self.X if X is None else X
        before, after = (
            Engine(tables, self.plan.entity, cutoff="cutoff").evaluate(self.formulas, X)
            for tables in (self.tables if one is None else one, other)
        )
        return [text for text, a, b in zip(self.formulas, before, after, strict=True) if bits(a) != bits(b)]


def bits(values: Values) -> Any:
    if values.levels is not None or values.data.dtype == object:
        return list(values.strings())
    return np.where(values.missing, np.nan, values.data).tobytes()


@cache
def world(simulator: str) -> Tables:
    return WORLDS[simulator]().tables()


@pytest.fixture(scope="module", params=NAMES)
def scene(request: Any) -> Scene:
    tables = world(scenario(request.param).plan.example.simulator)
    content = tomllib.loads(scenario(request.param).source)
    del content["example"]
    content["features"] |= {"budget": {"candidates": 30}, "windows": ["90d"]}
    plan = Plan.from_dict(content)
    seen = observe(tables, plan.observations, plan.label)
    labelled = seen.frame.filter(pl.Series(seen.labelled))
    # the last labelled rows, all looked at as late as the last of them
    last = labelled.tail(60)
    cutoff = last["cutoff"].max()
    assert isinstance(cutoff, datetime)
    X = last.unique(seen.key, keep="last", maintain_order=True)
    X = X.with_columns(pl.lit(cutoff, pl.Datetime("us")).alias("cutoff"))
    auto = features_of(plan, tables).fit(labelled.sample(min(100, len(labelled)), seed=0).sort("cutoff"))
    drawn = auto.ledger_.frame()["formula"].unique(maintain_order=True).sample(TRIED, seed=3)
    stated = deciding_of(plan).formulas() if plan.decision.kind in ("alerts", "gangs") else []
    stated += [text for _, text, _ in stated_formulas(plan.decision)] if plan.decision.kind == "alerts" else []
    stated += [plan.decision.today] if plan.decision.kind == "gangs" else []
    formulas = list(dict.fromkeys([*auto.formulas_, *drawn, *stated]))
    return Scene(plan, tables, formulas, X, cutoff, X[seen.key].to_list())


def rows_of(scene: Scene, other: Tables) -> list[str]:
    return [name for name in scene.tables if not other[name].equals(scene.tables[name])]


@pytest.mark.parametrize("how", ["truncated", "poisoned"])
def test_later_rows_and_values_do_not_matter(scene: Scene, falsify: ModuleType, how: str) -> None:
    other = getattr(falsify, how)(scene.tables, scene.cutoff, scene.keys, scene.plan.entity)
    assert len(rows_of(scene, other)) >= (8 if "instalments" in list(scene.tables) else 6)
    assert scene.moved(other) == []


def test_late_rows_are_no_rows(scene: Scene, falsify: ModuleType) -> None:
    late, without = falsify.arrived_late(scene.tables, scene.cutoff, 5)
    assert rows_of(scene, late)
    # where what is observed arrives late itself, only what had arrived is there to be observed
    key = without.schema.tables[scene.plan.entity].key
    there = scene.X.join(without[scene.plan.entity], on=key, how="semi")
    assert there.height
    assert scene.moved(without, there, one=late) == []


def test_the_own_treatment_and_labels_do_not_matter(scene: Scene) -> None:
    """Every column that says what was done or came out is turned round, in all rows."""
    promise, treatment = scene.tables.schema.tables[scene.plan.entity], scene.plan.treatment
    names = [name for name, column in promise.columns.items() if column.role == "label"]
    if treatment is not None:
        names += [name for name in (treatment.column, treatment.propensity) if isinstance(name, str)]
    frame = scene.tables[scene.plan.entity]
    turned = frame.with_columns(frame[name].reverse() for name in dict.fromkeys(names))
    if treatment is not None:
        assert not turned[treatment.column].equals(frame[treatment.column])
    assert scene.moved(scene.tables.replace(**{scene.plan.entity: turned})) == []


def test_the_poison_is_noticed_later(scene: Scene, falsify: ModuleType) -> None:
    """The same change moves formulas at a later cutoff: the tests above could fail."""
    other = falsify.poisoned(scene.tables, scene.cutoff, scene.keys, scene.plan.entity)
    later = scene.X.with_columns(pl.lit(scene.cutoff + timedelta(days=120), pl.Datetime("us")).alias("cutoff"))
    assert len(scene.moved(other, later)) >= 5
