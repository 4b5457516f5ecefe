"""LAW 1 for gangs: what nobody could know at a search's cutoff moves neither its network nor what it finds."""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_laundering
from tael.decisions import GangPolicy
from tael.engine import Engine
from tael.networks import GangSettings
from tael.observations import observe
from tael.runs.deciding import deciding_of
from tael.runs.plan import Plan
from tael.scenarios import scenario
from tael.tables import Tables

CUTOFF = datetime(2025, 4, 12)
POLICY = GangPolicy(9, GangSettings(share=None, threshold=0.3, within="14d", rounds=1))
SCORES = ['fan_in(transfers, last="28d", via="receiver")', 'new_counterparties(transfers, last="28d", via="sender")']


class Scene(NamedTuple):
    plan: Plan
    tables: Tables
    X: pl.DataFrame

    def gangs(self, tables: Tables, X: pl.DataFrame | None = None) -> list[Any]:
        """All that a search tells: members, roles, transfers, scores, ranks. Scores stand for a model's."""
        X = self.X if X is None else X
        engine = Engine(tables, "transfers", cutoff="cutoff")
        terms = deciding_of(self.plan).terms(engine, X, compare=False)
        came, met = (np.nan_to_num(value.data) for value in engine.evaluate(SCORES, X))
        found = POLICY.decide(terms.moves, np.clip((came + met) / 12, 0.0, 1.0))
        return [
            (one.name, g.gang_id, g.members, g.roles, g.typology, g.score, g.money,
             one.gangs.edges.ids[g.edges].tolist(), g.evidence.tolist(), one.rank.tolist())
            for one in found for g in one.gangs
        ]  # fmt: skip


@pytest.fixture(scope="module")
def scene() -> Scene:
    bank = simulate_laundering(500, 160, 2, gangs=14, sizes=(4, 8), transfers_per_account=25, missed=0.0)
    tables = bank.tables()
    content = tomllib.loads(scenario("laundering-gangs").source)
    del content["example"]
    plan = Plan.from_dict(content)
    seen = observe(tables, plan.observations.model_copy(update={"at": (CUTOFF,), "every": None}))
    made = Scene(plan, tables, seen.frame)
    assert len(made.gangs(tables)) >= 3
    return made


@pytest.mark.parametrize("how", ["truncated", "poisoned"])
def test_later_rows_and_values_do_not_matter(scene: Scene, falsify: ModuleType, how: str) -> None:
    other = getattr(falsify, how)(scene.tables, CUTOFF, scene.X["transfer_id"].to_list(), "transfers")
    assert not other["transfers"].equals(scene.tables["transfers"])
    assert scene.gangs(other) == scene.gangs(scene.tables)


def test_late_rows_are_no_rows(scene: Scene, falsify: ModuleType) -> None:
    late, without = falsify.arrived_late(scene.tables, CUTOFF, 5)
    left = set(without["transfers"]["transfer_id"])
    X = scene.X.filter(pl.col("transfer_id").is_in(left))
    assert X.height < scene.X.height
    assert scene.gangs(late, X) == scene.gangs(without, X)
    # and a transfer that is not known yet is not observed at all
    design = scene.plan.observations.model_copy(update={"at": (CUTOFF,), "every": None})
    seen = observe(late, design).frame.join(late["transfers"], on="transfer_id", how="left")
    assert (seen["known_at"] <= CUTOFF).all()
    assert seen.height < scene.X.height


def test_the_own_outcome_does_not_matter(scene: Scene) -> None:
    transfers, reports = scene.tables["transfers"], scene.tables["reports"]
    other = scene.tables.replace(
        transfers=transfers.with_columns(laundering=~pl.col("laundering"), judged=pl.col("judged") + timedelta(days=9)),
        reports=reports.filter(pl.col("filed") < CUTOFF),
        accounts=scene.tables["accounts"].with_columns(launders=~pl.col("launders")),
    )
    assert scene.gangs(other) == scene.gangs(scene.tables)


def test_the_poison_is_noticed_later(scene: Scene, falsify: ModuleType) -> None:
    """The same change moves a later search: the tests above could fail."""
    other = falsify.poisoned(scene.tables, CUTOFF, scene.X["transfer_id"].to_list(), "transfers")
    later = scene.plan.observations.model_copy(update={"at": (CUTOFF + timedelta(days=28),), "every": None})
    X = observe(scene.tables, later).frame
    assert scene.gangs(other, X) != scene.gangs(scene.tables, X)
