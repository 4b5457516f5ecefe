"""SuperLender (a Nigerian digital lender): will the customer's next loan go bad? 4,368 loans, 18,183 earlier ones."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from tael.tables import Tables
from tasks.base import Task

SCHEMA = {
    "loans": {
        "key": "systemloanid",
        # the loan is asked for about an hour before it is approved; earlier loans are closed in between
        "time": "approveddate",
        "columns": {
            "customerid": {"to": "customers"},
            "loannumber": {"type": "number"},
            "loanamount": {"type": "number", "unit": "NGN"},
            "totaldue": {"type": "number", "unit": "NGN"},
            "termdays": {"type": "number", "unit": "days"},
            "referredby": {"type": "category"},
            "creationdate": {"type": "time"},
            "good_bad_flag": {"type": "category", "role": "label"},
        },
    },
    "customers": {
        "key": "customerid",
        "columns": {
            "birthdate": {"type": "time"},
            "bank_account_type": {"type": "category"},
            "longitude_gps": {"type": "number"},
            "latitude_gps": {"type": "number"},
            "bank_name_clients": {"type": "category"},
            "bank_branch_clients": {"type": "category"},
            "employment_status_clients": {"type": "category"},
            "level_of_education_clients": {"type": "category"},
        },
    },
    "previous": {
        "key": "systemloanid",
        "time": "creationdate",
        "columns": {
            "customerid": {"to": "customers"},
            "loannumber": {"type": "number"},
            "loanamount": {"type": "number", "unit": "NGN"},
            "totaldue": {"type": "number", "unit": "NGN"},
            "termdays": {"type": "number", "unit": "days"},
            "referredby": {"type": "category"},
            "approveddate": {"type": "time", "known_at": "approveddate"},
            "firstduedate": {"type": "time"},
            "closeddate": {"type": "time", "known_at": "closeddate"},
            "firstrepaiddate": {"type": "time", "known_at": "firstrepaiddate"},
        },
    },
}


def load(folder: Path) -> Task:
    """Read the three files."""
    source = folder / "credit" / "superlender"
    loans = pl.read_csv(source / "trainperf.csv", try_parse_dates=True)
    previous = pl.read_csv(source / "trainprevloans.csv", try_parse_dates=True)
    people = pl.read_csv(source / "traindemographics.csv", try_parse_dates=True).unique(
        "customerid", keep="first", maintain_order=True
    )
    # a quarter of the borrowers have no demographic row: they get an empty one, or they would lose their past
    everyone = pl.concat([loans["customerid"], previous["customerid"]]).unique(maintain_order=True).to_frame()
    people = everyone.join(people, on="customerid", how="left", maintain_order="left")
    tables = Tables({"loans": loans, "customers": people, "previous": previous}, SCHEMA)
    return Task(
        name="superlender",
        tables=tables,
        entity="loans",
        X=tables["loans"].select("systemloanid", pl.col("approveddate").alias("cutoff")),
        y=(loans["good_bad_flag"] == "Bad").cast(pl.Int64).to_numpy(),
        history="previous",
        through="customerid",
    )
