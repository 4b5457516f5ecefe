"""A margin account in contracts once more, plainly; positions are revalued at every step from their last price."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise
from typing import Any

import numpy as np


def towards_zero(x: float) -> int:
    """Whole contracts, never more than asked for."""
    return int(math.copysign(math.floor(abs(x) * (1 + 1e-12) + 1e-9), x))


class Margin:
    """Everything that is held and known."""

    def __init__(self, bars: Any, rules: Any, costs: Any, cash: float) -> None:
        self.bars, self.rules, self.costs, self.balance = bars, rules, costs, cash
        self.held: dict[int, int] = {}
        self.goals: dict[int, tuple[int, str]] = {}
        self.last: dict[int, float] = {}
        self.trades: list[tuple[Any, ...]] = []
        self.misses: list[tuple[Any, ...]] = []
        self.dealt: dict[int, int] = {}
        self.share = 1.0
        self.ruined = -1
        day = bars.times.astype("M8[D]")
        self.day = day
        self.leave = [None if np.isnat(x) else np.busday_offset(x, -rules.leave, roll="backward") for x in bars.expiry]

    def leaving(self, t: int, e: int) -> bool:
        """Whether the contract has to go."""
        return self.leave[e] is not None and bool(self.day[t] >= self.leave[e])

    def margin(self, t: int, e: int) -> float:
        """The exchange's rate of the bar."""
        rate = self.bars.margin_rate
        return float(rate[t, e] if rate.ndim == 2 else rate[e])

    def price(self, t: int, e: int) -> float:
        """The price dealt at; NaN where there is none."""
        b = self.bars
        if self.rules.fill == "vwap":
            v = b.volume[t, e]
            return float(b.amount[t, e] / (v * b.multiplier[e])) if v > 0 else math.nan
        return float(getattr(b, self.rules.fill)[t, e])

    def barred(self, t: int, e: int, side: int) -> str | None:
        """Why nothing can be dealt."""
        b, vwap, price = self.bars, self.rules.fill == "vwap", self.price(t, e)
        if not b.listed[t, e]:
            return "delisted"
        if b.suspended[t, e] or not price > 0:
            return "suspended"
        up, down = b.limit_up[t, e], b.limit_down[t, e]
        if side > 0 and math.isfinite(up) and (b.low[t, e] if vwap else price) >= up - max(b.tick[e] / 2, 1e-6 * up):
            return "limit_up"
        if side < 0 and (b.high[t, e] if vwap else price) <= down + max(b.tick[e] / 2, 1e-6 * down):
            return "limit_down"
        return None

    def known(self, t: int, e: int) -> tuple[float, float]:
        """Mean volume and volatility of the bars before t."""
        b, w = self.bars, self.rules.window
        traded = [b.volume[s, e] for s in range(max(0, t - w), t) if not b.suspended[s, e]]
        traded = [v for v in traded if v == v]
        priced = [(s, b.close[s, e]) for s in range(t) if b.close[s, e] == b.close[s, e]]
        moves = [y / x - 1 for (_, x), (s, y) in pairwise(priced) if s >= t - w]
        sigma = statistics.stdev(moves) if len(moves) > 1 else self.costs.unknown_volatility
        return (sum(traded) / len(traded) if traded else 0.0), sigma

    def room(self, t: int, e: int, wanted: int) -> tuple[int, str | None]:
        """How many may be dealt."""
        if self.rules.participation is None:
            return wanted, None
        cap = int(self.rules.participation * self.known(t, e)[0] * (1 + 1e-12)) - self.dealt.get(e, 0)
        return (max(0, cap), "participation") if max(0, cap) < wanted else (wanted, None)

    def revalue(self, e: int, price: float) -> None:
        """Pay what the way to a price earned."""
        self.balance += self.held.get(e, 0) * (price - self.last[e]) * self.bars.multiplier[e]
        self.last[e] = price

    def deal(self, t: int, e: int, size: int, cause: str) -> None:
        """Deal in contracts."""
        b, c, price = self.bars, self.costs, self.price(t, e)
        value = abs(size) * price * b.multiplier[e]
        per_lot = c.per_lot[str(b.product[e])]
        cost = abs(size) * per_lot + value * c.rate
        cost += abs(size) * c.half_spread_ticks * b.tick[e] * b.multiplier[e]
        if c.impact:
            volume, sigma = self.known(t, e)
            cost += c.impact * sigma * math.sqrt(abs(size) / volume if volume > 0 else 1.0) * value
        self.trades.append((t, e, size, price, self.last[e], cost, cause))
        self.revalue(e, price)
        self.balance -= cost
        self.held[e] = self.held.get(e, 0) + size
        self.dealt[e] = self.dealt.get(e, 0) + abs(size)
        if not self.held[e]:
            del self.held[e]

    def expire(self, t: int) -> None:
        """What is past its last trading day, or gone, was settled at its last price."""
        for e in sorted(self.held):
            dead = not np.isnat(self.bars.expiry[e]) and self.day[t] > self.bars.expiry[e]
            if dead or not self.bars.listed[t, e]:
                cause = "expiry" if dead else "delisting"
                self.trades.append((t, e, -self.held.pop(e), self.last[e], self.last[e], 0.0, cause))
                self.goals.pop(e, None)

    def decide(self, t: int, weights: Any, equity: float) -> None:
        """Orders from weights."""
        for e, weight in enumerate(weights):
            if weight != weight:
                continue
            self.goals.pop(e, None)
            goal = 0
            if weight != 0 and self.leaving(t, e):
                self.misses.append((t, e, 0, 0, "expiry"))
            elif weight != 0:
                if e not in self.last:
                    self.misses.append((t, e, 0, 0, "suspended" if self.bars.listed[t, e] else "delisted"))
                    continue
                goal = towards_zero(weight * equity / (self.last[e] * self.bars.multiplier[e]))
                if goal == 0 and e not in self.held:
                    self.misses.append((t, e, 1 if weight * equity > 0 else -1, 0, "lot"))
            if goal != self.held.get(e, 0):
                self.goals[e] = (goal, "rebalance")

    def must(self, t: int) -> None:
        """Orders that nobody asked for."""
        for e in range(self.bars.shape[1]):
            held = self.held.get(e, 0)
            if not held:
                if self.ruined >= 0 or self.leaving(t, e):
                    self.goals.pop(e, None)
                continue
            goal = self.goals.get(e, (held, ""))[0]
            most = abs(towards_zero(held * self.share))
            if self.share < 1 and abs(goal) > most:
                self.goals[e] = (int(math.copysign(most, goal)), "margin")
            if self.leaving(t, e):
                self.goals[e] = (0, "expiry")
            if self.ruined >= 0:
                self.goals[e] = (0, "ruin")

    def fill(self, t: int) -> None:
        """Closing deals, then opening ones within the margin."""
        self.dealt = {}
        todo = sorted(self.goals)
        for e in todo:
            goal, cause = self.goals[e]
            held = self.held.get(e, 0)
            kept = 0 if goal * held <= 0 else int(math.copysign(min(abs(goal), abs(held)), held))
            wanted = kept - held
            if wanted == 0:
                continue
            why = self.barred(t, e, wanted)
            if why:
                why = "locked" if why.startswith("limit") else why
                self.misses.append((t, e, goal - held, 0, why))
                continue
            most, why = self.room(t, e, abs(wanted))
            if why:
                self.misses.append((t, e, goal - held, int(math.copysign(most, wanted)), why))
            if most:
                self.deal(t, e, int(math.copysign(most, wanted)), cause)
        free = self.balance
        for e, held in self.held.items():
            price = self.price(t, e) if self.price(t, e) > 0 else self.last[e]
            unit = self.bars.multiplier[e]
            free += held * (price - self.last[e]) * unit
            free -= abs(held) * price * unit * self.margin(t, e) * self.rules.initial
        missed: list[tuple[Any, ...]] = []
        opening: dict[int, tuple[int, int, str | None]] = {}
        needed = 0.0
        for e in todo:
            wanted = self.goals[e][0] - self.held.get(e, 0)
            if wanted == 0 or wanted * self.held.get(e, 0) < 0:
                continue
            why = self.barred(t, e, wanted)
            most, why = (0, why) if why else self.room(t, e, abs(wanted))
            if most == 0:
                missed.append((t, e, wanted, 0, why))
                continue
            needed += most * self.price(t, e) * self.bars.multiplier[e] * self.margin(t, e) * self.rules.initial
            opening[e] = (wanted, most, why)
        share = max(0.0, free / needed) if opening and needed > free + 1e-6 else 1.0
        for e, (wanted, most, why) in opening.items():
            size = towards_zero(most * share)
            if size < abs(wanted):
                missed.append((t, e, wanted, int(math.copysign(size, wanted)), "margin" if size < most else why))
            if size:
                self.deal(t, e, int(math.copysign(size, wanted)), self.goals[e][1])
        self.misses += sorted(missed, key=lambda miss: miss[1])
        self.goals = {e: goal for e, goal in self.goals.items() if goal[0] != self.held.get(e, 0)}


