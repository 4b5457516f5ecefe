"""One word in several spellings is one value, in the label and in categories, when learned from and when scored."""

from __future__ import annotations

from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import tael
from tael.errors import RunError
from tael.reports import build_report
from tael.runs.single import load_fit

LINE = "sklearn.linear_model.LogisticRegression"


@pytest.fixture
def table() -> pl.DataFrame:
    rng = np.random.default_rng(5)
    job = rng.choice(["Baker", "Clerk"], 400)
    late = rng.random(400) < np.where(job == "Baker", 0.7, 0.2)
    spelled = {True: ["Yes", "Yes", "YES", "yes "], False: ["No", "No", "No", "ｎｏ"]}
    label = [spelled[bool(one)][k % 4] for k, one in enumerate(late)]
    jobs = [one.upper() if k % 10 == 0 else one for k, one in enumerate(job)]
    return pl.DataFrame(
        {"loan_id": [f"L{k:04d}" for k in range(400)], "job": jobs, "x": rng.normal(size=400), "late": label}
    )


def test_spellings_are_joined_and_told(table: pl.DataFrame, tmp_path: Path) -> None:
    made = tael.fit(table, "late", model=LINE, out=tmp_path / "made")
    assert made.classes == ["No", "Yes"]
    assert made.table.joined["late"] == {"YES": "Yes", "yes ": "Yes", "ｎｏ": "No"}
    assert made.table.joined["job"] == {"BAKER": "Baker", "CLERK": "Clerk"}
    assert '"BAKER" → "Baker"' in unescape(build_report(made.content, "en"))
    other = pl.DataFrame({"job": ["Baker", " baker", "BAKER"], "x": [0.0] * 3})
    for model in (made, load_fit(tmp_path / "made")):
        assert model.predict(other)["probability"].n_unique() == 1
    assert (
        made.predict(other)["probability"][0] > made.predict(other.with_columns(job=pl.lit("Clerk")))["probability"][0]
    )


def test_words_that_differ_stay_apart(table: pl.DataFrame) -> None:
    made = tael.fit(
        table.with_columns(job=pl.lit("grade ") + pl.Series(["a", "b", "b+", "b-"] * 100)), "late", model=LINE
    )
    assert "job" not in made.table.joined


def test_scores_stand_beside_the_key_of_their_row(table: pl.DataFrame, tael_cli: Any, tmp_path: Path) -> None:
    table.write_csv(tmp_path / "loans.csv")
    tael.fit(tmp_path / "loans.csv", "late", model=LINE, out=tmp_path / "made")
    table[:5].drop("late").write_csv(tmp_path / "new.csv")
    told = load_fit(tmp_path / "made").beside(tmp_path / "new.csv")
    assert told.columns == ["loan_id", "prediction", "probability"]
    assert told["loan_id"].to_list() == table["loan_id"][:5].to_list()
    one = tael_cli("score", tmp_path / "made", "--tables", tmp_path / "new.csv", "--id", "L0003")
    assert one.code == 0, one.err
    assert "L0003" in one.out
    assert "L0002" not in one.out
    assert "From a probability of" in one.out
    none = tael_cli("score", tmp_path / "made", "--tables", tmp_path / "new.csv", "--id", "L9")
    assert "No row has such a key." in none.err
    table[:5].drop("late", "loan_id").write_csv(tmp_path / "bare.csv")
    assert load_fit(tmp_path / "made").beside(tmp_path / "bare.csv").columns == ["prediction", "probability"]
    bare = tael_cli("score", tmp_path / "made", "--tables", tmp_path / "bare.csv", "--id", "L0003")
    assert "have no key" in bare.err


