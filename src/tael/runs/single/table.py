"""A single table as it comes: a file or a frame in, its columns with their parts to play out."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import polars as pl

from tael.errors import RunError, did_you_mean
from tael.tables import read_tables
from tael.tables.border import polars_of
from tael.tables.infer import infer
from tael.tables.schema import Type

Task = Literal["regression", "classification", "clustering"]
TASKS: tuple[Task, ...] = ("regression", "classification", "clustering")

MANY = 20
"""Different numbers from which a numeric label is an amount, not a class."""
LEVELS = 60
"""Different values from which a text column is a name, not a category."""


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
    names : dict of str to str
        A column's name in the table, and the name that it has here.
    """

    frame: pl.DataFrame
    label: str | None
    time: str | None
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    ignored: dict[str, tuple[str, str]] = field(default_factory=dict)
    dated: tuple[str, ...] = ()
    names: dict[str, str] = field(default_factory=dict)


def read_single(source: Any, label: str | None, time: str | None, ignore: Sequence[str] = ()) -> SingleTable:
    """Read a table and find out what its columns are.

    Parameters
    ----------
    source : str, Path or frame
        A CSV (any separator, whitespace too; UTF-8 or GB18030) or Parquet file, or a pandas, polars or pyarrow frame.
    label, time : str or None
        Columns by their names in the table.
    ignore : sequence of str
        Columns that no model may look at: those that are known only after the label.

    Returns
    -------
    SingleTable

    Raises
    ------
    RunError
        If there is no such file or column, or nothing to learn from.
    TablesError
        If the file cannot be read.
    """
    read, key, found_time, names = _read(source)
    for column in (label, time, *ignore):
        if column is not None and column not in names:
            raise RunError(
                f"The table has no column {column!r}.", expected=", ".join(list(names)[:20]), got=repr(column),
                fix=did_you_mean(column, list(names)),
            )  # fmt: skip
    if read.height == 0:
        raise RunError("The table has no rows.", expected="rows under the header", got="a header alone")
    label = names[label] if label is not None else None
    time = names[time] if time is not None else found_time
    if time is not None and time == label:
        time = None
    return _with_parts(read, label, time, key, names, {names[column] for column in ignore})


def _read(source: Any) -> tuple[pl.DataFrame, str | None, str | None, dict[str, str]]:
    """Frame, key, time, and each column by its name in the table and by the name it has now."""
    with tempfile.TemporaryDirectory(prefix="tael-fit-") as made:
        folder = Path(made)
        if isinstance(source, str | Path):
            path = Path(source)
            if not path.is_file():
                raise RunError(
                    "There is no such file.", expected="a CSV or Parquet file", got=str(path),
                    fix="Look at the path; from Python, a frame may be given too.",
                )  # fmt: skip
            _place(path, folder)
        else:
            given = polars_of(source, "table")
            if given.height == 0:
                raise RunError("The table has no rows.", expected="rows under the header", got="a header alone")
            given.write_parquet(folder / "table.parquet")
        draft = infer(folder)
        draft.write(folder)
        tables = read_tables(folder)
        (name,) = list(tables)
        schema = draft.schema.tables[name]
        headers = {(column.header or known): known for known, column in schema.columns.items()}
        frame = tables[name]
        names = {known: known for known in frame.columns} | {h: k for h, k in headers.items() if k in frame.columns}
        times = [c for c, column in schema.columns.items() if column.type is Type.TIME and c in frame.columns]
        return frame, schema.key, schema.time or (times[0] if len(times) == 1 else None), names


