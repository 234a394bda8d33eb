"""The part `sweep:` of a scenario: what is varied, over which points, and what is kept of each.

axes    a path with its values, listed or spaced; paths that move together (`zip`); named choices that set several paths
        (`each`: cohorts, products, strategies); arms of the trial (`arms`)
sample  axes that state two ends and no number of points are sampled together: Latin hypercube, Sobol or at random
keep    what is kept of every patient: endpoints and covariates, and courses thinned to one value in `every`

Points are all combinations of the axes, the first axis slowest and what is sampled fastest. Every point has the same
patients with the same random streams.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from carsim.quantity import Duration, Name, Part, refuse
from carsim.spec.trial import DottedPath
from carsim.units import number_text, quantity, unit_of

Scalar = str | int | float | bool
End = str | int | float

KEPT: Final = (
    "response_day28",
    "best_response",
    "mrd_day28",
    "remission_day",
    "cart_peak_copies",
    "cart_peak_day",
    "cart_auc_0_28_copies",
    "cart_persistence_day",
    "bcell_aplasia_days",
    "bcell_recovery_day",
    "fludarabine_auc",
    "crs_grade_max",
    "icans_grade_max",
    "relapse_day",
    "relapse_phenotype",
    "relapse_site",
    "remission_ongoing",
    "cured",
    "death_day",
    "efs_day",
    "efs_event",
    "os_day",
    "os_event",
)


@lru_cache(maxsize=1024)
def _ends(low: End, high: End) -> tuple[float, float, str]:
    unit = unit_of(low)
    return quantity(low, unit), quantity(high, unit), unit


class Axis(Part):
    """One axis of a sweep: a path and its values, listed or spaced evenly (both ends included) or sampled."""

    path: DottedPath = Field(description="What is varied, for example treatment.car.dose.")
    name: Name | None = Field(default=None, description="Name in the results; the path if not given.")
    values: tuple[Scalar, ...] | None = Field(default=None, description="The values, in order.")
    linear: tuple[End, End] | None = Field(default=None, description="Ends, even steps.")
    log: tuple[End, End] | None = Field(default=None, description="Ends, even ratios.")
    n: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(
        default=None, description="Number of points between ends; without it the axis is sampled as `sample` says."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        forms = [name for name in ("values", "linear", "log") if getattr(self, name) is not None]
        if len(forms) != 1:
            raise refuse(" and ".join(forms) or "an axis without points", "one of `values`, `linear` and `log`")
        if self.n is not None and self.values is not None:
            raise refuse("`n` with `values`", "`n` with `linear` or `log`, for example log: [1e-9, 1e-4], n: 20")
        if self.values is not None and not self.values:
            raise refuse("no values", "at least one value, for example values: [5 d, 30 d]")
        if self.values is None:
            self._ends()
        return self

    @property
    def form(self) -> Literal["values", "linear", "log"]:
        """How the points are stated."""
        return "values" if self.values is not None else "log" if self.log is not None else "linear"

    @property
    def is_sampled(self) -> bool:
        """Whether the axis states no points of its own."""
        return self.values is None and self.n is None

    @property
    def size(self) -> int:
        """Number of points; 2 of an axis that is sampled: its ends."""
        return len(self.values) if self.values is not None else self.n or 2

    @property
    def label(self) -> str:
        """Name in the results."""
        return self.name or self.path

    def _ends(self) -> tuple[float, float, str]:
        low, high = (self.log if self.log is not None else self.linear) or ("", "")
        try:
            first, last, unit = _ends(low, high)
        except ValueError as error:
            raise refuse(
                f"`{low}` and `{high}`", "two quantities of one unit, for example [1e5 cells/kg, 1e7 cells/kg]"
            ) from error
        if self.form == "log" and (first <= 0 or last <= 0):
            raise refuse(f"`{low}` and `{high}`", "ends above 0 for `log`, for example [1e-9, 1e-4]")
        return first, last, unit

    @property
    def unit(self) -> str:
        """Unit of the values, as written at the first of them; "" for pure numbers and for words."""
        return unit_of(self.values[0]) if self.values is not None else self._ends()[2]

    def numbers(self, shares: Iterable[float]) -> list[float]:
        """The numbers, in `unit`, at shares of the way from the first end (0) to the last (1).

        Spaced points have 15 digits, so that the middle of 1e5 and 1e7 is 1e6.
        """
        first, last, _ = self._ends()
        if self.log is not None:
            ratio = math.log(last / first)
            inner = [
                first * math.exp(share * ratio) if 0.0 < share < 1.0 else (last if share else first) for share in shares
            ]
        else:
            inner = [
                first + share * (last - first) if 0.0 < share < 1.0 else (last if share else first) for share in shares
            ]
        return inner if self.is_sampled else [float(f"{number:.15g}") for number in inner]

    def at(self, step: int) -> Scalar:
        """The value of a point from 0 on, as `Scenario.with_` takes it (text with a unit where there is one)."""
        return self.values[step] if self.values is not None else self.between(step / (self.size - 1))

    def between(self, share: float) -> Scalar:
        """The value at a share of the way from the first end (0) to the last (1), as `Scenario.with_` takes it."""
        number, unit = self.numbers([share])[0], self._ends()[2]
        if unit:
            return f"{number_text(number)} {unit}"
        given = self.log if self.log is not None else self.linear
        whole = given is not None and all(isinstance(value, int) for value in given)
        return int(number) if whole and number.is_integer() else number

    def points(self) -> tuple[Scalar, ...]:
        """Every value of the axis, in order."""
        return tuple(self.at(step) for step in range(self.size))


class Together(Part):
    """Paths that move together: point k of the axis sets the k-th value of each."""

    axes: tuple[Axis, ...] = Field(alias="zip", min_length=2, description="Axes of as many points each.")

    @model_validator(mode="after")
    def _as_many(self) -> Together:
        sampled = next((axis.path for axis in self.axes if axis.is_sampled), None)
        if sampled:
            raise refuse(f"`{sampled}` without `n` in a `zip`", "points of its own, for example n: 20")
        sizes = [axis.size for axis in self.axes]
        if len(set(sizes)) > 1:
            said = ", ".join(f"{axis.path} with {axis.size}" for axis in self.axes)
            raise refuse(
                f"axes of different length in one `zip` ({said})", "as many points on each: they move together"
            )
        return self

    @property
    def size(self) -> int:
        """Number of points."""
        return self.axes[0].size


class Choice(Part):
    """One point of an axis of choices: a name, and values set by path."""

    name: Name = Field(description="Name in the results.")
    changes: dict[DottedPath, Any] = Field(alias="set", default_factory=dict, description="Values by dotted path.")


class Choices(Part):
    """Named choices, each with values set by path: cohorts, products, strategies."""

    name: Name = Field(description="Name of the axis in the results, for example strategy.")
    each: tuple[Choice, ...] = Field(min_length=1, description="The choices, in order.")

    @model_validator(mode="after")
    def _distinct(self) -> Choices:
        names = [choice.name for choice in self.each]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise refuse(f"the choice `{twice}` twice", "each name once")
        return self

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.each)


class Arms(Part):
    """Arms of the scenario's trial as points, in the order stated here."""

    arms: tuple[Name, ...] = Field(min_length=1, description="Names of arms of `trial.arms`.")
    name: Name = Field(default="arm", description="Name of the axis in the results.")

    @property
    def size(self) -> int:
        """Number of points."""
        return len(self.arms)


