"""Treatment by response and by relapse agrees with the endpoints of the same names."""

from pathlib import Path

import numpy as np
import pytest

from carsim import spec
from carsim.engines.run import simulate
from carsim.pipeline import run
from carsim.spec.prepare import prepare

FOLDER = Path(__file__).parents[2] / "scenarios"
SECOND = "give: cd22-bbz, dose: 1 cells"  # one cell marks the day and changes nothing


def second(name, when, until="12 months"):
    """Day on which a second product is given in a shipped scenario, and the result; NaN: never."""
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    entry = f"  - {{name: second, {SECOND}, when: {{{when}}}}}\n"
    if "treatment:" not in text:
        text += "treatment:\n"
        return _run(text + entry, until)
    return _run(text.replace("run:", entry + "run:"), until)


def _run(text, until):
    data = run(spec.loads(text, name="text.yaml", folder=FOLDER).with_(**{"run.until": until}))
    return float(data["treatment_day"].sel(treatment="cd22-bbz").isel(patient=0)), data


@pytest.mark.parametrize(
    ("words", "given"),
    [("remission", True), ("MRD-negative CR", True), ("MRD-positive CR", False), ("NR", False)],
)
def test_the_response_of_a_visit_decides(words, given):
    day, data = second("tisagenlecleucel_child", f"variable: response, is: {words}, visit: 56 d", "70 d")
    assert float(data["marrow_blast_fraction"].isel(patient=0).sel(time=56.0)) < 1e-4
    assert day == 56.0 if given else np.isnan(day)


def test_no_response_before_the_effect_of_treatment():
    day, _ = second("tisagenlecleucel_child", "variable: response, is: NR, visit: 2 d", "30 d")
    assert day == 2.0


def test_counts_tell_complete_remission_from_that_with_incomplete_counts():
    """Each visit finds one of the two, by neutrophils above 1,000 and platelets above 100,000 per uL."""
    made = prepare(spec.load(str(FOLDER / "tisagenlecleucel_child.yaml")))
    rows = ["neutrophils.blood", "platelets.blood"]
    times = np.array([made.times[0], 28.0, 56.0])
    found = simulate(made.network, t=times, schedule=made.schedule, patients=made.patients, outputs=rows)
    for visit, (neutrophils, platelets) in zip(times[1:], found.values[0, 1:], strict=True):
        recovered = neutrophils > 1000.0 and platelets > 1e5
        for word, given in (("CR", recovered), ("CRi", not recovered)):
            when = f"variable: response, is: {word}, visit: {visit:g} d"
            assert np.isfinite(second("tisagenlecleucel_child", when, "70 d")[0]) == given


def test_a_response_without_a_day_is_looked_for_at_each_visit():
    day, _ = second("tisagenlecleucel_child", "variable: response, is: MRD-negative CR, after: 40 d", "70 d")
    assert day == pytest.approx(2 * 30.4375)


@pytest.mark.parametrize(
    ("name", "word", "other"),
    [
        ("cd19_positive_relapse", "CD19-positive", "CD19-negative"),
        ("antigen_escape", "CD19-negative", "CD19-positive"),
    ],
)
def test_relapse_is_acted_on_when_the_endpoint_says_and_by_its_phenotype(name, word, other):
    day, data = second(name, f"variable: relapse, is: {word}")
    assert str(data["relapse_phenotype"].values[0]) == word
    assert day == pytest.approx(float(data["relapse_day"].values[0]), abs=0.05)  # the endpoint reads daily outputs
    assert second(name, "variable: relapse, is: any")[0] == pytest.approx(day, abs=1e-6)
    assert np.isnan(second(name, f"variable: relapse, is: {other}")[0])
