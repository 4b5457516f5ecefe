"""A run, a comparison and a list of features on a terminal."""

from __future__ import annotations

from typing import Any

from tael.cli.show import say, say_table
from tael.decisions.swap import SWAP_WORDS
from tael.runs.explain import Comparison
from tael.runs.result import Run
from tael.tables.schema import Language

SHOWN = ("roc_auc", "ks", "log_loss")
"""What fits a terminal of 80 columns; the report holds all."""


def summary(run: Run, lang: Language) -> None:
    """What was decided, how good, how sure, what to worry about."""
    content, zh = run.content, lang == "zh"
    say("")
    if content["simulated"]:
        say(
            "模拟数据：以下数字不代表真实申请人。"
            if zh
            else "Simulated data: no figure below is about real applicants."
        )
    say(content["decision"]["message"][lang])
    say("")
    titles = content["metric_titles"]
    head = ["样本" if zh else "split", "n", *(titles[name][lang] for name in SHOWN)]
    rows = []
    for split, part in content["split"]["parts"].items():
        metrics = content["metrics"][split]
        rows.append([SPLITS[split][zh], f"{part['n']:,}", *(_interval(metrics[name]) for name in SHOWN)])
    plain = content["reference_metrics"]["out_of_time"]
    rows.append(["  逻辑回归" if zh else "  logistic", "", *(_interval(plain[name]) for name in SHOWN)])
    say_table(head, rows, right=(1,))
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
DECISIONS = {"approve": ("approve", "批准"), "refer": ("refer", "转人工"), "decline": ("decline", "拒绝")}


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
                ("指定" if zh else "forced") if forced else _share(feature["share"]),
                _share(feature["stability"]),
                _share(feature["coverage"]),
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


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


MEASURES = {
    "cutoff": ("cut-off", "分数线"),
    "approval": ("approved", "批准率"),
    "bad_rate": ("bad rate of the approved", "获批者坏样本率"),
    "profit": ("profit", "利润"),
}
MANY = 20


def comparison(found: Comparison, titles: dict[str, Any], currency: str, lang: Language) -> None:
    """Two runs beside each other."""
    zh = lang == "zh"
    if not found.same_data:
        say("注意：两次运行的数据不同。" if zh else "Note: the two runs saw different data.")
    elif found.settings:
        say("数据相同，设置不同：" if zh else "Same data, different settings:")
    else:
        say("数据相同，设置相同。" if zh else "Same data, same settings.")
    if found.settings:
        first = ["设置", "第一次", "第二次"] if zh else ["setting", "first", "second"]
        say_table(first, [list(row) for row in found.settings[:MANY]])
        _more(len(found.settings) - MANY, zh)
    say("")
    say("决策（跨期样本）" if zh else "Decision (out of time)")
    say_table(
        ["", "第一次", "第二次", "差"] if zh else ["", "first", "second", "difference"],
        [_measure(r["measure"], r["first"], r["second"], currency, zh) for r in found.decision.to_dicts()],
        right=(1, 2, 3),
    )
    say("")
    rows = [
        [
            SPLITS[r["split"]][zh], titles[r["metric"]][lang], f"{r['first']:.4f}", f"{r['second']:.4f}",
            f"{r['difference']:+.4f}",
        ]
        for r in found.metrics.to_dicts()
        if r["metric"] in (*SHOWN, "brier")
    ]  # fmt: skip
    head = ["样本", "指标", "第一次", "第二次", "差"] if zh else ["split", "metric", "first", "second", "difference"]
    say_table(head, rows, right=(2, 3, 4))
    for title, formulas in (
        (("only in the first", "仅第一次"), found.only_first),
        (("only in the second", "仅第二次"), found.only_second),
    ):
        if formulas:
            say("")
            say(f"{title[zh]} ({len(formulas)}):")
            for formula in formulas[:MANY]:
                say(f"  {formula}")
            _more(len(formulas) - MANY, zh)
    if found.swaps is not None:
        say("")
        say("换入换出（第二次对第一次）:" if zh else "swap-set (second against first):")
        rate = next((name for name in ("observed_bad_rate", "expected_bad_rate") if name in found.swaps.columns), None)
        say_table(
            ["组别", "数量", "占比", "坏样本率"] if zh else ["cell", "n", "share", "bad rate"],
            [
                [
                    SWAP_WORDS[r["cell"]].text(lang),
                    f"{r['n']:,}",
                    _share(r["share"]),
                    _share(r[rate]) if rate else "-",
                ]
                for r in found.swaps.to_dicts()
            ],
            right=(1, 2, 3),
        )


def _measure(name: str, first: float | None, second: float | None, currency: str, zh: bool) -> list[str]:
    """A line of the decision's comparison; what is a share changes by points."""
    title = MEASURES[name][zh]
    if name == "profit":
        cells = ["-" if value is None else f"{value:,.0f}" for value in (first, second)]
        moved = "-" if first is None or second is None else f"{second - first:+,.0f}"
        return [f"{title} ({currency})" if currency else title, *cells, moved]
    cells = ["-" if value is None else f"{value:.2%}" for value in (first, second)]
    return [title, *cells, "-" if first is None or second is None else f"{second - first:+.2%}"]


def _more(number: int, zh: bool) -> None:
    if number > 0:
        say(f"  另有 {number} 项未列出" if zh else f"  and {number} more, not shown")