class Sample(Part):
    """How axes without points of their own are sampled, all of them together."""

    method: Literal["latin-hypercube", "sobol", "random", "saltelli", "morris"] = Field(
        description="Where the points lie; the last two are those of indices of sensitivity."
    )
    n: Annotated[int, Field(ge=1, le=100_000_000)] = Field(
        description="Number of points; of `saltelli` the number of base points, of `morris` that of trajectories, each "
        "of as many points as axes are sampled and two or one more."
    )
    seed: Annotated[int, Field(ge=0, le=2**53)] = Field(default=1, description="Seed of the points alone.")

    def points(self, axes: int) -> int:
        """Number of points over so many sampled axes."""
        return self.n * {"saltelli": axes + 2, "morris": axes + 1}.get(self.method, 1)

    @model_validator(mode="after")
    def _power_of_two(self) -> Sample:
        if self.method in ("sobol", "saltelli") and self.n & (self.n - 1):
            below = 1 << (self.n.bit_length() - 1)
            raise refuse(f"{self.n} Sobol points", f"a power of two: they are balanced only so, for example {below}")
        return self


def _kind(given: Any) -> str:
    """The tag of an axis: by the key that only its kind has."""
    if isinstance(given, Part):
        return next(tag for tag, kind in TAGS.items() if isinstance(given, kind))
    keys = given if isinstance(given, dict) else {}
    return next((f"={key}" for key in ("zip", "each", "arms") if key in keys), "=path")


AnyAxis = Annotated[
    Annotated[Axis, Tag("=path")]
    | Annotated[Together, Tag("=zip")]
    | Annotated[Choices, Tag("=each")]
    | Annotated[Arms, Tag("=arms")],
    Discriminator(_kind),
]
TAGS: Final[dict[str, type[Part]]] = {"=path": Axis, "=zip": Together, "=each": Choices, "=arms": Arms}


TAKEN: Final = ("patient", "point", "replicate", "sample", "status", "time")  # names that every store has


class Sweep(Part):
    """Parameter sweep: every combination of the axes' points."""

    axes: tuple[AnyAxis, ...] = Field(min_length=1, description="The axes; the first varies slowest.")
    sample: Sample | None = Field(default=None, description="How axes without points of their own are sampled.")
    keep: tuple[str, ...] = Field(
        default=KEPT, description="Endpoints and covariates that are kept of every patient at every point."
    )
    courses: tuple[str, ...] = Field(
        default=(), description="Courses that are kept too, summed over products, clones, phenotypes and sites."
    )
    every: Duration = Field(default=7.0, description="Time between the values that are kept of a course.")

    @model_validator(mode="after")
    def _sound(self) -> Sweep:
        labels = [label for axis in self.axes for label in labels_of(axis)]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice:
            raise refuse(f"the axis `{twice}` twice", "each path on one axis")
        taken = next((label for label in labels if label in {*self.keep, *self.courses, *TAKEN}), None)
        if taken:
            raise refuse(f"an axis with the name of what is kept, `{taken}`", "another `name` for the axis")
        open_axes = [axis for axis in self.axes if isinstance(axis, Axis) and axis.is_sampled]
        if open_axes and self.sample is None:
            axis = open_axes[0]
            expected = "`n`, for example log: [1e-9, 1e-4], n: 20; or `sample`, for example {method: sobol, n: 256}"
            raise refuse(f"`{axis.path}` with `{axis.form}` and no `n`", expected)
        if self.sample is not None and not open_axes:
            raise refuse("`sample`, and every axis with points of its own", "an axis with two ends and no `n`")
        return self


def labels_of(axis: Axis | Together | Choices | Arms) -> tuple[str, ...]:
    """Names in the results of what an axis varies."""
    if isinstance(axis, Together):
        return tuple(inner.label for inner in axis.axes)
    return (axis.label,) if isinstance(axis, Axis) else (axis.name,)
