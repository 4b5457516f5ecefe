"""Which product is taken next: a probability each, none for what is held, and the catalogue is the law."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, ScenarioError
from tael.models import load_model, save_model
from tael.runs.tasks import task_of

PRODUCTS = ["card", "fund", "gold"]


@pytest.fixture(scope="module")
def scene(tiny: Any, plans: Any) -> Any:
    return tiny(plans["recommender"])


@pytest.fixture(scope="module")
def fitted(scene: Any) -> Any:
    return scene.task.fit(scene.features, scene.sample)


def took(scene: Any) -> list[str]:
    """What each row took within 90 days, by a plain loop; an empty text: nothing."""
    buys = scene.tables["buys"].sort("at").to_dicts()
    found = []
    for person, cutoff in scene.sample.X.iter_rows():
        mine = [
            b["product"]
            for b in buys
            if b["person_id"] == person and 0 <= (b["at"] - cutoff).total_seconds() < 90 * 86400
        ]
        found.append(mine[0] if mine else "")
    return found


def test_outputs_are_those_that_formulas_may_name(scene: Any, fitted: Any) -> None:
    told = fitted.outputs(scene.features)
    assert list(told) == list(scene.task.outputs(scene.engine)) == ["p", *(f"p_{name}" for name in PRODUCTS)]
    each = np.column_stack([told[f"p_{name}"] for name in PRODUCTS])
    assert told["p"] == pytest.approx(each.sum(axis=1))
    assert (told["p"] <= 1 + 1e-12).all()
    for name in PRODUCTS:
        held = scene.features[name].to_numpy() == 1.0
        assert held.any()
        assert (told[f"p_{name}"][held] == 0).all()
        assert (told[f"p_{name}"][~held] > 0).all()
    assert fitted.scores == tuple(PRODUCTS)


def test_holdings_are_features_whatever_the_search_finds(scene: Any) -> None:
    assert list(scene.task.forced()) == PRODUCTS
    buys = scene.tables["buys"].to_dicts()
    for (person, cutoff), row in zip(scene.sample.X.iter_rows(), scene.features.to_dicts(), strict=True):
        before = {b["product"] for b in buys if b["person_id"] == person and b["at"] < cutoff}
        assert {name for name in PRODUCTS if row[name] == 1.0} == before


def test_what_came_is_the_product_taken(scene: Any, fitted: Any) -> None:
    rows = scene.rows("out_of_time")
    told, came = fitted.truths(scene.sample, scene.features, rows), took(scene)
    assert fitted.taken(scene.sample).tolist() == came
    for place, row in enumerate(rows.tolist()):
        assert told["p"][place] == (came[row] != "")
        for name in PRODUCTS:
            assert told[f"p_{name}"][place] == (came[row] == name)


def test_it_is_judged_on_pairs_that_may_be_offered(scene: Any, fitted: Any) -> None:
    judged, came = fitted.judged(scene.sample, scene.features), took(scene)
    told = fitted.outputs(scene.features)
    pairs = [
        (row, name) for row in range(len(came)) for name in PRODUCTS if told[f"p_{name}"][row] > 0 or came[row] == name
    ]
    assert judged.y.tolist() == [float(came[row] == name) for row, name in pairs]
    assert judged.p.tolist() == [told[f"p_{name}"][row] for row, name in pairs]
    for part, rows in scene.sample.split.parts().items():
        mine = set(rows.tolist())
        assert judged.parts[part].tolist() == [i for i, (row, _) in enumerate(pairs) if row in mine]
    assert len(judged.cutoffs) == len(judged.groups) == len(pairs)


def test_the_section_counts_takers(scene: Any, fitted: Any) -> None:
    told = fitted.section(scene.sample, scene.features)["ranking"]
    rows = scene.rows("out_of_time")
    came = np.array(took(scene), dtype=object)[rows]
    assert (told["rows"], told["takers"], told["k"]) == (len(rows), int((came != "").sum()), 3)
    assert list(told["models"]) == ["model", "popularity", "item_to_item"]
    assert scene.task.told(None, fitted)["products"] == PRODUCTS
    train = np.array(took(scene), dtype=object)[scene.rows("train")]
    takers = scene.task.told(None, fitted)["takers"]
    assert takers is None or takers == [int((train == name).sum()) for name in PRODUCTS]


def test_it_comes_back_from_a_folder_to_the_last_bit(scene: Any, fitted: Any, tmp_path: Path) -> None:
    save_model(fitted.model, tmp_path / "weights")
    again = task_of(scene.plan).restore(load_model(tmp_path / "weights"))
    told, before = again.outputs(scene.features), fitted.outputs(scene.features)
    assert list(told) == list(before)
    assert all(told[name].tobytes() == before[name].tobytes() for name in told)
    for score in fitted.scores:
        assert (
            again.contributions(scene.features[:9], score).tobytes()
            == fitted.contributions(scene.features[:9], score).tobytes()
        )


def test_what_can_be_taken_again_is_offered_again(tiny: Any, plans: Any) -> None:
    scene = tiny(plans["recommender"] | {"recommend": plans["recommender"]["recommend"] | {"repeat": True}})
    fitted = scene.task.fit(scene.features, scene.sample)
    told = fitted.outputs(scene.features)
    assert all((told[f"p_{name}"] > 0).all() for name in PRODUCTS)
    assert len(fitted.judged(scene.sample, scene.features).y) == 3 * len(scene.sample.y)


def test_a_product_that_the_catalogue_does_not_name(tiny: Any, plans: Any, tiny_tables: Any) -> None:
    buys = tiny_tables()["buys"]
    new = pl.when(pl.int_range(pl.len()) % 9 == 0).then(pl.lit("silver")).otherwise(pl.col("product"))
    with pytest.raises(ScenarioError, match=r"catalogue does not name[\s\S]*got: +silver[\s\S]*recommend\.holdings"):
        tiny(plans["recommender"], tiny_tables(buys=buys.with_columns(product=new)))


def test_a_label_that_is_no_product(tiny: Any, plans: Any) -> None:
    with pytest.raises(RunError, match=r"is the product that was taken[\s\S]*missing_is"):
        tiny(plans["recommender"] | {"label": {"formula": 'count(buys, next="90d") > 0'}})


@pytest.mark.parametrize(
    ("holdings", "told"),
    [
        ({"card": "count(buys)", "fund": "count(buys) > 0"}, r"must be a flag[\s\S]*recommend\.holdings\.card"),
        ({"gold coin": "count(buys) > 0", "fund": "count(buys) > 0"}, r"cannot be a feature's[\s\S]*gold coin"),
    ],
)
def test_holdings_that_make_no_sense(tiny: Any, plans: Any, holdings: dict[str, str], told: str) -> None:
    with pytest.raises(ScenarioError, match=told):
        tiny(plans["recommender"] | {"recommend": {"holdings": holdings}})


def test_without_a_word_for_nothing_those_who_bought_nothing_are_not_labelled(tiny: Any, plans: Any) -> None:
    every = tiny(plans["recommender"])
    label = {"formula": plans["recommender"]["label"]["formula"]}
    scene = tiny(plans["recommender"] | {"label": label})
    assert len(scene.sample.y) == sum(name != "" for name in took(every))
    assert scene.sample.classes == tuple(PRODUCTS)
