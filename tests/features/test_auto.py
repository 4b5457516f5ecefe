"""AutoFeatures as its user meets it: containers, pipelines, folds, budgets, and what it says of bad input."""

from __future__ import annotations

import pickle
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import QuantileTransformer

from tael.errors import FeaturesError, FormulaError, ObservationsError, TaelError
from tael.features import AutoFeatures
from tael.tables import Tables


def array(table: Any) -> np.ndarray:
    return np.ascontiguousarray(table.to_pandas().to_numpy() if isinstance(table, pa.Table) else table)


def model(auto: AutoFeatures) -> Any:
    return make_pipeline(auto, SimpleImputer(), QuantileTransformer(n_quantiles=20), LogisticRegression())


# ------------------------------------------------------------------ what it finds
def test_it_finds_the_planted_history(fitted: AutoFeatures) -> None:
    assert "late" in fitted.formulas_[0]
    assert len(fitted.formulas_) == len(fitted.gain_) == len(fitted.stability_) == len(fitted.coverage_)
    assert len(set(fitted.get_feature_names_out())) == len(fitted.formulas_)
    assert fitted.ledger_.summary()["kept"] == len(fitted.formulas_)


def test_it_says_in_words_what_it_found(fitted: AutoFeatures) -> None:
    for lang in ("en", "zh"):
        words = fitted.describe(lang)  # type: ignore[arg-type]
        assert len(words) == len(fitted.formulas_)
        assert all(words)
    assert any("一" <= sign <= "鿿" for sign in "".join(fitted.describe("zh")))


def test_fit_is_repeatable_and_leaves_its_parameters_alone(bank: Any, fitted: AutoFeatures, settings: dict) -> None:
    before = {name: str(value) for name, value in fitted.get_params().items()}
    again = clone(fitted)
    assert not hasattr(again, "formulas_")
    again.fit(bank.X, bank.y)
    assert again.formulas_ == fitted.formulas_
    assert {name: str(value) for name, value in again.get_params().items()} == before
    assert again.tables is bank.tables  # a clone does not copy the data


# ------------------------------------------------------------------ containers and order
@pytest.mark.parametrize(
    ("convert", "kind"),
    [(lambda X: X, pl.DataFrame), (lambda X: X.to_pandas(), pd.DataFrame), (lambda X: X.to_arrow(), pa.Table)],
)
def test_every_frame_gives_the_same_numbers_in_its_own_kind(
    bank: Any, fitted: AutoFeatures, convert: Any, kind: type
) -> None:
    told = fitted.transform(convert(bank.X))
    assert isinstance(told, kind)
    assert array(told).tobytes() == array(fitted.transform(bank.X)).tobytes()
    names = told.column_names if kind is pa.Table else list(told.columns)
    assert names == list(fitted.get_feature_names_out())


@pytest.mark.parametrize("convert", [lambda X: X.to_pandas(), lambda X: X.to_arrow()])
def test_fit_takes_every_frame(bank: Any, fitted: AutoFeatures, convert: Any, settings: dict) -> None:
    again = AutoFeatures(bank.tables, **settings).fit(convert(bank.X), pd.Series(bank.y))
    assert again.formulas_ == fitted.formulas_


def test_rows_keep_their_order_and_index(bank: Any, fitted: AutoFeatures) -> None:
    order = np.random.default_rng(1).permutation(len(bank.X))
    told = fitted.transform(bank.X.to_pandas().iloc[order])
    assert list(told.index) == list(order)
    assert array(told).tobytes() == array(array(fitted.transform(bank.X))[order]).tobytes()


def test_one_row_at_a_time_gives_the_same_bits(bank: Any, fitted: AutoFeatures) -> None:
    bulk = array(fitted.transform(bank.X))
    for row in range(0, len(bank.X), 40):
        assert array(fitted.transform(bank.X[row : row + 1])).tobytes() == bulk[row : row + 1].tobytes()


def test_threads_do_not_matter(bank: Any, fitted: AutoFeatures, settings: dict) -> None:
    threaded = AutoFeatures(bank.tables, **settings, n_jobs=3).fit(bank.X, bank.y)
    assert threaded.formulas_ == fitted.formulas_
    assert array(threaded.transform(bank.X)).tobytes() == array(fitted.transform(bank.X)).tobytes()


# ------------------------------------------------------------------ scikit-learn's tools
def test_it_travels(bank: Any, fitted: AutoFeatures) -> None:
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert again.formulas_ == fitted.formulas_
    assert again.describe() == fitted.describe()
    assert array(again.transform(bank.X)).tobytes() == array(fitted.transform(bank.X)).tobytes()


