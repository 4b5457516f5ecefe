"""Annex A: the heads of SR 26-2, and where this document answers them.

Sources, as read in November 2026: the letter's own cover text (Federal Reserve, SR 26-2, 17 April 2026), OCC Bulletin
2026-13 and the FDIC's press release of the same day. The guidance that is attached to the letter was not at hand, so
nothing below quotes it. That materiality joins exposure and purpose is told by several commentaries alike (such as
Management Solutions' and ValidMind's), not by a source of the agencies that was read here.
"""

from __future__ import annotations

from tael.reports.document.chapters.maps import map_table
from tael.reports.document.told import Told
from tael.reports.document.tree import Block, Bullets, Paragraph

ID = "sr26-2"
TITLE = ("Map to SR 26-2", "与 SR 26-2 的对照")


def render(told: Told) -> list[Block]:
    """Write the annex."""
    rows = [
        (
            told("Factors that influence model risk; materiality", "影响模型风险的因素；重要性"),
            told(
                "Tier by materiality, from the purpose, the number of decisions and the exposure.",
                "依据用途、决策笔数与敞口按重要性分级。",
            ),
            ("1",),
        ),
        (
            told("Model development", "模型开发"),
            told(
                "Data and their faults, sample and label, every feature in words, method, settings, challenger.",
                "数据及其问题、样本与标签、以文字说明的每个特征、方法、设置与挑战者。",
            ),
            ("2", "3", "4"),
        ),
        (
            told("Model use", "模型使用"),
            told(
                "Purpose and uses that are not allowed; the decision, its limits, assumptions and value; reasons; "
                "review.",
                "用途与不允许的用途；决策及其约束、假设与价值；解释；人工复核。",
            ),
            ("1", "6", "7"),
        ),
        (
            told("Model validation", "模型验证"),
            told(
                "Measured on rows kept aside, with intervals, calibration and verdicts; the validator's own work is "
                "marked as to be written.",
                "在留出样本上评估，含区间、校准与检查结论；验证人员的独立工作标为待填写。",
            ),
            ("4", "5", "8"),
        ),
        (
            told("Monitoring", "监测"),
            told(
                "Triggers with thresholds from the run instead of a calendar.", "以触发条件及运行所得阈值代替固定周期。"
            ),
            ("9",),
        ),
        (
            told("Governance and controls", "治理与控制"),
            told(
                "Roles at every open point, versions, approvals, and how to make the run again.",
                "每个待填写项均注明角色；版本、审批与复现方法。",
            ),
            ("9", "10", "D"),
        ),
        (
            told("Vendor and other third-party products", "供应商及其他第三方产品"),
            told(
                "Libraries and versions are listed; bought data and scores are for a person to describe.",
                "列出软件库及版本；外购数据与评分由人员说明。",
            ),
            ("2", "D"),
        ),
    ]
    return [
        Paragraph(
            told(
                "SR 26-2, Revised Guidance on Model Risk Management, was issued on 17 April 2026 by the Federal "
                "Reserve "
                "together with the OCC (Bulletin 2026-13) and the FDIC. It supersedes SR 11-7 and SR 21-8.",
                "SR 26-2《模型风险管理指引（修订）》于 2026 年 4 月 17 日由美联储与 OCC（公告 2026-13）、FDIC "
                "联合发布，"
                "取代 SR 11-7 与 SR 21-8。",
            )
        ),
        Bullets(
            (
                told(
                    "By the agencies' own announcements it is expected to be most relevant to banking organisations "
                    "with "
                    "over 30 billion dollars in total assets, is to be tailored to a bank's size, complexity and model "
                    "risk, and sets no enforceable standards.",
                    "据监管机构公告：主要适用于总资产超过 300 亿美元的银行机构，应按机构规模、"
                    "复杂程度与模型风险予以调整，"
                    "不构成可强制执行的标准。",
                ),
                told(
                    "It names these heads: factors that influence model risk; model development and model use; model "
                    "validation and monitoring; governance and controls; vendor and other third-party products.",
                    "其主要部分为：影响模型风险的因素；模型开发与模型使用；模型验证与监测；治理与控制；"
                    "供应商及其他第三方产品。",
                ),
                told(
                    "Generative and agentic AI are outside its scope (OCC Bulletin 2026-13). The model described "
                    "here is "
                    "neither.",
                    "生成式与代理式人工智能不在其范围内（OCC 公告 2026-13）。本文档所述模型不属于此类。",
                ),
                told(
                    "Tiers by materiality (exposure and purpose) and triggers in place of a fixed calendar follow "
                    "commentaries on the guidance, not its text.",
                    "按重要性（敞口与用途）分级、以触发条件代替固定周期，系依据对该指引的解读，并非其原文。",
                ),
            )
        ),
        map_table(
            told,
            told("SR 26-2 and this document", "SR 26-2 与本文档"),
            told("Head of the guidance", "指引内容"),
            rows,
        ),
        Paragraph(
            told(
                "Sources: www.federalreserve.gov/supervisionreg/srletters/SR2602.htm; OCC Bulletin 2026-13; FDIC press "
                "release of 17 April 2026. The attachment to the letter was not read for this map.",
                "来源：www.federalreserve.gov/supervisionreg/srletters/SR2602.htm；OCC 公告 2026-13；FDIC 2026 年 4 "
                "月 17 日新闻稿。"
                "编制本表时未阅读该函件的附件。",
            ),
            "note",
        ),
        told.gap(
            "compliance",
            "To be checked against the text by a person: whether SR 26-2 applies to this bank and this model, and "
            "whether the map holds head by head.",
            "须由人员对照原文核实：SR 26-2 是否适用于本行与本模型，以及上表是否逐项成立。",
        ),
    ]
