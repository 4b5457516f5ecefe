"""Numbers as people write them: separators of thousands, currency signs, percent, brackets for what is negative."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import normalize

import polars as pl

from tael.tables.schema import ColumnSchema

# Compared after NFKC, which makes ￥ of any width one sign, and without regard to case.
CURRENCIES = frozenset(
    ("¥", "$", "€", "£", "₦", "₹", "元", "圆", "人民币", "rmb", "cny", "usd", "eur", "gbp", "hkd", "ngn", "hk$", "us$")
)
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$"
_AMOUNT = (
    r"^[(\s]*[+-]?\s*(?P<before>[^\d\s.,()+%'-]{1,4})?[\s(]*[+-]?\s*"
    r"(?P<digits>[\d.](?:[\d,.' ]*\d)?)\s*(?P<after>%|[^\d\s().,'%-]{1,4})?[\s)]*$"
)
# Groups of three, and those of India (1,00,000); 1,5 is no number with a separator of thousands.
_WHOLE = r"(?:\d+|\d{{1,3}}(?:{0}\d{{3}})+|\d{{1,2}}(?:{0}\d{{2}})*{0}\d{{3}})"
_GROUPS = r"^[+-]?" + _WHOLE + r"(?:{1}\d*)?(?:[eE][+-]?\d+)?$|^[+-]?{1}\d+$"
_WAYS = ((",", "."), (None, ","), (".", ","), (" ", ","), (" ", "."), ("'", "."))
_SAMPLE = 2000
_MOST = 0.8


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

    Examples
    --------
    >>> NumberForm(",", strip=("¥",)).read(pl.Series(["￥1,234.50", "(¥8)", "-¥ 2", "1,5"])).to_list()
    [1234.5, -8.0, -2.0, None]
    >>> NumberForm(percent=True).read(pl.Series(["15.5%", "15.5"])).to_list()
    [0.155, None]
    """

    thousands: str | None = None
    decimal: str = "."
    strip: tuple[str, ...] = ()
    percent: bool = False

    @classmethod
    def of(cls, promise: ColumnSchema) -> NumberForm:
        """The form that the schema declares."""
        return cls(promise.thousands, promise.decimal, promise.strip, promise.percent)

    @property
    def plain(self) -> bool:
        """Whether a machine writes numbers so."""
        return self == PLAIN

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

    def read(self, text: pl.Series) -> pl.Series:
        """Read text as Float64; what is no number in this form is missing.

        Parameters
        ----------
        text : Series of String
        """
        plain: pl.Series = self._bare(text.str.normalize("NFKC").str.strip_chars())
        negative = plain.str.contains(r"^\(.*\)$")
        plain = self._bare(plain.str.replace(r"^\(\s*(.*?)\s*\)$", "${1}"))
        if self.percent:
            signed = plain.str.contains(r"%$") | plain.str.contains(r"^[+-]?0+\.?0*$")
            plain = plain.str.replace(r"\s*%$", "")
            plain = pl.select(pl.when(signed).then(plain)).to_series()
        if self.thousands is not None or self.decimal != ".":
            # Without a separator of thousands the pattern's groups never match, since no value holds NUL.
            groups = _GROUPS.format(re.escape(self.thousands or "\0"), re.escape(self.decimal))
            plain = pl.select(pl.when(plain.str.contains(groups)).then(plain)).to_series()
            if self.thousands is not None:
                plain = plain.str.replace_all(self.thousands, "", literal=True)
            plain = plain.str.replace_all(self.decimal, ".", literal=True)
        number = pl.when(plain.str.contains(_NUMBER)).then(plain).cast(pl.Float64, strict=False)
        sign = pl.when(negative).then(-1.0).otherwise(1.0)
        return pl.select(number * sign / (100.0 if self.percent else 1.0)).to_series().rename(text.name)

    def _bare(self, text: pl.Series) -> pl.Series:
        words = [re.escape(normalize("NFKC", one)) for one in sorted(self.strip, key=len, reverse=True)]
        for word in words:
            text = text.str.replace(rf"(?i)^([+-]?)\s*{word}\s*", "${1}").str.replace(rf"(?i)\s*{word}$", "")
        return text.str.replace(r"^([+-])\s+", "${1}") if words else text


PLAIN = NumberForm()


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
        Words beside the digits that are no currency (``万``, ``天``): with them the values are no plain quantity.

    Examples
    --------
    >>> form_of(pl.Series(["¥139,000.00", "¥5.00"]))[0]
    NumberForm(thousands=',', decimal='.', strip=('¥',), percent=False)
    >>> form_of(pl.Series(["1.200,50", "3,5"]))[0]
    NumberForm(thousands='.', decimal=',', strip=(), percent=False)
    >>> form_of(pl.Series(["3万", "12万"]))
    (None, ('万',))
    """
    sample = text.drop_nulls().head(_SAMPLE).str.normalize("NFKC").str.strip_chars()
    parts = sample.str.extract_groups(_AMOUNT).struct.unnest()
    there = parts.filter(pl.col("digits").is_not_null())
    if len(sample) == 0 or len(there) < _MOST * len(sample):
        return None, ()
    beside = pl.concat([there["before"], there["after"]]).drop_nulls().value_counts(sort=True)
    words = [word for word in beside.to_series(0) if word != "%"]
    units = tuple(word for word in words if word.casefold() not in CURRENCIES)
    frequent = sum(beside.filter(pl.col(beside.columns[0]).is_in(list(units)))["count"]) if units else 0
    if frequent > (1 - _MOST) * len(there):
        return None, units
    signs = tuple(word for word in words if word.casefold() in CURRENCIES)
    percent = bool((there["after"] == "%").sum() > len(there) / 2)
    forms = [NumberForm(thousands, decimal, signs, percent) for thousands, decimal in ((None, "."), *_WAYS)]
    best = max(forms, key=lambda form: len(sample) - form.read(sample).null_count())
    if len(sample) - best.read(sample).null_count() < _MOST * len(sample):
        return None, ()
    return (None if best.plain and not sample.str.contains(r"^\(").any() else best), ()
