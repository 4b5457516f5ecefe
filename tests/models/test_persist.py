"""Saved and loaded: the same bits, and every kind of damage told."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from tael.errors import ModelError
from tael.models import LogisticReference, PortfolioClassifier, load_model, persist, save_model
from tael.models.persist import _decode, _encode

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def frame(credit: Data) -> pd.DataFrame:
    return pd.DataFrame(credit[0], columns=list("abcdef"))


@pytest.mark.parametrize("refit", ["all", "folds"])
def test_portfolio_scores_the_same_bits(refit: str, credit: Data, frame: pd.DataFrame, tmp_path: Path) -> None:
    labels = np.where(credit[1] > 0, "bad", "good")
    model = PortfolioClassifier(cv=2, refit=refit, monotone={"a": 1}, class_weight={"bad": 2.0}).fit(frame, labels)
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    np.testing.assert_array_equal(loaded.predict_proba(frame), model.predict_proba(frame))
    np.testing.assert_array_equal(loaded.contributions(frame), model.contributions(frame))
    assert loaded.classes_.tolist() == ["bad", "good"]
    assert loaded.classes_.dtype == model.classes_.dtype
    assert loaded.feature_names_in_.tolist() == list("abcdef")
    assert loaded.get_params() == model.get_params()
    assert loaded.calibration_ == model.calibration_
    assert loaded.candidates_ == model.candidates_
    assert [(m.name, m.weight, m.auc, m.log_loss) for m in loaded.members_] == [
        (m.name, m.weight, m.auc, m.log_loss) for m in model.members_
    ]


@pytest.mark.parametrize("labels", [np.array([False, True]), np.array([0.0, 1.0]), np.array(["n", "y"], dtype=object)])
def test_reference_scores_the_same_bits(labels: np.ndarray, credit: Data, tmp_path: Path) -> None:
    X, y = credit
    model = LogisticReference(l2=2.5).fit(X, labels[y])
    save_model(model, tmp_path)
    loaded = load_model(tmp_path)
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.l2 == 2.5


def test_a_saved_model_saves_to_the_same_bytes(credit: Data, fast: list[str], tmp_path: Path) -> None:
    model = PortfolioClassifier(fast, cv=2).fit(*credit)
    save_model(model, tmp_path / "a")
    save_model(load_model(tmp_path / "a"), tmp_path / "b")
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=8))
def test_floats_round_trip_exactly(values: list[float]) -> None:
    array = np.array(values, dtype=np.float64)
    text = json.dumps(_encode({"x": array}, [], "state"), allow_nan=False)
    back = _decode(json.loads(text), Path())["x"]
    np.testing.assert_array_equal(back, array)
    assert np.array_equal(np.signbit(back[~np.isnan(back)]), np.signbit(array[~np.isnan(array)]))


def test_unknown_classes(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"LogisticReference, .*PortfolioClassifier"):
        save_model(LogisticRegression().fit([[0], [1]], [0, 1]), tmp_path)
    assert not list(tmp_path.iterdir())
    (tmp_path / "model.json").write_text('{"format": 1, "class": "PortfolioClassifer", "state": {}}')
    with pytest.raises(ModelError, match='Did you mean "PortfolioClassifier"'):
        load_model(tmp_path)


def test_not_fitted_and_already_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not fitted"):
        save_model(LogisticReference(), tmp_path)
    model = LogisticReference().fit([[0.0], [1.0]], [0, 1])
    save_model(model, tmp_path)
    with pytest.raises(ModelError, match="nothing is written over"):
        save_model(model, tmp_path)


def _damage(folder: Path, how: str) -> None:
    file = folder / "model.json"
    text = file.read_text()
    booster = folder / "booster_00.txt"
    if how == "cut":
        file.write_text(text[: len(text) // 2])
    elif how == "no state":
        file.write_text('{"format": 1, "class": "PortfolioClassifier"}')
    elif how == "a key less":
        document = json.loads(text)
        del document["state"]["calibration"]["slope"]
        file.write_text(json.dumps(document))
    elif how == "other format":
        file.write_text(text.replace('"format": 1', '"format": 99', 1))
    elif how == "no booster":
        booster.unlink()
    elif how == "cut booster":
        booster.write_text(booster.read_text()[:3000])
    elif how == "outside":
        file.write_text(re.sub(r"booster_00\.txt", "../../booster_00.txt", text))
    elif how == "gone":
        file.unlink()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("cut", "damaged"),
        ("no state", "damaged"),
        ("a key less", "damaged"),
        ("other format", "format that this version does not read"),
        ("no booster", r"A part of the model is missing[\s\S]*booster_00"),
        ("cut booster", "cut short"),
        ("outside", "outside the folder"),
        ("gone", "no model in this folder"),
    ],
)
def test_damage_is_told(how: str, message: str, credit: Data, tmp_path: Path) -> None:
    save_model(PortfolioClassifier(["shallow"], cv=2).fit(*credit), tmp_path)
    _damage(tmp_path, how)
    with pytest.raises(ModelError, match=message):
        load_model(tmp_path)


def test_one_line_registers_another_class(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Constant:
        def __init__(self, value: float) -> None:
            self.classes_ = np.array([0, 1])
            self.value = value

    monkeypatch.setattr(persist, "_REGISTRY", dict(persist._REGISTRY))
    persist.register(Constant, lambda m: {"value": m.value}, lambda s: Constant(s["value"]))
    save_model(Constant(0.1 + 0.2), tmp_path)
    assert load_model(tmp_path).value == 0.1 + 0.2

    class Bad(Constant):
        pass

    persist.register(Bad, lambda m: {"value": object()}, lambda s: Bad(0.0))
    with pytest.raises(ModelError, match="not data"):
        save_model(Bad(1.0), tmp_path / "bad")
    assert not (tmp_path / "bad").exists()

    def other() -> Any:
        class Constant:
            pass

        return Constant

    with pytest.raises(ModelError, match="Two classes"):
        persist.register(other(), lambda m: {}, lambda s: None)


def test_no_code_in_the_files(credit: Data, fast: list[str], tmp_path: Path) -> None:
    save_model(PortfolioClassifier(fast, cv=2).fit(*credit), tmp_path)
    for file in tmp_path.iterdir():
        assert file.suffix in {".json", ".txt"}
        file.read_text(encoding="utf-8")
