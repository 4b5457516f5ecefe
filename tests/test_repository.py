"""Holds what is tracked: nothing that names one machine, nothing large, and front pages that agree with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import tael

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh-CN.md")
LARGEST = 1_000_000  # bytes

# Written in pieces, so that this file does not hold what it looks for.
HOSTS = ("pypi" + ".org", "python" + "hosted.org", "pypi" + ".tuna", "mirrors" + ".aliyun")
REGISTRY = re.compile("|".join(map(re.escape, (*HOSTS, "index" + "-url", "find" + "-links"))))
WORKPLACE = re.compile(r"(?<![\w.<}-])/" + r"work/|/root" + r"/|/home" + r"/\w+/")
TEMPORARY = re.compile(r"(?<![\w.])/" + r"tmp/")


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git tracks; in a copy without git, every file outside the folders that git is told to ignore."""
    if (ROOT / ".git").exists():
        # The clone may belong to another user than the one who runs the tests; the listing is only read.
        command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in listed.split("\0") if name]
    else:
        ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines() if line}
        names = [
            path.relative_to(ROOT).as_posix()
            for path in ROOT.rglob("*")
            if not ignored & {*path.relative_to(ROOT).parts[:-1], path.name} and path.suffix != ".pyc"
        ]
    return tuple(path for name in names if (path := ROOT / name).is_file())


def texts() -> list[tuple[str, str]]:
    """Name and text of every tracked file that is text."""
    found = []
    for path in tracked():
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        try:
            found.append((path.relative_to(ROOT).as_posix(), content.decode("utf-8")))
        except UnicodeDecodeError:  # a test's file in another encoding
            continue
    return found


def lines_with(pattern: re.Pattern[str], suffixes: tuple[str, ...] | None = None) -> list[str]:
    """Where a pattern is found in tracked text."""
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in texts()
        if suffixes is None or name.endswith(suffixes)
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def headings(name: str) -> list[int]:
    """Levels of a page's headings, in order."""
    prose = re.sub(r"^```.*?^```", "", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [len(marks) for marks in re.findall(r"^(#+) ", prose, re.MULTILINE)]


def blocks(name: str, language: str) -> list[str]:
    """A page's code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / name).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def version() -> str:
    """The version that pyproject.toml states."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"])


def test_no_path_of_one_machine() -> None:
    assert not lines_with(WORKPLACE)


def test_no_temporary_path_in_the_docs() -> None:
    assert not lines_with(TEMPORARY, (".md",))


def test_no_registry_is_named() -> None:
    assert not lines_with(REGISTRY)


def test_no_python_version_is_pinned() -> None:
    assert not [path for path in tracked() if path.name in {".python-version", "uv.lock"}]


def test_nothing_large_is_tracked() -> None:
    assert not {path.name: path.stat().st_size for path in tracked() if path.stat().st_size > LARGEST}


def test_constraints_are_exact_and_name_no_host() -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line and line[0] != "#"]
    assert pins
    assert not [pin for pin in pins if not re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", pin)]
    assert not [pin for pin in pins if re.match(r"(tael|pip)==", pin)]


def test_every_dependency_is_pinned() -> None:
    def plain(requirement: str) -> str:
        return re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower().replace("_", "-")

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"]]
    for group in (*project["project"]["optional-dependencies"].values(), *project["dependency-groups"].values()):
        wanted += [entry for entry in group if isinstance(entry, str)]
    pinned = {plain(line) for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if line[:1] != "#"}
    assert not {plain(entry) for entry in wanted} - pinned - {"tael"}


def test_the_version_is_one() -> None:
    assert tael.__version__ == version()
    assert re.search(rf"^## \[{re.escape(version())}\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", READMES)
def test_the_commands_of_the_front_page_exist(name: str) -> None:
    named = set(re.findall(r"\bmake ([a-z]+)", (ROOT / name).read_text("utf-8")))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= named <= targets


def test_both_front_pages_say_the_same_things() -> None:
    first, second = READMES
    assert headings(first) == headings(second)
    assert len(blocks(first, "toml")) == len(blocks(second, "toml"))
    without_comments = [[ast.dump(ast.parse(block)) for block in blocks(name, "python")] for name in READMES]
    assert without_comments[0] == without_comments[1], "the Python of the two front pages differs"
    assert without_comments[0], "a front page shows Python"


@pytest.mark.parametrize("name", READMES)
def test_the_toml_of_the_front_page_is_toml(name: str) -> None:
    for block in blocks(name, "toml"):
        assert tomllib.loads(block)


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings make."""
    titles = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for path in tracked():
        if path.suffix != ".md" or path.is_relative_to(
            ROOT / "docs" / "site"
        ):  # their links are those of the built site
            continue
        prose = re.sub(r"<!--.*?-->|^```.*?^```", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]*\)?)", re.sub(r"`[^`\n]*`", "", prose)):
            file, _, anchor = target.removesuffix(")").partition("#")
            page = path.parent / file if file else path
            leads = page.exists() and (not anchor or anchor in anchors(page))
            if not target.endswith(")") or ("://" not in target and not leads):
                broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert not broken


@pytest.mark.parametrize(
    ("pattern", "line", "seen"),
    [
        (WORKPLACE, "open('/" + "work/data.csv')", True),
        (WORKPLACE, "see /" + "root/.cache", True),
        (WORKPLACE, "one unit of network/" + "work/effort", False),
        (TEMPORARY, "written to /" + "tmp/report.html", True),
    ],
)
def test_the_patterns_see_what_they_should(pattern: re.Pattern[str], line: str, seen: bool) -> None:
    assert bool(pattern.search(line)) is seen


def test_the_pages_made_from_the_code_are_current() -> None:
    command = [sys.executable, str(ROOT / "tools" / "docs.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
