"""An estimator by its name in every kind of model: it learns, explains, comes back, and a wrong one stops the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tael.errors import ScenarioError
from tael.models import load_model, save_model
from tael.runs.tasks import task_of

FOREST = {
    "estimator": "sklearn.ensemble.RandomForestClassifier",
    "parameters": {"n_estimators": 20, "min_samples_leaf": 10},
}
LINE = {"estimator": "sklearn.linear_model.LogisticRegression"}
KINDS = ["classification", "uplift", "risks", "recommender"]


def content(plans: Any, kind: str, named: dict[str, Any]) -> dict[str, Any]:
    model = {} if kind == "classification" else {"kind": plans[kind]["model"]["kind"]}
    return plans[kind] | {"model": model | named}


@pytest.mark.parametrize("named", [FOREST, LINE], ids=["forest", "line"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_stands_in_every_kind_of_model(tiny: Any, plans: Any, tmp_path: Path, kind: str, named: Any) -> None:
    scene = tiny(content(plans, kind, named))
    fitted = scene.task.fit(scene.features, scene.sample)
    told = fitted.outputs(scene.features)
    assert next(iter(told)) == "p"
    assert set(told) == set(scene.task.outputs(scene.engine))
    assert all(((v >= 0) & (v <= 1)).all() for name, v in told.items() if name.startswith("p"))
    assert np.ptp(told["p"]) > 0.05
    assert named["estimator"].rpartition(".")[2] in scene.task.told(None, fitted)["title"]["zh"]
    some = scene.features[:15]
    parts = {score: fitted.contributions(some, score) for score in fitted.scores}
    assert all(np.isfinite(values).all() and np.abs(values).max() > 0 for values in parts.values())
    save_model(fitted.model, tmp_path / "weights")
    again = task_of(scene.plan).restore(load_model(tmp_path / "weights"))
    assert all(values.tobytes() == told[name].tobytes() for name, values in again.outputs(scene.features).items())
    assert all(again.contributions(some, score).tobytes() == values.tobytes() for score, values in parts.items())


def test_hazards_by_name_add_up_and_order_time(tiny: Any, plans: Any) -> None:
    scene = tiny(content(plans, "risks", FOREST))
    model = scene.task.fit(scene.features, scene.sample).model
    some = scene.features[:10]
    for cause in model.causes_:
        for time in (None, 40.0):
            score = model.hazard_score(some, cause, time)
            assert np.allclose(model.contributions(some, cause, time).sum(axis=1), score)
    # early ends come sooner where z is high
    z, p = scene.features["z"].to_numpy(), model.predict_cumulative_incidence(scene.features, [90.0])
    early = p[:, list(map(str, model.causes_)).index("early"), 0]
    assert early[z > 0.5].mean() > early[z < -0.5].mean() + 0.1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"estimator": "sklearn.ensemble.RandomForest"}, "no such estimator"),
        ({"estimator": "subprocess.Popen"}, "taken from there"),
        ({"estimator": "sklearn.linear_model.RidgeClassifier"}, "no probabilities"),
        ({"estimator": "sklearn.ensemble.RandomForestRegressor"}, "RandomForestClassifier"),
        (FOREST | {"parameters": {"n_trees": 5}}, "no such parameter"),
    ],
)
def test_a_wrong_one_stops_before_anything_is_computed(
    tiny: Any, plans: Any, kind: str, named: dict[str, Any], said: str
) -> None:
    with pytest.raises(ScenarioError) as caught:
        tiny(content(plans, kind, named))
    assert said in str(caught.value)
    assert "model.estimator" in str(caught.value)


def test_a_challenger_that_cannot_stand_there_is_refused(tiny: Any, plans: Any) -> None:
    wrong = {"challengers": ["sklearn.linear_model.RidgeClassifier"]}
    with pytest.raises(ScenarioError, match="no probabilities") as found:
        tiny(content(plans, "classification", wrong))
    assert found.value.where == "model.challengers = sklearn.linear_model.RidgeClassifier"
