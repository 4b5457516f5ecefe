"""``Tables``: the linked tables of one problem, brought to one form, with what they promise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tael.errors import TablesError, did_you_mean
from tael.tables.border import native_of, polars_of
from tael.tables.columns import converted, guess, huge
from tael.tables.keys import key_groups, normalised_keys
from tael.tables.places import Place, examples
from tael.tables.schema import ColumnSchema, Role, Schema, TableSchema, Type, named
from tael.tables.times import to_time

_SLICE = 1 << 20


@dataclass(frozen=True)
class Note:
    """Something that was done to a column when it was read, for the contract check to tell."""

    kind: str
    table: str
    column: str | None
    count: int
    examples: str = ""


class Tables(Mapping[str, pl.DataFrame]):
    """Linked tables in one form, with their schema.

    Each table is a Polars frame whose rows keep their order and whose columns have one of these types:

    ========  ====================  ===============================================================================
    number    Float64               missing is null, never NaN; infinities stay and are reported by the check
    flag      Boolean
    category  String
    text      String
    time      Datetime("us")        naive: UTC if the table declares a time zone or the values carry one, else as is
    keys      Int64 or String       Int64 if every column that is linked holds integers alone; typed ``category``
    ========  ====================  ===============================================================================

    Parameters
    ----------
    frames : mapping of str to frame
        pandas, Polars or PyArrow frames by table name. They are not changed.
    schema : Schema, dict, or path of a ``tables.toml``, optional
        What the tables promise. Left out: no keys, no times, types guessed.

    Attributes
    ----------
    schema : Schema
        Completed: every column of every table is listed with its type, keys and times too.
    native : {"pandas", "polars", "pyarrow"}
        What came, so that what is returned can match.

    Raises
    ------
    TablesError
        Columns that are missing, or values that are not of their type; all of them at once.

    Examples
    --------
    >>> loans = pl.DataFrame({"loan": [1, 2], "amount": [100, 250], "car": ["yes", "no"]})
    >>> tables = Tables({"loans": loans}, {"loans": {"key": "loan"}})
    >>> tables["loans"].schema["amount"], str(tables.schema.tables["loans"].columns["car"].type)
    (Float64, 'category')
    """

    def __init__(
        self, frames: Mapping[str, Any], schema: Schema | Mapping[str, Any] | str | Path | None = None
    ) -> None:
        promise = Schema.of(schema)
        _same_tables(frames, promise)
        promise = promise.model_copy(
            update={"tables": {name: promise.tables.get(name, TableSchema()) for name in frames}}
        )
        promise._check("schema")
        raw = {name: _chosen(polars_of(frame, name), promise.tables[name], name) for name, frame in frames.items()}
        self.native: str = native_of(next(iter(frames.values()))) if frames else "polars"
        self.notes: tuple[Note, ...] = ()
        self._frames, self.schema = self._normalised(raw, promise)
        self._fingerprint: str | None = None

    def __getitem__(self, name: str) -> pl.DataFrame:
        try:
            return self._frames[name]
        except KeyError:
            # A KeyError too, since Mapping's `in` and `get` rest on it.
            raise NoSuchTableError(name, self._frames) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        inside = ", ".join(f"{name} {frame.height:,} x {frame.width}" for name, frame in self._frames.items())
        return f"Tables({inside}{', simulated' if self.simulated else ''})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tables):
            return NotImplemented
        return self is other or self.fingerprint() == other.fingerprint()

    def __hash__(self) -> int:
        return hash(self.fingerprint())

    def __deepcopy__(self, memo: dict[int, Any]) -> Tables:
        # Nothing in here changes after it is made, and scikit-learn's clone() would copy the data of a parameter.
        return self

    @property
    def simulated(self) -> bool:
        """Whether the data is made up."""
        return self.schema.simulated

    @property
    def ends(self) -> dict[str, datetime | None]:
        """The last time at which a row of each table became known; None for a table without times."""
        found: dict[str, datetime | None] = {}
        for name, table in self.schema.tables.items():
            last = self._frames[name][table.known].max() if table.known is not None else None
            found[name] = last if isinstance(last, datetime) else None
        return found

    @property
    def end(self) -> datetime | None:
        """The end of the data: the last time at which any row became known."""
        return max((end for end in self.ends.values() if end is not None), default=None)

    def replace(self, **frames: Any) -> Tables:
        """The same tables with some of them exchanged: cut off at a time, filtered, poisoned.

        Parameters
        ----------
        **frames : frame
            In the form that this object holds (times in UTC if a zone was declared). Use this, rather than
            ``Tables({...}, tables.schema)``, for frames that came out of a ``Tables``: the schema says in which
            zone the *raw* times are written, and they would be moved twice.

        Examples
        --------
        >>> tables = Tables({"loans": pl.DataFrame({"loan": [1, 2]})}, {"loans": {"key": "loan"}})
        >>> tables.replace(loans=tables["loans"].head(1))["loans"].height
        1
        """
        unknown = [name for name in frames if name not in self._frames]
        if unknown:
            raise NoSuchTableError(unknown[0], self._frames)
        there = {name: table.model_copy(update={"time_zone": None}) for name, table in self.schema.tables.items()}
        changed = Tables({**self._frames, **frames}, self.schema.model_copy(update={"tables": there}))
        changed.native, changed.schema = self.native, self.schema
        return changed

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of all content in its order, and of what the schema says about it.

        The same on every machine; where the tables were read from, and what came (pandas or Polars), does not enter.
        """
        if self._fingerprint is None:
            digest = hashlib.sha256(_meaning(self.schema).encode())
            for name in sorted(self._frames):
                frame = self._frames[name]
                digest.update(json.dumps([name, frame.height, list(map(str, frame.schema.items()))]).encode())
                for column in frame.get_columns():
                    _hash_column(column, digest)
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def _normalised(self, raw: dict[str, pl.DataFrame], schema: Schema) -> tuple[dict[str, pl.DataFrame], Schema]:
        errors: list[TablesError] = []
        notes: list[Note] = []
        raw = {
            name: frame.with_columns(_without(one, schema.tables[name].missing) for one in frame.get_columns())
            for name, frame in raw.items()
        }
        keys = normalised_keys(raw, key_groups(schema))
        frames: dict[str, pl.DataFrame] = {}
        completed: dict[str, TableSchema] = {}
        zones: dict[Place, tuple[bool, bool]] = {}
        for name, frame in raw.items():
            table = schema.tables[name]
            columns: dict[str, ColumnSchema] = {}
            series: dict[str, pl.Series] = {}
            for column in frame.columns:
                place, promise = Place(name, column), table.column(column)
                one = frame[column]
                if promise.role == Role.IGNORE and (one.dtype.is_nested() or one.dtype in (pl.Binary, pl.Object)):
                    continue
                try:
                    type, done = _one_column(one, table, promise, place, keys.get((name, column)), zones)
                except TablesError as error:
                    errors.append(error)
                    continue
                if promise.type is None and type == Type.TEXT and one.dtype.is_integer():
                    mask = huge(one)
                    notes.append(Note("huge", name, column, int(mask.sum()), examples(one, mask)))
                role = promise.role
                if not named(column):
                    role = Role.IGNORE
                    notes.append(Note("name", name, column, 1))
                columns[column] = promise.model_copy(update={"type": type, "role": role})
                series[column] = done
            frames[name] = pl.DataFrame(series)
            completed[name] = table.model_copy(update={"columns": columns})
        if not errors:
            _one_clock(zones, raw, errors)
        if errors:
            raise _all(errors)
        for name, table in completed.items():
            if table.key is not None and table.duplicates != "error":
                frames[name], gone = _unique(frames[name], table.key, table.duplicates)
                if gone:
                    notes.append(Note("duplicates", name, table.key, gone))
        self.notes = tuple(notes)
        return frames, schema.model_copy(update={"tables": completed})


