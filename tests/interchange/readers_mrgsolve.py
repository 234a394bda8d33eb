"""A small stand-in for mrgsolve that knows nothing of carsim: takes a model file apart, compiles it, and runs records.

It does what mrgsolve 2.0 does with the blocks that carsim writes: `double x =` of a block is a variable of the file,
parameters and compartments are references, a record is reached, given, looked at by $EVENT, and only then put out; the
end of an infusion comes before other records of its moment, and outputs after doses (`recsort = 3`). Records that
$EVENT asks for come last. mrgsolve itself is an R package, which tests cannot install; docs/how-to/interchange.md says
what it made of these files.
"""

from __future__ import annotations

import csv
import ctypes
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
from scipy.integrate import LSODA

CODE: Final = ("MAIN", "ODE", "EVENT", "TABLE")
DECLARED: Final = re.compile(r"\b(double|int)\s+(\w+)\s*=(?!=)")
RELATIVE: Final = 1e-12
END, DOSE, OUTPUT, LOOK = range(4)  # kinds of records in their order at one moment
ASKED, REPLACED, STOPPED = 1, 2, 4  # what $EVENT has done

SOURCE: Final = """
#define _nEQ {count}
{global}
#include <utility>
namespace mrgsolve {{ struct evdata {{ evdata(double t, int e) : time(t), evid(e) {{}} double time; int evid; }}; }}
struct Self {{
  std::vector<mrgsolve::evdata> asked;
  std::vector<std::pair<int, double>> replaced;
  bool stopped = false;
  void push(mrgsolve::evdata record) {{ asked.push_back(record); }}
  void stop() {{ stopped = true; }}
}};
namespace evt {{ void replace(Self& self, double amount, int cmt) {{ self.replaced.push_back({{cmt - 1, amount}}); }} }}
namespace {{ {variables} }}
extern "C" void run_main(const double* _THETA_, const double* _A_, int NEWIND) {{
{rows}
{MAIN}
}}
extern "C" void run_ode(const double* _THETA_, const double* _A_, const double* _R_, double* _DADT_) {{
{rows}
{slopes}
{ODE}
for (int k = 0; k < _nEQ; ++k) _DADT_[k] += _R_[k];
}}
extern "C" int run_event(const double* _THETA_, double* _A_, double TIME, int EVID, int NEWIND, double* next) {{
Self self;
{{
{rows}
{EVENT}
}}
for (auto& item : self.replaced) _A_[item.first] = item.second;
if (!self.asked.empty()) *next = self.asked[0].time;
return (self.asked.empty() ? 0 : 1) + (self.replaced.empty() ? 0 : 2) + (self.stopped ? 4 : 0);
}}
extern "C" void run_table(const double* _THETA_, const double* _A_, double TIME, double* _capture_) {{
{rows}
{TABLE}
{captures}
}}
"""


@dataclass(frozen=True)
class Dose:
    """A record with EVID 1; `rate` is zero where all comes at once."""

    time: float
    amount: float
    rate: float
    compartment: int


def doses(table: str) -> list[Dose]:
    """The doses of a table, as they are numbered there."""
    rows = list(csv.DictReader(table.splitlines()))
    assert {(row["EVID"], row["II"], row["ADDL"]) for row in rows} <= {("1", "0", "0")}
    return [Dose(float(row["TIME"]), float(row["AMT"]), float(row["RATE"]), int(row["CMT"])) for row in rows]


