"""Layer one: every typed combination of operator, column, condition and window along every path."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.features import combine, networks, richer
from tael.features import vocabulary as words
from tael.features.own import Limits, OwnColumns
from tael.features.vocabulary import Entry, Expression, Visible, Vocabulary
from tael.formulas.bound import BoundAggregate, BoundCall, Path
from tael.formulas.relations import path_text, paths
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import Values
from tael.tables.schema import Role, Type

OF_NUMBERS = ("mean", "sum", "min", "max", "std", "last", "trend")
# a sum of ratios or of days between means little
OF_DERIVED = ("mean", "min", "max", "std", "last", "trend")
OF_FLAGS = ("mean", "sum", "last")
OF_PARENTS = ("mean", "sum", "std", "max")
OF_CONDITIONS = ("count", "share", "days_since_last")


class Enumeration(OwnColumns):
    """The candidates of layer one for some training observations.

    Parameters
    ----------
    engine : Engine
    seen : Observed
        The training observations.
    limits : Limits
    forbid : tuple of str
        Columns (``amount``, ``customers.postcode``) and tables that no formula may name.
    dated : bool
        Whether the observations have cutoffs; without, a formula is a row's own columns alone.
    """

    def __init__(
        self, engine: Engine, seen: Observed, limits: Limits, forbid: tuple[str, ...] = (), *, dated: bool = True
    ) -> None:
        super().__init__(engine, seen, limits, forbid, dated=dated)
        self._via: dict[Path, str | None] = {}
        self.conditions: dict[tuple[str, str | None], list[Node]] = {}
        """Base table and way of a path, to the categories that its rows may be asked about."""

    def __iter__(self) -> Iterator[Node]:
        for part in self.parts():
            yield from part

    def parts(self) -> Iterator[list[Node]]:
        """The candidates in the order of their trial: the own row first, then path after path, short ones first."""
        yield list(self.own())
        if self.dated:
            for path in paths(self.schema, self.engine.entity, self.limits.max_up, self.limits.max_down):
                if path.base not in self.forbid:
                    yield list(self.along(path))
            for table, formulas in self._networks():
                yield [*formulas, *self._shared(table)]

    def titles(self) -> list[str]:
        """What each part is about, in the order of :meth:`parts`."""
        out = [self.engine.entity]
        if self.dated:
            for path in paths(self.schema, self.engine.entity, self.limits.max_up, self.limits.max_down):
                if path.base not in self.forbid:
                    way = path_text(path, self.schema, self.engine.entity)
                    out.append(path.base if way is None else f"{path.base} by way of {way}")
            out += [f"{table} as a network" for table, _ in self._networks()]
        return out

    # ------------------------------------------------------------ networks
    def _networks(self) -> Iterator[tuple[str, Iterator[Node]]]:
        """The tables of edges, and the formulas that look at each as a network."""
        if not self.limits.combined:
            return
        windows = [None if w == "all" else w for w in self.limits.windows]
        forbidden = self.is_forbidden
        found = networks.candidates(self.schema, self.engine.entity, windows, self.limits.max_up, forbidden)
        yield from ((table, formulas) for table, formulas in found if table not in self.forbid)

    def _shared(self, network: str) -> Iterator[Node]:
        """Things that those whom a network joins may have in common: devices, addresses, phones."""
        windows = [None if w == "all" else w for w in self.limits.windows]
        for path in paths(self.schema, self.engine.entity, self.limits.max_up, 1):
            ends = networks.edge_tables(self.schema, self.engine.store.target(*path.down[0]))
            if path.base in self.forbid or network not in ends:
                continue
            visible = words.visible_rows(self.engine, self.seen, path)
            for column, detail in self.schema.tables[path.base].columns.items():
                free = detail.type is Type.CATEGORY and detail.to is None and detail.role is Role.FEATURE
                if not free or column == self.schema.tables[path.base].key or self.is_forbidden(path.base, column):
                    continue
                codes = self._visible(Name((column,)), path, visible).data
                if len(np.unique(codes[codes >= 0])) >= networks.MANY:
                    via = path_text(path, self.schema, self.engine.entity)
                    yield from networks.shared(Name((path.base, column)), windows, via)

    # ------------------------------------------------------------ child rows
    def along(self, path: Path) -> Iterator[Node]:
        """Formulas that aggregate the rows at the end of a path."""
        table = Name((path.base,))
        vocabulary = self._vocabulary(path)
        self._remember(path, vocabulary)
        timeless = self.schema.tables[path.base].time is None
        windows: list[str | None] = [None if w == "all" else w for w in self.limits.windows]
        if timeless:
            windows = [None]

        # a slope over a handful of days is noise
        longest = {None, windows[-1], *windows[-2:-1]}

        def call(op: str, argument: Node, window: str | None, where: Node | None = None) -> Call:
            return self._call(path, op, argument, window, where)

        for window in windows:
            yield call("count", table, window)
            for expression in vocabulary.expressions:
                if expression.type == Type.CATEGORY:
                    yield call("n_unique", expression.node, window)
                    continue
                for op in self._operators(expression):
                    if not (timeless and op in ("last", "trend")) and not (op == "trend" and window not in longest):
                        yield call(op, expression.node, window)
            for condition in self._conditions(vocabulary, window):
                for op in OF_CONDITIONS:
                    if not (op == "days_since_last" and (timeless or window is not None)):
                        yield call(op, table, window, condition)
        for expression in vocabulary.above:
            for op in OF_FLAGS[:1] if expression.type == Type.FLAG else OF_PARENTS:
                yield call(op, expression.node, None)
        for kind in vocabulary.kinds if self.limits.combined else ():
            yield Call("div", (call("count", table, None), call("n_unique", kind, None)))
        if not timeless:
            for window in windows:
                for op in ("gap_mean", "gap_std", "days_since_last", "days_since_first"):
                    if window is None or op.startswith("gap"):
                        yield call(op, table, window)
        plain = [e for e in vocabulary.expressions if e.type == Type.NUMBER and not e.derived][:4]
        for window in windows:
            for condition in self._conditions(vocabulary, window):
                for expression in plain:
                    if expression.node not in getattr(condition, "args", ()):
                        for op in ("sum", "mean"):
                            yield call(op, expression.node, window, condition)

        numbers = [e for e in vocabulary.expressions if e.type == Type.NUMBER and not e.ratio][: self.limits.combined]
        if not timeless and self.limits.combined:
            spans = [w for w in self.limits.windows if w != "all"]
            yield from combine.over_time(call, table, numbers, spans)
        plain = [e for e in numbers if not e.derived]
        yield from combine.against_own(call, self.own_numbers, plain)
        if self.limits.combined:
            yield from self._richer(path, call, vocabulary, windows, timeless=timeless)

    def _richer(
        self, path: Path, call: richer.Aggregate, vocabulary: Vocabulary, windows: list[str | None], *, timeless: bool
    ) -> Iterator[Node]:
        """What looks at a history as a whole, and at histories within it."""
        table = Name((path.base,))
        numbers = [e for e in vocabulary.expressions if e.type == Type.NUMBER and not e.ratio]
        conditions = vocabulary.conditions
        yield from richer.order(call, numbers, vocabulary.kinds, conditions, windows)
        if not timeless:
            yield from richer.rhythm(call, table, numbers, conditions)
        if len(path.down) == 1 and not timeless:
            for key in self._places(path):
                yield from self._at_places(path, key, numbers, conditions, windows)
        if len(path.down) > 1:
            middle = path.down[-2][0]
            upper = Path(path.up, path.down[:-1])
            below = Path((), path.down[-1:])
            way = path_text(below, self.schema, middle)

            def outer(op: str, argument: Node, window: str | None) -> Call:
                return self._call(upper, op, argument, window)

            def inner(op: str, argument: Node, window: str | None) -> Call:
                return Call(op, (argument,), () if way is None else (("via", Literal(way)),))

            yield from richer.of_histories(outer, inner, table, numbers, middle)

    def _places(self, path: Path) -> list[str]:
        """Foreign keys of a path's rows that lead where several of those who own such rows meet."""
        base, foreign = path.down[0]
        store, found = self.engine.store, []
        if base in networks.edge_tables(self.schema, store.target(base, foreign)):
            return []
        owner = store.owners(base, foreign)
        for column, detail in self.schema.tables[base].columns.items():
            if detail.to is None or column == foreign or self.is_forbidden(base, column) or detail.to in self.forbid:
                continue
            place = store.owners(base, column)
            pairs = np.unique(np.stack([place, owner])[:, (place >= 0) & (owner >= 0)], axis=1)
            if pairs.shape[1] >= 2 * len(np.unique(pairs[0])):  # two owners or more at each, in the mean
                found.append(column)
        return found

    def _at_places(
        self, path: Path, key: str, numbers: list[Expression], conditions: list[Node], windows: list[str | None]
    ) -> Iterator[Node]:
        """Whom the owner met at a place, and what is usual there."""
        base, longest = path.down[0][0], windows[-1]
        via = path_text(path, self.schema, self.engine.entity)
        yield from networks.meetings(Name((base, key)), windows, via)

        def outer(op: str, argument: Node) -> Call:
            return self._call(path, op, argument, longest)

        # where two columns lead from a row to that place and back, the text says which
        around = path_text(Path((key,), ((base, key),)), self.schema, base)

        def inner(op: str, argument: Node, where: Node | None = None) -> Call:
            last = None if longest is None else Literal(longest)
            options = (("where", where), ("last", last), ("via", None if around is None else Literal(around)))
            return Call(op, (argument,), tuple((name, value) for name, value in options if value is not None))

        yield from richer.of_places(outer, inner, Name((base,)), numbers, conditions)

    def _remember(self, path: Path, vocabulary: Vocabulary) -> None:
        call = self._call(path, "count", Name((path.base,)))
        via = call.option("via")
        every = (*vocabulary.conditions, *vocabulary.remote)
        kinds = [one for one in every if isinstance(one, Call) and one.op == "eq"]
        special = [one for one in every if richer.is_special(one)]
        told: list[Node] = [*special, *kinds]
        self.conditions[path.base, str(via.value) if isinstance(via, Literal) else None] = told

    @staticmethod
    def _conditions(vocabulary: Vocabulary, window: str | None) -> list[Node]:
        # what is true of a row's parents is asked of the whole history alone: there are many such conditions
        return [*vocabulary.conditions, *(vocabulary.remote if window is None else ())]

    def _operators(self, expression: Expression) -> tuple[str, ...]:
        if expression.type == Type.FLAG:
            return OF_FLAGS
        return OF_DERIVED if expression.derived else OF_NUMBERS

    def _vocabulary(self, path: Path) -> Vocabulary:
        base, foreign = path.down[-1]
        promise = self.schema.tables[base]
        entries = [
            entry
            for entry in words.table_entries(self.schema, base, skip=foreign if len(path.down) == 1 else None)
            if not self.is_forbidden(entry.table, entry.column) and entry.table not in self.forbid
        ]
        visible = words.visible_rows(self.engine, self.seen, path)
        own = [entry for entry in entries if entry.table == base]
        groups = words.like_named([e for e in own if e.type == Type.CATEGORY])
        grouped = {entry.name for group in groups for entry in group}
        numbers = [Expression(e.name, e.type, unit=e.unit) for e in own if e.type == Type.NUMBER]
        flags = [Expression(e.name, e.type) for e in own if e.type == Type.FLAG]
        categories = [e for e in own if e.type == Type.CATEGORY]
        differences, spans = [], []
        for difference in words.row_differences(entries, base, promise.time, self.limits.differences):
            days = self._visible(_inside(difference.node, base), path, visible).data
            forward = words.forwards(difference, days)
            differences.append(forward)
            if words.is_span(forward, days if forward is difference else -days):
                spans.append(forward)
        ratios = words.row_ratios([*numbers, *differences], self.limits.ratios)
        ratios = [*words.row_rates(numbers, spans, self.limits.rates), *ratios]
        counts = [words.filled(group) for group in groups]
        keys = [
            Expression(Name((base, column)), Type.CATEGORY)
            for column, detail in promise.columns.items()
            if detail.to is not None and column != foreign and not self.is_forbidden(base, column)
        ]
        parents = [e for e in entries if e.table != base]
        conditions: list[Node] = []
        remote: list[Node] = [e.name for e in parents if e.type == Type.FLAG]
        for entry in (*categories, *(e for e in parents if e.type == Type.CATEGORY)):
            name = _inside_name(entry, base)
            levels = words.frequent_levels(self._visible(name, path, visible), self.limits.levels, 0.005)
            (conditions if entry.table == base else remote).extend(words.equals(name, level) for level in levels)
        conditions += [_inside_name(e, base) for e in own if e.type == Type.FLAG]
        single = [e for e in categories if e.name not in grouped]
        told = {e.name: self._visible(_inside_name(e, base), path, visible) for e in single}
        conditions += [
            Call("eq", (_inside_name(a, base), _inside_name(b, base)))
            for i, a in enumerate(single)
            for b in single[:i]
            if words.same_levels(told[a.name], told[b.name])
        ]
        above = [Expression(e.name, e.type) for e in parents if e.type == Type.NUMBER]
        for expression in (*differences, *numbers, *counts, *ratios[: self.limits.levels], *above):
            inside = _inside(expression.node, base)
            for cut in words.thresholds(self._visible(inside, path, visible).data, (0.5, 0.9)):
                (remote if expression in above else conditions).append(Call("gt", (inside, Literal(cut))))
        for entry in own:
            if entry.name not in grouped:
                absent = self._visible(_inside_name(entry, base), path, visible).missing
                if len(absent) and 0.01 <= float(absent.mean()) <= 0.99:
                    conditions.append(Call("is_missing", (_inside_name(entry, base),)))
        if promise.time is not None and not self.is_forbidden(base, promise.time):
            own_time = Name((base, promise.time))
            values = self._visible(_inside(own_time, base), path, visible)
            conditions += richer.times_of_day(own_time, values)
            many = [e.name for e in categories if len(set(told.get(e.name, values).levels or ())) >= richer.MANY]
            conditions += richer.first_meetings(own_time, [*(key.node for key in keys), *many][: richer.KINDS])
        labels = [Expression(e.name, Type.CATEGORY) for e in categories]
        kinds = [expression.node for expression in (*keys, *(Expression(e.name, e.type) for e in single))]
        self.engine.tidy()
        expressions = [*numbers, *differences, *ratios, *counts, *flags, *labels, *keys]
        return Vocabulary(expressions, conditions, remote, self._above(parents, base, path, visible), kinds)

    def _above(self, parents: list[Entry], base: str, path: Path, visible: Visible) -> list[Expression]:
        """What the rows' parents say of each row: how many of their like columns hold, and each number and flag."""
        out = []
        for group in words.same_prefix(parents):
            columns = [self._visible(entry.name, path, visible).data for entry in group]
            out.append(words.how_many([_over(entry, base) for entry in group], columns))
        for entry in parents:
            if entry.type in (Type.NUMBER, Type.FLAG):
                out.append(Expression(_over(entry, base), entry.type, unit=entry.unit))
        return out[: self.limits.above]

    def _call(self, path: Path, op: str, argument: Node, window: str | None = None, where: Node | None = None) -> Call:
        options: list[tuple[str, Node]] = []
        if where is not None:
            options.append(("where", where))
        if window is not None:
            options.append(("last", Literal(window)))
        via = self._via.get(path, "")
        if via == "":
            via = self._via[path] = path_text(path, self.schema, self.engine.entity)
        if via is not None:
            options.append(("via", Literal(via)))
        return Call(op, (argument,), tuple(options))

    def _visible(self, node: Node, path: Path, visible: Visible) -> Values:
        """The values of a row's expression on the rows that training observations knew, as they knew them."""
        asked = self._call(path, "count", Name((path.base,)), where=Call("is_missing", (node,)))
        bound = self.engine.bind(asked, self.seen.own)
        assert isinstance(bound, BoundAggregate)
        assert isinstance(bound.where, BoundCall)
        return visible.read(self.engine.children(path).dated(bound.where.args[0]))


def _inside(node: Node, base: str) -> Node:
    """A condition names the base table's columns without the table."""
    match node:
        case Name(parts=(first, column)) if first == base:
            return Name((column,))
        case Call(op=op, args=args, options=options):
            return Call(op, tuple(_inside(a, base) for a in args), options)
    return node


def _over(entry: Entry, base: str) -> Name:
    """A parent's column as what an aggregate goes over: the base table first, then the foreign key."""
    assert entry.through is not None
    return Name((base, entry.through, entry.column))


def _inside_name(entry: Entry, base: str) -> Name:
    return Name((entry.column,)) if entry.table == base else entry.name
