"""Networks for single cells: cells killed by what they show, pure birth with lineages, and conjugates."""

from __future__ import annotations

import numpy as np

from carsim.model.network import Network
from carsim.model.processes.conjugation import add_conjugates
from carsim.model.processes.kinetics import first_order
from carsim.model.processes.recognition import share_seen

HALF, STEEPNESS, MEDIAN = 2000.0, 2.0, 2000.0  # molecules, 1, molecules


def seen(scores, log_sd):
    """Share with which a cell of these scores is seen: the law, by hand."""
    return 1.0 / (1.0 + (HALF / (MEDIAN * np.exp(log_sd * np.asarray(scores)))) ** STEEPNESS)


def shown(cells: int, log_sd: float, heritability: float = 1.0, pressure: float = 1.0, birth: float = 0.0) -> Network:
    """Cells that are killed at `pressure` times the share with which they are seen, and divide at `birth`."""
    net = Network("shown cells")
    cell = net.species("cells", unit="cells", initial=cells)
    median = net.parameter("density", MEDIAN, unit="molecules")
    spread = net.parameter("density_log_sd", log_sd)
    half = net.parameter("half", HALF, unit="molecules")
    steepness = net.parameter("steepness", STEEPNESS)
    hazard = net.total(
        "hazard",
        [
            (
                net.quantity(
                    "recognition",
                    share_seen(density_median=median, density_log_sd=spread, half_density=half, steepness=steepness),
                ),
                net.parameter("pressure", pressure, unit="1/d"),
            )
        ],
        unit="1/d",
    )
    net.reaction("kill", consumes={cell: 1}, rate=first_order(rate_constant=hazard, amount=cell))
    if birth > 0.0:
        rate = first_order(rate_constant=net.parameter("birth", birth, unit="1/d"), amount=cell)
        net.reaction("birth", produces={cell: 1}, rate=rate)
    net.trait("CD19", [cell], median=median, log_sd=spread, heritability=heritability)
    return net


def pure_birth(founders: int, rate: float) -> Network:
    """Cells that divide."""
    net = Network("pure birth")
    cell = net.species("cells", unit="cells", initial=founders)
    net.reaction("birth", produces={cell: 1}, rate=first_order(rate_constant=net.parameter("birth", rate), amount=cell))
    return net


def crowded(side: int, birth: float, founders: int = 1) -> Network:
    """Cells on a lattice that divide where there is room beside them."""
    net = Network("crowded")
    cell = net.species("cells", unit="cells", initial=founders)
    rate = first_order(rate_constant=net.parameter("birth", birth, unit="1/d"), amount=cell)
    net.reaction("birth", produces={cell: 1}, rate=rate)
    net.lattice("marrow", [cell], side)
    return net


def conjugates(killers: float, targets: float, meeting: float, parting: float, killing: float) -> Network:
    """Killers and targets that meet, part, or end in a kill, in a unit volume."""
    net = Network("conjugates")
    killer = net.species("killers", unit="cells", initial=killers)
    target = net.species("targets", unit="cells", initial=targets)
    rates = {
        "meeting": net.parameter("meeting", meeting, unit="uL/cells/d"),
        "parting": net.parameter("parting", parting, unit="1/d"),
        "killing": net.parameter("killing", killing, unit="1/d"),
        "volume": net.parameter("volume", 1.0, unit="uL"),
    }
    add_conjugates(net, "conjugates", killer, target, **rates)
    return net
