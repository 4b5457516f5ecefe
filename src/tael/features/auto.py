"""AutoFeatures: linked tables in, a wide table of readable formulas out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from tael.errors import FeaturesError, FormulaError
from tael.features.enumerate import Enumeration, Limits
from tael.features.forecast import Forecast, forecast, parse_bytes, parse_seconds
from tael.features.formula_set import FormulaSet
from tael.features.frames import Sight, as_container
from tael.features.ledger import Ledger
from tael.features.search import Search, pool_size
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Node
from tael.formulas.words import words
from tael.tables.frames import Tables
from tael.tables.schema import Language, Type

Progress = Callable[[str, float], None]


class AutoFeatures(TransformerMixin, BaseEstimator):
    """Grow readable features out of linked tables, keep those that help, compute them anywhere.

    ``fit`` takes observations (a key and a cutoff time, and any columns of their own) with their labels. It
    enumerates formulas over the observation's own row, its parents and the rows linked to it, as known strictly before
    each cutoff; screens them against the label in batches, so that memory does not grow with their number; and keeps
    those that help boosted models on unseen rows. ``transform`` computes the kept formulas and nothing else.

    Parameters
    ----------
    tables : Tables, optional
        Left out: formulas over X's own columns alone.
    entity : str, optional
        The table that the observations are rows of; left out: the one whose key X carries.
    key, cutoff : str
        X's columns; ``key`` left out: the entity table's key.
    windows : tuple of str
        Trailing windows; ``"all"`` is everything known so far.
    keep : int
        At most so many formulas.
    max_up, max_down : int
        Steps of a path: up to parents, then down to their children.
    force : sequence of str
        Formulas that are kept in any case.
    forbid : sequence of str
        Columns (``customers.postcode``) and tables that no formula may name.
    budget : dict, optional
        ``{"time": "5min", "memory": "4GB"}``. When the time is over, the search keeps the best it has; a forecast above
        the memory shrinks the batches, or refuses before anything is computed.
    search_rows : int
        The search looks at so many observations at most (evenly over time); the kept formulas are computed for all.
    correlation : float
        A candidate whose ranks correlate more than this with a better one says the same: it is dropped.
    random_state : int
    n_jobs : int
        Threads.
    progress : callable, optional
        Called with a text and the share done.

    Attributes
    ----------
    formulas_ : list of str
        The kept formulas, the most useful first.
    gain_, stability_, coverage_ : ndarray, shape (n_kept,)
        Share of the boosted models' gain; share of the models whose unseen rows it helped; share of values present.
    ledger_ : Ledger
        Everything tried, and why it was dropped.
    forecast_ : Forecast
        Memory foreseen before anything was computed.

    Examples
    --------
    >>> from tael.datasets import simulate_bank                                  # doctest: +SKIP
    >>> tables = simulate_bank(2000, seed=1).tables()                            # doctest: +SKIP
    >>> auto = AutoFeatures(tables, entity="applications").fit(X, y)             # doctest: +SKIP
    >>> auto.describe("zh")[0]                                                   # doctest: +SKIP
    """

    def __init__(
        self,
        tables: Tables | None = None,
        *,
        entity: str | None = None,
        key: str | None = None,
        cutoff: str = "cutoff",
        windows: Sequence[str] = ("30d", "90d", "180d", "all"),
        keep: int = 100,
        max_up: int = 2,
        max_down: int = 2,
        force: Sequence[str] = (),
        forbid: Sequence[str] = (),
        budget: dict[str, str] | None = None,
        search_rows: int = 50_000,
        correlation: float = 0.98,
        random_state: int = 0,
        n_jobs: int = 1,
        progress: Progress | None = None,
    ) -> None:
        self.tables = tables
        self.entity = entity
        self.key = key
        self.cutoff = cutoff
        self.windows = windows
        self.keep = keep
        self.max_up = max_up
        self.max_down = max_down
        self.force = force
        self.forbid = forbid
        self.budget = budget
        self.search_rows = search_rows
        self.correlation = correlation
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    # ------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: Any = None) -> AutoFeatures:
        """Search formulas on training observations.

        Parameters
        ----------
        X : frame, shape (n, ...)
            Key, cutoff and columns of the observations' own.
        y : array-like, shape (n,), optional
            Classes or numbers; without it, formulas are kept as enumerated, without constants and twins.
        """
        self._sight = Sight.of(self, X)
        self._sight.remember(self, X)
        target, n_classes = self._target(y, self._sight.n_rows(X))
        self._search(X, target, n_classes)
        return self

    def transform(self, X: Any) -> Any:
        """Compute the kept formulas.

        Returns
        -------
        frame of X's kind (or ndarray for an ndarray), shape (n, n_kept), in X's order
        """
        check_is_fitted(self, "formulas_")
        seen = self._sight.observe(self, X)
        columns = self._evaluate(self._nodes, seen, np.float64)
        table = np.stack([*columns], axis=1) if columns else np.empty((seen.size, 0))
        return as_container(self, table, list(self.get_feature_names_out()), X)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Short names of the kept formulas; the formulas themselves are in ``formulas_``."""
        check_is_fitted(self, "formulas_")
        return np.array(self._names, dtype=object)

    def describe(self, lang: Language = "en") -> list[str]:
        """The kept formulas in words.

        Parameters
        ----------
        lang : {"en", "zh"}
        """
        check_is_fitted(self, "formulas_")
        schema, entity = self._sight.schema, self._sight.entity
        return [words(node, schema, entity, lang) for node in self._nodes]

    @property
    def formula_set_(self) -> FormulaSet:
        """The kept formulas on their own, as a bundle carries them."""
        check_is_fitted(self, "formulas_")
        engine = self._sight.engine
        return FormulaSet(self.formulas_, self._names, engine.entity, engine.key, engine.cutoff, self._sight.own)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn may expect of it."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.target_tags.required = False
        return tags

    def __getstate__(self) -> dict[str, Any]:
        state = dict(super().__getstate__())
        state["progress"] = None  # a live display does not travel to another process
        return state

    # ------------------------------------------------------------ the search
    def _search(self, X: Any, y: NDArray | None, n_classes: int) -> None:
        clock = time.monotonic()
        seconds = parse_seconds((self.budget or {}).get("time"))
        sight = self._sight
        everything = sight.observe(self, X)
        rows = _in_time_order(everything.cutoff, self.search_rows)
        seen = sight.observe(self, X, rows)
        target = None if y is None else y[rows]
        limits = Limits(windows=tuple(self.windows), max_up=self.max_up, max_down=self.max_down)
        enumeration = Enumeration(sight.engine, seen, limits, tuple(self.forbid), dated=sight.dated)
        parts = _distinct(enumeration.parts())
        memory = parse_bytes((self.budget or {}).get("memory"))
        self.forecast_: Forecast = forecast(sight.engine, seen, sum(map(len, parts)), pool_size(self.keep), memory)
        ledger = Ledger()
        search = Search(
            lambda nodes: np.asarray(self._evaluate(nodes, seen, np.float32), dtype=np.float32).reshape(-1, seen.size),
            seen.size,
            target,
            n_classes,
            keep=self.keep,
            correlation=self.correlation,
            ledger=ledger,
            tell=self._tell,
            seconds=None if seconds is None else seconds - (time.monotonic() - clock),
            seed=self.random_state,
            n_threads=self.n_jobs,
        )
        found = search.run(parts, self.forecast_)
        self._nodes, self.gain_, self.stability_ = list(found.nodes), found.gain, found.stability
        self._add_forced(ledger)
        self.ledger_ = ledger
        self._names = _unique_names(self._nodes)
        self.formulas_ = [to_text(node) for node in self._nodes]
        self.coverage_ = np.array([ledger.coverage(node) for node in self._nodes])
        self.n_features_out_ = len(self.formulas_)
        self._tell("features kept: " + str(len(self.formulas_)), 1.0)

    def _add_forced(self, ledger: Ledger) -> None:
        for text in self.force:
            node = parse(text)
            self._sight.engine.bind(node, self._sight.own)
            if node not in self._nodes:
                self._nodes.append(node)
                self.gain_, self.stability_ = np.append(self.gain_, 0.0), np.append(self.stability_, np.nan)
                ledger.keep(node)

    def _evaluate(self, nodes: list[Node], seen: Any, dtype: Any) -> list[NDArray]:
        values = self._sight.engine.evaluate(nodes, seen, dtype=dtype)
        for node, value in zip(nodes, values, strict=True):
            if value.type not in (Type.NUMBER, Type.FLAG):
                raise FormulaError(
                    "A feature must be a number or a flag.",
                    expected='such as days_since(...), or purpose == "car"',
                    got=f"a {value.type}",
                    where=to_text(node),
                    fix="Turn it into a number or compare it with a value.",
                )
        return [value.data for value in values]

    def _target(self, y: Any, n: int) -> tuple[NDArray | None, int]:
        if y is None:
            self.classes_ = None
            return None, 0
        target = np.asarray(y.to_numpy() if isinstance(y, pl.Series) else y)
        if target.ndim == 2 and target.shape[1] == 1:
            target = target[:, 0]
        if len(target) != n:
            check_consistent_length(np.empty(n), target)
        if target.dtype.kind == "f" and not np.isfinite(target).all():
            bad = np.flatnonzero(~np.isfinite(target))
            raise FeaturesError(
                f"Input y contains {'NaN' if np.isnan(target[bad]).any() else 'infinity'}.",
                expected="a label in every row",
                got=f"{len(bad)} of {n} are not known; the first in row {bad[0] + 1}",
                where="y",
                fix="Fit on the observations whose label is known (observations.labelled).",
            )
        kind = type_of_target(target, input_name="y")
        if kind in ("binary", "multiclass") and (kind == "binary" or target.dtype.kind not in "f" or _few(target)):
            self.classes_, codes = np.unique(target, return_inverse=True)
            if len(self.classes_) < 2:
                return None, 0
            return codes.astype(np.int64), len(self.classes_)
        if kind in ("continuous", "multiclass"):
            self.classes_ = None
            return target.astype(np.float64), 0
        raise FeaturesError(
            "Unknown label type: features cannot be scored against it.",
            expected="one column of classes or of numbers",
            got=kind,
            where="y",
            fix="Pass one label at a time.",
        )

    def _tell(self, text: str, share: float) -> None:
        if self.progress is not None:
            self.progress(text, share)


def _distinct(parts: Iterable[list[Node]]) -> list[list[Node]]:
    """Each formula once, where it comes first."""
    met: set[Node] = set()
    out = []
    for part in parts:
        fresh = [node for node in dict.fromkeys(part) if node not in met]
        met.update(fresh)
        out.append(fresh)
    return out


def _in_time_order(cutoff: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Row numbers ordered by cutoff, thinned evenly to at most so many."""
    order = np.argsort(cutoff, kind="stable")
    if len(order) <= most:
        return order
    return order[np.linspace(0, len(order) - 1, most).astype(np.int64)]


def _few(target: NDArray) -> bool:
    return len(np.unique(target)) <= 20


def _unique_names(nodes: list[Node]) -> list[str]:
    out: list[str] = []
    for node in nodes:
        name = short_name(node)
        copy = 2
        while name in out:
            name, copy = f"{short_name(node)}_{copy}", copy + 1
        out.append(name)
    return out
