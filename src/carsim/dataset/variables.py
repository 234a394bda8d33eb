"""The output contract: every variable that a result may hold, declared once.

From this table follow the checks of a dataset (`problems`), the attributes of its variables (`attributes`), where a
variable is read from in a network (`rows`, a pattern over row names) and the reference page of results. Dimensions come
from the fixed list `DIMENSIONS`. Units are carsim's text units (`cells/uL`, `copies/ug`, `d`); 1 is a pure number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from carsim.catalog import antigens

if TYPE_CHECKING:
    import xarray as xr

DIMENSIONS = (
    "patient",
    "replicate",
    "draw",
    "time",
    "visit",
    "clone",
    "product",
    "phenotype",
    "site",
    "treatment",
    "arm",
    "point",
)

Kind = Literal["float64", "int8", "int64", "text"]


@dataclass(frozen=True)
class Variable:
    """One variable of a result; `rows` are patterns of network row names, the first that fits is read.

    In a run with replicates `replicate` follows `patient` in `dims`, save for what is `of_patient`: the same in all.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    kind: Kind = "float64"
    rows: tuple[str, ...] = ()
    of_patient: bool = False


def _course(name: str, unit: str, meaning: str, *rows: str, per: tuple[str, ...] = ()) -> Variable:
    return Variable(name, ("patient", "time", *per), unit, meaning, rows=rows or (name,))


def _answer(name: str, unit: str, meaning: str, kind: Kind = "float64") -> Variable:
    return Variable(name, ("patient",), unit, meaning, kind)


COORDINATES: tuple[Variable, ...] = (
    Variable("patient", ("patient",), "1", "identifier of the patient", "text"),
    Variable("replicate", ("replicate",), "1", "course of the patient by chances of its own, from 0", "int64"),
    Variable("time", ("time",), "d", "days after the first CAR T infusion"),
    Variable("product", ("product",), "1", "CAR T product", "text"),
    Variable("phenotype", ("phenotype",), "1", "phenotype of CAR T cells", "text"),
    Variable("site", ("site",), "1", "compartment of the body", "text"),
    Variable("clone", ("clone",), "1", "leukaemic clone", "text"),
    Variable("treatment", ("treatment",), "1", "drug, procedure or product that was given to any patient", "text"),
    Variable("clone_phenotype", ("clone",), "1", "word by which a relapse of the clone is named", "text"),
    Variable("clone_lineage", ("clone",), "1", "lineage of the clone: B or myeloid", "text"),
    *(
        Variable(f"clone_{name.lower()}", ("clone",), "1", f"{name} of the clone: positive, dim or absent", "text")
        for name in sorted(antigens())
    ),
)

HAZARDS: tuple[tuple[str, str], ...] = (
    ("syndrome_death", "death of the release syndrome"),
    ("neurotoxic_death", "death of neurotoxicity"),
    ("severe_infection", "a severe infection"),
    ("infection_death", "death of infection"),
    ("transplant_mortality", "death of a transplant"),
    ("graft_versus_host", "graft-versus-host disease"),
    ("leukaemia_death", "death of leukaemia"),
    ("new_therapy", "the start of another therapy"),
)

