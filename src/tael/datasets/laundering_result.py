"""Simulated laundering in memory: the tables and the gangs behind them."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from tael.datasets.simulated import PlantedTruth, SimulatedBank


@dataclass(frozen=True)
class LaunderingTruth(PlantedTruth):
    """Who really launders in a simulated bank: for judging, never for building.

    Attributes
    ----------
    frame : polars.DataFrame
        One row for each member of a gang: ``account_id``, ``gang_id``, ``typology``, ``role`` (source, mule,
        collector, hub), ``reported`` (when a report was filed; missing for a gang that is never found).
    words : dict
        Typology to ``{"en", "zh"}``.
    gangs : polars.DataFrame
        One row a gang: ``gang_id``, ``typology``, ``members``, ``transfers``, ``amount``, ``start``, ``end``,
        ``found``.
    transfers : polars.DataFrame
        One row for each transfer of a gang: ``transfer_id``, ``gang_id``.
    lookalikes : polars.DataFrame
        Honest accounts that look like a gang's: ``account_id``, ``kind`` (payroll, seller, group buyer, rent cycle,
        house buyer, gamer, awakened, club).
    """

    gangs: pl.DataFrame
    transfers: pl.DataFrame
    lookalikes: pl.DataFrame


@dataclass(frozen=True)
class SimulatedLaundering(SimulatedBank):
    """Linked tables of a bank that does not exist, with gangs that launder through it.

    Attributes
    ----------
    frames, schema
        As for :class:`SimulatedBank`: ``bank.tables()`` and ``bank.write(folder)``.
    truth : LaunderingTruth
        What was planted. Never part of `frames`, never written by ``write``.
    """

    truth: LaunderingTruth

    def __repr__(self) -> str:
        return "SimulatedLaundering" + super().__repr__().removeprefix("SimulatedBank")
