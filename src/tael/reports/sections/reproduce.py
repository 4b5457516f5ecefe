"""Everything needed to make this run again, and what it cost."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, barred, details, table, total
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join


def _cost(page: Page) -> Safe:
    cost, fmt = page.at("cost"), page.fmt
    if not isinstance(cost, Mapping):
        return page.missing("missing.cost")
    wall = cost.get("wall_seconds")
    stages = dict(wall) if isinstance(wall, Mapping) else {}
    most = max((finite(v) or 0.0 for v in stages.values()), default=0.0)
    cells = [
        [page.name("stage", stage), barred(fmt.number(seconds, 1), share_bar(finite(seconds) or 0.0, most, "grey"))]
        for stage, seconds in stages.items()
    ]
    said = page.t(
        "reproduce.cost_text",
        wall=fmt.number(total(stages.values()), 1),
        cpu=fmt.number(cost.get("cpu_seconds"), 1),
        memory=fmt.integer(cost.get("peak_memory_mb")),
    )
    stage_table = table(
        page.t("reproduce.cost"), [page.t("reproduce.stage"), page.t("reproduce.seconds")], cells, kind="narrow quiet"
    )
    return join(el("p", said), stage_table if cells else None)


def _versions(page: Page) -> Safe:
    tael = page.at("tael")
    if not isinstance(tael, Mapping):
        return page.missing("missing.versions")
    libraries = tael.get("libraries")
    known = {
        "tael": tael.get("version"),
        "python": tael.get("python"),
        **(libraries if isinstance(libraries, Mapping) else {}),
    }
    cells = [[el("code", name), str(version or "–")] for name, version in known.items()]
    return table(
        page.t("reproduce.versions"),
        [page.t("reproduce.library"), page.t("reproduce.version")],
        cells,
        text=(0, 1),
        kind="narrow",
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    command, config = page.at("reproduce", "command"), page.at("reproduce", "config_toml")
    fingerprint = page.at("reproduce", "fingerprint") or page.at("data", "fingerprint")
    if not config and page.at("scenario", "config"):
        config = json.dumps(page.at("scenario", "config"), ensure_ascii=False, indent=2)
    facts = [
        (page.t("page.seed"), page.at("seed")),
        (page.t("page.data"), fingerprint),
        (page.t("page.model"), page.at("model", "version")),
    ]
    rows = [[name, el("code", str(value))] for name, value in facts if value is not None]
    return join(
        el("p", page.t("reproduce.read")),
        el("pre", command) if command else page.missing("missing.command"),
        table(page.t("reproduce.identity"), [page.t("reproduce.what"), page.t("reproduce.is")], rows, text=(0, 1))
        if rows
        else None,
        details(page.t("reproduce.config"), el("pre", config)) if config else page.missing("missing.config"),
        el("h3", page.t("reproduce.cost")),
        el("div", el("div", _cost(page)), el("div", _versions(page)), class_="grid"),
    )


SECTION = Section("reproduce", "section.reproduce", render)
