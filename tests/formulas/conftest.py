"""A bank's schema, with titles in both languages, and without any data."""

from __future__ import annotations

import pytest

from tael.tables.schema import Schema

BANK = {
    "districts": {"key": "district_id", "columns": {"income": {"type": "number"}}},
    "customers": {
        "key": "customer_id",
        "title": {"zh": "客户"},
        "columns": {
            "age": {"type": "number", "unit": "years", "title": {"zh": "年龄"}},
            "born": {"type": "time", "title": {"en": "birth", "zh": "出生"}},
            "district_id": {"to": "districts"},
        },
    },
    "loans": {
        "key": "loan_id",
        "time": "approved",
        "title": {"zh": "贷款"},
        "columns": {
            "customer_id": {"to": "customers", "title": {"zh": "客户编号"}},
            "device_id": {"to": "devices", "title": {"zh": "设备编号"}},
            "amount": {"type": "number", "unit": "CNY", "title": {"zh": "金额"}},
            "term": {"type": "number", "title": {"zh": "期数"}},
            "purpose": {"type": "category", "title": {"zh": "用途"}},
            "remark": {"type": "text", "title": {"zh": "备注"}},
            "insured": {"type": "flag", "title": {"zh": "已投保"}},
            "defaulted": {"type": "flag", "role": "label"},
            "outcome": {"type": "category", "role": "ignore"},
            "unsure": {},
        },
    },
    "instalments": {
        "key": "instalment_id",
        "time": "due",
        "title": {"zh": "分期"},
        "columns": {
            "loan_id": {"to": "loans"},
            "paid": {"type": "time", "title": {"zh": "还款"}},
            "due": {"type": "time", "title": {"zh": "到期"}},
            "late": {"type": "number", "unit": "days", "title": {"en": "days late", "zh": "逾期天数"}},
        },
    },
    "transactions": {
        "time": "at",
        "title": {"zh": "交易"},
        "columns": {
            "customer_id": {"to": "customers"},
            "amount": {"type": "number", "unit": "CNY", "title": {"zh": "金额"}},
            "operation": {"type": "category", "title": {"zh": "类型"}},
            "counterparty": {"type": "category", "title": {"zh": "对手方"}},
        },
    },
    "transfers": {
        "time": "at",
        "title": {"zh": "转账"},
        "columns": {
            "sender_id": {"to": "customers", "title": {"zh": "付款方"}},
            "receiver_id": {"to": "customers", "title": {"zh": "收款方"}},
            "amount": {"type": "number"},
        },
    },
    "contacts": {"columns": {"customer_id": {"to": "customers"}, "phone": {"type": "text"}}},
    "weather": {"time": "day", "columns": {"rain": {"type": "number"}}},
}


@pytest.fixture(scope="session")
def bank() -> Schema:
    return Schema.from_dict(BANK)
