from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tael.reports import write_report

pytestmark = pytest.mark.browser


@pytest.fixture
def browser(chromium: str) -> Iterator[Any]:
    if not os.environ.get("CI"):
        pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize(("kind", "lang"), [("uplift", "zh"), ("risks", "en"), ("recommender", "zh")])
def test_options_in_chromium(
    option_runs: dict[str, dict[str, Any]], browser: Any, tmp_path: Path, kind: str, lang: str
) -> None:
    path = write_report(option_runs[kind], tmp_path / "report.html", lang)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        # a name or a number that leaves its picture is cut off in print
        out = """found => found.filter(svg => [...svg.querySelectorAll("text, circle")].some(part => {
            const [a, b] = [part.getBoundingClientRect(), svg.getBoundingClientRect()];
            return a.left < b.left - 2 || a.right > b.right + 12;
        })).map(svg => svg.getAttribute("aria-label"))"""
        assert page.eval_on_selector_all("#allocation svg.chart, #ranking svg.chart", out) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    if kind != "recommender":  # whose limits are none
        picture = page.locator("#allocation svg[data-hover]").first
        picture.scroll_into_view_if_needed()
        page.wait_for_timeout(300)  # the read-out hides while the page scrolls
        picture.hover()
        assert ("one more is worth" if lang == "en" else "每增加") in page.inner_text(".tip.shown", timeout=5000)
    page.set_viewport_size({"width": 688, "height": 970})  # A4 less its margins
    page.emulate_media(media="print")
    widths = "found => found.map(e => e.getBoundingClientRect().right)"
    assert max(page.eval_on_selector_all("table, svg, pre", widths)) <= 689
    assert said == []
    page.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_report_in_chromium(run: dict[str, Any], browser: Any, tmp_path: Path, lang: str) -> None:
    run["data"]["violations"][0]["examples"] = [f"{k}: {'long value ' * 6}" for k in range(5)]
    run["data"]["violations"][0]["column"] = "a_column_whose_name_goes_on_and_on_for_fifty_letters"
    path = write_report(run, tmp_path / "report.html", lang)
    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def figures() -> list[str]:
        return page.eval_on_selector_all(".strategy [data-cell]", "found => found.map(e => e.textContent)")

    chosen = figures()
    assert page.is_disabled("#cutoff-back")
    place = page.get_attribute("[data-follow]", "x1")
    page.focus("#cutoff")
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    moved = figures()
    assert all(a != b for a, b in zip(chosen, moved, strict=True))
    assert float(page.get_attribute("[data-follow]", "x1")) < float(place)
    page.click("#cutoff-back")
    assert figures() == chosen

    page.set_viewport_size({"width": 1280, "height": 900})
    picture = page.locator("#performance svg.chart").first
    picture.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # the read-out hides while the page scrolls
    picture.hover()
    assert "%" in page.inner_text(".tip.shown", timeout=5000)

    page.set_viewport_size({"width": 688, "height": 970})  # A4 less its margins
    page.emulate_media(media="print")
    widths = "found => found.map(e => e.getBoundingClientRect().right)"
    assert max(page.eval_on_selector_all("table, svg, pre", widths)) <= 689
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()
