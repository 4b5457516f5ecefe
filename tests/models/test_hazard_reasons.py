"""Parts of the hazards: they add up, belong to columns of X, and say nothing of columns that say nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.errors import ModelError
from tael.models import CompetingRisks, load_model, save_model

Lives = tuple[pl.DataFrame, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def lives() -> Lives:
    """500 loans: default rises with x, the more so late; clerks settle early; a constant, an empty column."""
    rng = np.random.default_rng(5)
    n = 500
    x, job = rng.normal(size=n), rng.choice(["clerk", "driver", "nurse"], n)
    time, event = np.full(n, 12), np.full(n, "open", dtype=object)
    for k in range(12, 0, -1):
        h = np.exp(np.stack([-3.5 + (0.5 + 0.1 * k) * x, -2.5 + 1.2 * (job == "clerk")]))
        h /= 1.0 + h.sum(axis=0)
        u = rng.random(n)
        now = np.where(u < h[0], "default", np.where(u < h.sum(axis=0), "settled", "open"))
        time, event = np.where(now != "open", k, time), np.where(now != "open", now, event)
    frame = pl.DataFrame(
        {
            "job": [None if k % 11 == 0 else v for k, v in enumerate(job)],
            "one": np.ones(n),
            "x": [None if k % 9 == 0 else v for k, v in enumerate(x)],
            "empty": pl.Series([None] * n, dtype=pl.Float64),
            "same": ["all"] * n,
        }
    )
    return frame, time, event


@pytest.mark.parametrize("method", ["logistic", "boosted"])
def test_parts_add_up(method: str, lives: Lives, tmp_path: Path) -> None:
    frame, time, event = lives
    weight = np.random.default_rng(0).integers(0, 3, len(time))
    model = CompetingRisks(method, rounds=25, censored="open").fit(frame, time, event, sample_weight=weight)
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    strange = frame.head(30).with_columns(pl.lit("pilot").alias("job"), pl.lit(None, dtype=pl.Float64).alias("x"))
    for rows in (frame, strange):
        hazards = model.predict_hazard(rows)
        odds = np.log(hazards) - np.log1p(-hazards.sum(axis=1))[:, None, :]
        for c, cause in enumerate(model.causes_):
            for at in (None, 1, 7.5, 12):
                parts, score = model.contributions(rows, cause, at), model.hazard_score(rows, cause, at)
                k = None if at is None else int(np.ceil(at)) - 1
                np.testing.assert_allclose(score, odds[:, c].mean(axis=1) if k is None else odds[:, c, k], atol=1e-9)
                assert parts.shape == (rows.height, 6)
                np.testing.assert_allclose(parts.sum(axis=1), score, atol=1e-9)
                assert (parts[:, -1] == parts[0, -1]).all()
                assert (parts[:, [1, 3]] == 0).all()  # constant, empty
                assert np.abs(parts[:, 4]).max() < 1e-9  # one level
                np.testing.assert_array_equal(loaded.contributions(rows, cause, at), parts)
                np.testing.assert_array_equal(loaded.hazard_score(rows, cause, at), score)
                np.testing.assert_array_equal(model.contributions(rows.to_pandas(), cause, at), parts)
                np.testing.assert_array_equal(model.contributions(rows[4:5], cause, at)[0], parts[4])


def test_the_reasons_are_the_true_ones(lives: Lives) -> None:
    frame, time, event = lives
    for method in ("logistic", "boosted"):
        model = CompetingRisks(method, rounds=40, censored="open").fit(frame, time, event)
        swing = {cause: np.abs(model.contributions(frame, cause)[:, :-1]).mean(axis=0) for cause in model.causes_}
        assert swing["default"].argmax() == 2
        assert swing["settled"].argmax() == 0
        x = frame["x"].to_numpy()
        here = ~np.isnan(x)
        early, late = (model.contributions(frame, "default", at)[:, 2] for at in (1, 12))
        for parts in (early, late):
            assert np.corrcoef(parts[here], x[here])[0, 1] > 0.85
        if method == "logistic":
            np.testing.assert_array_equal(early, late)  # one effect over all times
        else:
            assert np.std(late) > np.std(early)  # x tells more later


@pytest.mark.parametrize("method", ["logistic", "boosted"])
def test_all_bins_are_the_mean_of_each(method: str, lives: Lives) -> None:
    frame, time, event = lives
    model = CompetingRisks(method, rounds=15, bins=5, censored="open").fit(frame, time, event)
    assert model.grid_.size == 5
    each = [model.contributions(frame, "settled", at) for at in model.grid_.edges[1:]]
    np.testing.assert_allclose(model.contributions(frame, "settled"), np.mean(each, axis=0), atol=1e-9)


def test_moved_columns_move_their_parts(lives: Lives) -> None:
    frame, time, event = lives
    order = [2, 4, 0, 3, 1]
    moved = frame.select([frame.columns[j] for j in order])
    first = CompetingRisks(censored="open").fit(frame, time, event).contributions(frame, "default")
    second = CompetingRisks(censored="open").fit(moved, time, event).contributions(moved, "default")
    np.testing.assert_allclose(second, first[:, [*order, 5]], atol=1e-4)


def test_odd_requests_are_told(lives: Lives) -> None:
    frame, time, event = lives
    model = CompetingRisks(censored="open").fit(frame, time, event)
    for wrong, says in ((None, "of which cause"), ("defualt", 'Did you mean "default"'), ("open", "no such cause")):
        with pytest.raises(ModelError, match=says):
            model.contributions(frame, wrong)
    with pytest.raises(ModelError, match="followed for"):
        model.hazard_score(frame, "default", 13)
    alone = CompetingRisks(censored="open").fit(frame, time, np.where(event == "settled", "settled", "open"))
    np.testing.assert_array_equal(alone.contributions(frame), alone.contributions(frame, "settled"))
    with pytest.raises(ValueError, match="not fitted"):
        CompetingRisks().contributions(frame)
