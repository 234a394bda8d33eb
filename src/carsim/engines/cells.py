"""Room for single cells, and what is left of them at the end of a course."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.derive.tables import Cells
from carsim.engines.protocol import Individuals, Options
from carsim.model.network import Network
from carsim.population.patients import Patients

MOST_TOGETHER = 64  # cells that one reaction takes or makes


def bytes_per_cell(cells: Cells) -> int:
    """Memory that one cell takes while it is simulated; a list of members takes 4 more for its own species."""
    return 8 * 4 + 2 * 8 + 8 * (cells.n_traits + cells.n_made) + 4


def herd_of(kinds: Any, cells: Cells, n_species: int, options: Options, *, wanted: bool) -> Any:
    """Room for the cells of one course; none where no single cells are simulated. Pages are taken as they are used."""
    capacity = options.max_cells if wanted else 0
    log = options.max_lineages if wanted and options.lineages else 0
    whole, small, real = np.int64, np.int32, np.float64
    shapes: dict[str, tuple[int, Any]] = {
        **dict.fromkeys(
            ("kind", "place", "generation", "kills", "partner", "before", "site", "free"), (capacity, small)
        ),
        **dict.fromkeys(("clonotype", "identity"), (capacity, whole)),
        **dict.fromkeys(("log_parent", "log_clonotype"), (log, whole)),
        **dict.fromkeys(("log_born", "log_died"), (log, real)),
        **dict.fromkeys(("used", "freed", "identity_next", "chosen", "target", "standing"), (1, whole)),
        **dict.fromkeys(("taken", "wanted"), (MOST_TOGETHER, whole)),
        **dict.fromkeys(("sums", "highest"), (n_species * cells.n_made, real)),
        "occupied": (cells.side**3 if wanted else 0, small),
        "members": (capacity * n_species, small),
        "count": (n_species, whole),
        "score": (capacity * cells.n_traits, real),
        "made": (capacity * cells.n_made, real),
        "kept": (max(cells.n_made, len(cells.trait), 1), real),
        "known_whole": (len(cells.whole), real),
        "log_species": (log, small),
    }
    arrays = {name: np.empty(max(size, 1), dtype=kind) for name, (size, kind) in shapes.items()}
    for name in (
        "count",
        "sums",
        "highest",
        "used",
        "freed",
        "identity_next",
        "chosen",
        "target",
        "standing",
        "known_whole",
    ):
        arrays[name][:] = 0
    return kinds.Herd(capacity=capacity, n_made=cells.n_made, log_capacity=log, **arrays)


def left_over(herd: Any, course: int) -> dict[str, NDArray[Any]]:
    """What is left of the cells of a course, in copies."""
    used, known = int(herd.used[0]), min(int(herd.identity_next[0]), herd.log_capacity)
    alive = np.flatnonzero(herd.kind[:used] >= 0)
    width = len(herd.score) // max(herd.capacity, 1)
    left = {
        name: getattr(herd, name)[alive] for name in ("kind", "generation", "kills", "site", "clonotype", "identity")
    }
    log = {
        f"lineage_{name}": getattr(herd, f"log_{name}")[:known].copy()
        for name in ("parent", "clonotype", "born", "died")
    }
    return {
        **left,
        **log,
        "course": np.full(len(alive), course),
        "score": herd.score[: used * width].reshape(used, width)[alive],
        "lineage_course": np.full(known, course),
        "lineage_identity": np.arange(known),
        "lineage_kind": herd.log_species[:known].copy(),
    }


def individuals_of(network: Network, patients: Patients, parts: Sequence[dict[str, NDArray[Any]]]) -> Individuals:
    """All cells that are left, with the values of their traits by their patients' parameters."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    names = tuple(dict.fromkeys(trait.name for trait in network.traits))
    score = joined.pop("score")
    values = np.full((len(joined["kind"]), len(names)), np.nan)
    position = {species.name: k for k, species in enumerate(network.all_species)}
    for trait in network.traits:
        has = np.isin(joined["kind"], [position[ref.name] for ref in trait.species])
        of = joined["course"][has]
        median, log_sd = (patients.parameters[ref.name][of] for ref in (trait.median, trait.log_sd))
        k = names.index(trait.name)
        values[has, k] = median * np.exp(log_sd * score[has, k])
    return Individuals(tuple(position), names, values=values, **joined)