def _place(path: Path, folder: Path) -> None:
    """Bring the file there; one whose columns stand apart by spaces comes with tabs."""
    kind = path.name.lower()
    if not kind.endswith((".parquet", ".gz", ".zst", ".zip")):
        content = path.read_bytes()
        first, _, rest = content.partition(b"\n")
        if not rest.strip():
            raise RunError("The table has no rows.", expected="a header and rows under it", got=path.name)
        if (
            first.startswith(b",")
            and kind.endswith(".csv")
            and not re.search(rb"(^|,)[\d.]*(,|\r?$)", rest.split(b"\n", 1)[0])
        ):
            # numbers of the columns above their names, as spreadsheets are sometimes saved
            (folder / "table.csv").write_bytes(rest)
            return
        if not re.search(rb"[,;\t|]", first) and len(first.split()) >= 3:
            rows = [b"\t".join(line.split()) for line in content.splitlines() if line.strip()]
            (folder / "table.tsv").write_bytes(b"\n".join(rows) + b"\n")
            return
        if not kind.endswith((".csv", ".tsv", ".txt")):
            raise RunError("This is no table that tael reads.", expected=".csv, .tsv, .txt or .parquet", got=path.name)
    suffix = "".join(path.suffixes[-2:]) if kind.endswith((".gz", ".zst", ".zip")) else path.suffix.lower()
    (folder / f"table{'.csv' if suffix == '.txt' else suffix}").symlink_to(path.resolve())


def _with_parts(
    frame: pl.DataFrame, label: str | None, time: str | None, key: str | None, names: dict[str, str], ignore: set[str]
) -> SingleTable:
    ignored: dict[str, tuple[str, str]] = {}
    numbers: list[str] = []
    categories: list[str] = []
    dated: dict[str, pl.Series] = {}
    frame = frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    to_come = None if label is None else frame[label].is_null()
    for name in frame.columns:
        column = frame[name]
        if name in (label, time):
            continue
        there = column.drop_nulls()
        if name in ignore:
            ignored[name] = ("as you asked", "按要求忽略")
        elif to_come is not None and _comes_with(column, to_come):
            ignored[name] = (
                "empty wherever the label is: known only with it",
                "标签为空时此列也为空：随标签才可知",
            )
        elif name == key or _is_key(name, column):
            ignored[name] = ("a key: it names the row", "主键：只标识行")
        elif there.n_unique() <= 1:
            ignored[name] = ("says the same of every row", "所有行取值相同")
        elif column.dtype.is_temporal():
            dated[name] = days_of(column, frame, time)
        elif column.dtype.is_numeric() or column.dtype == pl.Boolean:
            numbers.append(name)
        elif there.n_unique() <= LEVELS:
            categories.append(name)
        else:
            ignored[name] = (f"{there.n_unique():,} different texts", f"文本取值多达 {there.n_unique():,} 个")
    for name, days in dated.items():
        frame = frame.with_columns(days.alias(name))
        numbers.append(name)
    if not numbers and not categories:
        why = "; ".join(f"{name}: {words[0]}" for name, words in ignored.items())
        raise RunError("There is no column to learn from.", expected="numbers or categories", got=why or "no column")
    return SingleTable(frame, label, time, tuple(numbers), tuple(categories), ignored, tuple(dated), names)


def _comes_with(column: pl.Series, to_come: pl.Series) -> bool:
    """A column that is empty on all rows to predict, as chance would leave it one time in a hundred."""
    waiting = int(to_come.sum())
    if waiting in (0, len(to_come)) or column.filter(to_come).null_count() < waiting:
        return False
    known = column.filter(~to_come)
    return bool((known.null_count() / known.len()) ** waiting < 0.01)


def _is_key(name: str, column: pl.Series) -> bool:
    """A column that names its row: all values differ, and they are whole numbers called an id, or texts."""
    if column.null_count() or column.n_unique() < max(2, column.len()) or column.len() < 20:
        return False
    if column.dtype == pl.String:
        return True
    named = re.search(r"(^|_)(id|no|key|code|num|number|index)$|^id|编号|序号|代码", name.lower()) is not None
    whole = column.dtype.is_integer() or (column.dtype.is_float() and bool((column == column.round()).all()))
    return whole and named


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
    pairs = (("0", "1"), ("false", "true"), ("no", "yes"), ("n", "y"), ("good", "bad"), ("否", "是"), ("跌", "涨"))
    for no, yes in pairs:
        if set(said) == {no, yes}:
            return [values[said.index(no)], values[said.index(yes)]]
    return sorted(values, key=lambda value: -int((label == value).sum()))
