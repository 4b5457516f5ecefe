"""The little grammar that words need: plurals, foreign keys as nouns, numbers, spaces in Chinese."""

from __future__ import annotations

import re
from decimal import Decimal

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
    "hour": "小时",
    "hours": "小时",
    "minutes": "分钟",
    "seconds": "秒",
    "times": "次",
    "person": "人",
    "persons": "人",
    "people": "人",
}
# What says only that a number is bare: "above 0.2 share" is no English, and no Chinese.
_NO_UNIT = frozenset({"share", "ratio", "score", "number", "count", "points"})
_ONE = {f"{unit}s": unit for unit in ("day", "week", "month", "year", "hour", "minute", "second", "time", "person")}
_YEARS = range(1800, 2200)
_LONG = 1000  # so many days are told in years, too
DAYS = "days"
"""The unit of differences of times."""
PART = "part of one"
"""The unit of shares that operators compute: said in per cent."""
YES_NO = "yes or no"
"""The unit of what holds or does not."""
_KEY_ENDS = {
    "en": re.compile(r"[ _](id|ID|Id|code|no|number|key)$"),
    "zh": re.compile(r"(?<=.)(编号|编码|号码|标识|[ _]?(id|ID|Id)|_code|_no|_key)$"),
}
_PLAIN_TEXT = re.compile(r"\w(?:[\w \-/.]*\w)?")
_CHINESE, _LATIN = r"[一-鿿]", r"[A-Za-z0-9_]"
_BORDERS = re.compile(f"(?<={_CHINESE})(?=-?{_LATIN})|(?<={_LATIN})(?={_CHINESE})|(?<=%)(?={_CHINESE})")
# Where the noun of a phrase ends: "loans | paid out", "customers | on devices", "instalments | that became late".
_HEAD = re.compile(
    r" (?:of|on|in|at|by|for|from|to|with|that|which|who|whose|paid|made|held|lent|sent|given|taken|\w+ed) "
)


def singular(noun: str) -> str:
    """The English singular, by its ending; of a phrase, that of its noun.

    >>> singular("loans"), singular("beneficiaries"), singular("addresses"), singular("status")
    ('loan', 'beneficiary', 'address', 'status')
    >>> singular("loans paid out"), singular("customers on devices")
    ('loan paid out', 'customer on devices')
    >>> singular("drugs and supplies"), singular("research and development")
    ('drug or supply', 'research and development')
    """
    both = noun.split(" and ")
    if len(both) == 2 and all(one != singular(one) for one in both):
        return " or ".join(singular(one) for one in both)
    after = _HEAD.search(noun)
    if after and (head := singular(noun[: after.start()])) != noun[: after.start()]:
        return head + noun[after.start() :]
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


def possessive(noun: str) -> str:
    """The English possessive.

    >>> possessive("customer"), possessive("traindemographics")
    ("customer's", "traindemographics'")
    """
    return noun + ("'" if noun.endswith("s") else "'s")


def pointed_at(title: str, lang: Language) -> str:
    """What a foreign key points at, from its title.

    >>> pointed_at("guarantor id", "en"), pointed_at("担保人编号", "zh"), pointed_at("device_id", "zh")
    ('guarantor', '担保人', 'device')
    """
    return _KEY_ENDS[lang].sub("", title)


def spoken_number(value: float, unit: str | None, lang: Language) -> str:
    """A number with its unit; thousands are parted, but not of a bare number that may be a year.

    >>> spoken_number(4000.0, "CNY", "en"), spoken_number(90.0, "days", "zh"), spoken_number(2024.0, None, "en")
    ('4,000 CNY', '90 天', '2024')
    >>> spoken_number(0.2, "share", "en"), spoken_number(0.07, PART, "en"), spoken_number(1.0, "days", "en")
    ('0.2', '7%', '1 day')
    >>> spoken_number(27000.0, "days", "en")
    '27,000 days (about 74 years)'
    """
    if unit == PART:
        value, unit = float(Decimal(repr(float(value))) * 100), "%"
    bare = unit is None or unit in _NO_UNIT
    text = number_text(value)
    if abs(value) >= 1000 and not (bare and value in _YEARS):
        whole, point, rest = text.partition(".")
        text = f"{int(whole):,}{point}{rest}" if whole.removeprefix("-").isdecimal() else text
    years = abs(value) / 365.25
    about = f"{years:.0f}" if years >= 10 else f"{years:.1f}"
    told = with_unit(text, unit, lang, one=value == 1)
    if unit == DAYS and abs(value) >= _LONG:
        return f"{told}（约 {about} 年）" if lang == "zh" else f"{told} (about {about} years)"
    return told


def with_unit(text: str, unit: str | None, lang: Language, *, one: bool = False) -> str:
    """A number that is written out already, with its unit behind it.

    Parameters
    ----------
    text : str
    unit : str or None
    lang : {"en", "zh"}
    one : bool
        Whether the number is one.

    Examples
    --------
    >>> with_unit("4,000", "CNY", "zh"), with_unit("1", "days", "en", one=True), with_unit("0.2", "ratio", "en")
    ('4,000 元', '1 day', '0.2')
    """
    if unit is None or unit in _NO_UNIT:
        return text
    if unit == "%":
        return f"{text}%"
    if lang == "zh":
        return f"{text} {_UNITS_ZH.get(unit, unit)}"
    return f"{text} {_ONE.get(unit, unit) if one else unit}"


def spoken_text(text: str) -> str:
    """A text of the formula, in quotes unless it reads as plain words.

    >>> spoken_text("cash withdrawal"), spoken_text("a, b")
    ('cash withdrawal', '“a, b”')
    """
    return text if _PLAIN_TEXT.fullmatch(text) else f"“{text}”"


def chinese_spaces(text: str) -> str:
    """A space wherever Chinese and Latin letters or digits meet.

    >>> chinese_spaces("近90天amount均值"), chinese_spaces("大于-1.4 天")
    ('近 90 天 amount 均值', '大于 -1.4 天')
    """
    return _BORDERS.sub(" ", text)


def glued(first: str, second: str) -> str:
    """Two Chinese nouns side by side; joined by 的 where one of them is not Chinese there, or where they would stutter.

    >>> glued("交易", "金额"), glued("loans", "amount"), glued("贷款申请", "申请金额")
    ('交易金额', 'loans的amount', '贷款申请的申请金额')
    >>> glued("交易", "从到期到还款的天数"), glued("客户", "客户编号")
    ('交易从到期到还款的天数', '客户编号')
    """
    if not first or second.startswith("从"):
        return first + second
    if first == second[: len(first)]:
        return second
    chinese = re.compile(_CHINESE)
    plain = chinese.match(first[-1]) and chinese.match(second[:1])
    stutter = len(second) > 1 and first.endswith(second[:2])
    return first + second if plain and not stutter else f"{first}的{second}"
