"""Kirouac et al. 2023: memory Tm, effectors Te1 and Te2, exhausted Tx, tumour B and the antigen Ba that T cells see.

    H(k) = Ba^k / (Ba^k + half_antigen^k),  renewal = renewal_max (1 - H(memory_steepness))
    Tm'  = (2 renewal - 1) memory_rate Tm - memory_death Tm + return (1 - H(return_steepness)) Te2 + memory_part D
    Te1' = 2 (1 - renewal) memory_rate Tm - effector_rate H(effector_steepness) Te1 - early_death Te1 + early_part D
    Te2' = 2^divisions effector_rate H(effector_steepness) Te1 - exhaustion H(exhaustion_steepness) Te2
           - late_death Te2 - return (1 - H(return_steepness)) Te2 + late_part D
    Tx'  = exhaustion H(exhaustion_steepness) Te2 - exhausted_death Tx + exhausted_part D
    B'   = growth B (1 - B / limit) - killing B Te2^k / (half_killing^k + Te2^k),  Ba' = shedding B - clearing Ba
    infused' = -(losing + 1) infused,  D' = infused - (sum of parts) D

The killing exponent is below 1 in some patients: with Te2 = 0 the slope of killing is infinite, so Te2 starts at 1e-6
cells, which is reached by infusion within seconds; the course does not depend on that number (tested).
"""

from __future__ import annotations

from collections.abc import Mapping

from carsim.literature.laws import hill
from carsim.literature.records import Change
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Network
from carsim.model.processes.kinetics import allometry, first_order, ratio, threefold
from carsim.model.processes.recognition import complement


def state(net: Network) -> None:
    """Add the toggle between memory and effectors, exhaustion, killing, antigen, and the infused cells' arrival."""
    row = net.rows
    memory, early, late, exhausted = row["memory"], row["early_effector"], row["late_effector"], row["exhausted"]
    renewing, leaving = _renewal(net)
    net.reaction("renewal", produces={memory: 1}, rate=_by(renewing, memory))
    net.reaction("differentiation", consumes={memory: 1}, produces={early: 2}, rate=_by(leaving, memory))
    net.reaction("memory death", consumes={memory: 1}, rate=_by(row["memory_death"], memory))

    bursting = net.total("bursting", [(row["effector_rate"], _antigen(net, "effector"))], unit="1/d")
    daughters = net.quantity("daughters", allometry(value=1.0, size=2.0, exponent=row["divisions"]))
    burst = net.total("burst", [(bursting, daughters)], unit="1/d")
    net.reaction("activation", consumes={early: 1}, rate=_by(bursting, early))
    net.reaction("burst", produces={late: 1}, rate=_by(burst, early))
    net.reaction("early death", consumes={early: 1}, rate=_by(row["early_death"], early))

    tiring = net.total("tiring", [(row["exhaustion"], _antigen(net, "exhaustion"))], unit="1/d")
    unseen = net.quantity("unseen", complement(share=_antigen(net, "return")))
    returning = net.total("returning", [(row["return"], unseen)], unit="1/d")
    net.reaction("exhaustion", consumes={late: 1}, produces={exhausted: 1}, rate=_by(tiring, late))
    net.reaction("return", consumes={late: 1}, produces={memory: 1}, rate=_by(returning, late))
    net.reaction("late death", consumes={late: 1}, rate=_by(row["late_death"], late))
    net.reaction("exhausted death", consumes={exhausted: 1}, rate=_by(row["exhausted_death"], exhausted))
    _tumour(net)
    _arrival(net, {"memory": memory, "early": early, "late": late, "exhausted": exhausted})
    net.total("cart", [memory, early, late, exhausted], unit="cells", meaning="all CAR T cells")


def changes(values: Mapping[str, float]) -> list[Change]:
    """The infusion, at the start."""
    return [(0.0, "add", "infused", values["dose"], "CAR T cells")]


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Share of the dose that engrafts."""
    return {"engrafting share": 1.0 / (1.0 + values["losing"])}


def _by(rate: Ref, cells: Ref) -> Call:
    return first_order(rate_constant=rate, amount=cells)


def _antigen(net: Network, process: str) -> Ref:
    """Share of the full antigen signal for one process, by its own steepness."""
    row = net.rows
    share = hill(amount=row["antigen"], half=row["half_antigen"], exponent=row[f"{process}_steepness"])
    return net.quantity(f"antigen.{process}", share)


def _renewal(net: Network) -> tuple[Ref, Ref]:
    """Rates of divisions of memory cells that renew, and of those that differentiate."""
    row = net.rows
    calm = net.quantity("calm", complement(share=_antigen(net, "memory")))
    renewal = net.total("renewal", [(row["renewal_max"], calm)], meaning="share of divisions that renew memory")
    rest = net.quantity("differentiating", complement(share=renewal))
    renewing = net.total("renewing", [(row["memory_rate"], renewal)], unit="1/d")
    return renewing, net.total("leaving", [(row["memory_rate"], rest)], unit="1/d")


def _tumour(net: Network) -> None:
    row = net.rows
    tumour, antigen = row["tumour"], row["antigen"]
    crowding = net.quantity("crowding", ratio(amount=row["growth"], volume=row["limit"]), unit="1/cell/d")
    share = hill(amount=row["late_effector"], half=row["half_killing"], exponent=row["killing_steepness"])
    killed = net.quantity("killed_share", share, meaning="killing as a share of its maximum")
    net.reaction("growth", produces={tumour: 1}, rate=_by(row["growth"], tumour))
    net.reaction("crowding", consumes={tumour: 1}, rate=threefold(first=crowding, second=tumour, third=tumour))
    net.reaction("killing", consumes={tumour: 1}, rate=threefold(first=row["killing"], second=killed, third=tumour))
    net.reaction("shedding", produces={antigen: 1}, rate=_by(row["shedding"], tumour))
    net.reaction("clearing", consumes={antigen: 1}, rate=_by(row["clearing"], antigen))


def _arrival(net: Network, parts: Mapping[str, Ref]) -> None:
    row = net.rows
    net.reaction("loss at infusion", consumes={row["infused"]: 1}, rate=_by(row["losing"], row["infused"]))
    moved = _by(row["entering"], row["infused"])
    net.reaction("entry", consumes={row["infused"]: 1}, produces={row["entered"]: 1}, rate=moved)
    for name, cells in parts.items():
        rate = _by(row[f"{name}_part"], row["entered"])
        net.reaction(f"arrival as {name}", consumes={row["entered"]: 1}, produces={cells: 1}, rate=rate)
