from __future__ import annotations

import re

import pytest

from tael.errors import FormulaError
from tael.formulas.operators import ON_TABLES, REGISTRY, Operator, is_aggregate, reference
from tael.formulas.parser import parse
from tael.formulas.syntax import Call, walk
from tael.formulas.words import words
from tael.tables.schema import Language, Schema, Type

GOLDEN = [
    (
        "customers",
        'sum(transactions.amount, where=operation == "取现", last="90d")',
        "total amount of 取现 transactions in the last 90 days",
        "近 90 天取现交易总额",
    ),
    (
        "customers",
        'sum(transactions.amount, where=operation == "cash withdrawal", last="90d")',
        "total amount of cash withdrawal transactions in the last 90 days",
        "近 90 天 cash withdrawal 交易总额",
    ),
    (
        "customers",
        'count(transactions, last="30d") / count(transactions, last="180d")',
        "ratio of number of transactions in the last 30 days to number of transactions in the last 180 days",
        "近 30 天交易数量与近 180 天交易数量之比",
    ),
    (
        "customers",
        'count(transactions, where=amount > 20000, last="1y")',
        "number of transactions in the last year where amount is above 20,000 CNY",
        "近 1 年金额大于 20,000 元的交易数量",
    ),
    ("loans", "days_since_last(instalments)", "days since the last row of instalments", "距最近一次分期的天数"),
    (
        "loans",
        'days_since_first(instalments, last="90d")',
        "days since the first row of instalments in the last 90 days",
        "近 90 天距首次分期的天数",
    ),
    (
        "loans",
        "days_since_last(instalments.paid)",
        "days since the latest paid of instalments",
        "距分期还款最晚值的天数",
    ),
    (
        "customers",
        'n_unique(transactions.counterparty, last="7d")',
        "number of different counterparties of transactions in the last 7 days",
        "近 7 天交易的不同对手方数",
    ),
    (
        "loans",
        'max(instalments.late, next="12mo") >= 90',
        "most days late of instalments in the next 12 months is at least 90 days",
        "未来 12 个月分期逾期天数最大值不小于 90 天",
    ),
    (
        "customers",
        'count(transactions, next="90d") == 0',
        "number of transactions in the next 90 days is 0",
        "未来 90 天交易数量为 0",
    ),
    (
        "customers",
        'count(transactions, next="30d", gap="7d")',
        "number of transactions in the 30 days that begin 7 days later",
        "7 天后起 30 天内交易数量",
    ),
    ("loans", "amount / customers.age", "ratio of amount to customers' age", "金额与客户年龄之比"),
    (
        "loans",
        "amount / (term + 1)",
        "ratio of amount to (term plus 1)",
        "金额与（期数加 1）之比",
    ),
    (
        "loans",
        'mean(instalments.paid - instalments.due, where=late > 0, last="6mo")',
        "average days from due to paid over instalments in the last 6 months where days late is above 0 days",
        "近 6 个月逾期天数大于 0 天的分期从到期到还款的天数均值",
    ),
    (
        "loans",
        "share(instalments, where=late > 30)",
        "share of instalments where days late is above 30 days",
        "分期中逾期天数大于 30 天的占比",
    ),
    (
        "loans",
        "mean(instalments.late > 30)",
        "share of instalments where days late is above 30 days",
        "分期中逾期天数大于 30 天的占比",
    ),
    (
        "loans",
        'count(loans, via="device_id", last="7d")',
        "number of earlier loans sharing the device in the last 7 days",
        "近 7 天同一设备的此前贷款数量",
    ),
    (
        "customers",
        'sum(transfers.amount, via="receiver_id")',
        "total amount of transfers as receiver",
        "转账（作为收款方）的 amount 总和",
    ),
    (
        "loans",
        'purpose not in ("car", "home") and amount > 10000',
        "purpose is neither car nor home and amount is above 10,000 CNY",
        "用途不为 car、home 且金额大于 10,000 元",
    ),
    (
        "loans",
        'purpose in ("car", "home") or is_missing(purpose)',
        "purpose is car or home or purpose is missing",
        "用途为 car 或 home 或用途缺失",
    ),
    ("loans", "not is_missing(remark)", "remark is known", "备注不缺失"),
    ("loans", 'contains(remark, "a, b")', "remark contains “a, b”", "备注含有“a, b”"),
    ("loans", 'approved > "2024-01-31"', "approved is after 2024-01-31", "approved 晚于 2024-01-31"),
    ("loans", "insured == False", "not insured", "非已投保"),
    (
        "loans",
        "days_since(customers.born) / 365",
        "ratio of days since customers' birth to 365",
        "距客户出生的天数与 365 之比",
    ),
    ("loans", "cutoff - approved", "days from approved to the cutoff", "从 approved 到观测时点的天数"),
    (
        "loans",
        "where(insured, amount, 0) - (amount - term)",
        "(amount if insured, otherwise 0) minus (amount minus term)",
        "（若已投保则金额，否则 0）减（金额减期数）",
    ),
    (
        "loans",
        "(insured or amount > 5) and term < 3",
        "(insured or amount is above 5 CNY) and term is below 3",
        "（已投保或金额大于 5 元）且期数小于 3",
    ),
    (
        "customers",
        'gap_mean(transactions, last="90d")',
        "average days between transactions in the last 90 days",
        "近 90 天交易平均间隔天数",
    ),
    (
        "customers",
        "last(transactions.amount)",
        "amount of the last row of transactions",
        "最近一次交易的金额",
    ),
    (
        "loans",
        'first(instalments.paid - instalments.due, where=late > 0, last="90d")',
        "days from due to paid of the first row of instalments in the last 90 days where days late is above 0 days",
        "近 90 天首次逾期天数大于 0 天的分期从到期到还款的天数",
    ),
    (
        "loans",
        "(cutoff - approved) / amount",
        "ratio of (days from approved to the cutoff) to amount",
        "从 approved 到观测时点的天数与金额之比",
    ),
    (
        "customers",
        'mean(instalments.loan_id.amount, last="90d")',
        "average amount of loans over instalments in the last 90 days",
        "近 90 天分期的贷款金额均值",
    ),
    (
        "customers",
        'n_unique(transfers.receiver_id.district_id, via="sender_id")',
        "number of different districts of the receiver of transfers as sender",
        "转账（作为付款方）的不同收款方的 district 数",
    ),
    (
        "loans",
        'keyword(remark, "refund", "退款")',
        "remark mentions refund or 退款",
        "备注提到 refund 或退款",
    ),
    (
        "loans",
        'keyword(remark, "a b", "gift", "cash back") and n_words(remark) > 3',
        "remark mentions a b, gift or cash back and number of words in remark is above 3",
        "备注提到 a b、gift 或 cash back 且备注的词数大于 3",
    ),
    (
        "loans",
        'term_share(remark, "refund") * 3.2',
        "share of refund among the words of remark times 3.2",
        "refund 在备注各词中的占比乘以 3.2",
    ),
    (
        "loans",
        'occurrences(remark, "/") + digits(remark)',
        "number of times “/” occurs in remark plus number of digits in remark",
        "备注中“/”出现的次数加备注中的数字个数",
    ),
    ("loans", 'starts_with(remark, "POS")', "remark starts with POS", "备注以 POS 开头"),
    (
        "loans",
        'is_holiday(approved, "CN") or is_workday(approved, "CN") and is_night(approved)',
        "approved is a public holiday in China or approved is a working day in China and approved falls in the night",
        "approved 是中国法定节假日或 approved 是中国工作日且 approved 在夜间",
    ),
    (
        "loans",
        "years_between(customers.born, approved) >= 60",
        "whole years from customers' birth to approved is at least 60",
        "从客户出生到 approved 的整年数不小于 60",
    ),
    (
        "loans",
        'share(instalments, where=is_month_end(due), last="1y")',
        "share of instalments in the last year where due falls on the last day of a month",
        "近 1 年分期中到期在月末最后一天的占比",
    ),
    ("loans", "days_to_month_end(approved)", "days from approved to the end of its month", "approved 距月末的天数"),
    ("loans", "amount > -1.4", "amount is above -1.4 CNY", "金额大于 -1.4 元"),
    (
        "loans",
        "amount / mean(amount, by=purpose)",
        "ratio of amount to average amount of training loans with the same purpose",
        "金额与训练样本中相同用途的贷款金额均值之比",
    ),
    (
        "loans",
        'amount / mean(amount, by=(purpose, insured), among="as_of", last="90d")',
        "ratio of amount to average amount of earlier loans with the same purpose and insured in the last 90 days",
        "金额与近 90 天此前相同用途、已投保的贷款金额均值之比",
    ),
    (
        "loans",
        '(amount - mean(amount, by="all")) / std(amount, by="all")',
        "ratio of (amount minus average amount of all training "
        "loans) to spread (standard deviation) of amount of all training loans",
        "（金额减训练样本中全部贷款金额均值）与训练样本中全部贷款金额离散程度（标准差）之比",
    ),
    (
        "customers",
        'mean(sum(instalments.late, last="90d"), over=loans)',
        "average (total days late of instalments in the last 90 days) over loans",
        "贷款的（近 90 天分期逾期天数总和）均值",
    ),
    (
        "customers",
        "count(loans, where=max(instalments.late) > 30)",
        "number of loans where most days late of instalments is above 30 days",
        "分期逾期天数最大值大于 30 天的贷款数量",
    ),
    (
        "customers",
        "max(transactions.amount / mean(transactions.amount, by=counterparty))",
        "highest (ratio of amount to average amount of transactions with the same counterparty) over transactions",
        "交易的（金额与相同对手方的交易金额均值之比）最大值",
    ),
    (
        "customers",
        'share(transactions, where=is_night(at) and at - min(transactions.at, by=counterparty) < 7, last="30d")',
        "share of transactions in the last 30 days where at falls in the night and days "
        "after the first row of transactions with the same counterparty is below 7 days",
        "近 30 天交易中 at 在夜间且与相同对手方首次交易相隔的天数小于 7 天的占比",
    ),
    (
        "customers",
        "share(transactions, where=is_night(at)) / mean(share(transactions, where=is_night(at)), by=district_id)",
        "ratio of (share of transactions where at falls in the night) to average (share of "
        "transactions where at falls in the night) over training customers with the same district",
        "交易中 at 在夜间的占比与训练样本中相同 district 的客户的（交易中 at 在夜间的占比）均值之比",
    ),
    (
        "customers",
        "count(instalments, where=due > cutoff)",
        "number of instalments where due is after the cutoff",
        "到期晚于观测时点的分期数量",
    ),
    (
        "loans",
        'not is_workday(approved, "CN") and not contains(remark, "急")',
        "approved is no working day in China and remark does not contain 急",
        "approved 不是中国工作日且备注不含急",
    ),
    (
        "customers",
        "share(transactions, where=not is_night(at))",
        "share of transactions where at does not fall in the night",
        "交易中 at 不在夜间的占比",
    ),
    (
        "customers",
        'median(transactions.amount, last="90d") > 500',
        "median amount of transactions in the last 90 days is above 500 CNY",
        "近 90 天交易金额中位数大于 500 元",
    ),
    (
        "customers",
        'quantile(transactions.amount, 0.9, where=operation == "rent", last="90d")',
        "90th percentile of amount of rent transactions in the last 90 days",
        "近 90 天 rent 交易金额的 90% 分位数",
    ),
    (
        "customers",
        "quantile(transactions.amount, 0.225) / quantile(transactions.amount, 0.02)",
        "ratio of 22.5th percentile of amount of transactions to 2nd percentile of amount of transactions",
        "交易金额的 22.5% 分位数与交易金额的 2% 分位数之比",
    ),
    (
        "customers",
        'entropy(transactions.counterparty, last="90d")',
        "diversity (entropy) of counterparties of transactions in the last 90 days",
        "近 90 天交易的对手方分散度（熵）",
    ),
    (
        "customers",
        'top_share(transactions.counterparty, where=amount > 100, last="90d")',
        "share of the most frequent counterparty of transactions in the last 90 days where amount is above 100 CNY",
        "近 90 天金额大于 100 元的交易中最常见对手方的占比",
    ),
    (
        "loans",
        'longest_streak(instalments, where=late > 30, last="1y")',
        "longest run of instalments in the last year where days late is above 30 days",
        "近 1 年分期中逾期天数大于 30 天的最长连续次数",
    ),
    (
        "customers",
        'burst(transactions, within="7d")',
        "most transactions within any 7 days",
        "交易在任意 7 天内的最多数量",
    ),
    (
        "customers",
        'burst(transactions, within="1h", where=amount > 20000, last="90d")',
        "most transactions within any hour of the last 90 days where amount is above 20,000 CNY",
        "近 90 天金额大于 20,000 元的交易在任意 1 小时内的最多数量",
    ),
    (
        "customers",
        'burst(transactions, within="1d", next="30d", gap="7d")',
        "most transactions within any day of the 30 days that begin 7 days later",
        "7 天后起 30 天内交易在任意 1 天内的最多数量",
    ),
    (
        "customers",
        'periodicity(transactions, where=operation == "salary", last="1y")',
        "regularity of the days between salary transactions in the last year",
        "近 1 年 salary 交易间隔的规律性",
    ),
    (
        "customers",
        'balance_after(transactions.amount, last="90d") < 0',
        "lowest running total of amount of transactions in the last 90 days is below 0 CNY",
        "近 90 天交易金额累计最低值小于 0 元",
    ),
    (
        "loans",
        'slope(instalments.late, loans.amount, last="1y")',
        "slope of days late on loans' amount over instalments in the last year",
        "近 1 年分期的逾期天数对贷款金额的斜率",
    ),
    (
        "customers",
        'share_of(transactions.amount, where=operation == "rent", last="90d")',
        "share of total amount of transactions in the last 90 days where operation is rent",
        "近 90 天交易金额中类型为 rent 的占比",
    ),
    (
        "customers",
        'share_of(transactions.amount, where=operation == "rent") / share_of(transactions.amount, where=amount > 9)',
        "ratio of (share of total amount of transactions where operation is rent) to (share of total amount of "
        "transactions where amount is above 9 CNY)",
        "交易金额中类型为 rent 的占比与交易金额中金额大于 9 元的占比之比",
    ),
    (
        "customers",
        'next_event(transactions, after=operation == "salary", where=amount < -100, last="1y") < 3',
        "(average days from each row of transactions in the last year where operation is salary to the next where "
        "amount is below -100 CNY) is below 3 days",
        "近 1 年交易从类型为 salary 到下一次金额小于 -100 元的平均天数小于 3 天",
    ),
    (
        "customers",
        'matched(transactions.amount, 0.1, after=operation == "in", where=operation == "out", within="2d", last="90d")',
        "share of total amount of transactions in the last 90 days where operation is in and that is followed within "
        "2 days by the same amount (to within 10%) where operation is out",
        "近 90 天交易金额中类型为 in 的部分在 2 天内有类型为 out 且金额相近（相差不超过 10%）的交易与之对应的占比",
    ),
    (
        "customers",
        'matched(transactions.amount, 0, after=operation == "in", where=operation == "out", within="1h")',
        "share of total amount of transactions where operation is in and that is followed within 1 hour by the same "
        "amount where operation is out",
        "交易金额中类型为 in 的部分在 1 小时内有类型为 out 且金额相同的交易与之对应的占比",
    ),
]


