"""A vector of W doubles, one per patient, as a numba type: W lanes side by side through every kernel.

Rows of a workspace hold W consecutive doubles; `load` and `store` move one row, arithmetic acts on all lanes. The width
is the length of a tuple of zeros that every kernel passes on as its first argument `lanes`, so that one source serves
any width and each width has its own cached code. No lane ever sees another: results do not depend on W.

Why a type of its own: with offsets read from tables, plain loops over lanes were 8 times slower (559 against 67 ns for
a sparse LU), because the compiler must expect each store to alter the next load.
"""

import operator

from llvmlite import ir
from numba import njit, types
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

# Kernels that only other kernels call: without wrappers for calls from Python, compilation takes a third of the time.
# `error_model="numpy"`: a division by zero gives infinity or not-a-number, which the step control rejects.
kernel = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)

DOUBLE = ir.DoubleType()
INDEX = ir.IntType(64)


class Lanes(types.Type):
    """Numba type of a vector of `width` doubles."""

    def __init__(self, width):
        self.width = width
        super().__init__(name=f"Lanes({width})")


@register_model(Lanes)
class LanesModel(models.PrimitiveModel):
    """An LLVM vector register (or several)."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, ir.VectorType(DOUBLE, kind.width))


def _splat(builder, scalar, width):
    vector = ir.Constant(ir.VectorType(DOUBLE, width), ir.Undefined)
    for lane in range(width):
        vector = builder.insert_element(vector, scalar, ir.Constant(ir.IntType(32), lane))
    return vector


def _as_vector(context, builder, value, kind, width):
    if isinstance(kind, Lanes):
        return value
    return _splat(builder, context.cast(builder, value, kind, types.float64), width)


def _address(builder, value, row, width):
    """Address of a row of a workspace given by its pointer."""
    offset = builder.mul(row, ir.Constant(INDEX, width))
    place = builder.gep(value, [offset])
    return builder.bitcast(place, ir.VectorType(DOUBLE, width).as_pointer())


@intrinsic
def bare(typing_context, value):
    """The same named tuple (or array) with a bare pointer in place of every array; the caller keeps the arrays alive.

    Arrays count their references at every use, which took a quarter of the time of a step, and each is seven numbers to
    the compiler. A table of two dimensions becomes one index, as it lies in memory.
    """

    def kind_of(kind):
        if isinstance(kind, types.Array):
            return types.CPointer(kind.dtype)
        if isinstance(kind, types.BaseNamedTuple):
            return types.NamedTuple([kind_of(part) for part in kind], kind.instance_class)
        return kind

    def convert(context, builder, kind, item):
        if isinstance(kind, types.Array):
            return context.make_array(kind)(context, builder, item).data
        if isinstance(kind, types.BaseNamedTuple):
            parts = [convert(context, builder, part, builder.extract_value(item, i)) for i, part in enumerate(kind)]
            return context.make_tuple(builder, kind_of(kind), parts)
        return item

    def lower(context, builder, sig, args):
        return convert(context, builder, sig.args[0], args[0])

    return kind_of(value)(value), lower


@intrinsic
def apart(typing_context):
    """Keep the function that says this a function of its own in the machine code.

    numba optimises each function together with all it calls, and copies of the large ones within one another made
    compiling the hybrid kernel take eight minutes.
    """

    def lower(context, builder, sig, args):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), lower


@intrinsic
def within(typing_context):
    """Make the function that says this a part of every function that calls it: for what one hot loop consists of."""

    def lower(context, builder, sig, args):
        builder.function.attributes.add("alwaysinline")
        return context.get_dummy_value()

    return types.void(), lower


@intrinsic
def load(typing_context, lanes, workspace, row):
    """Row `row` of the workspace (a pointer of doubles)."""

    def lower(context, builder, sig, args):
        width = sig.return_type.width
        index = context.cast(builder, args[2], sig.args[2], types.int64)
        return builder.load(_address(builder, args[1], index, width), align=8)

    return Lanes(len(lanes))(lanes, workspace, row), lower


@intrinsic
def store(typing_context, workspace, row, value):
    """Set row `row` of the workspace (a pointer of doubles) to a vector."""

    def lower(context, builder, sig, args):
        width = sig.args[2].width
        index = context.cast(builder, args[1], sig.args[1], types.int64)
        builder.store(args[2], _address(builder, args[0], index, width), align=8)
        return context.get_dummy_value()

    return types.void(workspace, row, value), lower


def weighted(weights):
    """An intrinsic (total, workspace, row, stride): add weights[j] x row (row + j stride) to total, for each j in turn.

    The weights are constants of the machine code, those that are zero leave nothing, and there is no loop: with sums of
    one to eight terms, the turns of a loop took as long as the arithmetic.
    """

    @intrinsic
    def add_up(typing_context, total, workspace, row, stride):
        def lower(context, builder, sig, args):
            width = sig.return_type.width
            total, place = args[0], context.cast(builder, args[2], sig.args[2], types.int64)
            for weight in weights:
                if weight:
                    vector = builder.load(_address(builder, args[1], place, width), align=8)
                    constant = ir.Constant(vector.type, [float(weight)] * width)
                    total = builder.fadd(total, builder.fmul(constant, vector))
                place = builder.add(place, context.cast(builder, args[3], sig.args[3], types.int64))
            return total

        return total(total, workspace, row, stride), lower

    return add_up


@intrinsic
def splat(typing_context, lanes, value):
    """The same number in every lane."""

    def lower(context, builder, sig, args):
        return _as_vector(context, builder, args[1], sig.args[1], sig.return_type.width)

    return Lanes(len(lanes))(lanes, value), lower


def _binary(symbol, method):
    @infer_global(symbol)
    class Template(AbstractTemplate):
        def generic(self, args, kws):
            if len(args) != 2 or not any(isinstance(a, Lanes) for a in args):
                return None
            if not all(isinstance(a, Lanes | types.Number) for a in args):
                return None
            vector = next(a for a in args if isinstance(a, Lanes))
            return signature(vector, *args)

    def lower(context, builder, sig, args):
        width = sig.return_type.width
        left, right = (_as_vector(context, builder, v, k, width) for v, k in zip(args, sig.args, strict=True))
        return getattr(builder, method)(left, right)

    for kinds in ((Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(symbol, *kinds)(lower)


_binary(operator.add, "fadd")
_binary(operator.sub, "fsub")
_binary(operator.mul, "fmul")
_binary(operator.truediv, "fdiv")


@infer_global(operator.neg)
class _Negation(AbstractTemplate):
    def generic(self, args, kws):
        return signature(args[0], args[0]) if isinstance(args[0], Lanes) else None


@lower_builtin(operator.neg, Lanes)
def _lower_negation(context, builder, sig, args):
    return builder.fneg(args[0])


def _per_lane(name, count):
    """An intrinsic that applies a scalar function of libm lane by lane (so that every width gives the same bits)."""

    def lower(context, builder, sig, args):
        width = sig.return_type.width
        function = builder.module.declare_intrinsic(name, [DOUBLE], ir.FunctionType(DOUBLE, [DOUBLE] * count))
        vectors = [_as_vector(context, builder, v, k, width) for v, k in zip(args, sig.args, strict=True)]
        result = vectors[0]
        for lane in range(width):
            place = ir.Constant(ir.IntType(32), lane)
            value = builder.call(function, [builder.extract_element(v, place) for v in vectors])
            result = builder.insert_element(result, value, place)
        return result

    return lower


@intrinsic
def exponential(typing_context, x):
    """e to the x, lane by lane."""
    return x(x), _per_lane("llvm.exp", 1)


@intrinsic
def logarithm(typing_context, x):
    """Natural logarithm, lane by lane."""
    return x(x), _per_lane("llvm.log", 1)


@intrinsic
def power(typing_context, x, y):
    """x to the y, lane by lane; y may be a number."""
    return x(x, y), _per_lane("llvm.pow", 2)


@intrinsic
def root(typing_context, x):
    """Square root."""
    return x(x), _per_lane("llvm.sqrt", 1)


@intrinsic
def magnitude(typing_context, x):
    """Absolute value."""
    return x(x), _per_lane("llvm.fabs", 1)


@intrinsic
def larger(typing_context, x, y):
    """The larger of two; the first where either is not a number."""

    def lower(context, builder, sig, args):
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[1], args[0])

    return x(x, y), lower


@intrinsic
def call_block(typing_context, address, workspace, law, count, entries, start, mask):
    """Call a compiled law evaluator by its address: (workspace, law, count, first entry, mask) -> nothing.

    An address is a plain number to the compiler, so the solver is compiled and cached once for every set of laws.
    `workspace` and `entries` are pointers; the block's first entry is at `start`.
    """

    def lower(context, builder, sig, args):
        numbers = [context.cast(builder, args[i], sig.args[i], types.int64) for i in (2, 3, 6)]
        start = context.cast(builder, args[5], sig.args[5], types.int64)
        pointers = [args[1], builder.gep(args[4], [start])]
        function_type = ir.FunctionType(ir.VoidType(), [pointers[0].type, pointers[1].type, INDEX, INDEX, INDEX])
        function = builder.inttoptr(args[0], function_type.as_pointer())
        builder.call(function, [*pointers, *numbers])
        return context.get_dummy_value()

    return types.void(address, workspace, law, count, entries, start, mask), lower
