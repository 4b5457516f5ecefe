"""Network operators on tables: what an edge is, when it counts, whose node is asked about; and the law of time."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.engine import Engine
from tael.formulas.networks import OF_THINGS
from tael.formulas.operators import ON_NETWORKS
from tael.tables import Tables

START = datetime(2024, 1, 20)
HALF_DAY = timedelta(hours=12)
SCHEMA = {
    "people": {"key": "id", "columns": {"district": {"type": "category"}}},
    "accounts": {"key": "id", "columns": {"owner": {"to": "people"}}},
    "transfers": {"key": "id", "time": "at", "known_at": "booked", "columns": {
        "sender": {"to": "accounts"}, "receiver": {"to": "accounts", "known_at": "named"}, "named": {"type": "time"},
        "amount": {"type": "number"}, "channel": {"type": "category"},
        "fraud": {"type": "flag", "known_at": "judged"}, "judged": {"type": "time"}}},
    "logins": {"time": "at", "columns": {"account": {"to": "accounts"}, "device": {"type": "category"}}},
    "alerts": {"key": "id", "time": "at", "columns": {"account": {"to": "accounts"}}},
}  # fmt: skip
CASES = {
    "fan_in": 'fan_in(transfers, last="30d")',
    "fan_out": "fan_out(transfers)",
    "in_degree": 'in_degree(transfers, where=channel == "app")',
    "out_degree": "out_degree(transfers, where=fraud)",
    "new_counterparties": 'new_counterparties(transfers, last="7d")',
    "reciprocity": 'reciprocity(transfers, last="20d")',
    "pass_through": 'pass_through(transfers, within="2d", last="30d")',
    "residence": 'residence(transfers.amount, within="7d", where=channel == "app")',
    "cycles": 'cycles(transfers, length=3, within="14d")',
    "chain": 'chain(transfers, length=4, within="14d", last="20d")',
    "scatter_gather": 'scatter_gather(transfers, last="20d")',
    "gather_scatter": 'gather_scatter(transfers, last="20d")',
    "stack": "stack(transfers)",
    "bipartite": 'bipartite(transfers, last="20d")',
    "structuring": "structuring(transfers, below=5000)",
    "round_share": 'round_share(transfers, last="20d")',
    "repeated_amounts": "repeated_amounts(transfers)",
    "night_share": 'night_share(transfers, last="20d")',
    "dormancy": 'dormancy(transfers, last="7d")',
    "surge": 'surge(transfers, within="2d")',
    "component": 'component(transfers, last="20d")',
    "pagerank": "pagerank(transfers)",
    "coreness": "coreness(transfers)",
    "shared": 'shared(logins.device, last="20d")',
    "met": 'met(logins.device, within="1d", last="20d")',
    "met_again": 'met_again(logins.device, within="4d")',
    "most_met": 'most_met(logins.device, within="12h", last="30d")',
}
FORMULAS = [*CASES.values(), 'fan_in(transfers, last="7d") / fan_in(transfers, last="30d")', "out_degree(transfers)"]


def frames(seed: int) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    n, accounts = 90, [f"a{i}" for i in range(9)]

    def moments(n: int, low: int, high: int) -> pl.Series:
        return pl.Series([START + int(k) * HALF_DAY for k in rng.integers(low, high, n)])

    def pick(choices: list, n: int) -> pl.Series:
        return pl.Series([choices[k] for k in rng.integers(0, len(choices), n)])

    at = moments(n, 0, 80)
    wait = pl.Series([int(k) * HALF_DAY for k in rng.choice([0, 0, 0, 1, 9, 60], n)])
    judged = at + pl.Series([int(k) * HALF_DAY for k in rng.integers(1, 40, n)])
    return {
        "people": pl.DataFrame({"id": [1, 2, 3], "district": ["N", "S", None]}),
        "accounts": pl.DataFrame({"id": accounts, "owner": pick([1, 2, 3, None], 9)}),
        "transfers": pl.DataFrame({
            "id": np.arange(n), "at": at, "booked": at + wait,
            "sender": pick([*accounts, "unknown", None], n), "receiver": pick([*accounts, accounts[0]], n),
            "named": pl.Series([None if k else t for k, t in zip(rng.random(n) < 0.1, at, strict=True)]),
            "amount": pick([100.0, 4_500.0, 1_000.0, 950.0, 900.0, 2_000.0, None], n),
            "channel": pick(["app", "desk", None], n), "fraud": pick([True, False, None], n),
            "judged": judged}),
        "logins": pl.DataFrame({"account": pick([*accounts, None], 40), "at": moments(40, 0, 80),
                                "device": pick(["d1", "d2", "d3", "d4", None], 40)}),
        "alerts": pl.DataFrame({"id": np.arange(20), "account": pick([*accounts, "nobody"], 20),
                                "at": moments(20, 20, 90)}),
    }  # fmt: skip


def observed(seed: int, n: int = 25) -> pl.DataFrame:
    rng = np.random.default_rng([seed, 1])
    return pl.DataFrame(
        {
            "id": [f"a{k}" for k in rng.integers(0, 10, n)],
            "cutoff": [START + int(k) * HALF_DAY for k in rng.integers(0, 95, n)],
        }
    )


def told(tables: Tables, X: pl.DataFrame, entity: str = "accounts", formulas=FORMULAS, **settings) -> list[list]:
    found = Engine(tables, entity, **settings).evaluate(formulas, X)
    return [[None if np.isnan(x) else float(x) for x in values.data] for values in found]


def test_every_operator_has_a_case():
    assert set(CASES) == set(ON_NETWORKS)


def test_cases_say_something():
    values = told(Tables(frames(0), SCHEMA), observed(0, 80))
    for formula, column in zip(FORMULAS, values, strict=True):
        assert len({x for x in column if x is not None}) > 1, formula


@settings(max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_counts_by_hand(seed):
    tables, X = Tables(frames(seed), SCHEMA), observed(seed)
    formulas = [CASES[op] for op in ("fan_in", "in_degree", "out_degree", "structuring")]
    got = told(tables, X, formulas=formulas)
    known = [
        # an edge counts once it has happened and all that is read of it is known
        row | {"from": max(filter(None, (row["at"], row["booked"], row["named"])), default=None)}
        for row in frames(seed)["transfers"].to_dicts()
        if row["named"] is not None
    ]
    for i, (who, cutoff) in enumerate(X.iter_rows()):
        past = [row for row in known if row["from"] < cutoff and row["sender"] is not None]
        month = [row for row in past if row["at"] >= cutoff - timedelta(days=30)]
        assert got[0][i] == len({row["sender"] for row in month if row["receiver"] == who})
        assert got[1][i] == sum(row["receiver"] == who and row["channel"] == "app" for row in past)
        judged = [row for row in past if row["fraud"] is True and row["judged"] < cutoff]
        assert got[2][i] == sum(row["sender"] == who for row in judged)
        near = [row for row in past if row["amount"] is not None and 4_000 <= row["amount"] < 5_000]
        assert got[3][i] == sum(who in (row["sender"], row["receiver"]) for row in near)


def changed(seed: int, cutoff: datetime, how: str) -> dict[str, pl.DataFrame]:
    """The tables with what was not known before a cutoff left out, or told otherwise."""
    tables = frames(seed)
    for name, late in (("transfers", ["booked", "named"]), ("logins", [])):
        frame = tables[name]
        coming = [pl.col(column).fill_null(cutoff) >= cutoff for column in late]
        unseen = pl.any_horizontal(pl.col("at") >= cutoff, *coming)
        if how == "left out":
            tables[name] = frame.filter(~unseen)
        else:
            values = {
                "transfers": {"sender": pl.lit("a1"), "receiver": pl.lit("a2"), "amount": pl.lit(4_999.0),
                              "channel": pl.lit("app"), "fraud": pl.lit(True)},
                "logins": {"account": pl.lit("a1"), "device": pl.lit("d1")},
            }[name]  # fmt: skip
            tables[name] = frame.with_columns(
                pl.when(unseen).then(value).otherwise(pl.col(column)).alias(column) for column, value in values.items()
            )
    # the verdict on a row that is known becomes known later than the row
    unjudged = pl.col("judged") >= cutoff
    tables["transfers"] = tables["transfers"].with_columns(
        pl.when(unjudged).then(~pl.col("fraud").fill_null(False)).otherwise(pl.col("fraud")).alias("fraud")
    )
    return tables


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), step=st.integers(5, 80), how=st.sampled_from(["left out", "told otherwise"]))
def test_what_was_not_known_does_not_matter(seed, step, how):
    cutoff = START + step * HALF_DAY
    X = observed(seed).with_columns(pl.lit(cutoff).alias("cutoff"))
    assert told(Tables(frames(seed), SCHEMA), X) == told(Tables(changed(seed, cutoff, how), SCHEMA), X)


def test_rows_at_the_cutoff_and_rows_known_late_do_not_count():
    rows = {
        "id": [1, 2, 3], "sender": ["a1"] * 3, "receiver": ["a2"] * 3, "named": [START] * 3, "amount": [1.0] * 3,
        "channel": ["app"] * 3, "fraud": [True] * 3, "judged": [START] * 3,
        "at": [START, START + HALF_DAY, START + 2 * HALF_DAY],
        "booked": [START, START + 3 * HALF_DAY, START + 2 * HALF_DAY],
    }  # fmt: skip
    tables = Tables({**frames(0), "transfers": pl.DataFrame(rows)}, SCHEMA)
    X = pl.DataFrame({"id": ["a1"] * 5, "cutoff": [START + k * HALF_DAY for k in range(5)]})
    # the second is booked three half days after the first: it counts from then on
    assert told(tables, X, formulas=["out_degree(transfers)"]) == [[0.0, 1.0, 1.0, 2.0, 3.0]]


def test_bulk_equals_row_by_row_in_any_order_on_any_threads():
    tables, X = Tables(frames(3), SCHEMA), observed(3, 40)
    whole = told(tables, X)
    assert told(tables, X, n_threads=3) == whole
    for i in range(0, 40, 7):
        assert [column[0] for column in told(tables, X[i : i + 1])] == [column[i] for column in whole]
    backwards = told(tables, X.reverse())
    assert [column[::-1] for column in backwards] == whole
    for formula, column in zip(FORMULAS, whole, strict=True):
        assert told(tables, X, formulas=[formula]) == [column]


def test_who_is_asked_about_may_lie_above_the_observation():
    tables = Tables(frames(4), SCHEMA)
    alerts = frames(4)["alerts"]
    X = alerts.select("id", pl.col("at").alias("cutoff"))
    direct = alerts.select(pl.col("account").alias("id"), pl.col("at").alias("cutoff"))
    assert told(tables, X, "alerts") == told(tables, direct)
    transfers = frames(4)["transfers"].filter(pl.col("sender").is_not_null(), pl.col("booked") <= pl.col("at"))
    X = transfers.select("id", pl.col("at").alias("cutoff"))
    direct = transfers.select(pl.col("sender").alias("id"), pl.col("at").alias("cutoff"))
    formula = ['fan_in(transfers, via="sender")', 'cycles(transfers, length=2, within="9d", via="sender")']
    assert told(tables, X, "transfers", formula) == told(
        tables, direct, formulas=[one.replace(', via="sender"', "") for one in formula]
    )


def test_networks_inside_aggregates_and_beside_peers():
    tables = Tables(frames(5), SCHEMA)
    X = pl.DataFrame({"id": [1, 2, 3], "cutoff": [START + 80 * HALF_DAY] * 3})
    most = told(tables, X, "people", ["max(fan_in(transfers), over=accounts)"])[0]
    accounts = frames(5)["accounts"]
    for who, got in zip((1, 2, 3), most, strict=True):
        mine = accounts.filter(pl.col("owner") == who).select("id", pl.lit(START + 80 * HALF_DAY).alias("cutoff"))
        fans = told(tables, mine, formulas=["fan_in(transfers)"])[0]
        assert got == (max(fans) if fans else None)
    engine = Engine(tables, "accounts")
    formula = "fan_in(transfers) - mean(fan_in(transfers), by=owner.district)"
    X = observed(5)
    fitted = engine.fit([formula], X)
    assert np.isfinite(engine.evaluate([formula], X, fitted=fitted)[0].data).any()


def test_evidence_is_the_rows_that_matched():
    tables, X = Tables(frames(6), SCHEMA), observed(6, 60)
    engine = Engine(tables, "accounts")
    seen = engine.observe(X)
    transfers = frames(6)["transfers"]
    for op, formula in CASES.items():
        one = engine.bind(formula)
        matches = engine.networks.evidence(one, seen)
        values = engine.evaluate([one], seen)[0].data
        assert len(matches.offsets) == len(X) + 1
        if op in ("component", "pagerank", "coreness"):
            assert not len(matches.edges)
            continue
        for i, (_, cutoff) in enumerate(X.iter_rows()):
            rows = matches.of(i)
            assert bool(len(rows)) == (values[i] > 0) or op in ("dormancy", "residence")
            if op not in OF_THINGS:
                assert all(t < cutoff for t in transfers["at"].gather(rows))
    assert engine.networks.evidence(engine.bind(CASES["cycles"]), seen).edges.size


def test_a_number_of_its_own_may_be_the_amount():
    schema = {**SCHEMA, "transfers": {**SCHEMA["transfers"], "columns": {**SCHEMA["transfers"]["columns"], "fee": {
        "type": "number"}}}}  # fmt: skip
    fees = frames(7)
    fees["transfers"] = fees["transfers"].with_columns(fee=pl.col("amount") * 2.0)
    tables, X = Tables(fees, schema), observed(7)
    low, high = (
        f"structuring(transfers.{column}, below={below})" for column, below in (("amount", 1000), ("fee", 2000))
    )
    one, other = told(tables, X, formulas=[low, high])
    assert one == other
    assert any(one)


@pytest.mark.parametrize("formula", ["fan_in(transfers)", "component(transfers)", "dormancy(transfers)"])
def test_no_edges_at_all(formula):
    tables = Tables({**frames(0), "transfers": frames(0)["transfers"].clear()}, SCHEMA)
    assert set(told(tables, observed(0), formulas=[formula])[0]) <= {0.0, None}
