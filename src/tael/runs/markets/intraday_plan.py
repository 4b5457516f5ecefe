"""How a plan within the day deals: the section ``[execution]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from tael.runs.plans._strict import Strict


class ExecutionPlan(Strict):
    """From scores to orders on a book; see :class:`tael.markets.intraday.ExecutionRule`.

    Parameters
    ----------
    order : {"market", "limit"}
    latency, patience : int
        Rows.
    take : bool
    participation, flat : float
    size : float
        Currency that one entity's full position is worth when it is entered.
    lot : int
        Shares or contracts of which a position is a multiple.
    enter, leave : float
        Quantiles of the absolute scores of the validation: a position is entered beyond the first, on the side of the
        score, and left when the score falls below the second.
    buy_fee, sell_fee : float, optional
        Shares of the amount; left out: commission, transfer fee and stamp duty of the exchange on the last day.
    t_plus_1 : bool, optional
        Left out: as the exchange has it.
    base : int
        T+1: full positions of each entity that are held at the beginning of each day. What is bought today cannot be
        sold today, so each of them can be sold, and bought back, once a day.
    """

    order: Literal["market", "limit"] = "market"
    latency: int = Field(default=1, ge=1)
    patience: int = Field(default=10, ge=1)
    take: bool = True
    participation: float = Field(default=1.0, gt=0, le=1)
    flat: float = Field(default=60.0, ge=0)
    size: float = Field(default=100_000.0, gt=0)
    lot: int = Field(default=1, ge=1)
    enter: float = Field(default=0.9, gt=0, lt=1)
    leave: float = Field(default=0.5, ge=0, lt=1)
    buy_fee: float | None = Field(default=None, ge=0)
    sell_fee: float | None = Field(default=None, ge=0)
    t_plus_1: bool | None = None
    base: int = Field(default=10, ge=0)

    @model_validator(mode="after")
    def _order(self) -> ExecutionPlan:
        if self.leave > self.enter:
            raise ValueError(
                "leave at most as high as enter: a position is left below the score at which it is entered"
            )
        return self
