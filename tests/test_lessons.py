"""The lessons: both languages whole and paired, every script parses, no network, the quickest run."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

import tael
from tael.runs.markets.plan import MarketPlan
from tael.runs.plan import Plan
from tael.scenarios import MARKETS, SCENARIOS

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "lessons").glob("*/*.py"))
LANGUAGES = ("en", "zh")
NETWORK = {"requests", "urllib", "http", "httpx", "socket", "ftplib"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
QUICK = ("01_two_points.py", "04_overfitting.py")


def tool(name: str) -> ModuleType:
    """A module of tools/, which is no package."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(ROOT / "tools"))
    return module


lessons = tool("lessons")


def scripts(path: Path) -> dict[str, str]:
    """A lesson's script in each language."""
    return {lang: lessons.in_language(path.read_text("utf-8"), lang) for lang in LANGUAGES}


def blocks(script: str) -> int:
    """How many cells a script has."""
    return script.count("\n# %%")


def without_words(script: str) -> str:
    """A script's code, its strings left out."""
    tree = ast.parse(script)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)


def test_there_are_twenty() -> None:
    assert len(SOURCES) >= 20


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_lesson_is_whole_in_both_languages(path: Path) -> None:
    both = scripts(path)
    titles = {lang: (ast.get_docstring(ast.parse(script)) or "").strip().split("\n") for lang, script in both.items()}
    for lang, lines in titles.items():
        assert lines[0], f"no title ({lang})"
        assert re.fullmatch(r"=+", lines[1]), f"the title is not underlined ({lang})"
    assert not CHINESE.search(both["en"]), "Chinese in the English page"
    assert CHINESE.search(titles["zh"][0])
    assert blocks(both["en"]) == blocks(both["zh"])
    assert without_words(both["en"]) == without_words(both["zh"]), "the code is one"
    assert "[en]\n" not in both["en"] + both["zh"]
    assert "# zh:" not in both["en"] + both["zh"]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_lesson_has_a_picture_and_no_network(path: Path) -> None:
    text = path.read_text("utf-8")
    assert "plt." in text or path.stem == "03_write_a_scenario"
    named = {
        alias.split(".")[0]
        for node in ast.walk(ast.parse(scripts(path)["en"]))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in ([one.name for one in node.names] if isinstance(node, ast.Import) else [node.module or ""])
    }
    assert not named & NETWORK


def test_every_scenario_has_a_page() -> None:
    assert tool("scenario_pages").with_page() == list(SCENARIOS)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenarios_page_is_whole(name: str) -> None:
    pages = tool("scenario_pages")
    both = {lang: pages.scenario_page(name, lang) for lang in LANGUAGES}
    for lang, page in both.items():
        title = ast.get_docstring(ast.parse(page)) or ""
        assert name in title
        assert "{" not in title
        assert ("simulated" if lang == "en" else "模拟数据") in title
    assert not CHINESE.search(both["en"].split("print(chosen.source)")[0])
    assert blocks(both["en"]) == blocks(both["zh"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_what_a_page_changes_is_still_a_plan(name: str) -> None:
    changed = tool("scenario_pages").stated()[name]["changed"]
    plan = tomllib.loads(tael.scenario(name).source)
    for section, fields in changed.items():
        place = plan
        for part in section.split("."):
            place = place.setdefault(part, {})
        place |= fields
    (MarketPlan if name in MARKETS else Plan).from_dict(plan)


def test_what_follows_a_mark_is_of_that_language_only() -> None:
    both = '# %%\n# [en]\n# Look.\n# [zh]\n# 请看。\nplt.title("Line")  # zh: 直线\n'
    assert lessons.in_language(both, "en") == '# %%\n# Look.\nplt.title("Line")\n'
    assert lessons.in_language(both, "zh") == '# %%\n# 请看。\nplt.title("直线")\n'


def test_both_languages_have_the_same_pages() -> None:
    site = ROOT / "docs" / "site"
    english, chinese = ({path.name for path in (site / lang).iterdir()} for lang in LANGUAGES)
    assert english == chinese
    for name in english:
        texts = [(site / lang / name).read_text("utf-8") for lang in LANGUAGES]
        assert texts[0].count("\n## ") == texts[1].count("\n## ")


@pytest.mark.parametrize("name", QUICK)
def test_a_quick_lesson_runs(name: str, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="lessons draw with matplotlib, of the group docs")
    source = next(path for path in SOURCES if path.name == name)
    script = tmp_path / name
    script.write_text(scripts(source)["zh"], "utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "ignore::UserWarning", str(script)],
        env={**os.environ, "MPLBACKEND": "agg", "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
