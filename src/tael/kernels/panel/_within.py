"""What all cross-section kernels share: their arguments checked, their rows given to threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from tael.errors import PanelError
from tael.kernels._threads import cut, n_threads_or_default, share_out
from tael.kernels.panel._series import Floats, whole_number

NO_MEMBERS = np.empty(0, np.bool_)
NO_CODES = np.empty(0, np.int32)


class Rows(TypedDict, total=False):
    """What every kernel that works row by row also takes.

    Attributes
    ----------
    start : int
        The first row to compute.
    out : (T, N) array
        Where to write, of the input's type; its rows before ``start`` stay as they are. A new array has NaN there.
    n_threads : int or None
        Threads; None: what this process may take.
    """

    start: int
    out: Floats | None
    n_threads: int | None


def flags_of(members: Any, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The mask, flat; empty where there is none.

    Raises
    ------
    PanelError
        If it is not a mask of the panel's shape.
    """
    if members is None:
        return NO_MEMBERS
    mask = np.asarray(members)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise PanelError(
            "A mask does not fit its panel.",
            expected=f"bool, shape {shape}",
            got=f"{mask.dtype}, shape {mask.shape}",
            where="members",
        )
    return np.ascontiguousarray(mask).reshape(-1)


def codes_of(codes: Any, shape: tuple[int, ...]) -> tuple[NDArray[np.int32], int]:
    """Codes of groups, flat, and how many groups there may be; none: no group.

    Raises
    ------
    PanelError
        If they are not whole numbers of the panel's shape.
    """
    if codes is None:
        return NO_CODES, 0
    groups = np.asarray(codes)
    if groups.dtype.kind not in "iu" or groups.shape != shape:
        raise PanelError(
            "Groups do not fit their panel.",
            expected=f"codes as int32, -1 for none, shape {shape}",
            got=f"{groups.dtype}, shape {groups.shape}",
            where="codes",
        )
    flat = np.ascontiguousarray(groups, np.int32).reshape(-1)
    return flat, int(flat.max(initial=-1)) + 1


def key_bits(n_cols: int) -> int:
    """Bits of one pass of the radix sort: together the two passes have some hundred keys for every value.

    Examples
    --------
    >>> key_bits(50), key_bits(1000), key_bits(5000)
    (7, 9, 10)
    """
    return min(max(6, (n_cols.bit_length() + 8) // 2), 15)


def by_rows(task: Callable[[int, int], None], n_rows: int, start: int = 0, n_threads: int | None = None) -> None:
    """Call ``task(first, past)`` for runs of rows from ``start`` on."""
    start = whole_number(start, "start", 0)
    if start < n_rows:
        threads = n_threads_or_default(n_threads)
        share_out(task, start + cut(np.ones(n_rows - start, np.int64), threads), threads)
