"""Plain text that fits a terminal: tables with wrapped cells, Chinese counted at its width."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from shutil import get_terminal_size

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


def room() -> int:
    """The width of the terminal in cells, 100 at most; 100 where there is none."""
    return max(40, min(WIDTH, get_terminal_size((WIDTH, 24)).columns))


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], width: int = WIDTH, below: Sequence[str] | None = None
) -> str:
    """Set rows under a header; the widest columns give room first, and wrap.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequence of str
    width : int
        In cells of a terminal.
    below : sequence of str, optional
        A text for each row that stands under it over the whole width; an empty one takes no line.

    Examples
    --------
    >>> print(table(["code", "count"], [["T01", "3"]]))
    code  count
    ----  -----
    T01   3
    """
    columns = len(header)
    widths = [max(width_of(row[i]) for row in [header, *rows]) for i in range(columns)]
    words = [max(width_of(word) for row in [header, *rows] for word in [*row[i].split(), ""]) for i in range(columns)]
    while sum(widths) + 2 * (columns - 1) > width and max(widths) > 8:
        # Lines break between words while they can, so that names stay whole.
        loose = [one if one > word else 0 for one, word in zip(widths, words, strict=True)]
        most = loose if max(loose) > 8 else widths
        widths[most.index(max(most))] -= 1
    lines = []
    under = ["", "", *(below if below is not None else [""] * len(rows))]
    for row, text in zip([header, ["-" * one for one in widths], *rows], under, strict=True):
        cells = [wrapped(cell, one) for cell, one in zip(row, widths, strict=True)]
        for i in range(max(map(len, cells))):
            parts = [cell[i] if i < len(cell) else "" for cell in cells]
            line = "  ".join(part + " " * (one - width_of(part)) for part, one in zip(parts, widths, strict=True))
            lines.append(line.rstrip())
        lines += [f"  {line}" for line in wrapped(text, width - 2) if line]
    return "\n".join(lines)
