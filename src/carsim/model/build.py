"""Build the network of a model from its cast: the list of processes, in the order in which they refer to others."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from carsim.model import processes
from carsim.model.body import Body, Clone, Density, Lineage, Number, Product
from carsim.model.law import Law
from carsim.model.network import Network
from carsim.model.processes import (
    activation,
    anatomy,
    antigen_loss,
    assays,
    bcells,
    cyclophosphamide,
    exhaustion,
    expansion,
    fludarabine,
    homeostasis,
    infusion,
    killing,
    leukaemia,
    lymphodepletion,
    memory,
    neutrophils,
    populations,
    recognition,
    stimulation,
    traffic,
)

STEPS = (
    anatomy.add,
    populations.add,
    bcells.state,
    recognition.add,
    stimulation.add,
    homeostasis.add,
    infusion.add,
    activation.add,
    expansion.add,
    memory.add,
    exhaustion.add,
    traffic.add,
    killing.add,
    leukaemia.add,
    antigen_loss.add,
    bcells.add,
    neutrophils.add,
    fludarabine.add,
    cyclophosphamide.add,
    lymphodepletion.add,
    assays.add,
)


def build(
    title: str,
    products: tuple[Product, ...],
    clones: tuple[Clone, ...],
    lineage: Lineage,
    healthy: Mapping[str, Density],
    numbers: Mapping[str, Number],
    sources: Mapping[str, str],
) -> Network:
    """The network of these products and clones, with every parameter row taken from `numbers` (path -> Number).

    `sources` says where the numbers of single products and clones come from, by name of the row.
    """
    body = Body(Network(title), products, clones, lineage, healthy, numbers, sources)
    for step in STEPS:
        step(body)
    return body.net.seal()


def laws() -> tuple[Law, ...]:
    """Every law of the model's processes, in order of module and statement: what code is generated from."""
    found: dict[str, Law] = {}
    for module in pkgutil.iter_modules(processes.__path__):
        for value in vars(importlib.import_module(f"{processes.__name__}.{module.name}")).values():
            if isinstance(value, Law):
                found.setdefault(value.name, value)
    return tuple(found.values())
