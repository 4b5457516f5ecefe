"""`OptimalBinning`: columns of every kind, rules of every kind, edits."""

from __future__ import annotations

import json
import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from tael.errors import ModelError, TaelError
from tael.models import OptimalBinning, load_model, save_model

Data = tuple[pl.DataFrame, np.ndarray]


@pytest.fixture(scope="module")
def people() -> Data:
    """1,500 people: income falls with risk and is missing for the risky, age is a valley, -9 is a code, jobs differ."""
    rng = np.random.default_rng(3)
    n = 1500
    income = rng.lognormal(8, 0.6, n)
    age = rng.integers(18, 75, n).astype(float)
    job = rng.choice(["clerk", "farmer", "miner", "cook", "poet"], n, p=[0.4, 0.3, 0.2, 0.095, 0.005])
    z = -0.8 * (np.log(income) - 8) + 0.002 * (age - 45) ** 2 + 0.8 * (job == "miner") - 1.8
    gone = rng.random(n) < 0.1
    y = (rng.random(n) < 1 / (1 + np.exp(-z - gone))).astype(int)
    income[gone] = np.nan
    age[rng.random(n) < 0.05] = -9.0
    text = [None if rng.random() < 0.03 else str(one) for one in job]
    return pl.DataFrame({"income": income, "age": age, "job": text}), y


def test_tables(people: Data) -> None:
    X, y = people
    binning = OptimalBinning(special={"age": [-9]}).fit(X, y)
    income, age, job = (binning.binning_table(name) for name in X.columns)
    assert income.columns == ["bin", "from", "to", "count", "share", "bads", "bad_rate", "woe", "iv"]
    for table in (income, age, job):
        assert table["count"].sum() == len(y)
        assert table["bads"].sum() == y.sum()
        assert table["share"].sum() == pytest.approx(1.0)
    assert (income["bad_rate"][:-1].diff().drop_nulls() <= 0).all()
    gone = X["income"].is_nan().to_numpy()
    assert income["bad_rate"][-1] == pytest.approx(y[gone].mean())
    assert income["woe"][-1] < 0
    assert age["bin"].to_list()[-2:] == ["special -9", "missing"]
    assert age["count"][-2] == (X["age"] == -9).sum()
    assert age["woe"][-1] == 0.0  # nobody's age is missing
    assert binning.columns_[1].trend == "valley"
    assert "other" in " ".join(job["bin"])
    assert binning.binning_table("job", lang="zh")["bin"][-1] == "缺失"
    assert binning.binning_table(0).equals(income)
    np.testing.assert_allclose(binning.iv_, [t["iv"].sum() for t in (income, age, job)])
    assert binning.summary()["iv"].is_sorted(descending=True)


@pytest.mark.parametrize("output", ["woe", "index", "label"])
def test_arrays_pandas_polars_alike(people: Data, output: str) -> None:
    X, y = people
    rows = X.rows()
    forms: list[Any] = [X, X.to_pandas(), X.to_arrow(), np.array(rows, dtype=object), [list(row) for row in rows]]
    binning = OptimalBinning(output=output)
    first = binning.fit(X, y).transform(X)
    for form in forms[1:]:
        np.testing.assert_array_equal(clone(binning).fit(form, y).transform(form), first)
    framed = OptimalBinning(output=output).set_output(transform="polars").fit(X, y).transform(X)
    assert framed.columns == X.columns


def test_woe_is_that_of_the_table(people: Data) -> None:
    X, y = people
    binning = OptimalBinning().fit(X, y)
    index = OptimalBinning(output="index").fit(X, y).transform(X)
    for j, name in enumerate(X.columns):
        woe = binning.binning_table(name)["woe"].to_numpy()
        np.testing.assert_array_equal(binning.transform(X)[:, j], woe[index[:, j]])


def test_limits(people: Data) -> None:
    X, y = people
    binning = OptimalBinning(max_bins=4, min_bin_size=0.1, min_bads=40, min_goods=50, trend="free").fit(X, y)
    for rule in binning.columns_:
        k = rule.n_ordinary
        assert k <= 4
        if k > 1:
            assert (rule.goods + rule.bads)[:k].min() >= 0.1 * len(y)
            assert rule.bads[:k].min() >= 40
            assert rule.goods[:k].min() >= 50


@pytest.mark.parametrize(("trend", "sign"), [("ascending", 1), ("descending", -1)])
def test_trend_by_column(people: Data, trend: str, sign: int) -> None:
    X, y = people
    rule = OptimalBinning({"age": trend}, special=[-9]).fit(X, y).columns_[1]
    k = rule.n_ordinary
    rate = rule.bads[:k] / (rule.goods + rule.bads)[:k]
    assert (sign * np.diff(rate) >= 0).all()


