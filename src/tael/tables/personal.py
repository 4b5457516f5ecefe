"""What names a person: columns called so, values that look so, and how little of them a message shows."""

from __future__ import annotations

import re

import polars as pl

_CALLED = re.compile(
    r"(^|_)(name|surname|phone|mobile|tel|e?mail|address|street|passport|ssn|iban|ip|birth\w*|dob)(_|$)"
    r"|first_?name|last_?name|full_?name|id_?card|identity|card_?(no|number)|account_?(no|number)|phone|mobile|email"
    r"|姓名|手机|电话|邮箱|地址|住址|身份证|证件号|护照|卡号|账号|生日|出生",
    re.IGNORECASE,
)
# China's identity card, mobile number and bank card, the American social security number, an e-mail address.
_VALUES = r"[1-9]\d{16}[\dXx]|1[3-9]\d{9}|[3-6]\d{14,18}|\d{3}-\d{2}-\d{4}|[^@\s]+@[^@\s]+\.\w+"
# Columns of such numbers: a word among them names nobody.
_NUMBERED = re.compile(
    r"phone|mobile|(^|_)tel(_|$)|passport|ssn|iban|id_?card|identity|card_?(no|number)|account_?(no|number)"
    r"|手机|电话|身份证|证件号|护照|卡号|账号",
    re.IGNORECASE,
)
_VALUE = rf"^\s*(?:{_VALUES})\s*$"
_NUMBER = re.compile(r"[+-]?[\d.,]{1,7}%?")
_SAMPLE = 1000
_MOSTLY = 0.8


def personal(column: str) -> bool:
    """Whether a column is called like a name, a phone, an address.

    >>> personal("手机号"), personal("amount")
    (True, False)
    """
    return bool(_CALLED.search(column))


def names_people(text: pl.Series) -> bool:
    """Whether most values of a text column are identity, card or phone numbers, or e-mail addresses.

    >>> names_people(pl.Series(["11010119900307123X", "310101198001011234"]))
    True
    """
    head = text.drop_nulls().head(_SAMPLE)
    return len(head) > 0 and float(head.str.contains(_VALUE).mean() or 0) >= _MOSTLY  # type: ignore[arg-type]


def masked(text: str) -> str:
    """The first sign of a value and no more.

    >>> masked("13800138000")
    '1***'
    """
    return text[:1] + "***"


def shortened(text: str) -> str:
    """The first three signs and the last two of a long value, fewer of a short one.

    >>> shortened("11010119900307123X"), shortened("张三丰"), shortened("Miller")
    ('110***3X', '***', 'M***r')
    """
    first, last = min(3, len(text) // 6), min(2, len(text) // 6)
    return f"{text[:first]}***{text[len(text) - last :]}"


def shown(value: str, column: str | None) -> str:
    """A value as a message may show it: shortened where its column, or its own look, says that it names a person.

    >>> [shown("13800138000", "note"), shown("see file", "amount"), shown("Miller", "surname"), shown("no", "phone")]
    ['1***0', 'see file', 'M***r', 'no']
    """
    own = column is not None and personal(column) and (bool(re.search(r"\d", value)) or not _NUMBERED.search(column))
    return shortened(value) if own or re.match(_VALUE, value) else value


def outlined(cells: list[str], separator: str) -> str:
    """A row of a file as a message may show it: short numbers as they are, of all else the ends.

    >>> outlined(["11010119900307123X", "1,200", "Miller", ""], ";")
    '110***3X;1,200;M***r;'
    """
    return separator.join(cell if not cell or _NUMBER.fullmatch(cell) else shortened(cell) for cell in cells)
