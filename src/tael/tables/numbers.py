"""Numbers as people write them: separators of thousands, currency signs, percent, 万 and 亿, 3次, brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal
from unicodedata import normalize

import polars as pl

from tael.errors import TablesError
from tael.tables.schema import ColumnSchema

# Compared after NFKC, which makes ￥ of any width one sign, and without regard to case.
CURRENCIES = frozenset(
    ("¥", "$", "€", "£", "₦", "₹", "元", "圆", "人民币", "rmb", "cny", "usd", "eur", "gbp", "hkd", "ngn", "hk$", "us$")
)
MAGNITUDES = {word: power for power, word in enumerate(("百", "千", "万", "十万", "百万", "千万", "亿", "十亿"), 2)}
"""Words that multiply the number before them, and by which power of ten."""
# Words that count what the column counts anyway; those between two bars mean the same.
_COUNTED = (
    "次 回 | 笔 | 个 | 人 位 | 天 日 | 周 | 月 个月 | 年 | 岁 周岁 | 元 | 台 | 件 | 张 | 户 | 期 | 项 | 家"
    " | m mo mth mths month months | y yr yrs year years | d day days | wk wks week weeks"
)
_FAMILY = {word: line for line in _COUNTED.split("|") for word in line.split()}
_BOUND = r"及以上|以上|以下|以内|左右|上下|余|多|\+"
_BEFORE = frozenset(("不满", "不足", "不到", "超过", "约", "大约", "近", "~", "≈", "<", ">", "≤", "≥", "<=", ">="))
ABOUT = _BEFORE | frozenset(("及以上", "以上", "以下", "以内", "左右", "上下", "余", "多", "+"))
"""Words and signs beside a number that say how exact it is; the number itself is read."""
_COMPOUND = r"\d\s*[亿万千百]\s*\d"
_PARTS = re.compile(r"(?:([\d.]+)亿)?(?:([\d.]+)万)?(?:(\d+)千)?(?:(\d+)百)?(\d+)?")
_BY = "|".join(sorted(MAGNITUDES, key=len, reverse=True))
_BESIDE = re.compile(rf"(?P<by>{_BY})?(?P<word>.*?)(?P<bound>{_BOUND})?")
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_EASY = r"^\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$"
_AMOUNT = (
    r"^[(\s]*[+-]?\s*(?P<before>[^\d\s.,()+%'-]{1,4})?[\s(]*[+-]?\s*"
    r"(?P<digits>[\d.](?:[\d,.' ]*\d)?)\s*(?P<after>%|[^\d\s().,'%-]{1,6})?[\s)]*$"
)
# Groups of three, and those of India (1,00,000); 1,5 is no number with a separator of thousands.
_WHOLE = r"(?:\d+|\d{{1,3}}(?:{0}\d{{3}})+|\d{{1,2}}(?:{0}\d{{2}})*{0}\d{{3}})"
_GROUPS = r"^[+-]?" + _WHOLE + r"(?:{1}\d*)?(?:[eE][+-]?\d+)?$|^[+-]?{1}\d+$"
_SPACED = r"^[+-]?\d{{1,3}}(?: \d{{3}})+(?:{0}\d*)?$"
_WAYS = ((",", "."), (None, ","), (".", ","), (" ", ","), (" ", "."), ("'", "."))
_SAMPLE = 2000
_MOST = 0.8
_ODD = 5
_LITTLE = 0.01


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a text column are written.

    Parameters
    ----------
    thousands : str, optional
        The sign between groups of digits.
    decimal : str
        The sign before the fraction.
    strip : tuple of str
        Words and signs before or after the number that mean nothing (``¥``, ``元``); of any width and case.
    percent : bool
        Whether values carry a % and are to be divided by 100; a value without % is then no number, except 0.
    multiply : tuple of str
        Words after the digits that multiply: 万 (10,000), 亿 (100,000,000), and the others of `MAGNITUDES`; with them
        1万3千 is 13,000.
    bare : {"share", "percent", "size"}, optional
        What a value without % is beside ``percent``: a share, missing beyond 1; a percentage; by its size either.

    Raises
    ------
    TablesError
        If a word of ``multiply`` is not known.

    Examples
    --------
    >>> NumberForm(",", strip=("¥",)).read(pl.Series(["￥1,234.50", "(¥8)", "-¥ 2", "1,5"])).to_list()
    [1234.5, -8.0, -2.0, None]
    >>> NumberForm(percent=True).read(pl.Series(["15.5%", "15.5"])).to_list()
    [0.155, None]
    >>> NumberForm(strip=("元",), multiply=("万",)).read(pl.Series(["8.99万元", "500"])).to_list()
    [89900.0, 500.0]
    """

    thousands: str | None = None
    decimal: str = "."
    strip: tuple[str, ...] = ()
    percent: bool = False
    multiply: tuple[str, ...] = ()
    bare: Literal["share", "percent", "size"] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        unknown = [word for word in self.multiply if word not in MAGNITUDES]
        if unknown:
            raise TablesError(
                "A word that is to multiply numbers is not known.",
                expected=", ".join(MAGNITUDES),
                got=unknown[0],
                fix="Correct `multiply`.",
            )

    @classmethod
    def of(cls, promise: ColumnSchema) -> NumberForm:
        """The form that the schema declares."""
        return cls(
            promise.thousands, promise.decimal, promise.strip, promise.percent, promise.multiply, promise.bare
        )  # fmt: skip

    @property
    def plain(self) -> bool:
        """Whether a machine writes numbers so."""
        return self == PLAIN

    @property
    def money(self) -> bool:
        """Whether a currency stands beside the digits."""
        return any(_currency(word) for word in self.strip) or (bool(self.multiply) and not self.strip)

    @property
    def beside(self) -> tuple[str, ...]:
        """The words beside the digits that are no currency."""
        return tuple(word for word in self.strip if not _currency(word))

    def fields(self) -> dict[str, object]:
        """What the schema is to say, without what is the default.

        >>> NumberForm(",", strip=("$",)).fields()
        {'thousands': ',', 'strip': ['$']}
        """
        told = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        return {
            name: value
            for name, value in told.items()
            if value not in (None, [], False) and (name, value) != ("decimal", ".")
        }

    def read(self, text: pl.Series, *, spaces: bool = True) -> pl.Series:
        """Read text as Float64; what is no number in this form is missing.

        Parameters
        ----------
        text : Series of String
        spaces : bool
            Whether a space between groups of three parts thousands beside the sign that does: it has no other meaning.

        Examples
        --------
        >>> NumberForm(".", ",").read(pl.Series(["1.234,50", "1 200", "12 34"])).to_list()
        [1234.5, 1200.0, None]
        """
        easy = text.str.contains(_EASY) if self.plain else None
        if easy is not None and easy.any():
            # Few values are written by hand, and reading them is slower.
            number, hard = text.set(~easy, None).str.strip_chars().cast(pl.Float64), text.set(easy, None)
            if hard.null_count() == len(hard):
                return number
            return number.zip_with(easy.fill_null(True), self._read(hard, spaces=spaces))
        return self._read(text, spaces=spaces)

    def _read(self, text: pl.Series, *, spaces: bool = True) -> pl.Series:
        plain: pl.Series = self._bare(text.str.normalize("NFKC").str.replace_all("\u2212", "-").str.strip_chars())
        negative = plain.str.contains(r"^\(.*\)$")
        plain = self._bare(plain.str.replace(r"^\(\s*(.*?)\s*\)$", "${1}"))
        signed = plain.str.contains(r"%$")
        if self.percent:
            signed |= plain.str.contains(r"^[+-]?0+\.?0*$")
            plain = plain.str.replace(r"\s*%$", "")
            plain = plain if self.bare is not None else pl.select(pl.when(signed).then(plain)).to_series()
        if self.multiply:
            plain = _summed(plain)
        for word in sorted(self.multiply, key=len, reverse=True):
            # As an exponent, so that 8.99万 is 89900 and not 89900.00000000001.
            plain = plain.str.replace(rf"^([+-]?[\d.,' ]*\d)\s*{word}$", f"${{1}}e{MAGNITUDES[word]}")
        if self.thousands is not None or self.decimal != ".":
            if spaces and self.thousands is not None:
                grouped = _SPACED.format(re.escape(self.decimal))
                closed = plain.str.replace_all(" ", "", literal=True)
                plain = pl.select(pl.when(plain.str.contains(grouped)).then(closed).otherwise(plain)).to_series()
            # Without a separator of thousands the pattern's groups never match, since no value holds NUL.
            groups = _GROUPS.format(re.escape(self.thousands or "\0"), re.escape(self.decimal))
            plain = pl.select(pl.when(plain.str.contains(groups)).then(plain)).to_series()
            if self.thousands is not None:
                plain = plain.str.replace_all(self.thousands, "", literal=True)
            plain = plain.str.replace_all(self.decimal, ".", literal=True)
        number = pl.when(plain.str.contains(_NUMBER)).then(plain).cast(pl.Float64, strict=False)
        sign = pl.when(negative).then(-1.0).otherwise(1.0)
        found = pl.select(number * sign).to_series().rename(text.name)
        return self._shares(found, signed) if self.percent else found

    def unclear(self, text: pl.Series) -> pl.Series:
        """Mark the numbers beyond 1 without a % that ``bare = "share"`` reads as missing: they may be either."""
        if self.bare != "share":
            return pl.repeat(False, len(text), eager=True)
        plain = NumberForm(self.thousands, self.decimal, self.strip, False, self.multiply).read(text)
        return (plain.abs() > 1).fill_null(False)

    def _shares(self, number: pl.Series, signed: pl.Series) -> pl.Series:
        beyond = (number.abs() > 1).fill_null(False)
        every = pl.repeat(self.bare in (None, "percent"), len(number), eager=True)
        by = pl.when(signed | (beyond if self.bare == "size" else every)).then(100.0)
        if self.bare == "share":
            number = number.set(beyond & ~signed.fill_null(False), None)
        return pl.select(number / by.otherwise(1.0)).to_series().rename(number.name)

    def _bare(self, text: pl.Series) -> pl.Series:
        words = [re.escape(normalize("NFKC", one)) for one in sorted(self.strip, key=len, reverse=True)]
        for word in words:
            text = text.str.replace(rf"(?i)^([+-]?)\s*{word}\s*", "${1}").str.replace(rf"(?i)\s*{word}$", "")
        return text.str.replace(r"^([+-])\s+", "${1}") if words else text