class NoSuchTableError(TablesError, KeyError):
    """A table was asked for that is not there."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        super().__init__("There is no such table.", got=repr(name), fix=did_you_mean(name, known))

    def __str__(self) -> str:
        return str(self.args[0])


def _same_tables(frames: Mapping[str, Any], schema: Schema) -> None:
    missing = [name for name in schema.tables if name not in frames]
    if missing:
        raise TablesError(
            "A table that the schema describes did not come.",
            expected=", ".join(schema.tables),
            got=", ".join(frames) or "no table",
            where=", ".join(missing),
            fix="Give a frame for it (an empty one will do), or take its section out of the schema.",
        )


def _chosen(frame: pl.DataFrame, table: TableSchema, name: str) -> pl.DataFrame:
    """Give columns the names of the schema, and see that all that it names are there."""
    renamed = {
        promise.header: column
        for column, promise in table.columns.items()
        if promise.header is not None and promise.header in frame.columns and column not in frame.columns
    }
    frame = frame.rename(renamed) if renamed else frame
    wanted = dict.fromkeys(
        [column for column in (table.key, table.time, table.known_at) if column is not None]
        + list(table.columns)
        + [promise.known_at for promise in table.columns.values() if promise.known_at is not None]
    )
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise TablesError(
            f"{'Columns' if len(missing) > 1 else 'A column'} named in the schema "
            f"{'are' if len(missing) > 1 else 'is'} not in the table.",
            expected=", ".join(missing),
            got=", ".join(frame.columns[:20]) + (" ..." if len(frame.columns) > 20 else "") or "no column",
            where=str(Place(name)),
            fix=" ".join(f"{column}: {did_you_mean(column, frame.columns)}" for column in missing[:3]),
        )
    return frame


def _without(series: pl.Series, missing: tuple[str, ...]) -> pl.Series:
    """Blank the text that means missing."""
    if not missing or series.dtype not in (pl.String, pl.Categorical, pl.Enum):
        return series
    found = series.cast(pl.String).is_in(list(missing))
    return series.cast(pl.String).set(found, None) if found.any() else series


def _one_column(
    series: pl.Series,
    table: TableSchema,
    promise: ColumnSchema,
    place: Place,
    key: pl.Series | None,
    zones: dict[Place, tuple[bool, bool]],
) -> tuple[Type, pl.Series]:
    name = place.column
    if key is not None:
        # Names of things: neither number nor free text, whatever the frame holds them in.
        return Type.CATEGORY, key
    is_time = name in (table.time, table.known_at) or any(name == one.known_at for one in table.columns.values())
    type = Type.TIME if is_time else promise.type or guess(series, promise, place)
    if type != Type.TIME:
        return type, converted(series, type, promise, place)
    times = to_time(series, place, format=promise.format, time_zone=table.time_zone)
    dates = series.dtype == pl.Date or not _has_clock(times.values)
    zones[place] = (times.zoned, dates)
    return type, times.values.rename(series.name)


def _has_clock(times: pl.Series) -> bool:
    # A look at the first rows is enough: whoever writes clock times does not write a thousand midnights first.
    head = times.drop_nulls().head(1000) if times.null_count() else times.head(1000)
    return bool((head.cast(pl.Int64) % 86_400_000_000 != 0).any())


def _one_clock(
    zones: dict[Place, tuple[bool, bool]], frames: Mapping[str, pl.DataFrame], errors: list[TablesError]
) -> None:
    """Times with a zone and clock times without one cannot be compared; dates alone are let through."""
    zoned = [place for place, (has, _) in zones.items() if has]
    naive = [place for place, (has, dates) in zones.items() if not has and not dates]
    if zoned and naive:
        errors.append(
            TablesError(
                "Some times carry a time zone and others do not; they cannot be compared.",
                expected="all with a zone, or a `time_zone` for the tables without",
                got=f"with: {'; '.join(map(str, zoned[:3]))}. Without: {'; '.join(map(str, naive[:3]))}",
                where=str(naive[0]),
                fix=f'Say in which zone they are written: [{naive[0].table}] time_zone = "Asia/Shanghai".',
            )
        )


def _all(errors: list[TablesError]) -> TablesError:
    if len(errors) == 1:
        return errors[0]
    body = "\n\n".join(str(error) for error in errors[:20])
    return TablesError(f"{len(errors)} columns cannot be read.\n\n{body}")


def _unique(frame: pl.DataFrame, key: str, keep: str) -> tuple[pl.DataFrame, int]:
    first = keep == "first"
    again = frame[key].is_not_null() & ~(frame[key].is_first_distinct() if first else frame[key].is_last_distinct())
    return (frame.filter(~again) if again.any() else frame), int(again.sum())


def _meaning(schema: Schema) -> str:
    """What the schema says about the content, without where the content lies."""
    place = {"file", "source", "query", "encoding", "separator", "skip_lines", "missing", "title"}
    head = {"simulated": schema.simulated}
    body = {
        name: table.model_dump(mode="json", exclude=place, exclude_defaults=True, exclude_none=True)
        for name, table in schema.tables.items()
    }
    return json.dumps([head, body], sort_keys=True, ensure_ascii=False)


def _hash_column(column: pl.Series, digest: Any) -> None:
    """Feed a column in slices of fixed length: values under nulls are zeroed, so that equal columns hash equally."""
    for start in range(0, max(len(column), 1), _SLICE):
        part = column.slice(start, _SLICE)
        missing = part.null_count() > 0
        if missing:
            digest.update(np.packbits(part.is_null().to_numpy()).tobytes())
        if part.dtype == pl.String:
            filled = part.fill_null("") if missing else part
            digest.update(filled.str.len_bytes().to_numpy().tobytes())
            arrow = filled.to_arrow(compat_level=pl.CompatLevel.oldest())
            offsets = np.frombuffer(arrow.buffers()[1], np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
            if offsets[-1] > offsets[0]:
                digest.update(memoryview(arrow.buffers()[2])[int(offsets[0]) : int(offsets[-1])])
        elif part.dtype == pl.Boolean:
            digest.update(np.packbits(part.fill_null(False).to_numpy()).tobytes())
        else:
            numbers = part.to_physical()
            numbers = numbers.fill_null(0) if missing else numbers
            digest.update(np.ascontiguousarray(numbers.to_numpy()).data)
