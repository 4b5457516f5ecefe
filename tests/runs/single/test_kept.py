"""What is kept of a fit answers to the last bit, in the user's own words, on rows written as the first were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

import tael
from tael.errors import RunError, TaelError
from tael.runs.single import load_fit

TREE = "sklearn.tree.DecisionTreeClassifier"
LINE = "sklearn.linear_model.LogisticRegression"


def written(folder: Path, n: int = 240) -> Path:
    """A table as a clerk saves it: GB18030, money, percent, Chinese dates, codes with zeros, yes and no in words."""
    rng = np.random.default_rng(0)
    income, share = rng.lognormal(9, 0.4, n), rng.uniform(0, 1, n)
    late = rng.random(n) < 1 / (1 + np.exp(3 - 5 * share))
    lines = ["客户编号,申请日期,月收入,使用率,婚否,网点代码,渠道,是否违约"]
    for k in range(n):
        answer = "" if k >= n - 12 else "是" if late[k] else "否"
        married, branch = rng.choice(["是", "否"]), rng.choice(["0101", "0102", "0203"])
        channel = rng.choice(["线上", "线下"])
        lines.append(
            f'C{k:05d},2023年{1 + k % 12}月{1 + k % 28}日,"¥{income[k]:,.2f}",{share[k]:.1%},{married},{branch},'
            f"{channel},{answer}"
        )
    path = folder / "客户.csv"
    path.write_bytes(("\n".join(lines) + "\n").encode("gb18030"))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("kept")
    return tael.fit(written(folder), "是否违约", model=LINE, out=folder / "out"), folder


def test_a_clerks_table_is_read_and_its_words_come_back(made: Any) -> None:
    result, _ = made
    table = result.table
    assert result.classes == ["否", "是"]
    assert set(table.numbers) == {"月收入", "使用率"}
    assert set(table.categories) == {"婚否", "网点代码", "渠道"}
    assert list(table.ignored) == ["客户编号"]
    assert table.time == "申请日期"
    assert set(result.predictions["prediction"]) <= {"否", "是"}
    assert result.predictions.height == 12
    assert set(result.predictions["婚否"]) == {"是", "否"}


def test_the_bundle_foretells_a_file_a_frame_and_what_the_fit_foretold(made: Any) -> None:
    result, folder = made
    kept = load_fit(folder / "out")
    told = kept.predict(folder / "客户.csv")
    assert told.columns == ["prediction", "probability"]
    assert told.height == 240
    assert told["probability"][-12:].to_list() == result.predictions["probability"].to_list()
    text = (folder / "客户.csv").read_text(encoding="gb18030")
    frame = pl.read_csv(text.encode(), infer_schema=False)
    assert kept.predict(frame)["probability"].to_list() == told["probability"].to_list()
    assert kept.predict(frame.drop("是否违约", "客户编号"))["prediction"].to_list() == told["prediction"].to_list()
    with pytest.raises(TaelError, match="使用率"):
        kept.predict(frame.drop("使用率"))


def test_an_altered_bundle_is_refused(made: Any, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(made[1] / "out" / "model", tmp_path / "model")
    page = tmp_path / "model" / "weights" / "model.json"
    page.write_text(page.read_text(encoding="utf-8").replace("否", "吗"), encoding="utf-8")
    with pytest.raises(RunError, match="altered"):
        load_fit(tmp_path)


class Guess(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator of nobody's package."""

    def fit(self, X: Any, y: Any) -> Guess:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X: Any) -> np.ndarray:
        return np.full(len(X), self.classes_[0])


def test_what_cannot_be_written_as_data_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"x": rng.normal(size=300), "y": rng.integers(0, 2, 300)})
    result = tael.fit(table, "y", model=Guess(), out=tmp_path / "out")
    assert "no pickles" in result.unsaved
    assert not (tmp_path / "out" / "model").exists()
    assert result.predict(table).height == 300


def test_a_copy_that_answers_otherwise_is_no_model_and_no_crash(tmp_path: Path, monkeypatch: Any) -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"x": rng.normal(size=300), "y": rng.integers(0, 2, 300)})
    turns = iter(range(9))
    monkeypatch.setattr("tael.runs.single.kept._answers", lambda kept, rows: {"turn": [str(next(turns))]})
    result = tael.fit(table, "y", model=LINE, out=tmp_path / "out")
    assert "answers its golden rows differently" in result.unsaved
    assert not (tmp_path / "out" / "model").exists()
    assert result.report_path is not None
    assert result.report_path.is_file()


def test_a_column_of_numbers_with_words_in_it_says_how_many_and_what_to_do() -> None:
    rng = np.random.default_rng(0)
    sums = [f"¥{value:,.2f}" for value in rng.lognormal(9, 1, 240)] + ["面议"] * 60
    table = pl.DataFrame({"x": rng.normal(size=300), "income": sums, "y": rng.integers(0, 2, 300)})
    en, zh = tael.fit(table, "y", model=LINE).table.ignored["income"]
    assert "60 rows are not, such as '面议'" in en
    assert "60 行不是" in zh


