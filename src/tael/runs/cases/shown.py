"""Rows of a table as a page shows them: what was known then, masked, the most telling columns first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.engine import Engine
from tael.formulas.networks import amount_of
from tael.formulas.values import NAT
from tael.reports.cases import Rows, Text
from tael.runs.cases.masking import Masking
from tael.runs.reasons import shown
from tael.tables.schema import Role, Type

COLUMNS = 8
"""Of a table that are shown at most."""
NOTHING = "–"
_LANGUAGES = ("en", "zh")


class Shower:
    """Shows rows of the tables to one case.

    Parameters
    ----------
    engine : Engine
    cutoff : int
        Microseconds: a value that became known at it or later is not shown.
    mask : Masking
    """

    def __init__(self, engine: Engine, cutoff: int, mask: Masking) -> None:
        self.engine, self.cutoff, self.mask = engine, cutoff, mask
        self.schema = engine.tables.schema

    def title(self, table: str, column: str | None = None) -> dict[str, str]:
        """How a table or column is called."""
        return {lang: self.schema.title_of(table, column, lang) for lang in _LANGUAGES}  # type: ignore[arg-type]

    def columns(self, table: str) -> list[str]:
        """The columns worth showing: the time, who, how much, then the rest; never labels or what is ignored."""
        promise = self.schema.tables[table]
        amount = amount_of(self.schema, table)
        order: dict[str, int] = {}
        for name, column in promise.columns.items():
            if column.role is not Role.FEATURE or name in (promise.known_at, *self._clocks(table)):
                continue
            if name == promise.time:
                order[name] = 0
            elif name == promise.key:
                order[name] = 6
            elif name == amount:
                order[name] = 2
            elif column.to is not None:
                order[name] = 1 if column.to in self.schema.tables else 5
            else:
                order[name] = 3 if column.type is not Type.TEXT else 7
        return sorted(order, key=lambda name: order[name])[:COLUMNS]

    def _clocks(self, table: str) -> set[str]:
        """Columns that only say when others became known."""
        return {column.known_at for column in self.schema.tables[table].columns.values() if column.known_at}

    def cell(self, table: str, column: str, row: int) -> Text:
        """One value, as known then."""
        known = self.engine.store.column_known(table, column)
        if known is not None and (known[row] >= self.cutoff or known[row] == NAT):
            return NOTHING
        value = self.engine.tables[table][column][row]
        if value is None:
            return NOTHING
        promise = self.schema.tables[table].column(column)
        if promise.type is Type.TIME:
            return str(value)[:19].removesuffix(" 00:00:00")
        if self.mask.linked(table, column) or self.mask.personal(table, column):
            return self.mask.value(table, column, value)
        if promise.type is Type.NUMBER:
            return shown(float(value))
        if promise.type is Type.FLAG:
            return {"en": "yes" if value else "no", "zh": "是" if value else "否"}
        return self.mask.value(table, column, value)

    def numeric(self, table: str, column: str) -> bool:
        """Whether a column stands to the right."""
        return self.schema.tables[table].column(column).type is Type.NUMBER and not self.mask.linked(table, column)

    def rows(
        self, table: str, rows: NDArray[np.int64], most: int, *, title: Text | None = None, note: Text = "",
        first: Sequence[tuple[Text, Any]] = (),
    ) -> Rows:  # fmt: skip
        """The latest of some rows, the last first.

        Parameters
        ----------
        table : str
        rows : ndarray of int64
            In the order of time.
        most : int
        title : Text, optional
            Left out: the table's.
        note : Text
        first : sequence of (Text, callable)
            Further columns before the others: what they are called, and what a row shows there.
        """
        columns = self.columns(table)
        chosen = rows[::-1][:most].tolist()
        cells = tuple(
            (*(make(row) for _, make in first), *(self.cell(table, column, row) for column in columns))
            for row in chosen
        )
        heads = tuple([head for head, _ in first] + [self.title(table, column) for column in columns])
        words = (*range(len(first)), *(len(first) + k for k, c in enumerate(columns) if not self.numeric(table, c)))
        left = len(rows) - len(chosen)
        if left > 0:
            more = {
                "en": f"The latest {len(chosen)} of {len(rows):,} rows.",
                "zh": f"共 {len(rows):,} 行，显示最近 {len(chosen)} 行。",
            }
            note = _both(note, more)
        return Rows(self.title(table) if title is None else title, heads, cells, words, note)


def said(text: Text, lang: str) -> str:
    """A text in one language."""
    return text if isinstance(text, str) else text.get(lang, "")


def _both(first: Text, second: Text) -> dict[str, str]:
    return {lang: " ".join(part for part in (said(first, lang), said(second, lang)) if part) for lang in _LANGUAGES}
