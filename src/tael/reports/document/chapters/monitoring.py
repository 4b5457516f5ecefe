"""Chapter 9: what sets off a review, with thresholds from this run. Triggers, not a calendar."""

from __future__ import annotations

import math

from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Cell, Paragraph, Subhead, Table
from tael.reports.formats import NONE, finite

ID = "monitoring"
TITLE = ("Monitoring plan", "监测方案")

SHIFTED = 0.25
"""PSI from which a population is called shifted: the trade's fixed threshold (Siddiqi 2006), beside 0.10 for a look."""
WATCH = 0.10
NORMAL = 1.96
POINTS = 0.05
"""Least move of a share that is worth an alarm, however small chance says it is."""

SHARES = 4
"""Options of which each has its share watched."""

Row = tuple[str | Cell, ...]


def chance_band(share: float, n: float) -> float:
    """How far a share of ``n`` cases strays by chance, nineteen times in twenty, but at least five points.

    >>> chance_band(0.5, 100), chance_band(0.5, 1e6)
    (0.098, 0.05)
    """
    return max(NORMAL * math.sqrt(share * (1 - share) / n), POINTS) if n > 0 else POINTS


def _each_period(told: Told) -> float:
    """Observations in a period, on average."""
    sizes = [n for row in told.rows("observations", "by_period") if (n := finite(row.get("n"))) is not None]
    return sum(sizes) / len(sizes) if sizes else 0.0


def _psi(told: Told) -> list[Row]:
    fmt, score = told.fmt, told.pairs("stability", "score")
    rows: list[Row] = []
    look = finite(score.get("threshold")) or WATCH
    chance = finite(score.get("adjusted_threshold"))
    first = told("look from {v}", "达到 {v} 时核查", v=fmt.number(max(look, chance or 0.0), 2))
    act = told("act from {v}", "达到 {v} 时处理", v=fmt.number(max(SHIFTED, chance or 0.0), 2))
    if score.get("psi") is not None:
        rows.append(
            (
                told("Score: PSI against training", "评分：与训练集相比的 PSI"),
                fmt.number(score.get("psi")),
                Cell(first, act),
                told.role("developer"),
                told("find which features moved; recalibrate or rebuild", "查明变动的特征；重新校准或重建"),
            )
        )
    moved = [
        (v, told.say(row.get("words"))) for row in told.rows("stability", "features") if (v := finite(row.get("psi")))
    ]
    if moved:
        most, words = max(moved)
        rows.append(
            (
                Cell(
                    told("Each feature: PSI against training", "各特征：与训练集相比的 PSI"),
                    told("moved most: {words}", "变动最大者：{words}", words=words) if words else "",
                ),
                told("at most {v}", "最大 {v}", v=fmt.number(most)),
                Cell(first, act),
                told.role("developer"),
                told(
                    "ask the data owner; correct the feed or drop the feature", "向数据负责人查询；修复数据或剔除特征"
                ),
            )
        )
    return rows


def _quality(told: Told) -> list[Row]:
    part, fmt = told.judged(), told.fmt
    if part is None:
        return []
    rows: list[Row] = []
    auc = told.pairs("metrics", part, "roc_auc")
    if finite(auc.get("low")) is not None:
        rows.append(
            (
                told("Ranking: ROC AUC on matured cases", "排序能力：成熟样本上的 ROC AUC"),
                fmt.number(auc.get("value")),
                told("its interval lies below {low}", "其区间整体低于 {low}", low=fmt.number(auc.get("low"))),
                told.role("validator"),
                told("rebuild, or return to the rule before", "重建模型，或恢复原规则"),
            )
        )
    said, came = (finite(told.at("metrics", part, name, "value")) for name in ("mean_predicted", "base_rate"))
    if said is not None and came is not None:
        rows.append(
            (
                told("Calibration: outcomes against forecasts", "校准：实际与预测"),
                Cell(fmt.percent(came), told("forecast {p}", "预测 {p}", p=fmt.percent(said))),
                told(
                    "the interval of the observed share leaves the forecast out",
                    "实际占比的区间不含预测均值",
                ),
                told.role("developer"),
                told("recalibrate; look at the cut-off again", "重新校准；复核分数线"),
            )
        )
    return rows


