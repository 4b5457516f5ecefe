"""Ways to change tables in what no observation at a cutoff may know: none of them may move a feature by a bit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl

from tael.tables import Tables
from tael.tables.schema import ColumnSchema, TableSchema, Type

HALF_DAY = timedelta(hours=12)
CHILDREN = ("loans", "instalments", "logins", "transfers")


def unseen(promise: TableSchema, frame: pl.DataFrame, cutoff: datetime, own: list[Any] | None) -> pl.Series:
    """Which rows no observation at this cutoff may use; the rows observed may be used from their own time on."""
    hidden = pl.Series(np.zeros(frame.height, dtype=bool))
    for name in (promise.time, promise.known_at):
        if name is not None:
            hidden |= ~(frame[name] < cutoff).fill_null(False)
    if own is not None:
        assert promise.key is not None
        assert promise.known is not None
        ours = frame[promise.key].is_in(own) & (frame[promise.known] <= cutoff).fill_null(False)
        hidden &= ~ours.fill_null(False)
    return hidden


def late_columns(promise: TableSchema, frame: pl.DataFrame, cutoff: datetime) -> dict[str, pl.Series]:
    """For each column with a known-at of its own: which of its values are not known yet."""
    return {
        name: ~(frame[detail.known_at] < cutoff).fill_null(False)
        for name, detail in promise.columns.items()
        if detail.known_at is not None
    }


def rewritten(tables: Tables, change: Callable[[str, TableSchema, pl.DataFrame], pl.DataFrame]) -> Tables:
    promises = tables.schema.tables
    return tables.replace(**{name: change(name, promises[name], frame) for name, frame in tables.items()})


def truncated(tables: Tables, cutoff: datetime, keys: list[Any], entity: str = "applications") -> Tables:
    """Only what was known: rows dropped, values of later columns blanked."""

    def change(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        hidden = unseen(promise, frame, cutoff, keys if name == entity else None)
        for column, late in late_columns(promise, frame, cutoff).items():
            frame = frame.with_columns(pl.when(late).then(None).otherwise(pl.col(column)).alias(column))
        return frame.filter(~hidden)

    return rewritten(tables, change)


def poisoned(tables: Tables, cutoff: datetime, keys: list[Any], entity: str = "applications") -> Tables:
    """Everything not known yet says something else: values, categories, links, and later times."""

    def change(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        hidden = unseen(promise, frame, cutoff, keys if name == entity else None)
        late = late_columns(promise, frame, cutoff)
        times = {detail.known_at for detail in promise.columns.values()}
        for column, detail in promise.columns.items():
            if column in (promise.key, promise.time, promise.known_at):
                continue
            bad = hidden | late[column] if column in late else hidden
            if column in times:  # a time to come is moved, and stays to come
                bad = bad & (frame[column] >= cutoff).fill_null(False)
            other = poison(frame, column, detail)
            frame = frame.with_columns(pl.when(bad).then(other).otherwise(pl.col(column)).alias(column))
        return frame

    return rewritten(tables, change)


def poison(frame: pl.DataFrame, column: str, detail: ColumnSchema) -> pl.Expr:
    if detail.to is not None:
        return pl.lit(frame[column].drop_nulls().reverse().extend_constant(None, 1)[0], frame.schema[column])
    if detail.type == Type.NUMBER:
        return pl.lit(1e6)
    if detail.type == Type.FLAG:
        return ~pl.col(column).fill_null(False)
    if detail.type == Type.TIME:
        return (pl.col(column) + timedelta(days=3)).fill_null(datetime(2030, 1, 1))
    return pl.lit("poison")


def other_outcomes(tables: Tables) -> Tables:
    """Another outcome for every application."""
    other = ~pl.col("defaulted").fill_null(False)
    return tables.replace(applications=tables["applications"].with_columns(other.alias("defaulted")))


def arrived_late(tables: Tables, cutoff: datetime, seed: int) -> tuple[Tables, Tables]:
    """Some rows become known at the cutoff, after it or never; and the same tables without these rows."""
    rng = np.random.default_rng([seed, 11])
    chosen = {name: pl.Series(rng.random(frame.height) < 0.5) for name, frame in tables.items()}
    moments = [cutoff, cutoff + HALF_DAY, cutoff + timedelta(days=40), None]

    def move(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        if promise.known_at is None:
            return frame
        to = pl.Series([moments[i] for i in rng.integers(0, 4, frame.height)], dtype=pl.Datetime("us"))
        moved = pl.when(chosen[name]).then(to).otherwise(pl.col(promise.known_at))
        return frame.with_columns(moved.alias(promise.known_at))

    def drop(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if promise.known_at is None else frame.filter(~chosen[name])

    return rewritten(tables, move), rewritten(tables, drop)


def at_the_cutoff(tables: Tables, cutoff: datetime, seed: int) -> tuple[Tables, Tables]:
    """Some child rows happen at the very cutoff; and the same tables without them."""
    rng = np.random.default_rng([seed, 13])
    chosen = {name: pl.Series(rng.random(tables[name].height) < 0.4) for name in CHILDREN}

    def move(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        if name not in CHILDREN or promise.time is None:
            return frame
        moved = pl.when(chosen[name]).then(pl.lit(cutoff)).otherwise(pl.col(promise.time))
        return frame.with_columns(moved.alias(promise.time))

    def drop(name: str, promise: TableSchema, frame: pl.DataFrame) -> pl.DataFrame:
        return frame.filter(~chosen[name]) if name in CHILDREN else frame

    return rewritten(tables, move), rewritten(tables, drop)
