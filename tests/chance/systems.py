"""Small systems with known laws, each stated as a network, with its law and the engines that it is for.

A system's `values` are the parameters of both its network and its law, so that the negative control is the same law
with one of them off by the stated effect. The networks and their laws are in `networks`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule

from . import closed_forms as closed
from .comparisons import Comparison, Mean, Share, Variance, Whole, moments_of, squares_of
from .crowd import crowd
from .networks import (
    DOSES,
    SECOND_DOSE,
    Floats,
    Laws,
    batches,
    batches_laws,
    birth_death,
    birth_death_laws,
    dimerisation,
    dimerisation_laws,
    doses_laws,
    hazard,
    hazard_laws,
    immigration_death,
    kill,
    kill_laws,
    linear,
    mutants,
    mutants_laws,
    survival_laws,
    triggers_laws,
    triggers_shown,
    two_types,
    two_types_laws,
)

ENGINES = ("exact", "leap", "hybrid", "agent")
REFERENCE = "crowd"  # plain NumPy, on which the matrix itself is tried out
COUNTING = ("exact", "leap", "hybrid")  # a pair that vanishes together is no deed of one cell


@dataclass(frozen=True, eq=False)
class System:
    """A network, the times at which its law is known, and that law; `wrong`: parameter and effect of the control."""

    name: str
    build: Callable[..., Network]
    laws: Callable[..., Laws]
    values: Mapping[str, float]
    t: tuple[float, ...]
    outputs: tuple[str, ...]
    wrong: tuple[str, float]
    engines: tuple[str, ...] = ENGINES
    schedule: Schedule | None = None

    def network(self) -> Network:
        """A fresh network with the system's values."""
        return self.build(**self.values)

    @lru_cache(maxsize=64)  # noqa: B019  (systems live as long as the module)
    def comparisons(self, effect: float = 1.0) -> list[Comparison]:
        """Mean, variance, whole law and extinction at each time, with the law that is off by `effect` of `wrong`."""
        name, size = self.wrong
        right = self.laws(**self.values)
        other = self.laws(**{**self.values, name: self.values[name] * (1.0 + effect * size)})
        made: list[Comparison] = []
        for (output, time), law in right.items():
            key, off = column(output, time), other[output, time]
            made += [
                Mean(key, moments_of(law), moments_of(off)),
                Variance(key, *squares_of(law), squares_of(off)),
                Whole(key, law, off),
            ]
            if 1e-3 < law[0] < 1.0 - 1e-3:
                made.append(Share(f"{key}: none", float(law[0]), float(off[0])))
        return made


def column(output: str, time: float) -> str:
    """Name of the values of an output at a time."""
    return f"{output} at {time:g}"


@lru_cache(maxsize=64)
def drawn(name: str, engine: str, seed: int, n: int, epsilon: float = 0.03) -> Mapping[str, Floats]:
    """n courses of a system on an engine: the columns that comparisons name."""
    system = SYSTEMS[name]
    t = (0.0, *system.t)
    options = {"schedule": system.schedule, "outputs": system.outputs, "epsilon": epsilon}
    return columns(courses(system.network(), t, engine, n, seed, **options), t)


def courses(
    network: Network,
    t: Sequence[float],
    engine: str,
    n: int,
    seed: int,
    *,
    schedule: Schedule | None = None,
    outputs: Sequence[str] | None = None,
    **options: Any,
) -> Any:
    """n courses of any network on an engine or on the reference, all of them finished."""
    if engine == REFERENCE:
        return crowd(network, t, replicates=n, seed=seed, schedule=schedule, outputs=outputs)
    settings = Options(**{"keep_cells": False, **options})  # what is left of single cells is not looked at here
    result = simulate(
        network, t=t, engine=engine, schedule=schedule, replicates=n, seed=seed, outputs=outputs, options=settings
    )
    assert (result.status == Status.OK).all(), result.problem(int(np.argmax(result.status)))
    return result


def columns(result: Any, t: Sequence[float]) -> dict[str, Floats]:
    """Each output at each time, and whether it is zero there, by the names that comparisons use."""
    found = {}
    for output in result.outputs:
        values = result.of(output)
        assert values.shape[1] == len(t)
        for place, time in enumerate(t):
            found[column(output, time)] = values[:, place]
            found[f"{column(output, time)}: none"] = (values[:, place] == 0.0).astype(np.float64)
    return found


