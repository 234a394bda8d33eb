"""From pydantic's errors to problems: place, path, what was got, what is expected, what may be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from carsim.errors import Place, Problem, nearest
from carsim.quantity import Part
from carsim.spec.sweep import TAGS as KINDS_OF_AXIS
from carsim.spec.tree import Node, Sequence, Step, Table, Text, dotted, shown
from carsim.treatment.entries import TAGS as KINDS_OF_ENTRY

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

_PLAIN_TYPES: Final = {
    "string_type": "text, in quotes if it looks like a number",
    "int_type": "a whole number, for example 4",
    "bool_type": "true or false",
    "float_type": "a number",
    "tuple_type": "a list, each entry on a line that begins with `- `",
    "dict_type": "keys with values, for example {name: value}",
    "model_type": "keys with values, for example {name: value}",
    "model_attributes_type": "keys with values, for example {name: value}",
}
_KINDS: Final[dict[str, type[Part]]] = {**KINDS_OF_ENTRY, **KINDS_OF_AXIS}
_FLAGS: Final = {"no": "`false`", "off": "`false`", "n": "`false`", "yes": "`true`", "on": "`true`", "y": "`true`"}
_NAME_PATTERN: Final = "letters, digits, `-` and `_` after a first letter, for example CD19-negative"


def problem(error: ErrorDetails, root: Node, whole: type[Part]) -> Problem:
    """Return one error of pydantic as a problem; `root` is the tree that was checked, `whole` the class of its root."""
    location = error["loc"]
    steps, node, place = _locate(location, root)
    candidates = _classes(location, whole)
    kind, context = error["type"], error.get("ctx", {})
    path = dotted(root, steps)
    if kind == "extra_forbidden":
        key = str(location[-1])
        place = _place_of_key(root, steps) or place
        valid = _keys(candidates)
        meant = nearest(key, valid)
        at = ".".join(path.split(".")[:-1]) if "." not in key else path.removesuffix(f".{key}")
        expected = f"a key of {f'`{at}`' if at and at != path else f'a {whole.__name__.lower()}'}: {', '.join(valid)}"
        return Problem(place, path, f"the unknown key `{shown(key)}`", expected, f"`{meant}`" if meant else None)
    if kind == "missing":
        key = str(location[-1])
        return Problem(place, path, f"no `{key}`", f"`{key}`: {_description(candidates, key)}")
    if kind == "carsim":
        got, meant = (_as_written(context[part], error, node) for part in ("got", "suggestion"))
        return Problem(place, path, got, context["expected"], meant or None)
    got = _shown(node)
    if kind == "literal_error":
        valid = _literals(context["expected"])
        if location[-1] == "[key]":
            got = f"the unknown key `{location[-2]}`"
            place = _place_of_key(root, steps) or place
        meant = nearest(str(error["input"]), valid)
        return Problem(place, path, got, f"one of: {', '.join(valid)}", f"`{meant}`" if meant else None)
    flag = _FLAGS.get(str(error["input"]).lower()) if kind == "bool_type" else None
    return Problem(place, path, got, _expected(kind, context, str(error["msg"])), flag)


def _expected(kind: str, context: dict[str, Any], message: str) -> str:
    if kind in _PLAIN_TYPES:
        return _PLAIN_TYPES[kind]
    if kind == "union_tag_invalid":
        return "an entry with `give`: a course does not hold another course"
    if kind == "string_pattern_mismatch":
        path_like = "." in str(context["pattern"])
        return "a dotted path, for example treatment.car.dose" if path_like else _NAME_PATTERN
    limits = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}
    if kind in limits:
        words, key = limits[kind]
        return f"a whole number of {words} {context[key]}"
    if kind == "too_short":
        return f"at least {context['min_length']} entry"
    if kind == "string_too_short":
        return "text that is not empty"
    if kind in {"string_too_long", "too_long"}:
        return f"at most {context['max_length']} characters"
    if kind in {"missing_argument", "tuple_too_short", "unexpected_positional_argument"}:
        return "two values, for example [1e-9, 1e-4]"
    return message[:1].lower() + message[1:]


def _locate(location: tuple[Step, ...], root: Node) -> tuple[tuple[Step, ...], Node | None, Place | None]:
    """Return the steps that exist in the tree (and the last one, if it is a key), the node, and the nearest place."""
    steps: list[Step] = []
    node: Node | None = root
    place = root.place
    for step in location:
        if step == "[key]" or (isinstance(step, str) and step.startswith("=")):
            continue
        inner: Node | None = None
        if isinstance(node, Table) and isinstance(step, str):
            inner = node.items.get(step)
            place = node.keys.get(step) or place
            if isinstance(inner, Text):
                place = inner.place or place
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            inner = node.items[step]
            place = inner.place or place
        elif isinstance(node, Text):
            break  # a shorthand (`dose: 3e6 cells/kg`) that a validator wrote out
        steps.append(step)
        node = inner
    if location and location[-1] in steps[-1:] and node is not None and not isinstance(node, Text):
        place = node.place or place
    if node is None and steps and isinstance(steps[-1], str):
        place = _place_of_parent(root, tuple(steps[:-1])) or place
    return tuple(steps), node, place


def _place_of_parent(root: Node, steps: tuple[Step, ...]) -> Place | None:
    node: Node | None = root
    place = root.place
    for step in steps:
        if isinstance(node, Table) and isinstance(step, str):
            place = node.keys.get(step) or place
            node = node.items.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            place = node.place or place
    return place


def _place_of_key(root: Node, steps: tuple[Step, ...]) -> Place | None:
    """Return where the last key of a path is written."""
    node: Node | None = root
    for step in steps[:-1]:
        if isinstance(node, Table):
            node = node.items.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
    return node.keys.get(str(steps[-1])) if isinstance(node, Table) and steps else None


def _classes(location: tuple[Step, ...], whole: type[Part]) -> list[type[Part]]:
    """Return the classes that the keys at a location belong to."""
    found: list[type[Part]] = [whole]
    for step in location[:-1]:
        if isinstance(step, str) and step.startswith("="):
            found = [_KINDS[step]]
            continue
        fields = [_field(part, step) for part in found]
        inner = [part for field in fields if field for part in _parts(field.annotation)]
        found = inner or found
    return found


def _field(part: type[Part], key: Step) -> FieldInfo | None:
    return next((field for name, field in part.model_fields.items() if (field.alias or name) == key), None)


def _parts(annotation: Any) -> list[type[Part]]:
    """Return every class of a scenario part inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        return [annotation]
    return [part for inner in get_args(annotation) for part in _parts(inner)]


