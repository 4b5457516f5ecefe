"""What is traded: bars in real prices, with all that an exchange lets one know before the next bar."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets import bar_checks as check

if TYPE_CHECKING:
    from tael.panels import Panel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
When = int | str | date | datetime | np.datetime64 | None
_LATER: Any = None

GRIDS = ("open", "high", "low", "close", "preclose", "volume", "amount", "limit_up", "limit_down", "adjust", "settle")
MASKS = ("listed", "suspended", "st")
OF_ENTITY = ("lot", "min_lot", "board", "multiplier", "tick", "expiry", "product")


@dataclass(frozen=True, eq=False)
class Bars:
    """Bars of what is traded, (T, N): time by entity, in real prices, as the exchange showed them.

    Row t is known when bar t has closed, but for what is known *before* it trades: `preclose`, `limit_up`,
    `limit_down`, `adjust`, `listed`, `suspended`, `st`, `margin_rate` and everything of an entity.

    Parameters
    ----------
    times : ndarray of datetime64, shape (T,)
        Rising; a date stands for the close of that trading day.
    entities : sequence of str
        N names.
    open, high, low, close : ndarray of float64, shape (T, N)
        Currency a share (or the contract's quotation). NaN where there is no bar.
    preclose : ndarray, shape (T, N), optional
        Reference price of the bar: the last close, less what was detached that morning (ex rights). By default the
        last close times ``adjust[t - 1] / adjust[t]``.
    volume : ndarray, shape (T, N), optional
        Shares or contracts. By default missing.
    amount : ndarray, shape (T, N), optional
        Turnover in currency. By default missing.
    listed : ndarray of bool, shape (T, N), optional
        By default from an entity's first bar on: whoever knows of delistings says so.
    suspended : ndarray of bool, shape (T, N), optional
        By default where an entity is listed and has no bar.
    limit_up, limit_down : ndarray, shape (T, N), optional
        Highest and lowest price that may be dealt at, known before the open; +inf and 0 (the default) where there is
        none.
    adjust : ndarray, shape (T, N), optional
        Cumulative factor: ``close * adjust`` is the continuous series for signals, and on an ex date a position's
        shares are multiplied by ``adjust[t] / adjust[t - 1]``. By default 1.
    st : ndarray of bool, shape (T, N), optional
        Under special treatment (risk warning).
    lot, min_lot : ndarray of int64, shape (N,), optional
        Shares or contracts in which orders step above the smallest, and the smallest order. By default 1.
    board : ndarray of str, shape (N,), optional
        Which rules hold ("main", "chinext", "star", ...).
    multiplier : ndarray, shape (N,), optional
        Currency for one point of one contract; 1 for shares.
    tick : ndarray, shape (N,), optional
        Smallest step of the price; 0 (the default) where it is not known.
    margin_rate : ndarray, shape (N,) or (T, N), optional
        Margin as a share of notional; 1 (the default) is paid in full.
    settle : ndarray, shape (T, N), optional
        Settlement price; by default the close.
    expiry : ndarray of datetime64[D], shape (N,), optional
        Last trading day of a dated contract; NaT (the default) where there is none.
    product : ndarray of str, shape (N,), optional
        Which product a contract belongs to.
    fields : mapping of str to ndarray, shape (T, N), optional
        More to compute signals from ("turn", "open_interest", ...).
    groups, levels : mappings, optional
        Codes by time (-1: none), and their names ("sector", "index").
    notes : tuple of str, optional
        What a reader of any result has to know of the data (survivorship, adjusted prices).

    Raises
    ------
    MarketError
        Shapes that differ, times that do not rise, prices that contradict one another: with entity and time.

    Examples
    --------
    >>> days = np.array(["2024-01-02", "2024-01-03"], dtype="M8[D]")
    >>> price = np.array([[10.0], [11.0]])
    >>> bars = Bars(days, ("600000",), price, price, price, price)
    >>> bars.returns()
    array([[nan],
           [0.1]])
    """

    times: NDArray[np.datetime64]
    entities: tuple[str, ...]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    preclose: Floats = _LATER
    volume: Floats = _LATER
    amount: Floats = _LATER
    listed: Bools = _LATER
    suspended: Bools = _LATER
    limit_up: Floats = _LATER
    limit_down: Floats = _LATER
    adjust: Floats = _LATER
    st: Bools = _LATER
    lot: Ints = _LATER
    min_lot: Ints = _LATER
    board: NDArray[Any] = _LATER
    multiplier: Floats = _LATER
    tick: Floats = _LATER
    margin_rate: Floats = _LATER
    settle: Floats = _LATER
    expiry: NDArray[np.datetime64] = _LATER
    product: NDArray[Any] = _LATER
    fields: Mapping[str, Floats] = field(default_factory=dict)
    groups: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    levels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = self.__dict__.__setitem__  # frozen: set once, here
        put("times", check.clock(self.times))
        put("entities", check.names(self.entities))
        shape = self.shape
        n = shape[1]
        for name in GRIDS:
            value = getattr(self, name)
            put(name, None if value is None else check.grid(value, name, shape, np.float64))
        for name in MASKS:
            value = getattr(self, name)
            put(name, None if value is None else check.grid(value, name, shape, np.bool_))
        defaults = check.defaults(self.close, self.adjust, self.listed)
        for name, value in defaults.items():
            if getattr(self, name) is None:
                put(name, value)
        for name, kind, value in (
            ("lot", np.int64, 1),
            ("min_lot", np.int64, 1),
            ("multiplier", np.float64, 1.0),
            ("tick", np.float64, 0.0),
            ("expiry", "datetime64[D]", np.datetime64("NaT", "D")),
            ("board", np.str_, ""),
            ("product", np.str_, ""),
        ):
            put(name, check.of_entity(getattr(self, name), name, n, kind, value))
        put("margin_rate", check.margin(self.margin_rate, shape))
        put("fields", {name: check.grid(value, name, shape, np.float64) for name, value in self.fields.items()})
        put("groups", {name: check.grid(value, name, shape, np.int32) for name, value in self.groups.items()})
        put("levels", {name: tuple(self.levels.get(name, ())) for name in self.groups})
        put("notes", tuple(self.notes))
        check.consistent(self)

    @property
    def shape(self) -> tuple[int, int]:
        """(T, N)."""
        return len(self.times), len(self.entities)

    def __len__(self) -> int:
        return len(self.times)

    def __repr__(self) -> str:
        rows, n = self.shape
        return f"<Bars of {n} entities at {rows} times, {check.told(self.times[0])} to {check.told(self.times[-1])}>"

    @property
    def tradable(self) -> Bools:
        """Where there is a bar to deal in: listed, not suspended, with a price."""
        found: Bools = self.listed & ~self.suspended & np.isfinite(self.close)
        return found

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        time: str = "date",
        entity: str = "code",
        columns: Mapping[str, str] | None = None,
        fields: Iterable[str] = (),
        groups: Iterable[str] = (),
        notes: Sequence[str] = (),
        **given: Any,
    ) -> Bars:
        """Read a long table: one row for each entity and time.

        Parameters
        ----------
        frame : pandas, Polars or PyArrow frame
        time, entity : str
            Its columns of times and names.
        columns : mapping of str to str, optional
            Which column stands for what: ``{"close": "Close", ...}``. Columns that are named as the parameters of
            `Bars` are found without.
        fields, groups : iterable of str, optional
            More columns of numbers, and of names that may change in time, under their own names.
        notes : sequence of str, optional
        **given
            Parameters of `Bars` that no column holds, such as ``lot``, as arrays.

        Returns
        -------
        Bars
            Entities in their order as text.

        Raises
        ------
        MarketError

        Examples
        --------
        >>> import polars as pl
        >>> frame = pl.DataFrame({"date": ["2024-01-02"] * 2, "code": ["b", "a"], "Close": [2.0, 1.0]})
        >>> price = dict.fromkeys(["open", "high", "low", "close"], "Close")
        >>> Bars.from_frame(frame, columns=price).close
        array([[1., 2.]])
        """
        from tael.markets.reading.pivot import needs, pivot

        wide = pivot(frame, time=time, entity=entity)
        names = {name: name for name in (*GRIDS, *MASKS, *OF_ENTITY, "margin_rate") if name in wide}
        names |= check.known(columns or {}, [*GRIDS, *MASKS, *OF_ENTITY, "margin_rate"])
        needs(wide.frame, [names.get(name, name) for name in ("open", "high", "low", "close")])
        found: dict[str, Any] = {}
        for name, column in names.items():
            if name in OF_ENTITY:
                found[name] = check.filled(wide.constants(column), name)
            else:
                found[name] = wide.flags(column) if name in MASKS else wide.floats(column)
        if "adjust" in found:
            found["adjust"] = check.forward(found["adjust"])
        coded = {name: wide.codes(name) for name in groups}
        return cls(
            wide.times,
            wide.entities,
            **(found | given),
            fields={name: wide.floats(name) for name in fields},
            groups={name: codes for name, (codes, _) in coded.items()},
            levels={name: levels for name, (_, levels) in coded.items()},
            notes=tuple(notes),
        )

    def window(self, start: When = None, stop: When = None) -> Bars:
        """Take the rows from `start` up to but without `stop`: row numbers, or dates and times.

        >>> day = np.array(["2024-01-02", "2024-01-03"], dtype="M8[D]")
        >>> one = np.ones((2, 1))
        >>> len(Bars(day, ("a",), one, one, one, one).window("2024-01-03"))
        1
        """
        rows = slice(check.row(self.times, start, 0), check.row(self.times, stop, len(self)))
        if len(self.times[rows]) == 0:
            raise MarketError(
                "The window holds no bars.",
                expected=f"between {check.told(self.times[0])} and {check.told(self.times[-1])}",
                got=f"from {start} to {stop}",
            )
        return self._cut(rows, slice(None))

    def select(self, entities: Iterable[str]) -> Bars:
        """Take some entities, in the order in which they are named."""
        place = {name: at for at, name in enumerate(self.entities)}
        wanted = list(entities)
        unknown = [name for name in wanted if name not in place]
        if unknown:
            raise MarketError(f"The bars hold no entity {unknown[0]!r}.", got=f"{len(unknown)} unknown names")
        return self._cut(slice(None), np.array([place[name] for name in wanted], dtype=np.int64))

    def _cut(self, rows: slice, columns: slice | Ints) -> Bars:
        cut: dict[str, Any] = {}
        for name in (one.name for one in fields(self)):
            value = getattr(self, name)
            if name == "times":
                cut[name] = value[rows]
            elif name == "entities":
                cut[name] = tuple(np.array(value, dtype=object)[columns])
            elif isinstance(value, np.ndarray):
                cut[name] = value[rows][:, columns] if value.ndim == 2 else value[columns]
            elif name in ("fields", "groups"):
                cut[name] = {key: one[rows][:, columns] for key, one in value.items()}
        return replace(self, **cut)

    def returns(self) -> Floats:
        """Return of each bar over its reference price, ``close / preclose - 1``, (T, N); NaN where there is no bar."""
        with np.errstate(invalid="ignore", divide="ignore"):
            out: Floats = self.close / self.preclose - 1
        return out

    def panel(self, fields: Iterable[str] | None = None, members: Bools | None = None, bar: str = "1d") -> Panel:
        """The same as a panel for signals: prices times `adjust`, volumes divided by it, so that they are continuous.

        Parameters
        ----------
        fields : iterable of str, optional
            Of: open, high, low, close, preclose, settle, volume, amount, vwap (amount by volume), returns, adjust, and
            the bars' own `fields` (as they are). By default all but settle and adjust.
        members : ndarray of bool, shape (T, N), optional
            The universe as known at each time; by default what is listed and not suspended.
        bar : str
            What one row spans: "1d", "1min", "tick".

        Returns
        -------
        tael.panels.Panel
        """
        from tael.panels import Panel

        columns: dict[str, Any] = {
            name: getattr(self, name) * self.adjust for name in ("open", "high", "low", "close", "preclose", "settle")
        }
        columns |= {"volume": self.volume / self.adjust, "amount": self.amount, "adjust": self.adjust}
        with np.errstate(invalid="ignore", divide="ignore"):
            vwap = self.amount / (self.volume * self.multiplier) * self.adjust
        columns |= {"vwap": np.where(self.volume > 0, vwap, np.nan), "returns": self.returns(), **self.fields}
        wanted = [name for name in columns if name not in ("settle", "adjust")] if fields is None else list(fields)
        check.known({name: "" for name in wanted}, list(columns))
        absent = ~self.tradable
        taken = {name: np.where(absent, np.nan, columns[name]) for name in wanted}
        board, at = np.unique(self.board, return_inverse=True)
        groups = {"board": np.tile(at.astype(np.int32), (len(self), 1)), **self.groups}
        return Panel(
            times=self.times,
            entities=self.entities,
            fields=taken,
            groups=groups,
            levels={"board": tuple(board.tolist()), **self.levels},
            listed=self.listed,
            suspended=self.suspended,
            members=self.listed & ~self.suspended if members is None else members,
            bar=bar,
        )

    def fingerprint(self) -> str:
        """A hash of all that the bars hold, 16 hexadecimal digits."""
        digest = hashlib.sha256()
        for one in fields(self):
            value = getattr(self, one.name)
            parts = value if isinstance(value, Mapping) else {"": value}
            for key in sorted(parts):
                digest.update(f"{one.name}.{key}:".encode())
                part = parts[key]
                digest.update(
                    np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode()
                )
        return digest.hexdigest()[:16]
