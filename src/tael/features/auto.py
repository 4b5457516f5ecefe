"""AutoFeatures: linked tables in, a wide table of readable formulas out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from tael.engine.peers import Population
from tael.errors import FeaturesError, FormulaError, did_you_mean
from tael.features.clock import Clock
from tael.features.deeper import Deeper
from tael.features.directions import Directions
from tael.features.enumerate import Enumeration
from tael.features.forecast import Forecast, forecast, parse_bytes, parse_count, parse_seconds
from tael.features.formula_set import FormulaSet
from tael.features.frames import Sight, as_container
from tael.features.halves import halves_of
from tael.features.labels import KINDS, Label
from tael.features.ledger import Ledger
from tael.features.own import Limits
from tael.features.search import Found, Search, pool_size
from tael.features.select import people_apart
from tael.features.target import Target, read_target
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
    each cutoff; screens them against the label in batches, so that memory does not grow with their number; drops what
    shuffled labels reach as well; and keeps those that help boosted models on unseen rows. ``transform`` computes the
    kept formulas and nothing else. Where nothing beats chance, nothing is kept: ``formulas_`` is empty.

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
    force : sequence of str, or mapping of name to formula
        Formulas that are kept in any case; named ones keep their names: ``dict(read_formulas(path))``.
    forbid : sequence of str
        Columns (``customers.postcode``) and tables that no formula may name.
    budget : dict, optional
        ``{"time": "5min", "memory": "4GB", "candidates": 20000}``. The time includes the last weighing; when it is
        short, the search keeps the best it has. A forecast above the memory shrinks the batches, or refuses before
        anything is computed. Without candidates (0) nothing but ``force`` is kept; more than
        allowed are thinned out evenly along every path.
    layers : {1, 2, 3}
        1: columns and single aggregates. 2: with quotients and differences of them. 3: with combinations of what was
        found.
    label_kind : {"auto", "binary", "multiclass", "number", "amount", "count", "ranking"}
        What y is. ``"auto"``: two values are binary; texts, flags and whole numbers of few or many values are classes
        as scikit-learn tells them (``type_of_target``), except that whole numbers of more than 20 values are numbers;
        numbers are counts if they are whole and not negative, amounts if they are not negative and have zeros or a
        heavy tail (mean of the positive ones over three times their median). Amounts are worked with as logarithms,
        rankings as ranks within their group. What was decided is in ``label_kind_``.
    directions : dict of str to {"+", "-"}, optional
        Column (``income``, ``payments.late``) or formula to how the label moves as it rises. What rises with it (its
        mean, the share of rows above a value) and shows the contrary in both halves of time is dropped.
    search_rows : int
        The search looks at so many observations at most (evenly over time); the kept formulas are computed for all.
    apart : bool
        For keys that come again and again: the models that weigh candidates leave out whole keys, not blocks of time.
        Else what says only who it is (age, street) seems to foretell the weeks left out.
    correlation : float
        A candidate whose ranks correlate more than this with a better one says the same: it is dropped. With fewer
        than a hundred cases (of the rarest class) the last weighing asks for more variety: the bound is 1 less ten by
        their number, down to .5.
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
    direction_ : ndarray of int, shape (n_kept,)
        How the label moves as a kept formula rises, where both halves of time say so: 1 or -1, else 0.
    label_kind_ : str or None
        What y was taken to be.
    null_ : Null or None
        What the best candidate reaches by chance on shuffled labels, and what was asked for.
    interrupted_ : bool
        Whether the search was ended by Ctrl-C; it then kept the best it had.
    fitted_ : dict of str to Population
        Statistics of the training observations that kept formulas compare with (``by=``).
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
        force: Sequence[str] | Mapping[str, str] = (),
        forbid: Sequence[str] = (),
        budget: Mapping[str, str | int] | None = None,
        layers: int = 2,
        label_kind: str = "auto",
        directions: Mapping[str, str] | None = None,
        search_rows: int = 50_000,
        apart: bool = False,
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
        self.layers = layers
        self.label_kind = label_kind
        self.directions = directions
        self.search_rows = search_rows
        self.apart = apart
        self.correlation = correlation
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    # ------------------------------------------------------------ scikit-learn
    def fit(self, X: Any, y: Any = None, groups: Any = None) -> AutoFeatures:
        """Search formulas on training observations.

        Parameters
        ----------
        X : frame, shape (n, ...)
            Key, cutoff and columns of the observations' own.
        y : array-like, shape (n,), optional
            Classes or numbers; without it, formulas are kept as enumerated, without constants and twins.
        groups : array-like, shape (n,), optional
            Of a ranking: what is ranked together. Left out: observations of one cutoff.
        """
        self._check_parameters()
        self._sight = Sight.of(self, X)
        self._sight.remember(self, X)
        n = self._sight.n_rows(X)
        told = read_target(y, n, self.label_kind)
        self.label_kind_, self.classes_ = told.kind, told.classes
        if groups is not None:
            check_consistent_length(np.empty(n), groups)
            groups = np.unique(np.asarray(groups), return_inverse=True)[1]
        self._search(X, told, groups)
        return self

    def transform(self, X: Any) -> Any:
        """Compute the kept formulas.

        Returns
        -------
        frame of X's kind (or ndarray for an ndarray), shape (n, n_kept), in X's order
        """
        check_is_fitted(self, "formulas_")
        seen = self._sight.observe(self, X)
        columns = self._evaluate(self._nodes, seen, np.float64, self.fitted_)
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
        own = self._sight.own
        return FormulaSet(self.formulas_, self._names, engine.entity, engine.key, engine.cutoff, own, self.fitted_)

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
    def _search(self, X: Any, told: Target, groups: NDArray[np.int64] | None) -> None:
        budget = self.budget or {}
        clock = Clock(parse_seconds(budget.get("time")), parse_count(budget.get("candidates")))
        sight = self._sight
        everything = sight.observe(self, X)
        rows = _in_time_order(everything.cutoff, self.search_rows)
        seen = sight.observe(self, X, rows)
        label = None
        if told.values is not None:
            apart = seen.cutoff if groups is None else groups[rows]
            label = Label.of(str(told.kind), told.values[rows], told.n_classes, apart)
        limits = Limits(
            tuple(self.windows), max_up=self.max_up, max_down=self.max_down, combined=12 * (self.layers > 1)
        )
        enumeration = Enumeration(sight.engine, seen, limits, tuple(self.forbid), dated=sight.dated)
        ledger = Ledger()
        searching = clock.candidates != 0
        parts = _distinct(enumeration.parts()) if searching else []
        parts = clock.share_out(parts, ledger, deeper=self.layers > 2)
        memory = parse_bytes(budget.get("memory"))
        self.forecast_: Forecast = forecast(
            sight.engine, seen, sum(map(len, parts)), pool_size(self.keep, seen.size), memory
        )
        directions = None
        if label is not None:
            directions = Directions(self.directions or {}, label, halves_of(seen.cutoff, self.random_state))
        search = Search(
            lambda nodes: np.asarray(self._evaluate(nodes, seen, np.float32), dtype=np.float32).reshape(-1, seen.size),
            seen.cutoff, label, keep=self.keep, correlation=self.correlation, ledger=ledger, tell=self._tell,
            clock=clock, directions=directions if self.directions else None, seed=self.random_state,
            n_threads=self.n_jobs, person=people_apart(seen.ids, self.random_state) if self.apart else None,
        )  # fmt: skip
        deeper = None
        if self.layers > 2:
            deeper = Deeper(sight.schema, sight.entity, enumeration.conditions, enumeration.groups)
        none = np.empty(0)
        found = search.run(parts, self.forecast_, enumeration.titles(), deeper) if searching else Found([], none, none)
        self.interrupted_, self.null_ = search.interrupted, search.null
        self._nodes, self.gain_, self.stability_ = list(found.nodes), found.gain, found.stability
        self._add_forced(ledger)
        self.fitted_ = sight.engine.fit(self._nodes, everything)
        self.ledger_ = ledger
        self._names = _unique_names(self._nodes, self._stated_names())
        self.formulas_ = [to_text(node) for node in self._nodes]
        self.coverage_ = self._coverage(ledger, seen)
        self.direction_ = self._directions(directions, seen)
        self.n_features_out_ = len(self.formulas_)
        self._tell(self._said(), 1.0)

    def _directions(self, directions: Directions | None, seen: Any) -> NDArray[np.int64]:
        if directions is None:
            return np.zeros(len(self._nodes), dtype=np.int64)
        return np.array([directions.observed(c) for c in self._evaluate(self._nodes, seen, np.float32)], dtype=np.int64)

    def _said(self) -> str:
        if self.null_ is not None and not self.null_.found and not self._nodes:
            return f"nothing beats chance: none of {self.null_.trials:,} formulas was kept"
        return f"features kept: {len(self.formulas_)}"

    def _check_parameters(self) -> None:
        for name, value, known in (
            ("layers", self.layers, (1, 2, 3)),
            ("label_kind", self.label_kind, ("auto", *KINDS)),
        ):
            if value not in known:
                raise FeaturesError(
                    f"AutoFeatures does not know this {name}.",
                    expected=" or ".join(map(repr, known)),
                    got=repr(value),
                    where=f"AutoFeatures({name}=...)",
                    fix=did_you_mean(str(value), map(str, known)),
                )

    def _add_forced(self, ledger: Ledger) -> None:
        for text in self.force.values() if isinstance(self.force, Mapping) else self.force:
            node = parse(text)
            self._sight.engine.bind(node, self._sight.own)
            if node not in self._nodes:
                self._nodes.append(node)
                self.gain_, self.stability_ = np.append(self.gain_, 0.0), np.append(self.stability_, np.nan)
                ledger.keep(node)

    def _stated_names(self) -> dict[Node, str]:
        return {parse(text): name for name, text in self.force.items()} if isinstance(self.force, Mapping) else {}

    def _coverage(self, ledger: Ledger, seen: Any) -> NDArray[np.float64]:
        """The share of values that are there; of forced formulas, which were not tried, it is looked up."""
        out = np.array([ledger.coverage(node) for node in self._nodes], dtype=np.float64)
        untried = np.flatnonzero(np.isnan(out))
        if len(untried) and seen.size:
            columns = self._evaluate([self._nodes[i] for i in untried], seen, np.float32)
            out[untried] = [1.0 - np.isnan(column).mean() for column in columns]
        return out

    def _evaluate(
        self, nodes: list[Node], seen: Any, dtype: Any, fitted: Mapping[str, Population] | None = None
    ) -> list[NDArray]:
        engine = self._sight.engine
        if fitted is None:  # in the search, what is compared with is fitted on the rows that it looks at
            fitted = engine.fit(nodes, seen)
        values = engine.evaluate(nodes, seen, dtype=dtype, fitted=fitted)
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


def _unique_names(nodes: list[Node], stated: Mapping[Node, str]) -> list[str]:
    taken = {stated[node] for node in nodes if node in stated}
    out: list[str] = []
    for node in nodes:
        name = stated.get(node)
        if name is None:
            name, copy = short_name(node), 2
            while name in taken:
                name, copy = f"{short_name(node)}_{copy}", copy + 1
        taken.add(name)
        out.append(name)
    return out
