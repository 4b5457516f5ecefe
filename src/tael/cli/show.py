"""What the command line shows: tables that fit a terminal, progress, errors."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tael.cli.lang import spoken
from tael.errors import RunError, TaelError
from tael.tables.schema import Language

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False)

STAGES = {
    "simulate": ("simulating the example", "模拟示例数据"),
    "read": ("reading tables", "读取数据表"),
    "tables": ("checking tables", "检查数据表"),
    "market": ("laying out the market", "整理行情面板"),
    "observations": ("making observations", "生成观测样本"),
    "features": ("searching features", "搜索特征"),
    "model": ("fitting the model", "训练模型"),
    "performance": ("measuring", "评估"),
    "decision": ("deciding", "决策"),
    "backtest": ("trading", "回测"),
    "patterns": ("mining rules", "挖掘规则"),
    "bundle": ("saving model and decisions", "保存模型与决策"),
    "report": ("writing the report", "撰写报告"),
    "score": ("scoring", "评分"),
    "cases": ("making case files", "生成案件档案"),
    "pages": ("writing pages", "写入页面"),
}


def say(text: str) -> None:
    """Print a line as it is."""
    out.print(Text(text), soft_wrap=True)


def say_table(head: list[str], rows: list[list[str]], *, right: tuple[int, ...] = ()) -> None:
    """Print a table that fits the terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for i, name in enumerate(head):
        table.add_column(Text(name), justify="right" if i in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table, soft_wrap=False)


def fail(error: TaelError) -> None:
    """Tell an error, in the language that the command was asked for."""
    if spoken() == "zh":
        from tael.reports.errors_zh import chinese_error

        told = chinese_error(error)
    else:
        told = str(error)
    lines = told.split("\n")
    err.print(Text(lines[0], style="bold red"), soft_wrap=True)
    for line in lines[1:]:
        err.print(Text(line), soft_wrap=True)


def stop() -> None:
    """Tell that the person stopped it."""
    err.print(Text("\nStopped. Nothing half-made was left. 已停止，未留下半成品。", style="bold"))


def new_page(path: Path) -> None:
    """Refuse a report's path before anything is read.

    Raises
    ------
    RunError
        If there is a file of the name, or the name does not end in ``.html``.
    """
    if path.suffix.lower() != ".html":
        raise RunError(
            "A report is an HTML page.", expected="a name that ends in .html", got=str(path), fix=f"--out {path}.html"
        )
    if path.exists():
        raise RunError(
            "There is a file already.",
            expected="a new file",
            got=str(path),
            fix="Name another one: nothing is written over.",
        )


EVERY = 5.0
"""Seconds between two lines of progress where there is no terminal to redraw."""


class Stages:
    """A line for each stage with its seconds: live on a terminal, plain lines elsewhere (on stderr)."""

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self._stage: str | None = None
        self._began = self._told = 0.0
        self._status = err.status("") if err.is_terminal else None

    def __enter__(self) -> Stages:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
        if kind is None:
            self._finish()

    def tell(self, stage: str, text: str, share: float) -> None:
        """Take progress: stage, text, share of it done."""
        if stage != self._stage:
            self._finish()
            self._stage = stage
            self._began = self._told = time.monotonic()
        detail = text if text != STAGES.get(stage, ("",))[0] else ""
        if self._status is not None:
            self._status.update(Text(f"{self._title(stage)}  {share:4.0%}  {detail}"))
        elif share < 1 and (now := time.monotonic()) - self._told >= EVERY:
            self._told = now
            detail = "" if self.lang == "zh" else detail  # the search tells its steps in English
            err.print(Text(f"           {self._title(stage)}  {share:4.0%}  {detail}".rstrip()))

    def _title(self, stage: str) -> str:
        english, chinese = STAGES.get(stage, (stage, stage))
        return chinese if self.lang == "zh" else english

    def _finish(self) -> None:
        if self._stage is not None:
            seconds = time.monotonic() - self._began
            err.print(Text(f"  {seconds:6.1f} s  {self._title(self._stage)}"))
        self._stage = None
