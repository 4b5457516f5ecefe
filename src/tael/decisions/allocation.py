"""One option for each customer under budgets, capacities and rules: the allocator of limits, offers and collections.

The multiple-choice knapsack: maximise the sum of value[i, choice[i]] where the uses of each resource add up to no more
than its budget (and no less than its minimum), each option goes to no more customers than there is capacity for, groups
get what rules say they must, and nobody gets an option that a mask forbids. Solved by Lagrangian prices (Fisher 1981,
Management Science 27), whole choices made from them, and a certificate: no allocation is worth more than `bound`.

Nothing is random and no result depends on the number of threads. Where options tie under the prices, the first option
wins; where customers tie, the first row is moved first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tael.decisions.allocation_input import build
from tael.decisions.allocation_result import Allocation
from tael.decisions.allocation_rules import GroupRule, cap_mask
from tael.decisions.allocation_solve import solve
from tael.errors import DecisionError
from tael.kernels.allocate import n_threads_or_default

__all__ = ["Allocation", "Allocator", "GroupRule", "allocate", "cap_mask"]


@dataclass(frozen=True, eq=False)
class Allocator:
    """The rules of an allocation, to be applied to any batch of customers.

    Parameters
    ----------
    budgets : mapping of str to float or (lower, upper)
        Bounds on the total use of resources, in the resource's unit; None for no bound. A resource without a budget is
        only measured.
    capacities : mapping of str or int to float or (lower, upper)
        Bounds on the number of customers with an option, by its name or index: capacity, minimum volume.
    groups : sequence of GroupRule
        Fairness and minimum volumes of groups. Their members belong to one batch.
    options : sequence of str, optional
        Names of the options.
    nothing : str or int
        The option of getting nothing, which a mask of customers (such as contact frequency) leaves legal.
    units : mapping of str to str
        Unit of each resource, for words.
    currency : str
        Unit of the value, for words.
    gap : float
        Relative gap to the bound at which the search may stop.
    n_threads : int, optional
        Threads; the default takes what the process may use.

    Raises
    ------
    DecisionError
        If the gap makes no sense.
    """

    budgets: Mapping[str, Any] = field(default_factory=dict)
    capacities: Mapping[str | int, Any] = field(default_factory=dict)
    groups: Sequence[GroupRule] = ()
    options: Sequence[str] | None = None
    nothing: str | int = 0
    units: Mapping[str, str] = field(default_factory=dict)
    currency: str = ""
    gap: float = 1e-4
    n_threads: int | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.gap) and 0 <= self.gap < 1):
            raise DecisionError("The gap makes no sense.", expected="a share such as 0.0001", got=repr(self.gap))

    def allocate(self, value: Any, resources: Mapping[str, Any] | None = None, mask: Any = None) -> Allocation:
        """Give each customer one option.

        Parameters
        ----------
        value : array-like of shape (n, k)
            Worth of each option for each customer, in one currency; may be negative. float32 and float64 are read in
            place, without a copy.
        resources : mapping of str to array-like of shape (n, k) or (k,)
            What each option uses, 0 or more.
        mask : array of bool, or mapping of str to these, optional
            True where legal: shape (n, k), (k,) for options, or (n,) for customers who may get anything or else only
            `nothing`. All must agree. What is masked is not read, and may be missing.

        Returns
        -------
        Allocation
            Infeasible limits are a result too, with the limits that contradict each other.

        Raises
        ------
        DecisionError
            If numbers are missing, resources negative, shapes do not fit, names are unknown, bounds make no sense, or
            a customer has no legal option.
        """
        problem, masked = build(
            value,
            {} if resources is None else resources,
            mask,
            budgets=self.budgets,
            capacities=self.capacities,
            groups=self.groups,
            options=self.options,
            nothing=self.nothing,
            units=self.units,
            currency=self.currency,
            n_threads=n_threads_or_default(self.n_threads),
        )
        return Allocation.of(problem, solve(problem, self.gap), masked, self.gap)


def allocate(
    value: Any,
    resources: Mapping[str, Any] | None = None,
    budgets: Mapping[str, Any] | None = None,
    mask: Any = None,
    **settings: Any,
) -> Allocation:
    """Give each customer one option: `Allocator` for a single batch.

    Parameters
    ----------
    value, resources, mask
        As in `Allocator.allocate`.
    budgets : mapping of str to float or (lower, upper)
        Bounds on the total use of resources.
    **settings
        Further parameters of `Allocator`: capacities, groups, options, nothing, units, currency, gap, n_threads.

    Returns
    -------
    Allocation

    Raises
    ------
    DecisionError
        As in `Allocator.allocate`.

    Examples
    --------
    Three customers, no offer or one that costs 10; the money reaches two of them:

    >>> found = allocate([[0, 30], [0, 8], [0, 25]], {"cost": [0, 10]}, {"cost": 20}, options=["none", "offer"])
    >>> found.options.tolist(), found.value
    (['offer', 'none', 'offer'], 55.0)
    >>> allocate([[0, 30], [0, 8]], capacities={1: (3, None)}).status
    'infeasible'
    """
    return Allocator(budgets={} if budgets is None else budgets, **settings).allocate(value, resources, mask)
