"""What the training observations' own past looks like: frequent categories and thresholds that conditions may use.

Nothing here sees a row that no training observation could have known at its cutoff (LAW 1).
"""

from __future__ import annotations

from dataclasses import dataclass, field

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


@dataclass(frozen=True)
class Expression:
    """Something on the rows of a table that can be aggregated.

    Attributes
    ----------
    node : Node
    type : Type
    derived : bool
        Whether it was made of several columns.
    """

    node: Node
    type: Type
    derived: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """The words of one path: what can be aggregated, and under which conditions."""

    expressions: list[Expression] = field(default_factory=list)
    conditions: list[Node] = field(default_factory=list)


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


def table_names(schema: Schema, table: str) -> list[tuple[Name, str, str, Type]]:
    """Columns that a formula on a table's rows may name: its own, then its parents' (one step up).

    Returns
    -------
    list of (name inside an aggregate, table, column, type)
    """
    out: list[tuple[Name, str, str, Type]] = []
    promise = schema.tables[table]
    for column, detail in promise.columns.items():
        if _usable(schema, table, column):
            out.append((Name((table, column)), table, column, detail.type or Type.TEXT))
    for foreign, detail in promise.columns.items():
        parent = detail.to
        if parent is None or parent not in schema.tables or parent == table:
            continue
        alone = sum(other.to == parent for other in promise.columns.values()) == 1
        for column, above in schema.tables[parent].columns.items():
            if _usable(schema, parent, column):
                name = Name((parent if alone else foreign, column))
                out.append((name, parent, column, above.type or Type.TEXT))
    return out


def _usable(schema: Schema, table: str, column: str) -> bool:
    detail = schema.tables[table].column(column)
    return detail.role == Role.FEATURE and column != schema.tables[table].key and detail.to is None


def row_differences(names: list[tuple[Name, str, str, Type]], most: int) -> list[Expression]:
    """Days between any two times of a row (paid - due, discharged - admitted, visit - born)."""
    times = [name for name, _, _, kind in names if kind == Type.TIME]
    pairs = [(a, b) for i, a in enumerate(times) for b in times[:i]]
    return [Expression(Call("sub", (a, b)), Type.NUMBER, derived=True) for a, b in pairs[:most]]


def row_ratios(numbers: list[Node], per: list[Node], most: int) -> list[Expression]:
    """Quotients of a row's numbers (due / lent, days held / term)."""
    out = [
        Expression(Call("div", (a, b)), Type.NUMBER, derived=True)
        for b in per
        for a in numbers
        if a != b and not _within(b, a)
    ]
    return out[:most]


def _within(part: Node, whole: Node) -> bool:
    return isinstance(whole, Call) and part in whole.args


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
    found = []
    low, high = float(present.min()), float(present.max())
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
