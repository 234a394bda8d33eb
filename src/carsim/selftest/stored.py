"""Results, scenarios and cohorts come back from their files as they were; what is not carsim's own stays untouched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from carsim.selftest.check import Check, measures
from carsim.spec.shipped import shipped

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

GROUP = "store"
DAYS = "30 d"  # of follow-up: what is tested is the store
COHORT = """
format: carsim/1
title: A cohort to store
cohort: {population: adult-rr-ball, n: 12, shares: {prior-hsct: 40 %}, age: 44 years}
treatment: [{name: car, give: tisagenlecleucel, at: 0 d, dose: 1e6 cells/kg}]
run: {seed: 12345678901, until: 20 d}
"""


def _result(*overrides: str) -> xr.Dataset:
    from carsim import pipeline
    from carsim.spec.load import load

    return pipeline.run(load(shipped() / "antigen_escape.yaml", [f"run.until={DAYS}", *overrides]))


def _differing(one: xr.Dataset, other: xr.Dataset) -> int:
    """Variables that are missing or not equal to the bit, missing values being equal to one another."""
    names = {str(name) for name in (*one.variables, *other.variables)}
    return sum(name not in one or name not in other or not one[name].equals(other[name]) for name in names)


@measures(
    GROUP,
    Check("a result read again", "variables that differ from what was written", 0.0, "variables"),
    Check("provenance read again", "attributes that differ from what was written", 0.0, "attributes"),
    Check("a foreign file", "1 if it was replaced", 0.0),
    Check("a result of another run", "1 if it was replaced without being told", 0.0),
    Check("an interrupted write", "files that changed or were left behind", 0.0, "files"),
    Check("a figure's provenance", "keys that a figure has not of its run", 0.0, "keys"),
)
def results() -> list[float]:
    """NetCDF files and figures of one patient, in a folder that is removed."""
    from carsim.dataset.provenance import same_run
    from carsim.dataset.store import FIGURE_KEYS, read_netcdf, run_of, write_netcdf
    from carsim.plot.figure import write_figure

    data, other = _result(), _result("run.seed=2")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write_netcdf(data, folder / "result.nc")
        again = read_netcdf(path)
        attributes = sum(str(again.attrs.get(key)) != str(value) for key, value in data.attrs.items())
        foreign = folder / "foreign.nc"
        foreign.write_text("not of carsim", encoding="utf-8")
        replaced = float(_written(data, foreign))
        of_other = float(_written(other, path) or not same_run(read_netcdf(path).attrs, data.attrs))
        left = _left_by_interruption(folder)
        figure = write_figure(data, folder / "figure.png")
        found = run_of(figure) or {}
        keys = [key for key in FIGURE_KEYS if key in data.attrs]
        unmarked = sum(str(found.get(key)) != str(data.attrs[key]) for key in keys)
    return [_differing(data, again), attributes, replaced, of_other, left, unmarked]


def _written(data: xr.Dataset, path: Path) -> bool:
    from carsim.dataset.store import OutputRefused, write_netcdf

    try:
        write_netcdf(data, path)
    except OutputRefused:
        return False
    return True


def _left_by_interruption(folder: Path) -> int:
    """Files that differ in name or content after a write that broke off in the middle."""
    from carsim.dataset.store import write_atomically

    def broken(path: Path) -> None:
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    try:
        write_atomically(folder / "result.nc", broken)
    except KeyboardInterrupt:
        after = {path.name: path.read_bytes() for path in folder.iterdir()}
        return sum(before.get(name) != after.get(name) for name in before.keys() | after.keys())
    return 1


@measures(
    GROUP,
    Check("scenarios written out and read again", "shipped scenarios whose digest changes", 0.0, "scenarios"),
    Check("another value", "1 if a changed dose leaves the digest as it was", 0.0),
)
def scenarios() -> list[float]:
    """Equal digest if and only if equal meaning."""
    from carsim.spec import dump
    from carsim.spec.load import load, loads

    def again(scenario: Scenario, folder: Path) -> bool:
        return loads(dump(scenario), name="again.yaml", folder=folder).digest == scenario.digest

    files = sorted(shipped().glob("*.yaml"))
    changed = sum(not again(load(file), file.parent) for file in files)
    one = load(shipped() / "antigen_escape.yaml")
    same = one.with_(**{"treatment.car.dose": "1.5e6 cells/kg"}).digest == one.digest
    return [float(changed) if files else 1.0, float(same)]


@measures(
    GROUP,
    Check("a cohort saved and read again", "columns that differ to the bit", 0.0, "columns"),
    Check("part of a cohort", "variables that differ from the whole cohort's", 0.0, "variables"),
)
def cohorts() -> list[float]:
    """Patients from a table, and the same patients by number."""
    from carsim import pipeline
    from carsim.population.draw import draw
    from carsim.spec.load import loads

    scenario = loads(COHORT)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cohort.csv").write_text(pipeline.patients_table(scenario), encoding="utf-8")
        saved = loads(COHORT, ["cohort.from=cohort.csv"], name="saved.yaml", folder=folder)
        assert scenario.cohort is not None
        assert saved.cohort is not None
        one = draw(scenario.cohort, scenario.run.seed)
        other = draw(saved.cohort, scenario.run.seed, folder)
    differ = 0
    for part in ("covariates", "history"):
        first, second = getattr(one, part), getattr(other, part)
        names = {*first, *second}
        differ += sum(n not in first or n not in second or not np.array_equal(first[n], second[n]) for n in names)
    whole, some = pipeline.courses(scenario), pipeline.courses(scenario, part=(3, 6))
    return [float(differ), float(_differing(whole.isel(patient=slice(3, 6)), some))]


MEASURES = (results, scenarios, cohorts)
