"""``tael trade``: one day on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tael.cli.lang import Lang, LangOption, language
from tael.cli.show import say, say_table
from tael.errors import RunError


def trade(
    project: Annotated[Path, typer.Argument(help="A project folder: scenario.toml, tables.toml and today's data.")],
    date: Annotated[str, typer.Option("--date", help="The day that has closed, such as 2024-05-31.")],
    paper: Annotated[bool, typer.Option("--paper", help="Trade on paper: no order leaves this machine.")] = False,
    run: Annotated[Path | None, typer.Option(help="The run whose model trades (default: the newest in --out).")] = None,
    out: Annotated[Path, typer.Option("--out", help="Where runs lie.")] = Path("runs"),
    book: Annotated[Path | None, typer.Option(help="Folder of the book (default: PROJECT/trading).")] = None,
    lang: LangOption = Lang.EN,
) -> None:
    """Make today's orders from today's data; run twice, nothing happens twice. 由当日数据生成委托（模拟）。"""
    from datetime import date as day_of

    from tael.runs.markets.trade import latest_run, trade_paper
    from tael.scenarios import scenario
    from tael.tables import read_tables

    if not paper:
        raise RunError(
            "Only paper trading is wired into the command line.",
            expected="--paper",
            fix="For a live account see the adapters in tael.markets.broker.adapters, and trade_day().",
        )
    try:
        day = day_of.fromisoformat(date)
    except ValueError:
        raise RunError("The date cannot be read.", expected="YYYY-MM-DD", got=date, fix="Write 2024-05-31.") from None
    chosen = run or latest_run(out, scenario(project).name)
    done = trade_paper(chosen, read_tables(project, absent="label"), day, book or project / "trading")
    zh = language(lang) == "zh"
    say(f"{day}  {STATUS[done.status][zh]}")
    account = done.account
    if account.margin:  # contracts: settled in cash every day, so that what is held is worth its margin alone
        told = "权益 {:,.0f}，占用保证金 {:,.0f}" if zh else "equity {:,.0f}, bound as margin {:,.0f}"
        say(told.format(account.equity, account.margin))
    else:
        told = "现金 {:,.0f}，持仓 {:,.0f}，权益 {:,.0f}" if zh else "cash {:,.0f}, shares {:,.0f}, equity {:,.0f}"
        say(told.format(account.cash, account.value, account.equity))
    rows = [
        [state.order.entity, SIDES[state.order.side][zh], f"{state.order.quantity:,}", state.status]
        for state in done.orders
    ]
    if rows:
        say_table(
            ["标的", "方向", "数量", "状态"] if zh else ["entity", "side", "quantity", "status"], rows, right=(2,)
        )
    if done.fills:
        say(f"今日成交 {len(done.fills)} 笔" if zh else f"{len(done.fills)} fills today, of earlier orders")
    say(str(done.order_file))


STATUS = {
    "traded": ("orders made", "已生成委托"),
    "resumed": ("taken up where an earlier run was cut short", "已从中断处继续"),
    "held": ("no decision: held", "无决策，维持持仓"),
    "already": ("done before: nothing was done now", "此前已完成，未重复执行"),
}
SIDES = {"buy": ("buy", "买入"), "sell": ("sell", "卖出")}
