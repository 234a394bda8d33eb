"""Evolution strategy with covariance matrix adaptation (Hansen 2016, arXiv 1604.00772); bounds by clip and penalty."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

POPULATION = 14
PENALTY = 5.0  # per squared unit of logarithm outside the bounds


def minimise(
    cost: Callable[[np.ndarray], float],
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    step: float,
    generations: int,
    seed: int,
    spread: Callable[[Callable[[np.ndarray], float], Iterable[np.ndarray]], Iterable[float]] = map,
) -> np.ndarray:
    """Return the best point met; `spread` is `map` or a pool's map. The same seed gives the same points."""
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
    best, best_cost = mean.copy(), cost(mean)
    for generation in range(1, generations + 1):
        values, vectors = np.linalg.eigh(covariance)
        scale = np.sqrt(np.maximum(values, 1e-14))
        moves = (vectors * scale) @ rng.standard_normal((n, POPULATION))
        points = (mean[:, None] + step * moves).T
        inside = np.clip(points, low, high)
        costs = np.array(list(spread(cost, list(inside))))
        if costs.min() < best_cost:
            best, best_cost = inside[costs.argmin()].copy(), float(costs.min())
        order = np.argsort(costs + PENALTY * np.sum((points - inside) ** 2, axis=1))[:parents]
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
