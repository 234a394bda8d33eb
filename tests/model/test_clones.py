"""Clones: which can arise from which, and the rates of loss, passing states, resistance and switch by hand."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.body import Clone, Density
from carsim.model.build import build
from carsim.model.phenotype import phenotype
from carsim.spec.prepare import cast_of, prepare

PLAIN = """
format: carsim/1
title: clones
patient: {population: paediatric-rr-ball, marrow_blasts: 1 %}
leukaemia: {clones: [CLONES]}
parameters: {antigen_dimming.CD19: 0 1/d}
treatment: [TREATMENT]
run: {until: 60 d}
"""
DEPLETION = "{name: ld, give: fludarabine-cyclophosphamide, at: -6 d}"
CAR = "{name: car, give: PRODUCT, dose: 3e6 cells/kg}"


def scenario(clones="", product=None, *overrides):
    treatment = CAR.replace("PRODUCT", product) if product else ""
    return spec.loads(PLAIN.replace("CLONES", clones).replace("TREATMENT", treatment), overrides=overrides)


def steps_of(made):
    members = cast_of(made)
    return {clone.name for clone in members.clones}, {(s.source, s.antigen, s.target) for s in members.lineage.loss}


def course(made, outputs):
    ready = prepare(made)
    found = simulate(
        ready.network,
        t=ready.times,
        schedule=ready.schedule,
        patients=ready.patients,
        outputs=outputs,
        options=Options(rtol=1e-9),
    )
    assert found.status[0] == 0
    return ready.times, dict(zip(outputs, found.values[0].T, strict=True))


def test_only_what_the_treatment_targets_is_lost():
    names, loss = steps_of(scenario(product="tisagenlecleucel"))
    assert names == {"CD19-positive", "CD19-negative"}
    assert loss == {("CD19-positive", "CD19", "CD19-negative")}


def test_two_targets_make_four_clones_and_the_dim_states():
    names, loss = steps_of(scenario("", "cd19-22-tandem", "parameters.antigen_dimming.CD19=1e-6 1/d"))
    assert names == {
        "CD19-positive", "CD19-dim", "CD22-dim", "CD19-negative", "CD22-negative", "double-negative",
    }  # fmt: skip
    assert {step for step in loss if step[2] == "double-negative"} == {
        ("CD19-negative", "CD22", "double-negative"),
        ("CD22-negative", "CD19", "double-negative"),
    }
    assert ("CD19-dim", "CD22", "CD22-negative") in loss  # a daughter forgets a passing state


def test_a_listed_clone_takes_the_place_of_the_one_that_would_arise():
    names, loss = steps_of(scenario("{name: escaped, cd19: absent, fraction: 1e-6}", "tisagenlecleucel"))
    assert names == {"CD19-positive", "escaped"}
    assert loss == {("CD19-positive", "CD19", "escaped")}


def test_a_passing_state_is_not_where_loss_leads():
    state = "{name: immature, cd19: absent, fraction: 1e-4, reversion: 0.2 1/d}"
    names, loss = steps_of(scenario(state, "tisagenlecleucel"))
    assert names == {"CD19-positive", "immature", "CD19-negative"}
    assert ("immature", "CD19", "CD19-negative") in loss


def test_loss_by_hand():
    """N' = (b - d) N + nu b L beside L' = ((1 - nu) b - d) L: N / L = exp(nu b t) - 1."""
    made = scenario("", None, "parameters.antigen_loss.CD19=1e-3")
    days, out = course(made, ["blasts_total.CD19-positive", "blasts_total.CD19-negative"])
    ratio = out["blasts_total.CD19-negative"] / out["blasts_total.CD19-positive"]
    np.testing.assert_allclose(ratio[1:], np.expm1(1e-3 * 0.105 * days[1:]), rtol=1e-3)


def test_a_passing_state_keeps_its_share_without_treatment_and_is_gone_with_its_clone():
    state = "{name: immature, cd19: absent, fraction: 1e-2, reversion: 0.2 1/d}"
    _, out = course(scenario(state), ["blasts_total.immature", "blasts_total"])
    np.testing.assert_allclose(out["blasts_total.immature"] / out["blasts_total"], 1e-2, rtol=1e-6)


def test_cells_that_cannot_be_killed_grow_as_if_untreated():
    hard = "{name: hard, fraction: 1e-3, death_resistance: 100 %}"
    text = (
        PLAIN.replace("CLONES", hard).replace("TREATMENT", f"{DEPLETION}, {CAR}").replace("PRODUCT", "tisagenlecleucel")
    )
    days, out = course(spec.loads(text), ["blasts_total.hard", "blasts_total.CD19-positive"])
    late = (days > 20.0) & (days < 30.0)  # the others fill the marrow later
    slope = np.diff(np.log(out["blasts_total.hard"][late])) / np.diff(days[late])
    np.testing.assert_allclose(slope, 0.105 - 0.038, rtol=0.02)  # crowding takes a little
    assert out["blasts_total.CD19-positive"][late][-1] < 0.1 * out["blasts_total.CD19-positive"][0]


def test_resistance_of_none_is_the_network_without_it():
    plain, stated = (
        build("x", cast_of(scenario(f"{{name: hard, fraction: 1e-3{key}}}", "tisagenlecleucel")))
        for key in ("", ", death_resistance: 0 %")
    )
    assert list(plain.rows) == list(stated.rows)
    assert not any(name.startswith("kill_sensitivity") for name in plain.rows)


@pytest.mark.parametrize(
    ("overrides", "switches"),
    [
        ([], False),
        (["patient.history=[kmt2a-rearranged]"], True),
        (["parameters.lineage_switch=1e-12"], True),
        (["patient.history=[kmt2a-rearranged]", "parameters.lineage_switch=0"], False),
    ],
)
def test_lineage_switch_is_there_only_where_it_can_be(overrides, switches):
    made = scenario("", "tisagenlecleucel", *overrides)
    assert ("lineage-switch" in steps_of(made)[0]) is switches
    assert any("lineage_switch" in name for name in build("x", cast_of(made)).rows) is switches


def test_rearranged_kmt2a_multiplies_the_switch():
    usual, rearranged = (
        prepare(scenario("", None, "parameters.lineage_switch=1e-12", f"patient.history=[{item}]"))
        for item in ("prior-hsct", "kmt2a-rearranged")
    )
    factor = rearranged.patients.parameters["lineage_switch"] / usual.patients.parameters["lineage_switch"]
    assert factor[0] == pytest.approx(30.0)


def test_a_switched_clone_shows_nothing_and_escapes():
    made = scenario("{name: switched, lineage: myeloid, fraction: 1e-3}", "tisagenlecleucel")
    assert {clone.name: dict(clone.antigens) for clone in cast_of(made).clones}["switched"] == {}
    _, out = course(made, ["blasts_total.switched"])
    assert out["blasts_total.switched"][-1] > 30.0 * out["blasts_total.switched"][0]


HIGH, DIM = {"CD19": Density(1e4, 0.8), "CD22": Density(1200.0, 0.8)}, Density(2000.0, 0.6)


@pytest.mark.parametrize(
    ("antigens", "lineage", "targets", "word"),
    [
        (HIGH, "B", ("CD19",), "CD19-positive"),
        (HIGH | {"CD19": DIM}, "B", ("CD19",), "CD19-dim"),
        ({"CD22": HIGH["CD22"]}, "B", ("CD19",), "CD19-negative"),
        ({"CD19": HIGH["CD19"]}, "B", ("CD19",), "CD19-positive"),
        ({"CD19": HIGH["CD19"]}, "B", ("CD19", "CD22"), "CD22-negative"),
        ({}, "B", ("CD19", "CD22"), "double-negative"),
        ({}, "myeloid", ("CD19", "CD22"), "lineage-switch"),
    ],
)
def test_a_relapse_is_named_by_what_its_cells_lack(antigens, lineage, targets, word):
    assert phenotype(Clone("x", antigens, lineage), targets) == word


def test_a_leukaemia_without_the_target_has_neither_dim_nor_lost_cells():
    names, loss = steps_of(
        spec.loads(
            PLAIN.replace("clones: [CLONES]", "main: {cd19: absent}").replace(
                "TREATMENT", CAR.replace("PRODUCT", "tisagenlecleucel")
            ),
            overrides=["parameters.antigen_dimming.CD19=1e-6 1/d"],
        )
    )
    assert (len(names), loss) == (1, set())
