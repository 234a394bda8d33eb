"""Hazards of what ends or turns a patient's course: EMPIRICAL rates on the simulated state, integrated, nothing more.

    syndrome          toxic_death_organs (W^12 + R^12)             W, R severities of the release syndrome
    neurotoxicity     toxic_death_neurological Z^6                 Z its severity
    severe infection  infection_severe_share * infection_rate;   fatal: infection_lethality of those
    transplant        a risk set at the transplant decays at transplant_recovery; its integral is the mortality
    graft disease     likewise graft-versus-host; donor CAR T cells add donor_graft_disease C / (half + C)
    leukaemia         sum over phenotypes of leukaemia_death.<phenotype> * L_p / (lethal_blasts size + L)
    new therapy       salvage_start * L / (lethal_blasts size + L)         L all blasts, L_p those of a phenotype

Cumulative hazards H are states of the network; a patient has the event when H reaches the patient's own threshold, an
exponential draw of mean one (endpoints.survival). No event changes the course that is simulated: what comes after a
death is left out by the endpoints. Death of leukaemia holds for refractory disease as for relapse, and includes what
salvage therapy the patients had.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Clone
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import constant, first_order, saturating, threefold

CAUSES = (
    "syndrome_death",
    "neurotoxic_death",
    "severe_infection",
    "infection_death",
    "transplant_mortality",
    "graft_versus_host",
    "leukaemia_death",
    "new_therapy",
)


def add(body: Body) -> None:
    """State the hazards whose causes the model has."""
    if "syndrome.vascular" in body.net.rows:
        _toxicity(body)
    if "infection_rate" in body.net.rows:
        _infection(body)
    if "hsct" in body.cast.given:
        _transplant(body)
    _graft_disease(body)
    _leukaemia(body)


def _cumulative(body: Body, cause: str, rates: list[Any], meaning: str) -> None:
    """State the cumulative hazard of a cause, the integral of the sum of these rates."""
    net = body.net
    whole = net.total(f"hazard_rate.{cause}", rates, unit="1/d", meaning=f"hazard of {meaning}")
    total = net.species(
        f"cumulative_hazard.{cause}",
        unit="1",
        kind="continuous",
        tolerance=1e-9,
        meaning=f"cumulative hazard of {meaning}",
    )
    net.reaction(
        f"cumulative_hazard.{cause}", produces={total: 1}, process="hazards", rate=constant(rate=whole, scale=1.0)
    )


def _toxicity(body: Body) -> None:
    organs = []
    for name in ("syndrome.vascular", "syndrome.respiratory"):
        cubed = _cubed(body, name)
        sixth = body.net.quantity(f"{name}.sixth", first_order(rate_constant=cubed, amount=cubed))
        organs.append(_squared_rate(body, name, "toxic_death_organs", sixth))
    _cumulative(body, "syndrome_death", organs, "death of the release syndrome")
    brain = _squared_rate(body, "icans_severity", "toxic_death_neurological", _cubed(body, "icans_severity"))
    _cumulative(body, "neurotoxic_death", [brain], "death of neurotoxicity")


def _cubed(body: Body, severity: str) -> Ref:
    level = body.row(severity)
    return body.net.quantity(f"{severity}.cubed", threefold(first=level, second=level, third=level))


def _squared_rate(body: Body, severity: str, parameter: str, root: Ref) -> Ref:
    rate = threefold(first=body.p(parameter), second=root, third=root)
    return body.net.quantity(f"lethality.{severity}", rate, unit="1/d")


def _infection(body: Body) -> None:
    rate, severe = body.row("infection_rate"), body.p("infection_severe_share")
    _cumulative(body, "severe_infection", [(severe, rate)], "a severe infection")
    fatal = threefold(first=body.p("infection_lethality"), second=severe, third=rate)
    deaths = body.net.quantity("lethality.infection", fatal, unit="1/d")
    _cumulative(body, "infection_death", [deaths], "death of infection")


def _risk(body: Body, name: str, meaning: str) -> Ref:
    """A risk that a transplant sets and that fades."""
    risk = body.net.species(
        f"risk.{name}", unit="1/d", kind="continuous", tolerance=1e-12, meaning=f"risk of {meaning}"
    )
    body.net.reaction(
        f"recovery.{name}",
        consumes={risk: 1},
        process="hazards",
        rate=first_order(rate_constant=body.p("transplant_recovery"), amount=risk),
    )
    return risk


def _transplant(body: Body) -> None:
    """Mortality; the risks that each kind of transplant sets are parameters for the treatment to apply."""
    for intensity in ("myeloablative", "reduced"):
        body.p("transplant_mortality", intensity)
    for donor in ("matched-sibling", "matched-unrelated", "haploidentical", "cord-blood"):
        body.p("graft_versus_host", donor)
    meaning = "mortality of the transplant"
    _cumulative(body, "transplant_mortality", [_risk(body, "transplant_mortality", meaning)], meaning)


def _graft_disease(body: Body) -> None:
    rates: list[Any] = []
    meaning = "graft-versus-host disease"
    if "hsct" in body.cast.given:
        rates.append(_risk(body, "graft_versus_host", meaning))
    for product in body.products:
        if product.donor == "allogeneic":
            cells = body.row(f"cart_cells.{product.name}")
            share = saturating(amount=cells, half=body.p("donor_graft_disease_half"))
            seen = body.net.quantity(f"donor_cells.{product.name}", share)
            rates.append((body.p("donor_graft_disease"), seen))
    if rates:
        _cumulative(body, "graft_versus_host", rates, meaning)


def _leukaemia(body: Body) -> None:
    net = body.net
    lethal = net.quantity(
        "lethal_burden",
        constant(rate=body.p("lethal_blasts"), scale=body.row("size")),
        unit="cells",
        meaning="blasts at which half of the hazard is reached",
    )
    by_phenotype: dict[str, list[Ref]] = {}
    for clone in body.clones:
        by_phenotype.setdefault(_phenotype(clone), []).append(net.rows[f"blasts_total.{clone.name}"])
    deaths = []
    for phenotype, totals in by_phenotype.items():
        cells = net.total(f"blasts_of.{phenotype}", totals, unit="cells", meaning=f"{phenotype} blasts in the body")
        others = [cell for name, group in by_phenotype.items() if name != phenotype for cell in group]
        half = net.total(f"lethal_burden.{phenotype}", [lethal, *others], unit="cells") if others else lethal
        share = net.quantity(f"burden.{phenotype}", saturating(amount=cells, half=half))
        deaths.append((body.p("leukaemia_death", phenotype), share))
    _cumulative(body, "leukaemia_death", deaths, "death of leukaemia")
    burden = net.quantity("burden", saturating(amount=body.row("blasts_total"), half=lethal))
    _cumulative(body, "new_therapy", [(body.p("salvage_start"), burden)], "the start of another therapy")


def _phenotype(clone: Clone) -> str:
    """The group of phenotypes after whose relapse patients fare alike."""
    if clone.lineage == "myeloid":
        return "lineage-switch"
    return "CD19-positive" if "CD19" in clone.antigens else "CD19-negative"
