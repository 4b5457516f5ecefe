"""Gangs held against the truth: how many were found, how many of the first reports are right, by typology."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from tael.networks.edges import NetworkError
from tael.networks.gang import Gang


@dataclass(frozen=True, eq=False)
class GangMetrics:
    """How reports and true gangs match.

    Attributes
    ----------
    recall : float
        Share of the true gangs that were found: at least `overlap` of whose members stand in one report.
    recall_close : float
        Share whose best report has a Jaccard index (members in both over members in either) of at least `jaccard`.
    recall_any : float
        Share with two members or more in one report.
    precision : dict of int to float
        Of the first k reports, the share that is right: at least `overlap` of whose members belong to one true gang.
        Of fewer than k reports, all count.
    truth : polars.DataFrame
        One row a true gang: ``gang``, ``typology``, ``members``, ``report`` (rank of its best report from 1, missing
        without one), ``held`` (share of its members in it), ``jaccard``, ``found``.
    reports : polars.DataFrame
        One row a report: ``rank``, ``members``, ``gang`` (that it holds most of), ``right``, ``pure`` (share of its
        members that belong to it).
    """

    recall: float
    recall_close: float
    recall_any: float
    precision: dict[int, float]
    truth: pl.DataFrame
    reports: pl.DataFrame

    def by_typology(self) -> pl.DataFrame:
        """``typology, gangs, found, recall, jaccard`` (mean), the most frequent first."""
        grouped = self.truth.group_by("typology").agg(
            gangs=pl.len(), found=pl.col("found").sum(), recall=pl.col("found").mean(), jaccard=pl.col("jaccard").mean()
        )
        return grouped.sort(["gangs", "typology"], descending=[True, False])


def gang_metrics(
    gangs: Iterable[Gang] | Sequence[Collection[Hashable]],
    truth: Mapping[Any, Collection[Hashable]],
    *,
    typology: Mapping[Any, str] | None = None,
    also_right: Mapping[Any, Collection[Hashable]] | None = None,
    first: Sequence[int] = (10, 25, 50, 100),
    overlap: float = 0.5,
    jaccard: float = 0.5,
) -> GangMetrics:
    """Measure reported gangs against true ones.

    Parameters
    ----------
    gangs : gangs, or collections of members
        In the order of their rank.
    truth : mapping of gang to its members
        That recall is asked of.
    typology : mapping of gang to name, optional
    also_right : mapping of gang to members, optional
        True gangs that nobody asks for, such as those that began before the period; a report of one is right.
    first : sequence of int
    overlap, jaccard : float
        See :class:`GangMetrics`.

    Returns
    -------
    GangMetrics

    Raises
    ------
    NetworkError
        No true gang.

    Examples
    --------
    >>> found = gang_metrics([{"a", "b", "c"}, {"x", "y", "z"}], {"first": {"a", "b", "c", "d"}, "other": {"p", "q"}})
    >>> found.recall, found.precision[10], found.recall_close
    (0.5, 0.5, 0.5)
    """
    if not truth:
        raise NetworkError("There is no true gang to measure against.", expected="at least one", got="none")
    reports = [set(gang.members if isinstance(gang, Gang) else gang) for gang in gangs]
    names = [*truth, *(name for name in (also_right or {}) if name not in truth)]
    members = [set(truth[name] if name in truth else (also_right or {})[name]) for name in names]
    of: dict[Hashable, list[int]] = {}
    for place, group in enumerate(members):
        for member in group:
            of.setdefault(member, []).append(place)
    best: dict[int, tuple[float, float, int, int]] = {}  # gang: held, jaccard, common, rank
    closest: dict[int, float] = {}
    rows: list[tuple[Any, ...]] = []
    for rank, report in enumerate(reports, start=1):
        shared: dict[int, int] = {}
        for member in report:
            for place in of.get(member, ()):
                shared[place] = shared.get(place, 0) + 1
        for place, common in shared.items():
            held, close = common / len(members[place]), common / len(members[place] | report)
            if place not in best or (held, close) > best[place][:2]:
                best[place] = (held, close, common, rank)
            closest[place] = max(closest.get(place, 0.0), close)
        top = max(shared, key=lambda place: (shared[place], -place), default=None)
        pure = shared[top] / len(report) if top is not None else 0.0
        right = pure >= overlap and top is not None and shared[top] >= 2
        rows.append((rank, len(report), str(names[top]) if top is not None else None, right, pure))
    kinds = typology or {}
    found: list[tuple[Any, ...]] = []
    some = 0
    for place, name in enumerate(names[: len(truth)]):
        held, _, common, seen = best.get(place, (0.0, 0.0, 0, 0))
        some += common >= 2
        found.append((str(name), str(kinds.get(name, "")), len(members[place]), seen or None, held,
                      closest.get(place, 0.0), held >= overlap and common >= 2))  # fmt: skip
    columns = {"gang": pl.String, "typology": pl.String, "members": pl.Int64, "report": pl.Int64, "held": pl.Float64,
               "jaccard": pl.Float64, "found": pl.Boolean}  # fmt: skip
    table = pl.DataFrame(found, schema=columns, orient="row")
    told = {"rank": pl.Int64, "members": pl.Int64, "gang": pl.String, "right": pl.Boolean, "pure": pl.Float64}
    sheet = pl.DataFrame(rows, schema=told, orient="row")
    rights = sheet["right"].to_numpy()
    return GangMetrics(
        recall=float(table["found"].to_numpy().mean()),
        recall_close=float((table["jaccard"].to_numpy() >= jaccard).mean()),
        recall_any=some / len(truth),
        precision={k: float(rights[:k].mean()) if len(rights) else 0.0 for k in first},
        truth=table,
        reports=sheet,
    )
