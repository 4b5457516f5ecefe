"""Tables of lenders' sets, read as a user would bring them: files in, linked tables with what they promise out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.tables import Tables

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
OUTCOMES = (
    *("out_prncp", "out_prncp_inv", "total_pymnt", "total_pymnt_inv", "total_rec_prncp", "total_rec_int"),
    *("total_rec_late_fee", "recoveries", "collection_recovery_fee", "last_pymnt_d", "last_pymnt_amnt"),
    *("next_pymnt_d", "last_credit_pull_d", "last_fico_range_high", "last_fico_range_low", "pymnt_plan"),
    *("hardship_flag", "hardship_type", "hardship_reason", "hardship_status", "deferral_term", "hardship_amount"),
    *("hardship_start_date", "hardship_end_date", "payment_plan_start_date", "hardship_length", "hardship_dpd"),
    *("hardship_loan_status", "orig_projected_additional_accrued_interest", "hardship_payoff_balance_amount"),
    *("hardship_last_payment_amount", "debt_settlement_flag", "debt_settlement_flag_date", "settlement_status"),
    *("settlement_date", "settlement_amount", "settlement_percentage", "settlement_term"),
)
"""Lending Club's columns that were filled in after the loan was granted."""
_NO_INFORMATION = ("", "Unnamed: 0", "member_id", "url", "desc", "issue_d", "zip_code", "emp_title")


def _month(column: str) -> pl.Expr:
    """The first of the month: ``15-Dec`` and ``3-Aug`` are of this century, ``Dec-99`` of the last."""
    ends = [pl.col(column).str.split("-").list.get(k, null_on_oob=True) for k in (0, 1)]
    month = [end.replace_strict({m: k for k, m in enumerate(MONTHS, 1)}, default=None) for end in ends]
    year = [end.cast(pl.Int32, strict=False) for end in ends]
    this, last = (year[0] + 2000, month[1]), (year[1] + 1900, month[0])
    return pl.datetime(pl.coalesce(this[0], last[0]), pl.coalesce(this[1], last[1]), 1).cast(pl.Datetime("us"))


def lending_club(data: Path, *, declared: bool = True, population: str = "36 months") -> Tables:
    """Loans of December 2015 with what became of them by spring 2019.

    Parameters
    ----------
    declared : bool
        Outcome columns have the role ignore. False: they are features like all others, as in the file.
    population : {"36 months", "written off"}
        Loans of 36 months (the longer ones are still running when the file ends), or those written off.

    Returns
    -------
    Tables
        ``loans``, a row each; ``settlements``: loan, kind (early, scheduled, written_off) and day, which is that of the
        last payment.
    """
    raw = pl.read_parquet(data / "credit" / "lending_club_2015" / "loans.parquet")
    raw = raw.with_columns(
        issued=_month("issue_d"),
        last_day=_month("last_pymnt_d"),
        first_credit=_month("earliest_cr_line"),
        term_months=pl.col("term").str.extract(r"(\d+)").cast(pl.Float64),
    )
    written_off = pl.col("loan_status") == "Charged Off"
    chosen = written_off if population == "written off" else pl.col("term_months") == 36
    raw = raw.filter(chosen & pl.col("last_day").is_not_null()).sort("id")
    # the last payment of a loan that keeps to its plan comes 36 months on
    planned = pl.col("last_day") >= pl.col("issued").dt.offset_by("34mo")
    ended = raw.filter(pl.col("loan_status").is_in(["Fully Paid", "Charged Off"])).select(
        "id",
        settled="last_day",
        kind=pl.when(written_off)
        .then(pl.lit("written_off"))
        .when(planned)
        .then(pl.lit("scheduled"))
        .otherwise(pl.lit("early")),
    )
    raw = raw.with_columns(recovered=pl.when(pl.col("recoveries") > 0).then(pl.lit("yes")).otherwise(pl.lit("no")))
    loans = raw.drop(*_NO_INFORMATION, "term", "last_day", "earliest_cr_line")
    empty = [name for name in loans.columns if loans[name].null_count() == loans.height]
    loans = loans.drop(empty)
    columns: dict[str, Any] = {name: {"role": "label"} for name in ("loan_status", "recovered")}
    columns |= {name: {"role": "ignore"} for name in OUTCOMES if name in loans.columns and declared}
    schema = {
        "loans": {"key": "id", "time": "issued", "columns": columns},
        "settlements": {"time": "settled", "columns": {"id": {"to": "loans"}, "kind": {"type": "category"}}},
    }
    return Tables({"loans": loans, "settlements": ended}, schema)


def _single(frame: pl.DataFrame, label: str, *, categories: tuple[str, ...] = ()) -> Tables:
    """One table without a time, its rows numbered."""
    frame = frame.with_columns(applicant=pl.Series(np.arange(1, frame.height + 1)))
    columns: dict[str, Any] = {name: {"type": "category"} for name in categories}
    columns[label] = {"type": "category", "role": "label"}
    return Tables({"applicants": frame}, {"applicants": {"key": "applicant", "columns": columns}})


def german(data: Path) -> Tables:
    """1,000 applicants of a bank in southern Germany."""
    lines = (data / "credit/german/german.data").read_text().splitlines()
    head = [name.replace("-", "_").replace("/", "_").lower() for name in lines[0].split()]
    frame = pl.DataFrame([line.split() for line in lines[1:] if line.strip()], schema=head, orient="row")
    numbers = [
        "duration",
        "credit_amount",
        "installment_rate",
        "present_residence",
        "age",
        "existing_credits",
        "liable",
    ]
    frame = frame.with_columns(pl.col(numbers).cast(pl.Float64)).rename({"credit_amount": "amount"})
    texts = tuple(name for name in frame.columns if frame[name].dtype == pl.String)
    return _single(frame, "target", categories=tuple(name for name in texts if name != "target"))


def hmeq(data: Path) -> Tables:
    """5,960 loans on a house's worth."""
    frame = pl.read_csv(data / "credit/hmeq/hmeq.csv", infer_schema_length=None).rename({"Loan": "amount"})
    frame = frame.with_columns(Default=pl.col("Default").replace_strict({1: "bad", 0: "good"}))
    return _single(frame.rename({"Default": "outcome"}), "outcome", categories=("Reason", "Job"))


def taiwan(data: Path) -> Tables:
    """30,000 card holders with six months of bills; codes of education and marriage are categories."""
    frame = pl.read_csv(data / "credit/taiwan/default_of_credit_card_clients.csv", skip_rows=1)
    last = frame.columns[-1]
    frame = frame.with_columns(outcome=pl.col(last).replace_strict({1: "bad", 0: "good"})).drop("ID", last)
    frame = frame.with_columns(pl.col("SEX", "EDUCATION", "MARRIAGE").cast(pl.String))
    return _single(frame.rename({"LIMIT_BAL": "amount"}), "outcome", categories=("SEX", "EDUCATION", "MARRIAGE"))
