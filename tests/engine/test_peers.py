"""Comparison with peers: in training, as known then, and among the rows that an observation sees."""

from __future__ import annotations

import json
from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.engine.peers import Population
from tael.errors import FormulaError
from tael.tables import Tables
from tael.tables.schema import Type

START = datetime(2024, 1, 1)


def day(number: float) -> datetime:
    return datetime.fromtimestamp(START.timestamp() + 86400 * number)


@pytest.fixture
def bank() -> Tables:
    """Applications of two branches, and payments of their customers."""
    applications = pl.DataFrame(
        {
            "application_id": [1, 2, 3, 4, 5],
            "applied": [day(d) for d in (1, 3, 5, 7, 9)],
            "branch": ["a", "b", "a", "a", None],
            "amount": [10.0, 20.0, 30.0, None, 50.0],
        }
    )
    payments = pl.DataFrame(
        {
            "application_id": [1, 1, 1, 3, 3],
            "at": [day(d) for d in (1.5, 2, 6, 5.5, 6)],
            "shop": ["x", "y", "x", "x", None],
            "paid": [1.0, 2.0, 4.0, 8.0, 16.0],
        }
    )
    return Tables(
        {"applications": applications, "payments": payments},
        {
            "applications": {"key": "application_id", "time": "applied", "columns": {"branch": {"type": "category"}}},
            "payments": {
                "time": "at",
                "columns": {"application_id": {"to": "applications"}, "shop": {"type": "category"}},
            },
        },
    )


def observe(tables: Tables, *keys: int, at: float = 20) -> pl.DataFrame:
    cutoffs = pl.Series([day(at)] * len(keys), dtype=pl.Datetime("us"))
    return pl.DataFrame({"application_id": list(keys), "cutoff": cutoffs})


def told(engine: Engine, formula: str, X: pl.DataFrame, **fitted: object) -> list[float | None]:
    return [None if np.isnan(x) else float(x) for x in engine.evaluate([formula], X, **fitted)[0].data]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("mean(amount, by=branch)", [20.0, 20.0, 20.0, None]),
        ("count(applications, by=branch)", [3.0, 1.0, 3.0, None]),
        ("count(amount, by=branch)", [2.0, 1.0, 2.0, None]),
        ('max(amount, by="all")', [50.0, 50.0, 50.0, 50.0]),
        ("amount / mean(amount, by=branch)", [0.5, 1.0, 1.5, None]),
        ("mean(amount, where=amount > 10, by=branch)", [30.0, 20.0, 30.0, None]),
        ("sum(amount, by=(branch, amount > 10))", [10.0, 20.0, 30.0, None]),
        ("mean(count(payments), by=branch)", [5 / 3, 0.0, 5 / 3, None]),
        ('mean(amount - mean(amount, by=branch), by="all")', [0.0, 0.0, 0.0, 0.0]),
    ],
)
def test_peers_in_training(bank: Tables, formula: str, expected: list[float | None]) -> None:
    engine = Engine(bank, "applications")
    X = observe(bank, 1, 2, 3, 4, 5)
    fitted = engine.fit([formula], X)
    got = told(engine, formula, observe(bank, 1, 2, 3, 5), fitted=fitted)
    assert got == pytest.approx(expected, nan_ok=True)
    again = {text: Population.from_dict(json.loads(json.dumps(one.to_dict()))) for text, one in fitted.items()}
    assert told(engine, formula, observe(bank, 1, 2, 3, 5), fitted=again) == got


def test_a_group_that_training_has_not_seen_is_missing(bank: Tables) -> None:
    engine = Engine(bank, "applications")
    fitted = engine.fit(["mean(amount, by=branch)"], observe(bank, 1, 3))
    assert told(engine, "mean(amount, by=branch)", observe(bank, 2, 3), fitted=fitted) == [None, 20.0]
    nobody = engine.fit(['mean(amount, by="all")'], observe(bank))
    assert told(engine, 'mean(amount, by="all")', observe(bank, 2), fitted=nobody) == [None]


def test_only_the_training_observations_enter(bank: Tables) -> None:
    engine = Engine(bank, "applications")
    one = engine.fit(["mean(amount, by=branch)"], observe(bank, 1))["mean(amount, by=branch)"]
    assert one == Population([["a"]], [Type.CATEGORY], [10.0], Type.NUMBER)


def test_what_was_not_fitted_says_so(bank: Tables) -> None:
    with pytest.raises(FormulaError, match="statistic of the training observations") as error:
        Engine(bank, "applications").evaluate(["amount / mean(amount, by=branch)"], observe(bank, 1))
    assert 'among="as_of"' in str(error.value)


@pytest.mark.parametrize(
    ("formula", "at", "expected"),
    [
        ('mean(amount, by=branch, among="as_of")', 20, [20.0, 20.0, None]),
        ('mean(amount, by=branch, among="as_of")', 5, [10.0, 20.0, None]),  # a row at the cutoff is no peer yet
        ('count(applications, by=branch, among="as_of", last="3d")', 5.5, [1.0, 1.0, 0.0]),
        ('count(applications, by="all", among="as_of")', 6, [3.0, 3.0, 3.0]),
        ('mean(sum(payments.paid), by=branch, among="as_of")', 5.7, [(3.0 + 8.0) / 2, 0.0, None]),
    ],
)
def test_peers_as_known_then(bank: Tables, formula: str, at: float, expected: list[float | None]) -> None:
    got = told(Engine(bank, "applications"), formula, observe(bank, 1, 2, 5, at=at))
    assert got == pytest.approx(expected)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("mean(payments.paid / mean(payments.paid, by=shop))", [1.0, 1.0]),
        ("max(count(payments, by=shop), over=payments)", [2.0, 1.0]),
        ("share(payments, where=at - min(payments.at, by=shop) > 1)", [1 / 3, 0.0]),
        ('sum(payments.paid, where=payments.paid > mean(payments.paid, by="all"))', [4.0, 16.0]),
    ],
)
def test_siblings(bank: Tables, formula: str, expected: list[float]) -> None:
    assert told(Engine(bank, "applications"), formula, observe(bank, 1, 3)) == pytest.approx(expected)


def test_chunks_do_not_matter(bank: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(bank, "applications")
    X = observe(bank, 3, 1, 2, 1, 5)
    formulas = [
        "max(count(payments, by=shop), over=payments)",
        "mean(cutoff - payments.at)",
        "mode(payments.shop, where=cutoff > at)",
    ]
    whole = engine.evaluate(formulas, X)
    monkeypatch.setattr("tael.engine.pairs.CHUNK", 2)
    for a, b in zip(whole, engine.evaluate(formulas, X), strict=True):
        assert a.type == b.type
        left, right = (v.strings() if a.levels is not None else v.data for v in (a, b))
        np.testing.assert_array_equal(left, right)


def test_no_observations_and_empty_tables(bank: Tables) -> None:
    formulas = ["max(count(payments, by=shop), over=payments)", 'mean(amount, by=branch, among="as_of")']
    none = Engine(bank, "applications").evaluate(formulas, observe(bank))
    assert [len(values) for values in none] == [0, 0]
    empty = bank.replace(payments=bank["payments"].clear(), applications=bank["applications"].clear())
    got = Engine(empty, "applications").evaluate(formulas, observe(bank, 1))
    assert all(np.isnan(values.data).all() for values in got)
