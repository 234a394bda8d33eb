"""Who relapses under one strategy and not under another, of the same virtual patients, all together and by phenotype.

A relapse counts when it happens, until death and to the end of the follow-up; of a relapse of several phenotypes the
word joins them. A relapse of another phenotype under the other strategy is none of this phenotype: `instead` says what
became of these patients there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from carsim.trials.columns import Mask, number, text
from carsim.trials.contrasts import pairs_of
from carsim.trials.counted import Patients
from carsim.trials.estimators import difference
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.fates import fates

if TYPE_CHECKING:
    import xarray as xr

ANY: Final = "any"
ALWAYS: Final = ("CD19-positive", "CD19-negative")  # told even where nobody relapses so


@dataclass(frozen=True)
class Change:
    """Relapses of a phenotype (or `any`) of n patients under `first` and `second`: both, one only, and the difference.

    `value` is the share under the first minus that under the second, p that of McNemar's test. `instead_under_first`
    says what became, under the first, of those who relapse so under the second only; `instead_under_second` the other
    way round.
    """

    phenotype: str
    first: str
    second: str
    n: int
    both: int
    first_only: int
    second_only: int
    value: Estimate
    p: float
    instead_under_first: Mapping[str, int]
    instead_under_second: Mapping[str, int]


def changes(tree: xr.DataTree) -> list[Change]:
    """Of each later arm against the first, where the patients are the same persons."""
    found: list[Change] = []
    for first, second, one, two in pairs_of(tree):
        words = [*ALWAYS, *sorted({*_phenotypes(one), *_phenotypes(two)} - {*ALWAYS, ""})]
        found += [_change(word, first, second, one, two) for word in (ANY, *words)]
    return found


def as_rows(found: list[Change]) -> Iterator[dict[str, Any]]:
    """The changes as plain data; numbers may be NaN."""
    for change in found:
        plain = asdict(change)
        value = plain.pop("value")
        yield plain | {"estimate": value["estimate"], "low": value["low"], "high": value["high"]}


def _change(word: str, first: str, second: str, one: Patients, two: Patients) -> Change:
    under_first, under_second = (_relapses(who, word) for who in (one, two))
    first_only, second_only = under_first & ~under_second, under_second & ~under_first
    value, p = difference.paired(under_first, under_second)
    return Change(
        phenotype=word,
        first=first,
        second=second,
        n=one.n,
        both=int(np.count_nonzero(under_first & under_second)),
        first_only=int(np.count_nonzero(first_only)),
        second_only=int(np.count_nonzero(second_only)),
        value=value,
        p=p,
        instead_under_first=_fates(one, second_only),
        instead_under_second=_fates(two, first_only),
    )


def _relapses(patients: Patients, word: str) -> Mask:
    phenotypes = _phenotypes(patients)
    return np.asarray(phenotypes != "" if word == ANY else phenotypes == word, dtype=bool)


def _phenotypes(patients: Patients) -> np.ndarray:
    """Phenotype of the relapse of each patient who lives to have one, "" for none."""
    remission, relapse = (number(patients.data, f"{what}_day") for what in ("remission", "relapse"))
    relapsed = (remission < patients.alive_until) & (relapse < patients.alive_until)
    word = text(patients.data, "relapse_phenotype")
    return np.where(relapsed, np.where(word == "", "unknown", word), "")


def _fates(patients: Patients, who: Mask) -> dict[str, int]:
    return dict(Counter(fates(patients)[who].tolist()).most_common())
