"""The example data of the scenarios: which simulator, at which size."""

from __future__ import annotations

from typing import Any

from tael.runs.plans import ExamplePlan

MONTH = 30
"""Days of a month where a simulator counts days."""
GANG = (4, 12)
"""Fewest and most members of a planted gang."""


def simulated(example: ExamplePlan) -> Any:
    """The simulator's result, with its truth.

    Parameters
    ----------
    example : ExamplePlan

    Examples
    --------
    >>> made = simulated(ExamplePlan(simulator="claims", n_customers=500, events_per_customer=2, months=6))
    >>> made.schema["tael"]["simulated"]
    True
    """
    from tael.datasets import simulate_bank, simulate_claims, simulate_laundering, simulate_lender

    n, each, seed = example.n_customers, example.events_per_customer, example.seed
    made: Any
    if example.simulator == "laundering":
        made = simulate_laundering(
            n, example.months * MONTH, seed, gangs=example.gangs, sizes=GANG, transfers_per_account=each,
            missed=example.missed,
        )  # fmt: skip
    elif example.simulator == "claims":
        made = simulate_claims(n, example.months * MONTH, seed, visits_per_person=float(each), missed=example.missed)
    else:
        simulate: Any = simulate_bank if example.simulator == "bank" else simulate_lender
        made = simulate(n, seed, events_per_customer=each, months=example.months)
    return made.only(list(example.tables)) if example.tables else made
