"""Disease at a moment: how much there is at each site, below which it is a remission and from where on a relapse.

    marrow          blasts among nucleated marrow cells           remission below 5 %, relapse from there on
    blood           blasts among nucleated blood cells            1 %
    CNS             blasts per uL of cerebrospinal fluid          1, and 5 (CNS-3) for a relapse
    extramedullary  blasts outside marrow, blood and CNS          1e8, and 1e9 cells (1 mL) for a relapse: assumed

The nervous system and the extramedullary site count where the scenario has them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carsim.endpoints.levels import first_of, levels_at
from carsim.endpoints.outcome import Curves, Floats, Mask
from carsim.model.remission import BLOOD_LIMIT, CSF_LIMITS, ELSEWHERE_LIMITS, MARROW_LIMIT

DISEASE = ("marrow_blast_fraction", "blasts_blood", "leucocytes")
ELSEWHERE = ("csf_blasts", "blasts")  # courses that tell of further sites


@dataclass(frozen=True)
class Site:
    """Courses of the disease at a site, (patient, time), and its limits."""

    level: Floats
    remission: float
    relapse: float


def sites(curves: Curves) -> dict[str, Site]:
    """The disease at each site that the result has."""
    found = {
        "marrow": Site(curves["marrow_blast_fraction"], MARROW_LIMIT, MARROW_LIMIT),
        "blood": Site(curves.once(blood_share), BLOOD_LIMIT, BLOOD_LIMIT),
    }
    if "csf_blasts" in curves.levels:
        found["CNS"] = Site(curves["csf_blasts"], *CSF_LIMITS)
    if "blasts" in curves.levels and "extramedullary" in curves.labels.get("site", ()):
        cells = curves["blasts"][:, :, :, curves.labels["site"].index("extramedullary")].sum(axis=-1)
        found["extramedullary"] = Site(cells, *ELSEWHERE_LIMITS)
    return found


def blood_share(curves: Curves) -> Floats:
    """Blasts among nucleated blood cells, (patient, time)."""
    cells = curves["leucocytes"]
    share: Floats = np.divide(curves["blasts_blood"], cells, out=np.zeros_like(cells), where=cells > 0.0)
    return share


def in_remission(curves: Curves, days: Floats) -> Mask:
    """Whether the disease is below its limit of remission at every site, on days (k,) or (patient, k)."""
    found = [levels_at(curves.days, site.level, days) < site.remission for site in curves.once(sites).values()]
    return np.asarray(np.all(found, axis=0))


def visits_in_remission(curves: Curves) -> Mask:
    """Which visits see a remission, (patient, visit)."""
    return in_remission(curves, curves.visits)


def first_remission(curves: Curves) -> Floats:
    """Day of the first visit in remission; infinity where none is."""
    any_one, visit = first_of(curves.once(visits_in_remission))
    return np.where(any_one, curves.visits[visit], np.inf) if curves.visits.size else np.full(curves.n, np.inf)


def visits_in_relapse(curves: Curves) -> Mask:
    """Which visits see the disease at its limit of relapse at any site, (patient, visit)."""
    found = [levels_at(curves.days, site.level, curves.visits) >= site.relapse for site in curves.once(sites).values()]
    return np.asarray(np.any(found, axis=0))


def evaluable(curves: Curves) -> Mask:
    """Whether there was disease to respond, at the start of the simulation."""
    found = [site.level[:, 0] >= site.remission for site in curves.once(sites).values()]
    return np.asarray(np.any(found, axis=0))


RELAPSE = (
    f"marrow blasts at least {MARROW_LIMIT:.0%}, blood blasts at least {BLOOD_LIMIT:.0%}, at least {CSF_LIMITS[1]:g} "
    f"blasts/uL of cerebrospinal fluid or {ELSEWHERE_LIMITS[1]:g} extramedullary ones, after a visit in remission"
)
