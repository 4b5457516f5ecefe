"""The report: one HTML file, offline, in one language, made from what the run left in ``run.json``."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from tael.errors import RunError, did_you_mean
from tael.reports.context import Page, Section
from tael.reports.formats import Lang
from tael.reports.html import Safe, el, join, raw
from tael.reports.sections import SECTIONS, learning

FORMAT = 1


def build_report(run: Mapping[str, Any], lang: str = "en") -> str:
    """The whole page as text.

    Parameters
    ----------
    run : mapping
        ``run.json`` as read. Whatever is absent or null is stated on the page as not available.
    lang : {"en", "zh"}
        Language of every fixed text, and of the run's own texts.

    Returns
    -------
    str
        HTML that loads nothing: styles, script and pictures are inside, and its policy forbids anything else.

    Raises
    ------
    RunError
        If the language is unknown, or ``run`` is no mapping or of a later format.

    Examples
    --------
    >>> page = build_report({"scenario": {"name": "credit-approval"}})
    >>> page.startswith("<!DOCTYPE html>") and "credit-approval" in page
    True
    """
    if lang not in ("en", "zh"):
        raise RunError(
            "No report in this language.", expected="en or zh", got=str(lang), fix=did_you_mean(str(lang), ("en", "zh"))
        )
    if not isinstance(run, Mapping):
        raise RunError(
            "A report is made from a run's run.json.",
            expected="a mapping",
            got=type(run).__name__,
            fix="Read run.json with json.load and hand over what it gives.",
        )
    if run.get("format", FORMAT) != FORMAT:
        raise RunError(
            "This run was written in another format.",
            expected=f"format {FORMAT}",
            got=f"format {run['format']}",
            where="run.json",
            fix="Use the tael version that wrote the run.",
        )
    page = Page(run, cast(Lang, lang))
    known = learning.SECTIONS if page.at("shape") == "table" else SECTIONS
    shown = [section for section in known if section.applies(page)]
    style, script = _resource("style.css"), _resource("script.js")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    title = page.say(page.at("scenario", "title")) or page.say(page.at("scenario", "name")) or page.t("page.report")
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="generator", content=f"tael {page.at('tael', 'version') or ''}".strip()),
        el("link", rel="icon", href="data:,"),
        el("title", f"{title} · {page.t('page.report')}"),
        el("style", raw(style)),
    )
    body = el(
        "body",
        el("a", page.t("page.skip"), href="#summary", class_="skip"),
        _header(page, title),
        el("div", _contents(page, shown), el("main", *(_section(page, one) for one in shown)), class_="frame"),
        _footer(page),
        el("script", raw(script)),
    )
    return "<!DOCTYPE html>\n" + el("html", head, body, lang="zh-CN" if lang == "zh" else "en") + "\n"


def write_report(run: Mapping[str, Any], path: str | Path, lang: str = "en", *, overwrite: bool = False) -> Path:
    """Write the report, whole or not at all.

    Parameters
    ----------
    run : mapping
    path : str or Path
        The file to make; its folder must exist.
    lang : {"en", "zh"}
    overwrite : bool
        Whether a file already there may be replaced.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    RunError
        If the file is there already, or cannot be written.
    """
    target = Path(path)
    if target.exists() and not overwrite:
        raise RunError(
            "There is a file already.",
            expected="a new path",
            got=str(target),
            fix="Choose another path; from Python, overwrite=True replaces it.",
        )
    text = build_report(run, lang)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.replace(part, target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RunError(
            "The report cannot be written.",
            got=str(error),
            where=str(target),
            fix="Check that the folder exists, can be written, and has room.",
        ) from error
    return target


def _resource(name: str) -> str:
    return files("tael.reports").joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _section(page: Page, section: Section) -> Safe:
    return el(
        "section",
        el("h2", page.t(section.title), id=f"{section.id}-title"),
        section.render(page),
        id=section.id,
        aria_labelledby=f"{section.id}-title",
    )


def _header(page: Page, title: str) -> Safe:
    started = str(page.at("started") or "").replace("T", " ").removesuffix("Z")[:16]
    facts = [
        (page.t("page.scenario"), page.at("scenario", "name")),
        (page.t("page.started"), f"{started} UTC" if started else None),
        (page.t("page.seed"), page.at("seed")),
        (page.t("page.data"), str(page.at("data", "fingerprint") or "")[:12] or None),
        (page.t("page.model"), str(page.at("model", "version") or "")[:12] or None),
    ]
    simulated = None
    if page.at("simulated"):
        simulated = el(
            "p",
            el("strong", page.t("page.simulated")),
            " ",
            page.t("page.simulated_text"),
            class_="simulated",
            role="note",
        )
    despite = None
    if page.at("despite_leaks"):
        despite = el(
            "p",
            el("strong", page.t("page.despite_leaks")),
            " ",
            page.t("page.despite_leaks_text"),
            class_="simulated leaking",
            role="alert",
        )
    question, words = (page.say(page.at("scenario", key)) for key in ("question", "label_words"))
    if question in ("", words, str(page.at("scenario", "label_formula") or "")):
        question = f"{page.t('observations.label')} {words}" if words else ""
    return join(
        despite,
        simulated,
        el(
            "header",
            el("p", page.t("fit.kicker" if page.at("shape") == "table" else "page.kicker"), class_="kicker"),
            el("h1", title),
            el("p", question, class_="question") if question else None,
            el("dl", *(el("div", el("dt", k), el("dd", str(v))) for k, v in facts if v is not None), class_="facts"),
            class_="top",
        ),
    )


def _contents(page: Page, sections: Sequence[Section]) -> Safe:
    links = [el("li", el("a", page.t(s.title), href=f"#{s.id}")) for s in sections]
    return el(
        "nav",
        el("details", el("summary", page.t("page.contents")), el("ol", links), open=True),
        aria_label=page.t("page.contents"),
    )


def _footer(page: Page) -> Safe:
    version = page.at("tael", "version")
    marks = [f"tael {version}" if version else "tael", page.t("page.offline")]
    if page.at("despite_leaks"):
        marks.append(page.t("page.despite_leaks"))
    if page.at("simulated"):
        marks.append(page.t("page.simulated"))
    return el("footer", " · ".join(marks))
