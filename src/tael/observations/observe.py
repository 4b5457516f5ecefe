"""Make observations: entities x cutoffs, their labels, and which labels are not known yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import FormulaError, ObservationsError, did_you_mean
from tael.formulas.bound import Bound, BoundAggregate, walk_bound
from tael.formulas.durations import Duration
from tael.observations.spec import LabelSpec, ObservationSpec
from tael.tables.frames import Tables
from tael.tables.schema import Type

CUTOFF = "cutoff"


@dataclass(frozen=True)
class Observations:
    """A sample.

    Attributes
    ----------
    frame : polars.DataFrame
        The key and the cutoff (column ``cutoff``) of each observation, ordered by cutoff, then as in the table.
    label : ndarray of float64, shape (n,)
        NaN where the label is not known: these are the rows to predict. Of categories: the position in `classes`.
    weight : ndarray of float64, shape (n,), or None
    excluded : list of (reason, count)
    key : str
    data_end : datetime
        Up to when the tables are complete.
    classes : tuple of str
        What the label's numbers stand for, where it is a category.
    """

    frame: pl.DataFrame
    label: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    key: str
    data_end: datetime
    excluded: list[tuple[str, int]] = field(default_factory=list)
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Whether each observation's label is known."""
        return ~np.isnan(self.label)


def observe(
    tables: Tables, spec: ObservationSpec, label: LabelSpec | None = None, *, engine: Engine | None = None
) -> Observations:
    """Make the observations of a sample design.

    Parameters
    ----------
    tables : Tables
    spec : ObservationSpec
    label : LabelSpec, optional
        Left out: all labels are missing (scoring).
    engine : Engine, optional
        One made for the same tables and entity, to share its arrays.

    Returns
    -------
    Observations

    Raises
    ------
    ObservationsError
        If the entity has no such table or column, or nothing is left to observe.

    Examples
    --------
    >>> from datetime import datetime
    >>> tables = Tables(
    ...     {"people": pl.DataFrame({"id": [1, 2], "joined": [datetime(2024, 1, 1)] * 2}),
    ...      "visits": pl.DataFrame({"who": [1, 1, 2], "day": [datetime(2024, m, 3) for m in (1, 3, 2)]})},
    ...     {"people": {"key": "id", "time": "joined"},
    ...      "visits": {"time": "day", "columns": {"who": {"to": "people"}}}})
    >>> spec = ObservationSpec(entity="people", at=(datetime(2024, 2, 1), datetime(2024, 3, 1)))
    >>> seen = observe(tables, spec, LabelSpec(formula='count(visits, next="1mo") == 0'))
    >>> seen.label.tolist()
    [1.0, 0.0, nan, nan]
    """
    engine = engine or Engine(tables, spec.entity, cutoff=CUTOFF)
    if spec.entity not in tables:
        raise ObservationsError(
            "The entity to observe has no table.",
            expected="the name of a table",
            got=spec.entity,
            where="entity",
            fix=did_you_mean(spec.entity, tables),
        )
    key = engine.key
    if key not in tables[spec.entity].columns:
        raise ObservationsError(
            "The table to observe has no key, so its rows cannot be told apart.",
            expected=f"a key column of {spec.entity}",
            got=", ".join(tables[spec.entity].columns[:20]),
            where=f"table {spec.entity}",
            fix=f'Name it in tables.toml: [{spec.entity}] key = "...".',
        )
    end = data_end(tables, spec)
    frame = _pairs(tables, spec, key, end)
    excluded: list[tuple[str, int]] = []
    if spec.where is not None:
        keep = _flag(engine, spec.where, frame, "where", label=False) == 1.0
        if not keep.all():
            excluded.append((f"not in the population: {spec.where}", int((~keep).sum())))
            frame = frame.filter(pl.Series(keep))
    y, classes = (np.full(len(frame), np.nan), ()) if label is None else _labels(engine, label, frame, end)
    for reason, formula in spec.exclude.items():
        forward = _looks_forward(engine, formula)
        drop = _flag(engine, formula, frame, f"exclude.{reason}", label=forward) == 1.0
        if forward:
            drop &= ~np.isnan(y)
        excluded.append((reason, int(drop.sum())))
        frame, y = frame.filter(pl.Series(~drop)), y[~drop]
    if len(frame) == 0:
        raise ObservationsError(
            "Nothing is left to observe.",
            expected=f"at least one row of {spec.entity} with a cutoff, inside start, end, where and exclude",
            got="; ".join(f"{reason}: {n} left out" for reason, n in excluded) or f"{len(tables[spec.entity])} rows",
            fix="Look at the entity's times and at the conditions.",
        )
    weight = None
    if spec.weight is not None:
        weight = _weight(engine, spec.weight, frame)
        if not np.all(np.nan_to_num(weight, nan=-1.0) >= 0):
            row = int(np.flatnonzero(~(np.nan_to_num(weight, nan=-1.0) >= 0))[0])
            raise ObservationsError(
                "A weight is negative or missing.",
                expected="a number from 0 on",
                got=str(weight[row]),
                where=f"weight = {spec.weight}, {key} = {frame[key][row]}",
                fix="Give every observation a weight (see `coalesce`).",
            )
    return Observations(frame, y, weight, key, end, excluded, classes)


