"""What differs between the leukaemias of patients: which clones they carry and how many cells of them, their antigens.

carried    a clone is there in its `prevalence` of a cohort's patients, and in any `patient:`
sites      disease outside marrow and blood likewise
share      log-normal around the scenario's value, one draw per patient and clone; main: what the others leave
cells      a clone of few cells: Poisson around what is expected, so that many patients have none of it; for engines
           of chance whole ones at each site, by binomial draws of what is left, and others in each replicate
densities  log-normal medians, one draw per patient, clone and antigen
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.model.body import Cast, Lineage
from carsim.model.cast import elsewhere
from carsim.model.lineage import main_name
from carsim.model.network import Network
from carsim.model.parts import Leukaemia
from carsim.population.patients import Patients

Array = NDArray[np.float64]
FEW = 1e6  # expected cells of a clone: above, chance differs by less than 0.1 %


def shares(members: Cast, leukaemia: Leukaemia, seed: int, n: int, *, of_cohort: bool) -> dict[str, Array]:
    """Each clone's share of all blasts, one per patient; drawn shares that sum to more than 1 are scaled to 1.

    In a cohort (`of_cohort`) only its prevalence of the patients carries a clone.
    """
    carried = {clone.name: clone.prevalence if of_cohort else 1.0 for clone in leukaemia.clones}
    spreads = {clone.name: clone.fraction_log_sd for clone in leukaemia.clones}
    others = {
        clone.name: np.full(n, members.fractions[clone.name])
        * log_normal(spreads.get(clone.name, 0.0), seed, f"fraction.{clone.name}", n)
        * _among(carried.get(clone.name, 1.0), seed, f"carries.{clone.name}", n)
        for clone in members.clones
        if clone.name != main_name(leukaemia)
    }
    total = sum(others.values(), np.zeros(n))
    others = {name: share / np.maximum(1.0, total) for name, share in others.items()}
    return {main_name(leukaemia): 1.0 - np.minimum(total, 1.0), **others}


def disease(leukaemia: Leukaemia, seed: int, n: int, *, of_cohort: bool) -> dict[str, Array]:
    """Each patient's level at each stated site outside marrow and blood, as `model.cast.elsewhere` gives it.

    In a cohort (`of_cohort`) only the site's prevalence of the patients has disease there.
    """
    prevalence = {site: stated.prevalence for site, stated in leukaemia.sites if stated is not None}
    return {
        site: level * _among(prevalence[site] if of_cohort else 1.0, seed, f"site.{site}", n)
        for site, level in elsewhere(leukaemia.sites).items()
    }


def counted(patients: Patients, network: Network, members: Cast, seed: int, *, at_sites: bool) -> Array:
    """The initial states with whole numbers of cells in clones of which fewer than FEW cells are expected.

    The initial states of `patients` hold the expected cells; each course has draws of its own. The sites of a clone
    keep their shares of what is drawn or, with `at_sites`, are given whole cells, each cell by the sites' shares.
    """
    made = patients.initial.copy()
    who, turn = patients.index, patients.replicate
    names = [species.name for species in network.all_species]
    for clone in members.clones[1:]:
        columns = [names.index(f"blasts.{clone.name}.{site}") for site in members.sites]
        expected = _ordered_sum(made[:, column] for column in columns)
        few = (expected > 0.0) & (expected < FEW)
        drawn = poisson(rng.uniforms(seed, f"cells.{clone.name}", who, replicate=turn), np.where(few, expected, 1.0))
        if at_sites:
            whole = np.where(few, expected, 1.0)
            shares = [made[:, column] / whole for column in columns]
            uniforms = [
                rng.uniforms(seed, f"cells.{clone.name}.{site}", who, replicate=turn) for site in members.sites[:-1]
            ]
            for column, cells in zip(columns, spread_over(drawn, shares, uniforms), strict=True):
                made[:, column] = np.where(few, cells, made[:, column])
            continue
        factor = np.where(few, drawn / np.where(few, expected, 1.0), 1.0)
        for column in columns:
            made[:, column] *= factor
    return made


def spread_over(cells: Array, shares: Sequence[Array], uniforms: Sequence[Array]) -> list[Array]:
    """Whole cells at each site: binomial draws one site after another, the last takes what is left (multinomial)."""
    found: list[Array] = []
    left, rest = cells.copy(), np.ones_like(cells)
    for share, uniform in zip(shares, uniforms, strict=False):
        chance = np.clip(np.divide(share, rest, out=np.zeros_like(rest), where=rest > 0.0), 0.0, 1.0)
        found.append(binomial(uniform, left, chance))
        left, rest = left - found[-1], np.maximum(rest - share, 0.0)
    return [*found, left]


def binomial(uniform: Array, trials: Array, chance: Array) -> Array:
    """The number of successes whose distribution function first reaches `uniform`."""
    from scipy.special import bdtr, bdtrik

    decided = (trials == 0.0) | (chance == 0.0) | (chance == 1.0)
    count, share = np.where(decided, 1.0, trials), np.where(decided, 0.5, chance)
    above = np.clip(np.ceil(bdtrik(uniform, count, share)), 0.0, count)
    below = np.maximum(above - 1.0, 0.0)
    number = np.where(bdtr(below, count.astype(np.int64), share) >= uniform, below, above)
    number = np.where(uniform <= (1.0 - share) ** count, 0.0, number)
    drawn: Array = np.where(decided, trials * (chance == 1.0), number)
    return drawn


def poisson(uniform: Array, mean: Array) -> Array:
    """The number whose distribution function first reaches `uniform`: a patient with a larger mean has no fewer."""
    from scipy.special import pdtr, pdtrik

    above = np.ceil(pdtrik(uniform, mean))
    below = np.maximum(above - 1.0, 0.0)
    number: Array = np.where(pdtr(below, mean) >= uniform, below, above)
    return np.where(uniform <= np.exp(-mean), 0.0, number)


def density_factors(leukaemia: Leukaemia, lineage: Lineage, seed: int, n: int) -> Mapping[str, Array]:
    """Factor on the row of each median density that differs between patients."""
    return {
        row: log_normal(log_sd, seed, purpose, n)
        for row, (purpose, log_sd) in density_spreads(leukaemia, lineage).items()
    }


def density_spreads(leukaemia: Leukaemia, lineage: Lineage) -> Mapping[str, tuple[str, float]]:
    """Stream and spread by row of each median density that differs; what arises from a clone differs as its own."""
    clones = {main_name(leukaemia): leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    founders = {name: name for name in clones} | dict(lineage.founders)
    return {
        f"density.{name}.{antigen}": (f"density.{founder}.{antigen}", density.patient_log_sd)
        for name, founder in founders.items()
        for antigen, density in clones[founder].antigens.items()
        if density.patient_log_sd > 0.0
    }


def _among(share: float, seed: int, purpose: str, n: int) -> Array:
    """1 for the patients among a share of all, else 0."""
    return np.ones(n) if share >= 1.0 else np.asarray(rng.uniforms(seed, purpose, np.arange(n)) < share, dtype=float)


def _ordered_sum(values: Iterable[Array]) -> Array:
    first, *rest = values
    total = first.copy()
    for value in rest:
        total += value
    return total


def log_normal(log_sd: float, seed: int, purpose: str, n: int, who: NDArray[np.int64] | None = None) -> Array:
    """Factors around 1, one per patient; exactly 1 without spread. `who` are the patients' indices, default: 0 to n."""
    if log_sd == 0.0:
        return np.ones(n)
    return np.exp(log_sd * rng.normals(seed, purpose, np.arange(n) if who is None else who))