def _summed(text: pl.Series) -> pl.Series:
    """Numbers in several parts as one: 1万3千 is 13000, 1万3 stays, since it may be 13000 or 10003.

    >>> _summed(pl.Series(["1万3千", "2亿3500万", "1万3", "1万3000", "5万"])).to_list()
    ['13000', '235000000', '1万3', '13000', '5万']
    """
    compound = text.str.contains(_COMPOUND)
    if not compound.any():
        return text
    made: dict[str, str] = {}
    for word in text.filter(compound).unique().to_list():
        parts = _PARTS.fullmatch(re.sub(r"\s", "", word))
        if parts is None:
            continue
        rest = parts[5]
        last = next(power for part, power in zip(parts.groups()[3::-1], (2, 3, 4, 8), strict=True) if part)
        if rest is None or len(rest) == last:
            whole = sum(
                float(part) * 10**power for part, power in zip(parts.groups(), (8, 4, 3, 2, 0), strict=True) if part
            )
            made[word] = f"{whole:.10g}"
    return text.replace(made) if made else text


def _currency(word: str) -> bool:
    return normalize("NFKC", word).casefold() in CURRENCIES


PLAIN = NumberForm()


def two_ways(text: pl.Series) -> tuple[str, str] | None:
    """An example of a number with a comma before its fraction and one with a point, where a column holds both often.

    >>> two_ways(pl.Series(["1.234,50", "1,234.50"] * 10)), two_ways(pl.Series(["1.234,50", "12,5"]))
    (('1.234,50', '1,234.50'), None)
    """
    text = text.drop_nulls()
    if not text.str.contains(",", literal=True).any():
        return None
    digits = text.str.normalize("NFKC").str.strip_chars().str.extract_groups(_AMOUNT).struct.unnest()["digits"]
    if not len(text) or len(text) - digits.null_count() < _MOST * len(text):
        return None
    comma = digits.str.contains(r"^\d{1,3}(?:[.' ]\d{3})+,\d+$|^\d+,(?:\d{1,2}|\d{4,})$").fill_null(False)
    point = digits.str.contains(r"^\d{1,3}(?:[,' ]\d{3})+\.\d+$|^\d+\.(?:\d{1,2}|\d{4,})$").fill_null(False)
    if min(int(comma.sum()), int(point.sum())) <= max(_ODD, _LITTLE * len(text)):
        return None
    shown = [text.filter(mask) for mask in (comma, point)]
    first, second = (str(one[int(one.str.len_chars().arg_max() or 0)]) for one in shown)
    return first, second


