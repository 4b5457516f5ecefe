"""The edit log of a binning: who changed which column's bins, when, why, and what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tael.errors import ModelError
from tael.tables.plain import table

_WORDS = {
    "en": ("when", "who", "column", "before", "after", "IV", "why", "No edits."),
    "zh": ("时间", "修改人", "变量", "修改前", "修改后", "IV", "原因", "无人工修改。"),
}


@dataclass(frozen=True)
class BinEdit:
    """One edit.

    Parameters
    ----------
    column, who, why : str
    when : str
        ISO 8601.
    before, after : list
        Splits, or groups of categories.
    iv_before, iv_after : float
        Information value in training.
    """

    column: str
    who: str
    why: str
    when: str
    before: list[Any]
    after: list[Any]
    iv_before: float
    iv_after: float


def moment(when: Any = None) -> str:
    """A time as ISO 8601 text, by default now in UTC.

    Examples
    --------
    >>> moment("2026-03-01T09:30:00")
    '2026-03-01T09:30:00'
    """
    if when is None:
        return datetime.now(UTC).isoformat(timespec="seconds")
    if hasattr(when, "isoformat"):
        return str(when.isoformat())
    try:
        return datetime.fromisoformat(str(when)).isoformat()
    except ValueError as error:
        raise ModelError(
            "The time of an edit cannot be read.", expected="ISO 8601, as in 2026-03-01T09:30", got=repr(when)
        ) from error


def said(what: str, text: Any) -> str:
    """A name or reason that is really there: a log without them is no log."""
    if not isinstance(text, str) or not text.strip():
        raise ModelError(
            f"An edit needs {what}.", expected="text", got=repr(text), fix='edit(column, ..., who="...", why="...")'
        )
    return text.strip()


def edit_log(edits: Sequence[BinEdit], lang: str = "en") -> str:
    """The edits as a table for a terminal.

    Parameters
    ----------
    edits : sequence of BinEdit
    lang : {"en", "zh"}

    Examples
    --------
    >>> edit = BinEdit("age", "Li Wei", "round numbers", "2026-03-01T09:30:00", [24.0], [25.0], 0.21, 0.2)
    >>> print(edit_log([edit]))
    when                 who     column  before  after  IV
    -------------------  ------  ------  ------  -----  ----------------
    2026-03-01T09:30:00  Li Wei  age     24      25     0.2100 -> 0.2000
      why: round numbers
    """
    words = _WORDS[lang]
    if not edits:
        return words[-1]
    rows = [
        [e.when, e.who, e.column, _bins(e.before), _bins(e.after), f"{e.iv_before:.4f} -> {e.iv_after:.4f}"]
        for e in edits
    ]
    return table(words[:6], rows, below=[f"{words[6]}: {e.why}" for e in edits])


def _bins(splits: Sequence[Any]) -> str:
    parts = [", ".join(one) if isinstance(one, (list, tuple)) else f"{one:g}" for one in splits]
    return (" | " if any(isinstance(one, (list, tuple)) for one in splits) else ", ").join(parts) or "-"
