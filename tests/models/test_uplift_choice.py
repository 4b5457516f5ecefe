"""The chooser: learners that cannot be told apart are averaged, arms in which nothing can be told get their mean."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tael.errors import ModelError
from tael.models import UpliftChooser, fit_nuisances, load_model, save_model
from tael.models.uplift_arm import ORDER

Campaign = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def simulate(n: int = 4000, seed: int = 0, *, confounded: bool = False, effect: str = "varies") -> Campaign:
    """X, outcome, treatment, true effect of an amount."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    e = 1 / (1 + np.exp(-X[:, 0])) if confounded else np.full(n, 0.5)
    t = (rng.random(n) < e).astype(int)
    tau = {"varies": 1.0 + X[:, 1], "constant": np.full(n, 1.0), "none": np.zeros(n)}[effect]
    return X, 2.0 * X[:, 0] + tau * t + rng.normal(size=n), t, tau


@pytest.fixture
def mixed() -> tuple[pl.DataFrame, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    n = 3000
    town, x = rng.choice(["a", "b", "c"], n), rng.normal(size=n)
    t = rng.integers(0, 2, n)
    y = x + t * (2.0 * (town == "a") - 1.0) + 0.3 * rng.normal(size=n)
    frame = pl.DataFrame({"town": town, "x": x, "flag": rng.random(n) < 0.5, "empty": [None] * n})
    gone = rng.random(n) < 0.2
    return (
        frame.with_columns(
            x=pl.when(pl.Series(gone)).then(None).otherwise(pl.col("x")), empty=pl.col("empty").cast(pl.Float64)
        ),
        y,
        t,
    )


def test_the_chooser_averages_what_cannot_be_told_apart(tmp_path: Path) -> None:
    X, y, t, tau = simulate(1500)
    model = UpliftChooser(["t_linear", "dr_linear", "t_boosted"], cv=3, n_boot=40).fit(
        X, y, treatment=t, propensity=0.5
    )
    assert model.decided_
    assert {r.name for r in model.report_} == {"t_linear", "dr_linear", "t_boosted", "response"}
    assert model.report_[-1].name == "response"
    assert not model.report_[-1].chosen
    for report in model.report_[:-1]:
        assert report.metrics["qini"].low <= report.metrics["qini"].value <= report.metrics["qini"].high
        assert report.chosen == (report.behind.value <= report.error)
        assert report.arm == 1
    assert "t_boosted" not in model.chosen_  # the truth is a line
    assert np.all((model.slopes_ > 0.5) & (model.slopes_ <= 1))
    assert [len(models) for models in model.members_] == [3] * len(model.chosen_)  # one a fold
    each = np.column_stack([np.mean([m.predict(X) for m in models], axis=0) for models in model.members_])
    np.testing.assert_allclose(each.mean(axis=0), model.centres_[:, 0])
    shrunk = model.means_[0] + (each - model.centres_[:, 0]) * model.slopes_[:, 0]
    np.testing.assert_allclose(model.predict(X), shrunk.mean(axis=1))
    assert model.predict(X).mean() == pytest.approx(model.means_[0])
    assert np.corrcoef(model.oof_uplift_, tau)[0, 1] > 0.95
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.chosen_ == model.chosen_
    assert loaded.report_[0] == model.report_[0]


def test_each_learner_of_the_chooser_is_itself() -> None:
    X, y, t, _ = simulate(600)
    model = UpliftChooser(["t_linear", "t_boosted"], cv=2, n_boot=10).fit(X, y, treatment=t, propensity=0.5)
    qini = {r.name: r.metrics["qini"].value for r in model.report_}
    assert len(set(qini.values())) == 3  # two learners and the baseline, no two alike


def test_undecided_gives_everybody_the_mean_effect() -> None:
    undecided = 0
    for seed in range(6):
        X, y, t, _ = simulate(400, seed, effect="constant")
        model = UpliftChooser(["dr_linear", "s_linear"], cv=3, n_boot=40).fit(X, y, treatment=t, propensity=0.5)
        if not model.decided_:
            undecided += 1
            said = np.mean([m.predict(X) for models in model.members_ for m in models], axis=0)
            assert np.ptp(model.predict(X)) == pytest.approx(ORDER * np.ptp(said))  # who comes first, no more
            np.testing.assert_array_equal(np.argsort(model.predict(X)), np.argsort(said))
            found = fit_nuisances(X, y, t, propensity=0.5, random_state=0)
            assert model.predict(X)[0] == pytest.approx(found.effects().mean(), abs=0.05)
            assert np.ptp(model.oof_uplift_) < 0.2  # the means of the other folds
    assert undecided >= 5  # one in twenty is decided by chance


def several(n: int = 2400, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """X, a flag as outcome, arm, its probabilities (none, call, mail) and the true chances; mail is 0.1 for all."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    e = np.where((X[:, 0] > 0)[:, None], [0.2, 0.5, 0.3], [0.5, 0.2, 0.3])
    arm = (rng.random(n)[:, None] > np.cumsum(e, axis=1)).sum(axis=1)
    none = 0.3 + 0.1 * np.tanh(X[:, 0])
    chance = np.column_stack([none, none + 0.2 * np.tanh(X[:, 1]), none + 0.1])
    y = (rng.random(n) < chance[np.arange(n), arm]).astype(int)
    return X, y, np.array(["none", "call", "mail"])[arm], e, chance


def test_the_chooser_decides_each_arm_by_itself(tmp_path: Path) -> None:
    X, y, arm, e, chance = several()
    model = UpliftChooser(["t_linear", "dr_linear"], cv=3, n_boot=40, control="none").fit(
        X, y, treatment=arm, propensity=e
    )
    assert model.arms_.tolist() == ["none", "call", "mail"]
    assert model.decided_by_arm_ == [True, False]
    assert model.decided_
    assert [(r.arm, r.name) for r in model.report_ if r.name == "response"] == [
        ("call", "response"),
        ("mail", "response"),
    ]
    found = model.predict(X)
    assert found.shape == model.oof_uplift_.shape == (len(X), 2)
    assert np.corrcoef(found[:, 0], chance[:, 1] - chance[:, 0])[0, 1] > 0.8
    # the lot leaned on what drives the outcome: a difference of plain means would say more
    assert found[:, 1] == pytest.approx(np.full(len(X), 0.1), abs=0.05)
    assert np.ptp(found[:, 1]) < 1e-3
    assert set(model.slopes_[:, 1]) <= {0.0, ORDER}
    outcome = model.predict_outcomes(X)
    inside = ((outcome > 0) & (outcome < 1)).all(axis=1)
    assert inside.mean() > 0.9
    np.testing.assert_allclose((outcome[:, 1:] - outcome[:, :1])[inside], found[inside], atol=1e-12)
    assert np.abs(outcome - chance).mean() < 0.06
    for k, name in enumerate(("call", "mail")):
        parts = model.contributions(X, name, scale="outcome")
        np.testing.assert_allclose(parts.sum(axis=1), found[:, k], atol=1e-9)
        np.testing.assert_array_equal(model.effect_score(X, name), found[:, k])
    assert np.abs(model.contributions(X, "mail")[:, :3]).max() < 1e-3
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    for say in ("predict", "predict_outcomes"):
        np.testing.assert_array_equal(getattr(loaded, say)(X), getattr(model, say)(X))
    assert (loaded.report_[-1].arm, loaded.decided_by_arm_) == ("mail", [True, False])


def test_an_arm_is_judged_alike_with_and_without_the_others() -> None:
    X, y, arm, e, _ = several()
    both = UpliftChooser(["t_linear"], cv=3, n_boot=20, control="none").fit(X, y, treatment=arm, propensity=e)
    pair = np.isin(arm, ["none", "call"])
    alone = UpliftChooser(["t_linear"], cv=3, n_boot=20, control="none").fit(
        X[pair], y[pair], treatment=arm[pair], propensity=(e[:, 1] / (e[:, 0] + e[:, 1]))[pair]
    )
    assert alone.decided_by_arm_ == both.decided_by_arm_[:1] == [True]
    assert np.corrcoef(both.predict(X)[:, 0], alone.predict(X))[0, 1] > 0.99
    assert both.means_[0] == pytest.approx(alone.means_[0], abs=0.03)


def test_scores_of_several_arms_are_right_over_all_rows() -> None:
    """Outcome models that say nothing: the pair's rows alone would count the residuals too often."""
    X, y, arm, e, chance = several(30000, 3)
    noise = np.random.default_rng(0).normal(size=(len(X), 1))
    found = fit_nuisances(noise, y, arm, control="none", propensity=e)
    truth = chance[:, 1] - chance[:, 0]
    slope = np.polyfit(truth, found.effects(1), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.2)
    pair = np.isin(arm, ["none", "call"])
    assert np.polyfit(truth[pair], found.effects(1)[pair], 1)[0] > 1.25
    share = found.share(1)
    np.testing.assert_array_equal(share[arm == "call"], e[arm == "call", 1])
    np.testing.assert_array_equal(share[arm == "none"], 1 - e[arm == "none", 0])


def test_the_chooser_names_what_it_does_not_know() -> None:
    X, y, t, _ = simulate(100)
    with pytest.raises(ModelError, match="t_linear"):
        UpliftChooser(["t_linaer"]).fit(X, y, treatment=t)
    with pytest.raises(ModelError, match="no learner"):
        UpliftChooser([]).fit(X, y, treatment=t)


def test_the_chooser_with_weights_text_and_a_rare_arm(mixed: tuple[pl.DataFrame, np.ndarray, np.ndarray]) -> None:
    frame, y, t = mixed
    rng = np.random.default_rng(1)
    arm = np.where(rng.random(len(t)) < 0.02, 2, t)
    w = rng.integers(0, 3, len(t)).astype(float)
    model = UpliftChooser(["t_linear", "s_boosted"], cv=3, n_boot=20).fit(frame, y, treatment=arm, sample_weight=w)
    assert model.decided_by_arm_[0]  # town "a" is told from the others
    assert np.isfinite(model.predict(frame)).all()
    assert not np.isnan(model.report_[0].metrics["qini_robust"].value)


def test_nobody_is_sure_to_pay() -> None:
    """Likely payers and a strong arm: chance and effect add up to more than 1; what is told stays below."""
    rng = np.random.default_rng(0)
    X, t = rng.normal(size=(3000, 2)), rng.integers(0, 2, 3000)
    chance = 1 / (1 + np.exp(-1.5 * X[:, 0]))
    y = (rng.random(3000) < np.clip(chance + 0.3 * t, 0, 1)).astype(int)
    model = UpliftChooser(["t_linear"], cv=2, n_boot=20).fit(X, y, treatment=t, propensity=0.5)
    told, effect = model.predict_outcomes(X), model.predict(X)
    beyond = told[:, 0] + effect > 1
    assert beyond.any()
    assert told.max() < 1
    np.testing.assert_allclose(told[beyond, 1], np.minimum(told[:, 0] + effect, 1 - 0.1 * (1 - told[:, 0]))[beyond])
    inside = (told[:, 0] + effect > 0) & (told[:, 0] + effect < 1 - 0.1 * (1 - told[:, 0]))
    np.testing.assert_allclose((told[:, 1] - told[:, 0])[inside], effect[inside])
