"""What every chapter is given: the run, the language, and words for blocks that many chapters share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tael.reports.context import Page
from tael.reports.document.tree import Cell, Chapter, Gap, Paragraph, Table
from tael.reports.formats import NONE, Lang, finite

ROLES = {
    "owner": ("model owner", "模型负责人"),
    "developer": ("model developer", "模型开发人员"),
    "validator": ("validator", "模型验证人员"),
    "data": ("data owner", "数据负责人"),
    "risk": ("risk management", "风险管理部门"),
    "compliance": ("compliance", "合规部门"),
    "operations": ("operations", "运营部门"),
    "committee": ("approving committee", "审批委员会"),
}


class Told(Page):
    """A run seen in one language, as a document tells it.

    Parameters
    ----------
    run : mapping
        ``run.json`` as read.
    lang : {"en", "zh"}

    Attributes
    ----------
    done : list of Chapter
        The chapters that are written already; the annexes refer to them.

    Examples
    --------
    >>> told = Told({"seed": 7}, "zh")
    >>> told("Seed {n}", "种子 {n}", n=told.at("seed"))
    '种子 7'
    >>> told.gap("owner", "Say why.", "说明原因。")
    Gap(who='模型负责人', what='说明原因。', number='G01')
    """

    def __init__(self, run: Mapping[str, Any], lang: Lang) -> None:
        super().__init__(run, lang)
        self.done: list[Chapter] = []
        self._gaps = 0

    def __call__(self, en: str, zh: str, **values: Any) -> str:
        """One text in both languages, of which this document's is taken, with its gaps filled."""
        text = zh if self.lang == "zh" else en
        return text.format(**values) if values else text

    def role(self, who: str) -> str:
        """A role in this language."""
        return self(*ROLES[who])

    def gap(self, who: str, en: str, zh: str) -> Gap:
        """What a person has to write, numbered through the document."""
        self._gaps += 1
        return Gap(self.role(who), self(en, zh), f"G{self._gaps:02d}")

    def absent(self, en: str, zh: str) -> Paragraph:
        """State that something is not part of this run.

        Parameters
        ----------
        en, zh : str
            What is absent, as the start of a sentence.
        """
        return Paragraph(
            self("{what}: not part of this run.", "{what}：不在本次运行范围内。", what=self(en, zh)), "absent"
        )

    def decided(self, name: Any) -> str:
        """A decision in words: one that the catalogue knows, or the title of an option."""
        for row in self.rows("decision", "options"):
            if row.get("option") == name:
                return self.say(row.get("title")) or str(name)
        return self.name("decision", name)

    def count(self, value: Any) -> str:
        """A number of things."""
        return self.fmt.integer(value)

    def texts(self, *path: str) -> tuple[str, ...]:
        """A list of sentences of the run, without empty ones."""
        return self.sentences(self.at(*path))

    def sentences(self, value: Any) -> tuple[str, ...]:
        """A list of texts in this language, without empty ones; empty where the value is no list."""
        said = (self.say(text) for text in value) if isinstance(value, (list, tuple)) else ()
        return tuple(text for text in said if text)

    def pairs(self, *path: str) -> dict[str, Any]:
        """An object of the run; empty where it is absent."""
        return mapping(self.at(*path))

    def plain(self, value: Any) -> str:
        """Any value of the run as a person reads it."""
        if isinstance(value, bool):
            return self("yes", "是") if value else self("no", "否")
        if finite(value) is not None:
            return self.fmt.value(value)
        if isinstance(value, Mapping) and not {"en", "zh"} & set(value):
            return self(", ", "，").join(f"{name} {self.plain(one)}" for name, one in value.items()) or NONE
        if isinstance(value, (list, tuple)):
            return self(", ", "、").join(self.plain(one) for one in value) or NONE
        return self.say(value) if not isinstance(value, float) and self.say(value) else NONE

    def interval(self, cell: Any, write: Any = None) -> Cell:
        """A value with its interval beneath."""
        cell = cell if isinstance(cell, Mapping) else {"value": cell}
        write = write or self.fmt.number
        return Cell(write(cell.get("value")), self.fmt.interval(cell.get("low"), cell.get("high"), write))

    def money(self, cell: Any) -> Cell:
        """An amount with its interval beneath, in one unit."""
        cell = cell if isinstance(cell, Mapping) else {"value": cell}
        return Cell(self.fmt.money(cell.get("value")), self.fmt.money_interval(cell.get("low"), cell.get("high")))

    def facts(self, caption: str, pairs: Iterable[tuple[str, Any]]) -> Table | None:
        """A table of names and values without those that are not known; None where none is."""
        rows = tuple((name, self.plain(value)) for name, value in pairs if value not in (None, "", [], {}, NONE))
        heads = (self("Item", "项目"), self("Value", "内容"))
        return Table(caption, heads, rows, widths=(1.0, 2.2)) if rows else None


def mapping(value: Any) -> dict[str, Any]:
    """A value as an object; empty where it is none."""
    return {str(name): one for name, one in value.items()} if isinstance(value, Mapping) else {}


def column(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[float | None, ...]:
    """One number of every row; None where it is missing."""
    return tuple(finite(row.get(name)) for row in rows)


def known(*blocks: Any) -> list[Any]:
    """The blocks that are there."""
    return [block for block in blocks if block is not None]


def is_interval(one: Any) -> bool:
    """Whether a value of the run carries its interval."""
    return isinstance(one, Mapping) and "value" in one


def open_table(told: Told, caption: str, rows: Sequence[Mapping[str, Any]], most: int = 7) -> Table:
    """A table of rows whose columns are not known beforehand: the first ``most`` names that occur.

    >>> shown = open_table(Told({}, "en"), "Use", [{"limit": "budget", "used": {"value": 3, "low": 2, "high": 4}}])
    >>> shown.heads, shown.rows
    (('limit', 'used'), (('budget', Cell(text='3', below='2 to 4', code=False)),))
    """
    heads = tuple(dict.fromkeys(str(name) for row in rows for name in row))[:most]
    cells = []
    for row in rows:
        values = (row.get(name) for name in heads)
        cells.append(tuple(told.interval(v, told.fmt.value) if is_interval(v) else told.plain(v) for v in values))
    return Table(caption, heads, tuple(cells), widths=(1.6, *(1.0 for _ in heads[1:])))
