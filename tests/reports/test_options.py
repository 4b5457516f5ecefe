"""Reports of decisions among options: the sections that belong to them, what they say, and in which words."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tael.reports import build_report
from tael.reports.context import Page
from tael.reports.forest import Row, forest, shortened
from tael.reports.html import VOID
from tael.reports.sections import SECTIONS

OWN = {"uplift": "uplift", "risks": "incidence", "recommender": "ranking"}
APPROVAL = re.compile(
    r"\b(applicants?|approv\w*|declin\w*|risk(y|ier|iest|s)?|bad|cut-off|default probability)\b"
    r"|申请人|批准|获批|拒绝|风险|坏样本|坏客户|好客户|分数线|违约"
)


class Reader(HTMLParser):
    """A page read strictly: tags must balance."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style") and data.strip():
            self.texts.append(data.strip())


def told(run: dict[str, Any], name: str, lang: str = "en") -> str:
    """What one section says."""
    section = next(one for one in SECTIONS if one.id == name)
    plain = re.sub(r"<[^>]+>", " ", section.render(Page(run, lang)))  # type: ignore[arg-type]
    plain = plain.replace("&quot;", '"').replace("&#x27;", "'").replace("\u00a0", " ")
    return re.sub(r"\s+", " ", plain)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_report(option_run: dict[str, Any], lang: str) -> None:
    text = build_report(option_run, lang)
    page = Reader(text)
    assert len(text.encode()) < 400_000
    sections = [a["id"] for t, a in page.tags if t == "section"]
    own = OWN[option_run["model"]["kind"]]
    assert {"allocation", own, "economics", "reasons"} <= set(sections)
    assert not {"strategy", *OWN.values()} - {own} & set(sections)
    links = {a["href"] for t, a in page.tags if t == "a"}
    assert {f"#{name}" for name in sections} <= links
    assert "#strategy" not in links
    for tag, attrs in page.tags:
        if tag == "svg":
            assert attrs.get("aria-hidden") == "true" or (attrs.get("role") == "img" and attrs.get("aria-label"))
    assert sum(t == "caption" for t, _ in page.tags) == sum(t == "table" for t, _ in page.tags)
    seen = "\n".join([*page.texts, *re.findall(r'(?:aria-label|data-hover)="([^"]*)"', text)])
    assert not APPROVAL.findall(
        seen.replace(option_run["model"]["title"][lang], "")
    )  # competing risks are a trade's name
    for ghost in ("None", "nan", "NaN", "undefined", "{'"):
        assert not re.search(rf"(?<![A-Za-z]){ghost}(?![A-Za-z])", seen), ghost
    if lang == "en":
        assert not re.search("[\u4e00-\u9fff]", seen)


def test_an_approval_has_none_of_these_sections(run: dict[str, Any]) -> None:
    ids = [section.id for section in SECTIONS if section.applies(Page(run, "en"))]
    assert "strategy" in ids
    assert not {"allocation", "fairness", "vintages", *OWN.values()} & set(ids)
    run["fairness"] = [{"attribute": "age"}]
    assert "fairness" in [section.id for section in SECTIONS if section.applies(Page(run, "en"))]


def test_what_one_more_unit_is_worth(option_runs: dict[str, dict[str, Any]]) -> None:
    calls = told(option_runs["uplift"], "allocation")
    assert 'What binds: places for "call": one more customer is worth CNY 12.3.' in calls
    assert "does not bind" in calls
    assert "价值增加 12.3 元" in told(option_runs["uplift"], "allocation", "zh")
    budget = told(option_runs["risks"], "summary")
    assert 'budget "spending": one more CNY is worth CNY 3.2' in budget
    assert "每增加 1 元，价值增加 3.2 元" in told(option_runs["risks"], "allocation", "zh")
    least = option_runs["risks"]
    least["decision"]["limits"][0].update(shadow_price=-0.5, lower=12000, upper=None)
    assert "one CNY less would bring CNY 0.5" in told(least, "allocation")
    least["decision"]["limits"][0]["shadow_price"] = 0.0
    assert "No limit binds." in told(least, "summary")
    assert "No budget, capacity or group rule was set." in told(option_runs["recommender"], "allocation")


