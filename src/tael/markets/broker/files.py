"""The day's papers: the order file that people read, the plan that a restart reads, the audit line."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

from tael.errors import MarketError
from tael.markets.broker.orders import Order
from tael.markets.broker.protocol import Instruments, instrument

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: no such locks; the broker's own idempotency is what is left
    fcntl = None

COLUMNS = (
    "client_order_id",
    "day",
    "entity",
    "side",
    "quantity",
    "decision_price",
    "value",
    "held",
    "target",
    "reason",
)


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all, flushed to the disk.

    Raises
    ------
    MarketError
        If it cannot be written.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        _flush(path.parent)
    except OSError as error:
        raise MarketError("A file cannot be written.", got=str(error), where=str(path)) from error


def _flush(folder: Path) -> None:
    """Have the folder's own entries on the disk, where the system knows how."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def append_line(path: Path, said: dict[str, Any]) -> None:
    """Add a line of JSON to a log that is only ever added to, and flush it to the disk.

    Raises
    ------
    MarketError
        If it cannot be written.
    """
    line = json.dumps(said, ensure_ascii=False, sort_keys=True) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as file:
            if file.tell() and _last_byte(file) != b"\n":  # a line that a killed process left half written
                line = "\n" + line
            file.write(line.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise MarketError("A line cannot be added to the log.", got=str(error), where=str(path)) from error


def _last_byte(file: Any) -> bytes:
    file.seek(-1, os.SEEK_END)
    return bytes(file.read(1))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process alone.

    Raises
    ------
    MarketError
        If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield
        return
    with open(folder / ".lock", "a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MarketError("Another process trades here at this moment.", where=str(folder)) from error
        yield


def order_table(
    orders: tuple[Order, ...], held: dict[str, int], targets: dict[str, float], instruments: Instruments
) -> str:
    """The orders as CSV, one a line, for a person to check."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for order in orders:
        price = order.decision_price
        value = (
            "" if price is None else f"{price * order.quantity * instrument(instruments, order.entity).multiplier:.2f}"
        )
        writer.writerow(
            [
                order.client_order_id,
                order.day.isoformat(),
                order.entity,
                order.side,
                order.quantity,
                "" if price is None else f"{price.normalize():f}",
                value,
                held.get(order.entity, 0),
                f"{targets.get(order.entity, 0.0):.6g}",
                order.reason,
            ]
        )
    return text.getvalue()


def digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def plain_weights(targets: dict[str, float]) -> dict[str, float | None]:
    """Weights for JSON: NaN (leave as it is) becomes null."""
    return {entity: weight if weight == weight else None for entity, weight in sorted(targets.items())}


def amount(value: Decimal) -> str:
    """Money for a reader: hundredths.

    >>> amount(Decimal("1234567.891"))
    '1,234,567.89'
    """
    return f"{value:,.2f}"
