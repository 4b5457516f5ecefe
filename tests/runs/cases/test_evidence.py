"""The rows behind a formula are those that its value counts."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.runs.cases.evidence import known_rows, matched, union
from tael.runs.cases.queue import Alerts
from tael.tables import read_tables

COUNTED = {
    'count(transfers, where=amount < 500, last="30d", via="sender")': None,
    'sum(transfers.amount, last="30d", via="sender")': "amount",
    'count(logins, last="7d")': None,
    'count(transfers, last="2mo", via="receiver") - count(logins)': None,
}


@pytest.fixture(scope="module")
def engine(watch: Any) -> Engine:
    return Engine(read_tables(watch.tables), "accounts")


@pytest.fixture(scope="module")
def observed(watch: Any) -> pl.DataFrame:
    frame = Alerts.read(watch.run).frame.select("account_id", "cutoff")
    return frame.sample(25, seed=0)


@pytest.mark.parametrize("formula", list(COUNTED))
def test_as_many_as_the_value_says(engine: Engine, observed: pl.DataFrame, formula: str) -> None:
    values = engine.evaluate([formula], observed)[0].data
    for k in range(observed.height):
        found = matched(engine, engine.bind(formula), engine.observe(observed[k]))
        parts = [
            engine.tables[one.table]["amount"].gather(one.rows).sum() if COUNTED[formula] else len(one.rows)
            for one in found
        ]
        total = parts[0] - sum(parts[1:])
        assert total == pytest.approx(values[k], rel=1e-12)
        assert all(one.exact for one in found)


def test_a_networks_edges_are_its_evidence(engine: Engine, observed: pl.DataFrame) -> None:
    bound = engine.bind('fan_out(transfers, last="30d")')
    values = engine.evaluate([bound], observed)[0].data
    for k in range(observed.height):
        (one,) = matched(engine, bound, engine.observe(observed[k]))
        paid = engine.tables["transfers"]["receiver"].gather(one.rows)
        assert paid.n_unique() == values[k]


def test_a_layered_condition_is_told_to_be_wider(engine: Engine, observed: pl.DataFrame) -> None:
    bound = engine.bind('count(transfers, where=cutoff - at < 9, via="sender")')
    (one,) = matched(engine, bound, engine.observe(observed[0]))
    assert not one.exact


def test_structure_of_everybody_shows_no_rows(engine: Engine, observed: pl.DataFrame) -> None:
    assert matched(engine, engine.bind('pagerank(transfers, last="30d")'), engine.observe(observed[0])) == []


def test_rows_known_before(engine: Engine) -> None:
    frame = engine.tables["transfers"]
    cutoff = 1_741_000_000_000_000
    rows = known_rows(engine, "transfers", np.ones(frame.height, dtype=bool), cutoff, ("sender",))
    at = pl.lit(cutoff).cast(pl.Datetime("us"))
    assert len(rows) == frame.filter((pl.col("at") < at) & (pl.col("known_at") < at)).height
    assert union(engine, "transfers", [rows[:3], rows[1:4]]).tolist() == rows[:4].tolist()
