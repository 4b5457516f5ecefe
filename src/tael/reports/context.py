"""What every section is given: the run, the language, and the pieces a page is built of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tael.reports.catalogue import texts_of
from tael.reports.charts import split_bar
from tael.reports.formats import Format, Lang, finite
from tael.reports.html import Safe, el, join

SPLITS = ("train", "validation", "out_of_time")
OTHERS = ("options", "alerts", "gangs")
"""Kinds of decision that are none to approve or decline."""
ICONS = {"ok": "✓", "note": "i", "warning": "!", "error": "✕"}


def always(page: Page) -> bool:
    """A section that every report has."""
    return True


@dataclass(frozen=True)
class Section:
    """One section of the report.

    Attributes
    ----------
    id : str
        For links.
    title : str
        Key of the catalogue.
    render : callable
        Draws it.
    applies : callable
        Whether it belongs to a run: what does not apply is neither on the page nor in its contents. What a run of this
        kind should hold and does not is stated by `render`.
    """

    id: str
    title: str
    render: Callable[[Page], Safe]
    applies: Callable[[Page], bool] = always


class Page:
    """A run seen in one language.

    Parameters
    ----------
    run : mapping
        ``run.json`` as read.
    lang : {"en", "zh"}

    Attributes
    ----------
    approval : bool
        Whether the decision is to approve or decline; taken to be so unless the run says that it is one among options.
    panel : bool
        Whether the run is of a market: time by entity, a portfolio, a backtest.

    Examples
    --------
    >>> page = Page({"metrics": {"train": {"ks": {"value": 0.4}}}, "seed": None}, "en")
    >>> page.at("metrics", "train", "ks", "value"), page.at("metrics", "nowhere", "ks"), page.at("seed")
    (0.4, None, None)
    >>> page.say({"en": "approve", "zh": "通过"})
    'approve'
    """

    def __init__(self, run: Mapping[str, Any], lang: Lang) -> None:
        self.run = run
        self.lang: Lang = lang
        self.approval = self.at("decision", "kind") not in OTHERS and self.at("shape") != "panel"
        self.panel = self.at("shape") == "panel"
        shape = str(self.at("shape") or "") + (" over time" if self.at("market", "across") == "time" else "")
        self._texts = texts_of(lang, self.at("decision", "kind"), self.at("model", "kind"), shape)
        self.fmt = Format(lang, str(self.at("decision", "currency") or self.at("market", "currency") or ""))

    def t(self, key: str, **values: Any) -> str:
        """A fixed text of the catalogue, with its gaps filled."""
        return self._texts[key].format(**values) if values else self._texts[key]

    def name(self, group: str, code: Any) -> str:
        """The catalogue's name of a code such as a split or a stage; a code that it does not know is shown as it is."""
        if (group, code) == ("split", "out_of_time") and self.at("split", "kind") == "random":
            code = "held_out"  # drawn by lot: it is not later than what was learned from
        return self._texts.get(f"{group}.{str(code).replace(' ', '_')}", str(code))

    def unit(self, text: Any) -> str:
        """A unit in this language; one that the catalogue does not know is shown as it is."""
        said = self.say(text)
        return self._texts.get(f"units.{said}", said)

    def say(self, text: Any) -> str:
        """A text of the run in this language; one written in a single language is shown as it is written."""
        if isinstance(text, Mapping):
            return str(text.get(self.lang) or next((v for v in text.values() if v), ""))
        return "" if text is None else str(text)

    def at(self, *path: str) -> Any:
        """What the run holds there, or None where anything on the way is absent."""
        value: Any = self.run
        for step in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(step)
        return value

    def rows(self, *path: str) -> list[Mapping[str, Any]]:
        """A list of objects of the run; empty where it is absent."""
        value = self.at(*path)
        return [row for row in value if isinstance(row, Mapping)] if isinstance(value, (list, tuple)) else []

    def splits(self, *path: str) -> list[str]:
        """The splits that are there under a path, in the order of time."""
        found = self.at(*path)
        return [s for s in SPLITS if isinstance(found, Mapping) and found.get(s)]

    def judged(self) -> str | None:
        """The split by which the model is judged: the latest that has metrics."""
        return next(iter(reversed(self.splits("metrics"))), None)

    def missing(self, key: str) -> Safe:
        """A plain statement that something is not available, and why that may be."""
        return el("p", self.t(key), class_="missing")

    def with_interval(
        self, cell: Any, write: Callable[[Any], str], between: Callable[[Any, Any], str] | None = None
    ) -> Safe:
        """A value with its interval beneath."""
        cell = cell if isinstance(cell, Mapping) else {}
        ends = cell.get("low"), cell.get("high")
        said = between(*ends) if between else self.fmt.interval(*ends, write)
        return join(write(cell.get("value")), el("small", said, class_="interval") if said else None)


