"""Named tuples by address: kernels hand on one pointer in place of hundreds of numbers.

`viewed` lays a named tuple down in the caller's frame and gives its address, with the same attributes; a named tuple in
it is an address inside. By value every call would copy each member, and compiling the hybrid kernel took more than ten
minutes. An attribute is read from memory where it stands, so inner loops read what they need once, before they begin:
one by one, or all of them by `held`.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_getattr_generic, models, register_model


class View(types.Type):
    """Numba type of the address of a named tuple."""

    def __init__(self, kind):
        self.kind = kind
        super().__init__(name=f"View({kind})")


@register_model(View)
class ViewModel(models.PrimitiveModel):
    """A pointer to the tuple's members."""

    def __init__(self, manager, kind):
        super().__init__(manager, kind, manager.lookup(kind.kind).get_value_type().as_pointer())


@infer_getattr
class _Attributes(AttributeTemplate):
    key = View

    def generic_resolve(self, view, name):
        kind = view.kind.types[view.kind.fields.index(name)]
        return View(kind) if isinstance(kind, types.BaseNamedTuple) else kind


@lower_getattr_generic(View)
def _lower_attribute(context, builder, view, value, name):
    index = view.kind.fields.index(name)
    place = builder.gep(value, [ir.Constant(ir.IntType(32), 0), ir.Constant(ir.IntType(32), index)], inbounds=True)
    return place if isinstance(view.kind.types[index], types.BaseNamedTuple) else builder.load(place)


@intrinsic
def viewed(typing_context, value):
    """The address of a named tuple, valid until the function that asks for it returns."""

    def lower(context, builder, sig, args):
        return cgutils.alloca_once_value(builder, args[0])

    return View(value)(value), lower


@intrinsic
def held(typing_context, view):
    """The named tuple that lies at an address, by value: what a loop reads of it stays in registers or in its frame.

    For functions that hand it on to none but those that are `within` them.
    """

    def lower(context, builder, sig, args):
        return builder.load(args[0])

    return view.kind(view), lower
