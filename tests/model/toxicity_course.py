"""Courses of a child's toxicity, for the tests of cytokines, syndromes, drugs against them and counts."""

from __future__ import annotations

import numpy as np

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.spec.prepare import prepare

TREATED = """
format: carsim/1
title: Toxicity
patient: {population: paediatric-rr-ball}
products: [{name: mine, extends: tisagenlecleucel}]
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: mine, dose: 3.1e6 cells/kg}
run: {until: 60 d}
"""
# A product in the model that is never given, and nothing that it could see: cytokines and counts at rest.
QUIET = """
format: carsim/1
title: Rest
patient: {population: paediatric-rr-ball, marrow_blasts: 0 %, bcell_initial: 0 %}
products: [{name: mine, extends: tisagenlecleucel}]
parameters: {bcell_production: 0 cells/d}
treatment:
  - {name: car, give: mine, dose: 1 cells/kg, share: 0 %}
run: {until: 40 d}
"""


def with_treatment(text: str, *entries: str) -> str:
    """The scenario with further entries of its treatment."""
    added = "".join(f"  - {entry}\n" for entry in entries)
    return text.replace("run:", f"{added}run:")


def course(text, *overrides, outputs, also=(), initial=(), rtol=1e-9, atol_scale=1.0):
    """Days and outputs of one patient; `also` are changes (day, row, amount to add), `initial` start values by row.

    `atol_scale`: below one where a level is compared more closely than its own tolerance, which outputs use up.
    """
    made = prepare(spec.loads(text, overrides=overrides))
    names = [species.name for species in made.network.all_species]
    for row, value in dict(initial).items():
        made.patients.initial[:, names.index(row)] = value
    schedule = made.schedule
    if also:
        from carsim.treatment.schedule import Schedule

        given = [
            (float(t), "add" if o == 0 else "set" if o == 1 else "scale", schedule.rows[k], float(a), str(label))
            for t, o, k, a, label in zip(
                schedule.times[0],
                schedule.operations[0],
                schedule.targets[0],
                schedule.amounts[0],
                schedule.labels[0],
                strict=True,
            )
            if np.isfinite(t)
        ]
        schedule = Schedule.of([*given, *((day, "add", row, amount, row) for day, row, amount in also)])
    found = simulate(
        made.network,
        t=made.times,
        schedule=schedule,
        patients=made.patients,
        outputs=outputs,
        options=Options(rtol=rtol, atol_scale=atol_scale),
    )
    assert found.status[0] == 0, found.problem(0)
    return made.times, dict(zip(outputs, found.values[0].T, strict=True)), made
