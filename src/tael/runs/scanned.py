"""The leak scan of a run: which columns it looks at, and what stops a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import FormulaError, RunError
from tael.formulas.values import NAT, Values
from tael.observations.observe import CUTOFF
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.tables.schema import Language, Type
from tael.validation import Finding, key_carries_label, scan_table, shared_entities
from tael.validation.written_dates import days_of

WIDER_ROWS, LOOKED_AT = 20_000, 1_000
"""Of the observations, for the checks that need no label; of a text, to see whether it holds dates."""
SAME, MOST_CLASSES = 0.9, 50
"""Share of rows on which a value of an outcome and a class of the label agree, to be the same."""


def refuse_leaks(leaks: Sequence[Finding], lang: Language = "en") -> None:
    """Stop where columns give the label away; people on both sides of a split (TAEL-L05) and questions do not.

    Raises
    ------
    RunError
        Lists the leaks, what is asked about besides, and what to do.
    """
    found = serious(leaks)
    if not found:
        return
    zh = lang == "zh"
    asked = [leak for leak in leaks if leak.level == "ask"]
    raise RunError(
        "有数据提前泄漏了标签：据此训练的模型不可用，未做决策。"
        if zh
        else "Something gives the label away: a model of it would be worthless, so no decision is made.",
        expected="只含截止时已知的列" if zh else "columns that were known at the cutoff",
        got="\n            ".join(f"{leak.code} {leak.text(lang)}" for leak in [*found, *asked]),
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
    return [leak for leak in leaks if leak.code != "TAEL-L05" and leak.level == "leak"]


def leaks_of(engine: Engine, sample: Sample, plan: Plan, hidden: Sequence[str] = ()) -> list[Finding]:
    """Scan the observations' own and their parents' columns, the key, and the people on both sides.

    What `features.forbid` or ``hidden`` names is not reported: no feature can come of it. Outcomes, and columns left
    out that hold later dates, still tell what was written together with them.
    """
    rows = sample.split.train
    X, y = sample.X[rows], sample.flag[rows]
    columns = _visible_columns(engine, plan.entity, {*plan.features.forbid, *hidden})
    found: list[Finding] = []
    if columns:
        all_rows = np.arange(sample.X.height)
        if len(all_rows) > WIDER_ROWS:
            all_rows = np.sort(np.random.default_rng(plan.seed).choice(all_rows, WIDER_ROWS, replace=False))
        looked = sample.X[all_rows]
        dated = plan.observations.cutoff is not None or engine.tables.schema.tables[plan.entity].time is not None
        found += scan_table(
            _evaluated(engine, columns, X),
            y,
            cutoff=looked[CUTOFF] if dated else None,
            end=_end(engine, plan),
            outcomes=_beyond_label(_beside(engine, looked, "label", hidden), sample.y[all_rows]),
            aside=_beside(engine, looked, "ignore", hidden),
            wider=_evaluated(engine, columns, looked),
            seed=plan.seed,
        )
    found += key_carries_label(X[engine.key], y, X[CUTOFF], born=_born(engine, X), name=engine.key)
    if sample.groups is not None:
        parts = sample.split
        found += shared_entities(
            sample.groups[parts.train], sample.groups[parts.validation], name=str(plan.split.groups)
        )
    return found


def scanned_columns(engine: Engine, plan: Plan, X: pl.DataFrame) -> pl.DataFrame:
    """The columns that are scanned, as they read at each observation's cutoff; shape (len(X), columns)."""
    return _evaluated(engine, _visible_columns(engine, plan.entity, set(plan.features.forbid)), X)


def _evaluated(engine: Engine, columns: list[str], X: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame(
        {name: _series(value) for name, value in zip(columns, engine.evaluate(columns, X), strict=True)}
    )


def _series(value: Values) -> pl.Series:
    if value.type is Type.TIME:
        return pl.Series(value.data).replace(NAT, None).cast(pl.Datetime("us"))
    if value.levels is not None or value.type is Type.TEXT:
        return pl.Series(value.strings().tolist(), dtype=pl.String)
    return pl.Series(value.data.astype(np.float64))


def _end(engine: Engine, plan: Plan) -> datetime | None:
    """Until when the data is complete; None where nothing but the entity's own table could say so.

    A table of loans ends with the last loan granted, not on the day on which its other columns were read.
    """
    stated = plan.observations.data_end
    if stated is not None:
        return datetime.combine(stated, datetime.min.time()) if not isinstance(stated, datetime) else stated
    others = [end for name, end in engine.tables.ends.items() if name != plan.entity and end is not None]
    return max([*others, engine.tables.ends[plan.entity] or others[0]]) if others else None


def _beside(engine: Engine, X: pl.DataFrame, role: str, hidden: Sequence[str]) -> pl.DataFrame | None:
    """The entity's own columns of a role, as they stand in its table; not what was done to the customer."""
    promise = engine.tables.schema.tables[engine.entity]
    named = [
        name
        for name, column in promise.columns.items()
        if column.role == role and name != engine.key and f"{engine.entity}.{name}" not in hidden and column.to is None
    ]
    if not named:
        return None
    own = engine.tables[engine.entity].select(engine.key, *named).unique(engine.key, keep="first")
    return X.select(engine.key).join(own, on=engine.key, how="left", maintain_order="left").select(named)


def _beyond_label(outcomes: pl.DataFrame | None, y: NDArray[np.float64]) -> pl.DataFrame | None:
    """Outcomes without the values that are the label once more: what foretells those is a feature.

    Of "charged off, paid, current", where the label is "charged off", there remains whether a loan is still running.
    """
    if outcomes is None:
        return None
    flags = [pl.Series(y == value) for value in np.unique(y)] if len(np.unique(y)) <= MOST_CLASSES else []
    kept = {}
    for name in outcomes.columns:
        values = outcomes[name].cast(pl.String)
        for value in values.unique().drop_nulls():
            own = (values == value).fill_null(False)
            both = [(own & flag).sum() / max(own.sum(), flag.sum()) for flag in flags]
            if max(both, default=1.0) >= SAME:
                values = values.set(own, None)
        if values.null_count() < len(values):
            kept[name] = values
    return pl.DataFrame(kept) if kept else None


def _born(engine: Engine, X: pl.DataFrame) -> pl.Series | None:
    """When each row of the entity table came to be; None where it is looked at once, or has no time."""
    time = engine.tables.schema.tables[engine.entity].time
    if time is None or X[engine.key].n_unique() == X.height:
        return None
    born = engine.tables[engine.entity].select(engine.key, time).unique(engine.key, keep="first")
    times = X.join(born, on=engine.key, how="left", maintain_order="left")[time]
    return None if times.null_count() else times


def _dates(text: pl.Series) -> bool:
    """Whether a column of text holds dates, written in a way that was not read as such."""
    return days_of(nw.from_native(text.drop_nulls().head(LOOKED_AT), series_only=True)) is not None


def _visible_columns(engine: Engine, entity: str, forbidden: set[str]) -> list[str]:
    """The names, as formulas write them, of the entity's columns and of its parents'; not keys, no text but dates."""
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
            if column.role != "feature" or name == promise.key or column.to is not None:
                continue
            if column.type == "text" and not _dates(engine.tables[table][name]):
                continue
            written = name if table == entity else f"{table}.{name}"
            try:
                engine.bind(written)
            except FormulaError:
                continue  # two ways lead to this parent: no formula can name its columns so
            names.append(written)
    return names
