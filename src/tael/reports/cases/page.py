"""A case file: one alert or gang on one page, for the person who looks into it."""

from __future__ import annotations

from typing import Any

from tael.reports.cases.case import ASKED, Answer, Case, Peer, Reason
from tael.reports.cases.frame import Said, whole_page
from tael.reports.cases.graph import graph_svg
from tael.reports.context import details, table, tile
from tael.reports.html import Safe, el

DRAWN = ("subject", "other", "matched", "plain")
"""What the legend of a graph names, where one party is the case; of a gang its roles."""
ROLES = ("source", "mule", "collector", "hub")


def case_page(case: Case, lang: str = "en", *, back: str | None = "../queue.html") -> str:
    """The whole page as text.

    Parameters
    ----------
    case : Case
    lang : {"en", "zh"}
    back : str or None
        Where the queue lies, for the link.

    Returns
    -------
    str
        HTML that loads nothing and runs nothing.

    Raises
    ------
    RunError
        If there is no such language.

    Examples
    --------
    >>> page = case_page(Case("a1b2", {"en": "Account", "zh": "账户"}, score=0.5), "zh")
    >>> page.startswith("<!DOCTYPE html>") and "账户" in page and "<script" not in page
    True
    """
    said = Said(lang, case.currency)
    title = said.say(case.title)
    sections = [
        ("reasons", _reasons(said, case)),
        ("graph", _graph(said, case)),
        ("trail", [said.rows(rows) for rows in case.trail] or [_missing(said, "no_trail")]),
        ("peers", _peers(said, case)),
        ("history", [said.rows(rows) for rows in case.history] or [_missing(said, "no_history")]),
        ("draft", _draft(said, case)),
        ("checks", _checks(said, case)),
    ]
    names = [(name, said.t(f"section_{name}")) for name, _ in sections]
    links = [el("li", el("a", text, href=f"#{name}")) for name, text in names]
    contents = el("nav", el("ol", links), aria_label=said.t("contents"))
    parts = [
        el("section", el("h2", text, id=f"{name}-title"), content, id=name, aria_labelledby=f"{name}-title")
        for (name, text), (_, content) in zip(names, sections, strict=True)
    ]
    body = [_head(said, case, title, back), el("div", contents, el("main", parts), class_="frame")]
    return whole_page(said, f"{title} · {case.id}", body, simulated=case.simulated, masked=case.masked)


def _head(said: Said, case: Case, title: str, back: str | None) -> Safe:
    tiles = []
    if case.score is not None:
        named = said.say(case.score_title)
        as_number, as_share = said.fmt.number(case.score, 2), said.fmt.percent(case.score, 2)
        tiles.append(tile(named, as_number) if named else tile(said.t("score"), as_share))
    if case.money is not None:
        tiles.append(tile(said.say(case.money_title) or said.t("money"), said.fmt.money(case.money)))
    facts = [el("div", el("dt", said.say(name)), el("dd", said.say(value))) for name, value in case.facts]
    return el(
        "header",
        el("p", el("a", said.t("back"), href=back), class_="kicker") if back else None,
        el("p", said.t("kicker", id=case.id), class_="kicker"),
        el("h1", title),
        el("p", said.say(case.because), class_="question") if case.because else None,
        [el("p", said.say(text), class_="worry", role="alert") for text in case.worries],
        el("dl", tiles, class_="tiles") if tiles else None,
        el("dl", facts, class_="facts") if facts else None,
        class_="top case",
    )


def _reasons(said: Said, case: Case) -> list[Any]:
    if not case.reasons:
        return [_missing(said, "no_reasons")]
    return [el("ol", [_reason(said, one) for one in case.reasons], class_="because")]


def _reason(said: Said, one: Reason) -> Safe:
    behind = [said.rows(rows) for rows in one.evidence]
    formula = el("p", el("code", one.formula)) if one.formula else None
    return el(
        "li",
        el("p", el("strong", said.say(one.sentence))),
        el("p", said.say(one.told)) if one.told else None,
        details(said.t("behind"), behind, formula) if behind else formula,
    )


def _graph(said: Said, case: Case) -> list[Any]:
    if case.graph is None or not case.graph.get("nodes"):
        return [_missing(said, "no_graph")]
    graph = case.graph
    roles = {str(node.get("role")) for node in graph["nodes"]}
    kinds = DRAWN if "subject" in roles else (*(role for role in ROLES if role in roles), *DRAWN[2:])
    legend = [el("span", el("i", class_=f"swatch {kind}"), said.t(f"graph_{kind}")) for kind in kinds]
    left = graph.get("left_out") or {}
    more = ""
    if left.get("nodes") or left.get("edges"):
        more = said.t(
            "graph_left", nodes=said.fmt.integer(left.get("nodes", 0)), edges=said.fmt.integer(left.get("edges", 0)),
            amount=said.fmt.money(left.get("amount", 0.0)),
        )  # fmt: skip
    picture = el(
        "div",
        graph_svg(graph, said),
        class_="scroll drawing",
        tabindex=0,
        role="region",
        aria_label=said.t("section_graph"),
    )
    note = " ".join(text for text in (said.say(case.graph_note), more) if text)
    return [
        el("p", said.t("graph_read")),
        el("p", legend, class_="legend"),
        picture,
        el("p", note, class_="note") if note else None,
    ]


def _peers(said: Said, case: Case) -> list[Any]:
    if not case.peers:
        return [_missing(said, "no_peers")]
    told = 5 if any(one.push for one in case.peers) else 4  # a gang's figures move no score
    heads = [said.t(name) for name in ("factor", "own", "median", "below", "push")][:told]
    rows = [
        [said.say(one.factor), said.say(one.own), said.say(one.median), _below(said, one), said.say(one.push)][:told]
        for one in case.peers
    ]
    return [
        el("p", said.say(case.peers_note)) if case.peers_note else None,
        table(said.t("section_peers"), heads, rows, text=(0, 3, 4)[: told - 2], kind="quiet beside"),
    ]


def _below(said: Said, one: Peer) -> Any:
    if one.below is None:
        return "–"
    bar = el(
        "svg",
        el("rect", x=0, y=4, width=100, height=4, class_="rail"),
        el("circle", cx=round(100 * one.below, 1), cy=6, r=4, class_="dot"),
        viewBox="-5 0 110 12",
        class_="strip",
        aria_hidden="true",
    )
    return el("span", bar, el("span", said.fmt.percent(one.below, 0)), class_="barred")


def _draft(said: Said, case: Case) -> list[Any]:
    if not case.draft:
        return [_missing(said, "no_draft")]
    found: dict[str, Answer] = {answer.question: answer for answer in case.draft}
    rows = []
    for question in ASKED:
        answer = found.get(question, Answer(question))
        known = [el("p", said.say(text)) for text in answer.known]
        blank = [el("p", said.say(text), " ", el("span", said.t("blank"), class_="blank")) for text in answer.blank]
        rows.append(el("div", el("dt", said.t(f"ask_{question}")), el("dd", known, blank or None)))
    return [el("p", said.t("draft_read"), class_="missing"), el("dl", rows, class_="draft")]


def _checks(said: Said, case: Case) -> list[Any]:
    if not case.checks:
        return [_missing(said, "no_checks")]
    return [el("ul", [el("li", said.say(text)) for text in case.checks])]


def _missing(said: Said, key: str) -> Safe:
    return el("p", said.t(key), class_="missing")
