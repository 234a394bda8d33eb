"""What engines that count can simulate, and the refusal of what they cannot, naming the engine that fits."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from carsim.derive.tables import Cells
from carsim.engines.blocks import processors
from carsim.engines.cells import MOST_TOGETHER, bytes_per_cell
from carsim.engines.memory import memory
from carsim.engines.protocol import Options
from carsim.errors import ResourceRefused, UnsupportedMechanism
from carsim.model.handle import Ref
from carsim.model.network import Network
from carsim.model.plain import rates_at
from carsim.population.patients import Patients
from carsim.treatment.schedule import ADD, Schedule

LINEAGE_BYTES = 36  # of one cell that is remembered
LOOKED_AT = 8  # patients whose reactions are estimated: those with the most cells


def refuse_uncountable(network: Network, engine: str) -> None:
    """Raise UnsupportedMechanism for reactions that cannot fire one by one, each by its name."""
    counted = {species.name for species in network.all_species if species.kind == "count"}
    problems = []
    for reaction in network.reactions:
        changed = [(ref.name, number) for ref, number in reaction.consumes + reaction.produces if ref.name in counted]
        if reaction.net and changed:
            problems.append(
                f"reaction {reaction.name!r} is declared net, and the {engine} engine counts {changed[0][0]!r}: state "
                "its births and deaths apart, or use the ode engine"
            )
        problems += [
            f"reaction {reaction.name!r} changes {name!r} by {number:g}: the {engine} engine counts whole cells; use "
            "the ode engine"
            for name, number in changed
            if number != math.floor(number)
        ]
    if problems:
        raise UnsupportedMechanism(problems)


def counts_alone(network: Network) -> bool:
    """Whether every species that a reaction changes is counted, so that nothing moves between two reactions."""
    moving = {species.name for species in network.all_species if species.kind != "count"}
    return not any(ref.name in moving for r in network.reactions for ref, _ in r.consumes + r.produces)


def refuse_too_many_events(
    network: Network, patients: Patients, schedule: Schedule, times: NDArray[np.float64], options: Options
) -> None:
    """Raise ResourceRefused where the exact engine would fire more reactions in one course than `max_events`.

    Estimated from the propensities at the start, and with all doses given, over the whole time.
    """
    counted = [k for k, species in enumerate(network.all_species) if species.kind == "count"]
    full = patients.initial + _doses(network, schedule, patients.n)
    largest = np.argsort(-full[:, counted].sum(axis=1), kind="stable")[:LOOKED_AT]
    for patient in largest:
        for state in (patients.initial[patient], full[patient]):
            expected = _propensity(network, patients, int(patient), state) * (times[-1] - times[0])
            if expected > options.max_events:
                raise ResourceRefused(
                    f"the exact engine fires every reaction by itself: patient {patients.identifiers[patient]} with "
                    f"{state[counted].sum():.2g} cells would take about {expected:.1e} reactions; the limit is "
                    f"{options.max_events:.1e}. Use the hybrid engine, which fires only the reactions of few cells"
                )


def refuse_too_many_cells(
    network: Network, cells: Cells, patients: Patients, threshold: float, options: Options
) -> None:
    """Raise ResourceRefused for more single cells than `max_cells` in a patient, or than memory holds."""
    counted = [k for k, species in enumerate(network.all_species) if species.kind == "count"]
    few = patients.initial[:, counted] < threshold
    wanted = np.where(few, patients.initial[:, counted], 0.0).sum(axis=1) / options.weight
    worst = int(np.argmax(wanted))
    each = bytes_per_cell(cells)
    advice = "let each stand for more (weight), or lower the threshold above which populations follow equations"
    if wanted[worst] > options.max_cells:
        raise ResourceRefused(
            f"patient {patients.identifiers[worst]} would have {wanted[worst]:.2g} single cells at the start, about "
            f"{wanted[worst] * each / 1e9:,.1f} GB; the limit is {options.max_cells:.2g} cells. Use the hybrid engine, "
            + advice
        )
    threads = max(1, min(options.threads or processors(), patients.n))
    needed = threads * (options.max_cells * each + (LINEAGE_BYTES * options.max_lineages if options.lineages else 0))
    if needed > memory() // 2:
        raise ResourceRefused(
            f"{threads} courses of up to {options.max_cells:.2g} single cells at a time need about "
            f"{needed / 1e9:,.1f} GB; the limit here is {memory() // 2 / 1e9:,.1f} GB. Lower max_cells, " + advice
        )


def refuse_large_meetings(network: Network) -> None:
    """Raise UnsupportedMechanism for reactions of more cells than are simulated together."""
    problems = []
    met = {
        r.produces[0][0].name
        for r in network.reactions
        if _cells(r.consumes) == 2 and _cells(r.produces) == 1 and r.produces[0][0] not in dict(r.consumes)
    }
    for reaction in network.reactions:
        taken, made = _cells(reaction.consumes), _cells(reaction.produces)
        if max(taken, made) > MOST_TOGETHER:
            problems.append(
                f"reaction {reaction.name!r} takes or makes {max(taken, made):g} cells at once; the agent engine takes "
                f"up to {MOST_TOGETHER} together: use the hybrid engine"
            )
        if any(ref.name in met for ref, _ in reaction.consumes) and (taken > 1 or made > 2):
            problems.append(
                f"reaction {reaction.name!r} takes two cells that have met, with others or into more than two; the "
                "agent engine lets them part or one of them die: use the hybrid engine"
            )
    for lattice in network.lattices:
        standing = {ref.name for ref in lattice.species}
        problems += [
            f"reaction {reaction.name!r} makes {made - taken:g} cells on lattice {lattice.name!r} at once; expected one"
            for reaction in network.reactions
            for made in [sum(n for ref, n in reaction.produces if ref.name in standing)]
            for taken in [sum(n for ref, n in reaction.consumes if ref.name in standing)]
            if made - taken > 1
        ]
    if problems:
        raise UnsupportedMechanism(problems)


def _cells(side: tuple[tuple[Ref, float], ...]) -> float:
    return sum(number for _, number in side)


def _propensity(network: Network, patients: Patients, patient: int, state: NDArray[np.float64]) -> float:
    """Reactions per time that change a species that counts; infinite where a rate is no number."""
    values = {name: float(column[patient]) for name, column in patients.parameters.items()}
    values |= {species.name: float(x) for species, x in zip(network.all_species, state, strict=True)}
    counted = {species.name for species in network.all_species if species.kind == "count"}
    try:
        rates = rates_at(network, values)
    except (ZeroDivisionError, OverflowError, ValueError):
        return 0.0  # what such a rate does to its patient is said when it is simulated
    return sum(
        rates[reaction.name]
        for reaction in network.reactions
        if any(ref.name in counted for ref, _ in reaction.consumes + reaction.produces)
    )


def _doses(network: Network, schedule: Schedule, n: int) -> NDArray[np.float64]:
    """All that the schedule adds to each species, whenever it does."""
    added = np.zeros((n, len(network.all_species)))
    for k, species in enumerate(network.all_species):
        if species.name in schedule.rows:
            given = (schedule.targets == schedule.rows.index(species.name)) & (schedule.operations == ADD)
            added[:, k] = np.where(given & ~np.isnan(schedule.times), schedule.amounts, 0.0).sum(axis=1)
    return added
