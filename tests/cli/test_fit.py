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


def ledger(rows: int, *extra: str, label: bool = True) -> str:
    lines = [
        f"C{k:04d},1380013{k:04d},{k % 9 * 1000 + k},{'甲乙丙'[k % 3]}"
        + (f",{'是' if k % 9 > 4 else '否'}" if label else "")
        for k in range(rows)
    ]
    return "\n".join(["客户编号,手机,收入,类别" + (",违约" if label else ""), *lines, *extra]) + "\n"


def test_a_messy_ledger_is_read_told_and_scored_alike(tael_cli: Any, tmp_path: Path) -> None:
    path, new, out = tmp_path / "台账.csv", tmp_path / "new.csv", tmp_path / "made"
    path.write_bytes(ledger(200, "合计,,807900,,", "C9,13900001111,约3万,甲,是").encode("gb18030"))
    done = tael_cli("fit", path, "--label", "违约", "--out", out, "--lang", "zh", *LOGISTIC)
    assert done.code == 0, done.err
    assert "编码：gb18030" in done.out
    assert "合计行，已剔除：'合计'（1 行：第 202 行）" in done.out
    assert "标识个人：证件、电话或账号" in done.out
    assert "'约3万' 读作 30000" in done.out
    new.write_bytes(ledger(9, "合计,,1,", "C9,13900001111,见附件,丁", label=False).encode("gb18030"))
    scored = tael_cli("score", out, "--tables", new, "--lang", "zh", "--encoding", "gb18030")
    assert scored.code == 0, scored.err
    for words in (
        "（收入 1 行：第 12 行）",
        "类别：1 行的取值在建模数据中从未出现（'丁'）",
        "合计行，已剔除：'合计'（1 行：第 11 行）",
    ):
        assert words in scored.out
    kept = tael_cli("score", out, "--tables", new, "--keep-totals", "--out", tmp_path / "s.csv")
    assert kept.code == 0, kept.err
    assert pl.read_csv(tmp_path / "s.csv").height == 11
    wrong = tael_cli("score", out, "--tables", new, "--encoding", "utf-8")
    assert wrong.code == 1
    assert "--encoding gb18030" in wrong.err


def test_how_a_column_is_read_is_settled_in_tables_toml(tael_cli: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = "".join(f"{k % 50 + 1}.5%,{'无' if k % 5 == 0 else k % 30 + 1},{k % 2}\n" for k in range(200))
    path.write_text("rate,late,bad\n20.6,无,1\n0.3,2,0\n" + rows, "utf-8")
    first = tael_cli("fit", path, "--label", "bad", "--out", tmp_path / "one", *LOGISTIC)
    assert first.code == 0, first.err
    assert 'rate = { percent = true, bare = "size" }' in first.out
    assert 'late = { zero = ["无"] }' in first.out
    assert f"tael infer {tmp_path} --write" in first.out
    assert tael_cli("infer", tmp_path, "--write").code == 0
    page = tmp_path / "tables.toml"
    page.write_text(
        page.read_text("utf-8").replace('"share"', '"size"').replace("late = {", 'late = { zero = ["无"],'), "utf-8"
    )
    second = tael_cli("fit", path, "--label", "bad", "--out", tmp_path / "two", *LOGISTIC)
    assert second.code == 0, second.err
    assert "Read as the tables.toml beside the file says" in second.out
    assert "20.6" not in second.out
    again = tael_cli("infer", tmp_path)
    assert again.code == 0
    assert "did not look at" in again.out
    assert '[a.columns] rate: bare: "size" in tables.toml, "share" in the draft' in again.out
