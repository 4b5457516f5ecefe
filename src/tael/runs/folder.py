"""Writing a run folder: to a temporary folder beside it, flushed to disk, then renamed.

A killed run leaves nothing half-made.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from tael.errors import RunError

HIDDEN = ".tael-"


@contextmanager
def new_folder(out: str | Path, name: str, *, now: datetime | None = None) -> Iterator[tuple[Path, Path]]:
    """Make ``out/name-<time>`` whole or not at all.

    Parameters
    ----------
    out : path
        Made if absent.
    name : str
    now : datetime, optional

    Yields
    ------
    (Path, Path)
        The temporary folder to write to, and the folder that it becomes when the block ends without an error.

    Raises
    ------
    RunError
        If ``out`` cannot be written, or the disk is full.
    """
    out = Path(out)
    moment = (now or datetime.now()).strftime("%Y%m%d-%H%M%S")
    try:
        out.mkdir(parents=True, exist_ok=True)
        draft = out / f"{HIDDEN}{name}-{secrets.token_hex(4)}"
        draft.mkdir()
    except OSError as error:
        raise cannot_write(out, error) from error
    try:
        final = _free(out / f"{name}-{moment}")
        yield draft, final
        flush(draft)
        final = _claim(draft, final)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)


def _free(final: Path) -> Path:
    """The path, or the first with a number after it that does not exist."""
    candidate, number = final, 2
    while candidate.exists():
        candidate, number = final.with_name(f"{final.name}-{number}"), number + 1
    return candidate


def _claim(draft: Path, final: Path) -> Path:
    """Rename the draft. The name was told already, so another run that took it in the meantime is an error."""
    if final.exists():
        raise RunError(
            "The run folder came into being while the run was writing.",
            got=str(final),
            fix="Run again: nothing was written over.",
        )
    os.rename(draft, final)
    _flush_one(final.parent)
    return final


def flush(folder: Path) -> None:
    """Ask the system to put every file of a folder, and the folder, on disk."""
    for path in sorted(folder.rglob("*")):
        _flush_one(path)
    _flush_one(folder)


def _flush_one(path: Path) -> None:
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
    except FileNotFoundError:
        raise RunError(
            "This is no run folder.", expected=path.name, where=str(path.parent), fix="Name a folder under runs/."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise RunError("A file of the run cannot be read.", got=str(error), where=str(path)) from None


def cannot_write(where: Path, error: OSError) -> RunError:
    """Say why a folder could not be written."""
    return RunError(
        "The run cannot be written.",
        got=f"{error.strerror or error}",
        where=str(error.filename or where),
        fix="Free some space, or name a folder that you may write with --out.",
    )
