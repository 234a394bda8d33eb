"""Hand-made single cells: two patients, three courses of each, every number chosen so that sums are seen at once.

In each finished course five CD19-positive cells are left with 100, 200, 300, 400 and 500 molecules, and four CAR T
cells of two clonotypes. The CD19-negative clone is founded on day 10 by a cell that is lost to it, and on day 12 by the
one whose four cells are left. Course 4 (the second of patient B) failed.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.dataset.cells import listed, summed
from carsim.dataset.replicates import folded
from carsim.dataset.variables import VARIABLES, attributes
from carsim.engines.protocol import Individuals
from carsim.model.network import Network
from carsim.population.patients import Patients

SPECIES = (
    "blasts.CD19-positive.marrow",
    "blasts.CD19-negative.marrow",
    "blasts.CD19-negative.blood",
    "cart.tisa.effector.blood",
    "bcells.marrow",
    "host_t_cells",
)
COURSES, REPLICATES, FAILED = 6, 3, 4
KINDS = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 3, 5])
DENSITY = np.array([100.0, 200.0, 300.0, 400.0, 500.0, *[np.nan] * 9])
CLONOTYPE = np.array([0, 0, 1, 1, 2, 7, 7, 7, 7, 20, 20, 20, 21, 30])
CELL_IDENTITY = np.array([0, 1, 2, 3, 4, 7, 8, 9, 10, 20, 21, 22, 23, 30])
# the CD19-negative clone: 5 is lost; 7, daughter of the CD19-positive cell 6, founds what is left: 7, 8, 9 and 10
IDENTITY = np.arange(11)
PARENT = np.array([-1, -1, -1, -1, -1, -1, 0, 6, 7, 8, 7])
KIND_BORN = np.array([0, 0, 0, 0, 0, 1, 0, 1, 1, 1, 2])
BORN = np.array([-6.0, -6.0, -6.0, -6.0, -6.0, 10.0, 11.0, 12.0, 13.0, 14.0, 15.0])
DIED = np.array([*[np.inf] * 5, 20.0, 25.0, *[np.inf] * 4])


def individuals(*, lineages: bool = True, handed_over: bool = False) -> Individuals:
    """The cells; with `handed_over` the CD19-negative clone came to follow equations on day 16."""
    kept = np.full(KINDS.size, True) if not handed_over else ~np.isin(KINDS, (1, 2))
    died = np.where(np.isin(IDENTITY, (7, 8, 9, 10)), 16.0, DIED) if handed_over else DIED
    n = COURSES if lineages else 0

    def each(values: np.ndarray) -> np.ndarray:
        return np.tile(values[kept], COURSES)

    return Individuals(
        species=SPECIES,
        traits=("CD19",),
        course=np.repeat(np.arange(COURSES), kept.sum()),
        kind=each(KINDS).astype(np.int32),
        values=each(DENSITY)[:, None],
        generation=each(np.arange(KINDS.size)).astype(np.int32),
        kills=each(np.zeros(KINDS.size)).astype(np.int32),
        site=each(np.full(KINDS.size, -1)).astype(np.int32),
        clonotype=each(CLONOTYPE),
        identity=each(CELL_IDENTITY),
        lineage_course=np.repeat(np.arange(n), IDENTITY.size),
        lineage_identity=np.tile(IDENTITY, n),
        lineage_parent=np.tile(PARENT, n),
        lineage_kind=np.tile(KIND_BORN, n).astype(np.int32),
        lineage_clonotype=np.tile(np.where(KIND_BORN == 0, 0, 7), n),
        lineage_born=np.tile(BORN, n),
        lineage_died=np.tile(died, n),
    )


def network() -> Network:
    """Cells whose CD19 has a median of 5,000 molecules."""
    net = Network("hand-made cells")
    cells = {name: net.species(name, unit="cells", initial=1) for name in SPECIES}
    median, spread = net.parameter("density", 5000.0, unit="molecules"), net.parameter("spread", 0.5)
    net.trait("CD19", [cells[SPECIES[0]]], median=median, log_sd=spread, heritability=1.0)
    return net


def in_a_row() -> xr.Dataset:
    """The courses that the cells belong to, before replicates have a dimension."""
    data = xr.Dataset(
        coords={
            "patient": ("patient", np.repeat(["A", "B"], REPLICATES), attributes(VARIABLES["patient"])),
            "time": ("time", np.array([-6.0, 0.0, 40.0]), attributes(VARIABLES["time"])),
            "clone": ("clone", np.array(["CD19-positive", "CD19-negative"]), attributes(VARIABLES["clone"])),
            "clone_cd19": ("clone", np.array(["positive", "absent"]), attributes(VARIABLES["clone_cd19"])),
            "product": ("product", np.array(["tisa"]), attributes(VARIABLES["product"])),
            "phenotype": ("phenotype", np.array(["effector"]), attributes(VARIABLES["phenotype"])),
            "site": ("site", np.array(["marrow", "blood"]), attributes(VARIABLES["site"])),
        },
        attrs={"title": "Hand-made cells", "engine": "agent", "seed": 1, "carsim_version": "0", "scenario_sha256": "0"},
    )
    status = np.zeros(COURSES, dtype=np.int8)
    status[FAILED] = 2
    data["status"] = ("patient", status, attributes(VARIABLES["status"]))
    data["blasts"] = (VARIABLES["blasts"].dims, np.full((COURSES, 3, 2, 2), 2.0), attributes(VARIABLES["blasts"]))
    return data


def dataset(*, lineages: bool = True, handed_over: bool = False, weight: float = 1.0) -> xr.Dataset:
    """The dataset of the cells, patients by replicates."""
    found, data = individuals(lineages=lineages, handed_over=handed_over), in_a_row()
    status, net = data["status"].values, network()
    data = folded(data.merge(summed(found, data, net, Patients.of(net, COURSES), weight)), REPLICATES)
    return data.merge(listed(found, data, status, REPLICATES))


def one_course(**given: bool | float) -> xr.Dataset:
    """The first course alone."""
    data = dataset(**given)  # type: ignore[arg-type]
    first = {
        dim: data[f"{dim}_patient"].values * REPLICATES + data[f"{dim}_replicate"].values == 0 for dim in ("cell",)
    }
    data = data.isel(patient=[0], replicate=0, drop=True).isel(cell=np.flatnonzero(first["cell"]))
    if "lineage" in data.dims:
        own = data["lineage_patient"].values * REPLICATES + data["lineage_replicate"].values == 0
        data = data.isel(lineage=np.flatnonzero(own))
    return data
