"""What ends persistence: domain, ageing, rejection by the host; directions that are published, and limits by hand.

Numbers in the docstrings are those measured when the test was written.
"""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model import build as building
from carsim.model.check import check
from carsim.model.processes import ageing, immunity
from carsim.spec.prepare import cast_of, prepare
from carsim.treatment.schedule import Schedule

TREATED = """
format: carsim/1
title: Persistence
patient: {population: paediatric-rr-ball}
products: [{name: mine, extends: tisagenlecleucel}]
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: mine, dose: 3.1e6 cells/kg}
run: {until: 180 d}
"""
UNTREATED = """
format: carsim/1
title: Product in the model, never given
patient: {population: paediatric-rr-ball, marrow_blasts: 0 %, bcell_initial: 0 %}
products: [{name: mine, extends: tisagenlecleucel}]
parameters: {bcell_production: 0 cells/d}
run: {until: 30 d}
"""
REJECTING = ("parameters.immunity_growth.murine=0.3 1/d", "parameters.immunity_growth.humanised=0.15 1/d")
NO_RESPONSE = "parameters.immunity_growth.murine=0 1/d"
DETECTED = 10.0  # copies/ug


def course(text, *overrides, outputs, also=(), rtol=1e-9):
    """Days and outputs of a scenario; `also` are changes (day, operation, row, amount) beside its treatment."""
    made = prepare(spec.loads(text, overrides=overrides))
    schedule = with_changes(made.schedule, also) if also else made.schedule
    found = simulate(
        made.network,
        t=made.times,
        schedule=schedule,
        patients=made.patients,
        outputs=outputs,
        options=Options(rtol=rtol),
    )
    assert (found.status == 0).all()
    return made.times, {name: found.values[..., i] for i, name in enumerate(outputs)}, made


def with_changes(schedule, also):
    """The schedule of one patient with further changes."""
    operations = ("add", "set", "scale")
    present = [
        (time, operations[operation], schedule.rows[target], amount, label)
        for time, target, operation, amount, label in zip(
            schedule.times[0],
            schedule.targets[0],
            schedule.operations[0],
            schedule.amounts[0],
            schedule.labels[0],
            strict=True,
        )
    ]
    return Schedule.of([*present, *((*change, "test") for change in also)])


def lost(days, copies, since=0.0):
    """Days from `since` to the first one, after the peak that follows it, without detectable CAR T cells."""
    days, copies = days[days >= since], copies[days >= since]
    gone = days[(days > days[np.argmax(copies)]) & (copies < DETECTED)]
    assert gone.size
    return float(gone[0]) - since


def persistence(*overrides, text=TREATED, also=(), until=400):
    days, out, _ = course(text, f"run.until={until} d", *overrides, outputs=["cart_copies"], also=also)
    return lost(days, out["cart_copies"][0])


def test_cd28_lacks_late_persistence_and_4_1bb_does_not():
    """Day 180 with one binder and no response: 161 copies/ug with 4-1BB, 1.5 with CD28, below detection."""
    level = {}
    for domain in ("4-1BB", "CD28"):
        _, out, _ = course(TREATED, f"products.mine.costimulation={domain}", NO_RESPONSE, outputs=["cart_copies"])
        level[domain] = out["cart_copies"][0, -1]
    assert level["4-1BB"] > DETECTED
    assert level["CD28"] < 0.5 * DETECTED


def test_murine_binders_are_rejected_before_humanised_ones():
    """A patient who responds strongly loses the murine product on day 113, the humanised one on day 254."""
    murine, humanised = (
        persistence(*REJECTING, f"products.mine.binder_origin={origin}") for origin in ("murine", "humanised")
    )
    assert 60.0 < murine < 0.7 * humanised < 300.0


