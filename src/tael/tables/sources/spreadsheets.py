"""Spreadsheets are told by their first bytes, whatever they are called, with what to do instead."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tael.errors import TablesError

_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_PAGES = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<workbook")
_FIX = (
    "Open it in Excel, WPS or LibreOffice, choose the sheet, and save it as CSV: Save as, CSV UTF-8 "
    "(另存为“CSV UTF-8（逗号分隔）”). One sheet is one file."
)


def spreadsheet_of(path: Path) -> str | None:
    """What kind of spreadsheet a file is; None where it is none.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "a.csv").write_bytes(_OLD + b"...") and spreadsheet_of(Path(folder, "a.csv"))
    'an Excel workbook (.xls)'
    """
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith(_OLD):
        return "an Excel workbook (.xls)"
    if head.startswith(_ZIP):
        return _packed(path)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return "a web page that is called a table" if start.startswith(_PAGES) else None


def _packed(path: Path) -> str | None:
    """Workbooks are packed folders; a zip that holds a CSV is none, unless its name says that it is a table itself."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
    except zipfile.BadZipFile:
        return None if path.suffix.lower() == ".zip" else "an Excel workbook (.xlsx) that is cut off"
    if any(name.startswith("xl/") for name in names):
        return "an Excel workbook (.xlsx)"
    if "mimetype" in names and "content.xml" in names:
        return "a LibreOffice spreadsheet (.ods)"
    return None if path.suffix.lower() == ".zip" else "a packed folder (.zip) under another name"


def refuse_spreadsheet(path: Path, where: str) -> None:
    """Refuse a spreadsheet.

    Raises
    ------
    TablesError
        Saying how to save it as a table.
    """
    kind = spreadsheet_of(path)
    if kind is not None:
        raise TablesError(
            "A file is a spreadsheet, and no text.",
            expected="a CSV or Parquet file",
            got=f"{path.name}: {kind}",
            where=where,
            fix=_FIX,
        )
