"""Execution's figures as ``run.json`` holds them, and what to make of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tael.runs.markets import verdict
from tael.runs.markets.intraday_data import BookData, targets_of
from tael.runs.markets.plan import MarketPlan
from tael.runs.markets.stretches import Stretches

if TYPE_CHECKING:
    from tael.markets.intraday import Execution, ExecutionRule

Floats = NDArray[np.float64]
RANDOM = 5
LATENCIES = (1, 2, 5)
ITEMS = ("paper", "missed", "spread", "adverse", "fees", "net")
POINTS = 400
FEW_DAYS = 20
TOO_GOOD = 0.5
"""Rank IC over time: imbalances of a book foretell the next seconds with .1 to .4."""


def dealt(plan: MarketPlan, data: BookData, scores: Floats, parts: Stretches, rule: ExecutionRule) -> Execution:
    """Deal the scores of the test on its books."""
    from tael.markets.intraday import execute

    target = targets_of(plan, data, scores, slice(parts.validation, parts.test - parts.purged))
    return execute(target[parts.test :], data.panel.window(parts.test), rule)


def execution_section(
    plan: MarketPlan, data: BookData, done: Execution, scores: Floats, parts: Stretches
) -> dict[str, Any]:
    """The part of ``run.json`` on execution."""
    days = np.unique(done.book.times.astype("datetime64[D]"))
    capital = plan.execution.size * len(data.panel.entities)
    rule = done.rule
    moved = (_shifted(plan, scores, parts, k) for k in range(RANDOM))
    random = [_figures(dealt(plan, data, one, parts, rule), capital, len(days)) for one in moved]
    other = "limit" if rule.order == "market" else "market"
    variants = [("as_stated", done)] + [
        (f"latency {rows}", done.again(latency=rows)) for rows in LATENCIES if rows != rule.latency
    ]
    variants += [
        (other, done.again(order=other)),
        ("fees doubled", done.again(buy_fee=2 * rule.buy_fee, sell_fee=2 * rule.sell_fee)),
    ]
    parts_of = {name: np.cumsum(values) for name, values in done.parts.items()}
    at = np.unique(np.linspace(0, len(done.book) - 1, min(POINTS, len(done.book))).astype(int))
    return {
        "order": rule.order, "latency": rule.latency, "patience": rule.patience, "size": plan.execution.size,
        "t_plus_1": rule.t_plus_1, "buy_fee": rule.buy_fee, "sell_fee": rule.sell_fee, "days": len(days),
        "capital": capital, "figures": _figures(done, capital, len(days)),
        "random": {name: float(np.mean([one[name] for one in random])) for name in random[0]},
        "random_best": float(max(one["net_bp"] for one in random)),
        "attribution": _attribution(done),
        "variants": [{"name": name, **_figures(one, capital, len(days))} for name, one in variants],
        "curve": {
            "dates": [str(time).replace("T", " ") for time in done.book.times.astype("datetime64[m]")[at]],
            "paper": (parts_of["paper"][at] / capital).tolist(), "net": (parts_of["net"][at] / capital).tolist(),
        },
    }  # fmt: skip


def _attribution(done: Execution) -> list[dict[str, Any]]:
    """What the scores gained and what took it away: costs below 0, so that the items add up to the last."""
    told = []
    for item in ITEMS:
        amount = getattr(done.costs, item) * (-1.0 if item in ("spread", "adverse", "fees") else 1.0) + 0.0  # no -0
        told.append({"item": item, "amount": amount, "bp": _bp(amount, done.turnover)})
    return told


def _bp(amount: float, turnover: float) -> float:
    return amount / turnover * 1e4 if turnover > 0 else 0.0


def _figures(done: Execution, capital: float, days: int) -> dict[str, float]:
    costs, turnover = done.costs, done.turnover
    kinds = done.trades["kind"]
    return {
        "net": costs.net, "net_bp": _bp(costs.net, turnover), "paper_bp": _bp(costs.paper, turnover),
        "cost_bp": _bp(costs.spread + costs.adverse + costs.fees, turnover), "net_day": costs.net / capital / days,
        "turnover_day": turnover / capital / days, "trades": float(len(kinds)),
        "waited": float(np.mean(kinds.to_numpy() == "limit")) if len(kinds) else 0.0,
        "holding_seconds": float(np.nan_to_num(done.holding_seconds)),
    }  # fmt: skip


def _shifted(plan: MarketPlan, scores: Floats, parts: Stretches, k: int) -> Floats:
    """Each entity's scores of the test moved along it, round its end: as steady as they are, knowing nothing."""
    rng, moved = np.random.default_rng([plan.seed, k]), scores.copy()
    share = float(rng.uniform(0.25, 0.75))
    for n in range(scores.shape[1]):
        at = parts.test + np.flatnonzero(np.isfinite(scores[parts.test :, n]))
        moved[at, n] = np.roll(scores[at, n], int(share * len(at)))
    return moved


