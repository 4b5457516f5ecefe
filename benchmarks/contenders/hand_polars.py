"""What an analyst writes by hand in Polars: derived columns of a row first, then windows, gaps, trends and shares.

Written from the sets' own descriptions, in about the hour that an analyst would give it; not changed after it was first
scored. It sees no label. ``by_hand`` is the features of one task; on the command line, a contender like the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from _bench import Folder, once  # noqa: E402

WINDOWS = (None, 30, 90, 180)
COMMON_VALUES = 6  # of a category get shares of their own
STATS = ("sum", "mean", "min", "max", "std", "last", "first")


def days(later: str, earlier: str) -> pl.Expr:
    """Days from one time column to another."""
    return (pl.col(later) - pl.col(earlier)).dt.total_seconds() / 86_400


# ------------------------------------------------------------------ derived columns, set by set
def superlender(rows: pl.DataFrame, past: pl.DataFrame, _: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, ...]:
    """A lender's analyst thinks of lateness, of how long the money was held, and of its price."""
    past = past.with_columns(
        first_late=days("firstrepaiddate", "firstduedate"),
        held=days("closeddate", "approveddate"),
        price=pl.col("totaldue") / pl.col("loanamount") - 1,
        referred=pl.col("referredby").is_not_null(),
        wait=days("approveddate", "creationdate"),
    ).with_columns(
        late_at_end=pl.col("held") - pl.col("termdays"),
        held_share=pl.col("held") / pl.col("termdays"),
        was_late=pl.col("first_late") > 0,
        price_per_day=pl.col("price") / pl.col("termdays"),
    )
    rows = rows.with_columns(
        price=pl.col("totaldue") / pl.col("loanamount") - 1,
        referred=pl.col("referredby").is_not_null(),
        hour=pl.col("cutoff").dt.hour(),
        weekday=pl.col("cutoff").dt.weekday(),
        day=pl.col("cutoff").dt.day(),
        age=days("cutoff", "birthdate"),
    )
    return rows, past.drop("referredby", "systemloanid")


def provider_fraud(rows: pl.DataFrame, past: pl.DataFrame, more: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, ...]:
    """An investigator thinks of stays, of cost per day, of the patients' age and illness, and of repeated names."""
    past = past.join(more["beneficiaries"], on="BeneID", how="left", maintain_order="left")
    diagnoses = [name for name in past.columns if name.startswith("ClmDiag")]
    procedures = [name for name in past.columns if name.startswith("ClmProc")]
    chronic = [name for name in past.columns if name.startswith("ChronicCond")]
    attending, operating = pl.col("AttendingPhysician"), pl.col("OperatingPhysician")
    past = past.with_columns(
        stay=days("DischargeDt", "AdmissionDt"),
        claim_days=days("ClaimEndDt", "ClaimStartDt"),
        before_admission=days("AdmissionDt", "ClaimStartDt"),
        diagnoses=pl.sum_horizontal(pl.col(diagnoses).is_not_null()),
        procedures=pl.sum_horizontal(pl.col(procedures).is_not_null()) if procedures else pl.lit(0),
        age=days("ClaimStartDt", "DOB") / 365.25,
        # a date of death is known once it has passed; all providers have one cutoff
        dead=(pl.col("DOD") < rows["cutoff"].min()).fill_null(False),
        chronic=pl.sum_horizontal(pl.col(chronic) == 1),
        renal=pl.col("RenalDiseaseIndicator") == "Y",
        same_physician=(attending == operating).fill_null(False),
        has_operating=operating.is_not_null(),
        has_other=pl.col("OtherPhysician").is_not_null(),
        no_deductible=pl.col("DeductibleAmtPaid").is_null(),
        weekday=pl.col("ClaimStartDt").dt.weekday(),
    ).with_columns(
        per_day=pl.col("InscClaimAmtReimbursed") / (pl.col("stay") + 1),
        per_diagnosis=pl.col("InscClaimAmtReimbursed") / (pl.col("diagnoses") + 1),
    )
    return rows, past.drop("ClaimID", "ClaimEndDt", "AdmissionDt", "DischargeDt", "DOB", "DOD")


