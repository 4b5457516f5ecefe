"""How late each account was, month by month and for the first time: out of a payment schedule, point in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import polars as pl

from tael.errors import ValidationError
from tael.validation import _accounts as read
from tael.validation.arrays import frame
from tael.validation.words import Words

BUCKETS = ("current", "1-30", "31-60", "61-90", "90+", "settled", "written_off")
"""From best to worst while a loan runs, then the two ways to end. The last open bucket is more than 90 days."""
BUCKET = pl.Enum(BUCKETS)

BUCKET_WORDS: dict[str, Words] = {
    "current": Words("current", "正常"),
    "1-30": Words("1 to 30 days", "1 至 30 天"),
    "31-60": Words("31 to 60 days", "31 至 60 天"),
    "61-90": Words("61 to 90 days", "61 至 90 天"),
    "90+": Words("more than 90 days", "超过 90 天"),
    "settled": Words("settled", "结清"),
    "written_off": Words("written off", "核销"),
}


def delinquency_panel(instalments: Any, *, as_of: date | datetime, accounts: Any = None) -> pl.DataFrame:
    """Bucket of each account at the end of each month.

    Parameters
    ----------
    instalments : frame
        One row an instalment: ``account``, ``due``, and ``paid`` (when it was paid in full; null where it was not).
    as_of : date or datetime
        End of the data. A month that was not over by then is left out.
    accounts : frame, optional
        One row an account: ``account``, and any of ``opened``, ``settled`` and ``written_off`` (times, null where that
        did not happen). Whatever comes first closes the account. Accounts without instalments are left out.

    Returns
    -------
    polars.DataFrame
        account, month (its first day), days_past_due (whole days since the oldest unpaid due date; null once the
        account is closed), bucket. An account starts in the month it was opened (of its first due date, where that is
        not told), and ends with the month in which it was settled or written off.

    Raises
    ------
    ValidationError
        If a column is absent, is no time, or has gaps where it may have none.

    Notes
    -----
    A month's bucket uses only what happened before that month's end: a payment of the 2nd does not make the month
    before current. Where `accounts` has no column ``settled``, an account whose instalments are all paid is settled
    from then on: the schedule must then hold the instalments to come as well.

    Examples
    --------
    >>> from datetime import date
    >>> schedule = pl.DataFrame(
    ...     {"account": [1, 1], "due": [date(2024, 1, 10), date(2024, 2, 10)], "paid": [date(2024, 3, 5)] * 2}
    ... )
    >>> delinquency_panel(schedule, as_of=date(2024, 4, 1)).select("month", "bucket").rows()
    [(datetime.date(2024, 1, 1), '1-30'), (datetime.date(2024, 2, 1), '31-60'), (datetime.date(2024, 3, 1), 'settled')]
    """
    end = read.moment(as_of)
    schedule = _schedule(instalments)
    lives = _lives(schedule, accounts)
    now = end.year * 12 + end.month - 1  # index of the last month end that has passed: the first of this month
    months = lives.with_columns(
        first=read.month_index("start") + 1,
        last=pl.min_horizontal(
            pl.lit(now, dtype=pl.Int64),
            (read.month_index("closed") + 1).fill_null(now),
        ),
    ).filter(pl.col("first") <= pl.col("last"))
    grid = (
        months.with_columns(k=pl.int_ranges("first", pl.col("last") + 1))
        .select("account", "k", "closed", "how")
        .explode("k")
    )
    # An instalment is late at the first of month k where due < k <= paid.
    late = (
        schedule.with_columns(
            first=read.month_index("due") + 1,
            last=pl.min_horizontal(pl.lit(now, dtype=pl.Int64), read.month_index("paid").fill_null(now)),
        )
        .filter(pl.col("first") <= pl.col("last"))
        .with_columns(k=pl.int_ranges("first", pl.col("last") + 1))
        .explode("k")
        .group_by("account", "k")
        .agg(pl.col("due").min())
    )
    t = read.month_start(pl.col("k"))
    found = grid.join(late, on=["account", "k"], how="left", maintain_order="left").with_columns(
        over=(pl.col("closed") < t).fill_null(False),
        days=(t - pl.col("due")).dt.total_days().fill_null(0),
    )
    days = pl.col("days")
    bucket = (
        pl.when("over").then(pl.col("how"))
        .when(days < 1).then(pl.lit("current"))
        .when(days <= 30).then(pl.lit("1-30"))
        .when(days <= 60).then(pl.lit("31-60"))
        .when(days <= 90).then(pl.lit("61-90"))
        .otherwise(pl.lit("90+"))
    )  # fmt: skip
    return found.select(
        "account",
        month=read.month_start(pl.col("k") - 1).cast(pl.Date),
        days_past_due=pl.when("over").then(None).otherwise(days),
        bucket=bucket.cast(BUCKET),
    ).sort("account", "month")


def delinquency_events(
    instalments: Any, *, as_of: date | datetime, levels: Sequence[int] = (30, 60, 90), accounts: Any = None
) -> pl.DataFrame:
    """When each account was first so many days late.

    Parameters
    ----------
    instalments, accounts : frame
        As in `delinquency_panel`. Nothing counts after an account was settled or written off.
    as_of : date or datetime
        End of the data: what would have been reached only then or later did not happen.
    levels : sequence of int
        Days past due to look for.

    Returns
    -------
    polars.DataFrame
        account, reached (time), days_past_due: at most one row for an account and a level.

    Examples
    --------
    >>> from datetime import date
    >>> schedule = pl.DataFrame({"account": [1], "due": [date(2024, 1, 10)], "paid": [date(2024, 3, 5)]})
    >>> delinquency_events(schedule, as_of=date(2024, 4, 1))["reached"].dt.date().to_list()
    [datetime.date(2024, 2, 9)]
    """
    if not levels or min(levels) < 1:
        raise ValidationError("There is nothing to look for.", expected="levels of 1 day or more", got=str(levels))
    end = read.moment(as_of)
    schedule = _schedule(instalments)
    found = (
        schedule.join(_lives(schedule, accounts).select("account", "closed"), on="account", maintain_order="left")
        .join(pl.DataFrame({"days_past_due": sorted(set(levels))}, schema={"days_past_due": pl.Int64}), how="cross")
        .with_columns(reached=pl.col("due") + pl.duration(days="days_past_due"))
        .filter(
            (pl.col("paid").is_null() | (pl.col("paid") >= pl.col("reached")))
            & (pl.col("closed").is_null() | (pl.col("closed") >= pl.col("reached")))
            & (pl.col("reached") < end)
        )
    )
    first = found.group_by("account", "days_past_due").agg(pl.col("reached").min())
    return first.select("account", "reached", "days_past_due").sort("account", "days_past_due")


def _schedule(instalments: Any) -> pl.DataFrame:
    schedule = read.read(instalments, ("account", "due", "paid"), "instalments")
    schedule = read.complete(schedule, ("account", "due"), "instalments")
    return read.as_times(schedule, ("due", "paid"), "instalments")


def _lives(schedule: pl.DataFrame, accounts: Any) -> pl.DataFrame:
    """Start and end of each account: account, start, closed (null while it runs), how it closed."""
    own = schedule.group_by("account").agg(
        start=pl.col("due").min(), last=pl.col("paid").max(), unpaid=pl.col("paid").null_count()
    )
    whole = own.with_columns(closed=pl.when(pl.col("unpaid") == 0).then("last"), how=pl.lit("settled"))
    if accounts is not None:
        told = read.read_accounts(accounts, opened=False)
        read.same_keys(told, schedule, "instalments.account")
        told = told.with_columns(pl.col("account").cast(schedule.schema["account"]))
        if "settled" in frame(accounts, "accounts").columns:
            whole = whole.with_columns(closed=pl.lit(None, dtype=pl.Datetime("us")))
        whole = whole.join(told, on="account", how="left").with_columns(
            # whatever comes first: what is told later must not change how an earlier month reads
            closed=pl.min_horizontal("closed", "settled", "written_off"),
        )
        off = (pl.col("written_off") == pl.col("closed")).fill_null(False)
        whole = whole.with_columns(how=pl.when(off).then(pl.lit("written_off")).otherwise("how"))
        if "opened" in told.columns:
            whole = whole.with_columns(start=pl.coalesce("opened", "start"))
    # what was closed before its first due date is seen in the month of closing
    return whole.select("account", pl.min_horizontal("start", "closed"), "closed", "how").sort("account")
