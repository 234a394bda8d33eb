"""Studies and targets that are made up, so that what a fit should find is known."""

import numpy as np

from carsim import catalog
from carsim.calibrate.evidence import Target
from carsim.calibrate.study import Study
from carsim.scorecard.baselines import logit

GROUPS = ("response", "survival", "relapse", "kinetics", "toxicity", "other")
FACTS = ("eliana-cr", "mskcc-cr", "zuma3-cr", "frey-cr", "jacoby-cr", "chop-p1-cr")


def stated(*names, **more):
    """The data of a study with these free parameters, spreads between patients or factors by name."""
    free = []
    for name in names:
        kind = "factor" if name == "kill_half" else "spread"
        ends = (
            {"median": 1.0, "low": 0.5, "high": 2.0} if kind == "factor" else {"median": 0.4, "low": 0.2, "high": 0.8}
        )
        free.append(
            {"name": name.replace("_", "-"), kind: name, **ends, "informed_by": ("killing",), "because": "A test."}
        )
    return {
        "format": "carsim-study/1",
        "title": "A study of a test",
        "parameters": tuple(free),
        "between_trials": dict.fromkeys(GROUPS, 0.5),
        **more,
    }


def study(*names, **more):
    """The study of `stated`."""
    return Study.model_validate(stated(*names, **more))


def target(fact, scores, shares, offered=60.0, n=50, group="response"):
    """A target of a fact of the catalogue with made-up values."""
    share = (offered / 100.0 * n + 0.5) / (n + 1.0)
    variance = 1.0 / (n * share * (1.0 - share))
    patients = np.arange(shares.size)
    return Target(catalog.facts()[fact], group, 1.0, logit(offered, n), variance, offered, scores, shares, patients)


def drawn(generator, slopes, level, patients):
    """Scores (patients, d) and outcomes of patients whose log odds are level + scores . slopes."""
    scores = generator.uniform(-1.9, 1.9, size=(patients, len(slopes)))
    odds = level + scores @ np.asarray(slopes)
    return scores, (generator.uniform(size=patients) < 1.0 / (1.0 + np.exp(-odds))).astype(float)
