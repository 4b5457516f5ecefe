"""Estimators by name: which names are taken, and what a wrong one is told."""

from __future__ import annotations

from typing import Any

import pytest

from tael.errors import ModelError
from tael.models.estimators import build, class_of, public_name, told


def test_a_parameter_may_be_an_estimator_and_a_list_of_them() -> None:
    tree = {"estimator": "sklearn.tree.DecisionTreeClassifier", "parameters": {"max_depth": 2}}
    made = build("sklearn.ensemble.VotingClassifier", {"estimators": [["a", tree], ["b", tree]], "voting": "soft"})
    assert [(name, one.max_depth, one.random_state) for name, one in made.estimators] == [("a", 2, 0), ("b", 2, 0)]
    assert build("sklearn.ensemble.BaggingClassifier", {"estimator": tree}, seed=7).estimator.random_state == 7


def test_a_stated_seed_stays() -> None:
    assert build("sklearn.tree.DecisionTreeClassifier", {"random_state": 3}, seed=7).random_state == 3
    assert build("lightgbm.LGBMClassifier", {"num_leaves": 4, "lambda_l1": 1.0}).get_params()["lambda_l1"] == 1.0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("os.system", "taken from there"),
        ("RandomForestClassifier", "taken from there"),
        ("sklearn.ensemble.RandomForestClasifier", 'Did you mean "RandomForestClassifier"'),
        ("sklearn.tree.RandomForestClassifier", 'It is "sklearn.ensemble.RandomForestClassifier".'),
        ("sklearn.forest.RandomForestClassifier", 'It is "sklearn.ensemble.RandomForestClassifier".'),
        ("sklearn.base.clone", "no estimator"),
        ("sklearn.tree.__import__('os')", "taken from there"),
        ("sklearn..tree", "taken from there"),
    ],
)
def test_a_wrong_name_is_told(name: str, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        class_of(name)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [({"max_dept": 3}, 'Did you mean "max_depth"'), ({"max_depth": "deep"}, "does not take this value")],
)
def test_a_wrong_parameter_is_told(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError) as caught, told("tree"):
        build("sklearn.tree.DecisionTreeClassifier", parameters).fit([[0.0], [1.0]], [0, 1])
    assert said in str(caught.value)


def test_a_required_parameter_is_asked_for() -> None:
    with pytest.raises(ModelError, match="cannot be made so"):
        build("sklearn.ensemble.StackingClassifier")


def test_names_are_public() -> None:
    from sklearn.linear_model import LogisticRegression

    assert public_name(LogisticRegression) == "sklearn.linear_model.LogisticRegression"
