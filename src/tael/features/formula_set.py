"""A fixed list of formulas and how to compute them: what a fitted AutoFeatures leaves and a bundle carries."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.engine import Engine
from tael.engine.observed import to_polars, with_own
from tael.engine.peers import Population
from tael.errors import FeaturesError
from tael.features.formula_file import LANGUAGES, read_file, write_formulas
from tael.formulas.grammar import YES_NO
from tael.formulas.resolve import resolve
from tael.formulas.words import unit_of, words
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

    def units(self, schema: Schema) -> list[str | None]:
        """The unit of each formula's values, as `tael.formulas.words.unit_of` gives it."""
        wider = with_own(schema, self.entity, self.own)
        return [unit_of(formula, wider, self.entity) for formula in self.formulas]

    def measures(self, schema: Schema) -> list[str | None]:
        """As `units`, and `tael.formulas.grammar.YES_NO` for what holds or does not."""
        wider = with_own(schema, self.entity, self.own)
        kinds = [resolve(formula, wider, self.entity).type for formula in self.formulas]
        return [YES_NO if kind is Type.FLAG else unit for kind, unit in zip(kinds, self.units(schema), strict=True)]

    def fit(self, tables: Tables, X: Any, *, n_threads: int = 1) -> FormulaSet:
        """The same formulas with the statistics of training observations that they compare with (``by=``).

        Parameters
        ----------
        tables : Tables
        X : frame
            The training observations: nothing else enters.

        Returns
        -------
        FormulaSet
            A new one; it is as it was if no formula compares with training observations.
        """
        engine = Engine.shared(tables, self.entity, key=self.key, cutoff=self.cutoff, n_threads=n_threads)
        return replace(self, fitted=engine.fit(list(self.formulas), X, self.own))

    def cost(self, tables: Tables, X: Any, *, rows: int = 1000) -> NDArray[np.float64]:
        """What each formula costs by itself, in CPU milliseconds for 1,000 observations.

        Together they cost less than the sum, since formulas over the same rows share a walk. Sorting the tables, which
        is done once for all formulas, does not count.

        Parameters
        ----------
        tables : Tables
        X : frame
            The last ``rows`` of it are computed.
        rows : int

        Returns
        -------
        ndarray of float64, shape (n_formulas,)
        """
        engine = Engine.shared(tables, self.entity, key=self.key, cutoff=self.cutoff, n_threads=1)
        frame = to_polars(X, self.key, self.cutoff).tail(rows)
        seen = engine.observe(frame, self.own)
        out = np.empty(len(self.formulas))
        for i, formula in enumerate(self.formulas):
            spent = []
            for _ in range(2):  # the first call may sort, compile or fill a cache
                start = time.process_time()
                engine.evaluate([formula], seen, self.own, fitted=self.fitted)
                spent.append(time.process_time() - start)
            out[i] = min(spent) * 1e6 / max(len(frame), 1)
        return out

    def save(self, path: str | Path, schema: Schema | None = None, *, overwrite: bool = False) -> Path:
        """Write a text file to read, edit, compare and :meth:`load`; fitted statistics are not in it.

        Parameters
        ----------
        path : path
        schema : Schema, optional
            Of the tables: the words in both languages are written below each formula.
        overwrite : bool
            Whether a file that is there is written over.

        Raises
        ------
        FeaturesError
            If the file exists or cannot be written.
        """
        told = None if schema is None else {lang: self.describe(schema, lang) for lang in LANGUAGES}
        return write_formulas(
            path, self.formulas, self.names, words=told, entity=self.entity, key=self.key, cutoff=self.cutoff,
            own=self.own, overwrite=overwrite,
        )  # fmt: skip

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        entity: str | None = None,
        key: str | None = None,
        cutoff: str | None = None,
        own: Mapping[str, Type] | None = None,
    ) -> FormulaSet:
        """Read a formula file; formulas with ``by=`` need :meth:`fit` before they compute.

        Parameters
        ----------
        path : path
        entity, key, cutoff, own : optional
            Instead of what the file's header says; ``cutoff`` is else ``"cutoff"``, ``own`` none.

        Raises
        ------
        FeaturesError
            If neither the header nor the caller names entity and key, or the file cannot be read.
        FormulaError
            If a formula cannot be read.
        """
        file = read_file(path)
        stated = {"entity": entity or file.entity, "key": key or file.key}
        absent = [name for name, value in stated.items() if value is None]
        if absent:
            raise FeaturesError(
                "The formula file does not say what its observations are.",
                expected=f"a first line `# tael formulas`, below it `# {absent[0]}: ...`",
                got=f"no {' and no '.join(absent)}",
                where=str(path),
                fix=f"Write it there, or say FormulaSet.load(path, {absent[0]}=...).",
            )
        return cls(
            [line.formula for line in file.lines],
            [line.name for line in file.lines],
            str(stated["entity"]),
            str(stated["key"]),
            cutoff or file.cutoff or "cutoff",
            dict(file.own or {}) if own is None else own,
        )

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