def _policy(told: Told) -> list[Row]:
    fmt = told.fmt
    counts = {name: n for name, one in told.pairs("decision", "counts").items() if (n := finite(one)) is not None}
    everyone, period = sum(counts.values()), _each_period(told)
    rows: list[Row] = []
    titles = {
        "approve": told("Share approved", "批准率"),
        "refer": told("Share sent to a person", "转人工比例"),
    }
    if "approve" not in counts:
        # a decision among options: the shares of those most given
        most = sorted(counts, key=lambda name: -counts[name])[:SHARES]
        titles = {n: told("Share: {option}", "占比：{option}", option=told.decided(n)) for n in most}
    for name, title in titles.items():
        if everyone and name in counts:
            share = counts[name] / everyone
            band = chance_band(share, period)
            low, high = fmt.percent(max(share - band, 0.0)), fmt.percent(min(share + band, 1.0))
            rows.append(
                (
                    title,
                    fmt.percent(share),
                    told("outside {low} to {high} in a period", "单期超出 {low} 至 {high}", low=low, high=high),
                    told.role("owner"),
                    told("look at who applies, and at the rules around the model", "核查申请人群与外围规则"),
                )
            )
    limit = finite(told.at("decision", "limits", "max_bad_rate"))
    if limit is not None:
        rate = told.at("decision", "observed", "rate")
        rows.append(
            (
                told("Share of the approved that went bad", "获批者的实际坏样本率"),
                fmt.percent(rate),
                told("above the limit of {limit}", "高于上限 {limit}", limit=fmt.percent(limit)),
                told.role("risk"),
                told("tighten the cut-off at once; then find the cause", "立即收紧分数线，随后查明原因"),
            )
        )
    return rows


def _always(told: Told) -> list[Row]:
    by_hand = told("to be set below", "见下方待填写项")
    return [
        (
            told("Overrides of the model, each way", "推翻模型结论的比例（双向）"),
            told("not known before use", "上线前未知"),
            by_hand,
            told.role("operations"),
            told("read the reasons given; change the model or the instruction", "审阅推翻原因；调整模型或操作规程"),
        ),
        (
            told("Tables: breaches of their contract", "数据表：违反数据约定"),
            told.count(len(told.rows("data", "violations"))) if told.at("data", "violations") is not None else NONE,
            told("any error; any new warning", "任何错误；任何新增警告"),
            told.role("data"),
            told("stop scoring where an error stands; correct the feed", "出现错误即停止评分；修复数据"),
        ),
        (
            told("Change of product, market, law, data source or use", "产品、市场、法规、数据来源或用途的变化"),
            NONE,
            told("when it is decided, not when it is seen", "在决定变更时，而非事后"),
            told.role("owner"),
            told("decide on the tier and the validation anew", "重新确定分级与验证范围"),
        ),
    ]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    heads = (
        told("What is watched", "监测内容"),
        told("At development", "开发时"),
        told("Trigger", "触发条件"),
        told("Who acts", "责任方"),
        told("What is done", "措施"),
    )
    measured = [*_psi(told), *_quality(told), *_policy(told)]
    return known(
        Paragraph(
            told(
                "A review is set off by what happens, not by a date. Thresholds that name a figure come from this run; "
                "who acts and what is done are proposals until a person confirms them.",
                "复核由事件触发，而非按日历进行。含具体数值的阈值来自本次运行；责任方与措施在经人确认前均为建议。",
            )
        ),
        Subhead(told("Triggers", "触发条件")),
        None if measured else told.absent("Figures from which triggers could be set", "可用于设定触发条件的数值"),
        Table(
            told("Triggers, thresholds and who acts", "触发条件、阈值与责任方"),
            heads,
            (*measured, *_always(told)),
            widths=(1.7, 1.2, 1.5, 1.0, 1.7),
        ),
        Paragraph(
            told(
                "Shares: the band is what chance explains in a period of the run's average size nineteen times in "
                "twenty, "
                "and at least five points. PSI: {watch} and {shifted} are the trade's fixed thresholds, raised to what "
                "chance explains where samples are small.",
                "比例类：区间为平均规模的一期中二十次有十九次可由偶然解释的范围，且不小于 5 个百分点。"
                "PSI：{watch} 与 {shifted} 为行业固定阈值，小样本时提高到偶然可解释的水平。",
                watch=told.fmt.number(WATCH, 2),
                shifted=told.fmt.number(SHIFTED, 2),
            ),
            "note",
        ),
        told.gap(
            "owner",
            "Names behind the roles, the thresholds as confirmed (overrides among them), the longest time between two "
            "looks, and how an alarm reaches whoever may stop the model.",
            "各角色对应的人员、经确认的阈值（含推翻比例）、两次查看的最长间隔，以及警报如何送达有权停用模型的人。",
        ),
        told.gap(
            "risk",
            "When and how the model is retired, and what is done in its place if it has to be stopped today.",
            "模型何时、如何退出；若须当日停用，以何替代。",
        ),
    )
