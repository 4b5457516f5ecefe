"""The look of a Word document: paper, fonts (East Asian ones too), styles, header and footer."""

from __future__ import annotations

from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_TAB_ALIGNMENT
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from tael.reports.document.tree import Document
from tael.reports.document.word_parts import add_field, element

INK, SOFT, NAVY, WARN = "17212B", "55636F", "12375A", "7A5200"
GOLD, WARN_WASH, WASH = "C9A227", "FDF3D8", "F4F6F8"
LATIN, EAST_ASIAN, MONO = "Calibri", "Microsoft YaHei", "Consolas"
WIDTH, HEIGHT, SIDE = 21.0, 29.7, 2.2
"""A4 and its margin to the left and right, in centimetres."""
TEXT = WIDTH - 2 * SIDE

# name: size in points, bold, colour, space before and after in points
_STYLES: dict[str, tuple[float, bool, str, float, float]] = {
    "Normal": (10.0, False, INK, 0, 6),
    "Title": (26.0, True, NAVY, 120, 4),
    "Subtitle": (14.0, False, SOFT, 0, 18),
    "Heading 1": (17.0, True, NAVY, 0, 10),
    "Heading 2": (12.0, True, INK, 14, 5),
    "Caption": (9.0, True, INK, 10, 4),
    "List Bullet": (10.0, False, INK, 0, 4),
    "Header": (8.5, False, SOFT, 0, 0),
    "Footer": (8.5, False, SOFT, 0, 0),
}
# styles that the library's template does not have
_NEW: dict[str, tuple[float, bool, str, float, float]] = {
    "toc 1": (10.5, False, INK, 0, 3),
    "Lead": (11.5, False, NAVY, 2, 8),
    "Note": (8.5, False, SOFT, 2, 8),
    "Notice": (10.0, False, WARN, 8, 6),
    "Cell": (8.5, False, INK, 1, 1),
    "Code": (8.0, False, INK, 2, 8),
}


def lay_out(word: Any, document: Document) -> None:
    """Set paper, styles, header, footer and properties."""
    section = word.sections[0]
    section.page_width, section.page_height = Cm(WIDTH), Cm(HEIGHT)
    section.left_margin = section.right_margin = Cm(SIDE)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.0)
    for name, look in _STYLES.items():
        _style(word.styles[name], look)
    for name, look in _NEW.items():
        made = word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        made.base_style = word.styles["Normal"]
        _style(made, look, MONO if name == "Code" else LATIN)
    word.styles["Heading 1"].paragraph_format.page_break_before = True
    for name in ("Heading 2", "Caption"):
        word.styles[name].paragraph_format.keep_with_next = True
    _no_rule(word.styles["Title"])
    _languages(word, document.lang)
    _header(section, document)
    _footer(section, document)


def _style(style: Any, look: tuple[float, bool, str, float, float], latin: str = LATIN) -> None:
    size, bold, colour, before, after = look
    style.font.size, style.font.bold, style.font.italic = Pt(size), bold, False
    style.font.color.rgb = RGBColor.from_string(colour)
    style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    # a font of the template's theme would win over one that is named
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "cs"):
        fonts.set(qn(f"w:{script}"), latin)
    fonts.set(qn("w:eastAsia"), EAST_ASIAN)


def _no_rule(style: Any) -> None:
    """Take the line away that the template draws under a title."""
    for borders in style.element.pPr.findall(qn("w:pBdr")):
        style.element.pPr.remove(borders)


def _languages(word: Any, lang: str) -> None:
    properties = word.styles["Normal"].element.get_or_add_rPr()
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(element("lang", val="en-GB" if lang == "en" else "zh-CN", eastAsia="zh-CN"))


def _tabs(paragraph: Any) -> None:
    stops = paragraph.paragraph_format.tab_stops
    for position in (8.255, 16.51):  # the template's own, for its own paper
        stops.add_tab_stop(Cm(position), WD_TAB_ALIGNMENT.CLEAR)
    stops.add_tab_stop(Cm(TEXT), WD_TAB_ALIGNMENT.RIGHT)


def _header(section: Any, document: Document) -> None:
    paragraph = section.header.paragraphs[0]
    _tabs(paragraph)
    paragraph.add_run(document.header)
    if document.warned:
        run = paragraph.add_run("\t" + " · ".join(document.warned))
        run.bold = True
        run.font.color.rgb = RGBColor.from_string(WARN)


def _footer(section: Any, document: Document) -> None:
    paragraph, words = section.footer.paragraphs[0], document.words
    _tabs(paragraph)
    paragraph.add_run(f"{document.subtitle} · {document.program}\t{words['page']} ")
    add_field(paragraph, "PAGE", "1")
    paragraph.add_run(f" {words['of']} ")
    add_field(paragraph, "NUMPAGES", "1")
    paragraph.add_run(f" {words['end']}".rstrip())
