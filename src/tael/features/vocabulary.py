"""What the training observations' own past looks like: frequent categories and thresholds that conditions may use.

Nothing here sees a row that no training observation could have known at its cutoff (LAW 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.engine.rows import Dated
from tael.engine.store import mask
from tael.formulas.bound import Path
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import NAT, Values
from tael.tables.schema import Role, Schema, Type

DAYS = ("day", "days")


@dataclass(frozen=True)
class Expression:
    """Something on the rows of a table that can be aggregated.

    Attributes
    ----------
    node : Node
    type : Type
    derived : bool
        Whether it was made of several columns.
    unit : str or None
    ratio : bool
        Whether it is a quotient.
    """

    node: Node
    type: Type
    derived: bool = False
    unit: str | None = None
    ratio: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The words of one path.

    Attributes
    ----------
    expressions : list of Expression
        What can be aggregated.
    conditions, remote : list of Node
        On the row, and on its parents.
    above : list of Expression
        Parents' numbers and flags, which count once for each row.
    kinds : list of Node
        Columns that tell rows apart (foreign keys, codes): how many rows come to one of them.
    """

    expressions: list[Expression] = field(default_factory=list)
    conditions: list[Node] = field(default_factory=list)
    remote: list[Node] = field(default_factory=list)
    above: list[Expression] = field(default_factory=list)
    kinds: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Visible:
    """The rows of a path that some training observation knew at its cutoff.

    Attributes
    ----------
    places : ndarray of int64, shape (n,)
        In the path's order.
    limit : ndarray of int64, shape (n,)
        The last cutoff at which each of them was seen.
    """

    places: NDArray[np.int64]
    limit: NDArray[np.int64]

    def read(self, dated: Dated) -> Values:
        """An expression on these rows, as known at their limits."""
        values = Values(dated.values.type, dated.values.data[self.places], dated.values.levels)
        if dated.known is None:
            return values
        late = dated.known[self.places] >= self.limit
        if dated.before is None:
            return mask(values, late)
        return Values(values.type, np.where(late, dated.before.data[self.places], values.data), values.levels)


def visible_rows(engine: Engine, seen: Observed, path: Path) -> Visible:
    """The rows that some training observation knew at its cutoff.

    Parameters
    ----------
    engine : Engine
    seen : Observed
        The training observations.
    path : Path
    """
    shape = engine.shape(path)
    entity = seen.entities(path)
    latest = np.full(len(shape.offsets) - 1, NAT, dtype=np.int64)
    inside = entity >= 0
    np.maximum.at(latest, entity[inside], seen.cutoff[inside])
    owner = np.repeat(np.arange(len(latest)), np.diff(shape.offsets))
    limit = latest[owner]
    known = shape.time < limit
    if shape.known is not None:
        known &= shape.known < limit
    places = np.flatnonzero(known)
    return Visible(places, limit[places])


@dataclass(frozen=True)
class Entry:
    """A column that a formula on a table's rows may name.

    Attributes
    ----------
    name : Name
        As it is written inside an aggregate.
    table, column : str
    type : Type
    unit : str or None
    through : str or None
        The foreign key that leads to the table, if it is a parent's.
    """

    name: Name
    table: str
    column: str
    type: Type
    unit: str | None = None
    through: str | None = None


def table_entries(schema: Schema, table: str, skip: str | None = None) -> list[Entry]:
    """The columns of a table, then those of its parents (one step up).

    Parameters
    ----------
    schema : Schema
    table : str
    skip : str, optional
        A foreign key whose parent is left out: on the way from an observation straight down to its rows, that parent
        is the same for all of them.
    """
    out: list[Entry] = []
    promise = schema.tables[table]
    for column, detail in promise.columns.items():
        if _usable(schema, table, column):
            out.append(Entry(Name((table, column)), table, column, detail.type or Type.TEXT, detail.unit))
    for foreign, detail in promise.columns.items():
        parent = detail.to
        if parent is None or parent not in schema.tables or parent == table or foreign == skip:
            continue
        alone = sum(other.to == parent for other in promise.columns.values()) == 1
        for column, above in schema.tables[parent].columns.items():
            if _usable(schema, parent, column):
                name = Name((parent if alone else foreign, column))
                out.append(Entry(name, parent, column, above.type or Type.TEXT, above.unit, foreign))
    return out


def _usable(schema: Schema, table: str, column: str) -> bool:
    detail = schema.tables[table].column(column)
    return detail.role == Role.FEATURE and column != schema.tables[table].key and detail.to is None


def row_differences(entries: list[Entry], base: str, event: str | None, most: int) -> list[Expression]:
    """Days between two times of a row (paid - due), and from a parent's time to the event (visit - born)."""
    own = [entry.name for entry in entries if entry.type == Type.TIME and entry.table == base]
    above = [entry.name for entry in entries if entry.type == Type.TIME and entry.table != base]
    pairs = [(a, b) for i, a in enumerate(own) for b in own[:i]]
    pairs += [(Name((base, event)), b) for b in above if event is not None]
    return [Expression(Call("sub", pair), Type.NUMBER, derived=True, unit="days") for pair in pairs[:most]]


def forwards(difference: Expression, days: NDArray[np.float64]) -> Expression:
    """The difference the way round in which most of its values are positive."""
    node = difference.node
    if isinstance(node, Call) and len(days) and np.nanmedian(np.r_[days, 0.0]) < 0.0:
        return replace(difference, node=Call("sub", node.args[::-1]))
    return difference


