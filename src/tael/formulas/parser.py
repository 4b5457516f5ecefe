"""Text to tree. Python's own parser reads the text; nothing is evaluated, and only what is listed here is taken."""

from __future__ import annotations

import ast
import math
import warnings
from typing import NoReturn

from tael.errors import FormulaError, did_you_mean
from tael.formulas import operators
from tael.formulas.durations import Duration
from tael.formulas.syntax import MAX_DEPTH, Call, Literal, Name, Node, depth

MAX_CHARACTERS = 20_000
MAX_BARS = 100_000
"""The longest window of a panel operator."""

OPTIONS = ("where", "after", "by", "among", "over", "within", "last", "next", "gap", "via")
"""The keyword arguments of aggregates, in canonical order."""

PANEL_OPTIONS = ("by", "min_periods")
"""The keyword arguments of panel operators, in canonical order."""

NETWORK_OPTIONS = ("where", "length", "below", "within", "last", "source", "target", "via")
"""The keyword arguments of network operators, in canonical order."""

TOGETHER = "together"
"""What ``by=(a, b)`` becomes in the tree: a call that no formula can write."""

AS_OF = "as_of"
"""``among="as_of"``: a population as it was known before each cutoff, not that of the training observations."""

COLUMN = "column"
"""``column("loans", "days late")`` names what cannot be written as a Python name."""

_ARITHMETIC: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
_COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
_INSTEAD: dict[type[ast.AST], str] = {
    ast.BitAnd: "Write `and` instead of `&`.",
    ast.BitOr: "Write `or` instead of `|`.",
    ast.Invert: "Write `not` instead of `~`.",
    ast.FloorDiv: "Write `floor(a / b)`.",
    ast.Is: "Write `==`, or `is_missing(x)`.",
    ast.IsNot: "Write `!=`, or `not is_missing(x)`.",
}


def parse(text: str) -> Node:
    """Read a formula.

    Parameters
    ----------
    text : str
        A Python expression of the language, such as ``sum(transactions.amount, last="90d")``.

    Returns
    -------
    Node
        Its tree. Names are not looked up yet; see :func:`tael.formulas.resolve.resolve`.

    Raises
    ------
    FormulaError
        If the text is no expression, or uses what the language does not have.

    Examples
    --------
    >>> parse("amount / 12")
    Call(op='div', args=(Name(parts=('amount',)), Literal(value=12.0)), options=())
    """
    if not isinstance(text, str) or not text.strip():
        raise FormulaError(
            "There is no formula.", expected="a text such as `amount / income`", got=repr(text), fix="Write one."
        )
    text = text.strip()
    if len(text) > MAX_CHARACTERS:
        raise FormulaError(
            "The formula is too long.",
            expected=f"at most {MAX_CHARACTERS} characters",
            got=f"{len(text)} characters",
            fix="Split it into several.",
        )
    try:
        with warnings.catch_warnings():
            # Python warns of odd escapes and the like; what matters is checked below.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval")
    except (RecursionError, MemoryError):
        raise _too_deep(text) from None
    except SyntaxError as error:
        if "too many nested" in str(error):
            raise _too_deep(text) from None
        raise FormulaError(
            "The formula cannot be read.",
            got=str(error.msg),
            where=_place(text, error.lineno, (error.offset or 1) - 1),
            fix="Formulas are written as Python expressions; look at brackets, quotes and commas.",
        ) from None
    except ValueError as error:
        raise FormulaError(
            "The formula cannot be read.", got=str(error), fix="Remove unprintable characters."
        ) from None
    node = _Reader(text).read(tree.body, 1)
    if depth(node) > MAX_DEPTH:
        raise _too_deep(text)
    return node


def _too_deep(text: str) -> FormulaError:
    return FormulaError(
        "The formula is nested too deeply.",
        expected=f"at most {MAX_DEPTH} operators inside one another",
        where=_shown(text),
        fix="Split it into several.",
    )


def _shown(text: str) -> str:
    return text if len(text) <= 120 else text[:117] + "..."


