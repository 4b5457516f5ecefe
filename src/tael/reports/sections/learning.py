"""Sections of a single table's report: the table, the figures of its parts, the verdicts, the segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, table, tile
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.sections import learning_drawn

SHOWN = 6
"""Words whose spellings are shown of one column."""
SEVERITY = {"good": "ok", "note": "note", "warning": "warning", "serious": "error"}


def has(*names: str) -> Any:
    """Whether the run holds all of these of a single table."""

    def applies(page: Page) -> bool:
        return all(page.at("fit", name) is not None for name in names)

    return applies


def _split(page: Page, split: str) -> str:
    if split == "out_of_time" and page.at("fit", "kind") == "random":
        return page.t("fit.random")
    return page.name("fit", split)


def _verdicts(page: Page) -> Safe:
    rows = [
        [
            badge(page, SEVERITY.get(str(one.get("severity")), "warning"), str(one.get("code"))),
            page.say(one.get("text")),
            page.say(one.get("to_do")),
        ]
        for one in page.rows("fit", "verdicts")
    ]
    heads = [page.t("fit.code"), page.t("fit.finding"), page.t("fit.to_do")]
    return table(page.t("fit.verdict"), heads, rows, text=(0, 1, 2), kind="quiet verdict")


def _columns(page: Page) -> Safe:
    tiles = [
        tile(page.t("fit.task"), page.name("fit", page.at("fit", "task"))),
        tile(
            page.t("fit.all_rows" if page.at("fit", "label") is None else "fit.rows"),
            page.fmt.integer(page.at("fit", "rows")),
        ),
    ]
    if page.at("fit", "unlabelled"):
        tiles.append(tile(page.t("fit.unlabelled"), page.fmt.integer(page.at("fit", "unlabelled"))))
    if page.at("fit", "model"):
        tiles.append(tile(page.t("fit.estimator"), page.at("fit", "model"), kind="long"))
    used = {name: len(page.at("fit", name) or ()) for name in ("numbers", "categories")}
    divided = None
    if page.at("fit", "kind"):
        by_time = page.at("fit", "kind") == "out_of_time"
        divided = page.t("fit.by_time", time=page.at("fit", "time")) if by_time else page.t("fit.by_lot")
    rows = [[one.get("name"), page.say(one.get("why"))] for one in page.rows("fit", "ignored")]
    return join(
        el("dl", tiles, class_="tiles"),
        el("p", page.t("fit.used", **used)),
        el("p", page.t("fit.missing_words", words=words))
        if (words := _quoted(page.at("fit", "missing"), page))
        else None,
        *(el("p", page.say(line)) for line in page.rows("fit", "told")),
        el("p", page.t("fit.repeated", n=page.fmt.integer(n))) if (n := page.at("fit", "repeated")) else None,
        *_joined(page),
        el("p", divided) if divided else None,
        table(page.t("fit.ignored"), [page.t("fit.column"), page.t("fit.why")], rows, text=(0, 1), kind="named")
        if rows
        else None,
    )


def _quoted(words: Iterable[str] | None, page: Page) -> str:
    """Words in quotation marks."""
    return ("、" if page.lang == "zh" else ", ").join(f'"{word}"' for word in words or ())


def _joined(page: Page) -> list[Safe]:
    """Spellings that were read as one, column by column."""
    told = []
    for name, joined in (page.at("fit", "joined") or {}).items():
        by_word: dict[str, list[str]] = {}
        for old, new in joined.items():
            by_word.setdefault(new, []).append(old)
        words = ("；" if page.lang == "zh" else "; ").join(
            f'{_quoted(old, page)} → "{new}"' for new, old in list(by_word.items())[:SHOWN]
        )
        told.append(el("p", page.t("fit.joined", name=name, words=words)))
    return told


def _figures(page: Page) -> Safe:
    figures = page.at("fit", "figures")
    splits = list(figures)
    names = list(figures[splits[0]])

    def written(name: str, split: str) -> Any:
        value, ends = figures[split].get(name), page.at("fit", "intervals", split, name)
        if name == "n":
            return page.fmt.integer(value)
        write = _loss(page) if name == "log_loss" else page.fmt.value
        if not ends:
            return write(finite(value))
        return page.with_interval({"value": value, "low": ends[0], "high": ends[1]}, write)

    rows = [[page.name("fit", name), *(written(name, s) for s in splits)] for name in names]
    heads = [page.t("fit.measure"), *(_split(page, s) for s in splits)]
    note = el("p", page.t("fit.intervals"), class_="note") if page.at("fit", "intervals") else None
    plain = page.at("fit", "pictures", "plain")
    beside = None
    if plain:
        ends = {"validation": page.fmt.value(plain["validation"]), "test": page.fmt.value(plain["out_of_time"])}
        beside = el("p", page.t("fit.plain", **ends), class_="note")
    return join(table(page.t("fit.figures"), heads, rows, kind="quiet metrics"), note, beside)


def _loss(page: Page) -> Callable[[Any], str]:
    """A loss is told to a millionth: that of a model which is always right is some digits of rounding."""

    def write(value: Any) -> str:
        number = finite(value)
        return page.fmt.value(None if number is None else round(number, 6))

    return write


def _segments(page: Page) -> Safe:
    heads = [page.t(f"fit.{name}") for name in ("segment", "n", "share", "rule", "differences")]
    most = max((one.get("share") or 0.0 for one in page.rows("fit", "segments")), default=1.0)
    rows = [
        [
            str(one.get("segment")), page.fmt.integer(one.get("rows")),
            barred(page.fmt.percent(one.get("share")), share_bar(one.get("share") or 0.0, most)),
            page.say(one.get("rule")), page.say(one.get("differences")),
        ]
        for one in page.rows("fit", "segments")
    ]  # fmt: skip
    sample = page.at("fit", "sample")
    return join(
        el("p", page.say(page.at("fit", "why"))),
        table(page.t("fit.segments"), heads, rows, text=(0, 3, 4)),
        el("p", page.t("fit.sample", n=page.fmt.integer(sample)), class_="note") if sample else None,
        _choices(page),
    )


def _choices(page: Page) -> Safe | None:
    """How many segments were tried, and how each number did."""
    rows = page.rows("fit", "choices")
    chosen = len(page.rows("fit", "segments"))
    cells = [
        [
            page.fmt.integer(one.get("k")) + (" ✓" if one.get("k") == chosen else ""),
            page.fmt.number(one.get("quality")), page.fmt.number(one.get("stability")),
            page.fmt.percent(one.get("smallest")),
        ]
        for one in rows
    ]  # fmt: skip
    heads = [page.t(f"fit.{name}") for name in ("tried", "silhouette", "stability", "smallest")]
    return table(page.t("fit.choices"), heads, cells, kind="narrow") if rows else None


SECTIONS = (
    Section("summary", "fit.verdict", _verdicts, has("verdicts")),
    Section("table", "fit.columns", _columns),
    Section("segments", "fit.segments", _segments, has("segments")),
    Section("figures", "fit.figures", _figures, has("figures", "verdicts")),
    Section("pictures", "fit.pictures", learning_drawn.pictures, has("pictures")),
    Section("curves", "fit.learning", learning_drawn.curves, has("pictures")),
    Section("explained", "fit.explained", learning_drawn.explained, learning_drawn.has_inside),
)
