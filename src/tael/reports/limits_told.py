"""Limits of a decision among options in words: what they are called, in which unit, what one more of it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page
from tael.reports.formats import NONE, finite

Row = Mapping[str, Any]


def option_title(page: Page, name: Any) -> str:
    """An option as it is called; its name where the run has no title for it."""
    if not name:
        return NONE
    for row in page.rows("decision", "options"):
        if row.get("option") == name:
            return page.say(row.get("title")) or str(name)
    return page.name("decision", name)


def resource_title(page: Page, name: Any) -> str:
    """What is used up: ``cost`` has a word, other resources are called as the plan calls them."""
    return page.t("allocation.resource_cost") if name == "cost" else str(name or NONE)


def limits(page: Page) -> list[Row]:
    """The limits that were set; what is only counted, without a bound, is none."""
    rows = page.rows("decision", "limits")
    return [row for row in rows if finite(row.get("lower")) is not None or finite(row.get("upper")) is not None]


def limit_title(page: Page, row: Row) -> str:
    """A budget, the places for an option, or a rule for a group, with its name."""
    kind, name = str(row.get("kind")), row.get("constraint")
    if kind == "budget":
        return page.t("allocation.budget", name=resource_title(page, name))
    if kind == "capacity":
        return page.t("allocation.capacity", name=option_title(page, name))
    return page.t("allocation.group", name=name or NONE)


def limit_unit(page: Page, row: Row) -> str:
    """The unit of a limit, as the run names it: money where nothing else is said of the cost."""
    unit = str(row.get("unit") or "unit")
    return page.fmt.currency if unit == "unit" and row.get("constraint") == "cost" and page.fmt.currency else unit


def unit_told(page: Page, row: Row) -> str:
    """The unit of what is no money, share or head; empty for these."""
    unit = limit_unit(page, row)
    return "" if unit in ("unit", "customer", "point", page.fmt.currency) else page.unit(unit)


def amount(page: Page, row: Row, value: Any) -> str:
    """A number in the unit of a limit; what is neither money nor a share is a plain number."""
    unit = limit_unit(page, row)
    if finite(value) is None:
        return NONE
    if unit == "point":
        return page.fmt.percent(value)
    if unit == page.fmt.currency:
        return page.fmt.money(value)
    return page.fmt.value(value)


def price(page: Page, row: Row) -> str:
    """What one more unit is worth, in words."""
    value = finite(row.get("shadow_price"))
    if not value:
        return page.t("allocation.price_none")
    unit = page.unit(limit_unit(page, row))
    key = "allocation.price_more" if value > 0 else "allocation.price_less"
    return page.t(key, unit=unit, price=page.fmt.price(abs(value)))


def binding(page: Page) -> str:
    """A sentence on the limits that bind, or one that says that none does; empty where no limit was set."""
    rows = limits(page)
    if not rows:
        return ""
    colon, between = (": ", "; ") if page.lang == "en" else ("，", "；")
    said = [f"{limit_title(page, row)}{colon}{price(page, row)}" for row in rows if finite(row.get("shadow_price"))]
    return page.t("allocation.binds", limits=between.join(said)) if said else page.t("allocation.free")
