from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tael
from tael.errors import TaelError
from tael.reports import build_report
from tael.runs.single.table import task_of

LOGISTIC = "sklearn.linear_model.LogisticRegression"


def rows(n: int = 600, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=n), rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(-1.5 * x))).astype(int)
    return pl.DataFrame({"x": x, "z": z, "job": rng.choice(["clerk", "chef"], n), "y": y})


def codes(result: Any) -> list[str]:
    return [verdict.code for verdict in result.verdicts]


def test_two_classes_with_both_reports(tmp_path: Path) -> None:
    table = rows().with_columns(pl.when(pl.int_range(pl.len()) < 20).then(None).otherwise(pl.col("y")).alias("y"))
    made = tael.fit(table, "y", model=LOGISTIC, out=tmp_path / "made")
    assert made.task == "classification"
    assert made.report_path is not None
    assert made.report_path.is_file()
    assert set(made.figures) == {"train", "validation", "out_of_time"}
    assert 0.6 < made.figures["out_of_time"]["roc_auc"] < 0.95
    assert made.predictions.height == 20
    assert (tmp_path / "made" / "predictions.csv").is_file()
    again = made.predict(table[:5])
    assert again["probability"].to_list() == made.predictions["probability"][:5].to_list()
    page = made.report_path.with_name("report.zh.html").read_text(encoding="utf-8")
    assert "混淆矩阵" in page
    assert "TAEL-V08" in page


def test_a_leaked_column_is_named() -> None:
    table = rows().with_columns((pl.col("y") + 0.001 * pl.col("z")).alias("collected"))
    made = tael.fit(table, "y", model=LOGISTIC)
    assert codes(made)[0] == "TAEL-V03"
    assert "collected" in made.verdicts[0].what_to_do()
    assert "TAEL-V03" not in codes(tael.fit(table, "y", model=LOGISTIC, ignore=["collected"]))


def test_an_over_fitted_tree_is_named() -> None:
    made = tael.fit(rows(), "y", model="sklearn.tree.DecisionTreeClassifier")
    assert "TAEL-V02" in codes(made)
    assert made.content["fit"]["pictures"]["tree"]["nodes"][0]["name"] == "x"
    assert "Validation curve" in build_report(made.content, "en")


def test_a_drifting_sample_is_named() -> None:
    table = rows(1200)
    late = pl.int_range(pl.len()) >= 900
    table = table.with_columns(
        pl.when(late).then(-pl.col("x")).otherwise(pl.col("x")).alias("x"),
        pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 1, 1) + pl.duration(days=1199)).alias("day"),
    )
    made = tael.fit(table, "y", model=LOGISTIC, time="day")
    assert made.content["fit"]["kind"] == "out_of_time"
    assert "TAEL-V04" in codes(made)


def test_a_number_is_regressed() -> None:
    table = rows().with_columns((3 * pl.col("x") + pl.col("z")).alias("price")).drop("y")
    made = tael.fit(table.with_columns(pl.col("price") + pl.Series(np.random.default_rng(1).normal(size=600))), "price",
                    model="sklearn.linear_model.LinearRegression")  # fmt: skip
    assert made.task == "regression"
    assert made.figures["out_of_time"]["r2"] > 0.8
    assert "TAEL-V01" in codes(made)
    assert "残差" in build_report(made.content, "zh")


def test_three_classes_with_chinese_names() -> None:
    table = rows()
    level = (
        pl.when(pl.col("x") < -0.5)
        .then(pl.lit("低"))
        .when(pl.col("x") < 0.5)
        .then(pl.lit("中"))
        .otherwise(pl.lit("高"))
    )
    made = tael.fit(table.with_columns(level.alias("等级")).drop("y"), "等级", model=LOGISTIC)
    assert made.task == "classification"
    assert sorted(made.classes) == ["中", "低", "高"]
    assert made.predict(table[:3]).width == 4
    assert "低" in build_report(made.content, "zh")


def test_without_a_label_there_are_segments() -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"age": np.r_[rng.normal(25, 3, 100), rng.normal(60, 3, 60)], "job": ["s"] * 100 + ["r"] * 60})
    made = tael.fit(table)
    assert made.task == "clustering"
    assert made.predictions["segment"].n_unique() == 2
    assert "客群" in build_report(made.content, "zh")


@pytest.mark.parametrize(
    ("change", "label", "said"),
    [
        (lambda t: t, "yy", "no column"),
        (lambda t: t.with_columns(pl.lit(1).alias("y")), "y", "same of every row"),
        (lambda t: t[:1], "y", ""),
        (lambda t: t[:20], "y", ""),
        (lambda t: t.with_columns(pl.lit(None).cast(pl.Float64).alias("y")), "y", "No row has a label"),
        (lambda t: t[:0], "y", ""),
    ],
    ids=["no such column", "constant", "one row", "twenty rows", "all missing", "no row"],
)
def test_faults_are_told(change: Any, label: str, said: str) -> None:
    with pytest.raises(TaelError) as told:
        tael.fit(change(rows()), label, model=LOGISTIC)
    assert said in str(told.value)


@pytest.mark.parametrize("name", ["os.system", "sklearn.nothing.Here", "sklearn.base.clone", "sklearnx.evil.Model"])
def test_an_estimator_is_taken_from_known_packages_alone(name: str) -> None:
    with pytest.raises(TaelError):
        tael.fit(rows(), "y", model=name)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(TaelError):
        tael.fit(tmp_path / "nothing.csv", "y")


def test_the_task_of_a_label() -> None:
    assert task_of(pl.Series([1, 2, 3] * 10)) == "classification"
    assert task_of(pl.Series([0.5, 1.25, 7.75])) == "regression"
