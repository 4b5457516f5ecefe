"""Who gets which option, what limits it, what a wider limit would bring, and what it is worth beside other rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import Chart, extent, share_bar
from tael.reports.context import Page, Section, badge, barred, curve, details, figure, policy_part, table, total
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import amount, binding, limit_title, limit_unit, limits, price, resource_title, unit_told
from tael.reports.outcome_options import outcome_bar
from tael.reports.rules_told import resources, rules, scaled, use_told

SHOWN = 12
"""Options that are all shown; of more only those that somebody gets."""
LEAST_GAP = 1e-5
"""A gap below this is told as this: no solver proves a choice to be the best to the last digit."""


def _options(page: Page) -> Safe:
    rows, fmt = page.rows("decision", "options"), page.fmt
    if not rows:
        return page.missing("missing.options")
    used = resources(page)
    heads = [page.t(f"allocation.{k}") for k in ("option", "eligible", "n", "probability", "value", "each")]
    heads += [page.t("allocation.use", name=resource_title(page, name)) for name in used]
    most = max((finite(row.get("n")) or 0.0 for row in rows), default=0.0)

    def cells(row: Mapping[str, Any]) -> list[Any]:
        uses = row.get("uses") if isinstance(row.get("uses"), Mapping) else {}
        n = finite(row.get("n")) or 0.0
        return [
            page.say(row.get("title")) or str(row.get("option") or ""),
            fmt.integer(row.get("eligible")),
            barred(f"{fmt.integer(n)} ({fmt.percent(row.get('share'))})", share_bar(n, most)),
            fmt.percent(row.get("probability")),
            fmt.money(row.get("value")),
            fmt.price(row.get("value_each")),
            *(use_told(page, name, (uses or {}).get(name)) for name in used),
        ]

    # of a grid of many, those that nobody gets are folded away
    shown = [row for row in rows if len(rows) <= SHOWN or finite(row.get("n"))]
    rest = [row for row in rows if row not in shown]
    parts = [table(page.t("allocation.options"), heads, [cells(row) for row in shown], kind="taken")]
    if rest:
        title = page.t("features.rest", n=len(rest))
        parts.append(details(title, table(title, heads, [cells(row) for row in rest], kind="taken quiet")))
    return join(parts, _stated(page, rows))


def _stated(page: Page, rows: list[Mapping[str, Any]]) -> Safe:
    """How each option is valued, in words and as the plan states it."""
    heads = [page.t(f"allocation.{k}") for k in ("option", "formula", "cost", "where")]

    def said(words: Any, formula: Any) -> Safe:
        text, code = page.say(words), str(formula)
        return join(text if text != code else None, el("code", code))

    cells = [
        [
            page.say(row.get("title")) or str(row.get("option") or ""),
            said(row.get("words"), row.get("formula")) if row.get("formula") is not None else "–",
            el("code", str(row["cost"])) if row.get("cost") is not None else "–",
            said(row.get("where_words"), row["where"]) if row.get("where") else page.t("allocation.everybody"),
        ]
        for row in rows
    ]
    title = page.t("allocation.stated")
    return details(title, table(title, heads, cells, text=(0, 1, 2, 3), kind="stated quiet"))


def _why(page: Page) -> Safe | None:
    reasons = page.at("decision", "reasons")
    if not isinstance(reasons, Mapping) or not (everyone := total(reasons.values())):
        return None
    found = sorted(((str(code), finite(n) or 0.0) for code, n in reasons.items()), key=lambda one: -one[1])
    cells = [
        [
            page.name("why", code),
            page.fmt.integer(n),
            barred(page.fmt.percent(n / everyone), share_bar(n, found[0][1], "grey")),
        ]
        for code, n in found
        if n
    ]
    heads = [page.t(f"allocation.{k}") for k in ("reason", "count", "share")]
    return table(page.t("allocation.why"), heads, cells, kind="narrow")


def _limits(page: Page) -> list[Safe]:
    rows, fmt, parts = limits(page), page.fmt, []
    batch, holdout = finite(page.at("decision", "batch")), finite(page.at("decision", "holdout"))
    if rows:
        heads = [page.t(f"allocation.{k}") for k in ("limit", "used", "lower", "upper", "slack", "price")]
        cells = [
            [
                join(
                    limit_title(page, row),
                    el("small", told, class_="interval") if (told := unit_told(page, row)) else None,
                ),
                *(amount(page, row, row.get(k)) for k in ("use", "lower", "upper", "slack")),
                price(page, row),
            ]
            for row in rows
        ]
        parts.append(table(page.t("allocation.limits"), heads, cells, text=(0, 5), kind="quiet"))
        gap = finite(page.at("decision", "gap"))
        if gap is not None:
            parts.append(el("p", page.t("allocation.gap", gap=fmt.percent(max(gap, LEAST_GAP), 3)), class_="note"))
        if batch:
            parts.append(el("p", page.t("allocation.batch", batch=fmt.integer(batch)), class_="note"))
    else:
        parts.append(page.missing("allocation.no_limits"))
    if holdout:
        parts.append(el("p", page.t("allocation.holdout", share=fmt.percent(holdout))))
    return parts


def _room(values: list[Any]) -> tuple[float, float]:
    """The range of an axis; where all values are almost the same, the line lies in the middle."""
    known = [v for v in map(finite, values) if v is not None]
    middle, reach = sum(known) / len(known), max(known) - min(known)
    least = 0.02 * abs(middle) or 1.0
    return extent(known, pad=0.12) if reach > least else (middle - least, middle + least)


def _curve(page: Page, data: Mapping[str, Any], known: Mapping[Any, Mapping[str, Any]]) -> Safe | None:
    columns = curve(data, "factor", "limit", "value")
    limit = known.get(data.get("constraint"), data)
    if columns is None or sum(finite(v) is not None for v in columns[2]) < 2:
        return None
    fmt, (factors, xs, ys) = page.fmt, columns
    prices = data.get("shadow_price") or [None] * len(xs)
    unit, name = limit_unit(page, limit), limit_title(page, limit)
    over, unit_said = fmt.scale(xs) if unit == fmt.currency else (1.0, page.unit(unit))
    divisor, money = fmt.scale(ys)
    chart = Chart(
        extent(xs, zero=True),
        _room(ys),
        x_format=scaled(page, over),
        y_format=scaled(page, divisor),
        x_label=page.t("allocation.curve_places" if unit == "customer" else "allocation.curve_limit", unit=unit_said),
        y_label=page.t("allocation.curve_in", unit=money) if money else page.t("allocation.curve_worth"),
    )
    chart.line(xs, ys, "s1")
    now = [k for k, factor in enumerate(factors) if finite(factor) == 1.0]
    chart.dots([xs[k] for k in now], [ys[k] for k in now], "s1")
    for k in now[:1]:
        chart.mark(xs[k], page.t("strategy.chosen"))
    chart.hover(
        xs,
        [
            f"{name}: {amount(page, limit, x)}\n{page.t('allocation.curve_worth')} {fmt.money(y)}\n"
            + page.t("allocation.curve_price", price=fmt.price(p))
            for x, y, p in zip(xs, ys, prices, strict=True)
        ],
    )
    title = page.t("allocation.curve", limit=name)
    return figure(title, chart.svg(title), note=page.t("allocation.curve_read"))


def _curves(page: Page) -> Safe:
    known = {row.get("constraint"): row for row in limits(page) if row.get("kind") != "group"}
    drawn = [one for data in page.rows("decision", "curves") if (one := _curve(page, data, known)) is not None]
    return el("div", drawn, class_="grid") if drawn else page.missing("missing.curves_of_limits")


def render(page: Page) -> Safe:
    """Draw the section."""
    status = page.at("decision", "status")
    message = page.say(page.at("decision", "message"))
    parts: list[Any] = [el("p", page.t("allocation.read"))]
    if status not in (None, "chosen"):
        parts.append(el("p", badge(page, "error", page.t("severity.error")), " ", message))
    part = policy_part(page)
    counted = el("p", page.t("summary.counted_on", part=part), class_="note") if part else None
    return join(
        parts,
        el("p", said) if (said := binding(page)) else None,
        outcome_bar(page) or counted,
        _options(page),
        _why(page),
        el("h3", page.t("allocation.limits")),
        *_limits(page),
        el("h3", page.t("allocation.curves")),
        _curves(page),
        el("h3", page.t("allocation.rules")),
        *rules(page),
    )


def applies(page: Page) -> bool:
    """Where the decision is one among options."""
    return page.at("decision", "kind") == "options"


SECTION = Section("allocation", "section.allocation", render, applies)
