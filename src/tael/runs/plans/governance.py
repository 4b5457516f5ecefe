"""What a bank's modeller and validator look at besides: weak segments, protected groups, the refused, vintages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tael.runs.plans._strict import Strict


class AccountsPlan(Strict):
    """Where the accounts and their payment schedules lie, for vintages, roll rates and the definition of bad.

    Parameters
    ----------
    table : str
        One row an account.
    opened : str
        Its time column of opening.
    settled : str, optional
        Its time column of the end.
    status, written_off : str, optional
        A column, and the value in it that means a write-off; the time is that of `settled`.
    instalments, due, paid : str
        The table of instalments, whose column points to `table`, and its two time columns.
    every : {"month", "quarter", "year"}
        Length of a vintage.
    days_past_due : int
        What counts as bad in the vintage curves.
    """

    table: str
    opened: str
    settled: str | None = None
    status: str | None = None
    written_off: str | None = None
    instalments: str
    due: str = "due"
    paid: str = "paid"
    every: Literal["month", "quarter", "year"] = "quarter"
    days_past_due: int = Field(default=60, ge=1)


class GovernancePlan(Strict):
    """What is looked at besides the model's figures; nothing here changes a decision.

    Parameters
    ----------
    segments : dict of str to str
        Name -> formula of a category or a number: where the model is weak.
    protected : dict of str to str
        Name -> formula of a protected attribute. The columns that it names never enter a feature. A number of more than
        12 different values is put into 5 bands of about equal size; of fewer, each value is a group.
    jurisdiction : {"cn", "eu", "us", "none"}
        Whose rules the figures of protected groups are read against.
    rejected : str, optional
        The reason in ``[exclude]`` that means "refused in the past": what may be assumed of them is told as a band.
    robustness : bool
        Whether to measure what noise in the features costs.
    accounts : AccountsPlan, optional
    """

    segments: dict[str, str] = Field(default_factory=dict)
    protected: dict[str, str] = Field(default_factory=dict)
    jurisdiction: Literal["cn", "eu", "us", "none"] = "none"
    rejected: str | None = None
    robustness: bool = True
    accounts: AccountsPlan | None = None
