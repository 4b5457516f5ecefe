"""Each typology is named on a clean drawing of it, with noise, and whatever the order of the accounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.networks import TYPOLOGIES, name_shape

DRAWN = {
    "cycle": [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)],
    "scatter_gather": [(0, k) for k in range(1, 6)] + [(k, 9) for k in range(1, 6)],
    "fan_in": [(k, 0) for k in range(1, 7)],
    "fan_out": [(0, k) for k in range(1, 7)],
    "gather_scatter": [(k, 0) for k in range(1, 5)] + [(0, k) for k in range(5, 9)],
    "bipartite": [(i, j) for i in range(3) for j in range(3, 6)],
    "stack": [(i, j) for i in range(3) for j in range(3, 6)] + [(i, j) for i in range(3, 6) for j in range(6, 9)],
    "chain": [(0, 1), (1, 2), (2, 3), (3, 4)],
    "mixed": [(0, 1), (1, 0), (2, 3), (3, 2), (1, 2), (4, 5)],
}


def named(pairs: list[tuple[int, int]], times: list[int] | None = None) -> str:
    a, b = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    return name_shape(a, b, np.array(times or range(len(pairs)))).name


def test_every_typology_is_drawn() -> None:
    assert set(DRAWN) == set(TYPOLOGIES)


@pytest.mark.parametrize("name", DRAWN)
def test_a_clean_drawing_is_named(name: str) -> None:
    assert named(DRAWN[name]) == name


@given(name=st.sampled_from(sorted(DRAWN)), data=st.data())
@settings(max_examples=60, deadline=None)
def test_neither_names_nor_order_matter(name: str, data: st.DataObject) -> None:
    codes = data.draw(st.permutations(range(10)))
    pairs = data.draw(st.permutations([(codes[a], codes[b]) for a, b in DRAWN[name]]))
    assert named(pairs) == name


@pytest.mark.parametrize("name", ["cycle", "fan_in", "fan_out", "scatter_gather", "gather_scatter"])
def test_one_stray_transfer_is_no_evidence(name: str) -> None:
    pairs = [*DRAWN[name], (2, 40)] if name != "fan_out" else [*DRAWN[name], (40, 2)]
    a, b = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    shape = name_shape(a, b, np.arange(len(pairs)))
    assert shape.name == name
    assert not shape.explained[-1]
    assert shape.explained[:-1].all()
    assert shape.fit == pytest.approx((len(pairs) - 1) / len(pairs))


def test_repeated_payments_to_one_person_are_no_fan() -> None:
    assert named([(0, 1)] * 8 + [(0, 2)]) == "mixed"
