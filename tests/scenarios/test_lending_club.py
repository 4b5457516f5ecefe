"""The leak scan on Lending Club's file as it comes: 38 of its columns were filled in after the loan was granted.

What is read here is what `tael check` and `tael run` scan. Nothing tells the scan which columns are outcomes.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tael.engine import Engine
from tael.errors import RunError
from tael.observations import observe
from tael.runs.plan import Plan
from tael.runs.sample import labelled_sample, leaks_of, refuse_leaks
from tael.tables import Tables

PAGES = Path(__file__).resolve().parents[2] / "benchmarks" / "scenarios"
PAID = {"total_pymnt", "total_pymnt_inv", "total_rec_prncp", "total_rec_int", "total_rec_late_fee", "last_pymnt_amnt"}
RECOVERED = {"recoveries", "collection_recovery_fee"}
SETTLED = {
    *("debt_settlement_flag", "debt_settlement_flag_date", "settlement_status", "settlement_date"),
    *("settlement_amount", "settlement_percentage", "settlement_term"),
}
CARRY = {
    "lending_club_early": PAID | RECOVERED | {"last_pymnt_d"},
    "lending_club_limit": PAID | RECOVERED | SETTLED,
    "lending_club_recovery": PAID - {"last_pymnt_amnt", "total_pymnt_inv"} | RECOVERED,
}
"""Page -> outcome columns of the file that tell its label: alone, beside another, or as parts of a sum."""
UNSEEN = {
    "lending_club_early": {"last_fico_range_low", "last_fico_range_high"},
    "lending_club_limit": {"out_prncp", "out_prncp_inv", "last_pymnt_d"},
    "lending_club_recovery": {"last_pymnt_d", "last_fico_range_low", "last_fico_range_high"},
}
"""Outcome columns that tell the label no better than a good feature might: no scan of labels can know them."""


@pytest.fixture(scope="module")
def lenders() -> ModuleType:
    """The benchmark's reader of the file."""
    spec = importlib.util.spec_from_file_location("lenders", PAGES / "lenders.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scanned(page: str, tables: Tables) -> list[Any]:
    """What the scan finds under a page's plan."""
    plan = Plan.from_toml(PAGES / f"{page}.toml")
    engine = Engine(tables, plan.entity, cutoff="cutoff", n_threads=1)
    seen = observe(tables, plan.observations, plan.label, engine=engine)
    return leaks_of(engine, labelled_sample(engine, seen, plan, lambda *_: None), plan)


def read(lenders: ModuleType, folder: Path, page: str, *, declared: bool) -> Tables:
    population = "written off" if page == "lending_club_recovery" else "36 months"
    return lenders.lending_club(folder, declared=declared, population=population)  # type: ignore[no-any-return]


@pytest.mark.parametrize("page", CARRY)
def test_the_scan_names_what_carries_the_label_and_nothing_else(lenders: ModuleType, data_dir: Path, page: str) -> None:
    found = scanned(page, read(lenders, data_dir, page, declared=False))
    named = {leak.column for leak in found}
    assert named >= CARRY[page]
    assert named <= set(lenders.OUTCOMES), "a column known at the application is accused"
    assert not named & UNSEEN[page], "found after all: say so in CARRY"
    with pytest.raises(RunError, match="total_pymnt"):
        refuse_leaks(found)


@pytest.mark.parametrize("page", CARRY)
def test_nothing_is_said_of_the_columns_of_the_application(lenders: ModuleType, data_dir: Path, page: str) -> None:
    assert scanned(page, read(lenders, data_dir, page, declared=True)) == []
