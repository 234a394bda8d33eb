"""`python -m website.verification`: simulate and draw docs/images/verification.png, what the page on it shows.

errors       the largest relative error on Robertson's problem at each tolerance, beside the tolerance
extinction   the share of courses of birth and death that are gone, by each engine of chance, on Kendall's curve
papers       where each simulated check value lies within what its paper allows, from -1 to 1
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "images" / "verification.png"
ENGINES = ("exact", "leap", "hybrid", "agent")
BIRTH, DEATH, START, DAYS, COURSES = 0.3, 0.2, 4, (3.0, 6.0, 10.0, 15.0, 21.0, 28.0), 10_000


def errors(rtols: list[float]) -> list[float]:
    """The largest relative error at the end of Robertson's problem, for each tolerance."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.selftest.networks import ROBERTSON, ROBERTSON_END, robertson

    found = []
    for rtol in rtols:
        options = Options(rtol=rtol, atol_scale=rtol / 1e-8)
        last = simulate(robertson(), t=[0.0, ROBERTSON_END], options=options).values[0, -1]
        found.append(float(np.abs(last / np.array(ROBERTSON) - 1.0).max()))
    return found


def extinct(engine: str) -> list[int]:
    """Courses of birth and death that are gone by each day."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.selftest.networks import birth_and_death

    options = Options(threshold=math.inf if engine == "hybrid" else None)
    net = birth_and_death(BIRTH, DEATH, START)
    made = simulate(net, t=[0.0, *DAYS], engine=engine, replicates=COURSES, seed=ENGINES.index(engine), options=options)
    return [int(gone) for gone in (made.of("cells")[:, 1:] == 0).sum(axis=0)]


def papers() -> list[tuple[str, float]]:
    """Each check value of a paper: model, and where it lies between the least (-1) and the most (1) that is allowed."""
    from carsim.literature import models
    from carsim.reproduce import compare

    outcomes = [(model.name, outcome) for model in models() for outcome in compare(model.name)]
    found = []
    for name, outcome in outcomes:
        if outcome.check.within is not None:
            low, high = outcome.check.within
            found.append((name, (2.0 * outcome.simulated - low - high) / (high - low)))
    return found


def draw(path: Path) -> Path:
    """Simulate and draw all of it."""
    import matplotlib.pyplot as plt

    from carsim.plot.style import DPI, SETTINGS

    with plt.rc_context(SETTINGS):
        figure, axes = plt.subplots(3, 1, figsize=(8.0, 10.5), layout="constrained")
        for axis, panel in zip(axes, (_errors, _extinction, _papers), strict=True):
            panel(axis)
            axis.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DPI / 1.5, metadata={"Software": None})
        plt.close(figure)
    return path


def _errors(axis: Any) -> None:
    from carsim.plot.style import FAINT, LOOKS

    rtols = [10.0**-place for place in range(4, 11)]
    axis.loglog(rtols, errors(rtols), **LOOKS[0].line() | {"markevery": 1}, label="error at the end")
    axis.loglog(rtols, rtols, color=FAINT, linestyle=":", label="the tolerance itself")
    axis.invert_xaxis()
    axis.set(
        title="A stiff reference problem (Robertson)", xlabel="relative tolerance", ylabel="largest relative error"
    )
    axis.legend(frameon=False)


def _extinction(axis: Any) -> None:
    from statsmodels.stats.proportion import proportion_confint

    from carsim.plot.style import INK, LOOKS
    from carsim.selftest.networks import extinct_by

    days = np.linspace(0.01, DAYS[-1] + 1.0, 200)
    axis.plot(days, [extinct_by(BIRTH, DEATH, START, day) for day in days], color=INK, label="Kendall 1948")
    for place, (engine, look) in enumerate(zip(ENGINES, LOOKS, strict=False)):
        counts = np.array(extinct(engine))
        low, high = proportion_confint(counts, COURSES, method="wilson")
        share = counts / COURSES
        at = np.array(DAYS) + 0.15 * (place - 1.5)  # side by side, so that the bars can be told apart
        bars = {"color": look.colour, "marker": look.marker, "markerfacecolor": "white", "linestyle": "none"}
        axis.errorbar(at, share, (share - low, high - share), **bars, label=engine)
    text = f"{START} cells, birth {BIRTH}/d, death {DEATH}/d; {COURSES:,} courses, 95 % intervals"
    axis.set(title=f"Extinction: {text}", xlabel="days", ylabel="share that is gone", ylim=(0.0, None))
    axis.legend(frameon=False, ncols=2)


def _papers(axis: Any) -> None:
    from carsim.plot.style import LOOKS

    found = papers()
    names = list(dict.fromkeys(name for name, _ in found))
    axis.axhspan(-1.0, 1.0, color="#e8e8e8")
    for place, (name, look) in enumerate(zip(names, LOOKS, strict=False)):
        own = [value for other, value in found if other == name]
        at = place + 0.7 * (np.arange(len(own)) + 0.5) / len(own) - 0.35
        axis.plot(at, own, linestyle="none", marker=look.marker, markersize=4.0, color=look.colour)
    axis.set_xticks(range(len(names)), names)
    title = f"Published models: {len(found)} check values within what their papers allow (grey)"
    axis.set(title=title, ylabel="from the least (-1) to the most (1)", ylim=(-1.5, 1.5))


if __name__ == "__main__":
    sys.stdout.write(f"{draw(PICTURE)}\n")
