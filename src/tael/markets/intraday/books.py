"""``book_panel``: snapshots of order books as a panel, one row a moment, on which formulas read like any others."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError
from tael.markets.intraday.reading import book_columns
from tael.markets.reading.pivot import needs, pivot, taken
from tael.panels import Panel

Floats = NDArray[np.float64]
PAUSE = 600
"""Seconds without a row after which a new stretch of trading begins."""
TITLES: dict[str, dict[Any, str]] = {
    "mid": {"en": "middle price", "zh": "中间价"},
    "last": {"en": "last price", "zh": "最新价"},
    "vwap": {"en": "mean price dealt since the row before", "zh": "区间成交均价"},
    "volume": {"en": "volume since the row before", "zh": "区间成交量"},
    "amount": {"en": "amount since the row before", "zh": "区间成交额"},
    "age": {"en": "rows of the session so far", "zh": "本节已有行数"},
    **{
        f"{side}_{what}{k + 1}": {"en": f"{side} {what} {k + 1}", "zh": f"{told}{number}{of}"}
        for k, number in enumerate("一二三四五六七八九十")
        for side, told in (("bid", "买"), ("ask", "卖"))
        for what, of in (("price", "价"), ("volume", "量"))
    },
}


def book_panel(
    snapshots: Any, levels: int = 5, *, time: str = "time", entity: str = "code", cumulative: bool = True,
    multiplier: float = 1.0,
) -> Panel:  # fmt: skip
    """Lay snapshots out as a panel with the bar "tick".

    Parameters
    ----------
    snapshots : pandas, Polars or PyArrow frame
        Long: ``bid_price1``, ``bid_volume1``, ``ask_price1``, ``ask_volume1``, ... ``last``, and ``volume`` and
        ``amount`` where there are. Of several rows of one entity at one time the last counts.
    levels : int
        Levels of each side that become fields.
    time, entity : str
        Columns.
    cumulative : bool
        ``volume`` and ``amount`` are the day's running totals; the fields are their differences, of each day's first
        snapshot its total.
    multiplier : float
        Of a contract: amount = price x volume x multiplier.

    Returns
    -------
    Panel
        Fields: the book's columns, ``mid`` (mean of the best prices), ``last``, ``volume``, ``amount``, ``vwap``
        (amount by volume since the row before), ``age`` (rows with an open book since the session began, so that
        ``age >= 60`` keeps windows of 60 rows within it); groups: ``session``, a code for each stretch without a
        pause of ten minutes. The book is missing where a side is empty (auctions), where the best prices cross, and
        where an entity has no snapshot; there it is no member.

    Raises
    ------
    MarketError
        Columns that are not there; a running total that falls.

    Examples
    --------
    >>> from tael.datasets import simulate_order_book
    >>> panel = book_panel(simulate_order_book(300, 1, seed=1).frames["snapshots"], 2)
    >>> panel.shape, panel.bar, sorted(panel.fields)[-4:]
    ((100, 1), 'tick', ['last', 'mid', 'volume', 'vwap'])
    """
    table = taken(snapshots, "snapshots")
    names = book_columns(levels)
    more = [name for name in ("volume", "amount", "open_interest") if name in table.columns]
    needs(table, [time, entity, *names, "last"])
    table = table.select(time, entity, *names, "last", *more).unique([time, entity], keep="last", maintain_order=True)
    wide = pivot(table, time=time, entity=entity, what="snapshots")
    fields: dict[str, Floats] = {name: wide.floats(name) for name in [*names, "last"]}
    for side in ("bid", "ask"):
        for k in range(1, levels + 1):
            price, volume = fields[f"{side}_price{k}"], fields[f"{side}_volume{k}"]
            empty = ~((price > 0) & (volume > 0))
            price[empty] = volume[empty] = np.nan
    open_ = fields["ask_price1"] > fields["bid_price1"]
    for name in names:
        fields[name][~open_] = np.nan
    day = wide.times.astype("datetime64[D]").astype(np.int64)
    for name in more:
        values = wide.floats(name)
        fields[name] = values if name == "open_interest" or not cumulative else _differences(values, day, name)
    return book_of(wide.times, wide.entities, fields, wide.there(), multiplier=multiplier)


def book_of(
    times: NDArray[np.datetime64], entities: tuple[str, ...], fields: dict[str, Floats], listed: NDArray[np.bool_],
    *, multiplier: Any = 1.0, bar: str = "tick", session: NDArray[np.int64] | None = None,
) -> Panel:  # fmt: skip
    """A panel of books from arrays, with what follows from them: ``mid``, ``vwap``, ``age``, ``session``.

    Parameters
    ----------
    times : (T,) datetime64
    entities : tuple of str
    fields : dict of str to (T, N) array
        At least the best prices and volumes; ``volume`` and ``amount`` of each row's own stretch.
    listed : (T, N) bool
    session : (T,) int64, optional
        Codes that never fall; left out: by the pauses between rows with an open book.
    """
    bid, ask = fields["bid_price1"], fields["ask_price1"]
    open_: NDArray[np.bool_] = np.asarray(ask > bid)
    made = dict(fields) | {"mid": (bid + ask) / 2}
    if "amount" in made and "volume" in made:
        dealt = made["volume"] > 0
        made["vwap"] = np.divide(
            made["amount"], made["volume"] * np.asarray(multiplier), out=np.full(bid.shape, np.nan), where=dealt
        )
    session = sessions_of(times, np.any(open_, axis=1)) if session is None else session
    made["age"] = _age(open_, session)
    codes = np.ascontiguousarray(np.tile(session[:, None], (1, len(entities))), dtype=np.int32)
    return Panel(
        times=times, entities=entities, fields=made, groups={"session": codes}, listed=listed, members=listed & open_,
        bar=bar, titles=TITLES,
    )  # fmt: skip


def book_from_bars(
    times: NDArray[np.datetime64], entities: tuple[str, ...], fields: dict[str, Floats], tick: NDArray[Any],
    *, half_spread: float = 0.5, multiplier: Any = 1.0, bar: str = "1min",
) -> Panel:  # fmt: skip
    """Books that minute bars stand for: the close with a spread around it, as much displayed as the bar dealt.

    Bars do not tell the book; that it stood so many ticks around the close is assumed.

    Parameters
    ----------
    times : (T,) datetime64
        When each bar ends.
    entities : tuple of str
    fields : dict of str to (T, N) array
        ``close``, ``volume``, and what else formulas may name.
    tick : (N,) array
        Smallest step of each price.
    half_spread : float
        In ticks.
    multiplier : float or (N,) array
    bar : str
        What a row spans.

    Returns
    -------
    Panel

    Examples
    --------
    >>> times = np.array(["2023-03-01T09:01", "2023-03-01T09:02"], "M8[m]")
    >>> bars = {"close": np.array([[100.0], [101.0]]), "volume": np.array([[7.0], [9.0]])}
    >>> book_from_bars(times, ("m",), bars, np.array([1.0])).fields["ask_price1"].ravel().tolist()
    [100.5, 101.5]
    """
    close = fields["close"]
    away = half_spread * np.asarray(tick, dtype=np.float64)[None, :]
    there = np.isfinite(close)
    shown = np.where(there, np.nan_to_num(fields["volume"]), np.nan)
    made = {"bid_price1": close - away, "bid_volume1": shown, "ask_price1": close + away, "ask_volume1": shown}
    return book_of(times, entities, {**fields, **made}, there, multiplier=multiplier, bar=bar)


def _age(open_: NDArray[np.bool_], session: NDArray[np.int64]) -> Floats:
    """Rows with an open book since the session began, this one with them; 0 before the first."""
    total = np.cumsum(open_, axis=0)
    new = np.concatenate([[True], session[1:] != session[:-1]])
    before = np.vstack([np.zeros((1, open_.shape[1]), dtype=total.dtype), total])[np.flatnonzero(new)]
    return np.asarray(total - before[np.cumsum(new) - 1], dtype=np.float64)


def _differences(totals: Floats, day: NDArray[np.int64], name: str) -> Floats:
    """What was added since the entity's snapshot before; of a day's first snapshot, all of it."""
    out = np.full(totals.shape, np.nan)
    for n in range(totals.shape[1]):
        at = np.flatnonzero(np.isfinite(totals[:, n]))
        if not len(at):
            continue
        values = totals[at, n]
        new = np.concatenate([[True], day[at][1:] != day[at][:-1]])
        step = np.where(new, values, np.diff(values, prepend=0.0))
        if (step < -1e-9 * max(float(values.max()), 1.0)).any():
            k = int(np.argmin(step))
            raise MarketError(
                f"The running total `{name}` falls within a day.",
                got=f"{values[k]:g} after {values[k - 1]:g}",
                fix="Pass cumulative=False where each row tells its own.",
            )
        out[at, n] = np.maximum(step, 0.0)
    return out


def sessions_of(
    times: NDArray[np.datetime64], open_: NDArray[np.bool_] | None = None, pause: int = PAUSE
) -> NDArray[np.int64]:
    """Number the stretches of trading: a pause of more than so many seconds begins a new one.

    Parameters
    ----------
    times : (T,) datetime64
    open_ : (T,) bool, optional
        Rows with an open book: where a vendor goes on telling the book at noon, the pause lies between these. Rows in
        a pause count to the stretch before it.
    pause : int

    Returns
    -------
    (T,) int64

    Examples
    --------
    >>> sessions_of(np.array(["2023-02-01T11:30", "2023-02-01T11:35", "2023-02-01T13:00"], "M8[s]")).tolist()
    [0, 0, 1]
    """
    rows = np.arange(len(times)) if open_ is None or not open_.any() else np.flatnonzero(open_)
    at = times.astype("datetime64[us]").astype(np.int64)
    new = np.zeros(len(times), dtype=np.int64)
    new[rows[1:]] = np.diff(at[rows]) > pause * 1_000_000
    return np.cumsum(new)


def sessions(panel: Panel) -> NDArray[np.int64]:
    """The session of each row, ascending: the panel's own group, or by the pauses between its times."""
    if "session" in panel.groups:
        return np.asarray(panel.groups["session"][:, 0], dtype=np.int64)
    return sessions_of(panel.times)
