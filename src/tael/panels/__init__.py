"""Panels: dense arrays of time x entity, panel formulas on them (many at once), factor libraries."""

from __future__ import annotations

from tael.panels.frames import from_frame
from tael.panels.panel import Panel
from tael.panels.plan import PanelPlan, compute

__all__ = ["Panel", "PanelPlan", "compute", "from_frame"]