@pytest.mark.parametrize("task", ["portfolio", "regression", "clustering"])
def test_every_task_is_kept(task: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 200
    table = pl.DataFrame(
        {
            "age": np.r_[rng.normal(25, 3, n // 2), rng.normal(60, 3, n // 2)],
            "day": pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 7, 18), eager=True)[:n],
            "job": ["s"] * (n // 2) + ["r"] * (n // 2),
            "segment": rng.integers(0, 5, n),
        }
    )
    label = None
    if task != "clustering":
        y = table["age"].to_numpy() * 0.1 + rng.normal(size=n)
        table = table.with_columns(pl.Series("y", (y > np.median(y)).astype(int) if task == "portfolio" else y))
        label = "y"
    result = tael.fit(table, label, out=tmp_path / "out")
    again = load_fit(tmp_path / "out").predict(table)
    assert again.equals(result.predict(table))
    if task == "clustering":
        assert "tael_segment" in result.predictions.columns
        assert sum(one["rows"] for one in result.content["fit"]["segments"]) == n
    content = json.loads((tmp_path / "out" / "fit.json").read_text(encoding="utf-8"))
    assert content["fit"]["task"] == ("classification" if task == "portfolio" else task)


def test_columns_parted_by_spaces_are_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    lines = ["amount  age   y"] + [f"{a:8.3f}  {20 + k % 40}   {int(a > 0)}" for k, a in enumerate(x)]
    path = tmp_path / "plain.data"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = tael.fit(path, "y", model=TREE, out=tmp_path / "out")
    assert load_fit(tmp_path / "out").predict(path).equals(result.predict(path))


def test_a_tables_toml_beside_the_file_is_obeyed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    n = 200
    table = pl.DataFrame({"x": rng.normal(size=n), "kind": rng.integers(1, 4, n), "remark": rng.normal(size=n)})
    table = table.with_columns((pl.col("x") > 0).cast(pl.Int64).alias("y"))
    table.write_csv(tmp_path / "loans.csv")
    (tmp_path / "tables.toml").write_text(
        "[loans]\nfile = 'loans.csv'\n[loans.columns]\nkind = { type = 'category' }\nremark = { role = 'ignore' }\n",
        encoding="utf-8",
    )
    result = tael.fit(tmp_path / "loans.csv", "y", model=TREE)
    assert result.table.categories == ("kind",)
    assert "tables.toml" in result.table.ignored["remark"][0]


def test_equal_headers_are_told_apart_and_a_twin_is_left_out(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["age,sum,age,remark,y"]
    lines += [f"{k % 40},{a:.3f},{k % 40},called,{int(a > 0)}" for k, a in enumerate(rng.normal(size=200))]
    lines[5] = lines[5].replace("called", "wrote")
    path = tmp_path / "twice.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = tael.fit(path, "y", model=TREE).table
    assert table.numbers == ("age", "sum")
    assert "the same as age" in table.ignored["age_2"][0]
    assert "a remark" in table.ignored["remark"][0]


def test_faults_are_told_of_the_users_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,2\n3\n4,5,6,7\n", encoding="utf-8")
    with pytest.raises(TaelError) as caught:
        tael.fit(path, "b")
    assert "mine.csv" in str(caught.value)
    assert "tael-fit-" not in str(caught.value)


def test_a_column_called_like_an_outcome_is_kept_where_asked(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    late = rng.random(400) < 0.4
    frame = pl.DataFrame({"id": range(400), "违约": np.where(late, "是", "否"), "x": rng.normal(size=400)})
    frame = frame.with_columns(loss=3.0 * late + rng.normal(size=400))
    line = "sklearn.linear_model.LinearRegression"
    without = tael.fit(frame, "loss", model=line)
    assert "keep" in without.table.ignored["违约"][0]
    result = tael.fit(frame, "loss", model=line, keep=["违约"], out=tmp_path / "made")
    assert "违约" not in result.table.ignored
    assert result.figures["out_of_time"]["r2"] > without.figures["out_of_time"]["r2"] + 0.3
    assert load_fit(tmp_path / "made").predict(frame).height == 400


@pytest.mark.parametrize("more", [{"ignore": ["x"]}, {}])
def test_what_is_to_be_kept_cannot_be_ignored_or_be_the_label(more: dict[str, Any]) -> None:
    frame = pl.DataFrame({"x": [float(k) for k in range(60)], "y": [float(k % 7) for k in range(60)]})
    with pytest.raises(RunError, match="cannot be kept"):
        tael.fit(frame, "y", model=LINE, keep=["x" if more else "y"], **more)
