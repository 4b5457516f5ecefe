"""Chapter 2: the tables and what is wrong with them, the sample, and the label."""

from __future__ import annotations

from collections.abc import Mapping

from tael.reports.document.chapters.governance import label_backing, rejects
from tael.reports.document.told import Told, column, known
from tael.reports.document.tree import Axis, Block, Cell, Code, Paragraph, Picture, Series, Subhead, Table

ID = "data"
TITLE = ("Data, sample and label", "数据、样本与标签")


def _tables(told: Told) -> list[Block]:
    rows = told.rows("data", "tables")
    if not rows:
        return [told.absent("A description of the tables", "数据表说明")]
    fmt = told.fmt
    cells = []
    for row in rows:
        name, title = str(row.get("name") or ""), told.say(row.get("title"))
        same = title.replace("_", " ") == name.replace("_", " ")
        first, last = row.get("first"), row.get("last")
        when = f"{first} – {last}" if first and last else told.t("data.timeless")
        shown = Cell(name if same or not title else title, "" if same or not title else name, code=True)
        missing = fmt.percent(row.get("missing_share"))
        cells.append((shown, fmt.integer(row.get("rows")), fmt.integer(row.get("columns")), when, missing))
    heads = (
        told.t("data.table"),
        told.t("data.rows"),
        told.t("data.columns"),
        told("Time span", "时间范围"),
        told.t("data.missing_share"),
    )
    return [Table(told.t("data.tables"), heads, tuple(cells), numbers=(1, 2, 4), widths=(2.4, 1.1, 0.8, 1.9, 0.9))]


def _violations(told: Told) -> Block:
    if told.at("data", "violations") is None:
        return told.absent("The contract check", "数据约定检查")
    rows = told.rows("data", "violations")
    if not rows:
        return Paragraph(told.t("data.no_violations"))
    cells = []
    for row in rows:
        place = ".".join(str(row[k]) for k in ("table", "column") if row.get(k))
        message = Cell(told.say(row.get("message")), str(row.get("code") or ""), code=True)
        cells.append((place, told.name("severity", row.get("severity")), message, told.count(row.get("count"))))
    heads = tuple(told.t(f"data.{k}") for k in ("place", "severity", "problem", "count"))
    return Table(told.t("data.violations"), heads, tuple(cells), numbers=(3,), widths=(1.6, 0.9, 3.0, 0.9))


def _leaks(told: Told) -> list[Block]:
    if told.at("data", "leaks") is None:
        return [told.absent("The scan for leaks", "泄漏扫描")]
    rows = told.rows("data", "leaks")
    if not rows:
        return [Paragraph(told.t("data.no_leaks"))]
    cells = tuple(
        (
            str(row.get("column") or ""),
            told.fmt.number(row.get("strength"), 2),
            Cell(told.say(row.get("message")), str(row.get("code") or ""), code=True),
        )
        for row in rows
    )
    heads = tuple(told.t(f"data.{k}") for k in ("column", "strength", "problem"))
    return [
        Paragraph(told.t("data.leaks_text")),
        Table(told.t("data.leaks"), heads, cells, numbers=(1,), widths=(2.0, 0.8, 3.2)),
    ]


def _sample(told: Told) -> list[Block]:
    settles = told.at("observations", "label_settles_days")
    facts = told.facts(
        told("Sample design", "样本设计"),
        [
            (told("One observation for each of", "每个观测对应"), _entity(told)),
            (told("At the moment", "观测时点"), told.at("observations", "cutoff")),
            (told("Label", "标签"), told.say(told.at("scenario", "label_words"))),
            (told("The label is settled after, days", "标签成熟所需天数"), settles),
            (told("End of the data", "数据截止时间"), told.at("observations", "data_end")),
            (told.t("observations.n"), told.at("observations", "n")),
            (told.t("observations.labelled"), told.at("observations", "n_labelled")),
            (told.t("observations.pending"), told.at("observations", "n_pending")),
            (
                told("Share with the outcome foretold", "目标事件占比"),
                _share(told, told.at("observations", "base_rate")),
            ),
        ],
    )
    return [
        facts or told.absent("The sample design", "样本设计"),
        _excluded(told),
        *_split(told),
        *_periods(told),
        *label_backing(told),
        *rejects(told),
        told.gap(
            "developer",
            "Why this outcome, this time and this window: the backing by vintages and roll rates, and the losses that "
            "the label does not see.",
            "为何选用该目标、时点与窗口：账龄曲线与滚动率的依据，以及标签未覆盖的损失。",
        ),
        told.gap(
            "validator",
            "Whether the sample stands for those whom the model will meet: products, channels, seasons, and those "
            "declined in the past.",
            "样本能否代表模型将面对的人群：产品、渠道、季节，以及历史被拒客户。",
        ),
    ]


