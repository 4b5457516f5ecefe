"""`tael dispose`: write down what came of a case, check the log, take the dispositions out as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tael.cli.lang import Lang, LangOption
from tael.cli.show import say
from tael.errors import RunError

STANDS = {
    "pending": ("awaits a second person: it counts once somebody else confirms it too", "待第二人复核后生效"),
    "confirmed": ("confirmed by two people", "已由两人确认"),
    "dismissed": ("dismissed", "已排除"),
}


def dispose(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    case: Annotated[str | None, typer.Argument(help="A case's id, as queue.html has it.")] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="It is what the alert said.")] = False,
    dismissed: Annotated[bool, typer.Option("--dismissed", help="It is not.")] = False,
    why: Annotated[str, typer.Option(help="The reason.")] = "",
    by: Annotated[str, typer.Option(help="Who decides.")] = "",
    scores: Annotated[
        Path | None, typer.Option(help="Where the alert is of a later scoring: its .parquet file.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Check the log's chain; nothing is added.")] = False,
    head: Annotated[
        str | None, typer.Option(help="With --verify: a hash that was written down; its line must be there.")
    ] = None,
    table: Annotated[
        Path | None, typer.Option(help="Write the dispositions that count as a .csv or .parquet table.")
    ] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Write down what came of a case, in a log that shows tampering. 登记案件处置结果（审计日志）。"""
    from tael.runs.cases.audit import digest
    from tael.runs.cases.audit import verify as verify_log
    from tael.runs.cases.dispositions import dispose as write_down
    from tael.runs.cases.dispositions import dispositions_table
    from tael.runs.cases.queue import Alerts
    from tael.runs.scoring import new_table, write_table

    zh = lang == Lang.ZH
    if (case is not None) + verify + (table is not None) != 1:
        raise RunError(
            "Say one thing to do.",
            expected="a case with --confirmed or --dismissed, or --verify, or --table",
            fix='Such as: tael dispose RUN CASE --dismissed --why "salary" --by "A. Lee"',
        )
    if verify:
        n, last = verify_log(run, Alerts.read(run).model, head=head)
        say(
            f"日志完整：{n:,} 条，末条哈希 {last}"
            if zh
            else f"The log is whole: {n:,} entries, the last has the hash {last}"
        )
        return
    if table is not None:
        new_table(table)
        made = dispositions_table(run)
        say(f"{made.height:,} -> {write_table(made, table)}")
        return
    if confirmed == dismissed:
        raise RunError("Say what came of the case.", expected="either --confirmed or --dismissed", where=f"case {case}")
    entry, state = write_down(run, str(case), "confirmed" if confirmed else "dismissed", why, by, scored=scores)
    say(f"{entry.case}  {STANDS[state][zh]}")
    say(f"第 {entry.n} 条，哈希 {digest(entry.line())}" if zh else f"entry {entry.n}, hash {digest(entry.line())}")
