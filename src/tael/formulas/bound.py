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
    """

    up: tuple[str, ...]
    down: tuple[tuple[str, str], ...]

    @property
    def base(self) -> str:
        """The table whose rows are aggregated."""
        return self.down[-1][0]

    def __len__(self) -> int:
        return len(self.up) + len(self.down)


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


Bound = BoundLiteral | BoundCutoff | BoundColumn | BoundCall | BoundAggregate


def walk_bound(bound: Bound) -> Iterator[Bound]:
    """Every node of the tree, parents before children; goes into the aggregates too.

    >>> list(walk_bound(BoundCutoff()))
    [BoundCutoff()]
    """
    yield bound
    if isinstance(bound, BoundCall):
        for child in bound.args:
            yield from walk_bound(child)
    elif isinstance(bound, BoundAggregate):
        for part in (bound.value, bound.where):
            if part is not None:
                yield from walk_bound(part)
