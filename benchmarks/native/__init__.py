"""Solvers in C for the workload, compiled on the spot: a hand-written DOPRI5, and SUNDIALS' CVODE.

The right-hand side and its Jacobian are printed from `workload.right_side` with common subexpressions shared, as
straight lines; everything else is in the C files of this folder.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from benchmarks.measure import SkippedError
from benchmarks.workload import DAYS, Floats, Workload, right_side

FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")
CVODE_LIBRARIES = ("sundials_cvode", "sundials_nvecserial", "sundials_sunmatrixdense", "sundials_sunlinsoldense")


class Task(ctypes.Structure):
    """As in course.h."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("patients", "days", "stops")),
        *((name, ctypes.c_void_p) for name in ("parameters", "initial", "day", "stop", "place", "amount")),
        *((name, ctypes.c_double) for name in ("rtol", "atol")),
        *((name, ctypes.c_void_p) for name in ("out", "steps")),
    )


@dataclass(frozen=True)
class Solver:
    """A compiled solver; `run` fills values (n, days, states) and steps (n)."""

    library: Any

    def run(self, work: Workload, rtol: float, atol: float, out: Floats, steps: Any) -> Floats:
        """Simulate all patients; raises RuntimeError where the solver gave up."""
        time, place, amount = work.stops
        days = np.ascontiguousarray(DAYS)
        arrays = (work.parameters, work.initial, days, time, place, amount)
        task = Task(
            work.n,
            len(days),
            len(time),
            *(a.ctypes.data for a in arrays),
            rtol,
            atol,
            out.ctypes.data,
            steps.ctypes.data,
        )
        if self.library.solve(ctypes.byref(task)):
            raise RuntimeError("a solver in C gave up")
        return out


def dopri5(work: Workload) -> Solver:
    """Dormand-Prince 5(4) in C; raises SkippedError without a compiler."""
    return Solver(_built("dopri5.c", work))


def cvode(work: Workload) -> Solver:
    """CVODE; raises SkippedError without its development files."""
    return Solver(_built("cvode.c", work, CVODE_LIBRARIES))


def cvode_version() -> str:
    """Version of the SUNDIALS library that the compiler finds, if any."""
    text = "#include <sundials/sundials_config.h>\nSUNDIALS_VERSION"
    if shutil.which("cc") is None:
        return "no SUNDIALS"
    done = subprocess.run(["cc", "-E", "-P", "-"], input=text, capture_output=True, text=True)
    return "SUNDIALS " + done.stdout.split()[-1].strip('"') if done.returncode == 0 else "no SUNDIALS"


def _built(source: str, work: Workload, libraries: Sequence[str] = ()) -> Any:
    compiler = shutil.which("cc")
    if compiler is None:
        raise SkippedError(f"{source} needs a C compiler")
    here = Path(__file__).parent
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "right_side.h").write_text(printed(work), encoding="utf-8")
        made = Path(folder) / "solver.so"
        command = [compiler, *FLAGS, "-I", folder, "-I", str(here), str(here / source), "-o", str(made)]
        done = subprocess.run([*command, *(f"-l{name}" for name in libraries), "-lm"], capture_output=True, text=True)
        if done.returncode:
            first = next(iter(done.stderr.splitlines()), "")
            raise SkippedError(f"{source} could not be compiled: {first}")
        return ctypes.CDLL(str(made))


def printed(work: Workload) -> str:
    """right_side.h: the slopes and the Jacobian as straight lines of C."""
    n, m = work.initial.shape[1], work.parameters.shape[1]
    y = [sympy.Symbol(f"y[{i}]", real=True) for i in range(n)]
    p = [sympy.Symbol(f"p[{i}]", real=True) for i in range(m)]
    dy: list[Any] = [0] * n
    right_side(y, p, dy)
    columns = [sympy.diff(slope, variable) for variable in y for slope in dy]
    head = f"#define N {n}\n#define P {m}\n"
    return head + _function("right_side", "dy", dy) + _function("jacobian", "J", columns)


def _function(name: str, out: str, values: Sequence[Any]) -> str:
    print_c: Callable[[Any], str] = sympy.ccode
    shared, results = sympy.cse(values, order="none")
    lines = [f"    const double {symbol} = {print_c(part)};" for symbol, part in shared]
    lines += [
        f"    {out}[{i}] = {print_c(sympy.sympify(value))};"
        for i, value in enumerate(results)
        if name != "jacobian" or value != 0
    ]
    return f"static void {name}(const double *y, const double *p, double *{out}) {{\n" + "\n".join(lines) + "\n}\n"
