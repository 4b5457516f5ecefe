"""What the tables promised when a model was trained, as far as its formulas rest on it; held against new tables.

Types may be guessed from the data. A batch of five rows may lead to another guess than a million did, and a special
code that is no longer declared turns into a number: the same formula would then have another meaning, unseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tael.engine import Engine
from tael.errors import RunError
from tael.formulas.bound import BoundAggregate, BoundColumn, walk_bound
from tael.tables.schema import Type

Promise = dict[str, dict[str, Any]]


def promise_of(engine: Engine, formulas: Iterable[str], own: Mapping[str, Type] | None = None) -> Promise:
    """The promises that formulas rest on, by table and by ``table.column``.

    Parameters
    ----------
    engine : Engine
        On the tables that promise.
    formulas : iterable of str
    own : dict of str to Type, optional
        Names of the formulas that are no columns of the tables: a model's outputs, a decision's terms.

    Returns
    -------
    dict
        Plain data.
    """
    schema = engine.tables.schema
    tables: set[str] = {engine.entity}
    columns: set[tuple[str, str]] = set()
    for formula in formulas:
        for node in walk_bound(engine.bind(formula, own)):
            if isinstance(node, BoundColumn) and not (own and node.column in own and node.table == engine.entity):
                columns.add((node.table, node.column))
                columns.update(_upwards(engine, node.grain, node.hops))
            elif isinstance(node, BoundAggregate):
                columns.update(_upwards(engine, node.grain or engine.entity, node.path.up))
                columns.update(node.path.down)
    tables |= {table for table, _ in columns}
    out: Promise = {}
    for table in sorted(tables & set(schema.tables)):
        promise = schema.tables[table]
        out[table] = {"key": promise.key, "time": promise.time, "known_at": promise.known}
        for name in sorted(column for of, column in columns if of == table and column in promise.columns):
            detail = promise.columns[name]
            out[f"{table}.{name}"] = {
                # a key is read by its value, whatever type the file holds it in
                "type": None if detail.to or name == promise.key else str(detail.type),
                "to": detail.to,
                "known_at": detail.known_at,
                "special": sorted(detail.special),
            }
    return out


def hold(promised: Mapping[str, Mapping[str, Any]], now: Promise) -> None:
    """Refuse tables that promise otherwise than those the model was trained on.

    Raises
    ------
    RunError
        Names every difference.
    """
    told = [
        f"{where}: {name} was {_told(then)}, is {_told(now[where].get(name))}"
        for where, details in promised.items()
        if where in now
        for name, then in details.items()
        if now[where].get(name) != then
    ]
    if told:
        raise RunError(
            "The tables promise otherwise than those that the model was trained on.",
            expected="the same types, times, special codes and relations of the columns that its formulas name",
            got="; ".join(told[:10]) + (f"; and {len(told) - 10} more" if len(told) > 10 else ""),
            where="tables.toml",
            fix='State them there as they were, such as kind = { type = "category" }.',
        )


def _told(value: Any) -> str:
    if value is None or value == []:
        return "not stated"
    return ", ".join(f"{one:g}" for one in value) if isinstance(value, list) else str(value)


def _upwards(engine: Engine, table: str, hops: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The foreign keys that lead upwards from a table."""
    schema = engine.tables.schema
    for hop in hops:
        yield table, hop
        above = schema.tables[table].column(hop).to if table in schema.tables else None
        if above is None:
            return
        table = above
