"""The bundle scores the next bar as the run did, and refuses to be altered."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError
from tael.runs.bundle import load_bundle
from tael.runs.markets.bundle import load_market_bundle
from tael.runs.markets.data import market_data
from tael.runs.markets.plan import MarketPlan
from tael.runs.result import Run
from tael.tables.frames import Tables


def test_the_last_bars_score_as_in_the_run(market_run: Run, market_tables: Tables) -> None:
    bundle = load_market_bundle(market_run.path)
    panel = market_data(market_tables, bundle.plan).panel
    scores = bundle.scores(panel, 3)
    names = np.array(panel.entities)
    for k in range(3):
        when = panel.times[len(panel) - 3 + k]
        told = market_run.scores.filter(pl.col("time") == when.astype("M8[us]").item())
        at = np.isfinite(scores[k])
        assert sorted(names[at].tolist()) == sorted(told["entity"].to_list())
        here = dict(zip(names[at].tolist(), scores[k, at].tolist(), strict=True))
        assert here == dict(zip(told["entity"].to_list(), told["score"].to_list(), strict=True))


def test_what_comes_later_does_not_move_a_score(market_run: Run, market_tables: Tables) -> None:
    """The future truncated, and the future poisoned: not a bit moves."""
    bundle = load_market_bundle(market_run.path)
    panel = market_data(market_tables, bundle.plan).panel
    t = 250
    day = panel.times[t].astype("M8[D]").item()
    whole = bundle.scores(panel.window(None, t + 1))
    cut = {
        name: frame.filter(pl.col("date").dt.date() <= day) if name == "bars" else frame
        for name, frame in market_tables.items()
    }
    poisoned = dict(cut)
    prices = ("open", "high", "low", "close", "preclose")
    later = pl.col("date").dt.date() > day
    poisoned["bars"] = market_tables["bars"].with_columns(
        *(pl.when(later).then(pl.col(name) * 3).otherwise(pl.col(name)).alias(name) for name in prices),
        pl.when(later).then(1e9).otherwise(pl.col("volume")).alias("volume"),
    )
    for tables in (cut, poisoned):
        data = market_data(Tables(tables, market_tables.schema), bundle.plan)
        rows = int(np.searchsorted(data.panel.times, panel.times[t])) + 1
        again = bundle.scores(data.panel.window(None, rows))
        here = dict(zip(data.panel.entities, again[0].tolist(), strict=True))
        for name, score in zip(panel.entities, whole[0].tolist(), strict=True):
            assert here.get(name, np.nan) == score or np.isnan(score)


def test_an_altered_bundle_is_refused(market_run: Run, tmp_path: Path) -> None:
    shutil.copytree(market_run.path / "model", tmp_path / "model")
    text = (tmp_path / "model" / "factors.json").read_text()
    (tmp_path / "model" / "factors.json").write_text(text.replace("delay(close, 5)", "delay(close, 6)"))
    with pytest.raises(RunError, match=r"factors\.json was altered"):
        load_market_bundle(tmp_path / "model")


def test_neither_kind_of_bundle_reads_the_other(market_run: Run) -> None:
    with pytest.raises(RunError, match="form that this version of tael does not read"):
        load_bundle(market_run.path)


def test_nothing_in_it_is_code(market_run: Run) -> None:
    names = {path.suffix for path in (market_run.path / "model").rglob("*") if path.is_file()}
    assert names <= {".json", ".txt"}
    manifest = json.loads((market_run.path / "model" / "manifest.json").read_text())
    assert manifest["format"] == 100


def test_a_plan_goes_round(plan_of: Callable[..., MarketPlan]) -> None:
    plan = plan_of()
    assert MarketPlan.from_dict(plan.to_dict()) == plan
