from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tael.errors import RunError
from tael.reports import build_report, write_report
from tael.reports.context import Page
from tael.reports.html import VOID
from tael.reports.sections import SECTIONS

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u2028"


def shown(run: dict[str, Any]) -> list[str]:
    """Ids of the sections that a run has."""
    return [section.id for section in SECTIONS if section.applies(Page(run, "en"))]


class Reader(HTMLParser):
    """Reads a page strictly: tags must balance; keeps tags, attributes, ids and what a person can read."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.scripts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"closed but never opened: {tag}"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("script", "style"):
            self.scripts.append(data)
        elif data.strip():
            self.texts.append(data.strip())

    @property
    def visible(self) -> str:
        return "\n".join(self.texts)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_page_is_whole_small_and_loads_nothing(run: dict[str, Any], lang: str) -> None:
    text = build_report(run, lang)
    page = Reader(text)
    assert len(text.encode()) < 500_000
    assert "http://" not in text
    assert "https://" not in text
    for tag, attrs in page.tags:
        assert "src" not in attrs
        assert "style" not in attrs
        assert tag not in ("iframe", "object", "embed", "base", "img")
        assert not [name for name in attrs if name.startswith("on")]
        assert attrs.get("href", "#").startswith(("#", "data:,"))
    assert not re.search(r"\beval\(|new Function|innerHTML|@import|url\(", text)


def test_ids_are_unique_and_links_lead_somewhere(run: dict[str, Any]) -> None:
    page = Reader(build_report(run))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for t, a in page.tags if t == "a"}
    assert links <= set(ids)
    assert set(shown(run)) <= links


def test_accessibility_of_tables_and_pictures(run: dict[str, Any]) -> None:
    page = Reader(build_report(run))
    assert all(a.get("scope") in ("row", "col") for t, a in page.tags if t == "th")
    assert sum(t == "caption" for t, _ in page.tags) == sum(t == "table" for t, _ in page.tags) > 10
    for tag, attrs in page.tags:
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or (attrs.get("role") == "img" and attrs.get("aria-label"))
    levels = [int(t[1]) for t, _ in page.tags if re.fullmatch("h[1-6]", t)]
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))


def test_policy_lets_exactly_our_script_and_style_run(run: dict[str, Any]) -> None:
    text = build_report(run)
    policy = next(a["content"] for _, a in Reader(text).tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (body,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def poison(value: Any) -> Any:
    """Every text of the run, and every name of an object that carries people's texts, made hostile."""
    if isinstance(value, dict):
        return {k: poison(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poison(v) for v in value]
    return HOSTILE + value if isinstance(value, str) else value


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_hostile_texts_stay_texts(run: dict[str, Any], lang: str) -> None:
    hostile = poison(run)
    hostile["scenario"]["config"] = {HOSTILE: 1}
    hostile["search"]["dropped"][HOSTILE] = 3
    hostile["tael"]["libraries"][HOSTILE] = "1"
    text = build_report(hostile, lang)
    page, clean = Reader(text), Reader(build_report(run, lang))
    assert sum(t == "script" for t, _ in page.tags) == sum(t == "script" for t, _ in clean.tags) == 2
    assert not [t for t, _ in page.tags if t == "img"]
    assert "alert(1)" in page.visible
    data = next(s for s in page.scripts if s.startswith('{"start"'))
    assert set(json.loads(data)) == {"start", "cells", "x", "dots"}


def test_hostile_table_name_is_shown_as_written(run: dict[str, Any]) -> None:
    run["data"]["tables"][0]["name"] = HOSTILE
    assert HOSTILE.strip() in "".join(Reader(build_report(run)).texts)


def paths(value: Any, depth: int, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [at] if at else []
    if isinstance(value, dict) and depth:
        for key, child in value.items():
            found += paths(child, depth - 1, (*at, key))
    return found


@pytest.mark.parametrize(("how", "lang", "depth"), [("absent", "en", 2), ("null", "zh", 2), ("empty", "en", 1)])
def test_every_part_may_be_missing(run: dict[str, Any], how: str, lang: str, depth: int) -> None:
    # Without its long lists the run says the same and is drawn faster.
    run["features"], run["stability"]["features"] = run["features"][:2], run["stability"]["features"][:2]
    run["decision"]["curve"] = {name: column[::12] for name, column in run["decision"]["curve"].items()}
    for path in paths(run, depth):
        *above, last = path
        holder = run
        for step in above:
            holder = holder[step]
        kept = holder[last]
        if path == ("format",):
            continue
        if how == "absent":
            del holder[last]
        else:
            holder[last] = None if how == "null" else type(kept)()
        page = Reader(build_report(run, lang))
        assert sum(t == "section" for t, _ in page.tags) == len(shown(run)), path
        for ghost in ("None", "nan", "NaN", "undefined", "{'"):
            assert not re.search(rf"(?<![A-Za-z]){ghost}(?![A-Za-z])", page.visible), (path, ghost)
        holder[last] = kept


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (("metrics", "out_of_time"), "There is no out-of-time part"),
        (("reference_metrics",), "There is no reference model"),
        (("decision", "swap_set"), "No swap set"),
        (("decision", "curve"), "The strategy curve is not available"),
        (("decision", "refer"), "There is no referral band"),
        (("decision", "cutoff"), "Nobody qualifies"),
        (("decision",), "This run made no decision."),
        (("data", "leaks"), "The leak scan did not run."),
        (("samples",), "No sample applicants were recorded."),
    ],
)
def test_what_is_missing_is_said(run: dict[str, Any], path: tuple[str, ...], said: str) -> None:
    assert said not in Reader(build_report(run)).visible
    holder = run
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = None
    assert said in Reader(build_report(run)).visible


