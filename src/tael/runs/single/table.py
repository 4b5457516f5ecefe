"""A single table's columns and their parts to play: what a model may look at, what it may not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import polars as pl

from tael.errors import RunError, did_you_mean, nearest
from tael.runs.single.leaving import KEY, is_key, left_out_for, names_things
from tael.runs.single.reading import Source, left_out, read_source, set_aside
from tael.runs.single.spelling import respelled, spellings
from tael.runs.single.splitting import orders
from tael.tables.schema import TableSchema, Type

Task = Literal["regression", "classification", "clustering"]
TASKS: tuple[Task, ...] = ("regression", "classification", "clustering")

MANY = 20
"""Different numbers from which a numeric label is an amount, not a class."""


@dataclass(frozen=True)
class SingleTable:
    """A table and what its columns are.

    Parameters
    ----------
    frame : polars.DataFrame
        As read: numbers, texts, times.
    label : str or None
    time : str or None
        The column whose order is that of the rows.
    numbers, categories : tuple of str
        What a model may look at.
    ignored : dict of str to (str, str)
        Columns left out, and why, in English and Chinese.
    dated : tuple of str
        Of the numbers, those that were times and are now days.
    headers : dict of str to str
        A column's name here, and its header in the table.
    promise : TableSchema
        By which other rows of these columns are read.
    keys : tuple of str
        Of the columns left out, those that name a row.
    words : dict of str to dict of str to str
        Of texts that are looked at, or are the label: how a word is spelled, by what its spellings have in common.
    joined : dict of str to dict of str to str
        Spellings that were changed, and to what.
    given : polars.DataFrame
        The rows as they were read, in the same order.
    repeated : int
        Rows that were left out because they repeat another one, or its key.
    told : tuple of (str, str)
        What reading had to decide, in English and Chinese: the encoding, cells read as missing.
    stated : bool
        Whether a ``tables.toml`` beside the file was obeyed.
    keep_totals : bool
        Whether rows of totals are rows like others.
    blank_words : tuple of str
        Words for nothing anywhere in the table, without those that ``told`` names with their column.
    """

    frame: pl.DataFrame
    label: str | None
    time: str | None
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    ignored: dict[str, tuple[str, str]] = field(default_factory=dict)
    dated: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    promise: TableSchema = field(default_factory=TableSchema)
    keys: tuple[str, ...] = ()
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    joined: dict[str, dict[str, str]] = field(default_factory=dict)
    given: pl.DataFrame = field(default_factory=pl.DataFrame)
    repeated: int = 0
    told: tuple[tuple[str, str], ...] = ()
    stated: bool = False
    keep_totals: bool = False
    blank_words: tuple[str, ...] = ()

    def shown(self, name: str) -> str:
        """A column as its header calls it."""
        return self.headers.get(name, name)


def read_single(
    source: Any,
    label: str | None,
    time: str | None,
    ignore: Sequence[str] = (),
    keep: Sequence[str] = (),
    encoding: str | None = None,
    *,
    keep_totals: bool = False,
) -> SingleTable:
    """Read a table and find out what its columns are.

    Parameters
    ----------
    source : str, Path or frame
        A CSV (any separator, whitespace too; UTF-8, UTF-16, GB18030, Windows-1252) or Parquet file, or a frame of
        pandas, polars or pyarrow.
        A ``tables.toml`` beside the file that names it is obeyed.
    label, time : str or None
        Columns by their names in the table.
    ignore : sequence of str
        Columns that no model may look at: those that are known only after the label.
    keep : sequence of str
        Columns that it may look at although their names or values speak against it: known before the label after all.
    encoding : str, optional
        Of the file, where its bytes leave that in doubt.
    keep_totals : bool
        Whether rows of totals are rows like others.

    Returns
    -------
    SingleTable

    Raises
    ------
    RunError
        If there is no such file or column, nothing to learn from, or a column to keep that is to be ignored or is the
        label.
    TablesError
        If the file cannot be read.
    """
    read = read_source(source, encoding, keep_totals=keep_totals)
    names = {name: name for name in read.frame.columns} | {header: name for name, header in read.headers.items()}
    for column in (label, time, *ignore, *keep):
        if column is not None and column not in names:
            raise _no_column(column, read)
    label = names[label] if label is not None else None
    for column in keep:
        if names[column] in {label, *(names[one] for one in ignore)}:
            other = "the label" if names[column] == label else "to be ignored"
            raise RunError(
                f"Column {column!r} cannot be kept: it is {other}.", expected="a column that a model may look at",
                got=repr(column), fix="Leave it out of `keep`.",
            )  # fmt: skip
    if time is not None:
        _check_time(time, read.frame[names[time]])
    time = names[time] if time is not None else _time_of(read)
    if time is not None and time == label:
        time = None
    return _with_parts(read, label, time, {names[column] for column in ignore}, {names[column] for column in keep})


def _no_column(column: str, read: Source) -> RunError:
    """What is there instead, the nearest names first; a name of a line above the header leads to its column."""
    known = nearest(column, read.headers.values())
    fix = did_you_mean(column, known)
    if column in read.above:
        fix = f"{column!r} stands in a line above the header, which is left out: write {read.above[column]!r}."
    return RunError(
        f"The table has no column {column!r}.", expected=", ".join(known[:20]) + (" ..." if known[20:] else ""),
        got=repr(column), fix=fix,
    )  # fmt: skip


def _check_time(name: str, column: pl.Series) -> None:
    """Refuse a time that was asked for and cannot order the rows: a random split in its place would say too much."""
    worded = column.dtype == pl.String and not column.drop_nulls().str.contains(r"\d").any()
    if orders(column) and not worded:
        return
    there = column.drop_nulls()
    lacking = f"{column.null_count():,} of {column.len():,} rows without a value, {there.n_unique()} moments"
    raise RunError(
        f"The rows cannot be ordered by {name!r}.", expected="times or numbers, in most rows, of four moments or more",
        got="words" if worded else lacking,
        fix="Name another column, or mend its cells; without a time the test is drawn by lot.",
    )  # fmt: skip


def _time_of(read: Source) -> str | None:
    times = [c for c, column in read.promise.columns.items() if column.type is Type.TIME and c in read.frame.columns]
    return read.promise.time or (times[0] if len(times) == 1 else None)


def _with_parts(read: Source, label: str | None, time: str | None, ignore: set[str], keep: set[str]) -> SingleTable:
    by_role, aside = left_out(read.promise, stated=read.stated), set_aside(read.promise)
    ignored: dict[str, tuple[str, str]] = {}
    numbers: list[str] = []
    categories: list[str] = []
    dated: dict[str, pl.Series] = {}
    read = _each_once(read)
    frame = read.frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    words = {name: spellings(frame[name]) for name in frame.columns if frame[name].dtype == pl.String}
    spelled = {name: respelled(frame[name], words[name]) for name in words}
    joined = {name: changed for name in words if (changed := _changed(frame[name], spelled[name]))}
    frame = frame.with_columns(**spelled)
    keys: list[str] = []
    to_come = None if label is None else frame[label].is_null()
    twins = _twins(frame, label)
    for name in frame.columns:
        column = frame[name]
        if name in (label, time):
            continue
        why = ("as you asked", "按要求忽略") if name in ignore else by_role.get(name)
        why = why or left_out_for(name, column, read, to_come) or aside.get(name)
        if name in keep and column.drop_nulls().n_unique() > 1:
            why = None
        if why is None and name in twins:
            first = read.headers.get(twins[name], twins[name])
            why = f"the same as {first} in every row", f"与 {first} 逐行相同"
        if why is not None:
            ignored[name] = why
            if why == KEY:
                keys.append(name)
        elif column.dtype.is_temporal():
            dated[name] = days_of(column, frame, time)
        elif column.dtype.is_numeric() and names_things(read.headers.get(name, name), column):
            frame = frame.with_columns(column.cast(pl.Int64).cast(pl.String).alias(name))
            words[name] = spellings(frame[name])
            categories.append(name)
        elif column.dtype.is_numeric() or column.dtype == pl.Boolean:
            numbers.append(name)
        else:
            categories.append(name)
    for name, days in dated.items():
        frame = frame.with_columns(days.alias(name))
        numbers.append(name)
    if not numbers and not categories:
        told = "; ".join(f"{name}: {words[0]}" for name, words in ignored.items())
        raise RunError("There is no column to learn from.", expected="numbers or categories", got=told or "no column")
    used = {name: known for name, known in words.items() if name == label or name in categories}
    return SingleTable(
        frame, label, time, tuple(numbers), tuple(categories), ignored, tuple(dated), read.headers, read.promise,
        tuple(keys), used, {name: one for name, one in joined.items() if name in used}, read.frame, read.repeated,
        read.told_of([name for name in frame.columns if name not in ignored]), read.stated, read.keep_totals,
        read.blank_words,
    )  # fmt: skip


def _changed(old: pl.Series, new: pl.Series) -> dict[str, str]:
    """The texts that are spelled otherwise now."""
    moved = old.is_not_null() & (old != new)
    return dict(zip(old.filter(moved).to_list(), new.filter(moved).to_list(), strict=True))


def _each_once(read: Source) -> Source:
    """Rows that repeat another one in every cell are left out where a key then names each row: an export joined twice.

    Where nothing names the rows, equal ones may be different people.
    """
    once = read.frame.unique(maintain_order=True)
    gone = read.frame.height - once.height
    if not gone or not any(is_key(read.headers.get(name, name), once[name]) for name in once.columns):
        return read
    return replace(read, frame=once, repeated=read.repeated + gone)


def _twins(frame: pl.DataFrame, label: str | None) -> dict[str, str]:
    """Columns that say what an earlier one says, row for row, and that one."""
    seen: dict[tuple[int, str], str] = {}
    found: dict[str, str] = {}
    for name in frame.columns:
        if name == label:
            continue
        said = (int(frame[name].hash(seed=0).sum() or 0), str(frame[name].dtype))
        if said in seen and frame[name].equals(frame[seen[said]], null_equal=True):
            found[name] = seen[said]
        seen.setdefault(said, name)
    return found


def days_of(column: pl.Series, frame: pl.DataFrame, time: str | None) -> pl.Series:
    """A column of times in numbers: days until the row's own time; where there is none, days since 1970."""
    since = column.cast(pl.Datetime("us")).dt.epoch("s") / 86_400
    if time is None or not frame[time].dtype.is_temporal():
        return since
    return frame[time].cast(pl.Datetime("us")).dt.epoch("s") / 86_400 - since


