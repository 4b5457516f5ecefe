"""Annex B: SR 11-7, for banks whose procedures still follow its order.

Source: Federal Reserve, SR 11-7, Guidance on Model Risk Management, 4 April 2011 (with OCC 2011-12). Its three parts
are model development, implementation and use; validation; governance, policies and controls. Validation has three
elements: evaluation of conceptual soundness, ongoing monitoring, outcomes analysis.
"""

from __future__ import annotations

from tael.reports.document.chapters.maps import map_table
from tael.reports.document.told import Told
from tael.reports.document.tree import Block, Paragraph

ID = "sr11-7"
TITLE = ("Cross-map to SR 11-7 (superseded)", "与 SR 11-7（已被取代）的对照")


def render(told: Told) -> list[Block]:
    """Write the annex."""
    part = told("Part {n}: ", "第 {n} 部分：")
    rows = [
        (
            part.format(n=1) + told("development: purpose and design", "开发：目的与设计"),
            told("Purpose, decision, method and settings.", "目的、决策、方法与设置。"),
            ("1", "4", "6"),
        ),
        (
            part.format(n=1) + told("development: data", "开发：数据"),
            told("Tables, breaches, leaks, sample design, label.", "数据表、违约定之处、泄漏、样本设计、标签。"),
            ("2",),
        ),
        (
            part.format(n=1) + told("development: testing", "开发：测试"),
            told(
                "Metrics on rows kept aside, calibration, stability, verdicts.",
                "留出样本指标、校准、稳定性、检查结论。",
            ),
            ("5",),
        ),
        (
            part.format(n=1) + told("implementation and use", "实施与使用"),
            told("Decision rule, value, reasons, review by a person.", "决策规则、价值、解释、人工复核。"),
            ("6", "7"),
        ),
        (
            part.format(n=2) + told("conceptual soundness", "概念合理性"),
            told(
                "Features in words, method, challenger; the validator's judgement to be written.",
                "特征释义、方法、挑战者；验证意见待填写。",
            ),
            ("3", "4"),
        ),
        (
            part.format(n=2) + told("ongoing monitoring", "持续监测"),
            told("Triggers, thresholds, who acts.", "触发条件、阈值、责任方。"),
            ("9",),
        ),
        (
            part.format(n=2) + told("outcomes analysis", "结果分析"),
            told("Forecasts against outcomes by band and by part of the sample.", "按分组与样本划分比较预测与实际。"),
            ("5",),
        ),
        (
            part.format(n=3) + told("roles, policies, controls", "职责、制度与控制"),
            told("Roles at every open point, approvals.", "各待填写项的角色、审批。"),
            ("10",),
        ),
        (
            part.format(n=3) + told("documentation and limitations", "文档与局限"),
            told("This document; limits and worries; how to repeat the run.", "本文档；局限与隐忧；复现方法。"),
            ("8", "D"),
        ),
    ]
    return [
        Paragraph(
            told(
                "SR 11-7 (4 April 2011, with OCC 2011-12) was superseded by SR 26-2. This map is for procedures and "
                "inventories that still follow its order.",
                "SR 11-7（2011 年 4 月 4 日，与 OCC 2011-12 同时发布）已被 SR 26-2 取代。"
                "本表供仍按其结构编写的制度与模型清单使用。",
            )
        ),
        map_table(told, told("SR 11-7 and this document", "SR 11-7 与本文档"), told("Topic", "主题"), rows),
        Paragraph(
            told(
                "Source: www.federalreserve.gov/supervisionreg/srletters/sr1107.htm.",
                "来源：www.federalreserve.gov/supervisionreg/srletters/sr1107.htm。",
            ),
            "note",
        ),
    ]
