"""What tael's errors can say, read from the source, and what of it has no Chinese: ``python tools/error_texts.py``.

A text is a template: what is filled in at run time is written ``{}``. Names are followed to where they are given their
value, parameters of helper functions to their callers, so that a text is found wherever it is written down.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "tael"
PARTS = ("problem", "expected", "got", "where", "fix")
DEPTH = 4
MOST = 64
SLOT = "{}"
BESIDE = ("made", "pydantic", "words")
"""Files of the catalogue whose texts come to be at run time."""

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class Text:
    """A template and where it is said."""

    template: str
    room: str
    part: str
    places: list[str] = field(default_factory=list)


@dataclass
class Module:
    """A module of tael: its tree, and for each node the one around it."""

    path: str
    tree: ast.Module

    @cached_property
    def around(self) -> dict[ast.AST, ast.AST]:
        """Each node, in the order of a walk, and the node around it."""
        found: dict[ast.AST, ast.AST] = {}
        waiting: list[ast.AST] = [self.tree]
        for node in waiting:
            for child in ast.iter_child_nodes(node):
                found[child] = node
                waiting.append(child)
        return found

    @cached_property
    def imported(self) -> dict[str, tuple[str, str]]:
        """Names that stand for something of another module: the module, and the name there."""
        return {
            alias.asname or alias.name: (node.module or "", alias.name)
            for node in self.around
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }

    @cached_property
    def sources(self) -> set[str]:
        """The modules that something is imported from."""
        return {source for source, _ in self.imported.values()}

    def functions_around(self, node: ast.AST) -> list[Function]:
        """The functions that a node stands in, the innermost first."""
        found: list[Function] = []
        while (above := self.around.get(node)) is not None:
            if isinstance(above, Function):
                found.append(above)
            node = above
        return found

    @property
    def name(self) -> str:
        """The module's dotted name."""
        return ".".join(["tael", *Path(self.path).with_suffix("").parts]).removesuffix(".__init__")


