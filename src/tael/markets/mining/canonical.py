"""One form for formulas that order the entities alike, so that the same factor is tried once."""

from __future__ import annotations

from tael.formulas.printer import to_text
from tael.formulas.syntax import Call, Literal, Name, Node

_COMMUTE = frozenset({"add", "mul", "minimum", "maximum", "eq", "ne", "and", "or", "ts_corr", "ts_cov"})
_RISING = frozenset({"rank", "zscore", "demean", "scale", "exp", "log", "log1p", "sqrt"})
"""Rising in their argument within a bar: what they are asked of is ordered as they are."""
_ODD = frozenset(
    {"zscore", "demean", "delay", "delta", "ts_sum", "ts_mean", "ts_skew", "ts_slope", "ts_resid", "ts_zscore"}
    | {"decay_linear", "ewm", "sign", "cs_mean", "scale", "ts_corr", "ts_cov", "ts_median", "neutralize"}
)
"""``f(-x) = -f(x)`` in the first argument."""
_FLIPPED = {"ts_min": "ts_max", "ts_max": "ts_min"}
_EVEN = frozenset({"abs", "ts_std", "ts_var", "ts_mad", "ts_kurt", "ts_rsquare"})
_TURNED = {"gt": "lt", "ge": "le"}
_SETTLED = frozenset({"rank", "zscore", "demean"})


def canonical(node: Node) -> Node:
    """The simplest formula found that orders the entities of every bar as this one does, or exactly in reverse.

    Signs are pulled out and dropped, sides that commute stand in order, and outermost operators that keep the order
    are taken away: a rank, a sum with a constant, a positive factor. A factor and its reverse are one factor, since its
    sign is what the data say.

    Parameters
    ----------
    node : Node

    Examples
    --------
    >>> from tael.formulas.parser import parse
    >>> texts = ("rank(-(close / delay(close, 5) - 1))", "2 * (open[-3] - close)", "-ts_corr(volume, -open, 10)")
    >>> [to_text(canonical(parse(text))) for text in texts]
    ['close / delay(close, 5)', 'close - delay(open, 3)', 'ts_corr(open, volume, 10)']
    """
    bare = _settled(_simple(node)[1])
    while True:
        inner = _settled(_bare(bare))
        if inner == bare:
            return bare
        bare = inner


def _settled(node: Node) -> Node:
    """A difference in its order: the sign does not matter outermost."""
    if isinstance(node, Call) and node.op == "sub":
        left, right = node.args
        if not isinstance(left, Literal) and not isinstance(right, Literal) and _key(right) < _key(left):
            return Call("sub", (right, left))
    return node


def _bare(node: Node) -> Node:
    """Without an outermost operator that keeps or reverses the order of the entities."""
    if not isinstance(node, Call):
        return node
    if node.op == "neg" or (node.op in _RISING and not node.options):
        return _simple(node.args[0])[1]
    if node.op in ("add", "sub", "mul", "div") and len(node.args) == 2:
        left, right = node.args
        if isinstance(right, Literal) and right.value != 0:
            return left
        if isinstance(left, Literal) and left.value != 0 and node.op != "div":
            return right
    return node


def _key(node: Node) -> tuple[bool, str]:
    return isinstance(node, Literal), to_text(node)


def _simple(node: Node) -> tuple[bool, Node]:
    """Whether a sign was pulled out, and the rest."""
    if isinstance(node, Literal) and not isinstance(node.value, bool | str) and node.value < 0:
        return True, Literal(-node.value)
    if not isinstance(node, Call):
        return False, node
    if node.op == "neg":
        negative, inner = _simple(node.args[0])
        return not negative, inner
    op, args = node.op, list(node.args)
    if op in _TURNED:
        op, args = _TURNED[op], args[::-1]
    parts = [_simple(arg) for arg in args]
    if op in ("mul", "div"):
        return _times(op, parts)
    if op in ("add", "sub"):
        return _plus(op, parts)
    sign = False
    first, inner = parts[0]
    if first and op in (_ODD | _EVEN | _FLIPPED.keys()):
        op, sign = _FLIPPED.get(op, op), op not in _EVEN
        parts[0] = (False, inner)
    if op in ("ts_corr", "ts_cov") and parts[1][0]:
        sign, parts[1] = not sign, (False, parts[1][1])
    made = [_signed(*part) for part in parts]
    if op in _COMMUTE:
        numbers = 2 if op in ("ts_corr", "ts_cov") else len(made)
        made[:numbers] = sorted(made[:numbers], key=_key)
    return sign, _once(Call(op, tuple(made), node.options))


def _once(node: Call) -> Node:
    """``rank(rank(x))`` is ``rank(x)``; so are all that settle a bar's values and see settled ones."""
    inner = node.args[0]
    if node.op == "rank" and isinstance(inner, Call) and inner.op in _RISING and not node.options and not inner.options:
        return _once(Call("rank", inner.args))
    same = isinstance(inner, Call) and inner.op == node.op and inner.options == node.options
    return inner if node.op in _SETTLED and same else node


def _times(op: str, parts: list[tuple[bool, Node]]) -> tuple[bool, Node]:
    made = [inner for _, inner in parts]
    if op == "mul":
        made.sort(key=_key)
    return parts[0][0] != parts[1][0], Call(op, tuple(made))


def _plus(op: str, parts: list[tuple[bool, Node]]) -> tuple[bool, Node]:
    (minus, left), (other, right) = parts
    if op == "sub":
        other = not other
    if minus == other:
        return minus, Call("add", tuple(sorted((left, right), key=_key)))
    # one of each sign: the positive one first, unless both orders would do
    return (False, Call("sub", (right, left))) if minus else (False, Call("sub", (left, right)))


def _signed(negative: bool, node: Node) -> Node:
    if not negative:
        return node
    if isinstance(node, Literal) and not isinstance(node.value, bool | str):
        return Literal(-node.value)
    return Call("neg", (node,))


def oriented(node: Node, positive: bool) -> Node:
    """The formula as it is kept: a rank, so that it lies in (0, 1], and higher where more is expected.

    Parameters
    ----------
    node : Node
        Canonical.
    positive : bool
        Whether its rank IC is above 0.

    Examples
    --------
    >>> from tael.formulas.parser import parse
    >>> to_text(oriented(parse("ts_corr(open, volume, 10)"), False))
    'rank(-ts_corr(open, volume, 10))'
    >>> to_text(oriented(parse("rank(close, by=sector)"), False))
    'rank(-close, by=sector)'
    """
    if isinstance(node, Call) and node.op == "rank":
        return node if positive else Call("rank", (_minus(node.args[0]),), node.options)
    return Call("rank", (node if positive else _minus(node),))


def _minus(node: Node) -> Node:
    return _signed(True, node)


def size(node: Node) -> int:
    """How many operators and fields a formula has.

    >>> from tael.formulas.parser import parse
    >>> size(parse("ts_corr(open, volume, 10)"))
    3
    """
    match node:
        case Literal():
            return 0
        case Name():
            return 1
    return 1 + sum(map(size, node.args))
