"""`tael document`: the model document of a run, as a Word file or a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tael.cli.lang import Lang, LangOption
from tael.cli.show import say


def document(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    out: Annotated[Path, typer.Option(help="The .docx or .html file to write.")],
    lang: LangOption = Lang.EN,
) -> None:
    """Write the model document, filled from a run, with gaps marked for people. 生成模型文档。"""
    from tael.reports.document import write_document
    from tael.reports.document.write import new_document
    from tael.runs.result import Run

    new_document(out)
    written = write_document(Run.read(run).content, out, lang.value)
    say(str(written))