class Source:
    """All of tael's source, asked for the texts of its errors."""

    def __init__(self, root: Path = PACKAGE) -> None:
        self.modules = [
            Module(path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8")))
            for path in sorted(root.rglob("*.py"))
        ]
        self.by_name = {module.name: module for module in self.modules}
        self.calls: dict[str, list[tuple[Module, ast.Call]]] = {}
        self.functions: dict[str, list[tuple[Module, ast.FunctionDef]]] = {}
        self.errors = {"TaelError"}
        self.inits: set[ast.Call] = set()
        self.known: dict[ast.AST, dict[str, list[ast.expr]]] = {}
        self.asked: list[ast.expr] = []
        for module in self.modules:
            for node in module.around:
                if isinstance(node, ast.Call):
                    self.calls.setdefault(called(node), []).append((module, node))
                elif isinstance(node, ast.FunctionDef):
                    self.functions.setdefault(node.name, []).append((module, node))
                elif isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Error") for base in node.bases):
                    self.errors.add(node.name)
                    self.inits.update(
                        call
                        for call in ast.walk(node)
                        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__"
                    )

    def texts(self) -> dict[str, Text]:
        """Every template that an error of tael may be made of."""
        found: dict[str, Text] = {}
        for module in self.modules:
            for node in module.around:
                if not isinstance(node, ast.Call):
                    continue
                # What a field of a plan or a schema refuses is told as what was expected there.
                if called(node) == "ValueError" and "pydantic" in module.sources and node.args:
                    self._keep(found, module, node, PARTS[1], node.args[0])
                if called(node) not in self.errors and node not in self.inits:
                    continue
                given = [(PARTS[0], node.args[0])] if node.args else []
                given += [(word.arg, word.value) for word in node.keywords if word.arg in PARTS]
                for part, value in given:
                    self._keep(found, module, node, part, value)
        for module, helper in self.functions["did_you_mean"]:
            for node in ast.walk(helper):
                if isinstance(node, ast.Return) and node.value is not None:
                    self._keep(found, module, node, "fix", node.value)
        return found

    def _keep(
        self, found: dict[str, Text], module: Module, node: ast.stmt | ast.expr, part: str, value: ast.expr
    ) -> None:
        inside: set[str] = set()
        depth = DEPTH if part in ("problem", "expected", "fix") else 1  # the others are values, mostly
        for template in self.read(value, module, inside, depth) | inside:
            if template.endswith("."):
                template = template.strip()  # a sentence behind others
            if not is_prose(template) or (part in ("got", "where") and " " not in template.strip()):
                continue
            text = found.setdefault(template, Text(template, module.path.split("/")[0].removesuffix(".py"), part))
            text.places.append(f"{module.path}:{node.lineno}")

    def read(self, node: ast.expr, module: Module, inside: set[str], depth: int) -> set[str]:
        """The templates that an expression may give; into ``inside`` goes prose that is filled into them."""
        if depth <= 0 and not isinstance(node, ast.Constant):
            return {SLOT}
        match node:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.Constant(value=None):
                return set()
            case ast.JoinedStr(values=values):
                return joined([self._piece(value, module, inside, depth) for value in values])
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                return joined([self.read(side, module, inside, depth) for side in (left, right)])
            case ast.IfExp(body=body, orelse=other):
                return self.read(body, module, inside, depth) | self.read(other, module, inside, depth)
            case ast.BoolOp(values=values):
                return set().union(*(self.read(value, module, inside, depth) for value in values))
            case ast.Subscript(value=ast.Name() as name):
                return self._name(name, module, inside, depth - 1)
            case ast.Dict(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                return set().union(*(self.read(value, module, inside, depth) for value in values)) or {SLOT}
            case ast.NamedExpr(value=value):
                return self.read(value, module, inside, depth)
            case ast.Name():
                return self._name(node, module, inside, depth - 1)
            case ast.Call():
                return self._call(node, module, inside, depth - 1)
        return {SLOT}

    def _piece(self, value: ast.expr, module: Module, inside: set[str], depth: int) -> set[str]:
        if not isinstance(value, ast.FormattedValue):
            return self.read(value, module, inside, depth)
        shown = value.value
        if value.conversion != -1 or value.format_spec is not None:
            return {SLOT}
        choices = self.read(shown, module, set(), depth - 1)
        if isinstance(shown, ast.IfExp | ast.BoolOp):
            return self.read(shown, module, inside, depth)
        inside.update(text for text in choices if " " in text.strip() and is_prose(text))
        return {SLOT}

    def _name(self, node: ast.Name, module: Module, inside: set[str], depth: int) -> set[str]:
        for function in module.functions_around(node):
            if values := self.given(function).get(node.id):
                return self._values(values, module, inside, depth)
            if not isinstance(function, ast.Lambda) and node.id in parameters(function):
                return self._parameter(function, node.id, inside, depth)
        if values := self.given(module.tree).get(node.id):
            return self._values(values, module, inside, depth)
        if node.id in module.imported:
            source, name = module.imported[node.id]
            if source in self.by_name:
                there = self.by_name[source]
                return self._values(self.given(there.tree).get(name, []), there, inside, depth)
        return {SLOT}

    def _plain(self, value: ast.expr) -> set[str]:
        """The templates of a value by itself, without following names."""
        return self.read(value, self.modules[0], set(), 1)

    def _values(self, values: list[ast.expr], module: Module, inside: set[str], depth: int) -> set[str]:
        fresh = [value for value in values if value not in self.asked]
        self.asked.extend(fresh)  # a name that is made of itself is followed once
        found = set().union(*(self.read(value, module, inside, depth) for value in fresh))
        del self.asked[len(self.asked) - len(fresh) :]
        return found or {SLOT}

    def given(self, owner: ast.AST) -> dict[str, list[ast.expr]]:
        """What each name is given in a function, or at a module's top."""
        if owner not in self.known:
            self.known[owner] = {}
            for name, value in assigned(owner):
                self.known[owner].setdefault(name, []).append(value)
            for name, more in added(owner):
                before = self.known[owner].get(name, [])
                # A further sentence is told by itself; what goes on with one that is not at its end belongs to it.
                if any(text.startswith(" ") for text in self._plain(more)):
                    self.known[owner][name] = [*before, more]
                    continue
                begun = [one for one in before if any(is_prose(text) and text[-1] != "." for text in self._plain(one))]
                self.known[owner][name] = before + [ast.BinOp(left=one, op=ast.Add(), right=more) for one in begun]
        return self.known[owner]

    def _parameter(
        self, function: ast.FunctionDef | ast.AsyncFunctionDef, name: str, inside: set[str], depth: int
    ) -> set[str]:
        if depth <= 0:
            return {SLOT}
        found: set[str] = set()
        taken = function.args
        order = [one.arg for one in [*taken.posonlyargs, *taken.args]]
        for one, default in [
            *zip(order[len(order) - len(taken.defaults) :], taken.defaults, strict=True),
            *((one.arg, default) for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True)),
        ]:
            if one == name and default is not None:
                found |= self.read(default, self.modules[0], inside, 1)
        method = order[:1] in (["self"], ["cls"])
        for module, call in self.calls.get(function.name, []):
            if not self._reaches(module, call, function):
                continue
            at = order.index(name) - method if name in order else -1
            if 0 <= at < len(call.args) and not any(isinstance(one, ast.Starred) for one in call.args):
                found |= self.read(call.args[at], module, inside, depth)
            for word in call.keywords:
                if word.arg == name:
                    found |= self.read(word.value, module, inside, depth)
        return found or {SLOT}

    def _call(self, node: ast.Call, module: Module, inside: set[str], depth: int) -> set[str]:
        name = called(node)
        match node.func:
            case ast.Attribute(value=ast.Constant(value=str(between)), attr="join") if between.strip() in ("", ";"):
                return self._several(node.args[0], module, inside, depth)
            case ast.Attribute(value=owner, attr="strip" | "rstrip" | "lstrip"):
                return {text.strip() for text in self.read(owner, module, inside, depth)}
            case ast.Attribute(value=ast.Name() | ast.Dict() as owner, attr="get"):
                return set().union(*(self.read(one, module, inside, depth) for one in (owner, *node.args[1:])))
            case ast.Attribute(value=owner, attr="format"):
                return {re.sub(r"{\w*[^}]*}", SLOT, text) for text in self.read(owner, module, inside, depth)}
        found: set[str] = set()
        for there, function in self.functions.get(name, []) if name != "did_you_mean" else []:
            if not self._reaches(module, node, function):
                continue
            for inner in ast.walk(function):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    found |= self.read(inner.value, there, inside, depth)
        return found or {SLOT}

    def _reaches(self, module: Module, call: ast.Call, function: ast.FunctionDef) -> bool:
        """Whether a call of that name in a module is one of this function, as far as names tell."""
        name = called(call)
        where = next(there for there, one in self.functions[name] if one is function)
        if isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Name) and ".".join(module.imported.get(owner.id, ())) == where.name:
                return True
            method = [one.arg for one in function.args.args[:1]] in (["self"], ["cls"])
            return method and (where is module or len(self.functions[name]) == 1)
        return where is module or module.imported.get(name, ("",))[0] == where.name

    def _several(self, node: ast.expr, module: Module, inside: set[str], depth: int) -> set[str]:
        if isinstance(node, ast.Call) and called(node) == "filter":
            node = node.args[1]
        if isinstance(node, ast.Tuple | ast.List):
            return set().union(*(self.read(one, module, inside, depth) for one in node.elts))
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            return self.read(node.elt, module, inside, depth)
        return {SLOT}


