"""The plan of a market's run: what its scenario's TOML says, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError, model_validator

from tael.runs.markets.intraday_plan import ExecutionPlan
from tael.runs.markets.sections import (
    MarketExample,
    MarketSection,
    PanelFeatures,
    PanelLabel,
    PanelModel,
    PanelSplit,
    PortfolioPlan,
    TradingPlan,
)
from tael.runs.plans._strict import Strict
from tael.runs.plans.faults import read_toml, unreadable
from tael.tables.schema import Title


class MarketPlan(Strict):
    """All that the run of a market does.

    Parameters
    ----------
    name : str
    title, question : dict
        ``{ en = ..., zh = ... }``.
    market : MarketSection
    label : PanelLabel
    features : PanelFeatures
    split : PanelSplit
    model : PanelModel
    portfolio : PortfolioPlan
    trading : TradingPlan
    execution : ExecutionPlan
        In place of `portfolio` and `trading` within the day.
    example : MarketExample, optional
    seed : int

    Examples
    --------
    >>> plan = MarketPlan.from_dict({"name": "x", "market": {}, "features": {"libraries": ["alpha158"]}})
    >>> plan.label.formula
    'close[+2] / close[+1] - 1'
    """

    name: str
    title: Title = Title()
    question: Title = Title()
    market: MarketSection
    label: PanelLabel = PanelLabel()
    features: PanelFeatures
    split: PanelSplit = PanelSplit()
    model: PanelModel = PanelModel()
    portfolio: PortfolioPlan = PortfolioPlan()
    trading: TradingPlan = TradingPlan()
    execution: ExecutionPlan = ExecutionPlan()
    example: MarketExample | None = None
    seed: int = 0

    @property
    def within_day(self) -> bool:
        """Whether order books are dealt on, and scores are held against what came over time."""
        return self.market.kind in ("book", "minutes")

    @model_validator(mode="after")
    def _over_time(self) -> MarketPlan:
        if self.within_day != (self.label.across == "time"):
            raise ValueError('[label] across = "time" with kind = "book" or "minutes", and with no other')
        if self.within_day and (self.model.kind == "ranker" or self.model.blend):
            raise ValueError('over time, no model of kind "ranker", and no blend')
        if self.within_day and (self.features.events or self.features.mine):
            raise ValueError("within the day, features are formulas and libraries; no events, no mining")
        return self

    @classmethod
    def from_dict(cls, content: Mapping[str, Any], *, where: str = "scenario") -> MarketPlan:
        """Read a plan; every fault names its place in the TOML."""
        try:
            return cls(**content)
        except ValidationError as error:
            raise unreadable(error, where, cls) from None

    @classmethod
    def from_toml(cls, path: str | Path) -> MarketPlan:
        """Read ``scenario.toml``."""
        return cls.from_dict(read_toml(Path(path)), where=str(path))

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data, without what was left at its default."""
        return self.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
