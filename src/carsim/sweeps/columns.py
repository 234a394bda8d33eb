"""What is kept of each patient at each point, as numbers: how words become numbers, and what stands for nothing.

number          NaN where there is none
flag, grade     -1 where there is none
words           a sum of bits, one for each word (CF `flag_masks`, `flag_meanings`); 0 is none. A relapse of several
                phenotypes has several bits. A word that carsim does not know beforehand has the bit OTHER
status          how the patient ended: 0 well, above it the engine's reason, below it PENDING, ABSENT or REFUSED
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from carsim.catalog import antigens
from carsim.dataset.variables import COURSES, COVARIATES, ENDPOINTS, VARIABLES, attributes
from carsim.endpoints.survival import DEATHS
from carsim.engines.protocol import Status
from carsim.errors import Problem, ScenarioError, nearest
from carsim.spec.trial import SITES, Event

if TYPE_CHECKING:
    import xarray as xr

STATUS: Final = "status"
PENDING, ABSENT, REFUSED = -1, -2, -3  # not simulated yet; no such patient at this point; the point has no result
OTHER: Final = "other"

_RESPONSES = ("CR", "CRi", "NR", "not evaluable")


@dataclass(frozen=True)
class Column:
    """One array of the store: name, NumPy type, what stands for nothing, attributes, and the words it may hold."""

    name: str
    dtype: str
    fill: float | int
    attrs: Mapping[str, Any]
    words: tuple[str, ...] = ()
    course: bool = False
    of_endpoint: bool = field(default=False)

    def encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values (patient, ...) of a dataset as this column holds them."""
        if not self.words:
            return values.astype(self.dtype)
        known = {word: np.int64(1) << at for at, word in enumerate(self.words)}
        rest = known[OTHER]

        def bits(text: str) -> int:
            return int(sum(known.get(word, rest) for word in set(text.split("+")))) if text else 0

        return np.array([bits(str(text)) for text in values.ravel()], dtype=np.int64).reshape(values.shape)


def columns_of(keep: Iterable[str], courses: Iterable[str]) -> tuple[Column, ...]:
    """The columns for what a sweep keeps; ScenarioError for a name that is no endpoint, covariate or course."""
    single = {variable.name for variable in (*ENDPOINTS, *COVARIATES)}
    of_time = {variable.name for variable in COURSES}
    problems = [*_unknown(keep, single, "keep", "relapse_day"), *_unknown(courses, of_time, "courses", "cart_copies")]
    if problems:
        raise ScenarioError(problems)
    endpoints = {variable.name for variable in ENDPOINTS}
    kept = [_single(name, of_endpoint=name in endpoints) for name in dict.fromkeys(keep)]
    return (*kept, *(_course(name) for name in dict.fromkeys(courses)))


def status_column() -> Column:
    """The column that says how each patient ended."""
    states = {PENDING: "pending", ABSENT: "absent", REFUSED: "refused"} | {int(s): s.name.lower() for s in Status}
    ordered = dict(sorted(states.items()))
    attrs = {
        "units": "1",
        "long_name": "how the simulation of the patient ended; values of other variables hold where it is ok",
        "flag_values": list(ordered),
        "flag_meanings": " ".join(ordered.values()),
    }
    return Column(STATUS, "int8", PENDING, attrs)


def decoded(codes: NDArray[Any], words: Iterable[str]) -> NDArray[np.str_]:
    """Words of codes as a column holds them, several joined by +, "" for none."""
    known = list(words)
    texts = {
        int(code): "+".join(word for at, word in enumerate(known) if int(code) >> at & 1) for code in np.unique(codes)
    }
    found = np.array([texts[int(code)] for code in codes.ravel()], dtype=str)
    return found.reshape(codes.shape)


def sampled_course(data: xr.Dataset, name: str, times: NDArray[np.float64]) -> NDArray[np.float32]:
    """A course (patient, time) at these days, along straight lines, summed over its other dimensions; NaN outside."""
    array = data[name].transpose("patient", "time", ...)
    values = array.values.reshape(*array.shape[:2], -1).sum(axis=2)
    days = data["time"].values
    rows = [np.interp(times, days, row, left=np.nan, right=np.nan) for row in values]
    return np.array(rows, dtype=np.float32).reshape(len(rows), times.size)


def _single(name: str, *, of_endpoint: bool) -> Column:
    variable = VARIABLES[name]
    attrs: dict[str, Any] = dict(attributes(variable))
    if variable.kind == "text":
        words = (*_vocabulary(name), OTHER)
        attrs |= {
            "flag_masks": [1 << at for at in range(len(words))],
            "flag_meanings": " ".join(word.replace(" ", "_") for word in words),
            "words": json.dumps(list(words)),
        }
        return Column(name, "int64", 0, attrs, words, of_endpoint=of_endpoint)
    if variable.kind == "float64":
        return Column(name, "float64", np.nan, attrs, of_endpoint=of_endpoint)
    return Column(name, variable.kind, -1, attrs, of_endpoint=of_endpoint)


def _course(name: str) -> Column:
    return Column(name, "float32", np.nan, attributes(VARIABLES[name]), course=True)


def _vocabulary(name: str) -> tuple[str, ...]:
    """Every word that an endpoint of words is made of."""
    if name.startswith("relapse_"):
        return _words_of_relapse(name.removeprefix("relapse_"))
    if name == "death_cause":
        return tuple(DEATHS.values())
    return get_args(Event) if name.endswith("_cause") else _RESPONSES


def _words_of_relapse(what: str) -> tuple[str, ...]:
    if what == "site":
        return tuple(site for site in SITES if site != "none")
    if what == "lineage":
        return ("B", "myeloid")
    if what != "phenotype":
        return ("positive", "dim", "negative")
    from carsim.model.phenotype import without

    known = sorted(antigens())
    some = [names for size in range(1, len(known) + 1) for names in itertools.combinations(known, size)]
    lost = [without(names) for names in some]
    dim = [f"{'-'.join(names)}-dim" for names in some]
    return ("CD19-positive", *dim, *lost, "lineage-switch")


def _unknown(names: Iterable[str], known: set[str], key: str, example: str) -> list[Problem]:
    problems = []
    for name in names:
        if name not in known:
            meant = nearest(name, known)
            kind = "an endpoint or covariate" if key == "keep" else "a course"
            expected = f"{kind} of a result, for example {example}"
            problems.append(Problem(None, f"sweep.{key}", f"`{name}`", expected, f"`{meant}`" if meant else None))
    return problems