def form_of(text: pl.Series) -> tuple[NumberForm | None, tuple[str, ...]]:
    """Find the form in which most values of a column are numbers.

    Parameters
    ----------
    text : Series of String

    Returns
    -------
    form : NumberForm or None
        None if the values are no numbers, or plain ones.
    units : tuple of str
        Words beside the digits (``kg``; ``天`` and ``次`` in one column) with which the values are no plain quantity.

    Examples
    --------
    >>> form_of(pl.Series(["¥139,000.00", "¥5.00"]))[0]
    NumberForm(thousands=',', decimal='.', strip=('¥',), percent=False, multiply=())
    >>> form_of(pl.Series(["1.200,50", "3,5"]))[0]
    NumberForm(thousands='.', decimal=',', strip=(), percent=False, multiply=())
    >>> form_of(pl.Series(["3万", "12万"]))
    (NumberForm(thousands=None, decimal='.', strip=(), percent=False, multiply=('万',)), ())
    >>> form_of(pl.Series(["3天", "12次"]))
    (None, ('天', '次'))
    """
    sample = text.drop_nulls().head(_SAMPLE).str.normalize("NFKC").str.strip_chars()
    odd = sample.filter(~sample.str.contains(_NUMBER))
    if not odd.str.contains(r"\d").any():
        return None, ()  # plain numbers, and words at most
    compound = odd.filter(odd.str.contains(_COMPOUND)).to_list()
    parts = (
        sample.str.replace_all(rf"{_COMPOUND}.*?(?P<word>\D*)$", "1${word}").str.extract_groups(_AMOUNT).struct.unnest()
    )
    there = parts.filter(pl.col("digits").is_not_null())
    if len(there) < _MOST * len(sample):
        return None, ()
    beside = pl.concat([there["before"], there["after"]]).drop_nulls().value_counts(sort=True)
    counted = dict(beside.filter(pl.col(beside.columns[0]) != "%").rows())
    for word in (one for text in compound for one in re.findall(r"(?<=\d)\s*([亿万千百])", text)):
        counted[word] = counted.get(word, 0) + 1
    strip, multiply, units = _told_apart(counted, set(there["before"].drop_nulls()))
    if sum(counted[word] for word in units) > (1 - _MOST) * len(there):
        return None, units
    percent = bool((there["after"] == "%").sum() > len(there) / 2)
    # Only signs that stand among the digits can part them.
    signs = set("".join(there["digits"].str.replace_all(r"\d", "").unique().to_list()))
    ways = [(a, b) for a, b in _WAYS if (a in signs if a is not None else b in signs)]
    forms = [NumberForm(thousands, decimal, strip, percent, multiply) for thousands, decimal in ((None, "."), *ways)]
    # The form that reads most; of two that read alike, the one whose own sign parts the thousands.
    lost = {form: (form.read(sample).null_count(), form.read(sample, spaces=False).null_count()) for form in forms}
    best = min(forms, key=lambda form: lost[form])
    if len(sample) - lost[best][0] < _MOST * len(sample):
        return None, ()
    return (None if best.plain and not sample.str.contains(r"^\(").any() else best), ()


