"""Where the model is weaker than elsewhere, and what noise in its inputs costs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tael.reports.context import Page, Section, badge, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join
from tael.reports.sections._told import limited, sentences

WEAK = {"ranking": "ranking", "calibration": "off", "both": "both"}


def group_name(page: Page, group: Any) -> str:
    """A group as people call it: missing values and the rare rest have words."""
    words = {"(missing)": "segments.missing_group", "(other)": "segments.other_group"}
    return page.t(words[group]) if group in words else str(group)


def _reading(page: Page, row: Mapping[str, Any]) -> Safe:
    weak = WEAK.get(str(row.get("weak")))
    if weak is not None:
        return badge(page, "warning", page.t(f"segments.{weak}"))
    return (
        badge(page, "note", page.t("segments.small"))
        if row.get("small")
        else badge(page, "ok", page.t("segments.fine"))
    )


def _groups(page: Page, found: Mapping[str, Any]) -> Safe:
    fmt = page.fmt
    rows = [row for row in found.get("groups") or [] if isinstance(row, Mapping)]
    name = page.say(found.get("title")) or str(found.get("name") or "–")
    keys = ("group", "n", "rate", "mean_p", "calibration", "auc", "reading")
    cells = [
        [
            group_name(page, row.get("group")),
            fmt.integer(row.get("n")),
            limited(page, row, "rate", fmt.percent, ""),
            fmt.percent(row.get("mean_p")),
            limited(page, row, "calibration", lambda v: fmt.number(v, 2)),
            limited(page, row, "roc_auc", fmt.number),
            _reading(page, row),
        ]
        for row in rows
    ]
    whole = page.t("segments.whole", auc=fmt.number(found.get("roc_auc")), within=fmt.number(found.get("within_auc")))
    return join(
        sentences(page, found.get("sentences")),
        table(page.t("segments.table", name=name), [page.t(f"segments.{key}") for key in keys], cells, text=(0, 6)),
        el("p", whole, class_="note"),
    )


def _robustness(page: Page) -> Safe:
    fmt, rows = page.fmt, page.rows("robustness", "table")
    if not rows:
        return page.missing("missing.robustness")
    cells = []
    for row in rows:
        size = fmt.percent(row.get("size"), 0)
        noise = "robustness.jitter" if row.get("noise") == "jitter" else "robustness.cells"
        # a loss of less than half of the last digit is none, and never "minus nothing"
        lost = [finite(row.get(key)) for key in ("loss", "worst")]
        loss = [fmt.number(v if v is None or abs(v) >= 0.0005 else 0.0) for v in lost]
        cells.append([page.t(noise, size=size), fmt.number(row.get("roc_auc")), *loss])
    heads = [page.t(f"robustness.{key}") for key in ("noise", "auc", "loss", "worst")]
    repeats = fmt.integer(page.at("robustness", "repeats"))
    return join(
        el("h3", page.t("robustness.title")),
        sentences(page, page.at("robustness", "sentences")),
        el("p", page.t("robustness.read", repeats=repeats), class_="note"),
        table(page.t("robustness.title"), heads, cells, kind="narrow quiet"),
    )


def render(page: Page) -> Safe:
    """Draw the section."""
    found = page.rows("segments")
    if not found:
        return join(page.missing("missing.segments"), _robustness(page))
    return join(el("p", page.t("segments.read")), *(_groups(page, part) for part in found), _robustness(page))


SECTION = Section("segments", "section.segments", render)