def test_the_same_product_given_again_is_rejected_earlier_still():
    """The patient of the test above, who relapses on day 174: 112 d after the first infusion, 79 d after the second."""
    again = TREATED.replace(
        "run:",
        "  - {name: more, give: fludarabine-cyclophosphamide, at: 174 d}\n"
        "  - {name: again, give: mine, at: 180 d, dose: 3.1e6 cells/kg}\nrun:",
    )
    made = prepare(spec.loads(again))
    index = [species.name for species in made.network.all_species].index("blasts.CD19-positive.marrow")
    relapse = [(173.9, "set", "blasts.CD19-positive.marrow", made.patients.initial[0, index])]
    days, out, _ = course(again, *REJECTING, "run.until=400 d", outputs=["cart_copies"], also=relapse)
    copies = out["cart_copies"][0]
    first, second = lost(days[days < 180.0], copies[days < 180.0]), lost(days, copies, since=180.0)
    assert copies[days >= 180.0].max() > 1000.0
    assert 14.0 < second < 0.8 * first


def test_more_fludarabine_lowers_the_response_and_delays_rejection():
    """In a rejecting patient, 15 against 40 mg/m2 x4: lost on day 104 and 115."""
    response, last = [], []
    for dose in (15, 40):
        asked = f"treatment.ld.fludarabine.dose={dose} mg/m^2"
        days, out, _ = course(TREATED, asked, *REJECTING, "run.until=300 d", outputs=["immunity.mine", "cart_copies"])
        response.append(float(np.interp(30.0, days, out["immunity.mine"][0])))
        last.append(lost(days, out["cart_copies"][0]))
    assert response[1] < 0.5 * response[0]
    assert last[1] > last[0] + 3.0


def test_an_earlier_car_against_the_same_antigen_hastens_rejection():
    """A hundred times the precursors: day 82 instead of 113; against another antigen they change nothing."""
    first = persistence(*REJECTING)
    assert persistence(*REJECTING, "parameters.immunity_memory.CD19=100") < first - 5.0
    assert persistence(*REJECTING, "parameters.immunity_memory.CD22=100") == first


def test_donor_cells_last_longer_without_host_t_cells():
    """Host T cells near none for two weeks and most of the response gone, as after alemtuzumab: 38 d instead of 29."""
    text = TREATED.replace("extends: tisagenlecleucel", "extends: ucart19")
    made = prepare(spec.loads(text))
    volume = float((made.patients.parameters["blood_volume_per_weight"] * made.patients.parameters["weight"])[0])
    depleted = [(float(day), "set", "host_t_cells", 0.5 * volume) for day in range(15)]
    depleted.append((0.0, "scale", "immunity.mine", 0.1))
    with_host, without = persistence(text=text), persistence(text=text, also=depleted)
    assert 14.0 < with_host < without - 5.0 < 100.0


def test_typical_patients_hardly_respond_and_some_others_reject():
    """Response above 0.1 within six months: 10 of 100 drawn patients with a murine binder, none with humanised ones."""
    _, out, _ = course(TREATED, "run.until=365 d", outputs=["immunity.mine"])
    assert out["immunity.mine"][0, -1] < 0.01
    cohort = TREATED.replace("patient: {population: paediatric-rr-ball}", "cohort: {population: children, n: 100}")
    shares = []
    for origin in ("murine", "humanised"):
        asked = f"products.mine.binder_origin={origin}"
        _, out, _ = course(cohort, asked, outputs=["immunity.mine"], rtol=1e-6)
        shares.append(float((out["immunity.mine"].max(axis=1) > 0.1).mean()))
    assert 0.05 <= shares[0] <= 0.25
    assert shares[1] < 0.6 * shares[0]


def test_response_without_stimulus_declines_as_by_hand():
    """Product never given: to a 200th of the precursors, 1e-4 (0.005 + 0.995 exp(-0.02 t))."""
    days, out, _ = course(UNTREATED, outputs=["immunity.mine"])
    expected = 1e-4 * (0.005 + 0.995 * np.exp(-0.02 * days))
    np.testing.assert_allclose(out["immunity.mine"][0], expected, rtol=1e-6)


