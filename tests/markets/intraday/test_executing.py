"""Execution on a book: the kernel against an agent written out plainly, the money against itself, faults."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.datasets import simulate_order_book
from tael.errors import MarketError
from tael.markets.intraday import ExecutionRule, book_panel, execute
from tael.markets.intraday.books import book_of
from tael.markets.intraday.executing import _closing
from tael.panels import Panel


def random_book(seed: int, rows: int = 60) -> Panel:
    """One entity, two sessions on each of two days, two levels, some rows without a book."""
    rng = np.random.default_rng(seed)
    starts = [np.datetime64(f"2023-02-0{day}T{hour}") for day in (1, 2) for hour in ("10:00", "13:00")]
    times = np.concatenate([start + np.arange(rows // 4) * np.timedelta64(3, "s") for start in starts])
    count = len(times)
    mid = 10 + np.cumsum(rng.integers(-1, 2, count)) / 100
    wide = rng.integers(1, 3, count) / 100
    fields: dict[str, Any] = {
        "bid_price1": mid - wide, "ask_price1": mid + wide, "bid_price2": mid - wide - 0.01,
        "ask_price2": mid + wide + 0.01, "volume": rng.integers(0, 9, count) * 1.0,
    }  # fmt: skip
    fields |= {f"{side}_volume{k}": rng.integers(1, 6, count) * 1.0 for side in ("bid", "ask") for k in (1, 2)}
    fields["bid_price1"][rng.random(count) < 0.1] = np.nan
    fields["amount"] = fields["volume"] * (mid + rng.integers(-2, 3, count) / 200)
    fields = {name: np.round(np.asarray(values, dtype=np.float64), 4)[:, None] for name, values in fields.items()}
    return book_of(times, ("A",), fields, np.ones((count, 1), dtype=bool))


@dataclass
class Waiting:
    """An order in the queue."""

    side: int
    left: float
    price: float
    ahead: float
    age: int = 0


@dataclass
class Agent:
    """Deals row by row, by the words of `ExecutionRule`."""

    book: Panel
    rule: ExecutionRule
    held: float = 0.0
    at_open: float = 0.0
    sold: float = 0.0
    order: Waiting | None = None
    deals: list[tuple[int, str, float, float]] = field(default_factory=list)

    def see(self, t: int, side: int, level: int = 1) -> tuple[float, float]:
        """Price and volume of a level of the bids (1) or asks (-1)."""
        name = "bid" if side > 0 else "ask"
        return tuple(float(self.book.fields[f"{name}_{what}{level}"][t, 0]) for what in ("price", "volume"))  # type: ignore[return-value]

    def deal(self, t: int, kind: str, quantity: float, price: float) -> None:
        self.held += quantity
        self.sold += max(-quantity, 0.0)
        self.deals.append((t, kind, quantity, price))

    def queue(self, t: int, before: int) -> None:
        order = self.order
        assert order is not None
        other, _ = self.see(t, -order.side)
        if order.side * (order.price - other) >= 0:
            done, order.ahead = order.left, 0.0
        else:
            dealt_here = 0.0
            if self.see(before, order.side)[0] == order.price and self.book.fields["volume"][t, 0] > 0:
                bid, ask, mean = self.see(before, 1)[0], self.see(before, -1)[0], self.book.fields["vwap"][t, 0]
                part = (ask - mean) / (ask - bid) if order.side > 0 else (mean - bid) / (ask - bid)
                dealt_here = self.book.fields["volume"][t, 0] * min(max(part, 0.0), 1.0)
            done = min(order.left, float(math.floor(max(dealt_here - order.ahead, 0.0))))
            order.ahead = max(order.ahead - dealt_here, 0.0)
            best, shown = self.see(t, order.side)
            if best == order.price:
                order.ahead = min(order.ahead, shown)
            elif order.side * (order.price - best) > 0:
                order.ahead = 0.0
        if done > 0:
            self.deal(t, "limit", order.side * done, order.price)
            order.left -= done
        if order.left <= 0:
            self.order = None

    def at_the_touch(self, t: int, need: float) -> None:
        left, paid = abs(need), 0.0
        for level in (1, 2):
            price, shown = self.see(t, -1 if need > 0 else 1, level)
            part = min(left, float(math.floor(shown * self.rule.participation)))
            left, paid = left - part, paid + part * price
        done = abs(need) - left
        if done > 0:
            self.deal(t, "market", math.copysign(done, need), paid / done)

    def live(self, target: np.ndarray) -> None:
        session, rule = self.book.groups["session"][:, 0], self.rule
        day, closing = self.book.times.astype("M8[D]"), _closing(self.book, rule.flat)[:, 0]
        want, before = 0.0, -1
        for t in range(len(target)):
            if t == 0 or day[t] != day[t - 1]:
                self.at_open, self.sold = self.held, 0.0
            if t == 0 or session[t] != session[t - 1]:
                want, self.order = self.held, None
            if t >= rule.latency and session[t - rule.latency] == session[t] and np.isfinite(target[t - rule.latency]):
                want = target[t - rule.latency]
            want = 0.0 if closing[t] else want
            if not self.book.members[t, 0]:
                continue
            if self.order:
                self.queue(t, before)
            need = want - self.held
            if rule.t_plus_1 and need < 0:
                need = -min(-need, max(float(np.max(rule.base)) + self.at_open - self.sold, 0.0))
            now = rule.order == "market" or closing[t]
            if self.order:
                self.order.age += 1
                if need * self.order.side <= 0 or now:
                    self.order = None
                elif self.order.age > rule.patience:
                    self.order, now = None, rule.take
                else:
                    self.order.left = min(self.order.left, abs(need))
            if need and now:
                self.at_the_touch(t, need)
            elif need and self.order is None:
                side = 1 if need > 0 else -1
                self.order = Waiting(side, abs(need), *self.see(t, side))
            before = t


rules = st.builds(
    ExecutionRule, order=st.sampled_from(["market", "limit"]), latency=st.integers(1, 3), patience=st.integers(1, 4),
    take=st.booleans(), participation=st.sampled_from([0.5, 1.0]), t_plus_1=st.booleans(),
    base=st.sampled_from([0.0, 5.0]), flat=st.sampled_from([0.0, 6.0]), buy_fee=st.just(1e-4), sell_fee=st.just(6e-4),
)  # fmt: skip


def targets(seed: int, count: int) -> np.ndarray:
    """Changes now and then."""
    rng = np.random.default_rng(seed + 1)
    return np.where(rng.random((count, 1)) < 0.3, rng.integers(-6, 7, (count, 1)), np.nan)


@settings(max_examples=60)
@given(st.integers(0, 1000), rules)
def test_the_kernel_deals_as_the_agent_does(seed: int, rule: ExecutionRule) -> None:
    book = random_book(seed)
    target = targets(seed, len(book))
    done, agent = execute(target, book, rule), Agent(book, rule)
    agent.live(target[:, 0])
    assert done.position[-1, 0] == pytest.approx(agent.held)
    found = [(t, kind, float(q[t, 0]), float(p[t, 0])) for kind, q, p in
             (("limit", done.passive, done.passive_price), ("market", done.active, done.active_price))
             for t in np.flatnonzero(q[:, 0])]  # fmt: skip
    expected = sorted(agent.deals)
    assert [one[:2] for one in sorted(found)] == [one[:2] for one in expected]
    np.testing.assert_allclose([one[2:] for one in sorted(found)], [one[2:] for one in expected])


@settings(max_examples=40)
@given(st.integers(0, 1000), rules)
def test_the_money_adds_up(seed: int, rule: ExecutionRule) -> None:
    """Net is what cash and the last position say; the attribution adds up to it; nothing is held over a pause."""
    book = random_book(seed)
    done = execute(targets(seed, len(book)), book, rule)
    fees, cash = 0.0, 0.0
    for row in done.trades.iter_rows(named=True):
        rate = rule.buy_fee if row["quantity"] > 0 else rule.sell_fee
        fees += abs(row["quantity"]) * row["price"] * rate
        cash -= row["quantity"] * row["price"]
    costs = done.costs
    assert costs.fees == pytest.approx(fees)
    assert costs.net == pytest.approx(cash - fees + done.position[-1, 0] * done.mid[-1, 0])
    assert costs.paper + costs.missed - costs.spread - costs.adverse - costs.fees == pytest.approx(costs.net)
    if rule.t_plus_1:
        day = book.times.astype("M8[D]")
        for one in np.unique(day):
            rows = np.flatnonzero(day == one)
            sold = -(np.minimum(done.active[rows], 0) + np.minimum(done.passive[rows], 0)).sum()
            opening = done.position[rows[0] - 1, 0] if rows[0] else 0.0
            assert sold <= max(float(np.max(rule.base)) + opening, 0.0) + 1e-9


@settings(max_examples=30)
@given(st.integers(0, 1000), st.integers(10, 59))
def test_what_comes_later_changes_no_deal(seed: int, rows: int) -> None:
    book = random_book(seed)
    target = targets(seed, len(book))
    rule = ExecutionRule(order="limit", flat=0.0)
    whole, part = execute(target, book, rule), execute(target[:rows], book.window(None, rows), rule)
    for name in ("position", "passive", "active"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[:rows])


def test_a_market_order_pays_half_the_spread_and_arrives_late() -> None:
    book = book_panel(simulate_order_book(1200, 1, seed=2).frames["snapshots"], 5)
    target = np.full(book.shape, np.nan)
    target[50:] = 300.0
    done = execute(target, book, ExecutionRule(latency=2, flat=0.0))
    trade = done.trades.row(0, named=True)
    assert trade["time"] == book.times[52].astype("M8[us]").item()
    assert trade["price"] >= book.fields["ask_price1"][52, 0]
    assert done.costs.spread > 0
    assert done.costs.adverse == 0
    slow = done.again(latency=10)
    assert slow.trades["time"][0] > trade["time"]


def test_limit_orders_earn_the_spread_and_pay_for_being_chosen() -> None:
    """Glosten and Milgrom (1985): who waits is dealt with when the price comes to him."""
    book = book_panel(simulate_order_book(14_400, 1, seed=4).frames["snapshots"], 5)
    rng = np.random.default_rng(0)
    target = np.repeat(rng.choice([-500.0, 500.0], len(book) // 20 + 1), 20)[: len(book), None]
    waits = execute(target, book, ExecutionRule(order="limit", patience=60, take=False))
    takes = execute(target, book, ExecutionRule())
    assert waits.costs.spread < 0 < waits.costs.adverse
    assert takes.costs.spread > 0
    assert waits.holding_seconds > 0
    assert waits.markout(5, "limit") < 0
    assert waits.turnover < takes.turnover


def test_faults() -> None:
    book = random_book(0)
    with pytest.raises(MarketError, match="The targets do not fit the book"):
        execute(np.zeros((3, 1)), book)
    with pytest.raises(MarketError, match="`latency` is out of its range"):
        ExecutionRule(latency=0)
    with pytest.raises(MarketError, match="There is no such order"):
        ExecutionRule(order="iceberg")  # type: ignore[arg-type]