@pytest.mark.parametrize(("entity", "text", "english", "chinese"), GOLDEN)
def test_golden_words(bank: Schema, entity: str, text: str, english: str, chinese: str) -> None:
    assert words(text, bank, entity) == english
    assert words(text, bank, entity, "zh") == chinese
    assert words(parse(text), bank, entity, "zh") == chinese


def test_a_noun_is_cut_only_where_a_title_says_what_it_is() -> None:
    """`traindemographics` is a name; "loan applications" is an English plural."""
    columns = {"customer": {"to": "traindemographics"}, "amount": {"type": "number", "title": {"zh": "申请金额"}}}
    schema = Schema.from_dict(
        {
            "traindemographics": {"key": "customer", "columns": {"income": {"type": "number"}}},
            "trainprevloans": {"time": "at", "columns": dict(columns)},
            "applications": {
                "time": "at",
                "title": {"en": "loan applications made online", "zh": "贷款申请"},
                "columns": dict(columns),
            },
        }
    )

    def say(text: str, entity: str, lang: Language = "en") -> str:
        return words(text, schema, entity, lang)

    assert say("traindemographics.income", "applications") == "traindemographics' income"
    assert say("last(trainprevloans.amount)", "traindemographics") == "amount of the last row of trainprevloans"
    assert say("last(applications.amount)", "traindemographics") == "amount of the last loan application made online"
    assert say("mean(applications.amount)", "traindemographics", "zh") == "贷款申请的申请金额均值"
    assert (
        say("mean(applications.amount, where=traindemographics.income > 5)", "applications", "zh")
        == "traindemographics 的 income 大于 5 的此前贷款申请的申请金额均值"
    )


