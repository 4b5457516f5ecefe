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
) -> tuple[Edges, Floats]:
    """Edges between people who meet at a provider, with a score for :func:`tael.networks.find_gangs`.

    Two people share a day when both are seen by one provider on it. Beside the days that they share stands what chance
    would give: at each provider the product of their days there, over the days on which it saw anybody. The score is
    one minus the Poisson probability of so many or more, taken to the number of pairs that share any day, so that in a
    table of chance alone about one pair scores above one half.

    Parameters
    ----------
    visits : frame
        One row a visit; only visits known at the cutoff. The same code takes physicians, households or devices as the
        person and any grouping as the place.
    person, place, time, amount : str
        Its columns; rows without one of the first three are not counted, a missing amount is 0.
    least : int
        Days that a pair must share.
    crowd : int
        A day on which a provider saw more people than this binds nobody.

    Returns
    -------
    edges : Edges
        Undirected: one for each pair, provider and day; its amount is the two people's on that day. Ids count rows.
    score : (E,) float64
        0 to 1.

    Raises
    ------
    NetworkError
        A column that is not there, or no day that anybody shares.

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
    here = days.filter(pl.len().over("where", "day").is_between(2, crowd)).sort("where", "day", "who")
    met = here.join(here, on=["where", "day"], suffix="_too").filter(pl.col("who") < pl.col("who_too"))
    met = met.with_columns(shared=pl.col("day").n_unique().over("who", "who_too"))
    n_pairs = max(met.select("who", "who_too").unique().height, 1)
    met = met.filter(pl.col("shared") >= least)
    if met.is_empty():
        raise NetworkError(
            "No two people share enough days at a provider.",
            expected=f"a pair with {least} days or more",
            got=f"{days.height:,} days of {days['who'].n_unique():,} people",
            fix="Lower `least`, or raise `crowd` if providers see more people a day.",
        )
    met = met.join(_expected(days, met), on=["who", "who_too"], how="left").sort("day", "where", "who", "who_too")
    # the pair need only meet `shared` times; how often over all providers is what chance must reach
    tail = poisson.sf(met["shared"].to_numpy() - 1, met["expected"].to_numpy())
    score = np.exp(n_pairs * np.log1p(-np.clip(tail, 0.0, 1.0 - 1e-12)))
    frame = met.with_columns(both=pl.col("money").clip(0.0) + pl.col("money_too").clip(0.0))
    edges = Edges.from_frame(frame, source="who", target="who_too", time="day", amount="both", directed=False)
    return edges, np.clip(score, 0.0, 1.0)


def _expected(days: pl.DataFrame, met: pl.DataFrame) -> pl.DataFrame:
    """Days that each pair would share by chance, summed over the providers that both have seen."""
    open_days = days.group_by("where").agg(open=pl.col("day").n_unique())
    number = days.group_by("who", "where").agg(n=pl.len())
    pairs = met.select("who", "who_too").unique()
    both = pairs.join(number, on="who").join(number.rename({"who": "who_too", "n": "n_too"}), on=["who_too", "where"])
    both = both.join(open_days, on="where")
    return both.group_by("who", "who_too").agg(expected=(pl.col("n") * pl.col("n_too") / pl.col("open")).sum())
