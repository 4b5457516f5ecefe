"""The queue of gangs: what the searches find beside other ways to look, by rank and typology, with pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.cases.frame import Said
from tael.reports.cases.graph import graph_svg
from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.typologies import typology_name

ROLES = ("source", "mule", "collector", "hub")


def _title(page: Page, name: str) -> str:
    return page.say(page.at("decision", "gangs", "titles", name)) or name


def _percent(page: Page, value: Any) -> str:
    return page.fmt.percent(value, 0) if finite(value) is not None else "–"


def _of(page: Page, n: Any, all_: Any) -> str:
    return page.t("gangs.of", n=_count(page, n), all=_count(page, all_))


def _count(page: Page, value: Any) -> str:
    """A count; of a mean over draws one decimal."""
    number = finite(value)
    return page.fmt.integer(value) if number is None or number == int(number) else page.fmt.number(number, 1)


def _span(page: Page, text: Any) -> str:
    """A length of time such as "14d" in words; another unit as it is written."""
    said = str(text or "–")
    return page.t("gangs.days", n=said[:-1]) if said.endswith("d") and said[:-1].isdigit() else said


def _read(page: Page) -> Safe:
    gangs, fmt = page.at("decision", "gangs"), page.fmt
    quiet = finite(gangs.get("quiet_days"))
    return join(
        el("p", page.t("gangs.read", capacity=fmt.integer(gangs.get("capacity")))),
        el("p", page.t("gangs.right_is")),
        el("p", page.t("gangs.quiet", days=fmt.number(quiet, 0)), class_="note") if quiet else None,
    )


def _ways(page: Page) -> Safe:
    """A row a way to look, all with the same places."""
    fmt, cells = page.fmt, []
    rows = [(row, row["found"]) for row in page.rows("decision", "values") if isinstance(row.get("found"), Mapping)]
    unit, write, between = fmt.money_column(found.get("money") for _, found in rows)
    for row, found in rows:
        ahead = row.get("behind") if row.get("code") != "chosen" else None
        cells.append(
            [
                page.say(row.get("policy")),
                _of(page, found.get("right"), found.get("reports")),
                page.with_interval(found.get("precision"), lambda v: fmt.percent(v, 0)),
                _of(page, found.get("found"), found.get("gangs")),
                page.with_interval(found.get("recall"), lambda v: fmt.percent(v, 0)),
                fmt.integer(found.get("close")),
                write(found.get("money")),
                page.with_interval(found.get("worth"), write, between),
                page.with_interval(ahead, write, between) if ahead else "–",
            ]
        )
    lot = page.at("decision", "gangs", "lot")
    if isinstance(lot, Mapping):
        cells.append(
            [
                _title(page, "lot"), _of(page, lot.get("right"), lot.get("reports")),
                _percent(page, lot.get("precision")), _count(page, lot.get("found")), _percent(page, lot.get("recall")),
                "–", write(lot.get("money")), write(lot.get("worth")), "–",
            ]
        )  # fmt: skip
    names = ["way", "right", "precision", "found", "recall", "close", "money", "worth", "behind"]
    heads = [page.t(f"gangs.{name}") for name in names]
    heads[6:] = [page.t("queue.in_unit", what=head, unit=unit) for head in heads[6:]]
    return join(
        table(page.t("gangs.ways"), heads, cells, kind="places"),
        el("p", page.t("gangs.ways_read"), class_="note"),
    )


def _ranks(page: Page) -> Safe | None:
    """Precision at k of every way."""
    ranked = page.at("decision", "gangs", "by_rank")
    if not isinstance(ranked, Mapping) or not ranked:
        return None
    cells = []
    for name, rows in ranked.items():
        line: list[Any] = [_title(page, str(name))]
        for row in rows:
            under = f"{_of(page, row.get('right'), row.get('reports'))} · {_percent(page, row.get('share'))}"
            precision = (row.get("precision") or {}).get("value")
            line.append(join(_percent(page, precision), el("small", under, class_="interval")))
        cells.append(line)
    first: list[Any] = next(iter(ranked.values()))
    heads = [page.t("gangs.way"), *(page.t("gangs.first_k", k=page.fmt.integer(row.get("k"))) for row in first)]
    return join(table(page.t("gangs.ranks"), heads, cells), el("p", page.t("gangs.ranks_read"), class_="note"))


def _typologies(page: Page) -> Safe | None:
    rows, fmt = page.rows("decision", "gangs", "typologies"), page.fmt
    if not rows:
        return None
    who = list(rows[0].get("others") or {})

    def cell(row: Mapping[str, Any], name: str) -> Safe:
        n, all_ = finite((row.get("others") or {}).get(name)) or 0.0, finite(row.get("gangs")) or 0.0
        kind = "s1" if name == "chosen" else "grey"
        return barred(f"{fmt.integer(n)} ({_percent(page, n / all_ if all_ else None)})", share_bar(n, all_, kind))

    heads = [page.t("gangs.typology"), page.t("gangs.known"), *(_title(page, name) for name in who)]
    cells = [
        [
            typology_name(str(row.get("typology") or ""), page.lang) or page.t("gangs.unnamed"),
            fmt.integer(row.get("gangs")),
            *(cell(row, name) for name in who),
        ]
        for row in rows
    ]  # fmt: skip
    return table(page.t("gangs.typologies"), heads, cells)


def _shapes(page: Page) -> Safe | None:
    rows, fmt = page.rows("decision", "gangs", "shapes"), page.fmt
    if not rows:
        return None
    heads = [page.t(f"gangs.{head}") for head in ("shape", "meaning", "right", "precision", "moved")]
    cells = [
        [
            page.say(row.get("title")), page.say(row.get("meaning")), _of(page, row.get("right"), row.get("reports")),
            page.with_interval(row.get("precision"), lambda v: fmt.percent(v, 0)), fmt.money(row.get("money")),
        ]
        for row in rows
    ]  # fmt: skip
    return table(page.t("gangs.shapes"), heads, cells, text=(0, 1))


def _queue(page: Page) -> Safe:
    """The reported gangs as a table."""
    rows, fmt = page.rows("decision", "gangs", "first"), page.fmt
    if not rows:
        return page.missing("missing.reports")
    cells = []
    for row in rows:
        roles = ", ".join(
            f"{fmt.integer(n)} × {page.t(f'role.{role}')}" for role, n in (row.get("roles") or {}).items()
        )
        right = bool(row.get("right"))
        cells.append(
            [
                str(row.get("gang")), fmt.integer(row.get("rank")), page.say(row.get("title")),
                fmt.integer(row.get("members")), roles, fmt.integer(row.get("transfers")),
                fmt.number(row.get("score"), 2), fmt.money(row.get("money")),
                badge(page, "ok" if right else "note", page.t("gangs.yes" if right else "gangs.no")),
            ]
        )  # fmt: skip
    heads = [page.t(f"gangs.{head}") for head in (
        "gang", "place", "shape", "members", "roles", "transfers", "score", "moved", "came")]  # fmt: skip
    return table(page.t("gangs.queue"), heads, cells, text=(0, 2, 4, 8))


def _pictures(page: Page) -> Safe | None:
    rows = [row for row in page.rows("decision", "gangs", "first") if isinstance(row.get("graph"), Mapping)]
    if not rows:
        return None
    said = Said(page.lang, page.fmt.currency)
    drawn = [
        el(
            "figure",
            el("figcaption", el("strong", f"{row.get('gang')} · {page.say(row.get('told'))}")),
            el("div", graph_svg(row["graph"], said), class_="scroll drawing", tabindex=0, role="region",
               aria_label=str(row.get("gang"))),
        )
        for row in rows
    ]  # fmt: skip
    legend = [el("span", el("i", class_=f"swatch {role}"), page.t(f"role.{role}")) for role in ROLES]
    return join(
        el("h3", page.t("gangs.drawn")), el("p", page.t("gangs.drawn_read")), el("p", legend, class_="legend"), drawn
    )


def _how(page: Page) -> Safe:
    """Each search, and how the settings were chosen."""
    gangs, fmt = page.at("decision", "gangs"), page.fmt
    settings = gangs.get("settings") or {}
    told = page.t(
        "gangs.settings", threshold=fmt.number(settings.get("threshold"), 2),
        within=_span(page, settings.get("within")), split_over=fmt.integer(settings.get("split_over")),
        rounds=fmt.integer(settings.get("rounds")), where=page.t(f"gangs.on_{gangs.get('chosen_on') or 'stated'}"),
    )  # fmt: skip
    names = ("transfers", "kept", "groups", "reported", "right", "gangs", "found")
    heads = ["search", "transfers", "kept", "groups", "reported", "hits", "known", "found"]
    lines = [[str(row.get("search")), *(fmt.integer(row.get(name)) for name in names)]
             for row in page.rows("decision", "gangs", "searches")]  # fmt: skip
    trials = [
        [
            fmt.number(row.get("threshold"), 2), _span(page, row.get("within")), fmt.integer(row.get("split_over")),
            fmt.integer(row.get("rounds")), _percent(page, row.get("recall")), _percent(page, row.get("precision")),
            fmt.number(row.get("value"), 3),
        ]
        for row in page.rows("decision", "gangs", "trials")
    ]  # fmt: skip
    tried = [page.t(f"gangs.{head}") for head in (
        "threshold", "within", "split_over", "rounds", "recall", "precision", "value")]  # fmt: skip
    return join(
        table(page.t("gangs.searches"), [page.t(f"gangs.{head}") for head in heads], lines),
        el("p", told),
        details(page.t("gangs.trials"), table(page.t("gangs.trials"), tried, trials, kind="quiet")) if trials else None,
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not isinstance(page.at("decision", "gangs"), Mapping):
        return page.missing("missing.gangs")
    return join(
        _read(page), el("p", said) if (said := page.say(page.at("decision", "binding"))) else None, _ways(page),
        _ranks(page), _typologies(page), _shapes(page), _queue(page), _pictures(page), _how(page),
    )  # fmt: skip


def applies(page: Page) -> bool:
    """Where the decision is a queue of gangs."""
    return page.at("decision", "kind") == "gangs"


SECTION = Section("gangs", "section.gangs", render, applies)
