"""What bars must be: shapes, kinds, rising times, prices that fit together; and what they are where nobody said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.errors import MarketError, did_you_mean

if TYPE_CHECKING:
    from tael.markets.bars import Bars

Floats = NDArray[np.float64]
SLACK = 1e-6
"""Prices kept in single precision may miss the day's high and low by rounding."""


def told(time: np.datetime64) -> str:
    """A time as a person writes it: a date where it is midnight.

    >>> told(np.datetime64("2024-01-02T00:00:00", "us"))
    '2024-01-02'
    """
    day = time.astype("datetime64[D]")
    return str(day if day == time else time.astype("datetime64[s]")).replace("T", " ")


def clock(times: Any) -> NDArray[np.datetime64]:
    """Times as datetime64[us], strictly rising."""
    found = np.asarray(times)
    if found.dtype.kind != "M" or found.ndim != 1 or len(found) == 0:
        raise MarketError(
            "The times of bars are no times.",
            expected="a one-dimensional array of datetime64, not empty",
            got=f"{found.dtype} of shape {found.shape}",
        )
    found = found.astype("datetime64[us]")
    falls = np.flatnonzero(~(found[1:] > found[:-1]))
    if np.isnat(found).any() or len(falls):
        at = int(np.flatnonzero(np.isnat(found))[0]) if np.isnat(found).any() else int(falls[0]) + 1
        raise MarketError(
            "The times of bars must rise.",
            expected="each later than the one before, none missing",
            got=f"{told(found[at])} after {told(found[at - 1])}" if at else told(found[0]),
            where=f"row {at}",
        )
    return found


def names(entities: Iterable[Any]) -> tuple[str, ...]:
    """Names of entities as text, each once."""
    found = tuple(str(name) for name in entities)
    if len(set(found)) != len(found) or not found:
        seen: set[str] = set()
        again = next((name for name in found if name in seen or seen.add(name)), None)  # type: ignore[func-returns-value]
        raise MarketError(
            "Entities must have names of their own.", expected="each name once, at least one", got=repr(again)
        )
    return found


def grid(values: Any, name: str, shape: tuple[int, int], kind: Any) -> NDArray[Any]:
    """An array of time by entity, C-contiguous."""
    found = np.asarray(values)
    if found.shape != shape or found.dtype.kind not in "fiub":
        raise MarketError(
            f"The bars' {name!r} does not fit.",
            expected=f"numbers of shape {shape}: times by entities",
            got=f"{found.dtype} of shape {found.shape}",
        )
    return np.ascontiguousarray(found, dtype=kind)


def of_entity(values: Any, name: str, n: int, kind: Any, default: Any) -> NDArray[Any]:
    """One value for each entity."""
    if values is None:
        return np.full(n, default, dtype=kind)
    found = np.asarray(values)
    if found.ndim == 0:
        found = np.full(n, found)
    if found.shape != (n,):
        raise MarketError(f"The bars' {name!r} does not fit.", expected=f"{n} values", got=f"shape {found.shape}")
    if kind is np.int64 and found.dtype.kind == "f" and not np.array_equal(found, np.round(found)):
        raise MarketError(f"The bars' {name!r} must be whole numbers.", got=str(found[found != np.round(found)][0]))
    return found.astype(kind)


def margin(values: Any, shape: tuple[int, int]) -> Floats:
    """Margin rates, by entity or by time and entity."""
    if values is None or np.ndim(values) < 2:
        return of_entity(values, "margin_rate", shape[1], np.float64, 1.0)
    return grid(values, "margin_rate", shape, np.float64)


def forward(values: Floats) -> Floats:
    """Carry each column's last value on; before the first, that first one (a factor of a time without bars)."""
    there = np.isfinite(values)
    last = np.where(there, np.arange(len(values))[:, None], -1)
    np.maximum.accumulate(last, axis=0, out=last)
    first = np.argmax(there, axis=0)
    row = np.where(last < 0, first[None, :], last)
    return np.take_along_axis(values, row, axis=0)


