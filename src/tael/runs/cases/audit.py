"""The audit log of what was decided on cases: lines are added, never changed, and each holds the hash of the last.

Whoever changes, inserts, drops or moves a line breaks the chain from there on. Cutting lines off at the end leaves a
whole chain: so the hash of the last line is told at every entry and belongs into another place too, and
:func:`verify` can be asked for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tael.errors import RunError
from tael.runs.folder import cannot_write

NAME = "dispositions.jsonl"
"""The log's file, in the run folder."""
FIELDS = ("n", "at", "case", "key", "cutoff", "verdict", "why", "by", "model", "previous")
VERDICTS = ("confirmed", "dismissed")


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes
    ----------
    n : int
        From 1 on.
    at : str
        When it was written, UTC.
    case, key, cutoff : str
        Which alert: its case, the key of whom it concerns, the cutoff.
    verdict : {"confirmed", "dismissed"}
    why, by : str
    model : str
        Version of the model that raised the alert.
    previous : str
        SHA-256 of the line before, 64 hexadecimal digits; of the model's version for the first.
    """

    n: int
    at: str
    case: str
    key: str
    cutoff: str
    verdict: str
    why: str
    by: str
    model: str
    previous: str

    def line(self) -> bytes:
        """The line as it stands in the file."""
        return (json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def digest(line: bytes) -> str:
    """SHA-256 of a line, its end included."""
    return hashlib.sha256(line).hexdigest()


def beginning(model: str) -> str:
    """What the first line of a run's log holds in the place of a hash."""
    return hashlib.sha256(f"tael dispositions of {model}".encode()).hexdigest()


def read_log(run: Path, model: str) -> list[Entry]:
    """Every entry of a run's log, after its chain was checked; none where nothing was decided yet.

    Raises
    ------
    RunError
        If a line is broken; it is named.
    """
    path = run / NAME
    return list(_checked(path.read_bytes(), model, path)) if path.exists() else []


def verify(run: Path, model: str, *, head: str | None = None) -> tuple[int, str]:
    """Check the whole chain.

    Parameters
    ----------
    run : Path
        Run folder.
    model : str
        Version of the run's model.
    head : str, optional
        Hash of the last line, or its first digits (8 or more), as it was once written down: a line with it must be
        there, so that nothing up to it was cut off.

    Returns
    -------
    (int, str)
        Entries, and the hash of the last line (of the beginning, where there is none).

    Raises
    ------
    RunError
        If a line is broken, or no line has the hash.
    """
    entries = read_log(run, model)
    hashes = [beginning(model), *(digest(entry.line()) for entry in entries)]
    if head is not None and (len(head) < 8 or not any(one.startswith(head.lower()) for one in hashes)):
        raise RunError(
            "The log does not hold the entry that was written down: lines were cut off, or it is another log.",
            expected=f"a line with the hash {head} (8 digits or more)",
            got=f"{len(entries):,} lines, the last with {hashes[-1][:16]}",
            where=str(run / NAME),
            fix="Take the log from a backup, and find out who could write to it.",
        )
    return len(entries), hashes[-1]


def append(run: Path, model: str, decide: Any, *, now: datetime | None = None) -> Entry:
    """Add an entry under a lock, and put it on disk before it counts.

    Parameters
    ----------
    run : Path
    model : str
    decide : callable
        Takes the entries so far and returns the fields case, key, cutoff, verdict, why and by as a dict, or raises:
        what it judges by cannot change before the entry is written.
    now : datetime, optional
        With a time zone; left out: the clock's.

    Returns
    -------
    Entry

    Raises
    ------
    RunError
        If the log is broken (nothing is added to a broken chain), or cannot be written.
    """
    path = run / NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        with _locked(descriptor):
            content = _whole(descriptor)
            entries = list(_checked(content, model, path))
            stated: dict[str, str] = decide(entries)
            previous = digest(entries[-1].line()) if entries else beginning(model)
            # the clock is read under the lock: who waited is not earlier than who wrote
            at = (now or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            if entries and at < entries[-1].at:
                raise RunError(
                    "The clock stands before the last entry of the log.",
                    expected=f"{entries[-1].at} or later",
                    got=at,
                    where=str(path),
                    fix="Set the clock right, then dispose of the case again.",
                )
            entry = Entry(len(entries) + 1, at, model=model, previous=previous, **stated)
            line = entry.line()
            if os.write(descriptor, line) != len(line):
                raise OSError(28, "No space left on device", str(path))
            os.fsync(descriptor)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        os.close(descriptor)
    return entry


def _checked(content: bytes, model: str, path: Path) -> Iterator[Entry]:
    previous, at = beginning(model), ""
    lines = content.split(b"\n")
    for number, text in enumerate(lines[:-1], 1):
        line = text + b"\n"
        entry = _entry(line, path, number)
        if entry.n != number:
            raise _broken(path, number, f"entry {number}", f"entry {entry.n}")
        if entry.previous != previous:
            raise _broken(path, number, f"the hash of the line before, {previous[:16]}", entry.previous[:16])
        if entry.model != model or entry.verdict not in VERDICTS or entry.at < at:
            raise _broken(path, number, "a later entry of this run's model", text.decode(errors="replace")[:80])
        previous, at = digest(line), entry.at
        yield entry
    if lines[-1]:
        raise _broken(path, len(lines), "a whole line", f"{len(lines[-1])} bytes without an end")


def _entry(line: bytes, path: Path, number: int) -> Entry:
    try:
        content = json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError):
        raise _broken(path, number, "an entry in JSON", line[:60].decode(errors="replace")) from None
    if not isinstance(content, dict) or tuple(content) != FIELDS or type(content["n"]) is not int:
        raise _broken(path, number, ", ".join(FIELDS), line[:60].decode(errors="replace"))
    if not all(isinstance(content[name], str) for name in FIELDS[1:]):
        raise _broken(path, number, "texts", line[:60].decode(errors="replace"))
    entry = Entry(**content)
    if entry.line() != line:  # the same content in another spelling
        raise _broken(path, number, "the line as tael wrote it", line[:60].decode(errors="replace"))
    return entry


def _broken(path: Path, number: int, expected: str, got: str) -> RunError:
    return RunError(
        f"The audit log is broken: line {number:,} is not as written, or the one before it was changed or is gone.",
        expected=expected,
        got=got,
        where=f"{path}, line {number:,}",
        fix="Take the log from a backup, and find out who could write to it; nothing is added to a broken log.",
    )


def _whole(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    parts = []
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


@contextmanager
def _locked(descriptor: int) -> Iterator[None]:
    """Let one process at a time read and add; the system frees the lock when the process ends."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def person(name: str) -> str:
    """A name as it is compared: letters of one width and case, single spaces.

    >>> person(" Ann  LEE "), person("Ａnn Lee")
    ('ann lee', 'ann lee')
    """
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()
