from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import tael
from tael.reports import build_report
from tael.runs.single.giving_away import HINT, alone

TREE = "sklearn.tree.DecisionTreeClassifier"


def rows(n: int = 1500) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    x = rng.normal(size=n)
    y = (rng.random(n) < 1 / (1 + np.exp(1.5 - x))).astype(int)
    return pl.DataFrame({"x": x, "sum": rng.uniform(1, 9, n), "lot": rng.integers(0, 4, n), "y": y})


BAD = pl.col("y") == 1
STATUS = pl.when(pl.col("lot") < 2)
LEAKS = {
    "filled in for the bad alone": ([pl.when(BAD).then(pl.col("sum")).alias("paid")], "paid"),
    "values that share the bad": (
        [
            pl.when(BAD)
            .then(STATUS.then(pl.lit("court")).otherwise(pl.lit("sold")))
            .otherwise(STATUS.then(pl.lit("closed")).otherwise(pl.lit("current")))
            .alias("status")
        ],
        "status",
    ),
    "two columns, half each": (
        [
            pl.when(BAD & (pl.col("lot") < 2)).then(pl.col("sum")).otherwise(0.0).alias("a"),
            pl.when(BAD & (pl.col("lot") >= 2)).then(pl.col("sum")).otherwise(0.0).alias("b"),
        ],
        "",
    ),
}


@pytest.mark.parametrize(("columns", "named"), LEAKS.values(), ids=LEAKS.keys())
def test_a_leak_is_found_however_it_is_hidden(columns: list[pl.Expr], named: str) -> None:
    made = tael.fit(rows().with_columns(columns), "y", model=TREE, parameters={"max_depth": 6})
    assert made.verdicts[0].code == "TAEL-V03"
    assert named in made.verdicts[0].what_to_do()
    assert not named or made.verdicts[0].what_to_do().endswith(f"--ignore {named}")


def test_honest_columns_give_nothing_away() -> None:
    table = rows().with_columns(pl.when(pl.col("lot") == 0).then(None).otherwise(pl.col("x")).alias("x"))
    part = table, table["y"].to_numpy().astype(float)
    assert max(alone(("x", "sum"), ("lot",), part, part).values()) < HINT


def test_a_column_that_tells_nearly_all_is_asked_about_and_nothing_is_called_sound() -> None:
    """Calls of the collections desk: none to the good, one or more to most of the bad."""
    called = pl.when(BAD & (pl.col("sum") > 2.5)).then(pl.col("lot") + 1).otherwise(0).alias("calls of the desk")
    made = tael.fit(rows().with_columns(called), "y", model=TREE, parameters={"max_depth": 3})
    (asked,) = (one for one in made.verdicts if one.code == "TAEL-V10")
    assert "calls of the desk (AUC 0.9" in asked.text()
    assert asked.what_to_do("zh").endswith('--ignore "calls of the desk"')
    assert "TAEL-V01" not in [one.code for one in made.verdicts]
    assert "TAEL-V10" not in [
        one.code for one in tael.fit(rows(), "y", model=TREE, parameters={"max_depth": 3}).verdicts
    ]


def test_a_column_written_from_the_label_with_a_quarter_of_it_wrong_is_asked_about() -> None:
    rng = np.random.default_rng(2)
    table = rows(2500)
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    honest = {f"x{k}": 0.8 * x + rng.normal(size=len(x)) for k in range(3)}
    table = table.with_columns(**{name: pl.Series(values) for name, values in honest.items()})
    noted = table.with_columns(pl.Series("noted", np.where(rng.random(len(y)) < 0.25, 1 - y, y)))
    made = tael.fit(noted, "y", model=TREE, parameters={"max_depth": 3})
    asked = made.verdicts[0]
    assert asked.code == "TAEL-V11"
    assert "noted (AUC 0.7" in asked.text()
    assert "noted（AUC 0.7" in asked.text("zh")
    assert asked.what_to_do().endswith("--ignore noted")
    assert "TAEL-V01" not in [one.code for one in made.verdicts]
    made = tael.fit(table, "y", model=TREE, parameters={"max_depth": 3})
    assert "TAEL-V11" not in [one.code for one in made.verdicts]


def test_a_column_that_is_known_only_with_the_label_is_left_out() -> None:
    rng = np.random.default_rng(1)
    close = pl.Series("收盘价", 10 + rng.normal(0, 0.1, 300).cumsum())
    table = pl.DataFrame({"收盘价": close, "成交量": rng.integers(1, 9, 300), "次日收盘价": close.shift(-1)})
    table = table.with_columns(
        pl.when(pl.col("次日收盘价") > pl.col("收盘价")).then(pl.lit("涨"))
        .when(pl.col("次日收盘价") <= pl.col("收盘价")).then(pl.lit("跌")).alias("涨跌")
    )  # fmt: skip
    table = pl.concat([table, table[-1:]])
    for label, other in (("涨跌", "次日收盘价"), ("次日收盘价", "涨跌")):
        made = tael.fit(table, label, model=TREE if label == "涨跌" else "sklearn.tree.DecisionTreeRegressor")
        assert list(made.table.ignored) == [other]
        assert made.predictions.height == 2


def test_classes_written_as_fractions_are_whole_numbers() -> None:
    made = tael.fit(rows().with_columns(pl.col("y").cast(pl.Float64)), "y", model=TREE)
    assert made.classes == [0, 1]


def test_segments_are_told_in_words() -> None:
    rng = np.random.default_rng(0)
    table = pl.DataFrame({"age": np.r_[rng.normal(25, 3, 100), rng.normal(60, 3, 60)], "job": ["s"] * 100 + ["r"] * 60})
    page = build_report(tael.fit(table).content, "zh")
    assert "如何识别" in page
    assert "62.5" in page
    assert "None" not in page
