"""A process that trades on paper and has its children killed: at named steps, and at any moment. Run by test_killed.

It stays free of threads, so that it may fork: a child is a process of its own, and costs no start of Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from tael.markets.broker.actions import CorporateAction
from tael.markets.broker.day import trade_day
from tael.markets.broker.filling import CN_STOCK_FEES, NextOpen
from tael.markets.broker.paper import PaperBroker
from tael.markets.broker.protocol import Bar

ENTITIES = [f"60000{number}" for number in range(6)]
FIRST = date(2024, 1, 1)
MODEL = NextOpen(CN_STOCK_FEES, half_spread_bp=3.0)


def is_trading_day(day: date) -> bool:
    return day.weekday() < 5


def trading_days(count: int) -> list[date]:
    days = (FIRST + timedelta(days=number) for number in range(2 * count + 10))
    return [day for day in days if is_trading_day(day)][:count]


def chance(*what: object) -> float:
    """A number in [0, 1) that belongs to its arguments, in every process the same."""
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:6], "big") / 2**48


def bars_of(day: date) -> dict[str, Bar]:
    bars = {}
    for entity in ENTITIES:
        before = 8.0 + 6.0 * chance("price", entity, day.toordinal() - 1)
        close = 8.0 + 6.0 * chance("price", entity, day.toordinal())
        opened = round(before + (close - before) * chance("open", entity, day), 2)
        up, down = round(before * 1.1, 2), round(before * 0.9, 2)
        if chance("limit", entity, day) < 0.1:
            opened = up
        bars[entity] = Bar(
            open=opened,
            high=max(opened, round(close, 2)),
            low=min(opened, round(close, 2)),
            close=round(close, 2),
            preclose=round(before, 2),
            limit_up=up,
            limit_down=down,
            suspended=chance("suspended", entity, day) < 0.1,
            typical_volume=2e4 * chance("volume", entity, day),
        )
    return bars


def actions_of(day: date) -> list[CorporateAction]:
    return [
        CorporateAction(entity, ratio=1.3, cash=0.2, price=10.0)
        for entity in ENTITIES
        if chance("action", entity, day) < 0.02
    ]


def targets_for(day: date) -> dict[str, float] | None:
    if chance("hold", day) < 0.15:
        return None
    scores = {entity: chance("score", entity, day) for entity in ENTITIES}
    return {entity: 0.3 for entity in sorted(scores, key=lambda name: scores[name])[:3]}


def trade(folder: Path, days: list[date], on_step: Callable[[str], None] | None = None) -> None:
    """Go through all days; those that are done are passed over."""
    with PaperBroker(folder / "book.sqlite", cash=1_000_000, model=MODEL, on_step=on_step) as broker:
        for day in days:
            trade_day(
                day,
                broker=broker,
                targets_for=targets_for,
                bars=bars_of(day),
                last_bar=day,
                is_trading_day=is_trading_day,
                strategy="killed",
                folder=folder,
                actions=actions_of(day),
                min_value=1000.0,
            )


def ledger(folder: Path) -> list[object]:
    """Everything that must not depend on how often the process died."""
    with PaperBroker(folder / "book.sqlite") as broker:
        return [
            [[state.order.to_dict(), state.status, state.filled, state.reason] for state in broker.orders()],
            [[fill.fill_id, fill.quantity, str(fill.price), str(fill.costs)] for fill in broker.fills()],
            [[str(day), str(equity)] for day, equity in broker.equity()],
            str(broker.account().cash),
            {entity: held.quantity for entity, held in broker.positions().items()},
        ]


def child(work: Callable[[], None]) -> int:
    """Start a child that works and ends."""
    number = os.fork()
    if number == 0:
        work()
        os._exit(0)
    return number


def killed_at_step(folder: Path, days: list[date], step: int) -> str:
    """Let a child die at its n-th step; the step's name, or an empty text if it came through."""
    told = folder / "step.txt"
    told.unlink(missing_ok=True)
    left = step

    def on_step(name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            told.write_text(name)
            os._exit(9)

    _, status = os.waitpid(child(lambda: trade(folder, days, on_step)), 0)
    assert os.waitstatus_to_exitcode(status) in (0, 9), status
    return told.read_text() if told.exists() else ""


def killed_at_a_moment(folder: Path, days: list[date], seconds: float) -> str:
    """Kill a child (SIGKILL) after some time; how it ended."""
    number = child(lambda: trade(folder, days))
    time.sleep(seconds)
    os.kill(number, signal.SIGKILL)
    _, status = os.waitpid(number, 0)
    return "SIGKILL" if os.WIFSIGNALED(status) else ""


def main(root: Path, kills: int, seed: int) -> None:
    """Kill until there were enough kills, look at the book after each, then compare with an undisturbed run."""
    chances, folder = random.Random(seed), root / "killed"
    count, steps, faults, days = 0, [], [], trading_days(400)
    folder.mkdir(parents=True)
    while count < kills:
        if count % 2:
            ended = killed_at_a_moment(folder, days, chances.uniform(0.0, 0.04))
        else:
            ended = killed_at_step(folder, days, chances.randint(1, 26))
        if not ended:
            break
        count += 1
        steps.append(ended)
        if (folder / "book.sqlite").exists() and (folder / "book.sqlite-wal").exists():
            with PaperBroker(folder / "book.sqlite", cash=1_000_000) as broker:
                faults += broker.reconcile().differences
    with PaperBroker(folder / "book.sqlite") as broker:
        reached = broker.account().day or days[0]
    whole = days[: days.index(reached) + 2]  # the day after the last close may have begun
    trade(folder, whole)
    (root / "whole").mkdir()
    trade(root / "whole", whole)
    same = ledger(folder) == ledger(root / "whole")
    with PaperBroker(folder / "book.sqlite") as broker:
        faults += broker.reconcile().differences
        names = [state.order.client_order_id for state in broker.orders()]
        fills = len(broker.fills())
        cash: Decimal = broker.account().cash
    done = {
        "kills": count,
        "steps": sorted(set(steps)),
        "days": len(whole),
        "orders": len(names),
        "doubled": len(names) - len(set(names)),
        "fills": fills,
        "faults": faults,
        "same": same,
        "cash": str(cash),
    }
    print(json.dumps(done))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
