"""The output contract: every variable that a result may hold, declared once.

From this table follow the checks of a dataset (`problems`), the attributes of its variables (`attributes`), where a
variable is read from in a network (`rows`, a pattern over row names) and the reference page of results. Dimensions come
from the fixed list `DIMENSIONS`. Units are carsim's text units (`cells/uL`, `copies/ug`, `d`); 1 is a pure number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from carsim.catalog import antigens
from carsim.dataset.variable import DIMENSIONS as DIMENSIONS
from carsim.dataset.variable import Kind, Variable, answer, course
from carsim.dataset.variables_of_cells import OF_CELLS
from carsim.population.parts import History

if TYPE_CHECKING:
    import xarray as xr

COORDINATES: tuple[Variable, ...] = (
    Variable("patient", ("patient",), "1", "identifier of the patient", "text"),
    Variable("replicate", ("replicate",), "1", "course of the patient by chances of its own, from 0", "int64"),
    Variable("time", ("time",), "d", "days after the first CAR T infusion"),
    Variable("product", ("product",), "1", "CAR T product", "text"),
    Variable("phenotype", ("phenotype",), "1", "phenotype of CAR T cells", "text"),
    Variable("site", ("site",), "1", "compartment of the body", "text"),
    Variable("clone", ("clone",), "1", "leukaemic clone", "text"),
    Variable("treatment", ("treatment",), "1", "drug, procedure or product that was given to any patient", "text"),
    Variable("entry", ("entry",), "1", "entry of the scenario's treatment, by its name", "text"),
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
    course("cart_cells", "cells/uL", "CAR T cells in blood", "cart_cells.{product}", per=("product",)),
    course("cart_copies", "copies/ug", "CAR transgene in blood DNA", "cart_copies.{product}", per=("product",)),
    course(
        "cart_phenotype",
        "cells",
        "CAR T cells of each phenotype at each site",
        "cart.{product}.{phenotype}.{site}",
        per=("product", "phenotype", "site"),
    ),
    course("host_response", "1", "host response to the product; 1: full", "immunity.{product}", per=("product",)),
    course("blasts", "cells", "leukaemic cells of each clone", "blasts.{clone}.{site}", per=("clone", "site")),
    course("blasts_blood", "cells/uL", "leukaemic cells in blood"),
    course(
        "marrow_blast_fraction",
        "1",
        "blasts among nucleated marrow cells",
        "marrow_blast_fraction",
        "blasts_marrow_fraction",
    ),
    course(
        "mrd", "1", "leukaemic cells per nucleated marrow cell, before any assay limit", "mrd", "blasts_marrow_fraction"
    ),
    course("csf_blasts", "cells/uL", "leukaemic cells in cerebrospinal fluid"),
    course("csf_cart", "cells/uL", "CAR T cells in cerebrospinal fluid"),
    course("bcells", "cells/uL", "healthy B cells in blood", "bcells_blood"),
    course("host_t_cells", "cells/uL", "host T cells in blood", "host_t_blood"),
    course("neutrophils", "cells/uL", "neutrophils in blood", "neutrophils.blood", "neutrophils_blood"),
    course("platelets", "cells/uL", "platelets in blood, without transfusion", "platelets.blood"),
    course("haemoglobin", "g/dL", "haemoglobin, without transfusion"),
    course("igg", "g/L", "immunoglobulin G in serum"),
    course("il6", "pg/mL", "interleukin 6 in serum"),
    course("ifn", "pg/mL", "interferon gamma in serum"),
    course("il10", "pg/mL", "interleukin 10 in serum"),
    course("temperature_rise", "1", "rise of body temperature, in K; fever from 1 on"),
    course("crs_grade", "1", "grade of cytokine release syndrome"),
    course("crs_worst", "1", "highest grade of cytokine release syndrome so far"),
    course("icans_grade", "1", "grade of neurotoxicity"),
    course("icans_worst", "1", "highest grade of neurotoxicity so far"),
    course("infection_rate", "1/d", "expected infections per day (empirical)"),
    course("leucocytes", "cells/uL", "nucleated cells in blood"),
    course("marrow_cells", "cells", "nucleated cells in marrow", "marrow_nucleated"),
    course("homeostatic_cytokine", "1", "IL-7/IL-15 drive, relative to its level without T cells"),
    course("fludarabine", "mg/L", "F-ara-A in plasma", "fludarabine_concentration"),
    course("fludarabine_exposure", "mg/L*d", "F-ara-A exposure so far", "fludarabine.auc"),
    course("cyclophosphamide", "mg/L", "cyclophosphamide in plasma", "cyclophosphamide_concentration"),
    course("tocilizumab", "mg/L", "tocilizumab in plasma", "tocilizumab_concentration"),
    course("steroid_effect", "1", "effect of steroids, as a share of the whole", "steroid_share"),
    *(
        course(f"hazard_{cause}", "1", f"cumulative hazard of {meaning} (empirical)", f"cumulative_hazard.{cause}")
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
    answer("status", "1", "how the simulation of the patient ended", "int8"),
    answer("status_day", "d", "day at which the simulation of the patient ended early"),
    answer("status_row", "1", "state or rate that ended it", "text"),
    Variable("clone_extinct_day", ("patient", "clone"), "d", "day at which the clone fell below one cell and was gone"),
    Variable("treatment_day", ("patient", "treatment"), "d", "first day on which the patient was given the treatment"),
    Variable("entry_day", ("patient", "entry"), "d", "first day on which the patient was given anything of the entry"),
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
        ("cart_dose", "cart_dose", "cells/kg", "viable CAR-positive cells of the first infusion, as prescribed"),
        *(
            (item.replace("-", "_"), item, "1", f"history: 1 for {item.replace('-', ' ')}, else 0")
            for item in get_args(History)
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
    answer("response_day28", "1", "CR, CRi, NR or not evaluable at day 28", "text"),
    answer("mrd_day28", "1", "blasts per nucleated marrow cell at day 28 by flow cytometry; 0 below its limit"),
    answer("mrd_day28_below_limit", "1", "1 where flow cytometry finds no MRD at day 28, else 0; -1 unknown", "int8"),
    answer("mrd_day28_sequencing", "1", "the same by sequencing; 0 below its limit"),
    answer("best_response", "1", "best response at any visit: CR, CRi, NR or not evaluable", "text"),
    answer("remission_day", "d", "first visit in remission"),
    answer("complete_remission_day", "d", "first visit in remission with recovered counts"),
    answer("mrd_negative_remission_day", "d", "first visit in remission without MRD by flow cytometry"),
    answer("bridging_response", "1", "CR, CRi or NR after bridging, before the next treatment", "text"),
    answer("bridging_cycles", "1", "cycles of bridging before the infusion; -1 unknown", "int8"),
    answer("blinatumomab_response", "1", "CR, CRi or NR after blinatumomab, before the next treatment", "text"),
    answer("cart_peak_cells", "cells/uL", "highest CAR T level in blood"),
    answer("cart_peak_cells_day", "d", "day of the highest CAR T level"),
    answer("cart_peak_copies", "copies/ug", "highest transgene level in blood"),
    answer("cart_peak_day", "d", "day of the highest transgene level"),
    answer("cart_auc_0_28_copies", "copies/ug*d", "area under the transgene level, days 0 to 28"),
    answer("cart_auc_0_28_cells", "cells/uL*d", "area under the CAR T level, days 0 to 28"),
    answer("cart_half_life_fast", "d", "half-life of the fast decline after the peak"),
    answer("cart_half_life_slow", "d", "half-life of the slow decline after the peak"),
    answer("cart_persistence_day", "d", "last day with transgene at or above the detection limit of qPCR"),
    answer(
        "cart_persistence_ongoing", "1", "1 where transgene is still detected at the end, else 0; -1 unknown", "int8"
    ),
    answer("cart_persistence_flow_day", "d", "last day with CAR T at or above the detection limit of flow cytometry"),
    answer("bcell_aplasia_days", "d", "days after the infusion with B cells below the limit, to recovery or the end"),
    answer("bcell_aplasia_ongoing", "1", "1 where B cells are below the limit at the end, else 0; -1 unknown", "int8"),
    answer("bcell_recovery_day", "d", "first of two successive visits with B cells at or above the limit"),
    answer("relapse_day", "d", "first day of relapse after a remission"),
    answer("relapse_detected_day", "d", "first visit that sees the relapse"),
    answer("relapse_phenotype", "1", "phenotypes that make up at least 20 % of blasts at relapse, joined by +", "text"),
    *(
        answer(f"relapse_{name.lower()}", "1", f"{name} of the blasts at relapse, joined by +", "text")
        for name in sorted(antigens())
    ),
    answer("relapse_lineage", "1", "lineage of the blasts at relapse, joined by +", "text"),
    answer("relapse_site", "1", "site that relapsed first: marrow, blood, CNS or extramedullary", "text"),
    answer("remission_ongoing", "1", "1 where a remission lasts to the end, else 0; -1 unknown", "int8"),
    answer("cured", "1", "1 where every leukaemic clone is at zero cells at the end, else 0; -1 unknown", "int8"),
    answer("fludarabine_auc", "mg*h/L", "cumulative exposure to F-ara-A"),
    answer("crs_grade_max", "1", "highest grade of cytokine release syndrome, 0 to 5"),
    answer("crs_onset_day", "d", "first day with cytokine release syndrome"),
    answer("icans_grade_max", "1", "highest grade of neurotoxicity, 0 to 5"),
    answer("icans_onset_day", "d", "first day with neurotoxicity"),
    answer("il6_peak", "pg/mL", "highest interleukin 6 in serum"),
    answer("neutropenia_days", "d", "days of the first 90 with neutrophils below 1,000/uL (grade 3)"),
    answer("severe_neutropenia_days", "d", "days of the first 90 with neutrophils below 500/uL (grade 4)"),
    answer("thrombocytopenia_days", "d", "days of the first 90 with platelets below 50,000/uL (grade 3)"),
    answer("anaemia_days", "d", "days of the first 90 with haemoglobin below 8 g/dL (grade 3)"),
    answer("infections_expected", "1", "infections expected in the 90 days after the infusion (empirical)"),
    answer("death_day", "d", "day of death of any simulated cause (empirical hazards)"),
    answer("death_cause", "1", "release syndrome, neurotoxicity, infection, transplant or leukaemia", "text"),
    answer("new_therapy_day", "d", "day on which another therapy starts after relapse or non-response"),
    answer("graft_versus_host_day", "d", "day of acute graft-versus-host disease"),
    answer("infection_grade_max", "1", "0 no severe infection, 3 severe, 5 fatal; -1 unknown", "int8"),
    *(
        variable
        for clock, meaning in (
            ("efs", "event-free survival"),
            ("rfs", "relapse-free survival"),
            ("dor", "duration of remission"),
            ("os", "overall survival"),
        )
        for variable in (
            answer(f"{clock}_day", "d", f"{meaning}: time from the clock's zero to event or end of observation"),
            answer(f"{clock}_event", "1", f"{meaning}: 1 event, 0 end of observation, -1 unknown", "int8"),
            answer(f"{clock}_cause", "1", f"{meaning}: which event it was", "text"),
            answer(f"{clock}_zero", "d", f"{meaning}: day of the clock's zero, after any landmark"),
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
        *(*RECORDS, *COVARIATES, *ENDPOINTS, *PROBABILITIES, *OF_CELLS),
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
