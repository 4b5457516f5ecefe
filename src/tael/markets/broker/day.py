"""One day's cycle: settle, decide, check, order. Run after the close; run twice, it does nothing the second time."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tael.errors import MarketError
from tael.markets.broker.actions import CorporateAction
from tael.markets.broker.files import amount, append_line, digest, locked, order_table, plain_weights, write_whole
from tael.markets.broker.guard import Limits, check_day, check_no_day_missing
from tael.markets.broker.orders import Account, Fill, Order, OrderState
from tael.markets.broker.protocol import STOCK, Bar, Broker, Instruments
from tael.markets.broker.reconcile import Reconciliation
from tael.markets.broker.sizing import OrderPlan, Skipped, orders_for

USUAL_LIMITS = Limits()


@runtime_checkable
class Settles(Protocol):
    """A broker whose day is settled here, because no exchange does: the paper broker."""

    def apply_actions(self, day: date, actions: Iterable[CorporateAction]) -> list[str]:
        """Corporate actions before the open."""
        ...

    def fill(self, day: date, bars: Mapping[str, Bar]) -> list[Fill]:
        """Executions of the day."""
        ...

    def end_of_day(self, day: date, bars: Mapping[str, Bar]) -> Account:
        """Marks after the close."""
        ...

    def reconcile(self) -> Reconciliation:
        """Proof of the book."""
        ...


@dataclass(frozen=True)
class TradedDay:
    """What a day's cycle did.

    Attributes
    ----------
    day : date
    status : str
        "traded"; "resumed" (an earlier run was cut short, its orders were sent on); "held" (the signal made no
        decision); "already" (the day was done before: nothing was done now).
    message : str
        The same in a sentence.
    orders : tuple of OrderState
        Of this day's decision.
    skipped : tuple of Skipped
    fills : tuple of Fill
        Of earlier orders, on this day.
    account : Account
        At the close.
    order_file : Path
        The CSV; the JSON beside it is what a restart reads.
    """

    day: date
    status: str
    message: str
    orders: tuple[OrderState, ...]
    skipped: tuple[Skipped, ...]
    fills: tuple[Fill, ...]
    account: Account
    order_file: Path


def trade_day(
    day: date,
    *,
    broker: Broker,
    targets_for: Callable[[date], Mapping[str, float] | None],
    bars: Mapping[str, Bar],
    last_bar: date,
    is_trading_day: Callable[[date], bool],
    strategy: str,
    folder: str | Path,
    actions: Iterable[CorporateAction] = (),
    instruments: Instruments = STOCK,
    limits: Limits = USUAL_LIMITS,
    min_value: float = 0.0,
    prices: Mapping[str, float] | None = None,
    now: Callable[[], datetime] | None = None,
) -> TradedDay:
    """Go through one day after its close: fill what was ordered before, then order what the signal wants now.

    In this order: the guard (trading day, data end on this day, no day left out, the book balances); paper only:
    corporate actions, fills of earlier orders against today's bars, marks; the signal's weights; orders; limits; the
    order file is written *before* anything is sent; every order is sent; one line goes into ``audit.jsonl``. Orders
    fill on the next trading day. A run that was cut short is taken up where it stood: the orders of its file are sent,
    not computed anew, and the broker knows those that it has.

    Parameters
    ----------
    day : date
        The day that has closed.
    broker : Broker
        Paper or live.
    targets_for : callable
        The signal, the same code as in the backtest: weights of equity by entity from what is known at the close of a
        day. None: no decision, hold.
    bars : mapping of entity to Bar
        Of this day. Its closes (previous closes of what is suspended) are the prices of the decision.
    last_bar : date
        The last day in the data that `targets_for` reads.
    is_trading_day : callable
    strategy : str
        Part of every order's name.
    folder : path
        Receives ``orders/<day>.csv``, ``orders/<day>.json``, ``orders/<day>.done.json`` and ``audit.jsonl``.
    actions : iterable of CorporateAction
        Paper only: those whose ex date is this day.
    instruments : Instrument or mapping
    limits : Limits
    min_value : float
        Smaller trades are dust, in currency.
    prices : mapping of entity to float, optional
        Prices of the decision; left out: the last ones of `bars`. Contracts are counted at their settlements.
    now : callable, optional
        The clock of the audit.

    Returns
    -------
    TradedDay

    Raises
    ------
    MarketError
        If the guard refuses; the refusal is in the audit, and no order was sent.
    """
    folder = Path(folder)
    clock = now or (lambda: datetime.now(UTC))
    papers = _Papers(folder, day, strategy, clock)
    with locked(folder):
        try:
            if papers.done.exists():
                return _already(papers, broker)
            check_day(day, last_bar, is_trading_day)
            if isinstance(broker, Settles):
                check_no_day_missing(day, broker.account().day, is_trading_day)
                broker.reconcile().demand()
                broker.apply_actions(day, actions)
                broker.fill(day, bars)
                broker.end_of_day(day, bars)
                broker.reconcile().demand()
            papers.lapse_earlier()
            _check_open(broker, day)
            resumed = papers.plan.exists()
            if resumed:
                plan, decided = papers.read_plan()
            else:
                if prices is None:
                    prices = {entity: bar.last for entity, bar in bars.items() if not math.isnan(bar.last)}
                plan, decided = _decide(broker, targets_for(day), prices, papers, instruments, limits, min_value)
            limits.check_switch()
        except MarketError as error:
            papers.audit("refused", message=error.problem)
            raise
        states = tuple(broker.submit(order) for order in plan.orders)
        status = "resumed" if resumed else "traded" if decided else "held"
        return papers.finish(status, states, plan, broker)


def _decide(
    broker: Broker,
    targets: Mapping[str, float] | None,
    prices: Mapping[str, float],
    papers: _Papers,
    instruments: Instruments,
    limits: Limits,
    min_value: float,
) -> tuple[OrderPlan, bool]:
    """The day's orders, checked and written down; whether there was a decision at all."""
    account = broker.account()
    positions = {entity: position.quantity for entity, position in broker.positions().items()}
    plan = OrderPlan(())
    if targets is not None:
        limits.check_targets(targets)
        plan = orders_for(
            targets,
            equity=account.equity,
            positions=positions,
            prices=prices,
            strategy=papers.strategy,
            day=papers.day,
            sellable=broker.sellable(papers.day + timedelta(days=1)),  # orders fill on a later day
            instruments=instruments,
            min_value=min_value,
        )
        limits.check_orders(plan.orders, account.equity, instruments)
    papers.write_plan(plan, None if targets is None else dict(targets), account, positions, instruments)
    return plan, targets is not None


