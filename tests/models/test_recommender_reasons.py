"""Why a product: parts that add up to its score, holdings among the columns, baselines exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import expit

from tael.errors import ModelError
from tael.models import ItemToItemRecommender, PopularityRecommender, ProductRecommender, load_model, save_model
from tael.models.recommender_base import Recommender
from tael.models.recommender_reasons import shared_out

NAMES = ["account", "card", "loan", "fund", "cover"]
# Holdings stand between the other columns, so that places can be mixed up.
ORDER = ["loan", "age", "one", "account", "job", "card", "empty", "cover", "fund"]


@pytest.fixture(scope="module")
def bank() -> pl.DataFrame:
    """The young borrow, who holds a loan takes cover, all hold an account, one is the same for all."""
    rng = np.random.default_rng(0)
    n = 500
    age = rng.uniform(20, 70, n)
    loan = rng.random(n) < np.where(age < 40, 0.7, 0.1)
    frame = pl.DataFrame(
        {
            "account": np.ones(n, dtype=int),
            "card": (rng.random(n) < 0.3) * 1,
            "loan": loan * 1,
            "fund": (rng.random(n) < 0.2) * 1,
            "cover": (rng.random(n) < np.where(loan, 0.5, 0.05)) * 1,
            "age": [None if k % 12 == 0 else v for k, v in enumerate(age)],
            "job": [None if k % 13 == 0 else v for k, v in enumerate(rng.choice(["clerk", "driver"], n))],
            "one": np.ones(n),
            "empty": pl.Series([None] * n, dtype=pl.Float64),
        }
    )
    return frame.select(ORDER)


def taken(frame: pl.DataFrame) -> np.ndarray:
    """What each took next, where there is something left to take."""
    rng = np.random.default_rng(1)
    held = frame.select(NAMES).to_numpy()
    chance = (1 - held) * np.column_stack([np.ones((len(held), 4)), 1 + 6 * held[:, 2]])
    took = [rng.choice(5, p=c / c.sum()) if c.sum() and rng.random() < 0.8 else None for c in chance]
    return np.array([None if m is None else NAMES[m] for m in took], dtype=object)


MODELS: list[Recommender] = [
    ProductRecommender(NAMES, rounds=12),
    ProductRecommender(NAMES, "linear"),
    PopularityRecommender(NAMES),
    ItemToItemRecommender(NAMES),
    ItemToItemRecommender(NAMES, similarity="cosine"),
]


@pytest.mark.parametrize("given_y", [False, True])
@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_parts_add_up(model: Any, given_y: bool, bank: pl.DataFrame, tmp_path: Path) -> None:
    weight = np.random.default_rng(2).integers(0, 3, bank.height)
    model.fit(bank, taken(bank) if given_y else None, sample_weight=weight)
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    strange = bank.head(30).with_columns(
        pl.lit("pilot").alias("job"), pl.lit(None, dtype=pl.Float64).alias("age"), pl.lit(0).alias("card")
    )
    none = bank.head(3).with_columns(pl.lit(0).alias(name) for name in NAMES)
    for rows in (bank, strange, none):
        for product in NAMES:
            parts, score = model.contributions(rows, product), model.product_score(rows, product)
            assert parts.shape == (rows.height, 10)
            np.testing.assert_allclose(parts.sum(axis=1), score, atol=1e-9)
            assert (parts[:, -1] == parts[0, -1]).all()
            assert (parts[:, [2, 6]] == 0).all()  # the same for all, empty
            np.testing.assert_array_equal(loaded.contributions(rows, product), parts)
            np.testing.assert_array_equal(loaded.product_score(rows, product), score)
            np.testing.assert_array_equal(model.contributions(rows.to_pandas(), product), parts)
            np.testing.assert_array_equal(model.contributions(rows[2:3], product)[0], parts[2])
    if isinstance(model, ProductRecommender):
        if given_y:  # else it is taken out in turn, so that not all hold it
            assert (model.contributions(bank, "cover")[:, 3] == 0).all()
        # Scores are what the probabilities are made of.
        p = np.column_stack([expit(model.product_score(bank, name)) for name in NAMES])
        p[bank.select(NAMES).to_numpy() == 1] = 0.0
        total = p.sum(axis=1)[:, None] if not given_y else np.maximum(p.sum(axis=1)[:, None], 1.0)
        np.testing.assert_allclose(model.predict_proba(bank), np.divide(p, total, out=0 * p, where=total > 0))
        # Who holds a loan takes cover: of the holdings, it says most.
        swing = np.abs(model.contributions(bank, "cover")).mean(axis=0)
        assert max((swing[ORDER.index(name)], name) for name in NAMES)[1] == "loan"
        loan = model.contributions(bank, "cover")[:, 0]
        assert loan[bank["loan"].to_numpy() == 1].min() > 0 > loan[bank["loan"].to_numpy() == 0].max()


def test_baselines_are_told_one_by_one(bank: pl.DataFrame) -> None:
    popular = PopularityRecommender(NAMES).fit(bank)
    parts = popular.contributions(bank, "fund")
    assert (parts[:, :-1] == 0).all()
    assert parts[0, -1] == popular.share_[3]
    assert (popular.score_scale, ProductRecommender.score_scale) == ("score", "log_odds")
    items = ItemToItemRecommender(NAMES).fit(bank)
    for row, told in zip(bank.head(20).to_dicts(), items.contributions(bank.head(20), "cover"), strict=True):
        held = [name for name in NAMES if row[name]]
        for j, column in enumerate(ORDER):
            fair = 0.0
            if column in held:
                fair = (items.links_[NAMES.index(column), 4] - items.share_[4]) / len(held)
            assert told[j] == pytest.approx(fair, abs=1e-12)


@pytest.mark.parametrize("model", [m for m in MODELS if getattr(m, "method", "") != "boosted"], ids=repr)
def test_moved_columns_move_their_parts(model: Any, bank: pl.DataFrame) -> None:
    order = [8, 2, 0, 5, 1, 3, 7, 4, 6]
    moved = bank.select([ORDER[j] for j in order])
    first = model.fit(bank).contributions(bank, "loan")
    second = model.fit(moved).contributions(moved, "loan")
    np.testing.assert_allclose(second, first[:, [*order, 9]], atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.float64, (4, 3), elements=st.sampled_from([-2.0, -0.3, 0.0, 0.3, 1.0])),
    arrays(np.float64, 4, elements=st.floats(-9, 9)),
)
def test_shares_are_of_one_sign_and_add_up(moved: np.ndarray, gain: np.ndarray) -> None:
    out = shared_out(gain, moved)
    np.testing.assert_allclose(out.sum(axis=1), gain, atol=1e-12)
    assert (out * np.sign(gain)[:, None] >= 0).all()
    for i in range(4):
        if abs(moved[i].sum()) > 1e-9:
            assert (out[i][moved[i] * np.sign(moved[i].sum()) <= 0] == 0).all()
        elif moved[i].any():
            assert (out[i][moved[i] == 0] == 0).all()


def test_without_holdings_and_with_rare_products() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = np.where(X[:, 0] > 0, "loan", "fund").astype(object)
    y[5] = "gold"
    for model in (ProductRecommender(rounds=20), ProductRecommender(method="linear"), ItemToItemRecommender()):
        model.fit(X, y)
        for product in ("loan", "fund", "gold"):
            parts = model.contributions(X, product)
            assert parts.shape == (300, 3)
            np.testing.assert_allclose(parts.sum(axis=1), model.product_score(X, product), atol=1e-9)
        assert (model.contributions(X, "gold")[:, :2] == 0).all()  # one taker teaches nothing
    numbered = ProductRecommender(method="linear").fit(X, (X[:, 0] > 0) * 7)
    assert np.corrcoef(numbered.contributions(X, 7)[:, 0], X[:, 0])[0, 1] > 0.99


def test_odd_requests_are_told(bank: pl.DataFrame) -> None:
    model = ItemToItemRecommender(NAMES).fit(bank)
    for wrong, says in (("laon", 'Did you mean "loan"'), (None, "no such product"), (3, "no such product")):
        with pytest.raises(ModelError, match=says):
            model.contributions(bank, wrong)
    with pytest.raises(ValueError, match="not fitted"):
        ProductRecommender().contributions(bank, "loan")
