"""Holds docs/architecture.md: who may import whom, what is never imported, how long a file is, what is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "tael"

# The way of the data, left to right, as docs/architecture.md draws it.
WAY = (
    "errors",
    "tables",
    "formulas",
    "engine",
    "panels",
    "observations",
    "features",
    "validation",
    "models",
    "networks",
    "decisions",
    "markets",
    "runs",
    "scenarios",
    "cli",
)

# Rooms beside the way: all of tael that they may import.
BESIDE = {
    "kernels": {"errors"},
    # A planted pattern is a formula, and its label is drawn from the formula's own values.
    "datasets": {"errors", "tables", "formulas", "engine"},
    # A report reads what a run wrote down, so it can be made again from the folder alone; it needs no model.
    "reports": {"errors"},
}

# Which rooms of the way may import a room that stands beside it.
READERS = {
    "kernels": set(WAY[WAY.index("formulas") :]),
    "datasets": {"scenarios", "cli"},
    "reports": {"runs", "scenarios", "cli"},
}

# Code in a pickle runs when it is loaded; text that is evaluated can do anything; tael works without a network.
FORBIDDEN_IMPORTS = {
    "pickle": "loading a pickle runs code: use a format that holds data alone",
    "cloudpickle": "loading a pickle runs code: use a format that holds data alone",
    "dill": "loading a pickle runs code: use a format that holds data alone",
    "joblib": "its files are pickles (its threads and its count of processors are welcome)",
    "shelve": "its files are pickles: use a format that holds data alone",
    "marshal": "its files are code",
    "requests": "tael does not use the network",
    "urllib.request": "tael does not use the network",
    "http.client": "tael does not use the network",
    "httpx": "tael does not use the network",
}
WELCOME = {f"joblib.{name}" for name in ("Parallel", "cpu_count", "delayed", "effective_n_jobs", "parallel_config")}
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}

ASK_AT, NEVER_OVER = 400, 800

# Files between the two, each with the reason why it is one thought. A row that is no longer needed fails too.
LONG_FILES: dict[str, str] = {
    "src/tael/kernels/_scan.py": "one compiled scan: Numba's cache does not see edits in a module that it inlines",
    "src/tael/reports/catalogue.py": "a list of sentences in two languages, no logic",
    "src/tael/kernels/binning.py": "one compiled dynamic program: Numba's cache does not see edits in other modules",
    "tests/reports/conftest.py": "one run as the report reads it, written out",
    "tests/formulas/test_words.py": "a list of sentences in two languages",
    "tests/pit/oracle.py": "the whole language once more, plainly; parts of it would have to import one another",
}


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of tael: its path below src/tael, and its tree."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text("utf-8"), str(path))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def room_of(path: str) -> str:
    """The room a module belongs to: its folder, or its own name at the top (``""`` for the package's face)."""
    first = path.split("/")[0]
    return {"__init__.py": "", "__main__.py": "cli"}.get(first, first.removesuffix(".py"))


def imports(path: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and absolute dotted name of everything a module imports, at any depth and under any condition."""
    package = ["tael", *path.split("/")[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield node.lineno, f"{stem}.{alias.name}"


def allowed(room: str) -> set[str]:
    """The rooms that a room may import."""
    if room in BESIDE:
        return BESIDE[room]
    left = set(WAY[: WAY.index(room)])
    return left | {beside for beside, readers in READERS.items() if room in readers}


def misdirected(path: str, tree: ast.Module) -> list[str]:
    """Imports of a module that run against the way of the data, or into another room's private file."""
    room = room_of(path)
    faults: list[str] = []
    if room == "":
        return faults  # the package's face shows things from every room
    for line, name in imports(path, tree):
        parts = name.split(".")
        if parts[0] != "tael" or len(parts) < 2 or parts[1] == room or parts[1].startswith("__"):
            continue
        place = f"src/tael/{path}:{line} imports {name}"
        if parts[1] not in allowed(room):
            faults.append(f"{place}: {room} may import {', '.join(sorted(allowed(room))) or 'nothing of tael'}")
        elif any(part.startswith("_") and not part.startswith("__") for part in parts[2:]):
            faults.append(f"{place}: that is private to {parts[1]}")
    return faults


def forbidden(path: str, tree: ast.Module) -> list[str]:
    """Imports and calls of a module that have no place in tael."""
    faults = []
    for line, name in imports(path, tree):
        for banned, reason in FORBIDDEN_IMPORTS.items():
            if (name == banned or name.startswith(banned + ".")) and name not in WELCOME:
                faults.append(f"src/tael/{path}:{line} imports {name}: {reason}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FORBIDDEN_CALLS:
            faults.append(f"src/tael/{path}:{node.lineno} calls {node.func.id}: text is parsed, never run")
    return faults


def undocumented(path: str, tree: ast.Module) -> Iterator[str]:
    """Public modules, functions, classes and methods without a docstring."""
    if tree.body and ast.get_docstring(tree) is None:
        yield f"src/tael/{path}: the module"
    owners: list[tuple[str, ast.Module | ast.ClassDef]] = [("", tree)]
    while owners:
        prefix, owner = owners.pop()
        for node in owner.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            decorators = {ast.unparse(decorator).split(".")[-1] for decorator in node.decorator_list}
            if ast.get_docstring(node) is None and not decorators & {"overload", "setter", "override"}:
                yield f"src/tael/{path}:{node.lineno} {prefix}{node.name}"
            if isinstance(node, ast.ClassDef):
                owners.append((f"{prefix}{node.name}.", node))


def test_the_page_draws_the_way_that_is_held_here() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    drawn = re.search(r"^ +(errors -> .+)$", page, re.MULTILINE)
    assert drawn, "docs/architecture.md no longer draws the way of the data as 'errors -> tables -> ...'"
    assert tuple(drawn[1].split(" -> ")) == WAY, "docs/architecture.md and WAY in this file differ"


def test_every_room_has_a_place() -> None:
    rooms = {room_of(path) for path in modules()} - {""}
    homeless = rooms - {*WAY, *BESIDE}
    assert not homeless, f"give these a place in docs/architecture.md and in WAY or BESIDE here: {sorted(homeless)}"


@pytest.mark.parametrize("path", modules())
def test_imports_follow_the_way(path: str) -> None:
    assert not misdirected(path, modules()[path])


@pytest.mark.parametrize("path", modules())
def test_nothing_forbidden(path: str) -> None:
    assert not forbidden(path, modules()[path])


@pytest.mark.parametrize("path", modules())
def test_what_is_public_is_documented(path: str) -> None:
    assert not list(undocumented(path, modules()[path]))


def test_a_file_is_one_thought() -> None:
    folders = ("src", "tests", "benchmarks", "examples", "tools")
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines())
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
    over = {path: lines for path, lines in lengths.items() if lines > NEVER_OVER}
    assert not over, f"over {NEVER_OVER} lines, split: {over}"
    long = {path: lines for path, lines in lengths.items() if lines > ASK_AT}
    unlisted = {path: lines for path, lines in long.items() if path not in LONG_FILES}
    assert not unlisted, f"over {ASK_AT} lines: make two of it, or give LONG_FILES the reason it is one: {unlisted}"
    assert not LONG_FILES.keys() - long.keys(), "LONG_FILES lists files that are no longer long, or no longer there"


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("tables/x.py", "from tael.formulas import parse"),
        ("tables/x.py", "def f():\n    import tael.engine.rows"),
        ("kernels/x.py", "from tael import tables"),
        ("engine/x.py", "from ..features import search"),
        ("models/deep/x.py", "from ...runs.folder import Run"),
        ("runs/x.py", "from tael.cli import main"),
        ("engine/x.py", "from tael.kernels._scan import walk"),
        ("reports/x.py", "from tael.models import Portfolio"),
    ],
)
def test_a_wrong_import_is_seen(path: str, source: str) -> None:
    assert len(misdirected(path, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("formulas/x.py", "from tael.tables import Schema"),
        ("engine/x.py", "from . import rows\nfrom .rows import _private"),
        ("engine/x.py", "from tael.kernels.events import aggregate"),
        ("runs/x.py", "from tael import __version__\nfrom tael.reports import render"),
        ("__main__.py", "from tael.cli import main"),
        ("__init__.py", "from tael.scenarios import scenario"),
    ],
)
def test_a_right_import_is_let_through(path: str, source: str) -> None:
    assert not misdirected(path, ast.parse(source))


@pytest.mark.parametrize(
    "source",
    ["import pickle", "from joblib import dump", "import urllib.request", "eval('1')", "compile('1', '', 'eval')"],
)
def test_what_is_forbidden_is_seen(source: str) -> None:
    assert len(forbidden("x.py", ast.parse(source))) == 1


def test_what_is_undocumented_is_seen() -> None:
    tree = ast.parse(
        '"""A module."""\nclass A:\n    """A."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...'
    )
    assert [fault.split()[-1] for fault in undocumented("x.py", tree)] == ["h", "A.f"]