def blocks(text: str) -> dict[str, str]:
    """The text of each block by its name."""
    parts = re.split(r"^\$(\w+)(?: @annotated)?$", text, flags=re.MULTILINE)
    assert parts[0] == ""
    return {name: body.strip("\n") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def annotated(block: str) -> dict[str, tuple[float, str]]:
    """Value and description by name; each name once."""
    lines = [tuple(part.strip() for part in line.split(":", 2)) for line in block.splitlines()]
    found = {name: (float(value), text) for name, value, text in lines}
    assert len(found) == len(lines)
    return found


class Model:
    """A model file, compiled."""

    def __init__(self, text: str, folder: Path) -> None:
        self.blocks = blocks(text)
        self.parameters = annotated(self.blocks["PARAM"])
        self.compartments = annotated(self.blocks["INIT"])
        self.captured = self.blocks["CAPTURE"].split()
        self.names = [*self.compartments, *self.captured]
        self.called = self._called()
        self._library = ctypes.CDLL(str(compiled(self._source(), folder)))
        self._theta = _pointer(np.array([value for value, _ in self.parameters.values()]))

    def _called(self) -> dict[str, str]:
        """What carsim calls each identifier: the first words of its description, or of the comment on its line."""
        found = {name: text.rsplit(" (", 1)[0] for name, (_, text) in (self.parameters | self.compartments).items()}
        found = {name: text.split("; ")[0] for name, text in found.items()}
        for body in (self.blocks[name] for name in ("GLOBAL", "MAIN", "ODE", "TABLE") if name in self.blocks):
            for name, text in re.findall(r"^double (\w+)(?: = .*)?;  // (.*) \(.*\)$", body, flags=re.MULTILINE):
                if not name.startswith("rate_"):
                    found[name] = text.split(": ")[0]
        return found

    def columns(self, rows: Sequence[str]) -> list[int]:
        """Places in `names` of these rows of carsim."""
        places = {self.called.get(name, ""): place for place, name in enumerate(self.names)}
        return [places[row] for row in rows]

    def _source(self) -> str:
        code = {name: self.blocks.get(name, "") for name in CODE}
        variables = dict.fromkeys(match.groups() for body in code.values() for match in DECLARED.finditer(body))
        names = [name for _, name in variables]
        assert len(set(names)) == len(names)
        assert set(names).isdisjoint({*self.parameters, *self.compartments})
        rows = [f"const double& {name} = _THETA_[{k}];" for k, name in enumerate(self.parameters)]
        rows += [f"const double& {name} = _A_[{k}];" for k, name in enumerate(self.compartments)]
        return SOURCE.format(
            **{name: DECLARED.sub(r"\2 =", body) for name, body in code.items()},
            **{"global": self.blocks["GLOBAL"]},
            variables=" ".join(f"{kind} {name};" for kind, name in variables),
            rows="\n".join(rows),
            slopes="\n".join(f"double& dxdt_{name} = _DADT_[{k}];" for k, name in enumerate(self.compartments)),
            captures="\n".join(f"_capture_[{k}] = {name};" for k, name in enumerate(self.captured)),
            count=len(self.compartments),
        )

    def run(self, given: Sequence[Dose], times: np.ndarray, absolute: np.ndarray | float = 1e-12) -> np.ndarray:
        """Rows (n_times, n_names) at these times, the first of them 0; `absolute` tolerance of each compartment."""
        return Run(self, absolute).records(given, times)

    def main(self, state: np.ndarray, newind: int) -> None:
        """$MAIN, of the first record of an individual (0) or a later one (2)."""
        self._library.run_main(self._theta, _pointer(state), newind)

    def slopes(self, state: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """$ODE with the infusions of this time."""
        out = np.empty_like(state)
        self._library.run_ode(self._theta, _pointer(state), _pointer(rates), _pointer(out))
        return out

    def event(self, state: np.ndarray, time: float, evid: int, newind: int) -> tuple[int, float]:
        """$EVENT: what it has done, and the time of the record that it asks for."""
        if "EVENT" not in self.blocks:
            return 0, 0.0
        asked = ctypes.c_double()
        arguments = (ctypes.c_double(time), evid, newind, ctypes.byref(asked))
        return self._library.run_event(self._theta, _pointer(state), *arguments), asked.value

    def table(self, state: np.ndarray, time: float) -> np.ndarray:
        """$TABLE and $CAPTURE."""
        out = np.empty(len(self.captured))
        self._library.run_table(self._theta, _pointer(state), ctypes.c_double(time), _pointer(out))
        return out


class Run:
    """A simulation of one individual from time 0."""

    def __init__(self, model: Model, absolute: np.ndarray | float) -> None:
        self.model = model
        self.absolute = absolute
        self.time = 0.0
        self.state = np.array([value for value, _ in model.compartments.values()])
        self.rates = np.zeros_like(self.state)
        self.solver: LSODA | None = None
        self.bound = 0.0  # a solver without one goes to infinity where nothing moves

    def records(self, given: Sequence[Dose], times: np.ndarray) -> np.ndarray:
        order = count()
        queue: list[tuple[float, int, int, Dose | None]] = []
        for dose in given:
            heappush(queue, (dose.time, DOSE, next(order), dose))
        for time in times.tolist():
            heappush(queue, (time, OUTPUT, next(order), None))
        self.bound = float(times[-1]) + 1.0
        out, newind = [], 0
        while len(out) < len(times):
            time, kind, _, dose = heappop(queue)
            self.model.main(self.state, newind)
            self.advance(time)
            if dose is not None:
                ends = self.give(dose, kind)
                if ends is not None:
                    heappush(queue, (ends, END, next(order), dose))
            done, asked = self.model.event(self.state, time, {END: 9, DOSE: 1}.get(kind, 0), newind)
            if done & STOPPED:
                raise RuntimeError(f"stopped at time {time:g}")
            if done & ASKED and asked <= self.bound - 1.0:
                assert asked > time
                heappush(queue, (asked, LOOK, next(order), None))
            if done & REPLACED:
                self.solver = None
            if kind == OUTPUT:
                out.append(np.concatenate([self.state, self.model.table(self.state, time)]))
            newind = 2
        return np.array(out)

    def give(self, dose: Dose, kind: int) -> float | None:
        """Give a dose, start an infusion (its end is returned), or end it."""
        self.solver = None
        place = dose.compartment - 1
        if dose.rate == 0.0:
            self.state[place] += dose.amount
        elif kind == END:
            self.rates[place] = max(self.rates[place] - dose.rate, 0.0)
        else:
            self.rates[place] += dose.rate
            return dose.time + dose.amount / dose.rate
        return None

    def advance(self, time: float) -> None:
        """Go on to a time, with the solver where it is already beyond it."""
        if time == self.time:
            return
        if self.solver is None:
            self.solver = LSODA(
                lambda _, state: self.model.slopes(state, self.rates),
                self.time,
                self.state.copy(),
                self.bound,
                rtol=RELATIVE,
                atol=self.absolute,
            )
        while self.solver.t < time:
            message = self.solver.step()
            assert self.solver.status != "failed", message
        self.state = self.solver.dense_output()(time)
        self.time = time


def compiled(source: str, folder: Path) -> Path:
    """The library of a C++ source; what the compiler warns of is an error."""
    compiler = shutil.which("g++")
    assert compiler, "the tests of mrgsolve files need g++, which is not on the PATH"
    (folder / "model.cpp").write_text(source, encoding="utf-8")
    words = [compiler, "-shared", "-fPIC", "-O1", "-std=c++14", "-Wall", "-Wno-unused-variable", "-Werror"]
    made = subprocess.run(
        [*words, "-o", "model.so", "model.cpp"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    return folder / "model.so"


def _pointer(array: np.ndarray) -> ctypes.Array:
    assert array.dtype == np.float64
    assert array.flags.c_contiguous
    return np.ctypeslib.as_ctypes(array)
