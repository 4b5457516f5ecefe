"""Scenarios on real data: a TOML page of each set, the reader of its tables, and who stands beside tael."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from scenarios import claims, customers, lenders, networks
from tael.runs.plan import Plan
from tael.tables import Tables
from tasks import Task, berka, superlender

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Case:
    """One scenario on one set.

    Attributes
    ----------
    name : str
        Of its TOML page.
    scenario : str
        The scenario of tael's whose question it asks.
    read : callable
        Folder of the data -> tables.
    hand : str, optional
        The set whose features an analyst wrote by hand (``contenders/hand_polars.py``), with its history and the column
        that leads there.
    """

    name: str
    scenario: str
    read: Callable[[Path], Tables]
    hand: tuple[str, str, str] | None = None

    @property
    def plan(self) -> Plan:
        """What the page says."""
        return Plan.from_toml(HERE / f"{self.name}.toml")

    def task(self, tables: Tables, scores: pl.DataFrame) -> Task | None:
        """The observations of a run as a task for features by hand."""
        if self.hand is None:
            return None
        name, history, through = self.hand
        key = tables.schema.tables[self.plan.entity].key
        return Task(
            name=name,
            tables=tables,
            entity=self.plan.entity,
            X=scores.select(key, "cutoff"),
            y=scores["label"].cast(pl.Int64).to_numpy(),
            history=history,
            through=through,
        )


def _of_task(load: Callable[[Path], Task]) -> Callable[[Path], Tables]:
    return lambda folder: load(folder).tables


CASES = {
    case.name: case
    for case in (
        Case("german", "credit-approval", lenders.german),
        Case("hmeq", "credit-approval", lenders.hmeq),
        Case("taiwan", "credit-approval", lenders.taiwan),
        Case("superlender", "credit-approval", _of_task(superlender.load), ("superlender", "previous", "customerid")),
        Case("berka", "credit-approval", _of_task(berka.load), ("berka", "transactions", "account_id")),
        Case("lending_club_limit", "credit-limit", lenders.lending_club),
        Case("lending_club_early", "early-payoff", lenders.lending_club),
        Case("lending_club_recovery", "collection-repayment", partial(lenders.lending_club, population="written off")),
        Case("cfpb", "collection-complaint", customers.cfpb),
        Case("cfpb_narratives", "collection-complaint", customers.cfpb_narratives),
        Case("bank_churners", "customer-churn", customers.bank_churners),
        Case("cdnow_churn", "customer-churn", customers.cdnow, ("cdnow", "purchases", "customer_id")),
        Case("cdnow_return", "borrower-churn", customers.cdnow_purchases, ("cdnow", "purchases", "customer_id")),
        Case("hillstrom_visit", "dormant-reactivation", customers.hillstrom),
        Case("hillstrom_conversion", "dormant-reactivation", customers.hillstrom),
        Case("zimnat", "product-recommendation", customers.zimnat),
        Case(
            "provider_fraud", "commercial-insurance-fraud", claims.providers, ("provider-fraud", "claims", "Provider")
        ),
        Case("vehicle", "commercial-insurance-fraud", claims.vehicle),
        Case("amlsim_accounts", "money-laundering", networks.amlsim),
        Case("amlsim_gangs", "laundering-gangs", networks.amlsim),
    )
}
