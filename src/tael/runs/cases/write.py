"""Writing case files: all of them and the queue, into a new folder, or nothing."""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from tael.errors import RunError
from tael.reports.cases import case_page, queue_page
from tael.runs.cases.build import Made
from tael.runs.folder import cannot_write, flush

HIDDEN = ".tael-cases-"


def new_cases(out: Path) -> Path:
    """The path of a folder that may be made: nothing is there yet.

    Raises
    ------
    RunError
    """
    if out.exists() or out.is_symlink():
        raise RunError(
            "There is something at this place already.",
            expected="a folder that does not exist",
            got=str(out),
            fix="Name another one: nothing is written over.",
        )
    return out


def write_cases(made: Made, out: Path, lang: str = "en") -> Path:
    """Write ``queue.html`` and ``cases/<id>.html``.

    Parameters
    ----------
    made : Made
    out : Path
        Must not exist. Written under a hidden name beside it, then renamed.
    lang : {"en", "zh"}

    Returns
    -------
    Path
        ``queue.html``.

    Raises
    ------
    RunError
        If there is something at the place, or it cannot be written; nothing is left then.
    """
    out = new_cases(out)
    draft = out.parent / f"{HIDDEN}{secrets.token_hex(4)}"
    try:
        (draft / "cases").mkdir(parents=True, mode=0o750)
        for case in made.cases:
            (draft / "cases" / f"{case.id}.html").write_text(case_page(case, lang), encoding="utf-8")
        (draft / "queue.html").write_text(queue_page(made.queue, lang), encoding="utf-8")
        flush(draft)
        new_cases(out)
        os.rename(draft, out)
    except OSError as error:
        raise cannot_write(out, error) from error
    finally:
        with suppress(OSError):
            shutil.rmtree(draft, ignore_errors=True)
    return out / "queue.html"
