"""The checkout as the house tests see it: its root, its Python files parsed, its guides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "carsim"
GENERATED_FOLDERS = {"build", "dist", "results", "node_modules"}


def python_files(folder: Path) -> list[Path]:
    """Python files below a folder, in order of name; hidden folders and caches left out."""
    return sorted(path for path in folder.rglob("*.py") if not _is_generated(path.relative_to(folder)))


def text_files(root: Path) -> list[Path]:
    """Every file of the checkout that is text a person wrote, licences included."""
    suffixes = {"", ".cff", ".csv", ".html", ".js", ".json", ".md", ".py", ".toml", ".txt", ".yaml", ".yml"}
    environments = {path.parent for path in root.rglob("pyvenv.cfg")}
    files = (path for path in root.rglob("*") if path.suffix in suffixes and path.is_file())
    written = (path for path in files if not _is_generated(path.relative_to(root)))
    return sorted(path for path in written if not environments & set(path.parents))


def _is_generated(relative: Path) -> bool:
    hidden = any(part.startswith(".") and part != ".ci" for part in relative.parts)
    built = {"__pycache__", *GENERATED_FOLDERS} & set(relative.parts)
    return hidden or bool(built) or any(part.endswith(".egg-info") for part in relative.parts)


def parsed(path: Path) -> ast.Module:
    """Syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a tree, methods and nested ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def called_name(call: ast.Call) -> str:
    """Last part of the name of what is called: `assert_allclose` of `np.testing.assert_allclose(...)`."""
    function = call.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def write_tree(folder: Path, files: dict[str, str]) -> Path:
    """Write small files below a folder, for the negative cases; the folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