def test_splits_by_the_user(people: Data) -> None:
    X, y = people
    splits = {"income": [2000, 4000], "job": [["clerk", "cook"], ["miner"]]}
    binning = OptimalBinning(splits=splits, fixed_splits={"age": [30, 60]}).fit(X, y)
    assert binning.columns_[0].splits.tolist() == [2000, 4000]
    assert {30.0, 60.0} <= set(binning.columns_[1].splits.tolist())
    assert binning.columns_[2].groups == (("clerk", "cook"), ("miner",), ())
    assert binning.binning_table("job")["bin"].to_list() == ["clerk, cook", "miner", "other", "missing"]
    got = binning.transform(pl.DataFrame({"income": [1999.9, 2000.0], "age": [1.0, 1.0], "job": ["cook", "poet"]}))
    woe = binning.binning_table("income")["woe"]
    assert got[:, 0].tolist() == [woe[0], woe[1]]


def test_fixed_splits_that_cannot_be_kept(people: Data) -> None:
    X, y = people
    with pytest.raises(ModelError, match=r"fixed splits leave a bin too small[\s\S]*column age"):
        OptimalBinning(fixed_splits={"age": [200]}).fit(X, y)


def test_rare_and_unseen_categories(people: Data) -> None:
    X, y = people
    new = X.head(3).with_columns(pl.Series("job", ["poet", "astronaut", None]))
    other = OptimalBinning(output="index").fit(X, y)
    codes, missing = other.transform(new)[:, 2], other.columns_[2].n_ordinary
    assert codes[0] == codes[1] == other.columns_[2].other
    assert codes[2] == missing
    codes = OptimalBinning(output="index", unseen="missing").fit(X, y).transform(new)[:, 2]
    assert codes[0] != missing  # rare, but seen
    assert codes[1] == codes[2] == missing
    with pytest.raises(ModelError, match=r"was not there in fit[\s\S]*'astronaut'[\s\S]*column job, row 2"):
        OptimalBinning(unseen="error").fit(X, y).transform(new)


def test_numbers_as_categories() -> None:
    code = np.array([1.0, 2.0, 3.0, np.nan] * 50)
    y = np.isin(code, [1.0, 3.0]).astype(int)
    y[::7] = 1 - y[::7]
    binning = OptimalBinning(categories=[0], smoothing=0.0).fit(code[:, None], y)
    assert [set(group) for group in binning.columns_[0].groups if group] == [{"2"}, {"1"}, {"3"}] or [
        set(group) for group in binning.columns_[0].groups
    ] == [{"2"}, {"1", "3"}]
    assert np.array_equal(binning.transform([[2], [1]]), binning.transform([[2.0], [1.0]]))