COURSES: tuple[Variable, ...] = (
    _course("cart_cells", "cells/uL", "CAR T cells in blood", "cart_cells.{product}", per=("product",)),
    _course("cart_copies", "copies/ug", "CAR transgene in blood DNA", "cart_copies.{product}", per=("product",)),
    _course(
        "cart_phenotype",
        "cells",
        "CAR T cells of each phenotype at each site",
        "cart.{product}.{phenotype}.{site}",
        per=("product", "phenotype", "site"),
    ),
    _course("host_response", "1", "host response to the product; 1: full", "immunity.{product}", per=("product",)),
    _course("blasts", "cells", "leukaemic cells of each clone", "blasts.{clone}.{site}", per=("clone", "site")),
    _course("blasts_blood", "cells/uL", "leukaemic cells in blood"),
    _course(
        "marrow_blast_fraction",
        "1",
        "blasts among nucleated marrow cells",
        "marrow_blast_fraction",
        "blasts_marrow_fraction",
    ),
    _course(
        "mrd", "1", "leukaemic cells per nucleated marrow cell, before any assay limit", "mrd", "blasts_marrow_fraction"
    ),
    _course("csf_blasts", "cells/uL", "leukaemic cells in cerebrospinal fluid"),
    _course("csf_cart", "cells/uL", "CAR T cells in cerebrospinal fluid"),
    _course("bcells", "cells/uL", "healthy B cells in blood", "bcells_blood"),
    _course("host_t_cells", "cells/uL", "host T cells in blood", "host_t_blood"),
    _course("neutrophils", "cells/uL", "neutrophils in blood", "neutrophils.blood", "neutrophils_blood"),
    _course("platelets", "cells/uL", "platelets in blood, without transfusion", "platelets.blood"),
    _course("haemoglobin", "g/dL", "haemoglobin, without transfusion"),
    _course("igg", "g/L", "immunoglobulin G in serum"),
    _course("il6", "pg/mL", "interleukin 6 in serum"),
    _course("ifn", "pg/mL", "interferon gamma in serum"),
    _course("il10", "pg/mL", "interleukin 10 in serum"),
    _course("temperature_rise", "1", "rise of body temperature, in K; fever from 1 on"),
    _course("crs_grade", "1", "grade of cytokine release syndrome"),
    _course("crs_worst", "1", "highest grade of cytokine release syndrome so far"),
    _course("icans_grade", "1", "grade of neurotoxicity"),
    _course("icans_worst", "1", "highest grade of neurotoxicity so far"),
    _course("infection_rate", "1/d", "expected infections per day (empirical)"),
    _course("leucocytes", "cells/uL", "nucleated cells in blood"),
    _course("marrow_cells", "cells", "nucleated cells in marrow", "marrow_nucleated"),
    _course("homeostatic_cytokine", "1", "IL-7/IL-15 drive, relative to its level without T cells"),
    _course("fludarabine", "mg/L", "F-ara-A in plasma", "fludarabine_concentration"),
    _course("fludarabine_exposure", "mg/L*d", "F-ara-A exposure so far", "fludarabine.auc"),
    _course("cyclophosphamide", "mg/L", "cyclophosphamide in plasma", "cyclophosphamide_concentration"),
    _course("tocilizumab", "mg/L", "tocilizumab in plasma", "tocilizumab_concentration"),
    _course("steroid_effect", "1", "effect of steroids, as a share of the whole", "steroid_share"),
    *(
        _course(f"hazard_{cause}", "1", f"cumulative hazard of {meaning} (empirical)", f"cumulative_hazard.{cause}")
        for cause, meaning in HAZARDS
    ),
)


def _observed(assay: str, unit: str, meaning: str) -> tuple[Variable, Variable]:
    value = f"{meaning}, with assay noise; 0 below the limit of detection"
    flag = f"1 where {meaning} is below the limit of detection, else 0; -1 unknown"
    return (
        Variable(f"{assay}_observed", ("patient", "time"), unit, value),
        Variable(f"{assay}_below_limit", ("patient", "time"), "1", flag, "int8"),
    )


OBSERVATIONS: tuple[Variable, ...] = (
    *_observed("cart_qpcr", "copies/ug", "transgene in blood by qPCR"),
    *_observed("cart_flow", "cells/uL", "CAR T cells in blood by flow cytometry"),
    *_observed("mrd_flow", "1", "MRD by flow cytometry"),
    *_observed("mrd_sequencing", "1", "MRD by sequencing"),
)

STATISTICS: tuple[Variable, ...] = tuple(
    Variable(name, ("patient",), "1", meaning, "int64", rows=(statistic,))
    for name, statistic, meaning in (
        ("engine_steps", "steps", "steps tried by the engine"),
        ("engine_rejected", "rejected", "steps among them that were repeated with a shorter one"),
        (
            "engine_rejected_negative",
            "negative",
            "repeated steps in which a state fell below zero beyond its tolerance",
        ),
        ("engine_clipped", "clipped", "states below zero within their tolerance that were set to zero"),
        ("engine_events", "events", "reactions that an engine of chance fired one by one"),
        ("engine_withheld", "withheld", "reactions among them that did not happen for want of cells"),
    )
)

RECORDS: tuple[Variable, ...] = (
    _answer("status", "1", "how the simulation of the patient ended", "int8"),
    _answer("status_day", "d", "day at which the simulation of the patient ended early"),
    _answer("status_row", "1", "state or rate that ended it", "text"),
    Variable("clone_extinct_day", ("patient", "clone"), "d", "day at which the clone fell below one cell and was gone"),
    Variable("treatment_day", ("patient", "treatment"), "d", "first day on which the patient was given the treatment"),
    Variable(
        "treatment_given",
        ("patient", "time"),
        "1",
        "treatments begun since the previous output time (bit mask)",
        "int64",
    ),
)