ALL = (
    System(
        "birth-death",
        birth_death,
        birth_death_laws,
        {"birth": 0.3, "death": 0.1, "start": 5.0},
        (5.0, 10.0),
        ("cells",),
        ("birth", 0.2),
    ),
    System(
        "pure birth",
        lambda birth, start: linear("pure birth", start, birth=birth),
        lambda birth, start: {("cells", t): closed.pure_birth(birth, int(start), t, 400) for t in (2.0, 6.0)},
        {"birth": 0.25, "start": 3.0},
        (2.0, 6.0),
        ("cells",),
        ("birth", 0.2),
    ),
    System(
        "pure death",
        lambda death, start: linear("pure death", start, death=death),
        lambda death, start: {("cells", t): closed.pure_death(death, int(start), t) for t in (2.0, 6.0, 20.0)},
        {"death": 0.2, "start": 60.0},
        (2.0, 6.0, 20.0),
        ("cells",),
        ("death", 0.1),
    ),
    System(
        "immigration-death",
        immigration_death,
        lambda arrival, death, start: {
            ("cells", t): closed.immigration_death(arrival, death, int(start), t, 120) for t in (1.0, 10.0)
        },
        {"arrival": 4.0, "death": 0.3, "start": 2.0},
        (1.0, 10.0),
        ("cells",),
        ("arrival", 0.15),
    ),
    System(
        "dimerisation",
        dimerisation,
        dimerisation_laws,
        {"bind": 0.05, "part": 0.2, "start": 30.0},
        (0.5, 4.0),
        ("A", "D"),
        ("bind", 0.2),
        engines=COUNTING,
    ),
    System(
        "kill",
        kill,
        kill_laws,
        {"attack": 0.05, "respond": 0.008, "tire": 0.2, "grow": 0.15, "killers": 4.0, "targets": 15.0},
        (2.0, 5.0),
        ("A", "B"),
        ("attack", 0.3),
    ),
    System(
        "batches",
        batches,
        batches_laws,
        {"burst": 1.5, "annihilate": 0.03, "death": 0.1, "start": 9.0},
        (1.0, 6.0),
        ("cells",),
        ("burst", 0.2),
        engines=COUNTING,
    ),
    System(
        "doses",
        birth_death,
        doses_laws,
        {"birth": 0.3, "death": 0.1, "start": 4.0},
        (2.5, 4.0, 8.0),
        ("cells",),
        ("birth", 0.2),
        schedule=DOSES,
    ),
    System(
        "triggers",
        triggers_shown,
        triggers_laws,
        {"birth": 0.4, "death": 0.2, "treated": 1.0, "start": 5.0},
        (4.0, 12.0),
        ("cells", "on"),
        ("treated", 0.8),
    ),
    System(
        "hazard in time",
        hazard,
        hazard_laws,
        {"birth": 0.15, "potency": 0.3, "clear": 0.5, "dose": 2.0, "start": 12.0},
        (2.0, 3.0, 6.0),
        ("cells",),
        ("potency", 0.15),
        schedule=Schedule.of([(SECOND_DOSE, "add", "drug", 2.0, "drug")]),
    ),
    System(
        "survival",
        hazard,
        survival_laws,
        {"birth": 0.0, "potency": 0.3, "clear": 0.5, "dose": 2.0, "start": 20.0},
        (1.0, 3.0, 6.0),
        ("cells",),
        ("potency", 0.15),
        schedule=Schedule.of([(SECOND_DOSE, "add", "drug", 2.0, "drug")]),
    ),
    System(
        "mutants",
        mutants,
        mutants_laws,
        {"mutation": 1e-3, "final": 1000.0},
        (60.0,),
        ("mutant",),
        ("mutation", 0.5),
    ),
    System(
        "two types",
        two_types,
        two_types_laws,
        {"birth": 0.3, "death": 0.2, "turn": 0.05, "other_birth": 0.2, "other_death": 0.35, "back": 0.03},
        (3.0, 8.0),
        ("A", "B", "all"),
        ("birth", 0.3),
    ),
)
SYSTEMS = {system.name: system for system in ALL}
CELLS = tuple((system.name, engine) for system in ALL for engine in (REFERENCE, *system.engines))
