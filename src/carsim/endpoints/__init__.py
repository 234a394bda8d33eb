"""Endpoints: pure functions of a dataset; missing data gives NaN (or empty text) and a reason, never an exception.

To add one: declare its variable in `dataset.variables`, write its rule in a file here, and put it in that file's list.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from carsim.dataset.replicates import flat, folded
from carsim.dataset.variables import REASON_SUFFIX, VARIABLES, attributes
from carsim.endpoints import (
    bcells,
    cure,
    cytopenia,
    drugs,
    earlier,
    exposure,
    persistence,
    relapse,
    response,
    survival,
    toxicity,
)
from carsim.endpoints.outcome import Endpoint, each_patient, to_column

if TYPE_CHECKING:
    import xarray as xr

REGISTRY: dict[str, Endpoint] = {
    endpoint.name: endpoint
    for file in (response, exposure, persistence, bcells, relapse, cure, drugs, earlier, toxicity, cytopenia, survival)
    for endpoint in file.ENDPOINTS
}


def compute(data: xr.Dataset, names: Iterable[str] | None = None) -> xr.Dataset:
    """Endpoints (patient,) of a dataset, all or those named; where any value is missing, `<name>_reason` says why.

    With replicates in the dataset they are (patient, replicate).
    """
    import xarray as xr

    if "replicate" in data.dims:
        return folded(compute(flat(data), names), data.sizes["replicate"])
    found: dict[str, Any] = {}  # a dataset copies all it has for each variable that is set in it
    asked = [REGISTRY[name] for name in (REGISTRY if names is None else names)]
    answers = each_patient(data, asked)
    for endpoint in asked:
        name, variable = endpoint.name, VARIABLES[endpoint.name]
        values, reasons = to_column(answers[name], variable.kind)
        found[name] = ("patient", values, attributes(variable) | {"definition": endpoint.definition})
        if any(reasons):
            found[name + REASON_SUFFIX] = ("patient", reasons, {"units": "1", "long_name": f"why {name} has no value"})
    return xr.Dataset(found, coords={"patient": data["patient"]})
