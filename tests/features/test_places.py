"""Where people meet: whom a person met there, and what is usual at the places of a person's rows."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from tael.engine import Engine
from tael.features.enumerate import Enumeration
from tael.features.own import Limits
from tael.formulas.printer import to_text
from tael.tables import Tables

START = datetime(2025, 1, 1)
SCHEMA = {
    "people": {"key": "id", "columns": {"age": {"type": "number"}}},
    "shops": {"key": "id"},
    "visits": {"time": "at", "columns": {
        "person": {"to": "people"}, "shop": {"to": "shops"}, "ticket": {"to": "tickets"}, "fee": {"type": "number"}}},
}  # fmt: skip


def enumerated(**schema: object) -> tuple[set[str], Engine, pl.DataFrame]:
    rng = np.random.default_rng(0)
    visits = pl.DataFrame(
        {
            "person": rng.integers(0, 20, 300),
            "shop": rng.integers(0, 4, 300),
            "ticket": np.arange(300),
            "at": [START + timedelta(hours=int(h)) for h in rng.integers(0, 2_000, 300)],
            "fee": rng.gamma(2.0, 10.0, 300).round(2),
        }
    )
    frames = {
        "people": pl.DataFrame({"id": range(20), "age": rng.uniform(20, 60, 20)}),
        "shops": pl.DataFrame({"id": range(4)}),
        "visits": visits,
    }
    engine = Engine(Tables(frames, SCHEMA), "people")
    X = pl.DataFrame({"id": range(20), "cutoff": [START + timedelta(days=60)] * 20})
    made = Enumeration(engine, engine.observe(X), Limits(windows=("30d",)), **schema)  # type: ignore[arg-type]
    return {to_text(node) for node in made}, engine, X


def test_meetings_and_places_are_proposed_where_people_share_them() -> None:
    found, engine, X = enumerated()
    proposed = [
        'met_again(visits.shop, within="1d", last="30d")',
        'max(share(visits, where=is_weekend(at), last="30d", via="shop"), over=visits, last="30d")',
        'mean(mean(visits.fee, last="30d", via="shop"), over=visits, last="30d")',
    ]
    assert set(proposed) <= found
    # a ticket is one person's: nobody is met there
    assert not any("visits.ticket, within" in text or 'via="ticket"' in text for text in found)
    assert all(np.isfinite(values.data).any() for values in engine.evaluate(proposed, X))


def test_what_is_forbidden_is_no_place() -> None:
    found, _, _ = enumerated(forbid=("visits.shop",))
    assert not any("visits.shop" in text or 'via="shop"' in text for text in found)


def test_what_is_usual_at_a_place_is_what_was_known_there() -> None:
    _, engine, X = enumerated()
    value = engine.evaluate(['mean(n_unique(visits.person, last="30d", via="shop"), over=visits, last="30d")'], X)[0]
    visits = engine.tables["visits"].filter(
        pl.col("at").is_between(START + timedelta(days=30), START + timedelta(days=60), closed="left")
    )
    crowd = visits.join(visits.group_by("shop").agg(crowd=pl.col("person").n_unique()), on="shop")
    plain = crowd.group_by("person").agg(pl.col("crowd").mean()).sort("person")
    assert value.data[plain["person"].to_numpy()].tolist() == plain["crowd"].to_list()