def cdnow(rows: pl.DataFrame, past: pl.DataFrame, _: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, ...]:
    """A shop's analyst thinks of recency, frequency and money."""
    return rows, past.with_columns(
        unit=pl.col("dollar_value") / pl.col("number_of_cds"),
        free=pl.col("dollar_value") == 0,
        month=pl.col("date").dt.month(),
    )


def berka(rows: pl.DataFrame, past: pl.DataFrame, _: dict[str, pl.DataFrame]) -> tuple[pl.DataFrame, ...]:
    """A banker thinks of money in and out, of the balance, and of overdrafts."""
    incoming = pl.col("type") == "credit"
    amount = pl.col("amount")
    past = past.with_columns(
        into=pl.when(incoming).then(amount),
        out=pl.when(~incoming).then(amount),
        net=pl.when(incoming).then(amount).otherwise(-amount),
        overdrawn=pl.col("balance") < 0,
        nearly_empty=pl.col("balance") < amount,
        spent_share=pl.when(~incoming).then(amount / (pl.col("balance") + amount)),
    )
    rows = rows.with_columns(account_age=days("cutoff", "opened"), age=days("cutoff", "birth"))
    return rows, past.drop("trans_id")


Derive = Callable[[pl.DataFrame, pl.DataFrame, dict[str, pl.DataFrame]], tuple[pl.DataFrame, ...]]
DERIVE: dict[str, Derive] = {
    "superlender": superlender,
    "provider-fraud": provider_fraud,
    "cdnow": cdnow,
    "berka": berka,
}


# ------------------------------------------------------------------ aggregates, the same for all sets
def aggregates(joined: pl.DataFrame, window: int | None, numbers: list[str], common: dict[str, list]) -> pl.DataFrame:
    """One row for each place: counts, statistics, distinct values and shares of what lies in the window."""
    name = "all" if window is None else f"{window}d"
    part = joined if window is None else joined.filter(pl.col("_ago") <= window)
    asked = [
        pl.len().alias(f"n_{name}"),
        pl.col("_ago").min().alias(f"last_{name}"),
        pl.col("_ago").max().alias(f"first_{name}"),
        pl.col("_gap").mean().alias(f"gap_mean_{name}"),
        pl.col("_gap").std().alias(f"gap_std_{name}"),
        pl.col("_gap").max().alias(f"gap_max_{name}"),
    ]
    for column in numbers:
        value = pl.col(column).cast(pl.Float64)
        asked += [getattr(value, stat)().alias(f"{column}_{stat}_{name}") for stat in STATS]
    for column, values in common.items():
        distinct = pl.col(column).n_unique()
        asked += [distinct.alias(f"{column}_distinct_{name}"), (distinct / pl.len()).alias(f"{column}_varied_{name}")]
        asked += [
            (pl.col(column) == value).cast(pl.Float64).mean().alias(f"{column}_is_{i}_{name}")
            for i, value in enumerate(values)
        ]
        if "amount" in numbers:
            asked += [
                pl.col("amount").filter(pl.col(column) == value).sum().alias(f"amount_of_{column}_{i}_{name}")
                for i, value in enumerate(values)
            ]
    return part.group_by("_place").agg(asked)


