"""Signals into orders on a book: latency, the touch and what lies behind it, the queue, fees, T+1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.intraday.books import sessions
from tael.panels import Panel

if TYPE_CHECKING:
    import polars as pl

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ExecutionRule:
    """How targets become orders, and what is assumed of the book.

    Snapshots do not tell all: what happens between two of them is assumed, and said here.

    Parameters
    ----------
    order : {"market", "limit"}
        ``market``: takes the touch, and further levels where the touch is thin, at most `participation` of what each
        displays. ``limit``: waits at the own best price behind all that is displayed there; is dealt as far as the
        volume at that price exceeds what stands before it, or when the other side comes to that price.
    latency : int
        Rows from the decision to the arrival at the book, 1 or more: what row t shows cannot be dealt at row t.
    patience : int
        Limit orders: rows after which the rest is withdrawn.
    take : bool
        Limit orders: what was withdrawn is then dealt at the touch; else it waits anew at the new best price.
    participation : float
        Share of each level's displayed volume that an order may take.
    buy_fee, sell_fee : float
        Shares of the amount: commission, transfer fee, and for stocks the stamp duty on sells.
    fee : float
        Currency for each share or contract, besides.
    multiplier : float or tuple of float
        Of a contract; of each entity.
    t_plus_1 : bool
        What was bought today cannot be sold today (A shares): only the `base` that was held before can. So trading
        within the day is trading around a position that is held anyway; its own gains are not counted here.
    base : float or tuple of float
        Shares held at the beginning of each day; of each entity.
    flat : float
        Seconds before the end of each session from which on every position is closed at the touch (sessions' ends
        are published).

    Raises
    ------
    MarketError
    """

    order: Literal["market", "limit"] = "market"
    latency: int = 1
    patience: int = 10
    take: bool = True
    participation: float = 1.0
    buy_fee: float = 0.0
    sell_fee: float = 0.0
    fee: float = 0.0
    multiplier: float | tuple[float, ...] = 1.0
    t_plus_1: bool = False
    base: float | tuple[float, ...] = 0.0
    flat: float = 60.0

    def __post_init__(self) -> None:
        if self.order not in ("market", "limit"):
            raise MarketError("There is no such order.", expected='"market" or "limit"', got=repr(self.order))
        for name, low in (("latency", 1), ("patience", 1), ("participation", 1e-9), ("multiplier", 0), ("base", 0),
                          ("buy_fee", 0), ("sell_fee", 0), ("fee", 0), ("flat", 0)):  # fmt: skip
            value = np.atleast_1d(np.asarray(getattr(self, name), dtype=np.float64))
            if not np.isfinite(value).all() or (value < low).any() or (name == "participation" and value[0] > 1):
                raise MarketError(f"`{name}` is out of its range.", expected=f"{low} or more", got=str(value.min()))


@dataclass(frozen=True)
class Costs:
    """Where the money went, in currency: ``paper + missed - spread - adverse - fees = net``.

    Attributes
    ----------
    paper : float
        What the targets would have earned, held at once at the middle price.
    missed : float
        What came of holding them later, or not at all.
    spread : float
        Paid to the other side, beside the middle price; below 0 where waiting orders earned it.
    adverse : float
        What the middle price moved against waiting orders while they were dealt.
    fees : float
    net : float
    """

    paper: float
    missed: float
    spread: float
    adverse: float
    fees: float
    net: float


@dataclass(frozen=True)
class Execution:
    """What came of it.

    Attributes
    ----------
    book : Panel
    rule : ExecutionRule
    target : (T, N) array
        What was to be held, as decided; missing: as before.
    position : (T, N) array
        What was held, beside the base.
    passive, passive_price, active, active_price : (T, N) arrays
        Dealt while waiting, and at the touch; quantities signed, + bought.
    """

    book: Panel
    rule: ExecutionRule
    target: Floats
    position: Floats
    passive: Floats
    passive_price: Floats
    active: Floats
    active_price: Floats

    def __repr__(self) -> str:
        return f"Execution({self.trades.height:,} trades, net {self.costs.net:,.2f})"

    @cached_property
    def mid(self) -> Floats:
        """The middle price, as last known, (T, N)."""
        return _held(np.asarray(self.book.fields["mid"], dtype=np.float64))

    @cached_property
    def parts(self) -> dict[str, Floats]:
        """The attribution row by row, each (T,): ``paper``, ``missed``, ``spread``, ``adverse``, ``fees``, ``net``."""
        size, mid = np.asarray(self.rule.multiplier), np.nan_to_num(self.mid)
        before = np.vstack([mid[:1], mid[:-1]])
        moved = np.where(before > 0, mid - before, 0.0) * size
        ideal = self._ideal()
        paper = _lagged(ideal) * moved
        gained = _lagged(self.position) * moved
        spread = (self.active * (self.active_price - mid) + self.passive * (self.passive_price - before)) * size
        adverse = self.passive * (before - mid) * size
        fees = np.zeros_like(mid)
        for dealt, price in ((self.active, self.active_price), (self.passive, self.passive_price)):
            rate = np.where(dealt > 0, self.rule.buy_fee, self.rule.sell_fee)
            fees += np.abs(dealt) * (price * size * rate + self.rule.fee)
        made = {"paper": paper, "missed": gained - paper, "spread": spread, "adverse": adverse, "fees": fees}
        made["net"] = gained - spread - adverse - fees
        return {name: values.sum(axis=1) for name, values in made.items()}

    @cached_property
    def costs(self) -> Costs:
        """The attribution of the whole."""
        return Costs(**{name: float(values.sum()) for name, values in self.parts.items()})

    def _ideal(self) -> Floats:
        held = np.where(_closing(self.book, self.rule.flat), 0.0, self.target)
        session = sessions(self.book)
        new = np.concatenate([[True], session[1:] != session[:-1]])
        held[new] = np.nan_to_num(held[new])
        return np.nan_to_num(_held(held))

    @cached_property
    def trades(self) -> pl.DataFrame:
        """One row a deal: ``time``, ``entity``, ``quantity`` (+ bought), ``price``, ``mid``, ``kind``."""
        import polars as pl

        made = []
        for kind, dealt, price in (
            ("limit", self.passive, self.passive_price), ("market", self.active, self.active_price)
        ):  # fmt: skip
            t, n = np.nonzero(dealt)
            made.append(
                pl.DataFrame(
                    {
                        "time": self.book.times[t], "entity": np.array(self.book.entities, dtype=str)[n],
                        "quantity": dealt[t, n], "price": price[t, n], "mid": self.mid[t, n],
                        "kind": pl.Series([kind] * len(t), dtype=pl.String),
                    }
                )
            )  # fmt: skip
        return pl.concat(made).sort("time", "entity")

    @property
    def turnover(self) -> float:
        """Amount dealt, in currency."""
        dealt = np.abs(self.active) * self.active_price + np.abs(self.passive) * self.passive_price
        return float((dealt * np.asarray(self.rule.multiplier)).sum())

    @property
    def holding_seconds(self) -> float:
        """How long a unit is held in the mean: what is held at each time, by half of what is dealt."""
        session = sessions(self.book)
        apart = np.diff(self.book.times).astype("timedelta64[us]").astype(np.float64) / 1e6
        apart = np.where(session[1:] == session[:-1], apart, 0.0)
        held = float((np.abs(self.position[:-1]) * apart[:, None]).sum())
        dealt = float(np.abs(self.active).sum() + np.abs(self.passive).sum())
        return held / (dealt / 2) if dealt > 0 else float("nan")

    def markout(self, rows: int, kind: Literal["limit", "market"] = "market") -> float:
        """Mean move of the middle price in favour of a deal, so many rows later, as a share of the price."""
        dealt = self.passive if kind == "limit" else self.active
        t, n = np.nonzero(dealt)
        keep = t + rows < len(self.book)
        t, n = t[keep], n[keep]
        if not len(t):
            return float("nan")
        move = np.sign(dealt[t, n]) * (self.mid[t + rows, n] / self.mid[t, n] - 1)
        return float(np.nanmean(move))

    def again(self, **changed: Any) -> Execution:
        """The same targets by another rule: ``again(latency=5)``."""
        return execute(self.target, self.book, replace(self.rule, **changed))


def _lagged(values: Floats) -> Floats:
    return np.vstack([np.zeros((1, values.shape[1])), values[:-1]])


def _held(values: Floats) -> Floats:
    """Each entity's last known value."""
    row = np.where(np.isfinite(values), np.arange(len(values))[:, None], -1)
    newest = np.maximum.accumulate(row, axis=0)
    found = values[np.maximum(newest, 0), np.arange(values.shape[1])[None, :]]
    return np.where(newest >= 0, found, np.nan)


