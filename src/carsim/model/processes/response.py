"""Response and relapse as a trigger sees them: disease and counts relative to the limits of remission.

    disease.remission  largest of marrow / 5 %, blood / 1 %, CSF / 1 per uL, elsewhere / 1e8 cells; remission below 1
    disease.relapse    the same with 5 per uL and 1e9 cells; relapse from 1 on, once a visit has seen a remission
    counts_lacking     the larger of 1000 / (1000 + neutrophils) and 1e5 / (1e5 + platelets); recovered below 1/2
    relapsed           disease.relapse where the mode `remission` has been seen, else 0
    relapse.<word>     blasts of that phenotype less a fifth of all blasts; named from 0 on

The limits are those of `model.remission`, as for the endpoints of the same names. All of it are observables: no rate
depends on them.
"""

from __future__ import annotations

from functools import reduce

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.network import Condition, Transition
from carsim.model.phenotype import phenotype
from carsim.model.processes.kinetics import first_order, inhibited, larger, ratio
from carsim.model.remission import (
    BLOOD_LIMIT,
    CSF_LIMITS,
    ELSEWHERE_LIMITS,
    MARROW_LIMIT,
    NAMING_SHARE,
    NEUTROPHIL_LIMIT,
    PLATELET_LIMIT,
)


def add(body: Body) -> None:
    """State what the triggers of the cast compare."""
    asked = {item.row for trigger in body.cast.triggers for item in trigger.comparisons}
    relapse = {row for row in asked if row == "relapsed" or row.startswith("relapse.")}
    if "disease.remission" in asked or relapse:
        disease(body, "remission")
    if "counts_lacking" in asked:
        _counts(body)
    if relapse:
        _relapse(body)
    for row in sorted(relapse - {"relapsed"}):
        _phenotype(body, row)


def disease(body: Body, kind: str) -> Ref:
    """State the disease relative to the limits of `remission` or `relapse`."""
    net, which = body.net, ("remission", "relapse").index(kind)
    share = net.rows.get("blasts_blood_share") or net.quantity(
        "blasts_blood_share",
        ratio(amount=body.row("blasts_blood"), volume=body.row("leucocytes")),
        meaning="blasts among nucleated blood cells",
    )
    measures = [(body.row("blasts_marrow_fraction"), MARROW_LIMIT), (share, BLOOD_LIMIT)]
    if "CNS" in body.sites:
        measures.append((body.row("csf_blasts"), CSF_LIMITS[which]))
    if "extramedullary" in body.sites:
        measures.append((body.row("blasts_at.extramedullary"), ELSEWHERE_LIMITS[which]))
    relative = [_relative(body, ref, limit, kind) for ref, limit in measures]
    return reduce(lambda first, second: _larger(body, f"disease.{kind}", first, second, relative[-1]), relative)


def _relative(body: Body, measure: Ref, limit: float, kind: str) -> Ref:
    net = body.net
    bound = net.parameter(f"limit.{kind}.{measure.name}", limit, unit=net.unit_of(measure), meaning=f"limit of {kind}")
    return net.quantity(f"relative.{kind}.{measure.name}", ratio(amount=measure, volume=bound))


def _larger(body: Body, name: str, first: Ref, second: Ref, last: Ref) -> Ref:
    """The larger of two; the whole has the name, what leads to it that of its second part."""
    return body.net.quantity(name if second is last else f"{name}.{second.name}", larger(first=first, second=second))


def _counts(body: Body) -> None:
    net = body.net
    lacking = []
    for cell, limit in (("neutrophils", NEUTROPHIL_LIMIT), ("platelets", PLATELET_LIMIT)):
        if f"{cell}.blood" in net.rows:
            counted = net.rows[f"{cell}.blood"]
            half = net.parameter(f"limit.{cell}", limit, unit=net.unit_of(counted), meaning=f"recovered {cell}")
            lacking.append(net.quantity(f"lacking.{cell}", inhibited(amount=counted, half=half)))
    net.quantity("counts_lacking", larger(first=lacking[0], second=lacking[-1]), meaning="recovered below one half")


def _relapse(body: Body) -> None:
    net = body.net
    remission, relapse = net.rows["disease.remission"], disease(body, "relapse")
    seen = net.mode(
        "remission",
        ("not seen", "seen"),
        [Transition("not seen", "seen", Condition(remission, "below", 1.0))],
        visits=body.cast.visits,
        meaning="whether a visit has seen a remission",
    )
    net.quantity("relapsed", first_order(rate_constant=seen, amount=relapse), meaning="relapse from 1 on")


def _phenotype(body: Body, row: str) -> None:
    named = {clone.name for clone in body.clones if phenotype(clone, body.cast.targets) == row.removeprefix("relapse.")}
    terms = [((clone in named) - NAMING_SHARE, cells) for (clone, _), cells in body.blasts.items()]
    meaning = f"{row.removeprefix('relapse.')} blasts less a fifth of all"
    body.net.total(row, terms, unit="cells", meaning=meaning)
