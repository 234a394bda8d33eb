"""Programs that know SBML and nothing of carsim: libSBML checks a file, libRoadRunner and COPASI run it.

Both solve at a relative tolerance of 1e-12. The absolute one is stated for each state: libRoadRunner is given that of
the species in carsim (a note of the file has it) times FINER; COPASI takes one number, 1e-12, and multiplies it by the
start of a species that starts between 0 and 1.
"""

from __future__ import annotations

import locale
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from carsim.engines.protocol import Options
from carsim.interchange.identifiers import name_of, sid
from carsim.model.network import Network


@contextmanager
def same_locale() -> Iterator[None]:
    """COPASI sets C for the whole process when it is imported or opens a file, and other tests read UTF-8."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        yield
    finally:
        locale.setlocale(locale.LC_ALL, before)


with same_locale(), warnings.catch_warnings():
    # their wrappers are made by SWIG, whose types warn from Python 3.12 on when they are made
    warnings.filterwarnings("ignore", "builtin type [Ss]wig", DeprecationWarning)
    import basico
    import COPASI
    import libsbml
    import petab.v1 as petab
    import roadrunner

# What libSBML says of a species whose unit is no substance (cells/uL): its unit is not declared, nothing more.
UNDECLARED = {20616, 99505, 99508}
FINER: Final = 1e-7  # of a state's tolerance in carsim; 1e-6 leaves up to 2.3e-6 in hazards, 1e-4 3e-6 where drugs fade
TIGHT: Final = 1e-12


def findings(text: str) -> Counter[int]:
    """Numbers of the validation rules that libSBML finds broken or worth a word, units included.

    What it cannot determine for want of a declared unit is left out: that unit is a finding of its own.
    """
    document = libsbml.readSBMLFromString(text)
    count = document.getNumErrors() or document.checkConsistency()
    errors = [document.getError(k) for k in range(count)]
    return Counter(error.getErrorId() for error in errors if "indeterminable" not in error.getMessage())


def model_of(text: str) -> Any:
    """The model as libSBML reads it; the document is kept by it."""
    document = libsbml.readSBMLFromString(text)
    assert document.getNumErrors() == 0
    model = document.getModel()
    model.kept = document
    return model


def tolerances(network: Network) -> dict[str, float]:
    """The absolute tolerance of each state for libRoadRunner, by its name."""
    return {row.name: FINER * (row.tolerance or Options().atol) for row in network.all_species}


def values(
    text: str, times: np.ndarray, rows: Sequence[str], absolute: Mapping[str, float] | None = None
) -> np.ndarray:
    """Rows (n_times, n_rows) by libRoadRunner's CVODE at these times, the first of them the start."""
    runner = _runner(text)
    for name, tolerance in (absolute or {}).items():
        runner.integrator.setIndividualTolerance(sid(name), tolerance)
    runner.timeCourseSelections = ["time", *(sid(row) for row in rows)]
    return np.array(runner.simulate(times=list(times - times[0])))[:, 1:]


@same_locale()
def values_in_copasi(text: str, times: np.ndarray, rows: Sequence[str]) -> np.ndarray:
    """Rows (n_times, n_rows) by COPASI's LSODA at these times, the first of them the start."""
    model = basico.load_model_from_string(text)
    try:
        course = basico.run_time_course(
            model=model,
            values=list(times - times[0]),
            r_tol=TIGHT,
            a_tol=TIGHT,
            max_steps=10_000_000,
            use_sbml_id=True,
        )
        constants = basico.get_parameters(model=model).set_index("sbml_id")["initial_value"]
        course = course.assign(**{sid(row): constants[sid(row)] for row in rows if sid(row) not in course.columns})
        return course[[sid(row) for row in rows]].to_numpy()
    finally:
        basico.remove_datamodel(model)


def gone(text: str, until: float, rows: Sequence[str]) -> list[float]:
    """The times at which these species all become zero, from the solver's own steps: it stops at every event."""
    runner = _runner(text)
    runner.integrator.variable_step_size = True
    runner.timeCourseSelections = ["time", *(sid(row) for row in rows)]
    steps = np.array(runner.simulate(0.0, until))
    largest = steps[:, 1:].max(axis=1)
    return [float(time) for time in steps[1:, 0][(largest[1:] == 0.0) & (largest[:-1] > 0.0)]]


def _runner(text: str) -> Any:
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = TIGHT
    runner.integrator.absolute_tolerance = 1e-12
    runner.integrator.maximum_num_steps = 100_000
    return runner


@same_locale()
def run_archive(path: Path) -> tuple[list[str], list[str], np.ndarray]:
    """A COMBINE archive run by COPASI as it says: names of columns, titles of plots, values (n_times, n_columns)."""
    model = COPASI.CRootContainer.addDatamodel()
    try:
        assert model.openCombineArchive(str(path), None, True)
        identifiers = [*basico.get_parameters(model=model)["sbml_id"], *basico.get_species(model=model)["sbml_id"]]
        known = set(identifiers)
        course = basico.run_time_course(model=model, use_sbml_id=True).reset_index(names="Time")
        names = ["time", *(name_of(name) if name in known else name for name in course.columns[1:])]
        return names, list(basico.get_plots(model=model).index), course.to_numpy()
    finally:
        basico.remove_datamodel(model)


def of_petab(path: Path) -> tuple[Any, bool]:
    """A PEtab problem as its own library reads it, and whether that finds anything wrong."""
    problem = petab.Problem.from_yaml(str(path))
    return problem, petab.lint_problem(problem)


def run_petab(problem: Any, model: Path, factors: Mapping[str, float]) -> float:
    """The logarithm of the likelihood of a PEtab problem, its model run by libRoadRunner with these parameters."""
    text = model.read_text(encoding="utf-8")
    for identifier, value in factors.items():
        pattern = rf'(<parameter id="{identifier}"[^>]* value=")1.0"'
        text, count = re.subn(pattern, rf'\g<1>{value!r}"', text)
        assert count == 1
    simulated = problem.measurement_df.rename(columns={"measurement": "simulation"})
    formulas = problem.observable_df["observableFormula"]
    times = sorted({0.0, *simulated["time"]})
    rows = sorted({name_of(part) for formula in formulas for part in formula.split(" + ")})
    found = dict(zip(times, values(text, np.array(times), rows), strict=True))
    level = [
        sum(found[time][rows.index(name_of(part))] for part in formulas[observable].split(" + "))
        for observable, time in zip(simulated["observableId"], simulated["time"], strict=True)
    ]
    simulated = simulated.assign(simulation=level)
    return float(petab.calculate_llh(problem.measurement_df, simulated, problem.observable_df, problem.parameter_df))
