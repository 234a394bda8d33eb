"""The measures of the calibration: the plain twin run under the schedules of targets.toml, reduced to one number each.

Parameters come from the catalogue, patients are its populations' medians, the leukaemia is its default: a CD19-positive
clone, the dim state it switches to, and a CD19-negative clone (absent at the start except where escape is judged).
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
from scipy.optimize import brentq, least_squares

from carsim import catalog

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from twin import twin

RTOL = 1e-7
DETECTION = 10.0  # copies/ug by qPCR
B_CELLS_BACK = 50.0  # cells/uL
YEAR = 365.0


def parameters(changes: dict[str, float], costimulation: str) -> dict[str, float]:
    """Parameters of the catalogue for one costimulatory domain, with `changes` by scenario path."""
    found = {}
    for name, record in catalog.parameters().items():
        for path, value in record.paths().items():
            if path in (name, f"{name}.{costimulation}"):
                found[name] = changes.get(path, value.value)
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


def clones(p: dict[str, float], negative: float) -> list[dict]:
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


def lymphodepletion(schedule: dict, scale: float = 1.0) -> list[dict]:
    """Daily doses of both drugs, both scaled by `scale`."""
    return [
        {"give": drug, "time": schedule[drug]["start"] + day, "per_area": scale * schedule[drug]["per_area"]}
        for drug in ("fludarabine", "cyclophosphamide")
        for day in range(schedule[drug]["doses"])
    ]


class Setting:
    """One schedule of targets.toml with its product and typical patient, and runs of it."""

    def __init__(self, schedule: dict, changes: dict[str, float]) -> None:
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
            "memory_share": changes.get("memory_share", record.memory_share.value),
            "vector_copies": record.vector_copies.value,
        }
        self.cells = record.dose["per_weight"].value * self.cov["weight"]

    def run(
        self,
        until: float,
        *,
        dose: float = 1.0,
        drugs: float = 1.0,
        blasts: float | None = None,
        negative: float = 0.0,
        host_t: float | None = None,
    ) -> dict:
        """Assays of one run from the infusion on, daily; `host_t` (cells/uL) is set just before the infusion."""
        doses = lymphodepletion(self.schedule, drugs)
        infusion = {"give": "cart", "time": 0.0, "product": "cart", "cells": dose * self.cells}
        setting = [] if host_t is None else [{"give": "host_t", "time": 0.0, "per_ul": host_t}]
        cov = self.cov if blasts is None else self.cov | {"marrow_blasts": blasts}
        result = twin.simulate(
            self.p, cov, clones(self.p, negative), [self.product], [*doses, *setting, infusion], until, rtol=RTOL
        )
        seen = twin.observe(result) | {"extinctions": result["extinctions"]}
        kept = seen["time"] >= 0.0
        return {key: value[kept] if isinstance(value, np.ndarray) else value for key, value in seen.items()}

    def drugs_leaving(self, host_t: float) -> float:
        """Scale of the drug doses that leaves this many host T cells/uL at infusion."""

        def excess(scale: float) -> float:
            return math.log(self.run(0.5, drugs=scale)["host_t_per_ul"][0] / host_t)

        return brentq(excess, 0.2, 1.0, xtol=1e-3)

    def fludarabine_auc(self, per_area: float) -> float:
        """Exposure to infinity (mg*h/L) after this dose of fludarabine phosphate (mg/m2), from dose and clearance."""
        kinetics = twin.drug_kinetics(self.p, self.cov)
        dose = per_area * self.cov["bsa"] * twin.FLUDARABINE_PER_PHOSPHATE
        return 24.0 * dose / (kinetics["k10"] * kinetics["v1"])


def peak(run: dict) -> tuple[float, float]:
    """Day and level (copies/ug) of the highest point, refined by a parabola in the logarithm."""
    level = run["cart.copies_per_ug"]
    i = int(np.argmax(level))
    if not 0 < i < len(level) - 1:
        return float(i), float(level[i])
    before, top, after = np.log(level[i - 1 : i + 2])
    shift = 0.5 * (before - after) / (before - 2.0 * top + after)
    return i + shift, math.exp(top - 0.25 * (before - after) * shift)


def area(run: dict) -> float:
    """Area under copies/ug from day 0 to 28."""
    return float(np.trapezoid(run["cart.copies_per_ug"][:29], run["time"][:29]))


def half_lives(run: dict) -> tuple[float, float]:
    """Fast and slow half-life (d) of the biexponential through log copies on days 0 to 180 after the peak."""
    first = int(np.argmax(run["cart.copies_per_ug"]))
    logs = np.log(run["cart.copies_per_ug"][first : first + 181])
    days = np.arange(float(len(logs)))

    def residual(x: np.ndarray) -> np.ndarray:
        return np.logaddexp(x[0] - np.exp(x[1]) * days, x[2] - np.exp(x[3]) * days) - logs

    start = [logs[0], math.log(0.16), logs[len(logs) // 2], math.log(0.004)]
    rates = np.exp(least_squares(residual, start, method="lm").x[[1, 3]])
    fast, slow = sorted(math.log(2.0) / rates)
    return float(fast), float(slow)


def first_day(run: dict, above: np.ndarray, after: float) -> float:
    """First day after `after` on which `above` holds; the last day of the run if it never does."""
    days = run["time"][(run["time"] > after) & above]
    return float(days[0]) if len(days) else float(run["time"][-1])


def measure_child(child: Setting) -> dict[str, float]:
    """Measures of the schedule `child`."""
    base = child.run(YEAR)
    day, top = peak(base)
    level, exposure = base["cart.copies_per_ug"], area(base)
    fast, slow = half_lives(base)
    gone = [day for day, name in base["extinctions"] if name == "CD19-positive"]
    escape = child.run(YEAR, negative=1e-7)
    found = {
        "peak_day": day, "peak": top, "auc_0_28": exposure, "half_life_fast": fast, "half_life_slow": slow,
        "growth_3_7": float(np.polyfit(np.arange(3.0, 8.0), np.log(level[3:8]), 1)[0]),
        "host_t_0": base["host_t_per_ul"][0], "leucocytes_0": base["leucocytes"][0],
        "leucocytes_25": base["leucocytes"][25], "cd19_positive_gone": gone[-1] if gone else math.inf,
        "escape_day": first_day(escape, escape["marrow_blast_fraction"] > 0.05, 40.0),
        "bcell_return": first_day(base, base["bcells_per_ul"] > B_CELLS_BACK, 20.0),
        "fludarabine_auc_160": child.fludarabine_auc(160.0),
        "peak_burden_6": peak(child.run(60.0, blasts=0.06))[1] / top,
        "auc_host_60_set": area(child.run(29.0, host_t=60.0)) / exposure,
        "auc_host_60_weak": area(child.run(29.0, drugs=child.drugs_leaving(60.0))) / exposure,
    }  # fmt: skip
    found |= {f"level_{day}": level[day] for day in (28, 90, 180)}
    found |= {f"peak_dose_x{factor:g}": peak(child.run(60.0, dose=factor))[1] / top for factor in (10.0, 0.1)}
    return {f"child.{name}": float(value) for name, value in found.items()}


def measure_adult(adult: Setting, child: Setting) -> dict[str, float]:
    """Measures of the schedule `adult`."""
    base = adult.run(YEAR)
    level = base["cart.copies_per_ug"]
    top = int(np.argmax(level))
    seen = base["time"][level > DETECTION]
    slope = np.polyfit(np.arange(4.0, 19.0), np.log(level[top + 4 : top + 19]), 1)[0]
    found = {
        "peak_day": peak(base)[0], "half_life_fast": -math.log(2.0) / slope,
        "last_above_10": seen[-1] if len(seen) else 0.0,
        "bcell_return": first_day(base, base["bcells_per_ul"] > B_CELLS_BACK, 20.0),
        "marrow_blasts_28": base["marrow_blast_fraction"][28],
        "division_ratio": adult.product["effector_division"] / child.product["effector_division"],
        "fludarabine_auc_160": adult.fludarabine_auc(160.0),
    }  # fmt: skip
    found |= {f"host_t_{day}": base["host_t_per_ul"][day] for day in (0, 7, 14, 28, 90)}
    return {f"adult.{name}": float(value) for name, value in found.items()}


def measure(schedules: dict, changes: dict[str, float] | None = None) -> dict[str, float]:
    """Every measure by name, with the catalogue's values or with `changes` (scenario path -> value)."""
    child, adult = (Setting(schedules[name], changes or {}) for name in ("child", "adult"))
    return measure_child(child) | measure_adult(adult, child)
