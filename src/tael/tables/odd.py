"""Cells that are not of their column's kind, rows of totals, and what was done with them, in words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tael.tables.personal import shown
from tael.tables.places import Lines
from tael.tables.schema import Language

_WIDTH = 30

Kind = Literal[
    "missing", "none", "unit", "about", "larger", "months", "bare", "unsigned", "share", "total", "month",
    "two ways", "order", "dates", "numbers", "durations",
]  # fmt: skip
_READ = ("missing", "none", "unit", "about", "larger", "months", "bare", "unsigned", "share", "total", "month")


@dataclass(frozen=True)
class Odd:
    """Cells of a column that are not of its kind.

    Attributes
    ----------
    column : str
        Name in the schema; of a row of totals the column in which it is called so.
    header : str
        Name in the file.
    kind : str
        Read as missing, or as nothing (``none``), which may mean 0; read without their unit, or as the number beside a
        word for how exact it is (``about``); multiplied by their unit (万); durations in months; shares of which some
        lack the per cent sign (``share``), or may be percentages (``bare``; ``unsigned`` where rows are scored); rows
        of totals; months that stand for a day; or why the column stays text: numbers in two ways of writing, dates
        whose day and month cannot be told apart, mostly dates, numbers or durations.
    words : tuple of (str, int)
        What stands there, and in how many rows; of a unit the unit, then an example; of what is read as something else
        the word, what the example is read as, the example; of two ways one of each.
    lines : Lines
        Where.
    """

    column: str
    header: str
    kind: Kind
    words: tuple[tuple[str, int], ...]
    lines: Lines = field(default=Lines(), compare=False)

    @property
    def read(self) -> bool:
        """Whether the column is read all the same."""
        return self.kind in _READ

    def text(self, lang: Language = "en") -> str:
        """What was done with them, or why the column is left out.

        >>> Odd("x", "Amount", "missing", (("see file", 1),), Lines((7,))).text()
        "Read as missing: 'see file' (1 row of Amount: line 7)"
        """
        told = [repr(shown(word, self.header)[:_WIDTH]) for word, _ in self.words]
        whole = self.kind not in ("unit", "about", "larger", "months", "bare", "unsigned", "share", "month")
        rows = sum(count for _, count in self.words) if whole else self.words[0][1]
        some = ", ".join(told[:4]) + (", ..." if len(told) > 4 else "")
        parts = (told[0], told[-1], self.words[len(self.words) // 2][0], some)
        return self._zh(rows, *parts) if lang == "zh" else self._en(rows, *parts)

    def _en(self, rows: int, first: str, last: str, middle: str, some: str) -> str:
        where = f": {self.lines.text()}" if self.lines.numbers else ""
        count = "1 row" if rows == 1 else f"{rows:,} rows"
        of = f"{count} of {self.header}"
        are = "is" if rows == 1 else "are"
        settle, size = f"say so in tables.toml: {self.header} = ", '"size"'
        return {
            "missing": f"Read as missing: {some} ({of}{where})",
            "none": f"Read as missing: {some} ({of}{where}); if it means 0, {settle}{{ zero = [{_quoted(self)}] }}",
            "unit": f"Read without its unit: {first} ({of}, such as {last}{where})",
            "about": f"Read as the number beside it: {first} ({of}, such as {last}, read as {middle}{where})",
            "larger": f"Multiplied by its unit: {first} ({of}, such as {last}, read as {middle})",
            "months": f"Durations of {self.header} are read in months: {last} is {middle} ({count})",
            "share": f"Shares of {self.header}: beside those with a %, {last} is read as it stands ({count}{where})",
            "bare": f"Read as missing: {last}, which stands without a % among per cents and may be a share as well "
            f"({of}{where}); if it is {middle}%, {settle}{{ percent = true, bare = {size} }}",
            "unsigned": f"Read as missing: {last}, which stands without a % among per cents and may be a share as well "
            f"({of}{where}): write {middle}%, or the share",
            "total": f"Left out as totals of other rows: {some} ({count}{where}); if they are none: --keep-totals",
            "month": f"Months of {self.header}, such as {last}, stand for their first day: they order rows, no more",
            "order": f"days of which it is not clear whether the day or the month comes first, such as {first}: "
            "write them as 2024-01-31, and they are used",
            "two ways": f"numbers written in two ways, such as {first} and {last}: write them in one, and it is used",
        }.get(
            self.kind,
            f"most are {self.kind}, but {count} {are} not, such as {first}{where.replace(':', ' in', 1)}: "
            "empty or mend them, and it is used",
        )

    def _zh(self, rows: int, first: str, last: str, middle: str, some: str) -> str:
        where = f"：{self.lines.text('zh')}" if self.lines.numbers else ""
        of = f"{self.header} {rows:,} 行"
        settle, size = f"请在 tables.toml 中写 {self.header} = ", '"size"'
        kind = {"dates": "日期", "durations": "时长"}.get(self.kind, "数字")
        return {
            "missing": f"视为缺失：{some}（{of}{where}）",
            "none": f"视为缺失：{some}（{of}{where}）；若其意为 0，{settle}{{ zero = [{_quoted(self)}] }}",
            "unit": f"去掉单位读取：{first}（{of}，如 {last}{where}）",
            "about": f"按其旁的数字读取：{first}（{of}，如 {last} 读作 {middle}{where}）",
            "larger": f"按单位换算：{first}（{of}，如 {last} 读作 {middle}）",
            "months": f"{self.header} 的时长统一读作月数：{last} 读作 {middle}（{rows:,} 行）",
            "share": f"{self.header} 中与百分数并存的 {last} 视为比例，原样读取（{rows:,} 行{where}）",
            "bare": f"视为缺失：{last} 与百分数并存却无百分号，可能是比例，也可能是百分数（{of}{where}）；"
            f"若为 {middle}%，{settle}{{ percent = true, bare = {size} }}",
            "unsigned": f"视为缺失：{last} 与百分数并存却无百分号，可能是比例，也可能是百分数（{of}{where}）："
            f"请写作 {middle}%，或写作比例",
            "total": f"合计行，已剔除：{some}（{rows:,} 行{where}）；若为普通行：--keep-totals",
            "month": f"{self.header} 中的月份（如 {last}）读作当月 1 日，仅用于排序",
            "order": f"日期中日与月的先后无法确定，如 {first}：改为 2024-01-31 的写法后即可使用",
            "two ways": f"数字有两种写法，如 {first} 与 {last}：统一写法后即可使用",
        }.get(self.kind, f"多为{kind}，但有 {rows:,} 行不是，如 {first}{where}：改为空白或修正后即可使用")


def _quoted(odd: Odd) -> str:
    return ", ".join(f'"{word}"' for word, _ in odd.words)
