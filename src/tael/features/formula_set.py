"""A fixed list of formulas and how to compute them: what a fitted AutoFeatures leaves and a bundle carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.engine import Engine
from tael.engine.observed import with_own
from tael.engine.peers import Population
from tael.errors import FeaturesError
from tael.formulas.words import words
from tael.tables.frames import Tables
from tael.tables.schema import Language, Schema, Type


@dataclass(frozen=True)
class FormulaSet:
    """Formulas with their names, for observations of one entity.

    Parameters
    ----------
    formulas, names : sequence of str
    entity, key, cutoff : str
    own : mapping of str to Type
        The columns that observation frames carry besides key and cutoff.
    fitted : mapping of str to Population
        Statistics of the training observations that formulas compare with (``by=``), by their text.
    """

    formulas: Sequence[str]
    names: Sequence[str]
    entity: str
    key: str
    cutoff: str
    own: Mapping[str, Type]
    fitted: Mapping[str, Population] = field(default_factory=dict)

    def compute(self, tables: Tables, X: Any, *, n_threads: int = 1) -> NDArray[np.float64]:
        """Compute the formulas.

        Returns
        -------
        ndarray of float64, shape (n, n_formulas)

        Raises
        ------
        FormulaError
            If a formula names a table or column that these tables lack.
        """
        engine = Engine.shared(tables, self.entity, key=self.key, cutoff=self.cutoff, n_threads=n_threads)
        values = engine.evaluate(list(self.formulas), X, self.own, fitted=self.fitted)
        if not values:
            raise FeaturesError("There is no formula to compute.", fix="Fit the features first.")
        return np.stack([value.data for value in values], axis=1)

    def describe(self, schema: Schema, lang: Language = "en") -> list[str]:
        """The formulas in words."""
        wider = with_own(schema, self.entity, self.own)
        return [words(formula, wider, self.entity, lang) for formula in self.formulas]

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "formulas": list(self.formulas),
            "names": list(self.names),
            "entity": self.entity,
            "key": self.key,
            "cutoff": self.cutoff,
            "own": {name: str(kind) for name, kind in self.own.items()},
            "fitted": {text: one.to_dict() for text, one in self.fitted.items()},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> FormulaSet:
        """Read back what :meth:`to_dict` wrote."""
        own = {name: Type(kind) for name, kind in plain["own"].items()}
        fitted = {text: Population.from_dict(one) for text, one in plain.get("fitted", {}).items()}
        return cls(**{**plain, "own": own, "fitted": fitted})
