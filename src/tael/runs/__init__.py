"""Runs: plan, folder, bundle, scoring, explanation, comparison."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tael.runs.bundle import Bundle, load_bundle
    from tael.runs.plan import Plan
    from tael.runs.result import Run
    from tael.runs.runner import run

_WHERE = {
    "Bundle": "tael.runs.bundle",
    "Plan": "tael.runs.plan",
    "Run": "tael.runs.result",
    "load_bundle": "tael.runs.bundle",
    "run": "tael.runs.runner",
}

__all__ = ["Bundle", "Plan", "Run", "load_bundle", "run"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
