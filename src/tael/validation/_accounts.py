"""Reading frames of accounts and of what became of them: named columns, times, one row an account."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import polars as pl

from tael.errors import ValidationError, did_you_mean
from tael.validation.arrays import frame


def read(table: Any, needed: Iterable[str], where: str, *, optional: Iterable[str] = ()) -> pl.DataFrame:
    """The named columns of a frame of any library, as polars; `optional` ones only where they are there."""
    given = frame(table, where)
    for name in needed:
        if name not in given.columns:
            raise ValidationError(
                "A column is absent.", expected=name, where=where, fix=did_you_mean(name, given.columns)
            )
    kept = [*needed, *(name for name in optional if name in given.columns)]
    return given.select(kept).to_polars()


def as_times(table: pl.DataFrame, columns: Iterable[str], where: str) -> pl.DataFrame:
    """These columns as naive times in microseconds (UTC where they carried a zone); a column of nulls stays null."""
    for name in columns:
        if name not in table.columns:
            continue
        dtype = table.schema[name]
        if dtype == pl.Null or dtype == pl.Date:
            table = table.with_columns(pl.col(name).cast(pl.Datetime("us")))
        elif isinstance(dtype, pl.Datetime):
            column = pl.col(name)
            if dtype.time_zone is not None:
                column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            table = table.with_columns(column.dt.cast_time_unit("us"))
        else:
            raise ValidationError(
                "A column holds no times.",
                expected="dates or times",
                got=str(dtype),
                where=f"{where}.{name}",
                fix="Parse it first, for example with polars' str.to_datetime.",
            )
    return table


def complete(table: pl.DataFrame, columns: Iterable[str], where: str) -> pl.DataFrame:
    """Refuse a frame without rows, or with a gap in columns that every row must have."""
    if not table.height:
        raise ValidationError("There are no rows.", expected="at least one row", got="0 rows", where=where)
    for name in columns:
        gaps = table[name].null_count()
        if gaps:
            raise ValidationError(
                f"{gaps} of {table.height} rows have no {name}.",
                where=f"{where}.{name}",
                fix="Leave these rows out, or fill the column.",
            )
    return table


def read_accounts(table: Any, *, opened: bool = True, amount: bool = False) -> pl.DataFrame:
    """One row an account: account, and where they are there or asked for opened, settled, written_off, amount."""
    needed = ["account", *(["opened"] if opened else []), *(["amount"] if amount else [])]
    more = [name for name in ("opened", "settled", "written_off") if name not in needed]
    accounts = read(table, needed, "accounts", optional=more)
    accounts = complete(accounts, needed, "accounts")
    accounts = as_times(accounts, ("opened", "settled", "written_off"), "accounts")
    again = accounts.height - accounts["account"].n_unique()
    if again:
        first = accounts.filter(pl.col("account").is_duplicated())["account"][0]
        raise ValidationError(
            "Some accounts stand there more than once.",
            expected="one row an account",
            got=f"{again} rows too many, the first of them account {first}",
            where="accounts",
            fix="Keep one row an account.",
        )
    for name in ("settled", "written_off"):
        if name not in accounts.columns:
            accounts = accounts.with_columns(pl.lit(None, dtype=pl.Datetime("us")).alias(name))
    return accounts


def read_events(table: Any, accounts: pl.DataFrame, end: datetime) -> pl.DataFrame:
    """Delinquencies known before the end of the data: account (as in `accounts`), reached, days_past_due."""
    names = ("account", "reached", "days_past_due")
    events = read(table, names, "events")
    if not events.height:  # nobody was ever late: whatever the types of an empty frame are
        kinds = (accounts.schema["account"], pl.Datetime("us"), pl.Int64)
        return pl.DataFrame(schema=list(zip(names, kinds, strict=True)))
    events = as_times(complete(events, names, "events"), ("reached",), "events")
    same_keys(events, accounts, "events.account")
    if not events.schema["days_past_due"].is_numeric():
        raise ValidationError(
            "Days past due are numbers.", got=str(events.schema["days_past_due"]), where="events.days_past_due"
        )
    return events.with_columns(pl.col("account").cast(accounts.schema["account"])).filter(pl.col("reached") < end)


def same_keys(one: pl.DataFrame, two: pl.DataFrame, where: str) -> None:
    """Refuse two frames whose accounts are of different types: a join would find nothing, or fail in its own words."""
    first, second = one.schema["account"], two.schema["account"]
    if first != second and not (first.is_integer() and second.is_integer()):
        raise ValidationError(
            "Accounts are of one type here and of another there, so they cannot be matched.",
            expected=str(first),
            got=str(second),
            where=where,
            fix="Read both tables with the same schema.",
        )


def moment(value: date | datetime, what: str = "as_of") -> datetime:
    """A day or a time as a naive time."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None) if value.tzinfo is None else _utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time())
    raise ValidationError("This is no time.", expected="a date or a datetime", got=repr(value), where=what)


def _utc(value: datetime) -> datetime:
    from datetime import UTC

    return value.astimezone(UTC).replace(tzinfo=None)


def month_index(column: str) -> pl.Expr:
    """Months since the year 0, so that months can be counted."""
    return pl.col(column).dt.year().cast(pl.Int64) * 12 + pl.col(column).dt.month().cast(pl.Int64) - 1


def month_start(index: pl.Expr) -> pl.Expr:
    """The first moment of a month that `month_index` counted."""
    return pl.datetime(index // 12, index % 12 + 1, 1, time_unit="us")
