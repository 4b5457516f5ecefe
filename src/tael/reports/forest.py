"""Dots with lying intervals, a line of its own for each: for comparing rules whose names are long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tael.reports.charts import extent, nice_ticks
from tael.reports.formats import finite
from tael.reports.html import Safe, el

ROW, TOP, BOTTOM = 38.0, 8.0, 46.0
SIDE = 14.0
LONGEST = 62.0
"""Room for a name, in letters; a Chinese character takes the room of almost two."""


@dataclass(frozen=True)
class Row:
    """One line of the picture: a name, a value with its interval, and a class of style.css."""

    name: str
    value: Any
    low: Any = None
    high: Any = None
    kind: str = "grey"


def shortened(name: str, room: float = LONGEST) -> str:
    """A name that fits; what is cut off is marked.

    >>> shortened("call for all who may get it"), shortened("a" * 70)[-3:]
    ('call for all who may get it', 'aa…')
    """
    taken = 0.0
    for k, character in enumerate(name):
        taken += 1.9 if ord(character) > 0x2E7F else 1.0
        if taken > room:
            return name[: max(k - 1, 0)] + "…"
    return name


def forest(
    rows: Sequence[Row], description: str, *, x_format: Callable[[float], str] = str, x_label: str = "",
    width: int = 440,
) -> Safe:  # fmt: skip
    """The picture as inline SVG; zero is marked where it lies inside.

    Parameters
    ----------
    rows : sequence of Row
        From the top; a row without a value keeps its name and has no dot.
    description : str
        For those who do not see it.
    x_format : callable
        Writes a tick.
    x_label : str
        What the axis shows, with the unit.
    width : int

    Examples
    --------
    >>> forest([Row("chosen", 2.0, 1.0, 3.0, "s1"), Row("nothing", 0.0)], "two rules").count("<circle")
    2
    """
    low, high = extent([r.value for r in rows], [r.low for r in rows], [r.high for r in rows], zero=True)
    floor = TOP + ROW * len(rows)
    height = floor + BOTTOM

    def across(value: float) -> float:
        return round(SIDE + (value - low) / (high - low) * (width - 2 * SIDE), 1)

    parts = []
    for tick in nice_ticks(low, high, 4):
        at = across(tick)
        parts.append(el("line", x1=at, x2=at, y1=TOP, y2=floor, class_="rule" if tick == 0 else "grid"))
        parts.append(el("text", x_format(tick), x=at, y=floor + 17, text_anchor="middle", class_="tick"))
    parts.append(el("line", x1=SIDE, x2=width - SIDE, y1=floor, y2=floor, class_="axis"))
    parts.append(el("text", x_label, x=width / 2, y=height - 7, text_anchor="middle", class_="label"))
    for k, row in enumerate(rows):
        base = TOP + ROW * k
        place, start, end = finite(row.value), finite(row.low), finite(row.high)
        parts.append(el("text", shortened(row.name), x=SIDE + 5, y=base + 13, text_anchor="start", class_="note"))
        middle = base + 25
        if start is not None and end is not None:
            ends = {"x1": across(start), "x2": across(end)}
            parts.append(el("line", y1=middle, y2=middle, class_=f"whisker {row.kind}", **ends))
        if place is not None:
            parts.append(el("circle", cx=across(place), cy=middle, r=4, class_=f"dot {row.kind}"))
    return el(
        "svg", parts, viewBox=f"0 0 {width} {height:g}", role="img", aria_label=description, class_="chart forest"
    )
