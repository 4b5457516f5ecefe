"""Numbers as people write them, in English and Chinese."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Literal

Lang = Literal["en", "zh"]
NONE = "–"
_CURRENCY_ZH = {"CNY": "元", "USD": "美元", "EUR": "欧元", "HKD": "港元", "JPY": "日元", "GBP": "英镑"}
_SCALES: dict[str, tuple[tuple[float, str], ...]] = {
    "en": ((1e9, "billion"), (1e6, "million"), (1.0, "")),
    "zh": ((1e8, "亿"), (1e4, "万"), (1.0, "")),
}


def finite(value: Any) -> float | None:
    """The value as a float, or None when it is missing, not a number or infinite.

    >>> finite(3), finite(None), finite(float("nan")), finite(True)
    (3.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def _signed(text: str) -> str:
    return text.replace("-", "\u2212", 1) if text.startswith("-") else text


class Format:
    """Writes numbers in one language; a missing number is written as a dash.

    Parameters
    ----------
    lang : {"en", "zh"}
    currency : str
        Three-letter code for ``money``; empty: plain numbers.

    Examples
    --------
    >>> en, zh = Format("en", "CNY"), Format("zh", "CNY")
    >>> en.integer(12345), en.percent(0.1234), zh.percent(0.1234)
    ('12,345', '12.3\\xa0%', '12.3%')
    >>> en.money(1234567), zh.money(1234567), zh.money(250), en.money(-9000)
    ('CNY\\xa01.23\\xa0million', '123\\xa0万元', '250\\xa0元', 'CNY\\xa0−9,000')
    >>> Format("en", "").money(1234567), Format("zh", "").money(1234567)
    ('1.23\\xa0million', '123\\xa0万')
    """

    def __init__(self, lang: Lang, currency: str = "CNY") -> None:
        self.lang: Lang = lang
        self.currency = currency

    def integer(self, value: Any) -> str:
        """A count with thousands separators."""
        number = finite(value)
        return NONE if number is None else _signed(f"{round(number):,}")

    def number(self, value: Any, digits: int = 3) -> str:
        """A number with a fixed number of decimals."""
        number = finite(value)
        return NONE if number is None else _signed(f"{number:,.{digits}f}")

    def short(self, value: Any) -> str:
        """A number to about three figures, as for axis ticks and table values.

        >>> Format("en").short(0.05), Format("en").short(12345.6), Format("en").short(2.0)
        ('0.05', '12,346', '2')
        """
        number = finite(value)
        if number is None:
            return NONE
        if number == int(number) or abs(number) >= 1000:
            return _signed(f"{number:,.0f}")
        return _signed(f"{number:.3g}")

    def value(self, value: Any, digits: int = 4) -> str:
        """A number out of the data, as a person writes it: no exponent, no digit that says nothing.

        >>> fmt = Format("en")
        >>> fmt.value(1e4), fmt.value(16666.67), fmt.value(0.03571428), fmt.value(-4.176e-06), fmt.value(3.2e-12)
        ('10,000', '16,667', '0.03571', '−0.0000042', '0.0000000000032')
        """
        number = finite(value)
        if number is None:
            return NONE
        if number == round(number):
            return _signed(f"{number:,.0f}")
        size = math.floor(math.log10(abs(number)))
        # Below a thousandth two digits are enough to tell the size.
        figures = min(digits, 2) if size < -3 and digits <= 4 else digits
        text = f"{number:,.{min(max(figures - 1 - size, 0), 300)}f}"
        return _signed(text.rstrip("0").rstrip(".") if "." in text else text)

    def ends(self, low: float, high: float) -> tuple[str, str]:
        """Two numbers with as many digits as it takes to tell them apart.

        >>> Format("en").ends(0.0, 0.5), Format("en").ends(1234.51, 1234.56)
        (('0', '0.5'), ('1,234.5', '1,234.6'))
        """
        for digits in range(4, 17):
            said = self.value(low, digits), self.value(high, digits)
            if said[0] != said[1]:
                break
        return said

    def percent(self, value: Any, digits: int = 1) -> str:
        """A share as per cent."""
        number = finite(value)
        if number is None:
            return NONE
        return _signed(f"{100 * number:.{digits}f}") + ("%" if self.lang == "zh" else "\u00a0%")

    def scale(self, values: Iterable[Any]) -> tuple[float, str]:
        """The divisor and unit that suit an axis of money: ``(1e6, "CNY million")`` or ``(1e4, "万元")``."""
        largest = max((abs(v) for v in map(finite, values) if v is not None), default=0.0)
        divisor, word = next((s for s in _SCALES[self.lang] if largest >= s[0]), (1.0, ""))
        return divisor, self._unit(word)

    def _unit(self, word: str) -> str:
        if self.lang == "en":
            return f"{self.currency} {word}".strip()
        return (word + _CURRENCY_ZH.get(self.currency, f" {self.currency}")).rstrip()

    def _with_unit(self, text: str, word: str) -> str:
        parts = (text, self._unit(word)) if self.lang == "zh" else (self.currency, text, word)
        return "\u00a0".join(part for part in parts if part)

    def money(self, value: Any) -> str:
        """An amount in the report's currency, to three figures, with its unit."""
        number = finite(value)
        if number is None:
            return NONE
        divisor, word = next((s for s in _SCALES[self.lang] if abs(number) >= s[0]), (1.0, ""))
        scaled = number / divisor
        digits = 0 if divisor == 1.0 or abs(scaled) >= 100 else 1 if abs(scaled) >= 10 else 2
        text = _signed(f"{scaled:,.{digits}f}")
        return self._with_unit(text, word)

    def price(self, value: Any) -> str:
        """An amount that may be small, such as what one more unit is worth: to about three figures.

        >>> Format("en").price(3.2), Format("zh").price(0.01234), Format("en").price(12345.0)
        ('CNY\\xa03.2', '0.0123\\xa0元', 'CNY\\xa012,345')
        """
        number = finite(value)
        if number is None:
            return NONE
        return self.money(number) if abs(number) >= 1000 else self._with_unit(self.value(number, 3), "")

    def money_interval(self, low: Any, high: Any) -> str:
        """An interval of money in one unit, or an empty text.

        >>> Format("en").money_interval(2.9e6, 3.7e6), Format("zh").money_interval(29000, 370000)
        ('CNY\\xa02.90 to 3.70\\xa0million', '2.90 至 37.0\\xa0万元')
        """
        if finite(low) is None or finite(high) is None:
            return ""
        divisor, _ = self.scale([low, high])
        word = next(word for scale, word in _SCALES[self.lang] if scale == divisor)
        ends = [v / divisor for v in (low, high)]
        digits = [0 if divisor == 1.0 or abs(v) >= 100 else 1 if abs(v) >= 10 else 2 for v in ends]
        text = " ".join(
            [
                _signed(f"{ends[0]:,.{digits[0]}f}"),
                "至" if self.lang == "zh" else "to",
                _signed(f"{ends[1]:,.{digits[1]}f}"),
            ]
        )
        return self._with_unit(text, word)

    def money_column(self, values: Iterable[Any]) -> tuple[str, Callable[[Any], str], Callable[[Any, Any], str]]:
        """A table's money in one unit, which its heading names: the unit, how to write an amount, and an interval.

        >>> unit, write, between = Format("en").money_column([1.53e6, 134810])
        >>> unit, write(1.53e6), write(134810), between(-21000, 1.4e6)
        ('CNY million', '1.53', '0.13', '−0.02 to 1.40')
        """
        divisor, unit = self.scale(values)
        digits = 0 if divisor == 1.0 else 2

        def write(value: Any) -> str:
            number = finite(value)
            return NONE if number is None else _signed(f"{number / divisor:,.{digits}f}")

        return unit, write, lambda low, high: self.interval(low, high, write)

    def interval(self, low: Any, high: Any, write: Callable[[Any], str] | None = None) -> str:
        """``low to high``, or an empty text where there is no interval."""
        if finite(low) is None or finite(high) is None:
            return ""
        write = write or self.number
        return f"{write(low)} {'至' if self.lang == 'zh' else 'to'} {write(high)}"
