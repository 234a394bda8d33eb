"""What is measured: the runs of each schedule of targets.toml, and how daily courses become one number each.

Nothing here simulates. `fit.py` runs the plain twin and `batch.py` the package's own engine; both hand over courses:
daily arrays from the infusion on (`days`, `copies`, `cells`, `leucocytes`, `host_t`, `bcells`, `marrow_blasts`,
`positive`) and the day of the last extinction of CD19-positive cells (`gone`, infinite if there was none).
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from carsim import catalog
from carsim.model.processes.fludarabine import F_ARA_A_PER_PHOSPHATE

HERE = Path(__file__).resolve().parent
DETECTION = 10.0  # copies/ug by qPCR
B_CELLS_BACK = 50.0  # cells/uL
YEAR = 365.0
HALF_YEAR = 180.0
POOR = 60.0  # host T cells/uL at infusion after poor lymphodepletion
ROOM = 0.6  # of the way from the aim to a bound; beyond it the cost rises steeply, so that gates keep a margin

Array = NDArray[np.float64]
Course = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run of a schedule: how long, and what differs from it.

    dose, fludarabine, drugs: factors on the cells, on fludarabine alone, on both drugs; blasts: share of the marrow;
    negative: share of the blasts without CD19; host_t: host T cells/uL set at the infusion; weak: both drugs scaled
    down until POOR host T cells/uL are left.
    """

    until: float
    dose: float = 1.0
    fludarabine: float = 1.0
    drugs: float = 1.0
    blasts: float | None = None
    negative: float = 0.0
    host_t: float | None = None
    weak: bool = False


RUNS: dict[str, dict[str, Run]] = {
    "child": {
        "base": Run(YEAR),
        "escape": Run(YEAR, negative=1e-7),
        "burden_6": Run(60.0, blasts=0.06),
        "dose_x10": Run(60.0, dose=10.0),
        "dose_x0.1": Run(60.0, dose=0.1),
        "host_60_set": Run(60.0, host_t=POOR),
        "host_60_weak": Run(60.0, weak=True),
        "half_fludarabine": Run(60.0, fludarabine=0.5),
        "no_drugs": Run(HALF_YEAR, drugs=0.0),
    },
    "adult": {"base": Run(YEAR)},
}


def targets() -> dict[str, Any]:
    """Schedules and aims."""
    return tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))


def deviation(aim: dict[str, Any], value: float) -> float:
    """Distance from the aim, 1 at the nearer bound; in logarithms where all three numbers are above zero."""
    aimed, low, high = (float(aim[key]) for key in ("aim", "low", "high"))
    if not math.isfinite(value):
        return 1e3
    if min(low, aimed, value) > 0.0:
        aimed, low, high, value = (math.log(number) for number in (aimed, low, high, value))
    reach = high - aimed if value > aimed else aimed - low
    return min(abs(value - aimed) / reach, 1e3) if reach > 0.0 else 0.0


def misfit(aims: dict[str, Any], found: dict[str, float]) -> float:
    """Sum over aims of squared deviations, with a steep rise where the margin to a bound is small, times `weight`."""
    apart = [(float(aim.get("weight", 1.0)), deviation(aim, found[name])) for name, aim in aims.items()]
    return sum(weight * (d * d + 20.0 * max(0.0, d - ROOM) ** 2) for weight, d in apart)


def fludarabine_exposure(population: str, per_area: float) -> float:
    """Exposure to infinity (mg*h/L) of the typical patient after this dose of fludarabine phosphate (mg/m2)."""
    kind = catalog.find_population(population)
    size = kind.covariates["weight"].median.value / catalog.find_value("reference_weight").value
    limit = 140.0 - 0.8 * max(0.0, kind.covariates["age"].median.value - 30.0)
    egfr = min(kind.covariates["egfr"].median.value, limit)
    clearance = catalog.find_value("fludarabine_clearance_base").value
    clearance += catalog.find_value("fludarabine_clearance_egfr").value * egfr
    clearance *= size ** catalog.find_value("allometric_exponent").value
    clearance *= kind.parameters["fludarabine_clearance_offset"].value
    dose = per_area * kind.covariates["body_surface"].median.value
    return 24.0 * dose * F_ARA_A_PER_PHOSPHATE / clearance


def peak(level: Array) -> tuple[float, float]:
    """Day and height of the highest point of a daily course, refined by a parabola in the logarithm."""
    i = int(np.argmax(level))
    if not 0 < i < len(level) - 1:
        return float(i), float(level[i])
    before, top, after = np.log(level[i - 1 : i + 2])
    shift = 0.5 * (before - after) / (before - 2.0 * top + after)
    return i + shift, math.exp(top - 0.25 * (before - after) * shift)


def area(level: Array) -> float:
    """Area from day 0 to 28."""
    return float(np.trapezoid(level[:29]))


