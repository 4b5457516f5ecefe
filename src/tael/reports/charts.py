"""Pictures as inline SVG: lines with bands, bars, dots with intervals. Arrays in, markup out; colours in style.css."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from tael.reports.formats import finite
from tael.reports.html import Safe, el

Values = Sequence[Any]


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers inside ``[low, high]``, about ``count`` of them.

    >>> nice_ticks(0, 1)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    >>> nice_ticks(-3.1, 12)
    [0.0, 5.0, 10.0]
    """
    if not high > low:
        return [low]
    exact = (high - low) / count
    power = 10.0 ** math.floor(math.log10(exact))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= exact * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def extent(*series: Values, zero: bool = False, pad: float = 0.05, most: float | None = None) -> tuple[float, float]:
    """Smallest and largest finite value of the series, padded; never an empty range, and none above what can be.

    Parameters
    ----------
    *series : sequences of numbers or None
    zero : bool
        Zero is in it, too.
    pad : float
        Room on either side, of the range's length.
    most : float, optional
        The best that a score can be: no axis goes beyond, unless a value does.

    >>> extent([1, None, 3], zero=True, pad=0)
    (0.0, 3.0)
    >>> extent([1.0, 1.0], most=1.0), extent([0.5, 1.0], most=1.0)
    ((0.0, 1.0), (0.475, 1.0))
    """
    numbers = [v for values in series for v in map(finite, values) if v is not None]
    if not numbers:
        return (0.0, 1.0)
    low, high = min(numbers), max(numbers)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        span = abs(low) or 1.0
        low, high = (low - span, high) if most is not None and low + span > most >= low else (low, low + span)
    room = pad * (high - low)
    top = high + room if most is None or high > most else min(high + room, most)
    return (low if low == 0.0 and (zero or most is not None) else low - room, top)


def thin(count: int, most: int = 160) -> list[int]:
    """At most ``most`` positions of ``count``, evenly spread, with the first and the last.

    >>> thin(5, 3), thin(2)
    ([0, 2, 4], [0, 1])
    """
    if count <= most:
        return list(range(count))
    return sorted({round(k * (count - 1) / (most - 1)) for k in range(most)})


