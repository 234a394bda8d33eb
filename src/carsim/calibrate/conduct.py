"""A calibration from its study: waves of trials, emulator, posterior, and what stands against them.

    explore    a wave over the whole priors; emulator and draws of it
    refine     further waves, each spread like the draws before it and wider
    posterior  mode and draws by the emulator of all waves
    check      half a wave in which every patient has the values that are chosen: emulator against simulation
    validate   cross-validation over trials, and what the facts tell of each parameter

One simulation of a wave serves response, relapse, survival and toxicity alike: hazards are free parameters like others,
and their thresholds the patients' own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from carsim.calibrate import design
from carsim.calibrate.design import Array
from carsim.calibrate.emulator import Surface, learn
from carsim.calibrate.evidence import PERCENT, Target, Unused, targets
from carsim.calibrate.identifiability import Identified, identify
from carsim.calibrate.posterior import Posterior, sample
from carsim.calibrate.study import Study, StudyRefused, fitted
from carsim.calibrate.validation import Predicted, cross_validated, predict
from carsim.calibrate.waves import simulate
from carsim.scorecard.conduct import systems_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.facts import Fact

Notify = Callable[[str], None]
LEAST_CHECKED = 24  # patients of an arm


@dataclass(frozen=True)
class Checked:
    """A target as emulated and as simulated at the chosen values, in percent; how many standard deviations apart."""

    target: Target
    emulated: float
    simulated: float
    apart: float


@dataclass(frozen=True)
class Calibrated:
    """What a calibration found; `scores` (d,) are the chosen point, the mean of the draws."""

    study: Study
    targets: list[Target]
    unused: list[Unused]
    surface: Surface
    posterior: Posterior
    scores: Array
    fits: list[Predicted]
    validated: list[Predicted]
    identified: list[Identified]
    checked: list[Checked]


def calibrate(study: Study, scenarios: Path, out: Path, notify: Notify | None = None) -> Calibrated:
    """Conduct a study; `scenarios` is the folder of the systems' files, waves are kept in `out` and taken up again.

    Linear algebra works on one thread: the last bits of its sums follow from how many share them, and chains of draws
    turn those into other draws.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        return _calibrated(study, scenarios, out, notify)


def _calibrated(study: Study, scenarios: Path, out: Path, notify: Notify | None) -> Calibrated:
    facts = fitted(study)
    names = systems_of(facts)
    points = {name: design.explore(study, study.patients, name) for name in names}
    waves: list[tuple[Mapping[str, Array], Mapping[str, xr.DataTree]]] = []
    for wave in range(1, study.waves + 1):
        said = _said(notify, f"wave {wave} of {study.waves}")
        waves.append((points, simulate(study, points, scenarios, out / f"wave-{wave}", said)))
        found, unused = targets(study, facts, waves)
        _tell(said, "fitting")
        if len(found) < len(study.parameters):
            reasons = "; ".join(f"{one.fact.id}: {one.reason}" for one in unused[:5])
            raise StudyRefused(
                f"got {len(found)} facts of which simulated patients say anything, for {len(study.parameters)} free "
                f"parameters; expected no fewer ({reasons}); more patients see more"
            )
        surface = learn(study, found)
        posterior = sample(study, found, surface)
        if wave < study.waves:
            points = {name: design.around(study, posterior.draws, study.patients, wave + 1, name) for name in names}
    chosen = posterior.draws.mean(axis=0)
    said = _said(notify, "check")
    checked = _check(study, facts, found, surface, chosen, names, scenarios, out / "check", said)
    _tell(notify, "cross-validation: six fits without a sixth of the trials each")
    validated = cross_validated(study, found, surface)
    _tell(notify, "identifiability: profiles of each parameter")
    identified = identify(study, found, surface, posterior)
    fits = predict(found, surface, posterior, tuple(study.between_trials), study.seed)
    return Calibrated(study, found, unused, surface, posterior, chosen, fits, validated, identified, checked)


def _said(notify: Notify | None, where: str) -> Notify | None:
    return None if notify is None else lambda now: notify(f"{where}, {now}")


def _tell(notify: Notify | None, text: str) -> None:
    if notify is not None:
        notify(text)


def _check(
    study: Study,
    facts: Sequence[Fact],
    known: Sequence[Target],
    surface: Surface,
    chosen: Array,
    names: Sequence[str],
    scenarios: Path,
    store: Path,
    notify: Notify | None,
) -> list[Checked]:
    """Every target as emulated at the chosen point and as simulated with all patients there."""
    points = {name: np.tile(chosen, (max(LEAST_CHECKED, study.patients // 2), 1)) for name in names}
    simulated, _ = targets(study, facts, [(points, simulate(study, points, scenarios, store, notify))])
    mean, variance = surface.at(chosen)
    place = {target.fact.id: k for k, target in enumerate(known)}
    found = []
    for target in simulated:
        k = place.get(target.fact.id)
        if k is None:
            continue
        n = target.shares.size
        share = float(np.clip(target.shares.mean(), 0.0, 1.0))
        smooth = (share * n + 0.5) / (n + 1.0)
        spread = np.sqrt(variance[k] + 1.0 / (n * smooth * (1.0 - smooth)))
        apart = (np.log(smooth / (1.0 - smooth)) - mean[k]) / spread
        found.append(Checked(known[k], PERCENT / (1.0 + float(np.exp(-mean[k]))), PERCENT * share, float(apart)))
    return found