def compared(wide: pl.DataFrame, rows: pl.DataFrame, numbers: list[str]) -> list[pl.Expr]:
    """Recent beside ever, the last beside the usual, and the row's own amounts beside the past's."""
    out = [(pl.col("last_all") / pl.col("gap_mean_all")).alias("overdue")]
    for window in WINDOWS[1:]:
        per_day = pl.col("n_all") / pl.col("first_all")
        out.append((pl.col(f"n_{window}d") / window / per_day).alias(f"pace_{window}d"))
        out += [
            (pl.col(f"{column}_mean_{window}d") / pl.col(f"{column}_mean_all")).alias(f"{column}_trend_{window}d")
            for column in numbers
        ]
    for column in numbers:
        out.append((pl.col(f"{column}_last_all") / pl.col(f"{column}_mean_all")).alias(f"{column}_last_to_mean"))
        out.append((pl.col(f"{column}_last_all") - pl.col(f"{column}_first_all")).alias(f"{column}_change"))
        own = f"own_{column}"
        if own in wide.columns:
            out += [
                (pl.col(own) / pl.col(f"{column}_{stat}_all")).alias(f"{own}_to_{stat}")
                for stat in ("last", "mean", "max")
            ]
    if {"own_payments", "into_mean_90d"} <= set(wide.columns):
        out += [
            (pl.col("own_payments") / pl.col(name)).alias(f"payment_to_{name}")
            for name in ("into_mean_90d", "into_sum_90d", "balance_mean_90d", "balance_min_all")
        ]
    return out


def by_hand(task: Any) -> pl.DataFrame:
    """All the analyst's features of a task, one row for each observation, in order.

    Parameters
    ----------
    task : Task

    Returns
    -------
    polars.DataFrame, shape (n, n_features), of float64
    """
    schema = task.tables.schema
    entity = schema.tables[task.entity]
    time = schema.tables[task.history].time
    rows = task.X.join(task.tables[task.entity], on=entity.key, how="left", maintain_order="left")
    for column, detail in entity.columns.items():
        above = schema.tables.get(detail.to or "")
        if above is not None and above.time is None:
            parent = task.tables[detail.to]
            rows = rows.join(parent, left_on=column, right_on=above.key, how="left", maintain_order="left")
    labels = [name for name, detail in entity.columns.items() if detail.role == "label"]
    more = {name: task.tables[name] for name in schema.tables}
    rows, past = DERIVE[task.name](rows.drop(labels), task.tables[task.history], more)
    rows = rows.with_row_index("_place")

    joined = (
        rows.select("_place", task.through, "cutoff")
        .join(past.with_columns(pl.col(time).alias("_time")), on=task.through)
        .filter(pl.col("_time") < pl.col("cutoff"))
        .sort("_place", "_time", maintain_order=True)
        .with_columns(
            _ago=days("cutoff", "_time"),
            _gap=pl.col("_time").diff().over("_place").dt.total_seconds() / 86_400,
        )
    )
    skip = {"_place", task.through, "cutoff", "_time", "_ago", "_gap"}
    kinds = {name: kind for name, kind in joined.schema.items() if name not in skip}
    numbers = [name for name, kind in kinds.items() if kind.is_numeric() or kind == pl.Boolean]
    common: dict[str, list] = {}
    for name, kind in kinds.items():
        if kind == pl.String:
            counted = joined[name].drop_nulls().value_counts(sort=True)
            common[name] = counted[name].head(COMMON_VALUES).to_list() if len(counted) <= 2_000 else []

    own = {
        name: kind
        for name, kind in rows.schema.items()
        if name not in ("_place", "cutoff", task.through, entity.key) and not name.endswith("_id")
    }
    wide = rows.select("_place", *(_number(name, kind).alias(f"own_{name}") for name, kind in own.items()))
    for window in WINDOWS:
        made = aggregates(joined, window, numbers, common)
        wide = wide.join(made, on="_place", how="left", maintain_order="left")
    counts = [name for name in wide.columns if name.startswith("n_")]
    wide = wide.with_columns(pl.col(counts).fill_null(0))
    wide = wide.with_columns(compared(wide, rows, numbers))
    return wide.drop("_place").cast(pl.Float64)


def _number(name: str, kind: pl.DataType) -> pl.Expr:
    if kind == pl.String:
        return pl.col(name).rank("dense").cast(pl.Float64)
    if kind.is_temporal():
        return days("cutoff", name)
    return pl.col(name).cast(pl.Float64)


def main() -> int:
    """Compute and write."""
    from tasks import load

    folder = Folder(sys.argv[1])
    task = load(folder.told["task"], Path(folder.told["data"]))
    once(folder, lambda: np.asarray(by_hand(task).to_numpy(), dtype=float))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
