"""The frame of a case file and of the queue: head, policy, styles. No script: nothing in a page can run."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, cast

from tael.errors import RunError, did_you_mean
from tael.reports.cases.case import Rows, Text
from tael.reports.catalogue import CATALOGUES
from tael.reports.context import table
from tael.reports.formats import Format, Lang
from tael.reports.html import Safe, el, raw


class Said:
    """Texts and numbers in one language.

    Parameters
    ----------
    lang : {"en", "zh"}
    currency : str

    Raises
    ------
    RunError
        If there is no such language.

    Examples
    --------
    >>> Said("zh").say({"en": "account", "zh": "账户"}), Said("en").say("7")
    ('账户', '7')
    """

    def __init__(self, lang: str, currency: str = "") -> None:
        if lang not in ("en", "zh"):
            raise RunError(
                "No case file in this language.",
                expected="en or zh",
                got=str(lang),
                fix=did_you_mean(str(lang), ("en", "zh")),
            )
        self.lang = cast(Lang, lang)
        self.fmt = Format(self.lang, currency)
        self._texts = CATALOGUES[lang]

    def t(self, key: str, **values: Any) -> str:
        """A fixed text of the catalogue."""
        text = self._texts[f"case.{key}"]
        return text.format(**values) if values else text

    def say(self, text: Text) -> str:
        """A text in this language."""
        if isinstance(text, Mapping):
            return str(text.get(self.lang) or next((value for value in text.values() if value), ""))
        return str(text)

    def rows(self, rows: Rows) -> Safe:
        """A table with its note."""
        drawn = table(
            self.say(rows.title),
            [self.say(head) for head in rows.heads],
            [[self.say(cell) for cell in row] for row in rows.rows],
            text=rows.words,
            kind="listed",
        )
        return el("div", drawn, el("p", self.say(rows.note), class_="note") if rows.note else None)


def whole_page(said: Said, title: str, body: Iterable[Any], *, simulated: bool, masked: bool) -> str:
    """A page that loads nothing, runs nothing and sends nothing.

    Parameters
    ----------
    said : Said
    title : str
    body : iterable of markup
    simulated, masked : bool
        Told at the top.
    """
    style = _resource("tael.reports", "style.css") + _resource("tael.reports.cases", "cases.css")
    mark = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{mark}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="referrer", content="no-referrer"),
        el("meta", name="robots", content="noindex"),
        el("link", rel="icon", href="data:,"),
        el("title", title),
        el("style", raw(style)),
    )
    note = None
    if simulated:
        note = el(
            "p", el("strong", said.t("simulated")), " ", said.t("simulated_text"), class_="simulated", role="note"
        )
    open_ = None if masked else el("p", said.t("unmasked"), class_="simulated leaking", role="alert")
    footer = el("footer", said.t("footer_masked" if masked else "footer_open"), " · ", said.t("offline"))
    page = el("html", head, el("body", open_, note, *body, footer), lang="zh-CN" if said.lang == "zh" else "en")
    return "<!DOCTYPE html>\n" + page + "\n"


def _resource(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
