"""Who is compared with whom: rows of one table that share values, and statistics of a training set by group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine.pairs import Groups, Rows, codes_of, numbered
from tael.engine.rows import ChildRows
from tael.engine.shapes import BEGINNING, Shape, latest, sort_out
from tael.engine.store import Store, missing, take
from tael.errors import FormulaError
from tael.formulas.bound import Bound, BoundGroup
from tael.formulas.values import NAT, Values
from tael.tables.schema import Type

Evaluate = Callable[[Bound], Values]


class Peers:
    """The rows of a table, grouped by expressions on them, in the order of time.

    Parameters
    ----------
    store : Store
    table : str
    by : sequence of Bound
        On the table's rows; a row whose group becomes known later than itself is a peer from then on.

    Attributes
    ----------
    shape : Shape
    """

    def __init__(self, store: Store, table: str, by: Sequence[Bound]) -> None:
        n = len(store.tables[table])
        straight = Shape(np.arange(n), np.array([0, n]), np.full(n, BEGINNING), None, True, True)
        rows = ChildRows(store, table, straight)
        late = store.row_known(table) if store.tables.schema.tables[table].known_at else None
        columns = []
        for part in by:
            dated = rows.dated(part)
            columns.append(dated.values)
            late = latest(late, dated.known)
        self._groups = _Numbering(columns, n)
        self.shape = sort_out(store, table, self._groups.of_fitted, late, self._groups.size)

    def ids(self, by: Sequence[Bound], evaluate: Evaluate, n: int) -> NDArray[np.int64]:
        """The group of each of n observations, given what ``by`` is for them; -1: none."""
        return self._groups.find([evaluate(part) for part in by], n)


class _Numbering:
    """Numbers for the combinations of values that some rows have."""

    def __init__(self, columns: Sequence[Values], n: int) -> None:
        frame = _frame(columns, n)
        self._known = frame.drop_nulls().unique(maintain_order=True).with_row_index("#")
        self.size = len(self._known)
        self.of_fitted = self._find(frame)

    @property
    def keys(self) -> list[list[Any]]:
        """The values of each group, by column."""
        return [self._known[name].to_list() for name in self._known.columns if name not in ("#", "all")]

    def find(self, columns: Sequence[Values], n: int) -> NDArray[np.int64]:
        return self._find(_frame(columns, n))

    def _find(self, frame: pl.DataFrame) -> NDArray[np.int64]:
        found = frame.join(self._known, on=frame.columns, how="left", maintain_order="left")["#"]
        return found.cast(pl.Int64).fill_null(-1).to_numpy()


def _frame(columns: Sequence[Values], n: int) -> pl.DataFrame:
    out = {"all": pl.Series(np.zeros(n, dtype=np.int8))}
    for i, values in enumerate(columns):
        out[str(i)] = _series(values.spread(n))
    return pl.DataFrame(out)


def _series(values: Values) -> pl.Series:
    if values.type is Type.TIME:
        return pl.Series(values.data).set(pl.Series(values.data == NAT, dtype=pl.Boolean), None)
    if values.type is Type.CATEGORY:
        return pl.Series(values.strings().tolist(), dtype=pl.String)
    # -0 and 0 are one group
    return pl.Series(values.data + 0.0, nan_to_null=True)


@dataclass(frozen=True)
class Population:
    """A statistic of training observations, by group.

    Parameters
    ----------
    by : list of list
        The values that make a group, one list for each expression of ``by=``; empty: one group of all.
    types : list of Type
        Of these expressions.
    values : list
        The statistic of each group; None is missing.
    type : Type
    """

    by: list[list[Any]]
    types: list[Type]
    values: list[Any]
    type: Type

    def at(self, columns: Sequence[Values], n: int) -> Values:
        """The statistic of the group of each of n observations; missing where training has not seen the group."""
        data, levels = _array(self.values, self.type)
        if not self.types:
            place = np.zeros(n, dtype=np.int64) if len(data) else np.full(n, -1, dtype=np.int64)
        else:
            own = [_plain(kind, column) for kind, column in zip(self.types, self.by, strict=True)]
            numbers = _Numbering(own, len(self.values))
            place = numbers.find(columns, n)
        return take(Values(self.type, data, levels), place)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; numbers come back to the last bit."""
        return {
            "by": self.by, "types": [str(kind) for kind in self.types], "values": self.values, "type": str(self.type),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Population:
        """Read back what :meth:`to_dict` wrote."""
        return cls(plain["by"], [Type(kind) for kind in plain["types"]], plain["values"], Type(plain["type"]))


def fit_population(one: BoundGroup, evaluate: Evaluate, n: int, n_threads: int) -> Population:
    """Compute a statistic by group over training observations.

    Parameters
    ----------
    one : BoundGroup
    evaluate : callable of Bound
        Gives values of the training observations, as known at their cutoffs.
    n : int
        How many observations.
    """
    columns = [evaluate(part).spread(n) for part in one.by]
    numbering = _Numbering(columns, n)
    group = numbering.of_fitted if columns else np.zeros(n, dtype=np.int64)
    kept = np.flatnonzero(group >= 0)

    def taken(bound: Bound) -> Values:
        values = evaluate(bound).spread(n)
        return Values(values.type, values.data[kept], values.levels)

    laid = Groups(Rows(taken, len(kept)), group[kept], np.ones(len(kept), dtype=bool), np.zeros(len(kept), np.int64))
    told = laid.compute(one, n_threads)
    return Population(numbering.keys, [part.type for part in one.by], _listed(told), one.type)


def not_fitted(one: BoundGroup) -> FormulaError:
    """The error for a statistic of a training set that nobody has computed."""
    return FormulaError(
        f"`{one.text}` is a statistic of the training observations, and none were given.",
        expected="formulas that were fitted: AutoFeatures(...).fit(X, y), or Engine.fit(formulas, X)",
        got="no fitted value",
        fix='Fit first; or add `among="as_of"` for the rows known before each cutoff.',
    )


def _listed(values: Values) -> list[Any]:
    if values.type is Type.CATEGORY:
        return list(values.strings())
    return [None if gone else item for item, gone in zip(values.data.tolist(), values.missing, strict=True)]


def _array(values: Sequence[Any], kind: Type) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    if kind is Type.CATEGORY:
        made = Values.category(values)
        return made.data, made.levels
    absent = missing(kind)
    return np.array([absent if v is None else v for v in values], np.int64 if kind is Type.TIME else np.float64), None


def _plain(kind: Type, column: Sequence[Any]) -> Values:
    data, levels = _array(column, kind)
    return Values(kind, data, levels)


__all__ = ["Peers", "Population", "codes_of", "fit_population", "not_fitted", "numbered"]
