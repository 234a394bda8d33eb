"""The kinetics that the shipped parameters must show, by the numbers a user reads: endpoints of `carsim.run`.

Published: Stein et al. 2019 (peak 24,000 copies/ug at day 9.3, half-lives 4.3 and 220 d, 1,374, 146 and 110 copies/ug
on days 28, 90 and 180, net growth 0.89 /d). The intervals are those of the calibration's aims.
"""

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq

from carsim import spec
from carsim.pipeline import run

FOLDER = Path(__file__).parents[2] / "scenarios"


def child(*overrides, **values):
    scenario = spec.load(str(FOLDER / "tisagenlecleucel_child.yaml"), overrides)
    return run(scenario.with_(**values) if values else scenario)


def value(data, name):
    return float(data[name].squeeze())


def course(data, name):
    found = data[name].isel(patient=0)
    return found.sum("product") if "product" in found.dims else found


@pytest.fixture(scope="module")
def typical():
    return child()


@pytest.fixture(scope="module")
def adult():
    return run(spec.load(str(FOLDER / "kte_x19_adult.yaml")))


def test_peak_and_exposure(typical):
    assert 8.0 <= value(typical, "cart_peak_day") <= 12.0
    assert 24_000 / 1.5 <= value(typical, "cart_peak_copies") <= 24_000 * 1.5
    assert 172_000 / 1.5 <= value(typical, "cart_auc_0_28_copies") <= 172_000 * 1.5


def test_half_lives(typical):
    assert value(typical, "cart_half_life_fast") == pytest.approx(4.3, rel=0.3)
    assert value(typical, "cart_half_life_slow") == pytest.approx(220.0, rel=0.5)


@pytest.mark.parametrize(("day", "published"), [(28, 1374.0), (90, 146.0), (180, 110.0)])
def test_levels(typical, day, published):
    level = float(course(typical, "cart_copies").sel(time=day))
    assert published / 2.5 <= level <= published * 2.5


def test_net_growth_between_days_3_and_7(typical):
    cells = course(typical, "cart_cells")
    assert 0.6 <= float(np.log(cells.sel(time=7) / cells.sel(time=3))) / 4.0 <= 1.25


@pytest.mark.parametrize("dose", ["3.1e7 cells/kg", "3.1e5 cells/kg"])
def test_tenfold_dose_changes_the_peak_by_less_than_30_percent(typical, dose):
    changed = child(f"treatment.car.dose={dose}")
    assert value(changed, "cart_peak_copies") / value(typical, "cart_peak_copies") == pytest.approx(1.0, abs=0.3)


def test_peak_falls_two_to_tenfold_with_a_tenth_of_the_blasts(typical):
    low = child("patient.marrow_blasts=6 %")
    assert 2.0 <= value(typical, "cart_peak_copies") / value(low, "cart_peak_copies") <= 10.0


def weaker_lymphodepletion(factor):
    return child(
        f"treatment.ld.fludarabine.dose={30 * factor:.10g} mg/m^2",
        f"treatment.ld.cyclophosphamide.dose={500 * factor:.10g} mg/m^2",
    )


def test_poor_lymphodepletion_halves_the_exposure(typical):
    """60 instead of 6 host T cells/uL at infusion."""
    assert float(course(typical, "host_t_cells").sel(time=0)) == pytest.approx(6.0, rel=0.3)

    def excess(factor):
        return np.log(float(course(weaker_lymphodepletion(factor), "host_t_cells").sel(time=0)) / 60.0)

    weak = weaker_lymphodepletion(brentq(excess, 0.2, 0.9, xtol=1e-3))
    assert float(course(weak, "host_t_cells").sel(time=0)) == pytest.approx(60.0, rel=0.02)
    assert value(weak, "cart_auc_0_28_copies") <= value(typical, "cart_auc_0_28_copies") / 2.0


def test_cd28_product_contracts_faster_and_lets_b_cells_return_earlier(typical, adult):
    copies = course(adult, "cart_copies")
    peak = round(value(adult, "cart_peak_day"))
    slope = np.log(float(copies.sel(time=peak + 18)) / float(copies.sel(time=peak + 4))) / 14.0
    assert -np.log(2.0) / slope <= 3.5
    assert 28.0 <= value(adult, "cart_persistence_day") <= 150.0
    assert 7.0 <= peak <= 16.0
    recovered = value(typical, "bcell_recovery_day")
    assert np.isnan(recovered) or value(adult, "bcell_recovery_day") < recovered
    assert np.isfinite(value(adult, "bcell_recovery_day"))


def test_cd28_product_expands_faster_per_stimulated_cell():
    from carsim import catalog

    division = catalog.parameters()["effector_division"].values
    assert division["CD28"].value > division["4-1BB"].value


def test_no_number_of_a_product_depends_on_its_name():
    text = (FOLDER / "tisagenlecleucel_child.yaml").read_text(encoding="utf-8")
    renamed = (
        text.replace("give: tisagenlecleucel", "give: other") + "products: [{name: other, extends: tisagenlecleucel}]\n"
    )
    first, second = run(spec.loads(text)), run(spec.loads(renamed))
    for name in ("cart_peak_copies", "cart_auc_0_28_cells", "cart_persistence_day"):
        assert value(first, name) == value(second, name)
