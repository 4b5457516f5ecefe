"""Durations as people write them, in months: 3年, 18个月, 1年3个月, 半年, 2 yrs, < 1 year, 10+ years, 不足1年."""

from __future__ import annotations

import re
from unicodedata import normalize

import polars as pl

_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九十")} | {"两": 2}
_NUM = r"\d+(?:\.\d+)?|[一二两三四五六七八九十]{1,3}"
_BELOW = r"不足|不满|不到|未满|小于|<|less than|under|below"
_ABOUT = r"约|大约|近|超过|满|逾|~|≈|>=?|≥|about|approx\.?|over|more than"
_AFTER = r"\+|以上|及以上|多|余|左右|or more|and over"
_YEAR = r"周?年|years?|yrs?\.?|y"
_MONTH = r"个?月|months?|mths?\.?|mos?\.?|m"
_SHAPE = re.compile(
    rf"(?:(?P<below>{_BELOW})|(?P<about>{_ABOUT}))?\s*"
    rf"(?:(?:(?P<y>{_NUM})\s*(?P<plus>\+)?\s*|(?P<half>半))(?P<year>{_YEAR})(?P<more>半)?)?"
    rf"\s*(?:零|又|and|,)?\s*"
    rf"(?:(?P<m>{_NUM})\s*(?P<plus2>\+)?\s*个?(?P<halfmonth>半)?(?P<month>{_MONTH}))?"
    rf"\s*(?P<after>{_AFTER})?"
)


def _number(text: str) -> float:
    if text[0] not in _DIGITS:
        return float(text)
    tens, ten, ones = text.rpartition("十")
    return float((_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0) if ten else _DIGITS[text[0]])


def months_of(text: str) -> float | None:
    """How many months a text spells; None where it is no duration in years and months.

    What lies below a bound is read as half of it, so that it comes before the bound itself; all else that says how
    exact the number is (about, over, or more) leaves it as it stands.

    >>> [months_of(one) for one in ("1年3个月", "18 months", "2 yrs", "半年", "一年半", "< 1 year", "10+ years")]
    [15.0, 18.0, 24.0, 6.0, 18.0, 6.0, 120.0]
    >>> months_of("3"), months_of("3天"), months_of("2023年11月"), months_of("13月")
    (None, None, None, 13.0)
    """
    found = _SHAPE.fullmatch(normalize("NFKC", text).strip().casefold())
    if found is None or not (found["year"] or found["month"]):
        return None
    years = 0.5 if found["half"] else _number(found["y"]) if found["y"] else 0.0
    months = (_number(found["m"]) if found["m"] else 0.0) + (0.5 if found["halfmonth"] else 0.0)
    # 2023年11月 is a month of the calendar, and no duration.
    if years >= 200:
        return None
    whole = 12 * (years + (0.5 if found["more"] else 0.0)) + months
    return whole / 2 if found["below"] else whole


def ways_of(text: str) -> frozenset[str]:
    """In which ways a duration is written: by years, by months, below a bound, with words for how exact it is.

    >>> sorted(ways_of("1年3个月")), sorted(ways_of("< 1 year")), sorted(ways_of("soon"))
    (['month', 'year'], ['below', 'year'], [])
    """
    found = _SHAPE.fullmatch(normalize("NFKC", text).strip().casefold())
    if found is None or months_of(text) is None:
        return frozenset()
    said = {"year": "year", "month": "month", "below": "below", "about": "about", "plus": "about", "plus2": "about"}
    said |= {"after": "about", "half": "half", "more": "half"}
    return frozenset(way for group, way in said.items() if found[group])


def in_months(text: pl.Series) -> pl.Series:
    """A text column in months; what spells no duration is missing.

    >>> in_months(pl.Series(["2年", None, "3 months", "soon"])).to_list()
    [24.0, None, 3.0, None]
    """
    words = text.drop_nulls().unique().to_list()
    read = {word: months for word in words if (months := months_of(word)) is not None}
    if not read:
        return pl.repeat(None, len(text), dtype=pl.Float64, eager=True).rename(text.name)
    return text.replace_strict(read, default=None, return_dtype=pl.Float64)


def written_so(text: pl.Series) -> bool:
    """Whether a column may hold durations at all: a quick look at its first values.

    >>> written_so(pl.Series(["3年", "5年"])), written_so(pl.Series(["3", "5"]))
    (True, False)
    """
    return bool(text.drop_nulls().head(50).str.contains(r"(?i)年|月|year|yr|month|mth|\dy|\dm|\bmos?\b").any())
