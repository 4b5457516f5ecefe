"""Co-visits: a planted group stands out, chance does not, and people who came once bind nobody."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from tael.networks import GangSettings, NetworkError, covisit_edges, find_gangs


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


def test_a_misspelt_column() -> None:
    with pytest.raises(NetworkError, match="provider"):
        covisit_edges(visits(0, planted=False), place="provider")
