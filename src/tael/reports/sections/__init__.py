"""The sections in the order in which they are read. A new one is a file here and a line below."""

from __future__ import annotations

from dataclasses import replace

from tael.reports.context import Page, Section
from tael.reports.sections import (
    allocation,
    calibration,
    data,
    economics,
    fairness,
    features,
    incidence,
    limits,
    observations,
    performance,
    ranking,
    reasons,
    reject_inference,
    reproduce,
    roll_rates,
    segments,
    stability,
    strategy,
    summary,
    uplift,
    vintages,
)


def where_held(section: Section, *keys: str) -> Section:
    """The section, for runs that hold one of its parts."""

    def applies(page: Page) -> bool:
        return any(page.at(key) for key in keys)

    return replace(section, applies=applies)


SECTIONS = (
    summary.SECTION,
    data.SECTION,
    observations.SECTION,
    where_held(vintages.SECTION, "vintages"),
    where_held(roll_rates.SECTION, "roll_rates", "bad_definitions"),
    where_held(reject_inference.SECTION, "reject_inference"),
    features.SECTION,
    performance.SECTION,
    uplift.SECTION,
    incidence.SECTION,
    ranking.SECTION,
    calibration.SECTION,
    stability.SECTION,
    where_held(segments.SECTION, "segments", "robustness"),
    strategy.SECTION,
    allocation.SECTION,
    economics.SECTION,
    where_held(fairness.SECTION, "fairness"),
    reasons.SECTION,
    limits.SECTION,
    reproduce.SECTION,
)
