"""Event formulas as fields: what was announced before a bar closed counts for it, nothing later does."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest

from tael.errors import FormulaError, PanelError
from tael.panels import Panel, compute, event_field, event_fields
from tael.tables.frames import Tables

CLOSES = np.array([f"2024-05-{day:02d}T15:00" for day in (6, 7, 8, 9)], "M8[us]")


@pytest.fixture
def tables() -> Tables:
    statements = pl.DataFrame(
        {
            "code": [600519, 600519, 1],
            "period": [datetime(2023, 12, 31), datetime(2024, 3, 31), datetime(2024, 3, 31)],
            "announced": [datetime(2024, 5, 6, 20), datetime(2024, 5, 8, 15), datetime(2024, 5, 7, 9)],
            "profit": [10.0, 12.0, 3.0],
        }
    )
    schema = {
        "stocks": {"key": "code"},
        "statements": {"time": "period", "known_at": "announced", "columns": {"code": {"to": "stocks"}}},
    }
    return Tables({"stocks": pl.DataFrame({"code": [600519, 1]}), "statements": statements}, schema)


@pytest.fixture
def panel() -> Panel:
    price = np.arange(1.0, 13.0).reshape(4, 3)
    listed = np.ones((4, 3), bool)
    listed[0, 1] = False
    return Panel(CLOSES, ("600519", "1", "nobody"), {"close": price}, listed=listed)


def test_known_when_announced(tables: Tables, panel: Panel) -> None:
    # announced at the very close: not before it, so it counts for the next bar
    got = event_field(tables, "last(statements.profit)", panel, entity="stocks")
    np.testing.assert_array_equal(got, [[np.nan, np.nan, np.nan], [10, 3, np.nan], [10, 3, np.nan], [12, 3, np.nan]])


def test_they_combine_with_bars(tables: Tables, panel: Panel) -> None:
    more = event_fields(tables, {"profit": "last(statements.profit)", "n": "count(statements)"}, panel, entity="stocks")
    assert more.fields["n"][0].tolist()[0] == 0
    assert np.isnan(more.fields["n"][0, 1])  # not listed yet: nobody asked
    got = compute(more, ["profit / close", "rank(profit)"])
    assert got[0][3].tolist()[:2] == [12 / 10, 3 / 11]
    later = event_fields(tables, {"profit": "last(statements.profit)"}, panel, entity="stocks", delay_bars=1)
    np.testing.assert_array_equal(later.fields["profit"][2:], more.fields["profit"][1:3])


def test_what_becomes_known_later_changes_nothing(tables: Tables, panel: Panel) -> None:
    told = event_field(tables, "sum(statements.profit)", panel, entity="stocks")
    for number, close in enumerate(CLOSES):
        cut = tables.replace(statements=tables["statements"].filter(pl.col("announced") < close.astype(datetime)))
        now = event_field(cut, "sum(statements.profit)", panel, entity="stocks")
        np.testing.assert_array_equal(now[: number + 1], told[: number + 1])


def test_faults(tables: Tables, panel: Panel) -> None:
    with pytest.raises(FormulaError, match="profits"):
        event_field(tables, "last(statements.profits)", panel, entity="stocks")
    with pytest.raises(PanelError, match="gives no numbers"):
        event_field(tables, "last(statements.announced)", panel, entity="stocks")
    with pytest.raises(PanelError, match="has no key"):
        event_field(tables, "last(statements.profit)", panel, entity="statements")
