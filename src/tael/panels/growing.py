"""A panel that grows: later bars are added below, new entities to the right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tael.errors import PanelError
from tael.panels.panel import Array, Panel


def appended(panel: Panel, bars: Panel) -> Panel:
    """A panel and later bars as one; see :meth:`tael.panels.Panel.append`."""
    if len(bars) and len(panel) and bars.times[0] <= panel.times[-1]:
        raise PanelError(
            "The bars are not later than the panel.",
            expected=f"after {panel.times[-1]}",
            got=str(bars.times[0]),
            fix="Cut off what the panel already holds: bars.window(start).",
        )
    if bars.bar != panel.bar:
        raise PanelError("The bars span another time.", expected=panel.bar, got=bars.bar)
    for what, ours, theirs in (("fields", panel.fields, bars.fields), ("groups", panel.groups, bars.groups)):
        if ours.keys() != theirs.keys():
            raise PanelError(
                f"The bars have other {what}.", expected=", ".join(ours) or "none", got=", ".join(theirs) or "none"
            )
    known = set(panel.entities)
    entities = (*panel.entities, *(name for name in bars.entities if name not in known))
    place = {name: number for number, name in enumerate(entities)}
    columns = np.array([place[name] for name in bars.entities], dtype=np.intp)
    old, new = len(panel), len(bars)

    def joined(above: Array, below: Array, empty: Any) -> Array:
        out = np.full((old + new, len(entities)), empty, above.dtype)
        out[:old, : above.shape[1]] = above
        out[old:, columns] = below
        return out

    levels: dict[str, tuple[str, ...]] = {}
    groups: dict[str, Array] = {}
    for name, codes in panel.groups.items():
        levels[name] = (*panel.levels[name], *(one for one in bars.levels[name] if one not in panel.levels[name]))
        groups[name] = joined(codes, _recoded(bars.groups[name], bars.levels[name], levels[name]), -1)
    return Panel(
        np.concatenate([panel.times, bars.times]),
        entities,
        _each(panel.fields, bars.fields, lambda above, below: joined(above, below, np.nan)),
        groups,
        levels,
        joined(panel.listed, bars.listed, False),
        joined(panel.suspended, bars.suspended, False),
        joined(panel.members, bars.members, False),
        bar=panel.bar,
        titles=panel.titles,
        units=panel.units,
    )


def _each(
    above: Mapping[str, Array], below: Mapping[str, Array], join: Callable[[Array, Array], Array]
) -> dict[str, Array]:
    return {name: join(values, below[name]) for name, values in above.items()}


def _recoded(codes: Array, levels: tuple[str, ...], wanted: tuple[str, ...]) -> Array:
    if levels == wanted:
        return codes
    number = {level: code for code, level in enumerate(wanted)}
    table = np.array([*(number[level] for level in levels), -1], np.int32)
    return table[codes]  # code -1 is the last entry
