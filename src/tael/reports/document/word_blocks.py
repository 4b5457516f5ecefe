"""The blocks of a document as Word knows them: headings, paragraphs, tables that fit the page, charts, gaps."""

from __future__ import annotations

from typing import Any

from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from tael.reports.document.tree import Block, Bullets, Cell, Code, Document, Gap, Paragraph, Picture, Subhead, Table
from tael.reports.document.word_chart import chart_xml
from tael.reports.document.word_page import GOLD, MONO, SOFT, TEXT, WARN, WARN_WASH, WASH
from tael.reports.document.word_parts import (
    add_chart,
    add_field,
    add_link,
    bookmark,
    close_field,
    element,
    frame,
    open_field,
    shade,
    write_here,
)

LOOKS = {"plain": "Normal", "lead": "Lead", "note": "Note", "absent": "Normal", "alert": "Notice"}
CELL = "Cell"
"""Id of the style of cells, which is its name."""
CHART = (15.5, 7.2)
"""Width and height of a chart in centimetres."""


class Writer:
    """Writes blocks into a Word document, counting tables, figures and gaps.

    Parameters
    ----------
    word : docx.document.Document
        Laid out.
    document : Document
    """

    def __init__(self, word: Any, document: Document) -> None:
        self.word, self.document = word, document
        self.tables = self.figures = self.gaps = 0
        self._ids = {style.name: style.style_id for style in word.styles}

    def _add(self, text: str = "", style: str = "Normal") -> Any:
        """A paragraph; the library itself would look all its styles through for each."""
        made = self.word.add_paragraph(text)
        made._p.style = self._ids[style]
        return made

    def opening(self) -> None:
        """The first page, and the contents."""
        document = self.document
        for warning in document.warnings:
            frame(self._add(warning, "Notice"), WARN, WARN_WASH)
        self._add(document.title, "Title")
        self._add(document.subtitle, "Subtitle")
        facts = tuple((name, value) for name, value in document.facts)
        if facts:
            self._grid(Table("", (), facts, widths=(1.0, 2.6)))
        self._add()
        for block in document.opening[:1]:
            self.block(block)
        self._contents()
        for block in document.opening[1:]:
            self.block(block)

    def _contents(self) -> None:
        head = self._add("", "Lead")
        head.add_run(self.document.words["contents"]).bold = True
        entry = None
        for k, chapter in enumerate(self.document.chapters):
            entry = self._add("", "toc 1")
            if not k:
                open_field(entry, 'TOC \\o "1-1" \\h \\z \\u')
            add_link(entry, chapter.title, f"chapter_{chapter.number}")
        if entry is not None:
            close_field(entry)
        self.word.add_page_break()

    def chapters(self) -> None:
        """All chapters, each on a page of its own."""
        for k, chapter in enumerate(self.document.chapters, 1):
            heading = self.word.add_heading(chapter.title, level=1)
            bookmark(heading, f"chapter_{chapter.number}", k)
            for block in chapter.blocks:
                self.block(block)

    def block(self, block: Block) -> None:
        """One block."""
        if isinstance(block, Paragraph):
            self._paragraph(block)
        elif isinstance(block, Subhead):
            self.word.add_heading(block.title, level=2)
        elif isinstance(block, Bullets):
            for item in block.items:
                self._add(item, "List Bullet")
        elif isinstance(block, Code):
            self._code(block)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Picture):
            self._picture(block)
        else:
            self._gap(block)

    def _paragraph(self, block: Paragraph) -> None:
        made = self._add(block.text, LOOKS[block.look])
        if block.look == "absent":
            frame(made, SOFT, WASH)
        elif block.look == "alert":
            frame(made, WARN, WARN_WASH)

    def _code(self, block: Code) -> None:
        made = self._add("", "Code")
        lines = block.text.rstrip("\n").split("\n")
        for k, line in enumerate(lines):
            run = made.add_run(line)
            if k < len(lines) - 1:
                run.add_break()
        shade(made._p.get_or_add_pPr(), WASH)

    def _caption(self, kind: str, name: str, number: int, text: str) -> Any:
        made = self._add("", "Caption")
        made.add_run(f"{self.document.words[kind]} ")
        add_field(made, f"SEQ {name} \\* ARABIC", str(number))
        made.add_run(f": {text}")
        return made

    def _table(self, block: Table) -> None:
        self.tables += 1
        self._caption("table", "Table", self.tables, block.caption)
        self._grid(block)
        self._add("", "Note")

    def _grid(self, block: Table) -> None:
        columns = len(block.heads) or len(block.rows[0])
        table = self.word.add_table(rows=0, cols=columns)
        table.alignment, table.autofit = WD_TABLE_ALIGNMENT.LEFT, False
        _borders(table)
        weights = block.widths if len(block.widths) == columns else (1.0,) * columns
        widths = [Cm(TEXT * weight / sum(weights)) for weight in weights]
        for column, width in zip(table.columns, widths, strict=True):
            column.width = width
        if block.heads:
            head = table.add_row()
            _row_properties(head, head=True)
            for k, (cell, text) in enumerate(zip(head.cells, block.heads, strict=True)):
                cell.width = widths[k]
                shade(cell._tc.get_or_add_tcPr(), WASH)
                _fill(cell, text, right=k in block.numbers, bold=True)
                cell.paragraphs[0].paragraph_format.keep_with_next = True  # never a head alone at a page's end
        for values in block.rows:
            row = table.add_row()
            _row_properties(row)
            if block.blank:
                row.height = Cm(1.0)
            for k, (cell, value) in enumerate(zip(row.cells, values, strict=True)):
                cell.width = widths[k]
                _fill(cell, value, right=k in block.numbers, bold=not block.heads and k == 0)

    def _picture(self, block: Picture) -> None:
        self.figures += 1
        made = self._add()
        made.paragraph_format.keep_with_next = True
        made.paragraph_format.space_before = Pt(8)
        size = (int(Cm(CHART[0])), int(Cm(CHART[1])))
        add_chart(self.word, made, chart_xml(block), self.figures, size, block.caption)
        caption = self._caption("figure", "Figure", self.figures, block.caption)
        caption.paragraph_format.keep_with_next = bool(block.note)
        if block.note:
            self._add(block.note, "Note")

    def _gap(self, gap: Gap) -> None:
        self.gaps += 1
        made = self._add("", "Notice")
        made.paragraph_format.keep_with_next = True
        by = self.document.words["by"].format(who=gap.who)
        made.add_run(f"{gap.number} · {by}").bold = True
        made.add_run().add_break()
        made.add_run(gap.what)
        frame(made, GOLD, WARN_WASH)
        here = write_here(f"{gap.number} {gap.who}", gap.number, 5000 + self.gaps, self.document.words["write"])
        made._p.addnext(here)


