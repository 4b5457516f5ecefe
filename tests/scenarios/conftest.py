"""The lender's customers, simulated once for the tests of a file, and the packs made small enough to run on them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from typing import Any

import pytest

from tael.datasets import simulate_lender
from tael.scenarios import scenario
from tael.tables import Tables

FORCED: dict[str, list[str]] = {
    "product-recommendation": ["age", 'count(purchases, last="1y")', 'mean(balances.balance, last="180d")'],
    "customer-churn": ["age", "count(complaints)", 'trend(balances.balance, last="180d")'],
    "credit-limit": ["amount", "customers.income", 'count(bureau_enquiries, last="180d", via="customer_id")'],
    "early-payoff": ["amount", "annual_rate", "count(instalments)", "count(delinquencies)"],
    "borrower-churn": ["principal_left", "customers.age", 'count(settlements, via="customer_id")'],
    "dormant-reactivation": ["customers.age", 'count(bureau_enquiries, last="180d", via="customer_id")'],
    "collection-repayment": ["days_past_due", "overdue_amount", 'count(complaints, last="1y", via="customer_id")'],
    "collection-complaint": ["days_past_due", "balance", 'count(complaints, last="1y", via="customer_id")'],
}
"""Pack of the lender -> formulas that are kept whatever the search finds, so that every run ends."""


@pytest.fixture(scope="module")
def lender() -> Tables:
    """The customers on which all packs run."""
    return simulate_lender(1800, 1, events_per_customer=20, months=24).tables()


@pytest.fixture(scope="session")
def small_pack() -> Callable[[str], dict[str, Any]]:
    """The content of a pack's TOML with a small search and its quickest model; everything else as it is shipped."""

    def made(name: str) -> dict[str, Any]:
        content = tomllib.loads(scenario(name).source)
        del content["example"]
        content["features"] |= {
            "windows": ["90d"], "keep": 6, "max_up": 1, "max_down": 1, "force": FORCED[name],
            "budget": {"candidates": 60},
        }  # fmt: skip
        kind = content.setdefault("model", {}).get("kind", "portfolio")
        if kind == "uplift":
            content["model"]["learner"] = "t_linear"
        elif kind == "risks":
            content["risks"]["method"] = "logistic"
        elif kind == "recommender":
            content["recommend"]["method"] = "linear"
        else:
            content["model"]["members"] = ["linear"]
        return content

    return made