@pytest.mark.parametrize(("output", "kind"), [("pandas", pd.DataFrame), ("polars", pl.DataFrame)])
def test_set_output(bank: Any, fitted: AutoFeatures, output: str, kind: type) -> None:
    again = pickle.loads(pickle.dumps(fitted)).set_output(transform=output)  # noqa: S301
    for X in (bank.X, bank.X.to_pandas()):
        told = again.transform(X)
        assert isinstance(told, kind)
        assert list(told.columns) == list(fitted.get_feature_names_out())
        assert array(told).tobytes() == array(fitted.transform(bank.X)).tobytes()


def test_cross_validation_in_other_processes(bank: Any, settings: dict) -> None:
    auto = AutoFeatures(bank.tables, **settings)
    X = bank.X.to_pandas()
    alone = cross_validate(model(auto), X, bank.y, cv=2, scoring="roc_auc", error_score="raise")
    apart = cross_validate(model(auto), X, bank.y, cv=2, scoring="roc_auc", error_score="raise", n_jobs=2)
    assert alone["test_score"].tolist() == apart["test_score"].tolist()
    assert alone["test_score"].mean() > 0.75


def test_grid_search_over_keep(bank: Any, settings: dict) -> None:
    pipeline = model(AutoFeatures(bank.tables, **settings))
    grid = GridSearchCV(pipeline, {"autofeatures__keep": [1, 6]}, cv=2, scoring="roc_auc", error_score="raise")
    grid.fit(bank.X.to_pandas(), bank.y)
    widths = {step["autofeatures__keep"] for step in grid.cv_results_["params"]}
    assert widths == {1, 6}
    best = grid.best_estimator_[0]
    assert len(best.formulas_) <= best.keep


@pytest.mark.parametrize("kind", ["classes", "words", "numbers", "none"])
def test_labels_of_every_kind(bank: Any, settings: dict, kind: str) -> None:
    rng = np.random.default_rng(0)
    y = {
        "classes": bank.y + rng.integers(0, 2, len(bank.y)),
        "words": np.where(bank.y == 1, "bad", "good"),
        "numbers": bank.y + 0.5 * rng.normal(size=len(bank.y)),
        "none": None,
    }[kind]
    auto = AutoFeatures(bank.tables, **settings).fit(bank.X, y)
    assert 1 <= len(auto.formulas_) <= 6
    assert array(auto.transform(bank.X)).shape == (len(bank.X), len(auto.formulas_))


# ------------------------------------------------------------------ parameters
def test_forced_formulas_stay_and_forbidden_names_go(bank: Any, settings: dict) -> None:
    forced = ["customers.age / 7", "count(payments)"]
    auto = AutoFeatures(bank.tables, **settings, force=forced, forbid=("payments.late", "customers.city", "amount"))
    auto.fit(bank.X, bank.y)
    assert auto.formulas_[-2:] == forced
    everything = " ".join(auto.ledger_.frame()["formula"])
    assert "late" not in everything
    assert "customers.city" not in everything
    assert "amount" not in everything
    told = array(auto.transform(bank.X))[:, -2]
    ages = bank.X.join(bank.tables["applications"], on="application", maintain_order="left")
    ages = ages.join(bank.tables["customers"], on="customer", maintain_order="left")["age"]
    assert told.tolist() == (ages.to_numpy() / 7).tolist()
    auto = AutoFeatures(bank.tables, **settings, forbid=("payments",)).fit(bank.X, bank.y)
    assert "payments" not in " ".join(auto.ledger_.frame()["formula"])


@pytest.mark.parametrize(
    ("force", "words"),
    [("agee", "agee"), ("customers.city", "number or a flag"), ('count(payments, next="1d")', "forward")],
)
def test_a_forced_formula_must_be_a_feature(bank: Any, settings: dict, force: str, words: str) -> None:
    with pytest.raises(FormulaError, match=words):
        AutoFeatures(bank.tables, **settings, force=[force]).fit(bank.X, bank.y).transform(bank.X)


def test_a_name_that_forbids_nothing_is_a_slip(bank: Any, settings: dict) -> None:
    with pytest.raises(FeaturesError, match=r'Did you mean "payments\.late"'):
        AutoFeatures(bank.tables, **settings, forbid=("payment.late",)).fit(bank.X, bank.y)


def test_memory_that_does_not_suffice_is_refused_before_anything_is_computed(bank: Any, settings: dict) -> None:
    with pytest.raises(FeaturesError, match="does not fit into its memory budget") as error:
        AutoFeatures(bank.tables, **settings, budget={"memory": "1kB"}).fit(bank.X, bank.y)
    assert "a forecast of" in str(error.value)
    assert "search_rows" in str(error.value)


