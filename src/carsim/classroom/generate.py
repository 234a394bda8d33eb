"""Resolve every choice of every preset into the data that a page carries: `python -m carsim.classroom.generate`.

Takes some minutes; a test fails when what is committed is stale.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from carsim import rng
from carsim.catalog import find_population
from carsim.classroom.cases import DAYS, Case, case_of, fixed_rows
from carsim.classroom.packing import KINDS, Packing
from carsim.classroom.presets import PRESETS, Preset
from carsim.classroom.settings import SETTINGS, SPREAD, defaults, every_choice
from carsim.dataset.provenance import version
from carsim.derive.javascript import javascript_of
from carsim.derive.tracing import Trace
from carsim.endpoints.persistence import QPCR_LIMIT
from carsim.endpoints.relapse import LEAST, WORDS
from carsim.endpoints.response import FLOW_LIMIT
from carsim.endpoints.survival import DEATHS
from carsim.model.build import laws
from carsim.model.processes.hazards import CAUSES
from carsim.model.remission import BLOOD_LIMIT, MARROW_LIMIT, NAMING_SHARE
from carsim.population.correlations import root
from carsim.population.leukaemia import FEW
from carsim.population.parts import COVARIATES
from carsim.treatment.visits import FIRST_VISIT, MONTH

TARGET = Path(__file__).parent / "model"
OUTPUTS = (
    "blasts_blood",
    "blasts_marrow_fraction",
    "leucocytes",
    "bcells_blood",
    "fludarabine_concentration",
    "homeostatic_cytokine",
    "il6",
)
UNITS = {
    "carT": "cells",
    "cells": "cells",
    "bCells": "cells/uL",
    "fludarabine": "mg/L",
    "cytokine": "1",
    "il6": "pg/mL",
    "marrowBlasts": "1",
    "mrd": "1",
}


def variant(preset: Preset) -> str:
    """What a case depends on beside its choices: whose it is, and which parameters differ."""
    return json.dumps([preset.kind.population, dict(preset.parameters)])


def resolved(preset: str, choices: dict[str, Any], packing: Packing, cases: list[Case]) -> int:
    """Resolve one case and pack it."""
    cases.append(case_of(preset, choices, packing.trace))
    return packing.add(cases[-1])


def data() -> tuple[dict[str, Any], list[Any]]:
    """Everything that the page's model reads, and the laws that its numbers mean."""
    index = {law: k for k, law in enumerate(laws())}
    packing, cases = Packing(index, Trace()), list[Case]()
    variants: dict[str, list[int]] = {}
    covariates: dict[str, dict[str, float]] = {}
    for preset in PRESETS:
        if variant(preset) in variants:
            continue
        found = variants.setdefault(variant(preset), [])
        for choices in every_choice():
            found.append(resolved(preset.name, choices, packing, cases))
        known = cases[-1].made.patients.covariates
        covariates[variant(preset)] = {name: float(known[name][0]) for name in ("host_t_cells", "bcell_initial")}
    table = packing.table([*OUTPUTS, *(f"cart_copies.{name}" for name in ("car", "cd22-bbz"))])
    used = _only_used_laws(table, list(index))
    order = list(variants)
    twins = {preset.kind.population: _twins(preset.kind.population) for preset in PRESETS}
    return {
        "version": version(),
        **table,
        "kinds": KINDS,
        "variants": [{"cases": variants[key], "covariates": covariates[key]} for key in order],
        "presets": [
            {
                "name": preset.name,
                "title": preset.title,
                "variant": order.index(variant(preset)),
                "population": preset.kind.population,
                "settings": {"preset": preset.name, **defaults(preset.name)},
            }
            for preset in PRESETS
        ],
        "settings": [
            {
                "name": s.name,
                "unit": s.unit,
                "kind": s.kind,
                "low": s.low,
                "high": s.high,
                "choices": s.choices,
                "default": s.default,
                "path": s.path,
                "zero": s.zero,
            }
            for s in SETTINGS
        ],
        "days": DAYS,
        "twins": twins,
        "streams": _streams(table, twins),
        "fixed": fixed_rows(),
        "spread": SPREAD,
        "few": FEW,
        "outputs": OUTPUTS,
        "units": UNITS,
        "limits": {
            "marrow": MARROW_LIMIT,
            "blood": BLOOD_LIMIT,
            "mrd": FLOW_LIMIT,
            "naming": NAMING_SHARE,
            "copies": QPCR_LIMIT,
        },
        "visits": {"first": FIRST_VISIT, "month": MONTH},
        "causes": CAUSES,
        "deaths": DEATHS,
        "words": WORDS,
        "least": LEAST,
    }, used


def _only_used_laws(table: dict[str, Any], known: list[Any]) -> list[Any]:
    """Number the laws of the table anew, in the order of `known`, leaving out those that it does not use."""
    rows = [*((row, 1) for row in table["rows"]["quantities"]), *((row, 1) for row in table["rows"]["reactions"])]
    used = sorted({row[at] for row, at in rows if row[at] >= 0})
    numbers = {old: new for new, old in enumerate(used)}
    for row, at in rows:
        row[at] = numbers.get(row[at], row[at])
    return [known[old] for old in used]


def _twins(population: str) -> dict[str, Any]:
    """What differs between the patients of a population, and the weights of independent draws in each score."""
    record = find_population(population)
    spreads = {name: row.value for name, row in record.variability.items()}
    pairs = {(pair.first, pair.second): pair.value.value for pair in record.correlations}
    rows = root((*COVARIATES, *spreads), pairs)[len(COVARIATES) :]
    weights = [[[weight, k] for k, weight in enumerate(row) if weight != 0.0] for row in rows]
    return {
        "covariates": COVARIATES,
        "spreads": [[n, s, w] for (n, s), w in zip(spreads.items(), weights, strict=True)],
    }


def _streams(table: dict[str, Any], twins: dict[str, Any]) -> dict[str, int]:
    """The number of every stream of random numbers that a page draws from."""
    names = [f"fate.{cause}" for cause in CAUSES]
    names += [f"{kind}.{row[0]}" for row in table["rows"]["clones"] for kind in ("cells", "fraction")]
    names += [row[1] for row in table["rows"]["varies"]]
    for population in twins.values():
        names += [f"covariate.{name}" for name in population["covariates"]]
        names += [f"variability.{row[0]}" for row in population["spreads"]]
    return {name: rng.purpose_number(name) for name in dict.fromkeys(names)}


def method() -> str:
    """The numbers of the implicit method, as the engine has them, without the zeros beyond each stage."""
    from carsim.engines.kernels.rodas5p import DENSE, GAMMA, A, C

    weights = {
        "A": [row[:k].tolist() for k, row in enumerate(A[:6])],
        "C": [row[:k].tolist() for k, row in enumerate(C)],
    }
    tables = {**weights, "DENSE": DENSE.tolist(), "GAMMA": GAMMA}
    return "".join(f"const {name} = {json.dumps(table)};\n" for name, table in tables.items())


def texts() -> dict[str, str]:
    """What the generated files must hold, by name."""
    found, used = data()
    return {
        "data.json": json.dumps(found, separators=(",", ":")) + "\n",
        "laws.js": "// Made by carsim.classroom.generate; do not edit.\n" + javascript_of(used) + method(),
    }


if __name__ == "__main__":
    for name, text in texts().items():
        (TARGET / name).write_text(text, encoding="utf-8")
