"""The sections in the order in which they are read. A new one is a file here and a line below."""

from __future__ import annotations

from tael.reports.sections import (
    calibration,
    data,
    economics,
    features,
    limits,
    observations,
    performance,
    reasons,
    reproduce,
    stability,
    strategy,
    summary,
)

SECTIONS = (
    summary.SECTION,
    data.SECTION,
    observations.SECTION,
    features.SECTION,
    performance.SECTION,
    calibration.SECTION,
    stability.SECTION,
    strategy.SECTION,
    economics.SECTION,
    reasons.SECTION,
    limits.SECTION,
    reproduce.SECTION,
)
