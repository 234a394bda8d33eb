"""A new antigen is one table in the catalogue: here a fourth one, end to end, in a copy of the package."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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
products: [{name: new, extends: tisagenlecleucel, arms: {CD19: null, CD99: {half_density: 2000 molecules, steepness: 1.5,
  efficiency: 1}}}]
leukaemia: {clones: [{name: late, cd99: absent, fraction: 1e-6}]}
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: new, dose: 3e6 cells/kg}
run: {until: 8 months}
"""
PROGRAM = """
import sys
import carsim
data = carsim.run(carsim.loads(sys.stdin.read()))
print(sorted(data["clone"].values.tolist()))
print(data["clone_cd99"].sel(clone="late").item(), data["relapse_cd99"].item(), data["relapse_phenotype"].item())
"""


def test_a_new_antigen_is_one_table(tmp_path):
    package = tmp_path / "carsim"
    shutil.copytree(Path(carsim.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    table = TABLE + "".join(
        NUMBER.format(cells=cells, name=name, value=value)
        for cells, median, spread in DENSITIES
        for name, value in (("median", median), ("log_sd", spread))
    )
    with (package / "catalog" / "data" / "antigens.toml").open("a", encoding="utf-8") as file:
        file.write(table)
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        input=SCENARIO,
        text=True,
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert found.returncode == 0, found.stderr
    clones, words = found.stdout.splitlines()
    assert clones == "['CD19-positive', 'CD99-dim', 'late']"
    assert words == "absent negative CD99-negative"
