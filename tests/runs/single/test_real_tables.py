"""Real tables, no option but the label: the right task, a page worth reading, and the right fault by its code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tael
from tael.reports import build_report

TREE = "sklearn.tree.DecisionTreeClassifier"
LINE = "sklearn.linear_model.LogisticRegression"


def codes(result: Any) -> list[str]:
    return [verdict.code for verdict in result.verdicts]


def some(path: Path, folder: Path, n: int, *, head: int = 1) -> Path:
    """The first lines of a file and every so many of the others, byte for byte."""
    lines = path.read_bytes().splitlines(keepends=True)
    body = lines[head:]
    step = max(1, len(body) // n)
    out = folder / path.name
    out.write_bytes(b"".join(lines[:head] + body[::step][:n]))
    return out


@pytest.fixture(scope="module")
def hmeq(data_dir: Path) -> pl.DataFrame:
    return pl.read_csv(data_dir / "credit" / "hmeq" / "hmeq.csv", infer_schema_length=None)


CASES = {
    "german": ("credit/german/german.data", 1, "target", 700, (0.68, 0.9)),
    "taiwan": ("credit/taiwan/default_of_credit_card_clients.csv", 2, "default payment next month", 800, (0.65, 0.9)),
    "hmeq": ("credit/hmeq/hmeq.csv", 1, "Default", 800, (0.8, 1.0)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_two_classes(name: str, data_dir: Path, tmp_path: Path) -> None:
    path, head, label, n, (low, high) = CASES[name]
    result = tael.fit(some(data_dir / path, tmp_path, n, head=head), label)
    assert result.task == "classification"
    assert low < result.figures["out_of_time"]["roc_auc"] < high
    assert "TAEL-V03" not in codes(result)
    assert "TAEL-V08" in codes(result)  # none of them has a time
    assert not {one for one in result.table.numbers + result.table.categories if one in ("ID", label)}
    pictures = result.content["fit"]["pictures"]
    assert len(pictures["importances"]) > 5
    assert len(pictures["columns"]) == 6
    for lang, word in (("en", "Inside the model"), ("zh", "模型内部")):
        page = build_report(result.content, lang)
        assert word in page
        assert "None" not in page


def test_churners_hold_two_columns_that_know_the_answer(data_dir: Path, tmp_path: Path) -> None:
    path = some(data_dir / "sales" / "bank_churners" / "BankChurners.csv", tmp_path, 1500)
    result = tael.fit(path, "Attrition_Flag", model=LINE)
    assert result.classes == ["Existing Customer", "Attrited Customer"]
    assert list(result.table.ignored) == ["CLIENTNUM"]
    assert codes(result)[0] == "TAEL-V03"
    told = result.verdicts[0].what_to_do()
    assert told.count("Naive_Bayes_Classifier") == 2
    ignore = [one for one in result.table.numbers if one.startswith("Naive_Bayes")]
    boosted = "sklearn.ensemble.HistGradientBoostingClassifier"
    honest = tael.fit(path, "Attrition_Flag", ignore=ignore, model=boosted, parameters={"max_iter": 60})
    assert "TAEL-V03" not in codes(honest)
    assert 0.97 < honest.figures["out_of_time"]["roc_auc"] < 1.0


def test_a_number_is_regressed() -> None:
    from sklearn.datasets import load_diabetes

    table = load_diabetes(as_frame=True, scaled=False).frame
    result = tael.fit(table, "target")
    assert result.task == "regression"
    assert 0.3 < result.figures["out_of_time"]["r2"] < 0.7
    assert result.figures["train"]["r2"] < 0.8
    page = build_report(result.content, "zh")
    assert "残差" in page
    assert "提升过程" in page


def test_without_a_label_segments_are_told(data_dir: Path, tmp_path: Path) -> None:
    result = tael.fit(some(data_dir / "sales" / "hillstrom" / "hillstrom.csv", tmp_path, 1500))
    assert result.task == "clustering"
    assert "segment" in result.table.categories  # the campaign's arm; ours takes another name
    assert "tael_segment" in result.predictions.columns
    assert "轮廓系数" in build_report(result.content, "zh")


def test_hmeq_with_and_without_a_leak(hmeq: pl.DataFrame) -> None:
    table = hmeq[:2000].sample(fraction=1.0, shuffle=True, seed=0)
    assert "TAEL-V03" not in codes(tael.fit(table, "Default", model=TREE, parameters={"max_depth": 4}))
    rng = np.random.default_rng(0)
    owed = np.where(table["Default"] == 1, rng.uniform(100, 9000, table.height), 0.0)
    owed[rng.random(table.height) < 0.01] = 50.0
    leaked = table.with_columns(pl.Series("collected", owed))
    result = tael.fit(leaked, "Default", model=TREE, parameters={"max_depth": 4})
    assert codes(result)[0] == "TAEL-V03"
    assert "By itself collected tells the label." in result.verdicts[0].text()
    assert result.verdicts[0].what_to_do().endswith("--ignore collected")
    assert "仅凭 collected" in result.verdicts[0].text("zh")


def test_hmeq_with_a_leak_that_is_mostly_noise(hmeq: pl.DataFrame) -> None:
    """A quarter of its cells is wrong: by itself it tells less (AUC .74) than the best honest column (.78)."""
    rng = np.random.default_rng(0)
    bad = hmeq["Default"].to_numpy()
    noted = np.where(rng.random(hmeq.height) < 0.25, 1 - bad, bad)
    result = tael.fit(hmeq.with_columns(pl.Series("noted", noted)), "Default", model=TREE, parameters={"max_depth": 4})
    assert codes(result)[0] == "TAEL-V11"
    assert result.verdicts[0].what_to_do().endswith("--ignore noted")
    assert "TAEL-V11" not in codes(tael.fit(hmeq, "Default", model=TREE, parameters={"max_depth": 4}))


def test_hmeq_with_an_over_fitted_tree(hmeq: pl.DataFrame) -> None:
    table = hmeq
    grown = tael.fit(table, "Default", model=TREE)
    assert codes(grown)[0] == "TAEL-V02"
    assert grown.figures["train"]["roc_auc"] > 0.999
    stump = tael.fit(table, "Default", model=TREE, parameters={"max_depth": 2})
    assert "TAEL-V02" not in codes(stump)


def test_hmeq_drifting(hmeq: pl.DataFrame) -> None:
    """The latest quarter of the loans is written off by another rule: what told the bad tells them no more."""
    table = hmeq.sample(4000, seed=0)
    n = table.height
    late = np.arange(n) >= 0.75 * n
    rng = np.random.default_rng(1)
    answer = table["Default"].to_numpy().copy()
    answer[late] = rng.permutation(answer[late])
    days = pl.date_range(pl.date(2015, 1, 1), pl.date(2015, 1, 1) + pl.duration(days=n - 1), eager=True)
    dated = table.with_columns(pl.Series("Default", answer), days.alias("granted"))
    result = tael.fit(dated, "Default", model=LINE)
    assert result.content["fit"]["kind"] == "out_of_time"
    assert "TAEL-V04" in codes(result)
    steady = tael.fit(table.with_columns(days.alias("granted")), "Default", model=LINE)
    assert "TAEL-V04" not in codes(steady)