def test_less_memory_means_smaller_batches_and_the_same_formulas(
    bank: Any, fitted: AutoFeatures, settings: dict
) -> None:
    most = fitted.forecast_.total
    tight = AutoFeatures(bank.tables, **settings, budget={"memory": f"{most - 1}B"}).fit(bank.X, bank.y)
    assert tight.forecast_.batch < fitted.forecast_.batch
    assert tight.forecast_.total < most
    assert tight.formulas_ == fitted.formulas_


def test_when_the_time_is_over_it_returns_what_it_has(bank: Any, settings: dict) -> None:
    auto = AutoFeatures(bank.tables, **settings, budget={"time": "0.0001s"}).fit(bank.X, bank.y)
    assert auto.ledger_.summary()["out of time"] > 0
    assert array(auto.transform(bank.X)).shape == (len(bank.X), len(auto.formulas_))


@pytest.mark.parametrize("budget", [{"memory": "lots"}, {"time": "soon"}, {"time": "5 fortnights"}])
def test_a_budget_is_a_measure(bank: Any, settings: dict, budget: dict[str, str]) -> None:
    with pytest.raises(FeaturesError, match="budget cannot be read"):
        AutoFeatures(bank.tables, **settings, budget=budget).fit(bank.X, bank.y)


def test_a_search_may_look_at_some_rows_alone(bank: Any, settings: dict) -> None:
    auto = AutoFeatures(bank.tables, **settings, search_rows=100).fit(bank.X, bank.y)
    assert array(auto.transform(bank.X)).shape[0] == len(bank.X)


def test_progress_is_told_up_to_the_end(bank: Any, settings: dict) -> None:
    told: list[tuple[str, float]] = []
    AutoFeatures(bank.tables, **settings, progress=lambda text, share: told.append((text, share))).fit(bank.X, bank.y)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


