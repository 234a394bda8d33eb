"""The same patients under draws of the parameters: what a trial says is uncertain in two ways, kept apart.

    patients    another trial of this size would have other patients: the interval of each estimator (`_low`, `_high`)
    parameters  the numbers of the model are not known: the estimate under each draw (dim `draw`), between the 2.5th
                and the 97.5th percentile of the draws (`_parameter_low`, `_parameter_high`)

Patient k has the same random streams under every draw, so that draws differ by their parameters, and by what chance
makes of them in so many patients. Noise of assays is neither of the two, and no endpoint has any.

    /uncertainty   parameter_value (draw, parameter), each estimate (draw, arm), contrast_estimate (draw, contrast),
                   n (draw, arm), failed (draw)
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from carsim.errors import ScenarioError
from carsim.trials.evaluate import Evaluation, evaluate

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from carsim.catalog.draws import Draws
    from carsim.spec import Scenario
    from carsim.trials.contrasts import Contrast

NODE: Final = "uncertainty"
USUAL: Final = 100  # draws of a prior: the ends of the interval then rest on two or three of them each
PERCENT: Final = (2.5, 50.0, 97.5)
Conduct = Callable[["Scenario"], "xr.DataTree"]
Notify = Callable[[str], None]


@dataclass(frozen=True)
class Uncertainty:
    """What the draws say of one estimate: 2.5th, 50th and 97.5th percentile, NaN where not reached, and of how many."""

    low: float
    median: float
    high: float
    n: int


def under_draws(scenario: Scenario, draws: Draws, conduct: Conduct, notify: Notify | None = None) -> xr.Dataset:
    """The node `uncertainty` of a trial: the trial of the scenario under each draw.

    `conduct` makes the trial of a scenario. Raises ScenarioError for a draw that makes no scenario, naming it.
    """
    found: list[Evaluation] = []
    begun = time.monotonic()
    for number in range(draws.n):
        if notify is not None:
            notify(f"Draw {number + 1} of {draws.n}{_left(number, draws.n, time.monotonic() - begun)}")
        try:
            found.append(evaluate(conduct(scenario.with_(**draws.settings(number)))))
        except ScenarioError as error:
            raise _of_draw(error, draws, number) from None
    return _dataset(draws, found)


def _left(done: int, of: int, seconds: float) -> str:
    """Rate and time left, once one is done."""
    if done == 0:
        return ""
    each = seconds / done
    left = each * (of - done)
    return f", {each:.1f} s each, {f'{left / 60.0:.0f} min' if left > 90.0 else f'{left:.0f} s'} left"


def _of_draw(error: ScenarioError, draws: Draws, number: int) -> ScenarioError:
    where = f"{draws.origin}, draw {number + 1}"
    return ScenarioError([replace(problem, place=None, path=f"{where}: {problem.path}") for problem in error.problems])


def _dataset(draws: Draws, found: Iterable[Evaluation]) -> xr.Dataset:
    import xarray as xr

    found = list(found)
    arms = list(found[0].arms)
    data: dict[str, Any] = {
        "parameter_value": (("draw", "parameter"), draws.values, {"long_name": "value, in the unit of the parameter"}),
        "parameter_unit": ("parameter", np.array(draws.units)),
        "failed": ("draw", [sum(arm.failed for arm in one.arms.values()) for one in found]),
        "n": (("draw", "arm"), [[one.arms[arm].n for arm in arms] for one in found]),
    }
    for name in dict.fromkeys(name for one in found for arm in one.arms.values() for name in arm.endpoints):
        values = [[_estimate(one, arm, name) for arm in arms] for one in found]
        units = {unit for one in found for arm in arms if (unit := _unit(one, arm, name))}
        data[name] = (("draw", "arm"), values, {"units": min(units, default="1")})
    contrasts = dict.fromkeys(_name(contrast) for one in found for contrast in one.contrasts)
    if contrasts:
        by_name = [{_name(contrast): contrast.value.estimate for contrast in one.contrasts} for one in found]
        values = [[one.get(name, math.nan) for name in contrasts] for one in by_name]
        data["contrast_estimate"] = (("draw", "contrast"), values)
    coordinates: dict[str, Any] = {
        "draw": np.arange(draws.n),
        "arm": np.array(arms),
        "parameter": np.array(draws.paths),
    }
    coordinates |= {"contrast": np.array(list(contrasts))} if contrasts else {}
    about = {"kind": draws.kind, "origin": draws.origin, "draws_sha256": draws.sha256}
    return xr.Dataset(data, coords=coordinates, attrs=about)


def _estimate(one: Evaluation, arm: str, name: str) -> float:
    found = one.arms[arm].endpoints.get(name)
    return math.nan if found is None else found.estimate


def _unit(one: Evaluation, arm: str, name: str) -> str:
    found = one.arms[arm].endpoints.get(name)
    return "" if found is None or found.n == 0 else found.unit


def _name(contrast: Contrast) -> str:
    of = f" of {contrast.arm}" if contrast.arm else ""
    return f"{contrast.endpoint} {contrast.measure} {contrast.first} - {contrast.second}{of}, {contrast.kind}"


def node_of(tree: xr.DataTree) -> xr.Dataset | None:
    """The node `uncertainty` of a trial; None of one without draws."""
    return tree[NODE].to_dataset() if NODE in tree.children else None


def of_estimates(node: xr.Dataset) -> dict[str, dict[str, Uncertainty]]:
    """What the draws say of each estimate, by arm and name."""
    names = [str(name) for name, array in node.data_vars.items() if array.dims == ("draw", "arm") and name != "n"]
    return {
        str(arm): {
            name: _percentiles(node[name].sel(arm=arm).values, ends=_may_be_out_of_reach(name)) for name in names
        }
        for arm in node["arm"].values
    }


def of_contrast(node: xr.Dataset, contrast: Contrast) -> Uncertainty:
    """What the draws say of a comparison."""
    name = _name(contrast)
    if "contrast" not in node.coords or name not in node["contrast"].values:
        return Uncertainty(math.nan, math.nan, math.nan, 0)
    return _percentiles(node["contrast_estimate"].sel(contrast=name).values, ends=False)


def _may_be_out_of_reach(name: str) -> bool:
    """A median time that the follow-up does not reach is later than all that it does."""
    return name in {f"{clock}_median" for clock in ("EFS", "RFS", "DOR", "OS", "persistence")}


def _percentiles(values: NDArray[np.float64], *, ends: bool) -> Uncertainty:
    """With `ends`, what is missing is larger than anything; else it is left out, and where most is, nothing is said."""
    known = np.where(np.isnan(values), np.inf, values) if ends else values[~np.isnan(values)]
    if known.size == 0 or 2 * known.size < values.size:
        return Uncertainty(math.nan, math.nan, math.nan, int(known.size))
    found = np.percentile(known, PERCENT, method="inverted_cdf" if ends else "linear")
    low, median, high = np.where(np.isfinite(found), found, np.nan).tolist()
    return Uncertainty(low, median, high, int(np.isfinite(known).sum()))


def with_uncertainty(estimates: xr.Dataset, node: xr.Dataset) -> xr.Dataset:
    """The estimates of a trial (arm,) with what the draws say of each, as `_parameter_low`, `_median` and `_high`."""
    found = of_estimates(node)
    added: dict[str, Any] = {}
    for name in next(iter(found.values()), {}):
        for end in ("low", "median", "high"):
            values = [getattr(found[str(arm)][name], end) for arm in estimates["arm"].values]
            added[f"{name}_parameter_{end}"] = ("arm", values, {"units": node[name].attrs["units"]})
    return estimates.assign(added)


def into_object(found: dict[str, Any], evaluation: Evaluation, node: xr.Dataset) -> None:
    """Put what the draws say into the plain data of an evaluation: `parameters` of each estimate and comparison."""
    for arm, estimates in of_estimates(node).items():
        for name, value in estimates.items():
            if name in found["arms"][arm]["endpoints"]:
                found["arms"][arm]["endpoints"][name]["parameters"] = asdict(value)
    for plain, contrast in zip(found["contrasts"], evaluation.contrasts, strict=True):
        plain["parameters"] = asdict(of_contrast(node, contrast))
    found["uncertainty"] = {
        "kind": node.attrs["kind"],
        "origin": node.attrs["origin"],
        "draws": int(node.sizes["draw"]),
        "failed": int(node["failed"].values.sum()),
        "parameters": node["parameter"].values.astype(str).tolist(),
    }


def draws_of(scenario: Scenario, n: int | None = None, source: str | Path = "posterior") -> Draws:
    """n draws to conduct a trial under: of the shipped `posterior`, the `prior` of the catalogue, or a user's table.

    Without n all of a table or posterior, and 100 of the prior. Raises NoDraws, and ScenarioError for a bad table.
    """
    from carsim.catalog import draws
    from carsim.trials.prior import prior

    if source == "prior":
        return prior(scenario, USUAL if n is None else n)
    return (draws.posterior() if source == "posterior" else draws.read_draws(source)).chosen(n)
