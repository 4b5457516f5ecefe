"""What each assumption about the rejected makes of the bad rate: a band, and the bounds around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, barred, table, tile
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.sections._told import limited, sentences


def _pair(page: Page, key: str) -> str:
    ends = page.at("reject_inference", key)
    low, high = ends if isinstance(ends, (list, tuple)) and len(ends) == 2 else (None, None)
    return page.fmt.interval(low, high, page.fmt.percent) or "–"


def _tiles(page: Page) -> Safe:
    at, fmt = page.at, page.fmt
    people = page.t(
        "reject.people",
        accepted=fmt.integer(at("reject_inference", "n_accepted")),
        rejected=fmt.integer(at("reject_inference", "n_rejected")),
    )
    return el(
        "dl",
        tile(page.t("reject.band"), _pair(page, "band"), page.t("reject.band_below"), "long"),
        tile(page.t("reject.accepted"), fmt.percent(at("reject_inference", "accepted_bad_rate")), people, "long"),
        tile(page.t("reject.bounds"), _pair(page, "bounds"), page.t("reject.bounds_below"), "long"),
        class_="tiles",
    )


def _name(page: Page, row: Mapping[str, Any]) -> Safe:
    title, factor = page.say(row.get("title")) or str(row.get("method")), finite(row.get("factor"))
    if factor is not None:
        title = page.t("reject.times", title=title, factor=page.fmt.short(factor))
    return join(title, el("small", page.say(row.get("assumes")), class_="meaning"))


def render(page: Page) -> Safe:
    """Draw the section."""
    rows = page.rows("reject_inference", "methods")
    if not rows:
        return page.missing("missing.reject_inference")
    fmt, limit = page.fmt, page.at("reject_inference", "bad_rate_limit")
    most = max((finite(row.get("bad_rate")) or 0.0 for row in rows), default=0.0)
    heads = [page.t(f"reject.{key}") for key in ("method", "bad_rate", "rejected_rate", "approved_rate", "auc")]
    if limit is not None:
        heads.append(page.t("reject.limit_approval", limit=fmt.percent(limit)))
    cells = []
    for row in rows:
        rate = finite(row.get("bad_rate"))
        between = fmt.interval(row.get("low"), row.get("high"), fmt.percent)
        line: list[Any] = [
            _name(page, row),
            join(
                barred(fmt.percent(rate), share_bar(rate or 0.0, most)),
                el("small", between, class_="interval") if between else None,
            ),
            fmt.percent(row.get("rejected_bad_rate")),
            limited(page, row, "approved_bad_rate", fmt.percent, "approved_"),
            limited(page, row, "roc_auc", fmt.number),
        ]
        if limit is not None:
            share = row.get("limit_approval")
            line.append(page.t("reject.nobody") if share is None else fmt.percent(share))
        cells.append(line)
    return join(
        sentences(page, page.at("reject_inference", "sentences")),
        _tiles(page),
        table(page.t("reject.methods"), heads, cells, kind="metrics" if limit is not None else ""),
        el("p", page.t("reject.read"), class_="note"),
    )


SECTION = Section("reject_inference", "section.reject_inference", render)
