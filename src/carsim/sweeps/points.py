"""The points of a sweep, none of which is made before it is asked for.

    point k      the mixed-radix digits of k over the axes, the first axis the slowest, what is sampled the fastest
    latin        share = (stratum + u) / n, strata in the order of n uniform numbers, for each axis its own
    sobol        Sobol's sequence, each axis shifted by the exclusive or of 30 random bits (keeps its balance)
    random       share = u

Random numbers are those of `sample.seed` and the axis' name, so an axis more changes no other.
Sources: McKay, Beckman and Conover, Technometrics 21:239 (1979); Joe and Kuo, SIAM J Sci Comput 30:2635 (2008).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.spec.sweep import Axis, Choices, Sweep, Together, labels_of
from carsim.spec.varied import AnAxis, arm_changes, changes_at
from carsim.units import QuantityError, normal, quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carsim.spec import Scenario

SAMPLED = "sample"  # name of the direction along which sampled axes vary
BITS = 30  # of a Sobol number


@dataclass(frozen=True)
class Coordinate:
    """What an axis is at each point: numbers in a unit, or codes of words (`words` is empty for numbers)."""

    values: NDArray[Any]
    unit: str = "1"
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Points:
    """The points of a sweep; `arms` are what each arm of the trial sets."""

    sweep: Sweep
    arms: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, scenario: Scenario) -> Points:
        """The points of a scenario that has a `sweep`."""
        assert scenario.sweep is not None  # asked of sweeps only
        return cls(scenario.sweep, arm_changes(scenario.trial))

    @cached_property
    def sampled(self) -> tuple[Axis, ...]:
        """The axes that are sampled together."""
        return tuple(axis for axis in self.sweep.axes if isinstance(axis, Axis) and axis.is_sampled)

    @cached_property
    def grid(self) -> tuple[AnAxis, ...]:
        """The axes with points of their own, the first the slowest."""
        return tuple(axis for axis in self.sweep.axes if axis not in self.sampled)

    @cached_property
    def shape(self) -> dict[str, int]:
        """Number of points along each direction, by its name; their product is the number of points."""
        sizes = {labels_of(axis)[0]: axis.size for axis in self.grid}
        return sizes | ({SAMPLED: self.sweep.sample.n} if self.sweep.sample else {})

    @property
    def n(self) -> int:
        """Number of points."""
        return math.prod(self.shape.values())

    def digits(self, points: NDArray[np.int64]) -> tuple[NDArray[np.int64], ...]:
        """The step along each direction of `shape`, for each of the points."""
        return tuple(np.unravel_index(points, tuple(self.shape.values())))

    def changes(self, point: int) -> dict[str, Any]:
        """Values by path that a point sets; where two axes set one path, the later one counts."""
        steps = [int(step) for step in self.digits(np.array(point))]
        found: dict[str, Any] = {}
        for axis in self.sweep.axes:
            if axis in self.sampled:
                share = float(self.shares[self.sampled.index(axis)][steps[-1]])
                found[axis.path] = axis.between(share)
            else:
                found |= changes_at(axis, steps[self.grid.index(axis)], self.arms)
        return found

    @cached_property
    def shares(self) -> tuple[NDArray[np.float64], ...]:
        """How far along each sampled axis each of its points lies, in [0, 1)."""
        sample, names = self.sweep.sample, [axis.label for axis in self.sampled]
        if sample is None:
            return ()
        order = np.arange(sample.n)
        uniform = [rng.uniforms(sample.seed, f"sweep.{name}", order) for name in names]
        if sample.method == "random":
            return tuple(uniform)
        if sample.method == "sobol":
            return _sobol(sample.n, [rng.uniforms(sample.seed, f"sweep.{name}.shift", 0) for name in names])
        strata = [np.argsort(rng.uniforms(sample.seed, f"sweep.{name}.order", order), kind="stable") for name in names]
        return tuple((stratum + within) / sample.n for stratum, within in zip(strata, uniform, strict=True))

    def coordinates(self) -> dict[str, Coordinate]:
        """What each axis is at every point, (n,) by its name."""
        steps = self.digits(np.arange(self.n))
        found: dict[str, Coordinate] = {}
        for axis in self.sweep.axes:
            if axis in self.sampled:
                numbers = np.array(axis.numbers(self.shares[self.sampled.index(axis)].tolist()))
                found[axis.label] = Coordinate(numbers[steps[-1]], normal(axis.unit) or "1")
                continue
            step = steps[self.grid.index(axis)]
            for label, known in _along(axis).items():
                found[label] = Coordinate(known.values[step], known.unit, known.words)
        return found


def _along(axis: AnAxis) -> dict[str, Coordinate]:
    """What an axis is at its own points, by name."""
    if isinstance(axis, Together):
        return {label: known for inner in axis.axes for label, known in _along(inner).items()}
    if isinstance(axis, Axis):
        if axis.values is not None:
            return {axis.label: _listed(axis.values, axis.unit)}
        numbers = np.array(axis.numbers(step / (axis.size - 1) for step in range(axis.size)))
        return {axis.label: Coordinate(numbers, normal(axis.unit) or "1")}
    return {axis.name: _words([choice.name for choice in axis.each] if isinstance(axis, Choices) else axis.arms)}


def _listed(values: Sequence[Any], unit: str) -> Coordinate:
    """Values as numbers in the unit of the first; as words where one of them is no such number."""
    try:
        if not any(isinstance(value, bool) for value in values):
            numbers = [quantity(value, unit) for value in values]
            return Coordinate(np.array(numbers, dtype=np.float64), normal(unit) or "1")
    except QuantityError:
        pass
    return _words([str(value).lower() if isinstance(value, bool) else str(value) for value in values])


def _words(values: Sequence[str]) -> Coordinate:
    words = tuple(dict.fromkeys(values))
    return Coordinate(np.array([words.index(value) for value in values], dtype=np.int32), words=words)


def _sobol(n: int, shifts: Sequence[NDArray[np.float64]]) -> tuple[NDArray[np.float64], ...]:
    from scipy.stats.qmc import Sobol

    plain = Sobol(len(shifts), scramble=False, bits=BITS).random(n)
    whole = np.round(plain * 2.0**BITS).astype(np.int64)
    bits = [int(float(shift) * 2.0**BITS) for shift in shifts]
    return tuple(((whole[:, at] ^ shift) + 0.5) * 2.0**-BITS for at, shift in enumerate(bits))
