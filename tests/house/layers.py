"""The layer rule: what each file imports, the ordered list of rooms (read from the guide), and what breaks the rule."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from .tree import parsed, python_files

Graph = dict[str, set[str]]

# llvmlite is the compiler of numba, `operator` names what a numba type of ours overloads, `typing` names types.
KERNEL_LIBRARIES = {"numba", "llvmlite", "numpy", "math", "operator", "typing", "__future__"}
DRAWING_ROOMS = {"plot", "report"}


def rooms_of_guide(guide: str) -> list[str]:
    """Rooms in the order of the table below the heading `## Layers`, first column."""
    section = guide.split("\n## Layers\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE)


def rooms_of_tree(package: Path) -> set[str]:
    """Top-level packages and modules; the package's own `__init__` and `__main__` are the house, not a room."""
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    return folders | {path.stem for path in package.glob("*.py") if not path.stem.startswith("__")}


def import_graph(package: Path, *, for_types: bool = True) -> tuple[Graph, dict[str, set[str]]]:
    """Imports of each module: those inside the package as module names, and the top names of those outside.

    Imports inside functions count, and those below `if TYPE_CHECKING:` unless `for_types` is False.
    """
    modules = {_module(package, path): path for path in python_files(package)}
    inside: Graph = {name: set() for name in modules}
    outside: dict[str, set[str]] = {name: set() for name in modules}
    for name, path in modules.items():
        base = name if path.stem == "__init__" else name.rpartition(".")[0]
        for target in _targets(parsed(path), base, modules, for_types):
            if target.split(".")[0] == package.name:
                inside[name].add(target)
            else:
                outside[name].add(target.split(".")[0])
    return inside, outside


def _module(package: Path, path: Path) -> str:
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _targets(tree: ast.Module, base: str, modules: dict[str, Path], for_types: bool) -> set[str]:
    found: set[str] = set()
    left_out = set() if for_types else _only_for_types(tree)
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = base.split(".")[: len(base.split(".")) - node.level + 1] if node.level else []
            origin = ".".join([*parents, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = f"{origin}.{alias.name}"
                found.add(submodule if submodule in modules else origin)
    return found


def _only_for_types(tree: ast.Module) -> set[ast.AST]:
    blocks = (
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
    )
    return {part for body in blocks for statement in body for part in ast.walk(statement)}


def steps_back(graph: Graph, rooms: list[str]) -> list[str]:
    """Imports of a room that stands further down the list; unknown rooms; imports of the package root."""
    root = next(iter(graph)).split(".")[0] if graph else ""
    rank = {room: place for place, room in enumerate(rooms)}
    problems = []
    for name, targets in graph.items():
        for target in sorted(targets):
            if target == root:
                problems.append(f"{name} imports the package root")
            elif name in (root, f"{root}.__main__"):
                continue
            elif rank.get(_room(target), len(rooms)) > rank.get(_room(name), -1):
                problems.append(f"{name} imports {target}, which is no room above it")
    return problems


def _room(module: str) -> str:
    return module.split(".")[1]


def cycles(graph: Graph) -> list[str]:
    """One line for each import that closes a circle among files."""
    done: set[str] = set()
    problems: list[str] = []

    def visit(name: str, trail: list[str]) -> None:
        for target in sorted(graph.get(name, ())):
            if target in trail:
                problems.append(" -> ".join([*trail[trail.index(target) :], target]))
            elif target not in done:
                visit(target, [*trail, target])
        done.add(name)

    for name in sorted(graph):
        if name not in done:
            visit(name, [name])
    return problems


def foreign_in_kernels(inside: Graph, outside: dict[str, set[str]]) -> list[str]:
    """Kernels that import anything but numba, numpy, math and one another."""
    problems = []
    for name in inside:
        if ".kernels" not in name:
            continue
        strangers = outside[name] - KERNEL_LIBRARIES
        strangers |= {target for target in inside[name] if ".kernels" not in target}
        problems += [f"{name} imports {stranger}" for stranger in sorted(strangers)]
    return problems


def drawing_elsewhere(outside: dict[str, set[str]]) -> list[str]:
    """Modules outside the drawing rooms that import matplotlib."""
    return [
        f"{name} imports matplotlib"
        for name, libraries in outside.items()
        if "matplotlib" in libraries and ("." not in name or _room(name) not in DRAWING_ROOMS)
    ]
