"""The model document as a Word file: it opens again, holds what the tree holds, fits the page, and is written whole."""

from __future__ import annotations

import errno
import io
import os
import sys
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tael.errors import RunError
from tael.reports.document import build_document, write_document
from tael.reports.document.to_docx import to_docx
from tael.reports.document.tree import Axis, Document, Gap, Picture, Series, Table
from tael.reports.document.word_chart import chart_xml

docx = pytest.importorskip("docx", reason="python-docx is not installed: pip install 'tael[document]'")

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def opened(document: Document) -> Any:
    return docx.Document(io.BytesIO(written(document)))


def written(document: Document) -> bytes:
    """The file; a document that was rendered already is not rendered again."""
    told = repr(document)
    if told not in _WRITTEN:
        _WRITTEN[told] = to_docx(document)
    return _WRITTEN[told]


_WRITTEN: dict[str, bytes] = {}


def small(run: dict[str, Any]) -> dict[str, Any]:
    """The run without its long lists: the same chapters, drawn faster."""
    run["features"], run["stability"]["features"] = run["features"][:3], run["stability"]["features"][:3]
    return run


def blocks(document: Document, kind: type) -> list[Any]:
    return [b for b in (*document.opening, *(b for c in document.chapters for b in c.blocks)) if isinstance(b, kind)]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_it_opens_again_and_holds_what_the_tree_holds(run: dict[str, Any], lang: str) -> None:
    document = build_document(small(run), lang)
    word = opened(document)
    headings = [p.text for p in word.paragraphs if p.style.name == "Heading 1"]
    assert headings == [one.title for one in document.chapters]
    tables = blocks(document, Table)
    assert len(word.tables) == len(tables) + 1  # and the facts of the first page
    for made, table in zip(word.tables[1:], tables, strict=True):
        assert len(made.rows) == len(table.rows) + 1
        assert [cell.text for cell in made.rows[0].cells] == list(table.heads)
        assert made._tbl.tr_lst[0].trPr.find(f"{W}tblHeader") is not None
        # a repeated head alone at a page's end made LibreOffice lose the rows after it
        assert all(cell.paragraphs[0].paragraph_format.keep_with_next for cell in made.rows[0].cells)
    captions = [p.text for p in word.paragraphs if p.style.name == "Caption"]
    assert len(captions) == len(tables) + len(blocks(document, Picture))
    name = "Table" if lang == "en" else "表"
    assert next(c for c in captions if c.startswith(name)) == f"{name} 1: {tables[0].caption}"
    places = list(word.element.body.iter(f"{W}sdt"))
    assert [one.find(f"{W}sdtPr/{W}tag").get(f"{W}val") for one in places] == [g.number for g in document.gaps]
    told = "\n".join(p.text for p in word.paragraphs)
    assert all(gap.what in told and gap.who in told for gap in blocks(document, Gap))


def test_tables_fit_the_page(run: dict[str, Any]) -> None:
    word = opened(build_document(small(run)))
    section = word.sections[0]
    room = section.page_width - section.left_margin - section.right_margin
    assert round(section.page_width.cm) == 21
    for table in word.tables:
        assert sum(column.width for column in table.columns) <= room + 1000
        for row in table.rows:
            assert sum(cell.width for cell in row.cells) <= room + 1000
    assert all(shape.width <= room for shape in word.inline_shapes)


@pytest.mark.parametrize(("lang", "simulated"), [("zh", True), ("en", False)])
def test_header_footer_contents_and_fonts(run: dict[str, Any], lang: str, simulated: bool) -> None:
    run["simulated"] = simulated
    document = build_document(small(run), lang)
    word = opened(document)
    header = word.sections[0].header.paragraphs[0].text
    assert document.header in header
    assert "3fb19c0d5e77" in header
    assert (document.warned != ()) == simulated == any(one in header for one in ("Simulated data", "模拟数据"))
    first = word.paragraphs[0].text
    assert first == (document.warnings[0] if simulated else document.title)
    codes = [code.text.split()[0] for code in word.element.body.iter(f"{W}instrText")]
    assert codes[0] == "TOC"
    assert {"TOC", "SEQ"} == set(codes)
    footer = word.sections[0].footer.paragraphs[0]._p
    assert [code.text.strip() for code in footer.iter(f"{W}instrText")] == ["PAGE", "NUMPAGES"]
    kinds = [mark.get(f"{W}fldCharType") for mark in word.element.body.iter(f"{W}fldChar")]
    assert kinds.count("begin") == kinds.count("end") == kinds.count("separate")
    links = {link.get(f"{W}anchor") for link in word.element.body.iter(f"{W}hyperlink")}
    assert links == {mark.get(f"{W}name") for mark in word.element.body.iter(f"{W}bookmarkStart")}
    for name in ("Normal", "Heading 1", "Heading 2", "Title", "Caption", "Cell", "Header"):
        fonts = word.styles[name].element.rPr.rFonts
        assert fonts.get(f"{W}eastAsia") == "Microsoft YaHei", name
        assert not [attribute for attribute in fonts.attrib if "Theme" in attribute], name
    assert word.core_properties.title == document.title
    assert word.core_properties.author == "tael 0.1.0"