def _place(text: str, line: int | None, column: int) -> str:
    lines = f"line {line}, " if line is not None and "\n" in text else ""
    return f"{_shown(text)}  ({lines}character {column + 1})"


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text

    def read(self, node: ast.expr, level: int) -> Node:
        if level > MAX_DEPTH:
            raise _too_deep(self.text)
        level += 1
        match node:
            case ast.Constant():
                return self.literal(node)
            case ast.Name() | ast.Attribute():
                return self.name(node)
            case ast.UnaryOp():
                return self.unary(node, level)
            case ast.BinOp():
                op = _ARITHMETIC.get(type(node.op))
                if op is None:
                    self.refuse(node, "This operator is not in the language.", _INSTEAD.get(type(node.op)))
                return Call(op, (self.read(node.left, level), self.read(node.right, level)))
            case ast.BoolOp():
                return self.joined("and" if isinstance(node.op, ast.And) else "or", node.values, level)
            case ast.Compare():
                return self.comparison(node, level)
            case ast.IfExp():
                branches = (node.test, node.body, node.orelse)
                return Call("where", tuple(self.read(part, level) for part in branches))
            case ast.Call():
                return self.call(node, level)
            case ast.Subscript():
                return self.moved(node, level)
            case _:
                self.refuse(node, "This is not in the language.", None)

    def refuse(self, node: ast.AST, problem: str, fix: str | None) -> NoReturn:
        got = ast.get_source_segment(self.text, node)
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        # Python counts bytes here, a person characters
        before = self.text.split("\n")[line - 1].encode("utf-8", "surrogatepass")[:column]
        column = len(before.decode("utf-8", "surrogatepass"))
        raise FormulaError(
            problem,
            expected="names, numbers, texts in quotes, + - * / **, comparisons, and, or, not, in, and listed functions",
            got=_shown(got) if got else None,
            where=_place(self.text, line, column),
            fix=fix,
        )

    def literal(self, node: ast.Constant) -> Literal:
        value = node.value
        if isinstance(value, bool | str):
            return Literal(value)
        if isinstance(value, float) and math.isfinite(value):
            return Literal(value)
        if isinstance(value, int):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
            if number == value:
                return Literal(number)
            self.refuse(node, "The whole number is too large to be exact.", "Write an identifier in quotes, as text.")
        if isinstance(value, float):
            self.refuse(node, "The number is too large.", "Write a finite number.")
        self.refuse(node, "This is not in the language.", "For missing values there is `is_missing(x)`.")

    def name(self, node: ast.Name | ast.Attribute) -> Name:
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.refuse(node, "A point stands between names alone, as in `customers.age`.", None)
        parts.append(inner.id)
        parts.reverse()
        if len(parts) > MAX_DEPTH:
            raise _too_deep(self.text)
        for part in parts:
            if part.startswith("__"):
                self.refuse(node, f'The name "{part}" is not taken.', f'Write `{COLUMN}("{part}")` if it is a column.')
        return Name(tuple(parts))

    def unary(self, node: ast.UnaryOp, level: int) -> Node:
        match node.op:
            case ast.UAdd():
                return self.read(node.operand, level)
            case ast.Not():
                return Call("not", (self.read(node.operand, level),))
            case ast.USub():
                operand = self.read(node.operand, level)
                # A negative number is one literal; only a number as it stands in the text is folded.
                written = isinstance(node.operand, ast.Constant)
                if written and isinstance(operand, Literal) and isinstance(operand.value, float):
                    return Literal(-operand.value)
                return Call("neg", (operand,))
            case _:
                self.refuse(node, "This operator is not in the language.", _INSTEAD.get(type(node.op)))

    def joined(self, op: str, values: list[ast.expr], level: int) -> Node:
        if len(values) > MAX_DEPTH:
            raise _too_deep(self.text)
        result = self.read(values[0], level)
        for value in values[1:]:
            result = Call(op, (result, self.read(value, level)))
        return result

    def comparison(self, node: ast.Compare, level: int) -> Node:
        if len(node.ops) > MAX_DEPTH:
            raise _too_deep(self.text)
        result: Node | None = None
        left = node.left
        # 0 < x < 5 says the same as 0 < x and x < 5.
        for op, right in zip(node.ops, node.comparators, strict=True):
            one = self.compared(node, op, left, right, level)
            result = one if result is None else Call("and", (result, one))
            left = right
        assert result is not None
        return result

    def compared(self, node: ast.Compare, op: ast.cmpop, left: ast.expr, right: ast.expr, level: int) -> Node:
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(right, ast.Tuple | ast.List | ast.Set) or not right.elts:
                self.refuse(
                    node,
                    "`in` needs a list of constants.",
                    'Write `purpose in ("car", "home")`; for a word inside a text `contains(remark, "word")`.',
                )
            choices = [self.read(one, level) for one in right.elts]
            for choice, one in zip(choices, right.elts, strict=True):
                if not isinstance(choice, Literal):
                    self.refuse(one, "`in` takes constants alone.", "Write several comparisons joined by `or`.")
            found = Call("in", (self.read(left, level), *choices))
            return found if isinstance(op, ast.In) else Call("not", (found,))
        name = _COMPARISONS.get(type(op))
        if name is None:
            self.refuse(node, "This operator is not in the language.", _INSTEAD.get(type(op)))
        return Call(name, (self.read(left, level), self.read(right, level)))

    def call(self, node: ast.Call, level: int) -> Node:
        if not isinstance(node.func, ast.Name):
            self.refuse(node, "Only the functions of the language can be called.", "Write it like `log(amount)`.")
        name = operators.ALIASES.get(node.func.id, node.func.id)
        if name == COLUMN:
            return self.quoted_name(node)
        if name not in operators.REGISTRY:
            known = [*operators.callable_names(), COLUMN]
            self.refuse(node.func, f'There is no function "{name}" in the language.', did_you_mean(name, known))
        args = tuple(self.read(arg, level) for arg in node.args)
        takes: tuple[str, ...] = OPTIONS if operators.is_aggregate(name) else operators.REGISTRY[name].named
        options = {}
        for keyword in node.keywords:
            if keyword.arg is None or not takes:
                self.refuse(keyword, f"`{name}` takes no named arguments.", None)
            if keyword.arg in options:
                self.refuse(keyword, f"`{keyword.arg}=` is given twice.", "Remove one of the two.")
            if keyword.arg not in takes:
                self.refuse(keyword, f'There is no option "{keyword.arg}".', did_you_mean(keyword.arg, takes))
            options[keyword.arg] = self.option(keyword, keyword.arg, level)
        network = operators.REGISTRY[name].kind == "network"
        order = OPTIONS if operators.is_aggregate(name) else NETWORK_OPTIONS if network else PANEL_OPTIONS
        return Call(name, args, tuple((key, options[key]) for key in order if key in options))

    def moved(self, node: ast.Subscript, level: int) -> Call:
        """``close[-5]``: five bars before; ``close[+5]``: five bars after."""
        sign, count = (node.slice.op, node.slice.operand) if isinstance(node.slice, ast.UnaryOp) else (None, None)
        whole = isinstance(count, ast.Constant) and type(count.value) is int and 0 < count.value <= MAX_BARS
        if not whole or not isinstance(sign, ast.UAdd | ast.USub):
            self.refuse(
                node,
                "In square brackets stands how many bars before or after.",
                "Write `close[-5]`, or in labels `close[+5]`: a whole number with its sign.",
            )
        assert isinstance(count, ast.Constant)
        assert isinstance(count.value, int)
        bars = Literal(float(count.value))
        return Call("ahead" if isinstance(sign, ast.UAdd) else "delay", (self.read(node.value, level), bars))

    def option(self, keyword: ast.keyword, name: str, level: int) -> Node:
        if name == "by" and isinstance(keyword.value, ast.Tuple | ast.List):
            parts = [self.read(part, level + 1) for part in keyword.value.elts]
            if not parts:
                self.refuse(keyword, "`by=` is empty.", 'Name columns, or write `by="all"` for one group of all.')
            return parts[0] if len(parts) == 1 else Call(TOGETHER, tuple(parts))
        value = self.read(keyword.value, level)
        if name == "min_periods":
            number = value.value if isinstance(value, Literal) else None
            if not isinstance(number, float) or number != int(number) or not 1 <= number <= MAX_BARS:
                self.refuse(keyword, "`min_periods=` takes a whole number.", "Write `min_periods=1`.")
            return value
        if name in ("where", "after", "by"):
            return value
        if name in ("length", "below"):
            if not isinstance(value, Literal) or not isinstance(value.value, float):
                self.refuse(
                    keyword, f"`{name}=` takes a number.", f"Write `{name}={3 if name == 'length' else 50000}`."
                )
            return value
        if name == "over":
            if not isinstance(value, Name) or len(value.parts) > 1:
                self.refuse(keyword, "`over=` takes a table.", "Write `over=loans`.")
            return value
        if not isinstance(value, Literal) or not isinstance(value.value, str):
            example = {"via": '"customer_id"', "among": '"as_of"', "source": '"sender"', "target": '"receiver"'}.get(
                name, '"90d"'
            )
            self.refuse(keyword, f"`{name}=` takes a text in quotes.", f"Write `{name}={example}`.")
        if name == "among" and value.value != AS_OF:
            self.refuse(
                keyword,
                f'`among=` takes "{AS_OF}": the rows known before each cutoff.',
                f'Write `among="{AS_OF}"`, or leave it out: then the training observations are meant.',
            )
        return value if name in ("via", "among", "source", "target") else Literal(str(Duration.parse(value.value)))

    def quoted_name(self, node: ast.Call) -> Name:
        parts = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
        if node.keywords or not parts or not all(parts) or len(parts) != len(node.args):
            self.refuse(node, f"`{COLUMN}` takes names in quotes.", f'Write `{COLUMN}("loans", "days late")`.')
        return Name(tuple(parts))