@pytest.mark.parametrize("operator", ON_TABLES.values(), ids=lambda operator: operator.name)
def test_every_operator_speaks_both_languages_and_has_an_example_that_fits(operator: Operator) -> None:
    column = {
        "amount": {"type": "number"},
        "purpose": {"type": "category"},
        "opened": {"type": "time"},
        "remark": {"type": "text"},
    }
    schema = Schema.from_dict(
        {
            "customers": {"key": "customer_id", "columns": column},
            "loans": {"time": "approved", "columns": column | {"customer_id": {"to": "customers"}}},
        }
    )
    node = parse(operator.example)
    assert operator.name in {one.op for one in walk(node) if isinstance(one, Call)}
    english, chinese = (words(operator.example, schema, "customers", lang) for lang in ("en", "zh"))
    assert english
    assert not re.search(r"[一-鿿{}]", english)
    assert re.search(r"[一-鿿]", chinese)
    assert not re.search(r"[{}]", chinese)
    assert operator.doc["en"].endswith(".")
    assert operator.doc["zh"].endswith(("。", "）。"))
    assert is_aggregate(operator.name) == (operator.compute is None)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_reference_lists_every_operator(lang: str) -> None:
    page = reference("zh" if lang == "zh" else "en")
    for operator in REGISTRY.values():
        assert f"| `{operator.name}` | `{operator.example}` |" in page


def test_own_columns_have_words(bank: Schema) -> None:
    own = {"channel_used": Type.CATEGORY}
    assert words('channel_used == "app"', bank, "loans", own=own) == "channel used is app"


def test_formulas_that_do_not_fit_are_refused(bank: Schema) -> None:
    with pytest.raises(FormulaError, match="amont"):
        words("amont", bank, "loans")
