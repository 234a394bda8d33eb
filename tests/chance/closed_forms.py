"""Laws of small systems in closed form, or by their master equation: what every engine of chance is compared with.

A law is an array of probabilities of 0, 1, 2, ... cells, long enough that what lies beyond is below 1e-12 (asserted).

Linear birth and death: Kendall, Ann Math Stat 19 (1948) 1, also for rates that change in time. Two types: generating
functions of a branching process (Athreya and Ney, Branching Processes, 1972, ch. V). Mutants at a fixed final size: the
embedded chain of divisions; probability of none and mean by recursion over it (Angerer, J Math Biol 42 (2001) 145).
Master equations: the action of the matrix exponential on a truncated state space (Al-Mohy and Higham 2011, SciPy).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import integrate, stats
from scipy.linalg import expm
from scipy.sparse import coo_array
from scipy.sparse.linalg import expm_multiply
from scipy.special import gammaln

Floats = NDArray[np.float64]
LOST = 1e-12  # most probability outside the values that are kept


def extinct_by(birth: float, death: float, start: int, t: float) -> float:
    """Probability that linear birth and death from `start` cells has died out by t."""
    growth = np.exp((birth - death) * t)
    return float((death * (growth - 1.0) / (birth * growth - death)) ** start)


def extinct_ever(birth: float, death: float, start: int) -> float:
    """Probability that it ever dies out."""
    return min(1.0, death / birth) ** start


def birth_death(birth: float, death: float, start: int, t: float, size: int) -> Floats:
    """Law of linear birth and death with constant, unequal rates."""
    growth = np.exp((birth - death) * t)
    none = death * (growth - 1.0) / (birth * growth - death)
    more = birth * (growth - 1.0) / (birth * growth - death)
    return several(modified_geometric(none, more, size), start)


def birth_death_in_time(
    birth: Callable[[float], float],
    death: Callable[[float], float],
    start: int,
    t: float,
    size: int,
    stops: Sequence[float],
) -> Floats:
    """The same with rates that change in time (Kendall 1948); `stops` are times at which they jump.

    With rho = integral of (death - birth) and W = exp(-rho) (1 + integral of death exp(rho)), one cell has died out
    with probability 1 - exp(-rho) / W, and else is geometric with ratio 1 - 1 / W.
    """

    def slope(time: float, y: Floats) -> list[float]:
        return [death(time) - birth(time), death(time) * np.exp(y[0])]

    y, edges = np.zeros(2), [0.0, *(stop for stop in stops if stop < t), t]
    for left, right in pairwise(edges):
        inside = (left + 1e-12, right - 1e-12)  # rates are read on the right side of a jump
        y = integrate.solve_ivp(slope, inside, y, rtol=1e-11, atol=1e-13, method="DOP853").y[:, -1]
    weight = np.exp(-y[0]) * (1.0 + y[1])
    return several(modified_geometric(1.0 - np.exp(-y[0]) / weight, 1.0 - 1.0 / weight, size), start)


def modified_geometric(none: float, more: float, size: int) -> Floats:
    """P(0) = none, P(k) = (1 - none)(1 - more) more^(k - 1)."""
    law = (1.0 - none) * (1.0 - more) * more ** (np.arange(size) - 1.0)
    law[0] = none
    return law


def several(law: Floats, start: int) -> Floats:
    """The law of the sum of `start` independent copies, cut to the same length."""
    return kept(reduce(lambda a, b: np.convolve(a, b)[: law.size], [law] * start))


def kept(law: Floats) -> Floats:
    """The law, when what is cut off is negligible."""
    lost = 1.0 - law.sum()
    assert abs(lost) < LOST * law.size, f"the law loses {lost:.3g} beyond {law.size} values"
    return law


def pure_birth(birth: float, start: int, t: float, size: int) -> Floats:
    """Negative binomial: each founder's clone is geometric on 1, 2, ..."""
    return kept(stats.nbinom.pmf(np.arange(size) - start, start, np.exp(-birth * t)))


def pure_death(death: float, start: int, t: float) -> Floats:
    """Binomial."""
    return kept(stats.binom.pmf(np.arange(start + 1), start, np.exp(-death * t)))


def immigration_death(arrival: float, death: float, start: int, t: float, size: int) -> Floats:
    """Poisson arrivals that survive, plus binomial survivors of those that were there."""
    alive = np.exp(-death * t)
    come = stats.poisson.pmf(np.arange(size), arrival / death * (1.0 - alive))
    return kept(np.convolve(come, stats.binom.pmf(np.arange(start + 1), start, alive))[:size])


