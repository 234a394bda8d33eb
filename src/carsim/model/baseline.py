"""Levels at rest of what toxicity moves: blood counts in balance with the blasts, cytokines, severities, IgG.

    chain        each stage at  Z loss / rate of the chain;  set point Z = base / (1 + blasts / normal marrow)^crowding
    cytokines    their levels at rest;  severities and endothelium in balance with them
    IgG          igg_start

A row is given for every name whose parameters are there; what the network does not have is not asked for.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes import neutrophils, platelets, red_cells
from carsim.model.processes.release_syndrome import AXES

Array = NDArray[np.float64]


def at_rest(p: Mapping[str, Array], burden: Array) -> dict[str, Array]:
    """Start values by row; `burden` are the marrow blasts per normal marrow, one per patient as all of `p`."""
    state = {
        f"neutrophils.{stage}": p["neutrophil_base"] / (1.0 + burden) ** neutrophils.CROWDING
        for stage in neutrophils.STAGES
    }
    state |= _chain(p, burden, "platelets", "platelet", platelets.STAGES, p["platelet_base"])
    state |= _chain(p, burden, "red_cells", "red_cell", red_cells.STAGES, p["haemoglobin_base"])
    state["igg"] = p["igg_start"]
    return state | _cytokines(p, state["platelets.blood"]) if "il6_rest" in p else state


def _chain(
    p: Mapping[str, Array], burden: Array, lineage: str, prefix: str, stages: tuple[str, ...], base: Array
) -> dict[str, Array]:
    set_point = base / (1.0 + burden) ** p[f"chain_crowding.{lineage}"]
    in_marrow = set_point * p[f"{prefix}_transit"] / (p[f"{prefix}_life"] * (len(stages) - 1))
    return dict.fromkeys(stages[:-1], in_marrow) | {stages[-1]: set_point}


def _cytokines(p: Mapping[str, Array], circulating: Array) -> dict[str, Array]:
    state = {name: p[f"{name}_rest"] for name in ("il6", "ifn", "il10")}
    signal = p["il6_rest"] + p["interferon_weight"] * p["ifn_rest"]
    state |= {f"syndrome.{axis}": signal / (p[f"syndrome_half.{axis}"] + signal) for axis in AXES}
    opened = signal / (p["endothelial_half"] + signal)
    unprotected = p["icans_platelet_half"] / (p["icans_platelet_half"] + circulating)
    unadapted = p["adaptation_half"] / (p["adaptation_half"] + opened)
    through = 1.0 + p["icans_platelet_weight"] * unprotected + p["icans_rise_weight"] * unadapted
    state |= {"endothelium.activation": opened, "endothelium.adaptation": opened}
    return state | {"icans_severity": opened * through}