def _weight(engine: Engine, formula: str, frame: pl.DataFrame) -> NDArray[np.float64]:
    bound = engine.bind(formula)
    if bound.type not in (Type.FLAG, Type.NUMBER):
        raise ObservationsError(
            "A weight must be a number.",
            expected="such as coalesce(amount, 1)",
            got=f"a {bound.type}",
            where=f"weight = {formula}",
            fix="Make a number of it.",
        )
    return engine.evaluate([bound], frame)[0].data


def data_end(tables: Tables, spec: ObservationSpec) -> datetime:
    """Up to when the tables are complete: as stated, or the last known time in them."""
    if spec.data_end is not None:
        return _moment(spec.data_end)
    end = tables.end
    if end is None:
        raise ObservationsError(
            "No table has a time, so nobody can say up to when the data is complete.",
            expected="a time column in some table, or data_end",
            fix="Name the time columns in tables.toml, or state data_end in the scenario.",
        )
    return end


def _pairs(tables: Tables, spec: ObservationSpec, key: str, end: datetime) -> pl.DataFrame:
    table, promise = tables[spec.entity], tables.schema.tables[spec.entity]
    if spec.cutoff is not None:
        if promise.columns.get(spec.cutoff) is None or promise.columns[spec.cutoff].type != Type.TIME:
            times = [name for name, column in promise.columns.items() if column.type == Type.TIME]
            raise ObservationsError(
                "The cutoff is no time column of the entity.",
                expected=f"one of: {', '.join(times) or 'none there'}",
                got=spec.cutoff,
                where=f"table {spec.entity}",
                fix=did_you_mean(spec.cutoff, times),
            )
        pairs = table.select(pl.col(key), pl.col(spec.cutoff).alias(CUTOFF)).filter(pl.col(CUTOFF).is_not_null())
    else:
        moments = _calendar(tables, spec, end) if spec.every else [_moment(at) for at in spec.at]
        cutoffs = pl.DataFrame({CUTOFF: pl.Series(moments, dtype=pl.Datetime("us"))}).unique(maintain_order=True)
        known = (
            pl.col(promise.known).alias("_known") if promise.known else pl.lit(None, pl.Datetime("us")).alias("_known")
        )
        pairs = table.select(pl.col(key), known).join(cutoffs, how="cross")
        if promise.known:
            pairs = pairs.filter(pl.col("_known") <= pl.col(CUTOFF))
        pairs = pairs.select(key, CUTOFF)
    if spec.start is not None:
        pairs = pairs.filter(pl.col(CUTOFF) >= _moment(spec.start))
    if spec.end is not None:
        pairs = pairs.filter(pl.col(CUTOFF) <= _last_moment(spec.end))
    return pairs.sort(CUTOFF, maintain_order=True)


def _calendar(tables: Tables, spec: ObservationSpec, end: datetime) -> list[datetime]:
    rule = Duration.parse(str(spec.every))
    first = _moment(spec.start) if spec.start is not None else _beginning(tables)
    if first is None:
        raise ObservationsError(
            "The calendar has no beginning.",
            expected="a time column in some table, or start",
            where=f'every = "{spec.every}"',
            fix="State start in the scenario.",
        )
    unit = {"mo": "mo", "y": "y", "w": "w", "d": "d", "h": "h"}.get(rule.unit)
    if unit is None:
        raise ObservationsError(
            "Observations cannot be made so often.",
            expected='"1h", "1d", "1w", "1mo" or "1y"',
            got=str(spec.every),
            fix="Choose one of these.",
        )
    every = f"{rule.count}{unit}"
    begin = pl.Series([first]).dt.truncate(f"1{unit}")[0]
    last = min(end, _last_moment(spec.end)) if spec.end is not None else end
    moments = pl.datetime_range(begin, last, every, eager=True, time_unit="us")
    return [moment for moment in moments.to_list() if moment >= first]