class TwoTypes:
    """Branching of two types of cells: each divides, dies and turns into the other.

    birth, death, turn: rates of type 0 and of type 1.
    """

    def __init__(self, birth: tuple[float, float], death: tuple[float, float], turn: tuple[float, float]) -> None:
        self.birth, self.death, self.turn = np.array(birth), np.array(death), np.array(turn)

    @property
    def matrix(self) -> Floats:
        """Growth of the means: d mean / dt = matrix @ mean."""
        matrix = np.diag(self.birth - self.death - self.turn)
        matrix[1, 0], matrix[0, 1] = self.turn
        return matrix

    def means(self, start: Sequence[int], t: float) -> Floats:
        """Mean cells of both types."""
        return np.asarray(expm(self.matrix * t) @ np.asarray(start, dtype=np.float64))

    def generating(self, z: NDArray[np.complex128], t: float) -> NDArray[np.complex128]:
        """Generating functions at time t of the clones of one cell of either type, at points z (2, n)."""
        shape = z.shape

        def slope(_: float, flat: NDArray[np.complex128]) -> NDArray[np.complex128]:
            f = flat.reshape(shape)
            divide, die, turn = (rate[:, None] for rate in (self.birth, self.death, self.turn))
            return np.asarray(divide * (f * f - f) + die * (1.0 - f) + turn * (f[::-1] - f)).ravel()

        solved = integrate.solve_ivp(
            slope, (0.0, t), z.astype(np.complex128).ravel(), rtol=1e-11, atol=1e-13, method="DOP853"
        )
        return np.asarray(solved.y[:, -1].reshape(shape))

    def extinct_by(self, start: Sequence[int], t: float) -> float:
        """Probability that no cell of either type is left."""
        none = self.generating(np.zeros((2, 1)), t)[:, 0].real
        return float(np.prod(none ** np.asarray(start)))

    def law(self, kinds: tuple[int, ...], start: Sequence[int], t: float, size: int) -> Floats:
        """Law of the cells of these types together: Fourier inversion of the generating function on the unit circle."""
        half = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)  # the other half of the circle is its conjugate
        z = np.ones((2, half.size), dtype=np.complex128)
        z[list(kinds)] = half
        f = self.generating(z, t)
        law = np.fft.irfft(f[0] ** start[0] * f[1] ** start[1], size)
        assert abs(law[-1]) < LOST, f"the law wraps around {size} values"
        return kept(law)


def no_mutant(final: int, mutation: float) -> float:
    """Probability of no mutant at the final size: none of the N - 1 divisions mutates."""
    return float((1.0 - mutation) ** (final - 1))


def mean_mutants(final: int, mutation: float) -> float:
    """Mean number of mutants at the final size: N - Gamma(N + 1 - u) / (Gamma(N) Gamma(2 - u))."""
    wild = np.exp(gammaln(final + 1.0 - mutation) - gammaln(final) - gammaln(2.0 - mutation))
    return float(final - wild)


def mutants(final: int, mutation: float) -> Floats:
    """Law of the mutants: at n cells of which m, a division adds a mutant with probability m/n + u (1 - m/n)."""
    law = np.zeros(final + 1)
    law[0] = 1.0
    counts = np.arange(final + 1)
    for n in range(1, final):
        another = counts / n + mutation * (1.0 - counts / n)
        another[n + 1 :] = 0.0
        moved = law * another
        law = law - moved
        law[1:] += moved[:-1]
    return kept(law)


class MasterEquation:
    """Probabilities of all states of a truncated system, flowing by the action of a matrix exponential.

    shape: number of values of each count. reactions: (change of each count, rate of arrays of the counts). A jump out
    of the truncated space is lost, so that `kept` tells when the space is too small. `redirect` moves the state reached
    by a jump at once (a trigger).
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        reactions: Sequence[tuple[tuple[int, ...], Callable[..., Floats]]],
        redirect: Callable[[NDArray[np.int64]], NDArray[np.int64]] = lambda states: states,
    ) -> None:
        self.shape = shape
        states = np.array(np.unravel_index(np.arange(np.prod(shape)), shape))
        rows, columns, entries = [], [], []
        for change, rate in reactions:
            speed = np.broadcast_to(np.asarray(rate(*states), dtype=np.float64), states.shape[1])
            reached = redirect(states + np.array(change)[:, None])
            inside = ((reached >= 0) & (reached < np.array(shape)[:, None])).all(axis=0) & (speed > 0)
            here = np.flatnonzero(speed > 0)
            rows += [np.ravel_multi_index(tuple(reached[:, inside]), shape), here]
            columns += [np.flatnonzero(inside), here]
            entries += [speed[inside], -speed[here]]
        size = int(np.prod(shape))
        where = (np.concatenate(rows), np.concatenate(columns))
        self.generator = coo_array((np.concatenate(entries), where), shape=(size, size)).tocsr()

    def start(self, *state: int) -> Floats:
        """Certainty of one state."""
        law = np.zeros(self.shape)
        law[state] = 1.0
        return law

    def after(self, law: Floats, t: float) -> Floats:
        """The law (in the shape of the states) a time t later."""
        moved = np.asarray(expm_multiply(self.generator * t, law.ravel(), traceA=t * self.generator.trace()))
        kept(moved)
        return moved.reshape(self.shape)


def marginal(law: Floats, axis: int) -> Floats:
    """The law of one count of several."""
    return np.asarray(law.sum(axis=tuple(k for k in range(law.ndim) if k != axis)))


def shifted(law: Floats, cells: int) -> Floats:
    """The law after a dose of so many cells."""
    moved = np.zeros_like(law)
    moved[cells:] = law[: law.size - cells]
    return kept(moved)
