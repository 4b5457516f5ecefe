"""Part of chapter 5: what only some kinds of model can be asked: effects, rankings, competing events."""

from __future__ import annotations

from tael.reports.charts import thin
from tael.reports.document.told import Told, mapping
from tael.reports.document.tree import Axis, Block, Cell, Paragraph, Picture, Series, Subhead, Table
from tael.reports.formats import NONE, finite

POINTS = 40


def _uplift(told: Told) -> list[Block]:
    effects = told.rows("uplift", "effects")
    if not effects:
        return []
    cells = []
    for row in effects:
        arm = str(row.get("arm") or "")
        model, response = (mapping(mapping(row.get("metrics")).get(who)) for who in ("model", "response"))
        for name, value in model.items():
            title = told.say(told.at("uplift", "titles", name)) or name
            meaning = str(told.at("uplift", "titles", name, f"meaning_{told.lang}") or "")
            other = response.get(name)
            cells.append((arm, Cell(title, meaning), told.interval(value), told.interval(other)))
    heads = (
        told("Treatment", "施策"),
        told.t("performance.metric"),
        told("Model", "本模型"),
        told("Ranked by response alone", "仅按响应概率排序"),
    )
    overlap = told.facts(
        told("Overlap of the treated and the untreated", "施策组与对照组的重叠"),
        [
            (told("Lowest probability of treatment", "最低施策概率"), told.at("uplift", "overlap", "lowest")),
            (told("Highest probability of treatment", "最高施策概率"), told.at("uplift", "overlap", "highest")),
            (
                told("Rows left out for want of overlap", "因缺乏重叠而剔除的行"),
                told.at("uplift", "overlap", "trimmed"),
            ),
            (told("Estimated from the features", "由特征估计"), told.at("uplift", "overlap", "estimated")),
        ],
    )
    table = Table(
        told("Effects out of time", "跨期施策效果"), heads, tuple(cells), numbers=(2, 3), widths=(1.0, 2.6, 1.4, 1.4)
    )
    blocks: list[Block] = [Subhead(told("Effect of the treatment", "施策效果"))]
    if told.at("uplift", "overlap", "estimated"):
        blocks.append(
            Paragraph(
                told(
                    "Who was treated was not drawn by lot: the effects hold only if the features say all that "
                    "decided it.",
                    "施策对象并非随机抽取：仅当特征包含全部决定因素时，效果估计才成立。",
                ),
                "alert",
            )
        )
    return [*blocks, *([table] if cells else []), *([overlap] if overlap else [])]


def _ranking(told: Told) -> list[Block]:
    """Each product and metric in a row, the ways to rank side by side."""
    names = {
        "model": told("Model", "本模型"),
        "popularity": told("Most popular first", "按热门程度"),
        "item_to_item": told("Taken together", "按共同购买"),
    }
    found: dict[tuple[str, str], dict[str, Cell]] = {}
    models = told.pairs("ranking", "models")
    for name, listed in models.items():
        for row in listed if isinstance(listed, list) else []:
            if isinstance(row, dict) and row.get("metric") is not None:
                at = (str(row.get("product") or "all"), str(row["metric"]))
                found.setdefault(at, {})[name] = told.interval(row)
    if not found:
        return []
    heads = (told("Product", "产品"), told.t("performance.metric"), *(names.get(name, name) for name in models))
    products = {"all": told("all", "全部"), "mean of products": told("mean of products", "各产品平均")}
    cells: list[tuple[str | Cell, ...]] = []
    for (product, metric), row in found.items():
        cells.append((products.get(product, product), metric, *(row.get(name, Cell(NONE)) for name in models)))
    k = told.at("ranking", "k")
    caption = told("Ranking of products out of time", "跨期产品排序效果")
    if k is not None:
        caption += told(", first {k}", "（前 {k} 个）", k=k)
    return [Subhead(told("Ranking", "排序")), Table(caption, heads, tuple(cells), numbers=tuple(range(2, len(heads))))]


def _incidence(told: Told) -> list[Block]:
    blocks: list[Block] = []
    for row in told.rows("incidence", "events"):
        lists = {name: row.get(name) for name in ("time", "predicted", "observed")}
        if not all(isinstance(one, list) and len(one) > 1 for one in lists.values()):
            continue
        keep = thin(min(len(one) for one in lists.values() if isinstance(one, list)), POINTS)
        xs, ys, seen = (tuple(finite(one[k]) for k in keep) for one in lists.values() if isinstance(one, list))
        tops = [v for v in (*ys, *seen) if v is not None]
        ends = [v for v in xs if v is not None]
        if not tops or not ends:
            continue
        x = Axis(told("Months", "月"), 0.0, max(ends) or 1.0, "number")
        y = Axis(told("Share to whom it happened", "已发生占比"), 0.0, max(tops) * 1.1 or 1.0)
        series = (
            Series(told.t("calibration.predicted"), xs, ys),
            Series(told.t("calibration.observed"), xs, seen, colour="s2"),
        )
        event = str(row.get("event") or "")
        blocks.append(Picture(told("Event: {event}", "事件：{event}", event=event), x, y, series))
    return [Subhead(told("Events over time", "事件随时间的发生")), *blocks] if blocks else []


def kinds_blocks(told: Told) -> list[Block]:
    """Whatever of these the run measured; nothing where it foretells a plain yes or no."""
    return [*_uplift(told), *_ranking(told), *_incidence(told)]


def learners_table(told: Told) -> Table | None:
    """The learners among which an uplift model chose; None where there is no such choice."""
    rows = told.rows("model", "learners")
    metrics = list(dict.fromkeys(name for row in rows for name in mapping(row.get("metrics"))))[:4]
    if not rows:
        return None
    cells: list[tuple[str | Cell, ...]] = []
    for row in rows:
        values = (told.interval(mapping(row.get("metrics")).get(name)) for name in metrics)
        cells.append((str(row.get("name") or ""), told.plain(bool(row.get("chosen"))), *values))
    heads = (told("Learner", "学习器"), told("Chosen", "入选"), *metrics)
    numbers = tuple(range(2, len(heads)))
    return Table(told("Learners, out of fold", "各学习器（折外）"), heads, tuple(cells), numbers=numbers)
