"""Loading: text → tree → parents → overrides → catalogue → Scenario, and one report of everything that is wrong.

Order of precedence, lowest first: defaults, catalogue, the parent named by `extends`, the file, overrides.
"""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.spec import text as yaml_text
from carsim.spec.check import node_at, place_at, scenario_problems, tree_problems
from carsim.spec.complete import complete, is_product
from carsim.spec.merge import NoSuchEntry, empty, merge, no_such_entry, put, without_empty
from carsim.spec.report import problem
from carsim.spec.scenario import FORMAT, Scenario, catalogue_values
from carsim.spec.tree import Node, Origin, Sequence, Step, Table, Text, leaves, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SET, _WITH = "--set", "with_"
_EXAMPLE = "a text file that begins with `format: carsim/1`; `carsim init FILE` writes one to start from"
_MOST_PARENTS = 8
_MOST_POINTS_CHECKED = 200


def load(path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """Return the scenario of a file; each override is `path=value`. Raises ScenarioError with every problem found."""
    problems: list[Problem] = []
    tree = _with_parents(Path(path), str(path), problems)
    return _resolved(tree, _overridden(tree, overrides), problems, str(path))


def loads(
    text: str, overrides: Iterable[str] = (), *, name: str = "text", folder: str | Path | None = None
) -> Scenario:
    """Return the scenario of a text; `folder` is where `extends` and `from` look, without it they are refused."""
    problems: list[Problem] = []
    tree = _read(text.encode("utf-8", "surrogatepass"), name, problems)
    if tree is not None:
        root = Path(folder).resolve() if folder is not None else None
        tree = _extended(tree, root, root, name, (), problems)
    return _resolved(tree, _overridden(tree, overrides), problems, str(Path(folder, name)) if folder else "")


def changed(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario with values set by dotted path; see `Scenario.with_`."""
    source = scenario._source
    assert source is not None
    place, origin = Place(_WITH), Origin("override", _WITH)
    made = [(path, _node_of(value, place, origin)) for path, value in changes.items()]
    return _resolved(source, made, [], scenario.file)


# Files and parents ---------------------------------------------------------------------------------------------------


def _with_parents(path: Path, shown: str, problems: list[Problem]) -> Table | None:
    tree = _read_file(path, shown, problems)
    if tree is None:
        return None
    folder = path.resolve().parent
    return _extended(tree, folder, folder, shown, (path.resolve(),), problems)


def _extended(
    tree: Table, folder: Path | None, root: Path | None, shown: str, seen: tuple[Path, ...], problems: list[Problem]
) -> Table | None:
    """Return the tree merged over its parents; `root` is the folder that no parent may lie outside of."""
    named = tree.items.get("extends")
    if named is None or empty(named):
        return tree
    tree = replace(tree, items={key: item for key, item in tree.items.items() if key != "extends"})
    expected = "one file inside the scenario's folder, for example extends: tisagenlecleucel_child.yaml"
    place = tree.keys.get("extends")
    if not isinstance(named, Text):
        problems.append(Problem(place, "extends", "a list or keys with values", expected))
        return tree
    place = named.place or place
    path = (folder / named.text) if folder is not None else None
    if path is None or root is None or not _inside(path, root) or Path(named.text).is_absolute():
        problems.append(
            Problem(place, "extends", f"`{named.text}`, which is not inside the scenario's folder", expected)
        )
        return tree
    if path.resolve() in seen or len(seen) >= _MOST_PARENTS:
        problems.append(
            Problem(place, "extends", f"`{named.text}`, which leads back to this file", "no cycle of parents")
        )
        return tree
    beside = str(Path(shown).parent / named.text)
    if not path.is_file():
        meant = nearest(path.name, [item.name for item in path.parent.glob("*.yaml")] if path.parent.is_dir() else [])
        got = f"`{named.text}`, which does not exist"
        problems.append(Problem(place, "extends", got, expected, f"`{meant}`" if meant else None))
        return tree
    parent = _read_file(path, beside, problems)
    if parent is None:
        return tree
    whole = _extended(parent, path.resolve().parent, root, beside, (*seen, path.resolve()), problems)
    merged = merge(whole, tree) if whole is not None else tree
    assert isinstance(merged, Table)
    return replace(merged, place=tree.place)


def _inside(path: Path, root: Path) -> bool:
    return path.resolve().is_relative_to(root)


def _read_file(path: Path, shown: str, problems: list[Problem]) -> Table | None:
    place = Place(shown)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "a folder" if path.is_dir() else "something that is not a file"
            problems.append(Problem(place, "", kind, "a scenario file, for example scenarios/antigen_escape.yaml"))
            return None
        with path.open("rb") as file:
            data = file.read(yaml_text.LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        near = [item.name for item in path.parent.glob("*.yaml")] if path.parent.is_dir() else []
        meant = nearest(path.name, near)
        suggestion = f"`{path.parent / meant}`" if meant else None
        problems.append(Problem(place, "", f"a file that cannot be read ({reason})", "a scenario file", suggestion))
        return None
    return _read(data, shown, problems)


def _read(data: bytes, shown: str, problems: list[Problem]) -> Table | None:
    tree, found = yaml_text.read(data, shown)
    problems += found
    if isinstance(tree, Table):
        _check_format(tree, problems)
        return tree
    if not found or tree is not None:
        got = "an empty file" if tree is None or empty(tree) else "a file without keys"
        problems.append(Problem((tree.place if tree else None) or Place(shown), "", got, _EXAMPLE))
    return None


def _check_format(tree: Table, problems: list[Problem]) -> None:
    first = next(iter(tree.items), None)
    given = tree.items.get("format")
    if given is None or not isinstance(given, Text):
        problems.append(Problem(tree.place, "format", "no `format`", f"`format: {FORMAT}` as the first key"))
    elif given.text != FORMAT:
        problems.append(
            Problem(given.place, "format", f"`{given.text}`", f"the version {FORMAT}", f"`format: {FORMAT}`")
        )
    elif first != "format":
        problems.append(
            Problem(tree.keys.get("format"), "format", "`format` after other keys", "`format` as the first key")
        )


# Overrides -----------------------------------------------------------------------------------------------------------


def _overridden(tree: Table | None, overrides: Iterable[str]) -> list[tuple[str, Node]]:
    made: list[tuple[str, Node]] = []
    problems: list[Problem] = []
    for at, override in enumerate(overrides, start=1):
        path, sign, value = override.partition("=")
        path = path.strip()
        if not sign or not path:
            expected = "path=value, for example --set treatment.car.dose='1e6 cells/kg'"
            problems.append(Problem(Place(_SET, at), "", f"`{override}`", expected))
            continue
        padded = " " * (len(override) - len(value)) + value
        node, found = yaml_text.read(padded.encode("utf-8", "surrogatepass"), _SET, line=at)
        problems += [replace(item, path=path) for item in found]
        if node is None and not found:
            node = Text("", Place(_SET, at, len(override) + 1))
        if node is not None:
            made.append((path, _as_override(node, Origin("override", f"{_SET} {path}={value}"))))
    if problems:
        raise ScenarioError(problems)
    return made


def _as_override(node: Node, origin: Origin) -> Node:
    if isinstance(node, Text):
        return replace(node, origin=origin)
    if isinstance(node, Table):
        return replace(node, items={key: _as_override(item, origin) for key, item in node.items.items()})
    return replace(node, items=tuple(_as_override(item, origin) for item in node.items))


def _node_of(value: Any, place: Place, origin: Origin) -> Node:
    """Return a value of Python as a tree; text stays text, numbers stay numbers."""
    if isinstance(value, dict):
        keys: dict[str, Place | None] = {str(key): place for key in value}
        return Table({str(key): _node_of(item, place, origin) for key, item in value.items()}, place, keys)
    if isinstance(value, list | tuple):
        return Sequence(tuple(_node_of(item, place, origin) for item in value), place)
    if value is None or isinstance(value, bool):
        return Text({None: "null", True: "true", False: "false"}[value], place, origin=origin)
    return Text(str(value), place, plain=not isinstance(value, str), origin=origin)


# Resolving -----------------------------------------------------------------------------------------------------------


def _resolved(base: Table | None, overrides: list[tuple[str, Node]], problems: list[Problem], file: str) -> Scenario:
    """Return the scenario of a merged tree with overrides put in, or raise the whole report."""
    if base is None:
        raise ScenarioError(_in_order(problems))
    tree = base
    for path, node in overrides:
        try:
            tree = put(tree, path, node, node.place, is_product)
        except NoSuchEntry as error:
            problems.append(no_such_entry(error, path, node.place, _nearest_path(base, path)))
    whole, checked, more = _check(tree, file)
    problems += [_path_of_override(item, base, [path for path, _ in overrides]) for item in more]
    if whole is None or problems:
        raise ScenarioError(_in_order(problems))
    points = _probed(tree, whole, checked, file, problems)
    if problems:
        raise ScenarioError(_in_order(problems))
    whole._source, whole._file, whole._points = tree, file, points
    whole._origins = origins(whole, checked)
    return whole


def _check(tree: Table, file: str) -> tuple[Scenario | None, Table, list[Problem]]:
    """Return scenario, completed tree and problems; where a part is wrong, the sound parts are still checked."""
    problems: list[Problem] = []
    full = complete(_only_stated(tree), problems)
    data = values(full, problems)
    refused = {item.path for item in problems}
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        found = [problem(item, full, Scenario) for item in details]
        problems += [item for item in found if item.path not in refused]
        partial = _sound_part(data, [item["loc"] for item in details])
        scenario = None
    else:
        partial = scenario
    problems += tree_problems(full)
    if partial is not None:
        problems += scenario_problems(partial, full)
        problems += _table_problem(partial, full, file)
    return (None if problems else scenario), full, list(dict.fromkeys(problems))


def _only_stated(tree: Table) -> Table:
    stated = without_empty(tree)
    assert isinstance(stated, Table)
    return stated


def _sound_part(data: Any, wrong: list[tuple[Step, ...]]) -> Scenario | None:
    """Return the scenario without its wrong entries and sections, or None if nothing useful is left."""
    left = dict(data)
    drop: dict[str, set[int]] = {}
    for location in wrong:
        section = str(location[0])
        if section in {"treatment", "products"} and len(location) > 1 and isinstance(location[1], int):
            drop.setdefault(section, set()).add(location[1])
        else:
            left.pop(section, None)
    for section, indices in drop.items():
        if section in left:
            left[section] = tuple(item for at, item in enumerate(left[section]) if at not in indices)
    left = {"format": FORMAT, "title": "title"} | {
        key: item for key, item in left.items() if key in Scenario.model_fields
    }
    if "leukaemia" not in left:
        left["leukaemia"] = {"main": {"cd19": "absent", "cd20": "absent", "cd22": "absent"}}
    try:
        return Scenario.model_validate(left)
    except ValidationError:
        return None


def _table_problem(scenario: Scenario, root: Table, file: str) -> list[Problem]:
    """The CSV file of a cohort must lie inside the scenario's folder."""
    if scenario.cohort is None or scenario.cohort.table is None:
        return []
    named, place = scenario.cohort.table, place_at(root, ("cohort", "from"))
    expected = "a CSV file inside the scenario's folder, for example from: patients.csv"
    folder = Path(file).resolve().parent if file else None
    if folder is None or Path(named).is_absolute() or not _inside(folder / named, folder):
        return [Problem(place, "cohort.from", f"`{named}`, which is not inside the scenario's folder", expected)]
    if not (folder / named).is_file():
        return [Problem(place, "cohort.from", f"`{named}`, which does not exist", expected)]
    return []


def _probed(
    tree: Table, whole: Scenario, full: Table, file: str, problems: list[Problem]
) -> tuple[tuple[Any, ...], ...]:
    """Check every path and value that a sweep or an arm sets; return what each axis' points mean."""
    if whole.sweep is None and not (whole.trial and whole.trial.arms):
        return ()
    bare = replace(tree, items={key: item for key, item in tree.items.items() if key not in {"sweep", "trial"}})
    place_of: Callable[..., Place | None] = lambda *steps: place_at(full, steps)  # noqa: E731
    axes: list[tuple[Any, ...]] = []
    for at, axis in enumerate(whole.sweep.axes if whole.sweep else ()):
        node = _axis(full, at)
        place = place_at(node, ("path",)) if node else place_of("sweep", "axes")
        points = axis.points()
        few = points if len(points) <= _MOST_POINTS_CHECKED else (points[0], points[-1])
        meant: list[Any] = [len(points)]
        for point in few:
            made, found = _probe(bare, {axis.path: point}, file)
            if found:
                problems += [replace(item, place=place, path=f"sweep.axes.{at}: {item.path}") for item in found]
                break
            meant.append(value_at(made, axis.path))
        axes.append(tuple(meant))
    for arm in whole.trial.arms if whole.trial else ():
        _, found = _probe(bare, arm.changes, file)
        place = place_of("trial", "arms", arm.name, "set")
        problems += [replace(item, place=place, path=f"trial.arms.{arm.name}: {item.path}") for item in found]
    return tuple(axes)


def _axis(full: Table, at: int) -> Node | None:
    axes = node_at(full, ("sweep", "axes"))
    return axes.items[at] if isinstance(axes, Sequence) and at < len(axes.items) else None


def _probe(bare: Table, changes: Mapping[str, Any], file: str) -> tuple[Scenario | None, list[Problem]]:
    place, origin = Place(_WITH), Origin("override", _WITH)
    tree = bare
    for path, value in changes.items():
        node = _node_of(value, place, origin)
        try:
            tree = put(tree, path, node, place, is_product)
        except NoSuchEntry as error:
            return None, [no_such_entry(error, path, place, _nearest_path(bare, path))]
    made, _, found = _check(tree, file)
    return made, [_path_of_override(item, bare, list(changes)) for item in found]


def _path_of_override(item: Problem, base: Table, paths: list[str]) -> Problem:
    """Where an override names an unknown path, say so of the whole path and suggest the nearest."""
    if item.place is None or item.place.file not in {_SET, _WITH} or not item.got.startswith("the unknown key"):
        return item
    whole = next((path for path in paths if path == item.path or path.startswith(f"{item.path}.")), item.path)
    meant = _nearest_path(base, whole) or item.suggestion
    return replace(item, path=whole, got=f"the unknown path `{whole}`", suggestion=meant)


def _nearest_path(base: Table, path: str) -> str | None:
    made, full, _ = _check(replace(base, items={k: v for k, v in base.items.items() if k != "sweep"}), "")
    paths = set(catalogue_values())
    if made is not None:
        known = [*origins(made, full), *(f"parameters.{name}" for name in paths)]
        paths = {
            ".".join(words[: end + 1]) for name in known for words in [name.split(".")] for end in range(len(words))
        }
    meant = nearest(path, paths, cutoff=0.5)
    return f"`{meant}`" if meant else None


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Reading order: files in order of their first problem, then lines and columns."""
    files: dict[str, int] = {}
    for item in problems:
        files.setdefault(item.place.file if item.place else "", len(files))

    def key(item: Problem) -> tuple[int, int, int]:
        place = item.place or Place("", 0, 0)
        return files[place.file], place.line, place.column

    return sorted(dict.fromkeys(problems), key=key)


# Origins -------------------------------------------------------------------------------------------------------------


def origins(scenario: Scenario, full: Table) -> dict[str, Origin]:
    """Return where each value of the resolved form comes from, by dotted path."""
    found: dict[str, Origin] = {}
    for path, steps in _paths(scenario.model_dump(mode="json", by_alias=True, exclude_none=True)):
        found[path] = _origin(full, steps)
    return found


def _paths(
    value: Any, words: tuple[str, ...] = (), steps: tuple[Step, ...] = ()
) -> Iterable[tuple[str, tuple[Step, ...]]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, (*words, str(key)), (*steps, str(key)))
    elif isinstance(value, list | tuple) and value:
        for at, item in enumerate(value):
            name = item.get("name") if isinstance(item, dict) else None
            yield from _paths(item, (*words, str(name or at)), (*steps, at))
    else:
        yield ".".join(words), steps


def _origin(full: Table, steps: tuple[Step, ...]) -> Origin:
    node: Node | None = full
    for step in steps:
        if isinstance(node, Table):
            node = node.items.get(str(step))
        elif isinstance(node, Sequence):
            node = node.items[step] if isinstance(step, int) and step < len(node.items) else None
        elif isinstance(node, Text):
            break
        if node is None:
            return Origin("default")
    written = next((text for _, text in leaves(node)), None) if node is not None else None
    source = written or node
    if source is None:
        return Origin("default")
    if source.origin is not None:
        return source.origin
    return Origin("file", f"{source.place.file}:{source.place.line}") if source.place else Origin("default")


def value_at(scenario: Scenario | None, path: str) -> Any:
    """Return the value at a dotted path of a resolved scenario in canonical units; KeyError if there is none."""
    if scenario is None:
        raise KeyError(path)
    if path.startswith("parameters."):
        return scenario.parameters[path.removeprefix("parameters.")]
    value: Any = scenario.model_dump(mode="python", by_alias=True)
    for word in path.split("."):
        if isinstance(value, dict):
            value = value[word]
        else:
            named = [item for item in value if isinstance(item, dict) and item.get("name") == word]
            value = named[0] if named else value[int(word)]
    return value
