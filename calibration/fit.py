"""Judge the catalogue's parameters against targets.toml with the plain twin, or search for better ones.

    python calibration/fit.py                          the table of aims and what is reached; status 1 on a miss
    python calibration/fit.py --search 50 --seed 1     evolution strategy from the catalogue's values, 50 generations

A search prints the parameters it found; nothing is written to the catalogue.
"""

from __future__ import annotations

import argparse
import math
import sys
import tomllib
from functools import partial
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from measures import measure, patient
from search import minimise

from carsim import catalog

HERE = Path(__file__).resolve().parent
ROOM = 0.8  # of the way from the aim to a bound; beyond it the cost rises steeply, so that gates keep a margin


def targets() -> dict:
    """Schedules and aims."""
    return tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))


def deviation(aim: dict, value: float) -> float:
    """Distance from the aim, 1 at the nearer bound; in logarithms where all three numbers are above zero."""
    aimed, low, high = (float(aim[key]) for key in ("aim", "low", "high"))
    if min(low, aimed, value) > 0.0:
        aimed, low, high, value = (math.log(number) for number in (aimed, low, high, value))
    reach = high - aimed if value > aimed else aimed - low
    return abs(value - aimed) / reach if reach > 0.0 else 0.0


def met(aim: dict, value: float) -> bool:
    """Whether a measure lies in its interval."""
    return aim["low"] <= value <= aim["high"]


def table(aims: dict, found: dict[str, float]) -> str:
    """The aims and what is reached, as a Markdown table."""
    lines = ["| measure | unit | interval | aim | reached | |", "| --- | --- | --- | --: | --: | --- |"]
    for name, aim in aims.items():
        interval = f"{aim['low']:g} to {aim['high']:g}"
        mark = "met" if met(aim, found[name]) else "MISSED"
        lines.append(f"| {name} | {aim['unit']} | {interval} | {aim['aim']:g} | {found[name]:.4g} | {mark} |")
    return "\n".join(lines)


def free() -> dict[str, tuple[float, float, float]]:
    """What a search may change: value, low and high of every parameter of grade `calibrated`, by scenario path.

    Beside them the neutrophil set point and the products' memory share; host_death follows from rest (`completed`).
    """
    found = {
        path: (value.value, value.low, value.high)
        for record in catalog.parameters().values()
        for path, value in record.paths().items()
        if value.grade == "calibrated" and record.name != "host_death"
    }
    base = catalog.find_population("paediatric-rr-ball").covariates["neutrophil_base"].median
    share = catalog.find_product("tisagenlecleucel").memory_share
    found |= {name: (v.value, v.low, v.high) for name, v in (("neutrophil_base", base), ("memory_share", share))}
    return found


def completed(changes: dict[str, float]) -> dict[str, float]:
    """The changes, with the death rate at which host T cells rest at the population's baseline."""
    half, division, thymus = (
        changes.get(name, catalog.find_value(name).value)
        for name in ("cytokine_half", "host_division", "thymic_output")
    )
    rest = patient("paediatric-rr-ball", {})["host_t_cells"]
    return changes | {"host_death": division / (1.0 + rest / half) + thymus / rest}


def cost(point: np.ndarray, names: tuple[str, ...], goals: dict) -> float:
    """Sum over aims of squared deviations, with a steep rise where less than a fifth of the room is left."""
    changes = completed(dict(zip(names, np.exp(point), strict=True)))
    try:
        found = measure(goals["schedules"], changes)
    except (RuntimeError, ValueError, FloatingPointError):  # a solver or a fit gave up: such a point is no candidate
        return 1e6
    apart = [min(deviation(aim, found[name]), 1e3) for name, aim in goals["aims"].items()]
    total = sum(d * d + 20.0 * max(0.0, d - ROOM) ** 2 for d in apart)
    return total if math.isfinite(total) else 1e6


def report(text: str) -> None:
    """Write a text to standard output."""
    sys.stdout.write(text + "\n")


def main() -> int:
    """Command line; the exit status is 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--search", type=int, default=0, metavar="GENERATIONS", help="search before judging")
    parser.add_argument("--seed", type=int, default=1, help="seed of the search")
    parser.add_argument("--step", type=float, default=0.05, help="first step of the search in logarithms")
    parser.add_argument("--workers", type=int, default=1, help="processes of the search")
    asked = parser.parse_args()
    goals, changes = targets(), {}
    if asked.search:
        space = free()
        value, low, high = (np.log([bounds[i] for bounds in space.values()]) for i in range(3))
        judge = partial(cost, names=tuple(space), goals=goals)
        with Pool(asked.workers) as pool:
            best = minimise(judge, value, low, high, asked.step, asked.search, asked.seed, pool.map)
        changes = completed(dict(zip(space, np.exp(best), strict=True)))
        report("\n".join(f"{name} = {number:.4g}" for name, number in changes.items()) + "\n")
    found = measure(goals["schedules"], changes)
    report(table(goals["aims"], found))
    missed = [name for name, aim in goals["aims"].items() if not met(aim, found[name])]
    report(f"\n{len(goals['aims']) - len(missed)} of {len(goals['aims'])} aims met {' '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
