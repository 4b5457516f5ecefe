"""The sections in the order in which they are read. A new one is a file here and a line below."""

from __future__ import annotations

from dataclasses import replace

from tael.reports.context import Page, Section
from tael.reports.sections import (
    alerts,
    allocation,
    calibration,
    data,
    economics,
    fairness,
    features,
    gangs,
    incidence,
    intraday_execution,
    intraday_scores,
    intraday_summary,
    limits,
    market_backtest,
    market_factors,
    market_facts,
    market_orders,
    market_scores,
    market_summary,
    market_trust,
    observations,
    patterns,
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


def not_of_markets(section: Section) -> Section:
    """The section, for runs on customers, applicants, claims: not for a market's."""

    def applies(page: Page) -> bool:
        return not page.panel and section.applies(page)

    return replace(section, applies=applies)


def by_positions(section: Section) -> Section:
    """The section, for runs with a portfolio: not for those that deal on books."""

    def applies(page: Page) -> bool:
        return not page.at("execution") and section.applies(page)

    return replace(section, applies=applies)


SECTIONS = (
    not_of_markets(summary.SECTION),
    by_positions(market_summary.SECTION),
    intraday_summary.SECTION,
    data.SECTION,
    market_facts.SECTION,
    market_factors.SECTION,
    by_positions(market_scores.SECTION),
    intraday_scores.SECTION,
    intraday_execution.SECTION,
    by_positions(market_backtest.SECTION),
    by_positions(market_trust.SECTION),
    by_positions(market_orders.SECTION),
    not_of_markets(observations.SECTION),
    where_held(vintages.SECTION, "vintages"),
    where_held(roll_rates.SECTION, "roll_rates", "bad_definitions"),
    where_held(reject_inference.SECTION, "reject_inference"),
    not_of_markets(features.SECTION),
    not_of_markets(performance.SECTION),
    uplift.SECTION,
    incidence.SECTION,
    ranking.SECTION,
    not_of_markets(calibration.SECTION),
    not_of_markets(stability.SECTION),
    where_held(segments.SECTION, "segments", "robustness"),
    strategy.SECTION,
    allocation.SECTION,
    alerts.SECTION,
    gangs.SECTION,
    where_held(patterns.SECTION, "patterns"),
    not_of_markets(economics.SECTION),
    where_held(fairness.SECTION, "fairness"),
    not_of_markets(reasons.SECTION),
    limits.SECTION,
    reproduce.SECTION,
)
