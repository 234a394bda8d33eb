"""Judge parameters against targets.toml with the plain twin (`tests/twin`), which shares no code with the model.

    python calibration/fit.py                  the catalogue's values: aims, what is reached; status 1 on a miss
    python calibration/fit.py --values FILE    other values over them: lines `path = number`, as search.py prints them

Parameters come from the catalogue, patients are its populations' medians, the leukaemia is its default: a CD19-positive
clone, the dim state it switches to, and a CD19-negative clone (absent at the start except where escape is judged).
"""

from __future__ import annotations

import argparse
import math
import sys
import tomllib
from pathlib import Path
from typing import Any

from measures import HERE, POOR, RUNS, Course, Run, deviation, measure, targets
from scipy.optimize import brentq

from carsim import catalog

sys.path.insert(0, str(HERE.parent / "tests"))

from twin import twin

RTOL = 1e-7


def parameters(changes: dict[str, float], costimulation: str) -> dict[str, Any]:
    """Parameters of the catalogue by path, those of one costimulatory domain by name, with `changes` by path."""
    found: dict[str, Any] = {}
    for name, record in catalog.parameters().items():
        for path, value in record.paths().items():
            stated = changes.get(path, value.value)
            found[path] = stated
            if path == f"{name}.{costimulation}":
                found[name] = stated
    healthy = catalog.find_antigen("CD19").densities["healthy-b-cells"]
    found["bcell_densities"] = {"CD19": (healthy.median.value, healthy.log_sd.value)}
    return found


def patient(population: str, changes: dict[str, float]) -> dict[str, float]:
    """Median covariates of a population under the names of the twin."""
    kind = catalog.find_population(population)
    found = {name: covariate.median.value for name, covariate in kind.covariates.items()}
    found["bsa"] = found.pop("body_surface")
    found["fludarabine_clearance_offset"] = kind.parameters["fludarabine_clearance_offset"].value
    found["neutrophil_base"] = changes.get("neutrophil_base", found["neutrophil_base"])
    return found


def clones(p: dict[str, float], negative: float) -> list[dict[str, Any]]:
    """The default clones; `negative` is the share of the clone without CD19 at the start."""
    densities = catalog.find_antigen("CD19").densities
    shown = {cells: (density.median.value, density.log_sd.value) for cells, density in densities.items()}
    states = (("CD19-positive", "positive", 0.0, shown["blasts"]),)
    states += (("CD19-negative", "absent", negative, None), ("CD19-dim", "dim", 0.0, shown["dim-blasts"]))
    rates = {"birth": p["blast_birth"], "death": p["blast_death"]}
    return [
        {"name": name, "state": state, "fraction": share, "densities": {"CD19": density}} | rates
        for name, state, share, density in states
    ]


class Setting:
    """One schedule of targets.toml with its product and typical patient, and runs of it."""

    def __init__(self, schedule: dict[str, Any], changes: dict[str, float]) -> None:
        """Take a schedule, and changes of parameters by scenario path."""
        self.schedule = schedule
        record = catalog.find_product(schedule["product"])
        self.p = parameters(changes, record.costimulation)
        self.cov = patient(schedule["population"], changes)
        arms = {
            antigen: {key: getattr(arm, key).value for key in ("half_density", "steepness", "efficiency")}
            for antigen, arm in record.arms.items()
        }
        self.product = self.p | {
            "name": "cart",
            "arms": arms,
            "foreignness": record.donor if record.donor == "allogeneic" else record.binder_origin,
            "memory_share": changes.get("memory_share", record.memory_share.value),
            "vector_copies": record.vector_copies.value,
        }
        self.cells = record.dose["per_weight"].value * self.cov["weight"]

    def course(self, run: Run) -> Course:
        """The course of one run from the infusion on, daily."""
        scale = self.leaving() if run.weak else run.drugs
        doses = self.lymphodepletion(scale, run.fludarabine)
        infusion = {"give": "cart", "time": 0.0, "product": "cart", "cells": run.dose * self.cells}
        setting = [] if run.host_t is None else [{"give": "host_t", "time": 0.0, "per_ul": run.host_t}]
        cov = self.cov if run.blasts is None else self.cov | {"marrow_blasts": run.blasts}
        given = [*doses, *setting, infusion]
        states = twin.simulate(self.p, cov, clones(self.p, run.negative), [self.product], given, run.until, rtol=RTOL)
        seen = twin.observe(states)
        kept = seen["time"] >= 0.0
        gone = [day for day, name in states["extinctions"] if name == "CD19-positive"]
        found = {
            "days": seen["time"], "copies": seen["cart.copies_per_ug"], "cells": seen["cart.cells_per_ul"],
            "leucocytes": seen["leucocytes"], "host_t": seen["host_t_per_ul"], "bcells": seen["bcells_per_ul"],
            "marrow_blasts": seen["marrow_blast_fraction"],
            "positive": states["CD19-positive.marrow"] + states["CD19-positive.blood"],
        }  # fmt: skip
        return {name: values[kept] for name, values in found.items()} | {"gone": gone[-1] if gone else math.inf}

    def lymphodepletion(self, scale: float, fludarabine: float = 1.0) -> list[dict[str, Any]]:
        """Daily doses of both drugs, both scaled by `scale`, fludarabine by its own factor as well."""
        factors = {"fludarabine": scale * fludarabine, "cyclophosphamide": scale}
        plans = {drug: self.schedule[drug] for drug in factors}
        return [
            {"give": drug, "time": plan["start"] + day, "per_area": factors[drug] * plan["per_area"]}
            for drug, plan in plans.items()
            for day in range(plan["doses"])
        ]

    def leaving(self) -> float:
        """Scale of the drug doses that leaves POOR host T cells/uL at infusion."""

        def excess(scale: float) -> float:
            return math.log(self.course(Run(0.5, drugs=scale))["host_t"][0] / POOR)

        return float(brentq(excess, 0.2, 1.0, xtol=1e-3))


def table(aims: dict[str, Any], found: dict[str, float]) -> str:
    """The aims and what is reached, as a Markdown table."""
    lines = ["| measure | unit | interval | aim | reached | |", "| --- | --- | --- | --: | --: | --- |"]
    for name, aim in aims.items():
        mark = "met" if aim["low"] <= found[name] <= aim["high"] else "MISSED"
        interval = f"{aim['low']:g} to {aim['high']:g}"
        lines.append(f"| {name} | {aim['unit']} | {interval} | {aim['aim']:g} | {found[name]:.4g} | {mark} |")
    return "\n".join(lines)


def main() -> int:
    """Command line; the exit status is 1 if an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=Path, help="values over those of the catalogue, as search.py prints them")
    asked = parser.parse_args()
    goals = targets()
    changes: dict[str, float] = tomllib.loads(asked.values.read_text(encoding="utf-8")) if asked.values else {}
    runs: dict[str, dict[str, Course]] = {}
    for name, schedule in goals["schedules"].items():
        setting = Setting(schedule, changes)
        runs[name] = {kind: setting.course(run) for kind, run in RUNS[name].items()}
    found = measure(goals["schedules"], runs, changes)
    aims = goals["aims"]
    missed = [name for name, aim in aims.items() if not aim["low"] <= found[name] <= aim["high"]]
    nearest = max(aims, key=lambda name: deviation(aims[name], found[name]))
    sys.stdout.write(table(aims, found) + f"\n\n{len(aims) - len(missed)} of {len(aims)} aims met; ")
    sys.stdout.write(f"nearest to a bound or beyond it: {nearest}\n")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
