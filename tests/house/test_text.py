"""Text stays text, and the source stays tidy: nothing a user wrote is ever evaluated, pickled or handed to a shell."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from .tree import PACKAGE, ROOT, called_name, functions, parsed, python_files, text_files, write_tree

EVALUATING_CALLS = {"eval", "exec", "compile", "__import__", "sympify", "parse_expr", "query", "system", "popen"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "joblib", "yaml"}
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "core", "misc", "common"}
LONGEST_FILE, LONGEST_FUNCTION = 400, 80  # lines


def evaluated_text(package: Path) -> list[str]:
    """Calls and imports by which text could run: evaluation, pickle, a shell, a format string that is not a literal."""
    problems = []
    for path in python_files(package):
        tree = parsed(path)
        literals = _text_constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                found = _call_problems(node, literals)
            else:
                found = _import_problems(node) if isinstance(node, ast.Import | ast.ImportFrom) else []
            problems += [f"{path.relative_to(package)}:{node.lineno}: {problem}" for problem in found]
    return problems


def _text_constants(tree: ast.Module) -> set[str]:
    """Names that the module itself sets to a literal text."""
    return {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and _is_text(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _call_problems(call: ast.Call, literals: set[str]) -> list[str]:
    name = called_name(call)
    problems = [name] if name in EVALUATING_CALLS and not _is_harmless(call) else []
    if name in {"format", "format_map"} and isinstance(call.func, ast.Attribute):
        receiver = call.func.value
        if not _is_text(receiver) and not (isinstance(receiver, ast.Name) and receiver.id in literals):
            problems.append(f"{name} of a text that is not a literal")
    for keyword in call.keywords:
        if keyword.arg in {"shell", "allow_pickle"} and not _is_constant(keyword.value, False):
            problems.append(f"{keyword.arg} is not False")
    return problems


def _is_harmless(call: ast.Call) -> bool:
    """A method `compile` is not the built-in, `platform.system` names a system, a strict `sympify` refuses text."""
    if called_name(call) == "sympify":
        return any(keyword.arg == "strict" and _is_constant(keyword.value, True) for keyword in call.keywords)
    if not isinstance(call.func, ast.Attribute):
        return False
    owner = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
    if called_name(call) == "compile":  # a method: of `re`, of a compiled function
        return owner != "builtins"
    return (owner, called_name(call)) == ("platform", "system")


def _is_constant(value: ast.expr, expected: bool) -> bool:
    return isinstance(value, ast.Constant) and value.value is expected


def _import_problems(node: ast.Import | ast.ImportFrom) -> list[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    imported = {name.split(".")[0] for name in names} & FORBIDDEN_MODULES
    if isinstance(node, ast.ImportFrom) and node.module == "builtins":
        imported |= {alias.name for alias in node.names} & EVALUATING_CALLS
    return [f"imports {name}" for name in sorted(imported)]


def bare_excepts(package: Path) -> list[str]:
    """Handlers that catch everything, interrupts included."""
    return [
        f"{path.relative_to(package)}:{node.lineno}: bare except"
        for path in python_files(package)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]


def unfinished(root: Path) -> list[str]:
    """Marks of unfinished work, and paths of one person's machine, anywhere in the text of the checkout."""
    marks = re.compile(r"\b(TO[D]O|FIX[M]E|X[X]X)\b")
    machine = re.compile(r"(?<![\w.~/-])/(home|root|work|tmp|Users|mnt)/\w|[A-Z]:\\\\?Users")
    return [
        f"{path.relative_to(root)}:{number}: {found.group()}"
        for path in text_files(root)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for found in (*marks.finditer(line), *machine.finditer(line))
    ]


def oversized(package: Path) -> list[str]:
    """Files and functions written by hand that are too long to read at once, and names that say nothing."""
    problems = []
    for path in python_files(package):
        place, tree = path.relative_to(package), parsed(path)
        if path.stem in VAGUE_NAMES or path.parent.name in VAGUE_NAMES:
            problems.append(f"{place}: a name that does not say what is inside")
        if path.stem.startswith("generated_"):
            continue
        if path.read_text(encoding="utf-8").count("\n") > LONGEST_FILE:
            problems.append(f"{place}: longer than {LONGEST_FILE} lines")
        for function in functions(tree):
            if (function.end_lineno or function.lineno) - function.lineno >= LONGEST_FUNCTION:
                problems.append(f"{place}: {function.name} is longer than {LONGEST_FUNCTION} lines")
    return problems


def test_nothing_evaluates_text() -> None:
    assert evaluated_text(PACKAGE) == []


def test_no_handler_is_bare() -> None:
    assert bare_excepts(PACKAGE) == []


def test_nothing_is_left_unfinished_or_tied_to_a_machine() -> None:
    assert unfinished(ROOT) == []


def test_files_and_functions_fit_the_eye() -> None:
    assert oversized(PACKAGE) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("eval(text)", "eval"),
        ("exec(text)", "exec"),
        ("compile(text, 'x', 'eval')", "compile"),
        ("builtins.compile(text, 'x', 'eval')", "compile"),
        ("sympy.sympify(text)", "sympify"),
        ("sympify(text, strict=False)", "sympify"),
        ("frame.query(text)", "query"),
        ("os.system(text)", "system"),
        ("text.format(x=1)", "format of a text that is not a literal"),
        ("run(words, shell=True)", "shell is not False"),
        ("numpy.load(path, allow_pickle=flag)", "allow_pickle is not False"),
        ("import pickle", "imports pickle"),
        ("from yaml import load", "imports yaml"),
        ("from builtins import eval as f", "imports eval"),
    ],
)
def test_evaluated_text_is_seen(tmp_path: Path, line: str, problem: str) -> None:
    assert evaluated_text(write_tree(tmp_path, {"x.py": line + "\n"})) == [f"x.py:1: {problem}"]


@pytest.mark.parametrize(
    "line",
    [
        "re.compile('a')",
        "sympify(expression, strict=True)",
        "'{x}'.format(x=1)",
        "TEXT = '{x}'\nTEXT.format(x=1)",
        "format(1.5, '.3g')",
        "numpy.load(path, allow_pickle=False)",
    ],
)
def test_harmless_calls_pass(tmp_path: Path, line: str) -> None:
    assert evaluated_text(write_tree(tmp_path, {"x.py": line + "\n"})) == []


def test_a_bare_except_is_seen(tmp_path: Path) -> None:
    sample = write_tree(tmp_path, {"x.py": "try:\n    a()\nexcept:\n    b()\n"})
    assert bare_excepts(sample) == ["x.py:3: bare except"]


def test_unfinished_work_and_machine_paths_are_seen(tmp_path: Path) -> None:
    mark, place = "TO" + "DO", "/ho" + "me/s"
    text = f"# {mark} later\nsee {place}omeone/data, not https://x.org/home/page or ~/home/x\n"
    assert unfinished(write_tree(tmp_path, {"a.md": text})) == [f"a.md:1: {mark}", f"a.md:2: {place}"]


def test_oversized_code_is_seen(tmp_path: Path) -> None:
    long_function = "def long():\n" + "    a = 1\n" * LONGEST_FUNCTION
    sample = write_tree(tmp_path, {"utils.py": "", "x.py": long_function + "b = 2\n" * LONGEST_FILE})
    assert oversized(sample) == [
        "utils.py: a name that does not say what is inside",
        "x.py: longer than 400 lines",
        "x.py: long is longer than 80 lines",
    ]