def test_a_full_response_takes_cells_at_its_hazard():
    """No antigen, no renewal, a response that stays at 1: cells are exp(-0.3 t) of those without it."""
    fixed = (
        "parameters.immunity_precursors.murine=1",
        "parameters.immunity_decline=0 1/d",
        "parameters.immunity_renewal=0 1/d",
        "parameters.memory_renewal.4-1BB=0 1/d",
    )
    given = [(0.0, "add", f"cart.mine.{phenotype}.marrow", 1e9) for phenotype in ("effector", "memory", "exhausted")]
    days, kept, _ = course(UNTREATED, *fixed, "parameters.rejection=0 1/d", outputs=["cart_at.marrow"], also=given)
    _, out, _ = course(UNTREATED, *fixed, outputs=["cart_at.marrow", "immunity.mine"], also=given)
    np.testing.assert_allclose(out["immunity.mine"][0], 1.0, rtol=1e-12)
    ratio = out["cart_at.marrow"][0] / kept["cart_at.marrow"][0]
    np.testing.assert_allclose(ratio, np.exp(-0.3 * days), rtol=1e-6)


def test_response_at_the_start_by_hand():
    """Precursors of the class, times the earlier exposure to each of the antigens, at most a full response."""
    for product, memory, expected in (
        ("cd19-22-tandem", ("CD22=50",), 1e-4 * 50),
        ("ucart19", ("CD19=1000",), 1.0),
        ("hucart19", ("CD22=100",), 1e-4),
        ("cd19-22-tandem", ("CD22=5", "CD19=10"), 1e-4 * 50),
    ):
        text = UNTREATED.replace("extends: tisagenlecleucel", f"extends: {product}")
        overrides = [f"parameters.immunity_memory.{item}" for item in memory]
        _, out, _ = course(text, *overrides, outputs=["immunity.mine"])
        assert out["immunity.mine"][0, 0] == pytest.approx(expected, rel=1e-12)


def test_a_product_rejected_to_the_last_cell_does_not_return_with_lymphodepletion():
    """Donor cells fall below one cell on day 92; else 1.5e-9 cells of day 250 would be 7,000 on day 290."""
    text = TREATED.replace("extends: tisagenlecleucel", "extends: ucart19").replace("180 d", "290 d")
    again = "  - {name: again, give: fludarabine-cyclophosphamide, at: 250 d}\nrun:"
    days, found, made = course(text.replace("run:", again), outputs=["cart_cells", "host_t_blood"])
    cells, host = (found[name][0] for name in ("cart_cells", "host_t_blood"))
    volume = 71429.0 * made.patients.parameters["weight"][0]
    assert host[days >= 254.0].min() < 30.0
    assert (cells[days < 60.0] * volume).max() > 1e6
    assert (cells[days >= 120.0] == 0.0).all()


def test_donor_cells_are_lost_without_host_t_cells_too():
    """Rejection without T cells acts on donor cells at 0.15 /d, on the patient's own not at all."""
    level = {}
    for product in ("ucart19", "tisagenlecleucel"):
        text = UNTREATED.replace("extends: tisagenlecleucel", f"extends: {product}")
        _, out, _ = course(text, "parameters.rejection=0 1/d", outputs=["rejection.mine"])
        level[product] = out["rejection.mine"][0]
    assert (level["ucart19"] == 0.15).all()
    assert (level["tisagenlecleucel"] == 0.0).all()


def test_history_of_a_car_against_the_antigen_is_a_hundredfold_response():
    text = UNTREATED.replace("bcell_initial: 0 %", "bcell_initial: 0 %, history: [prior-cd19-car-t]")
    for product, expected in (("tisagenlecleucel", 1e-2), ("cd22-bbz", 1e-4)):
        _, out, _ = course(text.replace("extends: tisagenlecleucel", f"extends: {product}"), outputs=["immunity.mine"])
        assert out["immunity.mine"][0, 0] == pytest.approx(expected, rel=1e-12)


