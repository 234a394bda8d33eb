"""From bytes to a tree with positions; whatever could surprise is refused before an object is built.

Order of the checks: size, UTF-8, control characters, then the events of ruamel.yaml's pure parser (the C parser
crashes on deep nesting). Anchors, aliases, tags, several documents, directives and duplicate keys are all reported in
one go; a syntax error, nesting deeper than 32 and more than 20,000 values end the reading.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from carsim.errors import Place, Problem, ScenarioError
from carsim.spec.tree import Sequence, Table, Text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsim.spec.tree import Node

LARGEST_FILE: Final = 1024 * 1024
DEEPEST: Final = 32
MOST_VALUES: Final = 20_000

# What to do about the parser's commonest complaints.
_HINTS: Final = {
    "mapping values are not allowed": "quotes around text that contains `: `, or one key a line",
    "could not find expected ':'": "`key: value` on every line of a mapping",
    "'\\t' that cannot start": "blanks for indentation, not tabs",
    "cannot start any token": "quotes around text that begins with a special character",
    "unexpected end of stream": "the closing quote or bracket",
    "expected ',' or ": "`,` between entries and the closing bracket",
    "expected <block end>": "entries of one list or mapping at the same indentation",
}
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def read(data: bytes, file: str, line: int = 1) -> tuple[Node | None, list[Problem]]:
    """Return the tree of a scenario's bytes and the problems met on the way; no tree if it could not be read at all.

    `line` is the number of the first line in reports.
    """
    problems: list[Problem] = []
    try:
        text = _decode(data, file)
        return _Composer(file, line, problems).compose(text), problems
    except ScenarioError as error:
        return None, problems + list(error.problems)


def _decode(data: bytes, file: str) -> str:
    if len(data) > LARGEST_FILE:
        raise _stop(Place(file), f"a file of {len(data)} bytes", f"at most {LARGEST_FILE} bytes (1 MiB)")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\x00" in data:
        before = data[: data.index(b"\x00")]
        raise _stop(_after(file, before), "a NUL byte", "a text file, for example one written by `carsim init`")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = f"byte 0x{data[error.start]:02x}, which is not UTF-8"
        raise _stop(_after(file, data[: error.start]), byte, "a text file in UTF-8") from None
    found = _CONTROL.search(text)
    if found:
        place = _after(file, text[: found.start()].encode("utf-8"))
        raise _stop(place, f"the control character U+{ord(found.group()):04X}", "printable text")
    return text


def _after(file: str, before: bytes) -> Place:
    line = before.count(b"\n") + 1
    return Place(file, line, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1)


def _stop(place: Place, got: str, expected: str, path: str = "") -> ScenarioError:
    return ScenarioError([Problem(place, path, got, expected)])


class _Composer:
    """Builds the tree from the parser's events and collects problems; one use."""

    def __init__(self, file: str, line: int, problems: list[Problem]) -> None:
        self.file, self.line, self.problems, self.count = file, line, problems, 0

    def compose(self, text: str) -> Node | None:
        from ruamel.yaml.error import MarkedYAMLError, YAMLError

        try:
            return self._document(_events(text))
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(self.file, mark.line + self.line, mark.column + 1) if mark else Place(self.file)
            said = str(error.problem or error.context)
            expected = next(
                (hint for words, hint in _HINTS.items() if words in said), "YAML 1.2, for example `key: value`"
            )
            raise _stop(place, f"text that is not YAML ({shown(said)})", expected) from None
        except YAMLError as error:
            got = f"text that is not YAML ({shown(str(error))})"
            raise _stop(Place(self.file), got, "YAML 1.2, for example `key: value`") from None

    def _document(self, events: Iterator[Any]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if event.version or event.tags:
                    self._note(event, "a directive (`%…`)", "no directives: the format is YAML 1.2")
                if documents > 1:
                    self._note(event, "a second document (`---`)", "one document in a file")
                    break
            elif kind not in {"StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"}:
                root = self._node(event, events, 1, ())
        return root

    def _node(self, event: Any, events: Iterator[Any], depth: int, path: tuple[str, ...]) -> Node:
        place = self._place(event)
        self.count += 1
        if self.count > MOST_VALUES:
            raise _stop(place, f"more than {MOST_VALUES} values", f"at most {MOST_VALUES} values in a file")
        if depth > DEEPEST:
            raise _stop(place, f"nesting deeper than {DEEPEST}", f"at most {DEEPEST} levels of nesting")
        self._refuse_extras(event, path)
        kind = type(event).__name__
        if kind == "ScalarEvent":
            return Text(event.value, place, plain=event.style in {None, ""})
        if kind == "SequenceStartEvent":
            return self._sequence(events, depth, place, path)
        if kind == "MappingStartEvent":
            return self._table(events, depth, place, path)
        return Text("", place)  # an alias, refused above

    def _sequence(self, events: Iterator[Any], depth: int, place: Place, path: tuple[str, ...]) -> Node:
        items: list[Node] = []
        for event in events:
            if type(event).__name__ == "SequenceEndEvent":
                break
            items.append(self._node(event, events, depth + 1, (*path, str(len(items)))))
        return Sequence(tuple(items), place)

    def _table(self, events: Iterator[Any], depth: int, place: Place, path: tuple[str, ...]) -> Node:
        items: dict[str, Node] = {}
        keys: dict[str, Place | None] = {}
        for event in events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key_node = self._node(event, events, depth + 1, path)
            value_event = next(events)
            if not isinstance(key_node, Text):
                self._note(event, "a list or a mapping as a key", "text as a key, for example `title: …`")
                self._node(value_event, events, depth + 1, path)
                continue
            key = key_node.text
            value = self._node(value_event, events, depth + 1, (*path, key))
            if key in items:
                first = keys[key]
                self._note(
                    event,
                    f"the key `{shown(key)}` again (first on line {first.line if first else '?'}, "
                    f"here on line {event.start_mark.line + 1})",
                    "each key once",
                    (*path, key),
                )
            else:
                items[key], keys[key] = value, key_node.place
        return Table(items, place, keys)

    def _refuse_extras(self, event: Any, path: tuple[str, ...]) -> None:
        if type(event).__name__ == "AliasEvent":
            self._note(event, f"the alias `*{shown(event.anchor)}`", "the value written out (or `extends`)", path)
            return
        if event.anchor:
            self._note(event, f"the anchor `&{shown(event.anchor)}`", "no anchors; write values out", path)
        if event.tag:
            self._note(
                event,
                f"the tag `{shown(str(event.tag).replace('tag:yaml.org,2002:', '!!'))}`",
                "no tags; types follow from the format",
                path,
            )

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + self.line, event.start_mark.column + 1)

    def _note(self, event: Any, got: str, expected: str, path: tuple[str, ...] = ()) -> None:
        self.problems.append(Problem(self._place(event), ".".join(path), got, expected))


def _events(text: str) -> Iterator[Any]:
    from ruamel.yaml import YAML

    parser = YAML(typ="safe", pure=True)
    return iter(parser.parse(text))
