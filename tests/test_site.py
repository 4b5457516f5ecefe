"""The site's own pages: what they point to is there, in both languages."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tael.reports.errors_zh import sentences
from tael.runs.plan import Plan
from tael.tables.violations import MESSAGES

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "docs" / "site"
LANGUAGES = ("en", "zh")


def rows(lang: str) -> list[list[str]]:
    """The table of ideas, cell by cell."""
    text = (SITE / lang / "ideas.md").read_text("utf-8")
    return [[cell.strip() for cell in line.split(" | ")] for line in text.split("\n") if line.startswith("| A")]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_each_idea_has_a_page_and_a_test(lang: str) -> None:
    table = rows(lang)
    assert [row[0].strip("| ") for row in table] == [f"A{number}" for number in range(1, 13)]
    for number, _, pages, test in table:
        linked = re.findall(r"\(gallery/(\w+)/(\w+)\.rst\)", pages)
        assert linked, f"{number} has no page"
        for gallery, name in linked:
            assert (ROOT / "lessons" / gallery / f"{name}.py").is_file(), f"{number}: {name}"
        path, _, function = test.strip("| `").partition("::")
        assert re.search(rf"^def {function}\(", (ROOT / path).read_text("utf-8"), re.MULTILINE), f"{number}: {test}"


def test_the_ideas_are_the_same_in_both_languages() -> None:
    english, chinese = ([(row[0], re.findall(r"\(.*?\)", row[2]), row[3]) for row in rows(lang)] for lang in LANGUAGES)
    assert english == chinese


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_page_is_in_the_index(lang: str) -> None:
    index = (SITE / lang / "index.md").read_text("utf-8")
    listed = set(re.findall(r"^[\w/-]+$", index, re.MULTILINE))
    own = {page.stem for page in (SITE / lang).glob("*.md")} - {"index"}
    assert own | {f"pages/{page.stem}" for page in (ROOT / "docs").glob("*.md")} <= listed


def test_messages_are_told_word_by_word() -> None:
    code = "\n".join(path.read_text("utf-8") for path in (ROOT / "src").rglob("*.py"))
    told = {
        lang: re.findall(r"^\| `([^`]+[.。])`", (SITE / lang / "faq.md").read_text("utf-8"), re.MULTILINE)
        for lang in LANGUAGES
    }
    assert [sentences()[message] for message in told["en"]] == told["zh"]
    assert len(told["en"]) > 10
    assert not [message for message in told["en"] if message not in code]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_settings_and_codes_are_those_of_the_code(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    pages = importlib.import_module("reference_pages")
    settings, checks = pages.settings(lang), pages.checks(lang)
    assert not [name for name in Plan.model_fields if f"| `{name}` |" not in settings]
    assert not [section for section in ("split", "features", "model") if f"### `[{section}]`" not in settings]
    assert not [code for code in MESSAGES if code not in checks]


def test_the_slowest_pages_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    website = importlib.import_module("website")
    monkeypatch.setattr(website, "TIMES", tmp_path / "times.tsv")
    assert website.slowest() == ""
    (tmp_path / "times.tsv").write_text("en\t01_a\t3.0\nzh\t01_a\t4.0\nen\t02_b\t9.0\n", "utf-8")
    assert website.slowest(most=2) == "02_b 9, 01_a 4"


def test_the_theme_speaks_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    website = importlib.import_module("website")
    said = website.pages("zh")["locale/zh_CN/LC_MESSAGES/sphinx.po"].decode()
    pairs = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', said, re.MULTILINE)
    assert {"Next", "Previous", "Back to top"} <= {english for english, _ in pairs}
    assert not [english for english, chinese in pairs if not re.search(r"[\u4e00-\u9fff]", chinese)]
