"""Simulated claims in memory: the tables and the schemes behind them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tael.datasets.simulated import PlantedTruth, SimulatedBank


@dataclass(frozen=True)
class ClaimsTruth(PlantedTruth):
    """Who really defrauds a simulated insurer: for judging, never for building.

    Attributes
    ----------
    frame : polars.DataFrame
        One row for each person in a scheme: ``person_id``, ``group_id``, ``scheme``.
    words : dict
        Scheme to ``{"en", "zh"}``.
    groups : polars.DataFrame
        One row a group: ``group_id``, ``scheme``, ``provider_id``, ``members``, ``visits``, ``amount`` (incurred, CNY),
        ``end`` (the last visit), ``found``.
    visits : polars.DataFrame
        One row for each visit of a scheme: ``visit_id``, ``group_id``.
    lookalikes : polars.DataFrame
        Honest people whose visits look like a scheme's: ``person_id``, ``kind`` (chronic, dialysis, family, transfer).
    """

    groups: pl.DataFrame
    visits: pl.DataFrame
    lookalikes: pl.DataFrame


@dataclass(frozen=True)
class SimulatedClaims(SimulatedBank):
    """Linked tables of a health insurer that does not exist.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`: ``insurer.tables()`` and ``insurer.write(folder)``.
    truth : ClaimsTruth
        What was planted. Never part of `frames`, never written by ``write``.
    """

    truth: ClaimsTruth

    def __repr__(self) -> str:
        return "SimulatedClaims" + super().__repr__().removeprefix("SimulatedBank")
