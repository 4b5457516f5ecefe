"""A paper broker whose book is one SQLite file: orders fill against the next day's bar under the exchange's rules."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType

from tael.errors import MarketError
from tael.markets.broker.actions import CorporateAction, act
from tael.markets.broker.book import Book
from tael.markets.broker.dealing import deal
from tael.markets.broker.filling import NextOpen
from tael.markets.broker.money import from_micros, money, to_micros
from tael.markets.broker.orders import OPEN, Account, Fill, Order, OrderState, Position, Status, check_plain
from tael.markets.broker.protocol import STOCK, Bar, FillModel, Instruments, instrument
from tael.markets.broker.reconcile import Reconciliation, reconcile


class PaperBroker:
    """Trades on paper, and forgets nothing: kill it at any moment, and it goes on where the last whole action ended.

    A day runs in this order, each step one transaction: `apply_actions` (corporate actions, before the open), `fill`
    (orders of earlier days against this day's bars), `end_of_day` (marks, daily settlement of futures, day orders
    expire), then `submit` (orders decided after this close). Each step may be called again: it then does nothing and
    says what was done.

    Parameters
    ----------
    path : path
        The book, one SQLite file (and its write-ahead log beside it).
    cash : Decimal or float, optional
        What a new book opens with. Needed once.
    currency : str
        Code of the currency, for a new book.
    instruments : Instrument or mapping of entity to Instrument
        Lots, T+1, margins: one for all, or one for each.
    model : FillModel
        What the market gives and what it costs.
    on_step : callable, optional
        Called with the name of each step of each transaction; tests end the process there.
    now : callable, optional
        The clock that events are stamped with; no decision depends on it.

    Raises
    ------
    MarketError
        If the file is no book of this layout, was opened with other cash, or does not exist and no cash is given.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> broker = PaperBroker(Path(folder.name) / "book.sqlite", cash=100_000)
    >>> order = Order("demo", date(2024, 1, 2), "600519", "buy", 500)
    >>> broker.submit(order).status, broker.submit(order).status
    ('open', 'open')
    >>> bars = {"600519": Bar(open=10.0, high=10.4, low=9.9, close=10.2)}
    >>> [(fill.quantity, str(fill.price)) for fill in broker.fill(date(2024, 1, 3), bars)]
    [(500, '10.000000')]
    >>> broker.end_of_day(date(2024, 1, 3), bars).equity
    Decimal('100100.000000')
    >>> broker.reconcile().balanced
    True
    >>> broker.close(); folder.cleanup()
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        cash: Decimal | float | None = None,
        currency: str = "",
        instruments: Instruments = STOCK,
        model: FillModel | None = None,
        on_step: Callable[[str], None] | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        opening = None if cash is None else money(cash, "the opening cash")
        self.instruments, self.model = instruments, model or NextOpen()
        self._book = Book(Path(path), opening=opening, currency=currency, on_step=on_step, now=now)

    def __enter__(self) -> PaperBroker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the book's file."""
        self._book.close()

    def account(self) -> Account:
        """Money now: cash, the value of shares at their last marks, the margin that futures bind."""
        held = self._book.held().values()
        cash = self._book.balance()
        value = sum(holding.worth for holding in held if holding.funded)
        last = self._book.one("SELECT max(day) FROM days WHERE stage = 'closed'")[0]
        return Account(
            from_micros(cash),
            from_micros(value),
            from_micros(sum(holding.margin for holding in held)),
            from_micros(cash + value),
            self._book.currency,
            date.fromisoformat(last) if last else None,
        )

    def positions(self) -> dict[str, Position]:
        """What is held, by entity, at its last mark."""
        return {
            entity: Position(entity, holding.quantity, from_micros(holding.price), from_micros(holding.worth))
            for entity, holding in self._book.held().items()
            if holding.quantity
        }

    def sellable(self, day: date) -> dict[str, int]:
        """What may be sold on a day: without what was bought on it (T+1), and without what open sales claim."""
        claimed: dict[str, int] = {}
        for state in self.orders(open_only=True):
            if state.order.side == "sell":
                left = state.order.quantity - state.filled
                claimed[state.order.entity] = claimed.get(state.order.entity, 0) + left
        return {
            entity: max(
                0,
                holding.unlocked(day, instrument(self.instruments, entity).t_plus_1) - claimed.get(entity, 0),
            )
            for entity, holding in self._book.held().items()
            if holding.quantity > 0
        }

    def submit(self, order: Order) -> OrderState:
        """Write an order into the book; the same order again only says what became of it.

        Returns
        -------
        OrderState
            "open", or "rejected" with a reason: "lot" (no quantity that may be dealt), "position" (more than is held
            and not yet claimed), "stale" (its day is past: a later day was already filled).

        Raises
        ------
        MarketError
            If another order of the same name is in the book (same strategy, day, entity, side and sequence, but
            another quantity or price).
        """
        name = order.client_order_id
        if (known := self._known(order)) is not None:
            return known
        with self._book.action("submit", order.day, {"client_order_id": name}) as said:
            if (known := self._known(order)) is not None:  # another process was faster
                said["known"] = True
                return known
            reason = self._refusal(order)
            status: Status = "rejected" if reason else "open"
            said["status"] = status
            number = self._book.one("SELECT coalesce(max(number), 0) + 1 FROM orders")[0]
            self._book.sql.execute(
                "INSERT INTO orders (client_order_id, number, day, entity, side, quantity, content, status, reason) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    name,
                    number,
                    order.day.isoformat(),
                    order.entity,
                    order.side,
                    order.quantity,
                    json.dumps(order.to_dict(), ensure_ascii=False),
                    status,
                    reason,
                ),
            )
        return OrderState(order, status, reason=reason, broker_id=str(number))

    def _known(self, order: Order) -> OrderState | None:
        """The order's state if it is in the book."""
        states = self._book.order_states("o.client_order_id = ?", (order.client_order_id,))
        if not states:
            return None
        if states[0].order != order:
            raise MarketError(
                "Another order of this name is in the book.",
                expected=repr(states[0].order),
                got=repr(order),
                where=order.client_order_id,
                fix="Give an additional order another sequence number.",
            )
        return states[0]

    def _refusal(self, order: Order) -> str:
        """Why an order cannot stand, or nothing."""
        rules = instrument(self.instruments, order.entity)
        last = self._book.last_day()
        if last is not None and (order.day < last[0] or (order.day == last[0] and last[1] != "closed")):
            return "stale"
        if order.side == "sell" and not rules.short:
            free = self.sellable(date.max).get(order.entity, 0)
            if order.quantity > free:
                return "position"
            if order.quantity == free:
                return ""  # an odd lot is sold whole
            return "" if order.quantity % rules.lot == 0 and order.quantity >= rules.min_lot else "lot"
        return "" if rules.whole(order.quantity) == order.quantity else "lot"

    def cancel(self, client_order_id: str) -> OrderState:
        """Take back what is still open of an order; one that is done stays as it is.

        Raises
        ------
        MarketError
            If there is no such order.
        """
        where, values = "o.client_order_id = ?", (client_order_id,)
        states = self._book.order_states(where, values)
        if not states:
            raise MarketError("No such order.", got=client_order_id, where=str(self._book.path))
        if states[0].is_open:
            with self._book.action("cancel", states[0].order.day, {"client_order_id": client_order_id}):
                self._book.sql.execute(
                    "UPDATE orders SET status = 'cancelled', reason = 'cancelled' "
                    "WHERE client_order_id = ? AND status IN ('open', 'partially_filled')",
                    values,
                )
        return self._book.order_states(where, values)[0]

    def orders(self, day: date | None = None, *, open_only: bool = False) -> list[OrderState]:
        """Orders decided on a day (or on any), oldest first."""
        where, values = ("1", ()) if day is None else ("o.day = ?", (day.isoformat(),))
        if open_only:
            where += f" AND o.status IN {OPEN}"
        return self._book.order_states(where, values)

    def fills(self, since: date | None = None) -> list[Fill]:
        """Executions from a day on, oldest first."""
        if since is None:
            return self._book.fills()
        return self._book.fills("day >= ?", (since.isoformat(),))

    def apply_actions(self, day: date, actions: Iterable[CorporateAction]) -> list[str]:
        """Apply the corporate actions whose ex date is this day, before its open.

        Returns
        -------
        list of str
            The entities that were held.

        Raises
        ------
        MarketError
            If an earlier day is not closed, or the day has begun without them.
        """
        actions = list(actions)
        if self._book.stage(day):
            done = [row[0] for row in self._book.all("SELECT entity FROM actions WHERE day = ?", (day.isoformat(),))]
            late = sorted({action.entity for action in actions} & set(self._book.held()) - set(done))
            if late:
                raise MarketError("Corporate actions come before the day's fills.", got=", ".join(late), where=str(day))
            return sorted(done)
        with self._book.action("apply_actions", day, {}) as said:
            self._begin(day)
            said["entities"] = act(self._book, day, actions)
            self._book.sql.execute("INSERT INTO days (day, stage) VALUES (?, 'acted')", (day.isoformat(),))
        return list(said["entities"])

    def fill(self, day: date, bars: Mapping[str, Bar]) -> list[Fill]:
        """Fill the open orders of earlier days against this day's bars.

        Parameters
        ----------
        day : date
        bars : mapping of entity to Bar
            An entity without a bar does not trade.

        Returns
        -------
        list of Fill
            This day's. A second call changes nothing and returns the same.

        Raises
        ------
        MarketError
            If an earlier day is not closed, or the day lies before the last one.
        """
        if self._book.stage(day) not in ("filled", "closed"):
            with self._book.action("fill", day, {}) as said:
                if self._book.stage(day) in ("filled", "closed"):
                    said["known"] = True
                else:
                    self._begin(day)
                    said["filled"] = deal(self._book, self.model, self.instruments, day, bars)
                    self._book.sql.execute(
                        "INSERT INTO days (day, stage) VALUES (?, 'filled') "
                        "ON CONFLICT (day) DO UPDATE SET stage = 'filled'",
                        (day.isoformat(),),
                    )
        return self._book.fills("day = ?", (day.isoformat(),))

    def _begin(self, day: date) -> None:
        """Refuse a day that lies before the last one, or after one that is still open."""
        check_plain(day, "the paper broker's day")
        last = self._book.last_day()
        if last is None or last == (day, "acted"):
            return
        if day <= last[0]:
            raise MarketError("Days go forward.", expected=f"after {last[0]}", got=str(day))
        if last[1] != "closed":
            raise MarketError(
                "The day before is not closed.", got=f"{last[0]}, {last[1]}", where=str(day), fix="Call end_of_day."
            )

    def end_of_day(self, day: date, bars: Mapping[str, Bar]) -> Account:
        """Mark to the close, settle futures in cash, let day orders expire. A second call changes nothing.

        A position whose bar is missing (a suspension) keeps its last mark.

        Raises
        ------
        MarketError
            If the day's orders were not filled first.
        """
        stage = self._book.stage(day)
        if stage == "closed":
            return self.account()
        if stage != "filled":
            raise MarketError("A day is filled before it is closed.", got=stage or "not begun", where=str(day))
        with self._book.action("end_of_day", day, {}) as said:
            if self._book.stage(day) == "closed":
                said["known"] = True
                return self.account()
            self._mark(day, bars)
            expired = self._book.sql.execute(
                "UPDATE orders SET status = 'expired' WHERE status IN ('open', 'partially_filled') AND day < ?",
                (day.isoformat(),),
            )
            account = self.account()
            if account.free < 0 and account.margin:
                said["margin_call"] = str(-account.free)
            said["expired"], said["equity"] = expired.rowcount, str(account.equity)
            self._book.sql.execute(
                "UPDATE days SET stage = 'closed', cash = ?, value = ?, margin = ? WHERE day = ?",
                (*map(to_micros, (account.cash, account.value, account.margin)), day.isoformat()),
            )
        return self.account()

    def _mark(self, day: date, bars: Mapping[str, Bar]) -> None:
        """Value each position at its mark; futures are paid the difference in cash."""
        for entity, holding in self._book.held().items():
            mark = bars[entity].mark if entity in bars else math.nan
            if not math.isnan(mark):
                holding.price = to_micros(money(mark, f"the mark of {entity}"))
            if not holding.funded:
                self._book.post(day, "variation", entity, holding.worth - holding.basis)
                holding.basis = holding.worth
            self._book.sql.execute(
                "INSERT INTO marks VALUES (?, ?, ?, ?)", (day.isoformat(), entity, holding.quantity, holding.price)
            )
            self._book.keep(holding)

    @property
    def opening(self) -> Decimal:
        """The cash that the book opened with."""
        return from_micros(int(self._book.one("SELECT value FROM settings WHERE name = 'opening'")[0]))

    def equity(self) -> list[tuple[date, Decimal]]:
        """Equity at each day's close, oldest first: what `tracking` compares with the backtest."""
        rows = self._book.all("SELECT day, cash + value FROM days WHERE stage = 'closed' ORDER BY day")
        return [(date.fromisoformat(day), from_micros(equity)) for day, equity in rows]

    def holdings(self, day: date) -> dict[str, int]:
        """Quantities at a day's close, by entity."""
        rows = self._book.all("SELECT entity, quantity FROM marks WHERE day = ?", (day.isoformat(),))
        return dict(rows)

    def values(self, day: date) -> dict[str, Decimal]:
        """Values of positions at a day's close, by entity (futures: notional), negative when short."""
        rows = self._book.all(
            "SELECT m.entity, m.quantity * m.price * (SELECT max(multiplier) FROM fills f WHERE f.entity = m.entity) "
            "FROM marks m WHERE m.day = ?",
            (day.isoformat(),),
        )
        return {entity: from_micros(value) for entity, value in rows}

    def reconcile(self) -> Reconciliation:
        """Prove cash, positions and orders from the executions: see `reconcile`. Nothing is mended."""
        return reconcile(self._book)
