"""The portfolio: what it promises about numbers, columns, groups and bad input."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

from tael.errors import ModelError
from tael.models import SETTINGS, LogisticReference, PortfolioClassifier, crossfit
from tael.models import portfolio as portfolio_module
from tael.models.folds import make_folds

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def fitted(credit: Data) -> PortfolioClassifier:
    return PortfolioClassifier(cv=3).fit(*credit)


def test_contributions_add_up_to_the_log_odds(fitted: PortfolioClassifier, credit: Data) -> None:
    X, _ = credit
    parts = fitted.contributions(X)
    assert parts.shape == (len(X), X.shape[1] + 1)
    np.testing.assert_allclose(parts.sum(axis=1), fitted.decision_function(X), atol=1e-8, rtol=0)
    assert np.ptp(parts[:, -1]) < 1e-12, "the base is the same for all"
    np.testing.assert_array_equal(parts[:, 5], 0.0)  # a constant column says nothing


def test_each_setting_adds_up_alone_and_scores_one_row_as_it_scores_many(credit: Data) -> None:
    X, y = credit
    for name, setting in SETTINGS.items():
        scorer = setting.fit(X, y.astype(float), np.ones(len(y)), np.zeros(X.shape[1], dtype=np.int64), 0)
        np.testing.assert_allclose(scorer.contributions(X).sum(axis=1), scorer.score(X), atol=1e-8, err_msg=name)
        alone = np.concatenate([scorer.score(X[i : i + 1]) for i in range(60)])
        np.testing.assert_array_equal(alone, scorer.score(X)[:60], err_msg=name)


def test_one_row_alone_equals_the_same_row_in_bulk_bit_for_bit(fitted: PortfolioClassifier, credit: Data) -> None:
    X, _ = credit
    bulk = fitted.predict_proba(X)
    alone = np.concatenate([fitted.predict_proba(X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_array_equal(alone, bulk)


def test_same_data_same_bits_whatever_the_threads(credit: Data, fast: list[str]) -> None:
    X, y = credit
    first = PortfolioClassifier(fast, cv=3).fit(X, y)
    second = PortfolioClassifier(fast, cv=3, n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(first.predict_proba(X), second.predict_proba(X))
    np.testing.assert_array_equal(first.oof_log_odds_, second.oof_log_odds_)
    np.testing.assert_array_equal(first.contributions(X), second.contributions(X))


def test_members_are_weighted_ranked_and_measured_out_of_fold(fitted: PortfolioClassifier, credit: Data) -> None:
    _, y = credit
    weights = [m.weight for m in fitted.members_]
    assert sum(weights) == pytest.approx(1.0)
    assert weights == sorted(weights, reverse=True)
    assert min(weights) >= 0.05
    assert {c.name for c in fitted.candidates_} == set(SETTINGS)
    assert [c.name for c in fitted.candidates_ if c.kept] == [
        n for n in SETTINGS if n in {m.name for m in fitted.members_}
    ]
    assert roc_auc_score(y, fitted.oof_log_odds_) >= max(m.auc for m in fitted.members_) - 0.005


def test_the_blend_beats_the_line_where_columns_act_together(credit: Data, fitted: PortfolioClassifier) -> None:
    X, y = credit
    line = PortfolioClassifier(["linear"], cv=3).fit(X, y)
    assert roc_auc_score(y, fitted.oof_log_odds_) > roc_auc_score(y, line.oof_log_odds_) + 0.02


def test_where_nothing_can_be_learned_the_portfolio_says_so(fast: list[str]) -> None:
    seen, off = [], []
    for seed in range(5):  # one sample of noise may hold a pattern by chance; five on the average do not
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(300, 8)), rng.integers(0, 2, 300)
        model = PortfolioClassifier(fast).fit(X, y)
        seen.append(roc_auc_score(y, model.oof_log_odds_))
        new = model.predict_proba(rng.normal(size=(300, 8)))[:, 1]
        off.append(np.abs(new - y.mean()).mean())
    assert np.mean(seen) < 0.57
    assert np.mean(off) < 0.1, "the calibration draws all to the base rate"


def test_groups_are_never_split(fast: list[str]) -> None:
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(60), 8)
    y = np.repeat(rng.integers(0, 2, 60), 8)
    X = rng.normal(size=(60, 3))[groups]  # a person's rows are copies: the column gives the person away, not the label
    apart = PortfolioClassifier(["boosted", "linear"]).fit(X, y, groups=groups)
    mixed = PortfolioClassifier(["boosted", "linear"]).fit(X, y)
    assert roc_auc_score(y, mixed.oof_log_odds_) > 0.85
    assert roc_auc_score(y, apart.oof_log_odds_) < 0.75
    given = PortfolioClassifier(fast, cv=GroupKFold(4)).fit(X, y, groups=groups)
    assert given.n_splits_ == 4


def test_a_time_split_leaves_the_first_rows_without_out_of_fold_scores(credit: Data, fast: list[str]) -> None:
    X, y = credit
    model = PortfolioClassifier(fast, cv=TimeSeriesSplit(4)).fit(X, y)
    assert np.isnan(model.oof_log_odds_[:120]).all()
    assert np.isfinite(model.oof_log_odds_[120:]).all()


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", list(SETTINGS))
def test_each_member_keeps_the_direction_it_is_given(name: str, sign: int, credit: Data) -> None:
    X, y = credit
    directions = {0: sign, 1: sign}
    model = PortfolioClassifier([name], cv=2, monotone=directions).fit(X, y)
    for column in directions:
        for row in X[:8]:
            line = np.tile(row, (60, 1))
            line[:, column] = np.linspace(-4, 4, 60)
            assert np.all(np.diff(model.decision_function(line)) * sign >= -1e-12), f"{name} breaks column {column}"


def test_without_a_direction_the_bend_is_followed(credit: Data) -> None:
    X, y = credit
    model = PortfolioClassifier(["binned"], cv=2).fit(X, y)
    line = np.zeros((60, X.shape[1]))
    line[:, 1] = np.linspace(-3, 3, 60)
    steps = np.diff(model.decision_function(line))
    assert steps.min() < -0.01
    assert steps.max() > 0.01


def test_directions_by_name_and_by_array_are_the_same(credit: Data, fast: list[str]) -> None:
    X, y = credit
    frame = pd.DataFrame(X, columns=list("abcdef"))
    named = PortfolioClassifier(fast, cv=2, monotone={"a": 1, "b": -1}).fit(frame, y)
    listed = PortfolioClassifier(fast, cv=2, monotone=[1, -1, 0, 0, 0, 0]).fit(frame, y)
    np.testing.assert_array_equal(named.predict_proba(frame), listed.predict_proba(frame))


@pytest.mark.parametrize(
    ("monotone", "message"),
    [
        ({"incme": 1}, 'Did you mean "income"'),
        ({7: 1}, "a position from 0 to 1"),
        ({"income": 2}, r"\+1, 0 or -1"),
        ([1, 0, 0], "2 signs"),
        ([1, 3], r"\+1, 0 or -1"),
    ],
)
def test_directions_that_make_no_sense(monotone: Any, message: str) -> None:
    frame = pl.DataFrame({"income": [1.0, 2, 3, 4], "age": [4.0, 2, 3, 1]})
    with pytest.raises(ModelError, match=message):
        PortfolioClassifier(["linear"], cv=2, monotone=monotone).fit(frame, [0, 1, 0, 1])


def test_every_frame_gives_the_same_bits(credit: Data, fast: list[str]) -> None:
    X, y = credit
    names = [f"c{j}" for j in range(X.shape[1])]
    plain = PortfolioClassifier(fast, cv=2).fit(X, y).predict_proba(X)
    polars = pl.DataFrame(X, schema=names).with_columns(pl.col("c4").fill_nan(None), pl.col("c3").cast(pl.Boolean))
    for frame in (pd.DataFrame(X, columns=names), pd.DataFrame(X, columns=names).convert_dtypes(), polars):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = PortfolioClassifier(fast, cv=2).fit(frame, y)
        assert model.feature_names_in_.tolist() == names
        np.testing.assert_array_equal(model.predict_proba(frame), plain)


def test_text_labels_keep_their_names(credit: Data) -> None:
    X, y = credit
    model = PortfolioClassifier(["linear"], cv=2).fit(X, np.where(y > 0, "bad", "good"))
    assert model.classes_.tolist() == ["bad", "good"]
    assert set(model.predict(X)) == {"bad", "good"}


def test_missing_values_are_information(credit: Data) -> None:
    X, y = credit
    for model in (PortfolioClassifier(["binned"], cv=2), PortfolioClassifier(["linear"], cv=2), LogisticReference()):
        parts = model.fit(X, y).contributions(X)[:, 4]
        gone = np.isnan(X[:, 4])
        assert parts[gone].mean() > parts[~gone].mean() + 0.3


def test_weights_of_zero_leave_rows_out(credit: Data, fast: list[str]) -> None:
    X, y = credit
    weight = (np.arange(len(y)) % 3 > 0).astype(float)
    model = PortfolioClassifier(fast, cv=2).fit(X, y, sample_weight=weight)
    part = PortfolioClassifier(fast, cv=2).fit(X[weight > 0], y[weight > 0])
    np.testing.assert_array_equal(model.predict_proba(X), part.predict_proba(X))
    assert np.isnan(model.oof_log_odds_[weight == 0]).all()


def test_calibration_corrects_an_overconfident_member(credit: Data) -> None:
    X, y = credit
    model = PortfolioClassifier(["deep_random"]).fit(X, y)
    assert model.calibration_.slope < 0.9
    p = 1 / (1 + np.exp(-model.oof_log_odds_))
    assert p.mean() == pytest.approx(y.mean(), abs=0.01)


def test_large_tables_are_screened_first(credit: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = credit
    for limit in ("_SCREEN_FROM", "_SCREEN_ALWAYS_FROM"):
        monkeypatch.setattr(portfolio_module, limit, 1000)
    monkeypatch.setattr(crossfit, "SCREEN_ROWS", 300)
    model = PortfolioClassifier(cv=3).fit(X, y)
    assert {c.name for c in model.candidates_} == set(SETTINGS)
    assert 1 <= len(model.members_) <= 3
    assert any(c.stage == "screening" for c in model.candidates_)
    again = PortfolioClassifier(cv=3).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))


def test_a_fold_that_holds_out_one_class_is_not_the_one_to_screen_on(
    credit: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = credit
    for limit in ("_SCREEN_FROM", "_SCREEN_ALWAYS_FROM"):
        monkeypatch.setattr(portfolio_module, limit, 1000)
    monkeypatch.setattr(crossfit, "SCREEN_ROWS", 300)
    rows = np.arange(len(y))
    good = rows[y == 0][:50]
    folds = [(np.setdiff1d(rows, good), good), (rows[:400], rows[400:])]
    model = PortfolioClassifier(cv=folds).fit(X, y)
    assert all(np.isfinite(c.auc) for c in model.candidates_)


@pytest.mark.parametrize(("enough", "screened"), [(20, True), (500, False)])
def test_a_table_of_middle_size_is_screened_where_a_fold_can_tell_settings_apart(
    enough: int, screened: bool, credit: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = credit
    monkeypatch.setattr(portfolio_module, "_SCREEN_FROM", 1000)
    monkeypatch.setattr(portfolio_module, "_ENOUGH", enough)
    model = PortfolioClassifier(cv=2).fit(X, y)
    assert any(c.stage == "screening" for c in model.candidates_) == screened
    assert sorted(c.name for c in model.candidates_) == sorted(SETTINGS)


def test_a_fold_that_was_screened_whole_is_not_fitted_again(credit: Data) -> None:
    X, y = credit
    fit = crossfit.CrossFit(X, y.astype(float), np.ones(len(y)), np.zeros(X.shape[1], dtype=np.int64), 0, 1)
    settings = [SETTINGS[name] for name in ("boosted", "linear", "binned")]
    folds = make_folds(3, X, fit.y, None, 0)
    screened = fit.screen(settings, folds, 1, at_most=2)
    kept = [settings[k] for k in screened.kept]
    with_it, scorers = fit.cross_fit(kept, folds, screened.done)
    without, _ = fit.cross_fit(kept, folds)
    np.testing.assert_array_equal(with_it, without)
    assert [one[1] for one in scorers] == [scorer for scorer, _ in screened.done[1]]


def test_what_does_best_alone_goes_on_beside_what_the_blend_wants() -> None:
    rng = np.random.default_rng(0)
    signal, other = rng.normal(size=(2, 4000))
    y = (rng.random(4000) < 1 / (1 + np.exp(-signal - 0.5 * other))).astype(float)
    near = [signal + 0.4 * other + 0.3 * rng.normal(size=4000) for _ in range(2)]
    Z = np.column_stack([rng.normal(size=4000), *near, 0.5 * other])
    assert crossfit._promising(Z, y, np.ones(4000), 3) == [1, 2, 3]
    assert len(crossfit._promising(Z, y, np.ones(4000), 1)) == 1
    sure = np.column_stack([Z[:, 0], 9.0 * Z[:, 1]])  # too sure of itself, and the best once calibrated
    assert crossfit._promising(sure, y, np.ones(4000), 2) == [1]


def test_a_fold_that_was_screened_in_part_is_fitted_whole(credit: Data, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = credit
    monkeypatch.setattr(crossfit, "SCREEN_ROWS", 300)
    fit = crossfit.CrossFit(X, y.astype(float), np.ones(len(y)), np.zeros(X.shape[1], dtype=np.int64), 0, 1)
    assert not fit.screen([SETTINGS["linear"]], make_folds(3, X, fit.y, None, 0), 0, at_most=1).done


def test_folds_by_themselves_are_five_and_three_where_the_table_is_very_large(
    credit: Data, fast: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = credit
    assert PortfolioClassifier(fast).fit(X, y).n_splits_ == 5
    monkeypatch.setattr(portfolio_module, "_THREE_FOLDS_FROM", 1000)
    assert PortfolioClassifier(fast).fit(X, y).n_splits_ == 3
    assert PortfolioClassifier(fast, cv=4).fit(X, y).n_splits_ == 4


@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.integers(0, 3))
def test_the_area_under_the_curve_is_scikit_learns(seed: int, n: int, digits: int) -> None:
    rng = np.random.default_rng(seed)
    y = np.append([0.0, 1.0], rng.integers(0, 2, n)).astype(float)
    z, weight = np.round(rng.normal(size=n + 2), digits), rng.uniform(0.1, 3.0, n + 2)
    assert crossfit.roc_auc(y, z, weight) == pytest.approx(roc_auc_score(y, z, sample_weight=weight), abs=1e-12)


@pytest.mark.parametrize("refit", ["all", "folds"])
def test_both_ways_to_refit(credit: Data, fast: list[str], refit: str) -> None:
    X, y = credit
    model = PortfolioClassifier(fast, cv=3, refit=refit).fit(X, y)
    assert {len(m.scorers) for m in model.members_} == ({1} if refit == "all" else {3})
    np.testing.assert_allclose(model.contributions(X).sum(axis=1), model.decision_function(X), atol=1e-8)


def test_few_rows_give_fewer_folds() -> None:
    X = np.arange(12.0).reshape(-1, 1)
    y = np.array([0] * 9 + [1] * 3)
    assert PortfolioClassifier(["linear", "boosted"]).fit(X, y).n_splits_ == 3


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 1, 1, 1], "one class only"),
        ([0, 0, 0, 1], "Too few rows of the rarer class"),
        ([0, 1, 2, 1], "Only binary classification is supported"),
    ],
)
def test_labels_that_cannot_be_learned(y: list[int], message: str) -> None:
    with pytest.raises(ModelError, match=message):
        PortfolioClassifier().fit(np.arange(8.0).reshape(4, 2), y)


def test_two_rows() -> None:
    with pytest.raises(ModelError, match="at least 2"):
        PortfolioClassifier().fit([[0.0], [1.0]], [0, 1])
    reference = LogisticReference().fit([[0.0], [1.0]], [0, 1])
    assert reference.predict([[0.0], [1.0]]).tolist() == [0, 1]


def test_a_class_in_one_group_cannot_be_held_out() -> None:
    X, y = np.arange(8.0).reshape(8, 1), [0, 0, 0, 0, 0, 0, 1, 1]
    with pytest.raises(ModelError, match="Too few groups"):
        PortfolioClassifier(["linear"]).fit(X, y, groups=[1, 2, 3, 4, 5, 6, 7, 7])


def test_constant_and_empty_columns_give_the_base_rate() -> None:
    X = np.column_stack([np.full(40, 3.0), np.full(40, np.nan)])
    y = np.tile([0, 0, 0, 1], 10)
    for model in (PortfolioClassifier(cv=2), LogisticReference()):
        p = model.fit(X, y).predict_proba(X)[:, 1]
        np.testing.assert_allclose(p, 0.25, atol=0.02)


@pytest.mark.parametrize(
    "X",
    [
        pl.DataFrame({"a": [1.0, 2, 3, 4], "job": ["x", "y", "x", "y"]}),
        pd.DataFrame({"a": [1.0, 2, 3, 4], "job": pd.Series(["1", "2", "3", "4"], dtype=object)}),
        pd.DataFrame({"a": [1.0, 2, 3, 4], "job": pd.Categorical(["x", "y", "x", "y"])}),
        pa.table({"a": [1.0, 2, 3, 4], "job": ["x", "y", "x", "y"]}),
    ],
)
def test_text_is_refused_by_name(X: Any) -> None:
    with pytest.raises(ModelError, match="job"):
        PortfolioClassifier(["linear"], cv=2).fit(X, [0, 1, 0, 1])


def test_text_in_arrays_is_refused() -> None:
    for X in (np.array([["1"], ["2"], ["3"], ["4"]]), np.array([["1"], [2.0], [3.0], [4.0]], dtype=object)):
        with pytest.raises(ModelError, match="numbers only"):
            PortfolioClassifier(["linear"], cv=2).fit(X, [0, 1, 0, 1])


def test_unknown_members_are_named() -> None:
    X, y = np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]
    with pytest.raises(ModelError, match='Did you mean "slow"'):
        PortfolioClassifier(["slwo"]).fit(X, y)
    with pytest.raises(ModelError, match="names one twice"):
        PortfolioClassifier(["slow", "slow"]).fit(X, y)


def test_negative_weights_are_refused() -> None:
    with pytest.raises(ModelError, match="negative"):
        LogisticReference().fit([[0.0], [1.0]], [0, 1], sample_weight=[1.0, -1.0])
