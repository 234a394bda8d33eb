"""Build the network of a model from its cast: the list of processes, in the order in which they refer to others."""

from __future__ import annotations

import importlib
import pkgutil

from carsim.model import processes
from carsim.model.body import Body, Cast
from carsim.model.law import Law
from carsim.model.network import Network
from carsim.model.processes import (
    activation,
    ageing,
    alemtuzumab,
    anatomy,
    antigen_loss,
    assays,
    bcells,
    blinatumomab,
    bridging,
    bystander,
    cerebrospinal_fluid,
    cyclophosphamide,
    cytokines,
    domains,
    dosing,
    exhaustion,
    expansion,
    fludarabine,
    hazards,
    homeostasis,
    immunity,
    immunoglobulin,
    infection,
    infusion,
    inotuzumab,
    intrathecal,
    killing,
    leukaemia,
    lymphodepletion,
    marrow_suppression,
    memory,
    neurotoxicity,
    neutrophils,
    platelets,
    populations,
    recognition,
    red_cells,
    release_syndrome,
    response,
    steroids,
    stimulation,
    tocilizumab,
    traffic,
    transplant,
    triggers,
    trogocytosis,
)

STEPS = (
    anatomy.add,
    populations.add,
    cerebrospinal_fluid.add,
    bcells.state,
    recognition.add,
    stimulation.add,
    homeostasis.add,
    domains.add,
    steroids.add,
    ageing.state,
    infusion.add,
    activation.add,
    expansion.add,
    memory.add,
    exhaustion.add,
    ageing.add,
    traffic.add,
    marrow_suppression.add,
    killing.press,
    bystander.add,
    killing.add,
    leukaemia.add,
    antigen_loss.add,
    trogocytosis.add,
    bcells.add,
    tocilizumab.add,
    cytokines.add,
    release_syndrome.add,
    neutrophils.add,
    platelets.add,
    red_cells.add,
    neurotoxicity.add,
    fludarabine.add,
    cyclophosphamide.add,
    lymphodepletion.add,
    assays.add,
    immunity.add,
    immunoglobulin.add,
    infection.add,
    blinatumomab.add,
    inotuzumab.add,
    alemtuzumab.add,
    bridging.add,
    intrathecal.add,
    dosing.add,
    response.add,
    hazards.add,
    transplant.add,
    triggers.add,
)


def build(title: str, cast: Cast) -> Network:
    """The network of a cast."""
    body = Body(Network(title), cast)
    for step in STEPS:
        step(body)
    return body.net.seal()


def laws() -> tuple[Law, ...]:
    """Every law of the model's processes, in order of module and statement: what code is generated from."""
    names = [f"{processes.__name__}.{module.name}" for module in pkgutil.iter_modules(processes.__path__)]
    return tuple(
        value
        for name in names
        for value in vars(importlib.import_module(name)).values()
        if isinstance(value, Law) and value.function.__module__ == name
    )
