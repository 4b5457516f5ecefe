"""What searches for gangs found: reports held against the gangs that were found out, by typology, rank and money."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.decisions._arrays import Floats
from tael.decisions.gangs import Search
from tael.decisions.gangs_moves import Moves, truth_of
from tael.networks.measures import gang_metrics
from tael.validation.calibration import wilson

DRAWS = 400
_REPORT = {
    "search": pl.String, "rank": pl.Int64, "gang": pl.String, "shape": pl.String, "members": pl.Int64,
    "transfers": pl.Int64, "score": pl.Float64, "money": pl.Float64, "right": pl.Boolean, "case": pl.String,
    "first": pl.Boolean,
}  # fmt: skip
_TRUTH = {
    "search": pl.String, "case": pl.String, "typology": pl.String, "members": pl.Int64, "money": pl.Float64,
    "held": pl.Float64, "jaccard": pl.Float64, "found": pl.Boolean,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Held:
    """Reports and true gangs, held against each other search by search.

    Attributes
    ----------
    reports : polars.DataFrame
        One row a report: ``search, rank, gang, shape, members, transfers, score, money, right, case`` (the true gang
        it holds most of), ``first`` (right, and the first report of its gang).
    truth : polars.DataFrame
        One row a true gang and search: ``search, case, typology, members, money, held, jaccard, found``.
    looked_at : int
        Transfers that were searched.
    """

    reports: pl.DataFrame
    truth: pl.DataFrame
    looked_at: int

    def gangs(self) -> pl.DataFrame:
        """One row a true gang: ``case, typology, members, money`` (the most that a search saw), ``found, close``."""
        return (
            self.truth.group_by("case", maintain_order=True)
            .agg(
                pl.col("typology").first(), pl.col("members").max(), pl.col("money").max(), pl.col("found").any(),
                close=(pl.col("jaccard") >= 0.5).any(),
            )
        )  # fmt: skip


def held_against(
    moves: Moves, searches: Sequence[Search], case: NDArray[Any], typology: NDArray[Any] | None = None
) -> Held:
    """Hold what was reported against what was found out.

    Parameters
    ----------
    moves : Moves
        Of the batch that was searched.
    searches : sequence of Search
    case : ndarray of str or None, shape (n,)
        The gang that each transfer turned out to belong to.
    typology : ndarray of str or None, shape (n,), optional
        Of each transfer's gang.

    Notes
    -----
    A report is right if half of its members or more belong to one true gang, of which it holds two; a gang is found if
    half of its members, as far as the search could see them, stand in one report.
    """
    reports: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    told: set[str] = set()
    for search in searches:
        truth = truth_of(moves, search.rows, case)
        chosen = search.reported()
        found = None if not truth else gang_metrics([gang for _, gang in chosen], truth, first=())
        rows = [] if found is None else found.reports.rows(named=True)
        for k, (place, gang) in enumerate(chosen):
            right = bool(rows[k]["right"]) if rows else False
            of = rows[k]["gang"] if rows and right else None
            first = right and of not in told
            told |= {of} if first and of is not None else set()
            reports.append((search.name, k + 1, search.gang_name(place), gang.typology, len(gang), len(gang.edges),
                            gang.score, gang.money, right, of, first))  # fmt: skip
        for row in [] if found is None else found.truth.rows(named=True):
            mine = search.rows[np.array([case[i] == row["gang"] for i in search.rows.tolist()], dtype=bool)]
            known.append((search.name, row["gang"], _kind(typology, mine), row["members"],
                          float(moves.amount[mine].sum()), row["held"], row["jaccard"], row["found"]))  # fmt: skip
    return Held(
        pl.DataFrame(reports, schema=_REPORT, orient="row"),
        pl.DataFrame(known, schema=_TRUTH, orient="row"),
        len(moves),
    )


def gang_figures(held: Held, *, value: float, fine: float, cost: float, seed: int = 0) -> dict[str, Any]:
    """What reports found, in numbers.

    Parameters
    ----------
    held : Held
    value, fine, cost : float
        Saved of a right gang's money, and besides, and spent on each report; a gang pays once.
    seed : int
        Of the draws for the interval of the worth.

    Returns
    -------
    dict
        reports, right; gangs, found, close; precision and recall as {value, low, high} (Wilson); money (of gangs found,
        once each), money_share; worth as {value, low, high} (reports drawn again), expected (by the scores).
    """
    reports, gangs = held.reports, held.gangs()
    n, right = reports.height, int(reports["right"].sum())
    found, all_ = int(gangs["found"].sum()), gangs.height
    first = reports["first"].to_numpy()
    gain = np.where(first, fine + value * reports["money"].to_numpy(), 0.0) - cost
    expected = reports["score"].to_numpy() * (fine + value * reports["money"].to_numpy()) - cost
    whole = float(gangs["money"].sum())
    money = float(gangs.filter("found")["money"].sum())
    return {
        "reports": n, "right": right, "gangs": all_, "found": found, "close": int(gangs["close"].sum()),
        "precision": _share(right, n), "recall": _share(found, all_), "money": money,
        "money_share": money / whole if whole else None, "worth": _summed(gain, seed),
        "expected": float(expected.sum()),
    }  # fmt: skip


def drawn_worth(held: Held, *, value: float, fine: float, cost: float, seed: int = 0) -> Floats:
    """Worth of reports drawn again with replacement, shape (draws,): how much chance there is in it."""
    first, money = held.reports["first"].to_numpy(), held.reports["money"].to_numpy()
    return _drawn(np.where(first, fine + value * money, 0.0) - cost, seed)


def by_rank(held: Held, capacity: int) -> list[dict[str, Any]]:
    """Precision of the first k of each search, and share of the true gangs that they find, for k up to the capacity."""
    rows = []
    for k in range(1, capacity + 1):
        part = held.reports.filter(pl.col("rank") <= k)
        named = set(part.filter("right")["case"].to_list())
        all_ = held.gangs().height
        rows.append({"k": k, "reports": part.height, "right": int(part["right"].sum()),
                     "precision": _share(int(part["right"].sum()), part.height), "gangs": len(named),
                     "share": len(named) / all_ if all_ else None})  # fmt: skip
    return rows


def by_typology(held: Held) -> list[dict[str, Any]]:
    """Of each typology of the true gangs: how many, how many were found, how closely; the most frequent first."""
    rows = []
    for (name,), part in held.gangs().group_by(["typology"], maintain_order=True):
        found = int(part["found"].sum())
        rows.append({"typology": str(name or ""), "gangs": part.height, "found": found,
                     "close": int(part["close"].sum()), "recall": _share(found, part.height),
                     "money": float(part["money"].sum())})  # fmt: skip
    return sorted(rows, key=lambda row: (-int(row["gangs"]), str(row["typology"])))


def by_shape(held: Held) -> list[dict[str, Any]]:
    """Of each shape that reports were given: how many, how many are right; the most frequent first."""
    rows = []
    for (name,), part in held.reports.group_by(["shape"], maintain_order=True):
        right = int(part["right"].sum())
        rows.append({"shape": str(name), "reports": part.height, "right": right,
                     "precision": _share(right, part.height), "money": float(part["money"].sum())})  # fmt: skip
    return sorted(rows, key=lambda row: (-int(row["reports"]), str(row["shape"])))


def _kind(typology: NDArray[Any] | None, rows: NDArray[np.int64]) -> str:
    """The most frequent typology of some transfers."""
    named = Counter(str(typology[i]) for i in rows.tolist() if typology[i] is not None) if typology is not None else {}
    return max(named, key=lambda name: (named[name], name), default="")


def _share(n: int, of: int) -> dict[str, float | None]:
    if not of:
        return {"value": None, "low": None, "high": None}
    low, high = (float(end) for end in wilson(float(n), float(of)))
    return {"value": n / of, "low": low, "high": high}


def _drawn(gain: Floats, seed: int) -> Floats:
    if not len(gain):
        return np.zeros(DRAWS)
    rows = np.random.default_rng(seed).integers(0, len(gain), (DRAWS, len(gain)))
    return np.asarray(gain[rows].sum(axis=1))


def _summed(gain: Floats, seed: int) -> dict[str, float]:
    low, high = (float(q) for q in np.quantile(_drawn(gain, seed), (0.025, 0.975)))
    return {"value": float(gain.sum()), "low": low, "high": high}
