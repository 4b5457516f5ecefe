"""Candidates that look at a table of edges as a network: who pays whom, in which order, and what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from tael.formulas.durations import Duration
from tael.formulas.networks import amount_of, edge_tables
from tael.formulas.parser import NETWORK_OPTIONS
from tael.formulas.relations import relations_of
from tael.formulas.syntax import Call, Literal, Name, Node
from tael.tables.schema import Schema

COUNTS = (
    "fan_in",
    "fan_out",
    "in_degree",
    "out_degree",
    "new_counterparties",
    "reciprocity",
    "night_share",
    "dormancy",
)
SHAPES = ("scatter_gather", "gather_scatter", "stack", "bipartite")
STRUCTURE = ("component", "pagerank", "coreness")
SPANS = ("1h", "1d")  # of a surge, and of a meeting
MEETINGS = ("met", "met_again", "most_met")
STAYS = ("1d", "7d")  # how long money that passes through may stay
CYCLES = (2, 3, 4)
CYCLE, CHAIN, HANDS = "30d", "7d", 5.0
THRESHOLDS = (10_000.0, 50_000.0)  # of reports on cash and transfers
MANY = 20  # different values from which on sharing one means something


def candidates(
    schema: Schema, entity: str, windows: Sequence[str | None], max_up: int, is_forbidden: Callable[[str, str], bool]
) -> Iterator[tuple[str, Iterator[Node]]]:
    """The networks that an entity, or what it points to, is part of.

    Parameters
    ----------
    schema : Schema
    entity : str
    windows : sequence of str or None
        None: everything.
    max_up : int
        The most foreign keys followed upwards.
    is_forbidden : callable of (table, column)

    Yields
    ------
    (str, iterator of Node)
        The table of edges, and its formulas.

    Examples
    --------
    >>> schema = Schema.from_dict({"accounts": {"key": "id"}, "transfers": {"time": "at", "columns": {
    ...     "sender": {"to": "accounts"}, "receiver": {"to": "accounts"}, "amount": {"type": "number"}}}})
    >>> (table, formulas), = candidates(schema, "accounts", ["30d"], 2, lambda table, column: False)
    >>> from tael.formulas.printer import to_text
    >>> to_text(next(formulas))
    'fan_in(transfers, last="30d")'
    """
    relations = relations_of(schema)
    for way in relations.ways_up(entity):
        if len(way.steps) > max_up:
            continue
        via = ".".join(column for _, column in way.steps)
        for table, ends in edge_tables(schema, way.end).items():
            if not any(is_forbidden(table, column) for column in ends):
                amount = amount_of(schema, table)
                money = None if amount is None or is_forbidden(table, amount) else Name((table, amount))
                yield table, _of_table(Name((table,)), money, _fixed(windows), via or None)


def shared(column: Name, windows: Sequence[str | None], via: str | None) -> Iterator[Node]:
    """Others who used the same thing."""
    for window in _fixed(windows):
        yield _call("shared", column, via, last=window)


def meetings(column: Name, windows: Sequence[str | None], via: str | None) -> Iterator[Node]:
    """Others who were at the same place at the same time, and those who were so again.

    >>> from tael.formulas.printer import to_text
    >>> to_text(next(meetings(Name(("visits", "provider_id")), ["90d"], None)))
    'met(visits.provider_id, within="1h", last="90d")'
    """
    for window in _fixed(windows):
        for span in SPANS:
            for op in MEETINGS:
                yield _call(op, column, via, within=span, last=window)


def _of_table(table: Name, money: Name | None, windows: Sequence[str | None], via: str | None) -> Iterator[Node]:
    longest = windows[-1]
    for window in windows:
        for op in COUNTS:
            yield _call(op, table, via, last=window)
        for part, of in (("fan_in", "in_degree"), ("fan_out", "out_degree"), ("in_degree", "out_degree")):
            yield Call("div", (_call(part, table, via, last=window), _call(of, table, via, last=window)))
        yield Call("div", (_call("fan_in", table, via, last=window), _call("fan_out", table, via, last=window)))
        for op in SHAPES:
            yield _call(op, table, via, last=window)
        for span in SPANS:
            yield _call("surge", table, via, within=span, last=window)
        if money is not None:
            for stay in STAYS:
                yield _call("pass_through", money, via, within=stay, last=window)
            yield _call("residence", money, via, within=STAYS[-1], last=window)
            yield _call("chain", money, via, length=HANDS, within=CHAIN, last=window)
            for below in THRESHOLDS:
                yield _call("structuring", money, via, below=below, last=window)
            for op in ("round_share", "repeated_amounts"):
                yield _call(op, money, via, last=window)
    for length in CYCLES:
        yield _call("cycles", table, via, length=float(length), within=CYCLE, last=longest)
    for op in STRUCTURE:
        yield _call(op, table, via, last=longest)


def _call(op: str, argument: Name, via: str | None, **options: str | float | None) -> Call:
    given = {key: Literal(value) for key, value in (options | {"via": via}).items() if value is not None}
    return Call(op, (argument,), tuple((key, given[key]) for key in NETWORK_OPTIONS if key in given))


def _fixed(windows: Sequence[str | None]) -> list[str | None]:
    """Windows of one length: calendar months and years in days."""
    out: list[str | None] = []
    for window in windows:
        span = None if window is None else Duration.parse(window)
        if span is not None and span.unit in ("mo", "y"):
            window = f"{round(span.days)}d"
        if window not in out:
            out.append(window)
    return out
