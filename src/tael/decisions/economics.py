"""What a loan earns and costs: expected profit for each applicant, in currency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from tael.decisions._arrays import Floats, probabilities, refuse, same_length
from tael.errors import DecisionError

SHARES = ("lgd", "exposure_at_default", "income_before_default", "average_balance", "capital_ratio")
RATES = ("margin_rate", "funding_rate", "capital_cost", "term_years", "amount", "acquisition_cost", "servicing_cost")


@dataclass(frozen=True, eq=False)
class ApprovalEconomics:
    """The terms of a loan. Each is one number for all, or an array with one for each applicant.

    Parameters
    ----------
    amount : float or array of shape (n,)
        Amount lent, in `currency`.
    margin : array or float, optional
        Interest and fees earned over the loan's life if it is repaid, in `currency`. Without it: ``margin_rate *
        amount``.
    margin_rate : float or array
        The same as a share of the amount, over the loan's whole life (a yearly rate times `term_years` and
        `average_balance`).
    lgd : float or array
        Loss given default: share of the exposure that is never recovered, 0 to 1.
    exposure_at_default : float or array
        Share of the amount still owed at default, 0 to 1.
    income_before_default : float or array
        Share of the margin already earned when a borrower defaults, 0 to 1.
    funding_rate : float or array
        Cost of money per year, as a share of the balance.
    capital_ratio, capital_cost : float or array
        Capital held, as a share of the balance, and its required return per year beyond the funding rate.
    term_years, average_balance : float or array
        Term in years, and the mean share of the amount that is outstanding meanwhile (1 for a bullet, about 0.5 for
        instalments).
    acquisition_cost, servicing_cost : float or array
        For each loan granted, over its life, in `currency`.
    currency : str
        Code of the currency; empty: plain numbers.

    Raises
    ------
    DecisionError
        If a share lies outside [0, 1], or a number is missing, infinite or negative.
    """

    amount: Any
    margin: Any = None
    margin_rate: Any = 0.0
    lgd: Any = 0.6
    exposure_at_default: Any = 1.0
    income_before_default: Any = 0.0
    funding_rate: Any = 0.0
    capital_ratio: Any = 0.0
    capital_cost: Any = 0.0
    term_years: Any = 1.0
    average_balance: Any = 1.0
    acquisition_cost: Any = 0.0
    servicing_cost: Any = 0.0
    currency: str = ""

    def __post_init__(self) -> None:
        for name in (*SHARES, *RATES, "margin"):
            value = getattr(self, name)
            if value is None:
                if name != "margin":
                    raise DecisionError("A term of the loan is absent.", expected="a number", where=name)
                continue
            value = value.to_numpy() if hasattr(value, "to_numpy") else value
            try:
                array = np.asarray(value, dtype=np.float64)
            except (TypeError, ValueError) as error:
                raise DecisionError("A term of the loan is not a number.", got=repr(value)[:80], where=name) from error
            if array.ndim > 1:
                raise DecisionError("A term of the loan is one number, or one for each applicant.", where=name)
            bad = ~np.isfinite(array)
            refuse(array, bad, f'values of "{name}"', "missing or infinite", "Give each applicant a number.")
            if name in SHARES:
                bad = (array < 0) | (array > 1)
                refuse(array, bad, f'values of "{name}"', "outside [0, 1]", "It is a share: 60 % is 0.6.")
            elif name != "margin":
                refuse(array, array < 0, f'values of "{name}"', "negative", "Amounts, rates and costs are 0 or more.")
            object.__setattr__(self, name, float(array) if array.ndim == 0 else array)

    def take(self, rows: Any) -> ApprovalEconomics:
        """The terms of some applicants, by index or mask."""
        return ApprovalEconomics(
            **{f.name: v[rows] if isinstance(v := getattr(self, f.name), np.ndarray) else v for f in fields(self)}
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data; arrays become lists."""
        return {f.name: v.tolist() if isinstance(v := getattr(self, f.name), np.ndarray) else v for f in fields(self)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ApprovalEconomics:
        """Read back what `to_dict` wrote.

        Raises
        ------
        DecisionError
            If a name is unknown.
        """
        known = {f.name for f in fields(cls)}
        if unknown := sorted(set(plain) - known):
            raise DecisionError("Unknown terms of a loan.", expected=", ".join(sorted(known)), got=", ".join(unknown))
        return cls(**plain)


def profit_parts(pd: Any, economics: ApprovalEconomics) -> dict[str, Floats]:
    """The parts of `expected_profit`: income, loss, funding, capital, cost, each of shape (n,), in currency.

    Profit = income - loss - funding - capital - cost.
    """
    p = probabilities(pd, empty=True)
    e = economics
    for f in fields(e):
        if isinstance(value := getattr(e, f.name), np.ndarray):
            same_length(len(p), len(value), f'values of "{f.name}"')
    one = np.ones(len(p))
    margin = e.margin if e.margin is not None else e.margin_rate * e.amount
    balance = e.amount * e.average_balance * e.term_years
    return {
        "income": (1 - p) * margin + p * e.income_before_default * margin,
        "loss": p * e.lgd * e.exposure_at_default * e.amount,
        "funding": e.funding_rate * balance * one,
        "capital": e.capital_ratio * e.capital_cost * balance * one,
        "cost": (e.acquisition_cost + e.servicing_cost) * one,
    }


def expected_profit(pd: Any, economics: ApprovalEconomics) -> Floats:
    r"""Expected profit of lending to each applicant, in currency.

    .. math::
        (1 - PD)\,M + PD\,s\,M - PD \cdot LGD \cdot EAD \cdot A - (f + k c)\,b\,T\,A - C

    with M the margin, s the share of it earned before default, A the amount, EAD the share of A owed at default, f
    the funding rate, k the capital ratio, c its cost, b the average balance, T the term in years, C acquisition and
    servicing.

    Parameters
    ----------
    pd : array-like of shape (n,)
        Probability of default over the loan's life. With observed outcomes (0 or 1) in its place, the profit realised.
    economics : ApprovalEconomics
        The terms.

    Returns
    -------
    ndarray of shape (n,)
        In `economics.currency`; what declining earns is 0.

    Raises
    ------
    DecisionError
        If a probability is missing or outside [0, 1], or arrays differ in length.

    Examples
    --------
    >>> terms = ApprovalEconomics(amount=10_000, margin_rate=0.2, lgd=0.5, funding_rate=0.04, acquisition_cost=100)
    >>> expected_profit([0.0, 0.1, 0.5], terms).tolist()
    [1500.0, 800.0, -2000.0]
    """
    parts = profit_parts(pd, economics)
    profit: Floats = parts["income"] - parts["loss"] - parts["funding"] - parts["capital"] - parts["cost"]
    return profit
