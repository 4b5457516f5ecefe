from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from tael.errors import ModelError, ValidationError
from tael.models import LogisticReference, RejectBand, infer_rejects, infer_rejects_from_scores
from tael.models.reject_fit import cross_fitted_views
from tael.models.reject_views import Book, View, band_acceptance, parcel_rates
from tael.models.reject_words import TITLES, assumes

grid = st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.7])
people = st.lists(st.tuples(st.integers(0, 1), grid, st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=12)
turned_down = st.lists(st.tuples(st.floats(0, 1), grid, st.sampled_from([0.5, 1.0, 2.0])), min_size=1, max_size=12)


def of(accepted: list[tuple], rejected: list[tuple], lent: bool) -> tuple[Book, View]:
    y, s, w = (np.array(c, dtype=float) for c in zip(*accepted, strict=True))
    r, t, v = (np.array(c, dtype=float) for c in zip(*rejected, strict=True))
    book = Book(y, w, v)
    return book, View("x", None, s, t, lent=w * s) if lent else View("x", None, s, t, rate_rejected=r)


def plain_rate(accepted: list[tuple], rejected: list[tuple], lent: bool, cutoff: float) -> tuple[float, float]:
    """Expected bad rate at or below the cut-off, and the share approved, person by person."""
    own = [(y, s, w) for y, s, w in accepted if s <= cutoff]
    others = [(r, s, w) for r, s, w in rejected if s <= cutoff]
    total = sum(w for *_, w in own) + sum(w for *_, w in others)
    everybody = sum(w for *_, w in accepted) + sum(w for *_, w in rejected)
    if not total:
        return np.nan, 0.0
    bad = sum(w * y for y, _, w in own)
    if lent and others:
        weights = sum(w * s for _, s, w in own)
        rate = sum(w * s * y for y, s, w in own) / weights if weights else np.nan
        bad += rate * sum(w for *_, w in others)
    elif not lent:
        bad += sum(w * r for r, _, w in others)
    return bad / total, total / everybody


@given(people, turned_down, st.booleans(), st.floats(0.0, 1.0))
def test_a_view_is_counted_person_by_person(accepted: list, rejected: list, lent: bool, limit: float) -> None:
    book, view = of(accepted, rejected, lent)
    steps = sorted({s for _, s, _ in [*accepted, *rejected]})
    found = {c: plain_rate(accepted, rejected, lent, c) for c in steps}
    for cutoff in (0.05, *steps):
        rate, share = plain_rate(accepted, rejected, lent, cutoff)
        assert view.rate(book, cutoff) == pytest.approx(rate, nan_ok=True)
        assert view.approval(book, cutoff) == pytest.approx(share)
    # a rate of exactly the limit may fall on either side of it
    if all(np.isnan(rate) or abs(rate - limit) > 1e-9 for rate, _ in found.values()):
        within = [c for c in steps if found[c][0] <= limit]
        assert view.cutoff_for_limit(book, limit) == (within[-1] if within else None)
    enough = [c for c in steps if found[c][1] >= limit - 1e-9]
    assert view.cutoff_for_approval(book, limit) == enough[0]


@given(people, turned_down, st.integers(1, 5))
def test_parcels_are_plain_bands(accepted: list, rejected: list, parcels: int) -> None:
    book, view = of(accepted, rejected, False)
    rate = parcel_rates(book, view.score, view.score_rejected, parcels)
    share, share_rejected = band_acceptance(book, view.score, view.score_rejected, parcels)
    everybody = sorted([(s, w) for _, s, w in [*accepted, *rejected]])
    total = sum(w for _, w in everybody)
    edges = []
    for k in range(1, parcels):
        done = 0.0
        for s, w in everybody:
            done += w
            if done / total >= k / parcels - 1e-12:
                edges.append(s)
                break
    band = {s: sum(edge < s for edge in set(edges)) for s, _ in everybody}
    for k, (_, t, _) in enumerate(rejected):
        own = [(y, w) for y, s, w in accepted if band[s] == band[t]]
        there = sorted({band[s] for _, s, _ in accepted})
        use = [b for b in there if b <= band[t]][-1:] or there[:1]
        same = [(y, w) for y, s, w in accepted if band[s] == use[0]]
        assert rate[k] == pytest.approx(sum(y * w for y, w in same) / sum(w for _, w in same))
        others = sum(v for _, s, v in rejected if band[s] == band[t])
        held = sum(w for _, w in own)
        assert share_rejected[k] == pytest.approx(held / (held + others))
    assert ((share > 0) & (share <= 1)).all()


def applicants(hidden: float, n: int = 8000, seed: int = 0) -> dict[str, np.ndarray]:
    """Everybody's outcome is known here; the policy sees x alone, and something of what is hidden."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=(n, 2)), rng.normal(size=n)
    bad = rng.random(n) < 1 / (1 + np.exp(2.0 - x[:, 0] - 0.5 * x[:, 1] - hidden * z))
    accepted = rng.random(n) < 1 / (1 + np.exp(-(0.5 - 1.5 * x[:, 0] - hidden * z)))
    return {"x": x, "bad": bad.astype(float), "accepted": accepted}


def infer(book: dict[str, np.ndarray], **more: object) -> RejectBand:
    a = book["accepted"]
    settings = {"n_boot": 0} | more
    return infer_rejects(LogisticReference(), book["x"][a], book["bad"][a], book["x"][~a], **settings)  # type: ignore[arg-type]


def told(found: RejectBand, column: str) -> dict[str, float]:
    names = [f"{m} {f:g}" if f else m for m, f in found.methods.select("method", "factor").rows()]
    return dict(zip(names, found.methods[column], strict=True))


def test_missing_at_random_is_put_right() -> None:
    book = applicants(hidden=0.0)
    found = infer(book)
    rates, truth = told(found, "bad_rate"), book["bad"].mean()
    assert found.accepted_bad_rate < truth - 0.04  # the accepted flatter
    assert rates["accept_only"] == pytest.approx(found.accepted_bad_rate)
    for method in ("reweighting", "extrapolation", "fuzzy"):
        assert rates[method] == pytest.approx(truth, abs=0.015)
    # bands of the score are coarser than the score: within one the rejected are the worse part
    assert rates["parcelling 1"] == pytest.approx(truth, abs=0.03)
    assert rates["parcelling 1"] < rates["parcelling 1.5"] < rates["parcelling 2"]
    aucs = told(found, "roc_auc")
    assert max(aucs.values()) - min(aucs.values()) < 0.02


def test_what_is_hidden_makes_the_rejected_worse_than_any_method_at_random_says() -> None:
    book = applicants(hidden=1.0)
    found = infer(book)
    rates, truth = told(found, "bad_rate"), book["bad"].mean()
    for method in ("accept_only", "reweighting", "extrapolation", "fuzzy", "parcelling 1"):
        assert rates[method] < truth - 0.03
    assert found.band[0] < truth < found.band[1]
    assert found.bounds[0] < found.band[0] < found.band[1] < found.bounds[1]


def test_the_chance_of_acceptance_is_not_bent_by_the_folds() -> None:
    """Half of the accepted are held out of each fold's model of acceptance, and none of the rejected."""
    rng = np.random.default_rng(7)
    X, y = rng.normal(size=(3000, 1)), (rng.random(2000) < 0.2).astype(float)
    views, chance = cross_fitted_views(
        LogisticReference(), LogisticReference(), X[:2000], X[2000:], Book(y, np.ones(2000), np.ones(1000)),
        factors=(), parcels=5, folds=2, seed=0,
    )  # fmt: skip
    lent = next(view.lent for view in views if view.method == "reweighting")
    assert lent is not None
    assert lent.mean() == pytest.approx(0.5, abs=0.03)  # two in three were accepted, at random
    assert chance.mean() == pytest.approx(2 / 3, abs=0.03)


@pytest.fixture(scope="module")
def found() -> RejectBand:
    return infer(applicants(hidden=0.3, n=3000), bad_rate_limit=0.12, n_boot=60)


def test_bounds_are_arithmetic(found: RejectBand) -> None:
    book = applicants(hidden=0.3, n=3000)
    bad = book["bad"][book["accepted"]].sum()
    assert found.bounds == pytest.approx((bad / 3000, (bad + (~book["accepted"]).sum()) / 3000))
    assert found.methods["rejected_bad_rate"][-2:].to_list() == [0, 1]


def test_figures_hang_together(found: RejectBand) -> None:
    n, m = found.n_accepted, found.n_rejected
    for row in found.methods.iter_rows(named=True):
        assert row["bad_rate"] * (n + m) == pytest.approx(found.accepted_bad_rate * n + row["rejected_bad_rate"] * m)
        assert row["approval"] == pytest.approx(n / (n + m), abs=0.002)
        assert row["low"] <= row["bad_rate"] <= row["high"]
        assert row["approved_low"] <= row["approved_bad_rate"] <= row["approved_high"]
        assert row["roc_auc_low"] < row["roc_auc"] < row["roc_auc_high"]
    approvals = told(found, "limit_approval")
    assert approvals["parcelling 2"] < approvals["parcelling 1"] < approvals["all_good"]
    assert found.effective < n
    json.dumps(found.to_dict(), allow_nan=False)


def test_a_cutoff_instead_of_a_share() -> None:
    book = applicants(hidden=0.0, n=1500)
    cut = infer(book, cutoff=0.1)
    assert set(cut.methods["cutoff"]) == {0.1}
    none = infer(book, cutoff=0.0, bad_rate_limit=0.0001)
    assert none.methods["approval"].max() == 0
    assert none.methods["approved_bad_rate"].null_count() == none.methods.height
    assert told(none, "limit_cutoff")["all_bad"] is None or told(none, "limit_approval")["all_bad"] < 0.05
    json.dumps(none.to_dict(), allow_nan=False)
    assert all("at the cut-off" not in w.en for w in none.sentences())


def test_weights_are_repeated_people() -> None:
    rng = np.random.default_rng(3)
    y, p, q = rng.integers(0, 2, 60), rng.random(60), rng.random(40)
    w, v = rng.integers(1, 4, 60), rng.integers(1, 4, 40)
    one = infer_rejects_from_scores(y, p, q, weight=w, weight_rejected=v, approval=0.4, n_boot=0)
    two = infer_rejects_from_scores(np.repeat(y, w), np.repeat(p, w), np.repeat(q, v), approval=0.4, n_boot=0)
    for column in one.methods.columns[2:]:
        assert one.methods[column].to_list() == pytest.approx(two.methods[column].to_list()), column
    half = infer_rejects_from_scores(y, p, q, weight=w / 2, weight_rejected=v / 2, approval=0.4, n_boot=0)
    assert half.methods.equals(one.methods) or np.allclose(half.methods["bad_rate"], one.methods["bad_rate"])


def test_from_scores_and_from_a_model_agree() -> None:
    book = applicants(hidden=0.0)
    a = book["accepted"]
    model = LogisticRegression().fit(book["x"][a], book["bad"][a])
    p, q = (model.predict_proba(book["x"][who])[:, 1] for who in (a, ~a))
    rates, own = (told(f, "bad_rate") for f in (infer_rejects_from_scores(book["bad"][a], p, q, n_boot=0), infer(book)))
    assert "fuzzy" not in rates
    for method in set(rates) & set(own):
        assert rates[method] == pytest.approx(own[method], abs=0.02), method


def test_the_auc_is_of_rows_that_were_not_learned_from() -> None:
    from lightgbm import LGBMClassifier

    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(400, 10)), (rng.random(400) < 0.3).astype(int)
    model = LGBMClassifier(n_estimators=20, num_leaves=15, min_child_samples=5, verbose=-1, n_jobs=1)
    found = infer_rejects(model, X, y, rng.normal(size=(200, 10)), factors=(2.0,), folds=3, n_boot=0)
    assert found.methods["roc_auc"].max() < 0.62


