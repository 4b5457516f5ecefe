"""The description of the lender's further tables: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from typing import Any

from tael.datasets.bank_schema import bank_schema

_Column = tuple[str, str, str, dict[str, Any]]
_CNY = {"type": "number", "unit": "CNY", "min": 0}
_CATEGORY, _FLAG, _TIME = {"type": "category"}, {"type": "flag"}, {"type": "time"}
# How a choice was drawn is for judging outcomes; as a feature it would say which choice it was.
_CHANCE = {"type": "number", "min": 0, "max": 1, "role": "label"}
_DRAWN_BY_LOT = {"type": "flag", "role": "label"}


def _to(table: str) -> dict[str, Any]:
    return {"to": table}


_CUSTOMER: _Column = ("customer_id", "customer", "客户", _to("customers"))
_LOAN: _Column = ("loan_id", "loan", "借款", _to("loans"))
_CASE: _Column = ("case_id", "collection case", "催收案件", _to("collection_cases"))

# table: (head, English, Chinese, columns); column: (name, English, Chinese, what else is promised)
_TABLES: dict[str, tuple[dict[str, str], str, str, list[_Column]]] = {
    "products": (
        {"key": "product"}, "products", "产品目录",
        [
            ("product", "product", "产品", {}),
            ("name", "name of the product", "产品名称", _CATEGORY),
            ("kind", "kind of product", "产品类别", _CATEGORY),
            ("margin", "margin per sale and year", "每笔销售的年收益", _CNY),
            ("min_age", "minimum age", "最低年龄", {"type": "number", "unit": "years", "min": 0, "max": 100}),
            ("min_balance", "minimum balance", "最低余额", _CNY),
        ],
    ),
    "purchases": (
        {"key": "purchase_id", "time": "bought", "known_at": "reported_at"}, "purchases of products", "产品购买",
        [
            ("purchase_id", "purchase", "购买编号", {}),
            _CUSTOMER,
            ("product", "product", "产品", _to("products")),
            ("bought", "time of purchase", "购买时间", _TIME),
            ("reported_at", "time of the report", "上报时间", _TIME),
            ("amount", "amount", "金额", _CNY),
            ("channel", "channel", "渠道", _CATEGORY),
        ],
    ),
    "service_contacts": (
        {"time": "contacted"}, "contacts with the service", "客服联系记录",
        [
            _CUSTOMER,
            ("contacted", "time of the contact", "联系时间", _TIME),
            ("topic", "topic of the contact", "联系主题", _CATEGORY),
            ("channel", "channel", "渠道", _CATEGORY),
            ("minutes", "length of the contact", "时长", {"type": "number", "unit": "minutes", "min": 0}),
            ("resolved", "resolved", "是否解决", _FLAG),
        ],
    ),
    "balances": (
        {"time": "as_of"}, "balances at the end of each month", "月末余额",
        [
            _CUSTOMER,
            ("as_of", "day the balance speaks of", "余额日期", _TIME),
            ("balance", "balance", "余额", _CNY),
            ("card_spend", "card spending of the month", "当月刷卡消费", _CNY),
        ],
    ),
    "closures": (
        {"key": "closure_id", "time": "closed"}, "closed accounts", "销户",
        [
            ("closure_id", "closure", "销户编号", {}),
            _CUSTOMER,
            ("closed", "time of closing", "销户时间", _TIME),
            ("reason", "reason stated for leaving", "销户原因", _CATEGORY | {"known_at": "closed"}),
        ],
    ),
    "settlements": (
        {"key": "settlement_id", "time": "settled"}, "settled loans", "结清记录",
        [
            ("settlement_id", "settlement", "结清编号", {}),
            _LOAN,
            _CUSTOMER,
            ("settled", "time of settlement", "结清时间", _TIME),
            ("kind", "kind of settlement", "结清方式", _CATEGORY),
            ("principal_left", "principal left before settling", "结清前剩余本金", _CNY),
            ("interest_lost", "interest not earned because of early settlement", "提前结清损失利息", _CNY),
        ],
    ),
    "campaign_contacts": (
        {"key": "contact_id", "time": "sent"}, "campaign contacts", "营销触达",
        [
            ("contact_id", "campaign contact", "触达编号", {}),
            _CUSTOMER,
            ("sent", "time of the contact", "触达时间", _TIME),
            ("arm", "way of contact (none: held out)", "触达方式 (none 为对照组)", _CATEGORY),
            ("propensity", "chance of the way of contact that was given", "所用触达方式的分配概率", _CHANCE),
            ("randomised", "drawn by lot", "是否随机分配", _DRAWN_BY_LOT),
        ],
    ),
    "reapplications": (
        {"key": "reapplication_id", "time": "applied"}, "applications made again", "再次申请",
        [
            ("reapplication_id", "repeated application", "再次申请编号", {}),
            _CUSTOMER,
            ("applied", "time of the repeated application", "再次申请时间", _TIME),
            ("amount", "amount applied for again", "再次申请金额", _CNY),
            ("expected_margin", "margin to be expected", "预期收益", {"type": "number", "unit": "CNY"}),
        ],
    ),
    "credit_lines": (
        {"key": "line_id", "time": "granted"}, "credit lines", "授信额度",
        [
            ("line_id", "credit line", "额度编号", {}),
            ("application_id", "application", "申请", _to("applications")),
            _CUSTOMER,
            ("granted", "time of granting", "授信时间", _TIME),
            ("limit", "limit granted", "授信额度", _CNY),
            ("requested", "limit asked for", "申请额度", _CNY),
            ("measured_at", "time at which the use was measured", "使用率统计时间",
             _TIME | {"known_at": "measured_at"}),
            ("utilisation", "share of the limit in use after 90 days", "90 天后额度使用率",
             {"type": "number", "min": 0, "max": 1, "known_at": "measured_at"}),
        ],
    ),
    "collection_cases": (
        {"key": "case_id", "time": "opened"}, "collection cases", "催收案件",
        [
            ("case_id", "collection case", "案件编号", {}),
            _LOAN,
            _CUSTOMER,
            ("opened", "day of opening", "立案日期", _TIME),
            ("days_past_due", "days past due of the oldest instalment", "最早一期逾期天数",
             {"type": "number", "unit": "days", "min": 0}),
            ("overdue_amount", "amount overdue", "逾期金额", _CNY),
            ("balance", "balance of the loan", "借款余额", _CNY),
            ("channel", "who works the case", "催收渠道", _CATEGORY),
            ("randomised", "drawn by lot", "是否随机分配", _DRAWN_BY_LOT),
            ("propensity", "chance of the channel that was given", "所用渠道的分配概率", _CHANCE),
            ("handling", "handling", "处理方式", _CATEGORY),
            ("handling_propensity", "chance of the handling that was given", "所用处理方式的分配概率", _CHANCE),
        ],
    ),
    "collection_actions": (
        {"time": "acted"}, "collection actions", "催收动作",
        [
            _CASE,
            ("acted", "time of the action", "动作时间", _TIME),
            ("kind", "kind of action", "动作类型", _CATEGORY),
            ("result", "result of the action", "动作结果", _CATEGORY),
        ],
    ),
    "collection_payments": (
        {"time": "paid"}, "payments in collection", "催收回款",
        [
            _CASE,
            ("paid", "time of the payment", "回款时间", _TIME),
            ("amount", "amount paid", "回款金额", _CNY),
        ],
    ),
    "complaints": (
        {"key": "complaint_id", "time": "complained", "known_at": "recorded_at"}, "complaints", "投诉",
        [
            ("complaint_id", "complaint", "投诉编号", {}),
            _CUSTOMER,
            _CASE,
            ("complained", "time of the complaint", "投诉时间", _TIME),
            ("recorded_at", "time of recording", "登记时间", _TIME),
            ("topic", "topic of the complaint", "投诉主题", _CATEGORY),
            ("text", "text of the complaint", "投诉内容", {"type": "text"}),
            ("severity", "severity (1 to 3)", "严重程度 (1 至 3)", {"type": "number", "min": 1, "max": 3}),
        ],
    ),
}  # fmt: skip

LENDER_TABLES = tuple(_TABLES)


def lender_schema() -> dict[str, Any]:
    """Return the schema of the simulated lender, the bank's tables first, in the flat form of ``tables.toml``.

    Returns
    -------
    dict

    Examples
    --------
    >>> lender_schema()["credit_lines"]["columns"]["utilisation"]["known_at"]
    'measured_at'
    """
    schema = bank_schema()
    schema["tael"]["title"] = {"en": "Simulated lender (no real customers)", "zh": "模拟贷款机构 (并非真实客户)"}
    for name, (head, en, zh, columns) in _TABLES.items():
        schema[name] = {
            "file": f"{name}.parquet",
            **head,
            "title": {"en": en, "zh": zh},
            "columns": {column: {**more, "title": {"en": e, "zh": z}} for column, e, z, more in columns},
        }
    return schema