# ------------------------------------------------------------------ bad input
def test_unknown_keys_are_like_customers_without_a_history(bank: Any, fitted: AutoFeatures) -> None:
    X = pl.DataFrame({"application": [10**6], "cutoff": bank.X["cutoff"][:1]})
    told = array(fitted.transform(X))[0]
    for text, value in zip(fitted.formulas_, told, strict=True):
        assert np.isnan(value) or value == 0.0, text


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda X: X.drop("cutoff"), ObservationsError, "no cutoff column"),
        (lambda X: X.drop("application"), TaelError, "key"),
        (lambda X: X.to_numpy(), TaelError, "frame"),
        (lambda X: X.with_columns(cutoff=pl.lit(None, pl.Datetime("us"))), ObservationsError, "no cutoff time"),
    ],
)
def test_messages(bank: Any, fitted: AutoFeatures, settings: dict, change: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        fitted.transform(change(bank.X))
    with pytest.raises(error, match=words):
        AutoFeatures(bank.tables, **settings).fit(change(bank.X), bank.y)


def test_a_column_of_the_observations_own_must_come_back(bank: Any, settings: dict) -> None:
    X = bank.X.with_columns(score=pl.Series(bank.y * 2.0 + np.random.default_rng(0).normal(size=len(bank.y))))
    auto = AutoFeatures(bank.tables, **settings).fit(X, bank.y)
    assert "score" in " ".join(auto.formulas_)
    assert auto.describe()
    with pytest.raises(FeaturesError, match="lacks columns"):
        auto.transform(bank.X)
    more = X.with_columns(noise=pl.lit(1.0)).select("noise", "cutoff", "score", "application")
    assert array(auto.transform(more)).tobytes() == array(auto.transform(X)).tobytes()


@pytest.mark.parametrize(
    ("tables", "X", "words"),
    [
        ({"applications": pl.DataFrame({"application": [1]})}, None, "no schema"),
        (None, pl.DataFrame({"nobody": [1], "cutoff": ["2024-01-01"]}), "not clear which table"),
    ],
)
def test_messages_about_tables(bank: Any, tables: Any, X: Any, words: str) -> None:
    with pytest.raises(FeaturesError, match=words):
        AutoFeatures(bank.tables if tables is None else tables).fit(bank.X if X is None else X, None)


def test_the_label_must_fit(bank: Any, settings: dict) -> None:
    auto = AutoFeatures(bank.tables, **settings)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        auto.fit(bank.X, bank.y[:-1])
    with pytest.raises(FeaturesError, match="Unknown label type"):
        auto.fit(bank.X, np.stack([bank.y, bank.y], axis=1))
    with pytest.raises(ValueError, match="NaN"):
        auto.fit(bank.X, np.where(bank.y == 1, np.nan, 0.0))


def test_a_label_of_one_class_is_like_none(bank: Any, settings: dict) -> None:
    auto = AutoFeatures(bank.tables, **settings).fit(bank.X, np.zeros(len(bank.X), dtype=int))
    assert len(auto.formulas_) == 6


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_very_few_observations(bank: Any, settings: dict, rows: int) -> None:
    auto = AutoFeatures(bank.tables, **settings).fit(bank.X[:rows], bank.y[:rows])
    assert array(auto.transform(bank.X)).shape[0] == len(bank.X)


def test_empty_children(bank: Any, settings: dict) -> None:
    tables = bank.tables.replace(payments=bank.tables["payments"].clear())
    auto = AutoFeatures(tables, **settings).fit(bank.X, bank.y)
    assert array(auto.transform(bank.X)).shape[0] == len(bank.X)


def test_levels_still_to_come_are_not_compared() -> None:
    """Two columns of names agree only in rows after the last cutoff: nobody could know that they speak of the same."""
    n = 200
    rng = np.random.default_rng(0)
    names = [f"p{i}" for i in range(40)]
    days = [datetime(2024, 1, 1) + timedelta(days=int(d)) for d in rng.integers(0, 50, n)]
    base = {"who": rng.integers(0, 20, n), "day": days}
    rows = pl.DataFrame({**base, "a": rng.choice(names, n), "b": rng.choice([f"q{i}" for i in range(40)], n)})
    later = rows.with_columns(pl.col("day") + pl.duration(days=200), b=pl.col("a"))
    schema = {"people": {"key": "id"}, "rows": {"time": "day", "columns": {
        "who": {"to": "people"}, "a": {"type": "category"}, "b": {"type": "category"}}}}  # fmt: skip
    people = pl.DataFrame({"id": np.arange(20)})
    X = pl.DataFrame({"id": np.arange(20), "cutoff": [datetime(2024, 3, 1)] * 20})
    ledgers = []
    for frame in (rows, pl.concat([rows, later])):
        auto = AutoFeatures(Tables({"people": people, "rows": frame}, schema), windows=("all",), keep=5).fit(X)
        ledgers.append(auto.ledger_.frame())
    assert ledgers[0].equals(ledgers[1])


def test_parents_count_once_for_each_row_and_like_columns_are_counted_together() -> None:
    """What the buyers of a shop's sales are like: their ages, how many of their habits hold, sales to each buyer."""
    rng = np.random.default_rng(5)
    shops, buyers, sales = 120, 80, 1500
    habits = {f"habit_{name}": rng.integers(1, 3, buyers).astype(float) for name in ("tea", "gin", "pie")}
    columns = {"age": {"type": "number"}, **{name: {"type": "number"} for name in habits}}
    schema: dict[str, Any] = {
        "shops": {"key": "shop"},
        "buyers": {"key": "buyer", "columns": columns},
        "sales": {"time": "at", "columns": {"shop": {"to": "shops"}, "buyer": {"to": "buyers"}}},
    }
    start = datetime(2024, 1, 1)
    age = rng.integers(20, 80, buyers).astype(float)
    who, where = rng.integers(0, buyers, sales), rng.integers(0, shops, sales)
    at = [start + timedelta(hours=int(h)) for h in rng.integers(0, 2000, sales)]
    tables = Tables(
        {
            "shops": pl.DataFrame({"shop": np.arange(shops)}),
            "buyers": pl.DataFrame({"buyer": np.arange(buyers), "age": age, **habits}),
            "sales": pl.DataFrame({"shop": where, "buyer": who, "at": at}),
        },
        schema,
    )
    X = pl.DataFrame({"shop": np.arange(shops), "cutoff": [start + timedelta(days=100)] * shops})
    mean = np.array([age[who[where == shop]].mean() for shop in range(shops)])
    auto = AutoFeatures(tables, entity="shops", keep=8).fit(X, mean + rng.normal(0, 0.5, shops))
    place = auto.formulas_.index("mean(sales.buyer.age)")
    assert place < 2  # of 120 rows a weighing cannot always tell it from the share of older buyers
    assert auto.null_ is not None
    assert auto.ledger_.test(auto._nodes[place]) == auto.null_.best
    assert array(auto.transform(X))[:, place] == pytest.approx(mean)
    tried = " ".join(auto.ledger_.frame()["formula"])
    rarer = [1 if (np.array(list(habits.values())) == 1).sum() <= (np.array(list(habits.values())) == 2).sum() else 2]
    assert "count(sales) / n_unique(sales.buyer)" in tried
    assert f"mean((sales.buyer.habit_tea == {rarer[0]}) + (sales.buyer.habit_gin == {rarer[0]})" in tried