def _keys(candidates: list[type[Part]]) -> list[str]:
    return list(dict.fromkeys(field.alias or name for part in candidates for name, field in part.model_fields.items()))


def _description(candidates: list[type[Part]], key: str) -> str:
    described = [field.description for part in candidates if (field := _field(part, key)) and field.description]
    if key == "format":
        return "the version of the format as first key, for example format: carsim/1"
    if not described:
        return "a value"
    said = described[0].rstrip(".")
    return said if said[1:2].isupper() else said[:1].lower() + said[1:]  # an abbreviation keeps its capitals


def _literals(expected: str) -> list[str]:
    return [part.strip(" '") for part in expected.replace(" or ", ", ").split(", ")]


def _shown(node: Node | None) -> str:
    if isinstance(node, Text):
        return f"`{shown(node.text)}`" if node.text else "empty text"
    if isinstance(node, Table):
        return "keys with values (a mapping)"
    return "a list" if isinstance(node, Sequence) else "nothing"


def _as_written(got: str, error: ErrorDetails, node: Node | None) -> str:
    """Put the number as the user wrote it where the message has it as Python prints it."""
    given = error["input"]
    if isinstance(node, Text) and isinstance(given, int | float | str):
        return got.replace(f"`{given}", f"`{shown(node.text)}", 1)
    if isinstance(node, Table | Sequence) and got.startswith(("`{", "`(")):
        return _shown(node)
    return got
