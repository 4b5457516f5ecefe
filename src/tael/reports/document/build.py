"""From ``run.json`` to the tree of a document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

from tael.errors import RunError, did_you_mean
from tael.reports.document.chapters import ANNEXES, CHAPTERS
from tael.reports.document.told import Told
from tael.reports.document.tree import Block, Chapter, Document, Gap, Paragraph, Table
from tael.reports.formats import NONE, Lang
from tael.reports.page import FORMAT

_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Control characters, halves of characters, and what is none."""


def build_document(run: Mapping[str, Any], lang: str = "en") -> Document:
    """The whole document as a tree, for a renderer.

    Parameters
    ----------
    run : mapping
        ``run.json`` as read. Whatever is absent or null is stated as not part of the run.
    lang : {"en", "zh"}

    Returns
    -------
    Document

    Raises
    ------
    RunError
        If the language is unknown, or ``run`` is no mapping or of a later format.

    Examples
    --------
    >>> document = build_document({"scenario": {"title": {"en": "Credit approval", "zh": "是否授信"}}}, "zh")
    >>> document.title, document.chapters[0].title, document.chapters[-1].number
    ('是否授信', '1 目的、用途与使用者', 'D')
    """
    if lang not in ("en", "zh"):
        raise RunError(
            "No document in this language.",
            expected="en or zh",
            got=str(lang),
            fix=did_you_mean(str(lang), ("en", "zh")),
        )
    if not isinstance(run, Mapping):
        raise RunError(
            "A document is made from a run's run.json.",
            expected="a mapping",
            got=type(run).__name__,
            fix="Read run.json with json.load and hand over what it gives.",
        )
    if run.get("format", FORMAT) not in (FORMAT, None):
        raise RunError(
            "This run was written in another format.",
            expected=f"format {FORMAT}",
            got=f"format {run['format']}",
            where="run.json",
            fix="Use the tael version that wrote the run.",
        )
    told = Told(readable(run), cast(Lang, lang))
    for number, module in enumerate(CHAPTERS, 1):
        told.done.append(_chapter(told, str(number), module))
    lettered = list(zip("ABCD", ANNEXES, strict=True))
    # the last annex is referred to by the others, and holds no gap whose number would then be out of order
    last = _chapter(told, *lettered[-1])
    written = told.done
    told.done = [*written, last]
    annexes = [_chapter(told, letter, module) for letter, module in lettered[:-1]]
    chapters = (*written, *annexes, last)
    title = told.say(told.at("scenario", "title")) or told.say(told.at("scenario", "name")) or told("Model", "模型")
    version = str(told.at("model", "version") or "")[:12]
    header = title + (told(" · model version {v}", " · 模型版本 {v}", v=version) if version else "")
    marks = [
        (told.t("page.despite_leaks"), told.t("page.despite_leaks_text"), told.at("despite_leaks")),
        (
            told.t("page.simulated"),
            told(
                "No figure in this document describes a real customer or a real portfolio.",
                "本文档中的任何数字都不代表真实客户或真实资产组合。",
            ),
            told.at("simulated"),
        ),
    ]
    return Document(
        lang=cast(Lang, lang),
        title=title,
        subtitle=told("Model document", "模型文档"),
        header=header,
        warnings=tuple(f"{short}{told(' ', '')}{long}" for short, long, there in marks if there),
        warned=tuple(short.rstrip(".。") for short, _, there in marks if there),
        facts=_facts(told, version),
        opening=_opening(told, chapters),
        chapters=chapters,
        words=_words(told),
        made=str(told.at("started") or ""),
        program=f"tael {told.at('tael', 'version') or ''}".strip(),
    )


def readable(value: Any) -> Any:
    """A value of the run without the characters that neither a page nor a Word file may hold.

    >>> readable({"name": ["a\\x00b", 3]})
    {'name': ['ab', 3]}
    """
    if isinstance(value, str):
        return _UNREADABLE.sub("", value)
    if isinstance(value, Mapping):
        return {readable(name): readable(one) for name, one in value.items()}
    return [readable(one) for one in value] if isinstance(value, list | tuple) else value


def _chapter(told: Told, number: str, module: ModuleType) -> Chapter:
    title = told(*module.TITLE)
    if number.isalpha():
        head = told("Annex {n}: {title}", "附录 {n}：{title}", n=number, title=title)
    else:
        head = f"{number} {title}"
    return Chapter(module.ID, number, head, tuple(module.render(told)))


def _facts(told: Told, version: str) -> tuple[tuple[str, str], ...]:
    started = str(told.at("started") or "").replace("T", " ").removesuffix("Z")[:16]
    pairs = [
        (told.t("page.scenario"), told.at("scenario", "name")),
        (told.t("page.model"), version or None),
        (told.t("page.started"), f"{started} UTC" if started else None),
        (told.t("page.data"), str(told.at("data", "fingerprint") or "")[:12] or None),
        (told("Status", "状态"), told("draft: filled from the run, not approved", "草稿：由运行填写，未经批准")),
    ]
    return tuple((name, str(value)) for name, value in pairs if value is not None)


def _opening(told: Told, chapters: tuple[Chapter, ...]) -> tuple[Block, ...]:
    """How to read the document, and everything that people still have to write."""
    rows: list[tuple[str, ...]] = []
    for chapter in chapters:
        rows += [(gap.number, chapter.number, gap.who, gap.what) for gap in chapter.blocks if isinstance(gap, Gap)]
    heads = (told("No.", "编号"), told("Chapter", "章节"), told("To be written by", "填写人"), told("What", "内容"))
    return (
        Paragraph(
            told(
                "This document was filled from one run of the program. It states what the run knows and says where the "
                "run knows nothing. {n} points can be written by people only; they are marked in the text and listed "
                "here.",
                "本文档由程序的一次运行填写：写明运行所知，并指出运行不知之处。有 {n} 处只能由人员填写，"
                "均在正文中标出并列于下表。",
                n=len(rows),
            )
        ),
        Table(
            told("What people still have to write", "尚待人员填写的内容"),
            heads,
            tuple(rows) or ((NONE, NONE, NONE, NONE),),
            widths=(0.6, 0.7, 1.2, 4.0),
        ),
    )


def _words(told: Told) -> dict[str, str]:
    return {
        "contents": told.t("page.contents"),
        "skip": told("Skip to the document", "跳到正文"),
        "by": told("To be written by: {who}", "待填写：{who}"),
        "write": told("Write here.", "在此填写。"),
        "table": told("Table", "表"),
        "figure": told("Figure", "图"),
        "page": told("Page", "第"),
        "of": told("of", "页，共"),
        "end": told("", "页"),
        "offline": told.t("page.offline"),
        "font": told("", "SimSun"),
    }
