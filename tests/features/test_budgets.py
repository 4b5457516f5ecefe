"""Budgets of time, memory and candidates; Ctrl-C; progress; stated directions."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

from tael.errors import FeaturesError
from tael.features import AutoFeatures
from tael.features.clock import Clock
from tael.features.directions import Directions
from tael.features.labels import Label
from tael.features.ledger import Ledger
from tael.formulas.parser import parse
from tael.formulas.syntax import Name


@pytest.fixture(scope="module")
def told(world: Any) -> Any:
    """Tables, X and a label that age and recent values move."""
    tables, X, rng = world(7, 800)
    age = tables["people"]["age"].to_numpy()
    return tables, X, rng.random(len(X)) < 1 / (1 + np.exp(-(age - 45) / 6))


def interrupting(after: int, times: int = 1) -> Any:
    """Progress that presses Ctrl-C at the so-manieth call."""
    calls = [0]

    def tell(text: str, share: float) -> None:
        calls[0] += 1
        if after <= calls[0] < after + times:
            raise KeyboardInterrupt

    return tell


# ------------------------------------------------------------------ Ctrl-C
@pytest.mark.parametrize("after", [1, 2])
def test_ctrl_c_ends_the_search_with_what_it_has(told: Any, quiet: dict, after: int) -> None:
    tables, X, y = told
    auto = AutoFeatures(tables, **quiet, progress=interrupting(after)).fit(X, y)
    assert auto.interrupted_
    assert "age" in auto.formulas_
    assert auto.ledger_.summary()["kept"] == len(auto.formulas_)
    assert auto.ledger_.summary().get("interrupted", 0) > 0
    assert auto.transform(X).shape == (len(X), len(auto.formulas_))
    assert not AutoFeatures(tables, **quiet).fit(X, y).interrupted_


def test_ctrl_c_in_the_weighing_keeps_the_best_by_score(told: Any, quiet: dict, monkeypatch: Any) -> None:
    tables, X, y = told

    def pressed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tael.features.weighing.weigh", pressed)
    auto = AutoFeatures(tables, **quiet).fit(X, y)
    assert auto.interrupted_
    assert "age" in auto.formulas_[:3]
    assert np.isnan(auto.gain_).all()


def test_a_second_ctrl_c_goes_through(told: Any, quiet: dict) -> None:
    tables, X, y = told
    with pytest.raises(KeyboardInterrupt):
        AutoFeatures(tables, **quiet, progress=interrupting(1, times=2)).fit(X, y)


# ------------------------------------------------------------------ budgets
def test_the_budget_of_candidates_is_kept(told: Any, quiet: dict) -> None:
    tables, X, y = told
    whole = len(AutoFeatures(tables, **quiet).fit(X, y).ledger_)
    auto = AutoFeatures(tables, **quiet, budget={"candidates": 100}).fit(X, y)
    fates = auto.ledger_.frame()["fate"].value_counts()
    fates = dict(fates.iter_rows())
    assert auto.forecast_.candidates <= 100
    assert fates["beyond the budget"] == whole - auto.forecast_.candidates
    assert auto.null_.trials <= 100
    deep = AutoFeatures(tables, **quiet, layers=3, budget={"candidates": 100}).fit(X, y)
    tried = [fate for fate in deep.ledger_.frame()["fate"] if fate != "beyond the budget"]
    assert 90 < len(tried) <= 100
    with pytest.raises(FeaturesError, match="budget of candidates"):
        AutoFeatures(tables, **quiet, budget={"candidates": "many"}).fit(X, y)


def test_every_part_has_its_share_of_a_budget_and_spread_evenly() -> None:
    parts = [[Name((f"{letter}{i}",)) for i in range(n)] for letter, n in (("a", 100), ("b", 300))]
    ledger = Ledger()
    clock = Clock(candidates=40)
    staying = clock.share_out(parts, ledger, deeper=False)
    assert [len(part) for part in staying] == [10, 30]
    assert [node.parts[0] for node in staying[0]] == [f"a{i}" for i in range(0, 100, 10)]
    assert ledger.summary() == {"beyond the budget": 360}
    assert clock.candidates == 0


@pytest.mark.parametrize("seconds", [0.05, 2.0])
def test_the_time_budget_includes_the_weighing(told: Any, quiet: dict, seconds: float, monkeypatch: Any) -> None:
    tables, X, y = told
    slow = 0.02

    def weigh(columns: Any, *args: Any, **kwargs: Any) -> Any:
        time.sleep(slow * len(columns))
        return original(columns, *args, **kwargs)

    from tael.features import weighing

    original = weighing.weigh
    monkeypatch.setattr(weighing, "weigh", weigh)
    clock = time.monotonic()
    auto = AutoFeatures(tables, **quiet, budget={"time": f"{seconds}s"}).fit(X, y)
    assert auto.formulas_ or seconds < 1
    # the enumeration, and one batch, are not cut short
    assert time.monotonic() - clock < seconds + 15


def test_the_clock() -> None:
    assert Clock().left() is None
    assert not Clock().search_over()
    spent = Clock(seconds=10.0, start=time.monotonic() - 7.0)
    assert spent.search_over()
    assert not spent.over()
    assert 2.5 < spent.left() < 3.1


def test_progress_names_what_is_tried_and_the_best(told: Any, quiet: dict) -> None:
    tables, X, y = told
    texts: list[str] = []
    AutoFeatures(tables, **quiet, progress=lambda text, share: texts.append(text)).fit(X, y)
    assert any("now people" in text for text in texts)
    assert any("now events" in text and "best so far age" in text and "sd above chance" in text for text in texts)


# ------------------------------------------------------------------ stated directions
def test_what_contradicts_its_stated_direction_goes(told: Any, quiet: dict) -> None:
    tables, X, y = told
    agreeing = AutoFeatures(tables, **quiet, directions={"age": "+"}).fit(X, y)
    assert agreeing.direction_[agreeing.formulas_.index("age")] == 1
    against = AutoFeatures(tables, **quiet, directions={"age": "-"}).fit(X, y)
    fate = dict(against.ledger_.frame().select("formula", "fate").iter_rows())
    assert fate["age"] == "contradicts its stated direction"
    assert "age" not in against.formulas_
    with pytest.raises(FeaturesError, match="neither up nor down"):
        AutoFeatures(tables, **quiet, directions={"age": "up"}).fit(X, y)


@pytest.mark.parametrize(
    ("formula", "sign"),
    [
        ("late", 0),
        ("payments.late", 1),
        ("mean(payments.late, last='30d')", 1),
        ("mean(payments.late, where=kind == 'a')", 1),
        ("mean(payments.sum, where=late > 3)", 0),
        ("share(payments, where=late > 3)", 1),
        ("share(payments, where=late < 3)", -1),
        ("count(payments, where=late > 3 and kind == 'a')", 0),
        ("count(payments.late)", 0),
        ("-max(payments.late)", -1),
        ("max(payments.late) - income", 1),
        ("income - max(payments.late)", -1),
        ("income + max(payments.late)", 0),
        ("max(payments.late) / 3", 1),
        ("max(payments.late) / income", 0),
        ("income", -1),
        ("income <= 5", 1),
        ("std(payments.late)", 0),
        ("days_since(born)", 1),
    ],
)
def test_what_a_stated_direction_says_of_a_formula(formula: str, sign: int) -> None:
    label = Label("number", np.arange(10.0))
    directions = Directions({"payments.late": "+", "income": "-", "days_since(born)": "+"}, label)
    assert directions.of(parse(formula)) == sign


def test_a_direction_is_observed_where_both_halves_say_so() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=400).astype(np.float32)
    directions = Directions({}, Label("number", x + rng.normal(size=400)))
    assert directions.observed(x) == 1
    assert directions.observed(-x) == -1
    assert directions.observed(rng.normal(size=400).astype(np.float32)) == 0
    assert directions.observed(np.where(np.arange(400) < 250, x, -x).astype(np.float32)) == 0
    assert directions.observed(np.full(400, np.nan, dtype=np.float32)) == 0
