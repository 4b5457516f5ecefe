"""Gangs at a capacity: where the network lies, how gangs are looked for, and by what they are held right or wrong."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tael.runs.plans._strict import Strict


class GangsPlan(Strict):
    """A queue of gangs, ranked by score x money.

    The observations are transfers, seen again at every cutoff: each cutoff is one search. All formulas are over the
    tables, as known at the cutoff; only `case` and `typology` look forward.

    Parameters
    ----------
    kind : {"gangs"}
    capacity : int
        Gangs that can be looked into after each search.
    sender, receiver : str
        Category formulas (or columns): the two accounts.
    time : str
        A time column of the transfers.
    amount : str
        A number formula, in currency.
    case : tuple of str
        What was found out: one category formula that names the gang of a transfer, or two that name those of its
        sender and its receiver; then it belongs to a gang where both are the same.
    typology : str, optional
        A category formula of labels: recall is told for each of its values.
    today : str, optional
        Today's rule: a number of each transfer, from 0 on; connected transfers above 0 are its gangs.
    quiet_days : float
        Days after its report in which a gang with half of the same members is not reported again.
    least, cap : int
        Fewest and most members of a gang.
    money : float
        Exponent of the money in the rank.
    thresholds, withins, split_overs, rounds : tuple
        Settings that are tried on the validation part; see :func:`tael.networks.choose_settings`. A single value
        each: nothing is chosen.
    value : float
        Share of a gang's money that is saved where it is right.
    fine : float
        Saved besides for each gang that is right, in currency.
    review_cost : float
        Of looking into one gang.
    currency : str
    """

    kind: Literal["gangs"]
    capacity: int = Field(ge=1)
    sender: str = "sender"
    receiver: str = "receiver"
    time: str = "at"
    amount: str = "amount"
    case: tuple[str, ...] = Field(min_length=1, max_length=2)
    typology: str | None = None
    today: str | None = None
    quiet_days: float = Field(default=0.0, ge=0)
    least: int = Field(default=3, ge=2, le=60)
    cap: int = Field(default=60, ge=3, le=60)
    money: float = Field(default=1.0, ge=0, le=10)
    thresholds: tuple[float, ...] = Field(default=(0.05, 0.1, 0.2, 0.35, 0.5), min_length=1)
    withins: tuple[str, ...] = Field(default=("7d", "14d", "30d"), min_length=1)
    split_overs: tuple[int, ...] = Field(default=(15, 30), min_length=1)
    rounds: tuple[int, ...] = Field(default=(0, 1), min_length=1)
    value: float = Field(default=0.0, ge=0, le=1)
    fine: float = Field(default=0.0, ge=0)
    review_cost: float = Field(default=0.0, ge=0)
    currency: str = ""

    @model_validator(mode="after")
    def _members_fit(self) -> GangsPlan:
        if self.least > self.cap:
            raise ValueError(f"a cap of {self.least} members or more, as `least` asks for, not {self.cap}")
        if any(not 0 < t <= 1 for t in self.thresholds):
            raise ValueError("thresholds above 0 and up to 1")
        return self
