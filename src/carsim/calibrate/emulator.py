"""How the log odds of every target depend on the free parameters, learned from patients with points of their own.

    log odds = a_k + (b + c_k) . u + q . (u^2 - 1)     u: scores; k: the target; b, q: shared by those of its endpoint

Fitted for each endpoint by itself: quasi-likelihood of the shares with a logistic mean, which serves pseudo-values
outside 0 to 1 too, with normal priors on b, c and q, so that targets lend each other what few patients say of one. It
is convex; the covariance is that of its minimum, with what each patient says of all targets as one (sandwich, clustered
by patient) and the priors as if they were data.
Source: Papke and Wooldridge, J Appl Econometrics 11:619 (1996).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from carsim.calibrate.design import Array
from carsim.calibrate.evidence import Target
from carsim.calibrate.study import Study

# Prior standard deviations: of b where the study says that the parameter informs a fact of the endpoint, and where not
# (what tocilizumab spares, say, does act on killing, but little); of c, of q (per unit of score), and of a (log odds).
SHARED, INDIRECT, OWN, CURVED, LEVEL = 0.6, 0.08, 0.15, 0.06, 3.0


@dataclass(frozen=True)
class Surface:
    """Log odds of (k) targets: coefficients (k, 1 + 2 d) of 1, u and u^2 - 1, and their covariances."""

    coefficients: Array
    covariances: Array

    def at(self, scores: Array) -> tuple[Array, Array]:
        """Mean and variance (..., k) of the log odds at scores (..., d)."""
        features = expanded(scores)
        mean = features @ self.coefficients.T
        across = np.tensordot(features, self.covariances, axes=(-1, 1))  # (..., k, 1 + 2 d), as one matrix product
        return mean, (across * features[..., None, :]).sum(axis=-1)

    def of(self, chosen: Sequence[int]) -> Surface:
        """The same of some of the targets."""
        return Surface(self.coefficients[list(chosen)], self.covariances[list(chosen)])


def expanded(scores: Array) -> Array:
    """1, u and u^2 - 1 of scores (..., d): (..., 1 + 2 d)."""
    return np.concatenate([np.ones((*scores.shape[:-1], 1)), scores, scores**2 - 1.0], axis=-1)


def learn(study: Study, targets: Sequence[Target]) -> Surface:
    """The surface of all targets, in their order."""
    size = 1 + 2 * targets[0].scores.shape[1]
    coefficients, covariances = np.zeros((len(targets), size)), np.zeros((len(targets), size, size))
    for endpoint in dict.fromkeys(_kind(target) for target in targets):
        members = [k for k, target in enumerate(targets) if _kind(target) == endpoint]
        coefficients[members], covariances[members] = _learn_alike(study, [targets[k] for k in members])
    return Surface(coefficients, covariances)


def _kind(target: Target) -> str:
    """What targets lend each other's dependence: their endpoint, a median like the shares that it splits."""
    return target.fact.endpoint.removesuffix("_median")


def _slopes(study: Study, targets: Sequence[Target]) -> Array:
    """Prior standard deviation of the slope in each parameter, (d,)."""
    mechanisms = {name for target in targets for name in target.fact.mechanism}
    return np.array([SHARED if mechanisms & set(free.informed_by) else INDIRECT for free in study.parameters])


def _learn_alike(study: Study, targets: Sequence[Target]) -> tuple[Array, Array]:
    """Coefficients (k, 1 + 2 d) and covariances of the targets of one endpoint."""
    many, d = len(targets), targets[0].scores.shape[1]
    design = np.concatenate([_rows(target, k, many) for k, target in enumerate(targets)])
    shares = np.concatenate([target.shares for target in targets])
    weights = _weights(targets)
    slopes = _slopes(study, targets)
    scales = [np.full(many, LEVEL), slopes, slopes * (CURVED / SHARED), np.tile(slopes * (OWN / SHARED), many)]
    precision = 1.0 / np.concatenate(scales) ** 2

    def cost(x: Array) -> tuple[float, Array]:
        eta = design @ x
        value = weights @ (np.logaddexp(0.0, eta) - shares * eta) + 0.5 * precision @ x**2
        return float(value), np.asarray(design.T @ (weights * (expit(eta) - shares)) + precision * x)

    fit = minimize(cost, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": 5000}).x
    mean = expit(design @ fit)
    curvature = np.linalg.inv(design.T @ (design * (weights * mean * (1.0 - mean))[:, None]) + np.diag(precision))
    told = _by_patient(targets, design * (weights * (shares - mean))[:, None])
    covariance = curvature @ (told.T @ told + np.diag(precision)) @ curvature
    maps = [_map(k, many, d) for k in range(many)]
    return np.array([part @ fit for part in maps]), np.array([part @ covariance @ part.T for part in maps])


def _weights(targets: Sequence[Target]) -> Array:
    """What each patient counts for: one that several targets of an endpoint are read off counts once in all of them."""
    of = Counter((target.system, int(patient)) for target in targets for patient in target.patients)
    return np.array([1.0 / of[target.system, int(patient)] for target in targets for patient in target.patients])


def _by_patient(targets: Sequence[Target], rows: Array) -> Array:
    """The sum of the rows of each patient of each system: one patient says nothing independent in several targets."""
    names = {name: k for k, name in enumerate(dict.fromkeys(target.system for target in targets))}
    keys = np.concatenate([np.stack([np.full(t.patients.size, names[t.system]), t.patients], axis=1) for t in targets])
    _, of = np.unique(keys, axis=0, return_inverse=True)
    found = np.zeros((int(of.max()) + 1, rows.shape[1]))
    np.add.at(found, of.ravel(), rows)
    return found


def _rows(target: Target, k: int, many: int) -> Array:
    """The design of a target's patients: levels of all targets, shared slopes and curvatures, slopes of each target."""
    return expanded(target.scores) @ _map(k, many, target.scores.shape[1])


def _map(k: int, many: int, d: int) -> Array:
    """From the unknowns of an endpoint to the coefficients of one target, (1 + 2 d, unknowns)."""
    found = np.zeros((1 + 2 * d, many + 2 * d + many * d))
    found[0, k] = 1.0
    found[1 : 1 + 2 * d, many : many + 2 * d] = np.eye(2 * d)
    own = many + 2 * d + k * d
    found[1 : 1 + d, own : own + d] = np.eye(d)
    return found
