"""Scoring with a bundle: to the last bit what the run said, in bulk or one by one, and blind to what comes after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError, TablesError, TaelError
from tael.runs import Bundle, Run, load_bundle
from tael.runs.scoring import score, write_table
from tael.tables import Tables, read_tables

KEY = "application_id"
BACK = [
    "decision", "probability", "expected_profit", "reason_code", "reason_en", "reasons_en", "reasons_zh",
    "reason_features",
]  # fmt: skip


@pytest.fixture(scope="module")
def run(made_run: Any) -> Run:
    return Run.read(made_run.path)


@pytest.fixture(scope="module")
def bundle(made_run: Any) -> Bundle:
    return load_bundle(made_run.path)


@pytest.fixture(scope="module")
def tables(made_run: Any) -> Tables:
    """The run's tables, read again from CSV."""
    return read_tables(made_run.data)


@pytest.fixture(scope="module")
def scored(bundle: Bundle, tables: Tables) -> pl.DataFrame:
    return score(bundle, tables)


def told(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.col(KEY).cast(pl.String)).sort(KEY, "cutoff")


def same(run: Run, scored: pl.DataFrame) -> None:
    """Bit by bit, for every row of the run."""
    both = told(run.decisions).join(told(scored), on=[KEY, "cutoff"], how="left", suffix="_again")
    assert both["probability_again"].null_count() == 0
    for name in BACK:
        assert both[name].equals(both[f"{name}_again"].rename(name)), name
    assert np.array_equal(
        both["probability"].to_numpy().view(np.int64), both["probability_again"].to_numpy().view(np.int64)
    )


def test_all_rows_from_csv(run: Run, scored: pl.DataFrame) -> None:
    same(run, scored)
    # those who were left out of the sample for want of an outcome are scored as well
    assert len(scored) > len(run.decisions)
    assert set(scored["split"]) == {"scored"}


def test_all_rows_from_parquet_with_other_threads(
    run: Run, bundle: Bundle, tables: Tables, made_run: Any, tmp_path: Path
) -> None:
    for name in tables:
        pl.read_csv(made_run.data / f"{name}.csv", try_parse_dates=True, infer_schema_length=None).write_parquet(
            tmp_path / f"{name}.parquet"
        )
    text = (made_run.data / "tables.toml").read_text(encoding="utf-8").replace(".csv", ".parquet")
    (tmp_path / "tables.toml").write_text(text, encoding="utf-8")
    same(run, score(bundle, read_tables(tmp_path), n_jobs=1))


def test_one_by_one_and_in_any_order(bundle: Bundle, tables: Tables, scored: pl.DataFrame) -> None:
    rng = np.random.default_rng(0)
    some = scored[rng.choice(len(scored), 12, replace=False)]
    for row in some.to_dicts():
        alone = score(bundle, tables, ids=[row[KEY]])
        assert alone.drop("split").row(0) == tuple(value for name, value in row.items() if name != "split")
    X = some.select(KEY, "cutoff")
    again = score(bundle, tables, X[::-1])
    assert again["probability"].to_list() == some["probability"].to_list()[::-1]
    assert again["reasons_zh"].to_list() == some["reasons_zh"].to_list()[::-1]


def test_pandas_observations_of_the_caller(bundle: Bundle, tables: Tables, scored: pl.DataFrame) -> None:
    X = scored.head(5).select(KEY, "cutoff").to_pandas()
    assert score(bundle, tables, X)["probability"].to_list() == scored["probability"].head(5).to_list()


def test_an_unknown_id_is_named(bundle: Bundle, tables: Tables) -> None:
    with pytest.raises(RunError, match=r"not among the observations[\s\S]*got: +nobody"):
        score(bundle, tables, ids=["nobody"])


