"""A cash account in shares once more, plainly: dictionaries, one entity after the other, no arrays of state."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from typing import Any

import numpy as np


def lots(quantity: float, lot: int, least: int) -> int:
    """The smallest order, or steps of a lot above it."""
    if quantity * (1 + 1e-12) - least <= -1e-9:
        return 0
    return least + math.floor((quantity * (1 + 1e-12) - least) / lot + 1e-9) * lot


def trailing(bars: Any, t: int, e: int, window: int, unknown: float) -> tuple[float, float]:
    """Mean volume and volatility of the bars before t."""
    days = [s for s in range(max(0, t - window), t) if bars.volume[s, e] == bars.volume[s, e]]
    traded = [bars.volume[s, e] for s in days if not bars.suspended[s, e]]
    priced = [(s, bars.close[s, e] * bars.adjust[s, e]) for s in range(t) if bars.close[s, e] == bars.close[s, e]]
    moves = [b / a - 1 for (_, a), (s, b) in pairwise(priced) if s >= t - window]
    return (sum(traded) / len(traded) if traded else 0.0), (statistics.stdev(moves) if len(moves) > 1 else unknown)


def fill_price(bars: Any, rules: Any, t: int, e: int) -> float:
    """The price dealt at; NaN where there is none."""
    if rules.fill == "vwap":
        v = bars.volume[t, e]
        return float(bars.amount[t, e] / (v * bars.multiplier[e])) if v > 0 else math.nan
    return float(getattr(bars, rules.fill)[t, e])


def barred(bars: Any, rules: Any, t: int, e: int, side: int) -> str | None:
    """Why nothing can be dealt."""
    if not bars.listed[t, e]:
        return "delisted"
    price = fill_price(bars, rules, t, e)
    if bars.suspended[t, e] or not price > 0:
        return "suspended"
    up, down = bars.limit_up[t, e], bars.limit_down[t, e]
    against_up = bars.low[t, e] if rules.fill == "vwap" else price
    against_down = bars.high[t, e] if rules.fill == "vwap" else price
    if side > 0 and math.isfinite(up) and against_up >= up - max(bars.tick[e] / 2, 1e-6 * up):
        return "limit_up"
    if side < 0 and against_down <= down + max(bars.tick[e] / 2, 1e-6 * down):
        return "limit_down"
    return None


class Account:
    """Everything that is held and known."""

    def __init__(self, bars: Any, rules: Any, costs: Any, cash: float) -> None:
        self.bars, self.rules, self.costs, self.cash = bars, rules, costs, cash
        self.held: dict[int, int] = {}
        self.bought_today: dict[int, int] = {}
        self.goals: dict[int, int] = {}
        self.last: dict[int, float] = {}
        self.factor: dict[int, float] = {}
        self.trades: list[tuple[Any, ...]] = []
        self.misses: list[tuple[Any, ...]] = []
        self.paid = 0.0
        self.ruined = -1

    def worth(self) -> float:
        """Value of what is held."""
        return sum(n * self.last[e] for e, n in self.held.items())

    def morning(self, t: int) -> None:
        """Locks, ex-rights, delistings, interest."""
        bars, rules = self.bars, self.rules
        days = bars.times.astype("M8[D]")
        if t and days[t] != days[t - 1]:
            self.bought_today = {}
        for e in range(bars.shape[1]):
            ratio = bars.adjust[t, e] / self.factor.get(e, bars.adjust[t, e])
            self.factor[e] = bars.adjust[t, e]
            if ratio != 1.0:
                if e in self.last:
                    self.last[e] /= ratio
                if e in self.held:
                    exact = self.held[e] * ratio
                    whole = int(math.copysign(math.floor(abs(exact) + 1e-6), exact))
                    self.cash += (exact - whole) * self.last[e]
                    self.held[e] = whole
                if e in self.goals:
                    self.goals[e] = int(self.goals[e] * ratio)
                if e in self.bought_today:
                    locked = math.ceil(self.bought_today[e] * ratio - 1e-6)
                    self.bought_today[e] = min(locked, max(self.held.get(e, 0), 0))
        for e in sorted(self.held):
            if self.held[e] and not bars.listed[t, e]:
                price = self.last[e] * (rules.recovery if self.held[e] > 0 else 1.0)
                self.cash += self.held[e] * price
                self.trades.append((t, e, -self.held[e], price, self.last[e], 0.0, "delisting"))
                del self.held[e]
                self.bought_today.pop(e, None)
        year = (bars.times[t] - bars.times[t - 1]) / np.timedelta64(365, "D") if t else 0.0
        borrowed = -sum(min(n, 0) * self.last[e] for e, n in self.held.items())
        interest = self.cash * year * (rules.cash_rate if self.cash > 0 else rules.debt_rate)
        self.cash += interest - borrowed * rules.borrow_rate * year

    def decide(self, t: int, weights: Any, equity: float) -> None:
        """Orders from weights."""
        for e, weight in enumerate(weights):
            if weight != weight:
                continue
            self.goals.pop(e, None)
            held = self.held.get(e, 0)
            if weight == 0:
                if held:
                    self.goals[e] = 0
                continue
            if e not in self.last:
                self.misses.append((t, e, 0, 0, "suspended" if self.bars.listed[t, e] else "delisted"))
                continue
            change = weight * equity / self.last[e] - held
            size = lots(abs(change), int(self.bars.lot[e]), int(self.bars.min_lot[e]))
            if size:
                self.goals[e] = held + size if change > 0 else held - size
            elif not held:
                self.misses.append((t, e, math.ceil(change) if change > 0 else -math.ceil(-change), 0, "lot"))

    def charge(self, t: int, e: int, size: int) -> float:
        """All costs of a deal in ``size`` shares."""
        volume, sigma = trailing(self.bars, t, e, self.rules.window, self.costs.unknown_volatility)
        price = fill_price(self.bars, self.rules, t, e)
        return float(self.costs.trade(size, price, self.bars.times[t], volume=volume, volatility=sigma).total)

    def allowed(self, t: int, e: int, wanted: int, free: int) -> tuple[int, str | None]:
        """How much of an order may be dealt, and why not more."""
        most, why = wanted, None
        if free < most:
            most, why = free, "t_plus_1"
        if self.rules.participation is not None:
            volume, _ = trailing(self.bars, t, e, self.rules.window, 0.0)
            if self.rules.participation * volume < most:
                most, why = int(self.rules.participation * volume * (1 + 1e-12)), "participation"
        if most < wanted or self.goals[e] != 0:
            size = lots(most, int(self.bars.lot[e]), int(self.bars.min_lot[e]))
            if size == 0 and most == wanted > 0:
                why = "lot"
            most = size
        return most, why

    def deal(self, t: int, e: int, size: int) -> None:
        """Buy, or sell (below 0)."""
        price = fill_price(self.bars, self.rules, t, e)
        cost = self.charge(t, e, size)
        self.trades.append((t, e, size, price, self.last[e], cost, "ruin" if self.ruined >= 0 else "rebalance"))
        self.cash -= size * price + cost
        self.paid += cost
        self.held[e] = self.held.get(e, 0) + size
        self.last[e] = price
        if size > 0:
            self.bought_today[e] = min(self.bought_today.get(e, 0) + size, max(self.held[e], 0))
        if not self.held[e]:
            del self.held[e]

    def sell(self, t: int) -> None:
        """All orders to sell, in the order of the entities."""
        for e in sorted(self.goals):
            goal, held = self.goals[e], self.held.get(e, 0)
            wanted = held - goal
            if wanted <= 0:
                continue
            why = barred(self.bars, self.rules, t, e, -1)
            if why:
                self.misses.append((t, e, -wanted, 0, why))
                if why == "delisted":
                    del self.goals[e]
                continue
            locked = self.bought_today.get(e, 0)
            free = held - locked + max(-goal, 0) if self.rules.t_plus_1 and locked else wanted
            most, why = self.allowed(t, e, wanted, free)
            if most < wanted and why:
                self.misses.append((t, e, -wanted, -most, why))
            if most:
                self.deal(t, e, -most)
            if most == wanted or why in ("lot", None):
                del self.goals[e]

    def buy(self, t: int, equity: float) -> None:
        """All orders to buy, scaled to the cash there is."""
        credit = max(0.0, (self.rules.leverage - 1) * equity)
        missed: list[tuple[Any, ...]] = []
        sizes: dict[int, tuple[int, int, str | None]] = {}
        for e in sorted(self.goals):
            wanted = self.goals[e] - self.held.get(e, 0)
            if wanted <= 0:
                continue
            why = barred(self.bars, self.rules, t, e, 1)
            if why:
                missed.append((t, e, wanted, 0, why))
                if why == "delisted":
                    del self.goals[e]
                continue
            most, why = self.allowed(t, e, wanted, wanted)
            if most:
                sizes[e] = (wanted, most, why)
            elif why:
                missed.append((t, e, wanted, 0, why))
            if not most and why in ("lot", None):
                del self.goals[e]

        def cost(e: int, size: int) -> float:
            return size * fill_price(self.bars, self.rules, t, e) + self.charge(t, e, size)

        needed = sum(cost(e, most) for e, (_, most, _) in sizes.items())
        room = self.cash + credit
        for e, (wanted, most, why) in sizes.items():
            size = most
            if needed > room + 1e-6:
                lot, least = int(self.bars.lot[e]), int(self.bars.min_lot[e])
                size = lots(most * max(0.0, room / needed), lot, least)
                while size and cost(e, size) > self.cash + credit + 1e-6:
                    size = size - lot if size - lot >= least else 0
                if size < most:
                    why = "cash"
            if size < wanted and why:
                missed.append((t, e, wanted, size, why))
            if size:
                self.deal(t, e, size)
            if size == wanted or why is None:
                del self.goals[e]
        self.misses += sorted(missed, key=lambda miss: miss[1])


def trade(bars: Any, targets: Any, rules: Any, costs: Any, cash: float) -> tuple[Account, Any, Any, Any]:
    """The account, its equity and cash after each bar, and what it held."""
    account, equity = Account(bars, rules, costs, cash), cash
    equities, cashes, holdings = [], [], []
    for t in range(len(bars)):
        account.morning(t)
        if account.ruined >= 0:
            account.goals = dict.fromkeys(sorted(account.held), 0)
        elif t >= rules.delay:
            account.decide(t, targets[t - rules.delay], equity)
        account.sell(t)
        account.buy(t, equity)
        if rules.unfilled == "drop":
            account.goals = {}
        for e in range(bars.shape[1]):
            if bars.close[t, e] == bars.close[t, e]:
                account.last[e] = float(bars.close[t, e])
        equity = account.cash + account.worth()
        if equity <= 0 and account.ruined < 0:
            account.ruined = t
        equities.append(equity)
        cashes.append(account.cash)
        holdings.append([account.held.get(e, 0) for e in range(bars.shape[1])])
    return account, equities, cashes, holdings
