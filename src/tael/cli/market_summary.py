"""A market's run on a terminal."""

from __future__ import annotations

from typing import Any

from tael.cli.show import say, say_table
from tael.errors import RunError
from tael.runs.result import Run
from tael.tables.schema import Language

SPLITS = {"train": ("train", "训练"), "validation": ("validation", "验证"), "out_of_time": ("out of time", "跨期")}
FIGURES = {
    "annual_return": ("return a year", "年化收益", "{:.1%}"),
    "excess": ("excess a year", "年化超额", "{:.1%}"),
    "sharpe": ("Sharpe ratio", "夏普比率", "{:.2f}"),
    "max_drawdown": ("deepest fall", "最大回撤", "{:.1%}"),
    "turnover": ("turnover a year", "年化换手", "{:.1f}"),
    "cost_drag": ("costs a year", "年化费用", "{:.1%}"),
}
WITHIN_DAY = {
    "paper_bp": ("gained on paper, bp of what is dealt", "纸面收益（占成交额，基点）", "{:.2f}"),
    "cost_bp": ("spread and fees, bp", "价差与费用（基点）", "{:.2f}"),
    "net_bp": ("left, bp", "净收益（基点）", "{:.2f}"),
    "turnover_day": ("turnover a day, full positions", "日换手（满仓倍数）", "{:.1f}"),
    "trades": ("deals", "成交笔数", "{:,.0f}"),
    "holding_seconds": ("held, seconds", "平均持有（秒）", "{:,.0f}"),
}
MARKS = {"error": "✕", "warning": "!", "note": "i", "ok": "✓"}


def market_summary(run: Run, lang: Language) -> None:
    """What the scores foretell, what the positions would have earned, what to worry about."""
    content, zh = run.content, lang == "zh"
    say("")
    if content["simulated"]:
        say("模拟数据：以下数字不代表真实市场。" if zh else "Simulated data: no figure below is about a real market.")
    say(content["message"][lang])
    say("")
    within_day = "execution" in content
    third = ("sign right", "方向正确率") if within_day else ("rank ICIR", "秩 ICIR")
    head = ["样本", "期数", "秩 IC", third[1], "IC"] if zh else ["split", "bars", "rank IC", third[0], "IC"]
    rows = [
        [
            SPLITS[part][zh], str(told["bars"]), _between(told["rank_ic"]),
            f"{told['hit_rate']['value']:.1%}" if within_day else _two(told["rank_icir"]), _between(told["ic"]),
        ]
        for part, told in content["ic"].items()
    ]  # fmt: skip
    say_table(head, rows, right=(1, 3))
    say("")
    if within_day:
        _dealt(content["execution"], zh)
    else:
        _held(content, zh)
    say("")
    for finding in content["verdict"]["findings"]:
        say(f"{MARKS[finding['severity']]} {finding['code']}  {finding['message'][lang]}")
    say("")


def _dealt(done: dict[str, Any], zh: bool) -> None:
    """What was dealt on books, beside the same scores at other times."""
    head = ["跨期", "按评分", "平移到其他时刻"] if zh else ["out of time", "by the scores", "at other times"]
    rows = [
        [title[zh], *(title[2].format(done[key][name]) for key in ("figures", "random"))]
        for name, title in WITHIN_DAY.items()
    ]
    say_table(head, rows, right=(1, 2))


def _held(content: dict[str, Any], zh: bool) -> None:
    """What positions earned, beside the benchmark and random scores."""
    columns = {
        "metrics": ("portfolio", "组合"),
        "benchmark_metrics": ("benchmark", "基准"),
        "random": ("random", "随机"),
    }
    shown = [key for key in columns if content["backtest"].get(key)]
    rows = [
        [title[zh], *(_figure(content["backtest"][key].get(name), title[2]) for key in shown)]
        for name, title in FIGURES.items()
        if any(content["backtest"][key].get(name) for key in shown)
    ]
    say_table(["扣费后" if zh else "after costs", *(columns[key][zh] for key in shown)], rows, right=(1, 2, 3))


def market_comparison(first: Run, second: Run, lang: Language) -> None:
    """Two runs side by side: what the scores foretell, what the positions earned, which factors only one has.

    Raises
    ------
    RunError
        If one of them is no run of a market.
    """
    zh = lang == "zh"
    for run in (first, second):
        if run.content.get("shape") != "panel":
            raise RunError(
                "A market's run is compared with another of a market.",
                expected="two runs of markets",
                got=str(run.path),
                fix="Compare runs of the same scenario.",
            )
    one, two = first.content, second.content
    rows = [
        [
            f"{'秩 IC' if zh else 'rank IC'} {SPLITS[part][zh]}",
            *(_between(run["ic"][part]["rank_ic"]) for run in (one, two)),
        ]
        for part in SPLITS
        if part in one["ic"] and part in two["ic"]
    ]
    if all("execution" in run for run in (one, two)):
        rows += [
            [title[zh], *(title[2].format(run["execution"]["figures"][name]) for run in (one, two))]
            for name, title in WITHIN_DAY.items()
        ]
    else:
        rows += [
            [title[zh], *(_figure(run["backtest"].get("metrics", {}).get(name), title[2]) for run in (one, two))]
            for name, title in FIGURES.items()
        ]
    say_table(["", first.path.name, second.path.name], rows, right=(1, 2))
    say("")
    formulas = [{row["formula"] for row in run["factors"]["rows"]} for run in (one, two)]
    for run, only in ((first, formulas[0] - formulas[1]), (second, formulas[1] - formulas[0])):
        for formula in sorted(only):
            say(f"{'仅' if zh else 'only in'} {run.path.name}: {formula}")


def factors_table(run: Run, lang: Language, most: int | None = None) -> None:
    """The factors: words, part in the model, rank IC in training and out of time."""
    zh = lang == "zh"
    head = ["factor in words", "part", "rank IC", "out of time", "steady"]
    if zh:
        head = ["因子（文字）", "贡献", "秩 IC", "跨期", "自相关"]
    rows = [
        [
            f"{row['words'][lang]}\n  {row['name']} = {row['formula']}",
            f"{row['gain']:.1%}",
            _mean(row["rank_ic"].get("train")),
            _mean(row["rank_ic"].get("out_of_time")),
            _two(row["autocorrelation"]),
        ]
        for row in run.content["factors"]["rows"][:most]
    ]
    say_table(head, rows, right=(1, 2, 3, 4))


def _mean(cell: dict[str, Any] | None) -> str:
    return "-" if not cell or cell["value"] is None else f"{cell['value']:+.4f}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _between(cell: dict[str, Any]) -> str:
    if cell["value"] is None:
        return "-"
    if cell["low"] is None:
        return f"{cell['value']:.4f}"
    return f"{cell['value']:.4f} [{cell['low']:.4f}, {cell['high']:.4f}]"


def _figure(cell: dict[str, Any] | None, form: str) -> str:
    return "-" if not cell or cell["value"] is None else form.format(cell["value"])