def test_intervals_cover_what_rows_would_have_told() -> None:
    """The observed part varies from sample to sample as the limits say; the inferred rate is held."""
    rng, hit = np.random.default_rng(5), 0
    for seed in range(40):
        y, p = (rng.random(250) < 0.2).astype(int), np.full(250, 0.2)
        found = infer_rejects_from_scores(y, p, np.full(150, 0.4), factors=(), n_boot=40, seed=seed)
        row = found.methods.filter(pl.col("method") == "extrapolation").row(0, named=True)
        hit += row["low"] <= (250 * 0.2 + 150 * 0.4) / 400 <= row["high"]
    assert 33 <= hit <= 40


def test_nobody_like_them_was_accepted() -> None:
    x = np.linspace(-2, 2, 600)
    bad = (np.random.default_rng(6).random(600) < 0.2).astype(int)
    cut = x < 0.5
    found = infer_rejects(LogisticReference(), x[cut, None], bad[cut], x[~cut, None], n_boot=0)
    assert found.unreached > 0.6
    assert infer(applicants(hidden=0.0, n=1500)).unreached < 0.2


@pytest.mark.parametrize("make", [pl.DataFrame, lambda d: pl.DataFrame(d).to_pandas()], ids=["polars", "pandas"])
def test_frames_are_read_like_arrays(make: Callable[[dict], object]) -> None:
    book = applicants(hidden=0.0, n=600)
    a = book["accepted"]
    frames = [make({"u": book["x"][who, 0], "v": book["x"][who, 1]}) for who in (a, ~a)]
    one = infer_rejects(LogisticReference, frames[0], book["bad"][a], frames[1], n_boot=0, factors=())
    assert one.methods.equals(infer(book, factors=()).methods)


