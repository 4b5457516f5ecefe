"""Case graphs: in time, within bounds, few crossings, and money that adds up."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.networks import Edges, GangSettings, NetworkError, case_graph, find_gangs
from tael.networks.layout import lay_out

ALL = GangSettings(share=1.0, within="365d", split_over=10**6, cap=10**6, least=2, rounds=0)
ROWS = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 7), st.integers(0, 20), st.integers(1, 500)).filter(
        lambda r: r[0] != r[1]
    ),
    min_size=1,
    max_size=30,
)


def drawn(edges: Edges, most: int = 60) -> dict[str, Any]:
    return case_graph(find_gangs(edges, np.full(len(edges), 0.9), settings=ALL)[0], edges, most)


@given(rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_places_and_money(made: Callable[..., Edges], rows: list[tuple[int, int, int, int]]) -> None:
    graph = json.loads(json.dumps(drawn(made(rows))))
    nodes = {node["id"]: node for node in graph["nodes"]}
    assert all(0 <= node["x"] <= 1 and 0 <= node["y"] <= 1 for node in nodes.values())
    assert len({(node["x"], node["y"]) for node in nodes.values()}) == len(nodes)
    by_time = sorted(nodes.values(), key=lambda node: node["first"])
    assert [node["x"] for node in by_time] == sorted(node["x"] for node in by_time)
    assert [edge["step"] for edge in graph["edges"]] == list(range(1, len(graph["edges"]) + 1))
    assert [edge["at"] for edge in graph["edges"]] == sorted(edge["at"] for edge in graph["edges"])
    assert sum(node["sent"] for node in nodes.values()) == pytest.approx(graph["gang"]["money"])
    passed: dict[int, float] = {}
    for step in graph["trail"]:
        assert sum(part["amount"] for part in step["from_steps"]) <= step["amount"] + 0.01
        for part in step["from_steps"]:
            before = graph["edges"][part["step"] - 1]
            assert before["target"] == step["source"]
            assert part["step"] < step["step"]
            passed[part["step"]] = passed.get(part["step"], 0.0) + part["amount"]
    assert all(total <= graph["edges"][step - 1]["amount"] + 0.01 for step, total in passed.items())


def test_the_trail_is_first_in_first_out(made: Callable[..., Edges]) -> None:
    graph = drawn(made([(0, 2, 0, 100.0), (1, 2, 1, 50.0), (2, 3, 2, 120.0), (2, 4, 3, 40.0)]))
    assert graph["trail"][2]["from_steps"] == [{"step": 1, "amount": 100.0}, {"step": 2, "amount": 20.0}]
    assert graph["trail"][3]["from_steps"] == [{"step": 2, "amount": 30.0}]
    assert graph["trail"][1]["held"] == 150.0
    assert [tick["x"] for tick in graph["ticks"]] == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_a_large_gang_shows_its_core_and_tells_what_is_missing(made: Callable[..., Edges]) -> None:
    edges = made([(0, k, k / 10, 1000.0 - k) for k in range(1, 100)])
    graph = drawn(edges, most=60)
    assert len(graph["nodes"]) == 60
    assert graph["left_out"]["nodes"] == 40
    assert graph["left_out"]["edges"] == 99 - 59
    assert {node["id"] for node in graph["nodes"]} == set(range(60))
    assert graph["left_out"]["amount"] + sum(edge["amount"] for edge in graph["edges"]) == graph["gang"]["money"]


def test_layers_that_can_be_drawn_without_crossings_are() -> None:
    source, target = np.arange(6), 6 + np.array([3, 0, 4, 1, 5, 2])
    plan = lay_out(source, target, np.repeat([0, 10], 6))
    assert plan.crossings == 0


def test_other_edges_are_refused(made: Callable[..., Edges]) -> None:
    edges = made([(0, 1, 0), (1, 2, 1)])
    gang = find_gangs(edges, [0.9, 0.9], settings=ALL)[0]
    with pytest.raises(NetworkError, match="other edges"):
        case_graph(gang, edges.take([0]))
    with pytest.raises(NetworkError, match="2 or more"):
        case_graph(gang, edges, most=1)
