"""How far to trust a backtest: luck after so many trials, higher costs, more money, known premia."""

from __future__ import annotations

from tael.reports.context import Page, Section, table
from tael.reports.html import Safe, el, join


def _luck(page: Page) -> list[Safe]:
    fmt, told = page.fmt, []
    deflated, overfit = page.at("trust", "deflated_sharpe"), page.at("trust", "pbo")
    if deflated:
        values = {"trials": fmt.integer(deflated.get("trials")), "value": fmt.percent(deflated.get("value"))}
        told.append(el("p", page.t("trust.deflated", **values)))
    if overfit:
        values = {"n": fmt.integer(overfit.get("variants")), "value": fmt.percent(overfit.get("value"))}
        told.append(el("p", page.t("trust.pbo", **values)))
    return told


def _stress(page: Page) -> Safe | None:
    fmt, cells = page.fmt, []
    for row in page.rows("trust", "stress"):
        times = row.get("times")
        name = page.t("trust.as_stated") if times == 1 else page.t("trust.n_times", n=fmt.short(times))
        cells.append([name, fmt.percent(row.get("annual_return")), fmt.number(row.get("sharpe"), 2)])
    heads = [page.t("trust.times"), page.t("backtest.annual_return"), page.t("backtest.sharpe")]
    return table(page.t("trust.stress"), heads, cells, kind="narrow") if cells else None


def _capacity(page: Page) -> Safe | None:
    fmt = page.fmt
    cells = [
        [
            fmt.money(row.get("cash")),
            fmt.percent(row.get("annual_return")),
            fmt.number(row.get("sharpe"), 2),
            fmt.percent(row.get("invested"), 0),
            fmt.percent(row.get("filled"), 0),
        ]
        for row in page.rows("trust", "capacity")
    ]
    heads = [page.t("trust.cash"), page.t("backtest.annual_return"), page.t("backtest.sharpe")]
    heads += [page.t("trust.invested"), page.t("trust.filled")]
    return table(page.t("trust.capacity"), heads, cells, kind="narrow") if cells else None


def _premia(page: Page) -> Safe | None:
    fmt, found = page.fmt, page.at("trust", "regression")
    if not found:
        return None
    cells = [
        [page.name("premium", row.get("factor")), fmt.number(row.get("beta"), 3), fmt.number(row.get("t"), 2)]
        for row in page.rows("trust", "regression", "factors")
    ]
    cells.append([page.t("trust.alpha"), fmt.percent(found.get("alpha")), fmt.number(found.get("alpha_t"), 2)])
    heads = [page.t(f"trust.{key}") for key in ("factor", "beta", "t")]
    return join(
        el("h3", page.t("trust.regression")),
        el("p", page.t("trust.regression_read")),
        table(page.t("trust.regression"), heads, cells, kind="narrow quiet"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.at("trust"):
        return page.missing("missing.trust")
    beside = [el("div", one) for one in (_stress(page), _capacity(page)) if one is not None]
    return join(
        el("p", page.t("trust.read")),
        _luck(page),
        el("div", beside, class_="grid") if beside else None,
        _premia(page),
    )


def applies(page: Page) -> bool:
    """Where the run is of a market."""
    return page.panel


SECTION = Section("trust", "section.trust", render, applies)
