"""What the positions would have earned by the exchange's rules, and where the money went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, curve, figure, table
from tael.reports.html import Safe, el, join
from tael.reports.sections.market_scores import years

PERCENT = ("annual_return", "volatility", "max_drawdown", "excess", "tracking_error", "hit_rate", "cost_drag")
NUMBER = ("sharpe", "sortino", "calmar", "information_ratio", "beta", "turnover")
ORDER = (
    "annual_return", "excess", "volatility", "sharpe", "information_ratio", "sortino", "calmar", "max_drawdown",
    "tracking_error", "beta", "hit_rate", "turnover", "cost_drag",
)  # fmt: skip


def _write(page: Page, name: str) -> Callable[[Any], str]:
    if name in PERCENT:
        return page.fmt.percent
    return lambda value: page.fmt.number(value, 2)


def _lines(
    page: Page, title: str, names: list[tuple[str, str, str]], write: Callable[[Any], str], note: str = ""
) -> Safe | None:
    found = [(key, kind, text) for key, kind, text in names if curve(page.at("backtest", "curve"), "dates", key)]
    if not found:
        return None
    columns = curve(page.at("backtest", "curve"), "dates", *(key for key, _, _ in found))
    assert columns is not None
    dates, lines = columns[0], columns[1:]
    keep = thin(len(dates))
    chart = Chart(
        (0, max(len(dates) - 1, 1)), extent(*lines, zero=write is page.fmt.percent), x_ticks=years(dates),
        y_format=write,
    )  # fmt: skip
    at = [float(k) for k in keep]
    for (_, kind, _), values in zip(found, lines, strict=True):
        chart.line(at, [values[k] for k in keep], kind)
    chart.hover(
        at,
        [
            "\n".join([str(dates[k]), *(f"{t} {write(v[k])}" for (_, _, t), v in zip(found, lines, strict=True))])
            for k in keep
        ],
    )
    return figure(title, chart.svg(title), [(kind, text) for _, kind, text in found], note)


def _pictures(page: Page) -> list[Safe]:
    t = page.t
    made = [
        _lines(
            page, t("backtest.equity"),
            [("equity", "s1", t("backtest.strategy")), ("benchmark", "s2", t("backtest.benchmark"))],
            lambda v: page.fmt.number(v, 2), t("backtest.equity_read"),
        ),
        _lines(page, t("backtest.drawdown"), [("drawdown", "s1", t("backtest.strategy"))], page.fmt.percent),
        _lines(
            page, t("backtest.exposure"),
            [("gross", "s1", t("backtest.gross")), ("net", "s2", t("backtest.net"))], page.fmt.percent,
        ),
    ]  # fmt: skip
    return [el("div", one) for one in made if one is not None]


def _figures(page: Page) -> Safe:
    columns = [("metrics", "backtest.strategy"), ("benchmark_metrics", "backtest.benchmark")]
    columns += [("random", "backtest.random")] if page.at("backtest", "random") else []
    names = [name for name in ORDER if any(page.at("backtest", key, name) for key, _ in columns)]
    rows = [
        [
            page.t(f"backtest.{name}"),
            *(page.with_interval(page.at("backtest", key, name), _write(page, name)) for key, _ in columns),
        ]
        for name in names
    ]
    heads = [page.t("backtest.measure"), *(page.t(title) for _, title in columns)]
    return table(page.t("backtest.table"), heads, rows, kind="metrics")


def _money(page: Page) -> Safe | None:
    rows = [
        [page.name("cost", row.get("item")), page.fmt.money(row.get("amount")), page.fmt.percent(row.get("share"), 2)]
        for row in page.rows("backtest", "attribution")
    ]
    heads = [page.t(f"backtest.{key}") for key in ("item", "amount", "share")]
    return table(page.t("backtest.costs"), heads, rows, kind="narrow") if rows else None


def _unfilled(page: Page) -> Safe:
    rows = [
        [page.name("reason", row.get("reason")), page.fmt.integer(row.get("orders"))]
        for row in page.rows("backtest", "unfilled")
    ]
    if not rows:
        return el("p", page.t("backtest.unfilled_none"))
    heads = [page.t(f"backtest.{key}") for key in ("reason", "orders")]
    return table(page.t("backtest.unfilled"), heads, rows, kind="narrow")


def _method(page: Page) -> Safe:
    portfolio, fmt = page.at("portfolio") or {}, page.fmt
    between = ", " if page.lang == "en" else "，"
    settings = between.join(f"{key} = {value}" for key, value in (portfolio.get("settings") or {}).items()) or "–"
    told = page.t(
        "backtest.method", method=portfolio.get("method"), every=fmt.integer(portfolio.get("every")), settings=settings
    )
    failed = portfolio.get("infeasible") or 0
    short = None
    if failed:
        short = el(
            "p",
            page.t(
                "backtest.infeasible", n=fmt.integer(failed), all=fmt.integer(portfolio.get("decided")),
                what=page.say(portfolio.get("conflict")),
            ),
        )  # fmt: skip
    return join(el("p", told), short)


def render(page: Page) -> Safe:
    """Draw the section."""
    test = page.at("backtest")
    if not test:
        return page.missing("missing.backtest")
    said = page.t(
        "backtest.read", fill=page.name("fill", test.get("fill")), exchange=page.at("market", "exchange"),
        cash=page.fmt.money(test.get("cash")), first=test.get("first"), last=test.get("last"),
    )  # fmt: skip
    pictures = _pictures(page)
    return join(
        el("p", said),
        _method(page),
        el("div", pictures, class_="grid") if pictures else None,
        _figures(page),
        el("div", el("div", _money(page)), el("div", _unfilled(page)), class_="grid"),
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("backtest", "section.backtest", render, applies)