def _beginning(tables: Tables) -> datetime | None:
    firsts = [tables[name][promise.time].min() for name, promise in tables.schema.tables.items() if promise.time]
    known = [first for first in firsts if isinstance(first, datetime)]
    return min(known) if known else None


def _labels(
    engine: Engine, label: LabelSpec, frame: pl.DataFrame, end: datetime
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The label of each observation, NaN where it is not settled; and what its numbers stand for."""
    bound = engine.bind(label.formula, label=True)
    if bound.type not in (Type.FLAG, Type.NUMBER, Type.CATEGORY):
        raise ObservationsError(
            "The label is neither a flag, nor a number, nor a category.",
            expected='such as count(loans, next="90d") == 0',
            got=f"a {bound.type}",
            where=f"label: {label.formula}",
            fix='Compare it with a value: == "Bad".',
        )
    is_category = bound.type == Type.CATEGORY
    if label.missing_is is not None and isinstance(label.missing_is, str) != is_category:
        raise ObservationsError(
            "What a missing label means is of another type than the label.",
            expected='a text such as "none"' if is_category else "a number such as 0",
            got=repr(label.missing_is),
            where=f"label.missing_is, of {label.formula}",
            fix="Mend it in the scenario.",
        )
    values = engine.evaluate([bound], frame, label=True)[0]
    cutoff = frame[CUTOFF].cast(pl.Datetime("us")).to_physical().to_numpy()
    open_still = settled_at(bound, label, cutoff) > np.datetime64(end, "us").astype(np.int64)
    if is_category:
        return _coded(values.strings(), label.missing_is, open_still)
    y = values.data.astype(np.float64)
    if label.missing_is is not None:
        y = np.where(np.isnan(y), label.missing_is, y)
    y[open_still] = np.nan
    return y, ()


def _coded(
    names: NDArray[Any], missing_is: float | str | None, open_still: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Categories as positions in the sorted list of those that were settled; what stands for missing comes first."""
    named = [missing_is if name is None else name for name in names.tolist()]
    settled = {str(n) for n, later in zip(named, open_still.tolist(), strict=True) if n is not None and not later}
    first = [str(missing_is)] if missing_is is not None else []
    classes = (*first, *sorted(settled - set(first)))
    code = {name: float(at) for at, name in enumerate(classes)}
    known = zip(named, open_still.tolist(), strict=True)
    return np.array([np.nan if n is None or later else code[str(n)] for n, later in known]), classes


def settled_at(bound: Bound, label: LabelSpec, cutoff: NDArray[np.int64]) -> NDArray[np.int64]:
    """When each observation's label is settled, in microseconds: the end of its longest window, or its maturity."""
    settled = cutoff.copy()
    for node in walk_bound(bound):
        if isinstance(node, BoundAggregate) and node.forward:
            start = cutoff if node.gap is None else node.gap.after(cutoff)
            settled = np.maximum(settled, start if node.window is None else node.window.after(start))
    if label.maturity is not None:
        settled = np.maximum(settled, Duration.parse(label.maturity).after(cutoff))
    return settled


def _looks_forward(engine: Engine, formula: str) -> bool:
    try:
        engine.bind(formula)
    except FormulaError:
        engine.bind(formula, label=True)  # if it is not even a label, its own error says why
        return True
    return False


def _flag(engine: Engine, formula: str, frame: pl.DataFrame, where: str, *, label: bool) -> NDArray[np.float64]:
    bound = engine.bind(formula, label=label)
    if bound.type != Type.FLAG:
        raise ObservationsError(
            "A condition must be a flag.",
            expected="such as amount > 0, or count(loans) >= 1",
            got=f"a {bound.type}",
            where=f"{where}: {formula}",
            fix="Compare it with a value.",
        )
    return engine.evaluate([bound], frame, label=label)[0].data


def _moment(at: datetime | date) -> datetime:
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)


def _last_moment(at: datetime | date) -> datetime:
    """A date as an end holds the whole day."""
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, 23, 59, 59, 999_999)


__all__ = ["CUTOFF", "Observations", "data_end", "observe", "settled_at"]
