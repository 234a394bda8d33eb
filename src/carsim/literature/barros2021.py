"""Barros et al. 2021 (CARTmath): effector CAR T cells C, memory M and tumour T in mice.

    C' = expansion C - loss C + recall T M - inhibition T C
    M' = formation C - recall T M - memory_loss M
    T' = growth T (1 - crowding T) - killing C T

Any population below 1e-6 cells is set to zero, as in the authors' program. Formation of memory is not taken from the
effectors beyond what `loss` holds already.
"""

from __future__ import annotations

from collections.abc import Mapping

from carsim.literature.records import Change
from carsim.model.law import Call
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order, threefold

GONE = 1e-6  # cells


def state(net: Network) -> None:
    """Add the fates of effectors and memory cells, growth and killing of the tumour, and the extinction rule."""
    row = net.rows
    effector, memory, tumour = row["effector"], row["memory"], row["tumour"]

    def first(name: str, cells: str) -> Call:
        return first_order(rate_constant=row[name], amount=row[cells])

    def meeting(name: str, cells: str) -> Call:
        return threefold(first=row[name], second=tumour, third=row[cells])

    net.reaction("expansion", produces={effector: 1}, rate=first("expansion", "effector"))
    net.reaction("loss", consumes={effector: 1}, rate=first("loss", "effector"))
    net.reaction("inhibition", consumes={effector: 1}, rate=meeting("inhibition", "effector"))
    net.reaction("formation of memory", produces={memory: 1}, rate=first("formation", "effector"))
    net.reaction("recall", consumes={memory: 1}, produces={effector: 1}, rate=meeting("recall", "memory"))
    net.reaction("memory loss", consumes={memory: 1}, rate=first("memory_loss", "memory"))
    net.reaction("growth", produces={tumour: 1}, rate=first("growth", "tumour"))
    slowing = net.total("slowing", [(row["growth"], row["crowding"])], unit="1/cell/d", meaning="growth x crowding")
    net.reaction("crowding", consumes={tumour: 1}, rate=threefold(first=slowing, second=tumour, third=tumour))
    net.reaction("killing", consumes={tumour: 1}, rate=meeting("killing", "effector"))
    net.total("cart", [effector, memory], unit="cells", meaning="all CAR T cells")
    for cells in (effector, memory, tumour):
        net.extinction(f"extinction.{cells.name}", [cells], below=GONE)


def changes(values: Mapping[str, float]) -> list[Change]:
    """One dose of effectors."""
    return [(values["dose_day"], "add", "effector", values["dose"], "CAR T cells")] if values["dose"] > 0.0 else []


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Largest tumour that the model allows (infinite without crowding)."""
    return {"largest tumour": 1.0 / values["crowding"] if values["crowding"] else float("inf")}
