"""From scored edges to ranked gangs: what is kept, what is cut, what is said."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tael.datasets.laundering import simulate_laundering
from tael.networks import Edges, GangSettings, NetworkError, choose_settings, find_gangs, gang_metrics

LOOSE = GangSettings(share=None, threshold=0.5)


def test_gangs_part_in_time_and_rank_by_score_times_money(made: Callable[..., Edges]) -> None:
    early = [(k, 0, k, 10.0) for k in range(1, 5)]
    late = [(0, k, 200 + k, 90.0) for k in range(5, 9)]
    gangs = find_gangs(made(early + late), np.full(8, 0.9), settings=LOOSE)
    assert [gang.typology for gang in gangs] == ["fan_out", "fan_in"]
    assert [gang.gang_id for gang in gangs] == ["gang-0001", "gang-0002"]
    assert 0 in gangs[0].members
    assert 0 in gangs[1].members
    assert gangs[0].rank_value == pytest.approx(gangs[0].score * 360.0)


def test_roles_follow_the_money(made: Callable[..., Edges]) -> None:
    rows = [(0, k, 0, 100.0) for k in (1, 2, 3)] + [(k, 4, 1, 95.0) for k in (1, 2, 3)]
    gang = find_gangs(made(rows), np.full(6, 0.9), settings=LOOSE)[0]
    role = dict(zip(gang.members, gang.roles, strict=True))
    assert role == {0: "source", 1: "mule", 2: "mule", 3: "mule", 4: "collector"}
    assert gang.typology == "scatter_gather"
    assert gang.evidence.all()


def test_small_groups_loops_and_the_unsuspected_are_left_out(made: Callable[..., Edges]) -> None:
    gangs = find_gangs(made([(0, 1, 0), (1, 0, 1), (2, 2, 0), (3, 4, 0)]), [0.9, 0.9, 0.9, 0.1], settings=LOOSE)
    assert len(gangs) == 0
    assert (gangs.told["loops"], gangs.told["kept"], gangs.told["small"]) == (1, 2, 1)
    assert gangs.frame().height == gangs.members().height == gangs.transfers().height == 0


def test_a_thin_bridge_is_cut(made: Callable[..., Edges]) -> None:
    one = [(i, j, (i + j) / 9) for i in range(8) for j in range(8) if i != j]
    two = [(i + 20, j + 20, d) for i, j, d in one]
    edges = made([*one, *two, (0, 20, 1.0)])
    gangs = find_gangs(edges, np.full(len(edges), 0.9), settings=GangSettings(share=1.0, split_over=10))
    assert gangs.told["parts"] == 1
    assert gangs.told["cut"] == 1
    assert sorted(len(gang) for gang in gangs if len(gang.edges) > 20) in ([8, 8], [8, 9])


def test_node_scores_take_the_geometric_mean(made: Callable[..., Edges]) -> None:
    edges = made([(0, 1, 0), (1, 2, 1)])
    gang = find_gangs(edges, node_score=[0.4, 0.9, 0.9], settings=GangSettings(share=1.0, rounds=0))[0]
    assert gang.edge_score == pytest.approx([0.6, 0.9])
    both = find_gangs(edges, [0.2, 0.1], node_score=[0.4, 0.9, 0.9], settings=GangSettings(share=1.0, rounds=0))[0]
    assert both.edge_score == pytest.approx([0.4, 0.5])


def test_the_order_of_the_rows_does_not_matter(made: Callable[..., Edges]) -> None:
    rng = np.random.default_rng(3)
    drawn = zip(rng.integers(0, 40, 90), rng.integers(0, 40, 90), rng.random(90) * 60, strict=True)
    rows = [(int(a), int(b), float(d), 10.0 + k) for k, (a, b, d) in enumerate(drawn)]
    score = rng.random(90)
    mixed = rng.permutation(90)
    how = GangSettings(share=0.4, split_over=8)
    straight = find_gangs(made(rows), score, settings=how)
    turned = find_gangs(made([rows[k] for k in mixed]), score[mixed], settings=how)
    assert [set(gang.members) for gang in straight] == [set(gang.members) for gang in turned]


def test_tables_and_json(made: Callable[..., Edges]) -> None:
    gangs = find_gangs(made([(k, 0, k) for k in range(1, 5)]), np.full(4, 0.9), settings=LOOSE)
    assert gangs.members().filter(pl.col("node") == 0)["received"].item() == 400.0
    assert gangs.transfers()["amount"].sum() == gangs[0].money == 400.0
    assert json.loads(json.dumps(gangs.to_dict()))["gangs"][0]["typology"] == "fan_in"


@pytest.mark.parametrize(
    ("settings", "where"),
    [({"share": 2.0}, "share"), ({"least": 1}, "least"), ({"decay": -1.0}, "decay")],
)
def test_settings_out_of_range(settings: dict[str, float], where: str) -> None:
    with pytest.raises(NetworkError, match=where):
        GangSettings(**settings)  # type: ignore[arg-type]


def test_what_is_missing_is_told(made: Callable[..., Edges]) -> None:
    with pytest.raises(NetworkError, match="Nothing says which"):
        GangSettings(share=None)
    with pytest.raises(NetworkError, match="edge_score, node_score"):
        find_gangs(made([(0, 1, 0)]))
    with pytest.raises(NetworkError, match="2 scores"):
        find_gangs(made([(0, 1, 0)]), node_score=[0.1])


def test_planted_gangs_are_found_and_settings_carry_over() -> None:
    bank = simulate_laundering(2_000, 120, seed=3, gangs=16, sizes=(5, 20))
    transfers = bank.frames["transfers"]
    of = dict(bank.truth.transfers.iter_rows())
    planted = np.array([of.get(key) is not None for key in transfers["transfer_id"]])
    rng = np.random.default_rng(0)
    score = np.where(planted, rng.beta(4, 2, len(planted)), rng.beta(1, 60, len(planted)))
    edges = Edges.from_frame(transfers.select("transfer_id", "sender", "receiver", "at", "amount").drop_nulls(),
                             id="transfer_id")  # fmt: skip
    score = score[(transfers["sender"].is_not_null() & transfers["receiver"].is_not_null()).to_numpy()]
    truth: dict[str, set[str]] = {}
    for account, gang in bank.truth.frame.select("account_id", "gang_id").iter_rows():
        truth.setdefault(gang, set()).add(account)
    choice = choose_settings(edges, score, truth, thresholds=(0.1, 0.3), withins=("14d", "40d"), split_overs=(30,))
    found = gang_metrics(find_gangs(edges, score, settings=choice.settings), truth)
    assert found.recall >= 0.7
    assert found.precision[10] >= 0.7
    assert choice.trials["value"].is_sorted(descending=True)
