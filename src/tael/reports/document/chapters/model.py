"""Chapter 4: what the model is made of, its settings, its calibration, and what it was compared with."""

from __future__ import annotations

from typing import Any

from tael.reports.document.chapters.kinds import learners_table
from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Cell, Paragraph, Subhead, Table
from tael.reports.sections.calibration import lines

ID = "model"
TITLE = ("Model", "模型")
DEFAULT_FOLDS = 5
KINDS = {
    "portfolio": ("Portfolio", "模型组合"),
    "scorecard": ("Scorecard", "评分卡"),
    "additive": ("Additive model", "可加模型"),
    "estimator": ("Estimator by name", "指定估计器"),
}


def _members(told: Told) -> list[Block]:
    rows = told.rows("model", "members")
    if not rows:
        products, events = told.plain(told.at("model", "products")), told.plain(told.at("model", "events"))
        facts = told.facts(
            told.t("performance.model"),
            [
                (told("Model", "模型"), told.say(told.at("model", "title"))),
                (told("Learner", "学习器"), told.at("model", "learner")),
                (told("Method", "方法"), told.at("model", "method")),
                (told("Products", "产品"), products),
                (told("Events", "事件"), events),
                (told("Number of features", "特征数"), told.at("model", "n_features")),
            ],
        )
        return known(facts or told.absent("The make-up of the model", "模型构成"), learners_table(told))
    fmt = told.fmt
    cells = []
    for row in rows:
        name = str(row.get("name") or "")
        said = told.say(row.get("title")) or told.name("member", name)
        cells.append(
            (
                Cell(said, name if said != name else "", code=True),
                fmt.percent(row.get("weight")),
                fmt.number(row.get("auc")),
                fmt.number(row.get("log_loss"), 4),
            )
        )
    heads = tuple(told.t(f"performance.{k}") for k in ("member", "weight", "auc", "log_loss"))
    n = told.at("model", "n_features")
    text = told.t("performance.model_text", n=told.count(n)) if n is not None else ""
    return known(
        Paragraph(text) if text else None,
        Table(told.t("performance.members"), heads, tuple(cells), numbers=(1, 2, 3), widths=(3.0, 0.9, 1.1, 1.1)),
    )


def _parameters(stated: Any) -> str:
    """Parameters as a person writes them; nothing where none are stated."""
    pairs = stated.items() if isinstance(stated, dict) else ()
    return ", ".join(f"{name} = {value}" for name, value in pairs)


def _settings(told: Told) -> list[Block]:
    config: dict[str, Any] = told.pairs("scenario", "config")
    if not config:
        return [told.absent("The settings", "模型设置")]
    model, split = told.pairs("scenario", "config", "model"), told.pairs("scenario", "config", "split")
    facts = told.facts(
        told("Settings that shape the model", "影响模型的设置"),
        [
            (
                told("Members asked for", "指定的成员模型"),
                (model.get("members") or told("all, chosen by cross-validation", "全部，由交叉验证选择"))
                if told.at("model", "kind") in (None, "portfolio")
                else "",
            ),
            (told("Estimator", "估计器"), model.get("estimator")),
            (told("Its parameters", "估计器参数"), _parameters(model.get("parameters"))),
            (told("Folds of the cross-validation", "交叉验证折数"), split.get("folds") or DEFAULT_FOLDS),
            (told("Kept together in one fold", "同折分组依据"), split.get("groups")),
            (told("Seed of everything random", "随机种子"), told.at("seed")),
            (told("Version of the model (hash)", "模型版本（哈希）"), told.at("model", "version")),
        ],
    )
    whole = told("The whole plan stands in annex D.", "完整方案见附录 D。")
    return known(facts, Paragraph(whole, "note"))


def _calibration(told: Told) -> list[Block]:
    said = lines(told, told.judged() or "")
    return [Paragraph(one) for one in said] or [told.absent("A calibration of the model", "模型校准")]


def _challengers(told: Told) -> list[Block]:
    splits = told.splits("reference_metrics")
    part = splits[-1] if splits else told.judged()
    found = {told("Logistic regression", "逻辑回归"): told.pairs("reference_metrics", str(part))}
    for kind in told.pairs("challengers"):
        title = told(*KINDS[kind]) if kind in KINDS else kind.rpartition(".")[2]
        found[title] = told.pairs("challengers", kind, str(part))
    found = {name: metrics for name, metrics in found.items() if metrics}
    cells: list[tuple[str | Cell, ...]] = []
    for metric, mine in told.pairs("metrics", str(part)).items():
        if any(metrics.get(metric) is not None for metrics in found.values()):
            name = told.say(told.at("metric_titles", metric)) or metric
            others = (told.interval(metrics.get(metric)) for metrics in found.values())
            cells.append((name, told.interval(mine), *others))
    if not cells:
        return [told.absent("A challenger model", "挑战者模型")]
    heads = (told.t("performance.metric"), told("Model", "本模型"), *found)
    caption = told("Model and challengers · {part}", "模型与挑战者 · {part}", part=told.name("split", part))
    return [
        Paragraph(
            told(
                "Challengers use the same features and rows and decide nothing; one of them is a plain logistic "
                "regression. Where intervals overlap, this table alone does not tell two models apart.",
                "挑战者使用相同的特征与样本，不参与决策，其中之一为普通逻辑回归。若区间重叠，"
                "仅凭此表不能区分两者优劣。",
            )
        ),
        Table(
            caption, heads, tuple(cells), numbers=tuple(range(1, len(heads))), widths=(1.8, *(1.4 for _ in heads[1:]))
        ),
    ]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    return [
        Subhead(told.t("performance.model")),
        *_members(told),
        Subhead(told("Settings", "设置")),
        *_settings(told),
        Subhead(told.t("section.calibration")),
        *_calibration(told),
        Subhead(told("Challengers", "挑战者")),
        *_challengers(told),
        told.gap(
            "developer",
            "Why this method: what else was considered, and what was given up for what (accuracy, plainness, cost).",
            "选择该方法的理由：考虑过的其他方法，以及在准确性、可解释性与成本之间的取舍。",
        ),
        told.gap(
            "validator",
            "Whether method, assumptions and settings are sound for this purpose, and what was tested by the "
            "validator's "
            "own means.",
            "方法、假设与设置对该用途是否合理，以及验证人员独立检验的内容。",
        ),
    ]