def trade(bars: Any, targets: Any, rules: Any, costs: Any, cash: float) -> tuple[Margin, list[float], Any, list[float]]:
    """The account, its balance after each bar, what it held, and the margin that was bound."""
    account = Margin(bars, rules, costs, cash)
    balances, holdings, bounds = [], [], []
    for t in range(len(bars)):
        years = (bars.times[t] - bars.times[t - 1]) / np.timedelta64(365, "D") if t else 0.0
        account.balance += account.balance * years * (rules.cash_rate if account.balance > 0 else rules.debt_rate)
        account.expire(t)
        if t >= rules.delay and account.ruined < 0:
            account.decide(t, targets[t - rules.delay], balances[-1])
        account.must(t)
        account.fill(t)
        if rules.unfilled == "drop":
            account.goals = {}
        bound = 0.0
        for e in range(bars.shape[1]):
            price = bars.settle[t, e] if bars.settle[t, e] == bars.settle[t, e] else bars.close[t, e]
            if price == price:
                account.last.setdefault(e, float(price))
                account.revalue(e, float(price))
            if e in account.held:
                bound += abs(account.held[e]) * account.last[e] * bars.multiplier[e] * account.margin(t, e)
        account.share = 1.0
        if account.held and bound * rules.maintenance > account.balance:
            account.share = max(0.0, account.balance / (bound * rules.initial))
        if account.balance <= 0 and account.ruined < 0:
            account.ruined = t
        balances.append(account.balance)
        bounds.append(bound)
        holdings.append([account.held.get(e, 0) for e in range(bars.shape[1])])
    return account, balances, holdings, bounds
