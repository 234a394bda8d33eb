"""The state in which a simulation starts: a patient with leukaemia before lymphodepletion, everything else at rest.

    marrow       x = blasts / normal marrow solves  f = x / (x + (1+x)^-2 + b)      f marrow blast fraction, b B cells
    clones       fraction of the whole; in blood  L_marrow * egress / (homing + birth - death)   (balance while growing)
    CNS          L = cells/uL of fluid * its volume / csf_free_share;  extramedullary  L as stated; clones as in marrow
    host T       baseline per uL; cytokine at rest with them
    blood counts, cytokines, IgG  at rest (see baseline)
    immunity     precursors of the response to each product
    B cells      marrow at a share of its capacity, progenitors and blood in balance with it

All arrays have one entry per patient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from carsim.model.baseline import at_rest
from carsim.model.body import Clone, Product
from carsim.model.network import Network
from carsim.model.processes import immunity

Array = NDArray[np.float64]
NO_DISEASE: Mapping[str, Array] = MappingProxyType({})


def start(
    network: Network,
    clones: tuple[Clone, ...],
    fractions: Mapping[str, Array],
    parameters: Mapping[str, Array],
    covariates: Mapping[str, Array],
    products: tuple[Product, ...] = (),
    disease: Mapping[str, Array] = NO_DISEASE,
    burden_of: Callable[[Array, Array], Array] | None = None,
) -> Array:
    """Initial states, shape (patients, species).

    `fractions` gives each clone's share of all blasts, one per patient; `covariates` needs `marrow_blasts` (share of
    nucleated cells), `host_t_cells` (1/uL) and `bcell_initial` (share of the marrow's B-cell capacity); all else comes
    from `parameters`. `disease` gives the blasts at further sites: CNS in cells/uL of fluid, extramedullary in cells.
    `burden_of` is `blasts_of_fraction`, where nobody only notes what is to be worked out (see derive.tracing).
    """
    p = parameters
    size = p["weight"] / p["reference_weight"]
    capacity = p["marrow_cells"] * size
    state = {"bcells.progenitor": p["bcell_production"] * size / p["bcell_commitment"]}
    state["bcells.marrow"] = covariates["bcell_initial"] * p["bcell_capacity"] * size
    state["bcells.blood"] = state["bcells.marrow"] * p["bcell_maturation"] / p["bcell_death"]
    bcells = (state["bcells.progenitor"] + state["bcells.marrow"]) / capacity
    burden = (burden_of or blasts_of_fraction)(covariates["marrow_blasts"], bcells)
    for clone in clones:
        state |= _clone(clone.name, fractions[clone.name] * burden * capacity, p)
        for site, level in disease.items():
            state[f"blasts.{clone.name}.{site}"] = fractions[clone.name] * _cells(site, level, p)
    volume = p["blood_volume_per_weight"] * p["weight"]
    state["host_t_cells"] = covariates["host_t_cells"] * volume
    state["homeostatic_cytokine"] = 1.0 / (1.0 + covariates["host_t_cells"] / p["cytokine_half"])
    state |= at_rest(p, burden)
    for product in products:
        state |= immunity.at_start(product, p)
    zero = np.zeros_like(size)
    return np.stack([state.get(species.name, zero) for species in network.all_species], axis=1)


def blasts_of_fraction(fraction: Array, bcells: Array) -> Array:
    """Marrow blasts per normal marrow that make up `fraction` of nucleated cells; `bcells` per normal marrow.

    The share rises with the blasts, so bisection in their logarithm (1e-15 to 1e6 of a normal marrow) finds them to
    rounding; no blasts for a fraction of zero.
    """
    low, high = np.full_like(fraction, -15.0), np.full_like(fraction, 6.0)
    for _ in range(80):
        middle = 0.5 * (low + high)
        x = 10.0**middle
        above = x > fraction * (x + (1.0 + x) ** -2 + bcells)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(fraction > 0.0, 10.0 ** (0.5 * (low + high)), 0.0)


def _clone(name: str, marrow: Array, p: Mapping[str, Array]) -> dict[str, Array]:
    birth, death = (_of_clone(p, kind, name) for kind in ("blast_birth", "blast_death"))
    blood = marrow * p["blast_egress.marrow"] / (p["blast_homing.marrow"] + birth - death)
    return {f"blasts.{name}.marrow": marrow, f"blasts.{name}.blood": blood}


def _cells(site: str, level: Array, p: Mapping[str, Array]) -> Array:
    """Blasts at a site from its stated level: in the nervous system those in the fluid are a part of all."""
    return level * p["csf_volume_per_weight"] * p["weight"] / p["csf_free_share"] if site == "CNS" else level


def _of_clone(p: Mapping[str, Array], parameter: str, clone: str) -> Array:
    own = f"{parameter}.{clone}"
    return p[own] if own in p else p[parameter]
