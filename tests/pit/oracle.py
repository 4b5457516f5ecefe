"""A slow plain oracle of the language on tables.

It knows nothing of kernels, sorting or arrays: it loops over rows that are dicts and applies rules T1 to T7 of
``docs/architecture.md`` one by one. Of tael it uses the tree of a formula whose names are looked up, and schemas.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundCutoff, BoundGroup, BoundLiteral
from tael.tables import Tables
from tael.tables.schema import Type

EPOCH = datetime(1970, 1, 1)
DAY = 86_400_000_000
NEVER = 2**70
ALWAYS = -(2**70)
Row = dict[str, Any]


def micro(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def moved(t: int, duration: Any, sign: int) -> int:
    """A time some calendar months or so many seconds later (sign 1) or earlier (-1)."""
    if duration.unit not in ("mo", "y"):
        seconds = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}[duration.unit]
        return t + sign * duration.count * seconds * 1_000_000
    at = EPOCH + timedelta(microseconds=t)
    month = at.year * 12 + at.month - 1 + sign * duration.count * (12 if duration.unit == "y" else 1)
    for day in (at.day, 30, 29, 28):
        try:
            return micro(at.replace(year=month // 12, month=month % 12 + 1, day=day))
        except ValueError:
            continue
    raise AssertionError


class Oracle:
    """Evaluates a bound formula for one observation by looping over all rows of all tables."""

    def __init__(self, tables: Tables, entity: str) -> None:
        self.schema, self.entity = tables.schema, entity
        self.rows = {name: [self._read(name, row) for row in frame.to_dicts()] for name, frame in tables.items()}
        for rows in self.rows.values():
            for number, row in enumerate(rows):
                row["#"] = number

    def _read(self, table: str, row: Row) -> Row:
        return {name: self._plain(table, name, value) for name, value in row.items()}

    def _plain(self, table: str, column: str, value: Any) -> Any:
        if isinstance(value, datetime):
            return micro(value)
        if isinstance(value, bool):
            return float(value)
        if isinstance(value, float):
            special = self.schema.tables[table].column(column).special
            return None if not math.isfinite(value) or value in special else value
        return str(value) if isinstance(value, int) and self._is_key(table, column) else value

    def _is_key(self, table: str, column: str) -> bool:
        promise = self.schema.tables[table]
        return column == promise.key or promise.column(column).to is not None

    # -- when things become known
    def row_known(self, table: str, row: Row) -> int:
        """T1, as far as ``known_at`` goes."""
        name = self.schema.tables[table].known
        return ALWAYS if name is None else _or_never(row[name])

    def row_used(self, table: str, row: Row) -> int:
        """T1: both the time and the known-at lie before a cutoff from here on."""
        name = self.schema.tables[table].time
        return max(self.row_known(table, row), ALWAYS if name is None else _or_never(row[name]))

    def column_known(self, table: str, row: Row, column: str) -> int:
        """T4."""
        name = self.schema.tables[table].column(column).known_at
        return ALWAYS if name is None else _or_never(row[name])

    # -- ways
    def parent(self, table: str, value: Any) -> Row | None:
        key = self.schema.tables[table].key
        return next((row for row in self.rows[table] if value is not None and row[key] == value), None)

    def climb(self, table: str, row: Row | None, hops: tuple[str, ...]) -> tuple[str, Row | None, int]:
        """Up along foreign keys: the table and row there, and when all of the way was known."""
        known = ALWAYS
        for hop in hops:
            if row is None:
                return table, None, known
            known = max(known, self.column_known(table, row, hop))
            table, value = self.schema.tables[table].columns[hop].to, row[hop]
            row = self.parent(table, value)
            # whether a parent never was or is only to come, nobody can tell before it comes
            dated = self.schema.tables[table].known is not None
            known = max(known, NEVER if dated and row is None else ALWAYS if row is None else self.row_used(table, row))
        return table, row, known

    def shared(self, table: str, row: Row | None, hops: tuple[str, ...]) -> tuple[Any, int]:
        """The value at the end of a way, by which rows are related (whether or not it names a row), and since when."""
        table, row, known = self.climb(table, row, hops[:-1])
        if row is None:
            return None, known
        return row[hops[-1]], max(known, self.column_known(table, row, hops[-1]))

    # -- formulas
    def formula(self, bound: Bound, key: Any, t: int, *, label: bool = False, own: Row | None = None) -> Any:
        """A formula's value for one observation; None is missing."""
        key = None if key is None else str(key)
        row = self.parent(self.entity, key)

        def column(one: BoundColumn) -> Any:
            return self._own_column(one, row, t, label, own or {})

        def aggregate(one: BoundAggregate | BoundGroup) -> Any:
            assert isinstance(one, BoundAggregate)
            if one.path.peers:
                group = tuple(evaluate(part, column, t, None) for part in one.path.by)
                return self._aggregate(one, self.entity, row, group, t, label)
            return self._aggregate(one, self.entity, row, key, t, label)

        return evaluate(bound, column, t, aggregate)

    def _own_column(self, one: BoundColumn, row: Row | None, t: int, label: bool, own: Row) -> Any:
        if not one.hops and one.column in own:
            return own[one.column]
        if row is None:
            return None
        if not one.hops:
            hidden = self.row_known(self.entity, row) > t or self.column_known(self.entity, row, one.column) >= t
            return None if hidden and not label else row[one.column]  # T6
        table, above, known = self.climb(self.entity, row, one.hops)
        if above is None:
            return None
        known = max(known, self.column_known(table, above, one.column))
        hidden = self.row_known(self.entity, row) > t or known >= t
        return None if hidden and not label else above[one.column]

    def _target(self, entity: str, up: tuple[str, ...], row: Row | None, key: Any, t: int, label: bool) -> Any:
        if not up:
            return key
        if row is None or (not label and self.row_known(entity, row) > t):
            return None
        target, known = self.shared(entity, row, up)
        return None if known >= t and not label else target

    def _group_of(self, base: str, row: Row, by: tuple[Bound, ...]) -> tuple[Any, int]:
        """The values by which a row has peers, and since when they are known."""

        def column(one: BoundColumn) -> Any:
            above = self.climb(base, row, one.hops)[1]
            return None if above is None else above[one.column]

        known = ALWAYS
        for part in by:
            for one in columns_in(part):
                table, above, since = self.climb(base, row, one.hops)
                known = max(known, since, ALWAYS if above is None else self.column_known(table, above, one.column))
        return tuple(evaluate(part, column, None, None) for part in by), known

    def _aggregate(self, one: BoundAggregate, entity: str, own_row: Row | None, key: Any, t: int, label: bool) -> Any:
        base, first = one.path.down[-1]
        promise = self.schema.tables[base]
        target = key if one.path.peers else self._target(entity, one.path.up, own_row, key, t, label)
        if one.path.peers and None in target:
            target = None
        begin = t if one.gap is None else moved(t, one.gap, 1)
        visible = []
        for row in self.rows[base] if target is not None else ():
            time = ALWAYS if promise.time is None else row[promise.time]
            if one.path.peers:
                top, known = self._group_of(base, row, one.path.by)
            else:
                way = (first, *(column for _, column in reversed(one.path.down[:-1])))
                top, known = self.shared(base, row, way)
            known = max(known, self.row_known(base, row))
            if time is None or top != target:
                continue
            if begin <= time if one.forward else time < t and known < t:  # T3, T1
                known_at = _or_never(row[promise.known_at]) if promise.known_at else 0
                visible.append(((time, known_at, row["#"]), row, time))
        visible.sort(key=lambda item: item[0])  # T7
        if one.window is None:
            seen = visible
        elif one.forward:
            seen = [item for item in visible if item[2] < moved(begin, one.window, 1)]  # T3
        else:
            seen = [item for item in visible if moved(t, one.window, -1) <= item[2]]  # T2

        def value(bound: Bound, row: Row) -> Any:
            return self._on_row(bound, base, row, t, visible, one.forward, label or one.forward)

        return over_rows(one, [(row, time) for _, row, time in seen], value, t)

    def _on_row(self, bound: Bound, base: str, row: Row, t: int, visible: list, forward: bool, label: bool) -> Any:
        """A row expression as known at t: while any of its late columns is not known, all of them read as missing."""
        since = self.row_used(base, row)
        late = {}
        for column in columns_in(bound):
            table, above, known = self.climb(base, row, column.hops)
            if above is not None:
                known = max(known, self.column_known(table, above, column.column))
            if known > since:
                late[column] = known
        hidden = late if not forward and any(known >= t for known in late.values()) else {}

        def column(one: BoundColumn) -> Any:
            if one in hidden:
                return None
            above = self.climb(base, row, one.hops)[1]
            return None if above is None else above[one.column]

        def aggregate(one: BoundAggregate | BoundGroup) -> Any:
            if isinstance(one, BoundAggregate):
                own = self.schema.tables[base].key
                return self._aggregate(one, base, row, None if own is None else row[own], t, label)
            group = [self._on_row(part, base, row, t, visible, forward, label) for part in one.by]
            if None in group:
                return None
            mates = []
            for _, mate, time in visible:
                theirs = [self._on_row(part, base, mate, t, visible, forward, label) for part in one.by]
                if theirs == group and (one.window is None or moved(t, one.window, -1) <= time):
                    mates.append((mate, time))

            def value(bound: Bound, mate: Row) -> Any:
                return self._on_row(bound, base, mate, t, visible, forward, label)

            return over_rows(one, mates, value, t)

        return evaluate(bound, column, t, aggregate)


