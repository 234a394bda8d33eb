"""Engines of chance against laws in closed form; streams that nothing but their key decides.

Samples have fixed seeds, so a check gives the same value on every machine; limits are 5 standard errors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from carsim import rng
from carsim.selftest.check import Check, Measure, measures
from carsim.selftest.networks import Array, birth_and_death, extinct_by, moments_of_birth_and_death

if TYPE_CHECKING:
    from carsim.engines.protocol import Trajectories

GROUP = "chance"
ENGINES = ("exact", "leap", "hybrid", "agent")
BIRTH, DEATH, START, DAY, COURSES = 0.3, 0.1, 5, 6.0, 4_000
ERRORS = 5.0  # standard errors: beyond them by chance once in two million
N = 40_000


def _courses(engine: str, courses: int = COURSES, seed: int = 1, threads: int = 0) -> Trajectories:
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate

    net = birth_and_death(BIRTH, DEATH, START)
    options = Options(threads=threads, threshold=math.inf if engine == "hybrid" else None)
    return simulate(net, t=[0.0, DAY], engine=engine, replicates=courses, seed=seed, options=options)


def _of_engine(engine: str) -> Measure:
    """Mean number of cells and share of extinct courses."""

    def standard_errors() -> list[float]:
        cells = _courses(engine).of("cells")[:, -1]
        mean, variance = moments_of_birth_and_death(BIRTH, DEATH, START, DAY)
        gone = extinct_by(BIRTH, DEATH, START, DAY)
        return [
            abs(float(cells.mean()) - mean) / math.sqrt(variance / cells.size),
            abs(float((cells == 0).mean()) - gone) / math.sqrt(gone * (1.0 - gone) / cells.size),
        ]

    law = f"of {COURSES:,} courses of birth and death against Kendall's"
    return Measure(
        GROUP,
        (
            Check(f"{engine}: mean", f"mean {law}", ERRORS, "standard errors"),
            Check(f"{engine}: extinction", f"extinct share {law}", ERRORS, "standard errors"),
        ),
        standard_errors,
    )


@measures(
    GROUP,
    Check("mean of uniform draws", f"{N:,} draws against 1/2", ERRORS, "standard errors"),
    Check("mean of normal draws", f"{N:,} draws against 0", ERRORS, "standard errors"),
    Check("variance of normal draws", f"{N:,} draws against 1", ERRORS, "standard errors"),
)
def draws() -> list[float]:
    """Moments of the package's own draws."""
    uniform: Array = rng.uniforms(11, "selftest.uniform", np.arange(N))
    normal: Array = rng.normals(11, "selftest.normal", np.arange(N))
    return [
        abs(float(uniform.mean()) - 0.5) / math.sqrt(1.0 / 12.0 / N),
        abs(float(normal.mean())) * math.sqrt(N),
        abs(float(normal.var()) - 1.0) / math.sqrt(2.0 / N),
    ]


@measures(
    GROUP,
    Check("more replicates", "courses that change when there are more of them", 0.0, "courses"),
    Check("threads by chance", "courses that differ between one thread and two", 0.0, "courses"),
)
def streams() -> list[float]:
    """A course depends on its seed, patient, replicate and purpose alone."""
    few, many = (_courses("exact", courses).values for courses in (50, 100))
    one, two = (_courses("exact", 100, threads=threads).values for threads in (1, 2))
    return [float(np.sum(few != many[:50])), float(np.sum(one != two))]


MEASURES: tuple[Measure, ...] = (*(_of_engine(engine) for engine in ENGINES), draws, streams)
