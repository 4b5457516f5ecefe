"""What moved: the event rows that the kept formulas looked at, and the same counted a second way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.errors import RunError
from tael.formulas.bound import Bound, BoundAggregate, Path, in_row
from tael.formulas.durations import Duration
from tael.formulas.networks import OF_THINGS, amount_of, edge_tables
from tael.runs.cases.evidence import STRUCTURE, Ints, known_rows, union, walked

BEGINNING = int(np.iinfo(np.int64).min)


@dataclass(frozen=True)
class Movements:
    """The rows of one event table that concern a case.

    Attributes
    ----------
    table : str
    rows : ndarray of int64
        In the order of time.
    ends : (str, str) or None
        Where they are transfers: the columns of who pays and who receives.
    owner : int
        Id of whom the rows concern, among those that `ends` point to.
    column : str or None
        The foreign key by which they belong to the case, where that is one step.
    start : int
        Microseconds: the beginning of the longest window; of none, the beginning of time.
    amount : str or None
        The column that says how much.
    direct : bool
        Whether the rows name the case itself, not somebody above it.
    """

    table: str
    rows: Ints
    ends: tuple[str, str] | None
    owner: int
    column: str | None
    start: int
    amount: str | None
    direct: bool = True

    def outgoing(self, engine: Engine) -> NDArray[np.bool_]:
        """Which rows were paid by the case itself, shape of `rows`."""
        assert self.ends is not None
        return np.asarray(engine.store.owners(self.table, self.ends[0])[self.rows] == self.owner)


def movements(engine: Engine, formulas: Sequence[Bound], seen: Observed) -> list[Movements]:
    """The event rows behind all formulas, without their conditions, by table.

    Parameters
    ----------
    engine : Engine
    formulas : sequence of Bound
    seen : Observed
        One observation.
    """
    by_table: dict[str, list[BoundAggregate]] = {}
    for one in _aggregates(formulas):
        if engine.tables.schema.tables[one.table].time is not None:
            by_table.setdefault(one.table, []).append(one)
    found = []
    for table, members in by_table.items():
        ends, path = _ends(engine, table, members, seen.entity)
        start = min(_start(one.window, seen) for one in members)
        amount = amount_of(engine.tables.schema, table)
        if ends is not None:
            owner = int(seen.entities(path)[0])
            own = (engine.store.owners(table, ends[0]) == owner) | (engine.store.owners(table, ends[1]) == owner)
            rows = known_rows(engine, table, own & (owner >= 0), int(seen.cutoff[0]), ends)
            time = engine.store.row_time(table)
            assert time is not None
            found.append(Movements(table, rows[time[rows] >= start], ends, owner, None, start, amount, not path.up))
        else:
            parts = [walked(engine, replace(one, where=None), seen).rows for one in members if one.network is None]
            column = _one_step(members)
            owner = int(seen.entities(members[0].path)[0])
            found.append(Movements(table, union(engine, table, parts), None, owner, column, start, amount))
    return sorted(found, key=lambda one: (one.ends is None, one.amount is None, -len(one.rows), one.table))


def _aggregates(formulas: Iterable[Bound]) -> list[BoundAggregate]:
    """Every aggregate of the observation's own that shows rows."""
    nodes = (node for formula in formulas for node in in_row(formula) if isinstance(node, BoundAggregate))
    return [
        one
        for one in dict.fromkeys(nodes)
        if not one.forward and not (one.network is None and one.path.peers) and one.op not in STRUCTURE
    ]


def _ends(
    engine: Engine, table: str, members: Sequence[BoundAggregate], entity: str
) -> tuple[tuple[str, str] | None, Path]:
    """Payer and payee of a table of transfers, and the way from the observation to those whom they join."""
    schema = engine.tables.schema
    for one in members:
        if one.network is not None and one.op not in OF_THINGS:
            return one.network.ends, one.path
    for one in members:
        if len(one.path.down) != 1:
            continue
        target = entity
        for hop in one.path.up:
            target = engine.store.target(target, hop)
        ends = edge_tables(schema, target).get(table)
        if ends is not None:
            return ends, one.path
    return None, members[0].path


def _one_step(members: Sequence[BoundAggregate]) -> str | None:
    """The foreign key that all go down by, where each goes one step and none goes up."""
    ways = {(one.path.up, one.path.down) for one in members}
    if len(ways) != 1:
        return None
    up, down = next(iter(ways))
    return down[0][1] if not up and len(down) == 1 and members[0].network is None else None


def _start(window: Duration | None, seen: Observed) -> int:
    return BEGINNING if window is None else int(window.before(seen.cutoff)[0])


@dataclass(frozen=True)
class Counted:
    """Movements counted straight from the table.

    Attributes
    ----------
    n, n_in, n_out : int
    amount, amount_in, amount_out : float
        In the order of the table's time; 0 where there is no amount.
    """

    n: int
    n_in: int
    n_out: int
    amount: float
    amount_in: float
    amount_out: float


def recounted(engine: Engine, moved: Movements, key: object, cutoff: int) -> Counted | None:
    """Count movements a second way, from the table alone, and hold them against the rows that are shown.

    Parameters
    ----------
    engine : Engine
    moved : Movements
    key : object
        The case's key as the table has it.
    cutoff : int

    Returns
    -------
    Counted or None
        None where the way from the case to the rows is longer than one step.

    Raises
    ------
    RunError
        If the two ways differ: such a page must not be written.
    """
    columns = moved.ends or ((moved.column,) if moved.column else None)
    schema, frame = engine.tables.schema, engine.tables[moved.table]
    if columns is None or not moved.direct:
        return None
    promise = schema.tables[moved.table]
    assert promise.time is not None
    at = pl.lit(cutoff).cast(pl.Datetime("us"))
    mine = pl.any_horizontal(*(pl.col(column).eq(key) for column in columns))
    seen = mine & (pl.col(promise.time) < at)
    late = {promise.known_at, *(promise.column(column).known_at for column in columns)} - {None}
    for column in sorted(str(name) for name in late):
        seen &= pl.col(column) < at
    if moved.start > BEGINNING:
        seen &= pl.col(promise.time) >= pl.lit(moved.start).cast(pl.Datetime("us"))
    amount = pl.col(moved.amount).fill_null(0.0) if moved.amount else pl.lit(0.0)
    kept = frame.with_row_index("_row").filter(seen).sort(promise.time, "_row").with_columns(_amount=amount)
    ends = moved.ends
    out = kept.clear() if ends is None else kept.filter(pl.col(ends[0]).eq(key))
    came = kept.clear() if ends is None else kept.filter(pl.col(ends[1]).eq(key))
    if kept["_row"].cast(pl.Int64).to_list() != moved.rows.tolist():
        raise RunError(
            "The rows that the formulas saw are not those that the table gives when it is counted again.",
            expected=f"{kept.height:,} rows of {moved.table}",
            got=f"{len(moved.rows):,}",
            where=f"the movements of {moved.table}",
            fix="This is a fault of tael: no page was written. Please report it.",
        )
    return Counted(kept.height, came.height, out.height, *(float(part["_amount"].sum()) for part in (kept, came, out)))