def test_words_in_both_languages(found: RejectBand) -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    said = [*TITLES.values(), *found.sentences(), *(assumes(m, 1.5) for m in TITLES), assumes("parcelling", 1.0)]
    assert all(han.search(w.zh) and not han.search(w.en) for w in said)
    assert "1.5 times as often" in assumes("parcelling", 1.5).en
    rows = found.to_dict()["methods"]
    assert all(row["title"]["en"] and row["assumes"]["zh"] for row in rows)


def test_bad_input() -> None:
    X, y = np.zeros((4, 1)), [0, 1, 0, 1]
    with pytest.raises(ModelError, match="different columns"):
        infer_rejects(LogisticReference(), pl.DataFrame({"a": [1.0] * 4}), y, pl.DataFrame({"b": [1.0]}))
    with pytest.raises(ModelError, match="Nobody was rejected"):
        infer_rejects(LogisticReference(), X, y, np.empty((0, 1)))
    with pytest.raises(ModelError, match="Nobody was rejected"):
        infer_rejects_from_scores(y, [0.1] * 4, [])
    with pytest.raises(ModelError, match="cutoff or approval"):
        infer_rejects(LogisticReference(), X, y, X, cutoff=0.1, approval=0.5)
    with pytest.raises(ModelError, match="factors above 0"):
        infer_rejects_from_scores(y, [0.1] * 4, [0.2], factors=(0,))
    with pytest.raises(ModelError, match="weights and probabilities"):
        infer_rejects(KNeighborsClassifier(), X, y, X)
    with pytest.raises(ModelError, match="Too few rows of the rarer class"):
        infer_rejects(LogisticReference(), X, [0, 0, 0, 1], X)
    with pytest.raises(ModelError, match="needs folds"):
        infer_rejects(LogisticReference(), X, y, X, folds=1)
    with pytest.raises(ValidationError, match="do not match"):
        infer_rejects(LogisticReference(), X, [0, 1], X)
    with pytest.raises(ValidationError, match="outside"):
        infer_rejects_from_scores(y, [0.1] * 4, [1.2])
    with pytest.raises(ValidationError, match="labels are missing"):
        infer_rejects_from_scores([0, 1, np.nan, 1], [0.1] * 4, [0.2])
    one_class = infer_rejects_from_scores([0] * 4, [0.1] * 4, [0.2], n_boot=0)
    assert one_class.methods["roc_auc"].null_count() == one_class.methods.height
    json.dumps(one_class.to_dict(), allow_nan=False)
