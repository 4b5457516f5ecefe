"""The leak scan on Lending Club's file as it comes: 38 of its columns were filled in after the loan was granted.

What is read here is what `tael check` and `tael run` scan. Nothing tells the scan which columns are outcomes.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.engine import Engine
from tael.errors import RunError
from tael.observations import observe
from tael.runs.plan import Plan
from tael.runs.sample import labelled_sample
from tael.runs.scanned import leaks_of, refuse_leaks
from tael.tables import Tables
from tael.validation import scan_table

PAGES = Path(__file__).resolve().parents[2] / "benchmarks" / "scenarios"
Found = Callable[[str], tuple[list[Any], Tables]]
PAGES_READ = ("lending_club_early", "lending_club_limit", "lending_club_recovery")


@pytest.fixture(scope="module")
def lenders() -> ModuleType:
    """The benchmark's reader of the file."""
    spec = importlib.util.spec_from_file_location("lenders", PAGES / "lenders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def found(lenders: ModuleType, data_dir: Path) -> Found:
    """What the scan finds under a page's plan where nothing is declared, and in which tables."""

    @cache
    def scan(page: str) -> tuple[list[Any], Tables]:
        tables = read(lenders, data_dir, page, declared=False)
        return scanned(page, tables), tables

    return scan


def scanned(page: str, tables: Tables) -> list[Any]:
    plan = Plan.from_toml(PAGES / f"{page}.toml")
    engine = Engine(tables, plan.entity, cutoff="cutoff", n_threads=1)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    return leaks_of(engine, labelled_sample(engine, seen, plan, lambda *_: None), plan)


def read(lenders: ModuleType, folder: Path, page: str, *, declared: bool) -> Tables:
    population = "written off" if page == "lending_club_recovery" else "36 months"
    return lenders.lending_club(folder, declared=declared, population=population)  # type: ignore[no-any-return]


def varying(tables: Tables) -> set[str]:
    """Columns of the loans that differ between rows: no feature can come of the others."""
    loans = tables["loans"]
    return {name for name in loans.columns if loans[name].n_unique() > 1}


@pytest.mark.parametrize("page", PAGES_READ)
def test_the_scan_names_every_outcome_and_nothing_else(lenders: ModuleType, found: Found, page: str) -> None:
    leaks, tables = found(page)
    named = {leak.column for leak in leaks}
    assert named >= set(lenders.OUTCOMES) & varying(tables)
    assert named <= set(lenders.OUTCOMES), "a column known at the application is accused"
    with pytest.raises(RunError, match="total_pymnt"):
        refuse_leaks(leaks)


@pytest.mark.parametrize("page", PAGES_READ)
def test_what_is_only_asked_about_is_little(found: Found, page: str) -> None:
    """Names, copies and what foretells a leak prove nothing; all else stops a run."""
    asked = {leak.column for leak in found(page)[0] if leak.level == "ask"}
    more = {"last_pymnt_amnt", "total_pymnt_inv"} if page == "lending_club_recovery" else set()
    assert asked <= {"last_fico_range_low", "last_fico_range_high", "pymnt_plan", "hardship_flag"} | more


@pytest.mark.parametrize("page", PAGES_READ)
def test_nothing_is_said_of_the_columns_of_the_application(lenders: ModuleType, data_dir: Path, page: str) -> None:
    assert scanned(page, read(lenders, data_dir, page, declared=True)) == []


def test_the_file_alone_without_an_end_of_the_data(lenders: ModuleType, data_dir: Path) -> None:
    """One table, all terms, loans that still run: dates may be plans then, and are asked about."""
    raw = pl.read_parquet(data_dir / "credit" / "lending_club_2015" / "loans.parquet")
    raw = raw.drop("", "Unnamed: 0", "id", "url", "desc")
    y = (raw["loan_status"] == "Charged Off").to_numpy()
    cutoff = np.full(len(y), np.datetime64("2015-12-01"))
    found = scan_table(raw.drop("loan_status"), y, cutoff=cutoff)
    named = {leak.column for leak in found}
    assert named == set(lenders.OUTCOMES)
    assert {leak.column for leak in found if leak.code == "TAEL-L09"} >= {"last_pymnt_d", "last_credit_pull_d"}
