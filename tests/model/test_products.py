"""What products differ in: domains, composition, dwell; arms that see by OR; the catalogue's products end to end.

Numbers in the docstrings are those measured when the test was written.
"""

import numpy as np
import pytest

from carsim import catalog, spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.spec.prepare import cast_of, prepare

TREATED = """
format: carsim/1
title: One product
patient: {{population: paediatric-rr-ball}}
products: [{{name: mine, {product}}}]
treatment:
  - {{name: ld, give: fludarabine-cyclophosphamide, at: -6 d}}
  - {{name: car, give: mine, dose: 3.1e6 cells/kg}}
run: {{until: {until} d}}
"""


def scenario(product, *overrides, until=60):
    return spec.loads(TREATED.format(product=product, until=until), overrides=overrides)


def course(product, *overrides, outputs, until=60):
    made = prepare(scenario(product, *overrides, until=until))
    options = Options(rtol=1e-9)
    found = simulate(
        made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=outputs, options=options
    )
    assert found.status[0] == 0
    return made.times, dict(zip(outputs, found.values[0].T, strict=True))


def rows(product, *overrides):
    network = build("rows", cast_of(scenario(product, *overrides)))
    return list(network.rows), [reaction.name for reaction in network.reactions]


def test_third_generation_has_the_geometric_mean_of_its_domains():
    """effector_death: sqrt(0.08593 * 0.2575) = 0.14875 /d."""
    numbers = cast_of(scenario("extends: cd19-third-generation")).numbers
    expected = np.sqrt(numbers["effector_death.4-1BB"].value * numbers["effector_death.CD28"].value)
    _, out = course("extends: cd19-third-generation", outputs=["effector_death.mine"], until=1)
    assert out["effector_death.mine"] == pytest.approx(expected, rel=1e-14)


def test_third_generation_lies_between_its_domains():
    """CAR T cells/uL on day 90 with one binder."""
    arms = "arms: {CD19: {half_density: 2000 molecules}}"
    level = {}
    for domain in ("CD28", "CD28 and 4-1BB", "4-1BB"):
        product = f"extends: tisagenlecleucel, costimulation: {domain}, {arms}"
        level[domain] = course(product, outputs=["cart_cells"], until=90)[1]["cart_cells"][-1]
    assert level["CD28"] < level["CD28 and 4-1BB"] < level["4-1BB"]


def test_two_chains_of_one_domain_are_one():
    """A bicistronic product whose chains have the same domain is, row for row, the product with one chain."""
    one = "extends: cd19-22-tandem"
    two = f"{one}, arms: {{CD19: {{costimulation: 4-1BB}}, CD22: {{costimulation: 4-1BB}}}}"
    assert rows(two) == rows(one)


def test_each_chain_of_a_bicistronic_product_brings_its_domain():
    """CD28 under CD19 and 4-1BB under CD22 is the third-generation mean, whatever the product says."""
    chains = "extends: auto3, costimulation: OX40, arms: {CD19: {costimulation: CD28}, CD22: {costimulation: 4-1BB}}"
    mixed = "extends: auto3, costimulation: CD28 and 4-1BB, arms: {CD19: {costimulation: }, CD22: {costimulation: }}"
    assert rows(chains) == rows(mixed)
    assert cast_of(scenario(chains)).products[0].domains == ("CD28", "4-1BB")


def test_oxford_forty_behaves_as_4_1bb():
    one, two = (
        course(f"extends: tisagenlecleucel, costimulation: {d}", outputs=["cart_cells"]) for d in ("4-1BB", "OX40")
    )
    np.testing.assert_array_equal(one[1]["cart_cells"], two[1]["cart_cells"])


def test_composition_scales_division_by_hand():
    """At CD4:CD8 4 and exponent 0.1 division is 4^-0.1 = 0.8706 of that of a 1:1 product."""
    _, out = course(
        "extends: tisagenlecleucel, cd4_to_cd8: {median: 4, log_sd: 0}",
        outputs=["effector_division_rate.mine", "memory_renewal_rate.mine"],
        until=1,
    )
    numbers = cast_of(scenario("extends: tisagenlecleucel")).numbers
    for name, values in out.items():
        expected = numbers[f"{name.split('_rate')[0]}.4-1BB"].value * 4.0**-0.1
        assert values == pytest.approx(expected, rel=1e-14)


def test_more_cd8_expands_more():
    """Peak in cells/uL at CD4:CD8 1:3, 1 and 3."""
    peak = [
        course(f"extends: tisagenlecleucel, cd4_to_cd8: {{median: {ratio}}}", outputs=["cart_cells"])[1][
            "cart_cells"
        ].max()
        for ratio in (1 / 3, 1, 3)
    ]
    assert peak[0] > peak[1] > peak[2]


