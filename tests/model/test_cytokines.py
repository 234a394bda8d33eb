"""Cytokines, release syndrome, neurotoxicity and the drugs against them: limits by hand and published directions.

Numbers in the docstrings are those measured when the test was written.
"""

import numpy as np
import pytest

from carsim import catalog, spec
from carsim.model.check import check
from carsim.spec.prepare import prepare

from .toxicity_course import QUIET, TREATED, course, with_treatment

TOCILIZUMAB = "{name: toci, give: tocilizumab, at: %g d, dose: 8 mg/kg}"
DEXAMETHASONE = "{name: dexa, give: dexamethasone, at: %g d, dose: 10 mg, every: 6 h, doses: %d}"
SUMMED_UP = (
    "il6",
    "il6_signal",
    "ifn",
    "il10",
    "crs_worst",
    "icans_worst",
    "icans_severity",
    "syndrome.vascular",
    "cart_cells",
)
HIGH = "patient.marrow_blasts=90 %"


def value(name):
    return catalog.find_value(name).value


def summary(text, *overrides, **given):
    """Peaks of each course of interest, the CAR T area to day 28 and the CAR T cells of the last day."""
    days, found, _ = course(text, *overrides, outputs=SUMMED_UP, **given)
    inside = (days >= 0.0) & (days <= 28.0)
    area = np.trapezoid(found["cart_cells"][inside], days[inside])
    return {name: level.max() for name, level in found.items()} | {"area": area, "last": found["cart_cells"][-1]}


@pytest.fixture(scope="module")
def child():
    return summary(TREATED)


@pytest.fixture(scope="module")
def cytokines_of_cd28():
    return summary(TREATED.replace("extends: tisagenlecleucel}", "extends: tisagenlecleucel, costimulation: CD28}"))


def test_cytokines_at_rest_stay_there():
    _, found, made = course(QUIET, outputs=("il6", "ifn", "il10", "syndrome.fever", "icans_severity", "crs_worst"))
    assert check(made.network) == []
    for name in ("il6", "ifn", "il10"):
        np.testing.assert_allclose(found[name], value(f"{name}_rest"), rtol=1e-9)
    signal = value("il6_rest") + value("interferon_weight") * value("ifn_rest")
    np.testing.assert_allclose(found["syndrome.fever"], signal / (signal + value("syndrome_half.fever")), rtol=1e-9)
    np.testing.assert_allclose(found["icans_severity"], found["icans_severity"][0], rtol=1e-7)
    assert (found["crs_worst"] == 0.0).all()


