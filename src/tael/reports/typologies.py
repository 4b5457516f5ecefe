"""What kinds of fraud and laundering are called in words; a name that is not known here is said as it is written."""

from __future__ import annotations

NAMES: dict[str, tuple[str, str]] = {
    "after_death": ("services after death", "死亡后报销"),
    "bipartite": ("bipartite layers", "两层交叉转账"),
    "card_collection": ("collected cards", "收卡套刷"),
    "co_visits": ("co-visits of a group", "团伙同日住院"),
    "company_person": ("company to person", "公转私异常"),
    "cycle": ("cycle", "资金回流"),
    "dormant": ("dormant, then active", "休眠启用"),
    "drug_resale": ("drugs resold", "超量购药倒卖"),
    "early_claims": ("claims soon after the sale", "投保后短期出险"),
    "fan_in": ("fan-in", "集中转入"),
    "fan_out": ("fan-out", "分散转出"),
    "gambling": ("gambling", "网络赌博"),
    "gather_scatter": ("gather-scatter", "先集中后分散"),
    "herbal_pieces": ("herbal pieces", "中药饮片超量"),
    "pass_through": ("pass-through", "跑分 (快进快出)"),
    "phantom_billing": ("phantom billing", "虚假就诊"),
    "random_chain": ("random chain", "随机链式转移"),
    "scatter_gather": ("scatter-gather", "先分散后集中"),
    "split_stays": ("split stays", "分解住院"),
    "stack": ("stacked layers", "多层转移"),
    "structuring": ("structuring", "化整为零"),
    "telecom_fraud": ("telecom fraud", "电信诈骗"),
    "underground_bank": ("underground bank", "地下钱庄"),
    "upcoding": ("upcoding", "高套病种"),
}
"""English and Chinese, by the name that a table's column or a simulator uses."""


def typology_name(name: str, lang: str) -> str:
    """A typology in words.

    Parameters
    ----------
    name : str
        As the typology's column has it.
    lang : {"en", "zh"}

    Examples
    --------
    >>> typology_name("split_stays", "zh"), typology_name("forged_receipts", "en")
    ('分解住院', 'forged receipts')
    """
    known = NAMES.get(name)
    return name.replace("_", " ") if known is None else known[lang == "zh"]
