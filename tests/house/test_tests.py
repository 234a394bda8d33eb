"""No test without a check: a test that cannot fail is worse than none, since it is believed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .tree import ROOT, called_name, functions, parsed, python_files, write_tree

Function = ast.FunctionDef | ast.AsyncFunctionDef
RULES = ("check", "must_fail")  # of tests.chance.rules: they raise, and are held to checking something themselves


def unchecked(tests: Path) -> list[str]:
    """Tests, and check functions that tests rely on, in which nothing is checked; checks that are always true."""
    problems = []
    for path in python_files(tests):
        for function in functions(parsed(path)):
            if function.name in RULES or function.name.startswith(("test_", "check_", "assert_")):
                place = f"{path.relative_to(tests)}: {function.name}"
                problems += [f"{place}: always true" for node in ast.walk(function) if _always_true(node)]
                if not any(_checks(node) for node in ast.walk(function)):
                    problems.append(f"{place}: checks nothing")
    return problems


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not _always_true(node)
    if not isinstance(node, ast.Call):
        return False
    name = called_name(node)
    return name in {"raises", "warns", "fail", *RULES} or name.startswith(("check_", "assert_"))


def _always_true(node: ast.AST) -> bool:
    if not isinstance(node, ast.Assert):
        return False
    test = node.test
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        return ast.dump(test.left) == ast.dump(test.comparators[0]) and not any(
            isinstance(part, ast.Call) for part in ast.walk(test)
        )
    return isinstance(test, ast.Tuple) or (isinstance(test, ast.Constant) and bool(test.value))


def bare_comparisons(tests: Path) -> list[str]:
    """Comparisons whose result nobody looks at: an `assert` was forgotten."""
    return [
        f"{path.relative_to(tests)}:{node.lineno}: bare comparison"
        for path in python_files(tests)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Expr) and isinstance(_bare(node.value), ast.Compare)
    ]


def _bare(value: ast.expr) -> ast.expr:
    while isinstance(value, ast.UnaryOp | ast.BoolOp):
        value = value.operand if isinstance(value, ast.UnaryOp) else value.values[0]
    return value


def uncollected(tests: Path) -> list[str]:
    """Tests that pytest never runs: wrong file or class name, a class with a constructor, nested, or redefined."""
    problems = []
    for path in python_files(tests):
        tree, place = parsed(path), path.relative_to(tests)
        collected = set(_collected(tree)) if path.name.startswith("test_") else set()
        problems += [
            f"{place}: {function.name} is not collected"
            for function in functions(tree)
            if function.name.startswith("test_") and function not in collected
        ]
    return problems


def _collected(tree: ast.Module) -> Iterator[Function]:
    yield from _last_of_each_name(tree.body)
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            tests = list(_last_of_each_name(node.body))
            if all(function.name != "__init__" for function in tests):
                yield from tests


def _last_of_each_name(body: list[ast.stmt]) -> Iterator[Function]:
    named = {node.name: node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    yield from named.values()


def test_every_test_checks_something() -> None:
    assert unchecked(ROOT / "tests") == []


def test_no_comparison_is_left_bare() -> None:
    assert bare_comparisons(ROOT / "tests") == []


def test_every_test_is_collected() -> None:
    assert uncollected(ROOT / "tests") == []


SAMPLE = """
import numpy as np
import pytest

def test_nothing():
    run()

def test_constant():
    assert True

def test_tuple():
    assert (1 == 2, "a tuple is true")

def test_itself():
    assert result == result

def test_good():
    np.testing.assert_allclose(a, b)

def test_raises():
    with pytest.raises(ValueError):
        run()

def check_nothing(x):
    return x

def test_law():
    check("name", sample, laws, 100)

def must_fail(name):
    return name

def checked(name):
    return name

def test_by_another_name():
    checked("name")

def test_bare():
    not a == b
    a < b and c
    assert a

def test_good():
    assert shadows_the_first

class Wrong:
    def test_lost(self):
        assert a

class TestBuilt:
    def __init__(self):
        pass
    def test_lost_too(self):
        assert a

class TestRight:
    def test_found(self):
        assert a
        def test_nested():
            assert b
"""


def test_a_test_without_a_check_is_seen(tmp_path: Path) -> None:
    assert unchecked(write_tree(tmp_path, {"test_x.py": SAMPLE})) == [
        "test_x.py: test_nothing: checks nothing",
        "test_x.py: test_constant: always true",
        "test_x.py: test_constant: checks nothing",
        "test_x.py: test_tuple: always true",
        "test_x.py: test_tuple: checks nothing",
        "test_x.py: test_itself: always true",
        "test_x.py: test_itself: checks nothing",
        "test_x.py: check_nothing: checks nothing",
        "test_x.py: must_fail: checks nothing",
        "test_x.py: test_by_another_name: checks nothing",
    ]


def test_a_bare_comparison_is_seen(tmp_path: Path) -> None:
    assert len(bare_comparisons(write_tree(tmp_path, {"test_x.py": SAMPLE}))) == 2


def test_an_uncollected_test_is_seen(tmp_path: Path) -> None:
    sample = write_tree(tmp_path, {"test_x.py": SAMPLE, "wrong_name.py": "def test_here():\n    assert a\n"})
    assert sorted(uncollected(sample)) == [
        "test_x.py: test_good is not collected",
        "test_x.py: test_lost is not collected",
        "test_x.py: test_lost_too is not collected",
        "test_x.py: test_nested is not collected",
        "wrong_name.py: test_here is not collected",
    ]