COVARIATES: tuple[Variable, ...] = tuple(
    Variable(name, ("patient",), unit, meaning, rows=(source,), of_patient=not name.startswith("threshold_"))
    for name, source, unit, meaning in (
        ("age", "age", "year", "age"),
        ("weight", "weight", "kg", "body mass"),
        ("body_surface", "body_surface", "m^2", "body surface"),
        ("egfr", "egfr", "mL/min/1.73m^2", "glomerular filtration rate, capped by age"),
        ("marrow_blasts_initial", "marrow_blasts", "1", "blasts among nucleated marrow cells at the start"),
        ("host_t_cells_initial", "host_t_cells", "cells/uL", "host T cells in blood at the start"),
        ("bcell_initial", "bcell_initial", "1", "healthy marrow B cells at the start, of their capacity"),
        (
            "manufacture",
            "manufacture",
            "1",
            "product: 0 as specified, 1 out of specification, 2 not made and not given",
        ),
        ("neutrophil_base", "neutrophil_base", "cells/uL", "neutrophils in blood without leukaemia or drugs"),
        ("platelet_base", "platelet_base", "cells/uL", "platelets in blood without leukaemia or drugs"),
        ("haemoglobin_base", "haemoglobin_base", "g/dL", "haemoglobin without leukaemia or drugs"),
        *(
            (f"threshold_{cause}", f"threshold_{cause}", "1", f"cumulative hazard at which the patient has {meaning}")
            for cause, meaning in HAZARDS
        ),
    )
)

ENDPOINTS: tuple[Variable, ...] = (
    _answer("response_day28", "1", "CR, CRi, NR or not evaluable at day 28", "text"),
    _answer("mrd_day28", "1", "blasts per nucleated marrow cell at day 28 by flow cytometry; 0 below its limit"),
    _answer("mrd_day28_below_limit", "1", "1 where flow cytometry finds no MRD at day 28, else 0; -1 unknown", "int8"),
    _answer("mrd_day28_sequencing", "1", "the same by sequencing; 0 below its limit"),
    _answer("best_response", "1", "best response at any visit: CR, CRi, NR or not evaluable", "text"),
    _answer("cart_peak_cells", "cells/uL", "highest CAR T level in blood"),
    _answer("cart_peak_cells_day", "d", "day of the highest CAR T level"),
    _answer("cart_peak_copies", "copies/ug", "highest transgene level in blood"),
    _answer("cart_peak_day", "d", "day of the highest transgene level"),
    _answer("cart_auc_0_28_copies", "copies/ug*d", "area under the transgene level, days 0 to 28"),
    _answer("cart_auc_0_28_cells", "cells/uL*d", "area under the CAR T level, days 0 to 28"),
    _answer("cart_half_life_fast", "d", "half-life of the fast decline after the peak"),
    _answer("cart_half_life_slow", "d", "half-life of the slow decline after the peak"),
    _answer("cart_persistence_day", "d", "last day with transgene at or above the detection limit of qPCR"),
    _answer(
        "cart_persistence_ongoing", "1", "1 where transgene is still detected at the end, else 0; -1 unknown", "int8"
    ),
    _answer("cart_persistence_flow_day", "d", "last day with CAR T at or above the detection limit of flow cytometry"),
    _answer("bcell_aplasia_days", "d", "days after the infusion with B cells below the limit, to recovery or the end"),
    _answer("bcell_aplasia_ongoing", "1", "1 where B cells are below the limit at the end, else 0; -1 unknown", "int8"),
    _answer("bcell_recovery_day", "d", "first of two successive visits with B cells at or above the limit"),
    _answer("relapse_day", "d", "first day of relapse after a remission"),
    _answer("relapse_detected_day", "d", "first visit that sees the relapse"),
    _answer(
        "relapse_phenotype", "1", "phenotypes that make up at least 20 % of blasts at relapse, joined by +", "text"
    ),
    *(
        _answer(f"relapse_{name.lower()}", "1", f"{name} of the blasts at relapse, joined by +", "text")
        for name in sorted(antigens())
    ),
    _answer("relapse_lineage", "1", "lineage of the blasts at relapse, joined by +", "text"),
    _answer("relapse_site", "1", "site that relapsed first: marrow, blood, CNS or extramedullary", "text"),
    _answer("remission_ongoing", "1", "1 where a remission lasts to the end, else 0; -1 unknown", "int8"),
    _answer("cured", "1", "1 where every leukaemic clone is at zero cells at the end, else 0; -1 unknown", "int8"),
    _answer("fludarabine_auc", "mg*h/L", "cumulative exposure to F-ara-A"),
    _answer("crs_grade_max", "1", "highest grade of cytokine release syndrome, 0 to 5"),
    _answer("crs_onset_day", "d", "first day with cytokine release syndrome"),
    _answer("icans_grade_max", "1", "highest grade of neurotoxicity, 0 to 5"),
    _answer("icans_onset_day", "d", "first day with neurotoxicity"),
    _answer("il6_peak", "pg/mL", "highest interleukin 6 in serum"),
    _answer("neutropenia_days", "d", "days of the first 90 with neutrophils below 1,000/uL (grade 3)"),
    _answer("severe_neutropenia_days", "d", "days of the first 90 with neutrophils below 500/uL (grade 4)"),
    _answer("thrombocytopenia_days", "d", "days of the first 90 with platelets below 50,000/uL (grade 3)"),
    _answer("anaemia_days", "d", "days of the first 90 with haemoglobin below 8 g/dL (grade 3)"),
    _answer("infections_expected", "1", "infections expected in the 90 days after the infusion (empirical)"),
    _answer("death_day", "d", "day of death of any simulated cause (empirical hazards)"),
    _answer("death_cause", "1", "release syndrome, neurotoxicity, infection, transplant or leukaemia", "text"),
    _answer("new_therapy_day", "d", "day on which another therapy starts after relapse or non-response"),
    _answer("graft_versus_host_day", "d", "day of acute graft-versus-host disease"),
    _answer("infection_grade_max", "1", "0 no severe infection, 3 severe, 5 fatal; -1 unknown", "int8"),
    *(
        variable
        for clock, meaning in (
            ("efs", "event-free survival"),
            ("rfs", "relapse-free survival"),
            ("dor", "duration of remission"),
            ("os", "overall survival"),
        )
        for variable in (
            _answer(f"{clock}_day", "d", f"{meaning}: time from the clock's zero to event or end of observation"),
            _answer(f"{clock}_event", "1", f"{meaning}: 1 event, 0 end of observation, -1 unknown", "int8"),
        )
    ),
)

