"""A column of values while a formula is computed: one array, one type, one way to be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tael.tables.schema import Type

NAT: int = int(np.iinfo(np.int64).min)
"""The missing time: the least 64-bit integer, as in ``numpy.datetime64``."""

DAY_US = 86_400_000_000
"""Microseconds in a day."""


@dataclass(frozen=True)
class Values:
    """Values of one type, each with its own mark for "missing".

    Parameters
    ----------
    type : Type
    data : ndarray, shape (n,) or (1,) for a constant
        ``number`` and ``flag``: float64, NaN is missing, a flag is 0 or 1.
        ``time``: int64 microseconds since 1970-01-01, :data:`NAT` is missing.
        ``category``: int32 codes into ``levels``, -1 is missing.
        ``text``: object array of str, None is missing.
    levels : tuple of str, optional
        The categories, for ``category`` alone.

    Examples
    --------
    >>> purpose = Values.category(["car", None, "home", "car"])
    >>> purpose.levels, purpose.data.tolist(), purpose.missing.tolist()
    (('car', 'home'), [0, -1, 1, 0], [False, True, False, False])
    """

    type: Type
    data: NDArray[Any]
    levels: tuple[str, ...] | None = None

    def __len__(self) -> int:
        return len(self.data)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Where there is no value; shape of ``data``."""
        mask: NDArray[np.bool_]
        match self.type:
            case Type.NUMBER | Type.FLAG:
                mask = np.isnan(self.data)
            case Type.TIME:
                mask = self.data == NAT
            case Type.CATEGORY:
                mask = self.data < 0
            case Type.TEXT:
                mask = np.fromiter((text is None for text in self.data), dtype=np.bool_, count=len(self.data))
        return mask

    def spread(self, rows: int) -> Values:
        """Repeat a constant to so many rows; values that already have them stay as they are.

        >>> Values.number([1.0]).spread(3).data.tolist()
        [1.0, 1.0, 1.0]
        """
        if len(self.data) == rows:
            return self
        return Values(self.type, np.broadcast_to(self.data, (rows,)).copy(), self.levels)

    def strings(self) -> NDArray[np.object_]:
        """The values of a category or text as str, None where missing; shape of ``data``."""
        if self.type is Type.TEXT:
            return self.data
        levels = np.array([*(self.levels or ()), None], dtype=object)
        return levels[np.where(self.data < 0, len(levels) - 1, self.data)]

    @staticmethod
    def number(data: Any) -> Values:
        """Numbers from anything NumPy reads as float; infinities become missing."""
        array = np.array(data, dtype=np.float64, ndmin=1)
        array[np.isinf(array)] = np.nan
        return Values(Type.NUMBER, array)

    @staticmethod
    def flag(data: Any) -> Values:
        """Flags from booleans or from 0, 1 and NaN."""
        return Values(Type.FLAG, np.array(data, dtype=np.float64, ndmin=1))

    @staticmethod
    def time(data: Any) -> Values:
        """Times from int64 microseconds or from anything NumPy reads as ``datetime64``.

        >>> Values.time(["1970-01-02", "NaT"]).data.tolist() == [86_400_000_000, NAT]
        True
        """
        array = np.array(data, ndmin=1)
        if array.dtype.kind not in "iu":
            array = array.astype("datetime64[us]")
        return Values(Type.TIME, array.astype(np.int64))

    @staticmethod
    def category(data: Any) -> Values:
        """Categories from str and None; the levels are sorted."""
        texts = list(data)
        levels = tuple(sorted({text for text in texts if text is not None}))
        code = {level: number for number, level in enumerate(levels)}
        codes = [-1 if text is None else code[text] for text in texts]
        return Values(Type.CATEGORY, np.array(codes, dtype=np.int32), levels)

    @staticmethod
    def text(data: Any) -> Values:
        """Texts from str and None."""
        texts = list(data)
        array = np.empty(len(texts), dtype=object)
        array[:] = texts
        return Values(Type.TEXT, array)
