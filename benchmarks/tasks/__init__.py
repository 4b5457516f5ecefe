"""Public relational tasks as tael sees them: linked tables with a schema, observations, labels. Raw columns alone.

    task = load("superlender", folder)
    task.tables, task.entity, task.X, task.y

The data is not part of the project. The observations, their order and their labels are those that other feature
builders were measured on, so that figures can be laid side by side. A cutoff, a known-at time and a column's type are
facts about the data; nothing here says which formula might help.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tasks import berka, cdnow, provider_fraud, superlender
from tasks.base import Task

TASKS: dict[str, Callable[[Path], Task]] = {
    "superlender": superlender.load,
    "provider-fraud": provider_fraud.load,
    "cdnow": cdnow.load,
    "berka": berka.load,
}

__all__ = ["TASKS", "Task", "load"]


def load(name: str, folder: Path) -> Task:
    """Read one task from the folder of data."""
    return TASKS[name](folder)
