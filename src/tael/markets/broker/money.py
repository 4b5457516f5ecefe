"""Money without binary fractions: ``Decimal`` to the millionth in Python, whole millionths in the book."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from tael.errors import MarketError

MICRO = Decimal("0.000001")
CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12  # a million millions: whole millionths still fit SQLite's 64-bit integers


def money(value: Decimal | float | int | str, what: str = "an amount of money") -> Decimal:
    """A number as money: the shortest decimal that a float stands for, to the millionth, halves up.

    Parameters
    ----------
    value : Decimal, float, int or str
        In currency.
    what : str
        How a message names it.

    Returns
    -------
    Decimal

    Raises
    ------
    MarketError
        If it is no number, missing, infinite, or beyond a million millions.

    Examples
    --------
    >>> money(0.1) + money(0.2)
    Decimal('0.300000')
    """
    if isinstance(value, float):
        value = repr(float(value)) if math.isfinite(value) else "NaN"
    try:
        exact = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise MarketError(f"{what} is not a number.", got=repr(value)[:80]) from error
    if not exact.is_finite():
        raise MarketError(f"{what} is missing or infinite.", expected="a finite number", got=str(exact))
    if abs(exact) >= LARGEST:
        raise MarketError(f"{what} is too large.", expected=f"less than {LARGEST:,}", got=f"{exact:,}")
    return exact.quantize(MICRO, rounding=ROUND_HALF_UP)


def cents(value: Decimal) -> Decimal:
    """Money rounded to hundredths, halves up, as fees are charged.

    >>> cents(Decimal("1.005"))
    Decimal('1.01')
    """
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def to_micros(value: Decimal) -> int:
    """Whole millionths, as the book keeps them.

    >>> to_micros(Decimal("12.34"))
    12340000
    """
    return int(value.quantize(MICRO, rounding=ROUND_HALF_UP).scaleb(6))


def from_micros(value: int) -> Decimal:
    """Money from whole millionths.

    >>> from_micros(12_340_000)
    Decimal('12.340000')
    """
    return Decimal(value).scaleb(-6).quantize(MICRO)
