"""What the model is made of: members, learners that were tried, events, products; and the challengers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, barred, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.limits_told import option_title

COMPARED = ("roc_auc", "ks", "pr_auc", "log_loss", "brier")
LEARNED = ("qini_robust", "qini", "uplift_at_10")


def model_title(page: Page) -> str:
    """The model in words."""
    return page.say(page.at("model", "title")) or page.name("kind", page.at("model", "kind") or "portfolio")


def _members(page: Page, rows: list[Mapping[str, Any]]) -> Safe:
    heads = [page.t(f"performance.{k}") for k in ("member", "weight", "auc", "log_loss")]
    cells = [
        [
            page.say(r.get("title")) or page.name("member", r.get("name")),
            page.fmt.percent(r.get("weight")),
            page.fmt.number(r.get("auc")),
            page.fmt.number(r.get("log_loss"), 4),
        ]
        for r in rows
    ]
    return join(
        el("p", page.t("performance.model_text", n=page.fmt.integer(page.at("model", "n_features")))),
        table(page.t("performance.members"), heads, cells, kind="narrow"),
    )


def _learners(page: Page) -> list[Safe]:
    """The learners of an uplift model, out of fold, the best first."""
    rows = page.rows("model", "learners")
    if not rows:
        return []

    def title(name: str) -> str:
        titles = page.at("uplift", "titles", name)
        return page.say({k: v for k, v in titles.items() if k in ("en", "zh")} if isinstance(titles, Mapping) else name)

    heads = [page.t("performance.learner"), *(title(name) for name in LEARNED), page.t("performance.averaged")]
    cells = []
    for row in rows:
        metrics = row.get("metrics") if isinstance(row.get("metrics"), Mapping) else {}
        cells.append(
            [
                page.name("kind", row.get("name") or "–"),
                *(page.with_interval((metrics or {}).get(name), page.fmt.value) for name in LEARNED),
                page.t("performance.yes" if row.get("chosen") else "performance.no"),
            ]
        )
    undecided = [el("p", page.t("performance.undecided"))] if page.at("model", "decided") is False else []
    return [*undecided, table(page.t("performance.learners"), heads, cells, text=(0, 4))]


def _takers(page: Page) -> Safe | None:
    """How many took each product in training."""
    products, takers = page.at("model", "products"), page.at("model", "takers")
    if not isinstance(products, list) or not isinstance(takers, list) or len(products) != len(takers):
        return None
    found = sorted(zip(products, takers, strict=True), key=lambda one: -(finite(one[1]) or 0.0))
    most = max((finite(n) or 0.0 for _, n in found), default=0.0)
    cells = [
        [option_title(page, name), barred(page.fmt.integer(n), share_bar(finite(n) or 0.0, most))] for name, n in found
    ]
    heads = [page.t("performance.product"), page.t("performance.takers")]
    return table(page.t("performance.products"), heads, cells, kind="narrow")


def makeup(page: Page) -> Safe | None:
    """What the model is made of; None where the run does not say."""
    members = page.rows("model", "members")
    if members:
        return join(el("h3", page.t("performance.model")), _members(page, members))
    if not page.at("model", "title"):
        return None
    said = page.t("performance.makeup", title=model_title(page), n=page.fmt.integer(page.at("model", "n_features")))
    events = page.at("model", "events")
    between = "、" if page.lang == "zh" else ", "
    told = between.join(str(one).replace("_", " ") for one in events if one) if isinstance(events, list) else ""
    return join(
        el("h3", page.t("performance.model")),
        el("p", said),
        el("p", page.t("performance.events", events=told)) if told else None,
        _learners(page),
        _takers(page),
    )


def challengers(page: Page, split: str) -> Safe | None:
    """The model, its challengers and the plain reference on the rows of one part; None where there is no challenger."""
    found = page.at("challengers")
    if not isinstance(found, Mapping) or not found:
        return None
    rows: list[tuple[str, Any]] = [
        (page.t("performance.deciding", model=model_title(page)), page.at("metrics", split)),
        *(
            (page.name("kind", str(kind).rpartition(".")[2]), page.at("challengers", str(kind), split))
            for kind in found
        ),
    ]
    if plain := page.at("reference_metrics", split):
        rows.append((page.t("performance.plain"), plain))
    names = [name for name in COMPARED if any(isinstance(cells, Mapping) and name in cells for _, cells in rows)]

    def title(name: str) -> str:
        titles = page.at("metric_titles", name)
        return page.say({k: v for k, v in titles.items() if k in ("en", "zh")} if isinstance(titles, Mapping) else name)

    cells = [
        [name, *(page.with_interval((one or {}).get(metric), page.fmt.number) for metric in names)]
        for name, one in rows
    ]
    caption = page.t("performance.challengers", part=page.name("split", split))
    return join(
        table(caption, [page.t("performance.which"), *(title(name) for name in names)], cells),
        el("p", page.t("performance.challengers_read"), class_="note"),
    )
