"""What people say with "per", how long, how many are there; and that no two formulas share their words."""

from __future__ import annotations

from itertools import product

import pytest

from tael.formulas.words import unit_of, words
from tael.tables.schema import Language, Schema

ADMITTED = {"type": "time", "title": {"en": "admission", "zh": "入院"}}
DISCHARGED = {"type": "time", "title": {"en": "discharge", "zh": "出院"}}
PAID = {"type": "number", "unit": "CNY", "title": {"en": "amount paid", "zh": "赔付金额"}}
CLAIMS = {
    "time": "filed",
    "title": {"en": "inpatient claims", "zh": "住院理赔"},
    "columns": {
        "provider_id": {"to": "providers", "title": {"en": "provider id", "zh": "机构编号"}},
        "patient_id": {"to": "patients", "title": {"en": "patient id", "zh": "患者编号"}},
        "paid": PAID,
        "admitted": ADMITTED,
        "discharged": DISCHARGED,
        "surgeon": {"type": "category", "title": {"en": "operating physician", "zh": "手术医生"}},
        "code_1": {"type": "category", "title": {"en": "diagnosis 1", "zh": "诊断 1"}},
        "code_2": {"type": "category", "title": {"en": "diagnosis 2", "zh": "诊断 2"}},
        "code_3": {"type": "category", "title": {"en": "diagnosis 3", "zh": "诊断 3"}},
    },
}


@pytest.fixture(scope="module")
def claims() -> Schema:
    return Schema.from_dict({"providers": {"key": "provider_id"}, "claims": CLAIMS})


GOLDEN = [
    (
        "count(claims) / n_unique(claims.patient_id)",
        "number of inpatient claims per different patient",
        "平均每个患者的住院理赔数量",
    ),
    (
        'sum(claims.paid, last="90d") / n_unique(claims.patient_id, last="90d") > 1500',
        "total amount paid of inpatient claims in the last 90 days per different patient is above 1,500 CNY",
        "平均每个患者的近 90 天住院理赔赔付总额大于 1,500 元",
    ),
    (  # two windows: a ratio
        'count(claims, last="30d") / n_unique(claims.patient_id, last="90d")',
        "ratio of number of inpatient claims in the last 30 days to number of different patients of inpatient claims "
        "in the last 90 days",
        "近 30 天住院理赔数量与近 90 天住院理赔的不同患者数之比",
    ),
    (
        "count(claims, where=paid > 10) / n_unique(claims.patient_id, where=paid > 10)",
        "(number of inpatient claims where amount paid is above 10 CNY) per different patient",
        "平均每个患者的赔付金额大于 10 元的住院理赔数量",
    ),
    (
        "max(claims.paid / (claims.discharged - claims.admitted + 1)) > 1960",
        "highest amount paid per day from admission to discharge (both counted) over inpatient claims is above "
        "1,960 CNY",
        "住院理赔从入院到出院（首尾均计）平均每天的赔付金额最大值大于 1,960 元",
    ),
    (
        "mean(claims.paid / (claims.discharged - claims.admitted))",
        "average amount paid per day from admission to discharge over inpatient claims",
        "住院理赔从入院到出院平均每天的赔付金额均值",
    ),
    (
        "mean(claims.paid / (claims.discharged - claims.admitted + 2))",
        "average ratio of amount paid to (days from admission to discharge plus 2 days) over inpatient claims",
        "住院理赔赔付金额与（从入院到出院的天数加 2 天）之比均值",
    ),
    (
        "max(claims.discharged - claims.admitted) > 20",
        "longest time in days from admission to discharge over inpatient claims is above 20 days",
        "住院理赔从入院到出院的最长天数大于 20 天",
    ),
    (
        'min(claims.discharged - claims.admitted, last="1y") <= 1',
        "shortest time in days from admission to discharge over inpatient claims in the last year is at most 1 day",
        "近 1 年住院理赔从入院到出院的最短天数不超过 1 天",
    ),
    (
        "std(claims.discharged - claims.admitted)",
        "spread (standard deviation) of days from admission to discharge over inpatient claims",
        "住院理赔从入院到出院的天数离散程度（标准差）",
    ),
    (
        "sum(claims.paid, where=is_missing(surgeon)) > 7000",
        "total amount paid of inpatient claims with no operating physician recorded is above 7,000 CNY",
        "未登记手术医生的住院理赔赔付总额大于 7,000 元",
    ),
    (
        'count(claims, where=not is_missing(surgeon), last="30d")',
        "number of inpatient claims in the last 30 days with operating physician recorded",
        "近 30 天已登记手术医生的住院理赔数量",
    ),
    (
        "sum(claims.paid, where=is_missing(surgeon) and paid > 10)",
        "total amount paid of inpatient claims where operating physician is missing and amount paid is above 10 CNY",
        "手术医生缺失且赔付金额大于 10 元的住院理赔赔付总额",
    ),
    (
        'count(claims, where=surgeon == "A1")',
        "number of inpatient claims with operating physician A1",
        "手术医生为 A1 的住院理赔数量",
    ),
    (
        'count(claims, where=code_1 == "4019")',
        "number of inpatient claims where diagnosis 1 is 4019",
        "诊断 1 为 4019 的住院理赔数量",
    ),
    (
        'share_of(claims.paid, where=surgeon == "A1") <= 0.06',
        "(share of total amount paid of inpatient claims where operating physician is A1) is at most 6%",
        "住院理赔赔付金额中手术医生为 A1 的占比不超过 6%",
    ),
    (
        "max((not is_missing(claims.code_1)) + (not is_missing(claims.code_2)) + (not is_missing(claims.code_3)))",
        "highest number known of diagnosis 1 to 3 over inpatient claims",
        "住院理赔诊断 1 至 3 的已登记个数最大值",
    ),
    (
        'max((claims.code_1 == "C9") + (claims.code_2 == "C9") + (claims.code_3 == "C9"))',
        "highest number equal to C9 of diagnosis 1 to 3 over inpatient claims",
        "住院理赔诊断 1 至 3 中为 C9 的个数最大值",
    ),
    (
        'max((claims.code_1 == "C9") + (claims.code_2 == "C8") + (claims.code_3 == "C9"))',
        "highest (diagnosis 1 is C9) plus (diagnosis 2 is C8) plus (diagnosis 3 is C9) over inpatient claims",
        "住院理赔的（诊断 1 为 C9）加（诊断 2 为 C8）加（诊断 3 为 C9）最大值",
    ),
    (
        "max((not is_missing(claims.code_1)) + (not is_missing(claims.surgeon)) + (not is_missing(claims.code_3)))",
        "highest number known of diagnosis 1, operating physician and diagnosis 3 over inpatient claims",
        "住院理赔诊断 1、手术医生、诊断 3 的已登记个数最大值",
    ),
]


