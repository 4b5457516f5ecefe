"""`Edges`: transfers (or co-visits) as arrays: who, to whom, when, how much."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from tael.errors import FormulaError, TaelError, did_you_mean
from tael.formulas.durations import Duration
from tael.tables.border import polars_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class NetworkError(TaelError):
    """Edges, scores or settings from which no gang and no case graph can be made."""

    stage = "networks"


@dataclass(frozen=True, eq=False)
class Edges:
    """The edges of a temporal network.

    Attributes
    ----------
    source, target : (E,) int64
        Places in `nodes`.
    time : (E,) int64
        Microseconds since 1970-01-01.
    amount : (E,) float64
        0 or more.
    nodes : tuple
        Keys of the nodes, by place.
    ids : ndarray, shape (E,)
        Keys of the edges, as the frame has them; the rows' numbers where it names none.
    directed : bool
        Whether money flows from source to target. Co-visits have no direction.

    Examples
    --------
    >>> frame = pl.DataFrame({"from": ["a", "b"], "to": ["b", "c"], "at": ["2025-01-01", "2025-01-02"],
    ...                       "amount": [5.0, 4.0]}).with_columns(pl.col("at").str.to_datetime())
    >>> edges = Edges.from_frame(frame, source="from", target="to", time="at")
    >>> edges.nodes, edges.source.tolist(), edges.target.tolist(), len(edges)
    (('a', 'b', 'c'), [0, 1], [1, 2], 2)
    """

    source: Ints
    target: Ints
    time: Ints
    amount: Floats
    nodes: tuple[Any, ...]
    ids: NDArray[Any]
    directed: bool = True

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        source: str = "sender",
        target: str = "receiver",
        time: str = "at",
        amount: str = "amount",
        id: str | None = None,
        directed: bool = True,
    ) -> Edges:
        """Read the edges of a frame.

        Parameters
        ----------
        frame : pandas, Polars or PyArrow frame
            One row an edge. Only what was known when the gangs are looked for: the frame's end is the cutoff.
        source, target, time, amount, id : str
            Its columns. `id` may be left out.
        directed : bool

        Returns
        -------
        Edges
            In the frame's order.

        Raises
        ------
        NetworkError
            A column that is not there; a missing node or time; an amount that is missing, negative or infinite.
        """
        table = polars_of(frame, "edges")
        for name in (source, target, time, amount, *([id] if id else [])):
            if name not in table.columns:
                raise NetworkError(
                    f'The edges have no column "{name}".',
                    expected=", ".join(table.columns) or "columns",
                    got=name,
                    fix=did_you_mean(name, table.columns),
                )
        for name in (source, target, time):
            if empty := table[name].null_count():
                raise NetworkError(
                    "Some edges lack an end or a time.",
                    expected="a source, a target and a time in every row",
                    got=f"{empty:,} of {table.height:,} rows without",
                    where=f"column {name}",
                    fix="Drop them before, and say how many.",
                )
        if not table[time].dtype.is_temporal():
            raise NetworkError(
                "Times must be dates or times.",
                expected="Date or Datetime",
                got=str(table[time].dtype),
                where=f"column {time}",
            )
        ends = [table[name] for name in (source, target)]
        if ends[0].dtype != ends[1].dtype:
            raise NetworkError(
                "The two ends of an edge are of different types, so that nobody is both.",
                got=f"{source}: {ends[0].dtype}, {target}: {ends[1].dtype}",
                fix="Cast one to the other's type.",
            )
        nodes = pl.concat([ends[0].rename("node"), ends[1].rename("node")]).unique().sort()
        place = [end.replace_strict(nodes, np.arange(len(nodes)), return_dtype=pl.Int64).to_numpy() for end in ends]
        return cls(
            place[0],
            place[1],
            table[time].cast(pl.Datetime("us")).cast(pl.Int64).to_numpy(),
            _amounts(table[amount].cast(pl.Float64).to_numpy(), amount),
            tuple(nodes.to_list()),
            table[id].to_numpy() if id else np.arange(table.height),
            directed,
        )

    def __len__(self) -> int:
        return len(self.source)

    def take(self, rows: ArrayLike) -> Edges:
        """Some of the edges, with all nodes.

        Parameters
        ----------
        rows : array of int or bool
        """
        at = np.asarray(rows)
        return replace(
            self,
            source=self.source[at],
            target=self.target[at],
            time=self.time[at],
            amount=self.amount[at],
            ids=self.ids[at],
        )


def _amounts(amount: NDArray[np.float64], column: str) -> Floats:
    wrong = ~np.isfinite(amount) | (amount < 0)
    if wrong.any():
        raise NetworkError(
            "An amount is missing, negative or infinite.",
            expected="numbers from 0 on",
            got=f"{int(wrong.sum()):,} of {len(amount):,} rows, the first {amount[wrong][0]}",
            where=f"column {column}",
            fix="Drop or correct these rows before; a refund is an edge the other way.",
        )
    return np.ascontiguousarray(amount)


def span_of(text: str, name: str = "within") -> int:
    """A fixed length of time in microseconds.

    >>> span_of("2d") == 2 * 86_400_000_000
    True

    Raises
    ------
    NetworkError
        No length of time, or one of calendar months.
    """
    try:
        length = Duration.parse(text)
    except FormulaError as error:
        raise NetworkError(error.problem, got=repr(text), where=name, fix='Write it like "7d" or "12h".') from error
    if length.unit in ("mo", "y"):
        raise NetworkError(
            "A length of time between two transfers is a fixed one.",
            expected="s, min, h, d or w",
            got=text,
            where=name,
            fix=f'Write it in days, like "{round(length.days)}d".',
        )
    return length.microseconds


def scores_of(score: ArrayLike, edges: Edges, name: str = "edge_score") -> Floats:
    """Scores of edges, checked.

    Raises
    ------
    NetworkError
        Not one finite number from 0 to 1 for each edge.
    """
    values = np.asarray(score, dtype=np.float64)
    if values.shape != (len(edges),):
        raise NetworkError(
            "Scores and edges do not fit together.",
            expected=f"{len(edges):,} scores",
            got=f"shape {values.shape}",
            where=name,
        )
    wrong = ~((values >= 0) & (values <= 1))
    if wrong.any():
        raise NetworkError(
            "A score is no probability.",
            expected="0 to 1",
            got=f"{int(wrong.sum()):,} others, the first {values[wrong][0]}",
            where=name,
            fix="Pass predict_proba's column, or ranks divided by their number.",
        )
    return values
