"""Two runs beside each other on a terminal."""

from __future__ import annotations

from typing import Any

from tael.cli.show import say, say_table
from tael.cli.summary import SHOWN, SPLITS, share
from tael.decisions.swap import SWAP_WORDS
from tael.runs.explain import Comparison
from tael.tables.schema import Language

MEASURES = {
    "cutoff": ("cut-off", "分数线"),
    "approval": ("approved", "批准率"),
    "bad_rate": ("bad rate of the approved", "获批者坏样本率"),
    "profit": ("profit", "利润"),
    "profit_expected": ("worth, expected", "预期价值"),
    "treated": ("get more than nothing", "获得方案的占比"),
    "use": ("use of {name}", "{name} 用量"),
    "n": ("get: {name}", "分配：{name}"),
}
WORTH = ("worth", "价值")
"""What the profit of a choice among options is called."""
MANY = 20
"""Settings, formulas and pairs of options that are shown at most."""


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
        [_measure(found, r["measure"], r["first"], r["second"], currency, zh) for r in found.decision.to_dicts()],
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
                    share(r["share"]),
                    share(r[rate]) if rate else "-",
                ]
                for r in found.swaps.to_dicts()
            ],
            right=(1, 2, 3),
        )
    if found.moved is not None:
        _changed(found, lang)


def _changed(found: Comparison, lang: Language) -> None:
    """Whose option changed: a row a pair of options, those that kept theirs last."""
    assert found.moved is not None
    zh, rows = lang == "zh", found.moved.to_dicts()
    everyone = sum(row["n"] for row in rows)
    moved = [row for row in rows if row["first"] != row["second"]]
    say("")
    changed = sum(row["n"] for row in moved)
    say(
        f"方案改变者：{everyone:,} 个中 {changed:,} 个（{share(changed / everyone)}）"
        if zh
        else f"whose option changed: {changed:,} of {everyone:,} ({share(changed / everyone)})"
    )
    kept = [row for row in rows if row["first"] == row["second"]]
    say_table(
        ["第一次", "第二次", "数量", "占比"] if zh else ["first", "second", "n", "share"],
        [
            [
                *(_option(found, row[run], lang) for run in ("first", "second")),
                f"{row['n']:,}",
                share(row["n"] / everyone),
            ]
            for row in [*moved, *kept][:MANY]
        ],
        right=(2, 3),
    )
    _more(len(rows) - MANY, zh)


def _option(found: Comparison, name: str, lang: Language) -> str:
    return found.options.get(name, {}).get(lang) or name


def _measure(
    found: Comparison, name: str, first: float | None, second: float | None, currency: str, zh: bool
) -> list[str]:
    """A line of the decision's comparison; what is a share changes by points."""
    kind, _, what = name.partition(":")
    title = (WORTH if name == "profit" and found.options else MEASURES[kind])[zh]
    title = title.format(name=_option(found, what, "zh" if zh else "en"))
    if kind in ("profit", "profit_expected", "use", "n"):
        cells = ["-" if value is None else f"{value:,.0f}" for value in (first, second)]
        moved = "-" if first is None or second is None else f"{second - first:+,.0f}"
        money = currency and kind.startswith("profit")
        return [f"{title} ({currency})" if money else title, *cells, moved]
    cells = ["-" if value is None else f"{value:.2%}" for value in (first, second)]
    return [title, *cells, "-" if first is None or second is None else f"{second - first:+.2%}"]


def _more(number: int, zh: bool) -> None:
    if number > 0:
        say(f"  另有 {number} 项未列出" if zh else f"  and {number} more, not shown")
