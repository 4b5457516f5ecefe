"""Pieces of a Word file that its library has no words for: fields, shades, borders, charts, places to write in."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape, quoteattr

from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn

from tael.reports.document.word_chart import CONTENT_TYPE

RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/chart"


def element(tag: str, **attributes: Any) -> Any:
    """One element of the ``w`` namespace, with its attributes in that namespace."""
    made = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def add_field(paragraph: Any, code: str, shown: str, *, dirty: bool = False) -> None:
    """A field, such as a page number, with what it shows until it is computed."""
    for kind, text in (("begin", ""), ("", code), ("separate", ""), ("text", shown), ("end", "")):
        run = paragraph.add_run(text if kind == "text" else "")
        if kind in ("begin", "separate", "end"):
            mark = element("fldChar", fldCharType=kind)
            if dirty and kind == "begin":
                mark.set(qn("w:dirty"), "true")
            run._r.append(mark)
        elif not kind:
            told = element("instrText")
            told.set(qn("xml:space"), "preserve")
            told.text = f" {code} "
            run._r.append(told)


def open_field(paragraph: Any, code: str) -> None:
    """Begin a field whose result goes on over the next paragraphs; the word processor is asked to compute it."""
    begin = element("fldChar", fldCharType="begin", dirty="true")
    told = element("instrText")
    told.set(qn("xml:space"), "preserve")
    told.text = f" {code} "
    for one in (begin, told, element("fldChar", fldCharType="separate")):
        paragraph.add_run()._r.append(one)


def close_field(paragraph: Any) -> None:
    """End a field."""
    paragraph.add_run()._r.append(element("fldChar", fldCharType="end"))


def bookmark(paragraph: Any, name: str, number: int) -> None:
    """Give a paragraph a name to which links lead."""
    paragraph._p.insert(1 if paragraph._p.pPr is not None else 0, element("bookmarkStart", id=number, name=name))
    paragraph._p.append(element("bookmarkEnd", id=number))


def add_link(paragraph: Any, text: str, name: str) -> None:
    """A link to a bookmark."""
    link = element("hyperlink", anchor=name, history="1")
    run = paragraph.add_run(text)
    link.append(run._r)
    paragraph._p.append(link)


def shade(properties: Any, fill: str) -> None:
    """A colour behind a paragraph or cell, given its properties element."""
    properties.append(element("shd", val="clear", color="auto", fill=fill))


def frame(paragraph: Any, colour: str, fill: str) -> None:
    """A shaded paragraph with a thick line to its left."""
    properties = paragraph._p.get_or_add_pPr()
    borders = element("pBdr")
    borders.append(element("left", val="single", sz=36, space=6, color=colour))
    # the order of these elements is the schema's: after keepNext and keepLines, before spacing and jc
    places = [child for name in ("spacing", "ind", "jc", "rPr") for child in properties.findall(qn(f"w:{name}"))]
    shaded = element("shd", val="clear", color="auto", fill=fill)
    if places:
        places[0].addprevious(borders)
        places[0].addprevious(shaded)
    else:
        properties.append(borders)
        properties.append(shaded)


def write_here(title: str, tag: str, number: int, text: str) -> Any:
    """A place to write in (a content control) that shows a text until somebody does."""
    return parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtPr><w:alias w:val={quoteattr(title)}/><w:tag w:val={quoteattr(tag)}/>"
        f'<w:id w:val="{number}"/><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:p>'
        '<w:pPr><w:spacing w:after="200"/></w:pPr>'
        f'<w:r><w:rPr><w:color w:val="808080"/></w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'
        "</w:sdtContent></w:sdt>"
    )


def add_chart(word: Any, paragraph: Any, xml: str, number: int, size: tuple[int, int], description: str) -> None:
    """Put a chart into a paragraph.

    Parameters
    ----------
    word, paragraph : docx objects
    xml : str
        As :func:`~tael.reports.document.word_chart.chart_xml` writes it.
    number : int
        Counts the charts from 1.
    size : (int, int)
        Width and height in EMU.
    description : str
        For those who do not see it.
    """
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), CONTENT_TYPE, xml.encode("utf-8"), word.part.package)
    relation = word.part.relate_to(part, RELATION)
    drawing = parse_xml(
        f'<w:drawing {nsdecls("w", "wp", "a", "r")}><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{size[0]}" cy="{size[1]}"/><wp:docPr id="{1000 + number}" name="Chart {number}" '
        f"descr={quoteattr(description)}/><wp:cNvGraphicFramePr/><a:graphic><a:graphicData "
        'uri="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart '
        f'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" r:id="{relation}"/></a:graphicData>'
        "</a:graphic></wp:inline></w:drawing>"
    )
    paragraph.add_run()._r.append(drawing)
