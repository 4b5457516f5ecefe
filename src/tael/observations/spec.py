"""What is observed, when, and with which label: the sample design, as a scenario's TOML states it."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tael.errors import FormulaError
from tael.formulas.durations import Duration


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LabelSpec(_Strict):
    """The label: a formula that looks forward from the cutoff.

    Parameters
    ----------
    formula : str
        A flag, a number or a category: ``max(instalments.days_late, next="12mo") >= 90``, ``good_bad_flag == "Bad"``,
        ``first(purchases.product, next="90d")``.
    maturity : str, optional
        How long after the cutoff the label is settled, where the formula's own windows do not say it (``"12mo"``).
    missing_is : float or str, optional
        What a missing result of the formula means once the window is complete (0: no instalment, no default; "none":
        nothing bought).
        Left out: a missing result is an unknown label.
    """

    formula: str
    maturity: str | None = None
    missing_is: float | str | None = None

    @field_validator("maturity")
    @classmethod
    def _a_duration(cls, text: str | None) -> str | None:
        if text is not None:
            Duration.parse(text)
        return text


class ObservationSpec(_Strict):
    """The sample design.

    Exactly one of ``cutoff``, ``every`` and ``at`` says when to look.

    Parameters
    ----------
    entity : str
        The table whose rows are observed.
    cutoff : str, optional
        A time column of that table: one observation for each row, at that time.
    every : str, optional
        A calendar rule: ``"1mo"`` is the first of each month, ``"1w"`` each Monday, ``"1d"`` each day, ``"1y"`` each
        New Year.
        One observation for each row and date from the day the row is known.
    at : tuple of date or datetime
        A list of cutoffs, the same for every row.
    start, end : date or datetime, optional
        Cutoffs before ``start`` or after ``end`` are left out; a date as ``end`` holds the whole day.
    where : str, optional
        A flag formula, as known at the cutoff: which observations belong to the population.
    exclude : dict of str to str
        Reason -> flag formula: observations left out of the sample. A formula that looks forward leaves out
        labelled rows alone.
    weight : str, optional
        A number formula: the weight of an observation in training and metrics.
    data_end : date or datetime, optional
        Up to when the tables are complete; left out: the last known time in them.
    """

    entity: str
    cutoff: str | None = None
    every: str | None = None
    at: tuple[datetime | date, ...] = ()
    start: datetime | date | None = None
    end: datetime | date | None = None
    where: str | None = None
    exclude: dict[str, str] = Field(default_factory=dict)
    weight: str | None = None
    data_end: datetime | date | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> ObservationSpec:
        stated = [name for name in ("cutoff", "every", "at") if getattr(self, name)]
        if len(stated) != 1:
            got = " and ".join(stated) or "none"
            raise ValueError(f"state one of cutoff, every and at; got {got}")
        if self.every is not None:
            try:
                rule = Duration.parse(self.every)
            except FormulaError as error:
                raise ValueError(error.problem) from None
            if rule.count != 1 and rule.unit in ("w", "y"):
                raise ValueError("every week or year: count 1 only")
        return self
