"""Search for the calibrated values: `python calibration/search.py` prints those that stand in the catalogue.

An evolution strategy with covariance matrix adaptation (Hansen 2016, arXiv 1604.00772) in the logarithms, from the
starts in start.toml, inside the catalogue's ranges less EDGE of their width at both ends. A generation is one call of
the package's engine (`batch.py`) per process. The cost is the misfit to the aims of targets.toml plus a weak pull to
published values: PULL for a deviation of SPREAD in the logarithm. The same seed, start and number of generations give
the same values.

Of the catalogue's values those that are searched do not enter, only their ranges. Nothing is written: `fit.py` judges.
"""

from __future__ import annotations

import argparse
import math
import sys
import tomllib
from collections.abc import Callable, Sequence
from functools import cache, partial
from multiprocessing import Pool
from typing import Any

import numpy as np
from batch import Setting, courses_of
from measures import HERE, Array, measure, misfit, targets

from carsim import catalog

POPULATION = 24
GENERATIONS = 240
STEP = 0.06
SEED = 1
EDGE = 0.07
PENALTY = 5.0  # per squared unit of logarithm outside the bounds
PULL, SPREAD = 0.15, 0.7
PROCESSES = 2
FAILED = 1e6


def space() -> dict[str, tuple[float, float, float, float]]:
    """What is searched, by scenario path: start, lowest and highest value, and the value to which it is pulled."""
    begin = tomllib.loads((HERE / "start.toml").read_text(encoding="utf-8"))
    found = {}
    for path, (value, published) in begin.items():
        low, high = limits(path)
        edge = (high / low) ** EDGE
        found[path] = (min(max(value, low * edge), high / edge), low * edge, high / edge, published)
    return found


def limits(path: str) -> tuple[float, float]:
    """Range of the catalogue; the neutrophil set point and the memory share stand with the child and its product."""
    if path == "neutrophil_base":
        value = catalog.find_population("paediatric-rr-ball").covariates[path].median
    elif path == "memory_share":
        value = catalog.find_product("tisagenlecleucel").memory_share
    else:
        value = catalog.find_value(path)
    return value.low, value.high


def completed(changes: dict[str, float]) -> dict[str, float]:
    """The changes, with the death rate at which host T cells rest at the population's baseline."""
    thymus = catalog.find_value("thymic_output").value
    rest = catalog.find_population("paediatric-rr-ball").covariates["host_t_cells"].median.value
    death = changes["host_division"] / (1.0 + rest / changes["cytokine_half"]) + thymus / rest
    return changes | {"host_death": death}


@cache
def settings() -> dict[str, Setting]:
    """The schedules with their networks, made once in each process."""
    return {name: Setting(schedule) for name, schedule in targets()["schedules"].items()}


def costs(points: Sequence[Array], names: tuple[str, ...], published: Array, goals: dict[str, Any]) -> list[float]:
    """The cost of every point."""
    changes = [completed(dict(zip(names, np.exp(point).tolist(), strict=True))) for point in points]
    found = []
    for point, change, runs in zip(points, changes, courses_of(settings(), changes), strict=True):
        try:
            total = misfit(goals["aims"], measure(goals["schedules"], runs, change))
        except (ValueError, RuntimeError, FloatingPointError, np.linalg.LinAlgError):  # a failed run or fit
            total = FAILED
        total += PULL * float(np.sum(((point - published) / SPREAD) ** 2))
        found.append(total if math.isfinite(total) else FAILED)
    return found


def minimise(
    judge: Callable[[Sequence[Array]], list[float]],
    start: Array,
    low: Array,
    high: Array,
    step: float,
    generations: int,
    seed: int,
    tell: Callable[[str], object] = lambda _: None,
) -> Array:
    """Return the best point met; `judge` gives the costs of a generation."""
    rng = np.random.default_rng(seed)
    n, parents = len(start), POPULATION // 2
    weights = np.log(parents + 0.5) - np.log(np.arange(1, parents + 1))
    weights /= weights.sum()
    mass = 1.0 / np.sum(weights**2)
    c_path = (4.0 + mass / n) / (n + 4.0 + 2.0 * mass / n)
    c_step = (mass + 2.0) / (n + mass + 5.0)
    c_one = 2.0 / ((n + 1.3) ** 2 + mass)
    c_many = min(1.0 - c_one, 2.0 * (mass - 2.0 + 1.0 / mass) / ((n + 2.0) ** 2 + mass))
    damping = 1.0 + 2.0 * max(0.0, np.sqrt((mass - 1.0) / (n + 1.0)) - 1.0) + c_step
    expected = np.sqrt(n) * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n))
    mean, covariance = np.array(start, dtype=float), np.eye(n)
    path, step_path = np.zeros(n), np.zeros(n)
    best, best_cost = mean.copy(), math.inf
    for generation in range(1, generations + 1):
        values, vectors = np.linalg.eigh(covariance)
        scale = np.sqrt(np.maximum(values, 1e-14))
        moves = (vectors * scale) @ rng.standard_normal((n, POPULATION))
        points = (mean[:, None] + step * moves).T
        inside = np.clip(points, low, high)
        cost = np.array(judge(list(inside)))
        if cost.min() < best_cost:
            best, best_cost = inside[cost.argmin()].copy(), float(cost.min())
        tell(f"generation {generation}: best {best_cost:.4g}, step {step:.3g}")
        order = np.argsort(cost + PENALTY * np.sum((points - inside) ** 2, axis=1))[:parents]
        move = moves[:, order] @ weights
        mean = mean + step * move
        whitened = vectors @ ((vectors.T @ move) / scale)
        step_path = (1.0 - c_step) * step_path + np.sqrt(c_step * (2.0 - c_step) * mass) * whitened
        length = np.linalg.norm(step_path)
        moving = length / np.sqrt(1.0 - (1.0 - c_step) ** (2 * generation)) < (1.4 + 2.0 / (n + 1.0)) * expected
        path = (1.0 - c_path) * path + moving * np.sqrt(c_path * (2.0 - c_path) * mass) * move
        covariance = (
            (1.0 - c_one - c_many) * covariance
            + c_one * np.outer(path, path)
            + c_many * (moves[:, order] * weights) @ moves[:, order].T
        )
        step *= np.exp(c_step / damping * (length / expected - 1.0))
    return best


def progress(text: str) -> None:
    """A line on standard error."""
    sys.stderr.write(text + "\n")


def main() -> int:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generations", type=int, default=GENERATIONS)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    goals, searched = targets(), space()
    start, low, high, published = (np.log([bounds[i] for bounds in searched.values()]) for i in range(4))
    judge = partial(costs, names=tuple(searched), published=published, goals=goals)
    share = POPULATION // PROCESSES
    with Pool(PROCESSES) as pool:

        def spread(points: Sequence[Array]) -> list[float]:
            parts = [points[i : i + share] for i in range(0, len(points), share)]
            return [cost for part in pool.map(judge, parts) for cost in part]

        best = minimise(spread, start, low, high, STEP, asked.generations, asked.seed, progress)
    found = completed({name: float(f"{value:.4g}") for name, value in zip(searched, np.exp(best), strict=True)})
    sys.stdout.write("".join(f"{name!r:28} = {value:.6g}\n" for name, value in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
