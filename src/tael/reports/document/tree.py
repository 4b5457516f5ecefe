"""The document as a neutral tree: what is said and shown, not how it looks. Two renderers read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

Look = Literal["plain", "lead", "note", "absent", "alert"]
Mark = Literal["line", "dashed", "dots"]
Unit = Literal["share", "number", "place"]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph.

    Parameters
    ----------
    text : str
    look : {"plain", "lead", "note", "absent", "alert"}
        ``absent`` states that something is not part of the run, ``alert`` must not be overlooked.
    """

    text: str
    look: Look = "plain"


@dataclass(frozen=True)
class Subhead:
    """The title of a part of a chapter."""

    title: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Code:
    """A text as a machine reads it: a formula, a command, a configuration."""

    text: str


@dataclass(frozen=True)
class Cell:
    """A cell of a table with a smaller line beneath: an interval, a formula, a remark.

    Parameters
    ----------
    text, below : str
    code : bool
        Whether the line beneath is a formula or a name.
    """

    text: str
    below: str = ""
    code: bool = False


@dataclass(frozen=True)
class Table:
    """A table.

    Parameters
    ----------
    caption : str
    heads : tuple of str
    rows : tuple of tuples of str or Cell
        As long as the heads.
    numbers : tuple of int
        Columns that hold numbers, and stand to the right.
    widths : tuple of float
        Relative widths of the columns; empty: equal ones.
    blank : bool
        Whether rows are to be written into by hand (approvals, changes): they are drawn high enough for that.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    widths: tuple[float, ...] = ()
    blank: bool = False


@dataclass(frozen=True)
class Series:
    """One set of marks in a picture; a missing value is None.

    Parameters
    ----------
    name : str
    xs, ys : tuple of float or None
    mark : {"line", "dashed", "dots"}
    colour : {"s1", "s2", "s3", "grey"}
    lows, highs : tuple of float or None
        Ends of an upright interval at each dot; empty: none.
    """

    name: str
    xs: tuple[float | None, ...]
    ys: tuple[float | None, ...]
    mark: Mark = "line"
    colour: str = "s1"
    lows: tuple[float | None, ...] = ()
    highs: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Axis:
    """One axis of a picture.

    Parameters
    ----------
    label : str
    low, high : float
    unit : {"share", "number", "place"}
        ``share`` is written in per cent; ``place`` counts the ``names`` from 0.
    names : tuple of str
    """

    label: str
    low: float
    high: float
    unit: Unit = "share"
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """A picture: its caption, axes and marks, and a line on how to read it."""

    caption: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    note: str = ""


@dataclass(frozen=True)
class Gap:
    """What only a person can write.

    Parameters
    ----------
    who : str
        The role that writes it, in the document's language.
    what : str
        What is wanted.
    number : str
        Such as ``G07``, counted through the document.
    """

    who: str
    what: str
    number: str


Block = Paragraph | Subhead | Bullets | Code | Table | Picture | Gap


@dataclass(frozen=True)
class Chapter:
    """A chapter.

    Parameters
    ----------
    id : str
        For links.
    number : str
        ``"1"`` to ``"10"``, then ``"A"`` to ``"D"``.
    title : str
        With its number, as it is printed.
    blocks : tuple
    """

    id: str
    number: str
    title: str
    blocks: tuple[Block, ...]

    def of(self, kind: type) -> Iterator[Block]:
        """The blocks of one kind."""
        return (block for block in self.blocks if isinstance(block, kind))


@dataclass(frozen=True)
class Document:
    """The whole document.

    Parameters
    ----------
    lang : {"en", "zh"}
    title, subtitle : str
    header : str
        What stands on top of every page: name and version of the model.
    warnings : tuple of str
        What must be said on the first page and in the header: simulated data, leaks.
    warned : tuple of str
        The same in a word or two, for the header.
    facts : tuple of (str, str)
        Name and value, for the first page.
    opening : tuple of blocks
        Of the first page, after the facts.
    chapters : tuple of Chapter
    words : dict of str to str
        What a renderer itself has to say: contents, page, table, figure, and so on.
    made : str
        When the run was started, in ISO format; empty where it is not known.
    program : str
        What wrote it.
    """

    lang: Literal["en", "zh"]
    title: str
    subtitle: str
    header: str
    warnings: tuple[str, ...]
    warned: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    opening: tuple[Block, ...]
    chapters: tuple[Chapter, ...]
    words: dict[str, str] = field(default_factory=dict)
    made: str = ""
    program: str = "tael"

    @property
    def gaps(self) -> list[Gap]:
        """All gaps, in order."""
        return [block for chapter in self.chapters for block in chapter.blocks if isinstance(block, Gap)]
