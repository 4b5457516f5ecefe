"""What a run asks of a model, whatever it foretells: probabilities for the decision, and what came of them."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.errors import RunError
from tael.features import AutoFeatures
from tael.observations import Observations
from tael.runs.plan import Plan
from tael.runs.sample import Sample
from tael.validation.words import Words

Floats = NDArray[np.float64]
Outputs = dict[str, Floats]


@dataclass(frozen=True)
class Judged:
    """Probabilities beside outcomes, row for row, for the metrics of a yes or no.

    A row is an observation, or a pair of observation and product.

    Attributes
    ----------
    y, p, reference : ndarray, shape (m,)
        What came, what was told, and what the plain reference model told.
    parts : dict of str to ndarray of int
        Rows of each part.
    weight, groups : ndarray, shape (m,), or None
    cutoffs : polars.Series, length m
    others : dict of str to ndarray, shape (m,)
        Challengers' probabilities.
    """

    y: Floats
    p: Floats
    reference: Floats
    parts: dict[str, NDArray[np.int64]]
    weight: Floats | None
    groups: NDArray[Any] | None
    cutoffs: pl.Series
    others: dict[str, Floats] = field(default_factory=dict)


class Fitted(ABC):
    """A task after training: what the bundle keeps of it is `model` and the plan."""

    plan: Plan
    model: Any

    @abstractmethod
    def outputs(self, features: pl.DataFrame) -> Outputs:
        """What the model tells of observations, by the name that a decision's formulas use; ``p`` is always there.

        Parameters
        ----------
        features : polars.DataFrame, shape (n, m)

        Returns
        -------
        dict of str to ndarray, shape (n,)
        """

    @property
    def scores(self) -> tuple[str, ...]:
        """The scores that a decision may rest on, by name; one without a name where there is no choice."""
        return ("",)

    def score_behind(self, decision: NDArray[Any]) -> NDArray[Any]:
        """The score that stands behind each decision, shape (n,): that of the option, where it has one of its own."""
        scores = self.scores
        return np.where(np.isin(decision, scores), decision, scores[0]).astype(object)

    @abstractmethod
    def contributions(self, features: pl.DataFrame, score: str = "") -> Floats:
        """What each feature adds to a score, shape (n, m), without the base.

        Parameters
        ----------
        features : polars.DataFrame, shape (n, m)
        score : str
            One of `scores`.
        """

    def contributed(self, features: pl.DataFrame, behind: NDArray[Any]) -> Floats:
        """What each feature adds to the score behind each row's decision, shape (n, m)."""
        out = np.zeros((features.height, features.width))
        for score in dict.fromkeys(behind.tolist()):
            rows = np.flatnonzero(behind == score)
            out[rows] = self.contributions(features[rows], str(score))
        return out


class Trained(Fitted):
    """A task just trained, with the sample at hand."""

    @abstractmethod
    def judged(self, sample: Sample, features: pl.DataFrame) -> Judged:
        """Probabilities beside outcomes."""

    @abstractmethod
    def truths(self, sample: Sample, features: pl.DataFrame, rows: NDArray[np.int64]) -> Outputs:
        """What came of some labelled rows, under the names of `outputs`: put in their place, values become realised.

        An output that has no observed counterpart is left out.
        """

    def section(self, sample: Sample, features: pl.DataFrame) -> dict[str, Any]:
        """What this kind of model has to tell besides metrics, for ``run.json``."""
        return {}


class Task(ABC):
    """One kind of model of a plan.

    Parameters
    ----------
    plan : Plan
    """

    kinds: ClassVar[tuple[str, ...]]

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @abstractmethod
    def check(self, engine: Engine) -> None:
        """Hold what the plan says of the model against the tables, before anything is computed."""

    @abstractmethod
    def outputs(self, engine: Engine) -> dict[str, Words]:
        """Names of the outputs with what they mean; ``p`` first."""

    def check_label(self, seen: Observations, y: Floats) -> None:
        """Refuse labels that this task cannot learn from."""
        if seen.classes or not np.isin(y, (0.0, 1.0)).all():
            got = "categories" if seen.classes else f"values such as {y[~np.isin(y, (0.0, 1.0))][0]:g}"
            raise RunError(
                "The label of a decision between yes and no must be a flag.",
                expected="0 or 1",
                got=got,
                where=f"label.formula = {self.plan.label.formula}",
                fix="Compare it with a value: " + ('... == "Bad".' if seen.classes else "... >= 90."),
            )

    def observe(self, engine: Engine, sample: Sample) -> Sample:
        """Add what this task needs to know of the labelled observations besides their label."""
        return sample

    def forced(self) -> dict[str, str]:
        """Formulas by name that this task needs among the features."""
        return {}

    def hidden(self) -> tuple[str, ...]:
        """Columns of the entity that must not become features."""
        return ()

    @abstractmethod
    def estimator(self, *, n_jobs: int = 1) -> Any:
        """The unfitted scikit-learn estimator that stands behind the features in a pipeline."""

    @abstractmethod
    def fit(
        self, features: pl.DataFrame, sample: Sample, *, n_jobs: int = 1, monotone: Mapping[str, int] | None = None
    ) -> Trained:
        """Train on the training rows of the sample.

        Parameters
        ----------
        features : polars.DataFrame, shape (n, m)
            Of all labelled observations.
        sample : Sample
        monotone : dict of feature to {-1, 1}, optional
        """

    @abstractmethod
    def restore(self, model: Any) -> Fitted:
        """The task around a model that a bundle held."""

    def told(self, auto: AutoFeatures, fitted: Trained) -> dict[str, Any]:
        """What ``run.json`` says of the model."""
        return {}


def identifier(name: str) -> str:
    """A name that a formula can hold.

    >>> identifier("in-house 1")
    'in_house_1'
    """
    return re.sub(r"\W", "_", name)


def train_rows(sample: Sample) -> NDArray[np.int64]:
    """Rows to train on."""
    return sample.split.parts()["train"]
