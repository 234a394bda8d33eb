"""The workload of the differential equations: two CAR products against clones of leukaemia, for a year.

21 states with four clones: two products (infused, effector, memory and exhausted cells), four clones, B cells, host
lymphocytes, IL-15, IL-6, interferon, fludarabine (two compartments, effect, AUC); 54 parameters, log-normal over
patients. Four 30-minute infusions of fludarabine and two cell doses cut the year into 11 segments; output of all states
on every day. Cells in millions. Cytokines and fludarabine turn over 10 to 30 times a day, so that an explicit method
is held by stability; `stiff` triples that.

The equations stand here twice: as a network of carsim, by its own rate laws, and as `right_side`, the plain form that
peers run (by numba, JAX, or printed as C). `agreement` tells how far the two are apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.engines.probe import probe
from carsim.model.handle import Ref
from carsim.model.network import Network
from carsim.model.processes.activation import stimulated
from carsim.model.processes.expansion import driven_division
from carsim.model.processes.kinetics import constant, first_order, saturating, threefold
from carsim.model.processes.leukaemia import crowding_death
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

Floats = NDArray[np.float64]

DAYS = np.arange(366.0)
RTOL, ATOL = 1e-6, 1e-9
ACCURACY_FLOOR = 1e-3  # millions of cells: errors are scaled by this and the value
CLONES = 4

PRODUCT = {  # 1/d
    "activation": (0.5, 0.4),
    "infused_death": (0.3, 0.25),
    "division": (2.4, 2.0),
    "effector_death": (0.35, 0.3),
    "remembering": (0.02, 0.03),
    "tiring": (0.03, 0.02),
    "memory_death": (0.003, 0.004),
    "recall": (0.02, 0.03),
    "exhausted_death": (0.15, 0.12),
    "killing": (2.0, 1.5),
}
SHARED = {
    "half_antigen": 1e3,
    "half_killing": 1e3,
    "half_il15": 10.0,
    "blast_death": 0.03,
    "capacity": 1e6,
    "loss": 1e-7,
    "b_made": 400.0,
    "b_death": 0.02,
    "host_made": 100.0,
    "host_death": 0.02,
    "depletion": 0.05,
    "il15_made": 30.0,
    "il15_loss": 1.0,
    "il15_uptake": 1e-3,
    "interferon_made": 1e-2,
    "interferon_loss": 12.0,
    "il6_made": 2.0,
    "il6_loss": 20.0,
    "elimination": 9.0,
    "outward": 10.0,
    "back": 7.0,
    "effect_rate": 6.0,
}
FAST = ("interferon_made", "interferon_loss", "il6_made", "il6_loss", "elimination", "outward", "back", "effect_rate")
BIRTH = (0.12, 0.11, 0.10, 0.05)
RECOGNITION = {"A": (1.0, 0.4, 0.001, 0.2), "B": (0.9, 0.7, 0.6, 0.1)}
BLASTS = (1e5, 1e3, 1.0, 1e2)
START = {"b_cells": 2e4, "host": 5e3, "il15": 5.0}
LOG_SD = 0.25

INPUT = "fludarabine_input"
INFUSION_DAYS, INFUSION_LENGTH, INFUSION = (1.0, 2.0, 3.0, 4.0), 1.0 / 48.0, 2400.0  # d, mg/d
DOSES = ((7.0, "infused.A", 100.0), (21.0, "infused.B", 50.0))


@dataclass(frozen=True)
class Workload:
    """n patients (seeded) of this many clones."""

    n: int
    clones: int = CLONES
    stiff: bool = False
    seed: int = 1

    @cached_property
    def network(self) -> Network:
        """The equations as carsim states them."""
        return network(self.clones).seal()

    @cached_property
    def patients(self) -> Patients:
        """Log-normal parameters, each about its median."""
        rows = self.network.parameters
        spread = np.random.default_rng(self.seed).normal(size=(self.n, len(rows)))  # the first are the same for any n
        values = {row.name: row.value * np.exp(LOG_SD * spread[:, k]) for k, row in enumerate(rows)}
        if self.stiff:
            values |= {name: 3.0 * values[name] for name in FAST}
        return Patients.of(self.network, self.n, values)

    @cached_property
    def schedule(self) -> Schedule:
        """The same treatment for everybody."""
        return Schedule.of(treatment(), self.n)

    @cached_property
    def parameters(self) -> Floats:
        """Parameters (n, 55) as peers take them, the infusion last."""
        columns = [self.patients.parameters[row.name] for row in self.network.parameters]
        return np.ascontiguousarray(np.stack(columns, axis=1))

    @cached_property
    def initial(self) -> Floats:
        """States at the start (n, 21)."""
        return np.ascontiguousarray(self.patients.initial)

    @cached_property
    def stops(self) -> tuple[Floats, NDArray[np.int64], Floats]:
        """Times, species (-1: the infusion, which is set; others are added to) and amounts of the ten changes."""
        names = [species.name for species in self.network.all_species]
        rows = [self.schedule.rows[target] for target in self.schedule.targets[0]]
        place = np.array([names.index(row) if row in names else -1 for row in rows], dtype=np.int64)
        return self.schedule.times[0].copy(), place, self.schedule.amounts[0].copy()


def treatment() -> list[tuple[float, str, str, float, str]]:
    """The ten changes of the year."""
    changes = [(day, "add", row, amount, f"{row} {day:g}") for day, row, amount in DOSES]
    for day in INFUSION_DAYS:
        changes.append((day, "set", INPUT, INFUSION, f"fludarabine {day:g}"))
        changes.append((day + INFUSION_LENGTH, "set", INPUT, 0.0, ""))
    return changes


def network(clones: int = CLONES) -> Network:
    """The workload as a network of carsim; further clones repeat the first four."""
    net = Network("two products, a year")
    cells = {name: net.species(name, initial=start) for name, start in _start(clones).items()}
    values = {f"{name}.{p}": pair[k] for k, p in enumerate("AB") for name, pair in PRODUCT.items()} | SHARED
    values |= {f"birth.{c}": BIRTH[c % 4] for c in range(clones)}
    values |= {f"recognition.{p}.{c}": RECOGNITION[p][c % 4] for p in "AB" for c in range(clones)}
    rate = {name: net.parameter(name, value) for name, value in values.items()}
    rate[INPUT] = net.parameter(INPUT, 0.0)
    blasts = [cells[f"blasts.{c}"] for c in range(clones)]
    fed = net.quantity("fed", saturating(amount=cells["il15"], half=rate["half_il15"]))
    activity = []
    pressure = {}
    for p in "AB":
        seen = [(rate[f"recognition.{p}.{c}"], blasts[c]) for c in range(clones)]
        antigen = net.total(f"antigen.{p}", [(rate[f"recognition.{p}.0"], cells["b_cells"]), *seen])
        pressure[p] = _product(net, cells, rate, p, antigen, fed)
        activity.append((pressure[p], antigen))
    _clones(net, cells, rate, pressure, clones)
    _surroundings(net, cells, rate, pressure, net.total("activity", activity))
    _fludarabine(net, cells, rate)
    return net


def _start(clones: int) -> dict[str, float]:
    names = [f"{kind}.{p}" for p in "AB" for kind in ("infused", "effector", "memory", "exhausted")]
    start = dict.fromkeys(names, 0.0) | {f"blasts.{c}": BLASTS[c % 4] for c in range(clones)} | START
    return start | dict.fromkeys(("interferon", "il6", "central", "tissue", "effect", "auc"), 0.0)


def _goes(net: Network, rate: Any, source: Ref, target: Ref | None = None) -> None:
    """A loss or a passage."""
    name = f"{source.name} to {target.name if target else 'nothing'}, {len(net.reactions)}"
    net.reaction(name, consumes={source: 1}, produces={target: 1} if target else {}, rate=rate)


def _product(net: Network, cells: dict[str, Ref], rate: dict[str, Ref], p: str, antigen: Ref, fed: Ref) -> Ref:
    """Activation, division, memory and exhaustion of one product; the pressure of its effectors."""
    infused, effector, memory, tired = (cells[f"{k}.{p}"] for k in ("infused", "effector", "memory", "exhausted"))
    seen = net.quantity(f"seen.{p}", saturating(amount=antigen, half=rate["half_antigen"]))
    _goes(net, first_order(rate_constant=rate[f"activation.{p}"], amount=infused), infused, effector)
    _goes(net, first_order(rate_constant=rate[f"infused_death.{p}"], amount=infused), infused)
    division = driven_division(division=rate[f"division.{p}"], drive=fed, stimulation=seen, cells=effector)
    net.reaction(f"division.{p}", produces={effector: 1}, rate=division)
    _goes(net, first_order(rate_constant=rate[f"effector_death.{p}"], amount=effector), effector)
    _goes(net, first_order(rate_constant=rate[f"remembering.{p}"], amount=effector), effector, memory)
    tiring = stimulated(rate_constant=rate[f"tiring.{p}"], stimulation=seen, cells=effector)
    _goes(net, tiring, effector, tired)
    _goes(net, first_order(rate_constant=rate[f"memory_death.{p}"], amount=memory), memory)
    recall = stimulated(rate_constant=rate[f"recall.{p}"], stimulation=seen, cells=memory)
    _goes(net, recall, memory, effector)
    _goes(net, first_order(rate_constant=rate[f"exhausted_death.{p}"], amount=tired), tired)
    engaged = net.quantity(f"engaged.{p}", saturating(amount=effector, half=rate["half_killing"]))
    return net.total(f"pressure.{p}", [(rate[f"killing.{p}"], engaged)])


def _clones(net: Network, cells: dict[str, Ref], rate: dict[str, Ref], pressure: dict[str, Ref], clones: int) -> None:
    """Birth, death, crowding and killing of each clone; the first may lose an antigen and become the third."""
    blasts = [cells[f"blasts.{c}"] for c in range(clones)]
    burden = net.total("burden", blasts)
    for c, clone in enumerate(blasts):
        birth = rate[f"birth.{c}"]
        net.reaction(f"birth.{c}", produces={clone: 1}, rate=first_order(rate_constant=birth, amount=clone))
        _goes(net, first_order(rate_constant=rate["blast_death"], amount=clone), clone)
        crowding = crowding_death(birth=birth, death=0.0, occupants=burden, limit=rate["capacity"], cells=clone)
        _goes(net, crowding, clone)
        hazard = net.total(f"hazard.{c}", [(pressure[p], rate[f"recognition.{p}.{c}"]) for p in "AB"])
        _goes(net, first_order(rate_constant=hazard, amount=clone), clone)
    if clones > 2:
        _goes(net, first_order(rate_constant=rate["loss"], amount=blasts[0]), blasts[0], blasts[2])


def _surroundings(
    net: Network, cells: dict[str, Ref], rate: dict[str, Ref], pressure: dict[str, Ref], activity: Ref
) -> None:
    """B cells, host lymphocytes and cytokines."""
    b_cells, host, effect, il15 = cells["b_cells"], cells["host"], cells["effect"], cells["il15"]
    net.reaction("b_cells made", produces={b_cells: 1}, rate=constant(rate=rate["b_made"], scale=1.0))
    _goes(net, first_order(rate_constant=rate["b_death"], amount=b_cells), b_cells)
    hazard = net.total("hazard.b_cells", [(pressure[p], rate[f"recognition.{p}.0"]) for p in "AB"])
    _goes(net, first_order(rate_constant=hazard, amount=b_cells), b_cells)
    net.reaction("host made", produces={host: 1}, rate=constant(rate=rate["host_made"], scale=1.0))
    _goes(net, first_order(rate_constant=rate["host_death"], amount=host), host)
    for lymphocytes in (b_cells, host):
        _goes(net, threefold(first=rate["depletion"], second=effect, third=lymphocytes), lymphocytes)
    net.reaction("il15 made", produces={il15: 1}, rate=constant(rate=rate["il15_made"], scale=1.0))
    _goes(net, first_order(rate_constant=rate["il15_loss"], amount=il15), il15)
    _goes(net, threefold(first=rate["il15_uptake"], second=host, third=il15), il15)
    for cytokine, cause in (("interferon", activity), ("il6", cells["interferon"])):
        made = first_order(rate_constant=rate[f"{cytokine}_made"], amount=cause)
        net.reaction(f"{cytokine} made", produces={cells[cytokine]: 1}, rate=made)
        _goes(net, first_order(rate_constant=rate[f"{cytokine}_loss"], amount=cells[cytokine]), cells[cytokine])


def _fludarabine(net: Network, cells: dict[str, Ref], rate: dict[str, Ref]) -> None:
    """Two compartments, an effect that follows with a delay, and the area under the curve."""
    central, tissue, effect = cells["central"], cells["tissue"], cells["effect"]
    net.reaction("infusion", produces={central: 1}, rate=constant(rate=rate[INPUT], scale=1.0))
    _goes(net, first_order(rate_constant=rate["elimination"], amount=central), central)
    _goes(net, first_order(rate_constant=rate["outward"], amount=central), central, tissue)
    _goes(net, first_order(rate_constant=rate["back"], amount=tissue), tissue, central)
    rising = first_order(rate_constant=rate["effect_rate"], amount=central)
    net.reaction("effect rises", produces={effect: 1}, rate=rising)
    _goes(net, first_order(rate_constant=rate["effect_rate"], amount=effect), effect)
    net.reaction("auc", produces={cells["auc"]: 1}, rate=first_order(rate_constant=1.0, amount=central))


def right_side(y: Any, p: Any, dy: Any) -> None:
    """Set dy to the slopes at y with parameters p, in the network's order of rows; for four clones."""
    blasts, b_cells, host, il15, interferon, il6, central, tissue, effect = 8, 12, 13, 14, 15, 16, 17, 18, 19
    shared, birth, recognition = 20, 42, 46
    burden = y[blasts] + y[blasts + 1] + y[blasts + 2] + y[blasts + 3]
    fed = y[il15] / (p[shared + 2] + y[il15])
    room = 1.0 - burden / p[shared + 4]
    for c in range(4):
        dy[blasts + c] = (p[birth + c] * room - p[shared + 3]) * y[blasts + c]
    dy[blasts] -= p[shared + 5] * y[blasts]
    dy[blasts + 2] += p[shared + 5] * y[blasts]
    depletion = p[shared + 10] * y[effect]
    dy[b_cells] = p[shared + 6] - (p[shared + 7] + depletion) * y[b_cells]
    dy[host] = p[shared + 8] - (p[shared + 9] + depletion) * y[host]
    activity = 0.0 * burden
    for k in range(2):
        q, s, r = 10 * k, 4 * k, recognition + 4 * k
        antigen = p[r] * y[b_cells]
        for c in range(4):
            antigen = antigen + p[r + c] * y[blasts + c]
        seen = antigen / (p[shared] + antigen)
        pressure = p[q + 9] * y[s + 1] / (p[shared + 1] + y[s + 1])
        activity = activity + pressure * antigen
        for c in range(4):
            dy[blasts + c] -= pressure * p[r + c] * y[blasts + c]
        dy[b_cells] -= pressure * p[r] * y[b_cells]
        recalled = p[q + 7] * seen * y[s + 2]
        growth = p[q + 2] * fed * seen - p[q + 3] - p[q + 4] - p[q + 5] * seen
        dy[s] = -(p[q] + p[q + 1]) * y[s]
        dy[s + 1] = p[q] * y[s] + growth * y[s + 1] + recalled
        dy[s + 2] = p[q + 4] * y[s + 1] - p[q + 6] * y[s + 2] - recalled
        dy[s + 3] = p[q + 5] * seen * y[s + 1] - p[q + 8] * y[s + 3]
    dy[il15] = p[shared + 11] - (p[shared + 12] + p[shared + 13] * y[host]) * y[il15]
    dy[interferon] = p[shared + 14] * activity - p[shared + 15] * y[interferon]
    dy[il6] = p[shared + 16] * y[interferon] - p[shared + 17] * y[il6]
    into, back = p[shared + 19] * y[central], p[shared + 20] * y[tissue]
    dy[central] = p[54] - p[shared + 18] * y[central] - into + back
    dy[tissue] = into - back
    dy[effect] = p[shared + 21] * (y[central] - y[effect])
    dy[20] = 1.0 * y[central]


def agreement(work: Workload) -> float:
    """Largest difference of the network's slopes from `right_side` at random states, relative to their terms."""
    rng = np.random.default_rng(work.seed)
    worst = 0.0
    for k in range(min(work.n, 4)):
        state = np.exp(rng.normal(3.0, 3.0, size=work.initial.shape[1]))
        parameters = {name: values[k : k + 1] for name, values in work.patients.parameters.items()}
        found = probe(work.network, state, Patients.of(work.network, 1, parameters))
        size = np.abs(found.jacobian) @ state + np.abs(found.derivative)
        slopes = np.empty_like(state)
        right_side(state, work.parameters[k], slopes)
        worst = max(worst, float((np.abs(slopes - found.derivative) / size).max()))
    return worst


def errors(found: Floats, truth: Floats) -> Floats:
    """Largest scaled error of each patient (n,) over days and states."""
    return (np.abs(found - truth) / (ACCURACY_FLOOR + np.abs(truth))).max(axis=(1, 2))
