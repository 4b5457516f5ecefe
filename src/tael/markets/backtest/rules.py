"""The rules of an account: when orders are dealt, at which price, how much of them, what becomes of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tael.errors import MarketError

Fill = Literal["open", "vwap", "close"]
FILLS = ("open", "vwap", "close")


def _number(rules: object, name: str, low: float, high: float = float("inf"), *, above: bool = False) -> None:
    value = getattr(rules, name)
    bad = isinstance(value, bool) or not isinstance(value, int | float)
    if bad or not (low < value <= high if above else low <= value <= high):
        bounds = f"{'above' if above else 'at least'} {low:g}" + (f", at most {high:g}" if high < float("inf") else "")
        raise MarketError(
            f"{type(rules).__name__} has a {name} that makes no sense.", expected=bounds, got=f"{name}={value!r}"
        )


def _choice(rules: object, name: str, known: tuple[str, ...]) -> None:
    value = getattr(rules, name)
    if value not in known:
        raise MarketError(
            f"{type(rules).__name__} knows no such {name}.", expected=" | ".join(known), got=f"{name}={value!r}"
        )


def _whole(rules: object, name: str) -> None:
    value = getattr(rules, name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        fix = "A decision after bar t is dealt at bar t + delay: bar t itself is over." if name == "delay" else None
        raise MarketError(
            f"{type(rules).__name__} has a {name} that makes no sense.",
            expected="a whole number, at least 1",
            got=f"{name}={value!r}",
            fix=fix,
        )


@dataclass(frozen=True)
class StockRules:
    """A cash account in shares.

    Parameters
    ----------
    fill : {"open", "vwap", "close"}
        Price of the bar that orders are dealt at; "vwap" is amount by volume. At the open (close), the limits are held
        against the open (close); over the whole bar an order fails only if the whole bar stood at the limit.
    delay : int
        Bars between the decision and its fill, at least 1.
    unfilled : {"carry", "drop"}
        Whether what was not filled stays an order for the next bar, or is forgotten.
    t_plus_1 : bool
        Whether what is bought may be sold on the next trading day only. (With daily bars one order a day is dealt, so
        this binds bars within the day.)
    participation : float or None
        Most of the trailing mean volume that one bar's order may take. None: no cap.
    window : int
        Bars before the fill over which volume and volatility are measured.
    short : bool
        Whether weights may be negative.
    leverage : float
        1: cash may not become negative; 1.5: debt up to half of the equity.
    recovery : float
        Share of the last price that a holder gets for what is delisted. (Shumway 1997, "The delisting bias in CRSP
        data", finds -30 % for delistings for bad performance.)
    cash_rate, debt_rate, borrow_rate : float
        Interest a year earned on cash, paid on debt, and paid on the value of shares sold short.

    Examples
    --------
    >>> StockRules(fill="close").fill
    'close'
    """

    fill: Fill = "open"
    delay: int = 1
    unfilled: Literal["carry", "drop"] = "carry"
    t_plus_1: bool = True
    participation: float | None = 0.1
    window: int = 20
    short: bool = False
    leverage: float = 1.0
    recovery: float = 0.7
    cash_rate: float = 0.0
    debt_rate: float = 0.05
    borrow_rate: float = 0.08

    def __post_init__(self) -> None:
        _choice(self, "fill", FILLS)
        _choice(self, "unfilled", ("carry", "drop"))
        for name in ("delay", "window"):
            _whole(self, name)
        if self.participation is not None:
            _number(self, "participation", 0.0, above=True)
        _number(self, "leverage", 1.0)
        _number(self, "recovery", 0.0, 1.0)
        for name in ("cash_rate", "debt_rate", "borrow_rate"):
            _number(self, name, 0.0)


@dataclass(frozen=True)
class FuturesRules:
    """A margin account in dated contracts, settled every bar.

    Parameters
    ----------
    fill, delay, unfilled, participation, window
        As for `StockRules`; a limit that stops a closing order is logged as "locked".
    initial, maintenance : float
        Margin to open a position and to keep it, as multiples of the bars' ``margin_rate``.
    leave : int
        Weekdays before a contract's last trading day on which it is closed; it is not opened from then on.
    cash_rate, debt_rate : float
        Interest a year on the balance, and on a negative one.

    Examples
    --------
    >>> FuturesRules(delay=2).delay
    2
    """

    fill: Fill = "open"
    delay: int = 1
    unfilled: Literal["carry", "drop"] = "carry"
    participation: float | None = 0.1
    window: int = 20
    initial: float = 1.0
    maintenance: float = 1.0
    leave: int = 1
    cash_rate: float = 0.0
    debt_rate: float = 0.05

    def __post_init__(self) -> None:
        _choice(self, "fill", FILLS)
        _choice(self, "unfilled", ("carry", "drop"))
        for name in ("delay", "window"):
            _whole(self, name)
        if self.participation is not None:
            _number(self, "participation", 0.0, above=True)
        _number(self, "initial", 0.0, above=True)
        _number(self, "maintenance", 0.0, float(self.initial), above=True)
        _number(self, "leave", 0)
        for name in ("cash_rate", "debt_rate"):
            _number(self, name, 0.0)


Rules = StockRules | FuturesRules
