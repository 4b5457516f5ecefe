"""Whose rows and columns a formula speaks of: owners, ways through tables, peers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from tael.formulas.bound import Bound, BoundAggregate, BoundColumn, BoundGroup, Path
from tael.formulas.grammar import glued, pointed_at, possessive, singular
from tael.formulas.relations import path_text, relations_of
from tael.tables.schema import Language, Schema

SUM, PHRASE = 5, 7
"""How tightly the words of a sum, and of a phrase, hold together; see :mod:`tael.formulas.words`."""


class Owners(ABC):
    """Speaks of tables, columns and the ways between them.

    Parameters
    ----------
    schema : Schema
    entity : str
    lang : {"en", "zh"}
    """

    def __init__(self, schema: Schema, entity: str, lang: Language) -> None:
        self.schema, self.entity, self.lang = schema, entity, lang
        self.english = lang == "en"

    @abstractmethod
    def say(self, bound: Bound, needed: int = 0, unit: str | None = None) -> str:
        """Any part of a formula; in brackets if its place needs words that hold more tightly."""

    def title(self, table: str, column: str) -> str:
        """A column's title; of a foreign key what it points at."""
        title = self.schema.title_of(table, column, self.lang)
        points = table in self.schema.tables and self.schema.tables[table].column(column).to is not None
        return pointed_at(title, self.lang) if points else title

    def noun(self, table: str) -> str:
        """A table's title."""
        return self.schema.title_of(table, None, self.lang)

    def column(self, bound: BoundColumn) -> str:
        """A column, with whose it is."""
        title = self.title(bound.table, bound.column)
        if not bound.hops:
            return title
        owner = self.owner(bound)
        return f"{possessive(owner)} {title}" if self.english else glued(owner, title)

    def by_table(self, bound: BoundColumn) -> bool:
        """Whether the table's name says which parent is meant."""
        return relations_of(self.schema).hops(bound.grain, bound.table) == [bound.hops]

    def owner(self, bound: BoundColumn) -> str:
        """Whose a parent's column is: the parent by its table where one way leads there, else by its foreign keys."""
        if not self.by_table(bound):
            return self.chain(bound.grain, bound.hops)
        owner = self.noun(bound.table)
        return singular(owner) if self.english and self.titled(bound.table) else owner

    def titled(self, table: str) -> bool:
        """Whether a table has an English title: only of a title do we know that it is an English plural."""
        known = self.schema.tables.get(table)
        return known is not None and bool(known.title.en)

    def one(self, table: str) -> str:
        """One row of a table, in English."""
        return singular(self.noun(table)) if self.titled(table) else f"row of {self.noun(table)}"

    def chain(self, table: str, hops: tuple[str, ...]) -> str:
        """Foreign keys in a row as owners: "guarantor's district"."""
        owners = []
        for hop in hops:
            owners.append(self.title(table, hop))
            table = relations_of(self.schema).foreign_keys[table][hop]
        if self.english:
            return " ".join([*(possessive(owner) for owner in owners[:-1]), owners[-1]])
        return "的".join(owners)

    def timed(self, table: str) -> str | None:
        """The time column of a table, if there is such a table."""
        promise = self.schema.tables.get(table)
        return None if promise is None else promise.time

    def peers(self, by: tuple[Bound, ...], early: tuple[str, str]) -> tuple[str, str, str]:
        """Rows that share values: "training ", "earlier " or nothing comes before them."""
        shared = [self.say(part, SUM) for part in by]
        if self.english:
            after = f" with the same {' and '.join(shared)}" if shared else ""
            return "", early[0] if shared else f"all {early[0]}", after
        return early[1] + (f"相同{'、'.join(shared)}的" if shared else "全部"), "", ""

    def whose(self, bound: BoundAggregate | BoundGroup) -> tuple[str, str, str]:
        """Whose rows they are: what stands first (Chinese), "earlier" of the entity's own rows, and what stands last.

        Nothing is said of the way that is taken by default.
        """
        if isinstance(bound, BoundGroup):
            return self.peers(bound.by, ("training ", "训练样本中") if bound.grain is None else ("", ""))
        if bound.path.peers:
            return self.peers(bound.path.by, ("earlier ", "此前") if self.timed(bound.table) else ("", ""))
        path, entity = bound.path, bound.grain or self.entity
        target = self.target(path)
        shared = target not in self.schema.tables
        via = path_text(path, self.schema, entity)
        whose, early, after = "", "", ""
        if bound.table == entity and bound.grain is None:
            early = (
                ("later " if bound.forward else "earlier ") if self.english else ("此后" if bound.forward else "此前")
            )
        if via is None and not shared:
            return whose, early, after
        owners = [self.noun(table) for table, _ in path.down[:-1]]
        chain = self.chain(entity, path.up) if path.up else ""
        if self.english:
            after = "".join(f" of {owner}" for owner in reversed(owners))
            after += (f" sharing the {chain}" if shared else f" of the {chain}") if chain else ""
        else:
            lead = (f"同一{chain}的" if shared else f"{chain}的") if chain else ""
            whose = lead + "".join(f"{owner}的" for owner in owners)
        if via is not None and via != ".".join(path.up):
            table, column = path.down[-1]
            role = self.title(table, column)
            after += f" as {role}" if self.english else f"（作为{role}）"
        return whose, early, after

    def target(self, path: Path) -> str:
        """What the rows of a path share: a table's key, or a value without a table."""
        table, column = path.down[0]
        return relations_of(self.schema).foreign_keys[table][column]
