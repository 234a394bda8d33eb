"""Hardiansyah and Ng 2019: effector E and memory M CAR T cells in blood (p) and tissue (t), CLL B, three cytokines.

    f = B / (B + half),  damping = floor + (1 - floor) / (1 + IL10 / half_damping)
    B'  = (birth - death) B - killing E_p B
    E_p' = expansion E_p B - effector_death E_p - out E_p + back E_t - to_memory E_p (1 - f) + from_memory M_p f
    M_p' = (memory_birth - memory_death) M_p - out M_p + back M_t + to_memory E_p (1 - f) - from_memory M_p f
    E_t' = out E_p - back E_t,  M_t' = out M_p - back M_t
    IL6' = clearance (base - IL6) + gain B E_p, IL10 likewise, IFN-gamma' likewise with gain x damping

with cells in 1e9 and gains multiplied by 1e6, as printed. Two readings differ from the printed supplement: the gain of
memory cells is to_memory E_p (printed with M_p, it would be zero for ever), and `half` is 1e5 in units of 1e9 cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from carsim.literature.records import Change
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Network
from carsim.model.processes.homeostasis import floored
from carsim.model.processes.kinetics import first_order, inhibited, saturating, threefold

CELLS = "1e9cells"
GAIN = 1e6  # factor on the printed gains
SPLIT = (0.1, 0.3, 0.6)  # of the dose, on days 0, 1 and 2


def state(net: Network) -> None:
    """Add leukaemia, CAR T cells in two places, and the cytokines that their meeting releases."""
    row = net.rows
    leukaemia, effector, memory = row["leukaemia"], row["effector"], row["memory"]
    first = _first_order(net)
    seen = net.quantity("antigen", saturating(amount=leukaemia, half=row["half"]))
    unseen = net.quantity("rest", inhibited(amount=leukaemia, half=row["half"]))
    net.reaction("birth", produces={leukaemia: 1}, rate=first("birth", leukaemia))
    net.reaction("death", consumes={leukaemia: 1}, rate=first("death", leukaemia))
    met = threefold(first=row["killing"], second=effector, third=leukaemia)
    net.reaction("killing", consumes={leukaemia: 1}, rate=met)
    grown = threefold(first=row["expansion"], second=leukaemia, third=effector)
    net.reaction("expansion", produces={effector: 1}, rate=grown)
    net.reaction("effector death", consumes={effector: 1}, rate=first("effector_death", effector))
    net.reaction("memory birth", produces={memory: 1}, rate=first("memory_birth", memory))
    net.reaction("memory death", consumes={memory: 1}, rate=first("memory_death", memory))
    rested = threefold(first=row["to_memory"], second=unseen, third=effector)
    net.reaction("to memory", consumes={effector: 1}, produces={memory: 1}, rate=rested)
    recalled = threefold(first=row["from_memory"], second=seen, third=memory)
    net.reaction("from memory", consumes={memory: 1}, produces={effector: 1}, rate=recalled)
    for blood, tissue in ((effector, row["effector_tissue"]), (memory, row["memory_tissue"])):
        net.reaction(f"{blood.name} out", consumes={blood: 1}, produces={tissue: 1}, rate=first("out", blood))
        net.reaction(f"{blood.name} back", consumes={tissue: 1}, produces={blood: 1}, rate=first("back", tissue))
    _cytokines(net, leukaemia, effector)
    net.total("memory_cells", [memory, row["memory_tissue"]], unit=CELLS, meaning="memory CAR T cells")
    every = [effector, row["effector_tissue"], memory, row["memory_tissue"]]
    net.total("cart", every, unit=CELLS, meaning="all CAR T cells")
    net.total("cart_blood", [effector, memory], unit=CELLS, meaning="CAR T cells in blood")


def changes(values: Mapping[str, float]) -> list[Change]:
    """The dose in three parts on days 0, 1 and 2."""
    return [(float(day), "add", "effector", share * values["dose"], "CAR T cells") for day, share in enumerate(SPLIT)]


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Share of CAR T cells that is in blood when exchange is in balance."""
    return {"share in blood": 1.0 / (1.0 + values["out"] / values["back"])}


def _cytokines(net: Network, leukaemia: Ref, effector: Ref) -> None:
    row, first = net.rows, _first_order(net)
    relief = net.quantity("relief", inhibited(amount=row["il10"], half=row["half_damping"]))
    damping = net.quantity("damping", floored(floor=row["damping_floor"], cytokine=relief))
    for name, factor in (("il6", None), ("il10", None), ("ifn", damping)):
        cytokine, gain = row[name], row[f"{name}_gain"]
        terms = [(GAIN, gain)] if factor is None else [(GAIN, gain, factor)]
        release = net.total(f"{name}_release", terms, unit=f"pg/mL/d/({CELLS}*{CELLS})")
        base = net.total(f"{name}_supply", [(row[f"{name}_clearance"], row[f"{name}_base"])], unit="pg/mL/d")
        net.reaction(f"{name} supply", produces={cytokine: 1}, rate=base)
        met = threefold(first=release, second=leukaemia, third=effector)
        net.reaction(f"{name} release", produces={cytokine: 1}, rate=met)
        net.reaction(f"{name} clearance", consumes={cytokine: 1}, rate=first(f"{name}_clearance", cytokine))


def _first_order(net: Network) -> Callable[[str, Ref], Call]:
    return lambda name, cells: first_order(rate_constant=net.rows[name], amount=cells)