def test_effectors_that_only_divide_age_by_twice_the_logarithm_of_their_growth():
    """m = 2 ln (C / C at the start): each doubling adds 1.39 to the mean."""
    alone = [
        f"parameters.{name}.4-1BB=0 1/d"
        for name in ("effector_death", "exhaustion", "memory_formation", "memory_renewal")
    ]
    given = [(0.0, "add", "cart.mine.effector.marrow", 1e7)]
    text = UNTREATED.replace("marrow_blasts: 0 %", "marrow_blasts: 50 %")
    _, out, _ = course(
        text,
        *alone,
        NO_RESPONSE,
        "parameters.replicative_limit=1e6",
        outputs=["divisions.mine", "ageing_cells.mine"],
        also=given,
        rtol=1e-10,
    )
    cells = out["ageing_cells.mine"][0]
    assert cells[-1] > 100.0 * cells[0]
    np.testing.assert_allclose(out["divisions.mine"][0], 2.0 * np.log(cells / cells[0]), rtol=1e-6, atol=1e-6)


def test_division_halves_at_the_limit():
    _, out, _ = course(TREATED, "parameters.replicative_limit=12", outputs=["divisions.mine", "youth.mine"])
    mean, youth = out["divisions.mine"][0], out["youth.mine"][0]
    np.testing.assert_allclose(youth, 1.0 / (1.0 + (mean / 12.0) ** 4), rtol=1e-12)
    assert youth.min() < 0.6


def test_ageing_lowers_peak_and_persistence():
    """No limit, 20, 10: peak 93, 34, 1.2 cells/uL, and 161, 1.0, 0.01 copies/ug on day 180."""
    peak, late = [], []
    for limit in (0, 20, 10):
        _, out, _ = course(TREATED, f"parameters.replicative_limit={limit}", outputs=["cart_cells", "cart_copies"])
        peak.append(out["cart_cells"].max())
        late.append(out["cart_copies"][0, -1])
    assert peak[0] > peak[1] > peak[2]
    assert late[0] > late[1] > late[2]


def test_exhausted_cells_at_rest_leave_at_death_and_recovery():
    """No antigen: X = X0 exp(-(death + recovery) t), and what recovers are effectors."""
    given = [(0.0, "add", "cart.mine.exhausted.marrow", 1e9)]
    names = ["cart.mine.exhausted.marrow", "cart.mine.exhausted.blood", "cart.mine.effector.marrow"]
    overrides = ("parameters.exhaustion_recovery=0.04 1/d", NO_RESPONSE)
    days, out, made = course(UNTREATED, *overrides, outputs=names, also=given)
    rate = made.cast.numbers["exhausted_death.4-1BB"].value + 0.04
    np.testing.assert_allclose(out[names[0]][0] + out[names[1]][0], 1e9 * np.exp(-rate * days), rtol=1e-6)
    assert out[names[2]][0, -1] > 0.0


def test_recovery_from_exhaustion_raises_late_cells():
    level = [
        course(TREATED, f"parameters.exhaustion_recovery={rate} 1/d", outputs=["cart_cells"])[1]["cart_cells"][0, -1]
        for rate in (0, 0.05)
    ]
    assert level[1] > level[0]


@pytest.mark.parametrize(
    ("steps", "overrides"),
    [((ageing.state, ageing.add), ()), ((immunity.add,), (NO_RESPONSE,))],
    ids=["ageing", "immunity"],
)
def test_off_is_the_network_without_the_process(steps, overrides, monkeypatch):
    """Same rows and parameters in the same order, same reactions: then the same numbers."""

    def network():
        made = building.build("one", cast_of(spec.loads(TREATED, overrides=overrides)))
        return [repr(row) for row in (*made.rows, *made.parameters, *made.quantities, *made.reactions)]

    off = network()
    monkeypatch.setattr(building, "STEPS", tuple(step for step in building.STEPS if step not in steps))
    assert network() == off


def test_units_balance_with_everything_on():
    overrides = ("parameters.replicative_limit=20", "parameters.exhaustion_recovery=0.01 1/d")
    text = TREATED.replace(
        "extends: tisagenlecleucel", "extends: auto3, cd4_to_cd8: {median: 2}, arms: {CD19: {dwell: 2}}"
    )
    assert check(building.build("all", cast_of(spec.loads(text, overrides=overrides)))) == []
