from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tael.errors import ModelError
from tael.markets.modelling import PanelNamed, register_models
from tael.models import load_model, save_model

NAMES: list[tuple[str, dict[str, Any]]] = [
    ("sklearn.ensemble.ExtraTreesRegressor", {"n_estimators": 5}),
    ("sklearn.ensemble.HistGradientBoostingRegressor", {"max_iter": 5}),
    ("sklearn.linear_model.ElasticNet", {"alpha": 0.01}),
    ("sklearn.neighbors.KNeighborsRegressor", {}),
    ("sklearn.neural_network.MLPRegressor", {"hidden_layer_sizes": [8], "max_iter": 1000, "tol": 0.001}),
    ("lightgbm.LGBMRegressor", {"n_estimators": 5}),
]


@pytest.mark.parametrize(("name", "parameters"), NAMES)
def test_it_learns_and_comes_back(name: str, parameters: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 3)).astype(np.float32)
    y = X[:, 0] + 0.3 * rng.normal(size=500)
    X[rng.random(X.shape) < 0.02] = np.nan
    model = PanelNamed(name, parameters).fit(X, y, np.repeat(np.arange(10), 50), (X, y, np.repeat(np.arange(10), 50)))
    assert model.feature_importances_.argmax() == 0
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert np.array_equal(model.predict(X[:1]), model.predict(X)[:1])
    register_models()
    save_model(model, tmp_path)
    again = load_model(tmp_path)
    assert np.array_equal(again.predict(X), model.predict(X))
    assert np.array_equal(again.feature_importances_, model.feature_importances_)


def test_a_classifier_is_refused() -> None:
    with pytest.raises(ModelError, match="RandomForestRegressor"):
        PanelNamed("sklearn.ensemble.RandomForestClassifier").fit([[0.0], [1.0]], [0.0, 1.0])
