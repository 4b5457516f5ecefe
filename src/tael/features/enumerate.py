"""Layer one: every typed combination of operator, column, condition and window along every path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tael.engine import Engine
from tael.engine.observed import Observed
from tael.features import vocabulary as words
from tael.features.vocabulary import Expression, Visible, Vocabulary
from tael.formulas.bound import BoundAggregate, Path
from tael.formulas.relations import path_text, paths
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.formulas.values import Values
from tael.tables.schema import Role, Schema, Type

OF_NUMBERS = ("mean", "sum", "min", "max", "std", "last", "trend")
OF_FLAGS = ("mean", "sum", "last")
OF_CONDITIONS = ("count", "share", "days_since_last")


@dataclass(frozen=True)
class Limits:
    """How far the enumeration goes.

    Parameters
    ----------
    windows : tuple of str
        ``"all"`` for everything known so far.
    max_up, max_down : int
        Steps of a path.
    levels : int
        Frequent categories of a column that become conditions.
    differences, ratios : int
        Derived row expressions of each kind for a table.
    """

    windows: tuple[str, ...] = ("30d", "90d", "180d", "all")
    max_up: int = 2
    max_down: int = 2
    levels: int = 8
    differences: int = 15
    ratios: int = 24


class Enumeration:
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
        self.engine, self.seen, self.limits, self.forbid = engine, seen, limits, set(forbid)
        self.dated = dated
        self.schema: Schema = engine.tables.schema

    def __iter__(self) -> Iterator[Node]:
        yield from self.own()
        for path in (
            () if not self.dated else paths(self.schema, self.engine.entity, self.limits.max_up, self.limits.max_down)
        ):
            if path.base not in self.forbid:
                yield from self.along(path)

    # ------------------------------------------------------------ the observation's own row and its parents
    def own(self) -> Iterator[Node]:
        """Formulas on the observation's own columns and its parents'."""
        names = self._own_names()
        numbers: list[Node] = []
        times: list[Node] = []
        for name, kind in names:
            if kind == Type.TIME:
                times.append(name)
            elif kind in (Type.NUMBER, Type.FLAG):
                yield name
                if kind == Type.NUMBER and len(name.parts) == 1:
                    numbers.append(name)
            elif kind == Type.CATEGORY:
                values = self.engine.evaluate([name], self.seen)[0]
                levels = words.frequent_levels(values, 2 * self.limits.levels, 0.01)
                if len(levels) > 1:
                    for level in levels:
                        yield words.equals(name, level)
        if self.dated:
            for time in times:
                yield Call("days_since", (time,))
            for part in ("hour", "weekday", "day"):
                yield Call(part, (Name(("cutoff",)),))
        for i, a in enumerate(times):
            for b in times[:i]:
                yield Call("sub", (a, b))
        for ratio in words.row_ratios(numbers, numbers, 4 * self.limits.ratios):
            yield ratio.node

    def _own_names(self) -> list[tuple[Name, Type]]:
        entity, schema = self.engine.entity, self.schema
        out: list[tuple[Name, Type]] = []
        promise = schema.tables.get(entity)
        for column, kind in self.seen.own.items():
            if not self._links(column) and column not in self.forbid:
                out.append((Name((column,)), kind))
        if promise is None:
            return out
        for column, detail in promise.columns.items():
            skip = column in self.seen.own or column == promise.key or detail.to or detail.role != Role.FEATURE
            if not skip and not self._forbidden(entity, column) and column not in self.forbid:
                out.append((Name((column,)), detail.type or Type.TEXT))
        for foreign, detail in promise.columns.items():
            parent = detail.to
            if parent is None or parent not in schema.tables or parent in self.forbid:
                continue
            alone = sum(other.to == parent for other in promise.columns.values()) == 1
            for column, above in schema.tables[parent].columns.items():
                usable = above.role == Role.FEATURE and above.to is None and column != schema.tables[parent].key
                if usable and not self._forbidden(parent, column):
                    out.append((Name((parent if alone else foreign, column)), above.type or Type.TEXT))
        return out

    def _links(self, column: str) -> bool:
        promise = self.schema.tables.get(self.engine.entity)
        return bool(promise and promise.column(column).to)

    def _forbidden(self, table: str, column: str) -> bool:
        return f"{table}.{column}" in self.forbid

    # ------------------------------------------------------------ child rows
    def along(self, path: Path) -> Iterator[Node]:
        """Formulas that aggregate the rows at the end of a path."""
        table = Name((path.base,))
        vocabulary = self._vocabulary(path)
        timeless = self.schema.tables[path.base].time is None
        windows: list[str | None] = [None if w == "all" else w for w in self.limits.windows]
        if timeless:
            windows = [None]

        def call(op: str, argument: Node, window: str | None, where: Node | None = None) -> Call:
            return self._call(path, op, argument, window, where)

        for window in windows:
            yield call("count", table, window)
            for expression in vocabulary.expressions:
                if expression.type == Type.CATEGORY:
                    yield call("n_unique", expression.node, window)
                    continue
                for op in OF_FLAGS if expression.type == Type.FLAG else OF_NUMBERS:
                    if not (timeless and op in ("last", "trend")):
                        yield call(op, expression.node, window)
            for condition in vocabulary.conditions:
                for op in OF_CONDITIONS:
                    if not (op == "days_since_last" and (timeless or window is not None)):
                        yield call(op, table, window, condition)
        if not timeless:
            for window in windows:
                for op in ("gap_mean", "gap_std", "days_since_last", "days_since_first"):
                    if window is None or op.startswith("gap"):
                        yield call(op, table, window)
        plain = [e for e in vocabulary.expressions if e.type == Type.NUMBER and not e.derived][:4]
        for window in windows:
            for condition in vocabulary.conditions:
                for expression in plain:
                    if expression.node not in getattr(condition, "args", ()):
                        for op in ("sum", "mean"):
                            yield call(op, expression.node, window, condition)

    def _vocabulary(self, path: Path) -> Vocabulary:
        base = path.base
        # an expression that names only parents has no base: the parent itself would be aggregated
        names = [
            entry
            for entry in words.table_names(self.schema, base)
            if not self._forbidden(entry[1], entry[2]) and entry[1] not in self.forbid
        ]
        visible = words.visible_rows(self.engine, self.seen, path)
        own = [entry for entry in names if entry[1] == base]
        numbers = [Expression(name, kind) for name, _, _, kind in own if kind == Type.NUMBER]
        flags = [Expression(name, kind) for name, _, _, kind in own if kind == Type.FLAG]
        categories = [Expression(name, kind) for name, _, _, kind in own if kind == Type.CATEGORY]
        differences = [
            expression
            for expression in words.row_differences(names, self.limits.differences)
            if _names_table(expression.node, base)
        ]
        per: list[Node] = [e.node for e in numbers]
        ratios = words.row_ratios([e.node for e in (*numbers, *differences)], per, self.limits.ratios)
        keys = [
            Expression(Name((base, column)), Type.CATEGORY)
            for column, detail in self.schema.tables[base].columns.items()
            if detail.to is not None and column != path.down[-1][1] and not self._forbidden(base, column)
        ]
        conditions: list[Node] = []
        for expression in categories:
            name = expression.node
            assert isinstance(name, Name)
            values = self._visible(expression, path, visible)
            levels = words.frequent_levels(values, self.limits.levels, 0.005)
            conditions += [words.equals(Name((name.parts[1],)), level) for level in levels]
        conditions += [Name((e.node.parts[1],)) for e in flags if isinstance(e.node, Name)]
        for expression in (*differences, *numbers):
            for cut in words.thresholds(self._visible(expression, path, visible).data, (0.5, 0.9)):
                conditions.append(Call("gt", (_inside(expression.node, base), Literal(cut))))
        for name, _, column, kind in own:
            late = self.schema.tables[base].column(column).known_at
            if late is not None and kind == Type.TIME:
                conditions.append(Call("is_missing", (Name((column,)),)))
        return Vocabulary([*numbers, *differences, *ratios, *flags, *categories, *keys], conditions)

    def _call(self, path: Path, op: str, argument: Node, window: str | None = None, where: Node | None = None) -> Call:
        options: list[tuple[str, Node]] = []
        if where is not None:
            options.append(("where", where))
        if window is not None:
            options.append(("last", Literal(window)))
        via = path_text(path, self.schema, self.engine.entity)
        if via is not None:
            options.append(("via", Literal(via)))
        return Call(op, (argument,), tuple(options))

    def _visible(self, expression: Expression, path: Path, visible: Visible) -> Values:
        """An expression's values on the rows that training observations knew, as they knew them."""
        bound = self.engine.bind(self._call(path, "count", expression.node), self.seen.own)
        assert isinstance(bound, BoundAggregate)
        assert bound.value is not None
        return visible.read(self.engine.children(path).dated(bound.value))


def _names_table(node: Node, table: str) -> bool:
    match node:
        case Name(parts=(first, _)):
            return first == table
        case Call(args=args):
            return any(_names_table(a, table) for a in args)
    return False


def _inside(node: Node, base: str) -> Node:
    """A condition names the base table's columns without the table."""
    match node:
        case Name(parts=(first, column)) if first == base:
            return Name((column,))
        case Call(op=op, args=args, options=options):
            return Call(op, tuple(_inside(a, base) for a in args), options)
    return node
