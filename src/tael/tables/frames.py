"""``Tables``: the linked tables of one problem, brought to one form, with what they promise."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from tael.errors import TablesError, did_you_mean
from tael.tables.border import native_of, polars_of
from tael.tables.choose import chosen, conflicts, padded, repeated, same_tables, without
from tael.tables.columns import converted, guess, huge
from tael.tables.fingerprint import hash_column, meaning
from tael.tables.keys import as_text, key_groups, normalised_keys
from tael.tables.places import SHOWN, Example, Place, clipped
from tael.tables.schema import Absent, ColumnSchema, Role, Schema, TableSchema, Type, named
from tael.tables.times import to_time
from tael.tables.totals import called, plain_word


@dataclass(frozen=True)
class Note:
    """Something that was done to a column when it was read, for the contract check to tell."""

    kind: str
    table: str
    column: str | None
    count: int
    examples: tuple[Example, ...] = ()
    detail: str = ""


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
    absent : {"error", "label"}
        What to do when a column of the schema is not there. ``"label"``: columns of role label and ignore may be
        absent and come without values, as in tables that are to be scored.
    places : mapping of str to Place, optional
        The file of each table and the line of its first row, for messages.

    Attributes
    ----------
    schema : Schema
        Completed: every column of every table is listed with its type, keys and times too.
    native : {"pandas", "polars", "pyarrow"}
        What came, so that what is returned can match.
    absent : frozenset of (str, str)
        Table and column of what was absent.

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
        self,
        frames: Mapping[str, Any],
        schema: Schema | Mapping[str, Any] | str | Path | None = None,
        *,
        absent: Absent = "error",
        places: Mapping[str, Place] | None = None,
    ) -> None:
        promise = Schema.of(schema)
        same_tables(frames, promise)
        promise = promise.model_copy(
            update={"tables": {name: promise.tables.get(name, TableSchema()) for name in frames}}
        )
        promise._check("schema")
        self._places = {name: (places or {}).get(name, Place(name)) for name in frames}
        came = {name: polars_of(frame, name) for name, frame in frames.items()}
        raw = _each(came, lambda name: chosen(came[name], promise.tables[name], self._places[name], absent))
        self.absent = frozenset(
            (name, column) for name, frame in raw.items() for column in frame.columns[came[name].width :]
        )
        # Which rows are left, by their place in what came; a table without an entry has them all.
        self._rows: dict[str, pl.Series] = {}
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

    def row_of(self, table: str, index: int) -> tuple[int, int | None]:
        """The number of a row as it came, counted from 1, and its line in the file where that is known.

        >>> Tables({"loans": pl.DataFrame({"loan": [1, 2]})}).row_of("loans", 1)
        (2, None)
        """
        row = int(self._rows[table][index]) if table in self._rows else index
        first = self._places[table].first_line
        return row + 1, None if first is None else first + row

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
        changed.absent = frozenset(
            (name, column) for name, column in self.absent if changed[name][column].is_null().all()
        )
        return changed

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of all content in its order, and of what the schema says about it.

        The same on every machine; where the tables were read from, and what came (pandas or Polars), does not enter.
        """
        if self._fingerprint is None:
            digest = hashlib.sha256(meaning(self.schema).encode())
            for name in sorted(self._frames):
                frame = self._frames[name]
                digest.update(json.dumps([name, frame.height, list(map(str, frame.schema.items()))]).encode())
                for column in frame.get_columns():
                    hash_column(column, digest)
            self._fingerprint = digest.hexdigest()
        return self._fingerprint

    def _normalised(self, raw: dict[str, pl.DataFrame], schema: Schema) -> tuple[dict[str, pl.DataFrame], Schema]:
        errors: list[TablesError] = []
        notes: list[Note] = []
        raw = {
            name: frame.with_columns(_prepared(one, schema.tables[name]) for one in frame.get_columns())
            for name, frame in raw.items()
        }
        totals = {name: found for name, frame in raw.items() if (found := _totals(frame, schema.tables[name])).any()}
        # Emptied first, so that what is wrong with other rows is said of the lines in which they stand.
        raw |= {name: raw[name].with_columns(pl.when(~gone).then(pl.all())) for name, gone in totals.items()}
        keys = normalised_keys(raw, key_groups(schema), self._places)
        frames: dict[str, pl.DataFrame] = {}
        completed: dict[str, TableSchema] = {}
        zones: dict[Place, tuple[bool, bool]] = {}
        for name, frame in raw.items():
            table = schema.tables[name]
            columns: dict[str, ColumnSchema] = {}
            series: dict[str, pl.Series] = {}
            for column in frame.columns:
                place, promise = replace(self._places[name], column=column), table.column(column)
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
                    notes.append(Note("huge", name, column, int(mask.sum()), self._examples(name, one, mask)))
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
            raise all_of(errors, "columns")
        for name, gone in totals.items():
            words = ", ".join(completed[name].totals)
            where = tuple(replace(one, value="") for one in self._examples(name, gone, gone))
            notes.append(Note("totals", name, None, int(gone.sum()), where, words))
            self._rows[name], frames[name] = (~gone).arg_true(), frames[name].filter(~gone)
        for name, table in completed.items():
            if table.key is not None and table.duplicates != "error":
                notes.extend(self._without_repeated(frames, name, table.key, table.duplicates))
        self.notes = tuple(notes)
        return frames, schema.model_copy(update={"tables": completed})

    def _without_repeated(self, frames: dict[str, pl.DataFrame], name: str, key: str, keep: str) -> Iterator[Note]:
        frame = frames[name]
        gone = repeated(frame, key, keep)
        if not gone.any():
            return
        other = conflicts(frame, gone, key)
        yield Note("duplicates", name, key, int(gone.sum()), self._examples(name, frame[key], gone), f"{keep}, {other}")
        self._rows[name] = self._rows[name].filter(~gone) if name in self._rows else (~gone).arg_true()
        frames[name] = frame.filter(~gone)

    def _examples(self, name: str, series: pl.Series, mask: pl.Series) -> tuple[Example, ...]:
        found = []
        for index in mask.arg_true().head(SHOWN):
            row, line = self.row_of(name, index)
            found.append(Example(row, clipped(series[index]), line))
        return tuple(found)


