"""`covisit_edges`: people seen by the same provider on the same days, more often than chance would have it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from scipy.stats import poisson

from tael.errors import did_you_mean
from tael.networks.edges import Edges, Floats, NetworkError
from tael.tables.border import polars_of


def covisit_edges(
    visits: Any,
    *,
    person: str = "person_id",
    place: str = "provider_id",
    time: str = "at",
    amount: str = "amount",
    least: int = 2,
    crowd: int = 50,
    apart: int = 0,
) -> tuple[Edges, Floats]:
    """Edges between people who meet at a provider, with a score for :func:`tael.networks.find_gangs`.

    Two people meet when both are seen by one provider on the same day, or at most some days apart. Beside their
    meetings stands what chance would give: at each provider the product of their days there, over the days on which it
    saw anybody (those near enough to make a meeting). The score is
    one minus the Poisson probability of so many or more, taken to the number of pairs that share any day, so that in a
    table of chance alone about one pair scores above one half. Meetings of a pair that follow each other by at most as
    many days count as one.

    Parameters
    ----------
    visits : frame
        One row a visit; only visits known at the cutoff. The same code takes physicians, households or devices as the
        person and any grouping as the place.
    person, place, time, amount : str
        Its columns; rows without one of the first three are not counted, a missing amount is 0.
    least : int
        Meetings that a pair must have.
    crowd : int
        A day on which a provider saw more people than this binds nobody.
    apart : int
        Days that two visits may lie apart: 0 is the same day, 1 also the next. A group that is admitted over two days
        is then one meeting, wherever in the calendar it lies.

    Returns
    -------
    edges : Edges
        Undirected: one for each pair, provider and meeting, at the later of its two days; its amount is the two
        people's on those days. Ids count rows.
    score : (E,) float64
        0 to 1.

    Raises
    ------
    NetworkError
        A column that is not there, days apart below 0, or nobody who meets often enough.

    Examples
    --------
    >>> days = [f"2025-01-{d:02d}" for d in range(1, 29)]
    >>> rows = [(f"p{i}", d) for k, d in enumerate(days) for i in ((1, 2) if k % 7 == 0 else (3 + k % 5,))]
    >>> visits = pl.DataFrame(rows, schema=["person_id", "at"], orient="row").with_columns(
    ...     pl.col("at").str.to_date(), provider_id=pl.lit("h"), amount=pl.lit(10.0))
    >>> edges, score = covisit_edges(visits)
    >>> len(edges), sorted({edges.nodes[i] for i in edges.source}), bool(score[0] > 0.9)
    (4, ['p1'], True)
    """
    if apart < 0:
        raise NetworkError("`apart` counts days.", expected="0 or more", got=str(apart))
    table = polars_of(visits, "visits")
    for name in (person, place, time, amount):
        if name not in table.columns:
            raise NetworkError(
                f'The visits have no column "{name}".',
                expected=", ".join(table.columns),
                got=name,
                fix=did_you_mean(name, table.columns),
            )
    days = (
        table.select(who=person, where=place, day=pl.col(time).cast(pl.Date), money=pl.col(amount).cast(pl.Float64))
        .drop_nulls(["who", "where", "day"])
        .group_by("who", "where", "day")
        .agg(money=pl.col("money").fill_nan(None).sum())
    )
    met = _meetings(days.filter(pl.len().over("where", "day") <= crowd), apart)
    met = met.with_columns(shared=pl.len().over("who", "who_too"))
    n_pairs = max(met.select("who", "who_too").unique().height, 1)
    met = met.filter(pl.col("shared") >= least)
    if met.is_empty():
        raise NetworkError(
            "No two people share enough days at a provider.",
            expected=f"a pair with {least} days or more",
            got=f"{days.height:,} days of {days['who'].n_unique():,} people",
            fix="Lower `least`, or raise `crowd` if providers see more people a day.",
        )
    met = met.join(_expected(days, met, apart), on=["who", "who_too"], how="left").sort(
        "day", "where", "who", "who_too"
    )
    # the pair need only meet `shared` times; how often over all providers is what chance must reach
    tail = poisson.sf(met["shared"].to_numpy() - 1, met["expected"].to_numpy())
    score = np.exp(n_pairs * np.log1p(-np.clip(tail, 0.0, 1.0 - 1e-12)))
    frame = met.with_columns(both=pl.col("money").clip(0.0) + pl.col("money_too").clip(0.0))
    edges = Edges.from_frame(frame, source="who", target="who_too", time="day", amount="both", directed=False)
    return edges, np.clip(score, 0.0, 1.0)


def _meetings(days: pl.DataFrame, apart: int) -> pl.DataFrame:
    """Each pair at each place, at the later day of each meeting."""
    found = []
    for gap in range(apart + 1):
        later = days.with_columns(before=pl.col("day").dt.offset_by(f"-{gap}d"))
        both = days.join(later, left_on=["where", "day"], right_on=["where", "before"], suffix="_too")
        both = both.filter(pl.col("who") < pl.col("who_too") if gap == 0 else pl.col("who") != pl.col("who_too"))
        first = pl.col("who") < pl.col("who_too")
        names = {"who": "who_too", "money": "money_too"}
        turned = {a: pl.when(first).then(a).otherwise(b) for a, b in names.items()}
        turned |= {b: pl.when(first).then(b).otherwise(a) for a, b in names.items()}
        day = "day" if gap == 0 else "day_too"
        found.append(both.select("where", pl.col(day).alias("day"), **turned))
    met = pl.concat(found).sort("where", "who", "who_too", "day")
    met = met.unique(["where", "who", "who_too", "day"], keep="first", maintain_order=True)
    since = pl.col("day").diff().over("where", "who", "who_too").dt.total_days()
    return met.filter(since.is_null() | (since > apart))


def _expected(days: pl.DataFrame, met: pl.DataFrame, apart: int) -> pl.DataFrame:
    """Meetings that each pair would have by chance, summed over the providers that both have seen.

    One's days are laid on those on which the provider saw anybody: of these, as many as lie near a day of the other's
    make a meeting.
    """
    open_days = days.select("where", "day").unique()
    gaps = pl.DataFrame({"gap": list(range(-apart, apart + 1))})
    near = open_days.join(gaps, how="cross").with_columns(day=pl.col("day") + pl.duration(days=pl.col("gap")))
    near = near.group_by("where", "day").agg(near=pl.len())
    number = days.join(near, on=["where", "day"]).group_by("who", "where").agg(n=pl.len(), near=pl.col("near").sum())
    pairs = met.select("who", "who_too").unique()
    there = number.rename({"who": "who_too", "n": "n_too", "near": "near_too"})
    both = pairs.join(number, on="who").join(there, on=["who_too", "where"])
    both = both.join(open_days.group_by("where").agg(open=pl.len()), on="where")
    chance = (pl.col("near") * pl.col("n_too") + pl.col("n") * pl.col("near_too")) / (2 * pl.col("open"))
    return both.group_by("who", "who_too").agg(expected=chance.sum())