# ---------------------------------------------------------------- the law of time, for the scenario as a whole
def last_cutoff(run: Run) -> tuple[datetime, list[Any]]:
    """The out-of-time rows of one week, and a moment that none of them may look beyond."""
    rows = run.scores.filter(pl.col("split") == "out_of_time").sort("cutoff")
    first = rows["cutoff"][len(rows) // 2]
    week = rows.filter(pl.col("cutoff").is_between(first, first + timedelta(days=7)))
    assert len(week) >= 3
    return week["cutoff"].max(), week[KEY].cast(pl.String).to_list()


def poison(tables: Tables, name: str, late: pl.Series) -> pl.DataFrame:
    """Exchange every value of late rows for another, but for keys and the times that say when they were known."""
    promise = tables.schema.tables[name]
    frame = tables[name]
    keep = {promise.key, promise.time, promise.known_at}
    changed = []
    for column, detail in promise.columns.items():
        if column in keep or detail.to is not None:
            continue
        series = frame[column]
        if series.dtype == pl.Boolean:
            new = ~series.fill_null(True)
        elif series.dtype in (pl.Float64, pl.String):  # other rows' values: within the bounds that the contract states
            new = series.reverse()
        else:
            new = series.dt.offset_by("9d")
        changed.append(pl.select(pl.when(late).then(new).otherwise(series).alias(column)).to_series())
    return frame.with_columns(changed)


def probabilities(bundle: Bundle, tables: Tables, ids: list[str]) -> list[float]:
    return told(score(bundle, tables, ids=ids))["probability"].to_list()


@pytest.mark.parametrize("way", ["poisoned", "truncated", "doubled"])
def test_rows_known_at_the_cutoff_or_later_do_not_count(
    run: Run, bundle: Bundle, tables: Tables, scored: pl.DataFrame, way: str
) -> None:
    moment, ids = last_cutoff(run)
    before = told(scored).filter(pl.col(KEY).is_in(ids))["probability"].to_list()
    changed: dict[str, pl.DataFrame] = {}
    for name, promise in tables.schema.tables.items():
        if promise.known is None:
            continue
        frame = tables[name]
        late = (frame[promise.known] >= moment).fill_null(True)
        if name == "applications":
            late = frame[promise.known] > moment  # the last of the week applied at that very moment
        if promise.time is not None and name != "applications":
            late |= (frame[promise.time] >= moment).fill_null(True)
        if way == "poisoned":
            changed[name] = poison(tables, name, late)
        elif way == "truncated":
            changed[name] = frame.filter(~late)
        else:
            extra = frame.filter(late)
            if promise.key is not None and extra.schema[promise.key] == pl.String:
                extra = extra.with_columns(pl.col(promise.key) + "-again")
            elif promise.key is not None:
                extra = extra.with_columns(pl.col(promise.key) + 10_000_000)
            changed[name] = pl.concat([frame, extra])
    assert any(not changed[name].equals(tables[name]) for name in changed)
    assert probabilities(bundle, tables.replace(**changed), ids) == before


def test_the_own_outcome_does_not_count(run: Run, bundle: Bundle, tables: Tables, scored: pl.DataFrame) -> None:
    """All that came of an application after it was made is turned round or struck out: its score does not move."""
    late = told(run.scores.filter(pl.col("split") == "out_of_time"))[KEY].to_list()
    loans = tables["loans"].select(pl.col(KEY).cast(pl.String), "loan_id").filter(pl.col(KEY).is_in(late))
    assert len(loans) > 50
    before = dict(told(scored).select(KEY, "probability").iter_rows())
    for name in loans[KEY].sample(4, seed=0):
        mine = loans.filter(pl.col(KEY) == name)["loan_id"].implode()
        turned, struck = {}, {}
        for table in ("loans", "instalments", "delinquencies"):
            of_mine = tables[table]["loan_id"].is_in(mine)
            turned[table], struck[table] = poison(tables, table, of_mine), tables[table].filter(~of_mine)
        assert not turned["instalments"].equals(tables["instalments"])
        for changed in (turned, struck):
            assert probabilities(bundle, tables.replace(**changed), [name]) == [before[name]], name


def test_the_future_does_count_for_a_later_cutoff(
    run: Run, bundle: Bundle, tables: Tables, scored: pl.DataFrame
) -> None:
    """The poison works: those who apply after it notice it."""
    moment, _ = last_cutoff(run)
    name = "transactions"
    known = tables.schema.tables[name].known
    changed = poison(tables, name, tables[name][known] >= moment)
    later = told(scored).filter(pl.col("cutoff") > moment + timedelta(days=60))
    after = probabilities(bundle, tables.replace(transactions=changed), later[KEY].to_list())
    assert sum(a != b for a, b in zip(later["probability"], after, strict=True)) > len(later) // 2


# ---------------------------------------------------------------- tables that do not fit
def broken(made_run: Any, tmp_path: Path, change: Callable[[Path], None]) -> Tables:
    import shutil

    folder = Path(shutil.copytree(made_run.data, tmp_path / "data"))
    change(folder)
    return read_tables(folder)


def test_a_column_that_formulas_need_is_missing(made_run: Any, bundle: Bundle, tmp_path: Path) -> None:
    def drop(folder: Path) -> None:
        path = folder / "transactions.csv"
        pl.read_csv(path, infer_schema=False).drop("amount").write_csv(path)
        text = (folder / "tables.toml").read_text(encoding="utf-8").splitlines()
        at = text.index("[transactions.columns]")
        gone = next(i for i in range(at, len(text)) if text[i].startswith("amount ="))
        (folder / "tables.toml").write_text("\n".join(text[:gone] + text[gone + 1 :]), encoding="utf-8")

    with pytest.raises(TaelError) as caught:
        score(bundle, broken(made_run, tmp_path, drop))
    assert "amount" in str(caught.value)
    assert "transactions" in str(caught.value)


def test_columns_never_seen_change_nothing(run: Run, made_run: Any, bundle: Bundle, tmp_path: Path) -> None:
    def add(folder: Path) -> None:
        path = folder / "transactions.csv"
        pl.read_csv(path, infer_schema=False).with_columns(mood=pl.lit("good"), kind2=pl.lit(3)).write_csv(path)

    same(run, score(bundle, broken(made_run, tmp_path, add)))


def test_a_table_that_breaks_its_contract_is_not_scored(bundle: Bundle, tables: Tables) -> None:
    twice = tables.replace(customers=pl.concat([tables["customers"], tables["customers"].head(1)]))
    with pytest.raises(TablesError, match=r"keys that are not unique"):
        score(bundle, twice)


def test_categories_never_seen_are_scored(bundle: Bundle, tables: Tables) -> None:
    new = tables["transactions"].with_columns(kind=pl.lit("never seen"))
    assert score(bundle, tables.replace(transactions=new))["probability"].is_between(0, 1).all()


# ---------------------------------------------------------------- writing
def test_a_table_is_written_once(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [1], "b": [["x", "y"]]})
    write_table(frame, tmp_path / "deep" / "a.csv")
    assert (tmp_path / "deep" / "a.csv").read_text() == "a,b\n1,x; y\n"
    with pytest.raises(RunError, match="nothing is written over"):
        write_table(frame, tmp_path / "deep" / "a.csv")
    write_table(frame, tmp_path / "a.parquet")
    assert pl.read_parquet(tmp_path / "a.parquet").equals(frame)
    with pytest.raises(RunError, match=r"\.parquet or \.csv"):
        write_table(frame, tmp_path / "a.xlsx")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="a file"):
        write_table(frame, tmp_path / "file" / "a.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "deep", "file"]