def test_charts_hold_the_numbers(run: dict[str, Any]) -> None:
    document = build_document(small(run))
    pictures = blocks(document, Picture)
    with zipfile.ZipFile(io.BytesIO(written(document))) as archive:
        names = sorted(name for name in archive.namelist() if "charts/chart" in name)
        assert len(names) == len(pictures) > 3
        types = archive.read("[Content_Types].xml").decode()
        assert types.count("drawingml.chart+xml") == len(pictures)
        for number, picture in enumerate(pictures, 1):
            root = ElementTree.fromstring(archive.read(f"word/charts/chart{number}.xml"))
            series = list(root.iter(f"{C}ser"))
            assert [one.findtext(f"{C}tx/{C}v") for one in series] == [one.name for one in picture.series]
            for made, one in zip(series, picture.series, strict=True):
                values = made.find(f"{C}yVal/{C}numLit") or made.find(f"{C}val/{C}numLit")
                points = [float(str(v.text)) for v in values.iter(f"{C}v")]  # type: ignore[union-attr]
                assert points == [y for y in one.ys if y is not None]


def test_a_chart_keeps_gaps_escapes_names_and_has_round_ends() -> None:
    axis, money = Axis("share", 0.0, 1.0), Axis("profit <b>", -3.7, 41.0, "number")
    series = Series("a & <b>", (0.0, 0.5, 1.0), (1.0, None, 3.0), "dots", "s1", (0.5, None, 2.0), (1.5, None, None))
    root = ElementTree.fromstring(chart_xml(Picture("x", axis, money, (series,))).split("\n", 1)[1])
    (values,) = root.iter(f"{C}yVal")
    assert [point.get("idx") for point in values.iter(f"{C}pt")] == ["0", "2"]
    (plus,), (minus,) = root.iter(f"{C}plus"), root.iter(f"{C}minus")
    assert [float(str(v.text)) for v in plus.iter(f"{C}v")] == [0.5]
    assert [float(str(v.text)) for v in minus.iter(f"{C}v")] == [0.5, 1.0]
    assert root.findtext(f".//{C}tx/{C}v") == "a & <b>"
    ends = [
        (float(s.find(f"{C}min").get("val")), float(s.find(f"{C}max").get("val"))) for s in root.iter(f"{C}scaling")
    ]  # type: ignore[union-attr,arg-type]
    assert ends == [(0.0, 1.0), (-10.0, 50.0)]


def test_the_same_run_gives_the_same_bytes(run: dict[str, Any]) -> None:
    one, two = written(build_document(small(run))), to_docx(build_document(run))
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.testzip() is None
        core = archive.read("docProps/core.xml").decode()
    assert "2026-11-23T08:00:00Z" in core
    assert "python-docx" not in core


def test_nothing_at_all_and_odd_characters_are_still_a_file() -> None:
    run = {
        "scenario": {"title": "a\x00b \x0bname", "question": "tab\there"},
        "worries": ["\x1f odd"],
        "started": "soon",
    }
    for lang in ("en", "zh"):
        word = opened(build_document(run, lang))
        assert len([p for p in word.paragraphs if p.style.name == "Heading 1"]) == 14


def test_without_the_package_it_says_what_to_install(
    run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(RunError, match=r'pip install "tael\[document\]"'):
        write_document(run, tmp_path / "model.docx")
    assert os.listdir(tmp_path) == []
    assert write_document(run, tmp_path / "model.html").exists()


@pytest.mark.parametrize("links", [True, False])
def test_written_whole_and_never_over_another(
    run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    if not links:

        def refuse(*paths: object) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    path = write_document(run, tmp_path / "model.html", "zh")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert os.listdir(tmp_path) == ["model.html"]
    before = path.read_bytes()
    with pytest.raises(RunError, match="There is a file already"):
        write_document(run, path)
    assert path.read_bytes() == before
    with pytest.raises(RunError, match="cannot be written, and nothing of it was kept"):
        write_document(run, tmp_path / "nowhere" / "model.html")
    with pytest.raises(RunError, match=r"ends in .docx or .html"):
        write_document(run, tmp_path / "model.pdf")
    assert os.listdir(tmp_path) == ["model.html"]


def test_a_name_taken_meanwhile_is_left_alone(
    run: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.html"
    real = os.link

    def late(draft: Any, wanted: Any) -> None:
        path.write_text("mine", encoding="utf-8")
        real(draft, wanted)

    monkeypatch.setattr(os, "link", late)
    with pytest.raises(RunError, match="There is a file already"):
        write_document(run, path)
    assert path.read_text(encoding="utf-8") == "mine"
    assert os.listdir(tmp_path) == ["model.html"]
