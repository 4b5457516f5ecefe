"""Any classifier by its name: log-odds that add up, and a copy from disk that answers to the last bit."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import all_estimators
from sklearn.utils.estimator_checks import parametrize_with_checks

from tael.errors import ModelError
from tael.models import NamedClassifier, load_model, save_model
from tael.models.estimator_state import decode, encode
from tael.models.estimators import public_name

TREE = {"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 3}}
LINE = {"estimator": "sklearn.linear_model.LogisticRegression"}
SMALL: dict[str, dict[str, Any]] = {
    "AdaBoostClassifier": {"n_estimators": 5},
    "BaggingClassifier": {"n_estimators": 3, "estimator": TREE},
    "CalibratedClassifierCV": {"estimator": {"estimator": "sklearn.svm.LinearSVC"}, "cv": 2},
    "ExtraTreesClassifier": {"n_estimators": 5},
    "FixedThresholdClassifier": {"estimator": LINE},
    "GradientBoostingClassifier": {"n_estimators": 5},
    "HistGradientBoostingClassifier": {"max_iter": 5},
    "LogisticRegressionCV": {"Cs": 2, "cv": 2, "use_legacy_attributes": False, "l1_ratios": [0.0]},
    "MLPClassifier": {"hidden_layer_sizes": [3], "max_iter": 20},
    "NuSVC": {"probability": True},
    "OneVsRestClassifier": {"estimator": LINE},
    "RandomForestClassifier": {"n_estimators": 5},
    "SGDClassifier": {"loss": "log_loss"},
    "SVC": {"probability": True},
    "SelfTrainingClassifier": {"estimator": LINE},
    "StackingClassifier": {"estimators": [["tree", TREE], ["line", LINE]], "cv": 2},
    "TunedThresholdClassifierCV": {"estimator": LINE, "cv": 2},
    "VotingClassifier": {"estimators": [["tree", TREE], ["line", LINE]], "voting": "soft"},
}
REFUSED = {
    "several labels": ("ClassifierChain", "MultiOutputClassifier"),
    "no probabilities": (
        "LinearSVC", "OneVsOneClassifier", "OutputCodeClassifier", "PassiveAggressiveClassifier", "Perceptron",
        "RidgeClassifier", "RidgeClassifierCV",
    ),
    "counts alone": ("CategoricalNB", "ComplementNB", "MultinomialNB"),
}  # fmt: skip
ELSEWHERE = {"RadiusNeighborsClassifier"}  # says nothing of a row far from all others
NAMES = {kind: public_name(cls) for kind, cls in all_estimators(type_filter="classifier")}
TAKEN = sorted(set(NAMES) - {one for names in REFUSED.values() for one in names} - ELSEWHERE)


def rows(n: int = 160) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=n) > 0).astype(int)
    X[rng.random(X.shape) < 0.05] = np.nan
    return X, y


def fitted(name: str, parameters: dict[str, Any] | None) -> NamedClassifier:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "y contains no unlabeled samples")
        warnings.simplefilter("ignore", FutureWarning)  # SVC's probabilities are on their way out of scikit-learn
        return NamedClassifier(name, parameters).fit(*rows())


@pytest.mark.parametrize("name", [*TAKEN, "lightgbm"])
def test_every_classifier_adds_up_and_comes_back(name: str, tmp_path: Path) -> None:
    if name == "lightgbm":
        model = fitted("lightgbm.LGBMClassifier", {"n_estimators": 5})
    else:
        model = fitted(NAMES[name], SMALL.get(name))
    X = rows()[0][:12]
    z, parts = model.decision_function(X), model.contributions(X)
    assert np.allclose(parts.sum(axis=1), z, atol=1e-8)
    assert np.ptp(parts[:, -1]) < 1e-12
    assert np.array_equal(np.concatenate([model.decision_function(X[[k]]) for k in range(3)]), z[:3])
    save_model(model, tmp_path)
    again = load_model(tmp_path)
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert np.array_equal(again.contributions(X), parts)
    assert again.get_params() == model.get_params()


@pytest.mark.parametrize("name", [one for names in REFUSED.values() for one in names])
def test_what_cannot_stand_there_is_refused(name: str) -> None:
    with pytest.raises(ModelError):
        fitted(NAMES[name], None)


def test_trees_explain_exactly() -> None:
    X, y = rows(400)
    model = NamedClassifier("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 20}).fit(X, y)
    parts = np.abs(model.contributions(X)[:, :-1]).mean(axis=0)
    assert parts.argmin() == 3  # the column that has nothing to do with it


def test_a_bundle_cannot_name_another_class(tmp_path: Path) -> None:
    save_model(fitted("sklearn.tree.DecisionTreeClassifier", None), tmp_path)
    page = tmp_path / "model.json"
    text = page.read_text(encoding="utf-8")
    page.write_text(text.replace("sklearn.tree._classes.DecisionTreeClassifier", "subprocess.Popen"), encoding="utf-8")
    with pytest.raises(ModelError, match="damaged"):
        load_model(tmp_path)


def test_a_tree_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    from tael.models.estimator_state import decode, encode

    written = encode(fitted("sklearn.tree.DecisionTreeClassifier", {"max_depth": 2}).estimator_)
    nodes = dict(written["state"]["tree_"]["state"]["pairs"])["nodes"]
    left = next(one for one in nodes["fields"] if one["name"] == "left_child")
    from tael.models.estimator_state import _bytes, _read_bytes

    far = _read_bytes(left)
    far[0] = 10**6
    left.update(json.loads(json.dumps(_bytes(far))))
    with pytest.raises(ValueError, match="later nodes"):
        decode(written)


@pytest.mark.parametrize(
    ("name", "parameters", "spoil"),
    [
        ("sklearn.tree.DecisionTreeClassifier", {"max_depth": 2}, lambda state: state.update(n_features_in_=1)),
        ("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 2}, lambda state: state.update(n_features_in_=1)),
        (
            "sklearn.ensemble.GradientBoostingClassifier",
            {"n_estimators": 2},
            lambda state: state.update(n_features_in_=1),
        ),
        (
            "sklearn.ensemble.HistGradientBoostingClassifier",
            {"max_iter": 2},
            lambda state: state.update(n_features_in_=1),
        ),
        ("sklearn.svm.SVC", {"probability": True}, lambda state: state.update(_n_support=encode(np.array([9999, 1])))),
        ("sklearn.svm.SVC", {"probability": True}, lambda state: state.update(support_=encode(np.array([0])))),
    ],
)
def test_what_would_be_read_beyond_its_rows_is_refused(name: str, parameters: dict[str, Any], spoil: Any) -> None:
    """Compiled code looks up columns and support vectors without asking whether they are there."""
    X, y = rows()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        written = encode(NamedClassifier(name, parameters).fit(X, y).estimator_)
    decode(written)
    spoil(written["state"])
    with pytest.raises(ValueError, match=r"columns|support vectors"):
        decode(written)


def test_weights_go_to_those_that_take_them() -> None:
    X, y = rows()
    weight = np.where(y == 1, 3.0, 1.0)
    heavy = NamedClassifier("sklearn.naive_bayes.GaussianNB").fit(X, y, sample_weight=weight)
    assert (
        heavy.predict_proba(X)[:, 1].mean()
        > NamedClassifier("sklearn.naive_bayes.GaussianNB").fit(X, y).predict_proba(X)[:, 1].mean()
    )
    with pytest.raises(ModelError, match="no weights"):
        NamedClassifier("sklearn.neighbors.KNeighborsClassifier").fit(X, y, sample_weight=weight)


@parametrize_with_checks([NamedClassifier()])
def test_scikit_learn_checks(estimator: Any, check: Any) -> None:
    check(estimator)