def task_of(label: pl.Series | None) -> Task:
    """What the label asks for.

    Parameters
    ----------
    label : polars.Series or None
        Known values only.

    Returns
    -------
    {"regression", "classification", "clustering"}

    Examples
    --------
    >>> task_of(None), task_of(pl.Series([0, 1, 1])), task_of(pl.Series(["a", "b"]))
    ('clustering', 'classification', 'classification')
    >>> task_of(pl.Series([1.5, 2.25, 3.75] * 20 + list(range(30)))), task_of(pl.Series(range(40)))
    ('regression', 'regression')
    """
    if label is None:
        return "clustering"
    if not label.dtype.is_numeric():
        return "classification"
    different = label.n_unique()
    parts = label.dtype.is_float() and bool((label != label.round()).any())
    return "regression" if different > MANY or (parts and different > 2) else "classification"


def classes_of(label: pl.Series) -> Sequence[Any]:
    """The classes in order: of two, the one that is rarer or says yes comes last."""
    values = label.unique().sort().to_list()
    if len(values) != 2:
        return values
    said = [str(value).lower().removesuffix(".0") for value in values]
    pairs = (
        ("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("good", "bad"), ("否", "是"), ("跌", "涨"),
        ("无", "有"), ("正常", "违约"), ("正常", "逾期"), ("未流失", "流失"),
    )  # fmt: skip
    for no, yes in pairs:
        if set(said) == {no, yes}:
            return [values[said.index(no)], values[said.index(yes)]]
    return sorted(values, key=lambda value: -int((label == value).sum()))
