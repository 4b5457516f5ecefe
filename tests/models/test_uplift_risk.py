"""The learner whose effect is a line on the expected outcome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tael.models import UpliftChooser, load_model, save_model
from tael.models.uplift_risk import RiskLearner


def halved(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X, a rare outcome, arm, true effect: "soft" takes half of the outcome away, "hard" adds two points to all."""
    rng = np.random.default_rng(seed)
    X, arm = rng.normal(size=(n, 6)), rng.choice(["no", "soft", "hard"], n)
    p = 1 / (1 + np.exp(2.2 - 1.2 * X[:, 0]))
    effect = np.column_stack([np.full(n, 0.02), -0.5 * p])
    chance = p + np.where(arm == "soft", effect[:, 1], 0.0) + np.where(arm == "hard", effect[:, 0], 0.0)
    return X, (rng.random(n) < chance).astype(int), arm, effect


def test_a_share_taken_away_is_found_and_a_constant_stays_level() -> None:
    X, y, arm, effect = halved()
    model = RiskLearner(control="no").fit(X, y, treatment=arm, propensity={"soft": 1 / 3, "hard": 1 / 3})
    assert model.arms_.tolist() == ["no", "hard", "soft"]
    found = model.predict(X)
    assert np.corrcoef(found[:, 1], effect[:, 1])[0, 1] > 0.95
    assert found[:, 1].mean() == pytest.approx(effect[:, 1].mean(), abs=0.03)
    assert found[:, 0].std() < 0.5 * found[:, 1].std()


def test_it_adds_up_and_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    X, y, arm, _ = halved(900)
    for base in ("linear", "boosted"):
        model = RiskLearner(base, control="no", cv=3).fit(X, y, treatment=arm)
        for k, name in enumerate(("hard", "soft")):
            parts = model.contributions(X, name)
            np.testing.assert_allclose(parts.sum(axis=1), model.predict(X)[:, k], atol=1e-9)
        save_model(model, tmp_path / base)
        loaded = load_model(tmp_path / base)
        np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
        assert loaded.overlap_ == model.overlap_


def test_the_chooser_takes_it_where_the_effect_is_a_share_of_a_rare_outcome() -> None:
    X, y, arm, effect = halved(2500, 1)
    model = UpliftChooser(["dr_linear", "risk_linear"], cv=3, n_boot=40, control="no").fit(X, y, treatment=arm)
    assert "risk_linear" in model.chosen_
    assert model.decided_by_arm_[1]
    assert np.corrcoef(model.predict(X)[:, 1], effect[:, 1])[0, 1] > 0.9


def test_columns_that_tell_nothing_give_the_mean() -> None:
    rng = np.random.default_rng(0)
    t, y = rng.integers(0, 2, 300), rng.random(300)
    found = RiskLearner(cv=2).fit(np.ones((300, 1)), y, treatment=t, propensity=0.5).predict(np.ones((3, 1)))
    assert found == pytest.approx(np.full(3, y[t == 1].mean() - y[t == 0].mean()), abs=0.02)
