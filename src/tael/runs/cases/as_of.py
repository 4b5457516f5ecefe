"""Tables as they were known at a moment: what came later is taken out, so that an old score can be made again."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from tael.errors import RunError
from tael.observations import observe
from tael.observations.observe import CUTOFF
from tael.runs.bundle import Bundle
from tael.tables.frames import Tables


def as_of(tables: Tables, moment: datetime) -> Tables:
    """The tables as they were known at a moment.

    Rows that became known after it are gone, and so are values whose own known-at is after it. A table without a time
    stays as it is: nobody can say when its rows came.

    Parameters
    ----------
    tables : Tables
    moment : datetime
        In the tables' own clock; what became known at that very moment stays.

    Returns
    -------
    Tables

    Examples
    --------
    >>> visits = pl.DataFrame({"day": [datetime(2025, 1, d) for d in (1, 9)]})
    >>> as_of(Tables({"visits": visits}, {"visits": {"time": "day"}}), datetime(2025, 1, 5))["visits"].height
    1
    """
    changed: dict[str, pl.DataFrame] = {}
    at = pl.lit(moment).cast(pl.Datetime("us"))
    for name, promise in tables.schema.tables.items():
        frame = tables[name]
        for column in {promise.time, promise.known_at} - {None}:
            frame = frame.filter(pl.col(str(column)) <= at)
        late = {
            column: detail.known_at
            for column, detail in promise.columns.items()
            if detail.known_at is not None and column in frame.columns
        }
        hidden = [
            pl.when(pl.col(known) <= at).then(pl.col(column)).otherwise(None).alias(column)
            for column, known in late.items()
        ]
        frame = frame.with_columns(hidden)
        if frame.height != tables[name].height or not frame.equals(tables[name]):
            changed[name] = frame
    return tables.replace(**changed) if changed else tables


def observed_as_of(bundle: Bundle, tables: Tables, moment: datetime) -> pl.DataFrame:
    """The plan's observations up to a moment, with those on that very day: key and cutoff.

    Parameters
    ----------
    bundle : Bundle
    tables : Tables
        As of the moment; see :func:`as_of`.
    moment : datetime

    Raises
    ------
    RunError
        If nobody was to be observed by then.
    """
    stated = bundle.plan.observations
    everyone = stated.model_copy(update={"exclude": {}, "weight": None, "data_end": moment})
    seen = observe(tables, everyone)
    frame = seen.frame.filter(pl.col(CUTOFF) <= pl.lit(moment).cast(pl.Datetime("us")))
    if not len(frame):
        raise RunError(
            "Nobody was to be observed by then.", expected="a later moment", got=str(moment), where="--as-of"
        )
    return frame.select(seen.key, CUTOFF)
