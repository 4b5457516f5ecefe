"""The sections in the order in which they are read. A new one is a file here and a line below."""

from __future__ import annotations

from tael.reports.sections import (
    allocation,
    calibration,
    data,
    economics,
    features,
    incidence,
    limits,
    observations,
    performance,
    ranking,
    reasons,
    reproduce,
    stability,
    strategy,
    summary,
    uplift,
)

SECTIONS = (
    summary.SECTION,
    data.SECTION,
    observations.SECTION,
    features.SECTION,
    performance.SECTION,
    uplift.SECTION,
    incidence.SECTION,
    ranking.SECTION,
    calibration.SECTION,
    stability.SECTION,
    strategy.SECTION,
    allocation.SECTION,
    economics.SECTION,
    reasons.SECTION,
    limits.SECTION,
    reproduce.SECTION,
)
