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

from carsim.endpoints.outcome import Curves, level_at
from carsim.model.remission import BLOOD_LIMIT, CSF_LIMITS, ELSEWHERE_LIMITS, MARROW_LIMIT

DISEASE = ("marrow_blast_fraction", "blasts_blood", "leucocytes")
ELSEWHERE = ("csf_blasts", "blasts")  # courses that tell of further sites


@dataclass(frozen=True)
class Site:
    """Course of the disease at a site, (time,), and its limits."""

    level: np.ndarray
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
        cells = curves["blasts"][:, :, curves.labels["site"].index("extramedullary")].sum(axis=-1)
        found["extramedullary"] = Site(cells, *ELSEWHERE_LIMITS)
    return found


def blood_share(curves: Curves) -> np.ndarray:
    """Blasts among nucleated blood cells, (time,)."""
    cells = curves["leucocytes"]
    share: np.ndarray = np.divide(curves["blasts_blood"], cells, out=np.zeros_like(cells), where=cells > 0.0)
    return share


def in_remission(curves: Curves, day: float) -> bool:
    """Whether the disease is below its limit of remission at every site."""
    return all(level_at(curves.days, site.level, day) < site.remission for site in curves.once(sites).values())


def in_relapse(curves: Curves, day: float) -> bool:
    """Whether the disease is at its limit of relapse at any site."""
    return any(level_at(curves.days, site.level, day) >= site.relapse for site in curves.once(sites).values())


def evaluable(curves: Curves) -> bool:
    """Whether there was disease to respond, at the start of the simulation."""
    return any(site.level[0] >= site.remission for site in curves.once(sites).values())


RELAPSE = (
    f"marrow blasts at least {MARROW_LIMIT:.0%}, blood blasts at least {BLOOD_LIMIT:.0%}, at least {CSF_LIMITS[1]:g} "
    f"blasts/uL of cerebrospinal fluid or {ELSEWHERE_LIMITS[1]:g} extramedullary ones, after a visit in remission"
)