def findings(content: dict[str, Any]) -> list[dict[str, Any]]:
    """All findings of a run within the day, the gravest first."""
    made = [one for one in verdict.findings(content) if one["code"] != "TAEL-M00"]
    foretold = content["ic"].get("out_of_time", {}).get("rank_ic", {}).get("value")
    if foretold is not None and foretold > TOO_GOOD:
        made.append(
            verdict.finding(
                "M02", "warning",
                verdict.both(
                    f"A rank IC over time of {foretold:.3f} is more than order books have been seen to give "
                    "(.1 to .4).",
                    f"时序秩 IC 达 {foretold:.3f}，高于盘口模型的常见水平（0.1 至 0.4）。",
                ),
                verdict.both("Hunt the leak before you believe it.", "先查泄漏，再采信。"),
            )
        )  # fmt: skip
    figures = content["execution"]["figures"]
    gained, paid = f"{figures['paper_bp']:.2f}", f"{figures['cost_bp']:.2f}"
    if figures["trades"] and figures["net"] <= 0:
        made.append(
            verdict.finding(
                "M10", "warning",
                verdict.both(
                    f"After spread and fees nothing is left: {gained} bp gained on paper for each unit dealt, "
                    f"{paid} bp paid.",
                    f"扣除价差与费用后没有盈余：每单位成交纸面收益 {gained} 基点，成本 {paid} 基点。",
                ),
                verdict.both("What foretells is not what pays: use it to time orders that are to be dealt anyway.",
                             "有预测力不等于能盈利：可用于为必须成交的委托择时。"),
            )
        )  # fmt: skip
    elif figures["trades"] and figures["net_bp"] <= content["execution"]["random_best"]:
        made.append(
            verdict.finding(
                "M11", "warning",
                verdict.both("The gain is no more than that of the same scores moved to other times.",
                             "收益不高于将同一评分平移到其他时刻所得。"),
                verdict.both("It may be the market's own drift.", "可能只是行情自身的漂移。"),
            )
        )  # fmt: skip
    if content["execution"]["days"] < FEW_DAYS:
        made.append(
            verdict.finding(
                "M12", "note",
                verdict.both(f"The test has {content['execution']['days']} day(s).",
                             f"跨期区间仅 {content['execution']['days']} 天。"),
                verdict.both("Days differ more than hours of a day do: bring more of them.",
                             "日间差异大于日内差异，请增加天数。"),
            )
        )  # fmt: skip
    order = ("error", "warning", "note", "ok")
    made.sort(key=lambda one: order.index(one["severity"]))
    return made or verdict.findings(content)


def message(content: dict[str, Any]) -> dict[str, str]:
    """One sentence: what came of it, out of time and after costs."""
    value = content["ic"].get("out_of_time", {}).get("rank_ic", {}).get("value")
    figures = content["execution"]["figures"]
    en = [] if value is None else [f"Out of time the scores have a rank IC over time of {value:.3f}"]
    zh = [] if value is None else [f"跨期时序秩 IC 为 {value:.3f}"]
    if figures["trades"]:
        en.append(
            f"for each unit dealt {figures['paper_bp']:.2f} bp were gained on paper and {figures['net_bp']:.2f} bp "
            "after latency, spread and fees"
        )
        zh.append(
            f"每单位成交纸面收益 {figures['paper_bp']:.2f} 基点，扣除延迟、价差与费用后 {figures['net_bp']:.2f} 基点"
        )
    else:
        en.append("nothing was dealt")
        zh.append("没有成交")
    return verdict.both("; ".join(en) + ".", "；".join(zh) + "。")


def limits(content: dict[str, Any]) -> list[dict[str, str]]:
    """What this run does not know."""
    made = [
        verdict.both("Own orders move nothing here: neither the book nor those who watch it answer them.",
                     "此处自身委托不影响盘口，也不引发他人反应。"),
        verdict.both("The place in the queue is assumed: behind all that is displayed, and nobody before it withdraws.",
                     "排队位置为假设：排在全部挂单之后，且之前的挂单不会无故撤离。"),
    ]  # fmt: skip
    if content["execution"]["t_plus_1"]:
        made.append(
            verdict.both("T+1: what is traded within the day is a part of a position held anyway, whose own gains and "
                         "risks are not counted.",
                         "T+1：日内交易围绕既有底仓进行，底仓自身盈亏与风险未计入。")
        )  # fmt: skip
    if content.get("simulated"):
        made.insert(0, verdict.both("The data are simulated.", "数据为模拟生成。"))
    return made


def next_steps(content: dict[str, Any]) -> list[dict[str, str]]:
    """What to do next."""
    grave = [one for one in content["verdict"]["findings"] if one["severity"] in ("error", "warning")]
    return [one["advice"] for one in grave[:3]] or [
        verdict.both(
            "Measure latency and place in the queue with a broker before money.", "投入资金前，先实测延迟与排队位置。"
        )
    ]
