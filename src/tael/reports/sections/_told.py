"""What the governance sections share: sentences that the run wrote itself, and values with their limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tael.reports.context import Page
from tael.reports.html import Safe, el, join


def sentences(page: Page, told: Any) -> Safe:
    """The first as a lead, the others as a list."""
    texts = [page.say(text) for text in told if text] if isinstance(told, (list, tuple)) else []
    if not texts:
        return join()
    rest = el("ul", *(el("li", text) for text in texts[1:])) if texts[1:] else None
    return join(el("p", texts[0], class_="lead"), rest)


def limited(page: Page, row: Mapping[str, Any], key: str, write: Callable[[Any], str], stem: str | None = None) -> Safe:
    """A value with its interval beneath: columns ``key``, ``key_low`` and ``key_high`` (the stem may be another)."""
    stem = f"{key}_" if stem is None else stem
    cell = {"value": row.get(key), "low": row.get(f"{stem}low"), "high": row.get(f"{stem}high")}
    return page.with_interval(cell, write)
