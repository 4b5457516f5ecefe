"""`tael fit`: one table, from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

LOGISTIC = ("--model", "sklearn.linear_model.LogisticRegression")


@pytest.fixture
def loans(tmp_path: Path) -> Path:
    """A table in GB18030 with Chinese headers, twelve of whose labels are empty."""
    rng = np.random.default_rng(0)
    income = rng.uniform(2, 12, 300)
    bad = np.where(rng.random(300) < 1 / (1 + np.exp(income - 5)), "违约", "正常").astype(object)
    bad[:12] = ""
    lines = ["编号,收入,城市,结果"] + [f"L{k:04d},{income[k]:.3f},{'甲乙'[k % 2]}城,{bad[k]}" for k in range(300)]
    path = tmp_path / "loans.csv"
    path.write_bytes("\n".join(lines).encode("gb18030"))
    return path


def test_a_table_in_chinese_from_file_to_report(loans: Path, tael_cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "made"
    done = tael_cli("fit", loans, "--label", "结果", "--lang", "zh", "--out", out, *LOGISTIC)
    assert done.code == 0, done.err
    assert "分类: 正常 / 违约" in done.out
    assert "编号" in done.out  # a key is left out, and the reason said
    assert "12 行尚无标签" in done.out
    assert "查全率" in done.out
    assert done.out.split()[-1].endswith("report.zh.html")
    assert pl.read_csv(out / "predictions.csv").height == 12
    assert "TAEL-V" in (out / "report.html").read_text("utf-8")


def test_a_column_that_was_left_out_is_kept_where_asked(tael_cli: Any, tmp_path: Path) -> None:
    rows = "".join(f"{k % 2},{k % 7},{3 * (k % 2) + k % 5}\n" for k in range(200))
    path = tmp_path / "claims.csv"
    path.write_text("defaulted,x,loss\n" + rows, "utf-8")
    told = [
        tael_cli("fit", path, "--label", "loss", "--task", "regression", "--out", tmp_path / name, *more)
        for name, more in (("a", ()), ("b", ("--keep", "defaulted")))
    ]
    assert [done.code for done in told] == [0, 0], told
    assert ["defaulted" in done.out for done in told] == [True, False]
    assert "Mean absolute error" in told[0].out


def test_nothing_is_written_over(loans: Path, tael_cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "made"
    out.mkdir()
    (out / "mine.txt").write_text("mine", "utf-8")
    done = tael_cli("fit", loans, "--label", "结果", "--out", out, *LOGISTIC)
    assert done.code == 1
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_wrong_column_is_told_with_those_there_are(loans: Path, tael_cli: Any, tmp_path: Path) -> None:
    done = tael_cli("fit", loans, "--label", "结果码", "--out", tmp_path / "made")
    assert done.code == 1
    assert "结果" in done.err
    assert not (tmp_path / "made").exists()
