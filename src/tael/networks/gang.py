"""`Gang` and `Gangs`: what was found, as plain data and as tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.networks.edges import Edges, Floats, Ints, NetworkError, span_of


@dataclass(frozen=True)
class GangSettings:
    """How gangs are looked for. Fit them on an earlier slice: :func:`tael.networks.choose_settings`.

    Attributes
    ----------
    share : float or None
        Top share of the edges that is kept, 0 to 1.
    threshold : float or None
        Least score of an edge that is kept. Where both are given, both hold; one must be.
    within : str
        Longest time between two edges at one account that belong together.
    split_over : int
        Connected parts with more members are cut where links are thin.
    cap : int
        Most members of a gang.
    least : int
        Fewest members of a gang.
    resolution : float
        Of the cut; above 1: smaller pieces.
    decay, rounds : float, int
        How suspicion is carried along the flow (:func:`tael.networks.carry`); rounds 0 carries nothing.
    money : float
        Exponent of the money in the rank: 1 ranks by score x money, 0 by the score alone.
    most_links : int
        Links of an edge at one account; see :func:`tael.networks.link_edges`.
    """

    share: float | None = 0.01
    threshold: float | None = None
    within: str = "14d"
    split_over: int = 20
    cap: int = 60
    least: int = 3
    resolution: float = 1.0
    decay: float = 0.5
    rounds: int = 1
    money: float = 1.0
    most_links: int = 30

    def __post_init__(self) -> None:
        span_of(self.within)
        ranges = {
            "share": (0.0, 1.0), "threshold": (0.0, 1.0), "split_over": (2, 10**9), "cap": (2, 10**9),
            "least": (2, 10**9), "resolution": (1e-6, 1e6), "decay": (0.0, 1.0), "rounds": (0, 100),
            "money": (0.0, 10.0), "most_links": (1, 10**6),
        }  # fmt: skip
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise NetworkError(
                    "A setting is out of its range.",
                    expected=f"{low:g} to {high:g}",
                    got=str(value),
                    where=name,
                )
        if self.share is None and self.threshold is None:
            raise NetworkError(
                "Nothing says which edges are suspicious.",
                expected="share, threshold, or both",
                got="None for both",
                fix="Give share=0.01, or choose_settings on an earlier slice.",
            )


@dataclass(frozen=True, eq=False)
class Gang:
    """A group of accounts that move money among themselves.

    Attributes
    ----------
    gang_id : str
        ``gang-0001`` is ranked first.
    members : tuple
        Keys of the accounts, the most suspicious first.
    roles : tuple of str
        Of each member.
    typology : str
        One of ``tael.networks.TYPOLOGIES``; ``group`` without direction.
    fit : float
        Share of the transfers that the typology explains.
    score : float
        0 to 1: the edges' scores, summed and divided by their number and two more, so that one strong edge is no gang.
    money : float
        Sum of the amounts.
    rank_value : float
        ``score * money ** settings.money``.
    start, end : int
        First and last transfer, microseconds since 1970-01-01.
    edges : (k,) int64
        Rows of the edges in the frame that was searched, in time's order.
    edge_score : (k,) float64
        Their scores, with what was carried.
    evidence : (k,) bool
        Which of them the typology explains; all where it is mixed.
    """

    gang_id: str
    members: tuple[Any, ...]
    roles: tuple[str, ...]
    typology: str
    fit: float
    score: float
    money: float
    rank_value: float
    start: int
    end: int
    edges: Ints
    edge_score: Floats
    evidence: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.members)


@dataclass(frozen=True, eq=False)
class Gangs:
    """Gangs, the first to look at first.

    Attributes
    ----------
    gangs : tuple of Gang
    edges : Edges
        That were searched.
    settings : GangSettings
    told : dict
        What happened on the way: ``edges``, ``kept``, ``loops`` (edges from an account to itself, left out),
        ``capped`` (edges at hubs whose links were capped), ``parts`` (connected), ``cut`` (parts that were split),
        ``small`` (groups with too few members).
    """

    gangs: tuple[Gang, ...]
    edges: Edges
    settings: GangSettings
    told: dict[str, int]

    def __len__(self) -> int:
        return len(self.gangs)

    def __iter__(self) -> Iterator[Gang]:
        return iter(self.gangs)

    def __getitem__(self, place: int) -> Gang:
        return self.gangs[place]

    def frame(self) -> pl.DataFrame:
        """One row a gang, ranked."""
        rows = [
            (g.gang_id, len(g), len(g.edges), g.typology, g.fit, g.score, g.money, g.rank_value, g.start, g.end)
            for g in self.gangs
        ]
        times = {"start": pl.Datetime("us"), "end": pl.Datetime("us")}
        names = {"gang_id": pl.String, "members": pl.Int64, "transfers": pl.Int64, "typology": pl.String,
                 "fit": pl.Float64, "score": pl.Float64, "money": pl.Float64, "rank_value": pl.Float64,
                 "start": pl.Int64, "end": pl.Int64}  # fmt: skip
        return pl.DataFrame(rows, schema=names, orient="row").cast(times)  # type: ignore[arg-type]

    def members(self) -> pl.DataFrame:
        """One row for each member of each gang: ``gang_id, node, role, received, sent``."""
        key = {node: i for i, node in enumerate(self.edges.nodes)}
        rows: list[tuple[Any, ...]] = []
        for g in self.gangs:
            money, a, b = (part[g.edges] for part in (self.edges.amount, self.edges.source, self.edges.target))
            for node, role in zip(g.members, g.roles, strict=True):
                at = key[node]
                rows.append((g.gang_id, node, role, float(money[b == at].sum()), float(money[a == at].sum())))
        names = ("gang_id", "node", "role", "received", "sent")
        nodes = pl.Series(self.edges.nodes).dtype if self.edges.nodes else pl.String()
        kinds = (pl.String(), nodes, pl.String(), pl.Float64(), pl.Float64())
        return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")

    def transfers(self) -> pl.DataFrame:
        """One row for each transfer of each gang: ``gang_id, edge_id, source, target, at, amount, score, evidence``."""
        rows = np.concatenate([g.edges for g in self.gangs]) if self.gangs else np.empty(0, dtype=np.int64)
        nodes = pl.Series("nodes", self.edges.nodes) if self.edges.nodes else pl.Series("nodes", [], pl.String)
        scores = [g.edge_score for g in self.gangs] or [np.empty(0)]
        evidence = [g.evidence for g in self.gangs] or [np.empty(0, dtype=bool)]
        names = [g.gang_id for g in self.gangs for _ in g.edges]
        return pl.DataFrame(
            {
                "gang_id": pl.Series(names, dtype=pl.String),
                "edge_id": self.edges.ids[rows],
                "source": nodes.gather(self.edges.source[rows]),
                "target": nodes.gather(self.edges.target[rows]),
                "at": pl.Series(self.edges.time[rows]).cast(pl.Datetime("us")),
                "amount": self.edges.amount[rows],
                "score": np.concatenate(scores),
                "evidence": np.concatenate(evidence),
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """What was looked for and found, for a run's JSON: ``settings``, ``told``, ``gangs`` (as :meth:`frame`)."""
        table = self.frame().with_columns(pl.col("start", "end").dt.strftime("%Y-%m-%dT%H:%M:%S"))
        return {"settings": asdict(self.settings), "told": dict(self.told), "gangs": table.to_dicts()}
