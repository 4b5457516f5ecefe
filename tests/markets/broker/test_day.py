from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tael.errors import MarketError
from tael.markets.broker import Bar, Limits, PaperBroker, TradedDay, trade_day
from tael.markets.broker.files import append_line, locked

MONDAY = date(2024, 1, 1)
STEPS = {"A": 10.0, "B": 20.0}


class Project:
    """One strategy on paper, that wants half of A and a third of B."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.targets: Mapping[str, float] | None = {"A": 0.5, "B": 0.3}
        self.asked: list[date] = []
        self.broker = PaperBroker(folder / "book.sqlite", cash=100_000)

    def targets_for(self, day: date) -> Mapping[str, float] | None:
        self.asked.append(day)
        return self.targets

    def trade(self, number: int, **more: Any) -> TradedDay:
        day = MONDAY + timedelta(days=number)
        bars = {name: Bar(*[price + number] * 4) for name, price in STEPS.items()}
        said: dict[str, Any] = {
            "broker": self.broker,
            "targets_for": self.targets_for,
            "bars": bars,
            "last_bar": day,
            "is_trading_day": lambda when: when.weekday() < 5,
            "strategy": "demo",
            "folder": self.folder,
        }
        return trade_day(day, **{**said, **more})

    def audit(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Any:
    made = Project(tmp_path)
    yield made
    made.broker.close()


def test_decided_today_filled_tomorrow(project: Project) -> None:
    first = project.trade(0)
    assert (first.status, first.fills) == ("traded", ())
    assert [(s.order.entity, s.order.quantity, s.status) for s in first.orders] == [
        ("A", 5000, "open"),
        ("B", 1500, "open"),
    ]
    second = project.trade(1)
    assert [(fill.entity, fill.quantity, fill.price) for fill in second.fills] == [("A", 5000, 11), ("B", 1500, 21)]
    rows = list(csv.DictReader(first.order_file.open(encoding="utf-8")))
    assert [(row["entity"], row["side"], row["value"], row["target"]) for row in rows] == [
        ("A", "buy", "50000.00", "0.5"),
        ("B", "buy", "30000.00", "0.3"),
    ]
    assert [line["status"] for line in project.audit()] == ["traded", "traded"]


def test_the_second_run_of_a_day_does_nothing_and_says_so(project: Project) -> None:
    first = project.trade(0)
    again = project.trade(0)
    assert again.status == "already"
    assert "nothing was done now" in again.message
    assert again.orders == first.orders
    assert project.asked == [MONDAY]
    project.trade(1)
    assert project.trade(0).status == "already", "an old day too, though the data go on"
    assert len(project.broker.orders(MONDAY)) == 2


def test_no_decision_is_hold(project: Project) -> None:
    project.trade(0)
    project.targets = None
    assert project.trade(1).status == "held"
    assert {name: held.quantity for name, held in project.broker.positions().items()} == {"A": 5000, "B": 1500}
    assert project.trade(1).status == "already"


@pytest.mark.parametrize(
    ("number", "more", "said"),
    [
        (5, {}, "No trading on this day"),
        (1, {"last_bar": MONDAY}, "The data are stale"),
        (1, {"last_bar": MONDAY + timedelta(days=2)}, "of a later day"),
        (2, {}, "A trading day was left out"),
        (1, {"limits": Limits(max_order_value=10_000)}, "An order is beyond its limit"),
        (1, {"limits": Limits(max_turnover=0.1)}, "turnover is beyond its limit"),
        (1, {"limits": Limits(max_orders=1)}, "number of orders is beyond its limit"),
        (1, {"limits": Limits(max_weight=0.4)}, "A weight is beyond its limit"),
        (1, {"limits": Limits(max_gross=0.5)}, "sum of the weights is beyond its limit"),
    ],
)
def test_the_guard_refuses_and_the_audit_says_why(
    project: Project, number: int, more: dict[str, Any], said: str
) -> None:
    project.targets = None
    project.trade(0)
    project.targets = {"A": 0.5, "B": 0.3}
    with pytest.raises(MarketError, match=said) as error:
        project.trade(number, **more)
    assert project.broker.orders() == []
    assert project.audit()[-1]["status"] == "refused"
    assert project.audit()[-1]["message"] == error.value.problem


def test_weekends_are_no_days_left_out(project: Project) -> None:
    project.targets = None
    for number in (3, 4, 7, 8):
        assert project.trade(number).status == "held"


def test_the_kill_switch_stops_orders_but_not_the_book(project: Project) -> None:
    project.trade(0)
    switch = project.folder / "STOP"
    switch.touch()
    with pytest.raises(MarketError, match="kill switch"):
        project.trade(1, limits=Limits(kill_switch=switch))
    assert project.broker.account().day == MONDAY + timedelta(days=1)
    assert project.broker.orders(MONDAY + timedelta(days=1)) == []
    switch.unlink()
    assert project.trade(1, limits=Limits(kill_switch=switch)).status == "resumed"


def test_a_book_that_does_not_balance_is_not_traded_on(project: Project) -> None:
    project.trade(0)
    project.trade(1)
    project.broker._book.sql.execute("UPDATE positions SET quantity = quantity + 100 WHERE entity = 'A'")
    with pytest.raises(MarketError, match="does not balance"):
        project.trade(2)
    assert project.broker.orders(MONDAY + timedelta(days=2)) == []


class CutShort(PaperBroker):
    """A broker that dies at its second order."""

    def submit(self, order: Any) -> Any:
        if len(self.orders()) % 2 == 1:
            raise KeyboardInterrupt
        return super().submit(order)


def test_a_run_that_was_cut_short_sends_the_orders_of_its_file(project: Project) -> None:
    with CutShort(project.folder / "book.sqlite") as broker, pytest.raises(KeyboardInterrupt):
        project.trade(0, broker=broker)
    project.targets = {"A": 0.1}  # the signal says something else now: what was written down counts
    done = project.trade(0)
    assert done.status == "resumed"
    assert [(state.order.entity, state.order.quantity) for state in done.orders] == [("A", 5000), ("B", 1500)]
    assert project.asked == [MONDAY]


def test_orders_that_were_not_sent_in_time_lapse(project: Project) -> None:
    with CutShort(project.folder / "book.sqlite") as broker, pytest.raises(KeyboardInterrupt):
        project.trade(0, broker=broker)
    project.trade(1)
    assert [line["status"] for line in project.audit()] == ["lapsed", "traded"]
    assert [state.order.entity for state in project.broker.orders(MONDAY)] == ["A"]
    assert project.trade(0).message.startswith("2024-01-01 was done before (lapsed)")


def test_another_strategy_does_not_take_up_these_orders(project: Project) -> None:
    project.trade(0)
    with pytest.raises(MarketError, match="another strategy"):
        project.trade(0, strategy="other")


def test_one_process_at_a_time(project: Project) -> None:
    with locked(project.folder), pytest.raises(MarketError, match="Another process"):
        project.trade(0)


def test_a_half_written_line_does_not_swallow_the_next(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    append_line(log, {"a": 1})
    log.write_text(log.read_text() + '{"b": ')
    append_line(log, {"c": 3})
    assert log.read_text().splitlines() == ['{"a": 1}', '{"b": ', '{"c": 3}']
