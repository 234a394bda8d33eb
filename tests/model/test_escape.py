"""How relapse arises: what persistence does to the phenotype of relapse, and what no selection leaves.

Where a clone's fate hangs on single cells, the size of the pools decides here: the share of patients that carry a
CD19-negative clone at all, and how many cells it has.
"""

from collections import Counter

import numpy as np
import pytest

import carsim

TEXT = """
format: carsim/1
title: Escape and loss of persistence
cohort: {population: paediatric-rr-ball, n: 40}
leukaemia:
  clones: [{name: CD19-negative, cd19: absent, fraction: 1e-7, fraction_log_sd: 2, prevalence: 30 %}]
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, fludarabine: {start: -6 d}, cyclophosphamide: {start: -6 d}}
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 3e6 cells/kg}
run: {until: 24 months, seed: 3}
"""

TYPICAL = """
format: carsim/1
title: The typical child
patient: {population: paediatric-rr-ball}
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, fludarabine: {start: -6 d}, cyclophosphamide: {start: -6 d}}
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 3e6 cells/kg}
run: {until: 12 months}
"""


@pytest.fixture(scope="module")
def whole() -> carsim.Scenario:
    return carsim.loads(TEXT)


def test_longer_persistence_turns_relapse_from_cd19_positive_to_cd19_negative(whole) -> None:
    """The same patients without rejection, and without memory: 4 and 7 relapses with CD19, 8 and 8 without."""
    long = carsim.run(whole.with_(**{"parameters.immunity_growth.murine": "0 1/d"}))
    short = carsim.run(whole.with_(**{"parameters.memory_formation.4-1BB": "0 1/d"}))
    assert np.nanmedian(long.cart_persistence_day) > 2.0 * np.nanmedian(short.cart_persistence_day)
    assert (long.best_response.values == short.best_response.values).all()  # persistence is not what brings remission
    found = [Counter(data.relapse_cd19.values.tolist()) for data in (long, short)]
    assert found[0]["positive"] < found[1]["positive"]
    shares = [count["negative"] / (count["negative"] + count["positive"]) for count in found]
    assert shares[0] > shares[1]


def test_without_killing_the_share_of_every_clone_stays(whole) -> None:
    """Clones that grow alike and are not selected keep their shares of the whole: 1e-7 stays 1e-7 for two months."""
    changes = {"cohort.n": 1, "cohort.variability": False, "run.until": "60 d", "parameters.kill_max": "0 1/d"}
    changes |= {"run.engine": "ode"}  # without the chances of ten thousand cells
    changes |= {"leukaemia.clones.CD19-negative.prevalence": 1, "leukaemia.clones.CD19-negative.fraction_log_sd": 0}
    changes |= {"parameters.antigen_loss.CD19": 0, "parameters.antigen_dimming.CD19": "0 1/d"}
    data = carsim.run(whole.with_(**changes))
    cells = data.blasts.sum("site").isel(patient=0)
    shares = cells.sel(clone="CD19-negative") / cells.sum("clone")
    assert shares.values == pytest.approx(np.full(data.time.size, float(shares[0])), rel=1e-6)
    assert float(shares[0]) == pytest.approx(1e-7, rel=0.05)


@pytest.mark.parametrize("burden", ["5 %", "20 %", "60 %"])
def test_few_blasts_are_cleared_as_many_are(burden) -> None:
    """A low burden expands CAR T cells less (10 cells/uL at 5 %, 92 at 60 %) and is cleared all the same."""
    data = carsim.run(carsim.loads(TYPICAL).with_(**{"patient.marrow_blasts": burden}))
    assert float(data.mrd_day28[0]) < 1e-4
    assert np.isnan(float(data.relapse_day[0]))
