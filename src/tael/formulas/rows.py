"""Row formulas on arrays: literals, columns and row operators, whole columns at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import FormulaError
from tael.formulas import operators
from tael.formulas.bound import Bound, BoundAggregate, BoundCall, BoundColumn, BoundCutoff, BoundGroup, BoundLiteral
from tael.formulas.values import Values
from tael.tables.schema import Type


def evaluate_row(
    bound: Bound,
    column: Callable[[BoundColumn], Values],
    cutoff: NDArray[np.int64] | None = None,
    *,
    aggregate: Callable[[Any], Values] | None = None,
    rows: int | None = None,
) -> Values:
    """Compute a formula for many rows.

    Parameters
    ----------
    bound : Bound
    column : callable of BoundColumn
        Gives a column's values, one for each row, with ``bound.type``.
    cutoff : ndarray of int64, shape (n,), optional
        Microseconds since 1970-01-01; needed where the formula names the cutoff.
    aggregate : callable of BoundAggregate or BoundGroup, optional
        Gives an aggregate's values, one for each row.
    rows : int, optional
        How many rows; a constant formula is repeated so often. Without it a constant has one row.

    Returns
    -------
    Values

    Raises
    ------
    FormulaError
        If the formula needs a cutoff or aggregates that were not given.

    Examples
    --------
    >>> from tael.tables.schema import Schema
    >>> from tael.formulas.resolve import resolve
    >>> schema = Schema.from_dict({"loans": {"columns": {"amount": {"type": "number"}}}})
    >>> bound = resolve("1200 / amount", schema, "loans")
    >>> evaluate_row(bound, lambda column: Values.number([12.0, 0.0])).data.tolist()
    [100.0, nan]
    """
    values = _evaluate(bound, column, cutoff, aggregate)
    return values if rows is None else values.spread(rows)


def _evaluate(
    bound: Bound,
    column: Callable[[BoundColumn], Values],
    cutoff: NDArray[np.int64] | None,
    aggregate: Callable[[Any], Values] | None,
) -> Values:
    match bound:
        case BoundLiteral():
            return literal(bound)
        case BoundCutoff():
            if cutoff is None:
                raise FormulaError("The formula names the cutoff, but there is none here.", got="cutoff")
            return Values(Type.TIME, cutoff)
        case BoundColumn():
            return _checked(column(bound), bound.type, f"{bound.table}.{bound.column}")
        case BoundAggregate() | BoundGroup():
            if aggregate is None:
                raise FormulaError("The formula aggregates, but a row formula is wanted here.", got=f"{bound.op}(...)")
            return _checked(aggregate(bound), bound.type, f"{bound.op}({bound.table})")
        case BoundCall():
            compute = operators.get(bound.op).compute
            assert compute is not None, bound.op
            return compute(*(_evaluate(arg, column, cutoff, aggregate) for arg in bound.args))


def literal(bound: BoundLiteral) -> Values:
    """A constant as values of one row.

    >>> literal(BoundLiteral("car", Type.CATEGORY))
    Values(type=<Type.CATEGORY: 'category'>, data=array([0], dtype=int32), levels=('car',))
    """
    value: Any = bound.value
    if bound.type is Type.TIME:
        return Values(Type.TIME, np.array([value], dtype=np.int64))
    if bound.type is Type.NUMBER:
        return Values(Type.NUMBER, np.array([value], dtype=np.float64))
    if bound.type is Type.FLAG:
        return Values(Type.FLAG, np.array([float(value)]))
    return Values(Type.CATEGORY, np.zeros(1, dtype=np.int32), (value,))


def _checked(values: Values, wanted: Type, where: str) -> Values:
    """Operators go by the types of what comes in, so a column of another type would be computed wrongly."""
    if values.type is wanted:
        return values
    raise FormulaError(
        "A column came with another type than the schema promises.",
        expected=str(wanted),
        got=str(values.type),
        where=where,
        fix="Set its type in tables.toml, or hand over a frame of that type.",
    )
