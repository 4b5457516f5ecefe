"""The document as one HTML page: it loads nothing, runs nothing, and prints."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from importlib.resources import files

from tael.reports.charts import Chart
from tael.reports.context import table
from tael.reports.document.tree import (
    Axis,
    Block,
    Bullets,
    Cell,
    Chapter,
    Code,
    Document,
    Gap,
    Paragraph,
    Picture,
    Series,
    Subhead,
    Table,
)
from tael.reports.formats import Format
from tael.reports.html import Safe, el, join, raw

LOOKS = {"plain": None, "lead": "lead", "note": "note", "absent": "missing", "alert": "alert"}
TICKS = 7
"""Names of an axis of places that are written; more would run into one another."""


def to_html(document: Document) -> str:
    """Render a document as HTML.

    Parameters
    ----------
    document : Document

    Returns
    -------
    str
        A whole page. Its policy forbids scripts and everything from outside.

    Examples
    --------
    >>> from tael.reports.document.build import build_document
    >>> page = to_html(build_document({"scenario": {"name": "credit-approval"}}))
    >>> page.startswith("<!DOCTYPE html>"), "<script" in page
    (True, False)
    """
    style = _resource("tael.reports", "style.css") + _resource("tael.reports.document", "document.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=policy),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="generator", content=document.program),
        el("link", rel="icon", href="data:,"),
        el("title", f"{document.title} · {document.subtitle}"),
        el("style", raw(style)),
    )
    counter = {"table": 0, "figure": 0}
    main = el(
        "main",
        el("section", (_block(document, block, counter) for block in document.opening), id="opening"),
        (_chapter(document, chapter, counter) for chapter in document.chapters),
    )
    body = el(
        "body",
        el("a", document.words.get("skip", ""), href="#opening", class_="skip"),
        (el("p", warning, class_="simulated", role="note") for warning in document.warnings),
        _top(document),
        el("div", _contents(document), main, class_="frame"),
        el("footer", " · ".join([document.program, document.header, document.words["offline"], *document.warned])),
        class_="document",
    )
    return "<!DOCTYPE html>\n" + el("html", head, body, lang="zh-CN" if document.lang == "zh" else "en") + "\n"


def _resource(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _top(document: Document) -> Safe:
    facts = (el("div", el("dt", name), el("dd", value)) for name, value in document.facts)
    return el(
        "header",
        el("p", document.subtitle, class_="kicker"),
        el("h1", document.title),
        el("dl", facts, class_="facts"),
        class_="top",
    )


def _contents(document: Document) -> Safe:
    title = document.words["contents"]
    links = (el("li", el("a", chapter.title, href=f"#{chapter.id}")) for chapter in document.chapters)
    return el("nav", el("details", el("summary", title), el("ol", links), open=True), aria_label=title)


def _chapter(document: Document, chapter: Chapter, counter: dict[str, int]) -> Safe:
    return el(
        "section",
        el("h2", chapter.title, id=f"{chapter.id}-title"),
        (_block(document, block, counter) for block in chapter.blocks),
        id=chapter.id,
        aria_labelledby=f"{chapter.id}-title",
    )


def _block(document: Document, block: Block, counter: dict[str, int]) -> Safe:
    if isinstance(block, Paragraph):
        return el("p", block.text, class_=LOOKS[block.look])
    if isinstance(block, Subhead):
        return el("h3", block.title)
    if isinstance(block, Bullets):
        return el("ul", (el("li", item) for item in block.items))
    if isinstance(block, Code):
        return el("pre", block.text)
    if isinstance(block, Gap):
        return _gap(document, block)
    kind = "table" if isinstance(block, Table) else "figure"
    counter[kind] += 1
    caption = f"{document.words[kind]} {counter[kind]}: {block.caption}"
    return _table(block, caption) if isinstance(block, Table) else _picture(document, block, caption)


def _gap(document: Document, gap: Gap) -> Safe:
    by = document.words["by"].format(who=gap.who)
    return el("div", el("p", el("strong", f"{gap.number} · {by}")), el("p", gap.what), class_="gap", role="note")


def _cell(cell: str | Cell) -> Safe | str:
    if isinstance(cell, str):
        return cell
    below = el("code" if cell.code else "small", cell.below, class_="below") if cell.below else None
    return join(cell.text, below)


def _table(block: Table, caption: str) -> Safe:
    words = [k for k in range(len(block.heads)) if k not in block.numbers]
    rows = [[_cell(cell) for cell in row] for row in block.rows]
    kind = "narrow" if len(block.heads) <= 3 else ""
    return table(caption, block.heads, rows, text=words, kind=f"{kind} blank".strip() if block.blank else kind)


def _write(document: Document, axis: Axis) -> Callable[[float], str]:
    fmt = Format(document.lang, "")
    if axis.unit == "share":
        digits = 0 if axis.high - axis.low > 0.08 else 1
        return lambda value: fmt.percent(value, digits)
    return fmt.short


def _places(axis: Axis) -> list[tuple[float, str]] | None:
    if axis.unit != "place":
        return None
    last = len(axis.names) - 1
    count = min(TICKS, len(axis.names))
    places = sorted({round(k * last / (count - 1)) for k in range(count)}) if count > 1 else [0]
    return [(float(k), axis.names[k]) for k in places]


def _picture(document: Document, picture: Picture, caption: str) -> Safe:
    x, y = picture.x, picture.y
    chart = Chart(
        (x.low, x.high), (y.low, y.high), x_format=_write(document, x), y_format=_write(document, y),
        x_label=x.label, y_label=y.label, x_ticks=_places(x), width=620, height=300,
    )  # fmt: skip
    for one in picture.series:
        _draw(chart, one)
    keys = (el("span", _key(one), one.name) for one in picture.series)
    legend = el("span", keys, class_="legend") if len(picture.series) > 1 else None
    note = el("p", picture.note, class_="note") if picture.note else None
    return el("figure", el("figcaption", el("strong", caption), legend), chart.svg(picture.caption), note)


def _draw(chart: Chart, one: Series) -> None:
    if one.mark == "dots":
        chart.dots(one.xs, one.ys, one.colour, one.lows or None, one.highs or None)
    else:
        chart.line(one.xs, one.ys, "rule" if one.mark == "dashed" else one.colour)


def _key(one: Series) -> Safe:
    kind = "rule" if one.mark == "dashed" else one.colour
    mark = (
        el("circle", cx=9, cy=5, r=3.5, class_=f"dot {kind}")
        if one.mark == "dots"
        else el("line", x1=0, x2=18, y1=5, y2=5, class_=f"line {kind}")
    )
    return el("svg", mark, viewBox="0 0 18 10", class_="key", aria_hidden="true")
