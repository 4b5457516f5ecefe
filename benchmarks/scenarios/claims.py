"""Tables of sets about claims: Medicare providers, and vehicle claims in order of time."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tael.tables import Tables
from tasks import provider_fraud

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def providers(data: Path) -> Tables:
    """1,436 providers with their inpatient claims and patients; all are judged the day after the last claim."""
    return provider_fraud.load(data).tables


def vehicle(data: Path) -> Tables:
    """15,420 claims on vehicles; an accident is dated by its week, ages of 0 and two columns' "0" are missing."""
    frame = pl.read_csv(data / "claims/vehicle/fraud_oracle.csv").with_row_index("claim", 1)
    month = pl.col("Month").replace_strict(dict(zip(MONTHS, range(1, 13), strict=True)), return_dtype=pl.Int8)
    unknown = ("DayOfWeekClaimed", "MonthClaimed")
    frame = frame.with_columns(
        pl.when(pl.col("Age") > 0).then(pl.col("Age")).cast(pl.Float64).alias("Age"),
        *(pl.when(pl.col(name) != "0").then(pl.col(name)).alias(name) for name in unknown),
        pl.col("RepNumber").cast(pl.String),
        filed=pl.datetime(pl.col("Year"), month, 1).dt.cast_time_unit("us")
        + pl.duration(days=7 * (pl.col("WeekOfMonth") - 1)).dt.cast_time_unit("us"),
    ).drop("PolicyNumber", "Year")
    columns = {
        "FraudFound_P": {"type": "flag", "role": "label"},
        **{name: {"type": "category"} for name, kind in frame.schema.items() if kind == pl.String},
    }
    frame = frame.with_columns(pl.col("FraudFound_P") == 1).sort("filed", maintain_order=True)
    return Tables({"claims": frame}, {"claims": {"key": "claim", "time": "filed", "columns": columns}})
