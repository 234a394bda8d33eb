"""What `--on` asks of a sweep: an endpoint or covariate that it keeps, or `name=word` for where it is that word.

Read in one place, so that an optimum, indices of sensitivity and a map mean the same by the same text, and from the
declarations alone, so that a sweep can be asked before it is simulated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsim.dataset.variables import COVARIATES, ENDPOINTS
from carsim.errors import nearest
from carsim.sweeps.columns import STATUS

if TYPE_CHECKING:
    import xarray as xr

    from carsim.sweeps.plan import Plan

Declared = Mapping[str, Mapping[str, Any]]  # attributes by the name of what is kept


@dataclass(frozen=True)
class Asked:
    """An endpoint or covariate by its name, and one of its words, "" where it has none."""

    name: str
    word: str


def is_known(name: str) -> bool:
    """Whether a sweep could keep this: an endpoint or covariate of a result."""
    return any(variable.name == name for variable in (*ENDPOINTS, *COVARIATES))


def kept_by(made: Plan) -> Declared:
    """What a plan keeps of each patient as one value."""
    return {column.name: column.attrs for column in made.columns if not column.course}


def kept_in(data: xr.Dataset) -> Declared:
    """The same of an opened store."""
    return {str(name): array.attrs for name, array in data.items() if is_known(str(name))}


def asked(what: str, kept: Declared) -> Asked:
    """What a text asks for; ValueError with what is right for no endpoint, one that is not kept, and a missing word."""
    name, given, word = what.partition("=")
    if name not in kept:
        raise ValueError(_not_kept(name, kept))
    words = json.loads(kept[name].get("words", "[]"))
    if words and word not in words:
        found = f"`{word}`" if given else f"`{name}`, which holds words, without one of them"
        meant = nearest(word, words)
        hint = f"; did you mean `{name}={meant}`" if meant else ""
        raise ValueError(f"got {found}; expected {name}=WORD with one of: {', '.join(words)}{hint}")
    if given and not words:
        raise ValueError(f"got `{what}`; expected `{name}` alone, which holds no words")
    return Asked(name, word)


def per_patient(data: xr.Dataset, what: str) -> xr.DataArray:
    """An endpoint of each patient (and replicate) of an opened sweep, or with `name=word` 1 where it is that, else 0.

    NaN for a simulation that did not end well and where there is no such endpoint. ValueError as `asked`.
    """
    wanted = asked(what, kept_in(data))
    known, values = data[STATUS] == 0, data[wanted.name]
    if wanted.word:
        values = (values & (1 << json.loads(values.attrs["words"]).index(wanted.word))) != 0
    elif values.dtype.kind != "f":
        known &= values >= 0
    return values.astype(float).where(known)


def of_patients(data: xr.Dataset, what: str) -> xr.DataArray:
    """As `per_patient` (point, patient), of each patient the mean of its replicates."""
    values = per_patient(data, what)
    values = values.mean("replicate") if "replicate" in values.dims else values
    return values.transpose("point", "patient")


def _not_kept(name: str, kept: Declared) -> str:
    known = ", ".join(sorted(kept))
    if is_known(name):
        return (
            f"got `{name}`, which the sweep does not keep; expected one of {known}; to ask for it, add it to "
            "`sweep.keep` of the scenario and simulate the sweep into another store"
        )
    meant = nearest(name, kept) or nearest(name, [variable.name for variable in (*ENDPOINTS, *COVARIATES)])
    hint = f"; did you mean `{meant}`" if meant else ""
    return f"got `{name}`; expected an endpoint or covariate that the sweep keeps: {known}{hint}"
