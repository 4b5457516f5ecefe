"""How AutoFeatures sees a frame of observations, and the form in which it gives back what it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.utils.validation import _check_feature_names, _num_samples, validate_data

from tael.engine import Engine
from tael.engine.observed import Observed, own_types, to_polars, with_own
from tael.errors import FeaturesError, did_you_mean
from tael.tables.columns import DTYPES
from tael.tables.frames import Tables
from tael.tables.schema import Schema, Type

ROW, NOW = "_row", "_cutoff"
ALONE = "observations"


@dataclass(frozen=True)
class Sight:
    """The engine of a fitted AutoFeatures and what it knows of X.

    Attributes
    ----------
    engine : Engine
    own : dict of str to Type
        X's further columns that formulas may name.
    dated : bool
        False without tables: formulas over X's own columns alone.
    """

    engine: Engine
    own: dict[str, Type]
    dated: bool

    @property
    def entity(self) -> str:
        """What the observations are."""
        return self.engine.entity

    @property
    def schema(self) -> Schema:
        """The tables' schema, with the observations' own columns."""
        return with_own(self.engine.tables.schema, self.entity, self.own)

    @classmethod
    def of(cls, auto: Any, X: Any) -> Sight:
        """Look at the training observations."""
        if auto.tables is None:
            own = own_types(_alone(auto, X, reset=True), Tables({}), ALONE, ROW, NOW)
            # an empty table that promises X's columns: formulas and their words find them there
            empty = pl.DataFrame(schema={ROW: pl.Int64(), **{name: DTYPES[kind] for name, kind in own.items()}})
            promise = {"key": ROW, "columns": {name: {"type": str(kind)} for name, kind in own.items()}}
            engine = Engine(Tables({ALONE: empty}, {ALONE: promise}), ALONE, key=ROW, cutoff=NOW, n_threads=auto.n_jobs)
            return cls(engine, own, dated=False)
        if not isinstance(auto.tables, Tables):
            raise FeaturesError(
                "The tables have no schema.",
                expected="tael.Tables, from tael.read_tables(folder) or tael.Tables(frames, schema)",
                got=type(auto.tables).__name__,
                where="AutoFeatures(tables=...)",
                fix="Wrap the frames: tael.Tables(frames, schema).",
            )
        entity = auto.entity or _entity_of(auto.tables, X)
        engine = Engine.shared(auto.tables, entity, key=auto.key, cutoff=auto.cutoff, n_threads=auto.n_jobs)
        return cls(engine, own_types(X, auto.tables, entity, engine.key, auto.cutoff), dated=True)

    def remember(self, auto: Any, X: Any) -> None:
        """Set scikit-learn's attributes about the input."""
        if self.dated:
            _check_feature_names(auto, X, reset=True)
            auto.n_features_in_ = len(nw.from_native(X, eager_only=True).columns)

    def n_rows(self, X: Any) -> int:
        """How many observations X holds."""
        return int(_num_samples(X))

    def observe(self, auto: Any, X: Any, rows: NDArray[np.int64] | None = None) -> Observed:
        """Read observations; with ``rows``, some of them in that order."""
        frame = to_polars(X, self.engine.key, self.engine.cutoff) if self.dated else _alone(auto, X, reset=False)
        absent = [name for name in self.own if name not in frame.columns]
        if absent:
            raise FeaturesError(
                "X lacks columns that were there in fit.",
                expected=", ".join(self.own),
                got=f"no {', '.join(absent)}",
                fix=did_you_mean(absent[0], frame.columns),
            )
        if rows is not None:
            frame = frame[rows]
        return self.engine.observe(frame, self.own)


def as_container(auto: Any, table: NDArray[np.float64], names: list[str], X: Any) -> Any:
    """Give the table back as ``set_output`` asks; by default as the kind of frame that came."""
    asked = getattr(auto, "_sklearn_output_config", {}).get("transform", "default")
    if asked != "default" or isinstance(X, np.ndarray | list):
        return table
    try:
        frame = nw.from_native(X, eager_only=True)
    except TypeError:
        return table
    made = nw.from_numpy(table, names, backend=frame.implementation).to_native()
    if frame.implementation.is_pandas():
        made.index = X.index
    return made


def _entity_of(tables: Tables, X: Any) -> str:
    """The table whose key X carries; of several, the one whose key is X's first column."""
    columns = list(nw.from_native(X, eager_only=True).columns)
    keys = {name: table.key for name, table in tables.schema.tables.items() if table.key is not None}
    having = [name for name, key in keys.items() if key in columns]
    first = [name for name in having if columns and keys[name] == columns[0]]
    found = having if len(having) == 1 else first
    if len(found) != 1:
        candidates = found or having or list(tables)
        raise FeaturesError(
            "It is not clear which table the observations are rows of.",
            expected="X with the key of one table as its first column, or entity=...",
            got=f"the keys of {', '.join(having) or 'no table'}; columns {', '.join(map(str, columns[:8]))}",
            fix=f'Say it: AutoFeatures(tables, entity="{candidates[0]}").',
        )
    return found[0]


def _alone(auto: Any, X: Any, *, reset: bool) -> pl.DataFrame:
    """X's own columns, with a row number for a key and one moment for a cutoff."""
    try:
        frame = nw.from_native(X, eager_only=True)
    except TypeError:
        frame = None
    columns: Mapping[str, Any]
    if frame is None:
        array = validate_data(auto, X, reset=reset, dtype=None, ensure_all_finite=False, ensure_min_features=1)
        if array.dtype.kind == "O":
            columns = {f"x{i}": [None if v is None else v for v in array[:, i]] for i in range(array.shape[1])}
        else:
            columns = {f"x{i}": array[:, i] for i in range(array.shape[1])}
        out = pl.DataFrame(columns, strict=False)
    else:
        _check_feature_names(auto, X, reset=reset)
        if reset:
            auto.n_features_in_ = len(frame.columns)
        out = pl.DataFrame(frame.to_polars())
    marks = {ROW: np.arange(out.height), NOW: np.zeros(out.height, dtype="datetime64[us]")}
    return out.with_columns(pl.Series(name, values) for name, values in marks.items())