def called(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def parameters(function: Function) -> set[str]:
    """Names of a function's parameters."""
    taken = function.args
    return {one.arg for one in [*taken.posonlyargs, *taken.args, *taken.kwonlyargs]}


def assigned(owner: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names and what they are given in a function, or at a module's top: in pairs and in loops over tuples, too."""
    for node in ast.walk(owner) if not isinstance(owner, ast.Module) else owner.body:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from matched(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from matched(target, value)
            case ast.NamedExpr(target=target, value=value):
                yield from matched(target, value)
            case ast.For(target=target, iter=ast.Tuple(elts=rows) | ast.List(elts=rows)):
                for row in rows:
                    yield from matched(target, row)


def added(owner: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Names that something is added to in a function, and what."""
    for node in ast.walk(owner) if not isinstance(owner, ast.Module) else ():
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def matched(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """The names in a target, each with its part of a value."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, part in zip(target.elts, value.elts, strict=True):
            yield from matched(one, part)


def joined(pieces: Iterable[set[str]]) -> set[str]:
    """Every way of laying the pieces end to end; where there are too many, what varies is a slot."""
    pieces = [piece or {""} for piece in pieces]
    count = 1
    for piece in pieces:
        count *= len(piece)
    if count > MOST:
        pieces = [piece if len(piece) == 1 else {SLOT} for piece in pieces]
    return {"".join(one) for one in product(*pieces)}


def is_prose(template: str) -> bool:
    """Whether there is something to say in another language: a word, and not Chinese for the most part."""
    latin, chinese = (len(re.findall(one, template)) for one in ("[A-Za-z]", "[\u4e00-\u9fff]"))
    return re.search("[A-Za-z]{2}", template) is not None and latin > 4 * chinese


def main() -> None:
    """Print the texts that have no Chinese (place, part, text), and the Chinese that nothing says any more."""
    from tael.reports.errors_zh import catalogue, sentences

    texts = Source().texts()
    missing = [text for text in texts.values() if text.template not in sentences()]
    for text in sorted(missing, key=lambda text: (text.places[0], text.part)):
        print(f"{text.places[0]}\t{text.part}\t{text.template}")
    rooms = {text for name, held in catalogue().items() if name not in BESIDE for text in held}
    stale = sorted(rooms - texts.keys())
    for template in stale:
        print(f"no longer said\t\t{template}")
    print(f"{len(texts):,} texts, {len(missing):,} without Chinese; {len(stale):,} no longer said", file=sys.stderr)


if __name__ == "__main__":
    main()
