"""A formula after its names were looked up: every node knows its type, every column its table and the way there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tael.formulas.durations import Duration
from tael.tables.schema import Type


@dataclass(frozen=True, slots=True)
class BoundLiteral:
    """A constant.

    Parameters
    ----------
    value : float, bool, str or int
        A float for ``number``, a bool for ``flag``, a str for ``category``, microseconds since 1970-01-01 for ``time``.
    type : Type
    """

    value: float | bool | str
    type: Type


@dataclass(frozen=True, slots=True)
class BoundCutoff:
    """The cutoff time of the observation."""

    @property
    def type(self) -> Type:
        """Always ``time``."""
        return Type.TIME


@dataclass(frozen=True, slots=True)
class BoundColumn:
    """A column of the grain, or of a table found upwards from it.

    Parameters
    ----------
    grain : str
        The table whose rows the formula stands on.
    hops : tuple of str
        Foreign-key columns followed upwards: the first one in ``grain``, the next in the table it points to.
    table, column : str
        Where the values lie. ``table`` equals ``grain`` when there are no hops.
    type : Type
    """

    grain: str
    hops: tuple[str, ...]
    table: str
    column: str
    type: Type


@dataclass(frozen=True, slots=True)
class BoundCall:
    """A row operator with its arguments."""

    op: str
    args: tuple[Bound, ...]
    type: Type


@dataclass(frozen=True, slots=True)
class Path:
    """The way from an observation to the rows of a child table: first up, then down.

    Parameters
    ----------
    up : tuple of str
        Foreign-key columns, from the entity's row upwards; empty if the target is the entity itself.
    down : tuple of (table, foreign key of that table)
        From the target downwards. The last table is the base of the aggregate.
    by : tuple of Bound
        Peers: rows of the entity's own table with the same values of these expressions, which stand on its rows
        (none: all of its rows). ``down`` then names the table alone, with an empty foreign key.
    """

    up: tuple[str, ...]
    down: tuple[tuple[str, str], ...]
    by: tuple[Bound, ...] = ()

    @property
    def peers(self) -> bool:
        """Whether the rows are the entity table's own, related by shared values of ``by``."""
        return self.down[-1][1] == ""

    @property
    def base(self) -> str:
        """The table whose rows are aggregated."""
        return self.down[-1][0]

    def __len__(self) -> int:
        return len(self.up) + len(self.down)


@dataclass(frozen=True, slots=True)
class Network:
    """What a network operator asks, beside what any aggregate says.

    Parameters
    ----------
    ends : (str, str)
        Columns of the edges: where an edge starts, and where it ends (``shared``: who used, and what).
    length : int
        Edges of a cycle or chain; 0: not asked.
    below : float
        A threshold of amounts; 0: not asked.
    """

    ends: tuple[str, str]
    length: int = 0
    below: float = 0.0


@dataclass(frozen=True, slots=True)
class BoundAggregate:
    """An aggregate over the rows of a child table.

    Parameters
    ----------
    op : str
    path : Path
    table : str
        The base table, on whose rows ``value`` and ``where`` stand.
    value : Bound or None
        What is aggregated; None where rows are counted (``count(table)``, ``share(table, where=...)``).
    where : Bound or None
        A flag; a row counts where it is true.
    window : Duration or None
        None: everything known before the cutoff (or, forward, everything from it on).
    forward : bool
        False: ``last=``, back from the cutoff. True: ``next=``, forward from it.
    gap : Duration or None
        Forward alone: the window begins so long after the cutoff.
    type : Type
    further : tuple of Bound
        The arguments after the first, on the base table's rows; constants are literals.
    after : Bound or None
        A second condition, of operators that take ``after=``.
    within : Duration or None
        A span, of operators that take ``within=``.
    grain : str or None
        Inside another aggregate: the table on whose rows this one is taken. None: on the observation.
    network : Network or None
        The rows are edges; ``path`` leads up to the node that is asked about.
    """

    op: str
    path: Path
    table: str
    value: Bound | None
    where: Bound | None
    window: Duration | None
    forward: bool
    gap: Duration | None
    type: Type
    further: tuple[Bound, ...] = ()
    after: Bound | None = None
    within: Duration | None = None
    grain: str | None = None
    network: Network | None = None


@dataclass(frozen=True, slots=True)
class BoundGroup:
    """A statistic over all that share the values of some expressions.

    Inside an aggregate: over the rows that the observation sees there. Outside: over the training observations, so
    its values must be fitted.

    Parameters
    ----------
    op : str
    table : str
        The table whose rows are grouped (outside: the entity's).
    value, where : Bound or None
        As of an aggregate, on the rows of ``grain`` or on the observation.
    by : tuple of Bound
        Empty: one group of all.
    window : Duration or None
        Inside alone.
    further : tuple of Bound
    grain : str or None
        None: the observation.
    text : str
        The formula of it, by which fitted values are kept.
    type : Type
    """

    op: str
    table: str
    value: Bound | None
    where: Bound | None
    by: tuple[Bound, ...]
    window: Duration | None
    further: tuple[Bound, ...]
    grain: str | None
    text: str
    type: Type


Bound = BoundLiteral | BoundCutoff | BoundColumn | BoundCall | BoundAggregate | BoundGroup


def walk_bound(bound: Bound) -> Iterator[Bound]:
    """Every node of the tree, parents before children; goes into the aggregates too.

    >>> list(walk_bound(BoundCutoff()))
    [BoundCutoff()]
    """
    yield bound
    if isinstance(bound, BoundCall):
        for child in bound.args:
            yield from walk_bound(child)
    elif isinstance(bound, BoundAggregate | BoundGroup):
        for part in parts_of(bound):
            yield from walk_bound(part)


def parts_of(bound: BoundAggregate | BoundGroup) -> Iterator[Bound]:
    """The expressions on child rows (or peers) that an aggregate is made of."""
    by = bound.by if isinstance(bound, BoundGroup) else bound.path.by
    after = None if isinstance(bound, BoundGroup) else bound.after
    for part in (bound.value, bound.where, after, *bound.further, *by):
        if part is not None:
            yield part


def in_row(bound: Bound) -> Iterator[Bound]:
    """The nodes of a row's own formula: goes into row operators, not into aggregates.

    >>> list(in_row(BoundCutoff()))
    [BoundCutoff()]
    """
    yield bound
    if isinstance(bound, BoundCall):
        for part in bound.args:
            yield from in_row(part)


def layered(one: BoundAggregate) -> bool:
    """Whether what is aggregated depends on who looks: further aggregates, siblings or the cutoff stand inside.

    >>> layered(BoundAggregate("count", Path((), (("loans", "customer_id"),)), "loans", None, None, None, False, None,
    ...                        Type.NUMBER))
    False
    """
    inside = (node for part in parts_of(one) for node in in_row(part))
    return any(isinstance(node, BoundAggregate | BoundGroup | BoundCutoff) for node in inside)