def _told_apart(counted: dict[str, int], before: set[str]) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Words beside the digits: those that mean nothing, those that multiply, and those that make it no plain quantity.

    A word that counts (次, 天, months) means nothing only where all such words of the column mean the same.
    """
    strip: dict[str, None] = {}
    multiply: dict[str, None] = {}
    units: list[str] = []
    counts: dict[str, str] = {}
    money = False
    for word in counted:
        low = word.casefold()
        # 36 m are months, 36 M may be millions.
        plain = low if len(word) > 1 else word
        if word in before and low in _BEFORE:
            strip[word] = None
            continue
        parts = None if word in before or low in CURRENCIES else _BESIDE.fullmatch(plain)
        by, rest, bound = parts.group("by", "word", "bound") if parts else (None, plain, None)
        if low in CURRENCIES or (rest in CURRENCIES and not bound):
            money |= rest != "元"
            strip[word if by is None else rest] = None
        elif word not in before and (rest in _FAMILY or ((by or bound) and not rest)):
            if rest:
                counts[word] = rest
                strip[rest] = None
            if bound:
                strip[bound] = None
        else:
            units.append(word)
            continue
        if by:
            multiply[by] = None
    families = {_FAMILY[rest] for rest in counts.values()} | ({"money"} if money and counts else set())
    if len(families) > 1:
        units += counts
        for rest in counts.values():
            strip.pop(rest, None)
    return tuple(strip), tuple(multiply), tuple(units)
