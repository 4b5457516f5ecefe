"""From scores to orders on the book: what was gained, what it cost, and by which assumptions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, curve, figure, table
from tael.reports.html import Safe, el, join
from tael.reports.sections.intraday_summary import applies
from tael.reports.sections.market_scores import years

FIGURES = (
    "paper_bp", "cost_bp", "net_bp", "net_day", "turnover_day", "trades", "waited", "holding_seconds",
)  # fmt: skip
BASIS = ("paper_bp", "cost_bp", "net_bp")
VARIANT = ("net_bp", "paper_bp", "cost_bp", "trades", "waited", "holding_seconds")


def _write(page: Page, name: str) -> Callable[[Any], str]:
    fmt = page.fmt
    if name in BASIS:
        return lambda v: page.t("intraday.bp", n=fmt.number(v, 2))
    if name in ("net_day", "waited"):
        return lambda v: fmt.percent(v, 2)
    if name == "turnover_day":
        return lambda v: fmt.number(v, 1)
    if name == "holding_seconds":
        return lambda v: page.t("intraday.seconds", n=fmt.integer(v))
    return fmt.integer


def _figures(page: Page) -> Safe:
    rows = [
        [
            page.t(f"intraday.{name}"),
            *(_write(page, name)(page.at("execution", key, name)) for key in ("figures", "random")),
        ]
        for name in FIGURES
    ]
    heads = [page.t("backtest.measure"), page.t("intraday.scores"), page.t("intraday.random")]
    return table(page.t("intraday.figures"), heads, rows, kind="metrics")


def _money(page: Page) -> Safe:
    rows = [
        [
            page.t(f"item.{row.get('item')}"),
            page.fmt.money(row.get("amount")),
            _write(page, "net_bp")(row.get("bp")),
        ]
        for row in page.rows("execution", "attribution")
    ]
    heads = [page.t("backtest.item"), page.t("backtest.amount"), page.t("intraday.of_dealt")]
    return table(page.t("backtest.costs"), heads, rows, kind="narrow")


def _variants(page: Page) -> Safe:
    rows = []
    for row in page.rows("execution", "variants"):
        kind, _, number = str(row.get("name")).partition(" ")
        name = page.t("intraday.latency_n", n=number) if kind == "latency" else page.name("variant", row.get("name"))
        rows.append([name, *(_write(page, figure_)(row.get(figure_)) for figure_ in VARIANT)])
    heads = [page.t("intraday.variant"), *(page.t(f"intraday.{name}") for name in VARIANT)]
    return table(page.t("intraday.variants"), heads, rows)


def _curve(page: Page) -> Safe | None:
    columns = curve(page.at("execution", "curve"), "dates", "paper", "net")
    if columns is None:
        return None
    dates, paper, net = columns
    keep = thin(len(dates))
    write = lambda v: page.fmt.percent(v, 2)  # noqa: E731
    chart = Chart(
        (0, max(len(dates) - 1, 1)), extent(paper, net, zero=True), x_ticks=years(dates), y_format=write,
    )  # fmt: skip
    chart.level(0.0)
    at = [float(k) for k in keep]
    chart.line(at, [paper[k] for k in keep], "s2")
    chart.line(at, [net[k] for k in keep], "s1")
    chart.hover(at, [f"{dates[k]}\n{write(paper[k])}\n{write(net[k])}" for k in keep])
    title = page.t("intraday.curve")
    legend = [("s2", page.t("item.paper")), ("s1", page.t("item.net"))]
    return figure(title, chart.svg(title), legend, page.t("intraday.curve_read"))


def render(page: Page) -> Safe:
    """Draw the section."""
    fmt, done = page.fmt, page.at("execution")
    values = {name: fmt.integer(done.get(name)) for name in ("latency", "patience", "days")}
    values |= {side: fmt.percent(done.get(f"{side}_fee"), 3) for side in ("buy", "sell")}
    said = page.t(f"order.{done.get('order')}", size=fmt.money(done.get("size")), **values)
    picture = _curve(page)
    return join(
        el("p", said),
        el("p", page.t("intraday.t_plus_1")) if done.get("t_plus_1") else None,
        el("div", *(el("div", one) for one in (picture, _money(page)) if one is not None), class_="grid"),
        _figures(page),
        _variants(page),
        el("p", page.t("intraday.variants_read"), class_="note"),
    )


SECTION = Section("execution", "section.execution", render, applies)
