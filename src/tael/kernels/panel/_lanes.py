"""Eight numbers at a time: a Numba type for eight neighbouring float64, so that a kernel's arithmetic is surely SIMD.

Numba's loops become SIMD only where LLVM can prove that no two arrays overlap, which it cannot for the dozen arrays of
a rolling regression. So the panel kernels name the lanes: ``v = load(x, i)`` reads ``x[i : i + 8]``, ``v * v - r``
works on all eight, ``v > 0.0`` is a mask, ``where(mask, v, 0.0)`` chooses, ``store(out, i, v)`` writes. On AVX2 that is
two registers, on NEON four, on AVX-512 one; each lane's result is the same on all. float32 arrays are widened when
read and rounded when written.

Numba's cache looks at a kernel's own file alone: after an edit here, touch the files that import it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.extending import intrinsic, lower_builtin, register_model, type_callable

LANES = 8
"""How many numbers stand side by side."""

_F64 = ir.DoubleType()
_VECTOR = ir.VectorType(_F64, LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
_WHOLE = ir.VectorType(ir.IntType(64), LANES)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name="TaelLanes8")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name="TaelMask8")


class _Tally(types.Type):
    def __init__(self) -> None:
        super().__init__(name="TaelTally8")


lanes, mask, tally = _Lanes(), _Mask(), _Tally()

for _kind, _layout in ((_Lanes, _VECTOR), (_Mask, _BITS), (_Tally, _WHOLE)):

    def _model(layout: ir.Type) -> Any:
        class _Model(models.PrimitiveModel):
            def __init__(self, manager: Any, kind: Any) -> None:
                super().__init__(manager, kind, layout)

        return _Model

    register_model(_kind)(_model(_layout))


def _compiled(function: Any) -> Any:
    """Numba's intrinsic, without its types: a type checker reads the first argument as one that callers give."""
    return intrinsic(function)


def _spread(builder: Any, number: Any) -> Any:
    """The same number in every lane."""
    nothing = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _as_lanes(context: Any, builder: Any, value: Any, kind: Any) -> Any:
    return value if kind == lanes else _spread(builder, context.cast(builder, value, kind, types.float64))


def _register(symbol: Any, emit: Callable[[Any, Any, Any], Any], result: Any) -> None:
    """Give an operator a meaning for lanes, and for lanes beside a single number."""

    @type_callable(symbol)
    def _typer(context: Any) -> Any:
        def result_of(a: Any, b: Any) -> Any:
            if lanes in (a, b) and all(k == lanes or isinstance(k, types.Float | types.Integer) for k in (a, b)):
                return result
            return None

        return result_of

    def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, b = (_as_lanes(context, builder, v, k) for v, k in zip(args, signature.args, strict=True))
        return emit(builder, a, b)

    for pair in ((lanes, lanes), (lanes, types.Number), (types.Number, lanes)):
        lower_builtin(symbol, *pair)(lower)


def _compare(sign: str) -> Callable[[Any, Any, Any], Any]:
    # Ordered: false wherever a NaN takes part.
    return lambda builder, a, b: builder.fcmp_ordered(sign, a, b)


_register(operator.add, lambda builder, a, b: builder.fadd(a, b), lanes)
_register(operator.sub, lambda builder, a, b: builder.fsub(a, b), lanes)
_register(operator.mul, lambda builder, a, b: builder.fmul(a, b), lanes)
_register(operator.truediv, lambda builder, a, b: builder.fdiv(a, b), lanes)
_register(operator.lt, _compare("<"), mask)
_register(operator.le, _compare("<="), mask)
_register(operator.gt, _compare(">"), mask)
_register(operator.ge, _compare(">="), mask)
_register(operator.eq, _compare("=="), mask)


@type_callable(operator.and_)
def _both(context: Any) -> Any:
    return lambda a, b: mask if a == mask and b == mask else None


@lower_builtin(operator.and_, mask, mask)
def _lower_both(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return builder.and_(*args)


@_compiled
def where(typingctx: Any, chosen: Any, a: Any, b: Any) -> Any:
    """Lanes of ``a`` where the mask is true, of ``b`` elsewhere; both may be single numbers."""
    if chosen != mask:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x, y = (_as_lanes(context, builder, v, k) for v, k in zip(args[1:], signature.args[1:], strict=True))
        return builder.select(args[0], x, y)

    return lanes(chosen, a, b), codegen


def _elementwise(name: str) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f64"), args)

    return codegen


@_compiled
def root(typingctx: Any, a: Any) -> Any:
    """Square roots."""
    return lanes(lanes), _elementwise("sqrt")


@_compiled
def absolute(typingctx: Any, a: Any) -> Any:
    """Absolute values."""
    return lanes(lanes), _elementwise("fabs")


@_compiled
def floor(typingctx: Any, a: Any) -> Any:
    """The next lower whole numbers."""
    return lanes(lanes), _elementwise("floor")


@_compiled
def spread(typingctx: Any, number: Any) -> Any:
    """The same number in every lane."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _as_lanes(context, builder, args[0], signature.args[0])

    return lanes(number), codegen


def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> tuple[Any, Any, int]:
    """Where eight elements of a flat array begin, their vector type, and the alignment of one."""
    data = context.make_array(kind)(context, builder, array).data
    vector = ir.VectorType(context.get_value_type(kind.dtype), LANES)
    return builder.bitcast(builder.gep(data, [index]), vector.as_pointer()), vector, kind.dtype.bitwidth // 8


@_compiled
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """``array[index : index + 8]`` of a flat float array, as float64."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, vector, align = _pointer(context, builder, signature.args[0], *args)
        value = builder.load(pointer, align=align)
        return value if vector.element == _F64 else builder.fpext(value, _VECTOR)

    return lanes(array, types.intp), codegen


@_compiled
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """``array[index : index + 8] = value``, rounded to the array's type."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer, vector, align = _pointer(context, builder, signature.args[0], *args[:2])
        value = args[2] if vector.element == _F64 else builder.fptrunc(args[2], vector)
        builder.store(value, pointer, align=align)
        return context.get_dummy_value()

    return types.void(array, types.intp, lanes), codegen


@_compiled
def no_count(typingctx: Any) -> Any:
    """A tally of nothing: eight whole numbers."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.Constant(_WHOLE, [0] * LANES)

    return tally(), codegen


@_compiled
def add_count(typingctx: Any, count: Any, chosen: Any) -> Any:
    """One more in each lane whose mask is true: a comparison is -1 in SIMD, so this is one subtraction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sub(args[0], builder.sext(args[1], _WHOLE))

    return tally(tally, mask), codegen


@_compiled
def number_of(typingctx: Any, count: Any) -> Any:
    """A tally as lanes."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.sitofp(args[0], _VECTOR)

    return lanes(tally), codegen
