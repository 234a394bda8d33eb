"""Each shipped scenario shows what its own sentence says, by the endpoints that a user reads."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from carsim import spec
from carsim.pipeline import run

FOLDER = Path(__file__).parents[2] / "scenarios"


@lru_cache
def result(name):
    return run(spec.load(str(FOLDER / f"{name}.yaml")))


def number(name, endpoint):
    return float(result(name)[endpoint].squeeze())


def word(name, endpoint):
    return str(result(name)[endpoint].values.squeeze())


def test_every_shipped_scenario_is_checked_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in FOLDER.glob("*.yaml") if f'"{path.stem}"' not in text] == []


@pytest.mark.parametrize(
    "name", ["tisagenlecleucel_child", "antigen_escape", "durable_remission", "cd19_positive_relapse", "kte_x19_adult"]
)
def test_remission_at_day_28(name):
    assert word(name, "response_day28") == "CR/CRi"


def test_antigen_escape_is_a_cd19_negative_relapse_months_later_with_cart_cells_present():
    assert word("antigen_escape", "relapse_phenotype") == "CD19-negative"
    assert 100.0 < number("antigen_escape", "relapse_day") < 365.0
    assert number("antigen_escape", "cart_persistence_day") > number("antigen_escape", "relapse_day")


def test_durable_remission_lasts_two_years_and_the_leukaemia_is_gone():
    data = result("durable_remission")
    assert np.isnan(number("durable_remission", "relapse_day"))
    assert float(data["time"][-1]) > 700.0
    assert float(data["blasts"].isel(patient=0, time=-1).sum()) < 1.0


def test_cd19_positive_relapse_follows_lost_persistence_and_returning_b_cells():
    name = "cd19_positive_relapse"
    assert word(name, "relapse_phenotype") == "CD19-positive"
    assert number(name, "cart_persistence_day") < 200.0
    assert number(name, "cart_persistence_day") < number(name, "relapse_day") < 731.0
    assert np.isfinite(number(name, "bcell_recovery_day"))


@pytest.mark.parametrize("name", ["low_fludarabine_exposure", "no_lymphodepletion"])
@pytest.mark.parametrize("endpoint", ["cart_auc_0_28_copies", "cart_auc_0_28_cells"])
def test_weaker_lymphodepletion_lowers_the_exposure_to_cart_cells(name, endpoint):
    assert number(name, endpoint) < 0.9 * number("tisagenlecleucel_child", endpoint)


def test_child_expands_some_thousandfold_by_day_10_and_persists_for_months():
    cells = result("tisagenlecleucel_child")["cart_cells"].isel(patient=0).sum("product")
    engrafted = float(cells.sel(time=slice(0.9, 1.6)).min())
    assert 7.0 < number("tisagenlecleucel_child", "cart_peak_day") < 12.0
    assert float(cells.max()) > 100.0 * engrafted
    assert number("tisagenlecleucel_child", "cart_persistence_day") > 180.0


def test_isolated_disease_of_the_nervous_system_expands_little_and_answers_in_the_fluid():
    name = "isolated_cns_relapse"
    assert number(name, "cart_auc_0_28_cells") < 0.05 * number("tisagenlecleucel_child", "cart_auc_0_28_cells")
    fluid = result(name)["csf_blasts"].isel(patient=0)
    assert float(fluid.sel(time=28.0)) < 0.1 * float(fluid[0])


def test_immature_progenitors_make_no_relapse_where_a_clone_of_their_size_does():
    data = result("immature_progenitors")
    first = data["blasts"].isel(patient=0, time=0).sum("site")
    assert float(first.sel(clone="immature") / first.sum()) == pytest.approx(1e-4, rel=0.01)
    assert np.isnan(number("immature_progenitors", "relapse_day"))
    scenario = spec.load(str(FOLDER / "immature_progenitors.yaml"), ["leukaemia.clones.immature.reversion="])
    heritable = run(scenario)
    assert heritable["relapse_phenotype"].values[0] == "CD19-negative"
    assert float(heritable["relapse_day"][0]) < 150.0


def test_kte_x19_is_gone_within_months_and_b_cells_return():
    assert 28.0 < number("kte_x19_adult", "cart_persistence_day") < 150.0
    assert number("kte_x19_adult", "bcell_recovery_day") < 200.0
