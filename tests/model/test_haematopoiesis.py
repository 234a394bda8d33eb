"""Blood counts, IgG and infections: chains at rest, decay by hand, what chemotherapy and cytokines take."""

import numpy as np
import pytest

from carsim import catalog

from .toxicity_course import QUIET, TREATED, course

COUNTS = ("neutrophils.blood", "platelets.blood", "haemoglobin")
LYMPHODEPLETED = QUIET.replace("treatment:", "treatment:\n  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}")


def value(name):
    return catalog.find_value(name).value


def test_every_chain_at_its_set_point_stays_there():
    """Without leukaemia each count is the patient's base, with cytokines at rest as without any."""
    _, found, made = course(QUIET, outputs=COUNTS)
    for row, base in zip(COUNTS, ("neutrophil_base", "platelet_base", "haemoglobin_base"), strict=True):
        np.testing.assert_allclose(found[row], made.patients.parameters[base][0], rtol=1e-7)


def test_every_chain_starts_where_the_leukaemia_lets_it_be():
    """60 % blasts: each count at its base / (1 + burden)^crowding; it moves by less than 1 % in a day."""
    unprepared = TREATED.replace("  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}\n", "")
    _, found, made = course(unprepared, "run.until=1 d", outputs=COUNTS)
    capacity = value("marrow_cells") * 39.0 / 70.0
    burden = (
        sum(
            made.patients.initial[0, k]
            for k, s in enumerate(made.network.all_species)
            if s.name.startswith("blasts.") and s.name.endswith(".marrow")
        )
        / capacity
    )
    powers = {"platelets.blood": value("chain_crowding.platelets"), "haemoglobin": value("chain_crowding.red_cells")}
    bases = {"platelets.blood": "platelet_base", "haemoglobin": "haemoglobin_base"}
    for row, power in powers.items():
        expected = made.patients.parameters[bases[row]][0] / (1.0 + burden) ** power
        assert found[row][0] == pytest.approx(expected, rel=1e-9)
        np.testing.assert_allclose(found[row], expected, rtol=0.01)


@pytest.mark.parametrize(
    ("row", "stages", "lineage", "life"),
    [
        ("platelets.blood", ("proliferating", "transit1", "transit2"), "platelets", 9.0),
        ("haemoglobin", ("proliferating", "transit"), "red_cells", 120.0),
    ],
)
def test_blood_cells_live_for_their_life_when_the_marrow_is_empty(row, stages, lineage, life):
    days, found, _ = course(
        QUIET,
        f"parameters.stem_supply.{lineage}=0",
        outputs=(row,),
        initial={f"{lineage}.{stage}": 0.0 for stage in stages},
        rtol=1e-10,
        atol_scale=1e-2,
    )
    np.testing.assert_allclose(found[row], found[row][0] * np.exp(-(days - days[0]) / life), rtol=1e-6)


def test_neutropenia_of_the_typical_child_is_as_long_as_published():
    """Below 500/uL for 8 days of the first 60 (published median 9, large-cell lymphoma); platelets to 60,000/uL."""
    days, found, _ = course(TREATED, outputs=COUNTS)
    after = days >= 0.0
    steps, low = np.diff(days[after]), found["neutrophils.blood"][after][1:] < 500.0
    assert 5.0 <= steps[low].sum() <= 13.0
    assert 20_000.0 < found["platelets.blood"][after].min() < 80_000.0
    assert found["neutrophils.blood"][days == 28.0][0] > 1000.0


