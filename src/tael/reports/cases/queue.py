"""The queue: who is to be looked into, best first, with a link to each case file."""

from __future__ import annotations

from dataclasses import dataclass, field

from tael.reports.cases.case import Text
from tael.reports.cases.frame import Said, whole_page
from tael.reports.context import table, tile
from tael.reports.html import Safe, el

DISPOSE = 'tael dispose RUN CASE --confirmed|--dismissed --why "..." --by NAME'
STATES = ("open", "pending", "confirmed", "dismissed")
_LOOKS = {"open": "note", "pending": "warning", "confirmed": "error", "dismissed": "ok"}


@dataclass(frozen=True)
class Queued:
    """One line of the queue.

    Parameters
    ----------
    id : str
    title : Text
    link : str
        Relative address of the case file.
    period : str
    rank : int or None
        Within the period.
    score, money : float or None
    reason : Text
        The strongest.
    state : str
        One of `STATES`.
    """

    id: str
    title: Text
    link: str
    period: str = ""
    rank: int | None = None
    score: float | None = None
    money: float | None = None
    reason: Text = ""
    state: str = "open"


@dataclass(frozen=True)
class Queue:
    """The whole queue.

    Parameters
    ----------
    title : Text
    lines : tuple of Queued
    capacity : Text
        How many may be looked into, in words.
    total : int
        Alerts that there are; those without a line have no case file.
    currency : str
    facts : tuple of (Text, Text)
    worries : tuple of Text
    simulated, masked : bool
    money_title, score_title, worth_title : Text
        Where they are other than an expected value, a probability, and the sum of the former.
    """

    title: Text
    lines: tuple[Queued, ...]
    capacity: Text = ""
    total: int = 0
    currency: str = ""
    facts: tuple[tuple[Text, Text], ...] = ()
    worries: tuple[Text, ...] = field(default=())
    simulated: bool = False
    masked: bool = True
    money_title: Text = ""
    score_title: Text = ""
    worth_title: Text = ""


def queue_page(queue: Queue, lang: str = "en") -> str:
    """The whole page as text.

    Parameters
    ----------
    queue : Queue
    lang : {"en", "zh"}

    Returns
    -------
    str
        HTML that loads nothing and runs nothing.

    Examples
    --------
    >>> line = Queued("a1", "Account •1234", "cases/a1.html", "2025-04-14", 1, 0.8, 900.0, "many payers")
    >>> 'href="cases/a1.html"' in queue_page(Queue("Watch", (line,), total=3))
    True
    """
    said = Said(lang, queue.currency)
    title = said.say(queue.title)
    tiles = [
        tile(said.t("queue_shown"), said.fmt.integer(len(queue.lines))),
        tile(said.t("queue_total"), said.fmt.integer(max(queue.total, len(queue.lines)))),
    ]
    worth = [line.money for line in queue.lines if line.money is not None]
    if worth:
        tiles.append(tile(said.say(queue.worth_title) or said.t("queue_worth"), said.fmt.money(sum(worth))))
    facts = [el("div", el("dt", said.say(name)), el("dd", said.say(value))) for name, value in queue.facts]
    head = el(
        "header",
        el("p", said.t("queue_kicker"), class_="kicker"),
        el("h1", title),
        el("p", said.say(queue.capacity), class_="question") if queue.capacity else None,
        [el("p", said.say(text), class_="worry", role="alert") for text in queue.worries],
        el("dl", tiles, class_="tiles"),
        el("dl", facts, class_="facts") if facts else None,
        class_="top case",
    )
    rows = [_line(said, line, plain=bool(queue.score_title)) for line in queue.lines]
    heads = [
        said.t("queue_case"), said.t("queue_rank"), said.say(queue.score_title) or said.t("score"),
        said.say(queue.money_title) or said.t("money"), said.t("queue_reason"), said.t("queue_state"),
    ]  # fmt: skip
    body = el(
        "main",
        table(said.t("queue_title"), heads, rows, text=(0, 1, 4, 5), kind="quiet queue"),
        el("p", said.t("queue_more"), class_="note") if queue.total > len(queue.lines) else None,
        el("p", said.t("queue_dispose"), " ", el("code", DISPOSE), class_="note"),
        class_="alone",
    )
    return whole_page(
        said, f"{title} · {said.t('queue_title')}", [head, body], simulated=queue.simulated, masked=queue.masked
    )


def _line(said: Said, line: Queued, *, plain: bool) -> list[Safe | str]:
    place = " · ".join(part for part in (line.period, said.t("queue_number", n=line.rank) if line.rank else "") if part)
    return [
        el("span", el("a", said.say(line.title), href=line.link), el("small", line.id, class_="under")),
        place,
        said.fmt.number(line.score, 2) if plain else said.fmt.percent(line.score, 2),
        said.fmt.money(line.money),
        said.say(line.reason),
        _state(said, line.state),
    ]


def _state(said: Said, state: str) -> Safe:
    kind = _LOOKS[state]
    marks = {"note": "i", "warning": "!", "error": "✕", "ok": "✓"}
    return el(
        "span", el("span", marks[kind], aria_hidden="true"), " ", said.t(f"state_{state}"), class_=f"badge {kind}"
    )