OUTCOMES: tuple[tuple[str, str], ...] = (
    ("cure", "cure: every leukaemic clone at zero cells at the end"),
    ("remission", "a remission that lasts to the end, cure among them"),
    ("relapse", "relapse"),
    ("relapse_cd19_positive", "CD19-positive relapse"),
    ("relapse_cd19_negative", "CD19-negative relapse"),
    ("relapse_other", "relapse of any other phenotype, or of several"),
)

PROBABILITIES: tuple[Variable, ...] = tuple(
    Variable(f"probability_{outcome}{suffix}", ("patient",), "1", text, of_patient=True)
    for outcome, meaning in OUTCOMES
    for suffix, text in (
        ("", f"share of the patient's replicates with {meaning}"),
        ("_low", f"lower end of its 95 % interval (Wilson): {meaning}"),
        ("_high", f"upper end of its 95 % interval (Wilson): {meaning}"),
    )
)

VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        *(*COORDINATES, *COURSES, *OBSERVATIONS, *STATISTICS),
        *(*RECORDS, *COVARIATES, *ENDPOINTS, *PROBABILITIES),
    )
}

REASON_SUFFIX = "_reason"


def attributes(variable: Variable) -> dict[str, str]:
    """`units` and `long_name` of a variable, as they stand in the file."""
    return {"units": variable.unit, "long_name": variable.meaning}


def dims_of(variable: Variable, *, replicated: bool) -> tuple[str, ...]:
    """Dimensions of a variable in a run with or without replicates."""
    if not replicated or variable.of_patient or variable.name == "patient" or "patient" not in variable.dims:
        return variable.dims
    return ("patient", "replicate", *variable.dims[1:])


def problems(data: xr.Dataset) -> list[str]:
    """What a dataset has that this table does not declare, or declares otherwise; empty when it keeps the contract."""
    found = []
    replicated = "replicate" in data.dims
    for name, array in data.variables.items():
        text = str(name)
        base = text.removesuffix(REASON_SUFFIX)
        if base != text and base in VARIABLES:
            declared = Variable(text, VARIABLES[base].dims, "1", "", "text")
        elif text in VARIABLES:
            declared = VARIABLES[text]
        else:
            found.append(f"{text}: not declared")
            continue
        dims = dims_of(declared, replicated=replicated)
        if tuple(array.dims) != dims:
            found.append(f"{text}: dimensions {array.dims}, declared {dims}")
        if not _kind_fits(str(array.dtype), array.dtype.kind, declared.kind):
            found.append(f"{text}: type {array.dtype}, declared {declared.kind}")
        if array.attrs.get("units", "1") != declared.unit:
            found.append(f"{text}: unit {array.attrs.get('units')!r}, declared {declared.unit!r}")
    for name, value in data.attrs.items():
        if value is None or isinstance(value, bool):
            found.append(f"attribute {name}: {value!r} cannot be stored")
    return found


def _kind_fits(dtype: str, letter: str, declared: Kind) -> bool:
    return letter in "UOT" if declared == "text" else dtype == declared
