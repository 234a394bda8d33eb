"""A study: which parameters are free, what is known of them before, and the published facts that they are fitted to.

A free parameter is a spread between patients (`spread: exhaustion`) or a factor on a parameter's value in every class
(`factor: kill_half`, or `factor: syndrome_half.fever` for one). Before the fit it is log-normal: `median`, with 95 % of
its mass between `low` and `high`, and cut there. `informed_by` names the mechanisms of the facts that inform it;
where they are fewer than three facts of two trials, `held: true` says that the prior holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from carsim import catalog
from carsim.catalog.facts import MECHANISMS, Fact
from carsim.catalog.records import Value
from carsim.catalog.systems import systems
from carsim.errors import CarsimError, Problem, ScenarioError, nearest
from carsim.quantity import Name, Part, refuse
from carsim.scorecard.baselines import FOLDS, folds, usable
from carsim.scorecard.score import GROUPS, REST
from carsim.spec import text as yaml_text
from carsim.spec.report import problem
from carsim.spec.tree import Table, values

FORMAT = "carsim-study/1"
MOST_FREE = 20
ROUNDING = 1e-9
LEAST_FACTS, LEAST_TRIALS = 3, 2  # that inform a parameter which its prior does not hold
READ = ("share", "expected_share", "survival", "incidence", "survival_median", "median", "geometric_mean")
Positive = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class StudyRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A study asks for what cannot be: the text says what, and what could be."""

    exit_status = 2


