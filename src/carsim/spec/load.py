"""Loading: text → tree → parents → overrides → catalogue → Scenario, and one report of everything that is wrong.

Order of precedence, lowest first: defaults, catalogue, the parent named by `extends`, the file, overrides.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from carsim.catalog import antigens
from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.spec.check import node_at, place_at, scenario_problems, tree_problems
from carsim.spec.complete import complete, is_product
from carsim.spec.merge import NoSuchEntry, no_such_entry, put, without_empty
from carsim.spec.origins import origins
from carsim.spec.overrides import SET, WITH, from_arguments, node_of
from carsim.spec.report import problem
from carsim.spec.scenario import Scenario, catalogue_values
from carsim.spec.source import FORMAT, extended, inside, read, with_parents
from carsim.spec.sweep import Arms
from carsim.spec.tree import Node, Origin, Sequence, Step, Table, Text, name_of, values
from carsim.spec.varied import arm_changes, changes_at, meant_by, tried
from carsim.treatment.entries import GIVEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails


def load(path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """Return the scenario of a file; each override is `path=value`. Raises ScenarioError with every problem found."""
    problems: list[Problem] = []
    tree = with_parents(Path(path), str(path), problems)
    return _resolved(tree, from_arguments(overrides), problems, str(path))


def loads(
    text: str, overrides: Iterable[str] = (), *, name: str = "text", folder: str | Path | None = None
) -> Scenario:
    """Return the scenario of a text; `folder` is where `extends` and `from` look, without it they are refused."""
    problems: list[Problem] = []
    tree = read(text.encode("utf-8", "surrogatepass"), name, problems)
    if tree is not None:
        root = Path(folder).resolve() if folder is not None else None
        tree = extended(tree, root, root, name, (), problems)
    return _resolved(tree, from_arguments(overrides), problems, str(Path(folder, name)) if folder else "")


def changed(scenario: Scenario, changes: Mapping[str, Any]) -> Scenario:
    """Return a scenario with values set by dotted path; see `Scenario.with_`."""
    source = scenario._source
    assert source is not None
    place, origin = Place(WITH), Origin("override", WITH)
    made = [(path, node_of(value, place, origin)) for path, value in changes.items()]
    return _resolved(source, made, [], scenario.file)


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
    more = [_path_of_override(item, base, [path for path, _ in overrides]) for item in more]
    problems += _not_said_before(more, problems)
    if whole is None or problems:
        raise ScenarioError(_in_order(problems))
    meant = _probed(tree, whole, checked, file, problems)
    if problems:
        raise ScenarioError(_in_order(problems))
    whole._source, whole._file, whole._meant, whole._changed = tree, file, meant, changed
    whole._origins = origins(whole, checked)
    return whole


def _check(tree: Table, file: str) -> tuple[Scenario | None, Table, list[Problem]]:
    """Return scenario, completed tree and problems; where a part is wrong, the sound parts are still checked."""
    problems: list[Problem] = []
    completed = without_empty(complete(_only_stated(tree), problems))
    full = completed if isinstance(completed, Table) else tree
    data = values(full, problems)
    refused = {item.path for item in problems}
    try:
        scenario = Scenario.model_validate(data)
    except ValidationError as error:
        details = _own(error.errors(include_url=False))
        found = [problem(item, full, Scenario) for item in details]
        problems += [item for item in found if item.path not in refused and not _follows(item, full, problems)]
        partial = _sound_part(data, [item["loc"] for item in details])
        scenario = None
    else:
        partial = scenario
    problems += tree_problems(full)
    if partial is not None:
        problems += scenario_problems(partial, full, all_entries=scenario is not None)
        problems += _table_problem(partial, full, file)
    return (None if problems else scenario), full, list(dict.fromkeys(problems))


def _own(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short where that is only because its entries are wrong."""
    locations = [item["loc"] for item in details]

    def has_inner(item: ErrorDetails) -> bool:
        size = len(item["loc"])
        return any(len(other) > size and other[:size] == item["loc"] for other in locations)

    return [item for item in details if item["type"] != "too_short" or not has_inner(item)]


