"""A spreadsheet is told by its bytes, whatever it is called, with what to do."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tael.errors import TablesError
from tael.tables import read_tables
from tael.tables.infer import infer
from tael.tables.sources.spreadsheets import spreadsheet_of

XLS = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100


def packed(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "x")
    return path


def test_kinds(tmp_path: Path) -> None:
    assert spreadsheet_of(packed(tmp_path / "a.csv", "[Content_Types].xml", "xl/workbook.xml")) == (
        "an Excel workbook (.xlsx)"
    )
    assert spreadsheet_of(packed(tmp_path / "b.ods", "mimetype", "content.xml")) == "a LibreOffice spreadsheet (.ods)"
    assert spreadsheet_of(packed(tmp_path / "c.zip", "c.csv")) is None
    assert spreadsheet_of(packed(tmp_path / "d.csv", "c.csv")) == "a packed folder (.zip) under another name"
    for name, content, kind in [
        ("e.csv", XLS, "an Excel workbook (.xls)"),
        ("f.xls", b"\xef\xbb\xbf\n<html><table>", "a web page that is called a table"),
        ("g.xlsx", b"PK\x03\x04 cut", "an Excel workbook (.xlsx) that is cut off"),
        ("h.csv", b"id,sum\n1,2\n", None),
        ("i.csv", b"", None),
    ]:
        (tmp_path / name).write_bytes(content)
        assert spreadsheet_of(tmp_path / name) == kind


def test_it_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "loans.csv").write_bytes(XLS)
    (tmp_path / "tables.toml").write_text("[loans]\nfile = 'loans.csv'\n")
    for look in (infer, read_tables):
        with pytest.raises(TablesError, match="spreadsheet") as error:
            look(tmp_path)
        assert "CSV UTF-8" in str(error.value)


def test_infer_says_which_files_to_save(tmp_path: Path) -> None:
    (tmp_path / "loans.xls").write_bytes(XLS)
    with pytest.raises(TablesError, match="no tables") as error:
        infer(tmp_path)
    assert "loans.xls (an Excel workbook (.xls): save it as CSV UTF-8)" in str(error.value)
