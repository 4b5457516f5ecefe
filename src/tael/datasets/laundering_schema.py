"""The description of the tables of simulated laundering: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from typing import Any

from tael.datasets.market_schema import Described, describe

_CNY = {"type": "number", "unit": "CNY", "min": 0}
_CATEGORY, _FLAG, _TIME = {"type": "category"}, {"type": "flag"}, {"type": "time"}
_ACCOUNT = ("account_id", "account", "账户", {"to": "accounts"})

_TABLES: Described = {
    "customers": (
        {"key": "customer_id", "time": "registered"}, "customers", "客户",
        [
            ("customer_id", "customer", "客户编号", {}),
            ("registered", "time of registration", "开户登记时间", _TIME),
            ("kind", "person or company", "客户类型", _CATEGORY),
            ("age", "age", "年龄", {"type": "number", "unit": "years", "min": 0, "max": 120}),
            ("sex", "sex", "性别", _CATEGORY),
            ("origin", "province of origin", "籍贯", _CATEGORY),
            ("occupation", "occupation", "职业", _CATEGORY),
            ("fingerprint", "fingerprint taken", "是否采集指纹", _FLAG),
            ("portrait", "portrait taken", "是否采集人像", _FLAG),
            ("income", "stated income or turnover a month", "申报月收入 (企业为月营业额)", _CNY),
        ],
    ),
    "accounts": (
        {"key": "account_id", "time": "opened"}, "accounts", "账户",
        [
            ("account_id", "account", "账户编号", {}),
            ("customer_id", "customer", "客户", {"to": "customers"}),
            ("opened", "time of opening", "开户时间", _TIME),
            ("kind", "person or company", "账户类型", _CATEGORY),
            ("branch", "branch", "开户网点", _CATEGORY),
            ("launders", "launders", "是否洗钱", _FLAG | {"role": "label", "known_at": "judged"}),
            ("typology", "typology", "洗钱类型", _CATEGORY | {"role": "label", "known_at": "judged"}),
            ("judged", "time at which it was known whether the account launders", "定性时间",
             _TIME | {"role": "ignore"}),
        ],
    ),
    "transfers": (
        {"key": "transfer_id", "time": "at", "known_at": "known_at"}, "transfers", "转账",
        [
            ("transfer_id", "transfer", "转账编号", {}),
            ("at", "time of the transfer", "转账时间", _TIME),
            ("sender", "paying account", "付款账户", {"to": "accounts"}),
            ("receiver", "receiving account", "收款账户", {"to": "accounts"}),
            ("amount", "amount", "金额", _CNY),
            ("channel", "channel", "渠道", _CATEGORY),
            ("ip", "address", "IP", {"to": "ips"}),
            ("device", "device", "设备", {"to": "devices"}),
            ("phone", "phone", "手机号", {"to": "phones"}),
            ("remark", "remark", "附言", _CATEGORY),
            ("country", "country of the address", "IP 所在国家或地区", _CATEGORY),
            ("known_at", "time of arrival at the watch", "入库时间", _TIME),
            ("laundering", "part of laundering", "是否洗钱交易", _FLAG | {"role": "label", "known_at": "judged"}),
            ("judged", "time at which it was known whether the transfer launders", "定性时间",
             _TIME | {"role": "ignore"}),
        ],
    ),
    "logins": (
        {"time": "at"}, "logins", "登录",
        [
            _ACCOUNT,
            ("at", "time of the login", "登录时间", _TIME),
            ("ip", "address", "IP", {"to": "ips"}),
            ("device", "device", "设备", {"to": "devices"}),
        ],
    ),
    "alerts": (
        {"key": "alert_id", "time": "at"}, "alerts of the rules", "规则预警",
        [
            ("alert_id", "alert", "预警编号", {}),
            _ACCOUNT,
            ("at", "time of the alert", "预警时间", _TIME),
            ("rule", "rule", "预警规则", _CATEGORY),
            ("confirmed", "confirmed", "是否确认可疑", _FLAG | {"role": "label", "known_at": "decided"}),
            ("decided", "time of the decision", "处置时间", _TIME | {"role": "ignore"}),
        ],
    ),
    "dispositions": (
        {"key": "disposition_id", "time": "decided"}, "what was decided on alerts", "预警处置结果",
        [
            ("disposition_id", "disposition", "处置编号", {}),
            ("alert_id", "alert", "预警", {"to": "alerts"}),
            _ACCOUNT,
            ("decided", "time of the decision", "处置时间", _TIME),
            ("confirmed", "alert confirmed", "是否确认可疑", _FLAG),
            ("reason", "reason", "处置理由", _CATEGORY),
        ],
    ),
    "reports": (
        {"key": "report_id", "time": "filed"}, "suspicious-transaction reports", "可疑交易报告",
        [
            ("report_id", "report", "报告编号", {}),
            _ACCOUNT,
            ("filed", "time of filing", "报送时间", _TIME),
            ("case", "case file of all accounts that are reported together", "案卷（同案账户相同）", _CATEGORY),
        ],
    ),
}  # fmt: skip

LAUNDERING_TABLES = tuple(_TABLES)


def laundering_schema() -> dict[str, Any]:
    """Return the schema of simulated laundering in the flat form of ``tables.toml``.

    Returns
    -------
    dict

    Examples
    --------
    >>> laundering_schema()["transfers"]["columns"]["receiver"]["to"]
    'accounts'
    """
    return describe(_TABLES, _TABLES, "Simulated laundering (no real customers)", "模拟洗钱交易 (并非真实客户)")
