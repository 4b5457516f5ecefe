"""The lines of a formula file as statements: which characters belong to a formula, and where they stand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tael.errors import FeaturesError

_NAMED = re.compile(r"""\s*(?:(?P<plain>[^\W\d]\w*)|(?P<quoted>"(?:[^"\\]|\\.)*"))\s*=(?!=)""")
_ASSIGNED = re.compile(r"(?<![=<>!])=(?!=)")
_OPEN, _CLOSE = "([{", ")]}"


@dataclass(frozen=True)
class Statement:
    """One formula as it stands in a file.

    Attributes
    ----------
    name : str or None
        None where the line states none.
    text : str
        The formula, without comments.
    line, column : int
        Where the formula's text begins, from 1.
    last : int
        Its last line.
    """

    name: str | None
    text: str
    line: int
    column: int
    last: int

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file of a place in the formula's text, all from 1."""
        return (self.line, self.column + column - 1) if line == 1 else (self.line + line - 1, column)


def statements(lines: list[str], where: str) -> Iterator[Statement]:
    """Part a file into formulas.

    Parameters
    ----------
    lines : list of str
    where : str
        What errors call the file.

    Raises
    ------
    FeaturesError
        A bracket that is never closed, a line without a formula, a name that is none.

    Examples
    --------
    >>> found, = statements(["# a comment", "x = max(a,  # the first", "        b)"], "here")
    >>> found.name, found.text, found.line, found.last
    ('x', 'max(a,  \\n        b)', 2, 3)
    """
    number = 0
    while number < len(lines):
        first = number
        code, opened = scan(lines[number], [], number)
        number += 1
        if not code.strip():
            continue
        parts = [code]
        while opened and number < len(lines):
            code, opened = scan(lines[number], opened, number)
            parts.append(code)
            number += 1
        if opened:
            line, column = opened[0]
            raise FeaturesError(
                "A bracket is never closed.",
                expected="the bracket that closes it",
                got=lines[line].strip()[:120],
                where=f"{where}, line {line + 1}, column {column + 1}",
                fix="Close it where the formula ends.",
            )
        yield _statement(parts, first, number, where)


def scan(line: str, opened: list[tuple[int, int]], number: int) -> tuple[str, list[tuple[int, int]]]:
    """The line without its comment, and the brackets that are open at its end (line and column, from 0).

    >>> scan('sum(t.a, where=b == "#)"  # so far', [], 0)
    ('sum(t.a, where=b == "#)"  ', [(0, 3)])
    """
    opened = list(opened)
    quote = ""
    i = 0
    while i < len(line):
        one = line[i]
        if quote:
            if one == "\\":
                i += 1
            elif one == quote:
                quote = ""
        elif one in "\"'":
            quote = one
        elif one == "#":
            return line[:i], opened
        elif one in _OPEN:
            opened.append((number, i))
        elif one in _CLOSE and opened:
            opened.pop()
        i += 1
    return line, opened


def _statement(parts: list[str], first: int, last: int, where: str) -> Statement:
    name: str | None = None
    start = len(parts[0]) - len(parts[0].lstrip())
    match = _NAMED.match(parts[0])
    if match is not None:
        name = match["plain"] if match["quoted"] is None else _unquoted(match["quoted"], first, start, where)
        start = match.end() + len(parts[0][match.end() :]) - len(parts[0][match.end() :].lstrip())
    text = "\n".join([parts[0][start:], *parts[1:]]).rstrip()
    if not text:
        raise FeaturesError(
            "There is a name without a formula.",
            expected="a formula after the equals sign, on the same line or in brackets that open there",
            got=parts[0].strip()[:120],
            where=f"{where}, line {first + 1}, column {start + 1}",
            fix="Write the formula, or take the line out.",
        )
    if match is None:
        _no_wrong_name(parts[0], first, start, where)
    return Statement(name, text, first + 1, start + 1, last)


def _unquoted(text: str, line: int, column: int, where: str) -> str:
    try:
        return str(json.loads(text))
    except json.JSONDecodeError as error:
        raise FeaturesError(
            "The name in quotes cannot be read.",
            expected='a name, or one in double quotes such as "days late"',
            got=f"{text} ({error.msg})",
            where=f"{where}, line {line + 1}, column {column + 1}",
            fix="Write \\\\ for a backslash, or choose a plain name.",
        ) from None


def _no_wrong_name(line: str, number: int, start: int, where: str) -> None:
    """Refuse ``days late = ...``: an equals sign outside brackets and quotes, and before it no name."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', lambda found: "_" * len(found[0]), line)
    found = _ASSIGNED.search(bare)
    if found is None:
        return
    before = line[: found.start()].strip()
    if scan(line[: found.start()], [], 0)[1]:
        return  # an option of a function
    raise FeaturesError(
        "What stands before the equals sign is no name.",
        expected='letters, digits and _, beginning with a letter; else in double quotes: "days late"',
        got=before[:120] or "nothing",
        where=f"{where}, line {number + 1}, column {start + 1}",
        fix="Change the name, or leave it out together with the equals sign: the short name is taken.",
    )
