"""Cytokines, syndromes, platelets, red cells and IgG once more in plain Python: the twin of what toxicity is made of.

Written from the equations alone, like the rest of the twin. Cytokines in pg/mL, severities from 0 to about 1, platelets
per uL, red cells in g of haemoglobin per dL, IgG in g/L. No drugs against toxicity are given here.
"""

from __future__ import annotations

import math

NAMES = (
    "il6", "ifn", "il10", "fever", "vascular", "respiratory", "activation", "adaptation", "icans",
    "plt_prol", "plt_1", "plt_2", "plt", "red_prol", "red_1", "hb", "igg",
)  # fmt: skip


def share(amount: float, half: float) -> float:
    """Share of the whole, half of it at `half`."""
    return amount / (amount + half)


def suppressed(p: dict, lineage: str, ifn: float) -> float:
    """Net hazard (1/d) of a lineage's proliferating cells: what interferon takes beyond what it takes at rest."""
    most, half = p[f"cytokine_suppression.{lineage}"], p["suppression_half"]
    rest = p["ifn_rest"]
    return most * (ifn * ifn / (half * half + ifn * ifn) - rest * rest / (half * half + rest * rest))


def at_rest(p: dict, cov: dict, burden: float) -> list[float]:
    """States before treatment; `burden` is the blasts of the marrow over its normal cells."""
    platelets = cov["platelet_base"] / (1.0 + burden) ** p["chain_crowding.platelets"]
    haemoglobin = cov["haemoglobin_base"] / (1.0 + burden) ** p["chain_crowding.red_cells"]
    megakaryocytes = platelets / p["platelet_life"] * p["platelet_transit"] / 3.0
    erythroblasts = haemoglobin / p["red_cell_life"] * p["red_cell_transit"] / 2.0
    signal = p["il6_rest"] + p["interferon_weight"] * p["ifn_rest"]
    severities = [share(signal, p[f"syndrome_half.{axis}"]) for axis in ("fever", "vascular", "respiratory")]
    opened = share(signal, p["endothelial_half"])
    protection = 1.0 - share(platelets, p["icans_platelet_half"])
    unused = 1.0 - share(opened, p["adaptation_half"])
    icans = opened * (1.0 + p["icans_platelet_weight"] * protection + p["icans_rise_weight"] * unused)
    cytokines = [p["il6_rest"], p["ifn_rest"], p["il10_rest"]]
    chains = [megakaryocytes] * 3 + [platelets] + [erythroblasts] * 2 + [haemoglobin]
    return cytokines + severities + [opened, opened, icans] + chains + [p["igg_start"]]


def from_the_fluid(p: dict, cells: float) -> float:
    """Rise of neurotoxicity (1/d) from CAR T cells/uL of cerebrospinal fluid."""
    return p["icans_rate"] * p["icans_csf_weight"] * share(cells, p["icans_csf_half"])


def derivative(p: dict, cov: dict, y: list, activity: float, burden: float, b_cells: float, drug: float) -> list[float]:
    """Time derivative of the states in the order of NAMES.

    activity: encounters per uL of blood and day, weighted by product; b_cells: per uL of blood; drug: hazard (1/d) of
    neutrophil progenitors from chemotherapy.
    """
    il6, ifn, il10, fever, vascular, respiratory, activation, adaptation, icans = y[:9]
    amplified = 1.0 + p["il6_amplification"] * share(ifn, p["amplification_half"])
    free = p["ifn_floor"] + (1.0 - p["ifn_floor"]) * (1.0 - share(il10, p["il10_inhibition"]))
    d = [
        p["il6_release"] * activity * amplified - p["il6_loss"] * (il6 - p["il6_rest"]),
        p["ifn_release"] * activity * free - p["ifn_loss"] * (ifn - p["ifn_rest"]),
        p["il10_release"] * activity - p["il10_loss"] * (il10 - p["il10_rest"]),
    ]
    signal = il6 + p["interferon_weight"] * ifn
    for axis, level in (("fever", fever), ("vascular", vascular), ("respiratory", respiratory)):
        d.append(p[f"syndrome_rate.{axis}"] * (share(signal, p[f"syndrome_half.{axis}"]) - level))
    d.append(p["endothelial_activation"] * (share(signal, p["endothelial_half"]) - activation))
    d.append(p["endothelial_adaptation"] * (activation - adaptation))
    bare = 1.0 - share(y[12], p["icans_platelet_half"])
    unused = 1.0 - share(adaptation, p["adaptation_half"])
    passage = 1.0 + p["icans_platelet_weight"] * bare + p["icans_rise_weight"] * unused
    d.append(p["icans_rate"] * (activation * passage - icans))
    for lineage, kind, base, first, last in (
        ("platelets", "platelet", "platelet_base", 9, 12),
        ("red_cells", "red_cell", "haemoglobin_base", 13, 15),
    ):
        steps, life = last - first, p[f"{kind}_life"]
        pace = steps / p[f"{kind}_transit"]
        set_point = cov[base] / (1.0 + burden) ** p[f"chain_crowding.{lineage}"]
        demand = (set_point / y[last]) ** p[f"{kind}_feedback"]
        stem = p[f"stem_supply.{lineage}"]
        taken = suppressed(p, lineage, ifn) + p[f"drug_sensitivity.{lineage}"] * drug
        d.append(demand * ((1.0 - stem) * pace * y[first] + stem * set_point / life) - (pace + taken) * y[first])
        d += [pace * (y[i - 1] - y[i]) for i in range(first + 1, last)]
        d.append(pace * y[last - 1] - y[last] / life)
    rate = math.log(2.0) / p["igg_half_life"]
    plasma = p["igg_without_b_cells"]
    supply = plasma + (1.0 - plasma) * share(b_cells, p["igg_b_cell_half"])
    return [*d, rate * (p["igg_base"] * supply - y[16])]
