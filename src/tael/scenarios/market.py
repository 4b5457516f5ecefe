"""The scenario of a market: a plan with a name, that turns bars and events into positions and a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tael.runs.markets.plan import MarketPlan
from tael.scenarios.planned import Planned
from tael.tables.frames import Tables
from tael.tables.schema import Language

if TYPE_CHECKING:
    from tael.runs.markets.data import MarketData
    from tael.runs.markets.intraday_data import BookData
    from tael.runs.result import Run


class MarketScenario(Planned[MarketPlan]):
    """One market, from bars to positions.

    Parameters
    ----------
    plan : MarketPlan
    source : str
        The text of its ``scenario.toml``.

    Examples
    --------
    >>> from tael.scenarios import scenario
    >>> scenario("stock-daily").plan.market.kind
    'stocks'
    """

    def sized(self, size: int | None = None, seed: int | None = None) -> MarketScenario:
        """The same scenario with an example of another size (entities; days of an order book) and seed."""
        plan, example = self.plan, self.plan.example
        if example is not None:
            sized = "n_days" if example.simulator == "order_book" else "n_entities"
            changes: dict[str, Any] = {} if size is None else {sized: size}
            changes |= {} if seed is None else {"seed": seed}
            plan = plan.model_copy(update={"example": example.model_copy(update=changes)})
        if seed is not None:
            plan = plan.model_copy(update={"seed": seed})
        return MarketScenario(plan, self.source)

    def _simulated(self, example: Any) -> Any:
        from tael import datasets

        if example.simulator == "order_book":
            return datasets.simulate_order_book(example.n_bars, example.n_days, seed=example.seed)
        if example.simulator == "minutes":
            return datasets.simulate_minutes(example.n_entities, example.n_days, seed=example.seed)
        if example.simulator == "futures":
            return datasets.simulate_futures(example.n_entities, example.n_bars, seed=example.seed)
        return datasets.simulate_market(example.n_entities, example.n_bars, seed=example.seed)

    def data(self, tables: Tables) -> MarketData | BookData:
        """What is traded, and the panel that formulas see; within the day the books are both."""
        from tael.runs.markets.data import market_data
        from tael.runs.markets.intraday_data import book_data

        return book_data(tables, self.plan) if self.plan.within_day else market_data(tables, self.plan)

    def run(
        self,
        tables: Tables | None = None,
        out: str | Path = "runs",
        *,
        lang: Language = "en",
        tell: Callable[[str, str, float], None] | None = None,
        n_jobs: int = 2,
        command: str | None = None,
        extra: dict[str, str] | None = None,
    ) -> Run:
        """From tables to a run folder with positions, backtest, report and model.

        Parameters
        ----------
        tables : Tables, optional
            Left out: the simulated example.
        out : path
        lang : {"en", "zh"}
        tell : callable, optional
            Progress: called with stage, text and share.
        extra : dict of file name to text, optional
            Further files for the run's folder.
        """
        from tael.runs.markets.runner import run_market

        return run_market(
            self.plan, self.example() if tables is None else tables, out, lang=lang, tell=tell, n_jobs=n_jobs,
            command=command, extra=self._files(extra),
        )  # fmt: skip