def defaults(close: Floats, adjust: Floats | None, listed: NDArray[np.bool_] | None) -> dict[str, NDArray[Any]]:
    """What bars are where nobody said: each value from what was known by then."""
    shape = close.shape
    there = np.isfinite(close)
    factor = np.ones(shape) if adjust is None else adjust
    last = np.where(there, np.arange(len(close))[:, None], -1)
    np.maximum.accumulate(last, axis=0, out=last)
    before = np.vstack([np.full((1, shape[1]), -1), last[:-1]])
    with np.errstate(invalid="ignore", divide="ignore"):
        reference = np.take_along_axis(close * factor, np.maximum(before, 0), axis=0) / factor
    on = last >= 0 if listed is None else listed
    return {
        "preclose": np.where(before >= 0, reference, np.nan),
        "volume": np.full(shape, np.nan),
        "amount": np.full(shape, np.nan),
        "listed": on,
        "suspended": on & ~there,
        "limit_up": np.full(shape, np.inf),
        "limit_down": np.zeros(shape),
        "adjust": factor,
        "st": np.zeros(shape, dtype=np.bool_),
        "settle": close,
    }


def consistent(bars: Bars) -> None:
    """Refuse prices that contradict one another."""

    def refuse(bad: NDArray[np.bool_], problem: str, *shown: str) -> None:
        if not bad.any():
            return
        t, n = (int(at) for at in np.argwhere(bad)[0])
        raise MarketError(
            f"{int(bad.sum())} bars have {problem}.",
            got=", ".join(f"{name} {getattr(bars, name)[t, n]:g}" for name in shown),
            where=f"{bars.entities[n]} at {told(bars.times[t])}",
            fix="Repair or drop those rows; a time without a deal has no bar (missing prices).",
        )

    with np.errstate(invalid="ignore"):
        for name in ("open", "high", "low", "close", "preclose", "settle"):
            value = getattr(bars, name)
            refuse((value <= 0) | np.isinf(value), f"a price {name!r} that is no price", name)
        top = np.fmax(bars.open, bars.close)
        bottom = np.fmin(np.fmin(bars.open, bars.close), bars.high)
        refuse(bars.high < top * (1 - SLACK), "a high below another price", "high", "open", "close")
        refuse(bars.low > bottom * (1 + SLACK), "a low above another price", "low", "open", "high", "close")
        for name in ("volume", "amount"):
            refuse((getattr(bars, name) < 0) | np.isinf(getattr(bars, name)), f"an impossible {name}", name)
        refuse(~(np.isfinite(bars.adjust) & (bars.adjust > 0)), "no factor of adjustment", "adjust")
        refuse(np.isnan(bars.limit_up) | np.isnan(bars.limit_down), "no limit, nor none", "limit_up", "limit_down")
        refuse(bars.limit_down > bars.limit_up, "limits the wrong way round", "limit_up", "limit_down")
    for name in ("lot", "min_lot", "multiplier"):
        value = getattr(bars, name)
        if (value <= 0).any():
            at = int(np.argmax(value <= 0))
            raise MarketError(f"The {name} must be above zero.", got=str(value[at]), where=bars.entities[at])


def known(given: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Refuse names that bars do not have."""
    for name in given:
        if name not in names:
            raise MarketError(f"Bars have no {name!r}.", expected=", ".join(names), fix=did_you_mean(name, names))
    return dict(given)


def filled(values: list[Any], name: str) -> NDArray[Any]:
    """One value for each entity, none missing but expiries."""
    if name == "expiry":
        return np.array(values, dtype="datetime64[D]")
    if any(value is None for value in values):
        raise MarketError(f"Some entities have no {name!r}.", expected="one value for each entity")
    return np.array(values)


def row(times: NDArray[np.datetime64], at: Any, default: int) -> int:
    """The row at which a window begins: a number, or the first at or after a time."""
    if at is None:
        return default
    if isinstance(at, int | np.integer):
        return int(at)
    try:
        moment = np.datetime64(at, "us")
    except ValueError as error:
        raise MarketError("A window's bound is no time.", expected='such as "2020-01-02"', got=repr(at)) from error
    return int(np.searchsorted(times, moment))
