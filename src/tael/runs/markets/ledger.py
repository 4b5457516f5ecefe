"""How often a scenario was run on the same data: every run is a trial, and the best of many flatters."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path


def trials_before(out: Path, name: str, fingerprint: str) -> int:
    """Runs of this scenario on these data that lie in a folder.

    Parameters
    ----------
    out : Path
        Where runs are put.
    name : str
        The scenario.
    fingerprint : str
        Of the tables.
    """
    count = 0
    for path in sorted(out.glob(f"{name}-*/run.json")) if out.is_dir() else []:
        with suppress(OSError, json.JSONDecodeError, UnicodeDecodeError):  # what cannot be read is no run of ours
            content = json.loads(path.read_text(encoding="utf-8"))
            if isinstance(content, dict) and content.get("data", {}).get("fingerprint") == fingerprint:
                count += 1
    return count
