"""Compiled code is kept across processes, in a folder of our own that numba's setting forgets again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import pytest
import sympy

from carsim.derive.expressions import law_of_expression
from carsim.engines import cache, locks
from carsim.engines.compiled import evaluator_of
from carsim.engines.run import simulate
from carsim.errors import CarsimError

from .problems import decay

ROOT = Path(__file__).parents[2]
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


def test_numbas_own_setting_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    before = numba.config.CACHE_DIR
    with cache.in_use("nothing", "piece"):
        assert str(cache.path()) in numba.config.CACHE_DIR
    assert before == numba.config.CACHE_DIR


def add(part: str, size: int) -> None:
    """Put so many bytes of code into a part."""
    with cache.in_use(part, "piece"):
        (cache.path() / part / "code").write_bytes(b"1" * size)


def test_the_folder_can_be_measured_and_emptied(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "kept"))
    assert cache.size() == 0
    add("solve", 5)
    assert cache.is_warm("solve", "piece")
    assert not cache.is_warm("solve", "other")
    assert cache.size() == 5
    assert cache.clear() == 5
    assert not cache.is_warm("solve", "piece")
    assert cache.size() == 0


def test_emptying_leaves_what_is_not_ours(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    (tmp_path / "thesis").mkdir()
    add("solve", 5)
    cache.clear()
    assert [file.name for file in tmp_path.iterdir()] == ["thesis"]


def test_what_has_not_been_used_for_longest_is_removed_when_there_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    monkeypatch.setattr(cache, "LIMIT", 300)
    old = tmp_path / f"0.0.1-{'0' * 16}" / "solve"  # of another version, as it was left long ago
    old.mkdir(parents=True)
    (old / "code").write_bytes(b"1" * 100)
    os.utime(old, (1.0, 1.0))
    for age, part in enumerate(("a", "b", "c")):
        add(part, 100)
        os.utime(cache.path() / part / locks.NAME, (100.0 + age, 100.0 + age))
    assert not old.parent.exists()
    assert [part.name for part in cache.parts()] == ["a", "b", "c"]
    with cache.in_use("a", "piece"):  # read again: now the last used
        pass
    add("d", 100)
    assert [part.name for part in cache.parts()] == ["c", "a", "d"]
    assert [part.size for part in cache.parts()] == [100, 100, 100]


def test_what_any_process_uses_is_not_removed(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    add("read", 10)
    add("idle", 10)
    with cache.in_use("read", "piece"), cache.in_use("written", "piece"):
        cache.clear()
        assert sorted(part.name for part in cache.parts()) == ["read", "written"]
    cache.clear()
    assert cache.parts() == []


def test_a_part_removed_while_it_is_waited_for_is_made_anew(tmp_path, monkeypatch):
    """Who opened the lock of a folder that is moved away before the lock is his, takes that of the new one."""
    real, folder = locks._lock, tmp_path / "part"
    seen = []

    def removed_first(handle, *, shared, wait):
        if not seen:
            folder.rename(tmp_path / "aside")
        seen.append(handle)
        return real(handle, shared=shared, wait=wait)

    monkeypatch.setattr(locks, "_lock", removed_first)
    with locks.held(folder, shared=False):
        assert (folder / locks.NAME).exists()
        with locks.held_if_free(folder) as free:
            assert not free
    assert len(seen) == 3


def test_laws_of_a_network_are_compiled_again_when_their_part_was_removed(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path))
    a, b = sympy.symbols("a b", real=True)
    law, _ = law_of_expression(a / (3 + b), "rate")
    evaluator = evaluator_of([law], 1)
    cache.clear()
    assert all(evaluator.addresses())
    assert [part.name.startswith("laws_") for part in cache.parts()] == [True]


def together(*how: str) -> list[str]:
    """What goes wrong with processes that start at the same moment on an empty cache."""
    command = [sys.executable, "-m", "tests.engines.together", *how]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    found: list[str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("tries", [5, pytest.param(50, marks=pytest.mark.full)])
def test_processes_that_start_together_on_an_empty_cache_leave_it_whole(tries):
    assert together("tries", str(tries)) == []


def test_an_index_that_two_processes_write_loses_nothing():
    assert together("staged") == []


def test_an_index_that_loses_an_entry_is_seen():
    """The negative control: without the lock the second process's code is lost, or found under the first one's name."""
    assert together("unlocked") == ["the cache is not whole"]


@pytest.mark.full
def test_two_first_runs_that_start_together_agree_and_leave_compiled_code(tmp_path):
    environment = os.environ | {cache.VARIABLE: str(tmp_path)}
    command = [sys.executable, "-c", SOLVER]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    said = [json.loads(one.communicate()[0]) for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sorted(hits for _, (hits,), _ in said) == [0, 1]  # one has compiled the solver, for both
    assert json.loads(output(SOLVER, **{cache.VARIABLE: str(tmp_path)})) == [0, [1], said[0][2]]
    assert said[0][2] == said[1][2]


def test_a_folder_that_cannot_be_written_is_replaced_for_this_process(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.warns(UserWarning, match="cannot be kept in .*Set CARSIM_CACHE_DIR"):
        folder = cache.root()
    assert folder.is_dir()
    assert cache.root() == folder


def test_without_compilation_nothing_runs_and_the_reason_is_said(monkeypatch):
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    with pytest.raises(CarsimError, match="NUMBA_DISABLE_JIT"), cache.in_use("nothing", "piece"):
        pass
