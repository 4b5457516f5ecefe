"""What a decision among options is worth beside other rules: a picture of each worth, one of each lead, a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tael.reports.context import Page, figure, table
from tael.reports.forest import Row, forest
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import amount, limits, resource_title


def resources(page: Page) -> list[str]:
    """What the options use up, in the run's order; what nobody uses is left out."""
    rows = page.rows("decision", "options")
    used: list[Mapping[str, Any]] = [row["uses"] for row in rows if isinstance(row.get("uses"), Mapping)]
    names = dict.fromkeys(str(name) for uses in used for name in uses)
    return [name for name in names if any(finite(uses.get(name)) for uses in used)]


def use_told(page: Page, name: str, value: Any) -> str:
    """An amount of a resource: money for the cost and for what is counted in the currency."""
    for row in page.rows("decision", "limits"):
        if row.get("kind") == "budget" and row.get("constraint") == name:
            return amount(page, row, value)
    return page.fmt.money(value) if name == "cost" else page.fmt.value(value)


def scaled(page: Page, divisor: float) -> Callable[[float], str]:
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
        picture = forest(lines, said, x_format=scaled(page, divisor), x_label=label)
        drawn.append(figure(said, picture, note=page.t(f"allocation.{note}")))
    return el("div", drawn, class_="grid")


def rules(page: Page) -> list[Safe]:
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
        return join(use_told(page, name, value), el("small", said, class_="interval") if said else None)

    cells = []
    for k, row in enumerate(rows):
        line: list[Any] = [page.say(row.get("policy")), worth(row.get("profit_expected") or row.get("profit"))]
        line += [worth(row.get("profit_realised"))] if realised else []
        line += [worth(row.get("behind")) if k else "–", fmt.percent(row.get("treated"))]
        cells.append(line + [use(row.get("uses"), name) for name in used])
    note = page.say(page.at("decision", "values_note"))
    told = [el("p", note, class_="missing")] if note else []
    return [*told, _pictures(page, rows), table(page.t("allocation.rules"), heads, cells, kind="quiet rules")]
