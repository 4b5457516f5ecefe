"""How high the product that was taken stood, beside a ranking by popularity and one by what goes together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page, Section, details, figure, table
from tael.reports.forest import Row, forest
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import option_title

MODELS = ("model", "popularity", "item_to_item")
METRICS = ("mrr", "hit", "ndcg")
WHOLE = {"all": "ranking.all", "mean of products": "ranking.mean"}
SHOWN = 12
"""Products in the picture, the most taken first; the table has all."""

Cells = dict[tuple[str, str, str], Mapping[str, Any]]


def _cells(page: Page) -> Cells:
    """Each figure by model, metric and product."""
    return {
        (who, str(row.get("metric")), str(row.get("product"))): row
        for who in MODELS
        for row in page.rows("ranking", "models", who)
        if row.get("metric") and row.get("product")
    }


def _products(page: Page, cells: Cells) -> list[str]:
    """All, the mean of products, and then the products, the most taken first."""
    rows = {p: finite(row.get("rows")) or 0.0 for (who, _, p), row in cells.items() if who == "model"}
    return [*(p for p in WHOLE if p in rows), *sorted((p for p in rows if p not in WHOLE), key=lambda p: -rows[p])]


def _name(page: Page, product: str) -> str:
    return page.t(WHOLE[product]) if product in WHOLE else option_title(page, product)


def _metric(page: Page, metric: str) -> str:
    return page.t(f"ranking.{metric}", k=page.at("ranking", "k") or 3)


def _table(page: Page, cells: Cells, metric: str) -> Safe | None:
    there = [who for who in MODELS if any(key[:2] == (who, metric) for key in cells)]
    if not there:
        return None
    rows = [
        [
            _name(page, product),
            page.fmt.integer((cells.get(("model", metric, product)) or {}).get("rows")),
            *(page.with_interval(cells.get((who, metric, product)), page.fmt.number) for who in there),
        ]
        for product in _products(page, cells)
    ]
    heads = [page.t("ranking.product"), page.t("ranking.rows"), *(page.t(f"ranking.{who}") for who in there)]
    return table(_metric(page, metric), heads, rows)


def _picture(page: Page, cells: Cells) -> Safe | None:
    """The model beside popularity, a pair of lines a product."""
    lines = []
    for product in [*WHOLE, *(p for p in _products(page, cells) if p not in WHOLE)][: SHOWN + len(WHOLE)]:
        for who, kind in (("model", "s1"), ("popularity", "grey")):
            row = cells.get((who, "mrr", product))
            if row is not None:
                name = f"{_name(page, product)} · {page.t(f'ranking.{who}')}"
                lines.append(Row(name, row.get("value"), row.get("low"), row.get("high"), kind))
    if not lines:
        return None
    title = page.t("ranking.picture")
    picture = forest(lines, title, x_format=page.fmt.short, x_label=page.t("ranking.mrr"))
    legend = [("s1", page.t("ranking.model")), ("grey", page.t("ranking.popularity"))]
    return figure(title, picture, legend)


def render(page: Page) -> Safe:
    """Draw the section."""
    cells = _cells(page)
    takers, rows = page.at("ranking", "takers"), page.at("ranking", "rows")
    if not cells:
        return page.missing("missing.ranking")
    counted = None
    if finite(takers) is not None:
        counted = page.t("ranking.takers", n=page.fmt.integer(takers), rows=page.fmt.integer(rows))
    tables = [one for metric in METRICS if (one := _table(page, cells, metric)) is not None]
    picture = _picture(page, cells)
    return join(
        el("p", page.t("ranking.read")),
        el("p", counted) if counted else None,
        el("div", picture, el("div", tables[:1]), class_="grid") if picture is not None else tables[:1],
        tables[1:2],
        details(_metric(page, "ndcg"), tables[2]) if len(tables) > 2 else None,
    )


def applies(page: Page) -> bool:
    """Where the model ranks products."""
    return page.at("model", "kind") == "recommender" or bool(page.at("ranking"))


SECTION = Section("ranking", "section.ranking", render, applies)