def test_what_is_wrong_with_a_file_to_score_is_said_of_that_file(
    table: pl.DataFrame, tael_cli: Any, tmp_path: Path
) -> None:
    table.write_csv(tmp_path / "loans.csv")
    tael.fit(tmp_path / "loans.csv", "late", model=LINE, out=tmp_path / "made")
    table[:5].drop("x").write_csv(tmp_path / "less.csv")
    odd = table[:30].with_columns(x=pl.Series(["many words"] * 10 + ["1"] * 20))
    odd.write_csv(tmp_path / "odd.csv")
    for name, said in (("less.csv", "Bring the column under the name"), ("odd.csv", "column x, odd.csv")):
        done = tael_cli("score", tmp_path / "made", "--tables", tmp_path / name)
        assert done.code == 1
        assert said in done.err
        assert "tables.toml" not in done.err
        assert "table.csv" not in done.err


def test_cells_of_predictions_are_those_of_the_table(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    lines = ["loan_id,granted,born,share,rooms,late"]
    for k in range(300):
        late = "" if k < 3 else "yn"[int(rng.random() < 0.4)]
        lines.append(
            f"L{k},2024-{1 + k % 12:02d}-{1 + k % 28:02d},19{60 + k % 30}-05-01,{3.6 + k / 10:.1f}%,{k % 5},{late}"
        )
    (tmp_path / "loans.csv").write_text("\n".join(lines) + "\n", "utf-8")
    made = tael.fit(tmp_path / "loans.csv", "late", model=LINE, out=tmp_path / "made")
    assert "born" in made.table.dated
    text = (tmp_path / "made" / "predictions.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")  # spreadsheets ask for it
    first = text.decode("utf-8-sig").splitlines()[1].split(",")
    assert first[:5] == ["L0", "2024-01-01", "1960-05-01", "0.036", "0"]


def test_rows_that_repeat_a_key_are_told(table: pl.DataFrame, tael_cli: Any, tmp_path: Path) -> None:
    pl.concat([table, table[:7]]).write_csv(tmp_path / "loans.csv")
    done = tael_cli("fit", tmp_path / "loans.csv", "--label", "late", "--model", LINE, "--out", tmp_path / "made")
    assert "repeat another one, or its key: 7" in done.out
    assert "7 rows repeat another one" in (tmp_path / "made" / "report.html").read_text("utf-8")


def test_rows_that_repeat_another_whole_are_left_out_where_a_key_names_them(table: pl.DataFrame) -> None:
    other = table.rename({"loan_id": "number"})
    made = tael.fit(pl.concat([other, other[:9]]), "late", model=LINE)
    assert made.table.repeated == 9
    assert "number" in made.table.keys
    people = other.drop("number").with_columns(x=pl.col("x").round(0))
    assert tael.fit(pl.concat([people, people[:9]]), "late", model=LINE).table.repeated == 0


def test_rows_without_their_time_train_and_judge_nothing(table: pl.DataFrame, tael_cli: Any, tmp_path: Path) -> None:
    days = pl.date_range(pl.date(2023, 1, 1), pl.date(2024, 2, 4), "1d", eager=True)
    dated = table.with_columns(granted=pl.when(pl.int_range(400) % 20 == 0).then(None).otherwise(days))
    dated.write_csv(tmp_path / "loans.csv")
    done = tael_cli("fit", tmp_path / "loans.csv", "--label", "late", "--model", LINE, "--out", tmp_path / "made")
    assert "Ordered by granted" in done.out
    assert "20 rows have no granted" in done.out
    for column, more in (("job", "words"), ("granted", "rows without a value")):
        gone = dated.with_columns(granted=pl.when(pl.int_range(400) < 200).then(None).otherwise("granted"))
        with pytest.raises(RunError, match="cannot be ordered") as found:
            tael.fit(gone, "late", model=LINE, time=column)
        assert more in str(found.value.got)


def test_names_of_people_are_not_looked_at(table: pl.DataFrame) -> None:
    made = tael.fit(table.with_columns(客户姓名=pl.Series(["张三", "李四"] * 200)), "late", model=LINE)
    assert made.table.ignored["客户姓名"][1] == "个人姓名"