def _share(told: Told, value: object) -> str:
    return told.fmt.percent(value) if value is not None else ""


def _entity(told: Told) -> str:
    name, title = str(told.at("observations", "entity") or ""), told.say(told.at("observations", "entity_title"))
    return f"{title} ({name})" if title and name and title != name else title or name


def _excluded(told: Told) -> Block:
    if told.at("observations", "excluded") is None:
        return told.absent("A list of exclusions", "剔除规则清单")
    rows = told.rows("observations", "excluded")
    if not rows:
        return Paragraph(told.t("observations.nothing_excluded"))
    rules = told.pairs("scenario", "config", "exclude")
    cells = tuple(
        (
            Cell(told.say(row.get("reason")), str(rules.get(told.say(row.get("reason"))) or ""), code=True),
            told.count(row.get("n")),
        )
        for row in rows
    )
    heads = (told("Reason and rule", "原因与规则"), told.t("observations.n"))
    return Table(told.t("observations.excluded"), heads, cells, numbers=(1,), widths=(4.0, 1.0))


def _split(told: Told) -> list[Block]:
    parts = told.pairs("split", "parts")
    cells = [
        (
            told.name("split", name),
            told.count(part.get("n")),
            told.count(part.get("bad")),
            " – ".join(str(part[k]) for k in ("first", "last") if part.get(k)),
        )
        for name, part in parts.items()
        if isinstance(part, Mapping)
    ]
    if not cells:
        return [told.absent("A division into training and test", "训练与测试的划分")]
    heads = (
        told.t("observations.part"),
        told.t("observations.n"),
        told("With the outcome", "目标事件数"),
        told("From, to", "起止日期"),
    )
    text = told.say(told.at("split", "text"))
    table = Table(told.t("observations.split"), heads, tuple(cells), numbers=(1, 2), widths=(1.4, 1.0, 1.0, 2.0))
    return known(Paragraph(text) if text else None, table)


def _periods(told: Told) -> list[Block]:
    rows = [row for row in told.rows("observations", "by_period") if row.get("rate") is not None]
    rates = column(rows, "rate")
    shown = [rate for rate in rates if rate is not None]
    if len(shown) < 2:
        return []
    names = tuple(str(row.get("period") or "") for row in rows)
    places = tuple(float(k) for k in range(len(rows)))
    x = Axis(told.t("observations.period"), 0.0, places[-1], "place", names)
    y = Axis(told("Share with the outcome", "目标事件占比"), 0.0, max(shown) * 1.15 or 1.0)
    caption = told("Share with the outcome over time", "目标事件占比随时间的变化")
    return [Picture(caption, x, y, (Series(y.label, places, rates),))]


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    alert = Paragraph(told.t("page.despite_leaks_text"), "alert") if told.at("despite_leaks") else None
    simulated = told(
        "The tables are simulated: they describe no real person.", "数据表为模拟数据，不对应任何真实个人。"
    )
    fingerprint = told.at("data", "fingerprint")
    return known(
        alert,
        Paragraph(simulated, "alert") if told.at("simulated") else None,
        Subhead(told("Tables", "数据表")),
        *_tables(told),
        Paragraph(told.t("data.fingerprint_text"), "note") if fingerprint else None,
        Code(str(fingerprint)) if fingerprint else told.absent("A fingerprint of the data", "数据指纹"),
        told.gap(
            "data",
            "Where each table comes from, who answers for it, on what ground it may be used, how its quality is "
            "controlled, and how long it is kept.",
            "各数据表的来源、责任人、使用依据、质量控制措施与保存期限。",
        ),
        Subhead(told.t("data.violations")),
        _violations(told),
        Subhead(told.t("data.leaks")),
        *_leaks(told),
        Subhead(told("Sample and label", "样本与标签")),
        *_sample(told),
    )
