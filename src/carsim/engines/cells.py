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
COUNTS = (  # what begins at zero
    "count",
    "mask",
    "turn",
    "sums",
    "highest",
    "used",
    "freed",
    "identity_next",
    "chosen",
    "target",
    "standing",
    "known_whole",
)


def bytes_per_cell(cells: Cells) -> int:
    """Memory that one cell takes while it is simulated; a list of members takes 4 more for its own species."""
    return 8 * _stride(cells) + 4


def _stride(cells: Cells) -> int:
    """64-bit words of a cell's record: whole cache lines."""
    from carsim.engines.kernels.records import LINE, REALS

    return LINE * -(-(REALS + cells.n_traits + cells.n_made) // LINE)


def herd_of(kinds: Any, cells: Cells, n_species: int, options: Options, *, wanted: bool) -> Any:
    """Room for the cells of one course; none where no single cells are simulated. Pages are taken as they are used."""
    from carsim.engines.kernels.records import DRAWN, LINE

    capacity = options.max_cells if wanted else 0
    log = options.max_lineages if wanted and options.lineages else 0
    whole, small, real = np.int64, np.int32, np.float64
    shapes: dict[str, tuple[int, Any]] = {
        **dict.fromkeys(("log_parent", "log_clonotype"), (log, whole)),
        **dict.fromkeys(("log_born", "log_died"), (log, real)),
        **dict.fromkeys(("used", "freed", "identity_next", "chosen", "target", "standing"), (1, whole)),
        **dict.fromkeys(("taken", "wanted"), (MOST_TOGETHER, whole)),
        **dict.fromkeys(("sums", "highest"), (n_species * cells.n_made, real)),
        **dict.fromkeys(("count", "mask", "turn"), (n_species, whole)),
        "drawn": (n_species * DRAWN, whole),
        "occupied": (cells.side**3 if wanted else 0, small),
        "members": (capacity * n_species, small),
        "free": (capacity, small),
        "kept": (max(cells.n_made + len(cells.path), len(cells.trait)), real),
        "known_whole": (len(cells.whole), real),
        "log_species": (log, small),
    }
    arrays = {name: np.empty(max(size, 1), dtype=kind) for name, (size, kind) in shapes.items()}
    for name in COUNTS:
        arrays[name][:] = 0
    stride = _stride(cells)
    room = np.empty(max(capacity, 1) * stride + LINE)
    begin = -room.ctypes.data // room.itemsize % LINE  # whole cache lines begin where those of the memory do
    records = room[begin : begin + max(capacity, 1) * stride]
    return kinds.Herd(
        capacity=capacity,
        stride=stride,
        n_traits=cells.n_traits,
        n_made=cells.n_made,
        record=records.view(small),
        whole=records.view(whole),
        real=records,
        log_capacity=log,
        **arrays,
    )


def left_over(herd: Any, course: int) -> dict[str, NDArray[Any]]:
    """What is left of the cells of a course, in copies."""
    from carsim.engines.kernels import records as words

    used, known = int(herd.used[0]), min(int(herd.identity_next[0]), herd.log_capacity)
    record, whole, real = (
        rows.reshape(max(herd.capacity, 1), -1)[:used] for rows in (herd.record, herd.whole, herd.real)
    )
    alive = np.flatnonzero(record[:, words.KIND] >= 0)
    small = {"kind": words.KIND, "generation": words.GENERATION, "kills": words.KILLS, "site": words.SITE}
    left = {name: record[alive, word] for name, word in small.items()}
    left |= {name: whole[alive, word] for name, word in (("clonotype", words.CLONOTYPE), ("identity", words.IDENTITY))}
    log = {
        f"lineage_{name}": getattr(herd, f"log_{name}")[:known].copy()
        for name in ("parent", "clonotype", "born", "died")
    }
    return {
        **left,
        **log,
        "course": np.full(len(alive), course),
        "score": real[alive, words.REALS : words.REALS + herd.n_traits],
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
