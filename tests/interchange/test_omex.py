"""`carsim export omex`: an archive that libSEDML and libCOMBINE find sound and COPASI runs as it is."""

from __future__ import annotations

import re
from pathlib import Path
from zipfile import ZipFile

import libcombine
import libsedml
import numpy as np
import pytest

import carsim
from carsim.cli import main
from carsim.engines.run import simulate
from carsim.interchange.scenario import export
from carsim.interchange.sedml import Course
from carsim.spec.prepare import prepare

from .readers import run_archive
from .test_solvers import AGREED, SCENARIOS, TIGHT, largest_difference

NAME = "early_tocilizumab"
SCENARIO = str(SCENARIOS / f"{NAME}.yaml")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("omex") / f"{NAME}.omex"
    assert main(["export", "omex", SCENARIO, str(out), "--quiet"]) == 0
    return out


def test_the_archive_names_each_of_its_files_and_the_first_to_open(archive: Path) -> None:
    read = libcombine.CombineArchive()
    assert read.initializeFromArchive(str(archive))
    names = [str(read.getEntry(k).getLocation()).removeprefix("./") for k in range(read.getNumEntries())]
    with ZipFile(archive) as file:
        assert set(names) - {"."} == set(file.namelist())
    assert read.getMasterFile().getLocation() == "./simulation.sedml"
    formats = {read.getEntry(k).getLocation(): read.getEntry(k).getFormat() for k in range(read.getNumEntries())}
    assert libcombine.KnownFormats.isFormat("sbml", formats["./model.xml"])
    assert libcombine.KnownFormats.isFormat("sedml", formats["./simulation.sedml"])


def test_its_files_are_the_model_and_the_scenario(archive: Path) -> None:
    scenario = carsim.load(SCENARIO)
    with ZipFile(archive) as file:
        assert file.read("model.xml") == export(scenario).content
        assert carsim.loads(file.read("scenario.yaml").decode()).digest == scenario.digest


def test_the_simulation_is_sound_and_says_what_to_draw(archive: Path) -> None:
    with ZipFile(archive) as file:
        text, model = file.read("simulation.sedml").decode(), file.read("model.xml").decode()
    document = libsedml.readSedMLFromString(text)
    assert [document.getError(k).getMessage() for k in range(document.getNumErrors())] == []
    plots = [output for output in document.getListOfOutputs() if output.isSedPlot2D()]
    assert {"plot_cart", "plot_leukaemia", "plot_cytokines"} <= {plot.getId() for plot in plots}
    assert all(plot.getNumCurves() for plot in plots)
    generators = {item.getId() for item in document.getListOfDataGenerators()}
    for plot in plots:
        for curve in plot.getListOfCurves():
            assert {curve.getXDataReference(), curve.getYDataReference()} <= generators
    for kind, identifier in re.findall(r"sbml:(species|parameter)\[@id='(\w+)'\]", text):
        assert f'<{kind} id="{identifier}"' in model


def test_copasi_opens_it_and_runs_it_to_the_same_numbers(archive: Path) -> None:
    names, plots, course = run_archive(archive)
    assert "CAR T cells in blood" in plots
    made = prepare(carsim.load(SCENARIO), SCENARIOS)
    times = course[:, names.index("time")] + made.times[0]
    assert times[[0, -1]] == pytest.approx(made.times[[0, -1]])
    rows = [row for row in made.network.rows if row in names]
    assert {"cart_cells.tisagenlecleucel", "il6", "blasts.CD19-positive.marrow"} <= set(rows)
    own = simulate(made.network, t=times, schedule=made.schedule, patients=made.patients, outputs=rows, options=TIGHT)
    found = course[:, [names.index(row) for row in rows]]
    assert largest_difference(found, own.values[0]) < AGREED


def test_the_same_archive_again_is_silent_and_another_needs_force(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, first = ["export", "omex", SCENARIO, str(archive), "--quiet"], archive.read_bytes()
    assert main(command) == 0
    assert archive.read_bytes() == first
    assert main([*command, "--set", "run.until=30 d"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert archive.read_bytes() == first


@pytest.mark.parametrize(
    ("length", "every", "steps"),
    [(371.25, 1.0, 1485), (90.0, 1.0, 90), (96.5, 1.0, 193), (10.3, 1.0, 11), (6.0, 2.0, 3)],
)
def test_steps_of_a_time_course_end_with_its_last_day(length: float, every: float, steps: int) -> None:
    assert Course.of(length, every).steps == steps
    assert np.linspace(0.0, length, steps + 1)[-1] == length
