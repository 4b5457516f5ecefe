"""Writing a run folder: to a temporary folder beside it, flushed to disk, then renamed.

A killed run leaves nothing half-made.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any

from tael.errors import RunError

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows: no locks, so drafts of killed runs stay, hidden
    fcntl = None

HIDDEN = ".tael-run-"


class Draft:
    """A folder that is being written.

    Attributes
    ----------
    path : Path
        Where to write: a hidden folder beside the final one.
    final : Path or None
        What it became; None as long as it is a draft.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.final: Path | None = None


@contextmanager
def new_folder(out: str | Path, name: str, *, now: datetime | None = None) -> Iterator[Draft]:
    """Make ``out/name-<time>`` whole or not at all.

    The draft is locked as long as its process lives. A process that is killed outright leaves its draft behind,
    hidden and unlocked: the next one clears it away.

    Parameters
    ----------
    out : path
        Made if absent; taken away again if nothing came of it.
    name : str
    now : datetime, optional

    Yields
    ------
    Draft
        Renamed to its final name when the block ends without an error; a name that is taken gets a number after it.

    Raises
    ------
    RunError
        If ``out`` cannot be written, or the disk is full.
    """
    out = Path(out)
    moment = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
    draft = Draft(out / f"{HIDDEN}{name}-{secrets.token_hex(4)}")
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    lock: int | None = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        lock = _locked(draft.path)
        clear_drafts(out)
        yield draft
        flush(draft.path)
        draft.final = _claim(draft.path, out / f"{name}-{moment}")
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        if draft.final is None:
            shutil.rmtree(draft.path, ignore_errors=True)
            for folder in made:
                with suppress(OSError):
                    folder.rmdir()  # only where it is empty
        if lock is not None:
            os.close(lock)


def _locked(path: Path) -> int | None:
    """Make a folder and lock it; the system frees the lock when the process ends, however it ends."""
    for _ in range(100):
        path.mkdir(exist_ok=True)
        try:
            lock = _lock(path)
        except (BlockingIOError, FileNotFoundError):
            time.sleep(0.01)  # another run took the folder, unlocked for a moment, for a stale one
            continue
        if lock is None or path.exists():
            return lock
        os.close(lock)
    raise OSError(errno.EBUSY, "The folder is cleared away again and again", str(path))


def _lock(path: Path) -> int | None:
    """An open, locked descriptor; None where the file system knows no such locks.

    Raises
    ------
    BlockingIOError
        Another process holds it.
    FileNotFoundError
    """
    if fcntl is None:
        return None
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def clear_drafts(out: Path) -> None:
    """Remove the drafts of runs that were killed."""
    for path in out.glob(f"{HIDDEN}*"):
        with suppress(OSError):
            lock = None if path.is_symlink() else _lock(path)
            if lock is not None:  # nobody writes it any more
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _claim(draft: Path, wanted: Path) -> Path:
    """Rename the draft to the wanted name, or to the first with a number after it that is free."""
    for number in count(1):
        final = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        if final.exists():
            continue
        try:
            os.rename(draft, final)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                continue  # another run took the name in the meantime
            raise
        _flush_one(final.parent)
        return final
    raise AssertionError("count() does not end")


def flush(folder: Path) -> None:
    """Ask the system to put every file of a folder, and the folder, on disk."""
    for path in sorted(folder.rglob("*")):
        _flush_one(path)
    _flush_one(folder)


def _flush_one(path: Path) -> None:
    if fcntl is None and path.is_dir():
        return  # Windows opens no folders
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, content: Any) -> None:
    """Write JSON that any reader takes: missing numbers are null."""
    path.write_text(json.dumps(plain(content), ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def plain(content: Any) -> Any:
    """The content in JSON's own types; NaN and infinities become None."""
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if hasattr(content, "tolist"):
        return plain(content.tolist())
    if isinstance(content, float):
        return content if content == content and abs(content) != float("inf") else None
    if isinstance(content, str | int | bool) or content is None:
        return content
    if hasattr(content, "isoformat"):
        return content.isoformat()
    return str(content)


def read_json(path: Path) -> Any:
    """Read a JSON file of a run.

    Raises
    ------
    RunError
        If it is not there or is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            "This is no run folder.",
            expected=f"a folder with {path.name}",
            got=str(path.parent),
            fix="Name the folder that `tael run` made: the one that holds report.html.",
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise RunError(
            "A file of the run cannot be read.",
            expected="JSON, as tael wrote it",
            got=str(error),
            where=str(path),
            fix="Take the run folder from its source again.",
        ) from None


def cannot_write(where: Path, error: OSError) -> RunError:
    """Say why a folder could not be written."""
    fix = {
        errno.ENOSPC: "Free some space on the disk, or name another place with --out.",
        errno.EDQUOT: "Free some of your quota, or name another place with --out.",
        errno.EEXIST: "There is a file of this name: name a folder with --out.",
        errno.ENOTDIR: "A part of the path is a file: name a folder with --out.",
    }.get(error.errno or 0, "Name a place that you may write with --out.")
    return RunError(
        "The run cannot be written, and nothing of it was kept.",
        expected="a folder that can be written, with room",
        got=f"{error.strerror or error}",
        where=str(error.filename or where),
        fix=fix,
    )
