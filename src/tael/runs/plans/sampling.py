"""How observations are parted, how features are searched, and which data an example has."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tael.runs.plans._strict import Strict


class SplitPlan(Strict):
    """How observations are parted.

    Parameters
    ----------
    out_of_time : float or str
        Share of the latest rows, or the day on which the out-of-time period starts.
    validation : float
        Share of the earlier rows.
    groups : str, optional
        A column of the entity table: its rows stay together (one person). ``"cutoff"``: all rows of a date do, and
        validation is the latest dates rather than drawn, as gangs need, which are looked for in whole searches.
    folds : int
        Of the cross-validation inside training and of ``scenario.cv``.
    """

    out_of_time: float | str = 0.25
    validation: float = 0.25
    groups: str | None = None
    folds: int = Field(default=5, ge=2)


class FeaturePlan(Strict):
    """How features are searched; see :class:`tael.features.AutoFeatures`.

    Parameters
    ----------
    force : tuple of str, or dict of name to formula
        Formulas that are kept in any case.
    file : str, optional
        A formula file beside the scenario: its formulas are forced in. :meth:`Plan.from_dict` reads it into ``force``,
        so that a plan holds all that it rests on.
    search : bool
        False: nothing is kept but what is forced in.
    apart : bool
        For keys that come again and again, such as an account each week: features are weighed on keys left out, not on
        blocks of time.
    """

    layers: int = Field(default=2, ge=1, le=3)
    windows: tuple[str, ...] = ("30d", "90d", "180d", "all")
    keep: int = Field(default=80, ge=1)
    max_up: int = Field(default=2, ge=0)
    max_down: int = Field(default=2, ge=1)
    force: tuple[str, ...] | dict[str, str] = ()
    file: str | None = None
    search: bool = True
    forbid: tuple[str, ...] = ()
    budget: dict[Literal["time", "memory", "candidates"], str | int] = Field(default_factory=dict)
    search_rows: int = Field(default=50_000, ge=100)
    apart: bool = False

    @model_validator(mode="after")
    def _states_something(self) -> FeaturePlan:
        if self.file is not None:
            raise ValueError("no file: Plan.from_dict(content, folder=...) reads it into force")
        if not self.search and not self.force:
            raise ValueError("with search = false, formulas of your own: file = ... or force = [...]")
        return self

    @property
    def forced(self) -> tuple[str, ...]:
        """The formulas that are kept in any case."""
        return tuple(self.force.values()) if isinstance(self.force, dict) else self.force


class ExamplePlan(Strict):
    """The example data of a scenario: a simulator and its size.

    Parameters
    ----------
    simulator : {"bank", "lender", "laundering", "claims"}
        Applicants and their loans; customers through their whole life; transfers with gangs among them; a health
        insurer's visits and claims.
    n_customers, events_per_customer, months, seed : int
        As in ``simulate_bank`` and ``simulate_lender``; accounts and transfers of each, in months of 30 days, for
        "laundering"; people and visits a year of each for "claims".
    gangs : int
        Planted by "laundering", of 4 to 12 members.
    missed : float
        Share of gangs or groups that are never found, and labelled clean.
    tables : tuple of str
        Only these are kept; none named: all.
    """

    simulator: Literal["bank", "lender", "laundering", "claims"] = "bank"
    n_customers: int = 10_000
    events_per_customer: int = 200
    months: int = 24
    seed: int = 0
    gangs: int = Field(default=60, ge=0)
    missed: float = Field(default=0.0, ge=0, le=1)
    tables: tuple[str, ...] = ()
