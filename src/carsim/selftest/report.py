"""The whole self-test in order: random numbers, the groups of checks, the example trials; and its report."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from carsim.dataset import provenance
from carsim.selftest import catalogue, chance, events, numerics, stored, trials, vectors
from carsim.selftest.check import Measure, Result
from carsim.selftest.trials import Said

GROUPS: Mapping[str, tuple[Measure, ...]] = {
    module.GROUP: tuple(module.MEASURES) for module in (numerics, chance, events, stored, catalogue)
}


@dataclass(frozen=True)
class Report:
    """What was found, on what, when and how long it took (s)."""

    date: str
    carsim: str
    python: str
    system: str
    packages: Mapping[str, str]
    vectors: tuple[Result, ...]
    checks: tuple[Result, ...]
    trials: tuple[Result, ...]
    said: tuple[Said, ...]
    seconds: float

    @property
    def results(self) -> tuple[Result, ...]:
        """Every check in order."""
        return (*self.vectors, *self.checks, *self.trials)

    @property
    def failed(self) -> tuple[Result, ...]:
        """Those that did not pass."""
        return tuple(result for result in self.results if not result.passed)


def conduct(notify: Callable[[str], None] = lambda _: None) -> Report:
    """Make every check; `notify` is called with a sentence before each part. Checks that fail do not stop others."""
    begun, date = time.perf_counter(), provenance.now()
    notify("Random numbers")
    known = [result for measure in vectors.MEASURES for result in measure.conduct()]
    found: list[Result] = []
    for group, measures in GROUPS.items():
        notify(f"Checks of {group}")
        found += [result for measure in measures for result in measure.conduct()]
    conducted: list[Result] = []
    said: list[Said] = []
    for example in trials.EXAMPLES:
        notify(f"Example trial: {example.name}")
        results, words = trials.conduct(example)
        conducted += results
        said += words
    return Report(
        date=date,
        carsim=provenance.version(),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.machine()}",
        packages=provenance.dependency_versions(),
        vectors=tuple(known),
        checks=tuple(found),
        trials=tuple(conducted),
        said=tuple(said),
        seconds=time.perf_counter() - begun,
    )