@pytest.mark.parametrize(("text", "english", "chinese"), GOLDEN)
def test_golden_words(claims: Schema, text: str, english: str, chinese: str) -> None:
    assert words(text, claims, "providers") == english
    assert words(text, claims, "providers", "zh") == chinese


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("sum(claims.paid)", "CNY"),
        ("sum(claims.paid) / n_unique(claims.patient_id)", "CNY"),
        ("sum(claims.paid) / sum(claims.paid)", None),
        ("max(claims.paid / (claims.discharged - claims.admitted + 1))", "CNY"),
        ("count(claims)", None),
        ("std(claims.discharged - claims.admitted)", "days"),
        ("share(claims, where=paid > 5)", "part of one"),
        ("mean(claims.paid > 5)", "part of one"),
        ('mean(sum(claims.paid), by="all")', "CNY"),
    ],
)
def test_units_of_values(claims: Schema, text: str, unit: str | None) -> None:
    assert unit_of(text, claims, "providers") == unit


def formulas() -> list[str]:
    """Aggregates, quotients of two and conditions on them, as a search proposes them: some thousands."""
    stay, more = "claims.discharged - claims.admitted", "(claims.discharged - claims.admitted + 1)"
    values = ["claims.paid", stay, f"claims.paid / ({stay})", f"claims.paid / {more}", f"({stay}) / claims.paid"]
    wheres = ["", ", where=is_missing(surgeon)", ", where=not is_missing(surgeon)", ', where=surgeon == "A1"',
              ', where=code_1 == "A1"', ", where=paid > 7000",
              ", where=is_missing(surgeon) and paid > 7000"]  # fmt: skip
    ends = [f"{where}{window})" for where, window in product(wheres, ["", ', last="90d"'])]
    numbers = [f"{op}({value}" for op, value in product(["sum", "mean", "min", "max", "std"], values)]
    counts = ["count(claims", "n_unique(claims.patient_id", "n_unique(claims.surgeon", "gap_std(claims"]
    times = ["days_since_last(claims", "days_since_last(claims.admitted", "max(claims.admitted", "min(claims.admitted"]
    single = [f"{head}{end}" for head, end in product([*numbers, *counts], ends)]
    some = [f"{head}{end}" for head, end in product([numbers[0], numbers[1], *counts], ends)]
    ratios = [f"{upper} / {lower}" for upper, lower in product(some, some) if upper != lower]
    limits = [f"{one} {sign} {level}" for one, sign, level in product(some, [">", "<="], ["7000", "0.07"])]
    return [*single, *[f"{head}{end}" for head, end in product(times, ends)], *ratios, *limits]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_two_formulas_have_the_same_words(claims: Schema, lang: Language) -> None:
    said: dict[str, str] = {}
    for text in formulas():
        told = words(text, claims, "providers", lang)
        assert said.setdefault(told, text) == text, told
    assert len(said) > 5000
