"""The plan of a market's run: what its scenario's TOML says, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

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
    example: MarketExample | None = None
    seed: int = 0

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
