"""Recommenders: they beat the baselines where there is something to know, obey masks and margins, and say why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.errors import ModelError
from tael.models import (
    ItemToItemRecommender,
    PopularityRecommender,
    ProductRecommender,
    evaluate_ranking,
    leave_one_out,
    load_model,
    save_model,
)
from tael.models.recommender_metrics import place_of

NAMES = ["account", "card", "loan", "fund", "cover"]


def _bank(n: int, seed: int) -> pl.DataFrame:
    """Nearly all hold an account; the young borrow, the rich hold funds, and who holds a loan takes cover."""
    rng = np.random.default_rng(seed)
    age, rich = rng.uniform(20, 70, n), rng.random(n) < 0.4
    loan = rng.random(n) < np.where(age < 40, 0.7, 0.1)
    held = {
        "account": rng.random(n) < 0.95,
        "card": rng.random(n) < 0.3,
        "loan": loan,
        "fund": rng.random(n) < np.where(rich, 0.7, 0.05),
        "cover": rng.random(n) < np.where(loan, 0.5, 0.05),
    }
    job = np.where(rich, rng.choice(["owner", "doctor"], n), rng.choice(["clerk", "driver"], n))
    job[::13] = None
    return pl.DataFrame(
        {"age": age, "job": pl.Series(job.tolist(), dtype=pl.String)} | {k: v * 1 for k, v in held.items()}
    )


@pytest.fixture(scope="module")
def bank() -> pl.DataFrame:
    return _bank(1500, 0)


@pytest.fixture(scope="module")
def fitted(bank: pl.DataFrame) -> ProductRecommender:
    return ProductRecommender(NAMES, rounds=40).fit(bank)


def _mrr(model: Any, frame: pl.DataFrame, of: str = "mean of products") -> float:
    masked, taken, _ = leave_one_out(frame, NAMES, seed=1)
    may = masked.select(NAMES).to_numpy() == 0
    table = evaluate_ranking(taken, model.predict_proba(masked), model.classes_, candidates=may, n_boot=2)
    return float(table.filter(product=of, metric="mrr")["value"][0])


@pytest.mark.parametrize("method", ["linear", "boosted"])
def test_it_beats_the_baselines(method: str, bank: pl.DataFrame) -> None:
    test = _bank(1500, 1)
    model = ProductRecommender(NAMES, method, rounds=40).fit(bank)
    ours = _mrr(model, test)
    assert ours > _mrr(ItemToItemRecommender(NAMES).fit(bank), test) + 0.05
    assert ours > _mrr(PopularityRecommender(NAMES).fit(bank), test) + 0.1
    assert _mrr(ItemToItemRecommender(NAMES).fit(bank), test) > _mrr(PopularityRecommender(NAMES).fit(bank), test)


def test_trees_cannot_read_the_label_from_its_own_pair() -> None:
    """Holdings drawn at random: nothing beats popularity, and a model that saw its own pairs falls far behind it."""
    rng = np.random.default_rng(0)
    train, test = (pl.DataFrame({k: (rng.random(1500) < 0.4) * 1 for k in NAMES}) for _ in range(2))
    model = ProductRecommender(NAMES, rounds=60).fit(train)
    assert _mrr(model, test, "all") > _mrr(PopularityRecommender(NAMES).fit(train), test, "all") - 0.03
    masked = leave_one_out(test, NAMES)[0]
    p = model.predict_proba(masked)[masked.select(NAMES).to_numpy().sum(axis=1) == 1]
    assert p.max() < 0.6  # four others of equal chance


def test_probabilities_are_calibrated(fitted: ProductRecommender) -> None:
    masked, taken, _ = leave_one_out(_bank(4000, 5), NAMES, seed=2)
    p = fitted.predict_proba(masked)
    np.testing.assert_allclose(p.sum(axis=1), 1.0)
    assert (p[masked.select(NAMES).to_numpy() == 1] == 0).all()
    for m, name in enumerate(NAMES):
        rows = (p[:, m] > 0.15) & (p[:, m] < 0.8)
        if rows.sum() > 150:
            assert p[rows, m].mean() == pytest.approx((taken[rows] == name).mean(), abs=0.1)


def test_masks_margins_and_reasons(fitted: ProductRecommender, bank: pl.DataFrame) -> None:
    some = bank.head(40)
    p = fitted.predict_proba(some)
    plain = fitted.recommend(some, 5, reasons=2)
    held = some.select(NAMES).to_numpy() == 1
    for row in plain.to_dicts():
        assert not held[row["row"], NAMES.index(row["product"])]
        assert row["probability"] == p[row["row"], NAMES.index(row["product"])]
        assert len(row["reasons"]) <= 2
    assert plain.group_by("row").agg(pl.col("probability").is_sorted(descending=True).alias("ok"))["ok"].all()
    may = np.ones((40, 5), dtype=bool)
    may[:, 2] = False
    assert "loan" not in fitted.recommend(some, 5, eligible=may)["product"].to_list()
    as_frame = pl.DataFrame(may, schema=NAMES)
    assert fitted.recommend(some, 5, eligible=as_frame).equals(fitted.recommend(some, 5, eligible=may))
    margin = {"account": 1, "card": 10, "loan": 100, "fund": 50, "cover": -5}
    valued = fitted.recommend(some, 5, margin=margin)
    assert "cover" not in valued["product"].to_list()
    for row in valued.to_dicts():
        assert row["expected_value"] == pytest.approx(row["probability"] * margin[row["product"]])
    young = pl.DataFrame(
        {"age": [24.0], "job": ["clerk"], "account": [1], "card": [0], "loan": [0], "fund": [0], "cover": [0]}
    )
    en, zh = (fitted.recommend(young, 1, reasons=1, lang=lang) for lang in ("en", "zh"))
    assert en["product"][0] == "loan"
    assert en["reasons"][0][0].startswith("age = 24 (+")
    cover = young.with_columns(pl.lit(1).alias("loan"))
    assert any(
        "已持有 loan" in r or "相同产品" in r
        for r in fitted.recommend(cover, 2, reasons=4, lang="zh")["reasons"].explode()
    )
    assert zh.height == 1


def test_what_was_taken_next_can_be_given(bank: pl.DataFrame) -> None:
    rng = np.random.default_rng(0)
    own = bank.select(NAMES).to_numpy()
    taken = np.array([rng.choice(np.flatnonzero(r == 0)) if (r == 0).any() and rng.random() < 0.5 else -1 for r in own])
    y = np.array([None if t < 0 else NAMES[t] for t in taken], dtype=object)
    model = ProductRecommender(NAMES, "linear").fit(bank, y)
    p = model.predict_proba(bank)
    assert (p.sum(axis=1) <= 1 + 1e-12).all()
    assert p.sum(axis=1).mean() == pytest.approx((taken >= 0).mean(), abs=0.05)  # half took nothing
    with pytest.raises(ModelError, match="not in the catalogue"):
        ProductRecommender(NAMES).fit(bank, np.full(bank.height, "gold"))


@pytest.mark.parametrize(
    "model", [ProductRecommender(NAMES, rounds=9), PopularityRecommender(NAMES), ItemToItemRecommender(NAMES)], ids=repr
)
def test_saved_loaded_and_frames(model: Any, bank: pl.DataFrame, tmp_path: Path) -> None:
    model.fit(bank)
    save_model(model, tmp_path / "a")
    loaded = load_model(tmp_path / "a")
    strange = bank.head(60).with_columns(pl.lit("pilot").alias("job"), pl.lit(None, dtype=pl.Float64).alias("age"))
    for frame in (bank.head(60), strange):
        p = model.predict_proba(frame)
        np.testing.assert_array_equal(loaded.predict_proba(frame), p)
        np.testing.assert_array_equal(model.predict_proba(frame.to_pandas()), p)
        np.testing.assert_array_equal(model.predict_proba(frame[7:8])[0], p[7])
    assert loaded.recommend(bank.head(9), reasons=2).equals(model.recommend(bank.head(9), reasons=2))
    assert list(loaded.get_params()["products"]) == NAMES
    save_model(loaded, tmp_path / "b")
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.integers(2, 6), st.integers(0, 10**6))
def test_metrics_against_a_slow_oracle(n: int, width: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (n, width)).astype(float)
    truth = rng.integers(0, width, n)
    may = rng.random((n, width)) < 0.7
    may[np.arange(n), truth] = True
    place = []
    for i in range(n):
        rivals = [scores[i, m] for m in range(width) if may[i, m] and m != truth[i]]
        mine = scores[i, truth[i]]
        place.append(1 + sum(s > mine for s in rivals) + sum(s == mine for s in rivals) / 2)
    np.testing.assert_array_equal(place_of(truth, scores, may), place)
    table = evaluate_ranking(truth, scores, np.arange(width), candidates=may, k=2, n_boot=20)
    rows = {(r["product"], r["metric"]): r for r in table.to_dicts()}
    assert rows["all", "mrr"]["value"] == pytest.approx(np.mean([1 / r for r in place]))
    assert rows["all", "hit"]["value"] == pytest.approx(np.mean([r <= 2 for r in place]))
    assert rows["all", "ndcg"]["value"] == pytest.approx(np.mean([(r <= 2) / np.log2(1 + r) for r in place]))
    for m in range(width):
        mine = [1 / r for r, t in zip(place, truth, strict=True) if t == m]
        assert rows[str(m), "mrr"]["rows"] == len(mine)
        if mine:
            assert rows[str(m), "mrr"]["value"] == pytest.approx(np.mean(mine))


def test_leave_one_out_takes_one_of_each(bank: pl.DataFrame) -> None:
    masked, taken, rows = leave_one_out(bank, NAMES, seed=3)
    before, after = bank[rows].select(NAMES).to_numpy(), masked.select(NAMES).to_numpy()
    assert (before.sum(axis=1) - after.sum(axis=1) == 1).all()
    assert (np.array(NAMES)[np.argmax(before - after, axis=1)] == taken).all()
    assert (before.sum(axis=1) >= 2).all()
    pandas, again, _ = leave_one_out(bank.to_pandas(), NAMES, seed=3)
    assert isinstance(pandas, pd.DataFrame)
    assert (again == taken).all()
    assert not (leave_one_out(bank, NAMES, seed=4)[1] == taken).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"card": 2}, "not 0 or 1"),
        ({"card": "yes"}, "text"),
        ({k: 0 for k in NAMES}, "Nobody holds two"),
    ],
)
def test_odd_holdings_are_told(change: dict[str, Any], words: str, bank: pl.DataFrame) -> None:
    frame = bank.head(50).with_columns(pl.lit(v).alias(k) for k, v in change.items())
    with pytest.raises(ModelError, match=words):
        ProductRecommender(NAMES).fit(frame)


def test_odd_requests_are_told(fitted: ProductRecommender, bank: pl.DataFrame) -> None:
    some = bank.head(3)
    for words, wanted in (
        ("margins do not match", {"margin": {"card": 1}}),
        ("margins do not match", {"margin": [1.0, 2.0]}),
        ("eligibility does not match", {"eligible": np.ones((3, 2))}),
        ("lacks a product", {"eligible": pl.DataFrame({"card": [1, 1, 1]})}),
        ("Nothing is asked", {"k": 0}),
    ):
        with pytest.raises(ModelError, match=words):
            fitted.recommend(some, **wanted)
    with pytest.raises(ModelError, match="less than two"):
        ProductRecommender(["card"]).fit(bank)
    with pytest.raises(ModelError, match="no such column"):
        ProductRecommender(["card", "gold"]).fit(bank)
    with pytest.raises(ModelError, match="Nobody took"):
        ProductRecommender(NAMES).fit(bank, np.full(bank.height, None))
    with pytest.raises(ModelError, match="was not among"):
        evaluate_ranking(["a"], [[1.0, 0.0]], ["a", "b"], candidates=[[False, True]])


def test_all_held_leaves_nothing_and_a_rare_product_has_a_rate(bank: pl.DataFrame) -> None:
    rare = bank.with_columns((pl.int_range(pl.len()) == 5).cast(pl.Int64).alias("gold"))
    model = ProductRecommender([*NAMES, "gold"], "linear").fit(rare)
    p = model.predict_proba(rare)
    assert np.isfinite(p).all()
    assert 0 < np.median(p[rare["gold"].to_numpy() == 0, 5]) < 0.01
    full = rare.head(1).with_columns(pl.lit(1).alias(k) for k in [*NAMES, "gold"])
    assert model.predict_proba(full).sum() == 0
    assert model.recommend(full).height == 0


_WEIGHTS = "a row of weight 2 lies in one fold, two copies of it may lie in two: equal only without folds"
_ALIKE = "offers everybody the same: it does not look at the columns, so it cannot separate blobs"


def _gaps(estimator: Any) -> dict[str, str]:
    gaps: dict[str, str] = {}
    if isinstance(estimator, ProductRecommender):
        return gaps | {"check_sample_weight_equivalence_on_dense_data": _WEIGHTS}
    return gaps | {"check_classifiers_train": _ALIKE}


@parametrize_with_checks(
    [ProductRecommender(rounds=20), PopularityRecommender(), ItemToItemRecommender()],
    expected_failed_checks=_gaps,
    xfail_strict=True,
)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