class Chart:
    """One picture: axes first, then marks, then ``svg``.

    Parameters
    ----------
    x, y : (low, high)
        Ranges in the data's units.
    x_format, y_format : callable
        Write a tick.
    x_label, y_label : str
        What the axes show, with the unit.
    x_ticks, y_ticks : list of (position, text), optional
        In place of round numbers.
    width, height : int
        Of the drawing, in SVG units (one CSS pixel on a wide screen).

    Examples
    --------
    >>> chart = Chart((0, 1), (0, 1))
    >>> chart.line([0, 1], [0, 1], "s1")
    >>> chart.svg("a rising line").startswith('<svg viewBox="0 0 440 270"')
    True
    """

    left, right, top, bottom = 54.0, 14.0, 26.0, 44.0

    def __init__(
        self,
        x: tuple[float, float],
        y: tuple[float, float],
        *,
        x_format: Callable[[float], str] = str,
        y_format: Callable[[float], str] = str,
        x_label: str = "",
        y_label: str = "",
        x_ticks: Sequence[tuple[float, str]] | None = None,
        y_ticks: Sequence[tuple[float, str]] | None = None,
        width: int = 440,
        height: int = 270,
    ) -> None:
        self.width, self.height, self._x, self._y = width, height, x, y
        self._hover: list[tuple[float, str]] = []
        self._parts: list[Safe] = []
        right, floor = width - self.right, height - self.bottom
        for value, text in y_ticks if y_ticks is not None else [(v, y_format(v)) for v in nice_ticks(*y)]:
            at = self.py(value)
            self._parts.append(el("line", x1=self.left, x2=right, y1=at, y2=at, class_="grid"))
            self._text(self.left - 7, at + 4, text, "end")
        for value, text in x_ticks if x_ticks is not None else [(v, x_format(v)) for v in nice_ticks(*x)]:
            self._text(self.px(value), floor + 17, text, "middle")
        self._parts.append(el("line", x1=self.left, x2=right, y1=floor, y2=floor, class_="axis"))
        self._text((self.left + right) / 2, height - 7, x_label, "middle", "label")
        self._text(2, 13, y_label, "start", "label")

    def px(self, value: float) -> float:
        """Horizontal place of a value."""
        low, high = self._x
        return round(self.left + (value - low) / (high - low) * (self.width - self.left - self.right), 1)

    def py(self, value: float) -> float:
        """Vertical place of a value."""
        low, high = self._y
        floor = self.height - self.bottom
        return round(floor - (value - low) / (high - low) * (floor - self.top), 1)

    def _text(self, x: float, y: float, text: str, anchor: str, kind: str = "tick") -> None:
        if text:
            self._parts.append(el("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor, class_=kind))

    def _runs(self, *columns: Values) -> list[list[tuple[float, ...]]]:
        """Stretches of rows in which every column has a value: a gap in the data is a gap in the line."""
        runs: list[list[tuple[float, ...]]] = [[]]
        for row in zip(*columns, strict=True):
            numbers = [v for v in map(finite, row) if v is not None]
            if len(numbers) == len(row):
                runs[-1].append(tuple(numbers))
            elif runs[-1]:
                runs.append([])
        return [run for run in runs if run]

    def line(self, xs: Values, ys: Values, kind: str) -> None:
        """A line; a missing value breaks it."""
        for run in self._runs(xs, ys):
            path = "M" + "L".join(f"{self.px(x)},{self.py(y)}" for x, y in run)
            self._parts.append(el("path", d=path, class_=f"line {kind}"))

    def band(self, xs: Values, lows: Values, highs: Values, kind: str) -> None:
        """An interval around a line."""
        for run in self._runs(xs, lows, highs):
            edge = [(x, high) for x, _, high in run] + [(x, low) for x, low, _ in reversed(run)]
            path = "M" + "L".join(f"{self.px(x)},{self.py(y)}" for x, y in edge) + "Z"
            self._parts.append(el("path", d=path, class_=f"band {kind}"))

    def bars(self, edges: Sequence[tuple[float, float]], tops: Values, kind: str, floors: Values | None = None) -> None:
        """Upright bars, each between two places on the x axis, from zero or from ``floors`` up."""
        base = max(self._y[0], 0.0)
        for (start, end), top, bottom in zip(edges, tops, floors or [base] * len(tops), strict=True):
            high, low = finite(top), finite(bottom)
            if high is not None and low is not None:
                x, y = self.px(start), self.py(high)
                size = {"width": round(max(self.px(end) - x, 0.5), 1), "height": round(max(self.py(low) - y, 0), 1)}
                self._parts.append(el("rect", x=x, y=y, class_=f"bar {kind}", **size))

    def dots(self, xs: Values, ys: Values, kind: str, lows: Values | None = None, highs: Values | None = None) -> None:
        """Dots, with upright intervals where both ends are given."""
        gaps = [None] * len(xs)
        for x, y, low, high in zip(xs, ys, lows or gaps, highs or gaps, strict=True):
            place, value, start, end = finite(x), finite(y), finite(low), finite(high)
            if place is None or value is None:
                continue
            across = self.px(place)
            if start is not None and end is not None:
                ends = {"y1": self.py(start), "y2": self.py(end)}
                self._parts.append(el("line", x1=across, x2=across, class_=f"whisker {kind}", **ends))
            self._parts.append(el("circle", cx=across, cy=self.py(value), r=3.5, class_=f"dot {kind}"))

    def level(self, y: float, text: str = "") -> None:
        """A dashed level across the picture, named at its left end."""
        at = self.py(y)
        self._parts.append(el("line", x1=self.left, x2=self.width - self.right, y1=at, y2=at, class_="rule"))
        self._text(self.left + 4, at - 5, text, "start", "note")

    def mark(self, x: float, text: str = "", low: float | None = None, high: float | None = None) -> None:
        """A dashed upright line, named at its top; between ``low`` and ``high`` when given."""
        at, y1, y2 = (
            self.px(x),
            self.py(self._y[0] if low is None else low),
            self.py(self._y[1] if high is None else high),
        )
        self._parts.append(el("line", x1=at, x2=at, y1=y1, y2=y2, class_="rule"))
        late = at > self.width * 0.7
        self._text(
            at + (-5 if late else 5),
            y2 + 0.25 * (y1 - y2) if high is not None else y2 + 10,
            text,
            "end" if late else "start",
            "note",
        )

    def follow(self, names: Sequence[tuple[str, str]]) -> None:
        """An upright line and named dots that the page's script moves with the slider."""
        self._parts.append(
            el("line", x1=0, x2=0, y1=self.top, y2=self.height - self.bottom, class_="follow", data_follow=True)
        )
        for name, kind in names:
            self._parts.append(el("circle", cx=0, cy=0, r=5, class_=f"dot {kind}", data_dot=name))

    def hover(self, xs: Values, texts: Sequence[str]) -> None:
        """What the pointer reads at each place on the x axis."""
        self._hover += [(self.px(x), text) for x, text in zip(map(finite, xs), texts, strict=True) if x is not None]

    def svg(self, description: str) -> Safe:
        """The picture, with its description for those who do not see it."""
        hover = json.dumps(self._hover, ensure_ascii=False, separators=(",", ":")) if self._hover else None
        cross = (
            el("line", y1=self.top, y2=self.height - self.bottom, class_="cross", visibility="hidden")
            if hover
            else None
        )
        return el(
            "svg",
            self._parts,
            cross,
            viewBox=f"0 0 {self.width} {self.height}",
            role="img",
            aria_label=description,
            class_="chart",
            data_hover=hover,
        )


def sparkline(rates: Values, base: float | None, grey_from: int, description: str, pale: Sequence[int] = ()) -> Safe:
    """A row of small bars (one a bin) around the level of the whole; bars from ``grey_from`` on are set apart.

    Those at the places ``pale`` rest on too few rows and are drawn as outlines.

    >>> "spark" in sparkline([0.1, 0.2], 0.15, 2, "rising")
    True
    """
    width, height, known = 120.0, 30.0, [v for v in map(finite, rates) if v is not None]
    top = max([*known, base or 0.0, 1e-12])
    step = width / max(len(rates), 1)
    parts = []
    for k, value in enumerate(map(finite, rates)):
        if value is not None:
            size = round(max(value / top * (height - 2), 1), 1)
            kind = "grey" if k >= grey_from else "s2" if base is not None and value > base else "s1"
            parts.append(
                el(
                    "rect",
                    x=round(k * step + 1, 1),
                    y=round(height - size, 1),
                    width=round(step - 2, 1),
                    height=size,
                    class_=f"bar {kind} few" if k in pale else f"bar {kind}",
                )
            )
    if base is not None:
        at = round(height - base / top * (height - 2), 1)
        parts.append(el("line", x1=0, x2=width, y1=at, y2=at, class_="rule"))
    return el("svg", parts, viewBox=f"0 0 {width:g} {height:g}", role="img", aria_label=description, class_="spark")


def share_bar(value: float, most: float, kind: str = "s1", *, signed: bool = False) -> Safe:
    """A bar in a table cell: from the left, or from the middle when ``signed``. The number stands beside it in text."""
    part = max(min(value / most, 1.0), -1.0) if most > 0 else 0.0
    width = round(100 * abs(part) * (0.5 if signed else 1.0), 1)
    x = (50.0 if part >= 0 else 50.0 - width) if signed else 0.0
    middle = el("line", x1=50, x2=50, y1=0, y2=10, class_="axis") if signed else None
    return el(
        "svg",
        el("rect", x=0, y=0, width=100, height=10, class_="track"),
        middle,
        el("rect", x=x, y=1, width=width, height=8, class_=f"bar {kind}"),
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        aria_hidden="true",
        class_="cellbar",
    )


def split_bar(parts: Sequence[tuple[float, str]], description: str) -> Safe:
    """One bar divided among parts ``(size, kind)``, as for approve, refer, decline."""
    total, start, drawn = sum(size for size, _ in parts) or 1.0, 0.0, []
    for size, kind in parts:
        width = 100 * size / total
        drawn.append(el("rect", x=round(start, 2), y=0, width=round(width, 2), height=10, class_=f"bar {kind}"))
        start += width
    return el(
        "svg",
        drawn,
        viewBox="0 0 100 10",
        preserveAspectRatio="none",
        role="img",
        aria_label=description,
        class_="splitbar",
    )
