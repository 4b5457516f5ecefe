"""A log that is only ever added to: each line carries the hash of the one before it, so a change is seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tael.errors import MarketError
from tael.markets.broker.files import append_line

NO_HASH = "0" * 64


class Log:
    """Lines of JSON, each with the hash of itself and of all before it.

    Parameters
    ----------
    path : Path
        Made with the first line.
    now : callable, optional
        The clock.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] | None = None) -> None:
        self.path, self._now = path, now or (lambda: datetime.now(UTC))

    def read(self) -> list[dict[str, Any]]:
        """All lines, oldest first.

        Raises
        ------
        MarketError
            If one was changed, left out or put between.
        """
        if not self.path.exists():
            return []
        found, previous = [], NO_HASH
        for number, text in enumerate(self.path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                line = json.loads(text)
                digest = line.pop("hash")
            except (ValueError, KeyError, AttributeError) as error:
                raise MarketError(
                    "A line of the log cannot be read.", got=text[:80], where=f"{self.path}:{number}"
                ) from error
            if _digest(previous, line) != digest:
                raise MarketError("The log was changed.", where=f"{self.path}:{number}", fix="Nothing in it counts.")
            found.append(line)
            previous = digest
        return found

    def add(self, **said: Any) -> dict[str, Any]:
        """Add a line; returns it.

        Raises
        ------
        MarketError
            If the log was changed, or cannot be written.
        """
        self.read()
        previous = NO_HASH
        if self.path.exists():
            previous = json.loads(self.path.read_text(encoding="utf-8").splitlines()[-1])["hash"]
        line = {"at": self._now().isoformat(timespec="seconds"), **said}
        append_line(self.path, {**line, "hash": _digest(previous, line)})
        return line


def _digest(previous: str, line: dict[str, Any]) -> str:
    text = json.dumps([previous, line], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
