"""Chapter 10: versions, and who has approved what."""

from __future__ import annotations

from tael.reports.document.told import Told
from tael.reports.document.tree import Block, Paragraph, Table
from tael.reports.formats import NONE

ID = "changes"
TITLE = ("Change log and approvals", "变更记录与审批")
EMPTY_ROWS = 3


def render(told: Told) -> list[Block]:
    """Write the chapter."""
    started, version = str(told.at("started") or "")[:10] or NONE, str(told.at("model", "version") or NONE)
    heads = (
        told("Day", "日期"),
        told("Version of the model", "模型版本"),
        told("What changed, and why", "变更内容与原因"),
        told("Who", "人员"),
    )
    made = (started, version, told("the run that this document is made from", "生成本文档的运行"), "")
    roles = ("owner", "developer", "validator", "risk", "compliance", "committee")
    approvals = tuple((told.role(who), "", "", "") for who in roles)
    return [
        Table(
            told("Versions", "版本记录"),
            heads,
            (made, *(("", "", "", "") for _ in range(EMPTY_ROWS))),
            widths=(1.0, 1.3, 3.2, 1.2),
            blank=True,
        ),
        told.gap(
            "owner",
            "Earlier versions, and every change since this run: what changed, why, and whether it was validated again.",
            "此前的版本，以及本次运行之后的每次变更：内容、原因、是否重新验证。",
        ),
        Table(
            told("Approvals", "审批"),
            (
                told("Role", "角色"),
                told("Name", "姓名"),
                told("Decision and conditions", "意见与条件"),
                told("Day", "日期"),
            ),
            approvals,
            widths=(1.5, 1.5, 2.6, 1.0),
            blank=True,
        ),
        Paragraph(
            told("Nobody has approved anything by this document's being made.", "本文档的生成不代表任何人的批准。"),
            "note",
        ),
        told.gap(
            "committee",
            "The decision on use, its conditions, and the day from which it holds.",
            "关于使用的决定、条件与生效日期。",
        ),
    ]
