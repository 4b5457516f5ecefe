"""Tables of AMLSim, another's simulator of transfers: accounts, transfers day by day, and what was reported when.

AMLSim says which transfers launder, not when anybody came to know. Here every gang is reported a week after its last
transfer, all of its accounts at once: an assumption.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl

from tael.tables import Tables

REPORTED_AFTER = 7
"""Days from a gang's last transfer to its report."""


def amlsim(data: Path) -> Tables:
    """100,000 accounts, 1.4 million transfers of 90 days, and a report for each account of a laundering gang."""
    folder = data / "aml" / "amlsim"
    truth = pl.read_parquet(folder / "truth_transactions.parquet").filter(pl.col("is_laundering") == 1)
    moved = pl.read_parquet(folder / "transactions.parquet").with_columns(
        pl.col("tran_id", "source", "target").cast(pl.Int64), pl.col("amount").cast(pl.Float64).round(2)
    )
    # rows of one day are shuffled: their order in the file might tell who was simulated first
    moved = moved.sample(fraction=1.0, shuffle=True, seed=0).sort("date", maintain_order=True)
    transfers = moved.select(
        transfer_id=pl.int_range(pl.len(), dtype=pl.Int64),
        sender="source",
        receiver="target",
        at=pl.col("date").cast(pl.Datetime("us")) + pl.duration(hours=12),  # the day is all that is known
        amount="amount",
        dealt_before=pl.int_range(pl.len(), dtype=pl.Int64).over("source", "target").cast(pl.Float64),
    )
    gangs = moved.join(truth.with_columns(pl.col("tran_id").cast(pl.Int64)), on="tran_id").group_by("alert_id")
    ended = gangs.agg(ended=pl.col("date").max())
    members = pl.read_parquet(folder / "truth_alert_members.parquet").filter(pl.col("isSAR"))
    held = members.join(ended, left_on="alertID", right_on="alert_id").select(
        account_id="accountID",
        at=(pl.col("ended") + pl.duration(days=REPORTED_AFTER)).cast(pl.Datetime("us")),
        case=pl.col("alertID").cast(pl.String),
        reason="reason",
    )
    held = held.unique(["account_id", "case"], maintain_order=True).sort("at", maintain_order=True)
    first = held.unique("account_id", keep="first", maintain_order=True)
    accounts = (
        pl.read_parquet(folder / "accounts.parquet")
        .select(account_id="ACCOUNT_ID", balance="INIT_BALANCE", bank="BANK_ID")
        .with_columns(opened=pl.lit(date(2022, 12, 31)).cast(pl.Datetime("us")))
        .join(first.select("account_id", typology="reason"), on="account_id", how="left", maintain_order="left")
    )
    reports = held.select(pl.int_range(pl.len(), dtype=pl.Int64).alias("report_id"), "account_id", "at", "case")
    return Tables(
        {"accounts": accounts, "transfers": transfers, "reports": reports},
        {
            "accounts": {
                "key": "account_id",
                "time": "opened",
                "title": {"en": "accounts", "zh": "账户"},
                "columns": {
                    "opened": {"title": {"en": "opening", "zh": "开户"}},
                    "balance": {"unit": "USD", "title": {"en": "balance at the beginning", "zh": "期初余额"}},
                    "bank": {"type": "category", "title": {"en": "bank", "zh": "银行"}},
                    "typology": {"type": "category", "role": "label"},
                },
            },
            "transfers": {
                "key": "transfer_id",
                "time": "at",
                "title": {"en": "transfers", "zh": "转账"},
                "columns": {
                    "at": {"title": {"en": "day of the transfer", "zh": "转账日"}},
                    "sender": {"to": "accounts", "title": {"en": "paying account", "zh": "付款账户"}},
                    "receiver": {"to": "accounts", "title": {"en": "receiving account", "zh": "收款账户"}},
                    "amount": {"unit": "USD", "title": {"en": "amount", "zh": "金额"}},
                    "dealt_before": {"title": {"en": "earlier transfers of this pair", "zh": "双方此前转账次数"}},
                },
            },
            "reports": {
                "key": "report_id",
                "time": "at",
                "title": {"en": "report", "zh": "可疑交易报告"},
                "columns": {"account_id": {"to": "accounts"}, "case": {"type": "category", "role": "label"}},
            },
        },
    )
