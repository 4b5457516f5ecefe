"""CDNOW: which customers buy nothing in the 180 days from 1 October 1997 on? 23,570 customers, 49,086 purchases."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tael.tables import Tables
from tasks.base import Task

CUTOFF = datetime(1997, 10, 1)
HORIZON = timedelta(days=180)
SCHEMA: dict[str, Any] = {
    "customers": {"key": "customer_id"},
    "purchases": {
        "time": "date",
        "columns": {
            "customer_id": {"to": "customers"},
            "number_of_cds": {"type": "number"},
            "dollar_value": {"type": "number", "unit": "USD"},
        },
    },
}


def load(folder: Path) -> Task:
    """Read the one file; customers are those who bought before the cutoff."""
    lines = (folder / "sales" / "cdnow" / "CDNOW_master.txt").read_text().splitlines()[1:]
    rows = [line.split() for line in lines if line.strip()]
    purchases = pl.DataFrame(
        rows, schema=["customer_id", "date", *list(SCHEMA["purchases"]["columns"])[1:]], orient="row"
    )
    purchases = purchases.with_columns(
        pl.col("customer_id").cast(pl.Int64),
        pl.col("date").str.to_datetime("%Y%m%d"),
        pl.col("number_of_cds", "dollar_value").cast(pl.Float64),
    )
    after = purchases.filter(pl.col("date").is_between(CUTOFF, CUTOFF + HORIZON, closed="left"))["customer_id"]
    before = purchases.filter(pl.col("date") < CUTOFF)
    customers = before.select(pl.col("customer_id").unique().sort())
    return Task(
        name="cdnow",
        tables=Tables({"customers": customers, "purchases": before}, SCHEMA),
        entity="customers",
        X=customers.with_columns(pl.lit(CUTOFF).alias("cutoff")),
        y=(~customers["customer_id"].is_in(after.implode())).cast(pl.Int64).to_numpy(),
        history="purchases",
        through="customer_id",
    )
