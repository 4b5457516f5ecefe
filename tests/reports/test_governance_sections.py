from __future__ import annotations

import copy
import json
import re
from datetime import datetime
from html.parser import HTMLParser
from string import Formatter
from typing import Any

import numpy as np
import polars as pl
import pytest

from tael.datasets import simulate_bank
from tael.models import infer_rejects_from_scores
from tael.reports.catalogue import CATALOGUES
from tael.reports.catalogue_governance import TEXTS
from tael.reports.context import Page
from tael.reports.html import VOID, Safe
from tael.reports.sections import fairness, reject_inference, roll_rates, segments, vintages
from tael.validation import (
    bad_definitions,
    delinquency_events,
    delinquency_panel,
    fairness_report,
    find_proxies,
    noise_robustness,
    performance_by,
    vintage_curves,
)
from tael.validation import roll_rates as count_rolls

SECTIONS = [s.SECTION for s in (vintages, roll_rates, reject_inference, fairness, segments)]
KEYS = ("vintages", "roll_rates", "bad_definitions", "reject_inference", "fairness", "segments", "robustness")
READ_BY = {"bad_definitions": "roll_rates", "robustness": "segments"}


def bank_part() -> dict[str, Any]:
    """What a bank's own loans say."""
    end = datetime(2024, 1, 1)
    frames = simulate_bank(700, seed=1).frames
    off = pl.col("status") == "written off"
    accounts = frames["loans"].select(
        account="loan_id",
        opened="disbursed",
        settled=pl.when(off.fill_null(False)).then(None).otherwise("settled_on"),
        written_off=pl.when(off).then("settled_on"),
    )
    schedule = frames["instalments"].select("due", "paid", account="loan_id")
    events = delinquency_events(schedule, as_of=end, accounts=accounts)
    panel = delinquency_panel(schedule, as_of=end, accounts=accounts)
    return {
        "vintages": vintage_curves(accounts, events, as_of=end, days_past_due=60).to_dict(),
        "roll_rates": count_rolls(panel).to_dict(),
        "bad_definitions": bad_definitions(accounts, events, as_of=end, panel=panel).to_dict(),
    }


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    n = 3000
    woman, z = rng.random(n) < 0.4, rng.normal(size=n)
    x = z - 0.8 * woman
    p = 1 / (1 + np.exp(1.5 + x))
    y = (rng.random(n) < p).astype(float)
    sex, channel = np.where(woman, "f", "m"), np.where(z > 0.2, "app", "branch").astype(object)
    channel[:50] = None
    fair = fairness_report(sex, (p < 0.2).astype(int), score=p, y=y, place="us", attribute="sex").to_dict()
    X = pl.DataFrame({"income": x, "luck": rng.normal(size=n)})
    fair["proxies"] = find_proxies(X, sex, score=p, attribute="sex").to_dict()
    q = p.copy()
    q[:900] = rng.permutation(p[:900])
    accepted = rng.random(n) < 0.6
    run = bank_part() | {
        "reject_inference": infer_rejects_from_scores(
            y[accepted], p[accepted], p[~accepted], bad_rate_limit=0.15, n_boot=20
        ).to_dict(),
        "fairness": [fair],
        "segments": [
            performance_by(channel, y, p, name="channel", n_boot=0).to_dict(),
            performance_by(np.arange(n) < 900, y, q, name="early", n_boot=0).to_dict(),
        ],
        "robustness": noise_robustness(lambda T: -T["income"].fill_nan(0.0).to_numpy(), X, y, repeats=2).to_dict(),
    }
    return json.loads(json.dumps(run, allow_nan=False))


