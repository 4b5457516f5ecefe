"""An alert can be made again months later: what came after it changes no bit of the score nor of the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.errors import RunError
from tael.reports.cases import case_page
from tael.runs import load_bundle
from tael.runs.cases import CaseMaker, as_of
from tael.runs.cases.as_of import observed_as_of
from tael.runs.scoring import score
from tael.tables import Tables, read_tables

CUTOFF = datetime(2025, 3, 22)


def grown(tables: Tables) -> Tables:
    """The same tables months later: further transfers and logins, late arrivals among them, later decisions."""
    transfers = tables["transfers"]
    later = transfers.sample(800, seed=1).with_columns(
        pl.col("transfer_id") + 1_000_000,
        at=pl.col("at") + timedelta(days=120),
        known_at=pl.col("known_at") + timedelta(days=120),
        amount=pl.col("amount") * 7,
    )
    # happened before the cutoff, arrived at it or after it
    late = transfers.filter(pl.col("at") < CUTOFF).sample(800, seed=2).with_columns(
        pl.col("transfer_id") + 2_000_000,
        known_at=pl.lit(CUTOFF) + pl.duration(hours=pl.int_range(pl.len()) % 48),
        amount=pl.col("amount") * 9,
    )  # fmt: skip
    logins = tables["logins"]
    more = logins.sample(500, seed=3).with_columns(at=pl.col("at").clip(CUTOFF) + timedelta(days=1))
    reports = tables["reports"]
    filed = reports.with_columns(
        pl.col("report_id") + 1_000_000, filed=pl.col("filed").clip(CUTOFF) + timedelta(days=30)
    )
    return tables.replace(
        transfers=pl.concat([late, transfers, later]),
        logins=pl.concat([logins, more]),
        reports=pl.concat([reports, filed]),
    )


@pytest.fixture(scope="module")
def tables(watch: Any) -> Tables:
    return read_tables(watch.tables)


@pytest.fixture(scope="module")
def months_later(tables: Tables) -> Tables:
    return grown(tables)


def test_pages_are_the_same_to_the_last_sign(watch: Any, tables: Tables, months_later: Tables) -> None:
    """Scores, contributions, reasons, rows, graph, peers, draft: all that stands on the page."""
    then = CaseMaker(watch.run, tables, n_jobs=1).make(6)
    now = CaseMaker(watch.run, months_later, n_jobs=1).make(6)
    assert not now.queue.worries
    for one, other in zip(then.cases, now.cases, strict=True):
        assert case_page(one) == case_page(other)
        assert not other.worries


def test_score_as_of_then_has_the_same_bits(watch: Any, tables: Tables, months_later: Tables) -> None:
    bundle = load_bundle(watch.run)
    run = pl.read_parquet(watch.run / "decisions.parquet").filter(pl.col("split") == "out_of_time").drop("split")
    kept = as_of(months_later, CUTOFF)
    again = score(bundle, kept, observed_as_of(bundle, kept, CUTOFF), n_jobs=1).filter(pl.col("cutoff") == CUTOFF)
    both = run.join(again.drop("split"), on=["account_id", "cutoff"], suffix="_again", maintain_order="left")
    assert both.height == run.height > 600
    for name in ("probability", "expected_value"):
        one, other = (both[column].to_numpy().view(np.int64) for column in (name, f"{name}_again"))
        assert np.array_equal(one, other), name
    for name in ("decision", "rank", "period", "reasons_en", "reasons_zh", "reason_pushes"):
        assert both[name].equals(both[f"{name}_again"].rename(name)), name


def test_later_rows_and_values_are_gone(months_later: Tables, tables: Tables) -> None:
    kept = as_of(months_later, CUTOFF)
    transfers = months_later["transfers"]
    known = transfers.filter((pl.col("known_at") <= CUTOFF) & (pl.col("at") <= CUTOFF))
    assert 0 < known.height < transfers.height
    assert kept["transfers"]["transfer_id"].sort().to_list() == known["transfer_id"].sort().to_list()
    early = kept["accounts"].filter(pl.col("judged") > CUTOFF)
    assert early.height
    assert early["launders"].null_count() == early.height
    assert as_of(tables, datetime(2030, 1, 1)) is tables


def test_before_anybody_was_observed(watch: Any, tables: Tables) -> None:
    with pytest.raises(RunError, match="Nobody was to be observed"):
        observed_as_of(load_bundle(watch.run), as_of(tables, datetime(2025, 2, 9)), datetime(2025, 2, 9))


def test_changed_tables_are_told(watch: Any, tables: Tables) -> None:
    """Whoever changes what was known then gets pages that say so."""
    spoilt = tables.replace(transfers=tables["transfers"].with_columns(amount=pl.col("amount") * 1.5))
    made = CaseMaker(watch.run, spoilt, n_jobs=1).make(6)
    assert made.queue.worries
    told = [case for case in made.cases if case.worries]
    assert told
    assert "not the tables as they were known" in case_page(told[0])


def test_command_line(watch: Any, tael_cli: Any, tmp_path: Path) -> None:
    out = tmp_path / "then.parquet"
    said = tael_cli("score", watch.run, "--tables", watch.tables, "--as-of", "2025-03-22", "--out", out)
    assert said.code == 0, said.err
    assert pl.read_parquet(out)["cutoff"].max() == CUTOFF
