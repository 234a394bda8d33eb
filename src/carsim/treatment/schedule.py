"""A schedule: changes of species and parameters at exact times, per patient. The only form of treatment engines see.

An infusion is two `set` changes of an input rate (its total at each start and stop), so that an exact zero returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.errors import nearest

ADD, SET, SCALE = 0, 1, 2
OPERATIONS = {"add": ADD, "set": SET, "scale": SCALE}


@dataclass(frozen=True)
class Schedule:
    """Changes (n_patients, n_events), ascending in time per patient; a time that is not a number: not for this patient.

    times: days; targets: index into `rows`; operations: 0 add, 1 set, 2 scale; amounts in the unit of the row. Changes
    at the same time happen in the order in which they stand. `labels` (n_patients, n_events) name the treatments.
    """

    times: NDArray[np.float64]
    targets: NDArray[np.int64]
    operations: NDArray[np.int8]
    amounts: NDArray[np.float64]
    rows: tuple[str, ...]
    labels: NDArray[np.str_]

    def __post_init__(self) -> None:
        """Refuse times out of order, as engines walk them from left to right, and what they would read elsewhere."""
        for name in ("targets", "operations", "amounts", "labels"):
            if np.shape(getattr(self, name)) != np.shape(self.times):
                got, expected = np.shape(getattr(self, name)), np.shape(self.times)
                raise ValueError(f"schedule: got {name} of shape {got}; expected {expected}, that of its times")
        filled = np.where(np.isnan(self.times), np.inf, self.times)
        late = filled[:, 1:] < filled[:, :-1]
        if late.any():
            patient, event = np.argwhere(late)[0]
            raise ValueError(f"schedule of patient {patient} is not in order of time at change {event + 1}")
        known = np.isin(self.operations, list(OPERATIONS.values()))
        self._refuse(~known, self.operations, "operation", ", ".join(f"{v} ({k})" for k, v in OPERATIONS.items()))
        outside = (self.targets < 0) | (self.targets >= len(self.rows))
        self._refuse(outside, self.targets, "target", f"the index of one of {len(self.rows)} rows")
        self._refuse(~(np.isfinite(self.amounts) | np.isnan(self.times)), self.amounts, "amount", "a finite number")

    def _refuse(self, bad: NDArray[np.bool_], values: NDArray[Any], name: str, expected: str) -> None:
        if bad.any():
            patient, event = np.argwhere(bad)[0]
            change = f"change {event + 1} ({self.labels[patient, event]})"
            got = values[patient, event]
            raise ValueError(f"schedule of patient {patient}, {change}: got {name} {got}; expected {expected}")

    @classmethod
    def none(cls, n: int) -> Schedule:
        """No change for n patients."""
        return cls.of([], n)

    @classmethod
    def of(cls, changes: Sequence[tuple[float, str, str, float, str]], n: int = 1) -> Schedule:
        """The same changes (time, operation, row, amount, label) for n patients; same-time order is that given."""
        for time, operation, row, *_ in changes:
            if operation not in OPERATIONS:
                meant = nearest(operation, OPERATIONS)
                hint = f"; did you mean {meant!r}?" if meant else ""
                raise ValueError(
                    f"schedule: change of {row!r} at {time:g}: got operation {operation!r}; expected one of "
                    f"{', '.join(OPERATIONS)}{hint}"
                )
        ordered = sorted(changes, key=lambda change: change[0])
        rows = tuple(dict.fromkeys(change[2] for change in ordered))

        def repeat(values: list[float] | list[int] | list[str], kind: type) -> NDArray[Any]:
            return np.tile(np.array(values, dtype=kind).reshape(1, -1), (n, 1))

        return cls(
            times=repeat([c[0] for c in ordered], np.float64),
            targets=repeat([rows.index(c[2]) for c in ordered], np.int64),
            operations=repeat([OPERATIONS[c[1]] for c in ordered], np.int8),
            amounts=repeat([c[3] for c in ordered], np.float64),
            rows=rows,
            labels=repeat([c[4] for c in ordered], np.str_),
        )

    def repeated(self, replicates: int) -> Schedule:
        """The schedule of patients that stand this many times in a row (see `Patients.repeated`)."""
        return Schedule(
            times=np.repeat(self.times, replicates, axis=0),
            targets=np.repeat(self.targets, replicates, axis=0),
            operations=np.repeat(self.operations, replicates, axis=0),
            amounts=np.repeat(self.amounts, replicates, axis=0),
            rows=self.rows,
            labels=np.repeat(self.labels, replicates, axis=0),
        )

    def part(self, first: int, last: int) -> Schedule:
        """The schedule of patients `first` to before `last`."""
        return Schedule(
            times=self.times[first:last],
            targets=self.targets[first:last],
            operations=self.operations[first:last],
            amounts=self.amounts[first:last],
            rows=self.rows,
            labels=self.labels[first:last],
        )