class Free(Part):
    """A free parameter and its prior."""

    name: Name = Field(description="Name of the free parameter in results.")
    spread: str | None = Field(default=None, description="Parameter whose spread between patients is free.")
    factor: str | None = Field(default=None, description="Parameter, with or without its class, that is multiplied.")
    median: Positive = Field(description="Median before the fit.")
    low: Positive = Field(description="Lower end: of 95 % of the prior, and of what is looked at.")
    high: Positive = Field(description="Upper end, likewise.")
    informed_by: tuple[str, ...] = Field(default=(), description="Mechanisms of the facts that inform it.")
    held: bool = Field(default=False, description="Whether the prior holds it because few facts inform it.")
    because: str = Field(description="What is known of it before, and from where.")

    @field_validator("informed_by")
    @classmethod
    def _mechanisms(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in MECHANISMS:
                raise refuse(f"`{name}`", f"one of: {', '.join(MECHANISMS)}", nearest(name, MECHANISMS) or "")
        return names

    @model_validator(mode="after")
    def _sound(self) -> Free:
        if (self.spread is None) == (self.factor is None):
            raise refuse("neither or both of `spread` and `factor`", "one of them, for example spread: exhaustion")
        if not self.low < self.median < self.high:
            raise refuse(f"{self.low:g}, {self.median:g}, {self.high:g}", "low < median < high")
        known = catalog.parameters()
        name = (self.spread or self.factor or "").partition(".")[0]
        kinds = catalog.populations().values()
        varied = sorted(set.intersection(*(set(kind.variability) for kind in kinds)))
        paths = {path for parameter in known.values() for path in (parameter.name, *parameter.paths())}
        if (
            name not in known
            or (self.factor and self.factor not in paths)
            or (self.spread and self.spread not in known)
        ):
            wrong = self.spread or self.factor or ""
            raise refuse(f"`{wrong}`", "the name of a parameter", nearest(wrong, paths) or "")
        if self.spread and self.spread not in varied:
            raise refuse(f"`{self.spread}`", f"one in which all populations vary: {', '.join(varied)}")
        if self.factor and any(path.partition(".")[0] == name for kind in kinds for path in kind.parameters):
            raise refuse(f"`{self.factor}`", "a parameter of which no population states a value of its own")
        return self

    @model_validator(mode="after")
    def _inside(self) -> Free:
        for path, stated in stated_of(self).items():
            ends = (self.low, self.high) if self.spread else (self.low * stated.value, self.high * stated.value)
            if not stated.low * (1.0 - ROUNDING) <= ends[0] <= ends[1] <= stated.high * (1.0 + ROUNDING):
                raise refuse(
                    f"{ends[0]:g} to {ends[1]:g} for {path}",
                    f"ends inside what the catalogue takes for plausible, {stated.low:g} to {stated.high:g}",
                )
        return self


class LeftOut(Part):
    """Systems whose facts are not fitted, and why."""

    systems: tuple[str, ...] = Field(description="Names of systems.")
    because: str = Field(description="Why: for example the only trial of its class.")

    @field_validator("systems")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _known_systems(names)
        return names


class Study(Part):
    """A calibration study as its file states it."""

    format: Literal["carsim-study/1"] = Field(description="Always carsim-study/1.")
    title: str = Field(description="What is fitted, in a line.")
    about: str = Field(default="", description="What a reader should know.")
    seed: Annotated[int, Field(ge=0)] = Field(default=1, description="Seed of design, patients and chains.")
    patients: Annotated[int, Field(ge=24)] = Field(default=64, description="Patients of each arm in each wave.")
    waves: Annotated[int, Field(ge=1, le=5)] = Field(default=2, description="Rounds: the later ones nearer to the fit.")
    draws: Annotated[int, Field(ge=20, le=2000)] = Field(
        default=200, description="Draws of the posterior that are kept."
    )
    parameters: Annotated[tuple[Free, ...], Field(min_length=1)] = Field(description="The free parameters.")
    facts: tuple[str, ...] = Field(
        default=(), description="The facts that are fitted; without it every one that can be."
    )
    weights: dict[str, Positive] = Field(default_factory=dict, description="Weight of facts, in place of their own.")
    leave_out: tuple[LeftOut, ...] = Field(default=(), description="Systems that are predicted, not fitted.")
    together: tuple[tuple[str, ...], ...] = Field(
        default=(), description="Systems that share patients: left out together when a fit is cross-validated."
    )
    between_trials: dict[str, Positive] = Field(
        description="Scale of the half-normal prior of the spread between trials (log odds), by group of endpoints."
    )

    @field_validator("facts")
    @classmethod
    def _facts(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _known_facts(names)
        return names

    @field_validator("weights")
    @classmethod
    def _weights(cls, given: dict[str, float]) -> dict[str, float]:
        _known_facts(given)
        return given

    @field_validator("between_trials")
    @classmethod
    def _groups(cls, given: dict[str, float]) -> dict[str, float]:
        wanted = (*GROUPS, REST)
        if set(given) != set(wanted):
            raise refuse(f"{', '.join(given) or 'none'}", f"one scale for each of: {', '.join(wanted)}")
        return given

    @field_validator("together")
    @classmethod
    def _same(cls, families: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        _known_systems(name for family in families for name in family)
        return families

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the free parameters, in order."""
        return tuple(free.name for free in self.parameters)

    def weight(self, fact: Fact) -> float:
        """What a fact counts for."""
        return self.weights.get(fact.id, fact.weight)


def stated_of(free: Free) -> dict[str, Value]:
    """What the data files state for what a free parameter changes, by scenario path: before any calibration."""
    if free.spread:
        of = [
            kind.variability[free.spread] for kind in catalog.populations().values() if free.spread in kind.variability
        ]
        return {f"cohort.spreads.{free.spread}": value for value in of[:1]}
    stated = catalog.as_stated()
    name, _, _ = (free.factor or "").partition(".")
    paths = catalog.parameters()[name].paths()
    return {
        f"parameters.{path}": stated.get(path, value)
        for path, value in paths.items()
        if path == free.factor or name == free.factor
    }


def _known_facts(names: Any) -> None:
    for name in names:
        if name not in catalog.facts():
            raise refuse(f"`{name}`", "a fact; `carsim list facts` shows all", nearest(name, catalog.facts()) or "")


def _known_systems(names: Iterable[str]) -> None:
    for name in names:
        if name not in systems():
            raise refuse(f"`{name}`", "a system; `carsim list systems` shows all", nearest(name, systems()) or "")


def load(path: Path) -> Study:
    """The study of a file. Raises ScenarioError with every problem and its place, StudyRefused for what cannot be."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StudyRefused(
            f"{path}: {error.strerror}; expected a study, for example calibration/trials.yaml"
        ) from error
    tree, problems = yaml_text.read(content, str(path))
    if not isinstance(tree, Table) or problems:
        raise ScenarioError(problems or [Problem(None, str(path), "no keys", f"a study that begins format: {FORMAT}")])
    data = values(tree, problems)
    if problems:
        raise ScenarioError(problems)
    try:
        study = Study.model_validate(data)
    except ValidationError as error:
        raise ScenarioError(problem(detail, tree, Study) for detail in error.errors()) from error
    _check(study)
    return study


def fitted(study: Study) -> list[Fact]:
    """The facts that a study is fitted to: numbers that can be read, of systems that are not left out."""
    out = {name for some in study.leave_out for name in some.systems}
    found = []
    for fact in catalog.facts().values():
        asked = not study.facts or fact.id in study.facts
        if asked and not why_not(fact) and fact.system not in out and study.weight(fact) > 0.0:
            found.append(fact)
    return found


def why_not(fact: Fact) -> str:
    """Why a fact cannot be fitted; empty where it can."""
    if fact.reading is None:
        return f"it is not read: {fact.unread}"
    if fact.comparison is not None:
        return "it is a direction, which is looked at and never fitted"
    if fact.value is None or fact.op not in ("=", "~", "range"):
        return "it is a bound, not a number"
    if fact.reading.statistic not in READ:
        return f"`{fact.reading.statistic}` is predicted, not fitted"
    return ""


def sixths(study: Study, facts: Sequence[Fact]) -> list[int]:
    """The sixth of each fact: that of its trial among the baselines', trials unknown to them dealt out in order.

    Systems that share patients (`together` of the study) have the sixth of the first of them.
    """
    known = folds(usable(catalog.facts().values()))
    rest = sorted({fact.system for fact in facts} - set(known))
    known |= {name: k % FOLDS for k, name in enumerate(rest)}
    known |= {name: known[some[0]] for some in study.together for name in some if some[0] in known}
    return [known[fact.system] for fact in facts]


def _why_not_asked(study: Study, name: str) -> str:
    """Why a fact that a study names is not fitted; empty where it is."""
    fact = catalog.facts()[name]
    out = {system: some.because for some in study.leave_out for system in some.systems}
    if study.facts.count(name) > 1:
        return "it is named twice"
    if fact.system in out:
        return f"{fact.system} is left out: {out[fact.system]}"
    return why_not(fact) or ("" if study.weight(fact) else "its weight is 0")


def _check(study: Study) -> None:
    names = study.names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise StudyRefused(f"parameters: got `{twice}` twice; expected each free parameter once")
    paths = [path for free in study.parameters for path in stated_of(free)]
    again = next((path for path in paths if paths.count(path) > 1), None)
    if again:
        raise StudyRefused(f"parameters: got two that change {again}; expected one for each path")
    for name in study.facts:
        why = _why_not_asked(study, name)
        if why:
            raise StudyRefused(f"facts: got `{name}`; expected a fact that can be fitted, and {why}")
    facts = fitted(study)
    if len(names) > min(MOST_FREE, len(facts)):
        raise StudyRefused(
            f"parameters: got {len(names)} free parameters for {len(facts)} facts; expected at most "
            f"{min(MOST_FREE, len(facts))}: no more than facts, and never more than {MOST_FREE}"
        )
    if len(set(sixths(study, facts))) < 2:
        raise StudyRefused("facts: got those of one sixth of the trials; expected several trials, to leave some out")
    for free in study.parameters:
        some = [fact for fact in facts if set(fact.mechanism) & set(free.informed_by)]
        trials = {fact.system for fact in some}
        if not free.held and (len(some) < LEAST_FACTS or len(trials) < LEAST_TRIALS):
            raise StudyRefused(
                f"parameters.{free.name}: got {len(some)} facts of {len(trials)} trials that inform it; expected at "
                f"least {LEAST_FACTS} of {LEAST_TRIALS}, or `held: true` where its prior is to hold it"
            )
