"""Conjugates: a killer and a target meet, stay together, and part, or the target dies; the killer goes on to the next.

encounter     E + L -> C    meeting * E * L / volume
parting       C -> E + L    parting * C
kill          C -> E        killing * C                    the killer is free again: serial killing

An optional process for networks that state their killers and targets one by one; the model itself uses its limit. Where
meeting and parting are fast beside killing, C is in balance with what is there in all, E' = E + C and L' = L + C:

    C^2 - (K + E' + L') C + E' L' = 0,  K = volume (parting + killing) / meeting
    C = E' L' / (K + E' + L')  to first order in E' L' / (K + E' + L')^2

and kills are killing * C: the law of `killing`, which saturates in killers and in targets, with K for its half and a
target saturation of one. Where neither K nor an excess of one side keeps that ratio small, as many killers as targets
and K far below both, the law gives half of the conjugates that there are.

Source of the limit: J. A. M. Borghans, R. J. De Boer and L. A. Segel, Bull Math Biol 58:43 (1996).
"""

from __future__ import annotations

from typing import Any

from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order


@law
def encounter(meeting: Any, killers: Any, targets: Any, volume: Any) -> Any:
    """Meetings of cells that move about in a volume."""
    return meeting * killers * targets / volume


def add_conjugates(
    net: Network, name: str, killer: Ref, target: Ref, *, meeting: Ref, parting: Ref, killing: Ref, volume: Ref
) -> Ref:
    """State the conjugates of two species of cells and their three reactions; the species of conjugates.

    meeting in volume per cell and time, parting and killing per time.
    """
    unit = net.unit_of(killer)
    conjugate = net.species(name, unit=unit, meaning=f"conjugates of {killer.name} and {target.name}")
    net.reaction(
        f"encounter.{name}",
        consumes={killer: 1, target: 1},
        produces={conjugate: 1},
        rate=encounter(meeting=meeting, killers=killer, targets=target, volume=volume),
        process="conjugation",
    )
    net.reaction(
        f"parting.{name}",
        consumes={conjugate: 1},
        produces={killer: 1, target: 1},
        rate=first_order(rate_constant=parting, amount=conjugate),
        process="conjugation",
    )
    net.reaction(
        f"kill.{name}",
        consumes={conjugate: 1},
        produces={killer: 1},
        rate=first_order(rate_constant=killing, amount=conjugate),
        process="conjugation",
    )
    return conjugate
