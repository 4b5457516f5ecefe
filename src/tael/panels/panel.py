"""``Panel``: dense arrays of time x entity, with the masks that say what was there and who belonged."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import PanelError, did_you_mean
from tael.formulas.panel import PanelSchema
from tael.tables.schema import Language, Type

Array = NDArray[Any]
Mask = NDArray[np.bool_]
Moment = str | date | datetime | np.datetime64
_SLICE = 1 << 20


@dataclass(frozen=True, eq=False)
class Panel:
    """A market as a table of time by entity for each field: row t is known when bar t has closed.

    All arrays are time-major, shape (T, N), axis 0 time (oldest first), axis 1 the entity.

    Parameters
    ----------
    times : array of datetime64, shape (T,)
        When each bar is known: strictly increasing.
    entities : sequence of str, N of them
    fields : dict of str to array of float, shape (T, N)
        Signal data (prices adjusted for what splits them); NaN where the entity is not listed, suspended, or the
        value is unknown. float64 or float32; an infinity reads as missing.
    groups : dict of str to array of int32, shape (T, N), optional
        Codes of sectors, boards, indices as they were at each time; -1 is none.
    levels : dict of str to sequence of str, optional
        What the codes stand for; the codes themselves where left out.
    listed, suspended : array of bool, shape (T, N), optional
        Left out: listed where any field has a value; never suspended.
    members : array of bool, shape (T, N), optional
        The universe as known at each time: cross-sections go over members alone. Left out: listed and not suspended.
    bar : str
        What one row spans: ``"1d"``, ``"1min"``, ``"tick"``. Words say "days" only of ``"1d"``.
    titles : dict of str to dict of "en" and "zh", optional
        What fields and groups are called in words.
    units : dict of str to str, optional

    Raises
    ------
    PanelError
        Shapes, times or codes that do not fit; all messages say which.

    Examples
    --------
    >>> panel = Panel(np.array(["2024-01-02", "2024-01-03"], "M8[D]"), ("A", "B"), {"close": [[1.0, 2.0], [1.1, 2.2]]})
    >>> panel
    Panel(2 bars of 1d, 2 entities, close)
    >>> panel.members.all()
    np.True_
    """

    times: NDArray[np.datetime64]
    entities: tuple[str, ...]
    fields: Mapping[str, Array]
    groups: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    listed: Mask = None  # type: ignore[assignment]  # filled below, so that readers need not ask
    suspended: Mask = None  # type: ignore[assignment]
    members: Mask = None  # type: ignore[assignment]
    bar: str = "1d"
    titles: Mapping[str, Mapping[Language, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "times", _times(self.times))
        set_(self, "entities", _entities(self.entities))
        shape = self.shape
        fields = {name: _field(name, values, shape) for name, values in self.fields.items()}
        groups = {name: _codes(name, codes, shape) for name, codes in self.groups.items()}
        both = fields.keys() & groups.keys()
        if both:
            raise PanelError("A field and a group have the same name.", got=min(both), fix="Rename one of them.")
        levels = {name: _levels(name, codes, self.levels.get(name)) for name, codes in groups.items()}
        set_(self, "fields", MappingProxyType(fields))
        set_(self, "groups", MappingProxyType(groups))
        set_(self, "levels", MappingProxyType(levels))
        listed = _somewhere(fields.values(), shape) if self.listed is None else _mask("listed", self.listed, shape)
        suspended = np.zeros(shape, np.bool_) if self.suspended is None else self.suspended
        set_(self, "listed", listed)
        set_(self, "suspended", _mask("suspended", suspended, shape))
        members = self.listed & ~self.suspended if self.members is None else self.members
        set_(self, "members", _mask("members", members, shape))

    @property
    def shape(self) -> tuple[int, int]:
        """Bars and entities: (T, N)."""
        return len(self.times), len(self.entities)

    @property
    def schema(self) -> PanelSchema:
        """What formulas need to know: names, levels, titles, units, the bar."""
        fields = dict.fromkeys(self.fields, Type.NUMBER)
        return PanelSchema(fields, self.levels, self.bar, self.titles, self.units)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        names = ", ".join([*self.fields, *self.groups][:8])
        more = len(self.fields) + len(self.groups) - 8
        rows, columns = self.shape
        told = f"{names}{f' and {more} more' if more > 0 else ''}"
        return f"Panel({rows:,} bars of {self.bar}, {columns:,} entities, {told})"

    def __deepcopy__(self, memo: dict[int, Any]) -> Panel:
        # Nothing in here changes after it is made, and scikit-learn's clone() would copy the data of a parameter.
        return self

    @staticmethod
    def from_frame(frame: Any, **options: Any) -> Panel:
        """A panel from a long frame, one row for each time and entity; see :func:`tael.panels.from_frame`."""
        from tael.panels.frames import from_frame

        return from_frame(frame, **options)

    def window(self, start: int | Moment | None = None, stop: int | Moment | None = None) -> Panel:
        """Some of the bars, as views: rows by number (as a slice), or ``start <= time < stop``.

        >>> panel = Panel(np.array(["2024-01-02", "2024-01-03"], "M8[D]"), ("A",), {"close": [[1.0], [2.0]]})
        >>> len(panel.window(stop="2024-01-03")), len(panel.window(-1))
        (1, 1)
        """
        rows = slice(self._row(start), self._row(stop))
        return replace(
            self,
            times=self.times[rows],
            fields={name: values[rows] for name, values in self.fields.items()},
            groups={name: codes[rows] for name, codes in self.groups.items()},
            listed=self.listed[rows],
            suspended=self.suspended[rows],
            members=self.members[rows],
        )

    def _row(self, at: int | Moment | None) -> int | None:
        if at is None or isinstance(at, int | np.integer):
            return None if at is None else int(at)
        try:
            return int(np.searchsorted(self.times, np.datetime64(at)))
        except (ValueError, TypeError):
            raise PanelError(
                "This is no time.", expected='a row number, or a time such as "2024-01-31"', got=repr(at)
            ) from None

    def with_fields(self, **fields: Any) -> Panel:
        """The same panel with more fields, or with some exchanged.

        >>> panel = Panel(np.array(["2024-01-02"], "M8[D]"), ("A",), {"close": [[1.0]]})
        >>> list(panel.with_fields(size=[[3.0]]).fields)
        ['close', 'size']
        """
        return replace(self, fields={**self.fields, **fields})

    def with_members(self, members: Any) -> Panel:
        """The same panel with another universe, shape (T, N): cross-sections go over it."""
        return replace(self, members=np.asarray(members))

    def index_of(self, entity: str) -> int:
        """The column of an entity.

        Raises
        ------
        PanelError
            If there is none; names the nearest.
        """
        try:
            return self.entities.index(entity)
        except ValueError:
            raise PanelError(
                "There is no such entity.", got=repr(entity), fix=did_you_mean(entity, self.entities)
            ) from None

    def append(self, bars: Panel) -> Panel:
        """This panel and later bars: entities that are new get a column, those that are absent end.

        Raises
        ------
        PanelError
            If the bars are not later, or have other fields, groups or another bar.
        """
        from tael.panels.growing import appended

        return appended(self, bars)

    def fingerprint(self) -> str:
        """SHA-256 (64 hexadecimal digits) of all content: times, entities, fields, groups and masks."""
        head = [self.bar, list(self.entities), list(self.times.astype(np.int64).tolist())]
        digest = hashlib.sha256(json.dumps(head, ensure_ascii=False).encode("utf-8", "surrogatepass"))
        for name in sorted(self.fields):
            values = self.fields[name]
            digest.update(json.dumps(["field", name, values.dtype.str]).encode())
            flat = values.reshape(-1)
            for start in range(0, len(flat), _SLICE):
                part = flat[start : start + _SLICE]
                # NaNs differ in bits that mean nothing
                digest.update(np.where(np.isnan(part), np.array(np.nan, part.dtype), part).tobytes())
        for name in sorted(self.groups):
            digest.update(json.dumps(["group", name, list(self.levels[name])]).encode())
            digest.update(self.groups[name].tobytes())
        for mask in (self.listed, self.suspended, self.members):
            digest.update(np.packbits(mask).tobytes())
        return digest.hexdigest()


def _times(times: Any) -> NDArray[np.datetime64]:
    array = np.asarray(times)
    try:
        if array.dtype.kind not in "MUO":
            raise TypeError(array.dtype)
        array = array.astype("datetime64[us]")
    except (ValueError, TypeError):
        raise PanelError("`times` are no times.", expected="datetime64", got=str(array.dtype)) from None
    if array.ndim != 1 or np.isnat(array).any():
        raise PanelError(
            "`times` must be one time for each bar.",
            expected="shape (T,), none missing",
            got=f"shape {array.shape}, {int(np.isnat(array).sum())} missing",
        )
    late = np.flatnonzero(np.diff(array) <= np.timedelta64(0, "us"))
    if len(late):
        one = int(late[0])
        raise PanelError(
            "The times do not increase.",
            expected="each bar later than the one before",
            got=f"{array[one + 1]} after {array[one]}",
            where=f"bar {one + 1}",
            fix="Sort the bars, one row for each time.",
        )
    return array


def _entities(entities: Sequence[str]) -> tuple[str, ...]:
    names = tuple(entities)
    odd = next((name for name in names if not isinstance(name, str)), None)
    if odd is not None:
        raise PanelError("Entities are named by text.", got=repr(odd), fix="Convert them: str(entity).")
    if len(set(names)) < len(names):
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        raise PanelError("An entity stands there twice.", got=twice, fix="Name them apart.")
    return names


def _shaped(name: str, array: Array, shape: tuple[int, int]) -> None:
    if array.shape != shape:
        raise PanelError(
            f"`{name}` does not have the shape of the panel.",
            expected=f"{shape} (bars, entities)",
            got=str(array.shape),
        )


def _field(name: str, values: Any, shape: tuple[int, int]) -> Array:
    if not isinstance(name, str) or not name:
        raise PanelError("A field has no name.", got=repr(name))
    array = np.asanyarray(values)
    _shaped(name, array, shape)
    if array.dtype.kind not in "fiub":
        raise PanelError(
            f"`{name}` does not hold numbers.", expected="float", got=str(array.dtype),
            fix="What is no number goes into `groups`, as codes.",
        )  # fmt: skip
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return np.ascontiguousarray(array)


def _codes(name: str, codes: Any, shape: tuple[int, int]) -> NDArray[np.int32]:
    array = np.asanyarray(codes)
    _shaped(name, array, shape)
    if array.dtype.kind not in "iu":
        raise PanelError(f"`{name}` does not hold codes.", expected="int32, -1 for none", got=str(array.dtype))
    if array.size and (int(array.min()) < -1 or int(array.max()) > np.iinfo(np.int32).max):
        raise PanelError(f"A code of `{name}` is out of range.", expected="-1 or more", got=str(array.min()))
    return np.ascontiguousarray(array, np.int32)


def _levels(name: str, codes: NDArray[np.int32], levels: Sequence[str] | None) -> tuple[str, ...]:
    top = int(codes.max()) + 1 if codes.size else 0
    if levels is None:
        return tuple(map(str, range(top)))
    if len(levels) < top:
        raise PanelError(f"`{name}` has codes without a name.", expected=f"{top} levels", got=str(len(levels)))
    return tuple(levels)


def _mask(name: str, mask: Any, shape: tuple[int, int]) -> Mask:
    array = np.asanyarray(mask)
    _shaped(name, array, shape)
    if array.dtype != np.bool_:
        raise PanelError(f"`{name}` is no mask.", expected="bool", got=str(array.dtype))
    return np.ascontiguousarray(array)


def _somewhere(arrays: Iterable[Array], shape: tuple[int, int]) -> Mask:
    there = np.zeros(shape, np.bool_)
    for values in arrays:
        there |= np.isfinite(values)
    return there