@pytest.mark.parametrize(("name", "rate"), [("il6", 3.96), ("ifn", 1.51), ("il10", 4.68)])
def test_cytokines_decay_at_their_published_rates(name, rate):
    """A level of 1,000 above that of rest falls as exp(-rate t)."""
    above = {name: 1000.0 + value(f"{name}_rest")}
    days, found, _ = course(QUIET, outputs=(name,), initial=above, rtol=1e-10, atol_scale=1e-2)
    excess = found[name][days <= 2.0] - value(f"{name}_rest")
    np.testing.assert_allclose(excess, 1000.0 * np.exp(-rate * (days[days <= 2.0] - days[0])), rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("block", [1.0, 0.9])
def test_a_blocked_receptor_leaves_the_signal_of_others_and_il6_to_rise(block):
    """Rest under full occupancy: what tocilizumab does not block, and IL-6 over the share of its loss that is left."""
    quiet = with_treatment(QUIET, TOCILIZUMAB % 0.0)
    full = ("parameters.tocilizumab_half=1e-9 mg/L", f"parameters.tocilizumab_block={block}")
    _, found, made = course(quiet, *full, outputs=("il6", "il6_signal"), rtol=1e-10)
    assert "tocilizumab.central" in made.network.rows
    assert found["il6_signal"][-1] == pytest.approx((1.0 - block) * found["il6"][-1], rel=1e-6, abs=1e-6)
    assert found["il6"][-1] == pytest.approx(value("il6_rest") / (1.0 - value("il6_receptor_loss")), rel=1e-6)


def test_tocilizumab_follows_its_two_compartments():
    """Without the saturable way: exp of the 2 x 2 system of flows, by hand."""
    quiet = with_treatment(QUIET, (TOCILIZUMAB % 0.0).replace("}", ", share: 0 %}"))
    days, found, made = course(
        quiet,
        "parameters.tocilizumab_saturable_rate=0 mg/d",
        outputs=("tocilizumab.central", "tocilizumab.peripheral"),
        also=[(0.0, "tocilizumab.central", 312.0)],
        rtol=1e-10,
    )
    size, surface = 39.0 / 70.0, 1.25
    clearance = 0.3 * (surface / 1.8) ** 0.7
    first, second, flow = 3.5 * size, 2.9 * size, 0.2 * size
    rates = np.array([[-(clearance + flow) / first, flow / second], [flow / first, -flow / second]])
    values, vectors = np.linalg.eig(rates)
    start = np.linalg.solve(vectors, [312.0, 0.0])
    after = days >= 0.0
    expected = vectors @ (start[:, None] * np.exp(np.outer(values, days[after])))
    np.testing.assert_allclose(found["tocilizumab.central"][after], expected[0], rtol=1e-6)
    np.testing.assert_allclose(found["tocilizumab.peripheral"][after], expected[1], rtol=1e-6, atol=1e-5)
    assert made.network.rows["il6_receptor_occupied"]


@pytest.mark.parametrize("kind", ["tocilizumab", "dexamethasone"])
def test_a_drug_that_is_not_given_has_no_rows(kind):
    _, _, made = course(TREATED, "run.until=1 d", outputs=("il6",))
    assert not [name for name in made.network.rows if name.startswith((kind, "steroid", "il6_receptor"))]


@pytest.mark.parametrize("entry", [TOCILIZUMAB % 3.0, DEXAMETHASONE % (3.0, 4)])
def test_a_drug_that_reaches_nobody_changes_no_number(entry):
    """Its rows are there, for others of a cohort; who does not get it has the course without."""
    outputs = ("il6", "ifn", "cart_cells", "icans_severity", "neutrophils.blood")
    days, without, _ = course(TREATED, outputs=outputs)
    hours, spared, made = course(with_treatment(TREATED, entry.replace("}", ", share: 0 %}")), outputs=outputs)
    assert {"tocilizumab.central", "dexamethasone.effect"} & set(made.network.rows)
    for name in outputs:
        np.testing.assert_allclose(spared[name][np.isin(hours, days)], without[name], rtol=1e-5, atol=1e-6)


def test_without_a_product_there_are_no_cytokines():
    text = QUIET[: QUIET.index("treatment:")] + "run: {until: 2 d}\n"
    made = prepare(spec.loads(text.replace("products: [{name: mine, extends: tisagenlecleucel}]\n", "")))
    absent = ("il6", "ifn", "il10", "syndrome", "crs_", "icans_", "endothelium", "suppression")
    assert not [name for name in made.network.rows if name.startswith(absent)]


def test_release_that_is_off_leaves_cytokines_at_rest():
    zero = [f"parameters.{name}_release=0 pg*uL/mL/cells" for name in ("il6", "ifn", "il10")]
    _, found, _ = course(TREATED, *zero, outputs=("il6", "ifn", "il10"))
    for name, level in found.items():
        np.testing.assert_allclose(level, value(f"{name}_rest"), rtol=1e-6)


def test_burden_raises_il6_and_both_syndromes(child):
    """IL-6 81, 1,470 and 3,200 pg/mL with 6, 60 and 90 % blasts; CRS 1, 2, 3; ICANS severity 0.10, 0.82, 1.18."""
    low, high = summary(TREATED, "patient.marrow_blasts=6 %"), summary(TREATED, HIGH)
    assert low["il6"] < 200.0 < 1000.0 < child["il6"] < 5000.0
    assert low["il6"] < child["il6"] < high["il6"]
    assert (low["crs_worst"], child["crs_worst"], high["crs_worst"]) == (1.0, 2.0, 3.0)
    assert low["icans_severity"] < child["icans_severity"] < high["icans_severity"]


def test_cd28_gives_more_neurotoxicity_than_4_1bb(child, cytokines_of_cd28):
    """The same product with the other domain: severity 0.99 against 0.82, grade 1 against 0."""
    assert cytokines_of_cd28["icans_severity"] > 1.1 * child["icans_severity"]
    assert cytokines_of_cd28["icans_worst"] > child["icans_worst"]


def test_a_shorter_engagement_releases_less(child):
    """Half the dwell of FMC63, everything else alike: IL-6 790 pg/mL instead of 1,470."""
    gentle = TREATED.replace("extends: tisagenlecleucel}", "extends: tisagenlecleucel, arms: {CD19: {dwell: 0.5}}}")
    assert summary(gentle)["il6"] < 0.8 * child["il6"]


def test_few_platelets_raise_neurotoxicity(child):
    """30,000 platelets/uL without leukaemia: severity 0.9 instead of 0.82."""
    few = summary(TREATED, "patient.platelet_base=30000 cells/uL")
    assert few["icans_severity"] > 1.05 * child["icans_severity"]
    assert few["il6"] == pytest.approx(child["il6"], rel=1e-6)


def test_a_rise_twice_as_fast_gives_more_neurotoxicity():
    """IL-6 carried to the same level in two days or in four, by equal additions each quarter of a day."""

    def severity(span):
        steps = int(span * 4)
        # what decays within a quarter of a day is put back, so that the level rises in equal steps to 4,000 pg/mL
        kept = np.exp(-3.96 / 4.0)
        levels = np.concatenate(([0.0], np.minimum(np.arange(1, 33) / steps, 1.0) * 4000.0))
        doses = [(1.0 + k / 4.0, "il6", levels[k + 1] - kept * levels[k]) for k in range(32)]
        _, found, _ = course(QUIET, outputs=("il6", "icans_severity"), also=doses)
        assert found["il6"].max() == pytest.approx(4000.0, rel=0.01)
        return found["icans_severity"].max()

    assert severity(2.0) > 1.03 * severity(4.0)


def test_tocilizumab_ends_the_syndrome_and_leaves_cart_cells_alone():
    """90 % blasts: early tocilizumab takes CRS from 3 to 1, IL-6 from 3,200 to 6,300 pg/mL; CAR T cells as without."""
    untreated = summary(TREATED, HIGH)
    early = summary(with_treatment(TREATED, TOCILIZUMAB % 5.0), HIGH)
    late = summary(with_treatment(TREATED, TOCILIZUMAB % 6.5), HIGH)
    assert early["crs_worst"] < untreated["crs_worst"]
    assert early["syndrome.vascular"] < late["syndrome.vascular"] < untreated["syndrome.vascular"]
    assert early["il6"] > 1.3 * untreated["il6"]
    assert early["icans_severity"] >= untreated["icans_severity"]  # the brain is not protected
    for name in ("cart_cells", "area"):
        assert early[name] == pytest.approx(untreated[name], rel=0.1)


def test_tocilizumab_on_a_grade_ends_it():
    entry = "{name: toci, give: tocilizumab, dose: 8 mg/kg, when: {variable: crs_grade, at_least: 2}}"
    blasts, asked = "patient.marrow_blasts=75 %", ("crs_grade", "crs_worst")
    days, found, _ = course(with_treatment(TREATED, entry), blasts, outputs=asked)
    _, untreated, _ = course(TREATED, blasts, outputs=asked)
    assert (found["crs_worst"][-1], untreated["crs_worst"][-1]) == (2.0, 3.0)
    lasting = np.diff(days)[found["crs_grade"][1:] >= 1.5].sum()
    assert lasting <= 2.0  # seven days without


def test_steroids_lower_both_syndromes_and_in_long_courses_cart_cells(child):
    """Three days from day 7: CAR T area within 10 %; three weeks from day 6: CAR T on day 60 at most three quarters."""
    short = summary(with_treatment(TREATED, DEXAMETHASONE % (7.0, 12)))
    long = summary(with_treatment(TREATED, DEXAMETHASONE % (6.0, 84)))
    assert short["icans_severity"] < child["icans_severity"]
    assert long["syndrome.vascular"] < child["syndrome.vascular"]
    assert short["area"] == pytest.approx(child["area"], rel=0.15)
    assert long["last"] < 0.8 * child["last"]
    assert long["last"] < short["last"]


def test_dexamethasone_acts_after_its_onset():
    """Bateman's function of a dose: half of what is left acts after half a day and a decay with 1.5 d."""
    days, found, _ = course(
        with_treatment(QUIET, "{name: d, give: dexamethasone, at: 0 d, dose: 8 mg, share: 0 %}"),
        also=[(0.0, "dexamethasone.dose", 8.0)],
        outputs=("dexamethasone.dose", "dexamethasone.effect"),
    )
    after = days >= 0.0
    onset, decay = np.log(2.0) / value("dexamethasone_onset"), np.log(2.0) / value("dexamethasone_half_life")
    left, gone = np.exp(-onset * days[after]), np.exp(-decay * days[after])
    np.testing.assert_allclose(found["dexamethasone.dose"][after], 8.0 * left, rtol=1e-6, atol=1e-6)
    expected = 8.0 * onset / (onset - decay) * (gone - left)
    np.testing.assert_allclose(found["dexamethasone.effect"][after], expected, rtol=1e-6, atol=1e-5)


def test_steroids_leave_what_their_effects_say():
    """Full effect at once: release and passage are 1 less their own shares, each by its own parameter."""
    _, found, _ = course(
        with_treatment(QUIET, DEXAMETHASONE % (0.0, 4)),
        "parameters.dexamethasone_release=0.4",
        "parameters.dexamethasone_passage=0.7",
        outputs=("steroid_share", "steroid_release", "steroid_passage"),
    )
    np.testing.assert_allclose(found["steroid_release"], 1.0 - 0.4 * found["steroid_share"], rtol=1e-12)
    np.testing.assert_allclose(found["steroid_passage"], 1.0 - 0.7 * found["steroid_share"], rtol=1e-12)
    assert found["steroid_share"].max() > 0.5


def test_neurotoxicity_worsens_in_some_who_are_treated_when_it_begins():
    """A full marrow and a sensitive endothelium: grade 2, dexamethasone six hours later, and grade 3 in spite of it.

    Steroids that act at once and close the way altogether hold it at grade 2.
    """
    entry = (
        "{name: dexa, give: dexamethasone, at: 6 h, dose: 10 mg, doses: 8, every: 6 h, "
        "when: {variable: icans_grade, at_least: 2}}"
    )
    sick = (HIGH, "parameters.endothelial_half=800 pg/mL")
    at_once = ("parameters.dexamethasone_onset=0.1 d", "parameters.dexamethasone_passage=1")
    asked = {"outputs": ("icans_worst", "icans_severity")}
    treated = course(with_treatment(TREATED, entry), *sick, **asked)[1]
    never = course(TREATED, *sick, **asked)[1]
    perfect = course(with_treatment(TREATED, entry), *sick, *at_once, "parameters.dexamethasone_release=1", **asked)[1]
    assert (perfect["icans_worst"][-1], treated["icans_worst"][-1]) == (2.0, 3.0)
    assert treated["icans_severity"].max() < never["icans_severity"].max()


def test_effect_of_dexamethasone_halves_in_its_half_life():
    days, found, _ = course(
        with_treatment(QUIET, "{name: d, give: dexamethasone, at: 0 d, dose: 8 mg, share: 0 %}"),
        also=[(0.0, "dexamethasone.effect", 8.0)],
        outputs=("dexamethasone.effect", "steroid_share"),
    )
    after = days >= 0.0
    np.testing.assert_allclose(
        found["dexamethasone.effect"][after], 8.0 * 0.5 ** (days[after] / 1.5), rtol=1e-6, atol=1e-6
    )
    half = value("dexamethasone_half") * 39.0 / 70.0
    assert found["steroid_share"][after][0] == pytest.approx(8.0 / (8.0 + half), rel=1e-6)


@pytest.mark.parametrize("scale", sorted(catalog.scales()))
def test_penn_grades_are_the_highest_and_lee_the_lowest_on_one_course(scale):
    def worst(name):
        text = TREATED + f"trial: {{scales: {{crs: {name}}}}}\n"
        return course(text, "run.until=20 d", outputs=("crs_worst",))[1]["crs_worst"][-1]

    assert worst("lee-2014") <= worst(scale) <= worst("penn-2014")
    assert worst("penn-2014") > worst("astct-2019")


def test_ctcae_counts_minor_signs_that_astct_does_not():
    text = TREATED + "trial: {scales: {icans: ctcae}}\n"
    _, found, _ = course(text, "run.until=20 d", outputs=("icans_worst", "icans_severity"))
    minor, mild = value("icans_threshold.minor"), value("icans_threshold.mild")
    assert minor < found["icans_severity"].max() < mild
    assert found["icans_worst"][-1] == 1.0


def test_grades_rise_at_the_threshold_and_fall_at_the_relief():
    _, found, _ = course(
        TREATED,
        "run.every=0.01 d",
        "run.until=16 d",
        outputs=("syndrome.vascular", "crs_vascular", "crs_grade", "crs_worst"),
    )
    severity, grade = found["syndrome.vascular"], found["crs_vascular"]
    begins, ends = value("syndrome_threshold.first"), value("syndrome_threshold.first") * value("syndrome_relief")
    up, down = np.flatnonzero(np.diff(grade) > 0.0), np.flatnonzero(np.diff(grade) < 0.0)
    assert (up.size, down.size) == (1, 1)
    assert severity[up[0]] < begins <= severity[up[0] + 1]
    assert severity[down[0]] >= ends > severity[down[0] + 1]
    assert (np.diff(found["crs_worst"]) >= 0.0).all()
    assert found["crs_worst"][-1] == found["crs_grade"].max().round()
