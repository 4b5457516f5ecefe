"""The description of the tables of simulated claims: what ``tables.toml`` says of them, in English and Chinese."""

from __future__ import annotations

from typing import Any

from tael.datasets.claims_base import KIND
from tael.datasets.market_schema import Described, describe

_CNY = {"type": "number", "unit": "CNY", "min": 0}
_CATEGORY, _FLAG, _TIME = {"type": "category"}, {"type": "flag"}, {"type": "time"}
_LATER = {"role": "label", "known_at": "judged"}
_PERSON = ("person_id", "person", "参保人", {"to": "people"})
_PROVIDER = ("provider_id", "provider", "医药机构", {"to": "providers"})
_VISIT = ("visit_id", "visit", "就诊", {"to": "visits"})
_SETTLED = ("settled", "time of settlement", "结算时间", _TIME)
_JUDGED = ("judged", "time at which it was known whether it was fraud", "认定时间", _TIME | {"role": "ignore"})

_TABLES: Described = {
    "people": (
        {"key": "person_id", "time": "joined"}, "insured people", "参保人",
        [
            ("person_id", "person", "参保人编号", {}),
            ("joined", "time of joining", "参保时间", _TIME),
            ("age", "age", "年龄", {"type": "number", "unit": "years", "min": 0, "max": 120}),
            ("sex", "sex", "性别", _CATEGORY),
            ("region", "region", "地区", _CATEGORY),
            ("cover", "cover (employee or resident)", "参保类型 (职工或居民)", _CATEGORY),
            ("civil_servant", "civil servant", "是否公务员", _FLAG),
            ("low_income", "on low-income support", "是否低保", _FLAG),
            ("family_id", "family", "家庭", {"to": "families"}),
            ("chronic", "registered chronic disease", "慢病登记病种", _CATEGORY),
            ("defrauds", "defrauds", "是否欺诈", _FLAG | _LATER),
            ("scheme", "scheme", "欺诈类型", _CATEGORY | _LATER),
            _JUDGED,
        ],
    ),
    "providers": (
        {"key": "provider_id"}, "providers", "医药机构",
        [
            ("provider_id", "provider", "机构编号", {}),
            ("kind", "kind of provider", "机构类型", _CATEGORY),
            ("speciality", "speciality", "专科", _CATEGORY),
            ("region", "region of the provider", "机构所在地区", _CATEGORY),
            ("level", "level (1 to 3)", "等级 (1 至 3)", {"type": "number", "min": 1, "max": 3}),
            ("defrauds", "provider defrauds", "机构是否欺诈", _FLAG | _LATER),
            _JUDGED,
        ],
    ),
    "physicians": (
        {"key": "physician_id"}, "physicians", "医师",
        [
            ("physician_id", "physician", "医师编号", {}),
            _PROVIDER,
            ("title", "title", "职称", _CATEGORY),
        ],
    ),
    "visits": (
        {"key": "visit_id", "time": "admitted", "known_at": "settled"}, "visits", "就诊记录",
        [
            ("visit_id", "visit", "就诊编号", {}),
            _PERSON, _PROVIDER,
            ("physician_id", "physician", "医师", {"to": "physicians"}),
            ("admitted", "time of the visit or admission", "就诊 (入院) 时间", _TIME),
            ("discharged", "time of discharge", "出院时间", _TIME),
            _SETTLED,
            ("inpatient", "in hospital", "是否住院", _FLAG),
            ("days", "days in hospital", "住院天数", {"type": "number", "unit": "days", "min": 0}),
            ("disease", "disease", "疾病编码", _CATEGORY),
            ("bed_fee", "bed fee", "床位费", _CNY),
            ("surgery_fee", "surgery fee", "手术费", _CNY),
            ("examination_fee", "examination fee", "检查费", _CNY),
            ("incurred", "amount incurred", "发生金额", _CNY),
            ("declared", "amount declared", "申报金额", _CNY),
            ("self_paid", "amount paid by the person", "自付金额", _CNY),
            ("fraudulent", "visit is fraudulent", "是否欺诈就诊", _FLAG | _LATER),
            _JUDGED,
        ],
    ),
    "drugs": (
        {"time": "at", "known_at": "settled"}, "drugs and supplies", "药品与耗材",
        [
            _VISIT, _PERSON,
            ("at", "time of dispensing", "开具时间", _TIME),
            _SETTLED,
            ("item", "item", "项目", _CATEGORY),
            ("kind", "kind of item", "项目类别",
             _CATEGORY | {"values": list(KIND)}),
            ("quantity", "quantity", "数量", {"type": "number", "min": 0}),
            ("amount", "amount", "项目金额", _CNY),
            ("declared", "amount declared", "项目申报金额", _CNY),
            ("self_paid", "amount not declared", "项目自费金额", _CNY),
        ],
    ),
    "accounts": (
        {"time": "settled"}, "settlements of visits by account", "账户支付明细",
        [
            _VISIT, _PERSON, _SETTLED,
            ("civil_servant_allowance", "civil-servant allowance", "公务员补助", _CNY),
            ("medical_assistance", "medical assistance", "医疗救助", _CNY),
            ("resident_benefit", "urban and rural benefits", "城乡居民报销", _CNY),
            ("personal_account", "personal account", "个人账户支付", _CNY),
            ("pooled_fund", "pooled fund", "统筹基金支付", _CNY),
            ("deductible", "deductible", "起付标准", _CNY),
            ("deductible_self_paid", "deductible paid by the person", "起付标准自付", _CNY),
            ("non_account", "not paid from an account", "非账户支付", _CNY),
        ],
    ),
    "deaths": (
        {"time": "died", "known_at": "registered"}, "deaths", "死亡登记",
        [
            _PERSON,
            ("died", "time of death", "死亡时间", _TIME),
            ("registered", "time of registration of the death", "登记时间", _TIME),
        ],
    ),
    "findings": (
        {"key": "finding_id", "time": "found"}, "findings of audits", "稽核认定",
        [
            ("finding_id", "finding", "认定编号", {}),
            _PERSON,
            ("found", "time of the finding", "认定时间", _TIME),
        ],
    ),
    "policies": (
        {"key": "policy_id", "time": "sold"}, "commercial policies", "商业保单",
        [
            ("policy_id", "policy", "保单号", {}),
            _PERSON,
            ("sold", "time of sale", "承保时间", _TIME),
            ("product", "product", "险种", _CATEGORY),
            ("agent_id", "agent", "代理人", {"to": "agents"}),
            ("sum_insured", "sum insured", "保额", _CNY),
            ("premium", "premium", "保费", _CNY),
        ],
    ),
    "claims": (
        {"key": "claim_id", "time": "filed"}, "commercial claims", "商业理赔",
        [
            ("claim_id", "claim", "理赔编号", {}),
            ("policy_id", "policy", "保单", {"to": "policies"}),
            _PERSON, _PROVIDER, _VISIT,
            ("filed", "time of filing", "报案时间", _TIME),
            ("amount", "amount claimed", "索赔金额", _CNY),
            ("paid", "amount paid out", "赔付金额", _CNY | {"known_at": "paid_at"}),
            ("paid_at", "time of payment", "赔付时间", _TIME | {"known_at": "paid_at"}),
            ("fraudulent", "claim is fraudulent", "是否骗赔", _FLAG | _LATER),
            _JUDGED,
        ],
    ),
}  # fmt: skip

CLAIMS_TABLES = tuple(_TABLES)


def claims_schema() -> dict[str, Any]:
    """Return the schema of simulated claims in the flat form of ``tables.toml``.

    Returns
    -------
    dict

    Examples
    --------
    >>> claims_schema()["visits"]["known_at"]
    'settled'
    """
    return describe(_TABLES, _TABLES, "Simulated claims (no real patients)", "模拟医保与商保理赔 (并非真实患者)")
