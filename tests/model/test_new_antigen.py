"""A new antigen is one table in the catalogue: here a fourth one, end to end, in a copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import carsim

TABLE = """
[CD99]
meaning = "an antigen of this test alone"
"""
NUMBER = """
[CD99.densities.{cells}.{name}]
value = {value}
range = [0.1, 1e6]
grade = "assumed"
source = "carsim-assumption"
reason = "Only to show that one table is enough."
"""
DENSITIES = (("blasts", 8000.0, 0.5), ("dim-blasts", 1600.0, 0.5))
SCENARIO = """
format: carsim/1
title: a fourth antigen
patient: {population: paediatric-rr-ball}
products:
  - name: new
    extends: tisagenlecleucel
    arms: {CD19: null, CD99: {half_density: 2000 molecules, steepness: 1.5, efficiency: 1}}
leukaemia: {clones: [{name: late, cd99: absent, fraction: 1e-6}]}
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: new, dose: 3e6 cells/kg}
run: {until: 8 months}
"""
BUILD = """
import sys
import carsim
from carsim.dataset.variables import VARIABLES
from carsim.endpoints import REGISTRY
from carsim.pipeline import words_of_clones
from carsim.spec.prepare import prepare
made = prepare(carsim.loads(sys.stdin.read()))
print(sorted(words_of_clones(made.cast)["clone_phenotype"].items()))
print("seen.new.CD19-positive.CD99" in made.network.rows, "seen.new.late.CD99" in made.network.rows)
print(sorted(r.name for r in made.network.reactions if r.name.startswith("loss.") and r.name.endswith("marrow")))
print("relapse_cd99" in REGISTRY, "relapse_cd99" in VARIABLES, "clone_cd99" in VARIABLES)
"""
RUN = """
import sys
import carsim
data = carsim.run(carsim.loads(sys.stdin.read()))
print(data["clone_cd99"].sel(clone="late").item(), data["relapse_cd99"].item(), data["relapse_phenotype"].item())
"""


def in_a_copy(folder, program):
    """What a program prints that runs on a copy of the package with the fourth antigen."""
    package = folder / "carsim"
    shutil.copytree(Path(carsim.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    table = TABLE + "".join(
        NUMBER.format(cells=cells, name=name, value=value)
        for cells, median, spread in DENSITIES
        for name, value in (("median", median), ("log_sd", spread))
    )
    with (package / "catalog" / "data" / "antigens.toml").open("a", encoding="utf-8") as file:
        file.write(table)
    found = subprocess.run(
        [sys.executable, "-c", program],
        input=SCENARIO,
        text=True,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(folder)},
    )
    assert found.returncode == 0, found.stderr
    return found.stdout.splitlines()


def test_a_new_antigen_is_one_table(tmp_path):
    names, recognised, lost, declared = in_a_copy(tmp_path, BUILD)
    assert names == "[('CD19-positive', 'CD19-positive'), ('CD99-dim', 'CD99-dim'), ('late', 'CD99-negative')]"
    assert recognised == "True False"
    assert lost == "['loss.CD19-positive.late.marrow', 'loss.CD99-dim.late.marrow']"
    assert declared == "True True True"


@pytest.mark.full
def test_escape_from_a_product_against_a_new_antigen_is_named_by_it(tmp_path):
    assert in_a_copy(tmp_path, RUN) == ["absent negative CD99-negative"]
