"""Annex C: lending on the mainland of China: what the rules ask of a model, and where this document answers.

Sources, as read in November 2026: 商业银行互联网贷款管理暂行办法 (CBIRC Order 2020 No. 9, 12 July 2020), its first
articles and reports of its content on the day; the articles on models were at hand in a draft of 2020 only, so topics
are named here and no article numbers. 个人信息保护法 (in force since 1 November 2021): article 24 in full, articles 55
and 56 by a commentary. What is said below sums up and does not quote.
"""

from __future__ import annotations

from tael.reports.document.chapters.maps import map_table
from tael.reports.document.told import Told
from tael.reports.document.tree import Block, Paragraph, Subhead

ID = "china"
TITLE = ("China page", "中国监管要求对照")


def _loans(told: Told) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (
            told(
                "A consumer's unsecured credit line: at most CNY 200,000; repaid in one sum: at most one year",
                "单户用于消费的个人信用贷款授信额度不超过人民币 20 万元；到期一次性还本的，期限不超过一年",
            ),
            told(
                "A limit is part of the plan, not of the model; the run does not test it for an approval.",
                "额度上限属于方案而非模型；授信审批类运行不检验该上限。",
            ),
            ("6",),
        ),
        (
            told(
                "Risk data: lawful source, consent, quality, safe keeping", "风险数据：来源合法、授权、质量与安全保管"
            ),
            told(
                "Tables, contract check, exclusions; lawfulness is to be written.",
                "数据表、约定检查、剔除；合法性说明待填写。",
            ),
            ("2",),
        ),
        (
            told(
                "Risk models: duties for development, testing, review, monitoring and retirement are assigned, and not "
                "outsourced",
                "风险模型：开发、测试、评审、监测、退出等环节职责明确，且不得外包",
            ),
            told("Development and tests; monitoring and retirement; approvals.", "开发与测试；监测与退出；审批。"),
            ("4", "5", "9", "10"),
        ),
        (
            told("Review by a person where the model alone should not decide", "模型自动审批之外的人工复核"),
            told("The band in which a person decides, and who that is.", "转人工区间及复核人员。"),
            ("7",),
        ),
    ]


def _persons(told: Told) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (
            told(
                "Art. 24: automated decisions are transparent, fair and impartial; no unreasonable difference in "
                "price or "
                "other terms",
                "第二十四条：自动化决策应透明，结果公平、公正，不得在交易价格等交易条件上实行不合理的差别待遇",
            ),
            told(
                "Every feature in words; what no feature may use; the decision rule.",
                "以文字说明的特征；特征限制；决策规则。",
            ),
            ("3", "6"),
        ),
        (
            told(
                "Art. 24: where a decision weighs heavily on a person, he may ask for an explanation and refuse a "
                "decision "
                "made by automated means alone",
                "第二十四条：对个人权益有重大影响的决定，个人有权要求说明，并有权拒绝仅通过自动化决策的方式作出决定",
            ),
            told("Reasons for each decision; the route to a person.", "每个决定的理由；人工复核渠道。"),
            ("7",),
        ),
        (
            told(
                "Art. 55 and 56: an impact assessment before personal data is used for automated decisions; its "
                "report is "
                "kept for at least three years",
                "第五十五条、第五十六条：利用个人信息进行自动化决策前进行个人信息保护影响评估，报告至少保存三年",
            ),
            told("Not made by a run: to be written below.", "运行不能代替评估：见下方待填写项。"),
            ("2", "8"),
        ),
    ]


def render(told: Told) -> list[Block]:
    """Write the annex."""
    topic = told("What is asked, summed up", "要求（概述）")
    return [
        Paragraph(
            told(
                "For lending on the mainland of China. The left column sums up and does not quote.",
                "适用于中国境内的贷款业务。左列为概述，并非法规原文。",
            )
        ),
        Subhead(
            told(
                "Interim Measures for Internet Loans of Commercial Banks (CBIRC Order 2020 No. 9)",
                "《商业银行互联网贷款管理暂行办法》（银保监会令 2020 年第 9 号）",
            )
        ),
        map_table(told, told("Internet loans", "互联网贷款"), topic, _loans(told)),
        told.gap(
            "compliance",
            "To be checked against the text by a person, with later amendments and article numbers: whether the "
            "Measures "
            "apply, how the cap per borrower is held, the source and consent for outside data, and joint lending.",
            "须由人员对照现行文本（含后续修订与条款号）核实：是否适用本办法、单户上限如何执行、外部数据的来源与授权、"
            "共同出资贷款的要求。",
        ),
        Subhead(
            told("Personal Information Protection Law", "《中华人民共和国个人信息保护法》"),
        ),
        map_table(told, told("Personal information", "个人信息保护"), topic, _persons(told)),
        told.gap(
            "compliance",
            "The impact assessment (day, result, where it is kept); sensitive personal information among the "
            "columns, its "
            "purpose and consent; how refusals of automated decisions are handled.",
            "个人信息保护影响评估（日期、结论、存放处）；所用敏感个人信息及其目的与同意；"
            "拒绝自动化决策请求的处理方式。",
        ),
    ]