def half_lives(level: Array) -> tuple[float, float]:
    """Fast and slow half-life (d) of the biexponential through log copies on days 0 to 180 after the peak."""
    first = int(np.argmax(level))
    logs = np.log(level[first : first + 181])
    days = np.arange(float(len(logs)))

    def residual(x: Array) -> Array:
        return np.logaddexp(x[0] - np.exp(x[1]) * days, x[2] - np.exp(x[3]) * days) - logs

    start = [logs[0], math.log(0.16), logs[len(logs) // 2], math.log(0.004)]
    rates = np.exp(least_squares(residual, start, method="lm").x[[1, 3]])
    fast, slow = sorted(math.log(2.0) / rates)
    return float(fast), float(slow)


def first_day(course: Course, above: NDArray[np.bool_], after: float) -> float:
    """First day after `after` on which `above` holds; the last day of the run if it never does."""
    days = course["days"][(course["days"] > after) & above]
    return float(days[0]) if len(days) else float(course["days"][-1])


def of_child(runs: dict[str, Course]) -> dict[str, float]:
    """Measures of the schedule `child`."""
    base, escape = runs["base"], runs["escape"]
    copies, leucocytes = base["copies"], base["leucocytes"]
    day, top = peak(copies)
    fast, slow = half_lives(copies)
    in_copies = {name: area(run["copies"]) / area(copies) for name, run in runs.items()}
    in_cells = {name: area(run["cells"]) / area(base["cells"]) for name, run in runs.items()}
    found = {
        "peak_day": day, "peak": top, "auc_0_28": area(copies), "half_life_fast": fast, "half_life_slow": slow,
        "growth_3_7": float(np.polyfit(np.arange(3.0, 8.0), np.log(copies[3:8]), 1)[0]),
        "growth_cells_3_7": float(np.polyfit(np.arange(3.0, 8.0), np.log(base["cells"][3:8]), 1)[0]),
        "peak_cells_no_drugs": runs["no_drugs"]["cells"].max() / base["cells"].max(),
        "host_t_0": base["host_t"][0], "leucocytes_0": leucocytes[0], "leucocytes_nadir": leucocytes[:31].min(),
        "leucocytes_25": leucocytes[25], "leucocytes_30": leucocytes[30],
        "cd19_positive_gone": base["gone"],
        "escape_day": first_day(escape, escape["marrow_blasts"] > 0.05, 40.0),
        "bcell_return": first_day(base, base["bcells"] > B_CELLS_BACK, 20.0),
        "blast_kill": math.log10(runs["no_drugs"]["positive"][0] / base["positive"][0]),
        "auc_host_60_set": in_copies["host_60_set"], "auc_host_60_weak": in_copies["host_60_weak"],
        "auc_no_drugs": in_copies["no_drugs"], "auc_half_fludarabine": in_copies["half_fludarabine"],
        "auc_cells_host_60_set": in_cells["host_60_set"], "auc_cells_no_drugs": in_cells["no_drugs"],
        "auc_cells_half_fludarabine": in_cells["half_fludarabine"],
    }  # fmt: skip
    found |= {f"peak_{name}": peak(runs[name]["copies"])[1] / top for name in ("burden_6", "dose_x10", "dose_x0.1")}
    found |= {f"level_{day}": copies[day] for day in (28, 90, 180)}
    return found


def of_adult(runs: dict[str, Course]) -> dict[str, float]:
    """Measures of the schedule `adult`."""
    base = runs["base"]
    copies = base["copies"]
    top = int(np.argmax(copies[:80]))
    seen = base["days"][copies > DETECTION]
    found = {
        "peak_day": peak(copies)[0], "peak": peak(copies)[1],
        "half_life_fast": -math.log(2.0) / np.polyfit(np.arange(15.0), np.log(copies[top + 4 : top + 19]), 1)[0],
        "last_above_10": seen[-1] if len(seen) else 0.0,
        "bcell_return": first_day(base, base["bcells"] > B_CELLS_BACK, 20.0),
        "marrow_blasts_28": base["marrow_blasts"][28],
        "relapse_day": first_day(base, base["marrow_blasts"] > 0.05, 40.0),
    }  # fmt: skip
    found |= {f"host_t_{day}": base["host_t"][day] for day in (0, 7, 14, 28, 90)}
    return found


def measure(
    schedules: dict[str, Any], runs: dict[str, dict[str, Course]], changes: dict[str, float]
) -> dict[str, float]:
    """Every measure by name, from the courses of every run; `changes` as in the runs (scenario path -> value)."""
    division = [changes.get(path, catalog.find_value(path).value) for path in DIVISION]
    found = {f"child.{name}": float(value) for name, value in of_child(runs["child"]).items()}
    found |= {f"adult.{name}": float(value) for name, value in of_adult(runs["adult"]).items()}
    found |= {
        f"{name}.fludarabine_auc_160": fludarabine_exposure(schedule["population"], 160.0)
        for name, schedule in schedules.items()
    }
    return found | {"adult.division_ratio": division[1] / division[0]}


DIVISION = ("effector_division.4-1BB", "effector_division.CD28")
