"""What a relapse is named by: the antigens that a clone has lost or shows less of, or its switch of lineage.

antigen    positive; dim (nearer to the catalogue's dim blasts than to its blasts); absent
phenotype  lineage-switch for a myeloid clone; CD19-negative, CD22-negative, or double-negative for both; CD19-dim;
           else CD19-positive. Antigens that the treatment does not target do not count, but CD19 always does
"""

from __future__ import annotations

from collections.abc import Sequence

from carsim.catalog import find_antigen
from carsim.model.body import Clone

BOTH = ("CD19", "CD22")


def without(lost: Sequence[str]) -> str:
    """The word for a clone that lacks these antigens, given in order of the alphabet."""
    return "double-negative" if tuple(lost) == BOTH else f"{'-'.join(lost)}-negative"


def naming(targets: Sequence[str]) -> tuple[str, ...]:
    """Antigens by which clones are told apart."""
    return tuple(sorted({"CD19", *targets}))


def state(clone: Clone, antigen: str) -> str:
    """Whether an antigen is positive, dim or absent on a clone."""
    density = clone.antigens.get(antigen)
    if density is None:
        return "absent"
    usual = find_antigen(antigen).densities
    if "dim-blasts" not in usual:
        return "positive"
    between = (usual["blasts"].median.value * usual["dim-blasts"].median.value) ** 0.5
    return "dim" if density.median < between else "positive"


def phenotype(clone: Clone, targets: Sequence[str]) -> str:
    """The word by which a relapse of the clone is named."""
    if clone.lineage == "myeloid":
        return "lineage-switch"
    states = {antigen: state(clone, antigen) for antigen in naming(targets)}
    lost = tuple(antigen for antigen, kind in states.items() if kind == "absent")
    dim = tuple(antigen for antigen, kind in states.items() if kind == "dim")
    if lost:
        return without(lost)
    return f"{'-'.join(dim)}-dim" if dim else "CD19-positive"
