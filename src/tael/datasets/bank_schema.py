"""The description of the simulated bank's tables: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from typing import Any

# table: (head, English, Chinese, columns); column: (name, English, Chinese, what else is promised)
_Column = tuple[str, str, str, dict[str, Any]]
_CNY = {"type": "number", "unit": "CNY", "min": 0}
_CATEGORY, _FLAG, _TIME = {"type": "category"}, {"type": "flag"}, {"type": "time"}


def _to(table: str) -> dict[str, Any]:
    return {"to": table}


def _count(unit: str | None = None, low: float | None = 0, high: float | None = None) -> dict[str, Any]:
    promise = {"type": "number", "unit": unit, "min": low, "max": high}
    return {key: value for key, value in promise.items() if value is not None}


_CUSTOMER: _Column = ("customer_id", "customer", "客户", _to("customers"))
_LOAN: _Column = ("loan_id", "loan", "借款", _to("loans"))

_TABLES: dict[str, tuple[dict[str, str], str, str, list[_Column]]] = {
    "applications": (
        {"key": "application_id", "time": "applied"}, "loan applications", "贷款申请",
        [
            ("application_id", "application", "申请编号", {}),
            _CUSTOMER,
            ("device_id", "device", "设备", _to("devices")),
            ("phone_id", "phone", "手机号", _to("phones")),
            ("bank_card_id", "bank card", "银行卡", _to("bank_cards")),
            ("applied", "time of application", "申请时间", _TIME),
            ("amount", "amount applied for", "申请金额", _CNY | {"max": 200_000}),
            ("term_months", "term", "期限", _count("months", 1, 60)),
            ("purpose", "purpose", "用途", _CATEGORY),
            ("channel", "channel", "渠道", _CATEGORY),
            ("product", "product", "产品", _CATEGORY),
            ("annual_rate", "annual rate", "年利率", _count("1/year", 0, 0.36)),
            ("first_time", "first application", "首次申请", _FLAG),
        ],
    ),
    "customers": (
        {"key": "customer_id", "time": "registered"}, "customers", "客户",
        [
            ("customer_id", "customer", "客户编号", {}),
            ("registered", "time of registration", "注册时间", _TIME),
            ("age", "age", "年龄", _count("years", 18, 100)),
            ("sex", "sex", "性别", _CATEGORY),
            ("education", "education", "学历", _CATEGORY),
            ("occupation", "occupation", "职业", _CATEGORY),
            ("employer_type", "kind of employer", "单位性质", _CATEGORY),
            ("income", "stated monthly income", "申报月收入", _CNY),
            ("housing", "housing", "住房状况", _CATEGORY),
            ("marital_status", "marital status", "婚姻状况", _CATEGORY),
            ("province", "province", "省份", _CATEGORY),
            ("city", "city", "城市", _CATEGORY),
            ("dependants", "dependants", "供养人数", _count("persons", 0, 20)),
        ],
    ),
    "loans": (
        {"key": "loan_id", "time": "disbursed"}, "loans paid out", "已放款借款",
        [
            ("loan_id", "loan", "借款编号", {}),
            ("application_id", "application", "申请", _to("applications")),
            _CUSTOMER,
            ("disbursed", "time of disbursement", "放款时间", _TIME),
            ("amount", "amount lent", "放款金额", _CNY),
            ("term_months", "term", "期限", _count("months", 1, 60)),
            ("annual_rate", "annual rate", "年利率", _count("1/year", 0, 0.36)),
            ("settled_on", "day of settlement", "结清日期", _TIME | {"known_at": "settled_on"}),
            ("status", "final status", "最终状态", _CATEGORY | {"known_at": "settled_on"}),
        ],
    ),
    "instalments": (
        {"key": "instalment_id", "time": "due"}, "instalments", "还款计划",
        [
            ("instalment_id", "instalment", "分期编号", {}),
            _LOAN,
            ("number", "number of the instalment", "期数", _count(None, 1, 60)),
            ("due", "due date", "应还日期", _TIME),
            ("paid", "time of payment", "实还时间", _TIME | {"known_at": "paid"}),
            ("amount_due", "amount due", "应还金额", _CNY),
            ("amount_paid", "amount paid", "实还金额", _CNY | {"known_at": "paid"}),
        ],
    ),
    "delinquencies": (
        {"time": "reached"}, "instalments that became late", "逾期记录",
        [
            _LOAN,
            ("number", "number of the instalment", "期数", _count(None, 1, 60)),
            ("reached", "day on which it became so late", "达到逾期天数的日期", _TIME),
            ("days_past_due", "days past due", "逾期天数", _count("days")),
        ],
    ),
    "transactions": (
        {"time": "booked", "known_at": "posted_at"}, "bank transactions", "银行流水",
        [
            _CUSTOMER,
            ("booked", "time of booking", "交易时间", _TIME),
            ("posted_at", "time of arrival at the lender", "入库时间", _TIME),
            ("amount", "amount", "金额", _CNY),
            ("direction", "direction", "收支方向", _CATEGORY),
            ("kind", "kind", "交易类型", _CATEGORY),
            ("channel", "channel", "交易渠道", _CATEGORY),
            ("counterparty_id", "counterparty", "对手方", _to("counterparties")),
            ("night", "at night (23:00 to 05:00)", "夜间交易 (23 点至 5 点)", _FLAG),
        ],
    ),
    "app_events": (
        {"time": "time"}, "app events", "App 行为",
        [
            _CUSTOMER,
            ("time", "time", "时间", _TIME),
            ("event", "event", "事件", _CATEGORY),
            ("screen", "screen", "页面", _CATEGORY),
            ("seconds", "time on the screen", "停留时长", _count("seconds")),
        ],
    ),
    "bureau_enquiries": (
        {"time": "enquired", "known_at": "reported_at"}, "bureau enquiries", "征信查询 (多头借贷)",
        [
            _CUSTOMER,
            ("enquired", "time of the enquiry", "查询时间", _TIME),
            ("reported_at", "time of the report", "上报时间", _TIME),
            ("lender", "kind of lender", "机构类型", _CATEGORY),
            ("reason", "reason", "查询原因", _CATEGORY),
        ],
    ),
    "external_scores": (
        {"time": "as_of", "known_at": "delivered_at"}, "external scores", "外部评分",
        [
            _CUSTOMER,
            ("as_of", "day the score speaks of", "评分日期", _TIME),
            ("delivered_at", "time of delivery", "交付时间", _TIME),
            ("score", "score (-9 no record, -8 thin file, -7 refused)", "评分 (-9 无记录, -8 信息不足, -7 拒绝授权)",
             {"type": "number", "min": 300, "max": 900, "special": [-9, -8, -7]}),
        ],
    ),
    "devices": (
        {"key": "device_id", "time": "first_seen"}, "devices", "设备",
        [
            ("device_id", "device", "设备编号", {}),
            ("first_seen", "first seen", "首次出现时间", _TIME),
            ("system", "operating system", "操作系统", _CATEGORY),
            ("price", "price class of the device", "设备价位", _CNY),
            ("rooted", "rooted or emulated", "越狱或模拟器", _FLAG),
        ],
    ),
    "device_links": (
        {"time": "seen"}, "customers on devices", "客户与设备",
        [
            _CUSTOMER,
            ("device_id", "device", "设备", _to("devices")),
            ("seen", "first seen together", "首次关联时间", _TIME),
        ],
    ),
    "contacts": (
        {"time": "added"}, "contacts", "联系人",
        [
            _CUSTOMER,
            ("phone_id", "phone of the contact", "联系人手机号", _to("phones")),
            ("added", "time added", "添加时间", _TIME),
            ("relation", "relation", "关系", _CATEGORY),
        ],
    ),
}  # fmt: skip


def bank_schema() -> dict[str, Any]:
    """Return the schema of the simulated bank in the flat form of ``tables.toml``.

    Returns
    -------
    dict
        ``{"tael": {"simulated": True, ...}, table: {"file", "key", "time", "known_at", "title", "columns"}, ...}``.

    Examples
    --------
    >>> bank_schema()["loans"]["columns"]["status"]["known_at"]
    'settled_on'
    """
    title = {"en": "Simulated bank (no real customers)", "zh": "模拟银行 (并非真实客户)"}
    schema: dict[str, Any] = {"tael": {"simulated": True, "title": title}}
    for name, (head, en, zh, columns) in _TABLES.items():
        schema[name] = {
            "file": f"{name}.parquet",
            **head,
            "title": {"en": en, "zh": zh},
            "columns": {column: {**more, "title": {"en": e, "zh": z}} for column, e, z, more in columns},
        }
    return schema
