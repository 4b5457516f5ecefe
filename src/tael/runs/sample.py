"""The sample of a run: labelled observations, how they are parted, and what gives the label away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import RunError, ValidationError
from tael.formulas.bound import BoundCall, BoundColumn, BoundLiteral, walk_bound
from tael.observations import Observations
from tael.observations.observe import CUTOFF, settled_at
from tael.runs.plan import Plan
from tael.tables.frames import Tables
from tael.validation import Split
from tael.validation.splits import three_way


@dataclass(frozen=True)
class Sample:
    """The labelled observations and how they are parted.

    Attributes
    ----------
    y : ndarray, shape (n,)
        The label; of categories the position in `classes`.
    settles : timedelta
        The longest time from a cutoff until its label is settled.
    classes : tuple of str
        What the label's numbers stand for, where it is a category.
    extra : dict of str to ndarray, shape (n,)
        What a task knows of the observations besides: arms, propensities, times and events.
    """

    X: pl.DataFrame
    y: NDArray[np.float64]
    weight: NDArray[np.float64] | None
    groups: NDArray[Any] | None
    split: Split
    settles: timedelta
    classes: tuple[str, ...] = ()
    extra: dict[str, NDArray[Any]] = field(default_factory=dict)

    @property
    def flag(self) -> NDArray[np.float64]:
        """The label as a yes or no: of categories, whether it is another than the first."""
        return (self.y > 0).astype(np.float64) if self.classes else self.y


def labelled_sample(
    engine: Engine,
    seen: Observations,
    plan: Plan,
    check_label: Callable[[Observations, NDArray[np.float64]], None],
) -> Sample:
    """The observations whose label is known, parted by the plan.

    Parameters
    ----------
    engine : Engine
    seen : Observations
    plan : Plan
    check_label : callable
        Refuses labels that the plan's kind of model cannot learn from.
    """
    known = seen.labelled
    if not known.any():
        raise RunError(
            "No observation has a label yet.",
            expected="labels whose window is complete",
            got=f"{len(seen):,} observations, data complete up to {seen.data_end}",
            where="label",
            fix="Bring later data, a shorter window, or state data_end.",
        )
    X, y = seen.frame.filter(pl.Series(known)), seen.label[known]
    check_label(seen, y)
    if len(np.unique(y)) < 2:
        raise RunError(
            "All labels are the same: there is nothing to learn.",
            expected="both outcomes",
            got=f"{len(y):,} labels, all {y[0]:g}",
            where=f"label.formula = {plan.label.formula}",
            fix=_never(engine, plan.label.formula) or "Check the label's formula and its window.",
        )
    groups: NDArray[Any] | None = None
    if plan.split.groups is not None:
        groups = people_of(engine.tables, plan, X)[plan.split.groups].to_numpy()
    cutoff = X[CUTOFF].cast(pl.Datetime("us")).to_physical().to_numpy()
    settled = settled_at(engine.bind(plan.label.formula, label=True), plan.label, cutoff)
    span = timedelta(microseconds=int((settled - cutoff).max()))
    try:
        split = three_way(
            X[CUTOFF], y=(y > 0).astype(np.float64) if seen.classes else y, out_of_time=plan.split.out_of_time,
            validation=plan.split.validation, groups=groups,
            label_span=span if span else None, latest=plan.split.groups == CUTOFF, seed=plan.seed,
        )  # fmt: skip
    except ValidationError as error:
        raise ValidationError(
            error.problem,
            expected=error.expected,
            got=error.got,
            where="split in scenario.toml" + (f": {error.where}" if error.where else ""),
            fix=error.fix or "Change out_of_time or validation, or bring more rows.",
        ) from None
    weight = None if seen.weight is None else seen.weight[known]
    return Sample(X, y, weight, groups, split, span, seen.classes)


def people_of(tables: Tables, plan: Plan, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame of observations with the column of ``split.groups``, which may be the key itself."""
    groups, entity = plan.split.groups, plan.observations.entity
    key = str(tables.schema.tables[entity].key)
    if groups is None or groups in frame.columns:
        return frame
    people = tables[entity].select(key, groups).unique(key, keep="first")
    return frame.join(people, on=key, how="left", maintain_order="left")


def _never(engine: Engine, formula: str) -> str:
    """What the label compares a column with that never occurs in it; empty where all do."""
    for node in walk_bound(engine.bind(formula, label=True)):
        if not isinstance(node, BoundCall):
            continue
        columns = [arg for arg in node.args if isinstance(arg, BoundColumn)]
        for column in columns[:1]:
            values = engine.tables[column.table][column.column].drop_nulls()
            there = set(values.cast(pl.String).unique().to_list())
            for arg in node.args:
                if not isinstance(arg, BoundLiteral) or not isinstance(arg.value, str) or arg.value in there:
                    continue
                known = ", ".join(repr(value) for value in sorted(there)[:10])
                more = f" and {len(there) - 10} more" if len(there) > 10 else ""
                return f"{arg.value!r} never occurs in {column.table}.{column.column}. Its values: {known}{more}."
    return ""
