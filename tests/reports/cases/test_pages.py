"""Case files and queue as pages: nothing loads, nothing runs, whatever stands in them."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tael.errors import RunError
from tael.reports.cases import Answer, Case, Peer, Queue, Queued, Reason, Rows, case_page, queue_page

BAD = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&"


def graph(n: int, told: str = "A") -> dict[str, Any]:
    nodes: list[dict[str, Any]] = [
        {"id": f"n{k}", "label": f"{told}{k}", "x": k / max(n - 1, 1), "y": (k * 7 % 10) / 10, "role": "other"}
        for k in range(n)
    ]
    nodes[0]["role"] = "subject"
    edges = [
        {"source": "n0", "target": f"n{k}", "at": "2025-03-01T10:00:00", "amount": 100.0 * k, "evidence": k % 2 == 0}
        for k in range(n)
    ]
    return {"nodes": nodes, "edges": edges, "ticks": [{"x": 0.0, "at": "2025-03-01T00:00:00"}],
            "left_out": {"nodes": 3, "edges": 4, "amount": 500.0}}  # fmt: skip


def full(told: str = "plain") -> Case:
    rows = Rows(told, (told, "n"), ((told, "1"),), note=told)
    return Case(
        "a1b2", {"en": told, "zh": told}, 0.7, 900.0, "CNY", told, ((told, told),),
        (Reason(told, told, (rows,), told),), (Peer(told, "1", "2", 0.93, told), Peer(told, "–", "2")), told, (rows,),
        graph(9, told), told, (rows,), (Answer("who", (told,), (told,)),), (told,), (told,), simulated=True,
    )  # fmt: skip


class Tags(HTMLParser):
    """All tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", ["case", "queue"])
def test_nothing_runs_and_nothing_loads(lang: str, kind: str) -> None:
    line = Queued("a1", BAD, f"cases/{BAD}", BAD, 1, 0.5, 9.0, BAD, "pending")
    page = case_page(full(BAD), lang) if kind == "case" else queue_page(Queue(BAD, (line,), BAD, 9, "CNY"), lang)
    tags = Tags(page).found
    names = {tag for tag, _ in tags}
    assert not names & {"script", "img", "iframe", "object", "embed", "form", "base"}
    for tag, attributes in tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        for name in ("src", "href"):
            target = attributes.get(name) or ""
            assert not re.match(r"\w+:", target) or target == "data:,", target
    policy = next(a["content"] for tag, a in tags if tag == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert page.count("<style>") == page.count("</style>") == 1


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_an_empty_case_says_what_is_not_there(lang: str) -> None:
    page = case_page(Case("a1", "Account"), lang)
    assert page.count('class="missing"') == 7
    assert ("to be filled in" in page or "待填写" in page) is False


def test_the_page_is_headed_by_the_case_whatever_its_score_is_called() -> None:
    for named in ("", "Score (no probability)"):
        page = case_page(Case("a1", "Account 7", 0.7, score_title=named))
        assert "<h1>Account 7</h1>" in page
        assert (">70.00" in page) is (not named)


def test_all_questions_stand_in_the_draft() -> None:
    page = case_page(full())
    for question in ("Who", "What", "When", "Where", "Why it is suspicious", "How"):
        assert f"<dt>{question}</dt>" in page
    assert page.count("to be filled in") == 1


def test_whether_data_is_masked_is_told() -> None:
    assert "shown in full" in case_page(Case("a1", "A", masked=False))
    assert "shown in full" not in case_page(Case("a1", "A"))
    assert "Simulated data." in case_page(full())


def test_a_graph_has_sixty_nodes_at_most() -> None:
    page = case_page(Case("a1", "A", graph=graph(90)))
    assert page.count('class="node') == 60
    assert page.count('class="edge') == 60
    assert "Not drawn: 3 parties" in page


def test_the_graph_stays_within_its_picture() -> None:
    page = case_page(Case("a1", "A", graph=graph(40)))
    box = re.search(r'viewBox="0 0 (\d+) (\d+)" class="network"', page)
    assert box is not None
    wide, high = map(float, box.groups())
    for curve in re.findall(r'd="(M[^"]*)" class="edge', page):
        numbers = [float(one) for one in re.findall(r"-?\d+\.\d", curve)]
        assert all(-40 <= x <= wide + 40 for x in numbers[::2])
        assert all(-40 <= y <= high for y in numbers[1::2])


@pytest.mark.parametrize("state", ["open", "pending", "confirmed", "dismissed"])
def test_the_queue_shows_how_a_case_stands(state: str) -> None:
    page = queue_page(Queue("Watch", (Queued("a1", "A", "cases/a1.html", state=state),), total=5))
    assert {"open": "open", "pending": "awaits a second", "confirmed": "confirmed", "dismissed": "dismissed"}[
        state
    ] in page
    assert "--top" in page


def test_no_other_language() -> None:
    with pytest.raises(RunError, match="language"):
        case_page(Case("a1", "A"), "fr")


def test_in_chromium(chromium: str, tmp_path: Path) -> None:
    """On a narrow and on a wide screen nothing runs, nothing is refused, nothing stands over the edge."""
    sync = pytest.importorskip("playwright.sync_api")
    (tmp_path / "case.html").write_text(case_page(full(BAD), "zh"), encoding="utf-8")
    with sync.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium)
        said: list[str] = []
        for width in (390, 1280):
            page = browser.new_page(viewport={"width": width, "height": 800})
            page.on("console", lambda message: said.append(message.text))
            page.on("dialog", lambda dialog: (said.append("dialog"), dialog.dismiss()))
            page.goto((tmp_path / "case.html").as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.locator("svg.network .node").count() == 9
            assert said == []
        browser.close()
