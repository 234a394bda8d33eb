"""The cases a class begins with: a patient, a product, what differs from the catalogue, and where the settings stand.

Each follows a scenario of `scenarios/`, which says where its numbers come from; what settings say stands in `stands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """A typical patient of a population, its product, and the days of its lymphodepletion."""

    population: str
    product: str
    covariates: Mapping[str, str]
    fludarabine: str
    cyclophosphamide: str


@dataclass(frozen=True)
class Preset:
    """A case: whose it is, parameters that differ from the catalogue (as a scenario states them), settings by name."""

    name: str
    title: str
    kind: Kind
    follows: str
    stands: Mapping[str, float | str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)


CHILD = Kind(
    population="paediatric-rr-ball",
    product="tisagenlecleucel",
    covariates={"age": "11 years", "weight": "39 kg", "body_surface": "1.25 m^2", "egfr": "130 mL/min/1.73m^2"},
    fludarabine="start: -6 d, doses: 4",
    cyclophosphamide="dose: 500 mg/m^2, start: -6 d, doses: 2",
)
ADULT = Kind(
    population="adult-rr-ball",
    product="KTE-X19",
    covariates={"age": "40 years", "weight": "75 kg", "body_surface": "1.9 m^2", "egfr": "100 mL/min/1.73m^2"},
    fludarabine="start: -4 d, doses: 3",
    cyclophosphamide="dose: 900 mg/m^2, start: -2 d, doses: 1",
)
NO_LOSS = {"antigen_loss.CD19": "0", "antigen_dimming.CD19": "0 1/d"}
SHORT_LIVED = {"effector_death.4-1BB": "0.15 1/d", "memory_death.4-1BB": "0.05 1/d"}

PRESETS = (
    Preset("eliana_child", "A child after tisagenlecleucel, as in ELIANA", CHILD, "tisagenlecleucel_child"),
    Preset(
        "zuma3_adult",
        "An adult after KTE-X19, as in ZUMA-3",
        ADULT,
        "kte_x19_adult",
        {"dose": 1e6, "costimulation": "CD28", "fludarabine": 12.0},
    ),
    Preset("durable_remission", "Durable remission", CHILD, "durable_remission", {"negative_fraction": 0.0}, NO_LOSS),
    Preset(
        "cd19_positive_relapse",
        "CD19-positive relapse after lost persistence",
        CHILD,
        "cd19_positive_relapse",
        {},
        SHORT_LIVED,
    ),
    Preset("cd19_negative_escape", "CD19-negative escape", CHILD, "antigen_escape", {"negative_fraction": 1e-7}),
    Preset(
        "weak_arm",
        "A bispecific product with a weak CD22 arm",
        CHILD,
        "format/tandem_weak_cd22",
        {"negative_fraction": 1e-6, "cd22_arm": "weak"},
    ),
    Preset(
        "sequential",
        "CD19, then CD22 in remission",
        CHILD,
        "sequential_cd19_cd22",
        {"negative_fraction": 1e-7, "second": "cd22", "second_day": 56.0},
    ),
    Preset(
        "poor_lymphodepletion",
        "Low exposure to fludarabine",
        CHILD,
        "low_fludarabine_exposure",
        {"fludarabine": 8.0},
    ),
    Preset(
        "transplant",
        "Transplantation in remission",
        CHILD,
        "consolidative_transplant",
        {"negative_fraction": 1e-7, "transplant": "yes", "transplant_day": 70.0},
    ),
)
BY_NAME = {preset.name: preset for preset in PRESETS}
