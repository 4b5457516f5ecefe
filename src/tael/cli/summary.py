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
}


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
    head = ["公式（文字）", "增益", "稳定", "覆盖"] if zh else ["formula in words", "gain", "stable", "filled"]
    rows = []
    for feature in run.content["features"]:
        told = feature["words"][lang] + "\n  " + feature["formula"]
        rows.append([told, _share(feature["share"]), _share(feature["stability"]), _share(feature["coverage"])])
    say_table(head, rows, right=(1, 2, 3))


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"


def comparison(found: Comparison, titles: dict[str, Any], lang: Language) -> None:
    """Two runs beside each other."""
    zh = lang == "zh"
    if not found.same_data:
        say("注意：两次运行的数据不同。" if zh else "Note: the two runs saw different data.")
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
            for formula in formulas[:20]:
                say(f"  {formula}")
    if found.swaps is not None:
        say("")
        say("换入换出（第二次对第一次）:" if zh else "swap-set (second against first):")
        rate = next((name for name in ("observed_bad_rate", "expected_bad_rate") if name in found.swaps.columns), None)
        say_table(
            ["组别", "数量", "占比", "坏账率"] if zh else ["cell", "n", "share", "bad rate"],
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
