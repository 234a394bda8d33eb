"""The solver against closed forms, reference problems and published models; kernels against plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from carsim.literature import models
from carsim.selftest.check import Check, Measure, measures
from carsim.selftest.networks import (
    ROBERTSON,
    ROBERTSON_END,
    Array,
    amounts,
    logistic,
    relative_error,
    robertson,
    two_compartments,
)
from carsim.spec.shipped import shipped

if TYPE_CHECKING:
    from carsim.engines.probe import Probe
    from carsim.spec.prepare import Prepared

GROUP = "numerics"
EXAMPLE = "antigen_escape"


@measures(GROUP, Check("logistic growth", "relative error against the closed form", 1e-8))
def growth() -> list[float]:
    """From a thousand cells to a million."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate

    t = np.linspace(0.0, 60.0, 61)
    found = simulate(logistic(1e3, 0.3, 1e6), t=t, options=Options(rtol=1e-11, atol=1e-12))
    return [relative_error(found.of("cells")[0], 1e6 / (1.0 + 999.0 * np.exp(-0.3 * t)))]


BOLUSES = ((0.0, 20.0), (1.0, 20.0), (2.0, 20.0))
INFUSIONS = ((0.25, 1.25, 30.0), (3.0, 3.04, 900.0))


@measures(
    GROUP,
    Check("a bolus in two compartments", "relative error against the matrix exponential", 1e-8),
    Check("an infusion in two compartments", "relative error against the matrix exponential", 1e-8),
    Check("boluses and infusions together", "relative error against their superposition", 1e-8),
)
def compartments() -> list[float]:
    """Doses at exact times, infusions that start and stop between outputs."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.treatment.schedule import Schedule

    t, found = np.linspace(0.0, 6.0, 121), []
    for boluses, infusions in ((BOLUSES[:1], ()), ((), INFUSIONS[:1]), (BOLUSES, INFUSIONS)):
        changes = [(time, "add", "central", mg, "bolus") for time, mg in boluses]
        for start, stop, rate in infusions:
            changes += [(start, "set", "input", rate, "infusion"), (stop, "set", "input", 0.0, "")]
        options = Options(rtol=1e-11, atol=1e-12)
        result = simulate(two_compartments(), t=t, schedule=Schedule.of(changes), options=options)
        found.append(relative_error(result.values[0], amounts(t, boluses, infusions)))
    return found


@measures(
    GROUP,
    Check("a stiff problem (Robertson)", "relative error against the reference at rtol 1e-8", 1e-6),
    Check("error follows the tolerance", "decades of error missing of 0.7 a decade of rtol, over four", 0.0, "decades"),
)
def stiff() -> list[float]:
    """Rates from 0.04 to 3e7."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate

    def error(rtol: float) -> float:
        options = Options(rtol=rtol, atol_scale=rtol / 1e-8)
        last = simulate(robertson(), t=[0.0, ROBERTSON_END], options=options).values[0, -1]
        return float(np.abs(last / np.array(ROBERTSON) - 1.0).max())

    return [error(1e-8), max(0.0, 0.7 * 4 - math.log10(error(1e-5) / error(1e-9)))]


@measures(
    GROUP,
    Check("rates of the whole model", "relative difference between compiled and plain Python", 1e-12),
    Check("Jacobian of the whole model", "difference between analytic and numerical, of each column's largest", 1e-6),
)
def kernels() -> list[float]:
    """Every reaction of a shipped scenario, where nothing of the state is absent so that every rate is at work."""
    from carsim.engines.probe import probe
    from carsim.model.plain import rates_at

    made = _prepared()
    tolerance = np.array([species.tolerance for species in made.network.all_species])
    state = np.maximum(made.patients.initial[0], 1e6 * tolerance)
    found = probe(made.network, state, made.patients)
    values = {name: float(column[0]) for name, column in made.patients.parameters.items()}
    values |= {species.name: float(x) for species, x in zip(made.network.all_species, state, strict=True)}
    plain = rates_at(made.network, values)
    apart = max(abs(found.rates[name] - rate) / (abs(rate) + 1e-300) for name, rate in plain.items())
    return [apart, max(_slope_error(made, found, state, column) for column in range(state.size))]


def _slope_error(made: Prepared, found: Probe, state: Array, column: int) -> float:
    """Error of one column of the Jacobian against central differences, less what their rounding can make."""
    from carsim.engines.probe import probe

    step = 1e-5 * float(state[column])
    up, down = (np.where(np.arange(state.size) == column, state + s, state) for s in (step, -step))
    ends = [probe(made.network, end, made.patients).derivative for end in (up, down)]
    slope, own = (ends[0] - ends[1]) / (2.0 * step), found.jacobian[:, column]
    rounding = 1e-13 * np.abs(found.derivative) / step
    return float(((np.abs(slope - own) - rounding) / (np.abs(own).max() + 1e-30)).max())


@measures(
    GROUP,
    Check("one patient among eight", "values that differ from those of the patient alone", 0.0, "values"),
    Check("threads", "values that differ between one thread and two", 0.0, "values"),
)
def company() -> list[float]:
    """Nobody's course depends on who is simulated beside, or on how many threads work."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.population.patients import Patients

    net = logistic(1e3, 0.3, 1e6)
    rates = np.linspace(0.1, 0.8, 8)
    one = Patients.of(net, 8, growth=rates)
    t = np.linspace(0.0, 30.0, 16)
    values = [simulate(net, t=t, patients=one, options=Options(threads=threads)).values for threads in (1, 2)]
    alone = simulate(logistic(1e3, float(rates[5]), 1e6), t=t).values[0]
    return [float(np.sum(alone != values[0][5])), float(np.sum(values[0] != values[1]))]


def _prepared() -> Prepared:
    from carsim.spec.load import load
    from carsim.spec.prepare import prepare

    return prepare(load(shipped() / f"{EXAMPLE}.yaml"))


def _of_paper(name: str, text: str) -> Measure:
    """The check values of one published model."""

    def disagreeing() -> Sequence[float]:
        from carsim import reproduce

        return [float(sum(not outcome.agrees for outcome in reproduce.compare(name)))]

    compares = f"check values of {text} that its numbers do not meet"
    return Measure(GROUP, (Check(f"published model {name}", compares, 0.0, "values"),), disagreeing)


PAPERS = tuple(_of_paper(model.name, f"{model.data.authors} {model.data.year}") for model in models())
MEASURES: tuple[Measure, ...] = (growth, compartments, stiff, kernels, company, *PAPERS)
