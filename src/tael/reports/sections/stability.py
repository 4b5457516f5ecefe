"""Whether the people scored today still look like those the model learned from."""

from __future__ import annotations

from typing import Any

from tael.reports.charts import share_bar
from tael.reports.context import Page, Section, badge, barred, details, table
from tael.reports.formats import finite
from tael.reports.html import Safe, el, join

MOVED = 0.1
SHOWN = 12


def _status(page: Page, psi: Any, chance: Any, moved: float) -> Safe:
    value, floor = finite(psi), finite(chance)
    if value is None:
        return el("span", "–")
    if value >= moved:
        if value >= 2.5 * moved:
            return badge(page, "error", page.t("stability.moved_far"))
        return badge(page, "warning", page.t("stability.moved"))
    if floor is not None and value > floor:
        return badge(page, "warning", page.t("stability.more_than_chance"))
    return badge(page, "ok", page.t("stability.steady"))


def _sentence(page: Page, text: str) -> str:
    """A verdict such as "stable", written as a sentence."""
    if not text:
        return ""
    return text[0].upper() + text[1:] + ("" if text[-1] in ".。!！" else "。" if page.lang == "zh" else ".")


def render(page: Page) -> Safe:
    """Draw the section."""
    fmt, score = page.fmt, page.at("stability", "score")
    parts: list[Any] = [el("p", page.t("stability.read"))]
    moved = MOVED
    if score and finite(score.get("psi")) is not None:
        moved = finite(score.get("threshold")) or MOVED
        verdict = _sentence(page, page.say(score.get("verdict")))
        parts.append(
            el(
                "p",
                el("strong", page.t("stability.score", psi=fmt.number(score.get("psi")))),
                " ",
                _status(page, score.get("psi"), score.get("adjusted_threshold"), moved),
                class_="lead",
            )
        )
        parts.append(
            el(
                "p",
                verdict,
                " ",
                page.t("stability.limits", moved=fmt.short(moved), chance=fmt.number(score.get("adjusted_threshold"))),
            )
        )
    else:
        parts.append(page.missing("missing.stability"))
    rows = sorted(page.rows("stability", "features"), key=lambda r: -(finite(r.get("psi")) or 0.0))
    if not rows:
        return join(parts, page.missing("missing.csi"))
    most = max(finite(rows[0].get("psi")) or 0.0, moved)
    heads = [page.t(f"stability.{k}") for k in ("feature", "psi", "chance", "status")]
    cells = [
        [
            join(page.say(r.get("words")) or str(r.get("name")), el("code", r.get("name") or "")),
            barred(fmt.number(r.get("psi")), share_bar(finite(r.get("psi")) or 0.0, most)),
            fmt.number(r.get("adjusted_threshold")),
            _status(page, r.get("psi"), r.get("adjusted_threshold"), moved),
        ]
        for r in rows
    ]
    parts.append(table(page.t("stability.features"), heads, cells[:SHOWN], text=(0, 3), kind="features"))
    if cells[SHOWN:]:
        rest = page.t("features.rest", n=len(cells) - SHOWN)
        parts.append(details(rest, table(rest, heads, cells[SHOWN:], text=(0, 3), kind="features")))
    return join(parts)


SECTION = Section("stability", "section.stability", render)
