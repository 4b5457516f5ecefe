"""The factors in words, with what each foretells by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import SPLITS, Page, Section, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

SHOWN = 25


def _ic(page: Page, cell: Any) -> Safe:
    return page.with_interval(cell, lambda v: page.fmt.number(v, 4))


def _rows(page: Page, factors: list[Mapping[str, Any]], parts: list[str]) -> list[list[Any]]:
    fmt = page.fmt
    most = max((finite(row.get("gain")) or 0.0 for row in page.rows("factors", "rows")), default=0.0)
    cells = []
    for row in factors:
        gain = finite(row.get("gain"))
        beneath = page.t(
            "factors.beneath", origin=page.name("origin", row.get("origin")),
            coverage=fmt.percent(row.get("coverage"), 0), steady=fmt.number(row.get("autocorrelation"), 2),
        )  # fmt: skip
        said = page.say(row.get("words"))
        cells.append(
            [
                join(said, el("code", f"{row.get('name')} = {row.get('formula')}"), el("small", beneath)),
                fmt.percent(gain) if gain is None else barred(fmt.percent(gain), share_bar(gain, most)),
                *(_ic(page, (row.get("rank_ic") or {}).get(part)) for part in parts),
            ]
        )
    return cells


def _mined(page: Page) -> Safe | None:
    mined = page.at("mining")
    if not isinstance(mined, Mapping):
        return None
    said = page.t(
        "factors.mined_read",
        tried=page.fmt.integer(mined.get("tried")),
        kept=page.fmt.integer(mined.get("kept")),
        chance=page.fmt.number(mined.get("chance"), 2),
        bar=page.fmt.number(mined.get("threshold"), 2),
    )
    return join(el("h3", page.t("factors.mined")), el("p", said))


def render(page: Page) -> Safe:
    """Draw the section."""
    factors = page.rows("factors", "rows")
    if not factors:
        return page.missing("missing.features")
    parts = [part for part in SPLITS if any((row.get("rank_ic") or {}).get(part) for row in factors)]
    heads = [
        page.t("factors.factor"),
        page.t("factors.gain"),
        *(f"{page.t('scores.rank_ic')}, {page.name('split', part)}" for part in parts),
    ]
    first, rest = factors[:SHOWN], factors[SHOWN:]
    more = None
    if rest:
        title = page.t("factors.of_model", n=page.fmt.integer(len(rest)))
        more = details(title, table(title, heads, _rows(page, rest, parts), kind="features"))
    return join(
        el("p", page.t("factors.read", n=page.fmt.integer(page.at("factors", "n")))),
        table(page.t("factors.table"), heads, _rows(page, first, parts), kind="features"),
        more,
        _mined(page),
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("factors", "section.factors", render, applies)
