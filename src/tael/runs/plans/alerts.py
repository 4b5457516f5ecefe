"""Alerts at a capacity: what an investigation costs and brings, how many there may be, and what stands beside it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tael.runs.plans._strict import Strict


class LinePlan(Strict):
    """A threshold of a typology rule that is tuned above and below the line.

    Parameters
    ----------
    value : str
        A number formula: what the rule compares with its threshold.
    line : float
        Today's threshold: above it is an alert.
    below, above : tuple of float
        Other thresholds to consider.
    where : str, optional
        A flag formula: the rule's other conditions.
    least_precision : float
        Share of hits that makes reviewing a step of the threshold worth while.
    rate : float
        The smallest share of hits in a step that the reviewed sample must not miss.
    """

    value: str
    line: float
    below: tuple[float, ...] = Field(min_length=1)
    above: tuple[float, ...] = ()
    where: str | None = None
    least_precision: float = Field(default=0.05, gt=0, lt=1)
    rate: float = Field(default=0.05, gt=0, le=1)


class AlertsPlan(Strict):
    """A queue of alerts, ranked by expected value.

    The expected value of an observation is ``p * value - review_cost``. Values, groups and rules are numbers or
    formulas over the tables, as known at the cutoff.

    Parameters
    ----------
    kind : {"alerts"}
    capacity : float
        Alerts for each period: 1 or more a number, below 1 a share of the period's observations.
    per : {"day", "week", "month", "batch"}
        The period, by cutoff; "batch": all that is decided together.
    value : float or str
        What is saved or recovered where the label is true, in currency.
    review_cost : float or str
        Of one investigation.
    floor : float
        Expected value below which nothing is queued.
    group : str, optional
        A column or formula: one alert a period for each of its values (a customer, a provider).
    quiet_days : float
        Days after an alert in which its group (or the same key) gets no further one.
    amount : str, optional
        A number formula: ranking by it alone is shown beside the queue; left out: ``value``.
    today : str, optional
        Today's rule: a flag, or a number to rank by, at the same capacity.
    rules : dict of str to str
        Name -> flag formula: today's rules, each beside the queue with what both flag.
    typology : str, optional
        A column of role label: recall is told for each of its values.
    lines : dict of str to LinePlan
    currency : str
    """

    kind: Literal["alerts"]
    capacity: float = Field(gt=0)
    per: Literal["day", "week", "month", "batch"] = "day"
    value: float | str
    review_cost: float | str = 0.0
    floor: float = 0.0
    group: str | None = None
    quiet_days: float = Field(default=0.0, ge=0)
    amount: str | None = None
    today: str | None = None
    rules: dict[str, str] = Field(default_factory=dict)
    typology: str | None = None
    lines: dict[str, LinePlan] = Field(default_factory=dict)
    currency: str = ""

    @model_validator(mode="after")
    def _whole_or_share(self) -> AlertsPlan:
        if self.capacity > 1 and self.capacity != int(self.capacity):
            raise ValueError(f"a whole number of alerts, or a share below 1, as capacity, not {self.capacity:g}")
        return self


class PatternsPlan(Strict):
    """Rules mined on the kept formulas and judged on the out-of-time part; see :class:`tael.models.RuleMiner`.

    Parameters
    ----------
    max_rules, max_terms, min_rows : int
    least_recall : float, optional
        Share of the positive rows that the rules should find together.
    most_flagged : float, optional
        Share of the rows that they may flag together: a capacity.
    judged : float
        Share of the earlier rows, the last in time, on which a rule must hold before it is told.
    permutations : int
        Minings of shuffled labels.
    significance : float
    rows : int
        The miner looks at so many rows at most, drawn at random.
    """

    max_rules: int = Field(default=6, ge=1)
    max_terms: int = Field(default=3, ge=1, le=6)
    min_rows: int = Field(default=15, ge=1)
    least_recall: float | None = Field(default=None, gt=0, le=1)
    most_flagged: float | None = Field(default=None, gt=0, le=1)
    judged: float = Field(default=0.3, gt=0, lt=1)
    permutations: int = Field(default=20, ge=0)
    significance: float = Field(default=0.01, gt=0, lt=1)
    rows: int = Field(default=20_000, ge=100)