def _fill(cell: Any, value: str | Cell, *, right: bool, bold: bool = False) -> None:
    one = value if isinstance(value, Cell) else Cell(value)
    paragraph = cell.paragraphs[0]
    paragraph._p.style = CELL
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    paragraph.add_run(one.text).bold = bold or None
    if one.below:
        paragraph.add_run().add_break()
        below = paragraph.add_run(one.below)
        below.font.size, below.font.color.rgb = Pt(7.5), RGBColor.from_string(SOFT)
        if one.code:
            below.font.name = MONO


def _row_properties(row: Any, *, head: bool = False) -> None:
    """A row stays on one page; the head is repeated on each."""
    properties = row._tr.get_or_add_trPr()
    properties.append(element("cantSplit"))
    if head:
        properties.append(element("tblHeader"))


def _borders(table: Any) -> None:
    """Thin lines between rows, darker ones around."""
    properties = table._tbl.tblPr
    borders = element("tblBorders")
    for side, colour in (("top", "8B969F"), ("bottom", "8B969F"), ("insideH", "DBE1E7")):
        borders.append(element(side, val="single", sz=4, space=0, color=colour))
    layout = properties.find(qn("w:tblLayout"))
    if layout is None:
        properties.append(borders)
    else:
        layout.addprevious(borders)
