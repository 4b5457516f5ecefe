"""Short names for columns: what a formula is called in a frame."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

from tael.formulas import operators
from tael.formulas.parser import TOGETHER, parse
from tael.formulas.printer import number_text, to_text
from tael.formulas.syntax import Call, Literal, Name, Node

LONGEST = 60
_HASH = 8
_BETWEEN = {
    "add": "plus",
    "sub": "minus",
    "mul": "times",
    "div": "per",
    "pow": "pow",
    "and": "and",
    "or": "or",
    "eq": "",
    "ne": "not",
    "lt": "lt",
    "le": "le",
    "gt": "gt",
    "ge": "ge",
    "in": "in",
}
_PLAIN = re.compile(r"[^\W_]+(?:[ _][^\W_]+)*")


def short_name(formula: Node | str) -> str:
    """A short, readable, stable name: an identifier of at most 60 characters.

    A few characters of the formula's hash are added where the name was cut, or where it leaves out something that
    tells formulas apart (brackets, punctuation in a text).

    Parameters
    ----------
    formula : Node or str

    Returns
    -------
    str

    Examples
    --------
    >>> short_name('sum(transactions.amount, where=operation == "cash withdrawal", last="90d")')
    'sum_transactions_amount_where_operation_cash_withdrawal_90d'
    >>> short_name("amount / customers.income")
    'amount_per_customers_income'
    """
    node = parse(formula) if isinstance(formula, str) else formula
    parts, exact = _parts(node)
    whole = "_".join(part for part in parts if part)
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", unicodedata.normalize("NFKC", whole))).strip("_")
    if not name.isidentifier():
        name, exact = "f_" + "".join(c for c in name if ("a" + c).isidentifier()), False
    if exact and len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - _HASH - 1].rstrip('_')}_{_digest(node)}"


def short_names(formulas: Sequence[Node | str]) -> list[str]:
    """Names for several formulas, no two of different formulas alike.

    >>> short_names(["a_b.c", "a.b_c", "a.d"])[2]
    'a_d'
    """
    nodes = [parse(formula) if isinstance(formula, str) else formula for formula in formulas]
    names = {node: short_name(node) for node in dict.fromkeys(nodes)}
    often = Counter(names.values())
    return [
        names[node] if often[names[node]] == 1 else f"{names[node][: LONGEST - _HASH - 1].rstrip('_')}_{_digest(node)}"
        for node in nodes
    ]


def _digest(node: Node) -> str:
    return hashlib.sha256(to_text(node).encode("utf-8", "surrogatepass")).hexdigest()[:_HASH]


def _parts(node: Node) -> tuple[list[str], bool]:
    """The pieces of the name, and whether they leave nothing out."""
    match node:
        case Name(parts):
            return list(parts), all(part.isidentifier() for part in parts)
        case Literal(bool(value)):
            return [str(value).lower()], True
        case Literal(str(value)):
            return [value], _PLAIN.fullmatch(value) is not None
        case Literal(value):
            text = number_text(float(value))
            return [text.replace("-", "m").replace("+", "").replace(".", "p")], True
        case Call():
            return _call_parts(node)


def _call_parts(node: Call) -> tuple[list[str], bool]:
    inner = [_parts(arg) for arg in node.args]
    exact = all(sure for _, sure in inner)
    operator = operators.REGISTRY.get(node.op)
    if node.op in _BETWEEN and len(inner) >= 2:
        # Without brackets only a chain of one operator, nested to the left, and comparisons are clear.
        own = operator.infix.precedence if operator and operator.infix else 0
        exact = exact and all(_binds(arg) > own for arg in node.args[1:]) and _binds(node.args[0]) >= own
        parts = [*inner[0][0], _BETWEEN[node.op]]
        for more, _ in inner[1:]:
            parts += more
    else:
        parts = ([] if node.op == TOGETHER else [node.op]) + [part for more, _ in inner for part in more]
        exact = exact and all(_binds(arg) >= 7 for arg in node.args)
    for key, value in node.options:
        more, sure = _parts(value)
        parts += more if key in ("last", "among") else [key, *more]
        exact = exact and sure
    return parts, exact


def _binds(node: Node) -> int:
    if not isinstance(node, Call):
        return 9
    operator = operators.REGISTRY.get(node.op)
    return operator.infix.precedence if operator and operator.infix else 9
