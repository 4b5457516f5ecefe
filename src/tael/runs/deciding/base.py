"""What a run asks of a decision, whatever its kind: fitted on validation, applied to batches, valued out of time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tael.engine import Engine
from tael.runs.plan import Plan
from tael.runs.tasks.base import Outputs
from tael.tables.schema import Language, Type
from tael.validation.words import Words

LANGUAGES: tuple[Language, ...] = ("en", "zh")


class Terms(Protocol):
    """What a decision needs of each observation besides the model's outputs."""

    def take(self, rows: NDArray[np.int64]) -> Any:
        """The terms of some observations, by index."""
        ...


@dataclass(frozen=True)
class Batch:
    """The decisions of one batch.

    Attributes
    ----------
    decision, code : ndarray of str, shape (n,)
        What was decided, and the code of why.
    texts : dict of language to list of str
        Why, in a sentence.
    adverse : ndarray of bool, shape (n,), or None
        Whether to tell what raised the probability (else what lowered it); None: whatever moved it most.
    columns : dict of str to ndarray, shape (n,)
        Further columns of ``decisions.parquet``.
    """

    decision: NDArray[Any]
    code: NDArray[Any]
    texts: dict[str, list[str]]
    adverse: NDArray[np.bool_] | None
    columns: dict[str, Any] = field(default_factory=dict)


class Deciding(ABC):
    """One kind of decision of a plan.

    Parameters
    ----------
    plan : Plan
    """

    kinds: tuple[str, ...] = ()
    against: Words
    """Whom reasons are told against."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    @abstractmethod
    def check(self, engine: Engine, outputs: Mapping[str, Words]) -> None:
        """Hold limits and formulas against the tables and the model's outputs, without computing any."""

    @abstractmethod
    def formulas(self) -> list[str]:
        """The formulas that are computed for each observation at scoring."""

    def own(self, engine: Engine, outputs: Iterable[str]) -> dict[str, Type]:
        """The names in `formulas` that are no columns of the tables, with their types."""
        return {}

    @abstractmethod
    def terms(self, engine: Engine, X: pl.DataFrame, *, compare: bool = True) -> Any:
        """Evaluate for observations what the plan states of each.

        Parameters
        ----------
        compare : bool
            Evaluate today's rule too, which nothing but a comparison needs.
        """

    @abstractmethod
    def fit(self, outputs: Outputs, terms: Any, y: NDArray[np.float64], ids: NDArray[Any]) -> Any:
        """Choose the policy's free parameters on the validation rows."""

    @abstractmethod
    def decide(self, policy: Any, outputs: Outputs, terms: Any, ids: NDArray[Any]) -> Batch:
        """Decide a batch."""

    def together(self, part: NDArray[Any]) -> NDArray[Any]:
        """Which rows of a run are handed to `decide` together: those of a part, unless a kind of decision says more.

        Parameters
        ----------
        part : ndarray of str, shape (n,)
            Train, validation, out_of_time, purged, pending or scored.
        """
        return part

    @abstractmethod
    def favoured(self, batch: Batch) -> NDArray[np.bool_]:
        """Against whom the others' reasons are told: mean contributions of these are the baseline."""

    @abstractmethod
    def granted(self, batch: Batch) -> NDArray[np.bool_]:
        """Who got the favourable decision."""

    @abstractmethod
    def section(
        self, policy: Any, outputs: Outputs, terms: Any, truths: Outputs | None, ids: NDArray[Any], *, split: str,
        seed: int,
    ) -> dict[str, Any]:  # fmt: skip
        """The part of ``run.json`` on the decision, measured on one split.

        Parameters
        ----------
        truths : dict or None
            What came of the rows, under the names of `outputs`.
        """

    def taught(self, decision: dict[str, Any], terms: Any, y: NDArray[Any], ids: NDArray[Any]) -> dict[str, Any]:
        """`section`'s answer with what the model had to learn from: as it was, unless a kind of decision says more.

        Parameters
        ----------
        decision : dict
            From `section`.
        terms, y, ids
            Of the rows of training and validation.
        """
        return decision

    def now(self, policy: Any, decisions: pl.DataFrame) -> Words | None:
        """What is decided where the outcome is not known yet; None where that is told nowhere by itself.

        Parameters
        ----------
        policy : object
        decisions : polars.DataFrame
            ``decisions.parquet``.
        """
        return None

    def stake(self, terms: Any) -> NDArray[np.float64] | None:
        """The money that is at stake where the label is true, shape (n,); None where the decision states none."""
        return None

    def files(self, policy: Any, outputs: Outputs, terms: Any) -> dict[str, Any]:
        """Further files of the run's folder about one part, name to what is written as JSON."""
        return {}

    def lines(self, lang: Language = "en") -> list[str]:
        """The stated and assumed terms, for ``tael check``."""
        return []
