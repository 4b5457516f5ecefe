"""Errors in Chinese: a catalogue of sentences beside this file, and what finds the sentence that an error says.

Errors are raised in English, wherever they come from. Here the finished English is recognised by the template that it
was made from, and what was filled in is carried over. Each ``.toml`` holds a room's templates, a line each, English
first. ``{}`` in the English is whatever was filled in. In the Chinese ``{0}`` is the first of these as it is,
``{0:zh}`` one that is a text itself and is said in Chinese too, ``{0:rows}`` and ``{0:place}`` one that names rows or
places, ``{0:or}`` alternatives, and ``{0:text}`` one that may hold anything, such as a formula.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources

from tael.errors import TaelError

LABELS = {"expected": "应为", "got": "实为", "where": "位置", "to do": "建议"}
WORDS = "words"

_SLOT = re.compile(r"\{(\d+)(:\w+)?\}")
_LINE = re.compile(r"  (expected|got|where|to do): +(.*)")
_ROW = re.compile(r"(^|, )row (\d+)(?: \(line (\d+)\))? ")
_END = re.compile(r"(?<=[.?!]) ")
_NO_VALUE = re.compile(r"\n|[.?!] [A-Z]")
_HELD = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`|\([^()]*\)|\[[^\[\]]*\]|(?<=\d) (?=\d)")
_VALUE = re.compile(r"\S*(, \S+)*")
_FIRST = re.compile(r"[\d\"'`(+-]|(nan|inf|None|number|flag|category|time|text|identifier)\b")
_ALTERNATIVES = re.compile(r"\S+(, \S+)*( or \S+)+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_WEAK = 12  # letters: what has fewer fits nearly anything
_DEPTH = 4


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Templates by their file: a room, what is ``made`` at run time, ``pydantic``, and single ``words``."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in files
        if file.name.endswith(".toml")
    }


@cache
def sentences() -> dict[str, str]:
    """Every template of the catalogue, English to Chinese."""
    return {text: said for name, texts in catalogue().items() if name != WORDS for text, said in texts.items()}


def words() -> dict[str, str]:
    """Single words that are said in Chinese inside a sentence alone, since elsewhere they may be a column's name."""
    return catalogue()[WORDS]


def chinese_error(error: TaelError) -> str:
    """An error in Chinese, as the command line shows it.

    Parameters
    ----------
    error : TaelError

    Returns
    -------
    str
        The problem, and a line for each further part. A part whose English is not in the catalogue stays English.

    Examples
    --------
    >>> print(chinese_error(TaelError("There is no such folder.", got="bnak", where="table loans, column amount")))
    没有这个文件夹。
      实为：bnak
      位置：表 loans，列 amount
    """
    parts = {"expected": error.expected, "got": error.got, "where": error.where, "to do": error.fix}
    return "\n".join([_said(error.problem), *(_part(label, text) for label, text in parts.items() if text)])


def chinese(text: str, depth: int = _DEPTH) -> str | None:
    """A text of an error in Chinese; None where the catalogue does not know it, or not all of it.

    Of several templates that fit, the one with the most words of its own is taken.

    >>> chinese('There is no such folder. Did you mean "bank"?'), chinese("Hello.")
    ('没有这个文件夹。是否指“bank”？', None)
    """
    if (whole := sentences().get(text)) is not None and not _SLOT.search(whole):
        return whole
    for pieces, pattern, said in _templates():
        if text.startswith(pieces[0]) and text.endswith(pieces[-1]) and all(piece in text for piece in pieces):
            found, weak = re.fullmatch(pattern, text, re.DOTALL), _is_weak(pieces, text)
            if found is None or (
                _letters(pieces) < _WEAK / 2
                and not pieces[0]
                and pieces[-1] != "."
                and "{0}" in said
                and not _FIRST.match(text)
            ):
                continue
            if (whole := _laid_in(said, found.groups(), weak, depth)) is not None:
                return whole
    # Sentences that were put one behind the other.
    for end in _END.finditer(text) if depth > 0 else ():
        before, after = chinese(text[: end.start()], 0), chinese(text[end.end() :], depth - 1)
        if before is not None and after is not None:
            return before + after
    return None


def _letters(pieces: list[str]) -> int:
    return sum(one.isalpha() for piece in pieces for one in piece)


def _is_weak(pieces: list[str], text: str) -> bool:
    return _letters(pieces) < _WEAK or (text[-1:] in ".?!" and not pieces[-1])


def _may_be_filled_in(part: str, weak: bool) -> bool:
    """Whether this is a name, a number or a list of such, and no sentence that only happens to hold the template."""
    return not _NO_VALUE.search(part) and not (weak and not _VALUE.fullmatch(_HELD.sub("", part)))


