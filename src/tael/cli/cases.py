"""`tael cases`: a case file for each alert of the queue, and the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tael.cli.lang import Lang, LangOption, language
from tael.cli.show import Stages, say


def cases(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    tables: Annotated[Path, typer.Option(help="A folder with tables.toml.")],
    out: Annotated[Path, typer.Option(help="The folder to make.")],
    top: Annotated[int, typer.Option(min=1, help="Case files: the first of the queue.")] = 50,
    period: Annotated[str | None, typer.Option(help="Only the alerts of one period, such as 2025-04-14.")] = None,
    scores: Annotated[
        Path | None, typer.Option(help="Alerts of a later scoring: the .parquet that `tael score --out` wrote.")
    ] = None,
    peers: Annotated[
        str | None, typer.Option(help="A category formula: compare with those who share its value.")
    ] = None,
    unmask: Annotated[bool, typer.Option("--unmask", help="Show personal data in full.")] = False,
    lang: LangOption = Lang.EN,
    jobs: Annotated[int, typer.Option(help="Threads.")] = 2,
) -> None:
    """Write a case file for each alert, and the queue that leads to them. 生成案件档案与预警队列。"""
    from tael.runs.cases import case_maker, write_cases
    from tael.runs.cases.write import new_cases
    from tael.tables import read_tables

    new_cases(out)
    with Stages(language(lang)) as stages:
        stages.tell("tables", "reading tables", 0.0)
        read = read_tables(tables, absent="label")
        maker = case_maker(run, read, scored=scores, period=period, peers=peers, unmask=unmask, n_jobs=jobs)
        made = maker.make(top, stages.tell)
        stages.tell("pages", "", 0.0)
        queue = write_cases(made, out, lang.value)
    for worry in made.queue.worries:
        say("! " + (worry if isinstance(worry, str) else worry[language(lang)]))
    n, total = len(made.cases), made.queue.total
    say(f"{total:,} 件预警，生成案件档案 {n:,} 件" if lang == Lang.ZH else f"{n:,} case files of {total:,} alerts")
    say(str(queue))
