"""What every scenario is, of one table's rows or of a market: a plan with a name, words and example data."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from tael.errors import ScenarioError
from tael.runs.markets.plan import MarketPlan
from tael.runs.plan import Plan
from tael.tables.frames import Tables
from tael.tables.schema import Language

P = TypeVar("P", Plan, MarketPlan)


class Planned(ABC, Generic[P]):
    """A plan under its name.

    Parameters
    ----------
    plan : Plan or MarketPlan
    source : str
        The text of its ``scenario.toml``.
    """

    def __init__(self, plan: P, source: str = "") -> None:
        self.plan: P = plan
        self.source = source

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    @property
    def name(self) -> str:
        """Its name."""
        return self.plan.name

    def title(self, lang: Language = "en") -> str:
        """Its title in a language."""
        return getattr(self.plan.title, lang) or self.name

    def question(self, lang: Language = "en") -> str:
        """The question it answers."""
        return getattr(self.plan.question, lang) or self.plan.label.formula

    def example(self) -> Tables:
        """Simulated example data."""
        tables: Tables = self.simulate().tables()
        return tables

    def simulate(self) -> Any:
        """The simulator's result, with its truth.

        Raises
        ------
        ScenarioError
            If the scenario has no example.
        """
        if self.plan.example is None:
            raise ScenarioError(
                "This scenario has no example data.",
                expected="a section [example]",
                where=self.name,
                fix="Bring tables of your own.",
            )
        return self._simulated(self.plan.example)

    @abstractmethod
    def _simulated(self, example: Any) -> Any:
        """What the simulator of a section ``[example]`` makes."""

    def _files(self, extra: dict[str, str] | None) -> dict[str, str] | None:
        """Further files of a run's folder, the scenario's own text first."""
        return {**({"scenario.toml": self.source} if self.source else {}), **(extra or {})} or None
