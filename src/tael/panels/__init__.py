"""Panels: dense arrays of time x entity, panel formulas on them (many at once), factor libraries."""

from __future__ import annotations

from tael.panels.events import event_field, event_fields
from tael.panels.factors import libraries, library
from tael.panels.frames import from_frame
from tael.panels.panel import Panel
from tael.panels.plan import PanelPlan, compute
from tael.panels.storing import load, save

__all__ = [
    "Panel",
    "PanelPlan",
    "compute",
    "event_field",
    "event_fields",
    "from_frame",
    "libraries",
    "library",
    "load",
    "save",
]