def over_rows(one: BoundAggregate | BoundGroup, seen: list, value: Callable[[Bound, Row], Any], t: int) -> Any:
    """An aggregate over rows in their order of time."""
    if one.op in SEQUENCES:
        return over_sequence(one, seen, value)
    forward = isinstance(one, BoundAggregate) and one.forward
    counted = [(row, time) for row, time in seen if one.where is None or value(one.where, row) == 1.0]
    if one.op == "share":
        return len(counted) / len(seen) if seen else None
    if one.value is None or one.op in ("gap_mean", "gap_std"):
        return over_times(one.op, [time for _, time in counted])
    values = [(value(one.value, row), time) for row, time in counted]
    return over_values(one.op, [(v, time) for v, time in values if v is not None], t, -1 if forward else 1)


SEQUENCES = {
    "median", "quantile", "entropy", "top_share", "longest_streak", "burst", "periodicity", "balance_after", "slope",
    "share_of", "next_event", "matched",
}  # fmt: skip


def over_sequence(one: BoundAggregate | BoundGroup, seen: list, value: Callable[[Bound, Row], Any]) -> float | None:
    """An aggregate that looks at its rows side by side."""

    def meets(condition: Bound | None, row: Row) -> bool:
        return condition is None or value(condition, row) == 1.0

    def of(row: Row) -> Any:
        assert one.value is not None
        return value(one.value, row)

    counted = [(row, time) for row, time in seen if meets(one.where, row)]
    times = [time for _, time in counted]
    values = [] if one.value is None else [v for row, _ in counted if (v := of(row)) is not None]
    often = sorted(values.count(v) / len(values) for v in set(values))
    constant = next((part.value for part in one.further if isinstance(part, BoundLiteral)), math.nan)
    assert isinstance(constant, float)
    match one.op:
        case "median":
            return quantile(values, 0.5)
        case "quantile":
            return quantile(values, constant)
        case "entropy":
            return -math.fsum(share * math.log(share) for share in often) if often else None
        case "top_share":
            return often[-1] if often else None
        case "balance_after":
            return min((math.fsum(values[: k + 1]) for k in range(len(values))), default=None)
        case "longest_streak":
            marks = "".join("x" if meets(one.where, row) else " " for row, _ in seen)
            return float(max(len(run) for run in marks.split(" ")))
        case "periodicity":
            gaps = [b - a for a, b in pairwise(times)]
            if len(gaps) < 2:
                return None
            middle = sorted(gaps)[(len(gaps) - 1) // 2] + sorted(gaps)[len(gaps) // 2]
            return sum(10 * abs(2 * gap - middle) <= middle for gap in gaps) / len(gaps)
        case "slope":
            pairs = [(value(one.further[0], row), of(row)) for row, _ in counted]
            pairs = [(x, y) for x, y in pairs if x is not None and y is not None]
            xs = [x for x, _ in pairs]
            if not xs or max(xs) - min(xs) <= 1e-12 * max(map(abs, xs)):
                return None
            return _slope(xs, [y for _, y in pairs])
        case "share_of":
            whole = [v for row, _ in seen if (v := of(row)) is not None]
            total, size = math.fsum(whole), math.fsum(map(abs, whole))
            return math.fsum(values) / total if abs(total) > 1e-12 * size else None
    assert isinstance(one, BoundAggregate)
    if one.op == "burst":
        span = moved(0, one.within, 1)
        return float(max((sum(0 <= b - a < span for b in times[i:]) for i, a in enumerate(times)), default=0))
    starts = [i for i, (row, _) in enumerate(seen) if meets(one.after, row)]
    ends = [i for i, (row, _) in enumerate(seen) if meets(one.where, row)]
    if one.op == "next_event":
        waits = [(seen[min(later)][1] - seen[i][1]) / DAY for i in starts if (later := [j for j in ends if j > i])]
        return math.fsum(waits) / len(waits) if waits else None
    assert one.op == "matched"
    span = moved(0, one.within, 1)
    amounts = [of(row) for row, _ in seen]
    came, passed = [], []
    for i in starts:
        x = amounts[i]
        if x is None or x <= 0:
            continue
        came.append(x)
        low, high = x * (1 - constant - 1e-9), x * (1 + constant + 1e-9)
        for j in ends:
            if j > i and seen[j][1] - seen[i][1] < span and amounts[j] is not None and low <= amounts[j] <= high:
                passed.append(x)
                ends.remove(j)
                break
    return math.fsum(passed) / math.fsum(came) if came else None


def quantile(values: list[float], share: float) -> float | None:
    """Type 7 of Hyndman and Fan."""
    if not values:
        return None
    low, rest = divmod((len(values) - 1) * share, 1)
    below, above = (sorted(values)[min(int(low) + step, len(values) - 1)] for step in (0, 1))
    return below + rest * (above - below)


def _or_never(t: int | None) -> int:
    return NEVER if t is None else t


def columns_in(bound: Bound) -> Iterator[BoundColumn]:
    if isinstance(bound, BoundColumn):
        yield bound
    elif isinstance(bound, BoundCall):
        for part in bound.args:
            yield from columns_in(part)


def over_times(op: str, times: list[int]) -> float | None:
    gaps = [(b - a) / DAY for a, b in pairwise(times)]
    if op == "count":
        return float(len(times))
    if op == "gap_mean":
        return sum(gaps) / len(gaps) if gaps else None
    if op == "gap_std":
        return _std(gaps)
    raise AssertionError(op)


def over_values(op: str, pairs: list[tuple[Any, int]], t: int, sign: int) -> Any:
    values = [value for value, _ in pairs]
    if op == "count":
        return float(len(values))
    if op == "sum":
        return math.fsum(values)
    if op == "n_unique":
        return float(len(set(values)))
    if not values:
        return None
    match op:
        case "mean":
            return math.fsum(values) / len(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "std":
            return _std(values)
        case "first":
            return values[0]
        case "last":
            return values[-1]
        case "mode":  # of equally frequent values the one seen last
            return max(set(values), key=lambda v: (values.count(v), max(i for i, x in enumerate(values) if x == v)))
        case "days_since_first":
            return sign * (t - min(values)) / DAY
        case "days_since_last":
            return sign * (t - max(values)) / DAY
        case "trend":
            return _slope([(time - pairs[0][1]) / DAY for _, time in pairs], values)
    raise AssertionError(op)


def _std(values: list[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def _slope(x: list[float], y: list[float]) -> float | None:
    if len(set(x)) < 2:
        return None
    mx, my = math.fsum(x) / len(x), math.fsum(y) / len(y)
    return math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / math.fsum((a - mx) ** 2 for a in x)


# ------------------------------------------------------------------ row operators, one value at a time
def evaluate(
    bound: Bound, column: Callable[[BoundColumn], Any], t: int | None, aggregate: Callable[[Any], Any] | None
) -> Any:
    match bound:
        case BoundLiteral(value=value):
            return float(value) if isinstance(value, bool) else value
        case BoundCutoff():
            return t
        case BoundColumn():
            return column(bound)
        case BoundAggregate() | BoundGroup():
            assert aggregate is not None
            return aggregate(bound)
    args = [evaluate(arg, column, t, aggregate) for arg in bound.args]
    if bound.op in LENIENT:
        return LENIENT[bound.op](*args)
    if any(arg is None for arg in args):
        return None
    if bound.op == "sub" and bound.args[0].type == Type.TIME:
        return (args[0] - args[1]) / DAY
    try:
        result = STRICT[bound.op](*args)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    if isinstance(result, complex) or (isinstance(result, float) and not math.isfinite(result)):
        return None
    return float(result) if isinstance(result, bool) else result


def _and(a: Any, b: Any) -> Any:
    return 0.0 if 0.0 in (a, b) else None if None in (a, b) else 1.0


def _or(a: Any, b: Any) -> Any:
    return 1.0 if 1.0 in (a, b) else None if None in (a, b) else 0.0


def _at(t: int) -> datetime:
    return EPOCH + timedelta(microseconds=t)


def _whole_months(a: int, b: int) -> int:
    """The most months that, added to the earlier time, do not pass the later one; negative backwards."""
    if b < a:
        return -_whole_months(b, a)
    count = 0
    while moved(a, _Months(count + 1), 1) <= b:
        count += 1
    return count


class _Months:
    unit = "mo"

    def __init__(self, count: int) -> None:
        self.count = count


# The State Council's notice for 2024: days off, and weekends worked in exchange.
OFF_2024 = [(1, 1, 1), (2, 10, 17), (4, 4, 6), (5, 1, 5), (6, 8, 10), (9, 15, 17), (10, 1, 7)]
WORKED_2024 = [(2, 4), (2, 18), (4, 7), (4, 28), (5, 11), (9, 14), (9, 29), (10, 12)]


def _holiday_2024(day: datetime) -> bool:
    assert day.year == 2024
    return any(day.month == month and first <= day.day <= last for month, first, last in OFF_2024)


def _workday_2024(day: datetime) -> bool:
    return (day.month, day.day) in WORKED_2024 or (day.weekday() < 5 and not _holiday_2024(day))


def _words(text: str) -> list[str]:
    """Words of texts in ASCII and Chinese, letter by letter."""
    found, run = [], ""
    for c in [*text.lower(), " "]:
        if c.isascii() and c.isalnum():
            run += c
            continue
        found += [run] if run else []
        found += [c] if "一" <= c <= "龥" else []
        run = ""
    return found


def _mentions(text: str, word: str) -> bool:
    if not word.isascii():
        return word in text
    words, sought = _words(text), _words(word)
    return any(words[i : i + len(sought)] == sought for i in range(len(words)))


LENIENT: dict[str, Callable[..., Any]] = {
    "and": _and,
    "or": _or,
    "is_missing": lambda x: float(x is None),
    "coalesce": lambda *xs: next((x for x in xs if x is not None), None),
    "where": lambda c, a, b: None if c is None else a if c == 1.0 else b,
    "in": lambda x, *choices: None if x is None else float(x in choices),
}
STRICT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "log": math.log,
    "log1p": math.log1p,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda a: float((a > 0) - (a < 0)),
    "floor": lambda a: float(math.floor(a)),
    "round": lambda a, digits=0.0: round(a, int(digits)),
    "clip": lambda a, low, high: min(max(a, low), high),
    "minimum": min,
    "maximum": max,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "not": lambda a: 1.0 - a,
    "days_since": lambda a, t: (t - a) / DAY,
    "year": lambda a: float(_at(a).year),
    "month": lambda a: float(_at(a).month),
    "day": lambda a: float(_at(a).day),
    "weekday": lambda a: float(_at(a).weekday()),
    "hour": lambda a: float(_at(a).hour),
    "day_of_year": lambda a: float(_at(a).timetuple().tm_yday),
    "is_weekend": lambda a: _at(a).weekday() >= 5,
    "is_night": lambda a: _at(a).hour >= 22 or _at(a).hour < 6,
    "length": lambda a: float(len(a)),
    "contains": lambda a, part: part in a,
    "minute": lambda a: float(_at(a).minute),
    "quarter": lambda a: float([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4][_at(a).month - 1]),
    "week": lambda a: float(_at(a).isocalendar().week),
    "is_month_start": lambda a: _at(a).day == 1,
    "is_month_end": lambda a: (_at(a) + timedelta(days=1)).day == 1,
    "days_to_month_end": lambda a: float(next(d for d in range(31) if (_at(a) + timedelta(days=d + 1)).day == 1)),
    "months_between": lambda a, b: float(_whole_months(a, b)),
    "years_between": lambda a, b: float(math.trunc(_whole_months(a, b) / 12)),
    "is_holiday": lambda a, country: _holiday_2024(_at(a)),
    "is_workday": lambda a, country: _workday_2024(_at(a)),
    "starts_with": lambda a, part: a[: len(part)] == part,
    "occurrences": lambda a, part: float(len(a.split(part)) - 1),
    "digits": lambda a: float(len([c for c in a if c.isdecimal()])),
    "n_words": lambda a: float(len(_words(a))),
    "keyword": lambda a, *words: any(_mentions(a, word) for word in words),
    "term_share": lambda a, word: (
        (len(a.split(word)) - 1 if not word.isascii() else _words(a).count(word)) / len(_words(a))
    ),
}
