"""Two libraries that know SBML and nothing of carsim: libSBML checks a file, libRoadRunner runs it."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from carsim.interchange.identifiers import sid

with warnings.catch_warnings():
    # their wrappers are made by SWIG, whose types warn from Python 3.12 on when they are made
    warnings.filterwarnings("ignore", "builtin type [Ss]wig", DeprecationWarning)
    import libsbml
    import roadrunner

# What libSBML says of a species whose unit is no substance (cells/uL): its unit is not declared, nothing more.
UNDECLARED = {20616, 99505, 99508}


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


def values(text: str, times: np.ndarray, rows: Sequence[str], tolerance: float = 1e-12) -> np.ndarray:
    """Rows (n_times, n_rows) by CVODE at these times, the first of them the start."""
    runner = _runner(text, tolerance)
    runner.timeCourseSelections = ["time", *(sid(row) for row in rows)]
    return np.array(runner.simulate(times=list(times - times[0])))[:, 1:]


def gone(text: str, until: float, rows: Sequence[str]) -> list[float]:
    """The times at which these species all become zero, from the solver's own steps: it stops at every event."""
    runner = _runner(text, 1e-12)
    runner.integrator.variable_step_size = True
    runner.timeCourseSelections = ["time", *(sid(row) for row in rows)]
    steps = np.array(runner.simulate(0.0, until))
    largest = steps[:, 1:].max(axis=1)
    return [float(time) for time in steps[1:, 0][(largest[1:] == 0.0) & (largest[:-1] > 0.0)]]


def _runner(text: str, tolerance: float) -> Any:
    runner = roadrunner.RoadRunner(text)
    runner.integrator.relative_tolerance = tolerance
    runner.integrator.absolute_tolerance = 1e-12
    runner.integrator.maximum_num_steps = 100_000
    return runner
