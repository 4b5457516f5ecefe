"""The slow plain oracle of the event kernels, and tables to try them on."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from tael.kernels import events, grouping

HOUR = 3_600_000_000
DAY = 24 * HOUR
NAT = np.iinfo(np.int64).min
OF_ROWS = ("count", "share", "days_since_first", "days_since_last", "gap_mean", "gap_std")
OF_NUMBERS = ("count", "sum", "mean", "min", "max", "std", "first", "last", "trend")
OF_CATEGORIES = ("count", "first", "last", "n_unique", "mode")


@dataclass(frozen=True)
class Row:
    """One event: values and slots, each with its known-at (None: with the row) and what it reads as until then."""

    entity: int
    time: int
    known: int
    values: tuple[tuple[float, int | None, float], ...]
    slots: tuple[tuple[int, int | None, int], ...]


@dataclass
class Case:
    """Rows in table order, observations (entity, cutoff), and windows as lengths in microseconds."""

    rows: list[Row]
    observations: list[tuple[int, int]]
    windows: list[int]
    late: bool = True
    n_slots: tuple[int, ...] = (1, 3)
    n_codes: tuple[int, ...] = (0, 0, 5)
    requests: list[events.Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.requests:
            places = [(-1, 0), (0, 0), (1, 0), (1, 2)]
            for window in range(len(self.windows)):
                for partition, slot in places:
                    self.requests += [events.Request(s, -1, partition, slot, window) for s in OF_ROWS]
                    for v, n in enumerate(self.n_codes):
                        of_value = OF_CATEGORIES if n else OF_NUMBERS
                        self.requests += [events.Request(s, v, partition, slot, window) for s in of_value]

    def compute(self, forward: bool = False, **options: Any) -> np.ndarray:
        """What the kernels make of it, from sorting to results."""
        entity = np.array([r.entity for r in self.rows], np.int32)
        time = np.array([r.time for r in self.rows], np.int64)
        known = np.array([r.known for r in self.rows], np.int64)
        order = grouping.sort_rows(entity, time, known)

        def column(cells: list[tuple[Any, int | None, Any]], dtype: type) -> dict[str, np.ndarray | None]:
            """The column, its known-at and what it reads as before, as the engine would pass them."""
            data, since, before = zip(*cells, strict=True) if cells else ((), (), ())
            late = self.late and any(k is not None for k in since)
            missing = all(x != x or x == -1 for x in before)
            return {
                "data": np.array(data, dtype)[order],
                "known": np.array([NAT + 1 if k is None else k for k in since], np.int64)[order] if late else None,
                "before": None if missing else np.array(before, dtype)[order],
            }

        values = []
        for v, n_codes in enumerate(self.n_codes):
            parts = column([r.values[v] for r in self.rows], np.int32 if n_codes else np.float64)
            values.append(events.Value(**parts, n_codes=n_codes))
        partitions = []
        for p, n_slots in enumerate(self.n_slots):
            parts = column([r.slots[p] for r in self.rows], (np.int8, np.int16)[p % 2])
            partitions.append(events.Partition(parts.pop("data"), n_slots, **parts))
        who = np.array([e for e, _ in self.observations], np.int64)
        cutoff = np.array([c for _, c in self.observations], np.int64)
        offsets = grouping.entity_offsets(entity[order], 3)
        spans = np.array(self.windows, np.int64)[:, None]
        find = grouping.forward_bounds if forward else grouping.window_bounds
        begins, stop = find(offsets, time[order], who, cutoff, cutoff + spans if forward else cutoff - spans)
        return events.aggregate(
            begins=begins, stop=stop, cutoff=cutoff, time=time[order], known=known[order] if self.late else None,
            values=values, partitions=partitions, requests=options.pop("requests", self.requests), forward=forward,
            **options,
        )  # fmt: skip


def _aggregate_plainly(case: Case, request: events.Request, entity: int, cutoff: int, forward: bool) -> float:
    """One number, by the rules as they are written in docs/architecture.md."""

    def is_known(at: int | None) -> bool:
        return at is None or forward or not case.late or NAT < at < cutoff

    def as_of(now: float, at: int | None, before: float) -> float:
        return now if is_known(at) else before

    span = case.windows[request.window]
    low, high = (cutoff, cutoff + span) if forward else (cutoff - span, cutoff)
    window = [
        r for r in case.rows if 0 <= r.entity == entity and r.time != NAT and low <= r.time < high and is_known(r.known)
    ]
    window.sort(key=lambda r: (r.time, r.known))
    rows = window
    if request.partition >= 0:
        rows = [r for r in window if as_of(*r.slots[request.partition]) == request.slot]
    nan = math.nan
    if request.value < 0:
        days = [r.time / DAY for r in rows]
        gaps = [b - a for a, b in pairwise(days)]
        sign = -1 if forward else 1
        match request.stat:
            case "count":
                return len(rows)
            case "share":
                return len(rows) / len(window) if window else nan
            case "days_since_first":
                return sign * (cutoff / DAY - days[0]) if days else nan
            case "days_since_last":
                return sign * (cutoff / DAY - days[-1]) if days else nan
            case "gap_mean":
                return statistics.fmean(gaps) if gaps else nan
            case _:
                return statistics.stdev(gaps) if len(gaps) > 1 else nan
    pairs = [(r.time / DAY, as_of(*r.values[request.value])) for r in rows]
    is_code = case.n_codes[request.value] > 0
    pairs = [(t, x) for t, x in pairs if math.isfinite(x) and not (is_code and x < 0)]
    xs = [x for _, x in pairs]
    if request.stat in ("count", "sum", "n_unique"):
        return {"count": len, "sum": math.fsum, "n_unique": lambda v: len(set(v))}[request.stat](xs)
    if not xs:
        return nan
    match request.stat:
        case "mean":
            return statistics.fmean(xs)
        case "min":
            return min(xs)
        case "max":
            return max(xs)
        case "first":
            return xs[0]
        case "last":
            return xs[-1]
        case "std":
            return statistics.stdev(xs) if len(xs) > 1 else nan
        case "mode":
            most = max(Counter(xs).values())
            return next(x for x in reversed(xs) if Counter(xs)[x] == most)
        case _:
            ts = [t for t, _ in pairs]
            return statistics.linear_regression(ts, xs).slope if len(set(ts)) > 1 else nan


@pytest.fixture(scope="session")
def oracle() -> Any:
    """``oracle(case, forward)``: what ``case.compute(forward)`` should be, worked out one number at a time."""

    def table(case: Case, forward: bool = False) -> np.ndarray:
        return np.array(
            [[_aggregate_plainly(case, q, e, c, forward) for e, c in case.observations] for q in case.requests], float
        ).reshape(len(case.requests), len(case.observations))

    return table


# Few distinct times, entities and values, so that ties are common: with each other, and with the cutoff.
_TIMES = st.integers(-1, 5).map(lambda k: k * 12 * HOUR)
_ENTITIES = st.sampled_from([0, 0, 0, 0, 1, 2, -1])
_KNOWN = st.one_of(st.none(), st.just(NAT), _TIMES)
_NUMBERS = st.sampled_from([0.0, 1.0, -2.5, 3.25, 1e3, 0.1, math.nan, math.inf, -math.inf])


@st.composite
def _rows(draw: st.DrawFn) -> Row:
    time = draw(st.one_of(_TIMES, _TIMES, _TIMES, st.just(NAT)))
    delay = draw(st.sampled_from([0, 0, 0, 12 * HOUR, 2 * DAY, None]))
    return Row(
        entity=draw(_ENTITIES),
        time=time,
        known=NAT if delay is None or time == NAT else time + delay,
        values=(
            (draw(_NUMBERS), None, math.nan),
            (draw(st.floats(-100, 100, width=16)), draw(_KNOWN), draw(_NUMBERS)),
            (draw(st.integers(-1, 4)), draw(_KNOWN), draw(st.integers(-1, 4))),
        ),
        slots=(
            (draw(st.integers(-1, 0)), draw(_KNOWN), draw(st.integers(-1, 0))),
            (draw(st.integers(-1, 2)), None, -1),
        ),
    )


_CASES = st.builds(
    Case,
    rows=st.lists(_rows(), min_size=0, max_size=24),
    observations=st.lists(st.tuples(st.one_of(_ENTITIES, st.just(3)), _TIMES), max_size=4),
    windows=st.lists(st.sampled_from([0, 12 * HOUR, DAY, 2 * DAY, 30 * DAY]), min_size=1, max_size=3),
    late=st.booleans(),
)


@pytest.fixture(scope="session")
def cases() -> st.SearchStrategy[Case]:
    """Strategy of small tables with ties, missing values, late arrivals, empty and unknown entities."""
    return _CASES


@pytest.fixture(scope="session")
def big_case() -> Case:
    """A few thousand rows and many observations, enough for several chunks."""
    rng = np.random.default_rng(3)

    def hour(past: int) -> int:
        return int(rng.integers(0, past)) * HOUR

    def code(past: int) -> int:
        return int(rng.integers(-1, past))

    rows = [
        Row(
            entity=code(3),
            time=hour(2000),
            known=hour(2100),
            values=(
                (float(rng.normal()), None, math.nan),
                (float(rng.lognormal()), hour(2000), 1.0),
                (code(5), None, -1),
            ),
            slots=((code(1), None, -1), (code(3), hour(2000), code(3))),
        )
        for _ in range(3000)
    ]
    observations = [(code(4), hour(2200)) for _ in range(150)]
    return Case(rows, observations, [20 * DAY, 5 * DAY, 1000 * DAY])
