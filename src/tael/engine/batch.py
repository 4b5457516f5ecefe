"""One pass over the rows of a path for many aggregates: which values, which conditions, which windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine.observed import Observed
from tael.engine.rows import ChildRows, Dated
from tael.engine.shapes import BEGINNING
from tael.engine.store import NEVER
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundLiteral
from tael.formulas.durations import Duration
from tael.formulas.values import NAT, Values
from tael.kernels.events import Partition, Request, Value, aggregate
from tael.kernels.grouping import window_bounds
from tael.tables.schema import Type

MICROSECONDS_A_DAY = 86_400_000_000.0
ROWS_ALONE = {"share", "gap_mean", "gap_std"}
CODED = {"n_unique", "mode", "first", "last"}


class Batch:
    """Aggregates that share a path and a direction.

    Parameters
    ----------
    children : ChildRows
    seen : Observed
    members : sequence of BoundAggregate
    n_threads : int
    dtype : float64 or float32
    """

    def __init__(
        self, children: ChildRows, seen: Observed, members: Sequence[BoundAggregate], *, n_threads: int, dtype: type
    ) -> None:
        self.children, self.seen, self.members = children, seen, list(members)
        self.n_threads, self.dtype = n_threads, dtype
        self.path, self.forward, self.gap = members[0].path, members[0].forward, members[0].gap
        self._values: list[Value] = []
        self._value_at: dict[tuple[Bound, bool], int] = {}
        self._levels: dict[tuple[Bound, bool], tuple[str, ...] | NDArray | None] = {}
        self._partitions: list[Partition] = []
        self._slot_at: dict[Bound, tuple[int, int]] = {}

    def run(self) -> dict[BoundAggregate, Values]:
        """Compute every member."""
        self._place_conditions()
        windows = list(dict.fromkeys(m.window for m in self.members))
        plain: list[tuple[BoundAggregate, Request]] = []
        exact: list[tuple[BoundAggregate, Request]] = []
        for member in self.members:
            request = self._request(member, windows.index(member.window))
            wide = member.type == Type.TIME or (member.value is not None and member.value.type == Type.TIME)
            (exact if wide else plain).append((member, request))
        out: dict[BoundAggregate, Values] = {}
        bounds = self._bounds(windows)
        for group, dtype in ((plain, self.dtype), (exact, np.float64)):
            if group:
                numbers = self._call([request for _, request in group], bounds, dtype)
                for (member, _), data in zip(group, numbers, strict=True):
                    out[member] = self._finish(member, data)
        return out

    def _call(self, requests: list[Request], bounds: tuple[NDArray, NDArray], dtype: type) -> NDArray:
        shape = self.children.shape
        begins, stop = bounds
        return aggregate(
            begins=begins,
            stop=stop,
            cutoff=self.seen.cutoff,
            time=shape.time,
            known=None if self.forward else shape.known,
            values=self._values,
            partitions=self._partitions,
            requests=requests,
            forward=self.forward,
            dtype=dtype,
            n_threads=self.n_threads,
        )

    def _bounds(self, windows: Sequence[Duration | None]) -> tuple[NDArray, NDArray]:
        shape, cutoff = self.children.shape, self.seen.cutoff
        entity = self.seen.entities(self.path)
        if not self.forward:
            lower = np.stack([np.full_like(cutoff, BEGINNING) if w is None else w.before(cutoff) for w in windows])
            return window_bounds(shape.offsets, shape.time, entity, cutoff, lower)
        start = cutoff if self.gap is None else self.gap.after(cutoff)
        end = np.stack([np.full_like(start, NEVER) if w is None else w.after(start) for w in windows])
        # a row before time x is a row from 0 to x: the same search gives where each window ends
        ends = np.stack([window_bounds(shape.offsets, shape.time, entity, x, start[None])[1] for x in end])
        begin = window_bounds(shape.offsets, shape.time, entity, start, start[None])[1]
        return begin, np.maximum(ends, begin)

    def _request(self, member: BoundAggregate, window: int) -> Request:
        stat, value = member.op, -1
        if member.value is not None and stat not in ROWS_ALONE:
            kind = member.value.type
            if stat in ("days_since_first", "days_since_last"):
                stat = "min" if stat == "days_since_first" else "max"
            coded = stat in ("n_unique", "mode") or (stat in CODED and kind in (Type.CATEGORY, Type.TEXT))
            coded = coded or (stat == "count" and kind in (Type.CATEGORY, Type.TEXT))
            value = self._value(member.value, coded)
        partition, slot = (-1, 0) if member.where is None else self._slot_at[member.where]
        return Request(stat=stat, value=value, partition=partition, slot=slot, window=window)

    def _value(self, bound: Bound, coded: bool) -> int:
        at = (bound, coded)
        if at not in self._value_at:
            dated = self.children.dated(bound)
            data: NDArray
            before: NDArray | None
            levels: tuple[str, ...] | NDArray | None
            if coded:
                data, before, levels = _codes(dated)
                n_codes = max(len(levels), 1)  # 0 would mean numbers
            else:
                data, levels, n_codes = _floats(dated.values), None, 0
                before = None if dated.before is None else _floats(dated.before)
            known = None if self.forward else dated.known
            self._value_at[at] = len(self._values)
            self._levels[at] = levels
            self._values.append(
                Value(data=data, known=known, before=None if known is None else before, n_codes=n_codes)
            )
        return self._value_at[at]

    def _place_conditions(self) -> None:
        """Conditions ``column == "value"`` on one column exclude each other: they are slots of one partition."""
        equal: dict[BoundColumn, list[tuple[Bound, str]]] = {}
        for where in dict.fromkeys(m.where for m in self.members):
            if where is None:
                continue
            match where:
                case BoundCall(
                    op="eq", args=(BoundColumn(type=Type.CATEGORY) as column, BoundLiteral(value=str(level)))
                ):
                    equal.setdefault(column, []).append((where, level))
                case _:
                    self._add_mask(where)
        for column, conditions in equal.items():
            dated = self.children.dated(column)
            position = {level: code for code, level in enumerate(dated.values.levels or ())}
            slot_of_code = np.full(len(position) + 1, -1, dtype=np.int32)
            for slot, (where, level) in enumerate(conditions):
                self._slot_at[where] = (len(self._partitions), slot)
                if level in position:
                    slot_of_code[position[level]] = slot
            known = None if self.forward else dated.known
            # code -1 (missing) reads the last place, which stays -1
            slots = slot_of_code[dated.values.data]
            self._partitions.append(Partition(slots=slots, n_slots=len(conditions), known=known, before=None))

    def _add_mask(self, where: Bound) -> None:
        dated = self.children.dated(where)
        self._slot_at[where] = (len(self._partitions), 0)
        known = None if self.forward else dated.known
        before = None if known is None or dated.before is None else _slots(dated.before)
        self._partitions.append(Partition(slots=_slots(dated.values), n_slots=1, known=known, before=before))

    def _finish(self, member: BoundAggregate, data: NDArray) -> Values:
        if member.op in ("days_since_first", "days_since_last") and member.value is not None:
            days = (self.seen.cutoff - data) / MICROSECONDS_A_DAY
            return Values(Type.NUMBER, -days if self.forward else days)
        if member.op == "mode" and member.type != Type.CATEGORY:
            assert member.value is not None
            numbers = np.append(np.asarray(self._levels[(member.value, True)], dtype=np.float64), np.nan)
            data = numbers[np.where(np.isnan(data), -1, data).astype(np.int64)]
        if member.type == Type.TIME:
            absent = np.isnan(data)
            return Values(Type.TIME, np.where(absent, NAT, np.where(absent, 0, data).astype(np.int64)))
        if member.type == Type.CATEGORY:
            assert member.value is not None
            levels = self._levels[(member.value, True)]
            codes = np.where(np.isnan(data), -1, data).astype(np.int32)
            return Values(Type.CATEGORY, codes, tuple(map(str, () if levels is None else levels)))
        return Values(member.type, data)


def _floats(values: Values) -> NDArray[np.float64]:
    """Numbers as they are; times as microseconds, exact in float64 until the year 2255."""
    if values.type == Type.TIME:
        return np.where(values.data == NAT, np.nan, values.data.astype(np.float64))
    return np.ascontiguousarray(values.data, dtype=np.float64)


def _slots(condition: Values) -> NDArray[np.int32]:
    return np.where(condition.data == 1.0, 0, -1).astype(np.int32)


def _codes(dated: Dated) -> tuple[NDArray[np.int32], NDArray[np.int32] | None, tuple[str, ...] | NDArray]:
    """Codes of a value's distinct levels; both states of a late value share them."""
    values, before = dated.values, dated.before
    if values.type == Type.CATEGORY:
        return values.data, None if before is None else before.data, values.levels or ()
    if values.type == Type.TEXT:
        both = pl.Series([*values.data, *([] if before is None else before.data)], dtype=pl.String)
        levels = both.drop_nulls().unique().sort()
        codes = both.cast(pl.Enum(levels)).to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
        return codes[: len(values.data)], None if before is None else codes[len(values.data) :], tuple(levels)
    numbers = _floats(values) if before is None else np.concatenate([_floats(values), _floats(before)])
    present = ~np.isnan(numbers)
    distinct, inverse = np.unique(numbers[present], return_inverse=True)
    codes = np.full(len(numbers), -1, dtype=np.int32)
    codes[present] = inverse
    return codes[: len(values.data)], None if before is None else codes[len(values.data) :], distinct
