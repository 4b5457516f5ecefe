"""Who gets which option, what limits it, what a wider limit would bring, and what it is worth beside other rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tael.reports.charts import Chart, extent, share_bar
from tael.reports.context import Page, Section, badge, barred, curve, details, figure, policy_part, table, total
from tael.reports.forest import Row, forest
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import amount, binding, limit_title, limit_unit, limits, price, resource_title, unit_told
from tael.reports.outcome_options import outcome_bar

LEAST_GAP = 1e-5
"""A gap below this is told as this: no solver proves a choice to be the best to the last digit."""


def resources(page: Page) -> list[str]:
    """What the options use up, in the run's order; what nobody uses is left out."""
    rows = page.rows("decision", "options")
    used: list[Mapping[str, Any]] = [row["uses"] for row in rows if isinstance(row.get("uses"), Mapping)]
    names = dict.fromkeys(str(name) for uses in used for name in uses)
    return [name for name in names if any(finite(uses.get(name)) for uses in used)]


def _use(page: Page, name: str, value: Any) -> str:
    """An amount of a resource: money for the cost and for what is counted in the currency."""
    for row in page.rows("decision", "limits"):
        if row.get("kind") == "budget" and row.get("constraint") == name:
            return amount(page, row, value)
    return page.fmt.money(value) if name == "cost" else page.fmt.value(value)


def _options(page: Page) -> Safe:
    rows, fmt = page.rows("decision", "options"), page.fmt
    if not rows:
        return page.missing("missing.options")
    used = resources(page)
    heads = [page.t(f"allocation.{k}") for k in ("option", "eligible", "n", "probability", "value", "each")]
    heads += [page.t("allocation.use", name=resource_title(page, name)) for name in used]
    most = max((finite(row.get("n")) or 0.0 for row in rows), default=0.0)
    cells = []
    for row in rows:
        uses = row.get("uses") if isinstance(row.get("uses"), Mapping) else {}
        n = finite(row.get("n")) or 0.0
        cells.append(
            [
                page.say(row.get("title")) or str(row.get("option") or ""),
                fmt.integer(row.get("eligible")),
                barred(f"{fmt.integer(n)} ({fmt.percent(row.get('share'))})", share_bar(n, most)),
                fmt.percent(row.get("probability")),
                fmt.money(row.get("value")),
                fmt.price(row.get("value_each")),
                *(_use(page, name, (uses or {}).get(name)) for name in used),
            ]
        )
    return join(table(page.t("allocation.options"), heads, cells, kind="taken"), _stated(page, rows))


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
        x_format=_scaled(page, over),
        y_format=_scaled(page, divisor),
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


def _scaled(page: Page, divisor: float) -> Callable[[float], str]:
    """Writes a tick of an axis of money."""
    return lambda value: page.fmt.short(round(value / divisor, 6))


def _pictures(page: Page, rows: list[Mapping[str, Any]]) -> Safe:
    fmt, drawn = page.fmt, []
    realised = page.at("decision", "values_basis") == "realised"
    for key, title, note in (
        ("profit", "worth_realised" if realised else "worth_expected", "worth_read"),
        ("behind", "ahead", "ahead_read"),
    ):
        found = [(row, row[key]) for row in rows if isinstance(row.get(key), Mapping)]
        found = found if key == "profit" else found[1:]
        if not found:
            continue
        divisor, unit = fmt.scale([v for _, one in found for v in (one.get("value"), one.get("low"), one.get("high"))])
        lines = [
            Row(
                page.say(row.get("policy")), one.get("value"), one.get("low"), one.get("high"),
                "s1" if row is rows[0] else "grey",
            )
            for row, one in found
        ]  # fmt: skip
        said = page.t(f"allocation.{title}")
        label = page.t("allocation.in_money", unit=unit) if unit else page.t("allocation.money")
        picture = forest(lines, said, x_format=_scaled(page, divisor), x_label=label)
        drawn.append(figure(said, picture, note=page.t(f"allocation.{note}")))
    return el("div", drawn, class_="grid")


def _rules(page: Page) -> list[Safe]:
    """The rules side by side; the first is the chosen one."""
    rows, fmt = page.rows("decision", "values"), page.fmt
    if not rows:
        return [page.missing("missing.values")]
    budgets = {row.get("constraint"): row for row in limits(page) if row.get("kind") == "budget"}
    realised = any(isinstance(row.get("profit_realised"), Mapping) for row in rows)
    used = resources(page)
    keys = ["rule", "rule_expected", *(["rule_realised"] if realised else []), "rule_behind", "rule_treated"]
    heads = [page.t(f"allocation.{k}") for k in keys]
    heads += [page.t("allocation.use", name=resource_title(page, name)) for name in used]

    def worth(cell: Any) -> Safe:
        if isinstance(cell, Mapping) and cell.get("low") == cell.get("high") == cell.get("value"):
            return join(fmt.money(cell.get("value")))
        return page.with_interval(cell, fmt.money, fmt.money_interval)

    def use(uses: Any, name: str) -> Safe:
        value, limit = (uses or {}).get(name), budgets.get(name, {})
        upper = finite(limit.get("upper"))
        over = upper is not None and (finite(value) or 0.0) > upper * (1 + 1e-9)
        said = page.t("allocation.rule_over", limit=amount(page, limit, upper)) if over else None
        return join(_use(page, name, value), el("small", said, class_="interval") if said else None)

    cells = []
    for k, row in enumerate(rows):
        line: list[Any] = [page.say(row.get("policy")), worth(row.get("profit_expected") or row.get("profit"))]
        line += [worth(row.get("profit_realised"))] if realised else []
        line += [worth(row.get("behind")) if k else "–", fmt.percent(row.get("treated"))]
        cells.append(line + [use(row.get("uses"), name) for name in used])
    note = page.say(page.at("decision", "values_note"))
    told = [el("p", note, class_="missing")] if note else []
    return [*told, _pictures(page, rows), table(page.t("allocation.rules"), heads, cells, kind="quiet rules")]


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
        *_rules(page),
    )


def applies(page: Page) -> bool:
    """Where the decision is one among options."""
    return page.at("decision", "kind") == "options"


SECTION = Section("allocation", "section.allocation", render, applies)