def policy_part(page: Page) -> str:
    """The part on which the decision is counted, in words; empty where it is not said."""
    where = page.at("decision", "counts_split")
    return page.name("split", where) if where else ""


def curve(run: Mapping[str, Any] | None, *names: str) -> list[list[Any]] | None:
    """Columns of equal length out of a curve, or None when one is absent, empty or of another length."""
    if not isinstance(run, Mapping):
        return None
    columns = [run.get(name) for name in names]
    if not all(isinstance(c, list) and c for c in columns):
        return None
    lists = [list(c) for c in columns if c]
    return lists if len({len(c) for c in lists}) == 1 else None


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Any]], *, text: Sequence[int] = (0,), kind: str = ""
) -> Safe:
    """A table in a frame that scrolls by itself; the first cell of a row is its heading.

    Parameters
    ----------
    caption : str
    heads : list of str
    rows : iterable of lists of cells
        Texts (escaped) or markup.
    text : list of int
        Columns that hold words; the others are numbers and stand to the right.
    kind : str
        Classes of the table; ``quiet`` hides a caption that the heading above has said already.
    """

    def look(k: int) -> str | None:
        return None if k in text else "num"

    head = el("tr", *(el("th", h, scope="col", class_=look(k)) for k, h in enumerate(heads)))
    body = [
        el(
            "tr",
            *(
                el(
                    "td" if k else "th",
                    cell,
                    scope=None if k else "row",
                    class_=look(k),
                    data_label=heads[k] if k else None,
                )
                for k, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    inner = el("table", el("caption", caption), el("thead", head), el("tbody", body), class_=kind or None)
    return el("div", inner, class_="scroll", role="region", aria_label=caption, tabindex=0)


def figure(title: str, picture: Safe, legend: Sequence[tuple[str, str]] = (), note: str = "") -> Safe:
    """A picture with its title, its legend ``(class, name)`` and one line on how to read it."""
    keys = [
        el(
            "span",
            el(
                "svg",
                el("rect", width=12, height=10, x=6, class_=kind)
                if kind.startswith("bar")
                else el("line", x1=0, x2=18, y1=5, y2=5, class_=f"line {kind}"),
                viewBox="0 0 18 10",
                class_="key",
                aria_hidden="true",
            ),
            name,
        )
        for kind, name in legend
    ]
    return el(
        "figure",
        el("figcaption", el("strong", title), el("span", keys, class_="legend")),
        picture,
        el("p", note, class_="note") if note else None,
    )


def under(texts: Iterable[str]) -> list[Safe]:
    """One under the other, those that are there."""
    return [el("span", text, class_="under") for text in texts if text]


def counted_bar(page: Page, parts: Sequence[tuple[str, Any, str]]) -> Safe:
    """One bar divided among named counts ``(name, count, class)``, with the counts and shares in words beneath."""
    everyone = total(n for _, n, _ in parts) or 1.0
    words = [
        el(
            "span",
            el(
                "svg",
                el("rect", width=10, height=10, class_=f"bar {kind}"),
                viewBox="0 0 10 10",
                class_="key square",
                aria_hidden="true",
            ),
            f"{name} {page.fmt.integer(n)} ({page.fmt.percent((finite(n) or 0.0) / everyone)})",
        )
        for name, n, kind in parts
    ]
    label = ", ".join(f"{name} {page.fmt.integer(n)}" for name, n, _ in parts)
    where = page.at("decision", "counts_split")
    note = el("small", page.t("summary.counted_on", part=page.name("split", where))) if where else None
    bar = split_bar([(finite(n) or 0.0, kind) for _, n, kind in parts], label)
    return el("div", bar, el("p", words, note, class_="legend"), class_="outcomes")


def barred(text: str, bar: Safe) -> Safe:
    """A number and its bar side by side in a table cell."""
    return el("span", bar, el("span", text), class_="barred")


def details(title: str, *children: Any) -> Safe:
    """Something folded away until it is wanted (and unfolded in print)."""
    return el("details", el("summary", title), *children, class_="more")


def badge(page: Page, severity: str, title: str) -> Safe:
    """A mark and a word: the colour is never the only sign."""
    kind = severity if severity in ICONS else "warning"
    return el("span", el("span", ICONS[kind], aria_hidden="true"), " ", title, class_=f"badge {kind}")


def tile(label: str, value: Any, below: Any = "", kind: str = "") -> Safe:
    """One big figure with its name above and its interval below; a long one may break, at its spaces alone."""
    if kind == "long" and isinstance(value, str):
        value = type(value)(value.replace("\u00a0", " "))
    return el(
        "div", el("dt", label), el("dd", value, el("small", below) if below else None), class_=f"tile {kind}".strip()
    )


def total(values: Iterable[Any]) -> float:
    """The sum of what is there."""
    return sum(v for v in map(finite, values) if v is not None)
