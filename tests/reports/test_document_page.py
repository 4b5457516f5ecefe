"""The model document as a page: whole, offline, escaped, with links that lead somewhere."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tael.reports.document import build_document, write_document
from tael.reports.document.to_html import to_html
from tael.reports.html import VOID

HOSTILE = "</style><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u2028"


class Reader(HTMLParser):
    """Reads a page strictly: tags must balance; keeps tags with attributes, and what a person can read."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.open:
            self.texts.append(data.strip())

    @property
    def visible(self) -> str:
        return "\n".join(self.texts)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_is_whole_and_loads_nothing(run: dict[str, Any], lang: str) -> None:
    text = to_html(build_document(run, lang))
    page = Reader(text)
    assert len(text.encode()) < 500_000
    assert "http://" not in text
    assert "https://" not in text
    for tag, attrs in page.tags:
        assert not {"src", "style"} & set(attrs)
        assert tag not in ("script", "iframe", "object", "embed", "base", "img", "form")
        assert not [name for name in attrs if name.startswith("on")]
        assert str(attrs.get("href", "#")).startswith(("#", "data:,"))
    assert not re.search(r"@import|url\(", text)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
    policy = next(str(a["content"]) for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith("default-src 'none'")
    assert f"style-src 'sha256-{digest}'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy


def test_links_lead_somewhere_and_tables_are_named(run: dict[str, Any]) -> None:
    document = build_document(run)
    page = Reader(to_html(document))
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {str(attrs["href"])[1:] for tag, attrs in page.tags if tag == "a"}
    assert {one.id for one in document.chapters} <= links <= set(ids)
    assert sum(tag == "caption" for tag, _ in page.tags) == sum(tag == "table" for tag, _ in page.tags) > 20
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert all(attrs.get("role") == "img" or attrs.get("aria-hidden") for tag, attrs in page.tags if tag == "svg")
    captions = re.findall(r"^Table (\d+): ", page.visible, re.MULTILINE)
    assert captions == [str(k) for k in range(1, len(captions) + 1)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_gaps_are_marked(run: dict[str, Any], lang: str) -> None:
    document = build_document(run, lang)
    page = Reader(to_html(document))
    assert sum(attrs.get("class") == "gap" for _, attrs in page.tags) == len(document.gaps) > 20
    for gap in document.gaps:
        assert gap.what in page.visible
    assert ("To be written by: validator" if lang == "en" else "待填写：模型验证人员") in page.visible


def test_simulated_is_said_first_and_last(run: dict[str, Any]) -> None:
    seen = Reader(to_html(build_document(run))).texts
    first = next(k for k, text in enumerate(seen) if text.startswith("Simulated data."))
    assert first < next(k for k, text in enumerate(seen) if text == "Credit approval")
    assert "Simulated data" in seen[-1]
    run["simulated"] = False
    assert not [text for text in Reader(to_html(build_document(run))).texts if "imulated" in text]


def poison(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: poison(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poison(v) for v in value]
    return HOSTILE + value if isinstance(value, str) else value


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_hostile_texts_stay_texts(run: dict[str, Any], lang: str) -> None:
    hostile = poison(run)
    hostile["search"]["dropped"][HOSTILE] = 3
    hostile["scenario"]["config"] = {"features": {"forbid": [HOSTILE]}, "model": {"monotone": {HOSTILE: 1}}}
    text = to_html(build_document(hostile, lang))
    assert not [tag for tag, _ in Reader(text).tags if tag in ("script", "img")]
    assert "alert(1)" in Reader(text).visible


@pytest.mark.browser
def test_the_page_in_chromium(run: dict[str, Any], chromium: str, tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    run["features"][0]["formula"] = "count(transactions, where=" + "kind == 'transfer' and " * 8 + "amount > 3)"
    path = write_document(run, tmp_path / "model.html")
    said: list[str] = []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda request: said.append(request.url))
        page.goto(path.as_uri())
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.set_viewport_size({"width": 688, "height": 970})  # A4 less its margins
        page.emulate_media(media="print")
        rights = "found => found.map(e => e.getBoundingClientRect().right)"
        assert max(page.eval_on_selector_all("table, svg, pre", rights)) <= 689
        browser.close()
    assert [one for one in said if not one.startswith(("file:", "data:"))] == []