def test_what_is_only_counted_is_no_limit(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["uplift"]
    run["decision"]["limits"][1].update(upper=None, slack=None)
    assert "budget" not in told(run, "allocation")
    assert 'Use of "spending"' in told(run, "allocation")


def test_how_far_the_chosen_one_is_ahead(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["uplift"]
    seen = told(run, "allocation")
    assert re.search(r"today's rule CNY 94,600 CNY [\d,]+ to [\d,]+ CNY 86,000 .*? CNY 8,000 CNY 1,350 to 14,650", seen)
    assert "CNY 25,200 above the limit of CNY 8,000" in seen
    assert seen.count("above the limit of") == 1
    summary = told(run, "summary")
    assert 'Ahead of "today\'s rule" CNY 8,000 CNY 1,350 to 14,650 by what came' in summary
    assert "months_kept is not observed" in told(option_runs["risks"], "allocation")
    assert "Worth as expected by the model" in told(option_runs["risks"], "allocation")


def test_limits_that_contradict_each_other_are_a_result(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["uplift"]
    message = {"en": "Cannot be kept by any choice: calls.", "zh": "无法满足：电话。"}
    run["decision"].update(
        status="infeasible", message=message, binding=message, curves=[], gap=None,
        counts={"none": 2000, "sms": 0, "call": 0}, reasons={"infeasible": 2000},
    )  # fmt: skip
    for row in run["decision"]["limits"]:
        row.update(use=None, slack=None, shadow_price=None)
    summary = told(run, "summary")
    assert summary.count("Cannot be kept by any choice") == 1
    assert "Worth of the decision" not in summary
    seen = told(run, "allocation")
    assert "✕ Problem Cannot be kept by any choice" in seen
    assert "the limits contradict each other" in seen
    assert "无法满足" in told(run, "allocation", "zh")


def test_effects_are_measured_or_assumed(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["uplift"]
    seen = told(run, "uplift")
    assert "Effects are measured, not assumed." in seen
    assert "call 3.9 % 2.9 % to 4.9 % 7.0 % 4.0 % to 10.0 % 0.21 0.13 to 0.29 −0.04" in seen
    run["uplift"]["overlap"].update(estimated=True, auc=0.71, trimmed=40)
    seen = told(run, "uplift")
    assert "an assumption" in seen
    assert "AUC of 0.710" in seen
    assert "40 rows were left out" in seen
    assert '"call", the Qini coefficient is 0.210 (0.130 to 0.290)' in told(run, "summary")


def test_a_reason_moves_an_effect_by_points_and_a_probability_by_odds(option_runs: dict[str, dict[str, Any]]) -> None:
    assert "+1.20 points" in told(option_runs["uplift"], "reasons")
    assert "−0.36 个百分点" in told(option_runs["uplift"], "reasons", "zh")
    assert "odds × 2.23" in told(option_runs["risks"], "reasons")
    assert "rate cut" in told(option_runs["risks"], "reasons")


def test_an_event_outside_its_band_is_said(option_runs: dict[str, dict[str, Any]]) -> None:
    seen = told(option_runs["risks"], "incidence")
    assert re.search(r"early 310 12\.0 28\.\d % 27\.\d % .*? inside written off 60 12\.0 7\.\d % .*? outside", seen)


def test_products_by_how_many_took_them(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["recommender"]
    seen = told(run, "ranking")
    assert "300 of 2,000 took a product" in seen
    assert seen.index("fund · Model") < seen.index("gold · Model")
    assert "Among the first 3" in seen
    made = told(run, "performance")
    assert "Challengers on the same rows" in made
    assert "recommender: a model a product (decides)" in made
    assert "scorecard" in made
    assert "popularity" in made
    assert "logistic" not in made.lower()
    assert "fund 420" in made


def test_many_options_stand_together_in_the_bar(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["recommender"]
    run["decision"]["counts"] = {"none": 100, **{f"limit{k}": k for k in range(1, 31)}, "never": 0}
    seen = told(run, "allocation")
    assert "24 more 300 (53.1 %)" in seen
    assert "limit30 30" in seen
    assert "never" not in seen


def places(value: Any, depth: int, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in nested objects and in the first of a list."""
    if at:
        yield at
    if not depth:
        return
    children = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, depth - 1, (*at, key))


READ_BY = {
    "decision": ("summary", "allocation", "economics", "reasons"),
    "uplift": ("summary", "uplift", "performance"),
    "incidence": ("incidence",),
    "ranking": ("summary", "ranking"),
    "model": ("performance", "reasons"),
    "challengers": ("performance",),
    "samples": ("reasons",),
}


@pytest.mark.parametrize(("lang", "how"), [("en", "null"), ("zh", "empty")])
def test_every_part_may_be_missing(option_run: dict[str, Any], lang: str, how: str) -> None:
    option_run["curves"] = {}  # drawing them takes longer than all the rest
    for part, readers in READ_BY.items():
        sections = [section for section in SECTIONS if section.id in readers]
        for path in places(option_run.get(part), 3, (part,)):
            run = {**option_run, part: copy.deepcopy(option_run.get(part))}
            holder: Any = run
            for step in path[:-1]:
                holder = holder[step]
            kept = holder[path[-1]]
            holder[path[-1]] = type(kept)() if how == "empty" and isinstance(kept, dict | list | str) else None
            page = Page(run, lang)  # type: ignore[arg-type]
            for section in sections:
                if section.applies(page):
                    assert "None" not in section.render(page), (path, section.id)


def poison(value: Any) -> Any:
    hostile = "</script><img src=x onerror=alert(2)>\"'&"
    if isinstance(value, dict):
        return {k: poison(v) for k, v in value.items()}
    if isinstance(value, list):
        return [poison(v) for v in value]
    return hostile + value if isinstance(value, str) else value


def test_hostile_texts_stay_texts(option_run: dict[str, Any]) -> None:
    hostile = poison(option_run)
    hostile["decision"]["kind"], hostile["model"]["kind"] = "options", option_run["model"]["kind"]
    page = Reader(build_report(hostile))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in page.tags) == 1


numbers = st.one_of(st.none(), st.floats(-1e7, 1e7))
rows = st.lists(st.tuples(st.text(max_size=90), numbers, numbers, numbers), max_size=9)


@settings(max_examples=50)
@given(rows)
def test_every_dot_lies_in_the_picture(drawn: list[tuple[str, Any, Any, Any]]) -> None:
    picture = forest([Row(*one) for one in drawn], "rules", x_format=lambda v: f"{v:g}")
    page = Reader(picture)
    width, height = (float(v) for v in (page.tags[0][1]["viewbox"] or "").split()[2:])
    assert sum(tag == "circle" for tag, _ in page.tags) == sum(value is not None for _, value, _, _ in drawn)
    for tag, attrs in page.tags:
        if tag == "circle":
            assert 0 <= float(attrs["cx"] or "") <= width
            assert 0 <= float(attrs["cy"] or "") <= height
        if tag == "line":
            assert all(0 <= float(attrs[end] or "") <= width for end in ("x1", "x2"))


@settings(max_examples=50)
@given(st.text(max_size=200))
def test_a_long_name_is_cut_and_marked(name: str) -> None:
    short = shortened(name)
    assert short == name or (short.endswith("…") and name.startswith(short[:-1]))
    assert len(short) <= 63


def test_the_open_decision_stands_in_the_summary(option_runs: dict[str, dict[str, Any]]) -> None:
    run = option_runs["uplift"]
    assert "Decided now: 30 of 400 on 2025-01-01." in told(run, "summary")
    assert "当前决策：2025-01-01 共 400 个" in told(run, "summary", "zh")
    del run["decision"]["now"]
    assert "Decided now" not in told(run, "summary")
