"""What the contract check reports: violations, in words, as a table of plain text, as one error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tael.errors import TablesError
from tael.tables.places import Example, row_text
from tael.tables.plain import room, table
from tael.tables.schema import Language

Severity = Literal["error", "warning"]

# What each code means, in English and Chinese. Codes are part of the interface: they are never given a new meaning.
MESSAGES: dict[str, tuple[Severity, str, str]] = {
    "TAEL-T01": ("error", "rows without a key", "主键缺失"),
    "TAEL-T02": ("error", "keys that are not unique", "主键重复"),
    "TAEL-T03": (
        "warning",
        "no row with this key there; its columns read as missing, rows that share the value are still related",
        "目标表中没有该主键的记录；其字段按缺失处理，取值相同的行仍相互关联",
    ),
    "TAEL-T04": ("error", "required, but missing", "必填字段缺失"),
    "TAEL-T05": ("error", "outside the bounds", "超出上下界"),
    "TAEL-T06": ("error", "categories that are not allowed", "出现未允许的类别"),
    "TAEL-T07": ("warning", "infinite; read as missing", "无穷大，按缺失处理"),
    "TAEL-T08": ("warning", "rows without a time; never used", "时间缺失，该行不会被使用"),
    "TAEL-T09": ("warning", "known before it happened", "获知时间早于发生时间"),
    "TAEL-T10": ("warning", "times before 1900 or after 2100", "时间早于 1900 年或晚于 2100 年"),
    "TAEL-T11": ("warning", "the same value in all rows", "所有行取值相同"),
    "TAEL-T12": ("warning", "no value in any row", "整列缺失"),
    "TAEL-T13": ("warning", "the table has no rows", "表中没有数据"),
    "TAEL-T14": ("warning", "looks like a code for missing; declare it as special", "疑似缺失代码，请声明为 special"),
    "TAEL-T15": ("warning", "categories that differ in case or spaces alone", "类别仅大小写或空格不同"),
    "TAEL-T16": ("warning", "integers beyond 2**53, kept as text", "整数超过 2**53，按文本保留"),
    "TAEL-T17": ("warning", "rows dropped since their key was there already", "主键重复的行已删除"),
    "TAEL-T18": (
        "warning",
        "a name that no formula can hold; ignored (rename it with `header`)",
        "列名不能用于公式，已忽略（可用 header 改名）",
    ),
    "TAEL-T19": ("warning", "keys with spaces around them", "主键首尾有空格"),
    "TAEL-T20": ("error", "points to a table that has no key", "指向没有主键的表"),
    "TAEL-T22": (
        "warning",
        "points to a name without a table, though a table has a key of this name; write `to` = that table",
        "to 指向的名称没有对应的表，而另一张表的主键正是此名；请将 to 改为该表",
    ),
    "TAEL-T23": (
        "warning",
        "few of the distinct values are keys there; look for lost zeros (`pad`), spaces, another numbering",
        "只有少数取值能在目标表主键中找到；请检查前导零（pad）、空格或编号体系",
    ),
    "TAEL-T24": ("warning", "rows of totals, left out", "合计行，已剔除"),
    "TAEL-T21": ("warning", "rows never known: no known-at time", "获知时间缺失，该行不会被使用"),
}
_WORDS = {
    "en": ("code", "severity", "where", "count", "what", "row {}", "line {}"),
    "zh": ("代码", "级别", "位置", "数量", "问题", "第 {} 行", "文件第 {} 行"),
}
_SEVERITY = {"en": {"error": "error", "warning": "warning"}, "zh": {"error": "错误", "warning": "警告"}}


@dataclass(frozen=True)
class Violation:
    """One way in which one column breaks its contract.

    Attributes
    ----------
    code : str
        ``TAEL-T01`` and so on; see ``MESSAGES``.
    severity : {"error", "warning"}
        Errors stop a run before any model.
    table, column : str
        ``column`` is None where the whole table is meant.
    count : int
        Rows (or categories, for TAEL-T15).
    examples : tuple of Example
        Values of columns that look personal are masked.
    """

    code: str
    severity: Severity
    table: str
    column: str | None
    count: int
    examples: tuple[Example, ...] = ()
    detail: str = ""

    @property
    def where(self) -> str:
        """``table.column``, or the table."""
        return self.table if self.column is None else f"{self.table}.{self.column}"

    def message(self, lang: Language = "en") -> str:
        """What is wrong, in words."""
        words = MESSAGES[self.code][2 if lang == "zh" else 1]
        if self.code == "TAEL-T17" and self.detail:
            keep, other = self.detail.split(", ")
            if lang == "zh":
                kept = "首行" if keep == "first" else "末行"
                return f"{words}，保留{kept}" + (f"；其中 {other} 行与保留的行内容不同" if other != "0" else "")
            differ = f"; {other} of them say something else" if other != "0" else "; all of them say the same"
            return f"{words} (the {keep} is kept{differ})"
        return f"{words} ({self.detail})" if self.detail else words


def errors_of(violations: Iterable[Violation]) -> list[Violation]:
    """Those that stop a run."""
    return [one for one in violations if one.severity == "error"]


def violations_text(violations: Sequence[Violation], lang: Language = "en", width: int | None = None) -> str:
    """All violations as a table of plain text, with examples below each.

    Rows are counted from 1 below the header; the line of the file stands beside where it is known.

    Parameters
    ----------
    violations : sequence of Violation
    lang : {"en", "zh"}
    width : int, optional
        In cells; left out: the terminal's, 100 at most.

    Examples
    --------
    >>> print(violations_text([Violation("TAEL-T13", "warning", "loans", None, 0)]))
    code      severity  where  count  what
    --------  --------  -----  -----  ---------------------
    TAEL-T13  warning   loans  0      the table has no rows
    """
    words = _WORDS[lang]
    width = room() if width is None else width
    if not violations:
        return "No violations." if lang == "en" else "未发现问题。"
    rows = [
        [
            one.code,
            _SEVERITY[lang][one.severity],
            one.where,
            f"{one.count:,}",
            one.message(lang),
        ]
        for one in violations
    ]
    spoken = (words[5], words[6])
    below = [
        "; ".join(f"{row_text(example.row, example.line, spoken)} {example.value}".strip() for example in some)
        for some in (one.examples[:3] for one in violations)
    ]
    return table(words[:5], rows, width, below)


def raise_on_errors(violations: Sequence[Violation], lang: Language = "en") -> None:
    """Raise one error that holds all violations, if any of them is an error.

    Raises
    ------
    TablesError
    """
    errors = errors_of(violations)
    if errors:
        body = violations_text(violations, lang)
        raise TablesError(
            f"The tables break their contract: {len(errors)} errors, {len(violations) - len(errors)} warnings.\n\n"
            f"{body}\n",
            fix="Mend the data, or correct the promise in tables.toml.",
        )
