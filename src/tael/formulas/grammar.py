"""The little grammar that words need: plurals, foreign keys as nouns, numbers, spaces in Chinese."""

from __future__ import annotations

import re

from tael.formulas.printer import number_text
from tael.tables.schema import Language

_UNITS_ZH = {
    "CNY": "元",
    "RMB": "元",
    "USD": "美元",
    "day": "天",
    "days": "天",
    "week": "周",
    "weeks": "周",
    "month": "个月",
    "months": "个月",
    "year": "年",
    "years": "年",
    "hours": "小时",
    "times": "次",
}
_KEY_ENDS = {
    "en": re.compile(r"[ _](id|ID|Id|code|no|number|key)$"),
    "zh": re.compile(r"(?<=.)(编号|编码|号码|标识|[ _]?(id|ID|Id)|_code|_no|_key)$"),
}
_PLAIN_TEXT = re.compile(r"\w(?:[\w \-/.]*\w)?")
_CHINESE, _LATIN = r"[一-鿿]", r"[A-Za-z0-9_]"
_BORDERS = re.compile(f"(?<={_CHINESE})(?={_LATIN})|(?<={_LATIN})(?={_CHINESE})|(?<=%)(?={_CHINESE})")


def singular(noun: str) -> str:
    """The English singular, by its ending.

    >>> singular("loans"), singular("beneficiaries"), singular("addresses"), singular("status")
    ('loan', 'beneficiary', 'address', 'status')
    """
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("sses", "xes", "ches", "shes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def plural(noun: str) -> str:
    """The English plural, by its ending.

    >>> plural("counterparty"), plural("address"), plural("device"), plural("loans")
    ('counterparties', 'addresses', 'devices', 'loans')
    """
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    if noun.endswith(("ss", "us", "x", "ch", "sh")):
        return noun + "es"
    return noun if noun.endswith("s") else noun + "s"


def pointed_at(title: str, lang: Language) -> str:
    """What a foreign key points at, from its title.

    >>> pointed_at("guarantor id", "en"), pointed_at("担保人编号", "zh"), pointed_at("device_id", "zh")
    ('guarantor', '担保人', 'device')
    """
    return _KEY_ENDS[lang].sub("", title)


def spoken_number(value: float, unit: str | None, lang: Language) -> str:
    """A number with its unit; thousands are parted from five digits on, so that years stay whole.

    >>> spoken_number(12000.0, "CNY", "en"), spoken_number(90.0, "days", "zh"), spoken_number(2024.0, None, "en")
    ('12,000 CNY', '90 天', '2024')
    """
    large = value == int(value) and 10_000 <= abs(value) < 1e15
    text = f"{int(value):,}" if large else number_text(value)
    if unit is None:
        return text
    if unit == "%":
        return f"{text}%"
    return f"{text} {_UNITS_ZH.get(unit, unit) if lang == 'zh' else unit}"


def spoken_text(text: str) -> str:
    """A text of the formula, in quotes unless it reads as plain words.

    >>> spoken_text("cash withdrawal"), spoken_text("a, b")
    ('cash withdrawal', '“a, b”')
    """
    return text if _PLAIN_TEXT.fullmatch(text) else f"“{text}”"


def chinese_spaces(text: str) -> str:
    """A space wherever Chinese and Latin letters or digits meet.

    >>> chinese_spaces("近90天amount均值")
    '近 90 天 amount 均值'
    """
    return _BORDERS.sub(" ", text)


def glued(first: str, second: str) -> str:
    """Two Chinese nouns side by side; joined by 的 where one of them is not Chinese there.

    >>> glued("交易", "金额"), glued("loans", "amount")
    ('交易金额', 'loans的amount')
    """
    if not first:
        return second
    chinese = re.compile(_CHINESE)
    return first + second if chinese.match(first[-1]) and chinese.match(second[:1]) else f"{first}的{second}"