def test_stability_over_vintages() -> None:
    rng = np.random.default_rng(1)
    n = 6000
    x, vintage = rng.random(n), np.repeat(["2025-01", "2025-02", "2025-03"], n // 3)
    # Above .7 the bad rate is .6 in the first vintage and .2 later; from .4 to .7 it is .3 in all.
    rate = np.where(x < 0.4, 0.1, np.where(x < 0.7, 0.3, np.where(vintage == "2025-01", 0.6, 0.2)))
    y = (rng.random(n) < rate).astype(int)
    loose = OptimalBinning("free", max_bins=3).fit(x[:, None], y, period=vintage)
    firm = OptimalBinning("free", max_bins=3, stability=3.0).fit(x[:, None], y, period=vintage)

    def turns(binning: OptimalBinning) -> int:
        """Times that the order of two neighbours differs between a vintage and all."""
        bins = clone(binning).set_params(output="index").fit(x[:, None], y, period=vintage).transform(x[:, None])[:, 0]
        rates = {v: [y[(bins == k) & (vintage == v)].mean() for k in range(bins.max() + 1)] for v in np.unique(vintage)}
        whole = np.sign(np.diff([y[bins == k].mean() for k in range(bins.max() + 1)]))
        return sum(int((np.sign(np.diff(rate)) != whole).sum()) for rate in rates.values())

    assert turns(loose) > turns(firm) == 0
    assert firm.iv_[0] < loose.iv_[0]


@given(st.lists(st.integers(1, 3), min_size=40, max_size=40), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_a_weight_is_so_many_rows(weight: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 30, (40, 2)).astype(float)
    X[rng.random(X.shape) < 0.1] = np.nan
    y = np.r_[0, 1, rng.integers(0, 2, 38)]
    one = OptimalBinning().fit(X, y, sample_weight=np.array(weight, float))
    two = OptimalBinning().fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(one.transform(X), two.transform(X), atol=1e-12)


def test_threads_change_nothing(people: Data) -> None:
    X, y = people
    np.testing.assert_array_equal(
        OptimalBinning(n_jobs=2).fit(X, y).transform(X), OptimalBinning().fit(X, y).transform(X)
    )


# ------------------------------------------------------------------ edits


def test_edit(people: Data) -> None:
    X, y = people
    binning = OptimalBinning().fit(X, y)
    edited = binning.edit("income", [2500, 4000], who="Li Wei", why="round numbers", when="2026-03-01T09:30")
    assert binning.edits_ == []
    assert binning.columns_[0].splits.tolist() != [2500, 4000]
    entry = edited.edits_[0]
    assert (entry.column, entry.who, entry.why, entry.when) == (
        "income",
        "Li Wei",
        "round numbers",
        "2026-03-01T09:30:00",
    )
    assert entry.before == binning.columns_[0].splits.tolist()
    assert entry.after == [2500, 4000]
    assert (entry.iv_before, entry.iv_after) == (binning.iv_[0], edited.iv_[0])
    low = (X["income"] < 2500).to_numpy()
    assert edited.binning_table("income")["bads"][0] == y[low].sum()
    assert [r.name for r in edited.columns_[1:]] == ["age", "job"]
    assert edited.columns_[1:] == binning.columns_[1:]
    again = edited.edit("job", [["clerk", "farmer"], ["miner"]], who="Li Wei", why="small groups")
    assert len(again.edits_) == 2
    assert "Li Wei" in again.edit_log()
    assert "原因: small groups" in again.edit_log("zh")
    assert clone(again).fit(X, y).columns_[0].splits.tolist() == [2500, 4000]
    assert binning.edit_log("zh") == "无人工修改。"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"who": " "}, "An edit needs a name"),
        ({"why": ""}, "An edit needs a reason"),
        ({"splits": [3, 2]}, "do not increase"),
        ({"splits": ["a"]}, "not numbers"),
        ({"when": "yesterday"}, "time of an edit cannot be read"),
        ({"column": "incom"}, 'Did you mean "income"'),
        ({"column": "job", "splits": [["clerk"], ["clerk"]]}, "twice: clerk"),
    ],
)
def test_edits_that_are_refused(people: Data, change: dict[str, Any], said: str) -> None:
    binning = OptimalBinning().fit(*people)
    with pytest.raises(ModelError, match=re.escape(said)):
        binning.edit(**{"column": "income", "splits": [2000], "who": "Li Wei", "why": "policy", **change})


def test_edit_without_the_training_rows(people: Data, tmp_path: Path) -> None:
    X, y = people
    kept = OptimalBinning().fit(X, y)
    save_model(kept, tmp_path)
    for binning in (
        load_model(tmp_path),
        OptimalBinning(keep_training=False).fit(X, y),
        pickle.loads(pickle.dumps(kept)),  # noqa: S301
    ):
        cells = binning.columns_[0].cells
        wanted = [float(cells[10]), float(cells[40])]
        edited = binning.edit("income", wanted, who="Li Wei", why="policy")
        expected = kept.edit("income", wanted, who="Li Wei", why="policy")
        assert edited.binning_table("income").equals(expected.binning_table("income"))
        jobs = [["clerk", "cook"], ["miner"]]
        assert (
            binning.edit("job", jobs, who="a", why="b")
            .binning_table("job")
            .equals(kept.edit("job", jobs, who="a", why="b").binning_table("job"))
        )
        with pytest.raises(ModelError, match="Give the training rows"):
            binning.edit("income", [2500.123], who="Li Wei", why="policy")
        given_rows = binning.edit("income", [2500.123], who="Li Wei", why="policy", X=X, y=y)
        assert given_rows.columns_[0].splits.tolist() == [2500.123]


def test_saved_with_its_log(people: Data, tmp_path: Path) -> None:
    X, y = people
    binning = OptimalBinning({"age": "valley"}, special={"age": [-9]}).fit(X, y)
    edited = binning.edit("job", [["clerk"], ["miner", "farmer"]], who="Li Wei", why="policy")
    save_model(edited, tmp_path)
    loaded = load_model(tmp_path)
    np.testing.assert_array_equal(loaded.transform(X), edited.transform(X))
    assert loaded.edits_ == edited.edits_
    assert loaded.get_params() == {**edited.get_params(), "special": {"age": [-9]}}
    for name in X.columns:
        assert loaded.binning_table(name).equals(edited.binning_table(name))
    assert loaded.feature_names_in_.tolist() == X.columns
    document = json.loads((tmp_path / "model.json").read_text("utf-8"))
    longest = max(len(array["$array"]["items"]) for c in document["state"]["columns"] for array in _arrays(c))
    assert longest <= 2 * 64  # the training rows stay out


def _arrays(column: dict[str, Any]) -> list[dict[str, Any]]:
    return [value for value in column.values() if isinstance(value, dict) and "$array" in value]


# ------------------------------------------------------------------ degenerate input

_Y = np.array([0, 1, 0, 1, 1, 0])


