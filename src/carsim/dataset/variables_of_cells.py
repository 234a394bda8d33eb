"""What the engine of single cells adds to a result: each cell that is left, each that ever was, and what they sum to.

Cells and lineages have dimensions of their own (decision 3). Where a cell belongs is a whole number: the place of its
patient, replicate, clone, product, phenotype or site along that dimension, from 0, and -1 where it has none.
"""

from __future__ import annotations

from carsim.catalog import antigens
from carsim.dataset.variable import Kind, Variable


def _of_cell(name: str, meaning: str, kind: Kind = "int64", unit: str = "1") -> Variable:
    return Variable(f"cell_{name}", ("cell",), unit, meaning, kind)


def _of_lineage(name: str, meaning: str, kind: Kind = "int64", unit: str = "1") -> Variable:
    return Variable(f"lineage_{name}", ("lineage",), unit, meaning, kind)


PLACES = ("clone", "product", "phenotype", "site")

CELLS: tuple[Variable, ...] = (
    _of_cell("patient", "place along `patient` of the patient that the single cell is in at the end"),
    _of_cell("replicate", "number of the replicate that the cell is in; 0 in a run without replicates"),
    _of_cell("population", "population of the cell (flags)"),
    *(_of_cell(dim, f"place along `{dim}` of the cell's {dim}; -1 where it has none") for dim in PLACES),
    *(
        _of_cell(name.lower(), f"{name} on the cell; not-a-number where it is not followed", "float64", "molecules")
        for name in sorted(antigens())
    ),
    _of_cell("generation", "divisions between the founder and the cell"),
    _of_cell("kills", "targets that the cell killed and outlived, where the model has conjugates"),
    _of_cell("clonotype", "identity of the founder that the cell descends from"),
    _of_cell("identity", "number of the cell in its course, in order of birth"),
)

LINEAGES: tuple[Variable, ...] = (
    _of_lineage("patient", "place along `patient` of the patient that the cell lived in"),
    _of_lineage("replicate", "number of the replicate that the cell lived in; 0 in a run without replicates"),
    _of_lineage("population", "population of the cell at its birth (flags)"),
    *(_of_lineage(dim, f"place along `{dim}` of the cell's {dim} at its birth; -1 for none") for dim in PLACES),
    _of_lineage("identity", "number of the cell in its course, in order of birth"),
    _of_lineage("parent", "identity of the cell that it was born of, which lives on; -1 for a founder"),
    _of_lineage("clonotype", "identity of its founder"),
    _of_lineage(
        "born",
        "day of birth; of a founder: on which it was given, arose, or its population became rare",
        "float64",
        "d",
    ),
    _of_lineage(
        "died", "day on which it was gone, or its population followed equations; not-a-number: never", "float64", "d"
    ),
)


def _of_clone(name: str, meaning: str, unit: str = "1", *, of_patient: bool = False) -> Variable:
    return Variable(f"clone_{name}", ("patient", "clone"), unit, meaning, of_patient=of_patient)


SUMMARIES: tuple[Variable, ...] = (
    _of_clone("single_cells", "cells of the clone at the end that are simulated one by one", "cells"),
    *(
        variable
        for name in sorted(antigens())
        for key in (name.lower(),)
        for variable in (
            _of_clone(f"{key}_start", f"median {name} of the clone before any selection", "molecules", of_patient=True),
            _of_clone(f"{key}_start_log_sd", f"log standard deviation of {name} at the start", of_patient=True),
            _of_clone(f"{key}_left", f"median {name} of the clone's single cells at the end", "molecules"),
            _of_clone(f"{key}_left_low", f"5th percentile of {name} of them", "molecules"),
            _of_clone(f"{key}_left_high", f"95th percentile of {name} of them", "molecules"),
        )
    ),
    _of_clone(
        "founder_day", "day of birth of the founder that most of the clone's last single cells descend from", "d"
    ),
    _of_clone("founder_share", "share of the clone's last single cells that descend from that founder"),
    _of_clone(
        "lineage_day", "day of the clone's last single cells: the end, or when the clone came to follow equations", "d"
    ),
    *(
        Variable(f"cart_{name}", ("patient", "product"), unit, meaning)
        for name, unit, meaning in (
            ("single_cells", "cells", "CAR T cells at the end that are simulated one by one"),
            ("clonotypes", "1", "founders that they descend from"),
            ("clonotype_largest", "1", "share of them that descend from the founder of most"),
        )
    ),
)

OF_CELLS = (*CELLS, *LINEAGES, *SUMMARIES)