def test_defined_composition_has_no_rows_and_an_undefined_one_the_same_course():
    defined, undefined = (f"extends: {name}" for name in ("jcar014", "cd19-bbz"))
    assert not any("composition" in row or "cd4_to_cd8" in row for row in rows(defined)[0])
    assert "composition_factor.mine" in rows(undefined)[0]
    one, two = (course(product, outputs=["cart_cells", "blasts_total"]) for product in (defined, undefined))
    for name, values in one[1].items():
        np.testing.assert_array_equal(values, two[1][name])


def test_composition_is_drawn_per_patient_and_only_where_patients_differ():
    text = TREATED.format(product="extends: tisagenlecleucel", until=60)
    text = text.replace("patient: {population: paediatric-rr-ball}", "cohort: {population: paediatric-rr-ball, n: 200}")
    drawn = prepare(spec.loads(text)).patients.parameters["cd4_to_cd8.mine"]
    assert np.log(drawn).std() == pytest.approx(0.7, rel=0.15)
    same = prepare(spec.loads(text, overrides=["cohort.variability=false"])).patients.parameters["cd4_to_cd8.mine"]
    assert (same == 1.0).all()


def test_low_affinity_binder_exhausts_less():
    """Exhausted cells per effector over the first month, dwell 0.5 against 1; by hand the rate constant is halved."""
    names = ["cart.mine.exhausted.marrow", "cart.mine.effector.marrow"]
    share = {}
    for dwell in (0.5, 1.0):
        days, out = course(f"extends: tisagenlecleucel, arms: {{CD19: {{dwell: {dwell}}}}}", outputs=names, until=28)
        share[dwell] = np.trapezoid(out[names[0]], days) / np.trapezoid(out[names[1]], days)
    assert share[0.5] < 0.8 * share[1.0]
    _, out = course("extends: obecabtagene-autoleucel", outputs=["exhaustion_rate.mine"], until=1)
    assert out["exhaustion_rate.mine"] == pytest.approx(0.5 * catalog.find_value("exhaustion.4-1BB").value, rel=1e-14)


def test_dwell_of_one_has_no_rows():
    assert not any("dwell" in row or "exhaustion_rate" in row for row in rows("extends: tisagenlecleucel")[0])


def test_mean_dwell_of_two_binders():
    arms = "arms: {CD19: {dwell: 0.5}, CD22: {dwell: 1.5}}"
    _, out = course(f"extends: cd19-22-tandem, {arms}", outputs=["dwell.mine"], until=1)
    assert out["dwell.mine"] == pytest.approx(1.0, rel=1e-14)


LOW = "leukaemia: {clones: [{name: gone, cd19: absent, cd22: 300 molecules, fraction: 1e-4}]}\n"


@pytest.mark.parametrize(("efficiency", "escapes"), [(0.02, True), (1.0, False)])
def test_a_strong_cd22_arm_kills_what_a_weak_one_lets_escape(efficiency, escapes):
    """CD19-negative, CD22-low clone (300 molecules) from 1e-4 of the blasts, on day 120: 180-fold or 1.5e-6 of it."""
    arms = f"arms: {{CD22: {{half_density: 300 molecules, efficiency: {efficiency}}}}}"
    text = TREATED.format(product=f"extends: cd19-22-tandem, {arms}", until=120) + LOW
    made = prepare(spec.loads(text))
    found = simulate(
        made.network,
        t=made.times,
        schedule=made.schedule,
        patients=made.patients,
        outputs=["blasts_total.gone"],
        options=Options(rtol=1e-8),
    )
    start, end = found.values[0, 0, 0], found.values[0, -1, 0]
    assert (end > 10.0 * start) if escapes else (end < 1e-5 * start)


@pytest.mark.parametrize("name", list(catalog.products()))
def test_every_product_of_the_catalogue_expands(name):
    _, out = course(f"extends: {name}", outputs=["cart_cells"], until=15)
    assert out["cart_cells"].max() > 1.0


@pytest.mark.parametrize(
    ("alias", "product"),
    [
        ("cd22-bbz-m971", "cd22-bbz"),
        ("CTL119", "hucart19"),
        ("obe-cel", "obecabtagene-autoleucel"),
        ("CART22-65s", "cart22-65s"),
        ("kymriah", "tisagenlecleucel"),
    ],
)
def test_aliases_lead_to_one_entry(alias, product):
    assert catalog.find_product(alias).name == product


def test_donor_products_are_those_of_donors():
    donors = {name for name, product in catalog.products().items() if product.donor == "allogeneic"}
    assert donors == {"ucart19", "ucart22"}
