"""What the annexes share: a row that says where the document answers a topic, and what is still open there."""

from __future__ import annotations

from collections.abc import Sequence

from tael.reports.document.told import Told
from tael.reports.document.tree import Gap, Paragraph, Table


def state(told: Told, numbers: Sequence[str]) -> str:
    """What the named chapters hold: how much was filled from the run, what a person must write, what is absent.

    Examples
    --------
    >>> state(Told({}, "en"), ["1"])
    'nothing yet'
    """
    chapters = [chapter for chapter in told.done if chapter.number in numbers]
    blocks = [block for chapter in chapters for block in chapter.blocks]
    gaps = sum(isinstance(block, Gap) for block in blocks)
    absent = sum(isinstance(block, Paragraph) and block.look == "absent" for block in blocks)
    said = []
    if len(blocks) > gaps + absent:
        said.append(told("filled from the run", "已由运行填写"))
    if gaps:
        said.append(told("{n} to be written", "待填写 {n} 项", n=gaps))
    if absent:
        said.append(told("{n} not part of the run", "运行未含 {n} 项", n=absent))
    return told("; ", "；").join(said) or told("nothing yet", "尚无")


def map_table(told: Told, caption: str, topic: str, rows: Sequence[tuple[str, str, tuple[str, ...]]]) -> Table:
    """A cross-map.

    Parameters
    ----------
    told : Told
    caption, topic : str
        Of the table, and of its first column.
    rows : list of (topic, how the document answers, chapter numbers)
    """
    heads = (topic, told("How this document answers", "本文档如何回应"), told("Chapter", "章节"), told("State", "状态"))
    cells = tuple((what, how, told(", ", "、").join(numbers), state(told, numbers)) for what, how, numbers in rows)
    return Table(caption, heads, cells, widths=(1.9, 2.8, 0.8, 1.5))
