"""Reading columns by address: one compiled kernel serves any number of columns, of any width, writeable or not."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

NAT = np.iinfo(np.int64).min
"""How a missing time reads as a number of microseconds (numpy's NaT)."""

JIT: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
"""Options of every kernel. No ``fastmath``: the order of additions is part of a formula's meaning (LAW 2)."""


def _loader(element: types.Type) -> Any:
    @intrinsic
    def load(typingctx: Any, address: Any, index: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], context.get_value_type(element).as_pointer())
            return builder.load(builder.gep(pointer, [args[1]]))

        return element(types.int64, types.int64), codegen

    return load


def _storer(element: types.Type) -> Any:
    @intrinsic
    def store(typingctx: Any, address: Any, value: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            pointer = builder.inttoptr(args[0], context.get_value_type(element).as_pointer())
            builder.store(context.cast(builder, args[1], types.float64, element), pointer)
            return context.get_dummy_value()

        return types.void(types.int64, types.float64), codegen

    return store


load_f64 = _loader(types.float64)
load_i64 = _loader(types.int64)
load_i32 = _loader(types.int32)
load_i16 = _loader(types.int16)
load_i8 = _loader(types.int8)
store_f64 = _storer(types.float64)
store_f32 = _storer(types.float32)


@njit(inline="always", **JIT)
def load_int(address: int, width: int, index: int) -> Any:
    """Read an integer of ``width`` bytes (0: there is no column, the answer is 0)."""
    if width == 0:
        return np.int64(0)
    if width == 1:
        return np.int64(load_i8(address, index))
    if width == 2:
        return np.int64(load_i16(address, index))
    if width == 4:
        return np.int64(load_i32(address, index))
    return load_i64(address, index)


@njit(inline="always", **JIT)
def rank_of_time(microseconds: int) -> Any:
    """Order-keeping unsigned form of a time, in which NaT comes last: what has no known-at time is never known."""
    return np.uint64(microseconds) + np.uint64(0x7FFFFFFFFFFFFFFF)


def address(array: NDArray[Any] | None) -> int:
    """Address of an array's first element, 0 for none. The caller keeps the array alive and contiguous."""
    return 0 if array is None else int(array.__array_interface__["data"][0])


def column(array: Any, dtypes: tuple[type, ...]) -> NDArray[Any]:
    """The array itself if it is contiguous and of one of ``dtypes``, else a copy in the last of them.

    Examples
    --------
    >>> column(np.arange(6)[::2], (np.int32, np.int64))
    array([0, 2, 4])
    """
    array = np.asarray(array)
    if array.dtype.kind in "mM":
        array = array.astype(f"{array.dtype.kind}8[us]", copy=False).view(np.int64)
    wanted = array.dtype if array.dtype.type in dtypes and array.dtype.isnative else dtypes[-1]
    return np.ascontiguousarray(array, dtype=wanted)
