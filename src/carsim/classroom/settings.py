"""What a class can turn, and the scenario that each position of the settings means: a text for `carsim run`.

A page and a run start from this text alone: `package` resolves it for every choice and carries the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from carsim import catalog
from carsim.classroom.presets import BY_NAME, Kind, Preset
from carsim.errors import Problem, ScenarioError

Value = float | str
Settings = Mapping[str, Value]


@dataclass(frozen=True)
class Setting:
    """One control: limits and unit of a number or the words of a choice, and the path that it sets in a scenario.

    With `zero`, 0 is allowed below `low`: nothing of it.
    """

    name: str
    kind: Literal["log", "linear", "choice"]
    path: str
    default: Value
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    choices: tuple[str, ...] = ()
    zero: bool = False


SETTINGS = (
    Setting("negative_fraction", "log", "leukaemia.clones.CD19-negative.fraction", 0.0, "", 1e-9, 0.1, zero=True),
    Setting("marrow_blasts", "log", "patient.marrow_blasts", 0.6, "", 1e-3, 0.95),
    Setting("dose", "log", "treatment.car.dose.per_weight", 3.1e6, "cells/kg", 1e5, 2e7),
    Setting("costimulation", "choice", "products.car.costimulation", "4-1BB", choices=("4-1BB", "CD28")),
    Setting("fludarabine", "linear", "treatment.ld.fludarabine.target_auc", 16.0, "mg*h/L", 0.0, 30.0),
    Setting("cd22_arm", "choice", "products.car.arms.CD22", "none", choices=("none", "bispecific", "weak")),
    Setting("second", "choice", "treatment.second", "none", choices=("none", "same", "cd22")),
    Setting("second_day", "linear", "treatment.second.at", 56.0, "d", 28.0, 365.0),
    Setting("transplant", "choice", "treatment.transplant", "none", choices=("none", "yes")),
    Setting("transplant_day", "linear", "treatment.transplant.at", 70.0, "d", 42.0, 365.0),
)
UNTIL = "24 months"
TANDEM = "cd19-22-tandem"  # the catalogue's product with two binders
WEAK = 0.2  # efficiency of the weak CD22 arm, as in scenarios/format/tandem_weak_cd22.yaml
SECOND_DELAY, SECOND_DOSE = 6, "1e6 cells/kg"  # of a CD22 product: as in scenarios/sequential_cd19_cd22.yaml
SPREAD = 2  # of the log fraction of the CD19-negative clone between twins, as in scenarios/systems
REST = ("host_t_cells", "bcell_initial", "neutrophil_base", "platelet_base", "haemoglobin_base")  # the usual ones
CHOICES = {setting.name: setting.choices for setting in SETTINGS if setting.kind == "choice"}


def defaults(preset: str) -> dict[str, Value]:
    """Where the settings of a preset stand."""
    return {setting.name: setting.default for setting in SETTINGS} | dict(_preset(preset).stands)


def every_choice() -> list[dict[str, Value]]:
    """All combinations of what is chosen rather than turned; the last choice changes first, as a page counts them."""
    return [dict(zip(CHOICES, words, strict=True)) for words in product(*CHOICES.values())]


def problems(settings: Settings) -> list[Problem]:
    """What is wrong with a position of the settings; each setting must be there, and no other name."""
    found = [
        Problem(None, name, "no such setting", " or ".join(s.name for s in SETTINGS))
        for name in settings
        if name not in {s.name for s in SETTINGS}
    ]
    for setting in SETTINGS:
        value = settings.get(setting.name)
        if setting.kind == "choice":
            if value not in setting.choices:
                found.append(Problem(None, setting.name, repr(value), " or ".join(setting.choices)))
        elif not isinstance(value, int | float) or not (
            setting.low <= value <= setting.high or (setting.zero and value == 0.0)
        ):
            expected = f"a number from {setting.low:g} to {setting.high:g}{' or 0' if setting.zero else ''}"
            found.append(Problem(None, setting.name, repr(value), f"{expected} {setting.unit}".rstrip()))
    return found


def scenario_text(settings: Settings, preset: str, *, twins: int = 0, seed: int = 1) -> str:
    """The scenario of a preset with these settings: of the patient or, with `twins`, of so many patients like this one.

    Twins differ by what the population's patients differ in but their size, age and disease, and by which cells of the
    CD19-negative clone they carry. Raises ScenarioError where a setting has no such position.
    """
    case, wrong = _preset(preset), problems(settings)
    if wrong:
        raise ScenarioError(wrong)
    lines = [
        "format: carsim/1",
        f"title: {case.title}",
        *_who(case.kind, settings, twins),
        *_product(case.kind, settings),
        *_leukaemia(settings, twins),
        *([f"parameters: {_flow(case.parameters)}"] if case.parameters else []),
        "treatment:",
        *_treatment(case.kind, settings),
        f"run: {{until: {UNTIL}, seed: {seed}, engine: ode}}",
    ]
    return "\n".join(lines) + "\n"


def _preset(name: str) -> Preset:
    if name not in BY_NAME:
        raise ScenarioError([Problem(None, "preset", repr(name), " or ".join(BY_NAME))])
    return BY_NAME[name]


def _flow(values: Mapping[str, Value]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in values.items()) + "}"


def _who(kind: Kind, settings: Settings, twins: int) -> list[str]:
    own: dict[str, Value] = {**kind.covariates, "marrow_blasts": settings["marrow_blasts"]}
    if not twins:
        return [f"patient: {_flow({'population': kind.population, **own})}"]
    alike = {name: _flow({"median": value, "log_sd": 0}) for name, value in own.items()}
    usual = catalog.find_population(kind.population).covariates
    medians = {name: f"{usual[name].median.value!r} {usual[name].median.unit}".removesuffix(" 1") for name in REST}
    rest = {name: _flow({"median": value, "log_sd": 0}) for name, value in medians.items()}
    return [f"cohort: {_flow({'population': kind.population, 'n': twins, **alike, **rest})}"]


def _product(kind: Kind, settings: Settings) -> list[str]:
    arm = settings["cd22_arm"]
    parts: dict[str, Value] = {"name": "car", "extends": kind.product if arm == "none" else TANDEM}
    parts["costimulation"] = settings["costimulation"]
    if arm == "weak":
        parts["arms"] = f"{{CD22: {{efficiency: {WEAK}}}}}"
    return ["products:", f"  - {_flow(parts)}"]


def _leukaemia(settings: Settings, twins: int) -> list[str]:
    spread = f", fraction_log_sd: {SPREAD}" if twins else ""
    clone = f"{{name: CD19-negative, cd19: absent, fraction: {settings['negative_fraction']!r}{spread}}}"
    return ["leukaemia:", "  clones:", f"    - {clone}"]


def _treatment(kind: Kind, settings: Settings) -> list[str]:
    exposure, dose = settings["fludarabine"], f"{settings['dose']!r} cells/kg"
    amount = f"target_auc: {exposure!r} mg*h/L" if exposure else "dose: 30 mg/m^2"
    lines = [
        "  - name: ld",
        "    give: fludarabine-cyclophosphamide",
        *([] if exposure else ["    share: 0 %"]),
        f"    fludarabine: {{{amount}, {kind.fludarabine}}}",
        f"    cyclophosphamide: {{{kind.cyclophosphamide}}}",
        f"  - {{name: car, give: car, dose: {dose}}}",
    ]
    if settings["second"] != "none":
        again = settings["second"] == "same"
        given = f"{{give: car, at: {SECOND_DELAY} d, dose: {dose}}}"
        other = f"{{give: cd22-bbz, at: {SECOND_DELAY} d, dose: {SECOND_DOSE}}}"
        lines += [
            "  - name: second",
            f"    at: {settings['second_day']!r} d",
            f"    course: [{{give: fludarabine-cyclophosphamide}}, {given if again else other}]",
        ]
    if settings["transplant"] == "yes":
        lines.append(f"  - {{name: transplant, give: hsct, at: {settings['transplant_day']!r} d}}")
    return lines
