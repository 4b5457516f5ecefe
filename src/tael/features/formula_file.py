"""Formula files: formulas as a person writes, reads, reviews and compares them.

One formula a line, ``name = formula``; inside brackets it may go on over several lines. ``#`` begins a comment. What
tael writes has the words below each formula (``# en:``, ``# zh:``) and a header that says what the observations are.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from tael.errors import FeaturesError, FormulaError, did_you_mean
from tael.features.formula_lines import Statement, statements
from tael.formulas.names import short_name
from tael.formulas.parser import parse
from tael.formulas.printer import to_text
from tael.formulas.syntax import Node
from tael.tables.schema import Language, Type

MARK = "# tael formulas"
LANGUAGES: tuple[Language, ...] = ("en", "zh")
_PLAIN = re.compile(r"[^\W\d]\w*")
_PLACE = re.compile(r"\((?:line (\d+), )?character (\d+)\)$")
_HEADER = re.compile(r"#\s*(entity|key|cutoff|own):\s*(.*)")
_WORDS = re.compile(r"#\s*(en|zh):\s*(.*)")
_EXPLAINED = (
    "# Below: a name, an equals sign, a formula; inside brackets it may go on over several lines. What begins with #",
    "# is a comment; the words are written by tael and are not read.",
    "# 以下每行：名称、等号、公式；括号内可换行。# 之后为注释；文字说明由 tael 生成，不参与计算。",
)


@dataclass(frozen=True)
class Line:
    """A formula of a file.

    Attributes
    ----------
    name, formula : str
        The formula in its one canonical form.
    line : int
        Where it begins, from 1.
    words : dict of language to str
        The comments below it that say it in words, if any; who edits by hand may have left them as they were.
    """

    name: str
    formula: str
    line: int = 0
    words: Mapping[Language, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FormulaFile:
    """What a formula file says.

    Attributes
    ----------
    lines : list of Line
    entity, key, cutoff : str or None
        Of the header.
    own : dict of str to Type or None
        The columns that observation frames carry themselves.
    """

    lines: list[Line]
    entity: str | None = None
    key: str | None = None
    cutoff: str | None = None
    own: Mapping[str, Type] | None = None


def write_formulas(
    path: str | Path,
    formulas: Sequence[str],
    names: Sequence[str],
    *,
    words: Mapping[Language, Sequence[str]] | None = None,
    entity: str | None = None,
    key: str | None = None,
    cutoff: str | None = None,
    own: Mapping[str, Type] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a formula file, whole or not at all.

    Parameters
    ----------
    path : path
    formulas, names : sequence of str
    words : dict of language to sequence of str, optional
        Written below each formula.
    entity, key, cutoff, own : optional
        Of the header.
    overwrite : bool
        Whether a file that is there is written over.

    Returns
    -------
    Path

    Raises
    ------
    FeaturesError
        If the file exists (unless ``overwrite``) or cannot be written.
    """
    path = Path(path)
    text = formulas_text(formulas, names, words=words, entity=entity, key=key, cutoff=cutoff, own=own)
    if path.exists() and not overwrite:
        raise _exists(path)
    draft = path.with_name(f".tael-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(draft, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(draft, path)
        else:
            _link(draft, path)
        _flush(path.parent)
    except OSError as error:
        raise FeaturesError(
            "The formula file cannot be written.",
            expected="a place that can be written, with room",
            got=error.strerror or str(error),
            where=str(path),
            fix="Name another place.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # fails, rather than writing over, if the file came into being meanwhile
    except FileExistsError:
        raise _exists(path) from None


def _flush(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows opens no folders
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _exists(path: Path) -> FeaturesError:
    return FeaturesError(
        "The file exists.",
        expected="a new file",
        got=str(path),
        fix="Name another one (nothing is written over), or in Python say overwrite=True.",
    )


def formulas_text(
    formulas: Sequence[str],
    names: Sequence[str],
    *,
    words: Mapping[Language, Sequence[str]] | None = None,
    entity: str | None = None,
    key: str | None = None,
    cutoff: str | None = None,
    own: Mapping[str, Type] | None = None,
) -> str:
    """The text of a formula file.

    >>> print(formulas_text(["amount/ 12"], ["monthly"], words={"en": ["a twelfth of the amount"]}, entity="loans"))
    # tael formulas
    # entity: loans
    #
    # Below: a name, an equals sign, a formula; inside brackets it may go on over several lines. What begins with #
    # is a comment; the words are written by tael and are not read.
    # 以下每行：名称、等号、公式；括号内可换行。# 之后为注释；文字说明由 tael 生成，不参与计算。
    <BLANKLINE>
    monthly = amount / 12
        # en: a twelfth of the amount
    <BLANKLINE>
    """
    lines = [MARK]
    header = {"entity": entity, "key": key, "cutoff": cutoff}
    lines += [f"# {name}: {_told(value)}" for name, value in header.items() if value is not None]
    if own is not None:
        lines.append(f"# own: {json.dumps({name: str(kind) for name, kind in own.items()}, ensure_ascii=_odd(own))}")
    lines += ["#", *_EXPLAINED]
    for i, (name, formula) in enumerate(zip(names, formulas, strict=True)):
        lines += ["", f"{_told(name)} = {to_text(parse(formula))}"]
        lines += [f"    # {lang}: {' '.join(words[lang][i].split())}" for lang in LANGUAGES if words and lang in words]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace").decode("utf-8")


def _odd(texts: Sequence[str] | Mapping[str, object]) -> bool:
    return not all(text.isprintable() for text in texts)


def _told(name: str) -> str:
    """A name as it is where it is an identifier, else in quotes."""
    plain = _PLAIN.fullmatch(name) and name.isprintable()
    return name if plain else json.dumps(name, ensure_ascii=_odd([name]))


# ------------------------------------------------------------------ reading
def read_formulas(path: str | Path) -> list[tuple[str, str]]:
    """Read the names and formulas of a file: ``AutoFeatures(force=dict(read_formulas(path)))`` keeps them in any case.

    Parameters
    ----------
    path : path
        UTF-8 or GB18030. A line without a name takes the formula's short name.

    Returns
    -------
    list of (str, str)
        Name and formula in its canonical form, in the file's order.

    Raises
    ------
    FeaturesError
        If the file cannot be read, or a name or a formula stands there twice.
    FormulaError
        If a formula cannot be read; the message says line and column.
    """
    return [(line.name, line.formula) for line in read_file(path).lines]


def read_file(path: str | Path) -> FormulaFile:
    """Read a formula file with its header and words.

    Raises
    ------
    FeaturesError, FormulaError
        As :func:`read_formulas`.
    """
    path = Path(path)
    return read_text(_decoded(path), str(path))


def read_text(text: str, where: str = "formulas") -> FormulaFile:
    """Read the text of a formula file.

    Parameters
    ----------
    text : str
    where : str
        What errors call the file.

    Examples
    --------
    >>> read_text("amount / income").lines[0].name
    'amount_per_income'
    """
    lines = re.split(r"\r\n|\r|\n", text)
    header = _header(lines, where)
    met: dict[Node, Line] = {}
    names: dict[str, int] = {}
    for statement in statements(lines, where):
        node = _parsed(statement, where)
        name = short_name(node) if statement.name is None else statement.name
        if name in names:
            _refuse(
                "Two formulas have the same name.", where, statement.line, 1, got=name,
                expected=f"names that differ; it stands in line {names[name]} too",
                fix="Rename one of them, or take it out.",
            )  # fmt: skip
        if node in met:
            _refuse(
                "The same formula stands here twice.", where, statement.line, statement.column, got=to_text(node),
                expected=f'each formula once; it is "{met[node].name}" in line {met[node].line}',
                fix="Take one of them out.",
            )  # fmt: skip
        names[name] = statement.line
        met[node] = Line(name, to_text(node), statement.line, _words_below(lines, statement.last))
    return FormulaFile(list(met.values()), **header)


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        parent = path.parent
        known = sorted(one.name for one in parent.glob("*.txt")) if parent.is_dir() else []
        raise FeaturesError(
            "There is no such formula file.",
            expected="a text file of formulas",
            got=str(path),
            fix=did_you_mean(path.name, known) if known else "Write one: tael features RUN --out FILE.",
        ) from None
    except OSError as error:
        raise FeaturesError(
            "The formula file cannot be read.",
            expected="a text file",
            got=error.strerror or str(error),
            where=str(path),
            fix="Name a file that may be read.",
        ) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError as error:
            told = f"byte {error.start + 1} in {encoding}"
    raise FeaturesError(
        "The formula file is not in an encoding that tael reads.",
        expected="UTF-8 or GB18030",
        got=told,
        where=str(path),
        fix="Save it as UTF-8 in your editor.",
    )


def _header(lines: list[str], where: str) -> dict[str, Any]:
    """What the comments at the top say of the observations, if tael wrote them."""
    out: dict[str, Any] = {}
    if not lines[0].startswith(MARK):
        return out
    for number, line in enumerate(lines, 1):
        if not line.startswith("#"):
            break
        match = _HEADER.fullmatch(line.rstrip())
        if match is None:
            continue
        name, value = match[1], match[2]
        try:
            if name == "own":
                out[name] = {column: Type(kind) for column, kind in json.loads(value).items()}
            else:
                out[name] = str(json.loads(value)) if value.startswith('"') else value
        except (ValueError, AttributeError) as error:
            example = '{"income": "number"}' if name == "own" else 'loans, or in quotes "my loans"'
            _refuse(
                "A line of the header cannot be read.", where, number, 1, expected=f"# {name}: {example}",
                got=f"{line.strip()} ({error})", fix="Write it like the example.",
            )  # fmt: skip
    return out


def _words_below(lines: list[str], last: int) -> dict[Language, str]:
    out: dict[Language, str] = {}
    for line in lines[last:]:
        match = _WORDS.fullmatch(line.strip())
        if match is None:
            break
        out["zh" if match[1] == "zh" else "en"] = match[2]
    return out


def _parsed(statement: Statement, where: str) -> Node:
    try:
        return parse(statement.text)
    except FormulaError as error:
        line, column = statement.line, statement.column
        match = _PLACE.search(error.where or "")
        if match is not None:
            line, column = statement.place(int(match[1] or 1), int(match[2]))
        raise FormulaError(
            error.problem,
            expected=error.expected,
            got=" ".join((error.got or statement.text).split()),
            where=f"{where}, line {line}, column {column}",
            fix=error.fix,
        ) from None


def _refuse(problem: str, where: str, line: int, column: int, **parts: str) -> NoReturn:
    raise FeaturesError(problem, where=f"{where}, line {line}, column {column}", **parts)