def is_span(difference: Expression, days: NDArray[np.float64]) -> bool:
    """Whether a difference is how long something took (a stay): never negative, and not always the same."""
    present = days[~np.isnan(days)]
    return len(present) > 0 and bool(present.min() >= 0.0) and bool(present.max() > present.min())


def row_rates(numbers: list[Expression], spans: list[Expression], most: int) -> list[Expression]:
    """What a row has per day of a span, first and last day counted (cost per day of the stay)."""
    out = [
        Expression(Call("div", (a.node, Call("add", (b.node, Literal(1.0))))), Type.NUMBER, derived=True, ratio=True)
        for b in spans
        for a in numbers
        if a.unit not in DAYS
    ]
    return out[:most]


def row_ratios(numbers: list[Expression], most: int) -> list[Expression]:
    """Quotients of a row's numbers (due / lent, days held / term); of one unit, where both have one."""
    plain = [e for e in numbers if not e.derived]
    spans = [e for e in plain if e.unit in DAYS]
    out = [
        Expression(Call("div", (a.node, b.node)), Type.NUMBER, derived=True, ratio=True)
        for b in plain
        for a in plain
        if a is not b and (a.unit is None or b.unit is None or a.unit == b.unit)
    ]
    for a in numbers:
        if a.derived:
            # days are measured by days; where no column is said to hold any, by a number without a unit
            for b in spans or [e for e in plain if e.unit is None]:
                out.append(Expression(Call("div", (a.node, b.node)), Type.NUMBER, derived=True, ratio=True))
                if b.unit in DAYS:
                    out.append(Expression(Call("sub", (a.node, b.node)), Type.NUMBER, derived=True, unit="days"))
    return out[:most]


def like_named(entries: list[Entry], least: int = 3) -> list[list[Entry]]:
    """Columns that differ in a number at the end alone (``diagnosis_1``, ``diagnosis_2``, ...)."""
    groups: dict[tuple[str, str, Type], list[Entry]] = {}
    for entry in entries:
        stem = entry.column.rstrip("0123456789")
        if stem and stem != entry.column:
            groups.setdefault((entry.table, stem, entry.type), []).append(entry)
    return [group for group in groups.values() if len(group) >= least]


def same_prefix(entries: list[Entry], least: int = 3) -> list[list[Entry]]:
    """Numbers and flags of one table whose names begin alike (``chronic_cancer``, ``chronic_stroke``, ...)."""
    groups: dict[tuple[str, str | None, str, str | None], list[Entry]] = {}
    for entry in entries:
        stem, mark, _ = entry.column.partition("_")
        if mark and entry.type in (Type.NUMBER, Type.FLAG):
            groups.setdefault((entry.table, entry.through, stem, entry.unit), []).append(entry)
    return [group for group in groups.values() if len(group) >= least]


def how_many(names: list[Node], columns: list[NDArray[np.float64]]) -> Expression:
    """The sum of like columns; of columns of few values, how many of them have the rarer one."""
    present = np.concatenate([column[~np.isnan(column)] for column in columns])
    values, often = np.unique(present, return_counts=True)
    if 2 <= len(values) <= 4 and values.tolist() != [0.0, 1.0]:
        rarer = Literal(float(values[np.argmin(often)]))
        return Expression(total([Call("eq", (name, rarer)) for name in names]), Type.NUMBER, derived=True)
    return Expression(total(names), Type.NUMBER, derived=True)


def total(nodes: list[Node]) -> Node:
    """Their sum."""
    out = nodes[0]
    for node in nodes[1:]:
        out = Call("add", (out, node))
    return out


def filled(group: list[Entry]) -> Expression:
    """How many columns of a group have a value."""
    return Expression(total([Call("not", (Call("is_missing", (e.name,)),)) for e in group]), Type.NUMBER, derived=True)


def same_levels(a: Values, b: Values, least: int = 20) -> bool:
    """Whether two categories speak of the same things (two columns of physicians): enough levels in common."""
    first, second = (set(one.strings()) - {None} for one in (a, b))
    common = len(first & second)
    return common >= least and common >= 0.1 * min(len(first), len(second))


def frequent_levels(values: Values, most: int, least_share: float) -> list[str]:
    """The most frequent categories, most frequent first (ties by name)."""
    codes = values.data
    if values.levels is None or len(codes) == 0:
        return []
    counts = np.bincount(codes[codes >= 0], minlength=len(values.levels))
    order = np.argsort(-counts, kind="stable")[:most]
    return [values.levels[code] for code in order if counts[code] >= max(least_share * len(codes), 1)]


def thresholds(values: NDArray[np.float64], quantiles: tuple[float, ...]) -> list[float]:
    """Round numbers near some quantiles, for conditions such as ``amount > 5000``; none for a column of two values."""
    present = values[~np.isnan(values)]
    if len(present) < 20:
        return []
    found: list[float] = []
    low, high = float(present.min()), float(present.max())
    distinct = np.unique(present[:: max(1, len(present) // 1000)])
    if len(distinct) <= 4:
        return [float(value) for value in distinct[:-1]]
    if low < 0.0 < high:
        found.append(0.0)
    for q in quantiles:
        cut = _rounded(float(np.quantile(present, q)))
        if low <= cut < high and cut not in found:
            found.append(cut)
    return found


def _rounded(x: float) -> float:
    return 0.0 if x == 0.0 else float(f"{x:.2g}")


def equals(column: Name, level: str) -> Node:
    """The condition that a category has a value."""
    return Call("eq", (column, Literal(level)))
