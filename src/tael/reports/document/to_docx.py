"""The document as a Word file (.docx), by the extra ``document``."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime

from tael.errors import RunError
from tael.reports.document.tree import Document

_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_docx(document: Document) -> bytes:
    """Render a document as a Word file.

    Parameters
    ----------
    document : Document

    Returns
    -------
    bytes
        The same for the same document, so that two files can be compared.

    Raises
    ------
    RunError
        If the package python-docx is not installed.
    """
    try:
        import docx
    except ImportError:
        raise RunError(
            "A .docx file needs the package python-docx, which is not installed.",
            expected="python-docx",
            fix='Install it with: pip install "tael[document]"; or write an .html file.',
        ) from None
    from tael.reports.document.word_blocks import Writer
    from tael.reports.document.word_page import lay_out

    word = docx.Document()
    lay_out(word, document)
    properties = word.core_properties
    properties.title, properties.subject = document.title, document.subtitle
    properties.author = properties.last_modified_by = document.program
    properties.comments = " ".join(document.warnings)
    properties.language = "zh-CN" if document.lang == "zh" else "en-GB"
    properties.created = properties.modified = _moment(document.made)
    writer = Writer(word, document)
    writer.opening()
    writer.chapters()
    made = io.BytesIO()
    word.save(made)
    return _timeless(made.getvalue())


def _moment(text: str) -> datetime:
    """When the run was started; the format's earliest moment where that is not known."""
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).replace(tzinfo=None)
    except ValueError:
        return datetime(*_EPOCH[:3])


def _timeless(content: bytes) -> bytes:
    """The same archive without the moment at which each part was packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = zipfile.ZipInfo(name, _EPOCH)
            part.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(part, old.read(name))
    return out.getvalue()
