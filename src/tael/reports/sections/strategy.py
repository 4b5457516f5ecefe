"""The cut-off: what each would approve, lose and earn; the reader moves it and reads the figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import Chart, extent, thin
from tael.reports.context import Page, Section, figure, policy_part, table
from tael.reports.cutoff import RATES, Strategy, refers, strategy_of
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join, script_json

POINTS = 200


def _columns(strategy: Strategy) -> tuple[dict[str, list[Any]], int]:
    """The curve thinned for the page, and where the chosen cut-off stands in it: that one stays in."""
    keep = sorted({*thin(len(strategy.columns["threshold"]), POINTS), strategy.start})
    return {name: [c[k] for k in keep] for name, c in strategy.columns.items()}, keep.index(strategy.start)


def _charts(page: Page, columns: Mapping[str, list[Any]], start: int) -> tuple[list[Chart], list[Safe]]:
    fmt, xs = page.fmt, columns["approval"]
    share = lambda v: fmt.percent(v, 0)  # noqa: E731
    divisor, unit = fmt.scale([*columns["profit"], *columns["profit_low"], *columns["profit_high"]])
    money = Chart(
        (0, 1),
        extent(columns["profit"], columns["profit_low"], columns["profit_high"], zero=True),
        x_format=share,
        y_format=lambda v: fmt.short(v / divisor),
        x_label=page.t("strategy.approval"),
        y_label=page.t("strategy.profit_in", unit=unit) if unit else page.t("strategy.profit"),
    )
    money.band(xs, columns["profit_low"], columns["profit_high"], "s1")
    money.line([0, 1], [0, 0], "axis")
    money.line(xs, columns["profit"], "s1")
    rates = Chart(
        (0, 1),
        (0, _top(columns)),
        x_format=share,
        y_format=share,
        x_label=page.t("strategy.approval"),
        y_label=page.t("strategy.rate"),
    )
    rates.band(xs, columns["bad_rate_low"], columns["bad_rate_high"], "s1")
    for name, kind in (("marginal_bad_rate", "s2"), ("observed_bad_rate", "s3"), ("bad_rate", "s1")):
        rates.line(xs, [None if v is None or v > _top(columns) else v for v in map(finite, columns[name])], kind)
    limit = finite(page.at("decision", "limits", "max_bad_rate"))
    if limit is not None and limit < _top(columns):
        rates.level(limit, page.t("strategy.limit_line", limit=fmt.percent(limit)))
    if page.at("decision", "cutoff") is not None:
        for chart in (money, rates):
            chart.mark(xs[start], page.t("strategy.chosen"))
    money.follow([("profit", "s1")])
    rates.follow([("bad_rate", "s1"), ("marginal_bad_rate", "s2")])
    legend = [("s1", page.t("strategy.expected")), ("s3", page.t("strategy.observed")), ("s2", page.t("strategy.last"))]
    legend = [
        (kind, name)
        for (kind, name), key in zip(legend, RATES, strict=True)
        if any(v is not None for v in columns[key])
    ]
    pictures = [
        figure(
            page.t("strategy.profit_curve"),
            money.svg(page.t("strategy.profit_curve")),
            note=page.t("strategy.profit_read"),
        ),
        figure(
            page.t("strategy.rate_curve"),
            rates.svg(page.t("strategy.rate_curve")),
            legend,
            page.t("strategy.rate_read"),
        ),
    ]
    return [money, rates], pictures


def _top(columns: Mapping[str, list[Any]]) -> float:
    """Top of the rate axis: room for the cumulative rates; the marginal rate of the last few may leave the picture."""
    _, top = extent(columns["bad_rate"], columns["bad_rate_high"], columns["observed_bad_rate"], zero=True)
    _, marginal = extent(columns["marginal_bad_rate"], zero=True)
    return min(max(marginal, top), 2.5 * top)


def _slider(page: Page, strategy: Strategy) -> Safe:
    fmt, (columns, start) = page.fmt, _columns(strategy)
    (money, rates), pictures = _charts(page, columns, start)
    every = range(len(columns["threshold"]))
    cells = {
        "threshold": [fmt.percent(v) for v in columns["threshold"]],
        "approval": [fmt.percent(v) for v in columns["approval"]],
        **{name: [fmt.percent(v) for v in columns[name]] for name in RATES},
        "bad_rate_interval": [
            fmt.interval(columns["bad_rate_low"][k], columns["bad_rate_high"][k], fmt.percent) for k in every
        ],
        "profit": [fmt.money(v) for v in columns["profit"]],
        "realised": [fmt.money(v) for v in columns["realised"]],
        "profit_interval": [fmt.money_interval(columns["profit_low"][k], columns["profit_high"][k]) for k in every],
    }
    top = _top(columns)
    dots = {
        "profit": [money.py(v) for v in columns["profit"]],
        **{n: [rates.py(v) if v is not None and v <= top else None for v in map(finite, columns[n])] for n in RATES},
    }
    data = {"start": start, "cells": cells, "x": [money.px(v) for v in columns["approval"]], "dots": dots}

    def cell(name: str, below: str | None = None) -> Safe:
        small = el("small", cells[below][start], data_cell=below) if below else None
        return el(
            "div",
            el("dt", page.t(f"strategy.{name}")),
            el("dd", el("span", cells[name][start], data_cell=name), small),
            class_="tile long" if name in ("profit", "realised") else "tile",
        )

    control = el(
        "div",
        el(
            "label",
            page.t("strategy.slider"),
            " ",
            el("output", cells["threshold"][start], data_cell="threshold", for_="cutoff"),
            for_="cutoff",
        ),
        el(
            "input",
            type="range",
            id="cutoff",
            min=0,
            max=len(every) - 1,
            step=1,
            value=start,
            aria_valuetext=cells["threshold"][start],
        ),
        el(
            "p",
            el("span", page.t("strategy.stricter")),
            el("button", page.t("strategy.back"), type="button", id="cutoff-back"),
            el("span", page.t("strategy.looser")),
            class_="ends",
        ),
        class_="control",
    )
    figures = el(
        "dl",
        cell("approval"),
        cell("bad_rate", "bad_rate_interval"),
        cell("observed_bad_rate"),
        cell("marginal_bad_rate"),
        cell("profit", "profit_interval"),
        cell("realised") if any(v is not None for v in columns["realised"]) else None,
        class_="tiles",
    )
    part = policy_part(page)
    return el(
        "div",
        control,
        figures,
        el("p", page.t("summary.counted_on", part=part), class_="note") if part else None,
        el("p", page.t("strategy.no_refer"), class_="note") if refers(page) else None,
        el("div", pictures, class_="grid"),
        el("script", script_json(data), type="application/json", id="strategy-data"),
        class_="strategy",
    )


def _policies(page: Page) -> Safe:
    """What was expected and what came of it, side by side: two different figures never share a name."""
    rows, fmt = page.rows("decision", "values"), page.fmt
    if not rows:
        return page.missing("missing.values")
    realised = page.at("decision", "values_basis") == "realised"
    columns: list[tuple[str, str, bool]] = [
        ("profit", "profit_expected", True),
        ("realised", "profit_realised", True),
        ("approval", "approval", False),
        ("bad_rate", "bad_rate_expected", False),
        ("observed_bad_rate" if realised else "policy_bad_rate", "bad_rate", False),
    ]
    if not any(r.get("profit_expected") is not None or r.get("profit_realised") is not None for r in rows):
        columns = [("realised" if realised else "profit", "profit", True), *columns[2:]]
    columns = [c for c in columns if any(r.get(c[1]) is not None for r in rows)]
    # Without a band, "the referred granted too" is the same policy over again.
    if len(rows) > 1 and refers(page) is None and all(rows[0].get(key) == rows[1].get(key) for _, key, _ in columns):
        rows = [rows[0], *rows[2:]]

    def cell(value: Any, money: bool) -> Any:
        if not money:
            return fmt.percent(value)
        return page.with_interval(
            value if isinstance(value, Mapping) else {"value": value}, fmt.money, fmt.money_interval
        )

    heads = [page.t("strategy.policy"), *(page.t(f"strategy.{head}") for head, _, _ in columns)]
    cells = [[page.say(r.get("policy")), *(cell(r.get(key), money) for _, key, money in columns)] for r in rows]
    return table(page.t("strategy.policies"), heads, cells, kind="quiet")


def _swap_set(page: Page) -> Safe:
    swap, fmt = page.at("decision", "swap_set"), page.fmt
    if not isinstance(swap, Mapping):
        return page.missing("missing.swap_set")

    def cell(name: str) -> Safe:
        part = swap.get(name) or {}
        rate = fmt.percent(part.get("bad_rate"))
        return join(
            el("strong", page.t(f"swap.{name}")),
            el("span", page.t("swap.people", n=fmt.integer(part.get("n")), rate=rate), class_="interval"),
        )

    heads = [page.t("swap.corner"), page.t("swap.model_approves"), page.t("swap.model_declines")]
    rows = [
        [page.t("swap.rule_approves"), cell("both_approve"), cell("swap_out")],
        [page.t("swap.rule_declines"), cell("swap_in"), cell("both_decline")],
    ]
    return join(
        el("p", page.t("swap.read"), class_="note"),
        table(page.t("swap.title"), heads, rows, text=(0, 1, 2), kind="swap quiet"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    if not page.at("decision"):
        return page.missing("missing.decision")
    fmt, parts = page.fmt, []
    cutoff, band = page.at("decision", "cutoff"), refers(page)
    if cutoff is None:
        parts.append(page.missing("missing.nobody"))
    else:
        rule = page.t("strategy.rule_band" if band else "strategy.rule", cutoff=fmt.percent(cutoff))
        parts.append(el("p", rule, class_="lead"))
    if binding := page.say(page.at("decision", "binding")):
        parts.append(el("p", binding))
    if band is not None:
        parts.append(el("p", page.t("strategy.refer", low=fmt.percent(band[0]), high=fmt.percent(band[1]))))
    else:
        parts.append(page.missing("missing.refer"))
    if said := _limits(page):
        between, after = ("; ", " ") if page.lang == "en" else ("；", "")
        parts.append(el("p", page.t("strategy.limits"), after, between.join(said)))
    strategy = strategy_of(page)
    parts.append(_slider(page, strategy) if strategy else page.missing("missing.curve"))
    parts += [el("h3", page.t("strategy.policies")), _policies(page), el("h3", page.t("swap.title")), _swap_set(page)]
    return join(parts)


def _limits(page: Page) -> list[str]:
    """Each limit that was set, in words; a cap for each group is named with its group."""
    limits, said, colon = page.at("decision", "limits"), [], ": " if page.lang == "en" else " "
    for name, value in (limits if isinstance(limits, Mapping) else {}).items():
        if isinstance(value, Mapping):
            each = [f"{group} {_bound(page, cap, share=(finite(cap) or 0.0) <= 1)}" for group, cap in value.items()]
            if each:
                said.append(f"{page.name('limit', name)}{colon}{', '.join(each)}")
        elif value is not None:
            said.append(
                f"{page.name('limit', name)}{colon}{_bound(page, value, share='rate' in name or 'approval' in name)}"
            )
    return said


def _bound(page: Page, value: Any, *, share: bool) -> str:
    return page.fmt.percent(value) if share else page.fmt.value(value)


def applies(page: Page) -> bool:
    """Where the decision is to approve or decline; a run without any decision says so here."""
    return page.approval


SECTION = Section("strategy", "section.strategy", render, applies)
