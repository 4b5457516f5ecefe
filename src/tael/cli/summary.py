"""A run and a list of features on a terminal."""

from __future__ import annotations

from typing import Any

from tael.cli.market_summary import factors_table, market_summary
from tael.cli.show import say, say_table
from tael.runs.result import Run
from tael.tables.schema import Language

SHOWN = ("roc_auc", "ks", "log_loss")
"""What fits a terminal of 80 columns; the report holds all."""
MANY = 8
"""Options that are all shown; of more only those that somebody gets."""


def summary(run: Run, lang: Language) -> None:
    """What was decided, how good, how sure, what to worry about."""
    if run.content.get("shape") == "panel":
        market_summary(run, lang)
        return
    content, zh = run.content, lang == "zh"
    options = content["decision"].get("kind") in ("options", "alerts", "gangs")
    say("")
    if content["simulated"]:
        whom = ("customers", "客户") if options else ("applicants", "申请人")
        say(
            f"模拟数据：以下数字不代表真实{whom[1]}。"
            if zh
            else f"Simulated data: no figure below is about real {whom[0]}."
        )
    say(content["decision"]["message"][lang])
    say("")
    titles = content["metric_titles"]
    head = ["样本" if zh else "split", "n", *(titles[name][lang] for name in SHOWN)]
    rows = []
    for split, part in content["split"]["parts"].items():
        metrics = content["metrics"][split]
        name = HELD_OUT if split == "out_of_time" and content["split"].get("kind") == "random" else SPLITS[split]
        rows.append([name[zh], f"{part['n']:,}", *(_interval(metrics[name]) for name in SHOWN)])
    beside = {kind: metrics["out_of_time"] for kind, metrics in content.get("challengers", {}).items()}
    beside["popularity" if content["model"].get("kind") == "recommender" else "logistic"] = content[
        "reference_metrics"
    ]["out_of_time"]
    for kind, metrics in beside.items():
        title = MODELS[kind][zh] if kind in MODELS else kind.rpartition(".")[2]
        rows.append([f"  {title}", "", *(_interval(metrics[name]) for name in SHOWN)])
    say_table(head, rows, right=(1,))
    if left := content["split"].get("purged"):
        say(
            f"另有 {left:,} 行较早的样本未使用：测试期开始时其结果尚不可知。"
            if zh
            else f"{left:,} earlier rows are used in no part: their outcome was not known when the test period began."
        )
    say("")
    if options:
        decided_options(content, lang)
    if now := content["decision"].get("now"):
        where = run.path / "decisions.parquet"
        say(now[lang])
        say(f"  明细：{where}（split 为 pending）" if zh else f"  each of them: {where}, where split is pending")
        say("")
    for worry in content["worries"]:
        say(f"! {worry[lang]}")
    if content["worries"]:
        say("")


SPLITS = {
    "train": ("train", "训练"),
    "validation": ("validation", "验证"),
    "out_of_time": ("out of time", "跨期"),
    "purged": ("left out between the parts", "隔离期"),
    "pending": ("outcome not known yet", "结果未知"),
    "scored": ("scored", "已评分"),
}
HELD_OUT = ("held out", "留出")
MODELS = {
    "logistic": ("logistic", "逻辑回归"),
    "popularity": ("popularity", "热门排序"),
    "portfolio": ("portfolio", "模型组合"),
    "scorecard": ("scorecard", "评分卡"),
    "additive": ("additive", "可加模型"),
    "estimator": ("estimator", "指定估计器"),
}
DECISIONS = {"approve": ("approve", "批准"), "refer": ("refer", "转人工"), "decline": ("decline", "拒绝")}


def decision_titles(policy: Any) -> dict[str, tuple[str, str]]:
    """What each decision of a policy is called, in English and Chinese."""
    titles = zip(getattr(policy, "options", ()), getattr(policy, "titles", ()), strict=True)
    return {**DECISIONS, **{name: (title.en, title.zh) for name, title in titles}}


def decided_options(content: dict[str, Any], lang: Language) -> None:
    """Who gets what, and the worth of the chosen rule beside others."""
    decision, zh = content["decision"], lang == "zh"
    taken = [
        [row["title"][lang], f"{row['eligible']:,}", f"{row['n']:,}", share(row["share"]), f"{row['value']:,.0f}"]
        for row in decision["options"]
        if row["n"] or len(decision["options"]) <= MANY
    ]
    head = (
        ["方案", "符合条件", "分配", "占比", "预期价值"] if zh else ["option", "may get it", "get it", "share", "worth"]
    )
    say_table(head, taken, right=(1, 2, 3, 4))
    say("")
    came = decision["values_basis"] == "realised"
    rows = [
        [
            row["policy"][lang],
            f"{row['profit_expected']['value']:,.0f}",
            *([f"{row['profit_realised']['value']:,.0f}"] if came else []),
            _between(row["behind"]) if k else "",
            share(row["treated"]),
        ]
        for k, row in enumerate(decision["values"])
    ]
    basis = (["实际"] if zh else ["came"]) if came else []
    head = (
        ["规则", "预期", *basis, "所选领先", "施策"] if zh else ["rule", "expected", *basis, "chosen ahead", "treated"]
    )
    say_table(head, rows, right=tuple(range(1, len(head))))
    say("")


def _between(cell: dict[str, float]) -> str:
    """An amount with its interval; an exact one stands alone."""
    if cell["low"] == cell["high"]:
        return f"{cell['value']:,.0f}"
    return f"{cell['value']:,.0f} [{cell['low']:,.0f}, {cell['high']:,.0f}]"


def _interval(metric: dict[str, Any]) -> str:
    if metric["value"] is None:
        return "-"
    if metric["low"] is None:
        return f"{metric['value']:.3f}"
    return f"{metric['value']:.3f} [{_short(metric['low'])}-{_short(metric['high'])}]"


def _short(value: float) -> str:
    """Three decimals, without the zero that all shares begin with."""
    return f"{value:.3f}".removeprefix("0")


def features_table(run: Run, lang: Language) -> None:
    """The kept formulas."""
    if run.content.get("shape") == "panel":
        factors_table(run, lang)
        return
    zh = lang == "zh"
    head = ["formula in words", "gain", "stable", "filled", "+/-", "cost"]
    if zh:
        head = ["公式（文字）", "增益", "稳定", "覆盖", "方向", "耗时"]
    rows = []
    for feature in run.content["features"]:
        told = feature["words"][lang] + "\n  " + feature["formula"]
        forced = feature.get("forced") and not feature["gain"]  # it was not weighed beside the others
        rows.append(
            [
                told,
                ("指定" if zh else "forced") if forced else share(feature["share"]),
                share(feature["stability"]),
                share(feature["coverage"]),
                {1: "+", -1: "-"}.get(feature.get("direction", 0), ""),
                "-" if feature.get("cost") is None else f"{feature['cost']:.2f}",
            ]
        )
    say_table(head, rows, right=(1, 2, 3, 5))
    say("")
    if zh:
        say("增益：占全部增益的份额；稳定：对未见样本有帮助的模型占比；覆盖：有值的观测占比")
        say("方向：公式值升高时标签的变化（空：不定）；耗时：单独计算每千个观测的 CPU 毫秒")
    else:
        say("gain: share of all gain; stable: share of the models whose unseen rows it")
        say("helped; filled: share of observations with a value; +/-: how the label moves as")
        say("it rises (blank: not settled); cost: CPU ms per 1,000 observations, by itself")


def share(value: float | None) -> str:
    """A share as per cent."""
    return "-" if value is None else f"{value:.1%}"
