from __future__ import annotations

import re
from importlib.resources import files
from string import Formatter
from typing import Any

import pytest

from tael.reports import build_report
from tael.reports.catalogue import CATALOGUES, texts_of
from tael.reports.catalogue_decisions import KINDS, OPTIONS

EN, ZH = CATALOGUES["en"], CATALOGUES["zh"]
VOICES = [("options", kind) for kind in ("portfolio", *KINDS)]


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def visible(page: str) -> str:
    body = re.sub(r"<(script|style)\b.*?</\1>", "", page[page.index("<body") :], flags=re.S)
    return re.sub(r"<[^>]+>", "\n", body) + "\n".join(
        re.findall(r'(?:aria-label|data-hover|data-label)="([^"]*)"', body)
    )


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    assert EN.keys() == ZH.keys()
    for key, text in EN.items():
        assert text.strip(), key
        assert ZH[key].strip(), key
        assert gaps(text) == gaps(ZH[key]), key


@pytest.mark.parametrize(("decision", "model"), VOICES)
def test_other_words_say_the_same(decision: str, model: str) -> None:
    """Each stands in for a text that there is, with no gap that it has not."""
    en, zh = (texts_of(lang, decision, model) for lang in ("en", "zh"))
    assert en.keys() == zh.keys() == EN.keys()
    changed = [key for key in EN if (en[key], zh[key]) != (EN[key], ZH[key])]
    assert set(changed) == OPTIONS.keys() | KINDS.get(model, {}).keys()
    for key in changed:
        assert gaps(en[key]) == gaps(zh[key]) <= gaps(EN[key]), key
        assert re.search(r"[\u4e00-\u9fff]", zh[key]), key
        assert not re.search(r"[\u4e00-\u9fff]", en[key]), key
    assert texts_of("en", "approval", model) is CATALOGUES["en"]


def test_chinese_is_chinese_and_english_is_english() -> None:
    han = re.compile(r"[\u4e00-\u9fff]")
    assert not [key for key, text in EN.items() if han.search(text)]
    assert [key for key, text in ZH.items() if not han.search(text)] == ["stability.psi"]


@pytest.mark.parametrize("whole", [True, False], ids=["whole run", "empty run"])
def test_the_chinese_report_has_no_english_label(run: dict[str, Any], whole: bool) -> None:
    seen = visible(build_report(run if whole else {}, "zh"))
    for key, text in EN.items():
        words = re.sub(r"\{.*?\}", "", text).strip(" .:,()")
        if text == ZH[key] or len(words) < 4:
            continue
        assert not re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", seen), key


def test_one_word_for_one_thing() -> None:
    """坏样本率, 分数线, 批准 and 预期利润, and no second word for any of them."""
    others = re.compile("坏账|阈值|审批线|通过率|者通过|时通过|坏样本占比|期望利润|契约")
    assert not [key for key, text in ZH.items() if others.search(text)]


def test_chinese_stands_apart_from_numbers_and_letters() -> None:
    touching = re.compile("[\u4e00-\u9fff](?:[A-Za-z0-9]|{(?!part))|[A-Za-z0-9%][\u4e00-\u9fff]")
    voices = [texts_of("zh", *voice).values() for voice in VOICES]
    assert not [text for texts in (ZH.values(), *voices) for text in texts if touching.search(text)]


def test_the_english_report_has_no_chinese(run: dict[str, Any]) -> None:
    assert not re.search(r"[\u4e00-\u9fff]", visible(build_report(run, "en")))


def test_every_text_is_used() -> None:
    room = files("tael.reports")
    sources = [*room.iterdir(), *room.joinpath("sections").iterdir()]
    code = "".join(
        s.read_text(encoding="utf-8") for s in sources if s.name.endswith(".py") and not s.name.startswith("catalogue")
    )
    looked_up_by_code = {
        "split", "decision", "dropped", "stage", "severity", "limit", "missing", "swap", "member", "units", "kind",
        "why", "reason", "cost", "origin", "fill", "instrument", "tile", "item", "variant", "order", "case", "per",
        "premium", "fit", "gangs",
    }  # fmt: skip
    for key in EN:
        group, name = key.split(".")
        written = any(f'"{text}"' in code for text in (key, name, name.removesuffix("_read")))
        assert written or group in looked_up_by_code, key
