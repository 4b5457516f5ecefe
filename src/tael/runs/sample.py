"""The sample of a run: labelled observations, how they are parted, and what gives the label away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import FormulaError, RunError, ValidationError
from tael.formulas.bound import BoundCall, BoundColumn, BoundLiteral, walk_bound
from tael.observations import Observations
from tael.observations.observe import CUTOFF, settled_at
from tael.runs.plan import Plan
from tael.tables.frames import Tables
from tael.tables.schema import Language
from tael.validation import (
    Finding,
    Split,
    key_carries_label,
    pairs_carry_label,
    scan_columns,
    shared_entities,
    sums_of_leaks,
)
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
            label_span=span if span else None, seed=plan.seed,
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


def refuse_leaks(leaks: Sequence[Finding], lang: Language = "en") -> None:
    """Stop where columns give the label away; people on both sides of a split (TAEL-L05) are no reason to.

    Raises
    ------
    RunError
        Lists the leaks and what to do.
    """
    found = serious(leaks)
    if not found:
        return
    zh = lang == "zh"
    raise RunError(
        "有数据提前泄漏了标签：据此训练的模型不可用，未做决策。"
        if zh
        else "Something gives the label away: a model of it would be worthless, so no decision is made.",
        expected="只含截止时已知的列" if zh else "columns that were known at the cutoff",
        got="\n            ".join(f"{leak.code} {leak.text(lang)}" for leak in found),
        where="泄漏扫描（tael check）" if zh else "leak scan (tael check)",
        fix=(
            '在 tables.toml 中为该列声明 known_at（何时可知），或设 role = "ignore"'
            '（若它就是结果，则设 role = "label"）；也可写入 scenario.toml 的 features.forbid。'
            "若确知无碍，加 --despite-leaks 继续。"
            if zh
            else 'In tables.toml, give the column its known_at (when it became known) or role = "ignore" '
            '(role = "label" if it is the outcome itself); or name it in features.forbid of scenario.toml. '
            "If you know better, go on with --despite-leaks."
        ),
    )


def serious(leaks: Sequence[Finding]) -> list[Finding]:
    """The findings that stop a run."""
    return [leak for leak in leaks if leak.code != "TAEL-L05"]


def leaks_of(engine: Engine, sample: Sample, plan: Plan, hidden: Sequence[str] = ()) -> list[Any]:
    """Scan the observations' own and their parents' columns, the key, and the people on both sides.

    What `features.forbid` or ``hidden`` names is not scanned: no feature can come of it.
    """
    rows = sample.split.train
    X, y = sample.X[rows], sample.flag[rows]
    columns = _visible_columns(engine, plan.entity, {*plan.features.forbid, *hidden})
    found: list[Any] = []
    if columns:
        values = engine.evaluate(columns, X)
        frame = pl.DataFrame(
            {
                name: (value.strings().tolist() if value.levels is not None else value.data.astype(np.float64))
                for name, value in zip(columns, values, strict=True)
            }
        )
        found += scan_columns(frame, y, seed=plan.seed)
        found += pairs_carry_label(frame, y, skip={leak.column for leak in found}, seed=plan.seed)
        found += sums_of_leaks(frame, {leak.column for leak in found}, seed=plan.seed)
    found += key_carries_label(X[engine.key], y, X[CUTOFF], born=_born(engine, X), name=engine.key)
    if sample.groups is not None:
        parts = sample.split
        found += shared_entities(
            sample.groups[parts.train], sample.groups[parts.validation], name=str(plan.split.groups)
        )
    return found


def _born(engine: Engine, X: pl.DataFrame) -> pl.Series | None:
    """When each row of the entity table came to be; None where it is looked at once, or has no time."""
    time = engine.tables.schema.tables[engine.entity].time
    if time is None or X[engine.key].n_unique() == X.height:
        return None
    born = engine.tables[engine.entity].select(engine.key, time).unique(engine.key, keep="first")
    times = X.join(born, on=engine.key, how="left", maintain_order="left")[time]
    return None if times.null_count() else times


def _visible_columns(engine: Engine, entity: str, forbidden: set[str]) -> list[str]:
    """The names, as formulas write them, of the entity's columns and of its parents'; not keys, not free text."""
    schema = engine.tables.schema
    names: list[str] = []
    for table in dict.fromkeys([entity, *(c.to for c in schema.tables[entity].columns.values() if c.to)]):
        if table not in schema.tables:
            continue
        if table in forbidden:
            continue
        promise = schema.tables[table]
        for name, column in promise.columns.items():
            if f"{table}.{name}" in forbidden or (table == entity and name in forbidden):
                continue
            if column.role != "feature" or name == promise.key or column.to is not None or column.type == "text":
                continue
            written = name if table == entity else f"{table}.{name}"
            try:
                engine.bind(written)
            except FormulaError:
                continue  # two ways lead to this parent: no formula can name its columns so
            names.append(written)
    return names