class NoSuchTableError(TablesError, KeyError):
    """A table was asked for that is not there."""

    def __init__(self, name: str, known: Mapping[str, Any]) -> None:
        super().__init__(
            "There is no such table.", got=repr(name), fix=f"Name another one. {did_you_mean(name, known)}"
        )

    def __str__(self) -> str:
        return str(self.args[0])


def _each(names: Mapping[str, Any], take: Callable[[str], pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Take every table, and tell the faults of all of them at once."""
    done: dict[str, pl.DataFrame] = {}
    errors: list[TablesError] = []
    for name in names:
        try:
            done[name] = take(name)
        except TablesError as error:
            errors.append(error)
    if errors:
        raise all_of(errors, "tables")
    return done


def _prepared(series: pl.Series, table: TableSchema) -> pl.Series:
    promise = table.column(series.name)
    zero = as_text(series).is_in(list(promise.zero)) if promise.zero else None
    done = without(series, (*table.missing, *promise.missing))
    if zero is not None and zero.any():
        done = as_text(done).set(zero.fill_null(False), "0")
    return done if promise.pad is None else padded(done, promise.pad)


def _totals(frame: pl.DataFrame, table: TableSchema) -> pl.Series:
    return called(frame, set(map(plain_word, table.totals)), table.key) if table.totals else pl.Series([False])


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
    times = to_time(series, place, format=promise.format, time_zone=table.time_zone, month=promise.month)
    dates = series.dtype == pl.Date or promise.month is not None or not _has_clock(times.values)
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


def all_of(errors: list[TablesError], what: str) -> TablesError:
    """One error that holds all; ``what`` they are about, in the plural."""
    if len(errors) == 1:
        return errors[0]
    body = "\n\n".join(str(error) for error in errors[:20])
    more = f"\n\n... and {len(errors) - 20} more" if len(errors) > 20 else ""
    return TablesError(f"{len(errors)} {what} cannot be read.\n\n{body}{more}\n", fix="Do what each of them says.")
