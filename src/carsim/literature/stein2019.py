"""Stein et al. 2019: transgene after tisagenlecleucel, exponential growth to a set time, then biphasic decline.

    until time_of_peak   E' = growth E                  growth = ln(fold) / time_of_peak, E(0) = peak / fold
    after it             E' = -fast E,  M' = (fast - slow) lasting E - slow M
    transgene            E + M

so that after the peak the transgene is peak ((1 - lasting) exp(-fast s) + lasting exp(-slow s)), s days after it, as
printed. The two phases are one network with a switch, `expanding`, set to zero at the time of the peak.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from carsim.literature.laws import stein_expansion
from carsim.literature.records import Change
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order


def state(net: Network) -> None:
    """Add growth, contraction and the memory that is left."""
    row = net.rows
    effector, memory, expanding = row["effector"], row["memory"], row["expanding"]
    growth = net.quantity(
        "growth",
        stein_expansion(fold=row["fold"], time=row["time_of_peak"]),
        unit="1/d",
        meaning="exponential growth rate before the peak",
    )
    growing = net.total("growing", [(growth, expanding)], unit="1/d", meaning="growth rate now")
    fast, slow, lasting = row["fast_decline"], row["slow_decline"], row["lasting_share"]
    declining = net.total("declining", [fast, (-1.0, fast, expanding)], unit="1/d", meaning="fast decline now")
    settling = net.total("settling", [(lasting, fast), (-1.0, lasting, slow)], unit="1/d", meaning="rate to memory")
    settled = net.total("settled", [settling, (-1.0, settling, expanding)], unit="1/d", meaning="rate to memory now")
    net.reaction("expansion", produces={effector: 1}, rate=first_order(rate_constant=growing, amount=effector))
    net.reaction("contraction", consumes={effector: 1}, rate=first_order(rate_constant=declining, amount=effector))
    net.reaction("memory", produces={memory: 1}, rate=first_order(rate_constant=settled, amount=effector))
    net.reaction("memory loss", consumes={memory: 1}, rate=first_order(rate_constant=slow, amount=memory))
    net.total("transgene", [effector, memory], unit="copies/ug", meaning="transgene in blood")


def changes(values: Mapping[str, float]) -> list[Change]:
    """The first transgene, and the end of expansion."""
    return [
        (0.0, "add", "effector", values["peak_level"] / values["fold"], "CAR T cells"),
        (values["time_of_peak"], "set", "expanding", 0.0, ""),
    ]


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Doubling time and half-lives in days, growth rate per day, first level in copies/ug."""
    growth = math.log(values["fold"]) / values["time_of_peak"]
    return {
        "growth rate": growth,
        "doubling time": math.log(2.0) / growth,
        "fast half-life": math.log(2.0) / values["fast_decline"],
        "slow half-life": math.log(2.0) / values["slow_decline"],
        "first level": values["peak_level"] / values["fold"],
    }
