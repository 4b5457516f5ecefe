"""A scenario: a plan with a name, that turns tables into observations, a pipeline, folds and a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.errors import ScenarioError, did_you_mean
from tael.observations import Observations, observe
from tael.observations.observe import CUTOFF
from tael.runs.markets.plan import MarketPlan
from tael.runs.plan import Plan
from tael.runs.plans.faults import read_toml
from tael.runs.sample import people_of
from tael.scenarios.market import MarketScenario
from tael.scenarios.planned import Planned
from tael.tables.frames import Tables
from tael.tables.schema import Language

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from tael.runs.result import Run

PACKS: dict[str, str] = {
    "product-recommendation": "product_recommendation",
    "customer-churn": "customer_churn",
    "credit-approval": "credit_approval",
    "credit-limit": "credit_limit",
    "early-payoff": "early_payoff",
    "borrower-churn": "borrower_churn",
    "dormant-reactivation": "dormant_reactivation",
    "collection-repayment": "collection_repayment",
    "collection-complaint": "collection_complaint",
    "social-insurance-fraud": "social_insurance_fraud",
    "commercial-insurance-fraud": "commercial_insurance_fraud",
    "money-laundering": "money_laundering",
    "laundering-gangs": "laundering_gangs",
}
"""Scenario -> its folder in this package. A new scenario is a folder with a ``scenario.toml`` and one line here."""

MARKETS: dict[str, str] = {
    "stock-daily": "stock_daily",
    "stock-intraday": "stock_intraday",
    "futures-daily": "futures_daily",
    "futures-intraday": "futures_intraday",
}
"""The same for markets: time by entity, positions, a backtest."""

SCENARIOS = PACKS | MARKETS
"""All that there are."""


class Scenario(Planned[Plan]):
    """One business case, from tables to a decision.

    Parameters
    ----------
    plan : Plan
    source : str
        The text of its ``scenario.toml``.

    Examples
    --------
    >>> scenario("credit-approval").plan.observations.entity
    'applications'
    """

    def _simulated(self, example: Any) -> Any:
        from tael.scenarios.examples import simulated

        return simulated(example)

    # ------------------------------------------------------------ data
    def sample(self, tables: Tables) -> Observations:
        """All observations, those to predict too."""
        return observe(tables, self.plan.observations, self.plan.label)

    def observations(self, tables: Tables) -> tuple[Any, NDArray[Any]]:
        """The labelled observations.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        X : frame
            Key and cutoff (and the column of ``split.groups``), of the kind that the tables were made from.
        y : ndarray of int64, shape (n,)
            Of a label that is a category: its names.
        """
        seen = self.sample(tables)
        known = pl.Series(seen.labelled)
        y: NDArray[Any] = seen.label[seen.labelled].astype(np.int64)
        if seen.classes:
            y = np.array(seen.classes, dtype=object)[y]
        return self._native(tables, seen.frame.filter(known)), y

    def pending(self, tables: Tables) -> Any:
        """The observations whose label is not known yet: the rows to predict."""
        seen = self.sample(tables)
        return self._native(tables, seen.frame.filter(pl.Series(~seen.labelled)))

    def _native(self, tables: Tables, frame: pl.DataFrame) -> Any:
        frame = people_of(tables, self.plan, frame)
        if tables.native == "pandas":
            return frame.to_pandas()
        return frame.to_arrow() if tables.native == "pyarrow" else frame

    # ------------------------------------------------------------ scikit-learn
    def pipeline(self, tables: Tables, *, n_jobs: int = 1) -> Pipeline:
        """Features and model as a scikit-learn pipeline, unfitted."""
        from sklearn.pipeline import Pipeline

        from tael.engine import Engine
        from tael.runs.governance import governed
        from tael.runs.searching import features_of
        from tael.runs.tasks import task_of

        engine = Engine.shared(tables, self.plan.observations.entity, cutoff=CUTOFF)
        return Pipeline(
            [
                ("features", features_of(governed(self.plan, engine), tables, n_jobs=n_jobs)),
                ("model", task_of(self.plan).estimator(n_jobs=n_jobs)),
            ]
        )

    def cv(self, X: Any) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Folds for :func:`sklearn.model_selection.cross_validate`: shuffled, whole groups together.

        Parameters
        ----------
        X : frame
            As :meth:`observations` gives it.
        """
        import narwhals as nw
        from sklearn.model_selection import GroupKFold, KFold

        frame = nw.from_native(X, eager_only=True)
        groups, folds, seed = self.plan.split.groups, self.plan.split.folds, self.plan.seed
        empty = np.empty((len(frame), 0))
        if groups is None or groups not in frame.columns:
            return list(KFold(folds, shuffle=True, random_state=seed).split(empty))
        people = frame[groups].to_numpy()
        return list(GroupKFold(folds, shuffle=True, random_state=seed).split(empty, groups=people))

    # ------------------------------------------------------------ the whole way
    def run(
        self,
        tables: Tables | None = None,
        out: str | Path = "runs",
        *,
        lang: Language = "en",
        tell: Callable[[str, str, float], None] | None = None,
        n_jobs: int = 2,
        command: str | None = None,
        despite_leaks: bool = False,
        extra: dict[str, str] | None = None,
    ) -> Run:
        """From tables to a run folder with decision, report and model.

        Parameters
        ----------
        tables : Tables, optional
            Left out: the simulated example.
        out : path
        lang : {"en", "zh"}
        tell : callable, optional
            Progress: called with stage, text and share.
        despite_leaks : bool
            Go on although something gives the label away.
        extra : dict of file name to text, optional
            Further files for the run's folder.

        Raises
        ------
        RunError
            If something gives the label away.
        """
        from tael.runs.runner import run

        tables = self.example() if tables is None else tables
        return run(
            self.plan, tables, out, lang=lang, tell=tell, n_jobs=n_jobs, command=command,
            extra=self._files(extra),
            despite_leaks=despite_leaks,
        )  # fmt: skip


