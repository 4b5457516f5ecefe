"""What readers note about data, in Chinese: the notes themselves are English sentences with their numbers in them."""

from __future__ import annotations

import re

FIRST = r"first (?P<entity>\S+) at (?P<day>[^.]+)\."
FIRST_ZH = r"首例 \g<entity>，\g<day>。"
WHOLE: tuple[tuple[str, str], ...] = (
    (
        "Prices were adjusted by the vendor",
        "价格为数据商事后复权：手数、成交量与资金按复权单位计，涨跌停按对前收的比例并容许半个最小变动价位，价格水平（非涨跌幅）含有未来除权信息。",
    ),
    (
        "The entities are those that existed at the end",
        "标的取自样本末期（幸存者偏差）：请与同一标的池的随机组合比较，而非与零比较。",
    ),
)
"""Beginning of a note without numbers, and all of it in Chinese."""
PATTERNS: tuple[tuple[str, str], ...] = (
    (rf"(\d+) bars are flagged as not traded and have volume: {FIRST}", rf"\1 条行情标为停牌却有成交量：{FIRST_ZH}"),
    (rf"(\d+) bars are flagged as traded and have no volume: {FIRST}", rf"\1 条行情标为交易却无成交量：{FIRST_ZH}"),
    (rf"(\d+) bars have a change in per cent that is not .*?: {FIRST}",
     rf"\1 条行情的涨跌幅与收盘价对前收盘价之比不符（以后者为准）：{FIRST_ZH}"),
    (rf"(\d+) reference prices of the adjusted series are not .*?: {FIRST}",
     rf"\1 个复权序列的前收盘价并非上一收盘价（由复权因子衔接）：{FIRST_ZH}"),
    (r"(\d+) bars with volume lack a price: such a price is missing\.", r"\1 条有成交量的行情缺少价格：按缺失处理。"),
    (r"(\S+): amounts are in ([\d,]+) of currency\.", r"\1：成交额单位为 \2 元。"),
    (r"(\S+): multiplier (\S+) by the data, (\S+) today\.", r"\1：由数据得出的合约乘数为 \2，现行为 \3。"),
)  # fmt: skip
"""A note with numbers, and the same in Chinese."""


def in_chinese(note: str) -> str:
    """A reader's note in Chinese; one that is not known stays as it is.

    >>> in_chinese("DCE: amounts are in 10,000 of currency.")
    'DCE：成交额单位为 10,000 元。'
    """
    for begin, told in WHOLE:
        if note.startswith(begin):
            return told
    for pattern, told in PATTERNS:
        if found := re.fullmatch(pattern, note):
            return found.expand(told)
    return note