def _closing(book: Panel, seconds: float) -> NDArray[np.bool_]:
    """Cells within so many seconds of the entity's last open book of their session, and all after it, shape (T, N)."""
    session, at = sessions(book), book.times.astype("datetime64[us]").astype(np.int64)
    new = np.concatenate([[True], session[1:] != session[:-1]])
    starts, which = np.flatnonzero(new), np.cumsum(new) - 1
    open_at = np.where(book.members, at[:, None], np.iinfo(np.int64).min)
    last = np.maximum.reduceat(open_at, starts, axis=0)[which]
    known = last > np.iinfo(np.int64).min
    return known & (at[:, None] > np.where(known, last, 0) - seconds * 1e6)


def execute(target: Any, book: Panel, rule: ExecutionRule | None = None) -> Execution:
    """Deal on a book what is to be held.

    Parameters
    ----------
    target : (T, N) array
        Shares or contracts to be held beside the base, as decided when row t is known; missing: as before. Whole
        numbers: parts are cut off.
    book : Panel
        As `book_panel` makes it.
    rule : ExecutionRule, optional

    Returns
    -------
    Execution

    Raises
    ------
    MarketError
        If the target has another shape, or the panel is no book.

    Examples
    --------
    >>> times = np.arange("2023-02-01T10:00:00", "2023-02-01T10:00:03", dtype="M8[s]")
    >>> fields = {"bid_price1": 9.99, "ask_price1": 10.01, "bid_volume1": 500.0, "ask_volume1": 300.0}
    >>> from tael.markets.intraday.books import book_of
    >>> book = book_of(times, ("A",), {k: np.full((3, 1), v) for k, v in fields.items()}, np.ones((3, 1), bool))
    >>> done = execute(np.full((3, 1), 100.0), book, ExecutionRule(flat=0))
    >>> done.position.ravel().tolist(), round(done.costs.spread, 2)
    ([0.0, 100.0, 100.0], 1.0)
    """
    from tael.markets.intraday._fills import OUTPUTS, fills

    rule = ExecutionRule() if rule is None else rule
    wanted = np.trunc(np.asarray(target, dtype=np.float64))
    if wanted.shape != book.shape or "mid" not in book.fields:
        raise MarketError(
            "The targets do not fit the book.", expected=f"shape {book.shape} on a panel of books",
            got=f"shape {wanted.shape} on {book!r}", fix="Make the panel with tael.markets.intraday.book_panel.",
        )  # fmt: skip
    levels = sum(1 for name in book.fields if name.startswith("bid_price"))

    def sides(what: str, n: int) -> Floats:
        return np.column_stack([book.fields[f"{what}{k}"][:, n] for k in range(1, levels + 1)]).astype(np.float64)

    nothing = np.full(book.shape, np.nan)
    volume, vwap = (np.asarray(book.fields.get(name, nothing), dtype=np.float64) for name in ("volume", "vwap"))
    day = book.times.astype("datetime64[D]").astype(np.int64)
    session, closing = sessions(book), _closing(book, rule.flat)
    base = np.broadcast_to(np.asarray(rule.base, dtype=np.float64), book.shape[1:])
    out = np.zeros((len(OUTPUTS), *book.shape))
    for n in range(book.shape[1]):
        one = np.zeros((len(OUTPUTS), len(book)))
        fills(
            np.ascontiguousarray(wanted[:, n]), sides("bid_price", n), sides("bid_volume", n), sides("ask_price", n),
            sides("ask_volume", n), np.nan_to_num(volume[:, n]), np.ascontiguousarray(vwap[:, n]), session, day,
            np.ascontiguousarray(closing[:, n]), rule.order == "limit", rule.latency, rule.patience, rule.take,
            rule.participation, float(base[n]), rule.t_plus_1, one,
        )  # fmt: skip
        out[:, :, n] = one
    return Execution(book, rule, wanted, *out)