def _laid_in(said: str, parts: tuple[str, ...], weak: bool, depth: int) -> str | None:
    """A Chinese template with its parts; None if one of them cannot be what was filled in, or stays English prose."""
    whole, at = "", 0
    for slot in _SLOT.finditer(said):
        part: str | None = parts[int(slot[1])]
        if slot[2] == ":zh":
            part = _inner(parts[int(slot[1])], depth - 1)
        elif slot[2] == ":rows":
            part = _ROW.sub(_row, parts[int(slot[1])])
        elif slot[2] == ":place":
            part = "；".join(map(_place, parts[int(slot[1])].split("; ")))
        elif slot[2] == ":or":
            part = parts[int(slot[1])].replace(" or ", " 或 ")
        elif slot[2] is None and not _may_be_filled_in(parts[int(slot[1])], weak):
            return None
        if part is None:
            return None
        between = said[at : slot.start()]
        if slot[2] == ":zh" and part[:1].isascii() and part[:1].isalnum() and _CHINESE.match(between[-1:]):
            between += " "
        if slot[2] == ":zh" and part[-1:].isascii() and part[-1:].isalnum() and _CHINESE.match(said, slot.end()):
            part += " "
        whole, at = whole + between + part, slot.end()
    return whole + said[at:]


def _inner(text: str, depth: int) -> str | None:
    bare = text.strip()
    if not bare or depth <= 0:
        return text
    if bare in words():
        return words()[bare]
    if "\n  " in text:
        return "\n\n".join(_printed(block) for block in text.split("\n\n"))
    whole = chinese(bare, depth)
    if whole is None and _ALTERNATIVES.fullmatch(bare):
        return bare.replace(" or ", " 或 ")
    return text if whole is None and " " not in bare else whole


def _row(found: re.Match[str]) -> str:
    return f"{'，' if found[1] else ''}第 {found[2]} 行{f'（文件第 {found[3]} 行）' if found[3] else ''} "


def _printed(block: str) -> str:
    """An error that stands, as printed, inside another one."""
    problem, *rest = block.split("\n")
    lines = [_said(problem)]
    for line in rest:
        part = _LINE.fullmatch(line)
        lines.append(line if part is None else _part(part[1], part[2]))
    return "\n".join(lines)


def _part(label: str, text: str) -> str:
    if label == "where":
        text = _place(text)
    elif label != "got" or " " in text:  # a single word that came is a name or a value
        text = _listed(text) or _said(text)
        if label == "expected" and _ALTERNATIVES.fullmatch(text):
            text = text.replace(" or ", " 或 ")
    return f"  {LABELS[label]}：{text}"


def _listed(text: str) -> str | None:
    """What is told one by one, ``;`` between, each perhaps of something that is named: all of it, or None."""
    said = []
    for item in text.split("; "):
        name, _, rest = item.partition(": ")
        parts = chinese(name) or (None if " " in name else name), chinese(rest) if rest else None
        whole = chinese(item) if None in parts else "：".join(map(str, parts))
        if whole is None:
            return None
        said.append(whole)
    return "；".join(said)


def _said(text: str) -> str:
    whole = chinese(text)
    return text if whole is None else whole


def _place(text: str) -> str:
    """Where it is, piece by piece, since files and sections stay as they are written; further lines tell more."""
    first, *others = text.split("\n")
    pieces = first.split(", ")
    said = [chinese(piece) for piece in pieces]
    whole = chinese(first) if None in said else None
    if whole is None and any(said):
        whole = "，".join(new or old for new, old in zip(said, pieces, strict=True))
    lines = [whole or first]
    return "\n".join([*lines, *(f"        {_said(line.strip())}" for line in others)])


@cache
def _templates() -> list[tuple[list[str], str, str]]:
    """Pieces, pattern and Chinese of each template with something filled in, those with the most words first."""
    filled = [(text.split("{}"), said) for text, said in sentences().items() if "{}" in text]
    filled.sort(key=lambda one: (-sum(map(len, one[0])), one[0]))
    return [(pieces, _pattern(pieces), said) for pieces, said in filled]


def _pattern(pieces: list[str]) -> str:
    """What matches a finished text; what is filled in between backticks holds none."""
    pattern, ticks = re.escape(pieces[0]), pieces[0].count("`")
    for piece in pieces[1:]:
        pattern += ("([^`]*?)" if ticks % 2 else "(.*?)") + re.escape(piece)
        ticks += piece.count("`")
    return pattern