@pytest.fixture
def run(made: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(made)


def page_of(run: dict[str, Any], lang: str) -> Page:
    """A page that knows the texts of these sections, whether the report's catalogue holds them already or not."""
    page = Page(run, lang)  # type: ignore[arg-type]
    page._texts = {**page._texts, **{key: pair[lang == "zh"] for key, pair in TEXTS.items()}}
    return page


class Reader(HTMLParser):
    """Tags must balance; keeps them and what a person can read."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        for name, text in attrs:
            if name in ("aria-label", "data-hover", "data-label") and text:
                self.texts.append(text)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


def seen(run: dict[str, Any], lang: str = "en", section: str | None = None) -> str:
    parts: list[str] = []
    for s in SECTIONS:
        if section in (None, s.id):
            drawn = s.render(page_of(run, lang))
            assert isinstance(drawn, Safe)
            parts += Reader(drawn).texts
    return "\n".join(parts).replace("\u00a0", " ")


def test_texts_are_in_both_languages_with_the_same_gaps() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    touching = re.compile("[\u4e00-\u9fff](?:[A-Za-z0-9]|{(?!part))|[A-Za-z0-9%][\u4e00-\u9fff]")
    others = re.compile("坏账|阈值|审批线|通过率|者通过|时通过|坏样本占比|期望利润|契约")

    def gaps(text: str) -> set[str]:
        return {name for _, name, _, _ in Formatter().parse(text) if name}

    for key, (en, zh) in TEXTS.items():
        assert en.strip(), key
        assert gaps(en) == gaps(zh), key
        assert han.search(zh), key
        assert not han.search(en), key
        assert not touching.search(zh), key
        assert not others.search(zh), key
        assert CATALOGUES["en"].get(key, en) == en, key


def test_every_section_s_title_has_words() -> None:
    assert all(s.title in TEXTS for s in SECTIONS)
    assert len({s.id for s in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_whole_run_is_drawn(run: dict[str, Any], lang: str) -> None:
    told = seen(run, lang)
    for ghost in ("None", "nan", "NaN", "{'", "undefined"):
        assert not re.search(rf"(?<![A-Za-z]){re.escape(ghost)}(?![A-Za-z])", told), ghost
    for s in SECTIONS:
        tags = Reader(s.render(page_of(run, lang))).tags
        names = [tag for tag, _ in tags]
        assert names.count("caption") == names.count("table") >= 1
        assert all(attrs.get("scope") in ("row", "col") for tag, attrs in tags if tag == "th")
        assert not [attrs for _, attrs in tags if "style" in attrs or "src" in attrs or "onclick" in attrs]
        for tag, attrs in tags:
            if tag == "svg":
                assert attrs.get("aria-hidden") == "true" or attrs.get("aria-label")


def test_the_chinese_sections_have_no_english_label_and_the_english_no_chinese(run: dict[str, Any]) -> None:
    told = seen(run, "zh") + seen({}, "zh")
    for key, (en, zh) in TEXTS.items():
        words = re.sub(r"\{.*?\}", "", en).strip(" .:,()")
        if en != zh and len(words) >= 4:
            assert not re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", told), key
    assert not re.search(r"[\u4e00-\u9fff]", seen(run, "en") + seen({}, "en"))


def test_every_text_is_used() -> None:
    """Each key, or the name in it, stands in the code of the sections."""
    from importlib.resources import files

    room = files("tael.reports").joinpath("sections")
    code = "".join(f.read_text(encoding="utf-8") for f in room.iterdir() if f.name.endswith(".py"))
    for key in TEXTS:
        name = key.split(".")[1]
        assert f'"{key}"' in code or f'"{name}"' in code, key


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_missing_is_said(run: dict[str, Any], lang: str) -> None:
    for key in KEYS:
        said = TEXTS["missing." + {"bad_definitions": "definitions"}.get(key, key)][lang == "zh"]
        assert said not in seen(run, lang)
        for nothing in (None, [], {}):
            assert said in seen(run | {key: nothing}, lang, READ_BY.get(key, key)), key
    del run["fairness"][0]["proxies"]
    assert TEXTS["missing.proxies"][lang == "zh"] in seen(run, lang)


def thinned(value: Any) -> Any:
    """Every list to one element, every number absent."""
    if isinstance(value, dict):
        return {k: thinned(v) for k, v in value.items()}
    if isinstance(value, list):
        return [thinned(v) for v in value[:1]]
    return value if isinstance(value, str) else None


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_absent_numbers_are_dashes_and_no_faults(run: dict[str, Any], lang: str) -> None:
    assert "–" in seen(thinned(run), lang)
    for key in KEYS:
        for part in list(run[key][0] if isinstance(run[key], list) else run[key]):
            less = copy.deepcopy(run)
            holder = less[key][0] if isinstance(less[key], list) else less[key]
            for nothing in (None, {}, []):
                holder[part] = nothing
                assert "None" not in seen(less, lang, READ_BY.get(key, key)), (key, part)


def test_hostile_texts_stay_texts(run: dict[str, Any]) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"

    def poison(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: poison(v) for k, v in value.items()}
        if isinstance(value, list):
            return [poison(v) for v in value]
        return hostile + value if isinstance(value, str) else value

    for s in SECTIONS:
        tags = [tag for tag, _ in Reader(s.render(page_of(poison(run), "en"))).tags]
        assert "script" not in tags
        assert "img" not in tags


def test_figures_come_from_the_run(run: dict[str, Any]) -> None:
    run["reject_inference"]["band"] = [0.1234, 0.2345]
    assert "12.3 % to 23.4 %" in seen(run, section="reject_inference")
    row = run["fairness"][0]["groups"][0]
    row.update(impact_ratio=0.777, impact_ratio_low=0.701, impact_ratio_high=0.859)
    assert "0.78\n0.70 to 0.86" in seen(run, section="fairness")
    run["vintages"]["compared"][0].update(rate=0.4321, others=0.1111, differs="higher")
    told = seen(run, section="vintages")
    assert "43.2 %" in told
    assert "worse than the others" in told
    run["segments"][0]["groups"][0].update(weak="both", roc_auc=0.5432)
    told = seen(run, section="segments")
    assert "0.543" in told
    assert "ranks less well, risk misjudged" in told
    assert "early = True" in told  # sentences of the run
    run["roll_rates"]["matrix"][1].update(share=0.9876, n=77)
    assert "98.8 %\n77" in seen(run, section="roll_rates")


def test_groups_without_a_name_have_words(run: dict[str, Any]) -> None:
    assert "no value" in seen(run, section="segments")
    assert "(missing)" not in seen(run, section="segments")
    assert "缺失" in seen(run, "zh", "segments")


def test_nobody_within_the_limit_is_said(run: dict[str, Any]) -> None:
    for row in run["reject_inference"]["methods"]:
        row["limit_approval"] = None
    assert "nobody" in seen(run, section="reject_inference")
    run["reject_inference"]["bad_rate_limit"] = None
    assert "nobody" not in seen(run, section="reject_inference")
