"""Plain text that fits a terminal: tables with wrapped cells, Chinese counted at its width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

WIDTH = 100


def width_of(text: str) -> int:
    """How many cells of a terminal a text takes.

    >>> width_of("ab"), width_of("金额")
    (2, 4)
    """
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into lines of ``width`` cells at most: between words where there are words, else anywhere.

    >>> wrapped("one two three", 8)
    ['one two', 'three']
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        while width_of(word) > width:
            room = width - (width_of(line) + 1 if line else 0)
            if room < width // 3:
                lines.append(line)
                line, room = "", width
            head = ""
            for sign in word:
                if width_of(head + sign) > room:
                    break
                head += sign
            lines.append(f"{line} {head}".strip())
            line, word = "", word[len(head) :]
        if line and width_of(line) + 1 + width_of(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line] if line or not lines else lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH) -> str:
    """Set rows under a header; the last columns share what room the others leave, and wrap.

    >>> print(table(["code", "count"], [["T01", "3"]]))
    code  count
    ----  -----
    T01   3
    """
    columns = len(header)
    widths = [max(width_of(row[i]) for row in [header, *rows]) for i in range(columns)]
    while sum(widths) + 2 * (columns - 1) > width and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines = []
    for row in [header, ["-" * one for one in widths], *rows]:
        cells = [wrapped(cell, one) for cell, one in zip(row, widths, strict=True)]
        for i in range(max(map(len, cells))):
            parts = [cell[i] if i < len(cell) else "" for cell in cells]
            line = "  ".join(part + " " * (one - width_of(part)) for part, one in zip(parts, widths, strict=True))
            lines.append(line.rstrip())
    return "\n".join(lines)
