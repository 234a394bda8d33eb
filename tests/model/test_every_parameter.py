"""No parameter of the catalogue acts on nothing: a model of everything at once has a row for each of them."""

from carsim import catalog, spec
from carsim.spec.prepare import prepare

EVERYTHING = """
format: carsim/1
title: everything
cohort: {population: paediatric-rr-ball, n: 1, shares: {kmt2a-rearranged: 100 %}}
leukaemia: {sites: {CNS: {csf: 10 cells/uL}, extramedullary: {cells: 1e10 cells}}}
treatment:
  - {name: bridge, give: bridging, at: -20 d}
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: alemtuzumab, give: alemtuzumab, dose: 0.2 mg/kg, start: -6 d, doses: 2}
  - {name: car, give: auto3, at: 0 d, dose: 3e6 cells/kg}
  - {name: intrathecal, give: intrathecal, at: 10 d}
  - {name: toci, give: tocilizumab, when: {variable: crs_grade, at_least: 2}}
  - {name: dexa, give: dexamethasone, dose: 10 mg, when: {variable: icans_grade, at_least: 1}}
  - {name: blinatumomab, give: blinatumomab, flat: 28 ug/d, at: 60 d}
  - {name: igg, give: immunoglobulin, dose: 0.4 g/kg, at: 90 d}
  - {name: inotuzumab, give: inotuzumab, dose: 0.5 mg/m^2, at: 100 d}
  - {name: donor, give: ucart19, at: 200 d, dose: 3e6 cells/kg}
  - {name: transplant, give: hsct, at: 300 d}
parameters: {bystander: 0.01, marrow_suppression: 0.1 1/d, trogocytosis: 0.5, replicative_limit: 30,
  exhaustion_recovery: 0.01 1/d}
run: {until: 301 d}
"""


def test_every_parameter_of_the_catalogue_is_in_a_model_of_everything():
    made = prepare(spec.loads(EVERYTHING))
    there = {row.name.partition(".")[0] for row in made.network.parameters}
    assert set(catalog.parameters()) - there == set()
