"""One pass over the rows of a path for many aggregates: which values, which conditions, which windows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine.rows import Dated
from tael.engine.sources import Source
from tael.formulas import operators
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundLiteral
from tael.formulas.values import NAT, Values
from tael.kernels.events import Partition, Request, Value, aggregate
from tael.tables.schema import Type

MICROSECONDS_A_DAY = 86_400_000_000.0
ROWS_ALONE = {"share", "gap_mean", "gap_std"}
CODED = {"n_unique", "mode", "first", "last"}
CODED_AT_ONCE = {"entropy", "top_share"}


class Batch:
    """Aggregates over the rows of one source.

    Parameters
    ----------
    source : Source
    members : sequence of BoundAggregate
    n_threads : int
    dtype : float64 or float32
    """

    def __init__(self, source: Source, members: Sequence[BoundAggregate], *, n_threads: int, dtype: type) -> None:
        self.source, self.members, self.forward = source, list(members), source.forward
        self.n_threads, self.dtype = n_threads, dtype
        self._values: list[Value] = []
        self._value_at: dict[tuple[Bound, bool], int] = {}
        self._levels: dict[tuple[Bound, bool], tuple[str, ...] | NDArray | None] = {}
        self._partitions: list[Partition] = []
        self._slot_at: dict[Bound, tuple[int, int]] = {}

    def run(self) -> dict[BoundAggregate, Values]:
        """Compute every member."""
        self._place_conditions()
        windows = list(dict.fromkeys(m.window for m in self.members))
        bounds = self.source.bounds(windows)
        plain: list[tuple[BoundAggregate, Request]] = []
        exact: list[tuple[BoundAggregate, Request]] = []
        for member in self.members:
            if operators.get(member.op).at_once:
                continue
            request = self._request(member, windows.index(member.window))
            wide = member.type == Type.TIME or (member.value is not None and member.value.type == Type.TIME)
            (exact if wide else plain).append((member, request))
        out: dict[BoundAggregate, Values] = {}
        for group, dtype in ((plain, self.dtype), (exact, np.float64)):
            if group:
                numbers = self._call([request for _, request in group], bounds, dtype)
                for (member, _), data in zip(group, numbers, strict=True):
                    out[member] = self._finish(member, data)
        out.update(self._at_once(windows, bounds))
        return out

    def _call(self, requests: list[Request], bounds: tuple[NDArray, NDArray], dtype: type) -> NDArray:
        begins, stop = bounds
        return aggregate(
            begins=begins,
            stop=stop,
            cutoff=self.source.cutoff,
            time=self.source.time,
            known=None if self.forward else self.source.known,
            values=self._values,
            partitions=self._partitions,
            requests=requests,
            forward=self.forward,
            dtype=dtype,
            n_threads=self.n_threads,
        )

    def _at_once(self, windows: list, bounds: tuple[NDArray, NDArray]) -> dict[BoundAggregate, Values]:
        """Statistics that need a window's rows side by side."""
        members = [member for member in self.members if operators.get(member.op).at_once]
        if not members:
            return {}
        from tael.kernels.sequences import Ask, sequences

        values: list[NDArray] = []
        masks: list[NDArray] = []
        places: dict[tuple[str, Bound], int] = {}

        def value(bound: Bound | None, coded: bool) -> int:
            if bound is None:
                return -1
            coded = coded or bound.type in (Type.CATEGORY, Type.TEXT)
            at = ("coded" if coded else "number", bound)
            if at not in places:
                dated = self.source.dated(bound)
                places[at] = len(values)
                values.append(_codes(dated)[0] if coded else _floats(dated.values))
            return places[at]

        def mask(bound: Bound | None) -> int:
            if bound is None:
                return -1
            if ("mask", bound) not in places:
                places["mask", bound] = len(masks)
                masks.append(self.source.dated(bound).values.data == 1.0)
            return places["mask", bound]

        asks = []
        for member in members:
            constants = operators.get(member.op).constants
            numbers = [float(one.value) for one in member.further if isinstance(one, BoundLiteral)]
            second = [one for i, one in enumerate(member.further, 1) if i not in constants]
            asks.append(
                Ask(
                    stat=member.op,
                    value=value(member.value, member.op in CODED_AT_ONCE),
                    second=value(second[0] if second else None, coded=False),
                    where=mask(member.where),
                    after=mask(member.after),
                    window=windows.index(member.window),
                    parameter=numbers[0] if constants and numbers else float("nan"),
                    span=0 if member.within is None else member.within.microseconds,
                )
            )
        begins, stop = np.broadcast_arrays(*(np.atleast_2d(bound) for bound in bounds))
        table = sequences(
            begins=begins, stop=stop, time=self.source.time, values=values, masks=masks, asks=asks,
            dtype=self.dtype, n_threads=self.n_threads,
        )  # fmt: skip
        return {m: Values(m.type, np.asarray(data)) for m, data in zip(members, table, strict=True)}

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
            dated = self.source.dated(bound)
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
            dated = self.source.dated(column)
            position = {level: code for code, level in enumerate(dated.values.levels or ())}
            slot_of_code = np.full(len(position) + 1, -1, dtype=np.int8 if len(conditions) < 128 else np.int32)
            for slot, (where, level) in enumerate(conditions):
                self._slot_at[where] = (len(self._partitions), slot)
                if level in position:
                    slot_of_code[position[level]] = slot
            known = None if self.forward else dated.known
            # code -1 (missing) reads the last place, which stays -1
            slots = slot_of_code[dated.values.data]
            self._partitions.append(Partition(slots=slots, n_slots=len(conditions), known=known, before=None))

    def _add_mask(self, where: Bound) -> None:
        dated = self.source.dated(where)
        self._slot_at[where] = (len(self._partitions), 0)
        known = None if self.forward else dated.known
        before = None if known is None or dated.before is None else _slots(dated.before)
        self._partitions.append(Partition(slots=_slots(dated.values), n_slots=1, known=known, before=before))

    def _finish(self, member: BoundAggregate, data: NDArray) -> Values:
        if member.op in ("days_since_first", "days_since_last") and member.value is not None:
            days = (self.source.cutoff - data) / MICROSECONDS_A_DAY
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


def _slots(condition: Values) -> NDArray[np.int8]:
    return (condition.data == 1.0).astype(np.int8) - np.int8(1)


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