def _check_open(broker: Broker, day: date) -> None:
    """Refuse to decide while orders of earlier days may still fill."""
    late = [state for state in broker.orders(open_only=True) if state.order.day < day]
    if late:
        raise MarketError(
            "Orders of earlier days are still open: positions are not what they will be.",
            got=", ".join(f"{state.order.entity} of {state.order.day}" for state in late[:5]),
            fix="Wait for them, or cancel them.",
        )


def _already(papers: _Papers, broker: Broker) -> TradedDay:
    """What is said when a day is asked for again."""
    plan, _ = papers.read_plan()
    said = f"{papers.day} was done before ({papers.status()}); nothing was done now."
    return papers.result("already", said, tuple(broker.orders(papers.day)), plan, broker)


class _Papers:
    """The files of one day."""

    def __init__(self, folder: Path, day: date, strategy: str, clock: Callable[[], datetime]) -> None:
        self.folder, self.day, self.strategy, self.clock = folder, day, strategy, clock
        self.orders = folder / "orders"
        self.table, self.plan = self.orders / f"{day}.csv", self.orders / f"{day}.json"
        self.done = self.orders / f"{day}.done.json"

    def write_plan(
        self,
        plan: OrderPlan,
        targets: dict[str, float] | None,
        account: Account,
        positions: dict[str, int],
        instruments: Instruments,
    ) -> None:
        """Write down what will be sent: first for people, then, as the last step, for a restart."""
        write_whole(self.table, order_table(plan.orders, positions, targets or {}, instruments))
        said = {
            "strategy": self.strategy,
            "day": self.day.isoformat(),
            "equity": str(account.equity),
            "cash": str(account.cash),
            "currency": account.currency,
            "positions": dict(sorted(positions.items())),
            "targets": None if targets is None else plain_weights(targets),
            "orders": [order.to_dict() for order in plan.orders],
            "skipped": [[skip.entity, skip.quantity, skip.reason] for skip in plan.skipped],
        }
        write_whole(self.plan, json.dumps(said, ensure_ascii=False, indent=1) + "\n")

    def read_plan(self) -> tuple[OrderPlan, bool]:
        """The orders as they were written down, and whether there was a decision."""
        said = self._read(self.plan)
        if said["strategy"] != self.strategy:
            raise MarketError(
                "The folder is another strategy's.", expected=said["strategy"], got=self.strategy, where=str(self.plan)
            )
        orders = tuple(Order.from_dict(order) for order in said["orders"])
        return OrderPlan(orders, tuple(Skipped(*skip) for skip in said["skipped"])), said["targets"] is not None

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            return dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise MarketError("A file of the day cannot be read.", got=str(error), where=str(path)) from error

    def status(self) -> str:
        """How the day ended."""
        return str(self._read(self.done)["status"])

    def lapse_earlier(self) -> None:
        """Close the plans of earlier days that were never sent to the end: their day is over."""
        for path in sorted(self.orders.glob("????-??-??.json")):
            day = date.fromisoformat(path.stem)
            done = path.with_name(f"{day}.done.json")
            if day < self.day and not done.exists():
                self.audit("lapsed", message=f"The orders of {day} were not all sent in time.")
                write_whole(done, json.dumps({"status": "lapsed", "day": day.isoformat()}) + "\n")

    def audit(self, status: str, **said: Any) -> None:
        """Add a line to the audit."""
        line = {"at": self.clock().isoformat(timespec="seconds"), "day": self.day.isoformat()}
        append_line(self.folder / "audit.jsonl", {**line, "strategy": self.strategy, "status": status, **said})

    def finish(self, status: str, states: tuple[OrderState, ...], plan: OrderPlan, broker: Broker) -> TradedDay:
        """Write the audit line, then the mark that says that the day is done."""
        rejected = [state for state in states if state.status == "rejected"]
        said = (
            f"{self.day}: {status}, {len(states)} orders sent, {len(rejected)} rejected, {len(plan.skipped)} skipped."
        )
        result = self.result(status, said, states, plan, broker)
        self.audit(
            status,
            message=said,
            orders=len(states),
            rejected=len(rejected),
            skipped=len(plan.skipped),
            fills=len(result.fills),
            equity=amount(result.account.equity),
            cash=amount(result.account.cash),
            plan=digest(self.plan.read_text(encoding="utf-8")),
        )
        became = {state.order.client_order_id: [state.status, state.reason] for state in states}
        write_whole(self.done, json.dumps({"status": status, "day": self.day.isoformat(), "orders": became}) + "\n")
        return result

    def result(
        self, status: str, said: str, states: tuple[OrderState, ...], plan: OrderPlan, broker: Broker
    ) -> TradedDay:
        """The day as the caller sees it."""
        fills = tuple(fill for fill in broker.fills(self.day) if fill.day == self.day)
        return TradedDay(self.day, status, said, states, plan.skipped, fills, broker.account(), self.table)
