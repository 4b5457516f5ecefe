"""Within the day, on small simulated books and minutes: every section in both languages, and the controls."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_minutes, simulate_order_book
from tael.errors import ScenarioError
from tael.reports import build_report
from tael.runs.markets.bundle import load_market_bundle
from tael.runs.markets.intraday_data import book_data
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.runner import run_market
from tael.runs.result import Run
from tael.tables.frames import Tables

SECTIONS = ("summary", "data", "market", "factors", "scores", "execution", "limits", "reproduce")
BOOK: dict[str, Any] = {
    "name": "small-book",
    "market": {
        "kind": "book", "bars": "snapshots", "entity": "code", "time": "time", "exchange": "cn_stocks", "levels": 2,
        "clock": "3s", "universe": "age >= 20",
    },
    "label": {"formula": "mid[+11] / mid[+1] - 1", "across": "time", "scale": "volatility", "horizons": [1, 10]},
    "features": {
        "formulas": {
            "queue_imbalance": "(bid_volume1 - ask_volume1) / (bid_volume1 + ask_volume1)",
            "imbalance_2": "(bid_volume2 - ask_volume2) / (bid_volume2 + ask_volume2)",
            "move_10": "mid / delay(mid, 10) - 1",
        }
    },
    "split": {"validation": 0.5, "test": 0.7},
    "model": {"kind": "linear"},
    "execution": {"size": 20_000, "lot": 100, "enter": 0.9, "leave": 0.5, "base": 40},
}  # fmt: skip
MINUTES: dict[str, Any] = {
    "name": "small-minutes",
    "market": {
        "kind": "minutes", "bars": "bars", "entity": "contract", "time": "time", "exchange": "cn_futures",
        "bar": "1min", "fields": ["buy_volume", "sell_volume"], "universe": "age >= 10",
    },
    "label": {"formula": "close[+2] / close[+1] - 1", "across": "time", "horizons": [1, 5]},
    "features": {
        "formulas": {
            "flow": "(buy_volume - sell_volume) / volume", "move_5": "close / delay(close, 5) - 1",
            "burst": "volume / ts_mean(volume, 10)",
        }
    },
    "split": {"validation": 0.5, "test": 0.7},
    "model": {"kind": "linear"},
    "execution": {"size": 500_000, "buy_fee": 0.00005, "sell_fee": 0.00005},
}  # fmt: skip


@pytest.fixture(scope="module")
def snapshots() -> Tables:
    return simulate_order_book(2400, 3, seed=4).tables()


@pytest.fixture(scope="module")
def bars() -> Tables:
    return simulate_minutes(4, 6, seed=5).tables()


@pytest.fixture(scope="module")
def book_run(snapshots: Tables, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_market(MarketPlan.from_dict(BOOK), snapshots, tmp_path_factory.mktemp("book"), n_jobs=1)


@pytest.fixture(scope="module")
def minutes_run(bars: Tables, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_market(MarketPlan.from_dict(MINUTES), bars, tmp_path_factory.mktemp("minutes"), n_jobs=1)


@pytest.fixture(params=["book", "minutes"])
def made(request: pytest.FixtureRequest, book_run: Run, minutes_run: Run) -> Run:
    return book_run if request.param == "book" else minutes_run


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_has_every_section(made: Run, lang: str) -> None:
    page = build_report(made.content, lang)
    assert tuple(re.findall(r'<section id="(\w+)"', page)) == SECTIONS
    words = re.sub(r"<(style|script|code|pre)[^>]*>.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)
    assert "nan" not in words.lower().split()
    assert 'class="missing"' not in page.replace('<p class="missing"><strong>', "")
    if lang == "zh":  # names of products, versions and times alone are not Chinese
        english = re.findall(r"\b(?:the|of|and|after|rows|bars|spread|held|mean)\b", words)
        assert english == []


def test_every_figure_is_there(made: Run) -> None:
    content = made.content
    assert set(content["ic"]) == {"train", "validation", "out_of_time"}
    assert len(content["fifths"]) == 5
    assert [row["horizon"] for row in content["decay"]] == list(content["scenario"]["config"]["label"]["horizons"])
    done = content["execution"]
    items = {row["item"]: row["amount"] for row in done["attribution"]}
    net = items.pop("net")
    assert net == pytest.approx(sum(items.values()), abs=1e-6)
    assert done["curve"]["net"][-1] * done["capital"] == pytest.approx(net, abs=1e-6)
    assert {row["name"] for row in done["variants"]} >= {"as_stated", "latency 5", "limit", "fees doubled"}
    doubled = {row["name"]: row["net"] for row in done["variants"]}
    assert doubled["fees doubled"] < doubled["as_stated"]
    assert content["simulated"]
    assert {one["code"] for one in content["verdict"]["findings"]} >= {"TAEL-M12"}


def test_the_controls_hold(made: Run) -> None:
    controls = {row["code"]: row for row in made.content["controls"]}
    assert controls["truncated"]["passed"] is True
    assert controls["truncated"]["differing"] == 0
    shuffled = controls["shuffled"]
    assert shuffled["passed"] is True
    planted = made.content["ic"]["out_of_time"]["rank_ic"]["value"]
    assert abs(shuffled["rank_ic"]["value"]) < planted / 2  # what is planted is found, what is shuffled is not


def test_a_label_that_is_known_already_is_found_out(bars: Tables, tmp_path: Path) -> None:
    """The label shifted back until it is known: foretold perfectly, and the verdict says so."""
    changed = MINUTES | {
        "label": {"formula": "close / delay(close, 1) - 1", "across": "time", "scale": "raw"},
        "features": {"formulas": {"now": "close / delay(close, 1) - 1", "burst": "volume / ts_mean(volume, 10)"}},
    }
    content = run_market(MarketPlan.from_dict(changed), bars, tmp_path, n_jobs=1).content
    assert content["ic"]["out_of_time"]["rank_ic"]["value"] > 0.9
    assert "TAEL-M02" in [one["code"] for one in content["verdict"]["findings"]]


def test_a_factor_that_looks_ahead_is_refused(bars: Tables, tmp_path: Path) -> None:
    from tael.errors import FormulaError

    changed = MINUTES | {"features": {"formulas": {"tomorrow": "close[+1] / close - 1"}}}
    with pytest.raises(FormulaError):
        run_market(MarketPlan.from_dict(changed), bars, tmp_path, n_jobs=1)


@pytest.mark.parametrize("kind", ["book", "minutes"])
def test_what_comes_later_does_not_move_a_score(
    kind: str, book_run: Run, minutes_run: Run, snapshots: Tables, bars: Tables
) -> None:
    """The future truncated, and the future poisoned: not a bit moves, neither from tables nor in the panel."""
    run, tables = (book_run, snapshots) if kind == "book" else (minutes_run, bars)
    bundle = load_market_bundle(run.path)
    name = bundle.plan.market.bars
    panel = book_data(tables, bundle.plan).panel
    t = np.flatnonzero(panel.members.any(axis=1))[-40]
    moment = panel.times[t].astype("M8[us]").item()
    whole = bundle.scores(panel.window(None, int(t) + 1))
    told = run.scores.filter(pl.col("time") == moment)
    assert sorted(told["score"].to_list()) == sorted(whole[np.isfinite(whole)].tolist())
    later = pl.col("time") > moment
    frame = tables[name]
    prices = [one for one in frame.columns if "price" in one or one in ("open", "high", "low", "close", "last")]
    wild = frame.with_columns(pl.when(later).then(pl.col(one) * 3).otherwise(pl.col(one)).alias(one) for one in prices)
    for changed in (frame.filter(~later), wild):
        again = book_data(Tables({**{k: tables[k] for k in tables}, name: changed}, tables.schema), bundle.plan).panel
        row = int(np.searchsorted(again.times, panel.times[t]))
        assert again.times[row] == panel.times[t]
        here = dict(zip(again.entities, bundle.scores(again.window(None, row + 1))[0].tolist(), strict=True))
        for entity, score in zip(panel.entities, whole[0].tolist(), strict=True):
            assert np.array_equal(here.get(entity, np.nan), score, equal_nan=True)


def test_what_is_written(made: Run) -> None:
    scores, decisions = made.scores, made.decisions
    assert set(scores["split"].unique()) <= {"train", "validation", "purged", "out_of_time"}
    assert scores["score"].is_finite().all()
    first = made.content["split"]["parts"]["out_of_time"]["first"]
    assert str(decisions["time"].min())[:16] >= first
    trades = pl.read_parquet(made.path / "trades.parquet")
    assert trades.height == made.content["execution"]["figures"]["trades"]
    assert (
        "flow = " in (made.path / "features.txt").read_text()
        or "move_10 = " in (made.path / "features.txt").read_text()
    )


def test_models_and_formulas_as_scores(bars: Tables, tmp_path: Path) -> None:
    small = {"n_seeds": 1, "n_estimators": 20, "num_leaves": 4, "learning_rate": 0.1}
    made = run_market(
        MarketPlan.from_dict(MINUTES | {"model": {"kind": "booster", "settings": small}}), bars, tmp_path, n_jobs=1
    )
    assert made.content["model"]["kind"] == "booster"
    plain = run_market(
        MarketPlan.from_dict(MINUTES | {"model": {"kind": "formula", "score": "(buy_volume - sell_volume) / volume"}}),
        bars, tmp_path, n_jobs=1,
    )  # fmt: skip
    assert plain.content["model"]["fits"] == 0
    assert "controls" not in plain.content
    assert plain.content["ic"]["out_of_time"]["rank_ic"]["value"] > 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"label": {"formula": "close[+2] / close[+1] - 1", "across": "entities"}}, "across"),
        ({"model": {"kind": "ranker"}}, "over time"),
        ({"features": {"formulas": {"a": "close"}, "mine": {"candidates": 10, "keep": 1}}}, "no mining"),
        ({"execution": {"enter": 0.4, "leave": 0.5}}, "leave at most as high as enter"),
        ({"market": MINUTES["market"] | {"bars": "quotes"}}, "names a table that is not there"),
        ({"market": MINUTES["market"] | {"fields": ["bought"]}}, "lacks a column"),
    ],
)
def test_faults_are_told(bars: Tables, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        run_market(MarketPlan.from_dict(MINUTES | change), bars, tmp_path, n_jobs=1)
    assert not list(tmp_path.iterdir())


def test_shuffled_labels_keep_their_sessions(plan_of: Callable[..., MarketPlan]) -> None:
    from tael.runs.markets.intraday_measuring import shuffled

    label, session = np.arange(20.0)[:, None], np.repeat([0, 1], 10)
    label[3] = np.nan
    mixed = shuffled(label, session, np.random.default_rng(0))
    for code in (0, 1):
        one, two = label[session == code], mixed[session == code]
        assert np.isnan(one).sum() == np.isnan(two).sum()
        assert np.nanmean(two) == pytest.approx(0.0)
        assert np.nanstd(two) == pytest.approx(np.nanstd(one))
