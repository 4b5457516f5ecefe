"""The report of a real run, looked at in a browser: it opens offline and says what ``run.json`` says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tael.reports import write_report
from tael.runs import Run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Any]:
    if not os.environ.get("CI"):
        pytest.importorskip("playwright", reason="playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_of_a_run(made_run: Any, browser: Any, tmp_path: Path, lang: str) -> None:
    run = Run.read(made_run.path)
    path = run.report.path if lang == "en" else write_report(run.content, tmp_path / "zh.html", "zh")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    text = page.inner_text("body")
    assert page.get_attribute("html", "lang").startswith(lang)
    assert run.content["scenario"]["title"][lang] in text
    for worry in run.content["worries"]:
        assert worry[lang] in text
    assert run.content["features"][0]["words"][lang] in text
    for sample in run.content["samples"]:
        assert sample["id"] in text
    assert f"{run.metrics['out_of_time']['roc_auc']['value']:.3f}" in text
    assert run.content["model"]["version"] in text
    assert "undefined" not in text
    assert "NaN" not in text
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()
