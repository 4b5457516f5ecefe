"""Chapter 8: what the run does not tell, what is worrying, and what is to be done."""

from __future__ import annotations

from tael.reports.document.told import Told, known
from tael.reports.document.tree import Block, Bullets, Paragraph, Subhead

ID = "limits"
TITLE = ("Limitations and worries", "局限与隐忧")


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    worries, limits, steps = told.texts("worries"), told.texts("limits"), told.texts("next_steps")
    return known(
        Paragraph(told.t("page.despite_leaks_text"), "alert") if told.at("despite_leaks") else None,
        Subhead(told.t("summary.worry")),
        Bullets(worries) if worries else Paragraph(told.t("missing.worries")),
        Subhead(told.t("limits.limits")),
        Bullets(limits) if limits else Paragraph(told.t("missing.limits"), "absent"),
        Subhead(told.t("limits.next_steps")),
        Bullets(steps) if steps else Paragraph(told.t("missing.next_steps"), "absent"),
        told.gap(
            "owner",
            "For each worry and limit above: what is done about it, by whom, until when, and what risk is accepted.",
            "针对上述每一项隐忧与局限：采取的措施、责任人、期限，以及接受的风险。",
        ),
        told.gap(
            "validator",
            "Conditions under which the model may be used, and findings that are open.",
            "模型可使用的条件，以及未关闭的验证发现。",
        ),
    )
