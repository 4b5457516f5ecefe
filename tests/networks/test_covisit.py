"""Co-visits: a planted group stands out, chance does not, and people who came once bind nobody."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_claims
from tael.networks import Edges, GangSettings, NetworkError, covisit_edges, find_gangs, gang_metrics


def visits(seed: int, planted: bool) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = [
        (f"p{int(p)}", f"h{int(h)}", date(2025, 1, 1) + timedelta(days=int(d)), 100.0)
        for p, h, d in zip(
            rng.integers(0, 300, 3_000), rng.integers(0, 20, 3_000), rng.integers(0, 180, 3_000), strict=True
        )
    ]
    if planted:
        rows += [
            (f"p{p}", "h3", date(2025, 1, 1) + timedelta(days=d), 500.0) for p in range(6) for d in range(9, 180, 17)
        ]
    return pl.DataFrame(rows, schema=["person_id", "provider_id", "at", "amount"], orient="row")


def test_a_planted_group_is_found() -> None:
    edges, score = covisit_edges(visits(0, planted=True))
    gangs = find_gangs(edges, score, settings=GangSettings(share=None, threshold=0.9, within="30d"))
    assert set(gangs[0].members) == {f"p{k}" for k in range(6)}
    assert gangs[0].typology == "group"
    assert set(gangs[0].roles) <= {"member", "hub"}


def test_chance_alone_scores_low() -> None:
    for seed in range(3):
        edges, score = covisit_edges(visits(seed, planted=False))
        pairs = {(a, b) for a, b, s in zip(edges.source, edges.target, score, strict=True) if s > 0.5}
        assert len(pairs) <= 3


def test_crowded_days_bind_nobody() -> None:
    with pytest.raises(NetworkError, match="raise `crowd`"):
        covisit_edges(visits(0, planted=True), crowd=1)


def _over_two_days(seed: int) -> pl.DataFrame:
    """Honest visits, and six people who come every third week, each on one of two days."""
    rng = np.random.default_rng([seed, 7])
    rows = [
        (f"p{p}", "h3", date(2025, 1, 1) + timedelta(days=int(d + rng.integers(0, 2))), 500.0)
        for p in range(6)
        for d in range(9, 180, 21)
    ]
    return pl.concat([visits(seed, planted=False), pl.DataFrame(rows, schema=visits(0, False).schema, orient="row")])


def test_a_group_that_comes_over_two_days_meets_each_time() -> None:
    shared, told = {}, {}
    for apart in (0, 1):
        edges, score = covisit_edges(_over_two_days(0), apart=apart)
        nodes = np.array(edges.nodes)
        ends = zip(nodes[edges.source], nodes[edges.target], score, strict=True)
        planted = [s for a, b, s in ends if {a, b} <= {f"p{k}" for k in range(6)}]
        shared[apart], told[apart] = len(planted), float(np.median(planted))
    assert shared[1] >= 15 * 9  # every pair, every time
    assert shared[0] < 0.7 * shared[1]
    assert told[1] > told[0]
    with pytest.raises(NetworkError, match="counts days"):
        covisit_edges(visits(0, planted=False), apart=-1)


def test_a_meeting_counts_once_however_often_one_comes() -> None:
    rows = [("a", 1), ("b", 1), ("b", 2), ("a", 30), ("b", 31), ("a", 60), ("b", 60), ("a", 61), ("c", 90), ("c", 120)]
    table = pl.DataFrame(
        [(who, "h", date(2025, 1, 1) + timedelta(days=d), 1.0) for who, d in rows],
        schema=["person_id", "provider_id", "at", "amount"],
        orient="row",
    )
    edges, _ = covisit_edges(table, apart=1)
    assert len(edges) == 3
    assert len(covisit_edges(table)[0]) == 2


def test_a_misspelt_column() -> None:
    with pytest.raises(NetworkError, match="provider"):
        covisit_edges(visits(0, planted=False), place="provider")


def test_the_core_of_a_group_admitted_together_is_found_and_nobody_honest() -> None:
    made = simulate_claims(2_000, 240, 3)
    stays = made.frames["visits"].filter("inpatient")
    # a group comes over two days; days of two make it one meeting
    stays = stays.with_columns(at=pl.col("admitted").dt.truncate("2d"), amount=pl.col("incurred"))
    edges, score = covisit_edges(stays)
    found = find_gangs(edges, score, settings=GangSettings(share=None, threshold=0.005, within="120d"))
    truth: dict[str, dict[int, set[int]]] = {}
    for person, group, scheme in made.truth.frame.select("person_id", "group_id", "scheme").iter_rows():
        truth.setdefault(scheme, {}).setdefault(group, set()).add(person)
    others = {group: people for groups in truth.values() for group, people in groups.items()}
    metrics = gang_metrics(found, truth["co_visits"], also_right=others)
    assert metrics.recall_any == 1.0  # a gang whose days fall into two bins is found in part
    assert metrics.reports["pure"].min() == 1.0


def test_rings_of_claims_that_share_a_shop_or_a_phone(data_dir: Path) -> None:
    folder = data_dir / "claims" / "fraud_rings"
    claims = pl.read_csv(folder / "claims.csv", try_parse_dates=True)
    links = pl.read_csv(folder / "relationships.csv")
    # a claimant's address and phone hang on the claimant, all else on the claim: what is shared is the far end
    far = pl.when(pl.col("target_id") == pl.col("claim_id")).then("source_id").otherwise("target_id")
    links = links.select("claim_id", shared=far).join(
        claims.select("claim_id", "claim_date", "claim_amount"), "claim_id"
    )
    links = links.with_columns(n=pl.col("claim_id").n_unique().over("shared"))
    edges = Edges.from_frame(
        links, source="claim_id", target="shared", time="claim_date", amount="claim_amount", directed=False
    )
    how = GangSettings(share=None, threshold=0.01, within="730d", split_over=100, cap=100, most_links=100)
    found = find_gangs(edges, 1 - 1 / links["n"].to_numpy(), settings=how)
    reports = [set(gang.members) & set(claims["claim_id"]) for gang in found]
    rings = claims.drop_nulls("fraud_ring_id").group_by("fraud_ring_id").agg("claim_id")
    truth = {ring: set(members) for ring, members in rings.iter_rows()}
    metrics = gang_metrics(reports, truth, first=(5,))
    assert (len(found), metrics.recall_close, metrics.precision[5]) == (5, 1.0, 1.0)
    assert metrics.truth["jaccard"].min() == 1.0
