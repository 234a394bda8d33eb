"""Is the machine code of the hot loops what it should be: vectors wherever there is arithmetic, and no call to libm?

Looks at the compiled solver, as the cache holds it, with objdump: for each function that does the work of a step, how
many arithmetic instructions act on vectors of doubles (registers ymm or zmm, packed), how many on a single double, and
which functions of the mathematical library it calls. A lane-by-lane `pow` in a loop cost half of a right-hand side.

The laws are compiled apart from the solver. Those that call libm are named with whether the workload runs them in a
step: a law of parameters alone is evaluated once per patient and may.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from benchmarks.measure import Gate, SkippedError, machine, show, show_gates
from benchmarks.workload import DAYS, Workload
from carsim.derive.keys import key_of
from carsim.derive.lower import lower
from carsim.engines import compiled
from carsim.engines.deterministic import WIDTH
from carsim.engines.kernels.solve import solve
from carsim.engines.run import simulate

HOT = (
    "try_steps",
    "stage",
    "solve_linear",
    "factorise",
    "run_blocks",
    "dense_coefficients",
    "dense_state",
)
LIBM = re.compile(r"\b(exp|log|pow|exp2|log2|sin|cos)\b")
PACKED = re.compile(r"\tv(?:add|sub|mul|div|max|min|sqrt|fn?m\w+)p?d?\w*pd\s.*%[yz]mm")
SINGLE = re.compile(r"\tv(?:add|sub|mul|div|max|min|sqrt|fn?m\w+)\w*sd\s")
FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<name>.*)>:$")


def main() -> None:
    """Look and print."""
    if shutil.which("objdump") is None:
        raise SkippedError("needs objdump")
    work = Workload(WIDTH)
    simulate(work.network, t=DAYS, patients=work.patients, schedule=work.schedule)
    kernel = next(made for (function, _), made in compiled._kernels.items() if function is solve)
    rows, singles, calls = [], 0, 0
    for name, text in functions(machine_code(kernel)).items():
        packed, single, libm = len(PACKED.findall(text)), len(SINGLE.findall(text)), Counter(LIBM.findall(text))
        rows.append([name, str(packed), str(single), ", ".join(libm) or "none"])
        singles += packed == 0
        calls += sum(libm.values())
    show("Machine code of a step", ["function", "vector arithmetic", "single", "libm"], rows)
    running = slow_laws(work)
    show_gates(
        [
            Gate("hot functions without vector arithmetic", singles, 0),
            Gate("hot functions missing", len(HOT) - len({row[0].split(",")[0] for row in rows}), 0),
            Gate("calls of libm in hot functions", calls, 0),
            Gate("laws with calls of libm in a step of the workload", running, 0),
        ]
    )
    print(f"\n{machine('llvmlite')}")


def machine_code(kernel: Any) -> bytes:
    """The object file that numba's cache holds for a kernel."""
    (signature,) = kernel.signatures
    key = kernel._cache._index_key(signature, kernel.targetctx.codegen())
    (_, _, (code, _)), *_ = kernel._cache._cache_file.load(key)
    return code


def functions(code: bytes) -> dict[str, str]:
    """Disassembled text, with what it refers to, of the hot functions in an object file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "code.o"
        file.write_bytes(code)
        listing = subprocess.run(["objdump", "-dr", str(file)], capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = {}
    for part in listing.split("\n\n"):
        match = FUNCTION.match(part.strip().split("\n", 1)[0])
        name = _plain(match["name"]) if match else ""
        if name in HOT:
            place = name if name not in found else f"{name}, {sum(key.startswith(name + ',') for key in found) + 2}"
            found[place] = part
    return found


def slow_laws(work: Workload) -> int:
    """Name the laws that call libm; how many of them a step of the workload evaluates."""
    module = importlib.import_module(compiled.OWN_LAWS)
    tables = lower(work.network)
    own = [module.INDEX[key_of(law)[0]][0] for law in tables.laws]
    in_step = {own[law] for law in [*tables.rates.law, *tables.matrix.law] if law >= 0}
    slow = {
        name.rsplit(".", 1)[-1]: number in in_step
        for name, (number, _) in module.INDEX.items()
        if _calls_libm(getattr(module, f"value_{number}"))
    }
    show(
        "Laws with calls of libm",
        ["law", "in a step"],
        [[name, "yes" if runs else "no"] for name, runs in slow.items()],
    )
    return sum(slow.values())


def _calls_libm(function: Any) -> bool:
    return re.search(r"\b(exponential|logarithm|power)\(", inspect.getsource(function.py_func)) is not None


def _plain(mangled: str) -> str:
    """The Python name in a mangled one: its last part before numba's own marks."""
    parts, rest = [], mangled.removeprefix("_ZN")
    while match := re.match(r"(\d+)", rest):
        length, start = int(match[1]), len(match[1])
        parts.append(rest[start : start + length])
        rest = rest[start + length :]
    return parts[-1] if parts else ""
