"""The scenario that `carsim init` writes to start from."""

from __future__ import annotations

from typing import Final

_STARTER: Final = """\
format: carsim/1                      # always the first key
title: My first scenario
about: A child with relapsed B-ALL receives tisagenlecleucel after fludarabine and cyclophosphamide.

patient:                              # or `cohort: {population: paediatric-rr-ball, n: 75}`
  population: paediatric-rr-ball      # supplies every value that is not stated; `carsim list populations`
  age: 11 years
  weight: 39 kg
  body_surface: 1.25 m^2
  egfr: 120 mL/min/1.73m^2
  marrow_blasts: 60 %                 # blasts among nucleated marrow cells before lymphodepletion

leukaemia:
  clones:                             # clones that are there before treatment; remove the lines for none
    - {name: CD19-negative, cd19: absent, fraction: 1e-7}

# parameters:                         # values that differ from the catalogue; `carsim list parameters`
#   memory_death.4-1BB: 0.0032 1/d

treatment:                            # time 0 is the first infusion, earlier is negative
  - name: ld
    give: fludarabine-cyclophosphamide
    fludarabine: {dose: 30 mg/m^2, start: -6 d, doses: 4}
    cyclophosphamide: {dose: 500 mg/m^2, start: -6 d, doses: 2}
  - name: car
    give: tisagenlecleucel            # `carsim list products`
    at: 0 d
    dose: {per_weight: 3.1e6 cells/kg, above: 50 kg, flat: 1e8 cells}

run:
  until: 12 months                    # see everything that was filled in: `carsim validate --resolved FILE`
"""


def starter() -> str:
    """Return the text of a commented scenario that validates."""
    return _STARTER
