"""An approval: limits, referral, and the terms of the loan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tael.runs.plans._strict import Strict


class Limit(Strict):
    """Limits of an approval.

    Parameters
    ----------
    bad_rate : float, optional
        Highest bad rate among those approved.
    approval : float, optional
        Least share approved; the bad-rate limit goes first.
    """

    bad_rate: float | None = Field(default=None, ge=0, le=1)
    approval: float | None = Field(default=None, ge=0, le=1)


class ApprovalPlan(Strict):
    """The decision, its limits, and the terms of the loan.

    Terms are numbers, or formulas over the applicant (text); units as in ``ApprovalEconomics``.

    Parameters
    ----------
    kind : {"approval"}
    limit : Limit
    refer_band : float or (float, float), optional
        This share of applicants around the cut-off, or this much probability below and above it, goes to a person.
    segment : str, optional
        A column or formula of categories, for ``segment_caps``.
    segment_caps : dict
        Segment -> share (0.3) or number (100) approved at most.
    rules : dict of str to str
        Name -> flag formula: whom it hits is declined, whatever the probability.
    today : str, optional
        A flag formula of today's rule (true: approved), to compare with.
    currency : str
        Code of the currency; left out: plain numbers.
    margin, margin_rate : float or str, optional
        One of them must be stated, or the run stops before anything is searched.
    amount, lgd, ... : float or str
    """

    kind: Literal["approval"] = "approval"
    limit: Limit = Limit()
    refer_band: float | tuple[float, float] | None = None
    segment: str | None = None
    segment_caps: dict[str, float | int] = Field(default_factory=dict)
    rules: dict[str, str] = Field(default_factory=dict)
    today: str | None = None
    currency: str = ""
    amount: float | str = "amount"
    margin: float | str | None = None
    margin_rate: float | str | None = None
    lgd: float | str = 0.6
    exposure_at_default: float | str = 1.0
    income_before_default: float | str = 0.0
    funding_rate: float | str = 0.0
    capital_ratio: float | str = 0.0
    capital_cost: float | str = 0.0
    term_years: float | str = 1.0
    average_balance: float | str = 1.0
    acquisition_cost: float | str = 0.0
    servicing_cost: float | str = 0.0