@pytest.mark.parametrize(
    "values",
    [
        [7.0] * 6,
        [None] * 6,
        [np.inf, -np.inf, np.nan, 1.0, 2.0, 3.0],
        [2**62, 2**62 + 1, -(2**62), 0, 1, 2],
        [1e308, -1e308, 5e-324, 0.0, 1.0, 2.0],
        ["a", None, "a", None, "b", "c"],
        [None, None, None, None, None, "x"],
        [True, False, True, None, False, True],
    ],
)
def test_odd_columns(values: list[Any]) -> None:
    for X in (pl.DataFrame({"x": pl.Series(values, strict=False)}), pd.DataFrame({"x": values})):
        out = OptimalBinning(min_bin_size=0.0).fit(X, _Y).transform(X)
        assert np.isfinite(out).all()


def test_infinite_is_missing_and_huge_integers_keep_their_order() -> None:
    X = np.array([[np.inf], [-np.inf], [np.nan], [1.0], [2.0], [3.0]])
    assert OptimalBinning().fit(X, _Y).binning_table(0)["count"][-1] == 3
    big = pl.DataFrame({"x": [2**62, -(2**62), 2**61] * 20})
    y = np.array([1, 0, 0] * 20)
    y[:3] = [0, 1, 1]
    assert OptimalBinning().fit(big, y).columns_[0].n_ordinary >= 2


def test_two_rows() -> None:
    binning = OptimalBinning().fit([[1.0], [2.0]], [0, 1])
    assert np.isfinite(binning.transform([[1.0], [5.0], [np.nan]])).all()


def test_one_class_and_no_label() -> None:
    with pytest.raises(ModelError, match="one class only"):
        OptimalBinning().fit([[1.0], [2.0]], [1, 1])
    with pytest.raises(ModelError, match="requires y"):
        OptimalBinning().fit([[1.0], [2.0]])


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (
            pl.DataFrame({"when": pl.Series([1, 2, 3, 4, 5, 6]).cast(pl.Date)}),
            r"neither ordered nor grouped[\s\S]*when",
        ),
        (pl.DataFrame({"x": [[1]] * 6}), "neither ordered nor grouped"),
        (np.array([[1.0], ["a"], [2.0], [3.0], [4.0], [5.0]], dtype=object), r"mixes values[\s\S]*float[\s\S]*str"),
        (np.array([[10**400], [1], [2], [3], [4], [5]], dtype=object), "beyond the range of floats"),
        (pl.DataFrame({"x": []}), "0 sample"),
    ],
)
def test_columns_that_are_refused(frame: Any, said: str) -> None:
    with pytest.raises(TaelError, match=said):
        OptimalBinning().fit(frame, _Y)


def test_numbers_written_as_text() -> None:
    X = pl.DataFrame({"income": [str(1000 + k) for k in range(100)]})
    with pytest.raises(ModelError, match=r"numbers written as text[\s\S]*column income"):
        OptimalBinning().fit(X, np.arange(100) % 2)


def test_text_where_numbers_were() -> None:
    binning = OptimalBinning().fit(pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}), _Y)
    with pytest.raises(ModelError, match=r"held numbers in fit and holds text now[\s\S]*'a'"):
        binning.transform(pl.DataFrame({"x": ["a"]}))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"trend": {"x": "up"}}, "trend is not known"),
        ({"trend": {"y": "peak"}}, "no such column"),
        ({"special": {"x": ["a"]}}, "is not a number"),
        ({"special": {"x": [np.nan]}}, "NaN cannot be a special code"),
        ({"splits": {"x": [2, 1]}}, "do not increase"),
        ({"categories": [3]}, "no such column"),
    ],
)
def test_parameters_that_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        OptimalBinning(**options).fit(pl.DataFrame({"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}), _Y)


def test_the_smallest_bin_allowed_can_stand_at_either_end() -> None:
    x = np.arange(10_000.0)
    for bad in (x < 500, x >= 9500):
        y = bad.astype(int)
        y[4000:4050] = 1
        y[::25] = 0  # no bin is pure
        rule = OptimalBinning("free", min_bin_size=0.05).fit(x[:, None], y).columns_[0]
        sizes = (rule.goods + rule.bads)[: rule.n_ordinary]
        assert sizes.min() == 500


def test_the_trend_found_by_itself_may_turn_twice() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 4, 8000)
    y = (rng.random(len(x)) < np.array([0.10, 0.35, 0.12, 0.40])[x]).astype(int)
    values = np.asarray(
        OptimalBinning(trend="auto").fit(x[:, None].astype(float), y).transform([[0.0], [1.0], [2.0], [3.0]])
    ).ravel()
    steps = np.sign(np.diff(values))
    assert len(np.unique(values)) == 4
    assert steps[0] == -steps[1] == steps[2]
