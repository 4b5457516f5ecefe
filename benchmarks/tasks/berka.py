"""Berka (a Czech bank, PKDD 1999): does the loan go bad? 354 loans with the 30,200 transactions before them."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tael.tables import Tables
from tasks.base import Task

SCHEMA = {
    "loans": {
        "key": "loan_id",
        "time": "date",
        "columns": {
            "account_id": {"to": "accounts"},
            "amount": {"type": "number", "unit": "CZK"},
            "duration": {"type": "number", "unit": "months"},
            "payments": {"type": "number", "unit": "CZK"},
            "status": {"type": "category", "role": "label"},
        },
    },
    "accounts": {
        "key": "account_id",
        "columns": {
            "district_id": {"to": "districts"},
            "frequency": {"type": "category"},
            "opened": {"type": "time"},
            "woman": {"type": "flag"},
            "birth": {"type": "time"},
            "owner_district": {"type": "number", "role": "ignore"},
        },
    },
    "districts": {
        "key": "district_id",
        "columns": {"A3": {"type": "category"}, **{f"A{i}": {"type": "number"} for i in range(4, 17)}},
    },
    "cards": {
        "key": "card_id",
        "time": "issued",
        "columns": {"account_id": {"to": "accounts"}, "type": {"type": "category"}},
    },
    "transactions": {
        "key": "trans_id",
        "time": "date",
        "columns": {
            "account_id": {"to": "accounts"},
            "amount": {"type": "number", "unit": "CZK"},
            "balance": {"type": "number", "unit": "CZK"},
            **{name: {"type": "category"} for name in ("type", "operation", "k_symbol", "bank", "account")},
        },
    },
}


def _day(column: str) -> pl.Expr:
    return ("19" + pl.col(column).cast(pl.String).str.slice(0, 6)).str.to_datetime("%Y%m%d").alias(column)


def load(folder: Path) -> Task:
    """Read the six files that a loan's observation needs; the owner's columns stand in the account's row."""
    source = folder / "credit" / "berka"

    def read(name: str) -> pl.DataFrame:
        return pl.read_csv(source / f"{name}.asc", separator=";", null_values=["?"], infer_schema_length=None)

    transactions = pl.read_csv(
        source / "trans_preloan_354.csv",
        separator=";",
        schema_overrides={"account": pl.String},
        infer_schema_length=None,
    ).with_columns(_day("date"))
    loans = read("loan").filter(pl.col("account_id").is_in(transactions["account_id"].unique().implode()))
    loans = loans.sort("loan_id").with_columns(_day("date"))
    owners = read("disp").filter(pl.col("type") == "OWNER").join(read("client"), on="client_id")
    # a woman's month of birth has 50 added
    number = pl.col("birth_number").cast(pl.String).str.zfill(6)
    month = number.str.slice(2, 2).cast(pl.Int64)
    born = "19" + number.str.slice(0, 2) + (month % 50).cast(pl.String).str.zfill(2) + number.str.slice(4, 2)
    owners = owners.with_columns(woman=month > 50, birth=born.str.to_datetime("%Y%m%d"))
    accounts = (
        read("account")
        .with_columns(_day("date").alias("opened"))
        .drop("date")
        .join(owners.select("account_id", "woman", "birth", owner_district="district_id"), on="account_id", how="left")
    )
    districts = read("district").rename({"A1": "district_id"}).drop("A2")
    cards = (
        read("card")
        .with_columns(_day("issued"))
        .join(owners.select("disp_id", "account_id"), on="disp_id")
        .drop("disp_id")
    )
    frames = {
        "loans": loans,
        "accounts": accounts,
        "districts": districts,
        "cards": cards,
        "transactions": transactions,
    }
    tables = Tables(frames, SCHEMA)
    return Task(
        name="berka",
        tables=tables,
        entity="loans",
        X=tables["loans"].select("loan_id", pl.col("date").alias("cutoff")),
        y=loans["status"].is_in(["B", "D"]).cast(pl.Int64).to_numpy(),
        history="transactions",
        through="account_id",
    )
