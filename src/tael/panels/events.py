"""Formulas on event tables as fields of a panel: fundamentals by announcement, top-trader lists, news."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from tael.engine import Engine
from tael.errors import PanelError
from tael.panels.panel import Array, Panel
from tael.tables.frames import Tables
from tael.tables.schema import Type

_CELLS = 2_000_000


def event_fields(
    tables: Tables,
    formulas: Mapping[str, str],
    panel: Panel,
    *,
    entity: str,
    delay_bars: int = 0,
    n_threads: int | None = None,
) -> Panel:
    """The panel with formulas on linked tables as further fields.

    Each formula is evaluated by the engine for every listed entity at every bar's time, strictly from what was known
    before it. A panel's row is known when its bar has closed, so its time must be that of the close, not of the day's
    begin: with bars stamped at midnight, what became known during the day counts for the next bar alone.

    Parameters
    ----------
    tables : Tables
        Among them ``entity``, whose key holds the panel's entities.
    formulas : dict of str to str
        Name of the field, and formula on the tables: ``last(statements.net_profit)``.
    panel : Panel
    entity : str
        The table whose rows are the panel's entities.
    delay_bars : int
        Bars to wait longer.
    n_threads : int, optional

    Returns
    -------
    Panel

    Raises
    ------
    PanelError
        A formula that gives no numbers, or an entity table without a key.
    FormulaError
        A formula that does not fit the tables.

    Examples
    --------
    >>> from datetime import datetime
    >>> tables = Tables(
    ...     {"stocks": pl.DataFrame({"code": ["A", "B"]}),
    ...      "news": pl.DataFrame({"code": ["A", "A"], "at": [datetime(2024, 1, 2, 9), datetime(2024, 1, 3, 9)]})},
    ...     {"stocks": {"key": "code"}, "news": {"time": "at", "columns": {"code": {"to": "stocks"}}}})
    >>> closes = np.array(["2024-01-02T15:00", "2024-01-03T15:00"], "M8[us]")
    >>> panel = Panel(closes, ("A", "B"), {"close": [[1.0, 2.0], [1.1, 2.2]]})
    >>> event_fields(tables, {"n_news": "count(news)"}, panel, entity="stocks").fields["n_news"].tolist()
    [[1.0, 0.0], [2.0, 0.0]]
    """
    known = tables.schema.tables.get(entity)
    key = None if known is None else known.key
    if key is None:
        raise PanelError(
            "The entities' table has no key.", got=repr(entity), fix="Name the table of the entities, with its key."
        )
    engine = Engine(tables, entity, n_threads=n_threads or 1)
    bound = {name: engine.bind(formula) for name, formula in formulas.items()}
    for name, one in bound.items():
        if one.type not in (Type.NUMBER, Type.FLAG):
            raise PanelError(
                f"`{name}` gives no numbers.", expected="number or flag", got=str(one.type), where=formulas[name]
            )
    rows, columns = panel.shape
    out: dict[str, Array] = {name: np.full((rows, columns), np.nan) for name in formulas}
    # keys are whole numbers where every linked frame holds them, else text
    whole = tables[entity].schema[key].is_integer()
    names = pl.Series(key, panel.entities).cast(pl.Int64, strict=False) if whole else pl.Series(key, panel.entities)
    asked_of = np.argwhere(panel.listed & names.is_not_null().to_numpy())
    for first in range(0, len(asked_of), _CELLS):
        row, column = asked_of[first : first + _CELLS].T
        asked = pl.DataFrame({key: names.gather(column), "cutoff": panel.times[row]})
        for name, values in zip(bound, engine.evaluate(list(bound.values()), asked), strict=True):
            out[name][row, column] = values.data
    if delay_bars:
        for name, field in out.items():
            later = np.full_like(field, np.nan)
            later[delay_bars:] = field[: max(rows - delay_bars, 0)]
            out[name] = later
    return panel.with_fields(**out)


def event_field(tables: Tables, formula: str, panel: Panel, *, entity: str) -> Array:
    """One formula on linked tables for every entity and bar; see :func:`event_fields`.

    Returns
    -------
    array, shape (T, N)
    """
    return event_fields(tables, {"field": formula}, panel, entity=entity).fields["field"]
