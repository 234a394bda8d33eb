"""Parameters, start and schedule of a page are those of the scenario that its settings mean, for patients and twins."""

import numpy as np
import pytest

from carsim.classroom.presets import PRESETS
from carsim.classroom.settings import SETTINGS, defaults, problems, scenario_text
from carsim.errors import ScenarioError
from carsim.spec import loads
from carsim.spec.prepare import prepare
from carsim.treatment.schedule import OPERATIONS
from tests.classroom.nodejs import node

PATIENT = """
const answer = ([settings, twin, seed]) => {
  const p = CarsimModel.patientOf(settings, {twin, seed});
  const {time, operation, target, isParameter, amount} = p.schedule;
  const rows = target.map((k, i) => (isParameter[i] ? p.net.parameters[k].name : p.net.species[k].name));
  return {names: p.net.parameters.map((row) => row.name), parameters: [...p.parameters], initial: [...p.initial],
    species: p.net.species.map((row) => row.name), time, operation, rows, amount, times: [...p.times]};
};"""
GRID = [
    ("eliana_child", {}),
    ("eliana_child", {"negative_fraction": 3e-6, "marrow_blasts": 0.02, "dose": 4e5, "fludarabine": 27.5}),
    ("eliana_child", {"fludarabine": 0.0, "second": "same", "second_day": 40.0}),
    ("zuma3_adult", {"costimulation": "4-1BB", "marrow_blasts": 0.93, "transplant": "yes", "transplant_day": 300.0}),
    ("zuma3_adult", {"cd22_arm": "bispecific", "second": "same", "second_day": 28.0, "transplant": "yes"}),
    ("durable_remission", {"cd22_arm": "weak", "negative_fraction": 0.1, "dose": 2e7}),
    ("cd19_positive_relapse", {"costimulation": "CD28", "second": "cd22", "second_day": 200.25}),
    ("sequential", {"cd22_arm": "bispecific", "costimulation": "CD28", "transplant": "yes", "transplant_day": 60.0}),
]


def of_run(preset, settings, *, twins=0, seed=1):
    return prepare(loads(scenario_text(settings, preset, twins=twins, seed=seed)))


def same_schedule(found, made, index):
    schedule = made.schedule
    kept = np.flatnonzero(~np.isnan(schedule.times[index]))
    assert found["rows"] == [schedule.rows[schedule.targets[index, k]] for k in kept]
    np.testing.assert_array_equal(found["time"], schedule.times[index, kept])
    np.testing.assert_array_equal(found["operation"], schedule.operations[index, kept])
    np.testing.assert_allclose(found["amount"], schedule.amounts[index, kept], rtol=1e-13)


def same_patient(found, made, index):
    patients = made.patients
    assert found["names"] == [row.name for row in made.network.parameters]
    assert found["species"] == [row.name for row in made.network.all_species]
    own = [patients.parameters[name][index] for name in found["names"]]
    np.testing.assert_allclose(found["parameters"], own, rtol=2e-14)
    np.testing.assert_allclose(found["initial"], patients.initial[index], rtol=2e-13)
    np.testing.assert_array_equal(found["times"], made.times)


@pytest.mark.parametrize(("preset", "changes"), GRID)
def test_page_starts_from_what_the_scenario_means(preset, changes):
    settings = defaults(preset) | changes
    made = of_run(preset, settings)
    found = node(PATIENT, [settings | {"preset": preset}, None, 1])
    same_patient(found, made, 0)
    same_schedule(found, made, 0)
    assert set(OPERATIONS.values()) >= set(found["operation"])


@pytest.mark.parametrize("preset", ["cd19_negative_escape", "zuma3_adult"])
def test_twins_are_the_patients_of_the_cohort(preset):
    settings = defaults(preset) | {"negative_fraction": 2e-9, "cd22_arm": "bispecific"}
    made = of_run(preset, settings, twins=20, seed=7)
    script = (
        PATIENT.replace("const answer", "const one")
        + """
    const answer = ([settings, count, seed]) => Array.from({length: count}, (_, k) => one([settings, k, seed]));"""
    )
    for index, found in enumerate(node(script, [settings | {"preset": preset}, 20, 7])):
        same_patient(found, made, index)
        same_schedule(found, made, index)
    cells = made.patients.initial[
        :, [row.name for row in made.network.all_species].index("blasts.CD19-negative.marrow")
    ]
    assert np.unique(cells).size > 15  # else nothing was drawn


def test_page_has_the_settings_and_presets_of_the_package():
    found = node("const answer = () => [CarsimModel.settings, CarsimModel.presets, CarsimModel.check({preset: 1})];")
    assert [(row["name"], row["path"], row["default"]) for row in found[0]] == [
        (row.name, row.path, row.default) for row in SETTINGS
    ]
    assert [row["settings"] for row in found[1]] == [{"preset": row.name, **defaults(row.name)} for row in PRESETS]
    assert [item["code"] for item in found[2]] == ["missing"] * len(SETTINGS) + ["not_a_choice"]


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"dose": 1.0}, "dose"), ({"second": "third"}, "second"), ({"colour": 1}, "colour"), ({"dose": "much"}, "dose")],
)
def test_positions_that_do_not_exist_are_refused_by_name_in_both(changes, name):
    settings = defaults("eliana_child") | changes
    assert [problem.path for problem in problems(settings)] == [name]
    with pytest.raises(ScenarioError, match=name):
        scenario_text(settings, "eliana_child")
    script = "const answer = (settings) => CarsimModel.check(settings).map((item) => item.name);"
    assert node(script, settings | {"preset": "eliana_child"}) == [name]