def test_nothing_at_all_is_still_a_page() -> None:
    page = Reader(build_report({}))
    assert sum(t == "section" for t, _ in page.tags) == len(shown({}))
    assert shown({})[0] == "summary"
    assert not {"allocation", "uplift", "incidence", "ranking"} & set(shown({}))


def test_nobody_qualifies_is_a_result(run: dict[str, Any]) -> None:
    run["decision"].update(cutoff=None, refer=None, counts={"approve": 0, "refer": 0, "decline": 8000})
    assert Reader(build_report(run)).visible.count("Nobody qualifies") == 2


def test_simulated_is_written_on_the_page_and_only_then(run: dict[str, Any]) -> None:
    assert Reader(build_report(run)).visible.count("Simulated data.") >= 3
    run["simulated"] = False
    assert "Simulated" not in Reader(build_report(run)).visible


def test_unseen_is_claimed_only_of_later_months(run: dict[str, Any]) -> None:
    assert "that the model never saw" in Reader(build_report(run)).visible
    del run["metrics"]["out_of_time"]
    seen = Reader(build_report(run)).visible
    assert "never saw" not in seen
    assert "not on later months" in seen


def test_figures_come_from_the_run(run: dict[str, Any]) -> None:
    run["metrics"]["out_of_time"]["roc_auc"] = {"value": 0.6789, "low": 0.61, "high": 0.7443}
    seen = Reader(build_report(run)).visible
    assert "0.679" in seen
    assert "0.610 to 0.744" in seen


def test_the_slider_starts_at_the_chosen_cutoff(run: dict[str, Any]) -> None:
    data = json.loads(next(s for s in Reader(build_report(run)).scripts if s.startswith('{"start"')))
    assert data["cells"]["threshold"][data["start"]] == f"{100 * run['decision']['cutoff']:.1f}\u00a0%"
    assert len({len(v) for v in [*data["cells"].values(), *data["dots"].values(), data["x"]]}) == 1
    assert data["x"] == sorted(data["x"])


def test_refuses_what_it_cannot_read(run: dict[str, Any]) -> None:
    with pytest.raises(RunError, match="expected: en or zh"):
        build_report(run, "fr")
    with pytest.raises(RunError, match="a mapping"):
        build_report([run])  # type: ignore[arg-type]
    with pytest.raises(RunError, match="format 99"):
        build_report({**run, "format": 99})


def test_write_is_whole_and_never_over_another(run: dict[str, Any], tmp_path: Path) -> None:
    path = write_report(run, tmp_path / "report.html", "zh")
    assert path.read_text(encoding="utf-8") == build_report(run, "zh")
    assert os.listdir(tmp_path) == ["report.html"]
    with pytest.raises(RunError, match="There is a file already"):
        write_report(run, path)
    write_report(run, path, overwrite=True)
    assert path.read_text(encoding="utf-8") == build_report(run)
    with pytest.raises(RunError, match="cannot be written"):
        write_report(run, tmp_path / "nowhere" / "report.html")
