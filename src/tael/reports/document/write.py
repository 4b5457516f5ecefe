"""Writing a document to a file: of which kind its name says, whole or not at all, never over another."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tael.errors import RunError
from tael.reports.document.build import build_document
from tael.reports.document.to_html import to_html

KINDS = (".docx", ".html")
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EACCES}


def new_document(path: str | Path) -> Path:
    """The path of a document that may be written: of a kind that is known, and not there yet.

    Raises
    ------
    RunError

    Examples
    --------
    >>> new_document("model.pdf")
    Traceback (most recent call last):
    tael.errors.RunError: The kind of document is not known.
      expected: a name that ends in .docx or .html
      got:      model.pdf
      to do:    Change the suffix; a PDF is made by printing either of them.
    """
    path = Path(path)
    if path.suffix.lower() not in KINDS:
        raise RunError(
            "The kind of document is not known.",
            expected="a name that ends in " + " or ".join(KINDS),
            got=path.name,
            fix="Change the suffix; a PDF is made by printing either of them.",
        )
    if path.exists() or path.is_symlink():
        raise RunError(
            "There is a file already.",
            expected="a new file",
            got=str(path),
            fix="Name another one: nothing is written over.",
        )
    return path


def write_document(run: Mapping[str, Any], path: str | Path, lang: str = "en") -> Path:
    """Write the model document of a run.

    Parameters
    ----------
    run : mapping
        ``run.json`` as read.
    path : str or Path
        A new file that ends in ``.docx`` or ``.html``; its folder must exist.
    lang : {"en", "zh"}

    Returns
    -------
    Path
        The file. The same run gives the same bytes.

    Raises
    ------
    RunError
        If the file is there already, is of another kind, cannot be written, or needs the extra ``document``.
    """
    path = new_document(path)
    document = build_document(run, lang)
    if path.suffix.lower() == ".docx":
        from tael.reports.document.to_docx import to_docx

        content = to_docx(document)
    else:
        content = to_html(document).encode("utf-8")
    return write_whole(path, content)


def write_whole(path: Path, content: bytes) -> Path:
    """Write a new file whole or not at all; a name that was taken meanwhile is left as it is.

    Raises
    ------
    RunError
    """
    draft = path.with_name(f".tael-{secrets.token_hex(4)}-{path.name}")
    try:
        with draft.open("xb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        _claim(draft, path)
    except FileExistsError as error:
        raise RunError(
            "There is a file already.",
            expected="a new file",
            got=str(path),
            fix="Name another one: nothing is written over.",
        ) from error
    except OSError as error:
        raise RunError(
            "The document cannot be written, and nothing of it was kept.",
            expected="a folder that is there, can be written, and has room",
            got=error.strerror or str(error),
            where=str(path),
            fix="Name another place with --out.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return path


def _claim(draft: Path, path: Path) -> None:
    """Give the draft its name; fails where the name is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # a file system without hard links: the name is taken first, by an empty file, and then filled at one stroke
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        os.replace(draft, path)
