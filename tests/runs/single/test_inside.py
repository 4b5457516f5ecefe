"""The pictures of an algorithm: coefficients and odds, the tree drawn, out-of-bag error, boosting by rounds."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

import tael
from tael.reports import build_report


def rows(n: int = 500) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=n), rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * x))).astype(int)
    return pl.DataFrame({"x": x, "z": z, "job": rng.choice(["clerk", "chef", "smith"], n), "y": y})


def inside(model: str, parameters: dict[str, Any] | None = None, label: str = "y") -> tuple[dict[str, Any], Any]:
    made = tael.fit(rows(), label, model=model, parameters=parameters)
    return made.content["fit"]["pictures"], made


def test_coefficients_come_with_odds() -> None:
    found, made = inside("sklearn.linear_model.LogisticRegression")
    first = found["coefficients"][0]
    assert first["name"] == "x"
    assert first["odds"] == pytest.approx(np.exp(first["value"]))
    page = build_report(made.content, "zh")
    assert "优势比" in page


def test_a_tree_is_drawn_not_written() -> None:
    found, made = inside("sklearn.tree.DecisionTreeClassifier", {"max_depth": 5})
    nodes = found["tree"]["nodes"]
    assert nodes[0]["n"] == made.figures["train"]["n"]
    assert nodes[0]["value"] == pytest.approx(made.figures["train"]["base_rate"])
    for node in nodes:
        if "left" in node:
            assert nodes[node["left"]]["n"] + nodes[node["right"]]["n"] == node["n"]
    assert max(node["depth"] for node in nodes) == 3
    for lang in ("en", "zh"):
        page = build_report(made.content, lang)
        assert 'class="tree"' in page
        assert page.count('class="node ') == len(nodes)


@pytest.mark.parametrize("label", ["y", "x"])
def test_out_of_bag_against_trees(label: str) -> None:
    kind = "Classifier" if label == "y" else "Regressor"
    found, made = inside(f"sklearn.ensemble.RandomForest{kind}", {"n_estimators": 60}, label)
    told = found["oob"]
    assert told["drawn"] == pytest.approx(0.632, abs=0.01)
    assert [one["trees"] for one in told["points"]][-1] == 60
    assert told["points"][-1]["oob"] <= told["points"][0]["oob"]
    assert "袋外误差" in build_report(made.content, "zh")


def test_out_of_bag_is_what_scikit_learn_says() -> None:
    found, made = inside("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 80, "oob_score": True})
    assert found["oob"]["points"][-1]["oob"] == pytest.approx(1 - made.model[-1].oob_score_)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("sklearn.ensemble.GradientBoostingClassifier", {"n_estimators": 20}),
        ("sklearn.ensemble.HistGradientBoostingClassifier", {"max_iter": 20, "early_stopping": False}),
        ("lightgbm.LGBMClassifier", {"n_estimators": 20}),
    ],
)
def test_boosting_by_rounds_with_other_rates(model: str, parameters: dict[str, Any]) -> None:
    found, made = inside(model, parameters)
    told = found["boosting"]
    assert told["rounds"][-1] == 20
    assert (np.diff(told["train"]) < 0).all()
    assert told["validation"][-1] == pytest.approx(made.figures["validation"]["log_loss"])
    assert [other["rate"] for other in told["others"]] == pytest.approx([told["rate"] * 0.2, told["rate"] * 5])
    assert "learning rate" in build_report(made.content, "en").lower()


def test_the_label_along_columns() -> None:
    found, made = inside("sklearn.tree.DecisionTreeClassifier", {"max_depth": 2})
    first = found["columns"][0]
    assert first["name"] == "x"
    assert sum(one["n"] for one in first["bins"]) == made.figures["train"]["n"]
    assert first["bins"][-1]["mean"] > first["bins"][0]["mean"] + 0.3


def test_figures_have_intervals() -> None:
    _, made = inside("sklearn.linear_model.LogisticRegression")
    for split, ends in made.content["fit"]["intervals"].items():
        for name, (low, high) in ends.items():
            assert low <= made.figures[split][name] <= high