def _follows(item: Problem, full: Table, known: list[Problem]) -> bool:
    """Whether a problem only follows from another: nothing can be filled in from a name that the catalogue lacks."""
    head = item.path.split(".")
    if item.got.startswith("no `") and head[0] in {"patient", "cohort"} and len(head) == 2 and head[1] != "population":
        named = node_at(full, (head[0], "population"))
        return not isinstance(named, Text) or any(other.path == f"{head[0]}.population" for other in known)
    if item.got.startswith("no `") and head[0] == "products" and head[-1] != "name":
        named = node_at(full, (*head[:2], "extends"))
        listed = full.items["products"]
        names = [name_of(node) for node in listed.items] if isinstance(listed, Sequence) else []
        orphan = any(other.path.startswith("products.") and other.path.endswith(".extends") for other in known)
        return not isinstance(named, Text) or orphan or names.count(head[1]) > 1
    drugs = {f"`{name}`" for name in GIVEN}
    return any(
        other.path.endswith(".give") and other.suggestion in drugs and item.path.startswith(other.path[: -len("give")])
        for other in known
    )


def _not_said_before(found: list[Problem], said: list[Problem]) -> list[Problem]:
    """Leave out what a problem of reading already says: of the same value, or missing because a parent is."""
    places = {(item.place, item.path) for item in said}
    orphan = any(item.path == "extends" for item in said)
    return [
        item
        for item in found
        if (item.place, item.path) not in places and not (orphan and item.got.startswith(("no `", "neither")))
    ]


def _only_stated(tree: Table) -> Table:
    """Leave out empty values; not in `products`, where they take away what the catalogue states."""
    stated = without_empty(tree)
    assert isinstance(stated, Table)
    listed = tree.items.get("products")
    return (
        replace(stated, items={**stated.items, "products": listed}) if "products" in stated.items and listed else stated
    )


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
        left["leukaemia"] = {"main": {antigen.lower(): "absent" for antigen in antigens()}}
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
    if folder is None or Path(named).is_absolute() or not inside(folder / named, folder):
        return [Problem(place, "cohort.from", f"`{named}`, which is not inside the scenario's folder", expected)]
    if not (folder / named).is_file():
        return [Problem(place, "cohort.from", f"`{named}`, which does not exist", expected)]
    return []


def _probed(
    tree: Table, whole: Scenario, full: Table, file: str, problems: list[Problem]
) -> list[list[dict[str, Any]]]:
    """Check every path and value that a sweep or an arm sets; return what the points tried of each axis mean."""
    if whole.sweep is None and not (whole.trial and whole.trial.arms):
        return []
    bare = replace(tree, items={key: item for key, item in tree.items.items() if key not in {"sweep", "trial"}})
    arms = arm_changes(whole.trial)
    axes: list[list[dict[str, Any]]] = []
    for at, axis in enumerate(whole.sweep.axes if whole.sweep else ()):
        node = _axis(full, at)
        place = place_at(node, ("path",)) if node else place_at(full, ("sweep", "axes"))
        missing = next((name for name in axis.arms if name not in arms), None) if isinstance(axis, Arms) else None
        if missing is not None:
            meant = nearest(missing, arms)
            expected = f"an arm of `trial.arms`: {', '.join(arms) or 'there is none'}"
            hint = f"`{meant}`" if meant else None
            problems.append(Problem(place, f"sweep.axes.{at}", f"`{missing}`", expected, hint))
            continue
        axes.append([])
        for step in tried(axis):
            changes = changes_at(axis, step, arms)
            made, found = _probe(bare, changes, file)
            if made is None or found:
                problems += [replace(item, place=place, path=f"sweep.axes.{at}: {item.path}") for item in found]
                break
            axes[-1].append(meant_by(made, changes))
    for arm in whole.trial.arms if whole.trial else ():
        _, found = _probe(bare, arm.changes, file)
        place = place_at(full, ("trial", "arms", arm.name, "set"))
        problems += [replace(item, place=place, path=f"trial.arms.{arm.name}: {item.path}") for item in found]
    return axes


def _axis(full: Table, at: int) -> Node | None:
    axes = node_at(full, ("sweep", "axes"))
    return axes.items[at] if isinstance(axes, Sequence) and at < len(axes.items) else None


def _probe(bare: Table, changes: Mapping[str, Any], file: str) -> tuple[Scenario | None, list[Problem]]:
    place, origin = Place(WITH), Origin("override", WITH)
    tree = bare
    for path, value in changes.items():
        node = node_of(value, place, origin)
        try:
            tree = put(tree, path, node, place, is_product)
        except NoSuchEntry as error:
            return None, [no_such_entry(error, path, place, _nearest_path(bare, path))]
    made, _, found = _check(tree, file)
    return made, [_path_of_override(item, bare, list(changes)) for item in found]


def _path_of_override(item: Problem, base: Table, paths: list[str]) -> Problem:
    """Where an override names an unknown path, say so of the whole path and suggest the nearest."""
    if item.place is None or item.place.file not in {SET, WITH} or not item.got.startswith("the unknown key"):
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
