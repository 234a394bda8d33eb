"""Scenario files and their parents: from a path to one merged tree.

A file has at most one parent (`extends`), inside the folder of the file that is loaded or below it; a child is merged
over its parent. Only regular files are read, and only up to the size limit.
"""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Final

from carsim.errors import Place, Problem, nearest
from carsim.spec import text as yaml_text
from carsim.spec.merge import empty, merge
from carsim.spec.tree import Table, Text

FORMAT: Final = "carsim/1"
_EXAMPLE: Final = "a text file that begins with `format: carsim/1`; `carsim init FILE` writes one to start from"
_MOST_PARENTS: Final = 8


def with_parents(path: Path, shown: str, problems: list[Problem]) -> Table | None:
    """Return the tree of a file (`shown` in reports) merged over its parents, or None if it cannot be read."""
    tree = _read_file(path, shown, problems)
    if tree is None:
        return None
    folder = path.resolve().parent
    return extended(tree, folder, folder, shown, (path.resolve(),), problems)


def extended(
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
    if path is None or root is None or not inside(path, root) or Path(named.text).is_absolute():
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
        meant = nearest(path.name, [item.name for item in path.parent.glob("*.yaml") if item.resolve() not in seen])
        got = f"`{named.text}`, which does not exist"
        problems.append(Problem(place, "extends", got, expected, f"`{meant}`" if meant else None))
        return tree
    parent = _read_file(path, beside, problems)
    if parent is None:
        return tree
    whole = extended(parent, path.resolve().parent, root, beside, (*seen, path.resolve()), problems)
    merged = merge(whole, tree) if whole is not None else tree
    assert isinstance(merged, Table)
    return replace(merged, place=tree.place)


def inside(path: Path, root: Path) -> bool:
    """Whether a path, links followed, lies in a folder or below it."""
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
    return read(data, shown, problems)


def read(data: bytes, shown: str, problems: list[Problem]) -> Table | None:
    """Return the tree of a scenario's bytes, or None with the reason added to `problems`."""
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