def test_a_severe_syndrome_makes_counts_fall_a_second_time():
    """Interferon to 2,600 pg/mL: neutrophils 322, 428, 202/uL on days 2, 8, 14; without its effect they recover."""
    names = ("neutrophils.blood", "platelets.blood")
    severe = "parameters.ifn_release=0.2 pg*uL/mL/cells"
    spared = [f"parameters.cytokine_suppression.{lineage}=0 1/d" for lineage in ("neutrophils", "platelets")]
    days, hit, _ = course(TREATED, severe, outputs=names)
    _, free, _ = course(TREATED, severe, *spared, outputs=names)
    at = {day: int(np.searchsorted(days, day)) for day in (2.0, 8.0, 14.0)}
    first, between, second = (hit["neutrophils.blood"][index] for index in at.values())
    assert first < between > second
    assert second < first
    assert free["neutrophils.blood"][at[2.0]] < free["neutrophils.blood"][at[8.0]] < free["neutrophils.blood"][at[14.0]]
    assert hit["platelets.blood"][at[14.0]] < 0.8 * free["platelets.blood"][at[14.0]]


def test_suppression_that_is_off_leaves_counts_to_themselves():
    """The same counts whether or not cytokines are released at all."""
    off = [f"parameters.cytokine_suppression.{lineage}=0 1/d" for lineage in ("neutrophils", "platelets", "red_cells")]
    silent = [f"parameters.{name}_release=0 pg*uL/mL/cells" for name in ("il6", "ifn", "il10")]
    _, loud, _ = course(TREATED, *off, outputs=COUNTS)
    _, quiet, _ = course(TREATED, *silent, outputs=COUNTS)
    for name in COUNTS:
        np.testing.assert_allclose(loud[name], quiet[name], rtol=1e-5)


def test_chemotherapy_takes_from_each_lineage_by_its_sensitivity():
    names = ("platelets.proliferating", "red_cells.proliferating", "drug_hazard.progenitors", "drug_hazard.platelets")
    spared = ("parameters.drug_sensitivity.platelets=0.2", "parameters.stem_supply.platelets=0")
    _, usual, _ = course(LYMPHODEPLETED, outputs=names)
    _, less, _ = course(LYMPHODEPLETED, *spared, outputs=names)
    assert usual["red_cells.proliferating"].min() < 0.99 * usual["red_cells.proliferating"][0]
    np.testing.assert_allclose(less["drug_hazard.platelets"], 0.2 * less["drug_hazard.progenitors"], rtol=1e-12)
    assert usual["platelets.proliferating"].min() < less["platelets.proliferating"].min()


def test_igg_falls_with_its_half_life_to_what_plasma_cells_keep_up():
    days, found, _ = course(QUIET, "run.until=200 d", outputs=("igg",), rtol=1e-10)
    floor = value("igg_base") * value("igg_without_b_cells")
    expected = floor + (value("igg_start") - floor) * 0.5 ** ((days - days[0]) / 21.0)
    np.testing.assert_allclose(found["igg"], expected, rtol=1e-6)


def test_igg_rests_at_its_base_times_what_b_cells_make():
    """B cells of the patient make the rest by saturation in their count."""
    fed = QUIET.replace(", bcell_initial: 0 %", ", bcell_initial: 100 %").replace(
        "parameters: {bcell_production: 0 cells/d}\n", ""
    )
    _, found, _ = course(fed, "run.until=900 d", outputs=("igg", "bcells_blood"))
    b_cells, kept = found["bcells_blood"][-1], value("igg_without_b_cells")
    made = kept + (1.0 - kept) * b_cells / (b_cells + value("igg_b_cell_half"))
    assert found["igg"][-1] == pytest.approx(value("igg_base") * made, rel=1e-3)


def test_rate_of_infections_is_the_sum_of_what_is_lacking():
    _, found, made = course(QUIET, outputs=("infection_rate", "igg"))
    neutrophils = made.patients.parameters["neutrophil_base"][0]
    half = value("infection_neutrophil_half")
    expected = (
        value("infection_rest")
        + value("infection_neutropenia") * (half / (half + neutrophils)) ** 2
        + value("infection_low_igg") * (4.0 / (4.0 + found["igg"])) ** 2
    )
    np.testing.assert_allclose(found["infection_rate"], expected, rtol=1e-9)
    _, low, _ = course(QUIET, "patient.neutrophil_base=100 cells/uL", outputs=("infection_rate",))
    assert (low["infection_rate"] > found["infection_rate"]).all()
