"""The tone of texts: learned, kept as plain data, out of sample on real sentences, and a field of a market."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.errors import MarketError
from tael.markets.sentiment import SentimentClassifier, texts_of, with_tone
from tael.models import load_model, save_model

TEXTS = ["profit rose sharply", "profit fell sharply", "the board met", "sales rose", "sales fell", "the board"] * 6
TONES = [1, -1, 0, 1, -1, 0] * 6

# What these checks feed is an array of numbers, and most of them several columns; the model reads one column of texts.
NUMBERS = (
    "check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_one_label",
    "check_classifiers_regression_target", "check_classifiers_train", "check_complex_data",
    "check_decision_proba_consistency", "check_dict_unchanged", "check_dont_overwrite_parameters", "check_dtype_object",
    "check_estimator_sparse_array", "check_estimator_sparse_matrix", "check_estimator_sparse_tag",
    "check_estimators_dtypes", "check_estimators_empty_data_messages", "check_estimators_fit_returns_self",
    "check_estimators_nan_inf", "check_estimators_overwrite_params", "check_estimators_pickle",
    "check_f_contiguous_array_estimator", "check_fit2d_1feature", "check_fit2d_1sample",
    "check_fit2d_predict1d", "check_fit_check_is_fitted", "check_fit_idempotent", "check_fit_score_takes_y",
    "check_methods_sample_order_invariance", "check_methods_subset_invariance", "check_n_features_in",
    "check_n_features_in_after_fitting", "check_pipeline_consistency", "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input", "check_requires_y_none", "check_supervised_y_2d",
)  # fmt: skip


def _gaps(estimator: Any) -> dict[str, str]:
    return dict.fromkeys(NUMBERS, "the check's input is numbers, the model's is one column of texts")


@parametrize_with_checks([SentimentClassifier()], expected_failed_checks=_gaps, xfail_strict=True)
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def model() -> SentimentClassifier:
    return SentimentClassifier().fit(TEXTS, TONES)


def test_tones_and_classes(model: SentimentClassifier) -> None:
    assert model.predict(["margins rose", "margins fell", "the board met"]).tolist() == [1, -1, 0]
    tone = model.tone(["sales rose", "sales fell", "", None])
    assert tone[0] > 0.5
    assert tone[1] < -0.5
    assert np.isnan(tone[2:]).all()
    assert model.predict_proba(TEXTS).sum(axis=1) == pytest.approx(1.0)
    assert model.decision_function(TEXTS).shape == (len(TEXTS), 3)
    assert "rose" in model.words(3)[1]


def test_two_classes_and_frames() -> None:
    two = SentimentClassifier().fit(pl.DataFrame({"text": ["up", "down"] * 4}), ["good", "bad"] * 4)
    assert two.predict(np.array([["up"], ["down"]], dtype=object)).tolist() == ["good", "bad"]
    assert two.decision_function(["up"]).shape == (1,)
    assert two.tone(["up"])[0] > 0  # the classes sort as bad, good


def test_it_is_kept_as_plain_data_and_says_the_same(model: SentimentClassifier, tmp_path: Path) -> None:
    save_model(model, tmp_path / "tone")
    for path in (tmp_path / "tone").iterdir():
        json.loads(path.read_text("utf-8"))
    again = load_model(tmp_path / "tone")
    assert np.array_equal(again.predict_proba(TEXTS), model.predict_proba(TEXTS))
    assert again.get_params() == model.get_params()


def test_two_fits_are_the_same(model: SentimentClassifier) -> None:
    assert np.array_equal(SentimentClassifier().fit(TEXTS, TONES).coef_, model.coef_)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [("up", "no sequence"), ([1.5], "no text"), (np.full((2, 2), "up"), "one column")],
    ids=["one text", "numbers", "two columns"],
)
def test_what_is_no_text_is_told(model: SentimentClassifier, wrong: Any, said: str) -> None:
    with pytest.raises(MarketError, match=said):
        model.predict(wrong)


def test_what_cannot_be_learned_is_told() -> None:
    with pytest.raises(MarketError, match="No term occurs often enough"):
        SentimentClassifier().fit(["one", "two"], [0, 1])
    with pytest.raises(ValueError, match="one class"):
        SentimentClassifier().fit(["up", "up"], [1, 1])
    with pytest.raises(NotFittedError):
        SentimentClassifier().predict(["up"])
    assert texts_of(pl.Series(["a", None])) == ["a", ""]


def test_news_become_a_field_known_when_they_were_written(model: SentimentClassifier) -> None:
    """A text of the morning counts at that day's close, one of the evening at the next."""
    from tael.panels import Panel, event_fields
    from tael.tables.frames import Tables

    stamps = ["2024-01-02T10:00", "2024-01-03T18:00"]
    news = pl.DataFrame(
        {"code": ["A", "A"], "created_at": np.array(stamps, "M8[us]"), "text": ["sales rose", "sales fell"]}
    )
    tables = Tables(
        {"stocks": pl.DataFrame({"code": ["A"]}), "news": with_tone(news, model)},
        {"stocks": {"key": "code"}, "news": {"time": "created_at", "columns": {"code": {"to": "stocks"}}}},
    )
    closes = np.array(["2024-01-02T15:00", "2024-01-03T15:00", "2024-01-04T15:00"], "M8[us]")
    panel = Panel(closes, ("A",), {"close": np.ones((3, 1))})
    field = event_fields(tables, {"tone": "last(news.tone)"}, panel, entity="stocks").fields["tone"].ravel()
    assert field[0] == field[1] > 0 > field[2]


def test_out_of_sample_on_real_sentences(data_dir: Path) -> None:
    """Nine in ten right where the most frequent class is right in six; on a part, for time."""
    raw = pl.read_csv(
        data_dir / "market/news/financial_phrasebank.csv", has_header=False, skip_rows=1,
        new_columns=["number", "sentence", "label"],
    ).sample(1200, seed=0)  # fmt: skip
    label = raw["label"].to_numpy()
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    said = cross_val_predict(SentimentClassifier(), raw["sentence"].to_list(), label, cv=folds)
    assert np.mean(said == label) > 0.8
    assert np.mean(label == 1) < 0.65
    shuffled = np.random.default_rng(0).permutation(label)
    noise = cross_val_predict(SentimentClassifier(balanced=False), raw["sentence"].to_list(), shuffled, cv=folds)
    assert np.mean(noise == shuffled) < 0.65
