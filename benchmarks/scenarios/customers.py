"""Tables of sets about customers: churn, purchases, campaigns, products held, complaints."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from tael.tables import Tables


def bank_churners(data: Path) -> Tables:
    """10,127 card holders; two columns of the file are another model's predictions of the label, and are left out."""
    frame = pl.read_csv(data / "sales/bank_churners/BankChurners.csv").select(pl.exclude("^Naive_Bayes.*$"))
    columns = {"Attrition_Flag": {"type": "category", "role": "label"}}
    return Tables({"customers": frame}, {"customers": {"key": "CLIENTNUM", "columns": columns}})


def _cdnow(data: Path) -> pl.DataFrame:
    """Purchases of 23,570 customers, those of one day together."""
    lines = (data / "sales/cdnow/CDNOW_master.txt").read_text().splitlines()[1:]
    rows = [line.split() for line in lines if line.strip()]
    frame = pl.DataFrame(rows, schema=["customer_id", "date", "number_of_cds", "dollar_value"], orient="row")
    frame = frame.select(
        pl.col("customer_id").cast(pl.Int64),
        pl.col("date").str.to_datetime("%Y%m%d"),
        pl.col("number_of_cds", "dollar_value").cast(pl.Float64),
    )
    return frame.group_by("customer_id", "date").sum().sort("date", "customer_id")


_PURCHASES = {"customer_id": {"to": "customers"}, "dollar_value": {"type": "number", "unit": "USD"}}


def cdnow(data: Path) -> Tables:
    """Customers and their purchases."""
    purchases = _cdnow(data)
    customers = purchases.select(pl.col("customer_id").unique().sort())
    schema = {"customers": {"key": "customer_id"}, "purchases": {"time": "date", "columns": _PURCHASES}}
    return Tables({"customers": customers, "purchases": purchases}, schema)


def cdnow_purchases(data: Path) -> Tables:
    """The same; each purchase is looked at the day after, so that it is past and not part of its own future."""
    purchases = _cdnow(data).with_row_index("purchase_id", offset=1)
    purchases = purchases.with_columns(day_after=pl.col("date") + timedelta(days=1))
    customers = purchases.select(pl.col("customer_id").unique().sort())
    schema = {
        "customers": {"key": "customer_id"},
        "purchases": {"key": "purchase_id", "time": "date", "columns": _PURCHASES},
    }
    return Tables({"customers": customers, "purchases": purchases}, schema)


def hillstrom(data: Path) -> Tables:
    """64,000 customers of a shop, e-mails at random; there is no customer id, so rows are numbered."""
    frame = pl.read_csv(data / "sales/hillstrom/hillstrom.csv", infer_schema_length=None).with_row_index("contact", 1)
    arms = {"No E-Mail": "none", "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
    frame = frame.with_columns(arm=pl.col("segment").replace_strict(arms)).drop("segment")
    columns = {
        **{name: {"type": "category"} for name in ("history_segment", "zip_code", "channel", "arm")},
        **{name: {"type": "number", "role": "label"} for name in ("visit", "conversion", "spend")},
    }
    return Tables({"contacts": frame}, {"contacts": {"key": "contact", "columns": columns}})


def zimnat(data: Path) -> Tables:
    """29,132 customers of an insurer; one product is taken out of each one's holdings: it is to be found again."""
    from tael.models import leave_one_out

    table = pl.read_csv(data / "sales/zimnat/Train.csv")
    products = table.columns[8:]
    masked, taken, kept = leave_one_out(table, products, seed=0)
    assert len(kept) == masked.height
    frame = masked.with_columns(
        pl.col("join_date").str.to_datetime("%d/%m/%Y", strict=False),
        taken=pl.Series([f"c_{one}" for one in taken]),  # some codes begin with a digit: no name for a product
    ).rename({name: f"has_{name}" for name in products})
    texts = ("sex", "marital_status", "branch_code", "occupation_code", "occupation_category_code")
    columns = {
        **{name: {"type": "category"} for name in texts},
        "taken": {"type": "category", "role": "label"},
    }
    return Tables({"customers": frame}, {"customers": {"key": "ID", "columns": columns}})


def cfpb(data: Path) -> Tables:
    """3,186 complaints about money matters; what the company answered is known later, and left out."""
    frame = pl.read_csv(data / "complaints/cfpb/complaints_disputed.csv", infer_schema_length=None)
    frame = frame.rename({name: name.lower().replace(" ", "_").replace("-", "_").strip("?") for name in frame.columns})
    day = "%m/%d/%Y"
    frame = (
        frame.with_columns(pl.col("date_received", "date_sent_to_company").str.to_datetime(day))
        .with_row_index("complaint", 1)
        .with_columns(issue_text=pl.concat_str("issue", "sub_issue", separator=" / ", ignore_nulls=True))
        .rename({"date_sent_to_company": "sent", "date_received": "received"})
        .sort("sent", maintain_order=True)
    )
    columns = {
        **{
            name: {"type": "category"}
            for name in ("product", "sub_product", "issue", "sub_issue", "state", "submitted_via", "zip_code")
        },
        "company": {"to": "companies"},
        "issue_text": {"type": "text"},
        "consumer_disputed": {"type": "category", "role": "label"},
        **{
            name: {"role": "ignore"}
            for name in ("company_response_to_consumer", "timely_response", "consumer_consent_provided")
        },
    }
    return Tables({"complaints": frame}, {"complaints": {"key": "complaint", "time": "sent", "columns": columns}})


def cfpb_narratives(data: Path) -> Tables:
    """3,947 complaints in the customers' own words, and what they are about."""
    frame = pl.read_csv(data / "complaints/cfpb/complaints_narratives.csv", infer_schema_length=None)
    frame = frame.rename({frame.columns[0]: "complaint", "Consumer complaint narrative": "narrative"})
    frame = frame.rename({"Product": "product"}).unique("complaint", keep="first", maintain_order=True)
    columns = {"narrative": {"type": "text"}, "product": {"type": "category", "role": "label"}}
    return Tables({"complaints": frame}, {"complaints": {"key": "complaint", "columns": columns}})
