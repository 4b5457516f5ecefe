"""Tree to text: one canonical form, with as few brackets as the meaning allows. ``parse(to_text(node)) == node``."""

from __future__ import annotations

import keyword
import math
import unicodedata

from tael.errors import FormulaError
from tael.formulas import operators
from tael.formulas.parser import COLUMN, MAX_BARS, TOGETHER
from tael.formulas.syntax import Call, Literal, Name, Node

_LOOSEST, _NOT, _COMPARISON, _UNARY, _POWER, _ATOM = 0, 3, 4, 7, 8, 9


def to_text(node: Node) -> str:
    """Write a formula.

    >>> from tael.formulas.parser import parse
    >>> to_text(parse("((a))*(b + 2.0) > -1 and not(x in ['u'])"))
    'a * (b + 2) > -1 and x not in ("u",)'
    """
    return _write(node, _LOOSEST)


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> number_text(90.0), number_text(0.1)
    ('90', '0.1')
    """
    if not math.isfinite(value):
        raise FormulaError("A formula cannot hold this number.", expected="a finite number", got=str(value))
    return repr(float(value)).removesuffix(".0")


def quoted(text: str) -> str:
    """A text between double quotes, as Python reads it.

    >>> print(quoted('a "b"'))
    "a \\"b\\""
    """
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _write(node: Node, needed: int) -> str:
    """The text of a node, in brackets if it binds less tightly than its place needs."""
    text, binds = _written(node)
    return f"({text})" if binds < needed else text


def _written(node: Node) -> tuple[str, int]:
    match node:
        case Literal(bool(value)):
            return str(value), _ATOM
        case Literal(str(value)):
            return quoted(value), _ATOM
        case Literal(value):
            text = number_text(float(value))
            return text, _UNARY if text.startswith("-") else _ATOM
        case Name(parts):
            return _name(parts), _ATOM
        case Call():
            return _call(node)


def _name(parts: tuple[str, ...]) -> str:
    plain = all(
        part.isidentifier()
        and not keyword.iskeyword(part)
        and not part.startswith("__")
        # Python reads names in their normal form, in which another name would come back.
        and unicodedata.normalize("NFKC", part) == part
        for part in parts
    )
    return ".".join(parts) if plain else f"{COLUMN}({', '.join(quoted(part) for part in parts)})"


def _call(node: Call) -> tuple[str, int]:
    if node.op == TOGETHER:
        return f"({', '.join(_write(arg, _LOOSEST) for arg in node.args)})", _ATOM
    if node.op == "ahead" and _bars(node) is not None:
        return f"{_write(node.args[0], _ATOM)}[+{_bars(node)}]", _ATOM
    operator = operators.REGISTRY.get(node.op)
    infix = operator.infix if operator else None
    if infix is not None and not node.options:
        if node.op == "in":
            return f"{_write(node.args[0], _COMPARISON + 1)} in {_choices(node)}", _COMPARISON
        if node.op == "not":
            return _not(node), _COMPARISON if _is_in(node.args[0]) else _NOT
        if node.op == "neg":
            inner = node.args[0]
            # -5 is a literal, so the operator before a bare number is written as a function.
            if not (isinstance(inner, Literal) and _is_bare(inner)):
                return "-" + _write(inner, _UNARY), _UNARY
        elif len(node.args) == 2:
            left, right = node.args
            tight = infix.precedence + 1
            if infix.precedence == _COMPARISON:
                sides = _write(left, tight), _write(right, tight)
            elif infix.precedence == _POWER:
                sides = _write(left, tight), _write(right, _UNARY)
            else:
                sides = _write(left, infix.precedence), _write(right, tight)
            return f"{sides[0]} {infix.symbol} {sides[1]}", infix.precedence
    inside = [_write(arg, _LOOSEST) for arg in node.args]
    inside += [f"{key}={_write(value, _LOOSEST)}" for key, value in node.options]
    return f"{node.op}({', '.join(inside)})", _ATOM


def _bars(node: Call) -> int | None:
    """How many bars `ahead` looks forward, if it is written as `x[+5]`."""
    inner = node.args[0] if len(node.args) == 2 and not node.options else None
    count = node.args[1].value if inner is not None and isinstance(node.args[1], Literal) else None
    if not isinstance(count, float) or count != int(count) or not 0 < count <= MAX_BARS:
        return None
    # texts and numbers in square brackets would be read, but look odd
    return None if isinstance(inner, Literal) else int(count)


def _is_bare(literal: Literal) -> bool:
    value = literal.value
    return not isinstance(value, bool | str) and not number_text(value).startswith("-")


def _is_in(node: Node) -> bool:
    return isinstance(node, Call) and node.op == "in"


def _choices(node: Call) -> str:
    texts = [_write(choice, _LOOSEST) for choice in node.args[1:]]
    return f"({', '.join(texts)}{',' if len(texts) == 1 else ''})"


def _not(node: Call) -> str:
    inner = node.args[0]
    if isinstance(inner, Call) and _is_in(inner):
        return f"{_write(inner.args[0], _COMPARISON + 1)} not in {_choices(inner)}"
    return "not " + _write(inner, _NOT)
