"""Compiled code is kept across processes, in a folder of our own that numba's setting forgets again."""

import os
import subprocess
import sys

import numba
import pytest

from carsim.engines import cache
from carsim.engines.run import simulate
from carsim.errors import CarsimError

from .problems import decay

LAWS_ONLY = """
import json, sys
from carsim.engines.compiled import evaluator_of
from carsim.model.law import law_of
from carsim.derive.expressions import law_of_expression
import sympy
law, _ = law_of_expression(sympy.Symbol("a", real=True) / (1 + sympy.Symbol("b", real=True)), "rate")
said = []
made = evaluator_of([law], 8, said.append)
pieces = made.make()
print(json.dumps([len(said), [piece.cache_hits for piece in pieces]]))
"""

SOLVER = """
import json, sys
from carsim.engines import compiled
from carsim.engines.run import simulate
sys.path.insert(0, "tests")
from engines.problems import decay
said = []
result = simulate(decay()[0], t=[0.0, 1.0], notify=said.append)
hits = [sum(kernel.stats.cache_hits.values()) for kernel in compiled._kernels.values()]
print(json.dumps([len(said), hits, float(result.values[0, -1, 0])]))
"""


def output(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_user_law_is_compiled_once_for_all_processes(tmp_path):
    folder = {cache.VARIABLE: str(tmp_path)}
    assert output(LAWS_ONLY, **folder) == "[1, [0, 0]]"  # said so, and compiled
    assert output(LAWS_ONLY, **folder) == "[0, [1, 1]]"  # silent, and read back
    assert list(tmp_path.rglob("*.tmp")) == []


OWN = """
import json
from carsim.engines import compiled
from carsim.model.build import laws
made = compiled.evaluator_of(laws(), 1)
pieces = made.make()
print(json.dumps([piece.cache_hits for piece in pieces]))
"""


def test_with_an_empty_cache_another_process_compiles_our_laws(tmp_path):
    folder = {cache.VARIABLE: str(tmp_path)}
    expected = "[1, 1]" if (os.cpu_count() or 1) > 1 else "[0, 0]"
    assert output(OWN, **folder) == expected  # read back from what the other process wrote


def test_our_laws_are_compiled_here_where_the_other_process_fails(tmp_path):
    folder = {cache.VARIABLE: str(tmp_path)}
    failing = OWN.replace("import json", "import json, sys; sys.executable = '/bin/false'", 1)
    assert output(failing, **folder) == "[0, 0]"


def test_the_solver_is_read_back_by_another_process_with_the_same_bits():
    here = simulate(decay()[0], t=[0.0, 1.0]).values[0, -1, 0]
    assert output(SOLVER) == f"[0, [1], {float(here)!r}]"


def test_numbas_own_setting_is_left_alone():
    before = numba.config.CACHE_DIR
    with cache.in_use("nothing"):
        assert str(cache.path()) in numba.config.CACHE_DIR
    assert before == numba.config.CACHE_DIR


def test_the_folder_can_be_measured_and_emptied(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    assert cache.size() == 0
    cache.mark_warm("piece")
    assert cache.is_warm("piece")
    (cache.path() / "code").write_bytes(b"12345")
    assert cache.size() == 5
    cache.clear()
    assert not cache.is_warm("piece")
    assert cache.size() == 0


def test_emptying_leaves_what_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    (tmp_path / "thesis").mkdir()
    cache.mark_warm("piece")
    cache.clear()
    assert [file.name for file in tmp_path.iterdir()] == ["thesis"]


def test_a_folder_that_cannot_be_written_is_replaced_for_this_process(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be kept in .*Set CARSIM_CACHE_DIR"):
        folder = cache.root()
    assert folder.is_dir()
    assert cache.root() == folder


def test_without_compilation_nothing_runs_and_the_reason_is_said(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(CarsimError, match="NUMBA_DISABLE_JIT"), cache.in_use("nothing"):
        pass