def scenario(name: str | Path) -> Any:
    """A scenario by its name, or by the folder (or file) of its ``scenario.toml``.

    Returns
    -------
    Scenario or MarketScenario
        The latter where the file has a section ``[market]``.

    Raises
    ------
    ScenarioError
        If there is neither.
    """
    if str(name) in SCENARIOS:
        source = resources.files("tael.scenarios").joinpath(SCENARIOS[str(name)], "scenario.toml")
        text = source.read_text(encoding="utf-8")
        return _made(tomllib.loads(text), f"tael's own {name}", text, None)
    path = Path(name)
    if path.is_dir():
        path = path / "scenario.toml"
        if not path.is_file():
            raise ScenarioError(
                f"There is no scenario.toml in {name}.",
                expected="a scenario's name, or a folder with a scenario.toml",
                got=_inside(Path(name)),
                fix="Write one beside the tables, or start from a project: tael new credit-approval FOLDER.",
            )
    if not path.is_file():
        raise ScenarioError(
            "There is no such scenario.",
            expected="a scenario's name, or a folder with a scenario.toml",
            got=str(name),
            fix=did_you_mean(str(name), SCENARIOS),
        )
    return _made(read_toml(path), str(path), path.read_text(encoding="utf-8"), path.parent)


def _inside(folder: Path) -> str:
    files = sorted(path.name for path in folder.iterdir())
    return f"a folder with {', '.join(files[:5])}{' ...' if len(files) > 5 else ''}" if files else "an empty folder"


def _made(content: dict[str, Any], where: str, text: str, folder: Path | None) -> Scenario | MarketScenario:
    if "market" in content:
        return MarketScenario(MarketPlan.from_dict(content, where=where), text)
    return Scenario(Plan.from_dict(content, where=where, folder=folder), text)


__all__ = ["CUTOFF", "MARKETS", "PACKS", "SCENARIOS", "Scenario", "scenario"]
